"""What a packet is called where a person reads it."""

from __future__ import annotations

from bench.net.frame import Ipv6Frame, RawPayload, Udp
from bench.net.icmpv6 import (
    Mldv2Report,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    RawIcmpv6,
    RouterAdvertisement,
    RouterSolicitation,
)
from bench.net.sdp import SdpRequest, SdpResponse
from bench.net.tcp import ACK, FIN, PSH, RST, SYN, Tcp

NAMES: dict[type, str] = {
    SdpRequest: "SDP request",
    SdpResponse: "SDP response",
    RouterSolicitation: "router solicitation",
    RouterAdvertisement: "router advertisement",
    NeighbourSolicitation: "neighbour solicitation",
    NeighbourAdvertisement: "neighbour advertisement",
    Mldv2Report: "multicast listener report",
}

FLAGS = {SYN: "SYN", FIN: "FIN", RST: "RST", PSH: "PSH", ACK: "ACK"}


def name_of(frame: Ipv6Frame) -> str:
    """`SDP request`, `neighbour solicitation`, `TCP SYN+ACK`, `UDP to port 53`, `IPv6, next header 59`."""
    message, carried = frame.message, frame.packet.payload
    if type(message) in NAMES:
        return NAMES[type(message)]
    if isinstance(message, RawIcmpv6):
        return f"ICMPv6 type {message.kind}"
    if isinstance(carried, Udp):
        return f"UDP to port {carried.dst_port}"
    if isinstance(carried, RawPayload):
        return f"IPv6, next header {carried.next_header}"
    assert isinstance(carried, Tcp)
    said = "+".join(name for bit, name in FLAGS.items() if carried.flags & bit)
    return f"TCP {said}".rstrip()
