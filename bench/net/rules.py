"""What is wrong with a frame, each with its rule.

Decoding accepts and encoding permits what no station may send; `violations` says it aloud. Clauses of ISO 15118-2 are
named as other implementations name them, not verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.net.address import ALL_NODES, UNSPECIFIED, multicast_mac
from bench.net.frame import ROUTER_ALERT, Ipv6, Ipv6Frame, RawPayload, Udp, right_checksum
from bench.net.icmpv6 import (
    Icmpv6,
    Mldv2Report,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    RawIcmpv6,
    RouterAdvertisement,
    RouterSolicitation,
)
from bench.net.sdp import SDP_PORT, SdpRequest, Security, Transport
from bench.net.v2gtp import INVERSE_VERSION, KNOWN_TYPES, SDP_MESSAGES, VERSION, V2gtp

IPV6_RULE, CHECKSUM_RULE = "RFC 8200, 3", "RFC 8200, 8.1"
GROUP_RULE = "RFC 2464, 7"
NEIGHBOUR_RULE, LISTENER_RULE = "RFC 4861, 6.1 and 7.1", "RFC 3810, 5"
V2GTP_RULE, SDP_RULE = "ISO 15118-2, 7.8.3 (not verified)", "ISO 15118-2, 7.10.1 (not verified)"
NEIGHBOUR_HOP_LIMIT, LISTENER_HOP_LIMIT = 255, 1


@dataclass(frozen=True, slots=True)
class Violation:
    """field   the class and field that is wrong, `Udp.checksum`"""

    field: str
    what: str
    rule: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what} ({self.rule})"


def violations(frame: Ipv6Frame) -> list[Violation]:
    """Everything wrong with *frame* that the frame alone shows; empty for one that any host accepts."""
    return [found for check in CHECKS for found in check(frame)]


def _lengths(frame: Ipv6Frame) -> Iterator[Violation]:
    packet = frame.packet
    if packet.payload_length is not None:
        what = f"{packet.payload_length} octets announced, more or fewer are there"
        yield Violation("Ipv6.payload_length", what, IPV6_RULE)
    if isinstance(packet.payload, Udp) and packet.payload.length is not None:
        yield Violation("Udp.length", f"{packet.payload.length} octets announced, more or fewer are there", "RFC 768")


def _checksums(frame: Ipv6Frame) -> Iterator[Violation]:
    payload = frame.packet.payload
    if isinstance(payload, RawPayload) or payload.checksum is None:
        return
    right = right_checksum(frame.packet)
    if payload.checksum != right:
        yield Violation(
            f"{type(payload).__name__}.checksum", f"0x{payload.checksum:04X} instead of 0x{right:04X}", CHECKSUM_RULE
        )


def _addresses(frame: Ipv6Frame) -> Iterator[Violation]:
    packet = frame.packet
    if packet.src.is_multicast:
        yield Violation("Ipv6.src", f"a group, {packet.src}, cannot send", "RFC 4291, 2.7")
    if packet.dst.is_multicast and frame.dst != multicast_mac(packet.dst):
        what = f"{frame.dst} instead of {multicast_mac(packet.dst)}, which belongs to the group {packet.dst}"
        yield Violation("Ipv6Frame.dst", what, GROUP_RULE)


def _neighbours(frame: Ipv6Frame) -> Iterator[Violation]:
    packet = frame.packet
    if not isinstance(packet.payload, Icmpv6):
        return
    icmpv6 = packet.payload
    known = RouterSolicitation | RouterAdvertisement | NeighbourSolicitation | NeighbourAdvertisement
    if isinstance(icmpv6.message, RawIcmpv6):
        if RouterSolicitation.kind <= icmpv6.message.kind <= NeighbourAdvertisement.kind:
            yield Violation("RawIcmpv6.body", f"cannot be read as type {icmpv6.message.kind}", NEIGHBOUR_RULE)
        return
    if icmpv6.code:
        yield Violation("Icmpv6.code", f"{icmpv6.code} instead of 0", NEIGHBOUR_RULE)
    if isinstance(icmpv6.message, known) and packet.hop_limit != NEIGHBOUR_HOP_LIMIT:
        what = f"{packet.hop_limit} instead of {NEIGHBOUR_HOP_LIMIT}, so it may come from another link"
        yield Violation("Ipv6.hop_limit", what, NEIGHBOUR_RULE)
    if (
        isinstance(icmpv6.message, NeighbourSolicitation | NeighbourAdvertisement)
        and icmpv6.message.target.is_multicast
    ):
        yield Violation(f"{type(icmpv6.message).__name__}.target", "a group has no owner", NEIGHBOUR_RULE)


def _listeners(frame: Ipv6Frame) -> Iterator[Violation]:
    packet = frame.packet
    if not (isinstance(packet.payload, Icmpv6) and isinstance(packet.payload.message, Mldv2Report)):
        return
    if packet.hop_limit != LISTENER_HOP_LIMIT:
        yield Violation("Ipv6.hop_limit", f"{packet.hop_limit} instead of {LISTENER_HOP_LIMIT}", LISTENER_RULE)
    if ROUTER_ALERT[:4] not in packet.hop_by_hop:
        yield Violation("Ipv6.hop_by_hop", "no router alert", LISTENER_RULE)
    if not packet.src.is_link_local and packet.src != UNSPECIFIED:
        yield Violation("Ipv6.src", f"{packet.src} is not link-local", LISTENER_RULE)


def _v2gtp(frame: Ipv6Frame) -> Iterator[Violation]:
    found = _v2gtp_of(frame.packet)
    if found is None:
        return
    if found.version != VERSION:
        yield Violation("V2gtp.version", f"0x{found.version:02X} instead of 0x01", V2GTP_RULE)
    if found.inverse_version != INVERSE_VERSION:
        yield Violation("V2gtp.inverse_version", f"0x{found.inverse_version:02X} instead of 0xFE", V2GTP_RULE)
    if found.length is not None:
        yield Violation("V2gtp.length", f"{found.length} octets announced, more or fewer are there", V2GTP_RULE)
    if found.kind not in KNOWN_TYPES:
        yield Violation("V2gtp.payload_type", f"0x{found.kind:04X} is not known", V2GTP_RULE)
    elif isinstance(found.payload, bytes) and found.kind in SDP_MESSAGES:
        name = SDP_MESSAGES[found.kind].__name__
        yield Violation("V2gtp.payload", f"{len(found.payload)} octets cannot be read as {name}", SDP_RULE)


def _sdp(frame: Ipv6Frame) -> Iterator[Violation]:
    packet, found = frame.packet, _v2gtp_of(frame.packet)
    if found is None or not isinstance(packet.payload, Udp) or isinstance(found.payload, bytes):
        return
    message, name = found.payload, type(found.payload).__name__
    if message.security not in (Security.TLS, Security.NO_TLS):
        yield Violation(f"{name}.security", f"0x{message.security:02X} is reserved", SDP_RULE)
    if message.transport != Transport.TCP:
        yield Violation(f"{name}.transport", f"0x{message.transport:02X} is reserved", SDP_RULE)
    if not packet.src.is_link_local:
        yield Violation("Ipv6.src", f"{packet.src} is not link-local", SDP_RULE)
    if isinstance(message, SdpRequest):
        if packet.dst != ALL_NODES:
            yield Violation("Ipv6.dst", f"{packet.dst} instead of {ALL_NODES}", SDP_RULE)
        if packet.payload.dst_port != SDP_PORT:
            yield Violation("Udp.dst_port", f"{packet.payload.dst_port} instead of {SDP_PORT}", SDP_RULE)
        return
    if packet.payload.src_port != SDP_PORT:
        yield Violation("Udp.src_port", f"{packet.payload.src_port} instead of {SDP_PORT}", SDP_RULE)
    if packet.dst.is_multicast:
        yield Violation("Ipv6.dst", f"{packet.dst} is a group; the answer goes to the car that asked", SDP_RULE)
    if not message.secc_address.is_link_local:
        yield Violation("SdpResponse.secc_address", f"{message.secc_address} is not link-local", SDP_RULE)
    if message.secc_port == 0:
        yield Violation("SdpResponse.secc_port", "port 0 cannot be connected to", SDP_RULE)


def _v2gtp_of(packet: Ipv6) -> V2gtp | None:
    return (
        packet.payload.payload
        if isinstance(packet.payload, Udp) and isinstance(packet.payload.payload, V2gtp)
        else None
    )


Check = Callable[[Ipv6Frame], Iterator[Violation]]
CHECKS: tuple[Check, ...] = (_lengths, _checksums, _addresses, _neighbours, _listeners, _v2gtp, _sdp)
