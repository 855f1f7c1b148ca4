"""Manifests: entries as values, and the very octets back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pib_images import FILES, IMAGES, chain_around

from bench.errors import PibError
from bench.pib import ChainPib, Family, Manifest, NvmFile
from bench.pib.chain import Plan
from bench.pib.header import ImageType
from bench.pib.manifest import SIZE, ChainType, Entry, Tag
from bench.pib.synthesis import manifest_for

SIGNED = bytes.fromhex("00000000 04000000 cdab3412")


def test_lines_of_a_manifest() -> None:
    """All entries, in the order of the file."""
    assert manifest_for(Family.QCA7420, ChainType.PIB).lines() == [
        "signature: 1234ABCD",
        "hardware compatibility: 1",
        "chain version major: 1",
        "chain version minor: 5",
        "chain type: 2 PIB",
        "build version major: 1",
        "build version minor: 4",
        "build major subversion: 0",
        "sustaining release: 0",
        "build type: SYNTHETIC",
        "manifest version: 1",
        "build number: 1",
        "build date: 20260101",
        "build time: 120000",
        "device type: 7420",
        "host: ccs-bench",
        "user: ccs-bench",
        "description: QCA7420, synthetic",
        "version: PIB-QCA7420-synthetic",
        "generic identifier 0: 0",
        "generic identifier 1: 0",
        "softloader version major: 0",
        "softloader version minor: 1",
        "free space: 140 octets",
    ]


def test_manifest_of_a_file() -> None:
    chain, firmware = IMAGES["qca7000"], NvmFile(FILES["nvm chain"])
    assert isinstance(chain, ChainPib)

    assert chain.manifest is not None
    assert chain.manifest.encode() == chain.parts[0].image
    assert len(chain.manifest.encode()) == SIZE
    assert chain.manifest.value(Tag.CHAIN_TYPE) == ChainType.PIB
    assert chain.manifest.value(99) is None
    assert firmware.manifest is not None
    assert firmware.manifest.value(Tag.CHAIN_TYPE) == ChainType.FIRMWARE


def test_files_without_one() -> None:
    minimal = IMAGES["minimal"]
    assert isinstance(minimal, ChainPib)

    assert minimal.manifest is None
    assert NvmFile(FILES["nvm old"]).manifest is None


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"FINAL\0\xcc\xcc\xcc\xcc\xcc\xcc", "FINAL"),
        (b"CS\xff\xff\xff\xff", "CS"),
        (b"CS\0\0\0\0", "CS"),
        (b"\xcc" * 8, ""),
        (b"a\xe4\0\0", "a\\xe4"),
    ],
    ids=["CC", "FF", "NUL", "empty", "no UTF-8"],
)
def test_texts_end_where_their_filler_begins(octets: bytes, text: str) -> None:
    assert Entry(Tag.BUILD_TYPE, octets).value == text


def test_entries_nobody_has_named() -> None:
    assert str(Entry(77, b"\1\0\0\0")) == "entry of type 77: 1"
    assert str(Entry(77, b"12345678")) == "entry of type 77: 8 octets"
    assert str(Entry(Tag.CHAIN_TYPE, b"\x09\0\0\0")) == "chain type: 9"
    assert str(Entry(Tag.BUILD_DATE, b"\x26\x08\x13\x20")) == "build date: 20130826"


ENTRIES = st.builds(
    Entry, st.integers(0, 0xFFFF_FFFF), st.integers(0, 20).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n))
)


@given(st.lists(ENTRIES, max_size=10), st.binary(max_size=7))
def test_round_trip_of_entries(entries: list[Entry], rest: bytes) -> None:
    octets = SIGNED + Manifest(tuple(entries), rest).encode()

    manifest = Manifest.decode(octets)

    assert manifest.encode() == octets
    assert manifest.entries[1:] == tuple(entries)
    assert manifest.rest == rest
    assert len(manifest.lines()) == 1 + len(entries)


@pytest.mark.parametrize(
    ("octets", "where", "why"),
    [
        (b"", 0, "manifest at 0x0: 0 octets are too few for an entry"),
        (SIGNED[:7], 0, "manifest at 0x0: 7 octets are too few for an entry"),
        (SIGNED[:11], 0x60, "manifest entry of type 0 at 0x60: 4 octets long, the manifest ends after 3"),
        (bytes(12), 0x60, "manifest at 0x60: does not begin with the signature 1234ABCD"),
        (b"\1" + SIGNED[1:], 0, "manifest at 0x0: does not begin with the signature 1234ABCD"),
        (
            SIGNED + b"\5\0\0\0\6\0\0\0abcdef",
            0x60,
            "manifest entry of type 5 at 0x6C: 6 octets are no multiple of 4",
        ),
    ],
    ids=["empty", "short", "cut", "zeros", "other first", "odd"],
)
def test_malformed(octets: bytes, where: int, why: str) -> None:
    with pytest.raises(PibError) as refused:
        Manifest.decode(octets, where=where)

    assert str(refused.value) == why


def test_a_malformed_manifest_does_not_hide_the_pib() -> None:
    """Its PIB reads; the error comes when the manifest is asked for, with the place in the file."""
    image = ChainPib(chain_around(IMAGES["minimal"].image, Plan(ImageType.MANIFEST, bytes(12))))

    assert image.mac == IMAGES["minimal"].mac
    with pytest.raises(PibError, match="manifest at 0x2C0"):
        _ = image.manifest
