"""However a program ends, its bench is safe afterwards: bench safety S1 and S2, with processes, signals and boards.

Limits: 0.5 s after a death that can be seen, 2 s where only silence tells. The instants are those of the boards.
"""

from __future__ import annotations

import os
import signal
import time

import pytest
from bench_of_boards import (
    AFTER_SILENCE,
    AT_ONCE,
    DANGEROUS,
    ORDER,
    PATIENCE,
    R_B,
    R_C,
    RELAYS_TOO,
    in_ms,
    row,
)

from bench.guardian import DeviceSpec
from bench.sim.boards.firmware import Mood
from bench.units import ms, s

BY_ITSELF = ["return", "exception", "sys.exit", "os._exit", "os.abort", "thread", "queue"]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


@pytest.mark.parametrize("way", BY_ITSELF)
def test_a_program_that_ends_leaves_the_bench_safe(bench, way):
    """S1 and S2; `thread` sleeps on while the outputs are safe, `queue` has many commands on their way."""
    program = bench.program(way)

    times = row(way, bench, program.unsafe_at)

    assert [times[name] for name in ORDER] == sorted(times[name] for name in ORDER), in_ms(times)
    assert max(times[name] for name in DANGEROUS) < AT_ONCE, in_ms(times)
    assert max(times.values()) < RELAYS_TOO, in_ms(times)
    assert way == "thread" or program.wait() is not None
    assert way != "thread" or program.process.poll() is None


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_program_that_is_told_to_end_leaves_the_bench_safe(bench, number):
    program = bench.program("live")
    assert bench.is_unsafe()

    t = program.send(number)
    times = row(number.name, bench, t)

    assert program.wait() != 0
    assert [times[name] for name in ORDER] == sorted(times[name] for name in ORDER), in_ms(times)
    assert max(times[name] for name in DANGEROUS) < AT_ONCE, in_ms(times)
    assert max(times.values()) < RELAYS_TOO, in_ms(times)


def test_a_killed_program_is_seen_to_as_fast_with_drivers_as_patient_as_they_are_by_default(bench):
    """Real boards want pauses: 100 ms between two commands, 50 ms of silence after an answer."""
    pilot = DeviceSpec("xy-lpwm", {"port": bench.pilot.path})
    relays = DeviceSpec("lcus", {"port": bench.relays.path, "channels": 4})
    load = DeviceSpec("relay-load", {"wiring": {"r_b": R_B, "r_c": R_C}}, "relays")
    program = bench.program("live", generator=pilot, boards={"relays": relays}, load=load)

    t = program.send(signal.SIGKILL)
    times = row("SIGKILL, drivers as patient as by default", bench, t)

    assert max(times[name] for name in DANGEROUS) < AT_ONCE, in_ms(times)
    assert max(times.values()) < RELAYS_TOO, in_ms(times)


def test_a_killed_program_whose_child_lives_on_is_seen_to_as_fast(bench):
    """The child holds a copy of the pipe, which therefore does not end; and a copy of nothing else that matters."""
    program = bench.program("fork")
    time.sleep(0.2)

    t = program.send(signal.SIGKILL)
    times = row("SIGKILL, forked child lives on", bench, t)

    assert max(times[name] for name in DANGEROUS) < AT_ONCE, in_ms(times)
    os.killpg(program.process.pid, 0)  # the child is still there


@pytest.mark.parametrize("way", ["loop", "swallow"])
def test_a_program_that_hangs_is_taken_for_dead(bench, way):
    """It lives, but its pump does not run. And it can still be ended by a signal."""
    program = bench.program(way)

    assert bench.safe_within()
    times = bench.settled_after(program.unsafe_at)
    assert program.process.poll() is None
    program.send(signal.SIGTERM)
    row(way, bench, program.unsafe_at)

    assert program.wait() == -signal.SIGTERM
    assert max(times[name] for name in DANGEROUS) < AFTER_SILENCE, in_ms(times)


def test_a_program_that_is_stopped_is_taken_for_dead_and_told_when_it_goes_on(bench):
    program = bench.program("live")

    t = program.send(signal.SIGSTOP)
    assert bench.safe_within()
    times = bench.settled_after(t)
    program.send(signal.SIGCONT)
    error = program.wait_for("error")
    row("SIGSTOP", bench, t)

    assert max(times[name] for name in DANGEROUS) < AFTER_SILENCE, in_ms(times)
    assert "the guardian has made the bench safe: the program has said nothing for" in error
    assert program.wait() == 1


def test_signals_upon_signals_during_the_shutdown_change_nothing(bench):
    """Ctrl-C, Ctrl-C again 0.2 s later and SIGTERM with it, while the board takes its time."""
    program = bench.program("live")
    bench.pilot.firmware.late, bench.pilot.firmware.mood = ms(150), Mood.LATE

    t = program.send(signal.SIGINT)
    time.sleep(0.2)
    program.send(signal.SIGINT)
    program.send(signal.SIGTERM)
    times = row("SIGINT, SIGINT, SIGTERM; slow board", bench, t)

    assert program.wait() != 0
    assert max(times[name] for name in DANGEROUS) < s(1), in_ms(times)


# disks and pipes ------------------------------------------------------------------------------------------------------


def test_a_full_disk_under_the_log_changes_nothing(bench):
    program = bench.program("live", log="/dev/full")

    t = program.send(signal.SIGKILL)
    times = row("SIGKILL, log on a full disk", bench, t)

    assert max(times[name] for name in DANGEROUS) < AT_ONCE, in_ms(times)


def test_a_program_whose_output_goes_nowhere_leaves_the_bench_safe(bench):
    program = bench.program("talk")

    t = time.monotonic_ns()
    program.process.stdout.close()
    row("standard output is a closed pipe", bench, t)

    assert program.wait() != 0


def test_the_log_says_what_was_done_and_why(bench, tmp_path):
    log = tmp_path / "guardian.log"
    program = bench.program("live", log=str(log))
    program.send(signal.SIGKILL)
    assert bench.free_within(PATIENCE)

    said = log.read_text()
    in_order = ["contactor main open: done", ": 100 %: done", "unplugged: done", "adapter on: done"]
    shutdown = said[said.index("ends: the program has ended") :]
    assert [shutdown.index(part) for part in in_order] == sorted(shutdown.index(part) for part in in_order)
