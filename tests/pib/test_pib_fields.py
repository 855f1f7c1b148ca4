"""The field table: it contradicts neither itself nor what has been seen, and every field reads and writes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from pib_images import DAK, FILE_FIELDS, IMAGES, NMK_0123, SMALL_FLAT, settable, values_of

from bench.ids import Nid, SecretKey
from bench.pib import CcoMode, Certainty, ChainPib, Field, Role, SlacEnable, YesNo, chain_fields, flat_fields
from bench.pib.fields import CHAIN, FLAT
from bench.pib.values import NMK, U8, U16, Fixed, Number, Raw, Text

TABLES = {"flat": FLAT, "chain": CHAIN}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_two_fields_overlap(table: tuple[Field, ...]) -> None:
    for before, after in pairwise(sorted(table, key=lambda field: field.offset)):
        assert before.end <= after.offset, f"{before.name} runs into {after.name}"


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_names_are_unique_and_entries_complete(table: tuple[Field, ...]) -> None:
    names = [field.name for field in table]

    assert len(set(names)) == len(names)
    for field in table:
        assert field.name == field.name.lower()
        assert field.name.isidentifier()
        assert field.meaning
        assert field.source
        assert field.size > 0


def test_offsets_of_the_reference() -> None:
    """The fields CCS depends on, written down a second time. Source: reference pib.md, 3, 4.3 and 4.4."""
    chain = {name: (field.offset, field.size) for name, field in chain_fields(8836).items()}
    flat = {name: (field.offset, field.size) for name, field in flat_fields(0x2008).items()}
    common = {
        "mac": (0x0C, 6),
        "dak": (0x12, 16),
        "manufacturer_hfid": (0x24, 64),
        "nmk": (0x64, 16),
        "user_hfid": (0x74, 64),
        "network_hfid": (0xB4, 64),
        "cco_mode": (0xF4, 1),
        "nid": (0xF8, 7),
        "sniffer_enable": (0x102, 1),
        "sniffer_return_mac": (0x103, 6),
    }

    assert common.items() <= chain.items()
    assert common.items() <= flat.items()
    assert {
        "avln_membership": (0xFF, 1),
        "product": (0x124, 16),
        "slac_enable": (0x1653, 1),
        "led_low_threshold_kbps": (0x1C98, 4),
        "led_high_threshold_kbps": (0x1C9C, 4),
        "dbc_enable": (0x1F80, 1),
        "simple_qos": (0x2030, 1),
        "prescalers": (0xF28, 1348),
    }.items() <= chain.items()
    assert {"length": (4, 2), "checksum": (8, 4), "prescalers": (0xA10, 4620)}.items() <= flat.items()


def test_fields_of_longer_images_only() -> None:
    """A QCA7000's image ends before simple_qos, a flat PIB of 4096 octets before the LEDs."""
    assert "simple_qos" not in chain_fields(8080)
    assert "simple_qos" in chain_fields(8836)
    assert "slac_enable" not in IMAGES["minimal"].fields
    assert "led_control" not in flat_fields(4096)
    with pytest.raises(ValueError, match="simple_qos: no such field in a chain PIB of 9040 octets"):
        IMAGES["qca7005"].read("simple_qos")


def test_a_field_that_is_cut_by_the_end_of_the_image_is_none() -> None:
    assert "led_high_threshold_kbps" in chain_fields(0x1CA0)
    assert "led_high_threshold_kbps" not in chain_fields(0x1C9F)


def test_identity_and_secrets() -> None:
    """What no recipe changes, and what is never printed in clear."""
    fields = chain_fields(8836).values()

    assert {field.name for field in fields if field.identity} == {
        "mac",
        "dak",
        "manufacturer_hfid",
        "nvm_authorisation_key",
        "pib_read_cookie",
        "chip_signature",
        "product",
        "board_type",
        "board_revision",
    }
    assert {field.name for field in fields if field.secret} == {"dak", "nmk", "nvm_authorisation_key"}
    assert {field.name for field in FLAT if field.secret} == {"dak", "nmk"}
    assert {field.name for field in FLAT if field.role is Role.FILE} == FILE_FIELDS


def test_certainty_is_told() -> None:
    fields = chain_fields(8836)

    assert fields["slac_enable"].certainty is Certainty.OBSERVED
    assert fields["fast_avln_associate"].certainty is Certainty.DOCUMENTED
    assert fields["remote_write_protect"].certainty is Certainty.GUESSED
    assert all(field.certainty is not Certainty.OBSERVED for field in FLAT if field.offset >= 0x109)


WRITABLE = [(name, field.name) for name in ("flat", "qca7420") for field in settable(IMAGES[name])]
"""Every field there is: the others' are among those of a QCA7420."""


