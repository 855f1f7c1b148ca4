"""The timings of a whole run for the terminal: min, median and max per station and interval, against the limits.

A few stations get a table each; many share a matrix, followed by what is outside its limits.
"""

from __future__ import annotations

import textwrap

from bench.analysis.verdict import Profile, Verdict
from bench.limits import LIMITS
from bench.report.collection import Collection, Station
from bench.report.tables import timing_table_lines
from bench.report.timing import ORDER, Timing, bounds, ms_text
from bench.units import Ns, show, to_ms, to_s

WIDTH = 120
FEW = 3
"""Up to so many stations of a role get a table each."""
CELL = 7
TITLES = {"pev": "Cars (PEV)", "evse": "Charging stations (EVSE)"}


def summary_text(collection: Collection, profile: Profile = Profile.FIELD, *, uncertainty: Ns = 0) -> str:
    """The run in at most 120 columns, cars first.

    profile   whose limits decide; what breaks them is listed with all its figures
    """
    if not collection:
        return "no interval was measured\n"
    lines: list[str] = [f"uncertainty of one interval: {show(uncertainty)}"] if uncertainty else []
    for role, title in TITLES.items():
        stations = [station for station in collection.stations() if station[0] == role]
        if stations:
            rows = {station: collection.timings(station, uncertainty) for station in stations}
            shown = _tables(collection, rows) if len(rows) <= FEW else _matrix(collection, rows)
            lines += ["", title, *shown, *_outside(rows, profile)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _tables(collection: Collection, rows: dict[Station, list[Timing]]) -> list[str]:
    lines: list[str] = []
    for station, timings in rows.items():
        lines += [f"{station[1]}, {collection.cases(station)} test cases", *timing_table_lines(timings)]
    return lines


def _matrix(collection: Collection, rows: dict[Station, list[Timing]]) -> list[str]:
    names = sorted({t.limit.name for timings in rows.values() for t in timings}, key=ORDER.__getitem__)
    letters = {name: chr(ord("a") + i) for i, name in enumerate(names)}
    lines = [
        "ms over n test cases, min and max where they differ; ~ outside the standard, ! outside the field limits too,",
        "? too close to call",
    ]
    lines += [
        f"  {letter}  {name:<42} standard {bounds(LIMITS[name], Profile.STRICT):<12} "
        f"field {bounds(LIMITS[name], Profile.FIELD)}"
        for name, letter in letters.items()
    ]
    room = max(8, WIDTH - 5 - CELL * len(names))
    width = min(room, max(7, *(len(name) for _, name in rows)))
    heads = "".join(f"{letter:>{CELL - 1}} " for letter in letters.values())
    lines.append(f"{'station':<{width}} {'n':>4}{heads}".rstrip())
    for station, timings in rows.items():
        by_name = {timing.limit.name: timing for timing in timings}
        medians = {name: _number(timing.median) + _mark(timing) for name, timing in by_name.items()}
        lines.append(f"{_fitted(station[1], width):<{width}} {collection.cases(station):>4}{_cells(names, medians)}")
        for what in ("min", "max"):
            ends = {name: _end(timing, what) for name, timing in by_name.items()}
            if any(ends.values()):
                lines.append(f"{what:>{width + 5}}{_cells(names, ends)}")
    return [line.rstrip() for line in lines]


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


def _mark(timing: Timing) -> str:
    strict, field = timing.judged(Profile.STRICT).verdict, timing.judged(Profile.FIELD).verdict
    if field is Verdict.FAIL:
        return "!"
    if strict is Verdict.FAIL:
        return "~"
    return "?" if Verdict.INCONCLUSIVE in (strict, field) else " "


def _outside(rows: dict[Station, list[Timing]], profile: Profile) -> list[str]:
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
    return [line for text in (*wrong, *standard_only) for line in _wrapped(text)]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False)


def _range(timing: Timing) -> str:
    low, high = ms_text(timing.minimum), ms_text(timing.maximum)
    return low if low == high else f"{low}…{high}"
