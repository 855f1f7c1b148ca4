"""What a capture file holds: records, and facts about the file itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from bench.units import Ns

UNKNOWN_ADDRESS = bytes(6)
"""Stands where a capture does not tell an address: cooked captures have no destination."""

MAX_FRAME = 262_144
"""Longest record believed, the limit of libpcap; a longer one is damage."""


class LinkType(IntEnum):
    """Numbers of tcpdump.org/linktypes.html that can be brought into Ethernet form."""

    ETHERNET = 1
    LINUX_SLL = 113
    LINUX_SLL2 = 276


class Record(NamedTuple):
    """One captured frame.

    number    1 = first frame of the file, as Wireshark counts
    t         Ns since 1970, or since whatever the recorder called zero
    octets    the frame in Ethernet form, without check sequence
    outgoing  True if the recording computer sent it, False if it came in, None if the file does not say
    comment   of this packet, from pcapng
    """

    number: int
    t: Ns
    octets: bytes
    outgoing: bool | None = None
    comment: str = ""


@dataclass(slots=True)
class CaptureFacts:
    """What the file says about itself. Grows while records are read; complete after the last one.

    resolution_ns         of the stamps as the format can express them; a fraction below 1 ns
    truncated_tail_bytes  of a last record that is cut off; it does not count as a frame
    damage                why reading stopped before the end, with frame and offset; None if it did not
    unstamped_frames      simple packet blocks carry no time; they get the one before
    foreign_frames        of interfaces with a link type that cannot be read; counted, but empty
    """

    format: str
    link_type: int | None = None
    resolution_ns: float | None = None
    truncated_tail_bytes: int = 0
    damage: str | None = None
    unstamped_frames: int = 0
    foreign_frames: int = 0
    software: str | None = None
    os: str | None = None
    interfaces: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
