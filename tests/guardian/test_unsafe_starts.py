"""Nothing is believed at the start: bench safety S3, and S1 for a bench that is only half there."""

from __future__ import annotations

import pytest
from bench_of_boards import (
    CONTACTOR,
    R_B,
    R_C,
    REPOSITORY,
    SUPPLY,
    BenchOfBoards,
)

from bench.errors import PortError
from bench.guardian import DeviceSpec, Guardian
from bench.sim.boards.firmware import Mood


def test_whatever_was_left_behind_is_made_safe_before_anything_else(name):
    """S3. A board that somebody left at 5 %, and relays that somebody left closed."""
    with BenchOfBoards(name, duty=5, closed={SUPPLY, R_B, R_C, CONTACTOR}) as bench:
        with Guardian(bench.spec()):
            at_ready = bench.pilot.output.duty_cycle_pct, bench.relays.output
            told_pilot = [command for command in bench.pilot.heard() if command != b"read"]
            told_relays = [command for command in bench.relays.heard() if command != b"\xff"]

        assert at_ready == (100, frozenset())
        assert told_pilot[0] == b"D100"
        assert set(told_pilot) == {b"D100", b"F1.00"}
        assert {command[2] for command in told_relays} == {0}
        assert {command[1] for command in told_relays[:4]} == {1, 2, 3, 4}


def test_a_bench_that_cannot_be_made_safe_does_not_begin(name):
    """Its board says that it obeys, and does not."""
    with BenchOfBoards(name, duty=5) as bench:
        bench.pilot.firmware.mood = Mood.ACCEPTS_WITHOUT_ACTING

        with pytest.raises(PortError, match="told D100 3 times, and it is not set"):
            Guardian(bench.spec()).open()

        assert not set(bench.pilot.heard()) - {b"read", b"D100"}


def test_a_bench_that_is_half_there_is_made_safe_and_let_go_of(name):
    """S1: the second of three devices is missing. The message names it, and the others are free and safe."""
    with BenchOfBoards(name, duty=5, closed={SUPPLY, CONTACTOR}) as bench:
        missing = DeviceSpec("lcus", {"port": "/dev/serial/by-path/nowhere", "channels": 2})
        here = bench.spec().boards

        with pytest.raises(PortError, match="/dev/serial/by-path/nowhere: no such port") as refused:
            Guardian(bench.spec(boards={**here, "missing": missing})).open()

        assert bench.pilot.path not in str(refused.value)
        assert (bench.pilot.output.duty_cycle_pct, bench.relays.output) == (100, frozenset())
        with Guardian(bench.spec()) as guardian:
            assert guardian.about["event"] == "ready"


def test_a_bench_that_cannot_be_is_refused_before_anything_is_touched(bench):
    with pytest.raises(PortError, match="there is no driver 'lcuss'; did you mean lcus"):
        Guardian(bench.spec(boards={"relays": DeviceSpec("lcuss")})).open()

    assert bench.pilot.heard() == bench.relays.heard() == []


def test_a_library_that_is_missing_is_said_in_words(bench, monkeypatch, tmp_path):
    """The guardian must not die without a word of what its drivers need."""
    (tmp_path / "serial").mkdir()
    (tmp_path / "serial" / "__init__.py").write_text("raise ImportError('pyserial is broken')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{REPOSITORY}")

    with pytest.raises(PortError, match="pyserial is broken"):
        Guardian(bench.spec()).open()
