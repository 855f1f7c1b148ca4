"""Measured intervals against their limits, by two profiles and with the bench's own uncertainty."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from bench.analysis.intervals import Interval
from bench.units import Ns, show


class Profile(enum.Enum):
    """strict: the standard's limits. field: what real stations do and get away with."""

    STRICT = "strict"
    FIELD = "field"


class Verdict(enum.Enum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


INCONCLUSIVE_WITHIN = 3
"""A margin below this many times the bench's uncertainty decides nothing."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One interval and what is said of it. *margin* is the distance to the nearer bound, negative outside."""

    interval: Interval
    profile: Profile
    verdict: Verdict
    minimum: Ns | None
    maximum: Ns | None
    margin: Ns | None

    def __str__(self) -> str:
        i = self.interval
        return f"{i.name}: {show(i.value)}, allowed {bounds_text(self.minimum, self.maximum)}: {self.verdict.value}"


def bounds_text(minimum: Ns | None, maximum: Ns | None) -> str:
    if minimum is None and maximum is None:
        return "any"
    if minimum is None:
        assert maximum is not None
        return f"at most {show(maximum)}"
    return f"at least {show(minimum)}" if maximum is None else f"{show(minimum)} ... {show(maximum)}"


def judge(interval: Interval, profile: Profile, uncertainty: Ns = 0) -> Judgement:
    """*uncertainty*: of one measured interval on this bench; 0 on the virtual clock."""
    low, high = interval.limit.bounds(profile is Profile.FIELD)
    margins = [
        m
        for m in (None if low is None else interval.value - low, None if high is None else high - interval.value)
        if m is not None
    ]
    margin = min(margins, default=None)
    if margin is None:
        verdict = Verdict.PASS
    elif uncertainty and abs(margin) < INCONCLUSIVE_WITHIN * uncertainty:
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.PASS if margin >= 0 else Verdict.FAIL
    return Judgement(interval, profile, verdict, low, high, margin)


def judge_all(intervals: Iterable[Interval], profile: Profile, uncertainty: Ns = 0) -> list[Judgement]:
    return [judge(interval, profile, uncertainty) for interval in intervals]
