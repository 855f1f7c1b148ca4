"""The driver of celeron55's device: what it is told, it must confirm."""

from __future__ import annotations

import time

import pytest

from bench.devices import CarLoad
from bench.drivers.load.celeron55 import TRIES, Celeron55, last_value
from bench.errors import DeviceGone, PortError
from bench.sim.boards.celeron55 import Celeron55Board, Celeron55Output
from bench.sim.boards.firmware import Mood
from bench.sim.boards.pty_board import PtyBoard
from bench.units import ms, s

PATIENT = s(3)
HASTY = ms(40)
B, C = Celeron55Output(False, False), Celeron55Output(True, False)


def driver(board, within=PATIENT):
    return Celeron55(board.path, within=within)


@pytest.fixture
def board():
    with PtyBoard(Celeron55Board(cp_pwm=5, lines_every=ms(15))) as board:
        yield board


def test_it_can_be_b_and_c_and_closing_leaves_b(board):
    with driver(board) as load:
        assert load.loads == {CarLoad.B, CarLoad.C}
        load.set_load(CarLoad.C)
        assert board.output == C
        load.set_load(CarLoad.B)
        assert board.output == B
        load.set_load(CarLoad.C)

    assert board.output == B


def test_contactor_and_load_that_somebody_has_left_are_opened_first(board):
    board.firmware.receive(0, b"contactor=1\ncp=1\n")
    with driver(board):
        assert board.output == B
        assert board.heard()[2:] == [b"contactor=0", b"cp=0"]


def test_contactor_that_stays_wanted_is_an_error():
    class Clinging(Celeron55Board):
        def _obey(self, command, acts):
            return b"ccs_contactor_wanted_closed=1\r\n" + super()._obey(command, acts)

    with PtyBoard(Clinging()) as board, pytest.raises(PortError, match="wants its contactor closed"):
        driver(board).open()


@pytest.mark.parametrize("load", [load for load in CarLoad if load not in (CarLoad.B, CarLoad.C)])
def test_what_it_cannot_be_is_refused_and_changes_nothing(board, load):
    with driver(board) as device:
        device.set_load(CarLoad.C)
        with pytest.raises(ValueError, match=load.name):
            device.set_load(load)
        assert board.output == C


def test_line_printed_before_it_obeyed_is_no_contradiction():
    class Slow(Celeron55Board):
        def _obey(self, command, acts):
            return b"cp_output_state=0\r\n" + super()._obey(command, acts)

    with PtyBoard(Slow()) as board, driver(board) as load:
        load.set_load(CarLoad.C)
        assert board.output == C


@pytest.mark.parametrize(
    ("mood", "saw"),
    [
        (Mood.ACCEPTS_WITHOUT_ACTING, "cp_output_state=0"),
        (Mood.SILENT, "said nothing within 40.000 ms"),
        (Mood.VERY_LATE, "said nothing within 40.000 ms"),
        (Mood.GARBAGE, "answered 00 FF 80 1B 5B"),
    ],
)
def test_device_that_does_not_confirm_is_an_error_after_two_retries(board, mood, saw):
    load = driver(board)
    load.open()
    board.firmware.mood, load._within = mood, HASTY if mood in (Mood.SILENT, Mood.VERY_LATE) else ms(200)
    load._line.settle(ms(40))
    with pytest.raises(PortError, match=saw) as error:
        load.set_load(CarLoad.C)

    assert "cp_output_state=1 was expected" in str(error.value)
    assert board.heard().count(b"cp=1") == TRIES
    board.firmware.mood, load._within = Mood.WELL, PATIENT
    load.close()


def test_duty_cycle_it_sees_is_the_next_it_prints(board):
    with driver(board) as load:
        assert load.duty_cycle_pct() == 5.0
        time.sleep(0.1)  # some lines wait to be read
        with board._lock:
            board.firmware.cp_pwm = 50
        time.sleep(0.01)

        assert load.duty_cycle_pct() == 50.0


def test_duty_cycle_that_is_not_printed_any_more_is_an_error(board):
    with driver(board) as load:
        time.sleep(0.1)  # some lines wait to be read
        with board._lock:
            board.firmware.cp_pwm = None
        time.sleep(0.03)
        load._within = HASTY
        with pytest.raises(PortError, match="cp_pwm was expected"):
            load.duty_cycle_pct()
        load._within = PATIENT


@pytest.mark.parametrize("cp_pwm", [-1, 101, 500])
def test_duty_cycle_that_is_no_percentage_is_an_error(board, cp_pwm):
    board.firmware.cp_pwm = cp_pwm
    with driver(board) as load, pytest.raises(PortError, match=f"cp_pwm={cp_pwm}"):
        load.duty_cycle_pct()


@pytest.mark.parametrize(
    ("heard", "value"),
    [
        (b"cp_pwm=5\n", 5),
        (b"cp_pwm=5\r\ncp_pwm=6\r\n", 6),
        (b"cp_pwm=5\r\ncp_pwm=", 5),
        (b"cp_pwm=-1\n", -1),
        (b"xcp_pwm=5\n", None),
        (b"cp_pwm=5", None),
        (b"cp_pwm=5x\n", None),
        (b"", None),
    ],
)
def test_only_whole_lines_of_the_key_count(heard, value):
    assert last_value(heard, "cp_pwm") == value


@pytest.mark.parametrize("commands", [0, 1, 2])
def test_device_that_vanishes_is_gone(commands):
    with PtyBoard(Celeron55Board(mood=Mood.VANISHES, vanishes_after=commands)) as board:
        load = driver(board)

        def use():
            load.open()
            load.set_load(CarLoad.C)

        with pytest.raises(DeviceGone):
            use()
        load.close()
