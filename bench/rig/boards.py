"""Simulated boards of a rig, each in a process of its own, as a real one lives on when this program dies.

They end by themselves a while after this program has ended, however it ended: long enough for its guardian to make
them safe and for a person to look at the log.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.errors import PortError
from bench.rig.hardware import DeviceTable
from bench.units import s, to_s

READY_WITHIN_S = to_s(s(10))
CATCHES_UP_WITHIN_S = 0.05
OUTLIVE_S = 10

OnOutput = Callable[[Any], None]


def place_of(rig: str) -> Path:
    """Where the logs of a rig's simulated boards are."""
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in rig)
    return Path(tempfile.gettempdir()) / f"ccs-bench-{safe}-boards"


class SimulatedBoard:
    """The board that *table* wants, as a process. A participant of the pump.

    path    of its terminal; *link* is a symbolic link to it, as long as it lives
    output  what it puts out, as in its log; *on_output* is called for each change
    """

    def __init__(self, name: str, table: DeviceTable, place: Path, link: Path | None = None) -> None:
        self.name = name
        self.output: Any = None
        self.on_output: OnOutput = lambda _: None
        self._rest = b""
        place.mkdir(parents=True, exist_ok=True)
        log = place / f"{name}.jsonl"
        log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "bench.sim.boards", table.simulated_as, "--log", str(log), "--tell"]
        command += ["--outlive", str(OUTLIVE_S), *(["--link", str(link)] if link else [])]
        if channels := getattr(table, "channels", None):
            command += ["--channels", str(channels)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        self.path = self._ready()

    def close(self) -> None:
        """Idempotent."""
        self._process.terminate()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def fileno(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def next_deadline(self) -> None:
        return None

    def busy(self) -> bool:
        return bool(select.select([self.fileno()], [], [], 0)[0])

    def wake(self, now: int) -> None:
        del now
        for line in self._lines(0):
            self._take(line)

    def catch_up(self) -> None:
        """Hear what it has put out until now; it is at most a moment behind."""
        while lines := self._lines(CATCHES_UP_WITHIN_S, must=False):
            for line in lines:
                self._take(line)

    def _ready(self) -> str:
        while True:
            for line in self._lines(READY_WITHIN_S):
                if line.startswith(b"ready "):
                    return line.removeprefix(b"ready ").decode()
                self._take(line)

    def _lines(self, within_s: float, *, must: bool = True) -> list[bytes]:
        if not select.select([self.fileno()], [], [], within_s)[0]:
            if within_s and must:
                raise PortError(f"{self.name}: the simulated board does not start")
            return []
        octets = os.read(self.fileno(), 65536)
        if not octets:
            said = self._process.stderr.read().decode(errors="replace") if self._process.stderr else ""
            raise PortError(f"{self.name}: the simulated board has ended: {said.strip() or 'without a word'}")
        *lines, self._rest = (self._rest + octets).split(b"\n")
        return lines

    def _take(self, line: bytes) -> None:
        told = json.loads(line)
        if "output" in told:
            self.output = told["output"]
            self.on_output(self.output)
