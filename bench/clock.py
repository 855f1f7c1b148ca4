"""Time as an object. Machines are told the time; only the pump asks a clock, and only a clock waits.

The idea of a clock that is set to the next deadline instead of waiting for it is trio's MockClock.
"""

from __future__ import annotations

from typing import Protocol

from bench.units import Ns


class Clock(Protocol):
    """Monotonic time of one rig."""

    def now(self) -> Ns: ...

    def wait(self, deadline: Ns) -> None:
        """Return when `now() >= deadline`, or earlier when a port has something."""
        ...


class VirtualClock:
    """Time that passes only when somebody waits: it is *set* to the deadline, so a timer fires exactly on time."""

    def __init__(self, start: Ns = 0) -> None:
        self._now = start

    def now(self) -> Ns:
        return self._now

    def wait(self, deadline: Ns) -> None:
        if deadline < self._now:
            raise ValueError(f"time cannot go back from {self._now} to {deadline}")
        self._now = deadline
