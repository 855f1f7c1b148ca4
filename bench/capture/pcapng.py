"""pcapng: sections of blocks, each section with a byte order and interfaces of its own.

Source: IETF draft-ietf-opsawg-pcapng. Read: section header, interface description, enhanced, simple and obsolete
packet blocks; every other block is skipped.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.capture.link import ToEthernet, to_ethernet
from bench.capture.pcap import unsupported
from bench.capture.record import MAX_FRAME, CaptureFacts, LinkType, Record
from bench.errors import CaptureError
from bench.units import Ns

SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
ENHANCED_PACKET = 6
MAGIC = b"\x0a\x0d\x0d\x0a"

BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
MIN_BLOCK, MAX_BLOCK = 12, 16 * 1024 * 1024
MAX_COMMENTS = 20
"""Comments of sections kept; a file may be joined from any number of them."""

OPT_COMMENT = 1
SHB_OS, SHB_SOFTWARE = 3, 4
IF_NAME, IF_TSRESOL, IF_TSOFFSET = 2, 9, 14
EPB_FLAGS = 2
INBOUND, OUTBOUND = 1, 2


@dataclass(slots=True)
class Interface:
    """A clock and a link type.

    multiply   Ns per tick for a decimal resolution not finer than 1 ns, else 0
    """

    convert: ToEthernet | None
    readable: bool
    snaplen: int
    resolution: int
    multiply: int
    offset: Ns

    def time(self, ticks: int) -> Ns:
        """Ns of a stamp, rounded down where the file's clock is finer or binary."""
        if self.multiply:
            return ticks * self.multiply + self.offset
        if self.resolution & 0x80:
            return (ticks * 1_000_000_000 >> (self.resolution & 0x7F)) + self.offset
        return ticks // int(10 ** (self.resolution - 9)) + self.offset


class Damage(Exception):
    """A block that contradicts itself; reading ends before it."""


def check_header(head: bytes) -> CaptureFacts:
    """Facts so far. Raises CaptureError if the file does not begin with a whole section header."""
    if len(head) < 28:
        raise CaptureError(f"ends inside the section header, after {len(head)} of at least 28 octets")
    if head[8:12] not in BYTE_ORDERS:
        raise CaptureError(f"begins like pcapng, but its byte order mark is {head[8:12].hex()}")
    return CaptureFacts("pcapng")


def read_records(head: bytes, read: Callable[[], bytes], facts: CaptureFacts) -> Iterator[Record]:
    """The packets of all sections.

    head   the file so far, from its first octet
    read   more octets, b"" at the end of the file
    facts  receives link type, resolution, software, damage and truncated tail

    Raises CaptureError if packets come from link types that cannot be read only.
    """
    section = Section(facts)
    order = "<"
    unpack_pair = struct.Struct("<II").unpack_from
    unpack_packet = unpack_word = unpack_pair  # the first section sets all three
    new = tuple.__new__  # half the price of Record(...), in the one loop where that counts
    buffer, at, start, number, last = head, 0, 0, 0, 0
    try:
        while True:
            end = len(buffer)
            while end - at >= MIN_BLOCK:
                kind, length = unpack_pair(buffer, at)
                if kind == SECTION_HEADER:  # reads the same in both byte orders
                    order = _byte_order(buffer[at + 8 : at + 12])
                    unpack_pair = struct.Struct(order + "II").unpack_from
                    unpack_packet = struct.Struct(order + "IIIII").unpack_from
                    unpack_word = struct.Struct(order + "I").unpack_from
                    kind, length = unpack_pair(buffer, at)
                if length < MIN_BLOCK or length & 3 or length > MAX_BLOCK:
                    raise Damage(f"a block of {length} octets")
                stop = at + length
                if stop > end:
                    break
                if unpack_word(buffer, stop - 4)[0] != length:
                    raise Damage("the two lengths of a block differ")
                if kind == ENHANCED_PACKET:
                    if length < 32:
                        raise Damage(f"a packet block of {length} octets")
                    which, high, low, size, _ = unpack_packet(buffer, at + 8)
                    first = at + 28
                    if size > length - 32 or size > MAX_FRAME:
                        raise Damage(f"a packet of {size} octets in a block of {length}")
                    try:
                        interface = section.interfaces[which]
                    except IndexError:
                        raise Damage(f"a packet of interface {which}, which is not described") from None
                    number += 1
                    octets = buffer[first : first + size]
                    last = (high << 32 | low) * interface.multiply + interface.offset
                    if not interface.multiply:
                        last = interface.time(high << 32 | low)
                    outgoing, comment = None, ""
                    if length - size > 39:
                        outgoing, comment = packet_options(buffer[first + (size + 3 & ~3) : stop - 4], order)
                    if interface.convert is None:
                        if not interface.readable:
                            section.note_foreign(which)
                            octets = b""
                    else:
                        octets, sent = interface.convert(octets)
                        outgoing = sent if outgoing is None else outgoing
                    yield new(Record, (number, last, octets, outgoing, comment))
                else:
                    found = section.other_block(kind, buffer[at + 8 : stop - 4], order, last)
                    if found is not None:
                        number += 1
                        last = found[0]
                        yield Record(number, *found)
                at = stop
            more = read()
            if not more:
                facts.truncated_tail_bytes = end - at
                return
            buffer, start, at = buffer[at:] + more, start + at, 0
    except Damage as damage:
        facts.damage = f"at octet {start + at}, after frame {number}: {damage}"


def _byte_order(mark: bytes) -> str:
    try:
        return BYTE_ORDERS[mark]
    except KeyError:
        raise Damage(f"a section with byte order mark {mark.hex()}") from None


