"""TCP: one segment with its header. Options stay octets, and what the stream carries is not put together here.

Source: RFC 9293, 3.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

TCP = 6
"""The next header that announces it."""
HEADER = struct.Struct("!HHIIBBHHH")
FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
"""Bits of `Tcp.flags`."""
WORD = 4
SHORTEST, LONGEST = HEADER.size // WORD, 15
"""Words of 32 bits in a header, options included."""


@dataclass(frozen=True, slots=True)
class Tcp:
    """A segment.

    flags     the octet: `SYN | ACK`; the two top bits are those of explicit congestion notification
    options   octets behind the fixed header, padding included: a multiple of four, 40 at most
    reserved  the four bits beside the header's length, which are zero
    checksum  None: the right one
    """

    src_port: int
    dst_port: int
    seq: int = 0
    ack: int = 0
    flags: int = 0
    window: int = 0
    urgent: int = 0
    options: bytes = b""
    payload: bytes = b""
    reserved: int = 0
    checksum: int | None = None

    @property
    def opens(self) -> bool:
        """Whether this asks for a connection: SYN without ACK."""
        return self.flags & (SYN | ACK) == SYN


def read_tcp(octets: bytes) -> tuple[Tcp, int] | None:
    """The segment without its checksum, and that. None for octets that are no whole header."""
    if len(octets) < HEADER.size:
        return None
    src_port, dst_port, seq, ack, words, flags, window, checksum, urgent = HEADER.unpack_from(octets)
    begin = (words >> 4) * WORD
    if not HEADER.size <= begin <= len(octets):
        return None
    options, payload = octets[HEADER.size : begin], octets[begin:]
    return Tcp(src_port, dst_port, seq, ack, flags, window, urgent, options, payload, words & 0xF), checksum


def write_tcp(tcp: Tcp, checksum: int) -> bytes:
    """Raises ValueError for a value that does not fit its field."""
    words, spare = divmod(HEADER.size + len(tcp.options), WORD)
    if spare or words > LONGEST:
        raise ValueError(
            f"Tcp.options: {len(tcp.options)} octets; a multiple of four up to {(LONGEST - SHORTEST) * WORD}"
        )
    if not 0 <= tcp.reserved <= 0xF:
        raise ValueError(f"Tcp.reserved: {tcp.reserved} does not fit into four bits")
    try:
        header = HEADER.pack(
            tcp.src_port,
            tcp.dst_port,
            tcp.seq,
            tcp.ack,
            words << 4 | tcp.reserved,
            tcp.flags,
            tcp.window,
            checksum,
            tcp.urgent,
        )
    except struct.error as error:
        raise ValueError(f"Tcp: {error}") from None
    return header + tcp.options + tcp.payload
