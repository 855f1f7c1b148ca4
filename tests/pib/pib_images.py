"""Images and strategies that the tests of `bench.pib` share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from bench.ids import Dak, MacAddress, Nmk, nmk_from_password
from bench.pib import (
    ChainPib,
    Family,
    Field,
    FlatPib,
    NvmForm,
    PibImage,
    minimal_chain,
    synthesise,
    synthesise_nvm,
)
from bench.pib.chain import Plan, assemble
from bench.pib.header import ImageType
from bench.pib.nvm import OldPlan, assemble_old
from bench.pib.values import Fixed, Number, Raw, Text

ADDRESS = MacAddress.parse("02:00:00:00:00:01")
NMK_0123 = nmk_from_password("HomePlugAV0123")
DAK = Dak(bytes(range(16)))

MINIMAL = minimal_chain(mac=ADDRESS, dak=Dak(bytes(16)), nmk=NMK_0123)
"""The worked example of reference pib.md, 6.1."""

SMALL_FLAT = synthesise(Family.INT6X00, mac=ADDRESS, dak=DAK, nmk=NMK_0123, size=512)

IMAGES: Mapping[str, PibImage] = {
    "flat": synthesise(Family.INT6X00, mac=ADDRESS, dak=DAK, nmk=NMK_0123),
    "minimal": MINIMAL,
    "qca7000": synthesise(Family.QCA7000, mac=ADDRESS, dak=DAK, nmk=NMK_0123),
    "qca7005": synthesise(Family.QCA7005, mac=ADDRESS, dak=DAK, nmk=NMK_0123),
    "qca7420": synthesise(Family.QCA7420, mac=ADDRESS, dak=DAK, nmk=NMK_0123),
}

FILES: Mapping[str, bytes] = {
    **{name: image.octets for name, image in IMAGES.items()},
    "nvm chain": synthesise_nvm(NvmForm.CHAIN).octets,
    "nvm old": synthesise_nvm(NvmForm.OLD).octets,
}
"""One sound file of each kind."""

SMALL_FILES: Mapping[str, bytes] = {
    "minimal": MINIMAL.octets,
    "flat": SMALL_FLAT.octets,
    "nvm chain": assemble([Plan(ImageType.MEMORY_CONTROL, bytes(range(64))), Plan(ImageType.FIRMWARE, b"abcd" * 9)]),
    "nvm old": assemble_old([OldPlan(1, bytes(range(64))), OldPlan(4, b"abcd" * 9)]),
}
"""The same for what is tried on every octet, or every bit."""


def chain_around(image: bytes, *more: Plan) -> bytes:
    """A chain whose first image is a PIB."""
    return assemble([Plan(ImageType.PIB, image, load_address=0x0020_0000), *more])


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Any value that can be written to *field*."""
    match field.type:
        case Number(choices=None):
            return st.integers(0, 256**field.size - 1)
        case Number(choices=choices):
            return st.sampled_from(list(choices))
        case Text():
            text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=field.size - 1)
            return text.filter(lambda value: len(value.encode()) < field.size)
        case Fixed(kind=kind):
            return st.binary(min_size=field.size, max_size=field.size).map(kind)
        case Raw() if field.opaque:
            return st.binary(min_size=1, max_size=16).map(lambda octets: (octets * field.size)[: field.size])
        case Raw():
            return st.binary(min_size=field.size, max_size=field.size)
    raise AssertionError(f"no strategy for {field.type}")


def settable(image: PibImage) -> list[Field]:
    """The fields a recipe may change."""
    return [field for field in image.fields.values() if not field.identity and field.name not in FILE_FIELDS]


FILE_FIELDS = {"firmware_major", "pib_minor", "length", "checksum"}


@st.composite
def edits(draw: st.DrawFn, image: PibImage) -> dict[str, Any]:
    """Values for some of the fields a recipe may change."""
    chosen = draw(st.lists(st.sampled_from(settable(image)), min_size=1, max_size=6, unique_by=lambda f: f.name))
    return {field.name: draw(values_of(field)) for field in chosen}


@st.composite
def images(draw: st.DrawFn) -> FlatPib | ChainPib:
    """A PIB of any family, of any adapter and network."""
    mac = MacAddress(draw(st.binary(min_size=6, max_size=6)))
    dak = Dak(draw(st.binary(min_size=16, max_size=16)))
    nmk = Nmk(draw(st.binary(min_size=16, max_size=16)))
    level = draw(st.integers(0, 1))
    family = draw(st.sampled_from(list(Family)))
    if family is Family.UNKNOWN:
        return minimal_chain(mac=mac, dak=dak, nmk=nmk, security_level=level)
    size = draw(st.sampled_from([None, 0x200, 4096, 0xFFFC])) if family is Family.INT6X00 else None
    return synthesise(family, mac=mac, dak=dak, nmk=nmk, security_level=level, size=size)
