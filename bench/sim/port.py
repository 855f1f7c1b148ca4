"""The Ethernet interface of a computer that a virtual adapter is plugged into."""

from __future__ import annotations

from bench.ids import MacAddress
from bench.ports import Stamped
from bench.sim.adapter import VirtualAdapter
from bench.sim.world import World
from bench.units import Ns


class SimPort:
    """A `FramePort` whose cable leads to a `VirtualAdapter`. Takes the adapter's only Ethernet jack."""

    def __init__(self, world: World, adapter: VirtualAdapter, *, name: str, mac: MacAddress) -> None: ...

    def send(self, octets: bytes) -> Ns: ...

    def receive(self) -> list[Stamped]: ...

    def close(self) -> None: ...
