"""Intervals of one name together: how many, how long, and what both verdict profiles say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bench.analysis.intervals import Interval
from bench.analysis.verdict import Profile, Verdict, judge
from bench.limits import AFTER_MATCH, LIMITS, Limit
from bench.units import Ns, to_ms, to_s

ORDER = {name: place for place, name in enumerate(LIMITS)}
SLAC_HEAD, SDP_HEAD = "matching (SLAC)", "after the match (network, SDP)"
SIGNS = {Verdict.PASS: "pass", Verdict.FAIL: "FAIL", Verdict.INCONCLUSIVE: "inconclusive"}


@dataclass(frozen=True, slots=True)
class Judged:
    """All intervals of one name by one profile: the worst verdict, the least margin (None: no bound), all verdicts."""

    verdict: Verdict
    margin: Ns | None
    counts: Counter[Verdict]


@dataclass(frozen=True, slots=True)
class Timing:
    """Values of one interval, at least one, in order of time. *uncertainty*: of each value."""

    limit: Limit
    values: tuple[Ns, ...]
    uncertainty: Ns = 0

    @property
    def minimum(self) -> Ns:
        return min(self.values)

    @property
    def maximum(self) -> Ns:
        return max(self.values)

    @property
    def median(self) -> Ns:
        """Of an even number of values the mean of the middle two, rounded down."""
        ordered = sorted(self.values)
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2

    def judged(self, profile: Profile) -> Judged:
        judgements = [judge(Interval(self.limit, 0, value), profile, self.uncertainty) for value in self.values]
        counts = Counter(judgement.verdict for judgement in judgements)
        worst = next(v for v in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS) if counts[v])
        return Judged(worst, min((j.margin for j in judgements if j.margin is not None), default=None), counts)


def timings_of(intervals: Iterable[Interval], uncertainty: Ns = 0) -> list[Timing]:
    """*intervals* by name, in the order of `LIMITS`, which is that of a match."""
    by_name: dict[str, list[Interval]] = {}
    for interval in intervals:
        by_name.setdefault(interval.name, []).append(interval)
    return [
        Timing(same[0].limit, tuple(interval.value for interval in sorted(same, key=lambda i: i.start)), uncertainty)
        for _, same in sorted(by_name.items(), key=lambda item: ORDER.get(item[0], len(ORDER)))
    ]


MARKS_TEXT = "~ outside the standard, ! outside the field limits too, ? too close to call"


def mark(timing: Timing) -> str:
    """One character for both verdicts, as `MARKS_TEXT` explains it; blank if both pass."""
    strict, field = timing.judged(Profile.STRICT).verdict, timing.judged(Profile.FIELD).verdict
    if field is Verdict.FAIL:
        return "!"
    if strict is Verdict.FAIL:
        return "~"
    return "?" if Verdict.INCONCLUSIVE in (strict, field) else " "


def parted(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """*names* of intervals under the heads of their tables: those of SLAC, then those of SDP; no head without any."""
    named = list(names)
    slac = [name for name in named if name not in AFTER_MATCH]
    sdp = [name for name in named if name in AFTER_MATCH]
    return [(head, part) for head, part in ((SLAC_HEAD, slac), (SDP_HEAD, sdp)) if part]


def ms_text(value: Ns) -> str:
    """Milliseconds in at most seven characters.

    >>> ms_text(20_017_000), ms_text(1_220_040_000), ms_text(50_000_000_000)
    ('20.02', '1220.0', '50000.0')
    """
    return f"{to_ms(value):.2f}" if abs(value) < 1_000_000_000 else f"{to_ms(value):.1f}"


def duration_text(value: Ns) -> str:
    """A limit as the standard writes it.

    >>> duration_text(400_000_000), duration_text(12_000_000_000)
    ('400 ms', '12 s')
    """
    return f"{to_s(value):g} s" if value >= 1_000_000_000 and value % 1_000_000_000 == 0 else f"{to_ms(value):g} ms"


def bounds(limit: Limit, profile: Profile) -> str:
    """What *profile* allows, short: `≤ 100 ms`, `20…50 ms`, `any`."""
    low, high = limit.bounds(profile is Profile.FIELD)
    if low is None and high is None:
        return "any"
    if low is None:
        assert high is not None
        return f"≤ {duration_text(high)}"
    if high is None:
        return f"≥ {duration_text(low)}"
    return f"{to_ms(low):g}…{duration_text(high)}"
