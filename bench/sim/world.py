"""The time line of the simulated world.

`World` holds what will happen and when. It is moved by the pump like any other participant: it offers
`next_deadline()` and, told the time, runs what is due. On a virtual clock an hour costs milliseconds; on the system
clock the same world runs in real time.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from typing import Any

from bench.clock import Clock
from bench.units import Ns


class Timer:
    """Something that will happen; `cancel()` and it will not."""

    __slots__ = ("call", "t")

    def __init__(self, t: Ns, call: Callable[[], Any]) -> None:
        self.t: Ns = t
        self.call: Callable[[], Any] | None = call

    def cancel(self) -> None:
        self.call = None

    @property
    def pending(self) -> bool:
        return self.call is not None


class World:
    """Events in order of time, and of scheduling where the time is the same, so that two runs are identical.

    *seed* feeds `rng(name)`: each station draws its scatter from a generator of its own, so that adding one station
    does not change what another does.
    """

    def __init__(self, clock: Clock, *, seed: int = 0) -> None:
        self.clock = clock
        self.seed = seed
        self._events: list[tuple[Ns, int, Timer]] = []
        self._order = 0
        self._running: Ns | None = None

    def now(self) -> Ns:
        """The instant of the event that is running, else the clock's."""
        return self.clock.now() if self._running is None else self._running

    def rng(self, name: str) -> random.Random:
        return random.Random(f"{self.seed}/{name}")

    def at(self, t: Ns, call: Callable[[], Any]) -> Timer:
        timer = Timer(t, call)
        self._order += 1
        heapq.heappush(self._events, (t, self._order, timer))
        return timer

    def after(self, delay: Ns, call: Callable[[], Any]) -> Timer:
        return self.at(self.now() + delay, call)

    def next_deadline(self) -> Ns | None:
        events = self._events
        while events and events[0][2].call is None:
            heapq.heappop(events)
        return events[0][0] if events else None

    def busy(self) -> bool:
        """Nothing waits in the world without a time."""
        return False

    def wake(self, now: Ns) -> None:
        """Run everything that is due at *now*, what it causes at the same instant included."""
        events = self._events
        try:
            while events and events[0][0] <= now:
                t, _, timer = heapq.heappop(events)
                call, timer.call = timer.call, None
                if call is not None:
                    self._running = t
                    call()
        finally:
            self._running = None
