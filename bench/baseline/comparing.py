"""Whether an interval has changed between two runs: verdict, size with its confidence interval, and one sentence.

    slower by 12.0 ms (9.1 to 15.0), n = 30

A value is one match's figure. What differs is decided by ranks (`bench.baseline.ranks`), over all intervals compared
at once, so that a run with many intervals raises no more false alarms than one with few.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.analysis.verdict import INCONCLUSIVE_WITHIN
from bench.baseline.ranks import holm, mann_whitney, shift, shift_interval, smallest_p, superiority
from bench.units import Ns, to_ms

ALPHA = 0.005
"""Probability of at least one false alarm in a comparison of whole runs, over all their intervals, less than this."""
CONFIDENCE = 0.95
"""Of the interval given with each shift."""
FEWEST = 5
"""Below so many values on either side nothing is decided, however many the other side has. Often more are needed: two
samples that do not overlap at all have to be improbable enough for the number of intervals compared at once."""


class Change(enum.Enum):
    """What is said of one interval.

    SLOWER, FASTER   shown, and by more than the tolerance
    SCATTERED        not shifted, but the values lie further from their middle, by more than the tolerance
    UNCHANGED        a change above the tolerance can be excluded
    SMALL            shifted, but by no more than the tolerance as far as one can tell
    NOT_SHOWN        no change shown, but one above the tolerance cannot be excluded
    TOO_FEW          too few values to decide anything
    """

    SLOWER = "slower"
    FASTER = "faster"
    SCATTERED = "more scattered"
    UNCHANGED = "unchanged"
    SMALL = "too small to matter"
    NOT_SHOWN = "no change shown"
    TOO_FEW = "too few"


REGRESSIONS = frozenset({Change.SLOWER, Change.SCATTERED})


@dataclass(frozen=True, slots=True)
class Samples:
    """What is to be compared: *name* of the interval, its values of both runs, and what is too little to matter."""

    name: str
    before: tuple[Ns, ...]
    after: tuple[Ns, ...]
    tolerance: Ns = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One interval of two runs.

    together      how many intervals were compared at once
    fewest        values that either side would need among so many, if both had the same number
    shift         Hodges and Lehmann's, positive where the interval has become longer
    low, high     its confidence interval (95 %)
    superiority   probability that a value of the second run is longer than one of the first
    p             two-sided, of Mann and Whitney's test; not adjusted
    p_adjusted    by Holm, over all intervals compared, shifts and scatters
    scatter       by how much the distances from the common median have grown
    p_scatter_adjusted   the same test on those distances, adjusted likewise

    Without values on one side everything is None and the verdict is TOO_FEW.
    """

    samples: Samples
    change: Change
    together: int
    fewest: int
    shift: Ns | None = None
    low: Ns | None = None
    high: Ns | None = None
    superiority: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    scatter: Ns | None = None
    p_scatter_adjusted: float | None = None

    @property
    def name(self) -> str:
        return self.samples.name

    @property
    def regressed(self) -> bool:
        return self.change in REGRESSIONS

    @property
    def cliffs_delta(self) -> float | None:
        """-1 all values shorter than before, 1 all longer, 0 neither."""
        return None if self.superiority is None else 2 * self.superiority - 1

    @property
    def count(self) -> str:
        """`n = 30`, or `n = 30 and 12`: before and after."""
        before, after = len(self.samples.before), len(self.samples.after)
        return f"n = {before}" if before == after else f"n = {before} and {after}"

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"

    @property
    def sentence(self) -> str:
        """What is to be said, without the name of the interval."""
        if self.change is Change.TOO_FEW:
            among = f" among {self.together} intervals" if self.together > 1 else ""
            return f"too few values to decide, {self.count}; {self.fewest} of each would do{among}"
        assert self.shift is not None
        assert self.low is not None
        assert self.high is not None
        within = f"{signed_ms(self.low)} to {signed_ms(self.high)}"
        bound = max(abs(self.low), abs(self.high))
        match self.change:
            case Change.SLOWER:
                return f"slower by {size_ms(self.shift)} ms ({within}), {self.count}"
            case Change.FASTER:
                faster = f"{signed_ms(-self.high)} to {signed_ms(-self.low)}"
                return f"faster by {size_ms(self.shift)} ms ({faster}), {self.count}"
            case Change.SCATTERED:
                assert self.scatter is not None
                return (
                    f"more scattered: typically {size_ms(self.scatter)} ms further from the middle, "
                    f"which has not moved by more than {size_ms(bound)} ms, {self.count}"
                )
            case Change.UNCHANGED:
                return f"unchanged within {size_ms(bound)} ms, {self.count}" if bound else f"unchanged, {self.count}"
            case Change.SMALL:
                moved, tolerance = signed_ms(self.shift), size_ms(self.samples.tolerance)
                return f"shifted by {moved} ms ({within}), not more than the tolerance of {tolerance} ms, {self.count}"
            case _:
                return f"no change shown; one above {size_ms(bound)} ms can be excluded, {self.count}"


