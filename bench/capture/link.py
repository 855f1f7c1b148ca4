"""Link types in Ethernet form.

A Linux cooked header (tcpdump -i any) knows the sender but not the destination. The Ethernet form gets

    source       the sender, as recorded
    destination  ff:ff:ff:ff:ff:ff for a broadcast; the group address for a multicast of IPv4 or IPv6;
                 the recorder's own address for a frame to it, once the recorder has sent one itself;
                 UNKNOWN_ADDRESS (zeros) for everything else, which includes all frames the recorder sent

and whether the recorder sent it, which plain Ethernet captures do not tell.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeAlias

from bench.capture.record import UNKNOWN_ADDRESS, LinkType

Ethernet: TypeAlias = tuple[bytes, bool | None]
"""(frame in Ethernet form, sent by the recorder)"""
ToEthernet: TypeAlias = Callable[[bytes], Ethernet]

TO_US, BROADCAST, MULTICAST, _OTHER_HOST, OUTGOING = range(5)
"""Packet types of a cooked header."""

IPV4, IPV6 = b"\x08\x00", b"\x86\xdd"

_sll = struct.Struct(">HHH8s2s")
_sll2 = struct.Struct(">2sHIHBB8s")


def to_ethernet(link_type: int) -> ToEthernet | None:
    """A converter with a memory of its own (one per interface); None for a link type that cannot be read.

    Ethernet needs no conversion and callers skip it for speed; the identity is returned for completeness.
    """
    if link_type == LinkType.ETHERNET:
        return lambda octets: (octets, None)
    if link_type == LinkType.LINUX_SLL:
        return _cooked(_split_sll)
    if link_type == LinkType.LINUX_SLL2:
        return _cooked(_split_sll2)
    return None


Split: TypeAlias = Callable[[bytes], tuple[int, int, bytes, bytes, bytes]]
"""cooked frame -> (packet type, interface, sender, EtherType, payload)"""


def _split_sll(octets: bytes) -> tuple[int, int, bytes, bytes, bytes]:
    kind, _, length, sender, ethertype = _sll.unpack_from(octets)
    return kind, 0, sender if length == 6 else UNKNOWN_ADDRESS, ethertype, octets[16:]


def _split_sll2(octets: bytes) -> tuple[int, int, bytes, bytes, bytes]:
    ethertype, _, interface, _, kind, length, sender = _sll2.unpack_from(octets)
    return kind, interface, sender if length == 6 else UNKNOWN_ADDRESS, ethertype, octets[20:]


def _cooked(split: Split) -> ToEthernet:
    own: dict[int, bytes] = {}

    def convert(octets: bytes) -> Ethernet:
        try:
            kind, interface, sender, ethertype, payload = split(octets)
        except struct.error:
            return b"", None  # shorter than a cooked header: no frame
        sender = sender[:6]
        if kind == OUTGOING:
            own[interface] = sender
            destination = UNKNOWN_ADDRESS
        elif kind == BROADCAST:
            destination = b"\xff" * 6
        elif kind == MULTICAST:
            destination = _group_address(ethertype, payload)
        elif kind == TO_US:
            destination = own.get(interface, UNKNOWN_ADDRESS)
        else:
            destination = UNKNOWN_ADDRESS
        return destination + sender + ethertype + payload, kind == OUTGOING

    return convert


def _group_address(ethertype: bytes, payload: bytes) -> bytes:
    """The Ethernet address that IP derives from its own group address (RFC 1112, RFC 2464)."""
    if ethertype == IPV6 and len(payload) >= 40:
        return b"\x33\x33" + payload[36:40]
    if ethertype == IPV4 and len(payload) >= 20:
        return b"\x01\x00\x5e" + bytes([payload[17] & 0x7F]) + payload[18:20]
    return UNKNOWN_ADDRESS
