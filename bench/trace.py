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
from bench.mme import Frame, Mme, RawMme, decode, is_homeplug
from bench.pilot.model import PilotReading
from bench.units import Ns


class Direction(enum.Enum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class FrameSeen:
    """A frame at one of the bench's ports. *frame* is None for anything that is no management message."""

    t: Ns
    port: str
    direction: Direction
    octets: bytes
    frame: Frame | None

    @property
    def mme(self) -> Mme | RawMme | None:
        return self.frame.mme if self.frame else None


@dataclass(frozen=True, slots=True)
class PilotSeen:
    """The pilot changed, as the *station* sees it."""

    t: Ns
    station: str
    reading: PilotReading


@dataclass(frozen=True, slots=True)
class StateSeen:
    """A SLAC machine of the bench went to another state."""

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
        """Record a frame and return the entry, decoded if it is a management message."""
        frame = None
        if is_homeplug(octets):
            try:
                frame = decoded(octets)
            except MalformedMme as error:
                self.add(Note(t, port, f"malformed management message {direction.value}: {error}"))
        entry = FrameSeen(t, port, direction, octets, frame)
        self.add(entry)
        return entry

    def note(self, t: Ns, who: str, text: str) -> None:
        self.add(Note(t, who, text))

    def frames(self) -> Iterator[FrameSeen]:
        return (entry for entry in self.entries if isinstance(entry, FrameSeen))

    def clear(self) -> None:
        self.entries.clear()
