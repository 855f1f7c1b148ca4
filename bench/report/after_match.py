"""From the match to the answer of SDP, where a slow plug-in spends its time: this run beside the recorded car.

SLAC takes 0.5 to 1.5 s; what a driver waits for comes after it (reference `vehicles.md`, "From the match to the first
message"). All from CM_SLAC_MATCH.CNF on: the network, the car's first frame, its first SDP request, the answer.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from bench.limits import FIRST_FRAME, LIMITS, SDP_ANSWER, TO_SDP
from bench.profiles import Spread, chargers, vehicles
from bench.report.collection import Collection, Station
from bench.report.timing import Timing
from bench.units import Ns, to_ms, to_s

TITLE = "After the match: where a slow plug-in waits"
NETWORK = "TT_match_join"
FIRST = "first frame"
OWN = "bench"
"""The id of the bench's own stations, which nobody recorded."""
WIDE, NARROW = 120, 80
LONGEST_NAME = 32


@dataclass(frozen=True, slots=True)
class Seen:
    """Values of one interval in this run, at least one, beside what a profile has *recorded* (None: nothing)."""

    values: tuple[Ns, ...]
    recorded: Spread | None = None

    @property
    def median(self) -> Ns:
        return Timing(LIMITS[TO_SDP], self.values).median

    @property
    def off_pct(self) -> float | None:
        """How far this run's median is from the recorded one; None where there is none, or one of zero."""
        if self.recorded is None or not self.recorded.median:
            return None
        return (self.median - self.recorded.median) / self.recorded.median * 100


@dataclass(frozen=True, slots=True)
class Split:
    """One station under test. Of a charging station only *answer* counts, of a car *answer* is the other side's.

    at_its_host   whether it was recorded at the station's own host, so that the way there and back is not in it
    network       match -> link seen
    first_frame   match -> first frame of the car
    sdp           match -> first SDP request
    answer        SDP request -> response
    """

    station: Station
    network: Seen | None = None
    first_frame: Seen | None = None
    sdp: Seen | None = None
    answer: Seen | None = None
    at_its_host: bool = False

    @property
    def role(self) -> str:
        return self.station[0]

    @property
    def name(self) -> str:
        return self.station[1]


def splits_of(collection: Collection) -> list[Split]:
    """Of every station under test that was watched beyond its match; of the bench's own where there is no other, and
    only if they came to SDP: most tests of the pair end at the link."""
    stations = collection.stations()
    under_test = [station for station in stations if station[1] != OWN] or stations
    splits = [_split(collection, station) for station in under_test]
    return [
        split
        for split in splits
        if split.sdp or (split.first_frame and split.name != OWN) or (split.role == "evse" and split.answer)
    ]


def _split(collection: Collection, station: Station) -> Split:
    role, name = station
    if role == "evse":
        charger = chargers().get(name)
        answer = _seen(collection, station, SDP_ANSWER, charger.sdp.latency if charger else None)
        at_its_host = charger is not None and charger.evidence.seen_from.startswith("EVSE host")
        return Split(station, answer=answer, at_its_host=at_its_host)
    car = vehicles().get(name)
    recorded = car.after_match if car else None
    return Split(
        station,
        network=_seen(collection, station, NETWORK),
        first_frame=_seen(collection, station, FIRST_FRAME, recorded.first_frame if recorded else None),
        sdp=_seen(collection, station, TO_SDP, recorded.sdp if recorded else None),
        answer=_answer_to(collection, station),
    )


def _seen(collection: Collection, station: Station, name: str, recorded: Spread | None = None) -> Seen | None:
    values = tuple(value for values in collection.by_case(station, name).values() for value in values)
    return Seen(values, recorded) if values else None


def _answer_to(collection: Collection, car: Station) -> Seen | None:
    """What the charging stations did in the test cases in which *car* asked."""
    cases = collection.by_case(car, TO_SDP)
    values = tuple(
        value
        for station in collection.stations()
        for case, values in collection.by_case(station, SDP_ANSWER).items()
        if case in cases
        for value in values
    )
    return Seen(values) if values else None


# for the terminal -----------------------------------------------------------------------------------------------


def after_match_text(splits: Iterable[Split], *, width: int = WIDE) -> str:
    """A line per station in at most *width* columns, 80 at least; what is only assumed is said below."""
    found = list(splits)
    width = min(WIDE, max(NARROW, width))
    cars, stations = ([split for split in found if split.role == role] for role in ("pev", "evse"))
    lines = [
        "here: median of this run, n: of SDP; rec.: as recorded; off: here against rec.",
        *(_cars(cars, width) if cars else ()),
        *(_stations(stations, width) if stations else ()),
    ]
    notes = [
        line
        for note in _notes(found)
        for line in textwrap.wrap(note, width, subsequent_indent="  ", break_on_hyphens=False)
    ]
    return "\n".join(line.rstrip() for line in [*lines, *([""] if notes else []), *notes]) + "\n"