@pytest.mark.parametrize(("name", "field_name"), WRITABLE)
def test_every_field_writes_and_reads(name: str, field_name: str) -> None:
    """Any value of the field comes back from an image that is otherwise the same."""
    image = IMAGES[name]
    field = image.field(field_name)

    @settings(max_examples=20)
    @given(values_of(field))
    def check(value: Any) -> None:
        changed = image.with_values({field.name: value})
        assert changed.read(field.name) == value
        assert changed.image[12 : field.offset] == image.image[12 : field.offset]
        assert changed.image[field.end :] == image.image[field.end :]

    check()


def test_no_field_is_left_out() -> None:
    names = {name for _, name in WRITABLE} | {field.name for field in (*FLAT, *CHAIN) if field.identity} | FILE_FIELDS

    assert names == {field.name for field in (*FLAT, *CHAIN)}
    assert {field.name for field in CHAIN} == set(IMAGES["qca7420"].fields)
    assert {field.name for field in FLAT} == set(IMAGES["flat"].fields)


def test_named_values() -> None:
    """Values with a name are read as such; others as plain numbers, and those are not written."""
    image = IMAGES["qca7005"]

    assert image.read("slac_enable") is SlacEnable.OFF
    assert image.with_values({"cco_mode": 2}).read("cco_mode") is CcoMode.ALWAYS
    assert image.read("avln_membership") is YesNo.YES
    odd = image.with_octets(0x1653, b"\x07")
    assert odd.read("slac_enable") == 7
    assert not isinstance(odd.read("slac_enable"), SlacEnable)
    with pytest.raises(ValueError, match="slac_enable: 7 is none of 0 OFF, 1 PEV, 2 EVSE"):
        image.with_values({"slac_enable": 7})


@pytest.mark.parametrize(
    ("field_type", "value", "why"),
    [
        (U8, 256, "256 is not between 0 and 255"),
        (U8, -1, "-1 is not between 0 and 255"),
        (U16, 65536, "65536 is not between 0 and 65535"),
        (U8, "1", "a number is expected, got a value of type str"),
        (U8, True, "a number is expected, got a value of type bool"),
        (U8, None, "a number is expected, got None"),
        (U8, 1.0, "a number is expected, got a value of type float"),
        (Number(1, CcoMode), 4, "4 is none of 0 AUTO, 1 NEVER, 2 ALWAYS, 3 USER_ASSIGNED"),
        (Text(8), b"PEV", "a text is expected, got a value of type bytes"),
        (Text(8), "12345678", "at most 7 octets of UTF-8 are expected, got 8"),
        (Text(8), "ΩΩΩΩ", "at most 7 octets of UTF-8 are expected, got 8"),
        (Text(8), "a\0b", "the text holds a NUL, which would end it"),
        (Text(8), "\ud800", "the text holds half of a surrogate pair, which is no character"),
        (NMK, bytes(15), "16 octets are expected, got 15"),
        (NMK, "00" * 16, "octets are expected, got a value of type str"),
        (Raw(3), b"1234", "3 octets are expected, got 4"),
        (Raw(3), bytearray(3), "octets are expected, got a value of type bytearray"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_values_that_do_not_fit(field_type: object, value: object, why: str) -> None:
    assert isinstance(field_type, Number | Text | Raw | Fixed)
    assert field_type.misfit(value) == why


def test_texts_that_just_fit() -> None:
    """63 octets and a NUL; half a character more would be cut."""
    image = IMAGES["flat"]

    assert image.with_values({"user_hfid": "x" * 63}).read("user_hfid") == "x" * 63
    assert image.with_values({"user_hfid": "Ω" * 31 + "x"}).read("user_hfid") == "Ω" * 31 + "x"


def test_text_that_is_no_utf8() -> None:
    """Real texts are ASCII; anything else is shown, not refused."""
    image = IMAGES["qca7000"].with_octets(0x74, b"A\xff\x00rest")

    assert image.read("user_hfid") == "A\\xff"


def test_values_for_a_person() -> None:
    """Keys are masked unless asked for; names, hex and texts as one would write them."""
    image = IMAGES["qca7005"].with_values({"slac_enable": SlacEnable.PEV})
    assert isinstance(image, ChainPib)

    def text(name: str, *, show_keys: bool = False) -> str:
        return image.field(name).text(image.read(name), show_keys=show_keys)

    assert text("slac_enable") == "1 PEV"
    assert text("led_low_threshold_kbps") == "10240"
    assert text("chip_signature") == "0x1B587C"
    assert text("product") == "'QCA7005'"
    assert text("mac") == "02:00:00:00:00:01"
    assert text("nid") == "026bcba5354e08"
    assert text("pin_to_gpio_map") == "00 00 00 00 00 00"
    assert text("nmk") == "b5…0d"
    assert text("dak") == "00…0f"
    assert text("nmk", show_keys=True) == NMK_0123.hex()
    assert text("dak", show_keys=True) == DAK.hex()


def test_types_of_values() -> None:
    image = SMALL_FLAT

    assert isinstance(image.read("nmk"), SecretKey)
    assert isinstance(image.read("nid"), Nid)
    assert image.read("length") == 512
