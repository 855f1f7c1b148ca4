"""What was set is what is there, by the devices' own word and by the pilot's level: bench safety S5."""

from __future__ import annotations

import pytest
from fake_devices import Mood
from keeper_stand import Stand

from bench.units import ms, s


def test_a_generator_that_says_something_else_than_it_was_told_is_found_out(unsafe):
    """Somebody turned its keys, or it restarted."""
    unsafe.bench.generator.output = 40.0

    why = unsafe.made_safe(unsafe.go_on(s(2)))

    assert "was set to 5 % and says 40 % now" in why or "measured" in why
    assert unsafe.is_safe()


def test_a_generator_that_is_right_is_asked_again_and_again(unsafe):
    unsafe.bench.asked.clear()

    unsafe.go_on(s(20))

    assert not unsafe.keeper.tripped
    assert 10 <= unsafe.bench.asked.count(("generator", "duty")) <= 21


def test_a_test_that_never_rests_does_not_keep_devices_from_being_asked(stand):
    """It changes the duty cycle five times a second."""
    for turn in range(50):
        stand.do("duty", pct=10 + turn % 2)
        stand.go_on(ms(200))

    for who in ("generator", "first board", "second board"):
        assert sum(name == who for name, _ in stand.bench.asked) >= 5


def test_what_was_just_confirmed_is_not_asked_again_at_once(stand):
    """A question may take a while, and the test has more to do."""
    stand.go_on(s(10))
    stand.do("duty", pct=5)

    stand.go_on(ms(200))

    assert {name for name, _ in stand.bench.asked} == {"level meter", "duty meter"}


def test_nobody_is_asked_while_nothing_is_unsafe(stand):
    stand.go_on(s(20))

    assert {name for name, _ in stand.bench.asked} == {"level meter", "duty meter"}


def test_a_contactor_that_is_not_as_it_was_told_is_found_out(unsafe):
    unsafe.bench.boards["second"].now.discard(3)

    why = unsafe.made_safe(unsafe.go_on(s(2)))

    assert why == "contactor precharge was told to be closed, and second board says it is open"
    assert unsafe.is_safe()


def test_a_contactor_that_closes_by_itself_is_found_out(stand):
    stand.do("duty", pct=10)
    stand.bench.boards["first"].now.add(1)

    assert "main was told to be open, and first board says it is closed" in stand.made_safe(stand.go_on(s(2)))


def test_a_board_without_a_contactor_is_missed_as_well():
    stand = Stand(contactors={})
    stand.do("load", load="C")
    stand.bench.boards["second"].mood = Mood.RAISES

    assert "second board is gone" in stand.made_safe(stand.go_on(s(2)))


def test_a_board_that_cannot_be_asked_is_not(unsafe):
    for board in unsafe.bench.boards.values():
        board.confirms = False
        board.now.clear()
    unsafe.bench.asked.clear()

    unsafe.go_on(s(5))

    assert not unsafe.keeper.tripped
    assert {name for name, _ in unsafe.bench.asked} == {"generator", "level meter", "duty meter"}


@pytest.mark.parametrize("set_to", [5, 10, 0])
def test_a_generator_that_accepts_without_acting_is_found_out_by_the_level(stand, set_to):
    """It lies even when it is asked; the wire does not."""
    stand.bench.generator.lies = True
    stand.bench.generator.mood = Mood.ACCEPTS_WITHOUT_ACTING

    stand.do("duty", pct=set_to)
    why = stand.made_safe(stand.go_on(s(1)))

    assert "was set, and a steady +12.0 V is measured; check generator" in why


@pytest.mark.parametrize(
    ("set_to", "shows", "message"),
    [
        (100, (-12.0, -12.0), "+12 V was set, and a steady -12.0 V"),
        (100, (12.0, -12.0), "+12 V was set, and PWM of +12.0 V and -12.0 V"),
        (0, (12.0, 12.0), "-12 V was set, and a steady +12.0 V"),
        (0, (9.0, -12.0), "-12 V was set, and PWM"),
        (5, (9.0, 9.0), "PWM of 5 % was set, and a steady +9.0 V"),
        (5, (-12.0, -12.0), "PWM of 5 % was set, and a steady -12.0 V"),
        (None, (12.0, 12.0), "0 V was set, and a steady +12.0 V"),
        (None, (9.0, -12.0), "0 V was set, and PWM"),
    ],
)
def test_a_level_that_follows_another_state_than_the_one_set_is_found_out(stand, set_to, shows, message):
    stand.do("state_e") if set_to is None else stand.do("duty", pct=set_to)
    stand.go_on(s(1))
    assert not stand.keeper.tripped

    stand.bench.level.shows = shows
    why = stand.made_safe(stand.go_on(s(1)))

    assert message in why


