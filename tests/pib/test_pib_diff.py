"""Comparing images: what differs is told by name, once, and keys stay hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pib_images import ADDRESS, IMAGES, NMK_0123, chain_around, edits

from bench.errors import PibError
from bench.ids import MacAddress, Nmk
from bench.pib import CcoMode, ChainPib, Family, SlacEnable, compare, minimal_chain, synthesise
from bench.pib.chain import Plan
from bench.pib.header import ImageType

NAMES = pytest.mark.parametrize("name", IMAGES)


@NAMES
def test_nothing_differs(name: str) -> None:
    found = compare(IMAGES[name], IMAGES[name])

    assert not found
    assert found.lines() == []


def test_named_unnamed_and_derived() -> None:
    """One of each, told apart."""
    old = IMAGES["qca7005"]
    new = old.with_values({"slac_enable": SlacEnable.EVSE, "cco_mode": CcoMode.ALWAYS, "user_hfid": "EVSE"})
    new = new.with_octets(0x900, b"hello").with_octets(0x1790, b"ab").with_octets(0x3D0, b"\1")

    found = compare(old, new)

    assert found.lines() == [
        "user_hfid: '' -> 'EVSE'",
        "cco_mode: 0 AUTO -> 2 ALWAYS",
        "slac_enable: 0 OFF -> 2 EVSE",
        "0x03D0: 00 -> 01",
        "0x0900..0x0904: 00 00 00 00 00 -> 68 65 6c 6c 6f",
        "led_behaviours 0x1790..0x1791: 00 00 -> 61 62",
        "image checksum 1: follows from the above",
        "header checksum 1: follows from the above",
    ]
    assert found.names == {"user_hfid", "cco_mode", "slac_enable", "led_behaviours"}
    assert found.elsewhere == ()


def test_flat_checksum_is_derived() -> None:
    old = IMAGES["flat"]

    found = compare(old, old.with_values({"cco_mode": 1}))

    assert found.lines() == ["cco_mode: 0 AUTO -> 1 NEVER", "checksum: follows from the above"]


def test_keys_are_masked_unless_asked_for() -> None:
    old = IMAGES["flat"]
    new = old.with_network(Nmk(b"another key 1234"))
    found = compare(old, new)

    assert found.lines()[0] == "nmk: b5…0d -> 61…34"
    assert NMK_0123.hex() not in "".join(found.lines())
    assert found.lines(show_keys=True)[0] == f"nmk: {NMK_0123.hex()} -> {new.nmk.hex()}"
    assert "another key" not in repr(found)
    assert str(found.fields[0]) == found.lines()[0]


def test_changes_that_do_not_show() -> None:
    """Masked keys that look alike, and octets behind the end of a text."""
    old = IMAGES["flat"].with_values({"nmk": Nmk(b"a" * 16)})
    new = old.with_values({"nmk": Nmk(b"a" + b"b" * 14 + b"a")}).with_octets(0x80, b"x")

    assert compare(old, new).lines()[:2] == [
        "nmk: 61…61 -> another that looks alike when masked",
        "user_hfid: '' -> the same, with other octets behind its end",
    ]
    assert compare(old, new).lines(show_keys=True)[0].startswith("nmk: 6161")


def test_ranges_of_one_octet_and_at_both_ends() -> None:
    old = IMAGES["minimal"]
    new = old.with_octets(0, b"x").with_octets(511, b"z")

    assert [(change.offset, change.last) for change in compare(old, new).ranges] == [(0, 0), (511, 511)]


def test_what_is_outside_of_the_image() -> None:
    """Manifest and headers, by file offset."""
    old = ChainPib(chain_around(IMAGES["minimal"].image, Plan(ImageType.MANIFEST, b"abcd" * 4)))
    new = ChainPib(chain_around(IMAGES["minimal"].image, Plan(ImageType.MANIFEST, b"abXd" * 4, execute_mask=3)))

    assert compare(old, new).lines() == [
        "file 0x0264: 00 -> 03",
        "file 0x02C2: 63 -> 58",
        "file 0x02C6: 63 -> 58",
        "file 0x02CA: 63 -> 58",
        "file 0x02CE: 63 -> 58",
        "header checksum 1: follows from the above",
    ]


@NAMES
def test_two_adapters(name: str) -> None:
    """Identity is compared like everything else."""
    old = IMAGES[name]
    make = {"flat": Family.INT6X00, "qca7000": Family.QCA7000, "qca7005": Family.QCA7005, "qca7420": Family.QCA7420}
    mac = MacAddress.parse("02:00:00:00:00:99")
    new = (
        synthesise(make[name], mac=mac, dak=old.dak, nmk=NMK_0123)
        if name in make
        else minimal_chain(mac=mac, dak=old.dak, nmk=NMK_0123)
    )

    assert compare(old, new).names == {"mac"}
    assert compare(old, new).lines()[0] == f"mac: {ADDRESS} -> {mac}"


@given(st.sampled_from(list(IMAGES)), st.data())
def test_applying_what_was_found(name: str, data: st.DataObject) -> None:
    """Ranges and fields together hold every octet that differs: put into the old image they give the new one."""
    old = IMAGES[name]
    new = old.with_values(data.draw(edits(old)))
    offset = data.draw(st.integers(0x136 if name != "flat" else 0xF4, len(old.image) - 8))
    new = new.with_octets(offset, data.draw(st.binary(max_size=8)))

    found = compare(old, new)
    rebuilt = old
    for change in (*found.fields, *found.ranges):
        rebuilt = rebuilt.with_octets(change.offset, change.new_octets)

    assert rebuilt == new
    assert bool(found) == (old != new)
    assert not compare(rebuilt, new)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(PibError, match="comparison at 0x0: a flat and a chain PIB have no offsets in common"):
        compare(IMAGES["flat"], IMAGES["minimal"])
    with pytest.raises(PibError, match="comparison at 0x0: PIBs of 9040 and 9796 octets are of different kinds"):
        compare(IMAGES["qca7005"], IMAGES["qca7420"])
    image = IMAGES["minimal"].image
    one = ChainPib(chain_around(image, Plan(ImageType.MANIFEST, bytes(12)), Plan(ImageType.CUSTOM, bytes(4))))
    two = ChainPib(chain_around(image, Plan(ImageType.MANIFEST, bytes(4)), Plan(ImageType.CUSTOM, bytes(12))))
    with pytest.raises(PibError, match="comparison at 0x260: the chains divide their octets differently from here on"):
        compare(one, two)
