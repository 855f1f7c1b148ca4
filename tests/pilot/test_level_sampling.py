"""Random samples to the pilot's levels: at any duty cycle, with noise and slow edges, and what is no pilot at all.

Bands and the example divider are calculated from nominal values and all tolerances.
"""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.pilot.divider import Divider
from bench.pilot.model import R2_OHM, R3_OHM, CpState, cp_state_from_level, high_level_v, parallel
from bench.pilot.sampling import GLITCHES_FROM, LEAST_SAMPLES, ImplausibleSamples, Levels, MoreWanted, levels_of

DIVIDER = Divider.of_resistors(pilot_ohm=100e3, ground_ohm=24.9e3, reference_ohm=20e3)
FULL_SCALE_V = 3.3
COUNT_V = FULL_SCALE_V / 1024
"""Of a 10-bit converter."""
HIGH_V = {
    CpState.A: high_level_v(None),
    CpState.B: high_level_v(R2_OHM),
    CpState.C: high_level_v(parallel(R2_OHM, R3_OHM)),
    CpState.D: high_level_v(parallel(R2_OHM, 270.0)),
}
BANDS_V = {CpState.A: (11.4, 12.6), CpState.B: (8.37, 9.59), CpState.C: (5.47, 6.53), CpState.D: (2.59, 3.28)}
"""Worst case of all component tolerances."""


def converted(pilot_v):
    """What a 10-bit converter makes of volts at the pilot, in volts at its input."""
    return min(max(round(DIVIDER.adc_v(pilot_v) / COUNT_V), 0), 1023) * COUNT_V


def samples(high_v, duty_pct, n, rng, *, noise_v=0.03, tau_us=5.5, low_v=-12.0):
    """*n* at random instants of a 1 kHz pilot whose edges settle with *tau_us*."""
    taken = []
    for _ in range(n):
        us = rng.uniform(0, 1000)
        high_us = duty_pct * 10
        if us < high_us:
            v = high_v + (low_v - high_v) * math.exp(-us / tau_us)
        else:
            v = low_v + (high_v - low_v) * math.exp(-(us - high_us) / tau_us)
        taken.append(converted(v + rng.gauss(0, noise_v)))
    return taken


def levels(taken, **changes):
    return levels_of(taken, DIVIDER, **({"full_scale_v": 1023 * COUNT_V} | changes))


# The divider


def test_divider_of_three_resistors_fits_the_pilot_into_the_converters_range():
    assert DIVIDER.slope == pytest.approx(0.0998, abs=0.0001)
    assert DIVIDER.offset_v == pytest.approx(1.647, abs=0.001)
    assert 0 < DIVIDER.adc_v(-15) < DIVIDER.adc_v(15) < 3.3


@given(st.floats(-15, 15), st.floats(0.01, 1), st.floats(-3, 3))
def test_a_divider_there_and_back_is_the_same_voltage(pilot_v, slope, offset_v):
    divider = Divider(slope, offset_v)

    assert divider.pilot_v(divider.adc_v(pilot_v)) == pytest.approx(pilot_v, abs=1e-9)


def test_calibration_at_both_steady_levels_finds_the_divider_whatever_its_resistors():
    """Resistors of 5 % wrong by all of it; a voltmeter says what the generator gives."""
    real = Divider.of_resistors(pilot_ohm=105e3, ground_ohm=23.7e3, reference_ohm=21e3)

    found = Divider.calibrated(plus_adc_v=real.adc_v(11.8), minus_adc_v=real.adc_v(-12.1), plus_v=11.8, minus_v=-12.1)

    assert (found.slope, found.offset_v) == (pytest.approx(real.slope), pytest.approx(real.offset_v))


@pytest.mark.parametrize(("plus", "minus"), [(1.65, 1.65), (0.4, 2.8), (1.9, 1.5), (float("nan"), 0.4)])
def test_calibration_with_a_pilot_that_does_not_move_is_refused(plus, minus):
    with pytest.raises(ValueError, match="does not reach the ADC"):
        Divider.calibrated(plus_adc_v=plus, minus_adc_v=minus)


@pytest.mark.parametrize("wrong", [{"pilot_ohm": 0}, {"ground_ohm": -1}, {"reference_ohm": float("nan")}])
def test_a_divider_of_impossible_resistors_is_refused_by_name(wrong):
    right = {"pilot_ohm": 1e5, "ground_ohm": 2e4, "reference_ohm": 2e4}

    with pytest.raises(ValueError, match=next(iter(wrong))):
        Divider.of_resistors(**right | wrong)


def test_a_divider_cannot_turn_the_pilot_upside_down():
    with pytest.raises(ValueError, match="slope"):
        Divider(-0.1, 1.65)


# Levels


@given(
    state=st.sampled_from(sorted(HIGH_V, key=lambda state: state.value)),
    duty_pct=st.integers(5, 96),
    tau_us=st.floats(0.5, 5.5),
    seed=st.integers(0, 2**32),
)
def test_levels_are_within_the_bands_at_every_duty_cycle(state, duty_pct, tau_us, seed):
    """A to D, 5 to 96 %, noise and every capacitance the cable may have; more samples where they are asked for."""
    rng = random.Random(seed)
    taken = []
    found = None
    while not isinstance(found, Levels):
        assert len(taken) < 2000
        taken += samples(HIGH_V[state], duty_pct, LEAST_SAMPLES, rng, tau_us=tau_us)
        found = levels(taken)

    low, high = BANDS_V[state]
    assert low <= found.high_v <= high
    assert found.high_v == pytest.approx(HIGH_V[state], abs=0.2)
    assert found.low_v == pytest.approx(-12, abs=0.2)
    assert found.high_share * 100 == pytest.approx(duty_pct, abs=16)
    assert not found.steady
    assert cp_state_from_level(found.high_v) is state


