"""What a car says first in its new network.

A third of the recorded cars begin with their SDP request, the others with ICMPv6. Here every car begins with the
neighbour solicitation by which an IPv6 host claims its own address (RFC 4862, 5.4), at the instant its profile gives.
"""

from __future__ import annotations

import struct

from bench.ids import MacAddress

ETHERTYPE_IPV6 = b"\x86\xdd"
NEXT_HEADER_ICMPV6 = 58
HOP_LIMIT = 255
NEIGHBOUR_SOLICITATION = 135
UNSPECIFIED = bytes(16)


def link_local(mac: MacAddress) -> bytes:
    """The IPv6 address a host derives from its MAC address (modified EUI-64, RFC 4291, appendix A)."""
    return b"\xfe\x80" + bytes(6) + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]


def neighbour_solicitation(mac: MacAddress) -> bytes:
    """The Ethernet frame that asks whether anybody has the link-local address of *mac* already."""
    address = link_local(mac)
    group = bytes.fromhex("ff0200000000000000000001ff") + address[13:]
    body = struct.pack("!BBHI", NEIGHBOUR_SOLICITATION, 0, 0, 0) + address
    pseudo_header = UNSPECIFIED + group + struct.pack("!II", len(body), NEXT_HEADER_ICMPV6)
    body = body[:2] + struct.pack("!H", _checksum(pseudo_header + body)) + body[4:]
    header = struct.pack("!IHBB", 6 << 28, len(body), NEXT_HEADER_ICMPV6, HOP_LIMIT) + UNSPECIFIED + group
    return b"\x33\x33" + group[12:] + mac + ETHERTYPE_IPV6 + header + body


def _checksum(octets: bytes) -> int:
    """Of an even number of octets; RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
