"""Capture files built octet by octet, independently of the library's own writer."""

from __future__ import annotations

import struct
from collections.abc import Sequence

OPT_END = bytes(4)


def pcap_header(order: str, unit: int, link: int = 1) -> bytes:
    """unit   Ns per unit of the fraction: 1000 or 1"""
    magic = 0xA1B2C3D4 if unit == 1000 else 0xA1B23C4D
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link)


def pcap_record(order: str, t: int, unit: int, octets: bytes) -> bytes:
    seconds, rest = divmod(t, 10**9)
    return struct.pack(order + "IIII", seconds, rest // unit, len(octets), len(octets)) + octets


def pcapng(order: str, kind: int, body: bytes) -> bytes:
    """A block; *body* is padded to 32 bits."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def shb(order: str, options: Sequence[bytes] = ()) -> bytes:
    return pcapng(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + b"".join(options))


def idb(order: str, options: Sequence[bytes] = (), link: int = 1) -> bytes:
    return pcapng(order, 1, struct.pack(order + "HHI", link, 0, 262_144) + b"".join(options))


def epb(order: str, ticks: int, octets: bytes, which: int = 0, options: Sequence[bytes] = ()) -> bytes:
    head = struct.pack(order + "IIIII", which, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), len(octets))
    return pcapng(order, 6, head + octets + bytes(-len(octets) % 4) + b"".join(options))


def spb(order: str, octets: bytes) -> bytes:
    return pcapng(order, 3, struct.pack(order + "I", len(octets)) + octets)


def sll(kind: int, sender: bytes, ethertype: bytes, payload: bytes) -> bytes:
    """Linux cooked v1."""
    return struct.pack(">HHH", kind, 1, 6) + sender + bytes(2) + ethertype + payload


def sll2(kind: int, sender: bytes, ethertype: bytes, payload: bytes) -> bytes:
    """Linux cooked v2, of interface 3."""
    return ethertype + struct.pack(">HIHBB", 0, 3, 1, kind, 6) + sender + bytes(2) + payload
