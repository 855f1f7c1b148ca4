"""ICMPv6 as cars and stations speak it: who is there (neighbours, routers), and who listens to which group.

Source: RFC 4443 (header), RFC 4861 (neighbour discovery), RFC 3810 (MLDv2). Other types stay octets.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias

from bench.net.address import UNSPECIFIED, Ipv6Address
from bench.net.malformed import MalformedPacket
from bench.net.record import U8, U16, U32, Ip6, Record, Tail, record

ICMPV6 = 58
HEADER = struct.Struct("!BBH")
SOURCE_LINK_LAYER_ADDRESS, TARGET_LINK_LAYER_ADDRESS = 1, 2
"""Kinds of `NdOption` whose body is a MAC address."""


@dataclass(frozen=True, slots=True)
class NdOption:
    """An option of neighbour discovery. *body* has six octets, or eight more, or sixteen more, and so on."""

    kind: int
    body: bytes


def read_options(octets: bytes) -> tuple[NdOption, ...]:
    found, at = [], 0
    while at < len(octets):
        size = 8 * octets[at + 1] if at + 1 < len(octets) else 0
        if not 0 < size <= len(octets) - at:
            raise MalformedPacket("NdOption", at, "its length is none, or beyond the end")
        found.append(NdOption(octets[at], octets[at + 2 : at + size]))
        at += size
    return tuple(found)


def write_options(options: tuple[NdOption, ...]) -> bytes:
    written = b""
    for option in options:
        units, spare = divmod(len(option.body) + 2, 8)
        if spare or not 0 < units < 256 or not 0 <= option.kind < 256:
            raise ValueError(f"NdOption: kind {option.kind} with {len(option.body)} octets cannot be written")
        written += bytes((option.kind, units)) + option.body
    return written


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """What a host says of one group. kind 4: it listens from now on (with no *sources* excluded), 3: no more."""

    kind: int
    group: Ipv6Address
    sources: tuple[Ipv6Address, ...] = ()
    auxiliary: bytes = b""


GROUP_HEADER = struct.Struct("!BBH16s")


def read_groups(octets: bytes) -> tuple[GroupRecord, ...]:
    """The number of records and the records."""
    if len(octets) < 2:
        raise MalformedPacket("Mldv2Report", 0, "it ends before the number of records")
    count, at, found = int.from_bytes(octets[:2], "big"), 2, []
    for _ in range(count):
        if len(octets) - at < GROUP_HEADER.size:
            raise MalformedPacket("GroupRecord", at, "it ends inside")
        kind, words, sources, group = GROUP_HEADER.unpack_from(octets, at)
        at += GROUP_HEADER.size
        middle = at + 16 * sources
        end = middle + 4 * words
        if end > len(octets):
            raise MalformedPacket("GroupRecord", at, "it ends inside")
        addresses = tuple(Ipv6Address(octets[i : i + 16]) for i in range(at, middle, 16))
        found.append(GroupRecord(kind, Ipv6Address(group), addresses, octets[middle:end]))
        at = end
    if at != len(octets):
        raise MalformedPacket("Mldv2Report", at, "octets behind its last record")
    return tuple(found)


def write_groups(groups: tuple[GroupRecord, ...]) -> bytes:
    try:
        written = struct.pack("!H", len(groups))
        for one in groups:
            words, spare = divmod(len(one.auxiliary), 4)
            if spare:
                raise ValueError(f"GroupRecord.auxiliary: {len(one.auxiliary)} octets are no multiple of four")
            written += GROUP_HEADER.pack(one.kind, words, len(one.sources), one.group)
            written += b"".join(one.sources) + one.auxiliary
    except struct.error as error:
        raise ValueError(f"GroupRecord: {error}") from None
    return written


Options: TypeAlias = Annotated[tuple[NdOption, ...], Tail(read_options, write_options)]


@record
class RouterSolicitation(Record):
    """Is there a router? Cars ask although no station is one."""

    kind: ClassVar[int] = 133

    reserved: U32 = 0
    options: Options = ()


@record
class RouterAdvertisement(Record):
    """lifetimes: *router_lifetime* in s, *reachable_time* and *retransmission_time* in ms."""

    kind: ClassVar[int] = 134

    hop_limit: U8 = 0
    flags: U8 = 0
    router_lifetime: U16 = 0
    reachable_time: U32 = 0
    retransmission_time: U32 = 0
    options: Options = ()


@record
class NeighbourSolicitation(Record):
    """Who has *target*? From :: it asks whether anybody has it already (duplicate address detection)."""

    kind: ClassVar[int] = 135

    reserved: U32 = 0
    target: Ip6 = UNSPECIFIED
    options: Options = ()


ROUTER, SOLICITED, OVERRIDE = 0x8000_0000, 0x4000_0000, 0x2000_0000
"""Bits of `NeighbourAdvertisement.flags`."""


@record
class NeighbourAdvertisement(Record):
    """I have *target*."""

    kind: ClassVar[int] = 136

    flags: U32 = SOLICITED | OVERRIDE
    target: Ip6 = UNSPECIFIED
    options: Options = ()


@record
class Mldv2Report(Record):
    """Which groups a host listens to."""

    kind: ClassVar[int] = 143

    reserved: U16 = 0
    groups: Annotated[tuple[GroupRecord, ...], Tail(read_groups, write_groups)] = ()


@dataclass(frozen=True, slots=True)
class RawIcmpv6:
    """A message of another type, or one that cannot be read as its type says: everything behind the checksum."""

    kind: int
    body: bytes

    def write(self) -> bytes:
        return self.body


NeighbourDiscovery: TypeAlias = (
    RouterSolicitation | RouterAdvertisement | NeighbourSolicitation | NeighbourAdvertisement
)
Icmpv6Message: TypeAlias = NeighbourDiscovery | Mldv2Report | RawIcmpv6
MESSAGES: tuple[type[NeighbourDiscovery | Mldv2Report], ...] = (
    RouterSolicitation,
    RouterAdvertisement,
    NeighbourSolicitation,
    NeighbourAdvertisement,
    Mldv2Report,
)
BY_KIND = {message.kind: message for message in MESSAGES}


@dataclass(frozen=True, slots=True)
class Icmpv6:
    """checksum   None: the right one; otherwise what is sent"""

    message: Icmpv6Message
    code: int = 0
    checksum: int | None = None


def read_icmpv6(octets: bytes) -> tuple[Icmpv6, int]:
    """The message without a checksum, and the checksum found. Raises MalformedPacket below four octets."""
    if len(octets) < HEADER.size:
        raise MalformedPacket("ICMPv6 header", len(octets), f"4 octets are needed, {len(octets)} are there")
    kind, code, checksum = HEADER.unpack_from(octets)
    body = octets[HEADER.size :]
    known = BY_KIND.get(kind)
    message: Icmpv6Message = RawIcmpv6(kind, body)
    if known is not None:
        with suppress(MalformedPacket):  # then it stays octets
            message = known.read(body)
    return Icmpv6(message, code), checksum


def write_icmpv6(icmpv6: Icmpv6, checksum: int) -> bytes:
    try:
        return HEADER.pack(icmpv6.message.kind, icmpv6.code, checksum) + icmpv6.message.write()
    except struct.error as error:
        raise ValueError(f"Icmpv6: {error}") from None
