"""The one checksum of PIB and NVM files: of images, headers, whole flat PIBs and module transfers."""

from __future__ import annotations

from functools import reduce
from operator import xor
from struct import unpack_from

WORD = 4
"""Octets of a word. A last part that does not fill one is not summed; sound files have none."""

ALL_ONES = 0xFFFFFFFF


def checksum32(octets: bytes) -> int:
    """NOT of the XOR of all 32-bit little endian words of *octets*; 0 for a block that holds its own checksum.

    Source: reference pib.md, 1; qca/open-plc-utils tools/checksum32.c; real PIBs agree.

    >>> hex(checksum32(bytes.fromhex("01000000 02000000")))
    '0xfffffffc'
    """
    words = len(octets) // WORD
    return reduce(xor, unpack_from(f"<{words}I", octets), ALL_ONES)
