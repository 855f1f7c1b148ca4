"""The driver of uhi22's Dieter: seven octets, an echo, a restart at opening, two readings."""

from __future__ import annotations

import time

import pytest

from bench.devices import CarLoad
from bench.drivers.load.dieter import TRIES, Dieter, command, pair_in
from bench.errors import DeviceGone, PortError
from bench.sim.boards.dieter import DieterBoard, DieterOutput
from bench.sim.boards.firmware import Mood
from bench.sim.boards.lcus import LcusBoard
from bench.sim.boards.pty_board import PtyBoard
from bench.units import ms, s

PATIENT = s(3)
HASTY = ms(30)
B, C = DieterOutput(False, False, False), DieterOutput(True, False, False)


def driver(board, *, within=PATIENT, reset_takes=PATIENT):
    return Dieter(board.path, reset_takes=reset_takes, quiet=ms(5), within=within)


@pytest.fixture
def board():
    with PtyBoard(DieterBoard(adc=(512, 7), readings_every=ms(60))) as board:
        yield board


@pytest.mark.parametrize(
    ("value", "octets"), [(0, b"do0000\n"), (1, b"do0001\n"), (3, b"do0003\n"), (255, b"do0255\n")]
)
def test_commands_are_exactly_seven_octets(value, octets):
    assert command(value) == octets
    assert len(octets) == 7


@pytest.mark.parametrize("value", [-1, 256, 10_000])
def test_value_that_the_firmware_ignores_is_refused(value):
    with pytest.raises(ValueError, match=r"0\.\.255"):
        command(value)


def test_it_can_be_b_and_c_and_closing_leaves_b(board):
    with driver(board) as load:
        assert load.loads == {CarLoad.B, CarLoad.C}
        assert board.output == B
        load.set_load(CarLoad.C)
        assert board.output == C
        load.set_load(CarLoad.B)
        assert board.output == B
        load.set_load(CarLoad.C)

    assert board.output == B
    assert set(board.heard()) == {b"do0000\n", b"do0001\n"}


@pytest.mark.parametrize("load", [load for load in CarLoad if load not in (CarLoad.B, CarLoad.C)])
def test_what_it_cannot_be_is_refused_and_changes_nothing(board, load):
    with driver(board) as dieter:
        dieter.set_load(CarLoad.C)
        with pytest.raises(ValueError, match=load.name):
            dieter.set_load(load)
        assert board.output == C


def test_first_command_waits_for_the_restart_that_opening_causes(board):
    """What is sent into the boot loader is lost."""
    with driver(board) as load:
        greeted = next(one for one in load.exchanges if b"Starte..." in one.received)
        first = next(one for one in load.exchanges if one.sent)

    assert greeted.t < first.t
    assert first.sent == b"do0000\n"
    assert board.heard()[0] == b"do0000\n"


def test_one_that_does_not_restart_is_driven_after_the_wait():
    with PtyBoard(DieterBoard(resets=False)) as board:
        assert board.wait_until(lambda: board.firmware.next_deadline() is not None)
        with driver(board, reset_takes=ms(50)) as load:
            load.set_load(CarLoad.C)
            assert board.output == C


def test_opening_again_restarts_it_in_state_b(board):
    load = driver(board)
    load.open()
    load.set_load(CarLoad.C)
    load._line.close()  # as if the program had been killed
    assert board.wait_until(lambda: not board.in_use)

    with driver(board):
        assert board.output == B


def test_readings_are_the_next_pair_it_prints(board):
    with driver(board) as load:
        first = load.readings(PATIENT)
        board.firmware.adc = (100, 1023)
        second = load.readings(PATIENT)
        third = load.readings(PATIENT)

    assert (first.a0, first.a1) == (512, 7)
    assert (third.a0, third.a1) == (100, 1023)
    assert first.t < second.t < third.t


def test_readings_of_the_past_do_not_count(board):
    with driver(board) as load:
        assert load.readings(PATIENT).a0 == 512
        time.sleep(0.2)  # three pairs wait to be read
        with board._lock:
            board.firmware.adc = (1, 2)
        time.sleep(0.03)

        assert load.readings(PATIENT).a0 == 1


def test_readings_that_do_not_come_are_an_error():
    with (
        PtyBoard(DieterBoard(readings_every=s(60))) as board,
        driver(board) as load,
        pytest.raises(PortError, match="A0 and A1 every 500 ms"),
    ):
        load.readings(HASTY)


def test_readings_beyond_ten_bits_are_an_error(board):
    board.firmware.adc = (1024, 0)
    with driver(board) as load, pytest.raises(PortError, match="1024 and 0: ten bits"):
        load.readings(PATIENT)


@pytest.mark.parametrize(
    ("heard", "pair"),
    [
        (b"A0=0001\r\nA1=0002\r\n", (1, 2)),
        (b"0001\r\nA1=0009\r\nA0=0003\r\nA1=0004\r\n", (3, 4)),
        (b"A0=0001\r\nI received value: 0\r\nA1=0002\r\n", (1, 2)),
        (b"A0=0001\r\nA1=0002", None),
        (b"A1=0001\r\nA0=0002\r\n", None),
        (b"A0=001\r\nA1=0002\r\n", None),
        (b"", None),
    ],
)
def test_pair_is_a0_and_then_a1_each_in_a_whole_line(heard, pair):
    assert pair_in(heard) == pair


@pytest.mark.parametrize("mood", [Mood.LATE, Mood.GARBAGE_FIRST])
def test_odd_but_honest_boards_are_driven(mood):
    with PtyBoard(DieterBoard(mood=mood, late=ms(20))) as board, driver(board) as load:
        load.set_load(CarLoad.C)
        assert board.output == C


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.GARBAGE, Mood.VERY_LATE])
def test_board_that_does_not_echo_is_an_error_after_two_retries(board, mood):
    load = driver(board)
    load.open()
    board.firmware.mood, load._within = mood, HASTY
    with pytest.raises(PortError, match=r"was told 'do0001.*' 3 times"):
        load.set_load(CarLoad.C)

    assert board.heard().count(b"do0001\n") == TRIES
    board.firmware.mood, load._within = Mood.WELL, PATIENT
    load.close()


def test_echo_of_another_command_is_no_confirmation(board):
    load = driver(board)
    load.open()
    board.firmware.mood = Mood.ANSWERS_PREVIOUS
    load.set_load(CarLoad.C)  # told twice, of which the second echo is that of the first

    assert board.heard().count(b"do0001\n") == 2
    board.firmware.mood = Mood.WELL
    load.close()


def test_another_board_is_not_opened():
    with PtyBoard(LcusBoard(channels=4, closed=frozenset({1}))) as board:
        with pytest.raises(PortError, match="Is it a Dieter"):
            driver(board, within=HASTY, reset_takes=HASTY).open()
        assert board.output == {1}


@pytest.mark.parametrize("commands", [0, 1])
def test_board_that_vanishes_is_gone(commands):
    with PtyBoard(DieterBoard(mood=Mood.VANISHES, vanishes_after=commands)) as board:
        load = driver(board)

        def use():
            load.open()
            load.set_load(CarLoad.C)

        with pytest.raises(DeviceGone):
            use()
        load.close()
