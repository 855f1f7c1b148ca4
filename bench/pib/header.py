"""The two headers of images in a file: 96 octets in a chain, 44 octets in older firmware.

Both keep their checksums as they are stored, right or wrong, so that any header encodes to the octets it came from.
Source: reference pib.md, 4.1 and 5.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from enum import IntEnum
from struct import Struct
from typing import ClassVar, Self, TypeVar

from bench.pib.checksum import checksum32

NONE = 0xFFFFFFFF
"""No entry point; no next or previous header."""

CHAIN_MAGIC = bytes.fromhex("01000100")
OLD_MAGIC = bytes.fromhex("00000060")
"""First four octets of a file: version 1.1 of the chain header, or the version of the older header."""


class ImageType(IntEnum):
    """What an image of a chain holds. Others exist; a header then gives the plain number."""

    GENERIC = 0x00
    CONFIGURATION_1 = 0x01
    CONFIGURATION_2 = 0x02
    CONFIGURATION_3 = 0x03
    FIRMWARE = 0x04
    OAS = 0x05
    CUSTOM = 0x06
    MEMORY_CONTROL = 0x07
    POWER_MANAGEMENT = 0x08
    SOFTLOADER = 0x0B
    MANIFEST = 0x0E
    PIB = 0x0F
    CUSTOM_UPDATE = 0x11


@dataclass(frozen=True, slots=True)
class ChainHeader:
    """96 octets before each image of a chain.

    nvm_address      position of the image in the file. Nothing found depends on it, so it is not checked
    load_address     where the chip puts the image
    next, previous   positions of the neighbouring headers; NONE at the ends
    image_type       see `ImageType`
    """

    SIZE: ClassVar[int] = 96
    WIRE: ClassVar[Struct] = Struct("<HHIIIIIIIIIHHH46sI")

    major: int = 1
    minor: int = 1
    execute_mask: int = 0
    nvm_address: int = 0
    load_address: int = 0
    image_length: int = 0
    image_checksum: int = 0
    entry_point: int = NONE
    next: int = NONE
    previous: int = NONE
    image_type: int = ImageType.GENERIC
    module_id: int = 0
    module_sub_id: int = 0
    applet_entry_version: int = 0
    reserved: bytes = bytes(46)
    checksum: int = 0

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """From exactly 96 octets; nothing is checked."""
        return cls(*cls.WIRE.unpack(octets))

    def encode(self) -> bytes:
        return self.WIRE.pack(*astuple(self))


@dataclass(frozen=True, slots=True)
class OldHeader:
    """44 octets before each image of older firmware.

    rom_address   in flash
    load_address  where the chip puts the image
    next          0 after the last image. What other values mean is not documented; tools only tell them from 0
    """

    SIZE: ClassVar[int] = 44
    VERSION: ClassVar[int] = 0x60000000
    WIRE: ClassVar[Struct] = Struct("<IIIIIIBBHIIII")

    version: int = VERSION
    rom_address: int = 0
    load_address: int = 0
    image_length: int = 0
    image_checksum: int = 0
    entry_point: int = 0
    minor: int = 0
    image_type: int = 0
    ignore_mask: int = 0
    module_id: int = 0
    module_sub_id: int = 0
    next: int = 0
    checksum: int = 0

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """From exactly 44 octets; nothing is checked."""
        return cls(*cls.WIRE.unpack(octets))

    def encode(self) -> bytes:
        return self.WIRE.pack(*astuple(self))


Header = TypeVar("Header", ChainHeader, OldHeader)


def sealed(header: Header, image: bytes) -> Header:
    """*header* for *image*: length and both checksums right."""
    unsigned = replace(header, image_length=len(image), image_checksum=checksum32(image), checksum=0)
    return replace(unsigned, checksum=checksum32(unsigned.encode()))
