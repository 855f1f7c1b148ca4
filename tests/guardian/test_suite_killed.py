"""The suite itself is killed at some moment of a run on boards: its guardian leaves them safe, by the boards' own logs.

Twice in a normal run; CCS_BENCH_KILLS=50 does it fifty times, at moments spread over the first twelve seconds of a
run. The moments are the same in every run, and CCS_BENCH_KILLS_SEED=7 gives others.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from bench.errors import RigBusy
from bench.lock import PLACE, RigLock
from bench.units import ms, s, to_ms, to_s

REPOSITORY = Path(__file__).parents[2]
RIG = REPOSITORY / "rigs" / "laptop-serial.toml"
KILLS = int(os.environ.get("CCS_BENCH_KILLS", "2"))
SEED = int(os.environ.get("CCS_BENCH_KILLS_SEED", "1"))
WINDOW = s(12) if KILLS > 2 else s(6)
AT_ONCE = ms(500)
PATIENCE = s(60)

pytestmark = pytest.mark.xdist_group("a suite on boards")


def moments():
    """After the boards were safe for the first time, ns: one in each part of the window, so that all parts are hit."""
    chance = random.Random(SEED)
    return [round((part + chance.random()) * WINDOW / KILLS) for part in range(KILLS)]


class Suite:
    """A run of the suite on a rig of its own, whose boards and files are below *place*."""

    def __init__(self, place):
        self.name = f"killed-{uuid.uuid4().hex[:12]}"
        self.boards = place / f"ccs-bench-{self.name}-boards"
        self._lock = f"rig {self.name}"
        rig = place / "rig.toml"
        text = RIG.read_text(encoding="utf-8").replace('name = "laptop-serial"', f'name = "{self.name}"')
        assert self.name in text
        rig.write_text(text, encoding="utf-8")
        self._output = (place / "suite.log").open("wb")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest", "hil_tests", "-m", "ioniq", "--rig", str(rig)),
                *("-k", "matched_and_joins or sounds", "-p", "no:cacheprovider", "--timings", ""),
            ],
            cwd=REPOSITORY,
            env={name: value for name, value in os.environ.items() if "PYTEST" not in name} | {"TMPDIR": str(place)},
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._output.close()
        self.is_free()
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        if PLACE.is_dir():
            (PLACE / f"ccs-bench-{self._lock.replace(' ', '-')}.lock").unlink(missing_ok=True)

    def end_by(self, number):
        """Returns when it was told, and its exit status."""
        assert self.process.poll() is None, "it has ended before"
        t = time.monotonic_ns()
        os.kill(self.process.pid, number)
        return t, self.process.wait(to_s(PATIENCE))

    def unsafe_after(self, t):
        """How long after *t* the pilot board made PWM and a relay was closed, ns; waits for the guardian's end."""
        assert self.is_free()
        return (
            _unsafe_after(t, self.outputs("evse.pilot"), lambda output: output["duty_cycle_pct"] in (0, 100)),
            _unsafe_after(t, self.outputs("relays.power"), lambda closed: not closed),
        )

    def outputs(self, board):
        """(instant, output), oldest first; what is being written at this moment is left out."""
        with suppress(FileNotFoundError):
            *lines, _ = (self.boards / f"{board}.jsonl").read_text(encoding="utf-8").split("\n")
            told = map(json.loads, lines)
            return [(each["t"], each["output"]) for each in told if "output" in each]
        return []

    def in_use(self):
        """Wait until the pilot board was safe for the first time: from then on the guardian is in charge."""
        return waited_for(lambda: any(off["duty_cycle_pct"] == 100 for _, off in self.outputs("evse.pilot")))

    def is_free(self):
        """Wait until the guardian has ended."""
        return waited_for(self._can_be_locked)

    def _can_be_locked(self):
        with suppress(RigBusy):
            RigLock([self._lock], "is it free?").close()
            return True
        return False

    def processes(self):
        """Those that still have something to do with this run: its boards."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if self.name.encode() in entry.read_bytes():
                    found.append(int(entry.parent.name))
        return found


def waited_for(condition):
    end = time.monotonic_ns() + PATIENCE
    while time.monotonic_ns() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def _unsafe_after(t, outputs, is_safe):
    """How long after *t* the last output that was not safe lasted, ns."""
    until = 0
    for (_, output), (over_at, _) in zip(outputs, [*outputs[1:], (None, None)], strict=True):
        if not is_safe(output):
            assert over_at is not None, f"left at {output}"
            until = max(until, over_at - t)
    return until


@pytest.mark.parametrize("moment", moments(), ids=lambda moment: f"{to_s(moment):.2f}s")
def test_a_killed_suite_leaves_its_boards_safe(tmp_path, moment):
    with Suite(tmp_path) as suite:
        assert suite.in_use(), (tmp_path / "suite.log").read_text()
        time.sleep(to_s(moment))

        t, status = suite.end_by(signal.SIGKILL)
        pilot, relays = suite.unsafe_after(t)

        made = [output["duty_cycle_pct"] for instant, output in suite.outputs("evse.pilot") if instant <= t][-1]
        print(f"| {to_s(moment):.2f} s | {made} % | {to_ms(pilot):.0f} ms | {to_ms(relays):.0f} ms |")

    assert status == -signal.SIGKILL
    assert max(pilot, relays) < AT_ONCE
    assert waited_for(lambda: not suite.processes()), "boards were left behind"


def test_one_of_the_moments_is_while_there_is_pwm():
    """Otherwise the test above would prove nothing: the first 5 % come three to four seconds after the boards."""
    assert any(s(4.5) < moment < s(8) for moment in moments())


def test_a_suite_that_is_told_to_end_leaves_its_boards_safe(tmp_path):
    """SIGTERM in the middle of a test, at 5 %: the orderly way, with fixtures, and no slower."""
    with Suite(tmp_path) as suite:
        assert waited_for(lambda: [off["duty_cycle_pct"] for _, off in suite.outputs("evse.pilot")][-1:] == [5])

        t, status = suite.end_by(signal.SIGTERM)
        pilot, relays = suite.unsafe_after(t)

    assert status == 128 + signal.SIGTERM
    assert max(pilot, relays) < AT_ONCE
    assert "told to end by SIGTERM" in (tmp_path / "suite.log").read_text()
