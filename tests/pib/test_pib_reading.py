"""Recognising files: what is sound gives its octets back, everything else is refused in one sentence."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pib_images import FILES, IMAGES, MINIMAL, SMALL_FILES, SMALL_FLAT, chain_around, images

from bench.errors import PibError
from bench.pib import ChainPib, Family, FlatPib, NvmFile, NvmForm, faults, parse
from bench.pib.chain import Plan, assemble
from bench.pib.flat import sealed as sealed_flat
from bench.pib.header import ChainHeader, ImageType, OldHeader, sealed

# What is sound


@given(images())
def test_round_trip(image: FlatPib | ChainPib) -> None:
    read = parse(image.octets)

    assert read == image
    assert read.octets == image.octets
    assert faults(image.octets) == []


@pytest.mark.parametrize("name", FILES)
def test_every_kind_is_recognised(name: str) -> None:
    read = parse(FILES[name])

    assert isinstance(read, {"f": FlatPib, "n": NvmFile}.get(name[0], ChainPib))
    assert read.octets == FILES[name]
    assert faults(FILES[name]) == []


@pytest.mark.parametrize(
    ("name", "layout", "family", "base", "octets"),
    [
        ("flat", "flat", Family.INT6X00, 0, 0x2008),
        ("minimal", "chain", Family.UNKNOWN, 0x60, 608),
        ("qca7000", "chain", Family.QCA7000, 0x3C0, 9040),
        ("qca7005", "chain", Family.QCA7005, 0x3C0, 9040),
        ("qca7420", "chain", Family.QCA7420, 0x3C0, 9796),
    ],
)
def test_layout_and_family(name: str, layout: str, family: Family, base: int, octets: int) -> None:
    image = IMAGES[name]

    assert (image.layout, image.family, image.base, len(image.octets)) == (layout, family, base, octets)
    assert image.octets[base : base + len(image.image)] == image.image


def test_family_needs_the_length_too() -> None:
    """A product text alone makes no QCA7420."""
    short = bytearray(512)
    short[0x124:0x12B] = b"QCA7420"

    assert ChainPib(chain_around(bytes(short))).family is Family.UNKNOWN
    assert ChainPib(chain_around(bytes(0x100))).family is Family.UNKNOWN


def test_pib_behind_or_before_its_manifest() -> None:
    """The order of a chain is not the point; the PIB image is found by its type."""
    first = chain_around(MINIMAL.image, Plan(ImageType.MANIFEST, bytes(8)))

    assert parse(first).octets == first
    assert ChainPib(first).base == 0x60


def test_a_chain_without_a_pib_is_firmware() -> None:
    """Even if it has but a manifest."""
    read = parse(assemble([Plan(ImageType.MANIFEST, bytes(8))]))

    assert isinstance(read, NvmFile)
    assert read.form is NvmForm.CHAIN


@pytest.mark.parametrize("name", IMAGES)
def test_offsets_of_file_and_image(name: str) -> None:
    image = IMAGES[name]
    last = len(image.image) - 1

    assert image.file_offset(0xF4) == image.base + 0xF4
    assert image.image_offset(image.base + last) == last
    for outside in (-1, last + 1):
        with pytest.raises(ValueError, match="outside of the image"):
            image.file_offset(outside)
        with pytest.raises(ValueError, match="outside of the image"):
            image.image_offset(image.base + outside)


def test_printing_shows_no_key() -> None:
    """Neither repr nor str, of an image and its parts."""
    image = IMAGES["qca7420"]
    assert isinstance(image, ChainPib)

    assert str(image) == "chain PIB of 02:00:00:00:00:01, QCA7420, 9796 octets"
    assert repr(image) == f"<{image}>"
    assert image.nmk.hex() not in repr(image.parts)
    assert repr(bytes(image.nmk))[2:-1] not in repr(image.parts)


# What is not


def refusal(octets: bytes) -> PibError:
    """The refusal of `parse`, which is the first of `faults`."""
    with pytest.raises(PibError) as refused:
        parse(octets)
    found = faults(octets)
    assert str(found[0]) == str(refused.value)
    assert str(refused.value) == f"{refused.value.what} at 0x{refused.value.where:X}: {refused.value.why}"
    assert "\n" not in str(refused.value)
    return refused.value


@pytest.mark.parametrize("name", SMALL_FILES)
def test_every_single_bit_counts(name: str) -> None:
    """A sound file with any one bit turned is refused."""
    octets = SMALL_FILES[name]
    assert faults(octets) == []

    for bit in range(len(octets) * 8):
        turned = bytearray(octets)
        turned[bit // 8] ^= 1 << bit % 8
        assert faults(bytes(turned)), f"bit {bit % 8} of octet 0x{bit // 8:X}"


@settings(max_examples=200)
@given(st.sampled_from(list(FILES)), st.data())
def test_any_bit_of_files_as_large_as_real_ones(name: str, data: st.DataObject) -> None:
    turned = bytearray(FILES[name])
    turned[data.draw(st.integers(0, len(turned) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    refusal(bytes(turned))


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_anywhere(name: str) -> None:
    octets = FILES[name]

    for length in range(len(octets)):
        with pytest.raises(PibError):
            parse(octets[:length])


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("tail", [b"\0", bytes(4), b"\xff" * 96, b"more"], ids=["a zero", "a word", "a header", "text"])
def test_something_behind_the_end(name: str, tail: bytes) -> None:
    refusal(FILES[name] + tail)


@given(st.binary(max_size=300))
def test_random_octets(octets: bytes) -> None:
    """Noise is refused and raises nothing else; so is noise that begins like a file."""
    for begin in (b"", FILES["minimal"][:4], FILES["nvm old"][:4], FILES["flat"][:6]):
        refusal(begin + octets)


def flat_with(**changes: bytes) -> bytes:
    """SMALL_FLAT with octets put at o<hex offset>, its checksum right."""
    octets = bytearray(SMALL_FLAT.octets)
    for at, data in changes.items():
        start = int(at[1:], 16)
        octets[start : start + len(data)] = data
    return sealed_flat(bytes(octets))


def chain_with(image: bytes = MINIMAL.image, **changes: object) -> bytes:
    """MINIMAL with another image or other values in its header, all checksums right unless changed."""
    header = sealed(replace(ChainHeader.decode(MINIMAL.octets[:96]), **_known(changes)), image)  # type: ignore[arg-type]
    return replace(header, **_forged(changes)).encode() + image  # type: ignore[arg-type]


def _known(changes: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in changes.items() if "checksum" not in name}


def _forged(changes: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in changes.items() if "checksum" in name}


TWO = assemble([Plan(ImageType.MEMORY_CONTROL, b"abcd" * 4), Plan(ImageType.FIRMWARE, b"wxyz" * 4)])
SECOND = 96 + 16


def two_with(**changes: object) -> bytes:
    """A chain of two images whose second header has other values, its checksum right."""
    header = replace(ChainHeader.decode(TWO[SECOND : SECOND + 96]), **changes)  # type: ignore[arg-type]
    return TWO[:SECOND] + sealed(header, TWO[SECOND + 96 :]).encode() + TWO[SECOND + 96 :]


def first_with(**changes: object) -> bytes:
    header = replace(ChainHeader.decode(TWO[:96]), **changes)  # type: ignore[arg-type]
    return sealed(header, TWO[96:SECOND]).encode() + TWO[96:]


OLD_IMAGE = b"abcd" * 4


def old_with(image: bytes = OLD_IMAGE, tail: bytes = b"", **changes: object) -> bytes:
    """A firmware file of the older form with one image and other values in its header."""
    header = sealed(replace(OldHeader(), **_known(changes)), image)  # type: ignore[arg-type]
    return replace(header, **_forged(changes)).encode() + image + tail  # type: ignore[arg-type]


SUM = int.from_bytes(SMALL_FLAT.octets[8:12], "little")

REFUSALS = [
    # (octets, what, where, why)
    (b"", "file", 0, "0 octets are too few to tell what it is"),
    (b"\1\0\1", "file", 3, "3 octets are too few to tell what it is"),
    (bytes(255), "flat PIB", 255, "ends after 255 octets, fewer than the 256 every PIB has"),
    (bytes(512), "flat PIB", 4, "its length field says 0 octets, the file has 512"),
    (flat_with(o4=b"\4\2"), "flat PIB", 4, "its length field says 516 octets, the file has 512"),
    (
        flat_with(o4=b"\1\2") + b"x",
        "flat PIB",
        513,
        "513 octets are no multiple of 4",
    ),
    (
        SMALL_FLAT.octets[:-1] + b"\x80",
        "flat PIB",
        8,
        f"its checksum is {SUM:08X}, its octets give {SUM ^ 1 << 31:08X}",
    ),
    (MINIMAL.octets[:95], "header of image 0", 0, "96 octets expected, the file ends after 95"),
    (chain_with(checksum=1), "header of image 0", 92, "its checksum is 00000001, its octets give 2FBB1D39"),
    (chain_with(previous=0), "header of image 0", 32, "links back to 0x0, not to none"),
    (chain_with(next=0x60), "header of image 0", 28, "links to 0x60, but the image ends at 0x260"),
    (chain_with(next=0x260), "header of image 1", 0x260, "96 octets expected, the file ends after 0"),
    (MINIMAL.octets[:-4], "header of image 0", 16, "the image is 512 octets long, the file ends after 508"),
    (MINIMAL.octets + bytes(3), "chain", 608, "ends here, but 3 octets follow"),
    (
        MINIMAL.octets[:-1] + b"\x80",
        "image 0",
        0x60,
        "its header says checksum 2F9A1F57, its octets give AF9A1F57",
    ),
    (chain_with(MINIMAL.image + b"abc"), "image 0", 0x60, "515 octets are no multiple of 4"),
    (chain_with(MINIMAL.image[:0xFC]), "PIB image", 0x60, "252 octets, fewer than the 256 every PIB has"),
    (
        chain_around(MINIMAL.image, Plan(ImageType.PIB, MINIMAL.image)),
        "chain",
        608,
        "a second PIB image; which of the two counts is not known",
    ),
    (two_with(previous=0xFFFFFFFF), "header of image 1", SECOND + 32, "links back to none, not to 0x0"),
    (two_with(major=2), "header of image 1", SECOND, "begins with 02 00 01 00 instead of 01 00 01 00"),
    (first_with(next=0xFFFFFFFF), "chain", SECOND, "ends here, but 112 octets follow"),
    (
        first_with(next=SECOND + 4),
        "header of image 0",
        28,
        f"links to 0x{SECOND + 4:X}, but the image ends at 0x{SECOND:X}",
    ),
    (old_with(b"")[:43], "firmware header 0", 0, "44 octets expected, the file ends after 43"),
    (old_with(checksum=1), "firmware header 0", 40, "its checksum is 00000001, its octets give "),
    (old_with()[:-1], "firmware header 0", 12, "the image is 16 octets long, the file ends after 15"),
    (old_with()[:-1] + b"x", "image 0", 44, "its header says checksum "),
    (old_with(b"abc"), "image 0", 44, "3 octets are no multiple of 4"),
    (old_with(next=60), "firmware header 1", 60, "44 octets expected, the file ends after 0"),
    (old_with(tail=bytes(44)), "firmware", 60, "ends here, but 44 octets follow"),
    (old_with(next=60, tail=bytes(44)), "firmware header 1", 60, "version 00000000 instead of 60000000"),
]


@pytest.mark.parametrize(
    ("octets", "what", "where", "why"), REFUSALS, ids=[f"{what}: {why[:34]}" for _, what, _, why in REFUSALS]
)
def test_one_refusal_each(octets: bytes, what: str, where: int, why: str) -> None:
    """Every sentence of the reader, with the place it speaks of."""
    refused = refusal(octets)

    assert (refused.what, refused.where) == (what, where)
    assert refused.why.startswith(why)


def test_all_faults_of_a_damaged_file_are_named() -> None:
    """Not only the first: what stands behind damage is still looked at."""
    octets = bytearray(FILES["qca7420"])
    octets[0x40] ^= 1  # header of the manifest
    octets[0x100] ^= 1  # manifest
    octets[0x360 + 32] ^= 1  # link of the second header, and with it its checksum
    octets[0x3C0 + 0xF4] ^= 1  # PIB image

    assert [(fault.what, fault.where) for fault in faults(bytes(octets) + b"tail")] == [
        ("header of image 0", 92),
        ("image 0", 0x60),
        ("header of image 1", 0x360 + 92),
        ("header of image 1", 0x360 + 32),
        ("image 1", 0x3C0),
        ("chain", 9796),
    ]


def test_faults_of_old_firmware_are_all_named() -> None:
    octets = bytearray(FILES["nvm old"])
    octets[20] ^= 1
    octets[50] ^= 1
    octets[-1] ^= 1

    assert [fault.what for fault in faults(bytes(octets))] == ["firmware header 0", "image 0", "image 1"]


def test_each_kind_refuses_the_others() -> None:
    """Who asks for one kind by name gets no other."""
    with pytest.raises(PibError, match="holds no PIB image"):
        ChainPib(FILES["nvm chain"])
    with pytest.raises(PibError, match="which no firmware does"):
        NvmFile(FILES["flat"])
    with pytest.raises(PibError, match="begins with nothing"):
        NvmFile(b"")
    with pytest.raises(PibError, match="length field"):
        FlatPib(FILES["minimal"])


def test_headers_encode_what_they_decode() -> None:
    """Wrong checksums and reserved octets included."""
    chain, old = bytes(range(96)), bytes(range(100, 144))

    assert ChainHeader.decode(chain).encode() == chain
    assert OldHeader.decode(old).encode() == old
    assert struct.unpack_from("<I", old, 40) == (OldHeader.decode(old).checksum,)
