"""Reads logs of the control pilot. The form is told by the content, never by the name of the file.

states    columns `t`, `state` and, if wanted, `duty`, named in the first line. `t` is seconds since the first frame of
          the capture, or a date and time of ISO 8601, in UTC if it has no offset. `state` is A to F, or with the
          generator's figure: B1 steady, B2 with PWM; or the level of the pilot, 12V to 3V, 0V, -12V. `duty` is the
          duty cycle in percent, 100 steady, 0 for -12 V
everest   the event log of an EVerest station: quoted columns time in UTC, who, what, details, without a first line
          that names them. Its words for pilot events are those of its session log

Cells are parted by commas, or, as spreadsheets of some countries write them, by semicolons or tabs; then a number may
have a decimal comma. Lines need not be in order of time.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from bench.analysis.hygiene import YEAR_2000
from bench.analysis.pilot_model import EVENT_LOG, REPEATED, STATES, PilotEdge, PilotKind, PilotTrack
from bench.errors import ConfigError
from bench.units import Ns, s, show, us

MAX_SIZE = 64 * 1024 * 1024
"""Octets of a log that are read; none of a charging session comes near."""
NEAR: Ns = s(1)
"""A log written at the end of a capture may have its last edges this much behind the last frame."""
FORMS = "the columns t, state and perhaps duty, or the event log of an EVerest station"
SEPARATORS = ",;\t"
QUOTED = re.compile(r'"[^"]*"?')
DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)( ?%)?$")
Rows: TypeAlias = list[tuple[int, list[str]]]
"""Line numbers and cells, without empty lines."""


@dataclass(frozen=True, slots=True)
class PilotLog:
    """A log as it was read.

    relative   whether times count from the first frame of a capture; otherwise from 1970
    span       times of its first and last line, whatever they tell
    """

    name: str
    form: str
    edges: tuple[PilotEdge, ...]
    relative: bool
    span: tuple[Ns, Ns]

    def aligned(self, first: Ns, last: Ns) -> PilotTrack:
        """On the clock of a capture with these first and last stamps. Raises ConfigError for a log of another time.

        One in seconds may end before the capture begins: it was written for it, and the pilot has not changed since.
        """
        if not self.relative and first < YEAR_2000:
            raise ConfigError(
                f"{self.name}: has dates, but the stamps of the capture are no dates; write t in seconds since its "
                "first frame"
            )
        zero = first if self.relative else 0
        begin, end = (t + zero for t in self.span)
        if end < first - NEAR and not self.relative:
            raise _outside(self.name, f"ends {show(first - end)} before the capture begins")
        if begin > last + NEAR:
            raise _outside(self.name, f"begins {show(begin - last)} after the capture ends")
        return PilotTrack(self.name, self.form, tuple(replace(edge, t=edge.t + zero) for edge in self.edges), last)


def _outside(name: str, where: str) -> ConfigError:
    return ConfigError(
        f"{name}: {where}, so it belongs to another session, or its clock is not that of the capture (UTC); if it is "
        "the right one, add a line with a time within the capture"
    )


def read_pilot_log(path: str) -> PilotLog:
    """Raises ConfigError, in one paragraph, for what is no log of the pilot."""
    rows = _rows(path)
    if not rows:
        raise ConfigError(f"{path}: is empty; a log of the pilot has {FORMS}")
    first = rows[0][1]
    head = [cell.lower() for cell in first]
    if {"t", "state"} <= set(head):
        form, (edges, times, relative) = STATES, _states(path, head, rows[1:])
    elif len(first) >= 3 and _instant(first[0]) is not None and first[1].isupper():
        form, (edges, times), relative = EVENT_LOG, _everest(path, rows), False
    else:
        raise ConfigError(
            f"{path}: is no log of the pilot that is known here; its first line is {_short(first)}, "
            f"expected are {FORMS}"
        )
    if not edges:
        raise ConfigError(f"{path}: tells nothing of the control pilot in its {_lines(len(rows))}")
    in_order = tuple(sorted(edges, key=lambda edge: edge.t))
    return PilotLog(Path(path).name, form, in_order, relative, (min(times), max(times)))


def _rows(path: str) -> Rows:
    text = _text(path)
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise ConfigError(f"{path}: line {reader.line_num}: {error}; a log of the pilot has {FORMS}") from None
    rows = [(number, row) for number, row in rows if any(row)]
    if separator == ",":
        return rows
    return [(number, [DECIMAL_COMMA.sub(r"\1.\2\3", cell) for cell in row]) for number, row in rows]


def _separator(text: str) -> str:
    """What parts the cells of the first line that has any: the most frequent one outside of quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=QUOTED.sub("", first).count)


