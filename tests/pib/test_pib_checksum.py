"""The checksum: worked examples, and what makes incremental updates possible."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st
from pib_images import ADDRESS, MINIMAL, NMK_0123

from bench.ids import dak_from_password
from bench.pib import Family, checksum32, synthesise

WORDS = st.lists(st.integers(0, 0xFFFF_FFFF), min_size=1, max_size=50)

HEADER_WORDS = (
    "00010001 00000000 00000060 00200000 00000200 2F9A1F57 FFFFFFFF FFFFFFFF FFFFFFFF 0000000F" + 13 * " 00000000"
)
"""Of the minimal chain; reference pib.md, 1."""


def packed(words: list[int]) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)


def test_worked_header() -> None:
    """23 words of a header give the 24th."""
    words = [int(word, 16) for word in HEADER_WORDS.split()]

    assert len(words) == 23
    assert checksum32(packed(words)) == 0x2FBB1D39
    assert MINIMAL.octets[:96] == packed([*words, 0x2FBB1D39])


def test_worked_minimal_chain() -> None:
    """Image, header and module checksum of reference pib.md, 6.1."""
    assert len(MINIMAL.octets) == 608
    assert checksum32(MINIMAL.image) == 0x2F9A1F57
    assert MINIMAL.octets[20:24] == bytes.fromhex("57 1F 9A 2F")
    assert MINIMAL.octets[92:96] == bytes.fromhex("39 1D BB 2F")
    assert checksum32(MINIMAL.octets) == 0xD065E0A8


def test_worked_flat() -> None:
    """The flat PIB of reference pib.md, 6.3."""
    image = synthesise(
        Family.INT6X00,
        mac=ADDRESS,
        dak=dak_from_password("HomePlugAV"),
        nmk=NMK_0123,
        size=4096,
        values={"user_hfid": "USR", "network_hfid": "NET"},
    )

    assert image.read("checksum") == 0x6052B703


def test_nothing_and_less_than_a_word() -> None:
    """Octets that do not fill a word are not summed."""
    assert checksum32(b"") == 0xFFFF_FFFF
    assert checksum32(b"abc") == 0xFFFF_FFFF
    assert checksum32(b"\1\0\0\0abc") == 0xFFFF_FFFE


@given(WORDS)
def test_with_its_own_checksum_a_block_gives_0(words: list[int]) -> None:
    octets = packed(words)

    assert checksum32(packed([*words, checksum32(octets)])) == 0


@given(WORDS, st.data())
def test_one_changed_word_changes_the_checksum_by_both(words: list[int], data: st.DataObject) -> None:
    """new = old XOR before XOR after: what an editor needs that never reads the whole file."""
    at = data.draw(st.integers(0, len(words) - 1))
    after = data.draw(st.integers(0, 0xFFFF_FFFF))
    changed = [*words[:at], after, *words[at + 1 :]]

    assert checksum32(packed(changed)) == checksum32(packed(words)) ^ words[at] ^ after
