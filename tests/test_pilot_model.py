"""The control pilot's arithmetic: resistors to volts, volts to states, duty cycle to meaning."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.pilot.model import (
    R2_OHM,
    R3_OHM,
    CpState,
    DutyMeaning,
    PilotReading,
    cp_state_from_level,
    current_a,
    duty_meaning,
    high_level_v,
    parallel,
)

A, B, C, D, E, F, FAULT = CpState
R3_VENTILATED_OHM = 270.0

LOADS = {A: None, B: R2_OHM, C: parallel(R2_OHM, R3_OHM), D: parallel(R2_OHM, R3_VENTILATED_OHM)}


# Levels


@pytest.mark.parametrize(
    ("state", "nominal", "shorted", "schottky"),
    [(A, 12.0, 12.0, 12.0), (B, 8.98, 8.79, 8.87), (C, 5.99, 5.62, 5.78), (D, 2.93, 2.37, 2.61)],
)
def test_each_load_has_its_level(state: CpState, nominal: float, shorted: float, schottky: float) -> None:
    """1 kΩ source, the car's resistors behind its diode: with 0.7 V, with none (a fault) and with a Schottky diode."""
    load = LOADS[state]

    levels = [high_level_v(load), high_level_v(load, diode_v=0.0), high_level_v(load, diode_v=0.3)]

    assert levels == pytest.approx([nominal, shorted, schottky], abs=0.006)


@pytest.mark.parametrize(("state", "ohm"), [(C, 881.7), (D, 245.8)])
def test_resistors_switched_in_parallel(state: CpState, ohm: float) -> None:
    assert LOADS[state] == pytest.approx(ohm, abs=0.05)


def test_ventilation_with_the_other_relay_still_closed_is_still_d() -> None:
    """2740 || 1300 || 270 Ω: 2.64 V, as a bench gets that closes both relays."""
    level = high_level_v(parallel(R2_OHM, R3_OHM, R3_VENTILATED_OHM))

    assert level == pytest.approx(2.64, abs=0.005)
    assert cp_state_from_level(level) is D


@pytest.mark.parametrize(("r3", "volt"), [(1300.0, 5.98), (1200.0, 5.83)])
def test_resistors_a_hobby_bench_has_are_inside_the_bands(r3: float, volt: float) -> None:
    """2.7 kΩ with 1.3 or 1.2 kΩ from the E24 series."""
    assert high_level_v(2700.0) == pytest.approx(8.95, abs=0.01)
    assert high_level_v(parallel(2700.0, r3)) == pytest.approx(volt, abs=0.01)
    assert cp_state_from_level(high_level_v(parallel(2700.0, r3))) is C


@pytest.mark.parametrize(("state", "low", "high"), [(A, 11.4, 12.6), (B, 8.37, 9.59), (C, 5.47, 6.53), (D, 2.59, 3.28)])
@pytest.mark.parametrize("before", [None, *CpState])
def test_the_worst_tolerances_are_read_as_the_state_they_are(
    state: CpState, low: float, high: float, before: CpState | None
) -> None:
    """Every band of the level table lies where hysteresis does not decide."""
    assert cp_state_from_level(low, before) is state
    assert cp_state_from_level(high, before) is state


# Thresholds

STATES = [None, *CpState]

BANDS: list[tuple[float, float, dict[CpState | None, CpState], CpState]] = [
    # from V, to V (inside the band), what it is after these states, what it is after any other
    (13.001, 20.0, {}, FAULT),
    (11.001, 13.0, {}, A),
    (10.001, 11.0, {A: A}, B),
    (8.001, 10.0, {}, B),
    (7.001, 8.0, {A: B, B: B}, C),
    (5.001, 7.0, {}, C),
    (4.001, 5.0, {A: C, B: C, C: C}, D),
    (2.001, 4.0, {}, D),
    (-1.0, 2.0, {}, E),
    (-2.0, -1.001, {A: E, B: E, C: E, D: E, E: E}, FAULT),
    (-9.999, -2.001, {}, FAULT),
    (-10.999, -10.0, {F: F}, FAULT),
    (-13.0, -11.0, {}, F),
    (-20.0, -13.001, {}, FAULT),
]
"""Table of control-pilot reference, section 2."""


@pytest.mark.parametrize("band", BANDS, ids=lambda band: f"{band[0]} ... {band[1]} V")
@pytest.mark.parametrize("before", STATES, ids=lambda state: f"after {state.name if state else 'nothing'}")
def test_a_level_is_read_with_hysteresis(band, before: CpState | None) -> None:
    """At both edges of each band and in the middle; between two states the one before decides."""
    low, high, after, otherwise = band
    expected = after.get(before, otherwise)

    assert cp_state_from_level(low, before) is expected
    assert cp_state_from_level(high, before) is expected
    assert cp_state_from_level((low + high) / 2, before) is expected


