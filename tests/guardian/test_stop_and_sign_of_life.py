"""The emergency stop makes everything safe and nothing goes on by itself; the sign of life stays away when it must."""

from __future__ import annotations

import time

import pytest
from keeper_stand import Stand

from bench.devices import DutyMeasured
from bench.errors import PortError
from bench.guardian import process
from bench.guardian.keeper import STOPPED
from bench.guardian.process import Pulse
from bench.pilot.proximity import AS_QUOTED, ProximityMeasured
from bench.units import ms, s


class Button:
    name = "emergency stop on paper"

    def __init__(self):
        self.down = False

    def pressed(self):
        return self.down

    def close(self):
        pass


class Heart:
    name = "dead man on paper"

    def __init__(self):
        self.beats = 0
        self.broken = False

    def beat(self):
        self.beats += 1
        if self.broken:
            raise PortError("no pin")


@pytest.fixture
def button(unsafe: Stand) -> Button:
    unsafe.devices.stop = Button()
    return unsafe.devices.stop


def test_pressed_everything_is_made_safe_at_the_next_look(unsafe: Stand, button: Button) -> None:
    assert unsafe.look() == []
    button.down = True

    (event,) = unsafe.look()

    assert (event["event"], event["why"]) == ("made safe", STOPPED)
    assert unsafe.is_safe()


def test_it_is_pressed_at_any_time_also_when_nothing_is_unsafe(stand: Stand) -> None:
    stand.devices.stop = Button()
    stand.devices.stop.down = True

    assert stand.made_safe(stand.look()) == STOPPED
    with pytest.raises(PortError, match="emergency stop"):
        stand.do("duty", pct=5)


def test_unlatched_nothing_goes_on_by_itself_nor_by_another_test(unsafe: Stand, button: Button) -> None:
    """A person starts the program again."""
    button.down = True
    unsafe.look()
    button.down = False

    assert unsafe.look() == []
    with pytest.raises(PortError, match="unlatch it and start the program again"):
        unsafe.do("begin", test="the next")
    assert unsafe.is_safe()


def test_pressed_hardware_gets_no_sign_of_life_any_more(unsafe: Stand, button: Button) -> None:
    """So that the pilot's supply stays away when the button is unlatched."""
    heart = Heart()
    pulse = beating(heart)
    assert waited_for(lambda: heart.beats)
    button.down = True
    unsafe.look()

    process._alive(unsafe.keeper, pulse)
    beats = heart.beats
    time.sleep(0.15)

    assert heart.beats == beats


def test_a_program_that_starts_with_the_button_down_is_refused(stand: Stand) -> None:
    stand.devices.stop = Button()
    stand.devices.stop.down = True

    with pytest.raises(PortError, match="unlatch it first"):
        process._not_stopped(stand.devices)


def beating(heart: Heart) -> Pulse:
    pulse = Pulse(heart)
    pulse.start()
    return pulse


def waited_for(condition, within_s=5.0) -> bool:
    end = time.monotonic() + within_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_the_sign_of_life_comes_again_and_again_until_it_is_stopped() -> None:
    heart = Heart()
    pulse = beating(heart)

    assert waited_for(lambda: heart.beats >= 3)
    pulse.stop()
    beats = heart.beats
    time.sleep(0.15)
    assert heart.beats == beats


def test_a_loop_that_does_not_come_round_gives_no_sign_of_life(monkeypatch) -> None:
    """And one that does again, gives it again."""
    monkeypatch.setattr(process, "LOOP_HANGS_AFTER", ms(100))
    heart = Heart()
    pulse = beating(heart)
    time.sleep(0.3)
    beats = heart.beats
    time.sleep(0.2)
    assert heart.beats == beats

    pulse.alive()

    assert waited_for(lambda: heart.beats > beats)
    pulse.stop()


def test_a_broken_pin_does_not_stop_the_guardian() -> None:
    heart = Heart()
    heart.broken = True
    pulse = beating(heart)

    assert waited_for(lambda: heart.beats >= 3)
    pulse.stop()


# what a charging station puts out


class Meter:
    """Gives what it is told to."""

    name = "meter on paper"

    def __init__(self):
        self.found: DutyMeasured | None = None

    def measure(self):
        return self.found


@pytest.fixture
def meter(stand: Stand) -> Meter:
    stand.devices.duty = Meter()
    return stand.devices.duty


def duties(events) -> list[float | None]:
    return [event["pct"] for event in events if event["event"] == "duty"]


def measured(pct: float) -> DutyMeasured:
    return DutyMeasured(s(1), 1000.0, pct, 200, 0.1, 0.2)


def test_a_stations_duty_cycle_is_told_when_it_has_changed_and_only_then(stand: Stand, meter: Meter) -> None:
    found = []
    for pct in (None, 5.0, 5.1, 4.9, 10.0, 10.2, None, None):
        meter.found = None if pct is None else measured(pct)
        found += stand.go_on(ms(200))

    assert duties(found) == [5.0, 10.0, None]


def test_a_slow_drift_is_told_in_the_end(stand: Stand, meter: Meter) -> None:
    """Compared with what was told last, not with the reading before."""
    found = []
    for tenth in range(50, 80):
        meter.found = measured(tenth / 10)
        found += stand.go_on(ms(200))

    assert duties(found)[0] == 5.0
    assert duties(found)[-1] == pytest.approx(7.9, abs=0.8)


def test_a_new_test_is_told_anew(stand: Stand, meter: Meter) -> None:
    meter.found = measured(5.0)
    stand.go_on(ms(200))

    stand.do("begin", test="the next")

    assert duties(stand.go_on(ms(200))) == [5.0]


# what is plugged in


class Plug:
    """A meter at PP."""

    name = "proximity on paper"

    def __init__(self, ohm: float) -> None:
        self.ohm = ohm

    def measure(self) -> ProximityMeasured:
        return ProximityMeasured(self.ohm, AS_QUOTED.coding(self.ohm))


@pytest.mark.parametrize(("ohm", "told"), [(680.0, (680.0, "20 A")), (float("inf"), (None, "no plug"))])
def test_the_plug_is_told_when_somebody_asks(stand: Stand, ohm: float, told: tuple[object, str]) -> None:
    stand.devices.proximity = Plug(ohm)

    found = stand.do("measure")

    assert (found["plug_ohm"], found["plug"]) == told
