"""Files made from nothing: sound, plausible, and without an octet of a vendor's."""

from __future__ import annotations

from typing import Any

import pytest
from pib_images import ADDRESS, FILES, IMAGES, NMK_0123

from bench.ids import Dak, dak_from_password, nid_from_nmk, nmk_from_password
from bench.pib import CcoMode, ChainPib, Family, NvmFile, NvmForm, SlacEnable, YesNo, minimal_chain, parse, synthesise
from bench.pib import synthesise_nvm as make_nvm

OBSERVED: dict[str, dict[str, Any]] = {
    "qca7000": {"product": "QCA7000", "board_type": 3, "spi_slave_enable": 1, "robo_unicast": 7, "dbc_enable": 1},
    "qca7005": {"product": "QCA7005", "board_type": 3, "spi_slave_enable": 1, "robo_management": 7, "dbc_enable": 1},
    "qca7420": {"product": "QCA7420", "board_type": 1, "spi_slave_enable": 0, "robo_broadcast": 1, "dbc_enable": 0},
}

ALL_QCA: dict[str, Any] = {
    "avln_membership": YesNo.YES,
    "priority_igmp": 3,
    "packet_lifetime_3_us": 300_000,
    "link_status_duration_cco_s": 20,
    "link_status_duration_station_s": 5,
    "default_link_status": 1,
    "led_low_threshold_kbps": 10_240,
    "led_high_threshold_kbps": 102_400,
    "slac_enable": SlacEnable.OFF,
    "cco_mode": CcoMode.AUTO,
}


@pytest.mark.parametrize("name", OBSERVED)
def test_values_as_seen_in_real_pibs(name: str) -> None:
    """Source: reference pib.md, 4.3."""
    expected = ALL_QCA | OBSERVED[name]

    assert {field: IMAGES[name].read(field) for field in expected} == expected


@pytest.mark.parametrize("name", IMAGES)
def test_identity_is_what_was_asked_for(name: str) -> None:
    image = IMAGES[name]

    assert image.mac == ADDRESS
    assert image.nmk == NMK_0123
    assert image.nid == nid_from_nmk(NMK_0123)
    assert image.nid_follows_nmk
    assert image.read("manufacturer_hfid") == "synthetic"


def test_default_keys_are_those_of_a_new_adapter() -> None:
    image = synthesise(Family.QCA7005, mac=ADDRESS)

    assert image.dak == dak_from_password("HomePlugAV")
    assert image.nmk == nmk_from_password("HomePlugAV")


def test_values_override_defaults() -> None:
    """Identity included: this is where a virtual adapter gets its own."""
    image = synthesise(
        Family.QCA7005,
        mac=ADDRESS,
        security_level=1,
        values={"slac_enable": SlacEnable.PEV, "manufacturer_hfid": "a car", "dak": Dak(bytes(16))},
    )

    assert image.read("slac_enable") is SlacEnable.PEV
    assert image.read("manufacturer_hfid") == "a car"
    assert image.dak == bytes(16)
    assert image.nid[6] & 0xF0 == 0x10
    assert minimal_chain(mac=ADDRESS, values={"cco_mode": 2}).read("cco_mode") is CcoMode.ALWAYS


@pytest.mark.parametrize("size", [0x100, 0x1000, 0x2008, 0xFFFC])
def test_flat_sizes(size: int) -> None:
    image = synthesise(Family.INT6X00, mac=ADDRESS, size=size)

    assert len(image.octets) == image.read("length") == size
    assert parse(image.octets) == image


@pytest.mark.parametrize(
    ("family", "arguments", "why"),
    [
        (Family.INT6X00, {"size": 0xFC}, "a flat PIB has 256 to 65532 octets in steps of 4, not 252"),
        (Family.INT6X00, {"size": 0x10000}, "a flat PIB has 256 to 65532 octets in steps of 4, not 65536"),
        (Family.INT6X00, {"size": 0x102}, "a flat PIB has 256 to 65532 octets in steps of 4, not 258"),
        (Family.QCA7005, {"size": 4096}, "QCA7005: its image has 8080 octets, not 4096"),
        (Family.UNKNOWN, {}, "unknown chip with a chain: no defaults are known"),
        (Family.QCA7005, {"values": {"simple_qos": 1}}, "simple_qos: no such field in an image of 8080 octets"),
        (Family.QCA7420, {"values": {"cco_mode": 9}}, "cco_mode: 9 is none of"),
        (Family.QCA7420, {"security_level": 2}, "security level is 0 or 1"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_cannot_be_made(family: Family, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why.partition("(")[0]):
        synthesise(family, mac=ADDRESS, **arguments)


def test_firmware_of_both_forms() -> None:
    """A manifest, memory control and firmware in a chain; the older form has no manifest."""
    chain, old = parse(FILES["nvm chain"]), parse(FILES["nvm old"])
    assert isinstance(chain, NvmFile)
    assert isinstance(old, NvmFile)

    assert chain.form is NvmForm.CHAIN
    assert [part.header.image_type for part in chain.parts] == [0x0E, 0x07, 0x04]
    assert old.form is NvmForm.OLD
    assert [part.header.image_type for part in old.parts] == [0x07, 0x04]
    assert [part.image for part in chain.parts[1:]] == [part.image for part in old.parts]


def test_links_of_a_chain() -> None:
    """Forward to the next header, back to the one before, NVM address behind the own header."""
    image = IMAGES["qca7420"]
    assert isinstance(image, ChainPib)

    manifest, pib = (part.header for part in image.parts)
    assert (manifest.nvm_address, manifest.next, manifest.previous) == (0x60, 0x360, 0xFFFFFFFF)
    assert (pib.nvm_address, pib.next, pib.previous) == (0x3C0, 0xFFFFFFFF, 0)
    assert (manifest.load_address, pib.load_address) == (0, 0x200000)


@pytest.mark.parametrize("form", NvmForm)
def test_firmware_of_given_images(form: NvmForm) -> None:
    file = make_nvm(form, [(4, b"abcd"), (9, b"")])

    assert [part.image for part in file.parts][-2:] == [b"abcd", b""]
    assert len(file.digest) == 64
    with pytest.raises(ValueError, match="a multiple of 4 octets, got 3"):
        make_nvm(form, [(4, b"abc")])
