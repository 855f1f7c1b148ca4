"""Ethernet frame <-> IPv6 packet with what it carries.

`encode(decode(octets)) == octets` for every frame that decodes. What is right is not stored: a checksum or length field
of None is computed, one with a value is sent as it is, right or wrong. So a decoded frame shows at once what is
wrong with it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TypeAlias

from bench.ids import MacAddress
from bench.net.address import Ipv6Address
from bench.net.checksum import upper_layer_checksum
from bench.net.icmpv6 import ICMPV6, Icmpv6, read_icmpv6, write_icmpv6
from bench.net.malformed import MalformedPacket
from bench.net.sdp import SDP_PORT
from bench.net.tcp import TCP, Tcp, read_tcp, write_tcp
from bench.net.v2gtp import HEADER as V2GTP_HEADER
from bench.net.v2gtp import V2gtp, read_v2gtp, write_v2gtp

ETHERTYPE_IPV6 = b"\x86\xdd"
VLAN = b"\x81\x00"
MIN_LENGTH = 60
"""Shortest Ethernet frame without its check sequence; shorter packets are padded with zeros."""
MAX_LENGTH = 1518
"""Longest one: 1500 octets of payload, addresses, EtherType and one 802.1Q tag."""

HOP_BY_HOP, UDP = 0, 17
IPV6_HEADER = struct.Struct("!IHBB16s16s")
UDP_HEADER = struct.Struct("!HHHH")
CHECKSUM_AT = {UDP: 6, ICMPV6: 2, TCP: 16}
"""next header -> offset of the checksum in what follows"""
ROUTER_ALERT = bytes.fromhex("050200000100")
"""`Ipv6.hop_by_hop` of multicast listener reports, with the padding behind it."""


@dataclass(frozen=True, slots=True)
class Udp:
    """A datagram. To or from the SDP port its payload is V2GTP, if it has that header.

    length    None: the right one, header included
    checksum  None: the right one
    """

    src_port: int
    dst_port: int
    payload: V2gtp | bytes
    length: int | None = None
    checksum: int | None = None


@dataclass(frozen=True, slots=True)
class RawPayload:
    """Anything else: fragments, other extension headers, a header that ends too early."""

    next_header: int
    octets: bytes


Payload: TypeAlias = Udp | Tcp | Icmpv6 | RawPayload


@dataclass(frozen=True, slots=True)
class Ipv6:
    """A packet.

    hop_by_hop      options of a hop-by-hop header, b"" for no such header; six octets, or eight more, and so on
    payload_length  None: the right one
    """

    src: Ipv6Address
    dst: Ipv6Address
    payload: Payload
    hop_limit: int = 64
    traffic_class: int = 0
    flow_label: int = 0
    hop_by_hop: bytes = b""
    payload_length: int | None = None


@dataclass(frozen=True, slots=True)
class Ipv6Frame:
    """A packet on Ethernet.

    trailer  None: zeros up to 60 octets; otherwise the octets behind the packet, b"" for none at all
    tag      802.1Q tag octets in front of the EtherType
    """

    dst: MacAddress
    src: MacAddress
    packet: Ipv6
    trailer: bytes | None = None
    tag: bytes = b""

    @property
    def message(self) -> object:
        """The innermost of what it carries: a message of SDP or ICMPv6, octets that should be one, else the payload."""
        carried = self.packet.payload
        if isinstance(carried, Udp):
            return carried.payload.payload if isinstance(carried.payload, V2gtp) else carried
        return carried.message if isinstance(carried, Icmpv6) else carried


def is_ipv6(octets: bytes) -> bool:
    """Whether the EtherType, behind any 802.1Q tags, is that of IPv6."""
    at = _behind_tags(octets)
    return octets[at : at + 2] == ETHERTYPE_IPV6


def decode(octets: bytes) -> Ipv6Frame:
    """Read one Ethernet frame. Raises MalformedPacket, and nothing else, for octets that are no IPv6 frame.

    Whatever is wrong behind the IPv6 header is no reason to raise: it is kept, as octets if need be.
    """
    at = _behind_tags(octets)
    if octets[at : at + 2] != ETHERTYPE_IPV6:
        raise MalformedPacket("EtherType", at, f"{octets[at : at + 2].hex() or 'nothing'} is not IPv6 (86dd)")
    if len(octets) > MAX_LENGTH:
        raise MalformedPacket("Ethernet frame", MAX_LENGTH, f"{len(octets)} octets are more than a frame can have")
    begin, tag = at + 2, octets[12:at]
    if len(octets) < begin + IPV6_HEADER.size:
        raise MalformedPacket("IPv6 header", len(octets), "the frame ends inside the header")
    first, length, next_header, hop_limit, src, dst = IPV6_HEADER.unpack_from(octets, begin)
    if first >> 28 != 6:
        raise MalformedPacket("IPv6 header", begin, f"version {first >> 28} is not 6")
    rest = octets[begin + IPV6_HEADER.size :]
    hop_by_hop, next_header, upper = _extension(next_header, rest[:length])
    packet = Ipv6(
        src=Ipv6Address(src),
        dst=Ipv6Address(dst),
        payload=_read_payload(Ipv6Address(src), Ipv6Address(dst), next_header, upper),
        hop_limit=hop_limit,
        traffic_class=first >> 20 & 0xFF,
        flow_label=first & 0xFFFFF,
        hop_by_hop=hop_by_hop,
        payload_length=length if length > len(rest) else None,
    )
    trailer = rest[length:]
    shortest = MIN_LENGTH + len(tag)
    usual_end = not any(trailer) if len(octets) == shortest else len(octets) > shortest and not trailer
    return Ipv6Frame(MacAddress(octets[:6]), MacAddress(octets[6:12]), packet, None if usual_end else trailer, tag)


def encode(frame: Ipv6Frame) -> bytes:
    """The octets of *frame*. Illegal values are encoded; one that does not fit its field is a ValueError."""
    packet = frame.packet
    next_header, upper = _write_payload(packet)
    if packet.hop_by_hop:
        units, spare = divmod(len(packet.hop_by_hop) + 2, 8)
        if spare or units > 256:
            raise ValueError(f"Ipv6.hop_by_hop: {len(packet.hop_by_hop)} octets; six, or a multiple of eight more")
        upper = bytes((next_header, units - 1)) + packet.hop_by_hop + upper
        next_header = HOP_BY_HOP
    if not (0 <= packet.traffic_class <= 0xFF and 0 <= packet.flow_label <= 0xFFFFF):
        raise ValueError(f"Ipv6: traffic class {packet.traffic_class}, flow label {packet.flow_label} do not fit")
    first = 6 << 28 | packet.traffic_class << 20 | packet.flow_label
    length = len(upper) if packet.payload_length is None else packet.payload_length
    try:
        header = IPV6_HEADER.pack(first, length, next_header, packet.hop_limit, packet.src, packet.dst)
    except struct.error as error:
        raise ValueError(f"Ipv6: {error}") from None
    if len(frame.tag) % 4 or any(frame.tag[at : at + 2] != VLAN for at in range(0, len(frame.tag), 4)):
        raise ValueError("Ipv6Frame.tag: 802.1Q tags have four octets each and begin with 8100")
    octets = frame.dst + frame.src + frame.tag + ETHERTYPE_IPV6 + header + upper
    octets = octets.ljust(MIN_LENGTH + len(frame.tag), b"\0") if frame.trailer is None else octets + frame.trailer
    if len(octets) > MAX_LENGTH:
        raise ValueError(f"Ipv6Frame: {len(octets)} octets are more than an Ethernet frame can have, {MAX_LENGTH}")
    return octets


def right_checksum(packet: Ipv6) -> int | None:
    """What the checksum of a UDP, TCP or ICMPv6 packet should be; None for others."""
    if isinstance(packet.payload, RawPayload):
        return None
    next_header, octets = _write_payload(replace(packet, payload=replace(packet.payload, checksum=0)))
    return _checksum(packet.src, packet.dst, next_header, octets)


def _behind_tags(octets: bytes) -> int:
    at = 12
    while octets[at : at + 2] == VLAN:
        at += 4
    return at


def _extension(next_header: int, octets: bytes) -> tuple[bytes, int, bytes]:
    """Options of a hop-by-hop header, what follows it, and the octets of that."""
    if next_header == HOP_BY_HOP and len(octets) >= 8:
        size = 8 * (octets[1] + 1)
        if size <= len(octets):
            return octets[2:size], octets[0], octets[size:]
    return b"", next_header, octets


def _read_payload(src: Ipv6Address, dst: Ipv6Address, next_header: int, octets: bytes) -> Payload:
    if next_header == UDP and len(octets) >= UDP_HEADER.size:
        src_port, dst_port, length, checksum = UDP_HEADER.unpack_from(octets)
        body = octets[UDP_HEADER.size :]
        is_v2gtp = SDP_PORT in (src_port, dst_port) and len(body) >= V2GTP_HEADER.size
        return Udp(
            src_port=src_port,
            dst_port=dst_port,
            payload=read_v2gtp(body) if is_v2gtp else body,
            length=None if length == len(octets) else length,
            checksum=_unless_right(checksum, src, dst, next_header, octets),
        )
    if next_header == ICMPV6 and len(octets) >= CHECKSUM_AT[ICMPV6] + 2:
        icmpv6, checksum = read_icmpv6(octets)
        return replace(icmpv6, checksum=_unless_right(checksum, src, dst, next_header, octets))
    if next_header == TCP and (segment := read_tcp(octets)) is not None:
        tcp, checksum = segment
        return replace(tcp, checksum=_unless_right(checksum, src, dst, next_header, octets))
    return RawPayload(next_header, octets)


def _unless_right(found: int, src: Ipv6Address, dst: Ipv6Address, next_header: int, octets: bytes) -> int | None:
    at = CHECKSUM_AT[next_header]
    right = _checksum(src, dst, next_header, octets[:at] + b"\0\0" + octets[at + 2 :])
    return None if found == right else found


def _checksum(src: Ipv6Address, dst: Ipv6Address, next_header: int, octets: bytes) -> int:
    found = upper_layer_checksum(src, dst, next_header, octets)
    return 0xFFFF if found == 0 and next_header == UDP else found  # 0 would mean "not computed"


def _write_payload(packet: Ipv6) -> tuple[int, bytes]:
    """Next header and octets."""
    payload = packet.payload
    if isinstance(payload, RawPayload):
        return payload.next_header, payload.octets
    if isinstance(payload, Icmpv6):
        octets = write_icmpv6(payload, payload.checksum or 0)
        next_header = ICMPV6
    elif isinstance(payload, Tcp):
        octets = write_tcp(payload, payload.checksum or 0)
        next_header = TCP
    else:
        body = payload.payload if isinstance(payload.payload, bytes) else write_v2gtp(payload.payload)
        length = UDP_HEADER.size + len(body) if payload.length is None else payload.length
        try:
            octets = UDP_HEADER.pack(payload.src_port, payload.dst_port, length, payload.checksum or 0) + body
        except struct.error as error:
            raise ValueError(f"Udp: {error}") from None
        next_header = UDP
    if payload.checksum is None:
        at = CHECKSUM_AT[next_header]
        right = _checksum(packet.src, packet.dst, next_header, octets)
        octets = octets[:at] + right.to_bytes(2, "big") + octets[at + 2 :]
    return next_header, octets
