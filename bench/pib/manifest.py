"""Manifests: what a chain says about itself, as a list of tag, length and value.

Source: reference pib.md, 4.2; the manifest of a real QCA7000 decodes and encodes to the same octets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from bench.errors import PibError
from bench.pib.chain import Part
from bench.pib.checksum import WORD
from bench.pib.header import ImageType

SIGNATURE = 0x1234ABCD
SIZE = 768
"""Octets of every manifest seen, the last entry being the free space."""

FILLERS = b"\xff\xcc"
"""Behind a text: FF in a QCA7420's manifest, CC in a QCA7000's."""


class Tag(IntEnum):
    """What an entry tells, in the order of reference pib.md."""

    SIGNATURE = 0
    HARDWARE_COMPATIBILITY = 1
    CHAIN_VERSION_MAJOR = 2
    CHAIN_VERSION_MINOR = 3
    CHAIN_TYPE = 4
    BUILD_VERSION_MAJOR = 5
    BUILD_VERSION_MINOR = 6
    BUILD_TYPE = 7
    MANIFEST_VERSION = 8
    BUILD_NUMBER = 9
    BUILD_DATE = 10
    BUILD_TIME = 11
    DEVICE_TYPE = 12
    HOST = 13
    USER = 14
    DESCRIPTION = 15
    VERSION = 16
    SUSTAINING_RELEASE = 17
    BUILD_MAJOR_SUBVERSION = 18
    GENERIC_IDENTIFIER_0 = 19
    GENERIC_IDENTIFIER_1 = 20
    SOFTLOADER_VERSION_MAJOR = 21
    SOFTLOADER_VERSION_MINOR = 22
    FREE_SPACE = 23


class ChainType(IntEnum):
    SOFTLOADER = 0
    FIRMWARE = 1
    PIB = 2


TEXTS = frozenset({Tag.BUILD_TYPE, Tag.HOST, Tag.USER, Tag.DESCRIPTION, Tag.VERSION})
HEX = frozenset({Tag.SIGNATURE, Tag.BUILD_DATE, Tag.BUILD_TIME, Tag.DEVICE_TYPE})
"""Numbers that are read in hex: a date 0x20171027 is 2017-10-27."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag with its octets. Tags that are not listed in `Tag` are plain numbers."""

    tag: int
    octets: bytes

    @property
    def value(self) -> int | str | bytes:
        """A text, a number of four octets, or the octets."""
        if self.tag in TEXTS:
            return self.octets.partition(b"\0")[0].rstrip(FILLERS).decode(errors="backslashreplace")
        if self.tag != Tag.FREE_SPACE and len(self.octets) == WORD:
            return int.from_bytes(self.octets, "little")
        return self.octets

    @property
    def name(self) -> str:
        try:
            return Tag(self.tag).name.lower().replace("_", " ")
        except ValueError:
            return f"entry of type {self.tag}"

    def __str__(self) -> str:
        value = self.value
        if isinstance(value, bytes):
            return f"{self.name}: {len(value)} octets"
        if self.tag in HEX and isinstance(value, int):
            return f"{self.name}: {value:X}"
        if self.tag == Tag.CHAIN_TYPE:
            named = next((f" {kind.name}" for kind in ChainType if kind == value), "")
            return f"{self.name}: {value}{named}"
        return f"{self.name}: {value}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The entries of a manifest in order, and what is left behind them (fewer octets than an entry's head)."""

    entries: tuple[Entry, ...]
    rest: bytes = b""

    @classmethod
    def of(cls, parts: Iterable[Part]) -> Self | None:
        """The manifest among the parts of a chain, or None. Raises PibError if it is malformed."""
        for part in parts:
            if part.header.image_type == ImageType.MANIFEST:
                return cls.decode(part.image, where=part.image_position)
        return None

    @classmethod
    def decode(cls, octets: bytes, *, where: int = 0) -> Self:
        """From the octets of a manifest image, which begins at file offset *where*. Raises PibError."""
        entries: list[Entry] = []
        at = 0
        while len(octets) - at >= 2 * WORD:
            tag = int.from_bytes(octets[at : at + 4], "little")
            size = int.from_bytes(octets[at + 4 : at + 8], "little")
            what = f"manifest entry of type {tag}"
            if size % WORD:
                raise PibError(what, where + at, f"{size} octets are no multiple of {WORD}")
            if size > len(octets) - at - 8:
                raise PibError(what, where + at, f"{size} octets long, the manifest ends after {len(octets) - at - 8}")
            entry = Entry(tag, octets[at + 8 : at + 8 + size])
            if not entries and (tag, entry.value) != (Tag.SIGNATURE, SIGNATURE):
                raise PibError("manifest", where, f"does not begin with the signature {SIGNATURE:X}")
            entries.append(entry)
            at += 8 + size
        if not entries:
            raise PibError("manifest", where, f"{len(octets)} octets are too few for an entry")
        return cls(tuple(entries), octets[at:])

    def encode(self) -> bytes:
        head = (
            entry.tag.to_bytes(4, "little") + len(entry.octets).to_bytes(4, "little") + entry.octets
            for entry in self.entries
        )
        return b"".join(head) + self.rest

    def value(self, tag: int) -> int | str | bytes | None:
        """The value of the first entry with this tag; None without one."""
        return next((entry.value for entry in self.entries if entry.tag == tag), None)

    def lines(self) -> list[str]:
        """The entries for a person, one a line."""
        return [str(entry) for entry in self.entries]
