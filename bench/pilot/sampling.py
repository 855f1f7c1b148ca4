"""Random samples of the pilot to its two levels.

Of a 5 % pilot only one sample in twenty falls into the high phase, and some of those on an edge. So many are taken, at
random instants, and a level is the median of those close to the extreme one: never a single maximum, and never a mean,
which at 5 % says next to nothing about the high level. With 300 samples the chance of fewer than three hits in the
high phase is 3 in 100,000 (calculated).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.pilot.divider import Divider

LEAST_SAMPLES = 300
LEAST_HITS = 3
"""Samples that make a level; fewer are bad luck or a spike."""
GLITCHES_FROM = 1200
"""With so many samples fewer than LEAST_HITS are no phase of 1 % or more: they are spikes, and dropped."""
MOST_SPIKES_SHARE = 0.01
"""More than that is no pilot with spikes, it is noise."""
PHASE_WIDTH_V = 1.0
"""Samples this close to the extreme one belong to its phase. Levels closer than this are one: there is no PWM."""
MOST_BETWEEN_SHARE = 0.15
"""Of the samples, near neither level. Edges with all the capacitance a cable may have make 3.5 % (calculated)."""
CONSTANT_IS_BROKEN = 100
"""So many samples without the least change come from an ADC that has stopped, not from a pilot."""
STEADY_POSITIVE_ABOVE_V = -2.0
"""A steady level above is a positive phase that lasts (A to E), below it is F or a fault."""


class ImplausibleSamples(ValueError):
    """What no pilot can give: the ADC or its wiring is broken. Not a state of the pilot."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The pilot's two levels, volts; equal where it is steady.

    high_share  share of the samples in the high phase: a rough duty cycle. Steady: 1, and 0 for F
    samples     how many were used
    spikes      how many were dropped because they were too few to be a phase
    """

    high_v: float
    low_v: float
    high_share: float
    samples: int
    spikes: int = 0

    @property
    def steady(self) -> bool:
        return self.high_v == self.low_v


@dataclass(frozen=True, slots=True)
class MoreWanted:
    """Not enough yet to say; *why* names what is missing."""

    why: str


def levels_of(
    adc_v: Sequence[float],
    divider: Divider,
    *,
    full_scale_v: float,
    constant_is_broken: int | None = CONSTANT_IS_BROKEN,
) -> Levels | MoreWanted:
    """The levels of a pilot sampled at random instants.

    adc_v               at the ADC, in the order taken
    full_scale_v        of the ADC's highest count
    constant_is_broken  so many samples that are all the same are an error. A coarse ADC on a very quiet, steady pilot
                        may show that too: then None

    ImplausibleSamples: three or more at 0 or at full scale, all the same, or scattered without levels.
    """
    clipped_low = sum(1 for v in adc_v if v <= 0)
    clipped_high = sum(1 for v in adc_v if v >= full_scale_v)
    if max(clipped_low, clipped_high) >= LEAST_HITS:
        end = "0" if clipped_low >= clipped_high else "full scale"
        raise ImplausibleSamples(
            f"{max(clipped_low, clipped_high)} of {len(adc_v)} samples are at {end} of the ADC: its input is open, "
            "shorted or overdriven"
        )
    if constant_is_broken is not None and len(adc_v) >= constant_is_broken and len(set(adc_v)) == 1:
        raise ImplausibleSamples(
            f"{len(adc_v)} samples are {adc_v[0]:.4f} V to the last count: the ADC does not convert, or is not the one "
            "that answers"
        )
    if len(adc_v) < LEAST_SAMPLES:
        return MoreWanted(f"{len(adc_v)} of {LEAST_SAMPLES} samples")
    return _two_levels(sorted(divider.pilot_v(v) for v in adc_v))


def _two_levels(rising: list[float]) -> Levels | MoreWanted:
    """*rising*: volts at the pilot, sorted."""
    taken, spikes = len(rising), 0
    while True:
        high = [v for v in rising if v >= rising[-1] - PHASE_WIDTH_V]
        low = [v for v in rising if v <= rising[0] + PHASE_WIDTH_V]
        few = [phase for phase in (high, low) if len(phase) < LEAST_HITS]
        if not few:
            break
        if taken < GLITCHES_FROM:
            return MoreWanted(f"only {len(few[0])} of {len(rising)} samples near {few[0][0]:+.1f} V")
        spikes += len(few[0])
        if spikes > MOST_SPIKES_SHARE * taken:
            raise ImplausibleSamples(
                f"the samples scatter from {rising[0]:+.1f} to {rising[-1]:+.1f} V without two levels among them"
            )
        rising = rising[: -len(high)] if few[0] is high else rising[len(low) :]
    high_v, low_v = median(high), median(low)
    if high_v - low_v < PHASE_WIDTH_V:
        level_v = median(rising)
        return Levels(level_v, level_v, 1.0 if level_v > STEADY_POSITIVE_ABOVE_V else 0.0, len(rising), spikes)
    _check_between(rising, high_v, low_v)
    middle = (high_v + low_v) / 2
    return Levels(high_v, low_v, sum(1 for v in rising if v > middle) / len(rising), len(rising), spikes)


def _check_between(samples: Sequence[float], high_v: float, low_v: float) -> None:
    between = sum(1 for v in samples if min(abs(v - high_v), abs(v - low_v)) > PHASE_WIDTH_V)
    if between > MOST_BETWEEN_SHARE * len(samples):
        raise ImplausibleSamples(
            f"{between} of {len(samples)} samples lie between or beside {low_v:+.1f} and {high_v:+.1f} V: they scatter "
            "like noise, or the pilot has other levels in between"
        )
