"""A device that is lost stops the test, and the others are made safe: bench safety S7. And the order of it all: S1."""

from __future__ import annotations

import threading

import pytest
from fake_devices import FakeBench, Mood
from keeper_stand import SAFE_COMMANDS, Stand

from bench.devices import CarLoad
from bench.errors import PortError
from bench.guardian import devices as devices_module
from bench.guardian.keeper import HalfDone
from bench.units import ms, s


def test_the_order_is_contactors_then_pilot_then_load_then_supplies(unsafe):
    assert unsafe.keeper.safe() == []

    assert unsafe.told == SAFE_COMMANDS
    assert unsafe.is_safe()


@pytest.mark.parametrize("mood", [Mood.RAISES, Mood.BREAKS, Mood.HANGS])
@pytest.mark.parametrize("lost", ["first", "generator", "load", "evse"])
def test_a_device_that_is_lost_keeps_no_other_from_being_made_safe(unsafe, lost, mood, monkeypatch):
    monkeypatch.setattr(devices_module, "OF_ONE_DEVICE", ms(100))
    bench = unsafe.bench
    named = {**bench.boards, **bench.supplies, "generator": bench.generator, "load": bench.load}
    named[lost].mood = mood

    troubles = unsafe.keeper.safe()

    assert unsafe.others_told() == [entry for entry in SAFE_COMMANDS if entry[0] != named[lost].name]
    words = {Mood.RAISES: "is gone", Mood.BREAKS: "input/output error", Mood.HANGS: "not done within"}
    assert words[mood] in troubles[0]


def test_a_generator_that_does_not_answer_keeps_nobody_waiting(unsafe, monkeypatch):
    """It may take seconds until it is given up; the relays are released before."""
    monkeypatch.setattr(devices_module, "TAKES_EFFECT", ms(20))
    monkeypatch.setattr(devices_module, "OF_ONE_DEVICE", s(30))
    unsafe.bench.generator.mood = Mood.HANGS
    all_told = threading.Event()
    supply = unsafe.bench.supplies["pev"]

    def told(on):
        type(supply).set(supply, on)
        all_told.set()

    supply.set = told
    shutdown = threading.Thread(target=unsafe.keeper.safe, daemon=True)
    shutdown.start()

    assert all_told.wait(20)
    assert shutdown.is_alive()
    assert unsafe.told == SAFE_COMMANDS
    unsafe.bench.let_go()
    shutdown.join(20)


def test_a_generator_that_has_just_failed_is_not_asked_as_well(unsafe):
    """That would only take longer. It was well the time before."""
    unsafe.keeper.safe()
    unsafe.bench.generator.mood = Mood.RAISES
    unsafe.bench.asked.clear()

    unsafe.keeper.safe()

    assert ("generator", "duty") not in unsafe.bench.asked


def test_a_generator_that_accepts_100_percent_without_acting_is_told(unsafe):
    unsafe.bench.generator.mood = Mood.ACCEPTS_WITHOUT_ACTING
    unsafe.bench.generator.lies = True

    troubles = unsafe.keeper.safe()

    assert troubles == ["no PWM, by its level: level meter still shows +12.0 V and -12.0 V in turns"]


def test_a_generator_that_says_it_makes_pwm_is_told(unsafe):
    unsafe.bench.generator.mood = Mood.ACCEPTS_WITHOUT_ACTING

    troubles = unsafe.keeper.safe()

    assert troubles[0] == "no PWM, says the generator: generator still says it makes 5 %"


@pytest.mark.parametrize("lost", ["generator", "level", "first", "second"])
@pytest.mark.parametrize("mood", [Mood.RAISES, Mood.BREAKS])
def test_a_device_that_is_lost_while_something_is_unsafe_makes_the_others_safe(unsafe, lost, mood):
    """S7. Nobody has told it anything; it is missed within a second or so."""
    bench = unsafe.bench
    device = {**bench.boards, "generator": bench.generator, "level": bench.level}[lost]
    device.mood = mood

    events = unsafe.go_on(s(2))

    why = unsafe.made_safe(events)
    assert device.name in why
    assert unsafe.others_told() == [entry for entry in SAFE_COMMANDS if entry[0] != device.name]


def test_a_level_meter_that_gives_old_readings_is_lost(unsafe):
    unsafe.bench.level.mood = Mood.STALE

    why = unsafe.made_safe(unsafe.go_on(s(1)))

    assert "level meter gives a reading that is 10.000 s old" in why


def test_a_lost_device_is_told_once_and_not_again_and_again(unsafe):
    unsafe.bench.level.mood = Mood.RAISES

    events = unsafe.go_on(s(30))

    assert [event["event"] for event in events if event["event"] != "level"] == ["made safe"]
    assert unsafe.told.count(("generator", "100 %")) == 1


COMMANDS = [
    ("generator", {"do": "duty", "pct": 10}),
    ("generator", {"do": "duty", "pct": 100}),
    ("generator", {"do": "duty", "pct": 0}),
    ("generator", {"do": "state_e"}),
    ("load", {"do": "load", "load": "B"}),
    ("load", {"do": "load", "load": "PE_OPEN"}),
    ("first board", {"do": "contactor", "name": "main", "closed": False}),
    ("evse's supply", {"do": "supply", "who": "evse", "on": True}),
    ("duty meter", {"do": "measure"}),
]


