"""Flat PIBs: one image with length and checksum in its own header (INT6000, INT6300, INT6400, AR7400).

Source: reference pib.md, 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from bench.pib.checksum import WORD, checksum32
from bench.pib.fault import Fault, refuse_faulty
from bench.pib.fields import Field, flat_fields
from bench.pib.image import SMALLEST, Family, PibImage

LENGTH = slice(4, 6)
CHECKSUM = slice(8, 12)
HEADER_SIZE = 12

LARGEST = 0xFFFC
"""Octets that the 16 bits of the length field can tell, in whole words."""


def faults_of(octets: bytes) -> Iterator[Fault]:
    """Everything wrong with a flat PIB."""
    what = "flat PIB"
    if len(octets) < SMALLEST:
        yield Fault(what, len(octets), f"ends after {len(octets)} octets, fewer than the {SMALLEST} every PIB has")
        return
    said = int.from_bytes(octets[LENGTH], "little")
    if said != len(octets):
        yield Fault(what, LENGTH.start, f"its length field says {said} octets, the file has {len(octets)}")
    if len(octets) % WORD:
        yield Fault(what, len(octets), f"{len(octets)} octets are no multiple of {WORD}")
    if checksum32(octets):
        stored = int.from_bytes(octets[CHECKSUM], "little")
        right = checksum32(octets) ^ stored
        yield Fault(what, CHECKSUM.start, f"its checksum is {stored:08X}, its octets give {right:08X}")


def sealed(image: bytes) -> bytes:
    """*image* with the checksum it should have."""
    unsigned = image[: CHECKSUM.start] + bytes(4) + image[CHECKSUM.stop :]
    return image[: CHECKSUM.start] + checksum32(unsigned).to_bytes(4, "little") + image[CHECKSUM.stop :]


@dataclass(frozen=True, slots=True, repr=False)
class FlatPib(PibImage):
    """A sound flat PIB. Raises PibError for octets that are none."""

    layout: ClassVar[str] = "flat"

    octets: bytes

    def __post_init__(self) -> None:
        refuse_faulty(faults_of(self.octets))

    @property
    def base(self) -> int:
        return 0

    @property
    def image(self) -> bytes:
        return self.octets

    @property
    def family(self) -> Family:
        return Family.INT6X00

    @property
    def fields(self) -> Mapping[str, Field]:
        return flat_fields(len(self.octets))

    @property
    def field_region(self) -> range:
        return range(HEADER_SIZE, len(self.octets))

    def _with_image(self, image: bytes) -> Self:
        return type(self)(sealed(image))