def compare(samples: Iterable[Samples], *, alpha: float = ALPHA, fewest: int = FEWEST) -> list[Comparison]:
    """Compare all intervals of two runs at once, in the order given.

    alpha    probability of any false alarm over all of them
    fewest   values needed on either side, at least; more where so few could not show anything among that many tests
    """
    asked = list(samples)
    usable = [one for one in asked if min(len(one.before), len(one.after)) >= fewest]
    # Where none has enough yet, what all of them would need is told.
    together = len(usable) or len(asked)
    tests = 2 * together
    tested = [one for one in usable if smallest_p(len(one.before), len(one.after)) * tests <= alpha]
    needed = _fewest(alpha, max(tests, 2), fewest)
    shifts = [mann_whitney(one.before, one.after) for one in tested]
    distances = [_distances(one) for one in tested]
    scatters = [mann_whitney(before, after) for before, after in distances]
    adjusted = holm([*shifts, *scatters])
    found: dict[int, Comparison] = {}
    for place, one in enumerate(tested):
        p_shift, p_scatter = adjusted[place], adjusted[place + len(tested)]
        found[id(one)] = _decided(one, distances[place], shifts[place], p_shift, p_scatter, alpha, together, needed)
    return [found.get(id(one)) or _undecided(one, together, needed) for one in asked]


def _fewest(alpha: float, tests: int, fewest: int) -> int:
    """How many values on each side can show anything among so many tests."""
    while smallest_p(fewest, fewest) * tests > alpha:
        fewest += 1
    return fewest


def _distances(one: Samples) -> tuple[list[Ns], list[Ns]]:
    """From the median of both samples together: where nothing has changed, each distance is as likely on either side,
    whatever the distribution looks like. From a median of its own, a distance would not be."""
    middle = round(median([*one.before, *one.after]))
    return [abs(value - middle) for value in one.before], [abs(value - middle) for value in one.after]


def _decided(
    one: Samples,
    distances: tuple[list[Ns], list[Ns]],
    p: float,
    p_adjusted: float,
    p_scatter: float,
    alpha: float,
    together: int,
    needed: int,
) -> Comparison:
    moved, (low, high) = shift(one.before, one.after), shift_interval(one.before, one.after, CONFIDENCE)
    if sorted(one.before) == sorted(one.after):
        low = high = 0
    spread = shift(*distances)
    if p_adjusted <= alpha and abs(moved) > one.tolerance:
        change = Change.SLOWER if moved > 0 else Change.FASTER
    elif p_scatter <= alpha and spread > one.tolerance:
        change = Change.SCATTERED
    elif max(abs(low), abs(high)) <= one.tolerance:
        change = Change.UNCHANGED
    elif p_adjusted <= alpha:
        change = Change.SMALL
    else:
        change = Change.NOT_SHOWN
    above = superiority(one.before, one.after)
    return Comparison(one, change, together, needed, moved, low, high, above, p, p_adjusted, spread, p_scatter)


def _undecided(one: Samples, together: int, needed: int) -> Comparison:
    """The figures all the same, as far as there are any; only nobody draws a conclusion from them."""
    if not one.before or not one.after:
        return Comparison(one, Change.TOO_FEW, together, needed)
    low, high = shift_interval(one.before, one.after, CONFIDENCE)
    above, p = superiority(one.before, one.after), mann_whitney(one.before, one.after)
    return Comparison(one, Change.TOO_FEW, together, needed, shift(one.before, one.after), low, high, above, p)


def tolerance_of(*uncertainties: Ns) -> Ns:
    """Up to three times the greatest uncertainty of the benches that measured, a shift is none. Virtual clock: 0."""
    return INCONCLUSIVE_WITHIN * max(uncertainties, default=0)


def size_ms(value: Ns) -> str:
    """A size in milliseconds with as many decimals as it bears.

    >>> size_ms(-12_340_000), size_ms(412_000), size_ms(1_234_000_000), size_ms(20), size_ms(0)
    ('12.3', '0.41', '1234', '0.00002', '0')
    """
    size = abs(to_ms(value))
    if size >= 100:
        return f"{size:.0f}"
    if size >= 1:
        return f"{size:.1f}"
    return f"{size:.2g}" if size >= 0.001 else f"{size:.6f}".rstrip("0").rstrip(".")


def signed_ms(value: Ns) -> str:
    """The same with its sign, if it is negative.

    >>> signed_ms(-400_000), signed_ms(0)
    ('−0.4', '0')
    """
    return f"−{size_ms(value)}" if value < 0 else size_ms(value)


def regressions(comparisons: Sequence[Comparison]) -> list[Comparison]:
    return [comparison for comparison in comparisons if comparison.regressed]
