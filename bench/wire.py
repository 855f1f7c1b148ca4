"""One frame port with its record: everything that goes out or comes in is stamped into the trace.

Tests look at the wire ("collect", "expect") and lean on it ("withhold", "delay", "alter"): faults of the bench's own
station are made here, outside the protocol code.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from bench.errors import Deviation
from bench.mme import Frame, Mme, encode
from bench.ports import FramePort
from bench.pump import Pump
from bench.trace import Direction, FrameSeen, Trace
from bench.units import Ns, show

M = TypeVar("M", bound=Mme)
Matches = Callable[[FrameSeen], bool]
Outgoing = Callable[[Frame], "Frame | None"]
"""What becomes of a frame on its way out: another frame, or None for none."""


class Wire:
    """*port* under the name of the station that uses it."""

    def __init__(self, port: FramePort, trace: Trace, pump: Pump) -> None:
        self.port, self.trace, self.pump = port, trace, pump
        self._inbox: list[FrameSeen] = []
        self._outgoing: list[tuple[type[Mme], Outgoing, Ns]] = []
        self._delayed: list[tuple[Ns, int, Frame]] = []
        self._order = 0

    # for the station ----------------------------------------------------------------------------------------

    def arrived(self) -> bool:
        """Whether frames wait for `take`."""
        for t, octets in self.port.receive():
            self._inbox.append(self.trace.frame(t, self.port.name, Direction.IN, octets))
        return bool(self._inbox)

    def take(self) -> list[FrameSeen]:
        taken, self._inbox = self._inbox, []
        return taken

    def send(self, frame: Frame, now: Ns) -> None:
        """Send now, or what the test makes of it."""
        for kind, change, delay in self._outgoing:
            if isinstance(frame.mme, kind):
                changed = change(frame)
                if changed is None:
                    self.trace.note(now, self.port.name, f"{frame.mme.name} withheld by the test")
                    return
                frame = changed
                if delay:
                    self._order += 1
                    heapq.heappush(self._delayed, (now + delay, self._order, frame))
                    return
        self._put(frame)

    def _put(self, frame: Frame) -> None:
        octets = encode(frame)
        t = self.port.send(octets)
        self.trace.add(FrameSeen(t, self.port.name, Direction.OUT, octets, frame))

    def next_deadline(self) -> Ns | None:
        return self._delayed[0][0] if self._delayed else None

    def wake(self, now: Ns) -> None:
        while self._delayed and self._delayed[0][0] <= now:
            self._put(heapq.heappop(self._delayed)[2])

    # for tests: lean on what goes out ------------------------------------------------------------------------

    @contextmanager
    def altered(self, kind: type[Mme], change: Outgoing, *, delay: Ns = 0) -> Iterator[None]:
        """Within the block, outgoing messages of *kind* become *change(frame)*, *delay* later; None: not sent."""
        entry = (kind, change, delay)
        self._outgoing.append(entry)
        try:
            yield
        finally:
            self._outgoing.remove(entry)

    def withhold(self, kind: type[Mme]) -> None:
        """From now on send no message of *kind*."""
        self._outgoing.append((kind, lambda _: None, 0))

    def alter(self, kind: type[Mme], change: Outgoing) -> None:
        """From now on send *change(frame)* instead of messages of *kind*."""
        self._outgoing.append((kind, change, 0))

    def delay(self, kind: type[Mme], by: Ns) -> None:
        """From now on send messages of *kind* later."""
        self._outgoing.append((kind, lambda frame: frame, by))

    # for tests: look at what comes in ------------------------------------------------------------------------

    def seen(self, kind: type[Mme], *, since: Ns = 0, where: Matches | None = None) -> list[FrameSeen]:
        """Messages of *kind* that came in here at or after *since*."""
        return [
            entry
            for entry in self.trace.frames()
            if entry.port == self.port.name
            and entry.direction is Direction.IN
            and entry.t >= since
            and isinstance(entry.mme, kind)
            and (where is None or where(entry))
        ]

    def collect(
        self, kind: type[Mme], *, until: Callable[[], Any], within: Ns, where: Matches | None = None
    ) -> list[FrameSeen]:
        """The messages of *kind* that come in until *until()* is true or *within* is over."""
        since = self.pump.clock.now()
        self.pump.run(lambda: bool(until()), since + within)
        return self.seen(kind, since=since, where=where)

    def expect(
        self, kind: type[Mme], *, within: Ns, who: str, rule: str, where: Matches | None = None, since: Ns | None = None
    ) -> FrameSeen:
        """The first message of *kind*; Deviation if none comes *within*.

        One deadline, counted from *since* (now if not given); unrelated frames do not renew it.
        """
        start = self.pump.clock.now() if since is None else since
        found: list[FrameSeen] = []

        def here() -> bool:
            found.extend(self.seen(kind, since=start, where=where)[:1])
            return bool(found)

        if not self.pump.run(here, start + within):
            raise Deviation(
                f"{who} sent no {kind.name} within {show(within)}",
                rule=rule,
                waited=f"{show(start)} ... {show(start + within)}",
                saw=self.account(since=start),
                look="trace.pcapng and ladder.svg (attached)",
            )
        return found[0]

    def expect_none(self, kind: type[Mme], *, during: Ns, who: str, rule: str, where: Matches | None = None) -> None:
        """Deviation as soon as a message of *kind* comes in *during* the coming time."""
        start = self.pump.clock.now()
        if self.pump.run(lambda: bool(self.seen(kind, since=start, where=where)), start + during):
            first = self.seen(kind, since=start, where=where)[0]
            raise Deviation(
                f"{who} sent {kind.name} where it must be silent",
                rule=rule,
                waited=f"{show(start)} ... {show(start + during)}",
                saw=f"{first.mme} at {show(first.t)}",
                look="trace.pcapng and ladder.svg (attached)",
            )

    def account(self, *, since: Ns = 0) -> str:
        """What came in, in one line: `10 x CM_MNBC_SOUND.IND (0.610 s ... 0.880 s)`."""
        groups: dict[str, list[Ns]] = {}
        for entry in self.trace.frames():
            if entry.direction is Direction.IN and entry.port == self.port.name and entry.t >= since and entry.mme:
                groups.setdefault(entry.mme.name, []).append(entry.t)
        if not groups:
            return "no management message at all"
        return ", ".join(f"{len(ts)} x {name} (last at {show(ts[-1])})" for name, ts in groups.items())
