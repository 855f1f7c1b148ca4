"""The classic format of libpcap: a header of 24 octets, then records of 16 + n octets.

Source: IETF draft-ietf-opsawg-pcap; both byte orders, micro- and nanosecond stamps.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from bench.capture.link import to_ethernet
from bench.capture.record import MAX_FRAME, CaptureFacts, LinkType, Record
from bench.errors import CaptureError

HEADER_SIZE = 24
RECORD_HEADER_SIZE = 16

MAGICS: dict[bytes, tuple[str, int]] = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
"""First four octets -> (byte order, Ns per unit of the fraction)"""


def read_header(head: bytes) -> CaptureFacts:
    """Facts from the file header. Raises CaptureError for a short header or a link type that cannot be read."""
    if len(head) < HEADER_SIZE:
        raise CaptureError(f"ends inside the file header, after {len(head)} of {HEADER_SIZE} octets")
    order, unit = MAGICS[head[:4]]
    major, minor, _, _, _, link = struct.unpack_from(order + "HHiIII", head, 4)
    if major != 2:
        raise CaptureError(f"is pcap version {major}.{minor}; only 2.x is known")
    link_type = link & 0xFFFF  # the upper half tells about check sequences
    if to_ethernet(link_type) is None:
        raise CaptureError(unsupported(link_type))
    return CaptureFacts("pcap", link_type, unit)


def unsupported(link_type: int) -> str:
    return (
        f"has link type {link_type}, which is not supported; record on an Ethernet interface "
        "(link type 1) or with tcpdump -i any (113, 276)"
    )


def read_records(head: bytes, read: Callable[[], bytes], facts: CaptureFacts) -> Iterator[Record]:
    """The records after the header.

    head   the file so far, from its first octet
    read   more octets, b"" at the end of the file
    facts  receives damage and truncated tail
    """
    order, unit = MAGICS[head[:4]]
    limit = 1_000_000_000 // unit
    unpack = struct.Struct(order + "IIII").unpack_from
    convert = to_ethernet(facts.link_type or 0) if facts.link_type != LinkType.ETHERNET else None
    new = tuple.__new__  # half the price of Record(...), in the one loop where that counts
    buffer, at, start, number = head, HEADER_SIZE, 0, 0
    while True:
        end = len(buffer)
        while end - at >= RECORD_HEADER_SIZE:
            seconds, fraction, size, original = unpack(buffer, at)
            if not 0 < size <= MAX_FRAME or fraction >= limit:
                facts.damage = _damage(number + 1, start + at, seconds, fraction, size, original, limit)
                return
            stop = at + RECORD_HEADER_SIZE + size
            if stop > end:
                break
            number += 1
            octets = buffer[at + RECORD_HEADER_SIZE : stop]
            at = stop
            if convert is None:
                yield new(Record, (number, seconds * 1_000_000_000 + fraction * unit, octets, None, ""))
            else:
                octets, outgoing = convert(octets)
                yield Record(number, seconds * 1_000_000_000 + fraction * unit, octets, outgoing)
        more = read()
        if not more:
            facts.truncated_tail_bytes = end - at
            return
        buffer, start, at = buffer[at:] + more, start + at, 0


def _damage(number: int, offset: int, seconds: int, fraction: int, size: int, original: int, limit: int) -> str:
    where = f"at octet {offset}, where frame {number} should be: "
    if fraction >= limit:
        return where + f"the fraction of a second is {fraction} of {limit}"
    if size == 0 and seconds == 0 and original == 0:
        return where + "zeros instead of a record"
    return where + f"a record of {size} octets"
