"""One frame port with its record: everything that goes out or comes in is stamped into the trace.

Tests look at the wire ("collect", "expect") and lean on it ("withhold", "delay", "alter"): faults of the bench's own
station are made here, outside the protocol code.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from bench.errors import Deviation, InterfaceDown
from bench.mme import Frame, encode
from bench.net import Ipv6Frame
from bench.net import encode as encode_ipv6
from bench.net.words import NAMES, name_of
from bench.ports import FramePort
from bench.pump import Pump
from bench.trace import Direction, FrameSeen, Trace
from bench.units import Ns, show

Sent: TypeAlias = Frame | Ipv6Frame
Matches = Callable[[FrameSeen], bool]
Outgoing = Callable[[Any], "Sent | None"]
"""What becomes of a frame on its way out: another frame, or None for none."""


def said(frame: Sent) -> tuple[object, str]:
    """The message in *frame*, and its name."""
    return (frame.mme, frame.mme.name) if isinstance(frame, Frame) else (frame.message, name_of(frame))


class Wire:
    """*port* under the name of the station that uses it."""

    def __init__(self, port: FramePort, trace: Trace, pump: Pump) -> None:
        self.port, self.trace, self.pump = port, trace, pump
        self.received: list[FrameSeen] = []
        """Every frame that came in, oldest first."""
        self.unsent: list[tuple[Ns, str]] = []
        """What was lost because the interface was down: when, and which message."""
        self._inbox: list[FrameSeen] = []
        self._outgoing: list[tuple[type, Outgoing, Ns]] = []
        self._delayed: list[tuple[Ns, int, Sent]] = []
        self._order = 0

    # for the station ----------------------------------------------------------------------------------------

    def arrived(self) -> bool:
        """Whether frames wait for `take`."""
        for t, octets in self.port.receive():
            seen = self.trace.frame(t, self.port.name, Direction.IN, octets)
            self.received.append(seen)
            self._inbox.append(seen)
        return bool(self._inbox)

    def take(self) -> list[FrameSeen]:
        taken, self._inbox = self._inbox, []
        return taken

    def send(self, frame: Sent, now: Ns) -> None:
        """Send now, or what the test makes of it."""
        message, name = said(frame)
        later = 0
        for kind, change, delay in self._outgoing:
            if not isinstance(message, kind):
                continue
            changed = change(frame)
            if changed is None:
                self.trace.note(now, self.port.name, f"{name} withheld by the test")
                return
            if changed != frame:
                self.trace.note(now, self.port.name, f"{name} altered by the test")
            frame, later = changed, later + delay
        if later:
            self.trace.note(now, self.port.name, f"{name} held back for {show(later)} by the test")
            self._order += 1
            heapq.heappush(self._delayed, (now + later, self._order, frame))
        else:
            self._put(frame)

    def _put(self, frame: Sent) -> None:
        octets = encode(frame) if isinstance(frame, Frame) else encode_ipv6(frame)
        try:
            t = self.port.send(octets)
        except InterfaceDown as error:
            # To the machine it is a lost frame, which it knows how to deal with; the verdict is another matter.
            now = self.pump.clock.now()
            _, name = said(frame)
            self.unsent.append((now, name))
            self.trace.note(now, self.port.name, f"{name} lost: {error}")
            return
        mme, packet = (frame, None) if isinstance(frame, Frame) else (None, frame)
        self.trace.add(FrameSeen(t, self.port.name, Direction.OUT, octets, mme, packet))

    def next_deadline(self) -> Ns | None:
        return self._delayed[0][0] if self._delayed else None

    def wake(self, now: Ns) -> None:
        while self._delayed and self._delayed[0][0] <= now:
            self._put(heapq.heappop(self._delayed)[2])

    def doubts(self) -> list[str]:
        """Why what was seen here may not be the whole truth; nothing as long as all is well."""
        found = []
        if self.unsent:
            first, name = self.unsent[0]
            found.append(
                f"{self.port.name}: the interface was down, {len(self.unsent)} message(s) of the bench were not sent, "
                f"{name} at {show(first)} first"
            )
        dropped = self.port.drops()
        if any(dropped):
            found.append(
                f"{self.port.name}: frames were lost, {dropped.ring} because the bench was too slow, "
                f"{dropped.interface} in the network card"
            )
        return found

    # for tests: lean on what goes out ------------------------------------------------------------------------

    @contextmanager
    def altered(self, kind: type, change: Outgoing, *, delay: Ns = 0) -> Iterator[None]:
        """Within the block, outgoing messages of *kind* become *change(frame)*, *delay* later; None: not sent."""
        entry = (kind, change, delay)
        self._outgoing.append(entry)
        try:
            yield
        finally:
            self._outgoing.remove(entry)

    def withhold(self, kind: type) -> None:
        """From now on send no message of *kind*."""
        self._outgoing.append((kind, lambda _: None, 0))

    def alter(self, kind: type, change: Outgoing) -> None:
        """From now on send *change(frame)* instead of messages of *kind*."""
        self._outgoing.append((kind, change, 0))

    def delay(self, kind: type, by: Ns) -> None:
        """From now on send messages of *kind* later."""
        self._outgoing.append((kind, lambda frame: frame, by))

    # for tests: look at what comes in ------------------------------------------------------------------------

    def seen(self, kind: type, *, since: Ns = 0, after: int = 0, where: Matches | None = None) -> list[FrameSeen]:
        """Messages of *kind* (management, SDP, ICMPv6) that came in here at or after the instant *since*, behind the
        first *after* frames."""
        return [
            entry
            for entry in self.received[after:]
            if entry.t >= since and isinstance(entry.message, kind) and (where is None or where(entry))
        ]

    def collect(
        self, kind: type, *, until: Callable[[], Any], within: Ns, where: Matches | None = None
    ) -> list[FrameSeen]:
        """The messages of *kind* that come in from now until *until()* is true or *within* is over."""
        after = len(self.received)
        self.pump.run(lambda: bool(until()), self.pump.clock.now() + within)
        return self.seen(kind, after=after, where=where)

    def first(
        self, kind: type, *, within: Ns, where: Matches | None = None, after: int | None = None
    ) -> FrameSeen | None:
        """The first message of *kind* that comes in from now (or behind the first *after* frames) on, None if none.

        One deadline, counted from now; unrelated frames do not renew it.
        """
        looked_at = len(self.received) if after is None else after
        found: list[FrameSeen] = []

        def here() -> bool:
            nonlocal looked_at
            found.extend(self.seen(kind, after=looked_at, where=where)[:1])
            looked_at = len(self.received)
            return bool(found)

        self.pump.run(here, self.pump.clock.now() + within)
        return found[0] if found else None

    def expect(
        self,
        kind: type,
        *,
        within: Ns,
        who: str,
        rule: str,
        where: Matches | None = None,
        after: int | None = None,
    ) -> FrameSeen:
        """As `first`, but Deviation if none comes."""
        start, here = self.pump.clock.now(), len(self.received)
        found = self.first(kind, within=within, where=where, after=after)
        if found is None:
            raise Deviation(
                f"{who} sent no {_kind_name(kind)} within {show(within)}",
                rule=rule,
                waited=f"{show(start)} ... {show(start + within)}",
                saw=self.account(after=here),
                look="trace.pcapng and ladder.svg (attached)",
            )
        return found

    def expect_none(self, kind: type, *, during: Ns, who: str, rule: str, where: Matches | None = None) -> None:
        """Deviation as soon as a message of *kind* comes in *during* the coming time."""
        start = self.pump.clock.now()
        found = self.first(kind, within=during, where=where)
        if found is not None:
            raise Deviation(
                f"{who} sent {_kind_name(kind)} where it must be silent",
                rule=rule,
                waited=f"{show(start)} ... {show(start + during)}",
                saw=f"{found.message} at {show(found.t)}",
                look="trace.pcapng and ladder.svg (attached)",
            )

    def account(self, *, since: Ns = 0, after: int = 0) -> str:
        """What came in, in one line: `10 x CM_MNBC_SOUND.IND (last at 0.880 s)`. *since*, *after*: as in `seen`."""
        groups: dict[str, list[Ns]] = {}
        for entry in self.received[after:]:
            if entry.t >= since and entry.name:
                groups.setdefault(entry.name, []).append(entry.t)
        if not groups:
            return "no message at all"
        return ", ".join(f"{len(ts)} x {name} (last at {show(ts[-1])})" for name, ts in groups.items())


def _kind_name(kind: type) -> str:
    """Of a class of messages, without one at hand."""
    return NAMES.get(kind) or str(getattr(kind, "name", kind.__name__))