def test_the_bands_leave_no_gap() -> None:
    """What the table above tests is the whole axis."""
    for (low, _, _, _), (_, high, _, _) in pairwise(BANDS):
        assert low - high == pytest.approx(0.001)


@pytest.mark.parametrize("state", [A, B, C, D])
@given(st.floats(-0.4, 0.4))
def test_a_level_that_trembles_keeps_its_state(state: CpState, noise: float) -> None:
    """A nominal level with half a volt of ripple never shows another state."""
    assert cp_state_from_level(high_level_v(LOADS[state]) + noise, state) is state


def test_matching_may_run_in_three_states() -> None:
    """ISO 15118-3: in B, C and D only."""
    assert {state for state in CpState if state.plugged} == {B, C, D}


# Duty cycle


@pytest.mark.parametrize(
    ("duty", "meaning", "ampere"),
    [
        (0.0, DutyMeaning.NOT_AVAILABLE, None),
        (0.1, DutyMeaning.NOT_ALLOWED, None),
        (2.99, DutyMeaning.NOT_ALLOWED, None),
        (3.0, DutyMeaning.DIGITAL, None),
        (5.0, DutyMeaning.DIGITAL, None),
        (7.0, DutyMeaning.DIGITAL, None),
        (7.01, DutyMeaning.NOT_ALLOWED, None),
        (7.99, DutyMeaning.NOT_ALLOWED, None),
        (8.0, DutyMeaning.CURRENT, 6.0),
        (9.99, DutyMeaning.CURRENT, 6.0),
        (10.0, DutyMeaning.CURRENT, 6.0),
        (10.5, DutyMeaning.CURRENT, 6.3),
        (26.7, DutyMeaning.CURRENT, 16.02),
        (53.3, DutyMeaning.CURRENT, 31.98),
        (85.0, DutyMeaning.CURRENT, 51.0),
        (85.1, DutyMeaning.CURRENT, 52.75),
        (96.0, DutyMeaning.CURRENT, 80.0),
        (96.5, DutyMeaning.CURRENT, 80.0),
        (97.0, DutyMeaning.CURRENT, 80.0),
        (97.01, DutyMeaning.NOT_ALLOWED, None),
        (99.9, DutyMeaning.NOT_ALLOWED, None),
        (100.0, DutyMeaning.NO_OFFER, None),
    ],
)
def test_a_duty_cycle_has_a_meaning_and_perhaps_a_current(
    duty: float, meaning: DutyMeaning, ampere: float | None
) -> None:
    """Both edges of every window of the duty cycle table."""
    assert duty_meaning(duty) is meaning
    assert current_a(duty) == ampere


def test_the_current_jumps_at_85_percent() -> None:
    """The two formulas disagree by 1.5 A there; nothing is interpolated."""
    below, above = current_a(85.0), current_a(85.0001)

    assert below is not None
    assert above is not None
    assert above - below == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize("duty", [-0.1, 100.1, float("nan")])
def test_there_is_no_such_duty_cycle(duty: float) -> None:
    with pytest.raises(ValueError, match=r"a duty cycle is 0\.\.100 %"):
        duty_meaning(duty)


# What one end sees


@pytest.mark.parametrize(
    ("state", "duty", "label", "text"),
    [
        (A, 100.0, "A1", "A1 (+9.0 V)"),
        (B, 100.0, "B1", "B1 (+9.0 V)"),
        (B, 5.0, "B2", "B2 5.0 % (+9.0 V)"),
        (C, 5.0, "C2", "C2 5.0 % (+9.0 V)"),
        (D, 53.33, "D2", "D2 53.3 % (+9.0 V)"),
        (E, None, "E", "E (+9.0 V)"),
        (F, 0.0, "F", "F (+9.0 V)"),
        (FAULT, 5.0, "fault", "fault 5.0 % (+9.0 V)"),
    ],
)
def test_a_reading_has_the_label_people_use(state: CpState, duty: float | None, label: str, text: str) -> None:
    """1 is a steady level, 2 is PWM; E, F and a fault have neither."""
    reading = PilotReading(state, duty, 9.0, -12.0)

    assert reading.label == label
    assert str(reading) == text


@pytest.mark.parametrize("state", list(CpState))
@pytest.mark.parametrize("duty", [None, 0.0, 2.9, 3.0, 5.0, 7.0, 7.1, 50.0, 100.0])
def test_high_level_communication_needs_a_car_and_five_percent(state: CpState, duty: float | None) -> None:
    """3 to 7 % in B, C or D; an idle station at 5 % speaks to nobody."""
    reading = PilotReading(state, duty, 9.0, -12.0)

    assert reading.digital == (state in (B, C, D) and duty in (3.0, 5.0, 7.0))


@pytest.mark.parametrize(("duty", "pwm"), [(None, False), (0.0, False), (0.1, True), (5.0, True), (100.0, False)])
def test_pwm_is_what_is_neither_steady_nor_off(duty: float | None, pwm: bool) -> None:
    assert PilotReading(B, duty, 9.0, -12.0).pwm is pwm
