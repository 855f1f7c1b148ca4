"""The one loop: let everybody do what is due, then wait for the next deadline of anybody.

Single-threaded. On a virtual clock the wait sets the time, on the system clock it is one select over all ports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bench.clock import Clock
from bench.units import Ns


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
        participants, clock = self.participants, self.clock
        while True:
            now = clock.now()
            self._settle(now)
            if until():
                return True
            if now >= deadline:
                return False
            ahead = deadline
            for participant in participants:
                t = participant.next_deadline()
                if t is not None and t < ahead:
                    ahead = t
            clock.wait(ahead)

    def run_for(self, duration: Ns) -> None:
        self.run(lambda: False, self.clock.now() + duration)

    def _settle(self, now: Ns) -> None:
        """Everything due at *now*, and what that causes at the same instant."""
        participants = self.participants
        again = True
        while again:
            again = False
            for participant in participants:
                t = participant.next_deadline()
                if participant.busy() or (t is not None and t <= now):
                    participant.wake(now)
                    again = True
