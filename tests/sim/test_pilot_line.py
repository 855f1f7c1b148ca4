"""The simulated control pilot: what each end reads for everything the other end, the cable or a fault can do.

Levels: control-pilot.md section 1, calculated there from the nominal resistors.
"""

from __future__ import annotations

import pytest

from bench.errors import PortError
from bench.pilot.model import CpState
from bench.sim.pilot import PilotFault, PilotLine
from bench.units import ms


@pytest.fixture
def cable(stand):
    return PilotLine(stand.world)


@pytest.fixture
def plugged(cable):
    cable.evse.set_duty_cycle_pct(5.0)
    cable.pev.plug_in()
    return cable


def test_unplugged_cable_is_a1_at_the_station_and_nothing_at_the_car(cable):
    """A station sees its open circuit voltage; a car without a plug sees no voltage and no oscillator."""
    assert (cable.evse.read().label, cable.evse.read().high_v) == ("A1", 12.0)
    assert (cable.pev.read().state, cable.pev.read().duty_cycle_pct, cable.pev.read().high_v) == (CpState.A, None, 0.0)


@pytest.mark.parametrize(
    ("ready", "ventilation", "state", "high_v"),
    [(False, False, CpState.B, 8.98), (True, False, CpState.C, 5.99), (True, True, CpState.D, 2.93)],
)
def test_both_ends_read_the_level_that_the_cars_resistors_make(plugged, ready, ventilation, state, high_v):
    """B, C and D: nominal level of the positive phase, -12 V in the negative phase because the diode blocks."""
    plugged.pev.set_charge_ready(ready, ventilation=ventilation)

    for end in (plugged.evse, plugged.pev):
        reading = end.read()
        assert reading.state is state
        assert reading.high_v == pytest.approx(high_v, abs=0.005)
        assert reading.low_v == -12.0
        assert reading.duty_cycle_pct == 5.0
        assert reading.digital


def test_steady_positive_source_is_x1_at_both_ends(plugged):
    """X1: no PWM, duty cycle reads 100 %, both levels are the positive one."""
    plugged.evse.set_duty_cycle_pct(100)

    for end in (plugged.evse, plugged.pev):
        assert end.read().label == "B1"
        assert end.read().duty_cycle_pct == 100
        assert end.read().high_v == end.read().low_v == pytest.approx(8.98, abs=0.005)


def test_state_f_is_minus_12_v_and_hides_the_car(cable):
    """At 0 % the diode blocks: the station reads -12 V with and without a car."""
    cable.evse.set_duty_cycle_pct(0)
    without_car = cable.evse.read()
    cable.pev.plug_in()

    assert cable.evse.read() == without_car
    assert (without_car.label, without_car.high_v) == ("F", -12.0)
    assert (cable.pev.read().label, cable.pev.read().high_v) == ("F", -12.0)


def test_state_e_is_0_v_without_oscillator_at_both_ends(plugged):
    """E: oscillator off."""
    plugged.evse.set_state_e()

    for end in (plugged.evse, plugged.pev):
        assert (end.read().label, end.read().high_v, end.read().duty_cycle_pct) == ("E", 0.0, None)


def test_shorted_diode_mirrors_the_level_into_the_negative_phase(plugged):
    """The sign of a diode fault: |high + low| is near 0 while the state is not A."""
    plugged.set_fault(PilotFault.DIODE_SHORTED)

    reading = plugged.evse.read()
    assert (reading.high_v, reading.low_v) == (pytest.approx(8.79, abs=0.005), pytest.approx(-8.79, abs=0.005))
    assert reading.state is CpState.B


def test_shorted_diode_shows_the_car_in_state_f(plugged):
    """Without a diode a car loads -12 V too, and the station can see it there."""
    plugged.set_fault(PilotFault.DIODE_SHORTED)
    plugged.evse.set_duty_cycle_pct(0)

    assert plugged.evse.read().high_v == pytest.approx(-8.79, abs=0.005)
    assert plugged.evse.read().state is CpState.FAULT


def test_pilot_shorted_to_earth_reads_e_at_both_ends_whatever_the_source_does(plugged):
    """CP short: 0 V in both phases; the station still knows its own duty cycle, the car sees none."""
    plugged.set_fault(PilotFault.SHORTED_TO_PE)

    assert (plugged.evse.read().label, plugged.evse.read().low_v) == ("E", 0.0)
    assert plugged.evse.read().duty_cycle_pct == 5.0
    assert (plugged.pev.read().label, plugged.pev.read().duty_cycle_pct) == ("E", None)


def test_broken_pilot_wire_looks_unplugged_to_the_station_and_like_e_to_the_car(plugged):
    """The proximity contact tells the car that the plug is in, so 0 V is E and not A."""
    plugged.set_fault(PilotFault.WIRE_OPEN)

    assert (plugged.evse.read().label, plugged.evse.read().high_v) == ("A2", 12.0)
    assert (plugged.pev.read().label, plugged.pev.read().high_v) == ("E", 0.0)


def test_a_fault_that_is_removed_leaves_no_trace(plugged):
    before = plugged.evse.read(), plugged.pev.read()
    for fault in PilotFault:
        plugged.set_fault(fault)
        plugged.set_fault(fault, False)

    assert (plugged.evse.read(), plugged.pev.read()) == before


def test_wrong_resistor_shifts_the_level(plugged):
    """1.2 k instead of 1.3 k, a wiring seen in hobby benches with 2.7 k: 5.83 V, still C."""
    plugged.set_resistors(r2_ohm=2700, r3_ohm=1200)
    plugged.pev.set_charge_ready(True)

    assert plugged.evse.read().high_v == pytest.approx(5.83, abs=0.005)
    assert plugged.evse.read().state is CpState.C


