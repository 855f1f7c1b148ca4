"""A person is asked at a terminal while the bench goes on."""

from __future__ import annotations

import os
import pty
import threading
import time
from collections.abc import Iterator

import pytest

from bench.clock import SystemClock
from bench.operator import OperatorGaveUp, TerminalOperator, present
from bench.pump import Pump
from bench.trace import Note, Trace
from bench.units import ms, s


class Terminal:
    """The other end: reads what is asked, and types."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.path = os.ttyname(self.slave)

    def types(self, text: bytes, after_s: float = 0.05) -> None:
        def type_it() -> None:
            time.sleep(after_s)
            os.write(self.master, text)

        threading.Thread(target=type_it, daemon=True).start()

    def shown(self) -> str:
        return os.read(self.master, 4096).decode()


class Beating:
    """Somebody with a deadline every 10 ms."""

    def __init__(self) -> None:
        self.beats, self.due = 0, 0

    def next_deadline(self) -> int:
        return self.due

    def busy(self) -> bool:
        return False

    def wake(self, now: int) -> None:
        self.beats += 1
        self.due = now + ms(10)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    os.close(made.master)
    os.close(made.slave)


def operator_at(path: str, patience=s(10)) -> tuple[TerminalOperator, Trace, Beating]:
    clock, trace, beating = SystemClock(time.monotonic_ns()), Trace(), Beating()
    pump = Pump(clock)
    pump.participants.append(beating)
    return TerminalOperator(pump, clock, trace.note, terminal=path, patience=patience), trace, beating


def test_enter_says_that_it_is_done_and_both_instants_are_in_the_trace(terminal: Terminal) -> None:
    operator, trace, _ = operator_at(terminal.path)
    terminal.types(b"\n")

    done = operator.ask("plug the connector into the car")

    assert ">>> plug the connector into the car, then press Enter (within 10 s;" in terminal.shown()
    asked, answered = (entry for entry in trace.entries if isinstance(entry, Note))
    assert asked.text == "asked to: plug the connector into the car"
    assert answered.text.startswith("says it is done after ")
    assert asked.t < answered.t == done


def test_the_bench_goes_on_while_a_person_walks(terminal: Terminal) -> None:
    """Frames are answered, and the guardian hears that the program lives."""
    operator, _, beating = operator_at(terminal.path)
    terminal.types(b"\n", after_s=0.3)

    operator.ask("walk")

    assert beating.beats >= 10


@pytest.mark.parametrize("word", [b"q\n", b"Q\n", b"quit\n", b" abort \n"])
def test_a_person_may_give_up(terminal: Terminal, word: bytes) -> None:
    operator, _, _ = operator_at(terminal.path)
    terminal.types(word)

    with pytest.raises(OperatorGaveUp, match="the operator gave up: plug"):
        operator.ask("plug")


def test_nobody_is_waited_for_longer_than_patience(terminal: Terminal) -> None:
    operator, _, _ = operator_at(terminal.path, patience=ms(80))
    begun = time.monotonic()

    with pytest.raises(OperatorGaveUp, match=r"nobody answered within 80\.000 ms: plug"):
        operator.ask("plug")

    assert time.monotonic() - begun < 5


def test_a_line_that_comes_in_pieces_is_one_answer(terminal: Terminal) -> None:
    operator, _, _ = operator_at(terminal.path)
    terminal.types(b"wait", after_s=0.05)
    terminal.types(b" a bit\n", after_s=0.2)

    assert operator.ask("plug")


def test_without_a_terminal_nobody_is_waited_for(tmp_path) -> None:
    operator, _, _ = operator_at(str(tmp_path / "none"))

    assert not present(str(tmp_path / "none"))
    with pytest.raises(OperatorGaveUp, match="there is no terminal to ask at"):
        operator.ask("plug")


def test_what_is_only_told_needs_no_answer(terminal: Terminal) -> None:
    operator, trace, _ = operator_at(terminal.path)

    operator.tell("the adapter restarts")

    assert ">>> the adapter restarts" in terminal.shown()
    assert [entry.text for entry in trace.entries if isinstance(entry, Note)] == ["told: the adapter restarts"]
