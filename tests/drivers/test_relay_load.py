"""A car's resistors on relays: which may be closed together, in which order they move, and maps that cannot be."""

from __future__ import annotations

import time
from itertools import pairwise, permutations
from threading import Event, Thread

import pytest
from paper_relays import PaperRelays

from bench.devices import FAULTS, CarLoad
from bench.drivers.load.relays import ORDER, RelayLoad, wiring_mistakes
from bench.errors import PortError
from bench.units import ms

ALL = {name: channel for channel, name in enumerate(ORDER, 1)}
"""plug 1, r_b 2, r_c 3, r_d 4, diode_short 5, cp_short 6, pe_open 7"""


@pytest.fixture
def relays():
    return PaperRelays()


def opened(relays, wiring=ALL, **rest):
    load = RelayLoad(relays, wiring, settles=0, **rest)
    load.open()
    relays.told.clear()
    relays.seen[:] = [frozenset(relays.now)]
    return load


@pytest.mark.parametrize(
    ("load", "closed"),
    [
        (CarLoad.UNPLUGGED, set()),
        (CarLoad.B, {1, 2}),
        (CarLoad.C, {1, 2, 3}),
        (CarLoad.D, {1, 2, 4}),
        (CarLoad.DIODE_SHORTED, {1, 2, 5}),
        (CarLoad.SHORTED_TO_PE, {1, 2, 6}),
        (CarLoad.PE_OPEN, {1, 2, 7}),
    ],
)
def test_each_load_is_its_own_combination_of_relays(relays, load, closed):
    opened(relays).set_load(load)

    assert relays.now == closed


def test_d_keeps_r3_where_the_bench_is_built_so(relays):
    opened(relays, d_keeps_c=True).set_load(CarLoad.D)

    assert relays.now == {1, 2, 3, 4}


def test_raising_is_plug_then_b_then_c(relays):
    opened(relays).set_load(CarLoad.C)

    assert relays.told == [(1, True), (2, True), (3, True)]


def test_lowering_is_c_then_b_then_plug(relays):
    load = opened(relays)
    load.set_load(CarLoad.C)
    relays.told.clear()
    load.set_load(CarLoad.UNPLUGGED)

    assert relays.told == [(3, False), (2, False), (1, False)]


def test_from_c_to_d_leads_through_b(relays):
    load = opened(relays)
    load.set_load(CarLoad.C)
    relays.seen.clear()
    relays.seen.append(frozenset(relays.now))
    load.set_load(CarLoad.D)

    assert relays.seen == [{1, 2, 3}, {1, 2}, {1, 2, 4}]


@pytest.mark.parametrize("d_keeps_c", [False, True])
def test_every_way_leads_through_states_a_pilot_may_be_in_one_relay_at_a_time(relays, d_keeps_c):
    plug_alone = {1}
    load = opened(relays, d_keeps_c=d_keeps_c)
    listed = {frozenset(plug_alone)}
    for one in CarLoad:
        load.set_load(one)
        listed.add(frozenset(relays.now))
        load.set_load(CarLoad.UNPLUGGED)
    for before, after in permutations(CarLoad, 2):
        load.set_load(before)
        load.set_load(after)

    assert set(relays.seen) <= listed
    assert all(len(earlier ^ later) == 1 for earlier, later in pairwise(relays.seen))
    faults = {5, 6, 7}
    assert all(len(closed & faults) <= 1 for closed in relays.seen)


def test_each_relay_settles_before_the_next_moves(relays):
    load = RelayLoad(relays, ALL, settles=ms(10))
    load.open()
    moved = []
    really_set = relays.set
    relays.set = lambda channel, closed: (moved.append(time.monotonic_ns()), really_set(channel, closed))
    load.set_load(CarLoad.C)

    assert len(moved) == 3
    assert all(later - earlier >= ms(10) for earlier, later in pairwise(moved))


def test_what_is_closed_already_is_not_touched(relays):
    load = opened(relays)
    load.set_load(CarLoad.B)
    relays.told.clear()
    load.set_load(CarLoad.C)
    load.set_load(CarLoad.C)

    assert relays.told == [(3, True)]


def test_opening_releases_all_without_believing_anything(relays):
    relays.now |= {2, 3}
    RelayLoad(relays, ALL, settles=0).open()

    assert relays.told == [(channel, False) for channel in (7, 6, 5, 4, 3, 2, 1)]


def test_only_the_relays_named_are_touched(relays):
    relays.now.add(8)
    with RelayLoad(relays, {"r_b": 2, "r_c": 3}, settles=0) as load:
        load.set_load(CarLoad.C)

    assert {channel for channel, _ in relays.told} == {2, 3}
    assert relays.now == {8}


def test_relay_that_fails_keeps_none_of_the_others_from_being_released(relays):
    load = opened(relays)
    load.set_load(CarLoad.C)
    relays.stuck = {3, 1}
    with pytest.raises(PortError, match=r"r_c: relay 3 sticks\nplug: relay 1 sticks"):
        load.make_safe()

    assert relays.now == {1, 3}
    assert [channel for channel, _ in relays.told[-7:]] == [7, 6, 5, 4, 3, 2, 1]


def test_relay_that_failed_to_close_is_taken_for_closed_until_it_is_released(relays):
    load = opened(relays)
    load.set_load(CarLoad.B)
    relays.stuck = {3}
    with pytest.raises(PortError, match="relay 3 sticks"):
        load.set_load(CarLoad.C)
    relays.stuck = set()
    relays.told.clear()
    load.set_load(CarLoad.D)

    assert relays.told == [(3, False), (4, True)]


