"""Two measurements in a row make a state; faults that only both levels show.

Rules of a commercial charging station, as read in its program.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.pilot.following import OUTLIERS_KEPT, StateFilter, WireFault, wire_fault
from bench.pilot.model import CpState
from bench.pilot.sampling import Levels
from bench.units import ms

A, B, C, D, E, F, FAULT = CpState
LEVEL_V = {A: 12.0, B: 9.0, C: 6.0, D: 3.0, E: 0.0, F: -12.0, FAULT: -6.0}


def pwm(high_v, low_v=-12.0):
    return Levels(high_v, low_v, 0.05, 300)


def steady(level_v):
    return Levels(level_v, level_v, 1.0, 300)


@pytest.fixture
def pilot():
    return StateFilter()


def feed(pilot, *levels, start=0):
    """Every 100 ms one measurement; what was accepted, as (ms, state)."""
    accepted = [pilot.saw(level, ms(100 * (start + i))) for i, level in enumerate(levels)]
    return [(change.t // ms(1), change.state) for change in accepted if change is not None]


def test_one_measurement_is_no_state(pilot):
    assert feed(pilot, pwm(9)) == []
    assert pilot.state is None


@pytest.mark.parametrize("state", CpState)
def test_two_measurements_in_a_row_are_a_state_since_the_first_of_them(pilot, state):
    level = steady(LEVEL_V[state])

    assert feed(pilot, level, level, level, level) == [(0, state)]
    assert pilot.state is state


def test_a_change_carries_the_levels_that_decided_it(pilot):
    pilot.saw(pwm(9.0), 0)

    assert pilot.saw(pwm(9.1), ms(100)).levels == pwm(9.1)


def test_an_outlier_is_dropped_and_noted(pilot):
    """A, B, A: nothing happened, but it is not forgotten."""
    feed(pilot, steady(12), steady(12))

    assert feed(pilot, pwm(9), steady(12), steady(12), start=2) == []
    assert pilot.state is A
    assert [(outlier.t, outlier.state) for outlier in pilot.outliers] == [(ms(200), B)]
    assert pilot.dropped == 1


def test_a_state_on_the_way_is_dropped_too(pilot):
    """B, A for one measurement, C: the spike that some cars make when they close S2."""
    feed(pilot, pwm(9), pwm(9))

    assert feed(pilot, pwm(12), pwm(6), pwm(6), start=2) == [(300, C)]
    assert [outlier.state for outlier in pilot.outliers] == [A]


def test_outliers_that_take_turns_are_never_a_state(pilot):
    feed(pilot, pwm(9), pwm(9))

    assert feed(pilot, *[pwm(6), pwm(3)] * 10, start=2) == []
    assert pilot.dropped == 19


def test_a_year_of_outliers_keeps_only_the_last(pilot):
    feed(pilot, *[pwm(9), pwm(6)] * OUTLIERS_KEPT)

    assert len(pilot.outliers) == OUTLIERS_KEPT
    assert pilot.dropped == 2 * OUTLIERS_KEPT - 1


@pytest.mark.parametrize(("before", "expected"), [(B, B), (C, C)])
def test_between_two_states_the_accepted_one_holds(pilot, before, expected):
    """7.5 V: B if it was B, else C."""
    feed(pilot, pwm(LEVEL_V[before]), pwm(LEVEL_V[before]))

    assert feed(pilot, pwm(7.5), pwm(7.5), start=2) == []
    assert pilot.state is expected


def test_hysteresis_is_against_what_was_accepted_and_not_against_a_spike(pilot):
    """B, one measurement of C, then 7.5 V: still B."""
    feed(pilot, pwm(9), pwm(9))

    assert feed(pilot, pwm(6), pwm(7.5), pwm(7.5), start=2) == []
    assert pilot.state is B


@given(st.lists(st.sampled_from(sorted(LEVEL_V, key=lambda state: state.value)), max_size=60))
def test_a_state_is_accepted_exactly_where_two_neighbours_agree_on_a_new_one(states):
    pilot = StateFilter()
    expected, current = [], None
    run = 0
    for i, state in enumerate(states):
        run = run + 1 if i and states[i - 1] is state else 1
        if run >= 2 and state is not current:
            expected.append((100 * (i - 1), state))
            current = state

    assert feed(pilot, *[steady(LEVEL_V[state]) for state in states]) == expected


# Faults of the wire


@pytest.mark.parametrize("high_v", [8.79, 5.62, 2.37])
def test_a_mirrored_low_level_is_a_shorted_diode(high_v):
    """B, C and D without the diode: the negative phase is loaded as well."""
    assert wire_fault(pwm(high_v, -high_v)) is WireFault.DIODE_SHORTED
    assert wire_fault(pwm(high_v, -high_v + 1.1)) is WireFault.DIODE_SHORTED


@pytest.mark.parametrize(
    "levels",
    [pwm(9.0), pwm(3.0), pwm(12.0), pwm(8.79, -10.0), steady(9.0), steady(12.0), steady(-12.0), steady(-8.79)],
    ids=lambda levels: f"{levels.high_v:+}/{levels.low_v:+}",
)
def test_a_whole_pilot_has_no_fault(levels):
    """An unplugged cable mirrors too, and a steady level says nothing about a diode."""
    assert wire_fault(levels) is None


@pytest.mark.parametrize("levels", [steady(0.0), steady(1.9), steady(-1.9), pwm(1.3, -1.3), pwm(1.9, -0.8)])
def test_a_pilot_that_stays_near_0_v_is_shorted(pilot, levels):
    """Through up to 120 Ohm: 1.3 V. The state is E, whatever the level alone says."""
    assert wire_fault(levels) is WireFault.SHORTED_TO_PE
    assert feed(pilot, levels, levels) == [(0, E)]


def test_a_steady_level_is_no_short_from_2_v_on():
    assert wire_fault(steady(2.0)) is None


def test_a_diode_fault_needs_two_measurements(pilot):
    feed(pilot, pwm(9), pwm(8.8, -8.8), pwm(9), pwm(8.8, -8.8))
    assert not pilot.diode_fault

    feed(pilot, pwm(8.8, -8.8), start=4)
    assert pilot.diode_fault


def test_a_diode_fault_stays_until_the_cable_is_unplugged(pilot):
    feed(pilot, pwm(8.8, -8.8), pwm(8.8, -8.8))

    feed(pilot, steady(9), steady(9), pwm(6), pwm(6), steady(12), start=2)
    assert pilot.diode_fault
    feed(pilot, steady(12), start=7)
    assert not pilot.diode_fault
