"""Which kind of file this is, and the file as a value."""

from __future__ import annotations

from typing import TypeAlias

from bench.errors import PibError
from bench.pib import chain, flat, nvm
from bench.pib.chained import ChainPib, pib_faults_of
from bench.pib.fault import Fault
from bench.pib.flat import FlatPib
from bench.pib.header import CHAIN_MAGIC, OLD_MAGIC, ImageType
from bench.pib.nvm import NvmFile

PibFile: TypeAlias = FlatPib | ChainPib | NvmFile


def parse(octets: bytes) -> PibFile:
    """A PIB or firmware file from its octets, which it gives back unchanged as `octets`.

    Raises PibError for everything that is not wholly sound: cut short, too long, of wrong length, link or checksum.
    """
    if unknown := _unknown(octets):
        raise PibError(*unknown)
    if octets[:4] == OLD_MAGIC:
        return NvmFile(octets)
    if octets[:4] == CHAIN_MAGIC:
        return ChainPib(octets) if _has_pib(octets) else NvmFile(octets)
    return FlatPib(octets)


def faults(octets: bytes) -> list[Fault]:
    """Everything wrong with a file that should be a PIB or firmware; nothing if `parse` takes it."""
    if unknown := _unknown(octets):
        return [unknown]
    if octets[:4] == CHAIN_MAGIC and _has_pib(octets):
        return list(pib_faults_of(octets))
    if octets[:4] in (CHAIN_MAGIC, OLD_MAGIC):
        return list(nvm.faults_of(octets))
    return list(flat.faults_of(octets))


def _unknown(octets: bytes) -> Fault | None:
    if len(octets) < 4:
        return Fault("file", len(octets), f"{len(octets)} octets are too few to tell what it is")
    return None


def _has_pib(octets: bytes) -> bool:
    return any(part.header.image_type == ImageType.PIB for part in chain.parts_of(octets))
