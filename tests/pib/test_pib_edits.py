"""Edits: exactly what is asked for changes, checksums follow, identity stays."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pib_images import ADDRESS, DAK, FILES, IMAGES, NMK_0123, edits, images

from bench.ids import Dak, MacAddress, Nid, Nmk, nid_from_nmk
from bench.pib import CcoMode, ChainPib, Family, FlatPib, PibImage, SlacEnable, parse, synthesise

NAMES = pytest.mark.parametrize("name", IMAGES)


def differing(before: PibImage, after: PibImage) -> set[int]:
    """File offsets at which two images of one length differ."""
    assert len(before.octets) == len(after.octets)
    return {at for at, (old, new) in enumerate(zip(before.octets, after.octets, strict=True)) if old != new}


def test_an_edit_of_a_chain_changes_field_image_checksum_and_header_checksum() -> None:
    """The change list of reference pib.md, 7: `setpib F4 byte 2` on a file of 9796 octets."""
    before = IMAGES["qca7420"]
    after = before.with_values({"cco_mode": CcoMode.ALWAYS})

    assert differing(before, after) == {0x374, 0x3BC, 0x4B4}


def test_an_edit_of_a_flat_pib_changes_field_and_checksum() -> None:
    before = IMAGES["flat"]

    assert differing(before, before.with_values({"cco_mode": 2})) == {0x08, 0xF4}


@given(st.sampled_from(list(IMAGES)), st.data())
def test_an_edit_changes_its_fields_only(name: str, data: st.DataObject) -> None:
    image = IMAGES[name]
    values = data.draw(edits(image))

    changed = image.with_values(values)

    assert type(changed) is type(image)
    assert parse(changed.octets) == changed
    assert {field: changed.read(field) for field in values} == values
    sums = range(8, 12) if isinstance(image, FlatPib) else (*range(-76, -72), *range(-4, 0))
    allowed = {image.base + at for field in values for at in range(image.field(field).offset, image.field(field).end)}
    allowed |= {(image.base + at) % len(image.octets) for at in sums}
    assert differing(image, changed) <= allowed


@given(images(), st.data())
def test_edits_one_by_one_or_at_once(image: FlatPib | ChainPib, data: st.DataObject) -> None:
    """Their order does not matter, and taking them back gives the image as it was."""
    values = data.draw(edits(image))
    before = {name: image.read(name) for name in values}

    one_by_one: Any = image
    for name, value in values.items():
        one_by_one = one_by_one.with_values({name: value})

    assert one_by_one == image.with_values(values)
    assert one_by_one.with_values(before) == image


def test_no_edit_is_no_change() -> None:
    for image in IMAGES.values():
        assert image.with_values({}) == image
        assert image.with_octets(0x74, b"") == image


@NAMES
@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"mac": ADDRESS}, "mac: which one of its kind it is, so it stays as it is"),
        ({"dak": DAK}, "dak: which one of its kind it is, so it stays as it is"),
        ({"manufacturer_hfid": "x"}, "manufacturer_hfid: which kind of adapter it is; an adapter refuses"),
        ({"slac": 1}, "slac: no such field in a "),
        ({"cco_mode": 9}, "cco_mode: 9 is none of"),
        ({"cco_mode": "EVSE"}, "cco_mode: a number is expected"),
        ({"user_hfid": 1}, "user_hfid: a text is expected"),
        ({"user_hfid": "x" * 64}, "user_hfid: at most 63 octets"),
        ({"nid": bytes(8)}, "nid: 7 octets are expected, got 8"),
        ({"cco_mode": 1, "nmk": bytes(3)}, "nmk: 16 octets are expected, got 3"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_set_is_named(name: str, values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why.split("(")[0]) as refused:
        IMAGES[name].with_values(values)

    assert str(refused.value).startswith(why)


def test_what_the_file_derives_cannot_be_set() -> None:
    for name in ("length", "checksum", "firmware_major", "pib_minor"):
        with pytest.raises(ValueError, match=f"{name}: derived from the rest of the file, so it cannot be set"):
            IMAGES["flat"].with_values({name: 5})


def test_a_refusal_tells_no_key() -> None:
    key = bytes(range(0x41, 0x50))
    with pytest.raises(ValueError, match="nmk") as refused:
        IMAGES["flat"].with_values({"nmk": key})

    assert key.decode() not in str(refused.value)
    assert key.hex() not in str(refused.value)


# By offset


@given(st.sampled_from(list(IMAGES)), st.data())
def test_octets_at_any_offset(name: str, data: st.DataObject) -> None:
    """Octets nobody has named are put where they are to be, and nothing else but checksums changes."""
    image = IMAGES[name]
    octets = data.draw(st.binary(min_size=1, max_size=40))
    at = data.draw(st.integers(0x136 if name != "flat" else 0x64, len(image.image) - len(octets)))

    changed = image.with_octets(at, octets)

    assert parse(changed.octets) == changed
    assert changed.image[at : at + len(octets)] == octets
    assert changed.with_octets(at, image.image[at : at + len(octets)]) == image


@NAMES
def test_octets_outside_of_the_region(name: str) -> None:
    image = IMAGES[name]
    size = len(image.image)

    assert image.field_region == range(12 if name == "flat" else 0, size)
    for at, octets in ((-1, b"x"), (size, b"x"), (size - 1, b"xy")):
        with pytest.raises(ValueError, match="are outside of 0x"):
            image.with_octets(at, octets)
    assert image.with_octets(size - 2, b"xy").image[-2:] == b"xy"


def test_the_header_of_a_flat_pib_is_out_of_reach() -> None:
    with pytest.raises(ValueError, match=r"0xB and 1 octets are outside of 0xC\.\.0x2007"):
        IMAGES["flat"].with_octets(11, b"x")


@NAMES
def test_octets_do_not_reach_identity(name: str) -> None:
    """A raw edit across identity passes only if it leaves that as it is."""
    image = IMAGES[name]
    head = image.image[0x0C:0x74]

    assert image.with_octets(0x0C, head) == image
    with pytest.raises(ValueError, match=r"dak \(0x12\): which one of its kind it is"):
        image.with_octets(0x20, b"\xaa\xaa\xaa")
    with pytest.raises(ValueError, match=r"mac \(0xC\)"):
        image.with_octets(0x0C, b"\xaa" + head[1:])


# Networks and digests


@NAMES
def test_a_network_is_key_and_nid(name: str) -> None:
    nmk = Nmk(b"another key 1234")
    image = IMAGES[name].with_network(nmk, security_level=1)

    assert (image.nmk, image.nid) == (nmk, nid_from_nmk(nmk, 1))
    assert image.nid_follows_nmk
    assert not IMAGES[name].with_values({"nmk": nmk}).nid_follows_nmk
    assert not IMAGES[name].with_values({"nid": Nid(bytes(7))}).nid_follows_nmk


def test_security_level_and_hybrid_mode_are_no_part_of_the_hash() -> None:
    """The upper half of the last octet of the NID."""
    image = IMAGES["qca7005"]
    marked = image.with_values({"nid": Nid(image.nid[:6] + bytes([image.nid[6] | 0xF0]))})

    assert marked.nid_follows_nmk


def test_identity_as_properties() -> None:
    image = IMAGES["qca7005"]

    assert (image.mac, image.dak, image.nmk) == (ADDRESS, DAK, NMK_0123)
    assert image.nid == nid_from_nmk(NMK_0123)


def test_digest_is_that_of_the_file() -> None:
    """As `sha256sum` prints it."""
    assert IMAGES["minimal"].digest == "7b2018d5d0db1b47c7f35baaaf0720d31ea8a8a4a81441f0fda294899e11770e"
    assert IMAGES["minimal"].digest != IMAGES["minimal"].with_values({"cco_mode": 2}).digest


@pytest.mark.parametrize("family", [family for family in Family if family is not Family.UNKNOWN])
def test_configuration_digest_of_two_adapters(family: Family) -> None:
    """The same for two adapters with the same settings; another for every other setting."""
    one = synthesise(family, mac=ADDRESS, nmk=NMK_0123)
    other = synthesise(family, mac=MacAddress(b"\2other"), dak=Dak(bytes(16)), nmk=Nmk(bytes(16)))

    assert one.digest != other.digest
    assert one.configuration_digest == other.configuration_digest
    assert one.with_values({"user_hfid": "x"}).configuration_digest != one.configuration_digest
    assert one.with_octets(0x800, b"x").configuration_digest != one.configuration_digest
    level_1 = synthesise(family, mac=ADDRESS, nmk=NMK_0123, security_level=1)
    assert level_1.configuration_digest != one.configuration_digest


def test_the_recipe_of_pyplc() -> None:
    """The patches of reference pib.md, 4.4, by name."""
    evse = IMAGES["qca7420"].with_values(
        {
            "user_hfid": "EVSE",
            "cco_mode": CcoMode.ALWAYS,
            "slac_enable": SlacEnable.EVSE,
            "led_low_threshold_kbps": 10240,
            "led_high_threshold_kbps": 102400,
        }
    )

    assert evse.image[0x74:0xB4] == b"EVSE" + bytes(60)
    assert evse.image[0xF4] == 2
    assert evse.image[0x1653] == 2
    assert evse.image[0x1C98:0x1CA0] == bytes.fromhex("00 28 00 00 00 90 01 00")
    assert evse.octets[:0x360] == FILES["qca7420"][:0x360]
