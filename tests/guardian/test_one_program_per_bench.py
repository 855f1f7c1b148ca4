"""Who is in charge of a bench: one program at a time (bench safety S4), and its guardian longer than the program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from bench_of_boards import (
    PATIENCE,
    REPOSITORY,
    row,
)

from bench.errors import PortError, RigBusy
from bench.guardian import Guardian
from bench.guardian.process import Lines
from bench.sim.boards.firmware import Mood
from bench.units import ms, s


def test_a_program_that_lives_and_has_nothing_to_say_keeps_its_bench_as_it_is(bench):
    """Its pump runs, and that is told."""
    program = bench.program("live")

    time.sleep(2.5)

    assert bench.is_unsafe()
    assert program.process.poll() is None


def test_a_second_program_is_refused_and_told_of_the_first_and_changes_nothing(bench):
    bench.program("live")
    heard = len(bench.pilot.heard())

    with pytest.raises(RigBusy, match=f"in use by another program \\(process {bench.guardian_pid()} of .*of endings"):
        Guardian(bench.spec()).open()

    assert bench.is_unsafe()
    assert b"D100" not in bench.pilot.heard()[heard:]


def test_after_a_kill_the_second_program_waits_for_the_guardian_and_then_begins(bench):
    """The lock is the guardian's until everything is safe, however long the board takes."""
    program = bench.program("live")
    bench.pilot.firmware.late, bench.pilot.firmware.mood = ms(150), Mood.LATE

    t = program.send(signal.SIGKILL)
    program.wait()
    refused_while = []
    second = Guardian(bench.spec())
    end = time.monotonic_ns() + PATIENCE
    while time.monotonic_ns() < end:
        try:
            second.open()
        except RigBusy:
            refused_while.append(bench.pilot.output.duty_cycle_pct == 100 and bench.relays.output == frozenset())
            continue
        break

    assert second.about["event"] == "ready"
    assert max(bench.settled_after(t).values()) < time.monotonic_ns() - t
    assert refused_while, "it was let in while the first guardian was still at it"
    bench.pilot.firmware.mood = Mood.WELL
    second.close()


# the guardian itself --------------------------------------------------------------------------------------------------


def test_a_program_whose_guardian_is_killed_ends_and_another_one_makes_the_bench_safe(bench):
    program = bench.program("live")

    t = time.monotonic_ns()
    os.kill(bench.guardian_pid(), signal.SIGKILL)
    error = program.wait_for("error")
    row("SIGKILL of the guardian alone", bench, t)

    at_the_end, at_the_next_step = json.loads(error.removeprefix("error "))
    assert "the guardian of boards has gone" in at_the_next_step
    assert "the guardian of boards has died; another one has made the bench safe since" in at_the_end
    assert program.wait() == 1


def test_a_bench_that_the_other_guardian_cannot_open_is_left_to_a_person(bench):
    program = bench.program("live")
    os.kill(bench.guardian_pid(), signal.SIGKILL)
    bench.relays.vanish()

    said = json.loads(program.wait_for("error").removeprefix("error "))

    assert "another one could not make the bench safe: look at it, and do so by hand" in said[0]
    assert bench.relays.path in said[0]
    assert bench.pilot.wait_until(lambda: bench.pilot.firmware.output.duty_cycle_pct == 100)


SHORT_LIVED = """
import sys
sys.stdin.readline()
print('{"event": "ready", "troubles": [], "devices": []}', flush=True)
print('{"event": "ended", "reason": "as it likes", "troubles": %s}', flush=True)
"""


@pytest.mark.parametrize(("troubles", "error"), [([], ""), (["pilot: no answer"], "pilot: no answer")])
def test_a_guardian_that_has_said_its_last_word_is_believed(bench, monkeypatch, troubles, error):
    """It ended by itself, and what it said waits to be read: it has not died, and no other one is needed."""
    popen = subprocess.Popen

    def short_lived(_, **rest):
        return popen([sys.executable, "-c", SHORT_LIVED % json.dumps(troubles)], **rest)

    monkeypatch.setattr(subprocess, "Popen", short_lived)
    guardian = Guardian(bench.spec())
    guardian.open()
    guardian._process.wait(20)

    if error:
        with pytest.raises(PortError, match=error):
            guardian.close()
    else:
        guardian.close()
    assert not guardian.is_open


def test_no_signal_but_a_kill_ends_the_guardian(bench):
    """Those of a terminal do not reach its session, and one that is meant for it it ignores."""
    program = bench.program("live")
    guardian = bench.guardian_pid()

    assert os.getsid(guardian) != os.getsid(program.process.pid)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(guardian, number)
    time.sleep(0.2)

    assert bench.is_unsafe()
    assert program.process.poll() is None


def test_a_program_that_does_not_listen_does_not_stop_the_guardian(bench):
    """It has filled the pipe back to it with answers, then hangs: silence counts all the same."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.guardian"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY
    )

    def write(told):
        process.stdin.write((json.dumps(told) + "\n").encode())

    try:
        write(bench.spec().as_json())
        process.stdin.flush()
        assert Lines(process.stdout.fileno()).wait()["event"] == "ready"
        write({"id": 1, "do": "duty", "pct": 5})
        for number in range(2000):
            write({"id": number, "do": "load", "load": "no such load"})
        process.stdin.flush()
        assert bench.pilot.wait_until(lambda: bench.pilot.firmware.output.duty_cycle_pct == 5)

        assert bench.safe_within(s(10))
    finally:
        process.stdin.close()
        process.stdout.close()
        status = process.wait(20)
    assert status == 0, "everything was safe, though nobody was there to be told"
