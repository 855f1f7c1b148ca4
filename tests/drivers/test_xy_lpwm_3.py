"""What is different about the XY-LPWM with three outputs; the rest is in test_xy_lpwm.py."""

from __future__ import annotations

import pytest

from bench.drivers.pilot.xy_lpwm import Report
from bench.drivers.pilot.xy_lpwm_3 import XyLpwm3, parse_report
from bench.errors import PortError
from bench.sim.boards.pty_board import PtyBoard
from bench.sim.boards.xy_lpwm import ThreeWaves, XyLpwm3Board, XyLpwmBoard
from bench.units import ms, s


def driver(board, *, within=s(2), **rest):
    return XyLpwm3(board.path, settles=ms(1), between=0, quiet=ms(3), within=within, **rest)


def three_outputs():
    return PtyBoard(XyLpwm3Board(duty_cycle_pct=(5, 5, 5), frequency_hz=500, silence=ms(2)))


@pytest.mark.parametrize(
    ("output", "opened", "set_to_10"),
    [(1, (100, 5, 5), (10, 5, 5)), (2, (5, 100, 5), (5, 10, 5)), (3, (5, 5, 100), (5, 5, 10))],
)
def test_only_its_own_output_is_touched(output, opened, set_to_10):
    with three_outputs() as board, driver(board, output=output) as generator:
        assert board.output == ThreeWaves(1000, opened)
        generator.set_duty_cycle_pct(10)
        assert board.output == ThreeWaves(1000, set_to_10)
        assert generator.duty_cycle_pct() == 10


def test_report_without_a_frequency_after_its_change_is_asked_for_again():
    with three_outputs() as board, driver(board):
        heard = board.heard()

    assert heard[heard.index(b"F1.00") :][:3] == [b"F1.00", b"read", b"read"]


def test_board_with_a_single_output_is_not_opened():
    with PtyBoard(XyLpwmBoard(duty_cycle_pct=5, silence=ms(2))) as board:
        with pytest.raises(PortError, match="XY-LPWM with three outputs at"):
            driver(board, within=ms(25)).open()
        assert board.output.duty_cycle_pct == 5


@pytest.mark.parametrize(
    ("answer", "report"),
    [
        (b"F800,D1:050,D2:035,D3:015,\r\n", Report(800, 35)),
        (b"F1.00 D1:050 D2:035 D3:015", Report(1000, 35)),
        (b"FIII,D1:050,D2:035,D3:015,", None),
        (b"F1000,D1:050,D2:035,D3:015,", None),
        (b"F1.00,D1:050,D2:135,D3:015,", None),
        (b"F1.00,D1:050,D2:035,", None),
        (b"F1.00\r\nD050\r\n", None),
        (2 * b"F1.00,D1:050,D2:035,D3:015,", None),
    ],
)
def test_report_is_of_the_output_asked_for(answer, report):
    assert parse_report(answer, 2) == report


@pytest.mark.parametrize("output", [0, 4, True])
def test_output_it_does_not_have_is_refused(output):
    with pytest.raises(ValueError, match="outputs 1 to 3"):
        XyLpwm3("/dev/none", output=output)
