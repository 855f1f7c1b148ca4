"""The driver for XY-LPWM boards with the open N76E003 firmware.

What all pilot generators promise is in tests/contract/test_pilot_generators.py.
"""

from __future__ import annotations

import pytest

from bench.drivers.pilot.n76e003 import TRIES, N76e003, Report, parse_report
from bench.errors import DeviceGone, PortError
from bench.sim.boards.firmware import Mood
from bench.sim.boards.n76e003 import N76e003Board, N76e003Output
from bench.sim.boards.pty_board import PtyBoard
from bench.sim.boards.xy_lpwm import XyLpwmBoard
from bench.units import ms, s

PATIENT = s(2)
HASTY = ms(30)


def driver(board, within=PATIENT):
    return N76e003(board.path, between=0, quiet=ms(30), within=within)


@pytest.fixture
def board():
    with PtyBoard(N76e003Board(duty_cycle_pct=5)) as board:
        yield board


def test_whatever_somebody_has_left_becomes_steady_plus_12_v_at_1_khz():
    left = N76e003Board(on=False, frequency="10k0", duty_cycle_pct=5, direct=False)
    with PtyBoard(left) as board, driver(board):
        assert board.output == N76e003Output(True, "1k00", 100, True)
        told = [command for command in board.heard() if command not in (b"", b"pwm")]
        assert told == [b"duty 100", b"freq 1k00", b"out direct", b"out on"]


def test_half_a_command_that_somebody_left_is_ended_first(board):
    board.firmware.receive(0, b"duty 7")
    with driver(board) as generator:
        assert generator.duty_cycle_pct() == 100
    assert board.heard()[0] == b"duty 7"


def test_duty_cycle_that_is_set_already_is_not_stored_again(board):
    with driver(board) as generator:
        generator.set_duty_cycle_pct(5)
        generator.set_duty_cycle_pct(5)
        assert board.heard().count(b"duty 5") == 1
        generator.make_safe()
        generator.make_safe()
        assert board.heard().count(b"duty 100") == 3


@pytest.mark.parametrize("mood", [Mood.LATE, Mood.GARBAGE_FIRST])
def test_odd_but_honest_boards_are_driven(mood):
    with PtyBoard(N76e003Board(mood=mood, late=ms(20))) as board, driver(board) as generator:
        generator.set_duty_cycle_pct(5)
        assert board.output.duty_cycle_pct == 5


@pytest.mark.parametrize(
    ("mood", "saw"),
    [(Mood.ACCEPTS_WITHOUT_ACTING, "reports on, 1k00, 100 %, direct"), (Mood.SILENT, "reports nothing")],
)
def test_board_that_does_not_confirm_is_an_error_after_two_retries(board, mood, saw):
    generator = driver(board)
    generator.open()
    board.firmware.mood, generator._within = mood, HASTY if mood is Mood.SILENT else PATIENT
    with pytest.raises(PortError, match=saw):
        generator._set_duty(10)

    assert board.heard().count(b"duty 10") == TRIES
    board.firmware.mood, generator._within = Mood.WELL, PATIENT
    generator.close()


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.GARBAGE, Mood.VERY_LATE, Mood.ACCEPTS_WITHOUT_ACTING])
def test_board_that_is_not_believable_is_not_opened(mood):
    with PtyBoard(N76e003Board(duty_cycle_pct=5, mood=mood)) as board, pytest.raises(PortError, match=board.path):
        driver(board, HASTY).open()


def test_board_with_the_makers_firmware_is_told_nothing_but_questions():
    with PtyBoard(XyLpwmBoard(duty_cycle_pct=5, silence=ms(2))) as board:
        with pytest.raises(PortError, match="N76E003 firmware"):
            driver(board, HASTY).open()
        assert board.output.duty_cycle_pct == 5


@pytest.mark.parametrize("commands", [0, 1, 3, 8, 11])
def test_board_that_vanishes_at_any_moment_is_gone(commands):
    with PtyBoard(N76e003Board(mood=Mood.VANISHES, vanishes_after=commands)) as board:
        generator = driver(board)

        def use():
            generator.open()
            generator.set_duty_cycle_pct(5)

        with pytest.raises(DeviceGone):
            use()
        generator.close()


@pytest.mark.parametrize(
    ("answer", "report"),
    [
        (b"pwm\non freq: 1k00, duty: 50 negative\n> ", Report(True, "1k00", 50, False)),
        (b"off freq: k050, duty: 100 direct\n> ", Report(False, "k050", 100, True)),
        (b"on freq: 1k00, duty: 101 direct\n> ", None),
        (b"on freq: 1k00, duty: 5\n> ", None),
        (b"on freq: 1k00, duty: 5 direct\non freq: 1k00, duty: 5 direct\n", None),
        (b"Unknown command\n> ", None),
        (b"", None),
    ],
)
def test_report_is_output_frequency_duty_cycle_and_polarity(answer, report):
    assert parse_report(answer) == report
