"""What a person does on a manual rig: asked for what changes, and for nothing else."""

from __future__ import annotations

import pytest

from bench.errors import PortError
from bench.pilot.model import CpState
from bench.rig.manual import ManualLoad, ManualPilot, ManualSwitch
from bench.units import Ns, s


class Person:
    """Does what is asked, a second later each time."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.told: list[str] = []
        self.t: Ns = 0

    def ask(self, what: str) -> Ns:
        self.asked.append(what)
        self.t += s(1)
        return self.t

    def tell(self, what: str) -> None:
        self.told.append(what)


@pytest.fixture
def person() -> Person:
    return Person()


def test_the_pilot_changes_when_the_person_says_so(person: Person) -> None:
    pilot = ManualPilot(person)
    pilot.told(s(0), True)
    pilot.changes()

    pilot.set_duty_cycle_pct(5.0)

    assert person.asked == ["set the pilot generator to 5 % at 1 kHz"]
    ((t, reading),) = pilot.changes()
    assert (t, reading.label, reading.duty_cycle_pct) == (s(1), "B2", 5.0)


def test_nobody_is_asked_for_what_is_so_already(person: Person) -> None:
    pilot = ManualPilot(person)
    pilot.set_duty_cycle_pct(5.0)

    pilot.set_duty_cycle_pct(5.0)

    assert len(person.asked) == 1


def test_at_the_end_the_generator_is_to_be_left_at_100_percent(person: Person) -> None:
    pilot = ManualPilot(person, plugged=True)
    pilot.set_duty_cycle_pct(5.0)

    pilot.close()
    pilot.close()

    assert person.asked[1:] == ["set the pilot generator to 100 % (steady +12 V)"]


def test_a_generator_that_was_never_touched_needs_no_walk(person: Person) -> None:
    ManualPilot(person, plugged=True).close()

    assert not person.asked


def test_f_and_e_hide_whether_a_car_is_there(person: Person) -> None:
    pilot = ManualPilot(person, plugged=True)
    pilot.set_duty_cycle_pct(0.0)
    assert pilot.read().state is CpState.F
    pilot.set_state_e()
    assert pilot.read().state is CpState.E
    pilot.set_duty_cycle_pct(100.0)
    assert pilot.read().label == "B1"


def test_closed_it_asks_for_nothing_more(person: Person) -> None:
    pilot = ManualPilot(person)
    pilot.close()

    with pytest.raises(PortError, match="closed"):
        pilot.set_duty_cycle_pct(5.0)
    assert not person.asked


def test_a_car_of_resistors_is_plugged_in_and_out_once(person: Person) -> None:
    load = ManualLoad(person, assumed_pct=5.0)
    load.plug_in()
    load.plug_in()
    assert load.read().label == "B2"

    load.close()
    load.close()

    assert person.asked == [
        "put R2 (2.74 kOhm) on the pilot: plug the bench's car in",
        "take the bench's car off the pilot",
    ]
    assert [t for t, _ in load.changes()] == [s(1), s(2)]


def test_s2_is_beyond_what_a_person_does_in_time(person: Person) -> None:
    load = ManualLoad(person, assumed_pct=5.0)

    with pytest.raises(PortError, match="needs relays"):
        load.set_charge_ready(True)


def test_power_is_cut_and_given_back_once(person: Person) -> None:
    switch = ManualSwitch(person, "evse")
    switch.on()
    switch.off()
    switch.off()

    switch.close()

    assert person.asked == ["cut the power of the evse's adapter", "give the evse's adapter its power"]


def test_nobody_is_asked_to_cut_the_power_of_an_adapter_that_is_being_written(person: Person) -> None:
    switch = ManualSwitch(person, "evse")
    switch.hold("its flash is written")

    with pytest.raises(PortError, match="the power stays on: its flash is written"):
        switch.off()

    assert person.told == ["leave its power on: its flash is written"]
    switch.hold("")
    switch.off()
    assert person.asked == ["cut the power of the evse's adapter"]
