"""The Ethernet interface of a computer that a virtual adapter is plugged into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import PortError
from bench.ids import MacAddress
from bench.ports import Drops, Stamped
from bench.sim.adapter import VirtualAdapter
from bench.sim.world import World
from bench.units import Ns

HEADER = 14
SHORTEST, LONGEST = 60, 1514
"""Ethernet frames without check sequence: network cards pad shorter ones and refuse longer ones."""


class SimEar:
    """What leaves through a port, with the instants at which it did."""

    def __init__(self) -> None:
        self.heard: list[Stamped] = []

    def receive(self) -> list[Stamped]:
        heard, self.heard = self.heard, []
        return heard


class SimPort:
    """A `FramePort` whose cable leads to a `VirtualAdapter`. Takes the adapter's only Ethernet jack.

    A frame sent to an adapter without power is lost, as on a cable whose other end is dark.
    """

    def __init__(self, world: World, adapter: VirtualAdapter, *, name: str, mac: MacAddress) -> None:
        self.name = name
        self.mac = mac
        self._world = world
        self._adapter = adapter
        self._queue: list[Stamped] = []
        self._open = True
        self._ears: list[SimEar] = []
        adapter.attach_host(self._arrived)

    def __repr__(self) -> str:
        return f"<{self.name} {self.mac} to {self._adapter.name}>"

    def send(self, octets: bytes) -> Ns:
        self._check_open()
        if not HEADER <= len(octets) <= LONGEST:
            raise PortError(f"{self.name}: an Ethernet frame has {HEADER} to {LONGEST} octets, got {len(octets)}")
        t = self._world.now()
        for ear in self._ears:
            ear.heard.append(Stamped(t, octets))
        self._adapter.from_host(octets.ljust(SHORTEST, b"\0"))
        return t

    def receive(self) -> list[Stamped]:
        self._check_open()
        frames, self._queue = self._queue, []
        return frames

    @property
    def stamp_resolution(self) -> Ns:
        """The world's time is exact."""
        return 0

    def drops(self) -> Drops:
        """None: the queue is as long as it must be."""
        self._check_open()
        return Drops(0, 0)

    def close(self) -> None:
        """Idempotent. Frees the adapter's jack."""
        if self._open:
            self._open = False
            self._adapter.detach_host()

    @contextmanager
    def ear(self) -> Iterator[SimEar]:
        """Hears the frames that leave, for as long as the block lasts."""
        ear = SimEar()
        self._ears.append(ear)
        try:
            yield ear
        finally:
            self._ears.remove(ear)

    def _arrived(self, octets: bytes) -> None:
        self._queue.append(Stamped(self._world.now(), octets))

    def _check_open(self) -> None:
        if not self._open:
            raise PortError(f"{self.name}: the port is closed")
