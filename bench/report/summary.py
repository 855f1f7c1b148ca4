"""The timings of a whole run for the terminal: min, median and max per station and interval, against the limits.

A few stations get a table each; many share a matrix, followed by what is outside its limits. SLAC and what comes after
the match are told apart.
"""

from __future__ import annotations

import textwrap

from bench.analysis.verdict import Profile, Verdict
from bench.limits import AFTER_MATCH, LIMITS
from bench.report.collection import Collection, Station
from bench.report.tables import timing_table_lines
from bench.report.timing import MARKS_TEXT, ORDER, Timing, bounds, mark, ms_text, parted
from bench.units import Ns, show, to_ms, to_s

WIDTH, NARROW = 120, 80
SHORTEST_NAME = 16
"""Of a long station's name so much is shown at least."""
FEW = 3
"""Up to so many stations of a role get a table each."""
CELL = 7
TITLES = {"pev": "Cars (PEV)", "evse": "Charging stations (EVSE)"}


def summary_text(
    collection: Collection, profile: Profile = Profile.FIELD, *, uncertainty: Ns = 0, width: int = WIDTH
) -> str:
    """The run in at most *width* columns, 80 at least, cars first.

    profile   whose limits decide; what breaks them is listed with all its figures
    """
    if not collection:
        return "no interval was measured\n"
    width = min(WIDTH, max(NARROW, width))
    lines: list[str] = [f"uncertainty of one interval: {show(uncertainty)}"] if uncertainty else []
    for role, title in TITLES.items():
        stations = [station for station in collection.stations() if station[0] == role]
        if stations:
            rows = {station: collection.timings(station, uncertainty) for station in stations}
            shown = _tables(collection, rows, width) if len(rows) <= FEW else _matrix(collection, rows, width)
            lines += ["", title, *shown, *_outside(rows, profile, width)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _tables(collection: Collection, rows: dict[Station, list[Timing]], width: int) -> list[str]:
    narrow = width < WIDTH
    lines: list[str] = [MARKS_TEXT] if narrow else []
    for station, timings in rows.items():
        lines.append(f"{station[1]}, {collection.cases(station)} test cases")
        lines += timing_table_lines(timings, narrow=narrow)
    return lines


def _matrix(collection: Collection, rows: dict[Station, list[Timing]], width: int) -> list[str]:
    """A matrix for SLAC and one for SDP, in as many pieces as *width* asks for."""
    names = sorted({t.limit.name for timings in rows.values() for t in timings}, key=ORDER.__getitem__)
    lines = ["ms over n test cases, min and max where they differ", MARKS_TEXT]
    if width < WIDTH:
        lines.append("limits of the standard (of the field, where they differ)")
    names_width = max(7, *(len(name) for _, name in rows))
    for head, part in parted(names):
        letters = _letters(part)
        lines.append(f"- {head}")
        for name, letter in letters.items():
            lines += _legend(letter, name, width)
        # All of them beside a short name rather than in two pieces beside a long one.
        most = (width - SHORTEST_NAME - 5) // CELL
        for piece in _pieces(list(letters.items()), most):
            room = min(names_width, width - 5 - CELL * len(piece))
            lines += _piece(collection, rows, dict(piece), room)
    return [line.rstrip() for line in lines]


def _letters(names: list[str]) -> dict[str, str]:
    """Small ones for SLAC, capitals for SDP."""
    first = "A" if names[0] in AFTER_MATCH else "a"
    return {name: chr(ord(first) + i) for i, name in enumerate(names)}


def _legend(letter: str, name: str, width: int) -> list[str]:
    strict, field = bounds(LIMITS[name], Profile.STRICT), bounds(LIMITS[name], Profile.FIELD)
    if width >= WIDTH:
        return [f"  {letter}  {name:<42} standard {strict:<12} field {field}"]
    return [f"  {letter}  {name:<42} {strict:>13} {f'({field})' if field != strict else '':>16}"]


def _pieces(letters: list[tuple[str, str]], most: int) -> list[list[tuple[str, str]]]:
    """As few as there can be, about equally long."""
    count = -(-len(letters) // most)
    size = -(-len(letters) // count)
    return [letters[i : i + size] for i in range(0, len(letters), size)]


def _piece(collection: Collection, rows: dict[Station, list[Timing]], letters: dict[str, str], width: int) -> list[str]:
    """One row for each station that has any of these intervals."""
    names = list(letters)
    heads = "".join(f"{letter:>{CELL - 1}} " for letter in letters.values())
    lines = [f"{'station':<{width}} {'n':>4}{heads}".rstrip()]
    for station, timings in rows.items():
        by_name = {timing.limit.name: timing for timing in timings if timing.limit.name in letters}
        if not by_name:
            continue
        medians = {name: _number(timing.median) + mark(timing) for name, timing in by_name.items()}
        lines.append(f"{_fitted(station[1], width):<{width}} {collection.cases(station):>4}{_cells(names, medians)}")
        for what in ("min", "max"):
            ends = {name: _end(timing, what) for name, timing in by_name.items()}
            if any(ends.values()):
                lines.append(f"{what:>{width + 5}}{_cells(names, ends)}")
    return lines


def _cells(names: list[str], texts: dict[str, str]) -> str:
    return "".join(f"{texts.get(name, ''):>{CELL}}" for name in names)


def _end(timing: Timing, what: str) -> str:
    """The least or greatest value, if it reads differently from the median."""
    text = _number(timing.minimum if what == "min" else timing.maximum)
    return "" if text == _number(timing.median) else text + " "


def _fitted(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _number(value: Ns) -> str:
    """In five characters."""
    size = abs(value)
    if size < 100_000_000:
        return f"{to_ms(value):.1f}"
    return f"{to_ms(value):.0f}" if size < 10_000_000_000 else f"{to_s(value):.1f}s"


def _outside(rows: dict[Station, list[Timing]], profile: Profile, width: int) -> list[str]:
    """Figures of what *profile* does not pass, then in short who departs from the standard only."""
    wrong: list[str] = []
    departing: dict[str, list[str]] = {}
    for (_, station), timings in rows.items():
        for timing in timings:
            judged = timing.judged(profile)
            spread = f"{ms_text(timing.minimum)} / {ms_text(timing.median)} / {ms_text(timing.maximum)}"
            if judged.verdict is not Verdict.PASS:
                word = "FAIL" if judged.verdict is Verdict.FAIL else "inconclusive"
                bad = judged.counts[judged.verdict]
                wrong.append(
                    f"{word}: {station}, {timing.limit.name}: {bad} of {len(timing.values)} outside "
                    f"{bounds(timing.limit, profile)}; min / median / max {spread} ms"
                )
            elif timing.judged(Profile.STRICT).verdict is Verdict.FAIL:
                departing.setdefault(timing.limit.name, []).append(f"{station} {_range(timing)}")
    standard_only = [
        f"~ {name}, standard {bounds(LIMITS[name], Profile.STRICT)}: {', '.join(departing[name])}"
        for name in sorted(departing, key=ORDER.__getitem__)
    ]
    return [line for text in (*wrong, *standard_only) for line in _wrapped(text, width)]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False)


def _range(timing: Timing) -> str:
    low, high = ms_text(timing.minimum), ms_text(timing.maximum)
    return low if low == high else f"{low}…{high}"
