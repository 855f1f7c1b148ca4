"""PIBs in a chain: a manifest, then the image (QCA7000, QCA7005, QCA7420).

Source: reference pib.md, 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from bench.pib.chain import Part, faults_of, only_pib, parts_of
from bench.pib.fault import Fault, refuse_faulty
from bench.pib.fields import Field, chain_fields
from bench.pib.header import ImageType, sealed
from bench.pib.image import SMALLEST, Family, PibImage
from bench.pib.manifest import Manifest

IMAGE_SIZES = {Family.QCA7000: 8080, Family.QCA7005: 8080, Family.QCA7420: 8836}
"""Octets of the image in the PIBs seen."""


def pib_faults_of(octets: bytes) -> Iterator[Fault]:
    """Everything wrong with a chain that should hold a PIB."""
    yield from faults_of(octets)
    yield from only_pib(octets, parts_of(octets), SMALLEST)


@dataclass(frozen=True, slots=True, repr=False)
class ChainPib(PibImage):
    """A sound chain with one PIB image. Raises PibError for octets that are none."""

    layout: ClassVar[str] = "chain"

    octets: bytes
    parts: tuple[Part, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        refuse_faulty(pib_faults_of(self.octets))
        object.__setattr__(self, "parts", parts_of(self.octets))

    @property
    def pib_part(self) -> Part:
        return next(part for part in self.parts if part.header.image_type == ImageType.PIB)

    @property
    def base(self) -> int:
        return self.pib_part.image_position

    @property
    def image(self) -> bytes:
        return self.pib_part.image

    @property
    def family(self) -> Family:
        """From the product text, if the image is as long as that product's."""
        product = str(self.read("product")) if "product" in self.fields else ""
        found = next((family for family in IMAGE_SIZES if family.value == product), Family.UNKNOWN)
        return found if IMAGE_SIZES.get(found) == len(self.image) else Family.UNKNOWN

    @property
    def fields(self) -> Mapping[str, Field]:
        return chain_fields(len(self.image))

    @property
    def field_region(self) -> range:
        return range(len(self.image))

    @property
    def manifest(self) -> Manifest | None:
        """What the file says about itself; None without a manifest. Raises PibError if it is malformed."""
        return Manifest.of(self.parts)

    def _with_image(self, image: bytes) -> Self:
        part = self.pib_part
        header = sealed(part.header, image)
        return type(self)(self.octets[: part.position] + header.encode() + image + self.octets[part.end :])
