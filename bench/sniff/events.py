"""From frames to what a person wants to be told: SLAC, keys, networks, and the first IPv6 and SDP frame of everybody.

Keys are masked unless somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
from bench.net import Ipv6Frame, SdpRequest, SdpResponse
from bench.report.messages import details, is_matching, packet_details
from bench.trace import Direction, FrameSeen
from bench.units import Ns

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
        self._ipv6: Firsts[MacAddress] = Firsts()
        self._sdp: Firsts[tuple[MacAddress, str]] = Firsts()

    def events(self, seen: FrameSeen) -> list[Event]:
        mme = seen.mme
        if isinstance(mme, Mme):
            return self._of_message(seen, mme)
        return [] if seen.packet is None else self._of_packet(seen, seen.packet)

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

    def _of_packet(self, seen: FrameSeen, frame: Ipv6Frame) -> list[Event]:
        who = f"{frame.src}{' (sent here)' if seen.direction is Direction.OUT else ''}"
        base = {"src": str(frame.src), "direction": seen.direction.value}
        found = []
        if self._ipv6.is_new(frame.src):
            text = f"first IPv6 frame of {who}: {seen.name} from {frame.packet.src}"
            found.append(Event(seen.t, "ipv6", text, base | {"what": seen.name}))
        if isinstance(frame.message, SdpRequest | SdpResponse) and self._sdp.is_new((frame.src, seen.name)):
            said = packet_details(frame)
            text = f"first {seen.name} of {who}: {said}"
            found.append(Event(seen.t, "sdp", text, base | {"what": seen.name, "details": said}))
        return found
