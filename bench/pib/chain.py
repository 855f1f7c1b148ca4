"""Chains of images, each behind a header of 96 octets: newer PIBs and firmware are such files.

Source: reference pib.md, 4 and 5, with one correction: *previous* is the position of the header before, thus 0 in the
second header. Debian's chkpib and chknvm refuse anything else, and the PIB of a real QCA7000 has it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.pib.checksum import WORD, checksum32
from bench.pib.fault import Fault
from bench.pib.header import CHAIN_MAGIC, NONE, ChainHeader, ImageType, OldHeader, sealed


@dataclass(frozen=True, slots=True)
class Part:
    """One image of a chain with its header. *position* is that of the header in the file."""

    position: int
    header: ChainHeader
    image: bytes = field(repr=False)

    @property
    def image_position(self) -> int:
        return self.position + ChainHeader.SIZE

    @property
    def end(self) -> int:
        return self.image_position + len(self.image)


class Plan(NamedTuple):
    """What `assemble` is to put into a chain."""

    image_type: int
    image: bytes
    load_address: int = 0
    execute_mask: int = 0
    entry_point: int = NONE


def assemble(plans: Sequence[Plan]) -> bytes:
    """A chain of these images, with links and checksums. Raises ValueError if one is not a multiple of 4 octets."""
    octets = b""
    previous = NONE
    for number, plan in enumerate(plans, 1):
        if len(plan.image) % WORD:
            raise ValueError(f"an image is a multiple of {WORD} octets, got {len(plan.image)}")
        position = len(octets)
        image_position = position + ChainHeader.SIZE
        header = ChainHeader(
            execute_mask=plan.execute_mask,
            nvm_address=image_position,
            load_address=plan.load_address,
            entry_point=plan.entry_point,
            next=NONE if number == len(plans) else image_position + len(plan.image),
            previous=previous,
            image_type=plan.image_type,
        )
        octets += sealed(header, plan.image).encode() + plan.image
        previous = position
    return octets


def parts_of(octets: bytes) -> tuple[Part, ...]:
    """The parts of a sound chain; of a damaged one, those before the damage that hides the rest."""
    return tuple(item for item in walk(octets) if isinstance(item, Part))


def faults_of(octets: bytes) -> Iterator[Fault]:
    """Everything wrong with the chain."""
    return (item for item in walk(octets) if isinstance(item, Fault))


def walk(octets: bytes) -> Iterator[Part | Fault]:
    """The parts of a chain in order, and between them what is wrong.

    After a fault the walk goes on at the end of the image, as far as that can be told.
    """
    position, previous, number = 0, NONE, 0
    while True:
        what = f"header of image {number}"
        raw = octets[position : position + ChainHeader.SIZE]
        if len(raw) < ChainHeader.SIZE:
            yield Fault(what, position, f"{ChainHeader.SIZE} octets expected, the file ends after {len(raw)}")
            return
        if raw[:4] != CHAIN_MAGIC:
            yield Fault(what, position, f"begins with {raw[:4].hex(' ')} instead of {CHAIN_MAGIC.hex(' ')}")
            return
        header = ChainHeader.decode(raw)
        if checksum32(raw):
            right = checksum32(raw[:-4])
            yield Fault(what, position + 92, f"its checksum is {header.checksum:08X}, its octets give {right:08X}")
        if header.previous != previous:
            yield Fault(what, position + 32, f"links back to {_link(header.previous)}, not to {_link(previous)}")

        end = position + ChainHeader.SIZE + header.image_length
        if end > len(octets):
            present = len(octets) - position - ChainHeader.SIZE
            yield Fault(
                what, position + 16, f"the image is {header.image_length} octets long, the file ends after {present}"
            )
            return
        part = Part(position, header, octets[position + ChainHeader.SIZE : end])
        yield from image_faults(f"image {number}", header, part.image_position, part.image)
        yield part

        if header.next == NONE:
            if end < len(octets):
                yield Fault("chain", end, f"ends here, but {len(octets) - end} octets follow")
            return
        if header.next != end:
            yield Fault(what, position + 28, f"links to {_link(header.next)}, but the image ends at {_link(end)}")
            if end == len(octets):
                return
        position, previous, number = end, position, number + 1


def image_faults(what: str, header: ChainHeader | OldHeader, position: int, image: bytes) -> Iterator[Fault]:
    """What is wrong with *image*, which begins at file offset *position*, by its header of either kind."""
    if len(image) % WORD:
        yield Fault(what, position, f"{len(image)} octets are no multiple of {WORD}")
    if (right := checksum32(image)) != header.image_checksum:
        yield Fault(
            what, position, f"its header says checksum {header.image_checksum:08X}, its octets give {right:08X}"
        )


def _link(position: int) -> str:
    return "none" if position == NONE else f"0x{position:X}"


def only_pib(octets: bytes, parts: Sequence[Part], smallest: int) -> Iterator[Fault]:
    """What keeps *parts* from being a PIB file: it holds one PIB image, of at least *smallest* octets."""
    pibs = [part for part in parts if part.header.image_type == ImageType.PIB]
    if len(pibs) > 1:
        yield Fault("chain", pibs[1].position, "a second PIB image; which of the two counts is not known")
    for part in pibs:
        if len(part.image) < smallest:
            yield Fault(
                "PIB image",
                part.image_position,
                f"{len(part.image)} octets, fewer than the {smallest} every PIB has",
            )
    if not pibs:
        yield Fault("chain", len(octets), "holds no PIB image")