CAR = "{:>4} {:>6} {:>6} {:>7} {:>7} {:>6} {:>7} {:>7} {:>6}"
CAR_GROUPS = " " * 11 + " {:^22} {:^22} {:>6}".format("---- first frame -----", "-- first SDP request -", "answer")
CAR_HEADS = CAR.format("n", "joined", "here", "rec. ", "off", "here", "rec. ", "off", "ms")
STATION = "{:>4} {:>8} {:>8} {:>8}"
RANGE = 20
"""Columns of the least and greatest recorded value and their number; only where there is room."""


def _cars(splits: list[Split], width: int) -> list[str]:
    wide = width >= WIDE
    column = _names_width(splits, width - len(CAR_HEADS) - (RANGE if wide else 0))
    lines = [
        "",
        "Cars (PEV), s after CM_SLAC_MATCH.CNF",
        " " * column + CAR_GROUPS,
        f"{'car':<{column}}{CAR_HEADS}" + ("  SDP recorded (n)" if wide else ""),
    ]
    for split in splits:
        cells = CAR.format(
            next(len(seen.values) for seen in (split.sdp, split.first_frame) if seen),
            _s(split.network),
            *_compared(split.first_frame, _in_s),
            *_compared(split.sdp, _in_s),
            f"{to_ms(split.answer.median):.1f}" if split.answer else "-",
        )
        more = f"  {_range(split.sdp, _in_s)}" if wide else ""
        lines += _row(split.name, column, cells + more)
    return lines


def _stations(splits: list[Split], width: int) -> list[str]:
    column = _names_width(splits, width - len(STATION.format(*" " * 4)) - RANGE)
    heads = STATION.format("n", "here", "rec. ", "off")
    lines = [
        "",
        "Charging stations (EVSE), ms from SDP request to response",
        f"{'station':<{column}}{heads}  recorded (n)",
    ]
    for split in splits:
        seen = split.answer
        cells = STATION.format(len(seen.values) if seen else 0, *_compared(seen, _in_ms))
        lines += _row(split.name, column, f"{cells}  {_range(seen, _in_ms)}")
    return lines


def _names_width(splits: list[Split], room: int) -> int:
    return min(room, LONGEST_NAME, max(len("station"), *(len(split.name) for split in splits)))


def _row(name: str, column: int, cells: str) -> list[str]:
    """A name that is too long has a line of its own: cut, it could be that of several cars."""
    return [name, " " * column + cells] if len(name) > column else [f"{name:<{column}}{cells}"]


Text: TypeAlias = Callable[[Ns], str]


def _in_s(value: Ns) -> str:
    return f"{to_s(value):.3f}"


def _in_ms(value: Ns) -> str:
    return f"{to_ms(value):.1f}"


def _s(seen: Seen | None) -> str:
    return _in_s(seen.median) if seen else "-"


def _compared(seen: Seen | None, text: Text) -> tuple[str, str, str]:
    """Here, recorded (with a star where it is assumed), off."""
    if seen is None:
        return "-", "- ", ""
    recorded = seen.recorded
    if recorded is None:
        return text(seen.median), "- ", ""
    return text(seen.median), text(recorded.median) + ("*" if recorded.assumed else " "), off_text(seen)


def off_text(seen: Seen) -> str:
    """`+0.1 %`, without a sign before zero; empty where nothing was recorded."""
    if seen.off_pct is None:
        return ""
    digits = 1 if abs(seen.off_pct) < 100 else 0
    rounded = round(seen.off_pct, digits)
    return f"{rounded:+.{digits}f} %" if rounded else "0.0 %"


def _range(seen: Seen | None, text: Text) -> str:
    """`4.115…4.124 (8)`"""
    recorded = seen.recorded if seen else None
    if recorded is None:
        return ""
    if recorded.assumed:
        return "assumed"
    span = text(recorded.min) if recorded.n == 1 else f"{text(recorded.min)}…{text(recorded.max)}"
    return f"{span} ({recorded.n})"


def _notes(splits: list[Split]) -> list[str]:
    """What one must know before one compares."""
    inside = [split.name for split in splits if split.at_its_host and split.answer and split.answer.recorded]
    without = f"rec. without the way there and back, as recorded at the station's own host: {', '.join(inside)}"
    return [*([without] if inside else []), *_assumed(splits)]


def _assumed(splits: list[Split]) -> list[str]:
    return [
        f"* {what} of {split.name} is assumed, not recorded: {seen.recorded.assumed}"
        for split in splits
        for what, seen in compared(split)
        if seen.recorded is not None and seen.recorded.assumed
    ]


def compared(split: Split) -> list[tuple[str, Seen]]:
    """What of *split* a recording can be held against, by its name."""
    if split.role == "evse":
        return [("SDP response", split.answer)] if split.answer else []
    parts = ((FIRST, split.first_frame), ("first SDP request", split.sdp))
    return [(what, seen) for what, seen in parts if seen is not None]
