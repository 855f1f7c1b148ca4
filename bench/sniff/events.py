"""From frames to what a person wants to be told: SLAC, keys, networks, and the first IPv6 and SDP frame of everybody.

Keys are masked unless somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Generic, TypeVar

from bench.ids import BROADCAST, MacAddress
from bench.mme import (
    CmAttenProfileInd,
    CmSetKeyCnf,
    CmSetKeyReq,
    Mme,
    VsAttenCharInd,
    VsNwInfoCnf,
    VsNwInfoCnfV0,
)
from bench.report.messages import details, is_matching
from bench.trace import Direction, FrameSeen
from bench.units import Ns

IPV6 = b"\x86\xdd"
UDP, TCP, ICMPV6, HOP_BY_HOP = 17, 6, 58, 0
IP_HEADER, UDP_HEADER = 14 + 40, 8
SDP_PORT = 15118
SDP = {b"\x90\x00": "SDP request", b"\x90\x01": "SDP response"}
"""By the payload type of V2GTP. DIN 70121 and ISO 15118-2."""
V2GTP_VERSION = b"\x01\xfe"
SECURITY = {0x00: "TLS", 0x10: "no TLS"}
PROTOCOLS = {UDP: "UDP", TCP: "TCP", ICMPV6: "ICMPv6", HOP_BY_HOP: "ICMPv6 (multicast listener)"}
ICMPV6_TYPES = {133: "router solicitation", 134: "router advertisement", 135: "neighbour solicitation"}
REMEMBERED = 256
"""Senders. On a line with more of them some are told a second time."""

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Event:
    """One line.

    t      of the frame, on the rig's clock
    kind   slac, key, network, ipv6, sdp, drops, adapter, malformed, join, note
    facts  for the JSON form
    """

    t: Ns
    kind: str
    text: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Membership:
    """A network with others in it, as the adapter tells."""

    nid: str
    coordinates: bool
    stations: frozenset[MacAddress]

    def __str__(self) -> str:
        role = "as its coordinator " if self.coordinates else ""
        return f"network NID {self.nid} {role}with {', '.join(sorted(map(str, self.stations)))}"


class Firsts(Generic[K]):
    """Tells whether something is new; forgets the oldest beyond REMEMBERED."""

    def __init__(self) -> None:
        self._known: dict[K, None] = {}

    def is_new(self, what: K) -> bool:
        if what in self._known:
            return False
        self._known[what] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return True


class Watcher:
    """Turns frames into events, one by one.

    modem   the adapter at this interface; None: none answered
    """

    def __init__(self, modem: MacAddress | None, *, show_keys: bool = False) -> None:
        self.modem, self._show_keys = modem, show_keys
        self.networks: frozenset[Membership] | None = None
        """What the adapter last told; None: nothing yet."""
        self._ipv6: Firsts[bytes] = Firsts()
        self._sdp: Firsts[tuple[bytes, bytes]] = Firsts()

    def events(self, seen: FrameSeen) -> list[Event]:
        mme = seen.mme
        if isinstance(mme, Mme):
            return self._of_message(seen, mme)
        if seen.octets[12:14] == IPV6:
            return self._of_ipv6(seen)
        return []

    def _of_message(self, seen: FrameSeen, mme: Mme) -> list[Event]:
        if is_matching(mme) or isinstance(mme, CmAttenProfileInd | VsAttenCharInd):
            return [self._message(seen, mme, "slac")]
        if isinstance(mme, CmSetKeyReq | CmSetKeyCnf):
            return [self._message(seen, mme, "key")]
        assert seen.frame is not None
        if isinstance(mme, VsNwInfoCnf | VsNwInfoCnfV0) and seen.frame.src == self.modem:
            return self._of_networks(seen.t, mme)
        return []

    def _message(self, seen: FrameSeen, mme: Mme, kind: str) -> Event:
        assert seen.frame is not None
        src, dst = seen.frame.src, seen.frame.dst
        here = seen.direction is Direction.OUT
        said = details(mme, self._show_keys)
        whose = ", this adapter," if src == self.modem else ", sent here," if here else ""
        to = "everybody" if dst == BROADCAST else str(dst)
        text = f"{mme.name:<23} {src}{whose} to {to}" + (f": {said}" if said else "")
        facts: dict[str, object] = {
            "message": mme.name,
            "src": str(src),
            "dst": str(dst),
            "direction": seen.direction.value,
            "details": said,
        }
        if (run_id := getattr(mme, "run_id", None)) is not None:
            facts["run_id"] = str(run_id)
        return Event(seen.t, kind, text, facts)

    def _of_networks(self, t: Ns, told: VsNwInfoCnf | VsNwInfoCnfV0) -> list[Event]:
        now = frozenset(
            Membership(str(net.nid), net.role == 2, frozenset(station.mac for station in net.stations))
            for net in told.networks
            if net.stations
        )
        before, self.networks = self.networks, now
        if now == before:
            return []
        if not now:
            text = (
                "this adapter is in no network with others" if before is None else "this adapter has left its network"
            )
        else:
            whole = " and ".join(sorted(map(str, now)))
            text = f"this adapter is {'now ' if before is not None else ''}in {whole}"
        facts = {
            "networks": [
                {"nid": each.nid, "coordinates": each.coordinates, "stations": sorted(map(str, each.stations))}
                for each in sorted(now, key=str)
            ]
        }
        return [Event(t, "network", text, facts)]

    def _of_ipv6(self, seen: FrameSeen) -> list[Event]:
        octets = seen.octets
        if len(octets) < IP_HEADER:
            return []
        src, here = octets[6:12], seen.direction is Direction.OUT
        who = f"{MacAddress(src)}{' (sent here)' if here else ''}"
        found = []
        base = {"src": str(MacAddress(src)), "direction": seen.direction.value}
        if self._ipv6.is_new(src):
            protocol = octets[20]
            what = PROTOCOLS.get(protocol, f"protocol {protocol}")
            if protocol == ICMPV6 and len(octets) > IP_HEADER:
                what = ICMPV6_TYPES.get(octets[IP_HEADER], what)
            text = f"first IPv6 frame of {who}: {what} from {IPv6Address(octets[22:38])}"
            found.append(Event(seen.t, "ipv6", text, base | {"what": what}))
        said = sdp_of(octets)
        if said is not None and self._sdp.is_new((src, said[0].encode())):
            name, about = said
            found.append(
                Event(seen.t, "sdp", f"first {name} of {who}: {about}", base | {"what": name, "details": about})
            )
        return found


def sdp_of(octets: bytes) -> tuple[str, str] | None:
    """(`SDP request` or `SDP response`, what it says) of an untagged IPv6 frame; None for any other."""
    v2gtp = IP_HEADER + UDP_HEADER
    if octets[20] != UDP or len(octets) < v2gtp + 8:
        return None
    ports = int.from_bytes(octets[54:56]), int.from_bytes(octets[56:58])
    name = SDP.get(octets[v2gtp + 2 : v2gtp + 4])
    if SDP_PORT not in ports or octets[v2gtp : v2gtp + 2] != V2GTP_VERSION or name is None:
        return None
    body = octets[v2gtp + 8 :]
    if name == "SDP request" and len(body) >= 2:
        return name, _security(body[0])
    if name == "SDP response" and len(body) >= 20:
        port = int.from_bytes(body[16:18])
        return name, f"[{IPv6Address(body[:16])}]:{port}, {_security(body[18])}"
    return name, "cut short"


def _security(octet: int) -> str:
    return SECURITY.get(octet, f"security 0x{octet:02x}")
