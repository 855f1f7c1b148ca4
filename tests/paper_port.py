"""A frame port made of two lists, and whoever must read it for the pump to run: what a wire is tested on."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from bench.clock import VirtualClock
from bench.errors import InterfaceDown
from bench.ids import MacAddress
from bench.mme import Frame, Mme, encode
from bench.ports import Drops, Stamped
from bench.pump import Pump
from bench.trace import FrameSeen, Trace
from bench.units import Ns
from bench.wire import Wire

HOST = MacAddress.parse("02:00:00:00:00:01")
PEER = MacAddress.parse("02:00:00:00:00:02")


@dataclass
class PaperPort:
    """What is sent is written down; what arrives was planned with `arrives`."""

    clock: VirtualClock
    name: str = "paper0"
    mac: MacAddress = HOST
    sent: list[Stamped] = field(default_factory=list)
    planned: list[tuple[Ns, int, bytes]] = field(default_factory=list)
    dropped: Drops = field(default=Drops(0, 0))
    down: bool = False

    def arrives(self, t: Ns, octets: bytes) -> None:
        heapq.heappush(self.planned, (t, len(self.planned), octets))

    def send(self, octets: bytes) -> Ns:
        if self.down:
            raise InterfaceDown(f"{self.name}: the interface is down")
        self.sent.append(Stamped(self.clock.now(), octets))
        return self.clock.now()

    def receive(self) -> list[Stamped]:
        came = []
        while self.planned and self.planned[0][0] <= self.clock.now():
            t, _, octets = heapq.heappop(self.planned)
            came.append(Stamped(t, octets))
        return came

    @property
    def stamp_resolution(self) -> Ns:
        return 0

    def drops(self) -> Drops:
        return self.dropped

    def close(self) -> None:
        pass


class Desk:
    """A wire on a paper port, a pump on a virtual clock, and itself as the one who reads."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.pump = Pump(self.clock)
        self.port = PaperPort(self.clock)
        self.trace = Trace()
        self.wire = Wire(self.port, self.trace, self.pump)
        self.taken: list[FrameSeen] = []
        self.pump.participants.append(self)

    def next_deadline(self) -> Ns | None:
        deadlines = [self.wire.next_deadline(), self.port.planned[0][0] if self.port.planned else None]
        return min((t for t in deadlines if t is not None), default=None)

    def busy(self) -> bool:
        return self.wire.arrived()

    def wake(self, now: Ns) -> None:
        self.taken += self.wire.take()
        self.wire.wake(now)

    def comes(self, mme: Mme, *, at: Ns, src: MacAddress = PEER) -> None:
        self.port.arrives(at, encode(Frame(HOST, src, mme)))

    def sends(self, mme: Mme) -> Frame:
        frame = Frame(PEER, HOST, mme)
        self.wire.send(frame, self.clock.now())
        return frame
