"""The control pilot rules a simulated car: no matching without 5 %, none in A, E and F, a new one after each."""

from __future__ import annotations

import pytest
from station_yard import Yard, awake

from bench.mme import CmAttenCharInd, CmAttenCharRsp, CmSetKeyReq, CmSlacMatchReq, CmSlacParmReq, CmStartAttenCharInd
from bench.sim.car import CarState
from bench.units import ms, s

QUICK_STATION = "everest-evsev2g-2023-04"


def test_nothing_is_sent_before_the_5_pct():
    """Plugged in at steady +12 V a car waits, however long."""
    yard = Yard()
    cable = yard.lone_cable()
    cable.evse.set_duty_cycle_pct(100)
    car = yard.car("tesla-modely", cable)
    car.sim.plug_in()
    yard.run(s(100))

    assert car.sim.state is CarState.PLUGGED
    assert not car.modem.heard


@pytest.mark.parametrize("duty_cycle_pct", [0, 2.5, 7.5, 10, 53.3, 100])
def test_only_5_pct_starts_a_matching(duty_cycle_pct):
    yard = Yard()
    cable = yard.lone_cable()
    cable.evse.set_duty_cycle_pct(duty_cycle_pct)
    car = yard.car("tesla-modely", cable)
    car.sim.plug_in()
    yard.run(s(20))

    assert not car.modem.heard


@pytest.mark.parametrize("duty_cycle_pct", [3, 5, 7])
def test_3_to_7_pct_is_5_pct(duty_cycle_pct):
    yard = Yard()
    cable = yard.lone_cable()
    cable.evse.set_duty_cycle_pct(duty_cycle_pct)
    car = yard.car("tesla-modely", cable)
    car.sim.plug_in()
    yard.run(s(2))

    assert car.times(CmSlacParmReq)


ENDS = {
    "unplugged": lambda car: car.sim.unplug(),
    "state E": lambda car: car.cable.evse.set_state_e(),
    "state F": lambda car: car.cable.evse.set_duty_cycle_pct(0),
    "loss of 5 %": lambda car: car.cable.evse.set_duty_cycle_pct(100),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("during", [CmSlacParmReq, CmStartAttenCharInd, CmSlacMatchReq], ids=lambda mme: mme.name)
def test_the_pilot_ends_a_matching_at_once(end, during):
    """ISO 15118-3: in A, E and F nothing is sent and a running matching ends; a DC car stops without 5 %, too."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = yard.car(awake("mercedes-eqc"), station)
    car.sim.plug_in()
    yard.run_until(lambda: bool(car.times(during)))
    ENDS[end](car)
    yard.run(ms(0))
    ended = len(car.modem.heard)
    yard.run(ms(450))

    assert not [one for one in car.modem.heard[ended:] if one.sent]
    assert car.sim.state in (CarState.UNPLUGGED, CarState.PLUGGED)


def test_an_answer_that_is_due_is_not_sent_after_the_plug_came_out():
    """CM_ATTEN_CHAR.RSP takes this car 39 ms; unplugged in between, it stays away."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = yard.car(awake("hyundai-ioniq5"), station)
    car.sim.plug_in()
    yard.run_until(lambda: bool(car.times(CmAttenCharInd)))
    car.sim.unplug()
    yard.run(s(1))

    assert not car.times(CmAttenCharRsp)


@pytest.mark.parametrize("end", ENDS)
def test_a_new_5_pct_begins_a_new_matching(end):
    """After E, F or X1, or plugged in again, the car asks with a new RunID."""
    yard = Yard()
    car = yard.car(awake("mercedes-eqc"), yard.lone_cable())
    car.sim.plug_in()
    yard.run(ms(200))
    [(_, first)] = car.heard(CmSlacParmReq)
    ENDS[end](car)
    yard.run(s(4))
    car.cable.evse.set_duty_cycle_pct(100)
    yard.run(ms(750))
    car.cable.evse.set_duty_cycle_pct(5)
    car.sim.plug_in()
    yard.run(ms(200))
    [_, (_, second)] = car.heard(CmSlacParmReq)

    assert second.run_id != first.run_id


def test_another_5_pct_is_no_new_trigger():
    """A car that gave up does not begin anew because the duty cycle moves from 5 to 6 % or S2 closes."""
    yard = Yard()
    car = yard.car(awake("renault-zoe"), yard.lone_cable())
    car.sim.plug_in()
    yard.run_until(lambda: car.sim.state is CarState.GAVE_UP)
    asked = len(car.times(CmSlacParmReq))
    car.cable.evse.set_duty_cycle_pct(6)
    yard.run(s(1))
    car.cable.pev.set_charge_ready(True)
    yard.run(s(1))

    assert len(car.times(CmSlacParmReq)) == asked


@pytest.mark.parametrize("end", ["unplugged", "state E", "state F"])
def test_the_network_is_left_when_the_session_ends(end):
    """TP_match_leave, 1 s: on A, E and F the car's modem gets a key nobody else has."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = yard.car("tesla-modely", station)
    car.sim.plug_in()
    yard.run_until(lambda: car.sim.state.in_network)
    ENDS[end](car)
    yard.run(s(1))

    joined, left = (req.nmk for _, req in car.heard(CmSetKeyReq))
    assert joined == car.sim.attempt.match.nmk != left
    assert car.modem.nmk == left
    assert not car.modem.joined_to()
    assert car.sim.matched is None


def test_the_link_outlives_the_5_pct():
    """ISO 15118-3, V2G3-M06-06: matched, a change from 5 % by way of X1 keeps the link, and nothing begins anew."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = yard.car("tesla-modely", station)
    car.sim.plug_in()
    yard.run_until(lambda: bool(station.sim.sdp.knocks))
    yard.run(ms(10))
    heard = len(car.modem.heard)
    car.cable.evse.set_duty_cycle_pct(100)
    yard.run(s(3))
    car.cable.evse.set_duty_cycle_pct(5)
    yard.run(s(20))

    assert car.sim.state is CarState.FOUND
    assert car.modem.joined_to() == {station.modem}
    assert len(car.modem.heard) == heard


def test_a_car_matches_again_after_being_plugged_in_again():
    """A second session: new RunID, new key, same station."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = yard.car("mercedes-eqc", station)
    matches = []
    for _ in range(2):
        car.sim.plug_in()
        yard.run_until(lambda: car.sim.state.in_network)
        matches.append(car.sim.matched)
        car.sim.unplug()
        yard.run(s(10))

    assert matches[0].evse_mac == matches[1].evse_mac
    assert matches[0].run_id != matches[1].run_id
    assert matches[0].nmk != matches[1].nmk
