"""Firmware files: chains as those of PIBs, and the older form with headers of 44 octets.

Source: reference pib.md, 5. The images are opaque: nothing in this project looks into firmware.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from bench.pib import chain
from bench.pib.checksum import WORD, checksum32
from bench.pib.fault import Fault, refuse_faulty
from bench.pib.header import CHAIN_MAGIC, OLD_MAGIC, OldHeader, sealed
from bench.pib.manifest import Manifest


class NvmForm(Enum):
    CHAIN = "headers of 96 octets, linked both ways"
    OLD = "headers of 44 octets"


@dataclass(frozen=True, slots=True)
class OldPart:
    """One image of older firmware with its header. *position* is that of the header in the file."""

    position: int
    header: OldHeader
    image: bytes = field(repr=False)

    @property
    def image_position(self) -> int:
        return self.position + OldHeader.SIZE

    @property
    def end(self) -> int:
        return self.image_position + len(self.image)


class OldPlan(NamedTuple):
    """What `assemble_old` is to put into a file."""

    image_type: int
    image: bytes
    load_address: int = 0


def assemble_old(plans: Sequence[OldPlan]) -> bytes:
    """An older firmware file of these images. Raises ValueError if one is not a multiple of 4 octets."""
    octets = b""
    for number, plan in enumerate(plans, 1):
        if len(plan.image) % WORD:
            raise ValueError(f"an image is a multiple of {WORD} octets, got {len(plan.image)}")
        image_position = len(octets) + OldHeader.SIZE
        header = OldHeader(
            rom_address=image_position,
            load_address=plan.load_address,
            image_type=plan.image_type,
            next=0 if number == len(plans) else image_position + len(plan.image),
        )
        octets += sealed(header, plan.image).encode() + plan.image
    return octets


def walk_old(octets: bytes) -> Iterator[OldPart | Fault]:
    """The parts of an older firmware file in order, and between them what is wrong."""
    position, number = 0, 0
    while True:
        what = f"firmware header {number}"
        raw = octets[position : position + OldHeader.SIZE]
        if len(raw) < OldHeader.SIZE:
            yield Fault(what, position, f"{OldHeader.SIZE} octets expected, the file ends after {len(raw)}")
            return
        header = OldHeader.decode(raw)
        if header.version != OldHeader.VERSION:
            yield Fault(what, position, f"version {header.version:08X} instead of {OldHeader.VERSION:08X}")
            return
        if checksum32(raw):
            right = checksum32(raw[:-4])
            yield Fault(what, position + 40, f"its checksum is {header.checksum:08X}, its octets give {right:08X}")

        part = OldPart(position, header, octets[position + OldHeader.SIZE :][: header.image_length])
        if len(part.image) < header.image_length:
            yield Fault(
                what,
                position + 12,
                f"the image is {header.image_length} octets long, the file ends after {len(part.image)}",
            )
            return
        yield from chain.image_faults(f"image {number}", header, part.image_position, part.image)
        yield part

        following = len(octets) - part.end
        if header.next == 0:
            if following:
                yield Fault("firmware", part.end, f"ends here, but {following} octets follow")
            return
        position, number = part.end, number + 1


def faults_of(octets: bytes) -> Iterator[Fault]:
    """Everything wrong with a firmware file of either form."""
    if octets[:4] == CHAIN_MAGIC:
        yield from chain.faults_of(octets)
    elif octets[:4] == OLD_MAGIC:
        yield from (item for item in walk_old(octets) if isinstance(item, Fault))
    else:
        yield Fault("firmware", 0, f"begins with {octets[:4].hex(' ') or 'nothing'}, which no firmware does")


@dataclass(frozen=True, slots=True)
class NvmFile:
    """A sound firmware file. Raises PibError for octets that are none."""

    octets: bytes = field(repr=False)
    form: NvmForm = field(init=False, compare=False)
    parts: tuple[chain.Part, ...] | tuple[OldPart, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        refuse_faulty(faults_of(self.octets))
        if self.octets[:4] == CHAIN_MAGIC:
            form: NvmForm = NvmForm.CHAIN
            parts: tuple[chain.Part, ...] | tuple[OldPart, ...] = chain.parts_of(self.octets)
        else:
            form = NvmForm.OLD
            parts = tuple(item for item in walk_old(self.octets) if isinstance(item, OldPart))
        object.__setattr__(self, "form", form)
        object.__setattr__(self, "parts", parts)

    @property
    def manifest(self) -> Manifest | None:
        """What the file says about itself; None without a manifest. Raises PibError if it is malformed."""
        return Manifest.of(part for part in self.parts if isinstance(part, chain.Part))

    @property
    def digest(self) -> str:
        """SHA-256 of the file, hex."""
        return hashlib.sha256(self.octets).hexdigest()