def test_a_generator_without_its_negative_supply_has_two_levels_all_the_same():
    """9 V and 0 V: the share is counted from half-way between them."""
    found = levels(samples(9.0, 20, 1000, random.Random(1), low_v=0.5))

    assert (found.high_v, found.low_v) == (pytest.approx(9.0, abs=0.1), pytest.approx(0.5, abs=0.1))
    assert found.high_share * 100 == pytest.approx(20, abs=6)


def test_share_of_high_samples_is_a_rough_duty_cycle():
    found = levels(samples(9.0, 5, 10_000, random.Random(1)))

    assert found.high_share * 100 == pytest.approx(5, abs=1)
    assert found.samples == 10_000


@pytest.mark.parametrize(
    ("level_v", "share"),
    [(12.0, 1), (9.0, 1), (6.0, 1), (3.0, 1), (0.0, 1), (-12.0, 0)],
    ids=["A1", "B1", "C1", "D1", "E", "F"],
)
def test_steady_levels_coincide(level_v, share):
    """PWM off: both levels are the same, which is no diode fault."""
    found = levels(samples(level_v, 50, 300, random.Random(2), low_v=level_v))

    assert found.steady
    assert found.high_v == found.low_v == pytest.approx(level_v, abs=0.05)
    assert found.high_share == share


def test_a_level_is_the_median_of_its_phase_and_not_its_extreme():
    """Three overshoots of 0.8 V above the level do not raise it."""
    taken = [converted(-12.0 + 0.01 * (i % 9)) for i in range(285)] + [converted(9.0)] * 12 + [converted(9.8)] * 3

    assert levels(taken).high_v == pytest.approx(9.0, abs=0.02)


def test_too_few_samples_are_not_judged():
    found = levels(samples(9.0, 50, LEAST_SAMPLES - 1, random.Random(3)))

    assert found == MoreWanted("299 of 300 samples")


@pytest.mark.parametrize("hits", [1, 2])
def test_fewer_than_three_hits_are_no_level_yet(hits):
    """Bad luck at 5 %, or a spike: nobody can say before there are more samples."""
    found = levels([converted(-12 + 0.04 * (i % 2)) for i in range(300 - hits)] + [converted(9.0)] * hits)

    assert isinstance(found, MoreWanted)
    assert f"only {hits} of 300" in found.why


def test_three_hits_are_a_level():
    found = levels([converted(-12 + 0.04 * (i % 2)) for i in range(297)] + [converted(9.0)] * 3)

    assert found.high_v == pytest.approx(9.0, abs=0.02)


@pytest.mark.parametrize("spike_v", [14.5, -14.5])
def test_a_spike_among_many_samples_is_dropped_and_counted(spike_v):
    found = levels([*samples(9.0, 5, GLITCHES_FROM - 1, random.Random(4)), converted(spike_v)])

    assert found.spikes == 1
    assert (found.high_v, found.low_v) == (pytest.approx(9.0, abs=0.1), pytest.approx(-12.0, abs=0.1))


# What is no pilot


@pytest.mark.parametrize(("stuck", "named"), [(0.0, "at 0 "), (1023 * COUNT_V, "at full scale")])
def test_a_clipped_converter_is_broken_and_no_state(stuck, named):
    """An open input, a wrong divider: neither E nor A."""
    taken = [*samples(0.0, 50, 297, random.Random(5), low_v=0.0), stuck, stuck, stuck]

    with pytest.raises(ImplausibleSamples, match=named):
        levels(taken)


def test_two_clipped_samples_are_spikes():
    found = levels([*samples(9.0, 5, 1500, random.Random(6)), 0.0, 0.0])

    assert found.low_v == pytest.approx(-12, abs=0.1)
    assert found.spikes == 2


def test_a_converter_that_never_moves_is_broken_and_not_state_e():
    """0 V to the last count, a hundred times."""
    with pytest.raises(ImplausibleSamples, match="to the last count"):
        levels([converted(0.0)] * 100)


def test_one_count_of_noise_is_enough_to_be_alive():
    assert levels([converted(0.0)] * 299 + [converted(0.04)]).steady


def test_a_coarse_converter_on_a_quiet_pilot_may_be_allowed_to_stand_still():
    found = levels([converted(12.0)] * 300, constant_is_broken=None)

    assert found.high_v == pytest.approx(12.0, abs=0.02)


def test_samples_without_levels_among_them_are_noise():
    rng = random.Random(7)
    scattered = [100 * rng.gauss(0, 1) for _ in range(1500)]

    with pytest.raises(ImplausibleSamples, match="without two levels"):
        levels_of([v + 2000 for v in scattered], Divider(1, 2000), full_scale_v=4000)


@pytest.mark.parametrize("sigma_v", [2, 5])
def test_noise_that_reaches_both_ends_is_not_taken_for_two_levels(sigma_v):
    rng = random.Random(8)

    with pytest.raises(ImplausibleSamples, match="scatter like noise"):
        levels([converted(rng.gauss(0, sigma_v)) for _ in range(1500)])


def test_slow_edges_are_no_noise():
    """Twice the capacitance that a cable may have."""
    assert isinstance(levels(samples(9.0, 50, 300, random.Random(9), tau_us=11)), Levels)