class Section:
    """The interfaces described so far in the current section, and the blocks that are not enhanced packets."""

    def __init__(self, facts: CaptureFacts) -> None:
        self.facts = facts
        self.interfaces: list[Interface] = []
        self.link_types: list[int] = []
        self.any_readable = False

    def other_block(self, kind: int, body: bytes, order: str, last: Ns) -> tuple[Ns, bytes, bool | None, str] | None:
        """Take in a block that is no enhanced packet; (t, octets, outgoing, comment) if it holds a packet."""
        if kind == SECTION_HEADER:
            self._begin(body, order)
        elif kind == INTERFACE_DESCRIPTION:
            self._describe(body, order)
        elif kind == SIMPLE_PACKET:
            return self._simple(body, order, last)
        elif kind == OBSOLETE_PACKET:
            return self._obsolete(body, order)
        return None

    def _begin(self, body: bytes, order: str) -> None:
        if len(body) < 16:
            raise Damage("a section header without its fixed part")
        (major,) = struct.unpack_from(order + "H", body, 4)
        if major != 1:
            raise Damage(f"a section of pcapng version {major}")
        self.interfaces.clear()
        self.link_types.clear()
        facts = self.facts
        for code, value in options(body[16:], order):
            if code == OPT_COMMENT and len(facts.comments) < MAX_COMMENTS:
                facts.comments.append(_text(value))
            elif code == SHB_OS:
                facts.os = facts.os or _text(value)
            elif code == SHB_SOFTWARE:
                facts.software = facts.software or _text(value)

    def _describe(self, body: bytes, order: str) -> None:
        if len(body) < 8:
            raise Damage("an interface description without its fixed part")
        link_type, _, snaplen = struct.unpack_from(order + "HHI", body)
        name, resolution, offset_s = "", 6, 0
        for code, value in options(body[8:], order):
            if code == IF_NAME:
                name = _text(value)
            elif code == IF_TSRESOL and value:
                resolution = value[0]
            elif code == IF_TSOFFSET and len(value) == 8:
                (offset_s,) = struct.unpack(order + "q", value)
        decimal = not resolution & 0x80 and resolution <= 9
        convert = to_ethernet(link_type)
        self.interfaces.append(
            Interface(
                convert=None if link_type == LinkType.ETHERNET else convert,
                readable=convert is not None,
                snaplen=snaplen,
                resolution=resolution,
                multiply=10 ** (9 - resolution) if decimal else 0,
                offset=offset_s * 1_000_000_000,
            )
        )
        self.link_types.append(link_type)
        facts = self.facts
        if convert is not None and not self.any_readable:
            self.any_readable = True
            facts.link_type = link_type
            facts.resolution_ns = _resolution_ns(resolution)
        if name and name not in facts.interfaces and len(facts.interfaces) < MAX_COMMENTS:
            facts.interfaces.append(name)

    def note_foreign(self, which: int) -> None:
        """Count a packet of an interface that cannot be read; an error if no interface can."""
        if not self.any_readable:
            raise CaptureError(unsupported(self.link_types[which]))
        self.facts.foreign_frames += 1

    def _simple(self, body: bytes, order: str, last: Ns) -> tuple[Ns, bytes, bool | None, str]:
        if len(body) < 4 or not self.interfaces:
            raise Damage("a simple packet block without length or interface")
        (size,) = struct.unpack_from(order + "I", body)
        size = min(size, self.interfaces[0].snaplen or size)
        if size > len(body) - 4 or size > MAX_FRAME:
            raise Damage(f"a packet of {size} octets in a block of {len(body) + 12}")
        self.facts.unstamped_frames += 1
        octets, outgoing = self._ethernet(0, body[4 : 4 + size])
        return last, octets, outgoing, ""

    def _obsolete(self, body: bytes, order: str) -> tuple[Ns, bytes, bool | None, str]:
        if len(body) < 20:
            raise Damage("a packet block without its fixed part")
        which, _, high, low, size, _ = struct.unpack_from(order + "HHIIII", body)
        if size > len(body) - 20 or size > MAX_FRAME:
            raise Damage(f"a packet of {size} octets in a block of {len(body) + 12}")
        if which >= len(self.interfaces):
            raise Damage(f"a packet of interface {which}, which is not described")
        octets, outgoing = self._ethernet(which, body[20 : 20 + size])
        flagged, comment = packet_options(body[20 + (size + 3 & ~3) :], order)
        return (
            self.interfaces[which].time(high << 32 | low),
            octets,
            outgoing if flagged is None else flagged,
            comment,
        )

    def _ethernet(self, which: int, octets: bytes) -> tuple[bytes, bool | None]:
        interface = self.interfaces[which]
        if not interface.readable:
            self.note_foreign(which)
            return b"", None
        return interface.convert(octets) if interface.convert else (octets, None)


def options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """(code, value) of an option list; a list that runs over its block ends where it does."""
    unpack = struct.Struct(order + "HH").unpack_from
    at = 0
    while at + 4 <= len(data):
        code, length = unpack(data, at)
        if code == 0:
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + (length + 3 & ~3)


def packet_options(data: bytes, order: str) -> tuple[bool | None, str]:
    """(outgoing, comment) of a packet's options."""
    outgoing: bool | None = None
    comments = []
    for code, value in options(data, order):
        if code == OPT_COMMENT:
            comments.append(_text(value))
        elif code == EPB_FLAGS and len(value) == 4:
            direction = struct.unpack(order + "I", value)[0] & 3
            outgoing = {INBOUND: False, OUTBOUND: True}.get(direction)
    return outgoing, "\n".join(comments)


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "replace")


def _resolution_ns(resolution: int) -> float:
    if resolution & 0x80:
        return 1e9 / float(2 ** (resolution & 0x7F))
    return float(10.0 ** (9 - resolution))
