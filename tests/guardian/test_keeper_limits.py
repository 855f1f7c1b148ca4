"""Nothing unsafe lasts for ever, and nothing while the program is silent: bench safety S6."""

from __future__ import annotations

import pytest
from keeper_stand import LIMITS, STEP, Stand

from bench.devices import CarLoad
from bench.units import s

TOO_LONG = [
    pytest.param([("duty", {"pct": 5})], LIMITS.unanswered, "5 % with no car asking has lasted 60", id="unanswered"),
    pytest.param([("duty", {"pct": 10})], LIMITS.pwm, "PWM of 10 % has lasted 310", id="pwm"),
    pytest.param([("load", {"load": "C"})], LIMITS.pwm, "state C has lasted 310", id="demand"),
    pytest.param([("duty", {"pct": 0})], LIMITS.fault, "state F has lasted 10", id="state F"),
    pytest.param([("state_e", {})], LIMITS.fault, "state E has lasted 10", id="state E"),
    *(
        pytest.param([("load", {"load": fault})], LIMITS.fault, f"{CarLoad[fault].value} has lasted 10", id=fault)
        for fault in ("DIODE_SHORTED", "SHORTED_TO_PE", "PE_OPEN")
    ),
    pytest.param(
        [("contactor", {"name": "main", "closed": True})],
        LIMITS.energised,
        "contactor main closed has lasted 30",
        id="contactor",
    ),
]


@pytest.mark.parametrize(("commands", "limit", "why"), TOO_LONG)
def test_what_is_unsafe_ends_at_its_limit_and_not_before(commands, limit, why):
    """S6. The program lives and talks all the time."""
    stand = Stand()
    for verb, arguments in commands:
        stand.do(verb, **arguments)

    assert [event["event"] for event in stand.go_on(limit - STEP) if event["event"] == "made safe"] == []
    assert not stand.is_safe()
    events = stand.go_on(2 * STEP)

    assert why in stand.made_safe(events)
    assert stand.is_safe()


@pytest.mark.parametrize(("commands", "limit", "why"), TOO_LONG)
def test_saying_it_again_does_not_make_it_last_longer(commands, limit, why):
    """Or a test in a loop could keep it up for ever."""
    stand = Stand()
    for _ in range(3):
        for verb, arguments in commands:
            stand.do(verb, **arguments)
        assert not stand.keeper.tripped
        stand.go_on(limit // 3 + STEP)

    assert why in stand.keeper.tripped


def test_going_from_one_duty_cycle_to_another_is_still_pwm(stand):
    stand.do("duty", pct=10)
    for pct in (20, 30, 40):
        stand.go_on(s(100))
        stand.do("duty", pct=pct)
    stand.go_on(s(11))

    assert "has lasted 310" in stand.keeper.tripped


@pytest.mark.parametrize(
    ("unsafe", "safe"),
    [
        ({"do": "duty", "pct": 5}, {"do": "duty", "pct": 100}),
        ({"do": "duty", "pct": 0}, {"do": "duty", "pct": 100}),
        ({"do": "state_e"}, {"do": "duty", "pct": 100}),
        ({"do": "load", "load": "C"}, {"do": "load", "load": "B"}),
        ({"do": "load", "load": "PE_OPEN"}, {"do": "load", "load": "UNPLUGGED"}),
        ({"do": "contactor", "name": "main", "closed": True}, {"do": "contactor", "name": "main", "closed": False}),
        ({"do": "duty", "pct": 5}, {"do": "begin", "test": "the next"}),
    ],
)
def test_what_has_ended_counts_no_more(stand, unsafe, safe):
    stand.keeper.do(unsafe)
    assert stand.keeper.unsafe

    stand.keeper.do(safe)

    assert not stand.keeper.unsafe
    stand.go_on(s(400), silent=True)
    assert not stand.keeper.tripped


@pytest.mark.parametrize(
    ("first", "then", "limit"),
    [
        ({"do": "state_e"}, {"do": "duty", "pct": 10}, LIMITS.fault),
        ({"do": "state_e"}, {"do": "duty", "pct": 0}, LIMITS.fault),
        ({"do": "duty", "pct": 0}, {"do": "state_e"}, LIMITS.fault),
        ({"do": "duty", "pct": 0}, {"do": "duty", "pct": 10}, LIMITS.fault),
        ({"do": "duty", "pct": 5}, {"do": "duty", "pct": 10}, LIMITS.unanswered),
    ],
)
def test_each_state_of_the_generator_has_a_limit_of_its_own(stand, first, then, limit):
    """One is over when another begins."""
    stand.keeper.do(first)
    stand.go_on(limit - s(1))
    stand.keeper.do(then)

    stand.go_on(s(2))

    assert not stand.keeper.tripped


def test_a_car_that_asks_makes_5_percent_last_longer(stand):
    stand.do("duty", pct=5)
    stand.go_on(s(50))
    stand.do("answered")
    stand.go_on(s(50))
    assert not stand.keeper.tripped

    stand.go_on(s(11))
    assert "5 % with no car asking" in stand.keeper.tripped


def test_nobody_can_answer_before_there_is_5_percent(stand):
    stand.do("answered")

    assert not stand.keeper.unsafe


# silence --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        {"do": "duty", "pct": 5},
        {"do": "duty", "pct": 0},
        {"do": "state_e"},
        {"do": "load", "load": "C"},
        {"do": "load", "load": "SHORTED_TO_PE"},
        {"do": "contactor", "name": "main", "closed": True},
    ],
)
def test_a_program_that_says_nothing_while_something_is_unsafe_is_taken_for_dead(stand, command):
    stand.keeper.do(command)

    stand.go_on(LIMITS.silence, silent=True)
    assert not stand.keeper.tripped
    stand.bench.t += STEP
    events = list(stand.keeper.look(stand.bench.t - LIMITS.silence - STEP))

    assert "said nothing for 1.550 s" in stand.made_safe(events)
    assert stand.is_safe()


@pytest.mark.parametrize(
    "command", [{"do": "load", "load": "B"}, {"do": "supply", "who": "evse", "on": False}, {"do": "alive"}]
)
def test_silence_does_not_matter_while_nothing_is_unsafe(stand, command):
    stand.keeper.do(command)

    stand.go_on(s(60), silent=True)

    assert not stand.keeper.tripped


def test_a_slow_question_to_a_board_is_not_the_programs_silence(stand):
    """What came meanwhile is read afterwards."""
    stand.do("duty", pct=5)

    def slow():
        stand.bench.t += s(2)
        return 5.0

    stand.bench.generator.duty_cycle_pct = slow
    heard_at = stand.bench.t = stand.bench.t + s(1)
    events = list(stand.keeper.look(heard_at))

    assert [event for event in events if event["event"] != "duty"] == []
