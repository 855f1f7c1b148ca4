"""One ordered record of everything that happened on a rig: frames, pilot, states, power, notes.

Charts, timing tables, captures and verdicts are all made from it, so that they cannot contradict each other.
"""

from __future__ import annotations

import enum
from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import TypeAlias

from bench.errors import MalformedMme
from bench.ids import MacAddress
from bench.mme import Frame, Mme, RawMme, decode, is_homeplug
from bench.net import Ipv6Frame, MalformedPacket, is_ipv6
from bench.net import decode as decode_ipv6
from bench.net.words import name_of
from bench.pilot.model import PilotReading
from bench.units import Ns


class Direction(enum.Enum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class FrameSeen:
    """A frame at one of the bench's ports.

    frame   None for anything that is no management message
    packet  None for anything that is not IPv6
    """

    t: Ns
    port: str
    direction: Direction
    octets: bytes
    frame: Frame | None
    packet: Ipv6Frame | None = None

    @property
    def mme(self) -> Mme | RawMme | None:
        return self.frame.mme if self.frame else None

    @property
    def src(self) -> MacAddress | None:
        """Who sent it; None for a frame that is neither."""
        sent = self.frame or self.packet
        return sent.src if sent is not None else None

    @property
    def message(self) -> object:
        """The management message, or the innermost of what a packet carries; None for anything else."""
        return self.mme if self.packet is None else self.packet.message

    @property
    def name(self) -> str:
        """Of the message: `CM_SLAC_PARM.REQ`, `SDP request`; empty for a frame that is neither."""
        if self.frame is not None:
            return self.frame.mme.name
        return name_of(self.packet) if self.packet is not None else ""


@dataclass(frozen=True, slots=True)
class PilotSeen:
    """The pilot changed, as the *station* sees it."""

    t: Ns
    station: str
    reading: PilotReading


@dataclass(frozen=True, slots=True)
class StateSeen:
    """A machine of the bench, SLAC or SDP, went to another state."""

    t: Ns
    station: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """Anything else a reader should know: what an operator did, what power did, what a machine ignored and why."""

    t: Ns
    who: str
    text: str


Entry: TypeAlias = FrameSeen | PilotSeen | StateSeen | Note

decoded = lru_cache(maxsize=256)(decode)
"""Adapters are asked the same and answer the same many times; frames are values and may be shared."""


@dataclass
class Trace:
    """Entries in order of time, whatever the order they become known in. *listeners* are called for each new one."""

    entries: list[Entry] = field(default_factory=list)
    listeners: list[Callable[[Entry], None]] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        entries = self.entries
        if entries and entry.t < entries[-1].t:
            insort(entries, entry, key=attrgetter("t"))
        else:
            entries.append(entry)
        for listener in self.listeners:
            listener(entry)

    def frame(self, t: Ns, port: str, direction: Direction, octets: bytes) -> FrameSeen:
        """Record a frame and return the entry, decoded if it is a management message or IPv6."""
        frame = None
        if is_homeplug(octets):
            try:
                frame = decoded(octets)
            except MalformedMme as error:
                self.add(Note(t, port, f"malformed management message {direction.value}: {error}"))
        packet = None
        if frame is None and is_ipv6(octets):
            try:
                packet = decode_ipv6(octets)
            except MalformedPacket as error:
                self.add(Note(t, port, f"malformed IPv6 packet {direction.value}: {error}"))
        entry = FrameSeen(t, port, direction, octets, frame, packet)
        self.add(entry)
        return entry

    def note(self, t: Ns, who: str, text: str) -> None:
        self.add(Note(t, who, text))

    def frames(self) -> Iterator[FrameSeen]:
        return (entry for entry in self.entries if isinstance(entry, FrameSeen))

    def clear(self) -> None:
        self.entries.clear()