@pytest.mark.parametrize("high_v", [14.0, -14.0, -5.0])
def test_a_level_that_no_pilot_can_have_is_a_fault_of_the_bench(stand, high_v):
    stand.bench.level.shows = (high_v, high_v)

    why = stand.made_safe(stand.go_on(s(1)))

    assert "check divider" in why or "check generator" in why
    assert stand.is_safe()


def test_a_level_that_no_pilot_can_have_is_named(stand):
    stand.bench.level.shows = (14.0, 14.0)

    assert "level meter shows +14.0 V, a level that no pilot can have" in stand.made_safe(stand.go_on(s(1)))


@pytest.mark.parametrize("pct", [1, 99])
def test_a_phase_too_short_to_be_sampled_is_no_fault(stand, pct):
    """Only a test may ask for such pulses, and a level meter may miss them."""
    stand.do("duty", pct=pct, any=True)
    stand.bench.level.shows = (12.0, 12.0)

    stand.go_on(s(1))

    assert not stand.keeper.tripped


def test_one_odd_reading_is_no_fault(stand):
    stand.do("duty", pct=5)
    stand.go_on(s(1))
    for shows in ((14.0, 14.0), None, (9.0, 9.0), None):
        stand.bench.level.shows = shows
        assert [event for event in stand.go_on(ms(100)) if event["event"] == "made safe"] == []

    stand.go_on(s(1))
    assert not stand.keeper.tripped


def test_a_reading_from_before_the_command_does_not_count_together_with_one_after_it(stand):
    stand.do("duty", pct=5)
    stand.go_on(s(1))
    stand.bench.level.shows = (12.0, 12.0)
    stand.go_on(ms(100))
    stand.bench.level.shows = None
    stand.do("duty", pct=0)
    stand.bench.level.shows = (12.0, 12.0)
    stand.go_on(ms(100))
    stand.bench.level.shows = None
    stand.go_on(s(1))

    assert not stand.keeper.tripped


@pytest.mark.parametrize("load", ["B", "C", "DIODE_SHORTED", "SHORTED_TO_PE", "PE_OPEN"])
@pytest.mark.parametrize("pct", [0, 5, 96, 100])
def test_whatever_a_car_or_a_broken_cable_does_is_not_the_generators_fault(load, pct):
    """Only what a generator's own wire cannot show is. -8.8 V in F is a car without a diode, and told as a level."""
    stand = Stand(without=["generator"]) if (load, pct) == ("DIODE_SHORTED", 0) else Stand()
    if stand.devices.generator is not None:
        stand.do("duty", pct=pct)
    stand.do("load", load=load)

    stand.go_on(s(2))

    assert not stand.keeper.tripped


def test_a_state_is_told_once_it_is_confirmed_with_the_instant_of_its_first_reading(stand):
    stand.go_on(s(1))
    stand.do("load", load="B")

    events = stand.go_on(s(1))

    (level,) = events
    assert (level["event"], level["state"], level["high_v"]) == ("level", "B", 9.0)
    assert stand.bench.t - s(1) < level["t"] <= stand.bench.t - s(1) + ms(100)


def test_each_test_is_told_the_level_anew(stand):
    """It knows nothing of what the test before it was told."""
    stand.go_on(s(1))

    stand.do("begin", test="the next")
    events = stand.go_on(s(1))

    assert [event["state"] for event in events] == ["A"]


def test_a_car_without_a_diode_is_told_once(stand):
    stand.do("duty", pct=5)
    stand.do("load", load="DIODE_SHORTED")

    events = stand.go_on(s(5))

    assert [event["what"] for event in events if event["event"] == "fault"] == ["the car's diode is shorted or missing"]


def test_it_is_told_again_once_there_was_none(stand):
    stand.do("duty", pct=5)
    for load in ("DIODE_SHORTED", "UNPLUGGED", "DIODE_SHORTED"):
        stand.do("load", load=load)
        faults = [event for event in stand.go_on(s(1)) if event["event"] == "fault"]
        assert len(faults) == (load == "DIODE_SHORTED")
