"""IPv6 on the computer of a simulated station: its address, its neighbours, and what is handed on of what comes in.

Theory of operation. A host has one link-local address, made of its MAC address. It answers whoever asks for it, learns
where its neighbours are from what they say of themselves (RFC 4861, 7.2.3 and 7.2.5; an SDP answer alone does not tell
it), and asks three times, a second apart, for one it does not know. ICMPv6 and TCP with a wrong checksum are dropped in
silence, as by a kernel. UDP is handed on: there are stations that answer it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bench.ids import MacAddress
from bench.net import (
    Icmpv6,
    Ipv6Address,
    Ipv6Frame,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    Tcp,
    Udp,
    address_claim,
    link_local,
    neighbour_advertisement,
    neighbour_solicitation,
)
from bench.net.icmpv6 import SOURCE_LINK_LAYER_ADDRESS, TARGET_LINK_LAYER_ADDRESS
from bench.sim.host import SimHost
from bench.units import s

RETRANS_TIMER = s(1)
"""RFC 4861, 10: between two questions for one neighbour."""
MAX_MULTICAST_SOLICIT = 3
"""RFC 4861, 10: questions until a neighbour counts as not there."""


class Ipv6Node:
    """*address* None: the link-local one of the MAC address the host has just then.

    neighbours    address -> MAC address, as far as known
    on_datagram   takes every frame with UDP, whatever its checksum
    on_segment    takes every frame with TCP for this address
    on_neighbour  called when a neighbour has become known
    """

    def __init__(self, host: SimHost, address: Ipv6Address | None = None) -> None:
        self.neighbours: dict[Ipv6Address, MacAddress] = {}
        self.on_datagram: Callable[[Ipv6Frame, Udp], None] | None = None
        self.on_segment: Callable[[Ipv6Frame, Tcp], None] | None = None
        self.on_neighbour: Callable[[], None] | None = None
        self._host = host
        self._address = address
        host.on_packet(self._hear)

    @property
    def address(self) -> Ipv6Address:
        return self._address or link_local(self._host.mac)

    @property
    def mac(self) -> MacAddress:
        return self._host.mac

    def claim(self) -> None:
        """Ask whether anybody has this address already, as an IPv6 host does before it uses one (RFC 4862, 5.4)."""
        self.send(address_claim(self.mac, self.address))

    def look_for(self, neighbour: Ipv6Address) -> None:
        self.send(neighbour_solicitation(self.mac, self.address, neighbour))

    def send(self, frame: Ipv6Frame, *, repeat: int = 0) -> bool:
        """False if the edits of the host withheld it."""
        return self._host.send_packet(frame, repeat=repeat)

    def note(self, text: str) -> None:
        self._host.note(text)

    def _hear(self, frame: Ipv6Frame) -> None:
        packet = frame.packet
        match packet.payload:
            case Udp() as udp:
                if self.on_datagram is not None:
                    self.on_datagram(frame, udp)
            case Tcp(checksum=None) as tcp:
                if self.on_segment is not None and packet.dst == self.address:
                    self.on_segment(frame, tcp)
            case Icmpv6(message=NeighbourSolicitation() as question, checksum=None):
                self._learn(packet.src, question, SOURCE_LINK_LAYER_ADDRESS)
                if question.target == self.address:
                    self._answer(frame)
            case Icmpv6(message=NeighbourAdvertisement() as answer, checksum=None):
                self._learn(answer.target, answer, TARGET_LINK_LAYER_ADDRESS)

    def _answer(self, question: Ipv6Frame) -> None:
        self.send(neighbour_advertisement(question, self.mac, self.address))

    def _learn(self, owner: Ipv6Address, message: NeighbourSolicitation | NeighbourAdvertisement, kind: int) -> None:
        for option in message.options:
            if option.kind == kind and len(option.body) == MacAddress.SIZE:
                self.neighbours[owner] = MacAddress(option.body)
                if self.on_neighbour is not None:
                    self.on_neighbour()


def with_hop_limit(frame: Ipv6Frame, hop_limit: int) -> Ipv6Frame:
    return replace(frame, packet=replace(frame.packet, hop_limit=hop_limit))
