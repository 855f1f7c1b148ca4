"""Write pcapng that Wireshark and tshark open: nanosecond stamps, named interfaces, direction, comments."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from bench import __version__
from bench.capture.pcapng import (
    ENHANCED_PACKET,
    EPB_FLAGS,
    IF_NAME,
    IF_TSRESOL,
    INBOUND,
    INTERFACE_DESCRIPTION,
    OPT_COMMENT,
    OUTBOUND,
    SECTION_HEADER,
    SHB_SOFTWARE,
)
from bench.capture.record import MAX_FRAME, LinkType
from bench.units import Ns

BYTE_ORDER_MARK = 0x1A2B3C4D
UNKNOWN_LENGTH = 0xFFFF_FFFF_FFFF_FFFF
NANOSECONDS = bytes([9])
MAX_OPTION = 0xFFFF


class PcapngWriter:
    """One section, Ethernet interfaces, packets in the order they are written.

    An interface must be added before its first packet; more may follow later.
    """

    def __init__(self, stream: BinaryIO, *, comment: str = "") -> None:
        self._stream = stream
        self._interfaces = 0
        section = struct.pack("<IHHQ", BYTE_ORDER_MARK, 1, 0, UNKNOWN_LENGTH)
        about = [(SHB_SOFTWARE, f"ccs-bench {__version__}".encode())]
        if comment:
            about.insert(0, (OPT_COMMENT, comment.encode()))
        self._block(SECTION_HEADER, section + _options(about))

    @classmethod
    def open(cls, path: str | Path, *, comment: str = "") -> Self:
        """Create or overwrite *path*. Raises OSError."""
        return cls(Path(path).open("wb"), comment=comment)

    def add_interface(self, name: str) -> int:
        """Declare an Ethernet interface; returns the number `write` wants."""
        body = struct.pack("<HHI", LinkType.ETHERNET, 0, MAX_FRAME)
        self._block(INTERFACE_DESCRIPTION, body + _options([(IF_NAME, name.encode()), (IF_TSRESOL, NANOSECONDS)]))
        self._interfaces += 1
        return self._interfaces - 1

    def write(
        self, t: Ns, octets: bytes, interface: int = 0, *, outgoing: bool | None = None, comment: str = ""
    ) -> None:
        """Append one frame.

        t         Ns since 1970, or since the start of a simulated run; not negative
        outgoing  True: the recorder sent it; None leaves the direction open

        Raises ValueError for an interface that was not added, a negative time, a frame or comment that is too long.
        """
        if not 0 <= interface < self._interfaces:
            raise ValueError(f"interface {interface} was not added; there are {self._interfaces}")
        if not 0 <= t < 1 << 64:
            raise ValueError(f"{t} ns does not fit a stamp")
        if len(octets) > MAX_FRAME:
            raise ValueError(f"a frame of {len(octets)} octets; at most {MAX_FRAME}")
        about = []
        if comment:
            about.append((OPT_COMMENT, comment.encode()))
        if outgoing is not None:
            about.append((EPB_FLAGS, struct.pack("<I", OUTBOUND if outgoing else INBOUND)))
        size = len(octets)
        head = struct.pack("<IIIII", interface, t >> 32, t & 0xFFFF_FFFF, size, size)
        self._block(ENHANCED_PACKET, head + _padded(octets) + (_options(about) if about else b""))

    def _block(self, kind: int, body: bytes) -> None:
        length = struct.pack("<I", len(body) + 12)
        self._stream.write(struct.pack("<I", kind) + length + body + length)

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def _options(entries: list[tuple[int, bytes]]) -> bytes:
    if any(len(value) > MAX_OPTION for _, value in entries):
        raise ValueError(f"a text of more than {MAX_OPTION} octets does not fit an option")
    packed = b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in entries)
    return packed + bytes(4)