@pytest.mark.parametrize(("lost", "command"), COMMANDS, ids=lambda value: str(value) if isinstance(value, dict) else "")
@pytest.mark.parametrize("mood", [Mood.RAISES, Mood.BREAKS])
def test_a_command_that_fails_half_way_makes_the_bench_safe_and_says_so_once(unsafe, lost, command, mood):
    """Towards what is safe, too: a contactor that could not be opened may be closed."""
    (device,) = (each for each in unsafe.bench.every() if each.name == lost)
    device.mood = mood

    said = unsafe.answer(command["do"], **{key: value for key, value in command.items() if key != "do"})

    reply, made_safe = said
    assert (reply["id"], reply["kind"]) == (7, "PortError")
    assert device.name in reply["error"]
    assert made_safe["event"] == "made safe"
    assert made_safe["why"] == reply["error"]
    assert set(unsafe.others_told()) >= {entry for entry in SAFE_COMMANDS if entry[0] != lost}
    assert unsafe.go_on(s(5)) == []


def test_a_command_that_fails_at_rest_stops_the_test_as_well(stand):
    stand.bench.supplies["evse"].mood = Mood.RAISES

    with pytest.raises(HalfDone, match="evse's supply is gone"):
        stand.do("supply", who="evse", on=False)


# a car that is not the bench's own ------------------------------------------------------------------------------------


@pytest.fixture
def with_a_car(monkeypatch):
    """A real car on the plug: no resistors of the bench's, and it is seen in the level alone."""
    monkeypatch.setattr(devices_module, "PEER_LEAVES_WITHIN", ms(150))
    monkeypatch.setattr(devices_module, "LOOK_EVERY", ms(10))
    made = Stand(without=["load"])
    made.do("duty", pct=5)
    made.bench.load.now = CarLoad.C
    made.told.clear()
    return made


def test_a_car_that_leaves_c_is_waited_for(with_a_car):
    bench = with_a_car.bench
    measure = bench.level.measure

    def leaves_at_the_third_look():
        if bench.asked.count(("level meter", "level")) == 2:
            bench.load.now = CarLoad.B
        return measure()

    bench.level.measure = leaves_at_the_third_look

    assert with_a_car.keeper.safe() == []
    assert bench.asked.count(("level meter", "level")) >= 3


def test_a_car_that_stays_in_c_is_told_of_and_keeps_nothing_else_from_being_made_safe(with_a_car):
    troubles = with_a_car.keeper.safe()

    assert troubles == ["the car leaves C and D: the car is still in C or D; do not pull the plug before it has left"]
    assert with_a_car.told == [entry for entry in SAFE_COMMANDS if entry[0] != "load"]


# opening and closing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", [Mood.RAISES, Mood.BREAKS])
@pytest.mark.parametrize("missing", ["second board", "generator", "load", "evse's supply"])
def test_a_bench_that_is_half_there_is_made_safe_closed_and_names_what_is_missing(missing, mood):
    """S1, half-built."""
    bench = FakeBench()
    bench.generator.output = 5.0
    bench.boards["first"].now = {1, 2}
    (absent,) = (each for each in bench.every() if each.name == missing)
    absent.mood = mood

    with pytest.raises(PortError, match=missing):
        bench.devices().open()

    others = [each for each in bench.every() if each is not absent]
    assert not any(each.is_open for each in others)
    assert all((each.name, "close") in bench.told for each in others)
    assert missing == "generator" or bench.generator.output == 100.0
    assert bench.boards["first"].now == set()


def test_all_that_is_missing_is_named_at_once():
    bench = FakeBench()
    bench.generator.mood = bench.boards["second"].mood = Mood.RAISES

    with pytest.raises(PortError, match=r"(?s)second board.*generator"):
        bench.devices().open()


def test_boards_are_opened_before_what_works_through_them_and_closed_after_it():
    bench = FakeBench()
    devices = bench.devices()
    devices.open()
    devices.close()

    opened = [name for name, what in bench.told if what == "open"]
    closed = [name for name, what in bench.told if what == "close"]
    assert opened[:2] == ["first board", "second board"] == closed[-2:]
    assert set(opened) == set(closed) == {each.name for each in bench.every()}


@pytest.mark.parametrize("mood", [Mood.RAISES, Mood.BREAKS, Mood.HANGS])
def test_a_device_that_cannot_be_closed_keeps_no_other_open(mood, monkeypatch):
    monkeypatch.setattr(devices_module, "CLOSES_WITHIN", ms(100))
    bench = FakeBench()
    devices = bench.devices()
    devices.open()
    bench.load.mood = mood

    troubles = devices.close()
    bench.let_go()

    assert len(troubles) == 1
    assert "load" in troubles[0]
    assert not any(each.is_open for each in bench.every() if each is not bench.load)


def test_a_spared_board_is_not_let_go_of():
    """Its relays would release, and an adapter in the middle of a write lose its power."""
    bench = FakeBench()
    devices = bench.devices()
    devices.open()

    devices.close(sparing=["second"])

    assert ("first board", "close") in bench.told
    assert ("second board", "close") not in bench.told
