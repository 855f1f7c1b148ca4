"""What both SDP sides add to the engine: IPv6 frames, and which of them are theirs."""

from __future__ import annotations

import hashlib
from typing import Any

from bench.ids import MacAddress
from bench.machine import Machine, OnT, StateT
from bench.net import (
    Ipv6Address,
    Ipv6Frame,
    NeighbourSolicitation,
    SdpRequest,
    SdpResponse,
    Tcp,
    Udp,
    V2gtp,
    neighbour_advertisement,
    tcp_refusal,
    violations,
)
from bench.net.address import LINK_LOCAL_PREFIX
from bench.sdp.events import SdpEvent
from bench.sdp.timers import SdpTimers
from bench.units import Ns


def own_address(mac: MacAddress) -> Ipv6Address:
    """The link-local address of a station of the bench: the same every time, but not the EUI-64 of *mac*.

    The kernel may have IPv6 on the same interface, with the EUI-64 address. To an address that is not its own it does
    not answer: neither neighbour solicitations nor "port unreachable" to SDP nor a reset to TCP.
    """
    return Ipv6Address(LINK_LOCAL_PREFIX + hashlib.sha256(b"ccs-bench" + mac).digest()[:8])


def sdp_message(frame: Ipv6Frame) -> SdpRequest | SdpResponse | bytes | None:
    """The SDP message in *frame*; its octets where they are none of that type; None where it is no V2GTP datagram."""
    datagram = frame.packet.payload
    if not isinstance(datagram, Udp) or not isinstance(datagram.payload, V2gtp):
        return None
    return datagram.payload.payload


class SdpMachine(Machine[StateT, OnT]):
    """An IPv6 host with one SDP role. It also answers who asks for its address, else nobody could reach it."""

    outbox: list[Ipv6Frame]
    events: list[SdpEvent]

    def __init__(self, mac: MacAddress, timers: SdpTimers) -> None:
        super().__init__(mac, timers)
        self.address = own_address(mac)

    @staticmethod
    def said(frame: Any) -> tuple[str, str]:
        message = sdp_message(frame)
        return str(frame.src), "SDP request" if isinstance(message, SdpRequest) else "SDP response"

    def met_as_host(self, frame: Ipv6Frame, now: Ns) -> bool:
        """Answer what any IPv6 host answers; whether *frame* was of that kind.

        Somebody who asks for its address is told. Somebody who wants to connect is refused, so that a car knows at
        once: the bench has no V2G session yet.
        """
        message = frame.message
        if isinstance(message, NeighbourSolicitation):
            if message.target == self.address and not violations(frame):
                self.outbox.append(neighbour_advertisement(frame, self.mac, self.address))
            return True
        if isinstance(message, Tcp):
            if message.opens and frame.packet.dst == self.address and not violations(frame):
                self.outbox.append(tcp_refusal(frame, self.mac))
                self.ignored(now, str(frame.src), f"TCP SYN to port {message.dst_port}", "there is no V2G session yet")
            return True
        return False

    def unlawful(self, frame: Ipv6Frame, now: Ns, what: str) -> bool:
        """Whether *frame* breaks a rule, which is said."""
        broken = [str(violation) for violation in violations(frame)]
        if broken:
            self.ignored(now, str(frame.src), what, "; ".join(broken))
        return bool(broken)
