"""The checksum of UDP and ICMPv6 over IPv6. Source: RFC 1071, RFC 8200 section 8.1."""

from __future__ import annotations

from bench.net.address import Ipv6Address


def internet_checksum(octets: bytes) -> int:
    """Complement of the ones' complement sum of 16-bit words; an odd octet at the end counts as a high half."""
    if len(octets) % 2:
        octets += b"\0"
    # 2**16 is 1 modulo 0xFFFF, so the sum of the words is the whole number modulo 0xFFFF.
    total = int.from_bytes(octets, "big")
    folded = total % 0xFFFF or (0xFFFF if total else 0)
    return folded ^ 0xFFFF


def upper_layer_checksum(src: Ipv6Address, dst: Ipv6Address, next_header: int, octets: bytes) -> int:
    """Of *octets*, whose own checksum field must be zero, with the pseudo header in front."""
    pseudo = src + dst + len(octets).to_bytes(4, "big") + next_header.to_bytes(4, "big")
    return internet_checksum(pseudo + octets)
