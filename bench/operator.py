"""A person as part of the bench: asked in the terminal, answering by Enter, while everything else goes on.

    operator = TerminalOperator(pump, clock, trace.note)
    operator.ask("plug the connector into the car")       # the instant at which it was said to be done

The question goes to the terminal itself, past whatever captures the output of tests. Where there is none, nobody can
be asked: that is an error at once and never a wait.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from typing import Protocol

from bench.clock import SystemClock
from bench.errors import BenchError
from bench.pump import Pump
from bench.units import Ns, s, show, to_s

PATIENCE: Ns = s(180)
"""For a walk to the car and back."""
GIVES_UP = ("q", "quit", "abort")


class OperatorGaveUp(BenchError):
    """The person said no, or nothing for too long, or there is nobody."""


class Operator(Protocol):
    """Somebody who does what the bench cannot."""

    def ask(self, what: str) -> Ns:
        """*what* is to be done; returns when it was said to be done. OperatorGaveUp."""
        ...

    def tell(self, what: str) -> None:
        """Something to know; no answer is waited for."""
        ...


Say = Callable[[Ns, str, str], None]
"""(instant, who, what): for the trace."""
OperatorAt = Callable[[Pump, SystemClock, Say], Operator]
"""Makes the operator of an arrangement from its pump, clock and record."""


class TerminalOperator:
    """Whoever sits at the terminal.

    say       (instant, who, what): for the trace
    terminal  a path; /dev/tty is the one the program was started from
    patience  after which a question counts as declined
    """

    def __init__(
        self,
        pump: Pump,
        clock: SystemClock,
        say: Say,
        *,
        terminal: str = "/dev/tty",
        patience: Ns = PATIENCE,
    ) -> None:
        self._pump, self._clock, self._say = pump, clock, say
        self._terminal, self._patience = terminal, patience

    def ask(self, what: str) -> Ns:
        fd = self._open()
        try:
            minutes = f"within {to_s(self._patience):g} s"
            self._write(fd, f"\n>>> {what}, then press Enter ({minutes}; q and Enter ends the run): ")
            asked = self._clock.now()
            self._say(asked, "operator", f"asked to: {what}")
            answer = self._answer(fd, asked + self._patience)
            done = self._clock.now()
        finally:
            os.close(fd)
        if answer is None:
            raise OperatorGaveUp(f"nobody answered within {show(self._patience)}: {what}")
        if answer.strip().lower() in GIVES_UP:
            raise OperatorGaveUp(f"the operator gave up: {what}")
        self._say(done, "operator", f"says it is done after {show(done - asked)}: {what}")
        return done

    def tell(self, what: str) -> None:
        fd = self._open()
        try:
            self._write(fd, f"\n>>> {what}\n")
        finally:
            os.close(fd)
        self._say(self._clock.now(), "operator", f"told: {what}")

    def _answer(self, fd: int, deadline: Ns) -> str | None:
        """The pump runs meanwhile: frames are answered, and the guardian hears that the program lives."""
        said = b""
        self._clock.watch(fd)
        try:
            while b"\n" not in said:
                if not self._pump.run(lambda: _readable(fd), deadline):
                    return None
                octets = os.read(fd, 1024)
                if not octets:
                    return None
                said += octets
        finally:
            self._clock.unwatch(fd)
        return said.decode(errors="replace")

    def _open(self) -> int:
        try:
            return os.open(self._terminal, os.O_RDWR | getattr(os, "O_NOCTTY", 0))
        except OSError:
            raise OperatorGaveUp(
                "this rig asks a person, and there is no terminal to ask at; run it in one, or give the rig file "
                "drivers for what a person does now"
            ) from None

    def _write(self, fd: int, text: str) -> None:
        os.write(fd, text.encode(errors="replace"))


def present(terminal: str = "/dev/tty") -> bool:
    """Whether somebody could be asked."""
    if sys.platform == "win32":
        return sys.stdin.isatty()
    try:
        os.close(os.open(terminal, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _readable(fd: int) -> bool:
    return bool(select.select([fd], [], [], 0)[0])
