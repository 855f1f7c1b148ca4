"""Frames of both directions in one row: what the adapter hands over, and what this computer's programs send.

They come from two queues of the kernel. A frame is held back for a moment, so that an older one of the other queue can
still go before it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from bench.ports import FramePort
from bench.trace import Direction, Entry, FrameSeen, Note, Trace
from bench.units import Ns, ms

HOLD: Ns = ms(20)
"""Longer than a queue stays unread on a busy computer, shorter than anybody notices."""


class Ears:
    """A participant of the pump. *heard* gets every frame and note in the order of the stamps, HOLD late.

    trace  of the wire that reads the adapter's port
    own    a port that hears what this computer sends; None: there is none, and what the wire sends is all that is known
    """

    def __init__(self, trace: Trace, own: FramePort | None, heard: Callable[[FrameSeen | Note], None]) -> None:
        self._trace, self._own, self._heard = trace, own, heard
        self._held: list[tuple[Ns, int, FrameSeen | Note]] = []
        self._order = 0
        # Only to decode: what goes through it is not kept.
        self._decoder = Trace(listeners=[self._hold])
        trace.listeners.append(self._from_wire)

    def _from_wire(self, entry: Entry) -> None:
        if isinstance(entry, FrameSeen) and entry.direction is Direction.OUT and self._own is not None:
            return
        self._hold(entry)

    def _hold(self, entry: Entry) -> None:
        if isinstance(entry, FrameSeen | Note):
            self._order += 1
            heapq.heappush(self._held, (entry.t, self._order, entry))

    def next_deadline(self) -> Ns | None:
        return self._held[0][0] + HOLD if self._held else None

    def busy(self) -> bool:
        """Whether something new is held, so that the pump reckons with its deadline."""
        if self._own is None:
            return False
        came = self._own.receive()
        for t, octets in came:
            self._decoder.frame(t, self._own.name, Direction.OUT, octets)
        self._decoder.clear()
        return bool(came)

    def wake(self, now: Ns) -> None:
        self._release(now - HOLD)

    def flush(self) -> None:
        """Hand over what is held back, at the end."""
        try:
            self.busy()
        finally:
            self._release(None)

    def _release(self, until: Ns | None) -> None:
        while self._held and (until is None or self._held[0][0] <= until):
            self._heard(heapq.heappop(self._held)[2])
