"""The one loop: let everybody do what is due, then wait for the next deadline of anybody.

Single-threaded. On a virtual clock the wait sets the time, on the system clock it is one select over all ports.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Protocol

from bench.clock import Clock
from bench.errors import BenchError
from bench.units import Ns, show

MOST_WAKES = 10_000
"""Wakes at one instant. A handful is usual; beyond this somebody is never satisfied and time would stand still."""


class Participant(Protocol):
    """Somebody with deadlines: the simulated world, a station of the bench."""

    def next_deadline(self) -> Ns | None: ...

    def wake(self, now: Ns) -> None:
        """Do everything that is due at *now*: read ports, fire timers, send."""
        ...

    def busy(self) -> bool:
        """Whether something that has come in waits for `wake`."""
        ...


class Pump:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.participants: list[Participant] = []

    def run(self, until: Callable[[], bool], deadline: Ns) -> bool:
        """Run until *until()* is true (returns True) or *deadline* has come (returns False).

        A thing that happens exactly at the deadline still counts.
        """
        clock = self.clock
        while True:
            now = clock.now()
            ahead = self._settle(now)
            if until():
                return True
            if now >= deadline:
                return False
            clock.wait(deadline if ahead is None or ahead > deadline else ahead)

    def run_for(self, duration: Ns) -> None:
        self.run(lambda: False, self.clock.now() + duration)

    def _settle(self, now: Ns) -> Ns | None:
        """Everything due at *now*, and what that causes at the same instant; returns the next deadline of anybody.

        Settled is when everybody in a row had nothing to do.
        """
        wakes, quiet, everybody = 0, 0, len(self.participants)
        ahead: Ns | None = None
        for participant in cycle(self.participants):
            t = participant.next_deadline()
            if participant.busy() or (t is not None and t <= now):
                participant.wake(now)
                wakes, quiet, ahead = wakes + 1, 0, None
                if wakes > MOST_WAKES:
                    raise BenchError(f"{participant} wants to be woken at {show(now)} for ever; time stands still")
                continue
            quiet += 1
            if t is not None and (ahead is None or t < ahead):
                ahead = t
            if quiet == everybody:
                break
        return ahead
