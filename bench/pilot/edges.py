"""Edges of the pilot to its frequency and duty cycle.

Rising and falling edges come from two lines of their own, because a kernel that reports both on one line finds the
direction of an edge by reading the level later, when a pulse of 50 us may be over. Each stamp is late by the latency
of its interrupt, some us to some tens of us on a Raspberry Pi (commonly said, not measured here). So single pulses are
wrong by points of duty cycle, and only the median of many means anything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from bench.units import Ns, s

LEAST_PULSES = 200
STEADY_EDGES = 2
"""So many edges or fewer, both lines together, are a switch from one steady level to another, not PWM."""
SAME_PERIOD = 0.5
"""A gap this share longer than the period lacks an edge."""
MOST_UNPAIRED_SHARE = 0.2
"""With more rising edges that have not one falling edge, the stamps are too late or too many to be believed."""
MOST_LOST_SHARE = 0.2
"""With more edges lost even the period is in doubt."""
LATENCY_PCT = 0.5
"""What the two lines' latencies may differ by for good, points at 1 kHz (5 us): assumed, not measured. The median does
not help against it, so nothing finer than 5.0 against 5.5 % is ever told apart."""
TWO_SIGMA_OF_MEDIAN = 2 * 1.2533 * 1.4826
"""A normal scatter has a standard deviation of 1.4826 times its median deviation, and its median one of
1.2533 / sqrt(n) of that."""


class UnusableEdges(ValueError):
    """Edges that no pilot gives: the two lines do not belong together, or the stamps are too bad."""


@dataclass(frozen=True, slots=True)
class MorePulses:
    """*pulses* whole ones are there, which is too few."""

    pulses: int


@dataclass(frozen=True, slots=True)
class PulseTrain:
    """What many pulses say together. Fields as of `bench.devices.DutyMeasured`."""

    t: Ns
    frequency_hz: float
    duty_cycle_pct: float
    pulses: int
    spread_pct: float
    uncertainty_pct: float
    lost: int


def pulse_train(
    rising: Sequence[Ns],
    falling: Sequence[Ns],
    *,
    missing: int = 0,
    least_pulses: int = LEAST_PULSES,
    latency_pct: float = LATENCY_PCT,
) -> PulseTrain | MorePulses | None:
    """What the edges of one stretch of time say; None where there are none, or no more than a switch of steady levels.

    rising, falling  stamps, each oldest first; ValueError where not
    missing          edges that the sequence numbers know to be lost (`missing_numbers`)
    latency_pct      how far the two lines' latencies may differ for good, points

    A pulse counts if its period is whole and has exactly one falling edge. `uncertainty_pct` is twice the standard
    error of the median, from the scatter and the number of pulses, plus *latency_pct*. `lost` is the larger of
    *missing* and the edges that gaps in either line show: the same edge may be known by both.

    UnusableEdges: a line without edges, edges that do not pair, too many lost.
    """
    for name, stamps in (("rising", rising), ("falling", falling)):
        if any(later < earlier for earlier, later in pairwise(stamps)):
            raise ValueError(f"the {name} edges are not in the order of time")
    if len(rising) + len(falling) <= STEADY_EDGES:
        return None
    if len(rising) < 2 or len(falling) < 2:
        if max(len(rising), len(falling)) > least_pulses:
            which = "rising" if len(rising) < len(falling) else "falling"
            raise UnusableEdges(
                f"{len(rising)} rising and {len(falling)} falling edges: the line for {which} ones is not connected"
            )
        return MorePulses(0)
    period = median(later - earlier for earlier, later in pairwise(rising))
    if period <= 0:
        raise UnusableEdges("most rising edges have the same stamp: the clock of the edges stands still")
    widths, whole = _widths(rising, falling, period)
    if whole >= least_pulses and len(widths) < (1 - MOST_UNPAIRED_SHARE) * whole:
        raise UnusableEdges(
            f"only {len(widths)} of {whole} periods have one falling edge: stamps are too late, or edges of two pilots"
        )
    if len(widths) < least_pulses:
        return MorePulses(len(widths))
    lost = max(missing, _gaps(rising, period) + _gaps(falling, period))
    if lost > MOST_LOST_SHARE * (len(rising) + len(falling)):
        raise UnusableEdges(f"{lost} edges are lost beside {len(rising) + len(falling)}: the computer is too busy")
    duties = [100 * width / period for width in widths]
    duty = median(duties)
    spread = median(abs(value - duty) for value in duties)
    return PulseTrain(
        t=max(rising[-1], falling[-1]),
        frequency_hz=s(1) / period,
        duty_cycle_pct=duty,
        pulses=len(duties),
        spread_pct=spread,
        uncertainty_pct=TWO_SIGMA_OF_MEDIAN * spread / len(duties) ** 0.5 + latency_pct,
        lost=lost,
    )


def missing_numbers(numbers: Sequence[int]) -> int:
    """How many are left out of a sequence that should count up by one.

    >>> missing_numbers([7, 8, 10, 13])
    3
    """
    return sum(later - earlier - 1 for earlier, later in pairwise(numbers))


def _widths(rising: Sequence[Ns], falling: Sequence[Ns], period: float) -> tuple[list[Ns], int]:
    """Of the pulses that count, and how many whole periods there were."""
    widths: list[Ns] = []
    whole = 0
    for start, end in pairwise(rising):
        if abs(end - start - period) > SAME_PERIOD * period:
            continue
        whole += 1
        first = bisect_right(falling, start)
        if bisect_right(falling, end) - first == 1:
            widths.append(falling[first] - start)
    return widths, whole


def _gaps(stamps: Sequence[Ns], period: float) -> int:
    return sum(max(0, round((later - earlier) / period) - 1) for earlier, later in pairwise(stamps))
