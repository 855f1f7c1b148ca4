"""What the guardian does with commands: bench safety S5, outputs are checked before they reach anything."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from fake_devices import FakeBench, Mood
from hypothesis import example, given
from hypothesis import strategies as st
from keeper_stand import SAFE_COMMANDS, Stand

from bench.errors import ConfigError, PortError
from bench.guardian.keeper import legal
from bench.units import s

anything = st.one_of(
    st.floats(),
    st.integers(),
    st.integers(0, 100),
    st.floats(0, 100),
    st.booleans(),
    st.none(),
    st.text(),
    st.decimals(),
    st.fractions(),
    st.complex_numbers(),
    st.lists(st.floats()),
    st.dictionaries(st.text(), st.floats()),
)


@given(anything, st.booleans())
@example(True, True)
@example(math.nan, True)
@example(-0.0, False)
@example("5", True)
@example(Decimal(5), True)
@example(Fraction(5), True)
@example(0.05, False)
@example(10**400, True)
def test_only_what_a_station_may_put_out_reaches_the_generator(pct, permitted):
    """Everything else is refused before it is told to anybody, and changes nothing."""
    stand = Stand()
    number = type(pct) in (int, float)

    try:
        stand.do("duty", pct=pct, any=permitted)
    except ValueError:
        assert stand.told == []
        assert not stand.keeper.unsafe
        assert not stand.keeper.tripped
        assert not number or not 0 <= pct <= 100 or pct % 1 or (not permitted and not legal(pct))
    else:
        assert number
        assert stand.bench.generator.output == pct
        assert permitted or pct in (0, 5, 100) or 10 <= pct <= 96


@pytest.mark.parametrize("pct", [0, 5, 10, 11, 53, 96, 100])
def test_legal_values_are_put_out(stand, pct):
    told = stand.do("duty", pct=pct)

    assert stand.bench.generator.output == pct
    assert told["pct"] == pct
    assert told["asked"] == stand.bench.t


@pytest.mark.parametrize("pct", [1, 3, 4, 6, 7, 8, 9, 97, 99, 0.05, 4.99, 5.01, 9.99, 96.01])
def test_values_between_them_are_only_for_a_test_that_asks(pct):
    assert not legal(pct)

    stand = Stand()
    with pytest.raises(ValueError, match="must ask for it"):
        stand.do("duty", pct=pct)
    assert stand.told == []
    if pct == int(pct):
        stand.do("duty", pct=pct, any=True)
        assert stand.bench.generator.output == pct


@pytest.mark.parametrize("permission", ["false", 1, None])
def test_a_permission_that_is_none_is_refused(stand, permission):
    with pytest.raises(ValueError, match="true or false"):
        stand.do("duty", pct=7, any=permission)
    assert stand.told == []


def test_a_step_that_the_generator_does_not_make_changes_nothing(stand):
    """It is the test's mistake; the bench stays as it was and is not suspected afterwards."""
    stand.do("duty", pct=10)

    with pytest.raises(ValueError, match="whole percent"):
        stand.do("duty", pct=53.3)
    stand.go_on(s(3))

    assert stand.bench.generator.output == 10
    assert not stand.keeper.tripped


def test_what_is_refused_at_rest_leaves_the_bench_at_rest(stand):
    with pytest.raises(ValueError, match="whole percent"):
        stand.do("duty", pct=53.3)

    assert not stand.keeper.unsafe


