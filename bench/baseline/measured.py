"""What was measured of one station, in one run or several, and the comparison of two of them.

From a match comes one value per interval. Ten sounds of one match are one clock of one car and not ten, so of several
values of one interval in one test case the median counts; else n would claim what nobody measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import TypeAlias

from bench.baseline.comparing import ALPHA, Comparison, Samples, compare, regressions, tolerance_of
from bench.baseline.conditions import Conditions, RunConditions
from bench.errors import ConfigError
from bench.limits import LIMITS
from bench.units import Ns

Values: TypeAlias = Mapping[str, Mapping[str, tuple[Ns, ...]]]
"""Interval, test case, one value per run."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One station.

    uncertainty   of one value; of several runs the greatest
    values        interval -> test case -> a value per run that measured it
    created       date (2026-11-25) where it was kept; empty for a run just made
    runs          how many stand behind it
    """

    conditions: Conditions
    uncertainty: Ns
    values: Values
    created: str = ""
    runs: int = 1


def one_value(values: Sequence[Ns]) -> Ns:
    """What one match says of one interval: the median, of an even number the lower of the middle two."""
    return median_low(values)


def merged(parts: Sequence[Measured]) -> Measured:
    """Several runs of one station as one. Raises ConfigError where they differ in what must agree, or in an adapter's
    firmware or parameter block: a baseline of two of them would be one of neither."""
    first = parts[0]
    for other in parts[1:]:
        if differ := [*first.conditions.obstacles(other.conditions), *first.conditions.changes(other.conditions)]:
            raise ConfigError(f"{first.conditions.who}: the runs do not belong together: {'; '.join(differ)}")
    values: dict[str, dict[str, tuple[Ns, ...]]] = {}
    for part in parts:
        for name, by_case in part.values.items():
            mine = values.setdefault(name, {})
            for case, found in by_case.items():
                mine[case] = mine.get(case, ()) + found
    adapters = tuple(sorted({adapter for part in parts for adapter in part.conditions.adapters}))
    return Measured(
        Conditions(_one_commit(parts), first.conditions.role, first.conditions.station, adapters),
        max(part.uncertainty for part in parts),
        values,
        max(part.created for part in parts),
        sum(part.runs for part in parts),
    )


def same_run(one: Sequence[Measured], other: Sequence[Measured]) -> bool:
    """Whether two runs, with all their stations, are the same to the nanosecond: one file given twice or, on the
    virtual clock, two runs with the same seed. Together they show no more than one of them."""
    return [(m.conditions.who, m.values) for m in one] == [(m.conditions.who, m.values) for m in other]


def _one_commit(parts: Sequence[Measured]) -> RunConditions:
    """The conditions of the first, and every commit the runs were made at."""
    commits = dict.fromkeys(part.conditions.run.commit for part in parts if part.conditions.run.commit)
    return replace(parts[0].conditions.run, commit=", ".join(commits))


@dataclass(frozen=True, slots=True)
class StationComparison:
    """All intervals of one station in two runs.

    obstacles     what differs that must not; not empty only where the caller insisted on comparing all the same
    changes       what differs and may: firmware, parameter block
    only_before   test cases that only one run measured, and that were left out
    only_after
    """

    before: Measured
    after: Measured
    comparisons: list[Comparison]
    obstacles: list[str]
    changes: list[str]
    only_before: int = 0
    only_after: int = 0

    @property
    def regressions(self) -> list[Comparison]:
        return regressions(self.comparisons)

    @property
    def decided(self) -> bool:
        """Whether there was anything to compare."""
        return bool(self.comparisons)


def compare_measured(
    pairs: Iterable[tuple[Measured, Measured]],
    *,
    tolerance: Ns | None = None,
    across: bool = False,
    alpha: float = ALPHA,
) -> list[StationComparison]:
    """Compare what was measured *before* and *after*, of one station or many, as one comparison.

    tolerance   a shift up to this is none; None: three times the uncertainty of the less exact of the two
    across      compare even where adapters, clocks, rigs or limits differ, and say so

    Only test cases that both have count. Raises ConfigError naming what differs, unless *across*.
    """
    asked = list(pairs)
    if not across and (refused := [text for before, after in asked if (text := refusal(before, after))]):
        raise ConfigError(*refused)
    samples = [samples_of(before, after, tolerance) for before, after in asked]
    found = iter(compare([one for of_station in samples for one in of_station], alpha=alpha))
    return [
        _station(before, after, [next(found) for _ in of_station])
        for (before, after), of_station in zip(asked, samples, strict=True)
    ]


def refusal(before: Measured, after: Measured) -> str:
    """Why the two are not compared, in one line; empty if they may be."""
    differ = before.conditions.obstacles(after.conditions)
    return f"{after.conditions.who}: not comparable; {'; '.join(differ)}" if differ else ""


def samples_of(before: Measured, after: Measured, tolerance: Ns | None = None) -> list[Samples]:
    """Intervals that both have, in the order of a match, with the values of test cases that both have."""
    limit = tolerance_of(before.uncertainty, after.uncertainty) if tolerance is None else tolerance
    found = []
    for name in (name for name in LIMITS if name in before.values and name in after.values):
        cases = sorted(before.values[name].keys() & after.values[name].keys())
        mine, yours = (tuple(v for c in cases for v in one.values[name][c]) for one in (before, after))
        if cases:
            found.append(Samples(name, mine, yours, limit))
    return found


def _station(before: Measured, after: Measured, comparisons: list[Comparison]) -> StationComparison:
    mine, yours = _cases(before), _cases(after)
    return StationComparison(
        before,
        after,
        comparisons,
        before.conditions.obstacles(after.conditions),
        before.conditions.changes(after.conditions),
        len(mine - yours),
        len(yours - mine),
    )


def _cases(measured: Measured) -> set[str]:
    return {case for by_case in measured.values.values() for case in by_case}
