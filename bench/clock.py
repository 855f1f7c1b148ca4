"""Time as an object. Machines are told the time; only the pump asks a clock, and only a clock waits.

The idea of a clock that is set to the next deadline instead of waiting for it is trio's MockClock.
"""

from __future__ import annotations

import select
import time
from typing import Protocol

from bench.units import Ns, to_s


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


class SystemClock:
    """The computer's monotonic clock, from *origin* on (0: since the computer's start).

    `wait` is one select over the file descriptors that drivers `watch`.

        clock = SystemClock()
        clock.watch(port.fileno())       # the driver of a port, when it opens
        clock.wait(deadline)             # the pump
        clock.unwatch(port.fileno())     # the driver, before it closes the descriptor

    A descriptor that stays readable ends every wait at once. Deadlines are instants, so a wait that ended late does
    not delay the next one.

    turn   counts the waits. A port that reads a bounded number of frames per turn cannot, in a flood, keep the pump
           at one instant for ever; what it left is found by the next wait

    Plain select, because its timeout counts microseconds; those of poll and epoll are rounded up to milliseconds. It
    takes descriptors below 1024 only, on Windows sockets only and at least one.
    """

    def __init__(self, origin: Ns = 0) -> None:
        self.turn = 0
        self.origin = origin
        self._watched: set[int] = set()

    def now(self) -> Ns:
        return time.monotonic_ns() - self.origin

    def watch(self, fd: int) -> None:
        """End waits early while *fd* is readable. ValueError if it is watched already or no descriptor for select."""
        if fd in self._watched:
            raise ValueError(f"file descriptor {fd} is watched already")
        select.select([fd], [], [], 0)
        self._watched.add(fd)

    def unwatch(self, fd: int) -> None:
        """Idempotent."""
        self._watched.discard(fd)

    def wait(self, deadline: Ns) -> None:
        self.turn += 1
        readable: list[int] = []
        while not readable:
            remaining = deadline - self.now()
            # Ports are looked at even when time has run ahead of the deadlines.
            readable, _, _ = select.select(self._watched, [], [], to_s(max(0, remaining)))
            if remaining <= 0:
                return