# other commands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ({"do": "fly"}, "no command 'fly'"),
        ({"do": None}, "no command"),
        ({}, "no command"),
        ({"do": "duty"}, "duty: missing a required argument: 'pct'"),
        ({"do": "duty", "pct": 5, "percent": 5}, "duty: got an unexpected keyword argument 'percent'"),
        ({"do": "load", "load": "Z"}, "no load 'Z'; there are UNPLUGGED"),
        ({"do": "load", "load": None}, "no load None"),
        ({"do": "supply", "who": "evse", "on": "off"}, "true or false, not 'off'"),
        ({"do": "contactor", "name": "main", "closed": "no"}, "true or false, not 'no'"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_and_told_to_nobody(stand, command, message):
    with pytest.raises(ValueError, match=message):
        stand.keeper.do(command)
    assert stand.told == []
    assert not stand.keeper.unsafe


@pytest.mark.parametrize(
    "command", [{"do": "load", "load": []}, {"do": "supply", "who": {}, "on": True}, {"do": "duty", "pct": {"a": 1}}]
)
def test_nonsense_of_any_type_is_the_programs_mistake(stand, command):
    """It is told so, and the guardian lives on."""
    said = stand.answer(command["do"], **{name: value for name, value in command.items() if name != "do"})

    assert [each["kind"] for each in said] == ["ValueError"]
    assert stand.told == []


@pytest.mark.parametrize(
    ("without", "command", "message"),
    [
        ("generator", {"do": "duty", "pct": 5}, "nothing that makes a pilot"),
        ("generator", {"do": "state_e"}, "cannot put the pilot at 0 V"),
        ("load", {"do": "load", "load": "C"}, "no resistors of a car"),
        ("", {"do": "load", "load": "D"}, "load cannot be D .*it can be B, C"),
        ("", {"do": "supply", "who": "charger", "on": True}, "power of the charger's adapter"),
        ("", {"do": "contactor", "name": "third", "closed": True}, "no contactor 'third'"),
    ],
)
def test_what_the_bench_has_not_is_said(without, command, message):
    stand = Stand(without=[without] if without else [])

    with pytest.raises(PortError, match=message):
        stand.keeper.do(command)
    assert stand.told == []


def test_a_refusal_does_not_end_what_goes_on(unsafe):
    """Nothing has happened, so nothing need be made safe."""
    said = unsafe.answer("contactor", name="third", closed=True)

    assert [each["kind"] for each in said] == ["PortError"]
    assert not unsafe.keeper.tripped
    assert unsafe.bench.generator.output == 5


def test_state_e_is_put_out_and_only_where_the_generator_can(stand):
    stand.do("state_e")
    assert stand.bench.generator.output is None

    stand.bench.generator.makes_state_e = False
    with pytest.raises(PortError, match="0 V"):
        stand.do("state_e")


def test_a_contactor_stays_open_unless_energising_is_allowed():
    stand = Stand(energise=False)

    with pytest.raises(PortError, match="--allow-energise"):
        stand.do("contactor", name="main", closed=True)
    assert stand.told == []
    assert not stand.keeper.unsafe

    stand.do("contactor", name="main", closed=False)
    assert stand.told == [("first board", "1 open")]


@pytest.mark.parametrize("place", [("third", 1), ("first", 9)])
def test_a_contactor_on_a_relay_that_is_not_there_is_no_bench(place):
    """It could not be opened when that matters."""
    with pytest.raises(ConfigError, match="contactor main: there is no relay"):
        FakeBench().devices(contactors={"main": place})


def test_adapters_keep_their_power_while_one_is_written(stand):
    stand.do("flashing", why="00:B0:52:00:00:01 is being written")

    with pytest.raises(PortError, match=r"power stays on: 00:B0:52:00:00:01 is being written"):
        stand.do("supply", who="evse", on=False)
    assert stand.told == []
    assert stand.bench.supplies["evse"].now

    stand.do("flashing", why="")
    stand.do("supply", who="evse", on=False)
    assert not stand.bench.supplies["evse"].now


def test_making_safe_keeps_the_power_on(unsafe):
    """Off is what a test wants; an adapter in the middle of a write needs it on."""
    unsafe.keeper.safe()

    assert unsafe.bench.supplies["evse"].now


def test_measure_tells_level_duty_and_what_the_generator_says(stand):
    stand.do("duty", pct=10)
    stand.do("load", load="B")

    told = stand.do("measure")

    assert (told["high_v"], told["low_v"], told["says_pct"], told["measured_pct"]) == (9.0, -12.0, 10, 10)
    assert told["t_level"] == told["t_duty"] == stand.bench.t


def test_measure_leaves_out_what_there_is_not():
    stand = Stand(without=["level", "duty", "generator"])

    assert stand.do("measure") == {}


def test_measure_says_nothing_of_a_duty_cycle_without_edges(stand):
    assert "measured_pct" not in stand.do("measure")


# after it was made safe -----------------------------------------------------------------------------------------------


@pytest.fixture
def tripped(unsafe):
    """Made safe, because the program hung."""
    unsafe.go_on(s(2), silent=True)
    assert unsafe.keeper.tripped
    unsafe.told.clear()
    return unsafe


@pytest.mark.parametrize(
    "command",
    [
        {"do": "duty", "pct": 5},
        {"do": "duty", "pct": 100},
        {"do": "state_e"},
        {"do": "load", "load": "B"},
        {"do": "supply", "who": "evse", "on": True},
        {"do": "contactor", "name": "main", "closed": False},
        {"do": "flashing", "why": "no"},
        {"do": "answered"},
        {"do": "measure"},
    ],
)
def test_once_made_safe_everything_is_refused_with_the_reason(tripped, command):
    with pytest.raises(PortError, match="the bench was made safe: the program has said nothing for"):
        tripped.keeper.do(command)
    assert tripped.told == []


def test_a_sign_of_life_is_no_command(tripped):
    assert tripped.do("alive") == {}


def test_the_next_test_begins_safe_and_anew(tripped):
    assert tripped.do("begin", test="the next") == {"test": "the next", "troubles": []}

    assert tripped.told == SAFE_COMMANDS
    tripped.do("duty", pct=5)
    assert tripped.bench.generator.output == 5


def test_a_test_does_not_begin_on_a_bench_that_cannot_be_made_safe(unsafe):
    unsafe.bench.generator.mood = Mood.RAISES

    troubles = unsafe.do("begin", test="the next")["troubles"]

    assert "generator is gone" in troubles[0]
    with pytest.raises(PortError, match="generator is gone"):
        unsafe.do("contactor", name="main", closed=True)
