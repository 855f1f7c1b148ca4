"""Adapters as they were found, and which of them are in one network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from bench.ids import MacAddress, Nid


@dataclass(frozen=True, slots=True)
class Peer:
    """Another station of an adapter's network, as the adapter tells it. Rates in Mbit/s."""

    mac: MacAddress
    tei: int
    tx_mbps: int
    rx_mbps: int


@dataclass(frozen=True, slots=True)
class Membership:
    """The network an adapter says it is in.

    role     0 station, 1 proxy coordinator, 2 coordinator (CCo)
    peers    its other stations
    """

    nid: Nid
    snid: int
    tei: int
    role: int
    cco_mac: MacAddress
    peers: tuple[Peer, ...]

    def lists(self, mac: MacAddress) -> bool:
        return any(peer.mac == mac for peer in self.peers)


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter that answered on one interface.

    local     it is directly on this Ethernet; else its answer came through the powerline
    networks  None: it did not tell
    """

    interface: str
    mac: MacAddress
    local: bool
    chip: str
    device_class: int
    firmware: str
    networks: tuple[Membership, ...] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking on one interface. *trouble*: why it could not be asked, or not to the end."""

    interface: str
    adapters: tuple[Adapter, ...] = ()
    trouble: str = ""

    @property
    def local(self) -> tuple[Adapter, ...]:
        return tuple(adapter for adapter in self.adapters if adapter.local)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two adapters that are plugged into this computer. *together*: in one network; None: they do not tell."""

    a: Adapter
    b: Adapter
    together: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Survey:
    """asked  every interface that was asked
    skipped   the others, each with the reason
    """

    asked: tuple[Asked, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def adapters(self) -> tuple[Adapter, ...]:
        return tuple(adapter for asked in self.asked for adapter in asked.adapters)

    @property
    def troubles(self) -> tuple[Asked, ...]:
        return tuple(asked for asked in self.asked if asked.trouble)

    def pairs(self) -> list[Pair]:
        return pairs_of(self.adapters)


def pairs_of(adapters: Sequence[Adapter]) -> list[Pair]:
    """Every two different adapters that are directly on an interface of this computer."""
    local = {adapter.mac: adapter for adapter in adapters if adapter.local}
    return [Pair(a, b, *relation(a, b)) for a, b in combinations(local.values(), 2)]


def relation(a: Adapter, b: Adapter) -> tuple[bool | None, str]:
    """Whether *a* and *b* are in one network (same NID, and one lists the other), and the reason."""
    for one in (a, b):
        if one.networks is None:
            return None, f"{one.mac} does not tell its network"
    for one in (a, b):
        if not one.networks:
            return False, f"{one.mac} is in no network"
    for mine in a.networks or ():
        for other in b.networks or ():
            if mine.nid == other.nid and (mine.lists(b.mac) or other.lists(a.mac)):
                return True, f"NID {mine.nid}"
    ours, theirs = ({each.nid for each in one.networks or ()} for one in (a, b))
    if common := ours & theirs:
        return False, f"same NID {common.pop()}, but neither lists the other: the powerline between them is cut"
    return False, f"different networks, NID {ours.pop()} and {theirs.pop()}"