def test_relay_that_failed_to_release_stops_the_way_up(relays):
    """D is not put on top of a C that may still be there."""
    load = opened(relays)
    load.set_load(CarLoad.C)
    relays.stuck = {3}
    with pytest.raises(PortError, match="relay 3 sticks"):
        load.set_load(CarLoad.D)

    assert relays.now == {1, 2, 3}


def test_making_safe_waits_for_a_load_being_set_and_has_the_last_word(relays):
    """Two threads: the one that sets C is slow, the other makes safe."""
    load = opened(relays)
    on_its_way, go_on = Event(), Event()
    really_set = relays.set

    def slowly(channel, closed):
        if closed and channel == 2:
            on_its_way.set()
            assert go_on.wait(10)
        really_set(channel, closed)

    relays.set = slowly
    setting, safe = Thread(target=load.set_load, args=[CarLoad.C]), Thread(target=load.make_safe)
    setting.start()
    assert on_its_way.wait(10)
    safe.start()
    go_on.set()
    setting.join()
    safe.join()

    assert relays.now == set()
    assert (3, True) in relays.told


def test_closing_releases_all_and_may_be_repeated(relays):
    load = opened(relays)
    load.set_load(CarLoad.C)
    load.close()
    load.close()

    assert relays.now == set()
    with pytest.raises(PortError, match="not open"):
        load.set_load(CarLoad.B)


def test_closing_when_the_board_is_gone_is_no_error_but_making_safe_is(relays):
    load = opened(relays)
    load.set_load(CarLoad.C)
    relays.gone = True
    with pytest.raises(PortError, match="gone"):
        load.make_safe()
    load.close()


def test_closing_a_board_that_disobeys_is_an_error(relays):
    load = opened(relays)
    relays.stuck = {1}
    with pytest.raises(PortError, match="relay 1 sticks"):
        load.close()
    load.close()


def test_one_that_could_not_be_made_safe_is_not_open(relays):
    relays.stuck = {1}
    load = RelayLoad(relays, ALL, settles=0)
    with pytest.raises(PortError):
        load.open()
    relays.stuck = set()
    with pytest.raises(PortError, match="not open"):
        load.set_load(CarLoad.B)


@pytest.mark.parametrize(
    ("names", "loads"),
    [
        (set(ORDER), set(CarLoad)),
        ({"plug", "r_b", "r_c"}, {CarLoad.UNPLUGGED, CarLoad.B, CarLoad.C}),
        ({"r_b", "r_c"}, {CarLoad.UNPLUGGED, CarLoad.B, CarLoad.C}),
        ({"plug", "r_c"}, {CarLoad.UNPLUGGED, CarLoad.B, CarLoad.C}),
        ({"r_c"}, {CarLoad.B, CarLoad.C}),
        ({"plug", "cp_short"}, {CarLoad.UNPLUGGED, CarLoad.B, CarLoad.SHORTED_TO_PE}),
    ],
)
def test_loads_are_those_that_the_relays_can_make(relays, names, loads):
    load = RelayLoad(relays, {name: ALL[name] for name in names})

    assert load.loads == loads


@pytest.mark.parametrize("load", sorted({*FAULTS, CarLoad.D}, key=str))
def test_load_that_the_relays_cannot_make_is_refused_and_changes_nothing(relays, load):
    made = opened(relays, {"plug": 1, "r_b": 2, "r_c": 3})
    made.set_load(CarLoad.C)
    with pytest.raises(ValueError, match=f"{load.name} is not among B, C, UNPLUGGED"):
        made.set_load(load)

    assert relays.now == {1, 2, 3}


@pytest.mark.parametrize(
    ("wiring", "d_keeps_c", "mistakes"),
    [
        ({}, False, ["no relay is named"]),
        ({"plug": 1, "r_b": 1}, False, ["r_b: channel 1 is taken by plug"]),
        ({"plug": 0}, False, ["plug: the board has no channel 0"]),
        ({"plug": 9}, False, ["plug: the board has no channel 9"]),
        ({"plug": True}, False, ["plug: the board has no channel True"]),
        ({"plug": "1"}, False, ["plug: the board has no channel '1'"]),
        ({"r_bb": 1}, False, ["r_bb: no such relay; did you mean r_b?"]),
        ({"lamp": 1}, False, ["lamp: no such relay; there are plug, r_b"]),
        ({"r_d": 1}, True, ["d_keeps_c: D with R3 needs both"]),
        (
            {"plgu": 1, "r_b": 9, "r_c": 3, "r_d": 3},
            False,
            [
                "plgu: no such relay; did you mean plug?",
                "r_b: the board has no channel 9",
                "r_d: channel 3 is taken by r_c",
            ],
        ),
    ],
)
def test_map_that_cannot_be_is_refused_with_every_mistake(relays, wiring, d_keeps_c, mistakes):
    found = wiring_mistakes(wiring, relays.channels, d_keeps_c=d_keeps_c)
    assert len(found) == len(mistakes)
    for text, expected in zip(found, mistakes, strict=True):
        assert text.startswith(expected)

    with pytest.raises(ValueError, match=r"relay|channel|d_keeps_c") as error:
        RelayLoad(relays, wiring, d_keeps_c=d_keeps_c)
    assert str(error.value) == "\n".join(found)


def test_map_of_all_relays_is_right(relays):
    assert wiring_mistakes(ALL, relays.channels, d_keeps_c=True) == []