def test_a_resistor_of_0_ohm_is_refused(cable):
    with pytest.raises(ValueError, match="r2_ohm"):
        cable.set_resistors(r2_ohm=0)


def test_level_between_b_and_c_keeps_the_state_it_came_from(plugged):
    """Hysteresis 7 to 8 V: B if it was B, else C. IEC 61851-1 table A.4 as a commercial station applies it."""
    plugged.set_resistors(r2_ohm=1400)
    coming_from_b = plugged.evse.read()
    plugged.pev.set_charge_ready(True)
    plugged.pev.set_charge_ready(False)
    coming_from_c = plugged.evse.read()

    assert coming_from_b.high_v == coming_from_c.high_v == pytest.approx(7.29, abs=0.005)
    assert (coming_from_b.state, coming_from_c.state) == (CpState.B, CpState.C)


def test_duty_cycle_out_of_range_is_refused_and_changes_nothing(plugged):
    before = plugged.pev.read()
    for wrong in (-0.1, 100.1, float("nan")):
        with pytest.raises(ValueError, match="duty cycle"):
            plugged.evse.set_duty_cycle_pct(wrong)

    assert plugged.pev.read() == before


def test_changes_are_stamped_with_the_instant_of_the_change(stand, cable):
    stand.run_until(ms(100))
    cable.pev.plug_in()
    stand.run_until(ms(600))
    cable.evse.set_duty_cycle_pct(5.0)

    assert [(t, reading.label) for t, reading in cable.evse.changes()] == [(ms(100), "B1"), (ms(600), "B2")]
    assert [(t, reading.label) for t, reading in cable.pev.changes()] == [(ms(100), "B1"), (ms(600), "B2")]
    assert cable.evse.changes() == []


def test_setting_what_is_already_set_is_no_change(plugged):
    plugged.evse.changes()
    plugged.evse.set_duty_cycle_pct(5.0)
    plugged.pev.plug_in()
    plugged.pev.set_charge_ready(False)

    assert plugged.evse.changes() == []


def test_callbacks_run_as_events_of_the_world_at_the_instant_of_the_change(stand, cable):
    """An end that reacts in its callback finds the line complete; its reaction is a change of its own."""
    seen = []
    cable.evse.on_change(lambda t, reading: seen.append(("evse", t, reading.label)))
    cable.pev.on_change(lambda t, reading: seen.append(("pev", t, reading.label)))
    cable.pev.on_change(lambda _t, reading: cable.pev.set_charge_ready(reading.digital))
    stand.run_until(ms(1))
    cable.pev.plug_in()
    assert seen == []

    stand.run_until(ms(2))
    cable.evse.set_duty_cycle_pct(5.0)
    stand.run_until(ms(3))

    assert seen == [
        ("evse", ms(1), "B1"),
        ("pev", ms(1), "B1"),
        ("evse", ms(2), "B2"),
        ("pev", ms(2), "B2"),
        ("evse", ms(2), "C2"),
        ("pev", ms(2), "C2"),
    ]


def test_settling_end_accepts_a_change_late_and_stamps_it_with_its_beginning(stand):
    cable = PilotLine(stand.world, settle=ms(10))
    stand.run_until(ms(100))
    cable.pev.plug_in()

    stand.run_until(ms(109))
    assert cable.evse.read().label == "A1"
    assert cable.evse.changes() == []
    stand.run_until(ms(110))
    assert cable.evse.read().label == "B1"
    assert [t for t, _ in cable.evse.changes()] == [ms(100)]


def test_settling_end_ignores_a_spike(stand):
    """A, B, A: an outlier shorter than the settling time never happened."""
    cable = PilotLine(stand.world, settle=ms(10))
    cable.pev.plug_in()
    stand.run_until(ms(5))
    cable.pev.unplug()
    stand.run_until(ms(100))

    assert cable.evse.changes() == []
    assert cable.evse.read().label == "A1"


def test_settling_starts_over_when_the_line_moves_on(stand):
    cable = PilotLine(stand.world, settle=ms(10))
    cable.pev.plug_in()
    stand.run_until(ms(5))
    cable.pev.set_charge_ready(True)
    stand.run_until(ms(100))

    assert [(t, reading.label) for t, reading in cable.evse.changes()] == [(ms(5), "C1")]


def test_settling_goes_on_while_the_line_stays_as_it_is(stand):
    cable = PilotLine(stand.world, settle=ms(10))
    cable.pev.plug_in()
    stand.run_until(ms(5))
    cable.evse.set_duty_cycle_pct(100)
    stand.run_until(ms(10))

    assert cable.evse.read().label == "B1"


def test_wire_conducts_only_while_plugged_and_whole(stand, cable):
    """The powerline signal goes the same way as the pilot."""
    seen = []
    cable.on_conducts(seen.append)
    cable.pev.plug_in()
    cable.set_fault(PilotFault.WIRE_OPEN)
    cable.set_fault(PilotFault.WIRE_OPEN, False)
    cable.set_fault(PilotFault.DIODE_SHORTED)
    cable.pev.unplug()
    stand.run_until(ms(1))

    assert seen == [True, False, True, False]


def test_closing_the_stations_end_leaves_plus_12_v(plugged):
    plugged.evse.set_duty_cycle_pct(0)
    plugged.evse.close()

    assert plugged.pev.read().label == "B1"
    with pytest.raises(PortError):
        plugged.evse.set_duty_cycle_pct(5)


def test_closing_the_cars_end_leaves_it_unplugged(plugged):
    plugged.pev.set_charge_ready(True)
    plugged.pev.close()

    assert plugged.evse.read().label == "A2"
    assert not plugged.s2_closed
