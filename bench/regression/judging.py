"""Two series of matches compared: how many succeed, and every interval of both stations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.baseline.comparing import ALPHA, Change, Comparison
from bench.baseline.conditions import AdapterState, RunConditions
from bench.baseline.measured import Measured, StationComparison, compare_measured
from bench.baseline.store import matching
from bench.baseline.successes import Successes, lost
from bench.regression.matches import MatchSeen
from bench.report.collection import Collection
from bench.report.measured import measured_of
from bench.units import Ns


@dataclass(frozen=True, slots=True)
class Series:
    """Matches under one set of conditions.

    case      id of the test; match 3 of it counts as a test case of its own, `... match 3`
    adapters  of the bench, each with the digest of its parameter block
    """

    matches: Sequence[MatchSeen]
    case: str
    run: RunConditions
    adapters: Sequence[AdapterState]
    uncertainty: Ns = 0

    @property
    def successes(self) -> Successes:
        return Successes(sum(match.joined for match in self.matches), len(self.matches))

    @property
    def why(self) -> str:
        """Of the last match that failed."""
        return next((match.why for match in reversed(self.matches) if not match.joined), "")

    def collected(self) -> Collection:
        collection = Collection()
        for number, match in enumerate(self.matches, 1):
            case = f"{self.case} match {number}"
            collection.add(case, match.intervals, pev="bench", evse="bench", adapters=self.adapters)
        return collection

    def measured(self) -> list[Measured]:
        """Of both stations."""
        return measured_of(self.collected(), self.run, self.uncertainty)


@dataclass(frozen=True, slots=True)
class Regression:
    """What a change did.

    before, after    how many matches succeeded
    why              of the last that failed after it, and not before
    stations         what was measured before against what was measured after
    against_stored   stored baselines against what was measured after; empty without such
    blamed           the smallest set of changes that does it, once it was searched for
    """

    title: str
    before: Successes
    after: Successes
    why: str
    stations: list[StationComparison]
    against_stored: list[StationComparison] = field(default_factory=list)
    blamed: tuple[str, ...] = ()

    @property
    def fewer_matches(self) -> bool:
        return lost(self.before, self.after)

    @property
    def slower(self) -> list[tuple[str, Comparison]]:
        """(whose, which interval) for everything that has become worse."""
        compared = [*self.stations, *self.against_stored]
        return [(one.after.conditions.who, worse) for one in compared for worse in one.regressions]

    @property
    def found(self) -> bool:
        """Whether anything has become worse."""
        return self.fewer_matches or bool(self.slower)

    @property
    def decided(self) -> bool:
        """Whether anything could be decided at all, with so few matches."""
        return self.found or any(
            one.change is not Change.TOO_FEW for station in self.stations for one in station.comparisons
        )

    @property
    def fewest(self) -> int:
        """Matches needed on each side."""
        return max((one.fewest for station in self.stations for one in station.comparisons), default=0)

    @property
    def headline(self) -> str:
        """All of it in one line."""
        compared = sum(len(station.comparisons) for station in (*self.stations, *self.against_stored))
        parts = [f"matches succeed less often: {self.before} before, {self.after} now"] if self.fewer_matches else []
        if self.slower:
            parts.append(f"{len(self.slower)} of {compared} intervals have become worse")
        if self.blamed:
            parts.append(f"to blame: {', '.join(self.blamed)}")
        return "; ".join(parts) or f"nothing has become worse, {self.after} matches led to a network"

    def lines(self) -> Iterator[str]:
        """What is worse, in sentences; nothing if nothing is."""
        if self.fewer_matches:
            yield f"matches succeed less often: {self.before} before, {self.after} now ({self.why})"
        yield from dict.fromkeys(f"{who}: {one}" for who, one in self.slower)
        if self.blamed:
            yield f"to blame: {', '.join(self.blamed)}"


def judge(
    title: str,
    before: Series,
    after: Series,
    *,
    baselines: Iterable[Measured] = (),
    tolerance: Ns | None = None,
) -> Regression:
    """Compare the two, and *after* with those of *baselines* that fit.

    tolerance  a shift up to this is none; None: three times the uncertainty
    """
    now = {one.conditions.who: one for one in after.measured()}
    pairs = [(then, now[then.conditions.who]) for then in before.measured() if then.conditions.who in now]
    stored = [(kept, one) for one in now.values() if (kept := matching(baselines, one)) is not None]
    # All together, with the matches counted, a change that does nothing is suspected in less than 1 of 100 runs.
    alpha = ALPHA / 2 if stored else ALPHA
    compared = compare_measured(pairs, tolerance=tolerance, alpha=alpha)
    against = [one for one in compare_measured(stored, tolerance=tolerance, alpha=alpha) if one.decided]
    why = after.why if after.successes.done < before.successes.done else ""
    return Regression(title, before.successes, after.successes, why, compared, against)
