"""Simulated boards on pseudo-terminals: seen by other programs, also after those are dead, and gone without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from bench.clock import VirtualClock
from bench.drivers.pilot.xy_lpwm import XyLpwm
from bench.errors import PortError
from bench.sim.boards.dieter import DieterBoard
from bench.sim.boards.lcus import LcusBoard
from bench.sim.boards.pty_board import PtyBoard
from bench.sim.boards.xy_lpwm import SquareWave, XyLpwmBoard
from bench.sim.pilot import PilotLine
from bench.sim.world import World
from bench.units import ms, s

ENDS_WITHIN_S = 20


def entries(log):
    return [json.loads(line) for line in log.read_text().splitlines()]


def driver(path):
    return XyLpwm(str(path), settles=ms(1), between=0, quiet=ms(10), within=s(2))


@contextmanager
def board_process(*arguments):
    command = [sys.executable, "-m", "bench.sim.boards", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline().startswith("ready /dev/")
            yield process
        finally:
            process.kill()


def test_commands_and_outputs_are_logged_with_the_machines_clock(tmp_path):
    before = time.monotonic_ns()
    log = tmp_path / "board.log"
    with PtyBoard(XyLpwmBoard(duty_cycle_pct=5, silence=ms(5)), log=log) as board, driver(board.path):
        pass

    found = entries(log)
    assert found[0].items() >= {"output": {"frequency_hz": 1000, "duty_cycle_pct": 5}}.items()
    assert [one["command"] for one in found if "command" in one][:2] == ["read", "D100"]
    assert [one["output"]["duty_cycle_pct"] for one in found if "output" in one] == [5, 100]
    stamps = [before, *(one["t"] for one in found), time.monotonic_ns()]
    assert stamps == sorted(stamps)


def test_octets_that_are_no_text_are_logged_in_hex_and_channels_as_a_list(tmp_path):
    log = tmp_path / "board.log"
    with PtyBoard(LcusBoard(channels=4), log=log) as board:
        fd = os.open(board.path, os.O_WRONLY | os.O_NOCTTY)
        os.write(fd, bytes.fromhex("A00301A4 A00101A2"))
        assert board.comes_to({1, 3})
        os.close(fd)

    assert [one["command"] for one in entries(log) if "command" in one] == ["a00301a4", "a00101a2"]
    assert entries(log)[-1]["output"] == [1, 3]


def test_link_leads_to_the_board_and_is_gone_with_it(tmp_path):
    link = tmp_path / "pilot"
    with PtyBoard(XyLpwmBoard(silence=ms(5)), link=link) as board:
        assert os.readlink(link) == board.path
        with driver(link) as generator:
            assert generator.name == f"XY-LPWM at {link}"
    assert not link.is_symlink()


def test_link_that_leads_nowhere_any_more_is_replaced(tmp_path):
    link = tmp_path / "pilot"
    link.symlink_to(tmp_path / "nowhere")
    with PtyBoard(XyLpwmBoard(), link=link) as board:
        assert os.readlink(link) == board.path


def test_what_is_in_the_place_of_the_link_is_left_alone(tmp_path):
    (tmp_path / "pilot").write_text("precious")
    with pytest.raises(PortError, match="pilot"), PtyBoard(XyLpwmBoard(), link=tmp_path / "pilot"):
        pass

    assert (tmp_path / "pilot").read_text() == "precious"


def test_nothing_is_left_behind():
    threads, fds = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with PtyBoard(XyLpwmBoard()):
            pass
        board = PtyBoard(LcusBoard())
        board.start()
        board.vanish()
        board.stop()
        board.stop()

    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == (threads, fds)


def test_board_restarts_when_its_port_is_opened_and_not_while_it_is_open():
    with PtyBoard(DieterBoard()) as board:
        starts = []
        board.firmware.on_output = lambda _t, output: starts.append(output)
        for openings in (1, 2):
            fd = os.open(board.path, os.O_RDWR | os.O_NOCTTY)
            assert board.wait_until(lambda n=openings: len(starts) == n)
            os.write(fd, b"x")
            time.sleep(0.05)
            assert len(starts) == openings
            os.close(fd)
            assert board.wait_until(lambda: not board.in_use)


def test_simulated_pilot_line_can_follow_a_board():
    line = PilotLine(World(VirtualClock()))
    firmware = XyLpwmBoard(duty_cycle_pct=5)
    firmware.on_output = lambda _t, output: line.evse.set_duty_cycle_pct(output.duty_cycle_pct)
    line.pev.plug_in()
    firmware.start(0)
    assert line.pev.read().label == "B2"

    firmware.receive(0, b"D100")
    firmware.wake(s(1))
    assert line.pev.read().label == "B1"


def test_board_of_its_own_process_outlives_the_program_that_used_it(tmp_path):
    """What a program killed at 5 % leaves behind can be looked at."""
    link, log = tmp_path / "pilot", tmp_path / "board.log"
    program = (
        "import time; from bench.drivers.pilot.xy_lpwm import XyLpwm; "
        f"generator = XyLpwm({str(link)!r}); generator.open(); generator.set_duty_cycle_pct(5); "
        "print('set', flush=True); time.sleep(60)"
    )
    with board_process("xy-lpwm", "--link", link, "--log", log, "--duty", 50) as board:
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as user:
            try:
                assert user.stdout.readline() == b"set\n"
            finally:
                user.kill()
        outputs = [one["output"]["duty_cycle_pct"] for one in entries(log) if "output" in one]
        assert outputs == [50, 100, 5]

        with driver(link):
            pass
        board.terminate()
        assert board.wait(ENDS_WITHIN_S) == 0
    assert [one["output"]["duty_cycle_pct"] for one in entries(log) if "output" in one] == [50, 100, 5, 100]
    assert not link.is_symlink()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_board_process_ends_without_a_trace_on_each_signal(tmp_path, end):
    link = tmp_path / "relays"
    with board_process("lcus", "--link", link, "--channels", 8) as board:
        assert link.is_symlink()
        board.send_signal(end)
        assert board.wait(ENDS_WITHIN_S) == 0
        assert board.stderr.read() == ""
    assert not link.is_symlink()


@pytest.mark.parametrize(
    "wrong", [["toaster"], ["xy-lpwm", "--duty", "101"], ["xy-lpwm", "--mood", "cheerful"], ["lcus", "--channels", "3"]]
)
def test_wrong_usage_is_exit_status_2(wrong, capsys):
    from bench.sim.boards.__main__ import main

    with pytest.raises(SystemExit) as end:
        main(wrong)
    assert end.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_output_is_what_the_board_makes_now():
    with PtyBoard(XyLpwmBoard(duty_cycle_pct=5)) as board:
        assert board.output == SquareWave(1000, 5)
