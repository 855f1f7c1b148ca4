"""One simulated board in a process of its own, until it is told to end (SIGTERM, SIGINT, SIGHUP).

    python -m bench.sim.boards xy-lpwm --link /tmp/pilot-board --log board.log --duty 5

Prints `ready` and the path of its terminal when a program may open it; with --tell also a line of JSON for each new
output, as in the log. With --outlive it ends by itself so many seconds after its standard input has ended, which is
when the program that started it is gone, however it went. Exit status 0, or 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench.errors import PortError
from bench.sim.boards.celeron55 import Celeron55Board
from bench.sim.boards.dieter import DieterBoard
from bench.sim.boards.firmware import Firmware, Mood
from bench.sim.boards.icse import IcseBoard
from bench.sim.boards.lcus import LcusBoard, Reply
from bench.sim.boards.n76e003 import N76e003Board
from bench.sim.boards.numato import NumatoBoard
from bench.sim.boards.pty_board import PtyBoard, as_json
from bench.sim.boards.xy_lpwm import Clone, XyLpwm3Board, XyLpwmBoard
from bench.units import Ns

ENDS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}

BOARDS: dict[str, Callable[[argparse.Namespace], Firmware]] = {
    "xy-lpwm": lambda told: XyLpwmBoard(duty_cycle_pct=told.duty, mood=told.mood),
    "xy-lpwm-crlf": lambda told: XyLpwmBoard(
        duty_cycle_pct=told.duty, mood=told.mood, clone=Clone(asked_with="READ", terminator=b"\r\n", prefix="K")
    ),
    "xy-lpwm-3": lambda told: XyLpwm3Board(duty_cycle_pct=(told.duty,) * 3, mood=told.mood),
    "n76e003": lambda told: N76e003Board(duty_cycle_pct=told.duty, mood=told.mood),
    "lcus": lambda told: LcusBoard(channels=told.channels, mood=told.mood),
    "lcus-mute": lambda told: LcusBoard(channels=told.channels, mood=told.mood, reply=Reply.NOTHING),
    "numato": lambda told: NumatoBoard(channels=told.channels, mood=told.mood),
    "icse": lambda told: IcseBoard(channels=told.channels, mood=told.mood),
    "dieter": lambda told: DieterBoard(mood=told.mood),
    "celeron55": lambda told: Celeron55Board(mood=told.mood),
}


def percent(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 100:
        raise ValueError(text)
    return value


def mood(text: str) -> Mood:
    try:
        return Mood[text.upper().replace("-", "_")]
    except KeyError:
        raise ValueError(text) from None


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.sim.boards", description="One simulated board.")
    parser.add_argument("board", choices=BOARDS)
    parser.add_argument("--link", type=Path, metavar="PATH", help="symbolic link to the board's terminal")
    parser.add_argument("--log", type=Path, metavar="FILE", help="gets a JSON line for each command and each output")
    parser.add_argument("--duty", type=percent, default=50, metavar="PCT", help="as the board was left (default: 50)")
    parser.add_argument("--channels", type=int, choices=(2, 4, 8), default=4, help="relays (default: 4)")
    moods = ", ".join(one.name.lower().replace("_", "-") for one in Mood if one is not Mood.VANISHES)
    parser.add_argument("--tell", action="store_true", help="outputs on standard output, too")
    parser.add_argument("--outlive", type=float, metavar="S", help="end S seconds after standard input has ended")
    parser.add_argument("--mood", type=mood, default=Mood.WELL, metavar="MOOD", help=f"what is wrong with it: {moods}")
    return parser


def tell(t: Ns, output: object) -> None:
    """To whoever has started this, if they are still there."""
    with suppress(OSError):
        os.write(sys.stdout.fileno(), (json.dumps({"t": t, "output": as_json(output)}) + "\n").encode())


def outlive(seconds: float) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: list[str] | None = None) -> int:
    told = parser().parse_args(arguments)
    # Before any thread starts, so that every thread leaves these signals to the wait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    firmware = BOARDS[told.board](told)
    if told.tell:
        firmware.on_output = tell
    if told.outlive is not None:
        threading.Thread(target=outlive, args=[told.outlive], daemon=True).start()
    try:
        with PtyBoard(firmware, link=told.link, log=told.log) as board:
            print(f"ready {board.path}", flush=True)
            signal.sigwait(ENDS)
    except PortError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
