"""Two runs compared: sentences and a table for the terminal, JSON, and charts beside a test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from bench.baseline.comparing import Change, Comparison, signed_ms
from bench.baseline.measured import Measured, StationComparison
from bench.report.attachments import Attachment, Kind
from bench.report.comparison_chart import comparison_svg
from bench.report.timing import ms_text
from bench.units import Ns, to_ms

FORMAT, VERSION = "ccs-bench-comparison", 1
WORTH_TELLING = (Change.SLOWER, Change.SCATTERED, Change.FASTER)


def any_regressed(stations: Iterable[StationComparison]) -> bool:
    return any(station.regressions for station in stations)


def comparison_text(stations: Sequence[StationComparison]) -> str:
    """A table and a sentence for every interval of each station, and what it comes to; at most 120 columns."""
    lines: list[str] = []
    for station in stations:
        lines += [_head(station), *_notes(station), *_table(station), ""]
        lines += [f"  {comparison}" for comparison in station.comparisons] + [""]
    return "\n".join([*lines, outcome(stations)]) + "\n"


def comparison_summary(stations: Sequence[StationComparison]) -> str:
    """For the end of a run of many stations: what has changed, station by station, and what it comes to."""
    lines: list[str] = []
    for station in stations:
        told = [comparison for comparison in station.comparisons if comparison.change in WORTH_TELLING]
        if told or station.changes or station.obstacles:
            lines += [_head(station), *_notes(station)]
            lines += [f"  {'REGRESSION: ' if one.regressed else ''}{one}" for one in told]
    return "\n".join([*lines, outcome(stations)]) + "\n"


def outcome(stations: Sequence[StationComparison]) -> str:
    """`11 intervals of 1 station: 1 slower, 10 unchanged`."""
    counts = Counter(comparison.change for station in stations for comparison in station.comparisons)
    parts = [f"{counts[change]} {change.value}" for change in Change if counts[change]]
    found = ", ".join(parts) or "nothing to compare"
    return f"{_counted(counts.total(), 'interval')} of {_counted(len(stations), 'station')}: {found}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _head(station: StationComparison) -> str:
    return f"{station.after.conditions.who}: {_when(station.before, 'before')}, {_when(station.after, 'now')}"


def _when(measured: Measured, undated: str) -> str:
    """`2026-11-25 (3 runs at 44a8913)`; *undated* for a run that was not kept."""
    commit = f" at {measured.conditions.run.commit}" if measured.conditions.run.commit else ""
    return f"{measured.created or undated} ({_counted(measured.runs, 'run')}{commit})"


def _notes(station: StationComparison) -> list[str]:
    notes = [f"  NOT COMPARABLE, compared all the same: {text}" for text in station.obstacles]
    notes += [f"  changed on purpose? {text}" for text in station.changes]
    if station.only_before or station.only_after:
        left_out = _counted(station.only_before + station.only_after, "test case")
        notes.append(f"  left out: {left_out} measured on one side only")
    return notes


COLUMNS = "  {:<41} {:>7} {:>8} {:>8} {:>8} {:>17} {:>5} {:>7}  {}"


def _table(station: StationComparison) -> list[str]:
    head = COLUMNS.format("interval (ms)", "n", "before", "now", "shift", "95 % interval", "P>", "p", "verdict")
    return [head, *map(_row, station.comparisons)]


def _row(one: Comparison) -> str:
    before, after = one.samples.before, one.samples.after
    known = one.shift is not None and one.low is not None and one.high is not None
    return COLUMNS.format(
        one.name,
        f"{len(before)}/{len(after)}",
        _median(before),
        _median(after),
        signed_ms(one.shift) if one.shift is not None else "",
        f"{signed_ms(one.low or 0)} to {signed_ms(one.high or 0)}" if known else "",
        "" if one.superiority is None else f"{one.superiority:.2f}",
        "" if one.p_adjusted is None else _p_text(one.p_adjusted),
        one.change.value,
    ).rstrip()


def _median(values: tuple[Ns, ...]) -> str:
    return ms_text(int(median(values))) if values else ""


def _p_text(p: float) -> str:
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"


def comparison_json(stations: Sequence[StationComparison]) -> dict[str, Any]:
    """The same for a program.

    format, version   "ccs-bench-comparison", 1
    regressed         whether any interval has become slower or more scattered
    stations[]        role, station, obstacles[] and changes[] (what differs), before and after (created, runs, commit),
                      only_before, only_after (test cases left out), intervals[]
    intervals[]       name, verdict, sentence, tolerance_ms; n, median_ms: [before, after]; shift_ms, shift_interval_ms,
                      superiority, cliffs_delta, p, p_adjusted, scatter_ms, p_scatter_adjusted; null: not known
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "regressed": any_regressed(stations),
        "stations": [_station_json(station) for station in stations],
    }


def _station_json(station: StationComparison) -> dict[str, Any]:
    conditions = station.after.conditions
    sides = {
        name: {"created": one.created, "runs": one.runs, "commit": one.conditions.run.commit}
        for name, one in (("before", station.before), ("after", station.after))
    }
    return {
        "role": conditions.role,
        "station": conditions.station,
        "obstacles": station.obstacles,
        "changes": station.changes,
        **sides,
        "only_before": station.only_before,
        "only_after": station.only_after,
        "intervals": [_interval_json(comparison) for comparison in station.comparisons],
    }


def _interval_json(one: Comparison) -> dict[str, Any]:
    sides = (one.samples.before, one.samples.after)
    known = one.low is not None and one.high is not None
    return {
        "name": one.name,
        "verdict": one.change.value,
        "sentence": str(one),
        "tolerance_ms": to_ms(one.samples.tolerance),
        "n": [len(values) for values in sides],
        "median_ms": [to_ms(int(median(values))) if values else None for values in sides],
        "shift_ms": _ms(one.shift),
        "shift_interval_ms": [_ms(one.low), _ms(one.high)] if known else None,
        "superiority": one.superiority,
        "cliffs_delta": one.cliffs_delta,
        "p": one.p,
        "p_adjusted": one.p_adjusted,
        "scatter_ms": _ms(one.scatter),
        "p_scatter_adjusted": one.p_scatter_adjusted,
    }


def _ms(value: Ns | None) -> float | None:
    return None if value is None else to_ms(value)


def comparison_attachments(
    stations: Sequence[StationComparison], changes: Iterable[Change] = WORTH_TELLING
) -> list[Attachment]:
    """comparison.txt, and a chart of every interval whose verdict is among *changes*."""
    wanted = set(changes)
    charts = [
        Attachment(chart_name(station, one), Kind.SVG, comparison_svg(one, station.after.conditions.who))
        for station in stations
        for one in station.comparisons
        if one.change in wanted and one.samples.before and one.samples.after
    ]
    return [Attachment("comparison.txt", Kind.TEXT, comparison_text(stations)), *charts]


def chart_name(station: StationComparison, one: Comparison) -> str:
    """`pev-hyundai-ioniq28-tp-match-response-cm-slac-parm.svg`"""
    text = f"{station.after.conditions.who} {one.name}".lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-") + ".svg"
