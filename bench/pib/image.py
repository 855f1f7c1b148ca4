"""What flat PIBs and chains have in common: named fields, edits that keep the checksums right, digests."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping
from enum import Enum
from typing import ClassVar, Self

from bench.ids import Dak, MacAddress, Nid, Nmk, nid_from_nmk
from bench.pib.fields import Field, Role
from bench.pib.values import Value

SMALLEST = 0x100
"""Octets of an image that holds all of the common head up to and including the NID."""


class Family(Enum):
    """Adapters whose PIBs look alike."""

    INT6X00 = "INT6x00 and AR7400"
    QCA7000 = "QCA7000"
    QCA7005 = "QCA7005"
    QCA7420 = "QCA7420"
    UNKNOWN = "unknown chip with a chain"


class PibImage:
    """A sound parameter block. Two are equal if their octets are.

    octets         the file
    base           file offset of the image: 0 in a flat PIB
    image          the image, whose offsets fields are named by
    fields         what this image has of the table of its layout, by name
    field_region   image offsets an edit may touch

    Edits give a new image of the same kind and leave this one alone. They never change identity (`Field.identity`).
    """

    __slots__ = ()

    layout: ClassVar[str]
    octets: bytes

    @property
    @abstractmethod
    def base(self) -> int: ...

    @property
    @abstractmethod
    def image(self) -> bytes: ...

    @property
    @abstractmethod
    def family(self) -> Family: ...

    @property
    @abstractmethod
    def fields(self) -> Mapping[str, Field]: ...

    @property
    @abstractmethod
    def field_region(self) -> range: ...

    @abstractmethod
    def _with_image(self, image: bytes) -> Self:
        """This file around another image of the same length, with checksums right."""

    def __str__(self) -> str:
        return f"{self.layout} PIB of {self.mac}, {self.family.value}, {len(self.octets)} octets"

    def __repr__(self) -> str:
        """Without the octets, which hold keys."""
        return f"<{self}>"

    def file_offset(self, image_offset: int) -> int:
        """Where an octet of the image is in the file. Raises ValueError outside of the image."""
        if not 0 <= image_offset < len(self.image):
            raise ValueError(f"0x{image_offset:X} is outside of the image, which has 0x{len(self.image):X} octets")
        return self.base + image_offset

    def image_offset(self, file_offset: int) -> int:
        """Where an octet of the file is in the image. Raises ValueError for what is before or behind it."""
        if not self.base <= file_offset < self.base + len(self.image):
            end = self.base + len(self.image)
            raise ValueError(f"0x{file_offset:X} is outside of the image, which is 0x{self.base:X}..0x{end - 1:X}")
        return file_offset - self.base

    def field(self, name: str) -> Field:
        """The field of that name. Raises ValueError if this image has none."""
        if name not in self.fields:
            raise ValueError(f"{name}: no such field in a {self.layout} PIB of {len(self.octets)} octets")
        return self.fields[name]

    def read(self, name: str) -> Value:
        """The value of a named field. Raises ValueError for an unknown name."""
        return self.field(name).read(self.image)

    def with_values(self, values: Mapping[str, Value]) -> Self:
        """An image in which these named fields have these values, checksums right.

        Byte for byte what `setpib` of open-plc-utils makes of it. Raises ValueError, naming the field, for an unknown
        name, a value that does not fit, and for what must not be changed.
        """
        image = bytearray(self.image)
        for name, value in values.items():
            field = self.field(name)
            if field.identity:
                raise ValueError(f"{name}: {field.role.value}, so it stays as it is")
            if field.role is Role.FILE:
                raise ValueError(f"{name}: {field.role.value}, so it cannot be set")
            if (why := field.type.misfit(value)) is not None:
                raise ValueError(f"{name}: {why}")
            image[field.span] = field.type.write(value)
        return self._with_image(bytes(image))

    def with_octets(self, image_offset: int, octets: bytes) -> Self:
        """An image with *octets* at an offset nobody has named, checksums right.

        Raises ValueError outside of `field_region`, and if an octet of an identity field would change.
        """
        end = image_offset + len(octets)
        region = self.field_region
        if image_offset < region.start or end > region.stop:
            raise ValueError(
                f"0x{image_offset:X} and {len(octets)} octets are outside of 0x{region.start:X}..0x{region.stop - 1:X}"
            )
        image = bytearray(self.image)
        image[image_offset:end] = octets
        for field in self.fields.values():
            if field.identity and image[field.span] != self.image[field.span]:
                raise ValueError(f"{field.name} (0x{field.offset:X}): {field.role.value}, so it stays as it is")
        return self._with_image(bytes(image))

    def with_network(self, nmk: Nmk, security_level: int = 0) -> Self:
        """An image for the network of *nmk*: the key and the NID that follows from it."""
        return self.with_values({"nmk": nmk, "nid": nid_from_nmk(nmk, security_level)})

    @property
    def mac(self) -> MacAddress:
        return MacAddress(self._octets_of("mac"))

    @property
    def dak(self) -> Dak:
        """All zeros where an adapter was asked through the powerline: it keeps its own."""
        return Dak(self._octets_of("dak"))

    @property
    def nmk(self) -> Nmk:
        return Nmk(self._octets_of("nmk"))

    @property
    def nid(self) -> Nid:
        return Nid(self._octets_of("nid"))

    @property
    def nid_follows_nmk(self) -> bool:
        """Whether the 52 bits of the NID that depend on the key fit it.

        Adapters do not care and pyPLC makes networks of NID 01 to 07; chkpib of open-plc-utils refuses such a file.
        """
        due = nid_from_nmk(self.nmk)
        return self.nid[:6] == due[:6] and self.nid[6] & 0x0F == due[6] & 0x0F

    @property
    def digest(self) -> str:
        """SHA-256 of the file, hex."""
        return hashlib.sha256(self.octets).hexdigest()

    @property
    def configuration_digest(self) -> str:
        """SHA-256, hex, of the image without what tells one adapter and network from another.

        Equal for two adapters of a kind with the same settings. Security level and hybrid mode, the upper half of the
        last octet of the NID, are settings.
        """
        image = bytearray(self.image)
        for field in self.fields.values():
            if field.name == "nid":
                image[field.span] = bytes(6) + bytes([self.nid[6] & 0xF0])
            elif field.role in (Role.DEVICE, Role.NETWORK) or field.name == "checksum":
                image[field.span] = bytes(field.size)
        return hashlib.sha256(image).hexdigest()

    def _octets_of(self, name: str) -> bytes:
        return self.image[self.field(name).span]
