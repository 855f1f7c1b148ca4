"""The process around the keeper: when it ends, and what it says and leaves behind."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

import pytest
from fake_devices import FakeBench

from bench.guardian import process
from bench.guardian.keeper import Keeper
from bench.guardian.spec import DRIVERS, BenchSpec, DeviceSpec
from bench.units import ms


@pytest.fixture
def pipe():
    """Reading and writing end; the writing end may be closed by a test."""
    ends = list(os.pipe())
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


@pytest.fixture
def said(monkeypatch):
    told = []
    monkeypatch.setattr(process, "say", told.append)
    return told


TEN_COMMANDS = b"".join(b'{"do": "duty", "pct": %d}\n' % pct for pct in range(10, 20))


def test_what_a_program_has_asked_for_before_it_died_is_not_done_any_more(stand, pipe, said):
    """Each command may take a while, and nobody wants them."""
    reading, writing = pipe
    os.write(writing, TEN_COMMANDS)
    os.close(writing)

    reason = process._loop(stand.keeper, process.Lines(reading), process.Log(""), os.getppid(), process.Pulse(None))

    assert reason == "the program has ended"
    assert stand.told == said == []


def test_nor_where_a_child_of_the_program_still_holds_the_pipe(stand, pipe, said):
    reading, writing = pipe
    os.write(writing, TEN_COMMANDS)

    somebody_else = os.getppid() + 1
    reason = process._loop(stand.keeper, process.Lines(reading), process.Log(""), somebody_else, process.Pulse(None))

    assert reason == "the program has ended"
    assert stand.told == said == []


def test_lines_that_are_no_commands_are_passed_over(stand, pipe, said):
    reading, writing = pipe
    os.write(writing, b'\n{"do":\nnull\n[]\n7\n{"\xff"}\n{"id": 3, "do": "duty", "pct": 10}\n{"do": "quit"}\n')

    reason = process._loop(stand.keeper, process.Lines(reading), process.Log(""), os.getppid(), process.Pulse(None))

    assert reason == "the program says so"
    assert [each["id"] for each in said] == [3]


@pytest.mark.parametrize("ended", ["pipe", "quit"])
def test_it_leaves_everything_safe_and_closed_and_says_so_last(pipe, said, ended):
    bench = FakeBench()
    bench.generator.output = 5.0
    bench.devices()
    reading, writing = pipe
    os.write(writing, b'{"do": "duty", "pct": 10}\n{"do": "quit"}\n' if ended == "quit" else b"")
    if ended == "pipe":
        os.close(writing)

    status = process._guard(bench.spec(), process.Lines(reading), process.Log(""), os.getppid())

    assert status == process.GOOD
    assert [each.get("event") for each in said if "event" in each] == ["ready", "ended"]
    assert bench.generator.output == 100.0
    assert not any(each.is_open for each in bench.every())
    assert ("generator", "10 %") in bench.told or ended == "pipe"


def test_what_is_wrong_at_the_start_is_told_before_anything_begins(pipe, said):
    """A generator that says 100 % and shows PWM. The program then goes no further."""
    bench = FakeBench()
    bench.level.shows = (12.0, -12.0)
    bench.devices()
    os.close(pipe[1])

    status = process._guard(bench.spec(), process.Lines(pipe[0]), process.Log(""), os.getppid())

    assert status == process.TROUBLE
    assert said[0]["event"] == "ready"
    assert said[0]["troubles"] == ["no PWM, by its level: level meter still shows +12.0 V and -12.0 V in turns"]


def test_a_driver_that_cannot_be_imported_is_said_in_words(pipe, said, monkeypatch):
    monkeypatch.setitem(DRIVERS, "odd", ("bench.drivers.that_is_not_there", "Odd"))

    spec = BenchSpec("odd", generator=DeviceSpec("odd"))
    status = process._guard(spec, process.Lines(pipe[0]), process.Log(""), os.getppid())

    assert status == process.NOT_BEGUN
    assert said == [{"event": "refused", "why": "No module named 'bench.drivers.that_is_not_there'"}]


def test_a_fault_of_the_guardians_own_makes_the_bench_safe(pipe, said, monkeypatch):
    bench = FakeBench()
    bench.devices()

    def broken(keeper, _):
        keeper.do({"do": "duty", "pct": 5})
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Keeper, "look", broken)
    status = process._guard(bench.spec(), process.Lines(pipe[0]), process.Log(""), os.getppid())

    assert status == process.GOOD
    assert said[-1] == {"event": "ended", "reason": "ZeroDivisionError: division by zero", "troubles": []}
    assert ("generator", "5 %") in bench.told
    assert bench.generator.output == 100.0


class SlowKeeper:
    """Each command takes long; *silences* is how long the program has said nothing whenever that is looked at."""

    tripped = ""
    stopped = False

    def __init__(self):
        self.silences = []

    def do(self, _):
        time.sleep(0.6)
        return {}

    def look(self, heard_at):
        self.silences.append(time.monotonic_ns() - heard_at)
        return iter(())


def test_a_board_that_takes_long_is_not_taken_for_a_program_that_hangs(pipe):
    """While a command is under way, what the program says waits in the pipe."""
    reading, writing = pipe
    keeper = SlowKeeper()
    os.write(writing, b'{"do": "alive"}\n' * 2)
    end = threading.Timer(2, os.close, [writing])
    end.start()

    reason = process._loop(keeper, process.Lines(reading), process.Log(""), os.getppid(), process.Pulse(None))

    assert reason == "the program has ended"
    assert keeper.silences[0] < ms(500)
    assert max(keeper.silences) > ms(500), "the program was silent afterwards, and that must count"