def _text(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            octets = file.read(MAX_SIZE + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(octets) > MAX_SIZE:
        raise ConfigError(f"{path}: more than {MAX_SIZE >> 20} MB are no log of the pilot")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no text (octet {error.start}); a log of the pilot has {FORMS}") from None
    if "\0" in text:
        raise ConfigError(f"{path}: is no text (octet {text.index(chr(0))}); a log of the pilot has {FORMS}")
    return text


def _instant(text: str) -> Ns | None:
    """A date with a time, in UTC if it does not say otherwise; None for anything else."""
    if len(text) < len("2023-04-14T12:43") or not text[:4].isdigit():
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return us((found - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


# the form of its own --------------------------------------------------------------------------------------------------

STATE = re.compile(r"([A-F])([12]?)$")
LEVEL = re.compile(r"\+?(-?\d+) ?V$")
LEVELS = {"12": "A", "9": "B", "6": "C", "3": "D", "0": "E", "-12": "F"}
"""Volts of the upper half of the pilot -> state."""
DUTY_NAMES = ("duty", "duty_pct", "duty_cycle_pct")
PLUGGED = ("B", "C", "D")
UNKNOWN_PWM = -1.0
"""A duty cycle that is on and not told."""


def _states(path: str, head: list[str], rows: Rows) -> tuple[list[PilotEdge], list[Ns], bool]:
    """Edges, the times of all lines, and whether these count from the first frame."""
    unknown = [cell for cell in head if cell not in ("t", "state", *DUTY_NAMES)]
    if unknown:
        raise ConfigError(f"{path}: line 1: no column is called {unknown[0]!r} here; known are t, state and duty")
    duty_name = next((name for name in DUTY_NAMES if name in head), None)
    edges: list[PilotEdge] = []
    times: list[Ns] = []
    relative: bool | None = None
    lines: list[tuple[Ns, str, str, float | None, str]] = []
    for number, row in rows:
        if len(row) != len(head):
            raise ConfigError(f"{path}: line {number}: {len(row)} cells where the first line names {len(head)}")
        cells = dict(zip(head, row, strict=True))
        t, is_relative = _time(path, number, cells["t"])
        if relative not in (None, is_relative):
            raise ConfigError(f"{path}: line {number}: seconds and dates are mixed")
        relative = is_relative
        times.append(t)
        letter, figure = _state(path, number, cells["state"])
        told = cells[duty_name] if duty_name else ""
        text = ", ".join(cell for cell in row if cell)
        lines.append((t, letter, figure, _duty(path, number, told) if told else None, text))
    state, duty = "", None
    for t, letter, figure, percent, text in sorted(lines, key=lambda line: line[0]):
        now = _untold(letter, figure, duty) if percent is None else percent
        edges += [PilotEdge(t, kind, after, None, text) for kind, after in _changes(state, letter)]
        if now is not None and now != duty:
            kind = PilotKind.PWM_ON if now else PilotKind.PWM_OFF
            edges.append(PilotEdge(t, kind, None, now if now > 0 else None, text))
        state, duty = letter, now
    return edges, times, bool(relative)


def _time(path: str, number: int, text: str) -> tuple[Ns, bool]:
    """The instant, and whether it counts from the first frame."""
    instant = _instant(text)
    if instant is not None:
        return instant, False
    try:
        seconds = float(text)
        if abs(seconds) < 1e9:
            return s(seconds), True
    except ValueError:
        pass
    raise ConfigError(
        f"{path}: line {number}: t is {text!r}; expected are seconds since the first frame, 12.116, or a date and time "
        "in UTC, 2023-04-14T12:43:42.616Z"
    )


def _state(path: str, number: int, text: str) -> tuple[str, str]:
    found = STATE.match(text.upper())
    if found is not None:
        return found[1], found[2]
    level = LEVEL.match(text.upper())
    if level is not None and level[1] in LEVELS:
        return LEVELS[level[1]], ""
    raise ConfigError(
        f"{path}: line {number}: state is {text!r}; expected are A to F, or A1 to D2, or the level, as in 9V"
    )


def _duty(path: str, number: int, text: str) -> float:
    """Percent of PWM; 0 where there is none."""
    try:
        value = float(text.removesuffix("%").strip())
        if 0 <= value <= 100:
            return 0.0 if value == 100 else value
    except ValueError:
        pass
    raise ConfigError(f"{path}: line {number}: duty is {text!r}; expected is 0 to 100, in percent")


def _untold(letter: str, figure: str, before: float | None) -> float | None:
    """What state and figure tell of a duty cycle that is not told: as before, none, or UNKNOWN_PWM."""
    if letter in "EF" or figure == "1":
        return 0.0
    return before or UNKNOWN_PWM if figure == "2" else before


def _changes(before: str, now: str) -> Iterator[tuple[PilotKind, str]]:
    """What a change from one state to another is called; *before* is "" for the first line."""
    if before == now:
        return
    if now == "A":
        yield (PilotKind.CAR_UNPLUGGED if before in PLUGGED else PilotKind.STATE_A), "A"
        return
    if before == "A" and now in PLUGGED:
        yield PilotKind.CAR_CONNECTED, "B"
        if now == "B":
            return
    yield PilotKind(f"state_{now.lower()}"), now


# EVerest --------------------------------------------------------------------------------------------------------------

PWM_ON = re.compile(r"Set PWM On \((?P<duty>[0-9.]+)\s*%\)")
EVENTS: dict[str, tuple[PilotKind, str | None]] = {
    "Session Started: EVConnected": (PilotKind.CAR_CONNECTED, "B"),
    "Event CarUnplugged": (PilotKind.CAR_UNPLUGGED, "A"),
    "Event CarRequestedPower": (PilotKind.STATE_C, "C"),
    "Event CarRequestedStopPower": (PilotKind.STATE_B, "B"),
    "Event EnterBCD": (PilotKind.ENTERED_BCD, "B, C or D"),
    "Event EFtoBCD": (PilotKind.ENTERED_BCD, "B, C or D"),
    "Event LeaveBCD": (PilotKind.LEFT_BCD, "not B, C or D"),
    "Event BCDtoEF": (PilotKind.LEFT_BCD, "E or F"),
    "Event ErrorE": (PilotKind.STATE_E, "E"),
    "Event BCDtoE": (PilotKind.STATE_E, "E"),
    "Set PWM Off": (PilotKind.PWM_OFF, None),
    "Set PWM F": (PilotKind.STATE_F, "F"),
}


def _everest(path: str, rows: Rows) -> tuple[list[PilotEdge], list[Ns]]:
    """Edges, and the times of all lines."""
    edges: list[PilotEdge] = []
    times: list[Ns] = []
    for number, row in rows:
        t = _instant(row[0])
        if t is None or len(row) < 3:
            if number == rows[-1][0]:
                break  # the station lost its power while it wrote this
            raise ConfigError(
                f"{path}: line {number}: begins with {_short(row)} where a time and two cells are expected"
            )
        times.append(t)
        if (edge := _event(t, row[2])) is not None:
            edges.append(edge)
    return list(_repeats_noted(sorted(edges, key=lambda edge: edge.t))), times


def _event(t: Ns, text: str) -> PilotEdge | None:
    if on := PWM_ON.match(text):
        return PilotEdge(t, PilotKind.PWM_ON, None, round(float(on["duty"]), 3), text)
    if text in EVENTS:
        kind, state = EVENTS[text]
        return PilotEdge(t, kind, state, None, text)
    return None


def _repeats_noted(edges: Iterable[PilotEdge]) -> Iterator[PilotEdge]:
    """The station says "stop requesting" in its own cleaning up, too."""
    in_c = False
    for edge in edges:
        if edge.kind is PilotKind.STATE_B and not in_c:
            edge = replace(edge, note=REPEATED)
        if edge.state is not None:
            in_c = edge.kind is PilotKind.STATE_C
        yield edge


def _short(row: list[str]) -> str:
    text = ",".join(row)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _lines(count: int) -> str:
    return f"{count} line" if count == 1 else f"{count} lines"
