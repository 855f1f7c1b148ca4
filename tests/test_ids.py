"""Addresses, identifiers and keys: their lengths, their text, and that keys do not print themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.ids import (
    BROADCAST,
    LOCAL_DEVICE,
    Dak,
    MacAddress,
    Nid,
    Nmk,
    RunId,
    StationId,
    dak_from_password,
    nid_from_nmk,
    nmk_from_password,
)

SIZES = [(MacAddress, 6), (RunId, 8), (Nid, 7), (StationId, 17), (Nmk, 16), (Dak, 16)]

PASSWORDS = [
    # password, NMK, NID, DAK
    ("HomePlugAV", "50d3e4933f855b7040784df815aa8db7", "b0f2e695666b03", "689f074b8b0275a2710b0b5779ad1630"),
    ("HomePlugAV0123", "b59319d7e8157ba001b018669ccee30d", "026bcba5354e08", "f084b4e8f6069ff1300c9bdb812367ff"),
]
"""Computed by the Debian tools and seen in captures."""

CAPTURED_PAIRS = [
    # NMK, NID of CM_SLAC_MATCH.CNF
    ("3b1fe4cc1bb8f8b8484096dc2eb59e8b", "bc90751a5e390e"),
]


# Keys


@pytest.mark.parametrize(("password", "nmk", "nid", "dak"), PASSWORDS, ids=[row[0] for row in PASSWORDS])
def test_keys_of_a_password_are_those_the_tools_compute(password: str, nmk: str, nid: str, dak: str) -> None:
    """SHA-256, a salt for each kind of key, 1000 rounds; the NID is five more rounds of the NMK."""
    assert nmk_from_password(password) == Nmk(bytes.fromhex(nmk))
    assert nid_from_nmk(nmk_from_password(password)) == Nid(bytes.fromhex(nid))
    assert dak_from_password(password) == Dak(bytes.fromhex(dak))


@pytest.mark.parametrize(("nmk", "nid"), CAPTURED_PAIRS)
def test_nid_of_a_captured_key_is_the_captured_nid(nmk: str, nid: str) -> None:
    """A commercial charger's CM_SLAC_MATCH.CNF carries the NID that its NMK hashes to."""
    assert nid_from_nmk(bytes.fromhex(nmk)).hex() == nid


@pytest.mark.parametrize("level", [0, 1])
def test_security_level_is_in_the_last_octet_of_the_nid(level: int) -> None:
    """Bits 4 and 5; the two top bits of the 54-bit NID are zero."""
    nid = nid_from_nmk(bytes(range(16)), level)

    assert nid[6] >> 4 == level
    assert nid[:6] == nid_from_nmk(bytes(range(16)))[:6]
    assert nid[6] & 15 == nid_from_nmk(bytes(range(16)))[6]


@given(st.binary(min_size=16, max_size=16))
def test_every_nid_has_54_bits(nmk: bytes) -> None:
    """Whatever the key, the two top bits stay zero."""
    assert nid_from_nmk(nmk, 1)[6] < 0x40


@pytest.mark.parametrize("length", [0, 15, 17])
def test_nid_needs_a_whole_key(length: int) -> None:
    with pytest.raises(ValueError, match=f"an NMK has 16 octets, got {length}"):
        nid_from_nmk(bytes(length))


@pytest.mark.parametrize("level", [-1, 2, 3])
def test_there_are_two_security_levels(level: int) -> None:
    with pytest.raises(ValueError, match=f"security level is 0 or 1, got {level}"):
        nid_from_nmk(bytes(16), level)


# Secrecy


@dataclass(frozen=True)
class Network:
    nid: Nid
    nmk: Nmk


SECRET = Nmk(bytes.fromhex("3b1fe4cc1bb8f8b8484096dc2eb59e8b"))


@pytest.mark.parametrize("key", [SECRET, Dak(SECRET)], ids=["NMK", "DAK"])
@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{!r}".format,
        lambda key: f"{key}",
        lambda key: f"{key!s}",
        lambda key: "%s" % key,  # noqa: UP031  # the old way has to be masked too
        lambda key: repr([key]),
        lambda key: repr({"key": key}),
        lambda key: repr(Network(Nid(bytes(7)), key)),
        lambda key: str(Network(Nid(bytes(7)), key)),
    ],
    ids=[
        "str",
        "repr",
        "format",
        "format !r",
        "f",
        "f !s",
        "%",
        "in a list",
        "in a dict",
        "in a repr",
        "in a str",
    ],
)
def test_a_key_is_masked_whichever_way_it_is_printed(key: Nmk | Dak, show) -> None:
    """First and last octet are enough to tell two keys apart, and all that is told."""
    text = show(key)

    assert "3b…8b" in text
    assert "1fe4" not in text
    assert r"\x1f" not in text


def test_hex_is_the_deliberate_way_out() -> None:
    assert SECRET.hex() == "3b1fe4cc1bb8f8b8484096dc2eb59e8b"


def test_an_identifier_is_printed_in_full() -> None:
    """Only keys are secret."""
    assert str(RunId(b"TESLA EV")) == "5445534c41204556"
    assert repr(RunId(b"TESLA EV")) == "RunId(5445534c41204556)"
    assert f"{Nid(bytes(range(7)))}" == "00010203040506"


# Lengths


@pytest.mark.parametrize(("cls", "size"), SIZES, ids=[cls.__name__ for cls, _ in SIZES])
def test_each_kind_has_one_length(cls, size: int) -> None:
    """One octet more or less is an error that names the kind and both lengths."""
    assert len(cls(bytes(size))) == size
    for wrong in (0, size - 1, size + 1):
        with pytest.raises(ValueError, match=f"^{cls.__name__} has {size} octets, got {wrong}$"):
            cls(bytes(wrong))


@pytest.mark.parametrize(("cls", "size"), SIZES, ids=[cls.__name__ for cls, _ in SIZES])
def test_it_is_the_octets_it_is(cls, size: int) -> None:
    """It compares, hashes and concatenates as bytes; the wire needs no conversion."""
    octets = bytes(range(size))

    value = cls(octets)

    assert value == octets
    assert hash(value) == hash(octets)
    assert value + b"\xff" == octets + b"\xff"
    assert {octets: "found"}[value] == "found"


# MAC addresses


@pytest.mark.parametrize("text", ["dc:0e:a1:11:67:08", "DC-0E-A1-11-67-08", "dc0ea1116708", "DC:0e:A1:11:67:08"])
def test_a_mac_address_is_read_in_the_usual_spellings(text: str) -> None:
    address = MacAddress.parse(text)

    assert address == bytes.fromhex("dc0ea1116708")
    assert str(address) == "dc:0e:a1:11:67:08"


@given(st.binary(min_size=6, max_size=6).map(MacAddress))
def test_a_printed_mac_address_is_read_again(address: MacAddress) -> None:
    assert MacAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", "dc:0e:a1:11:67", "dc:0e:a1:11:67:08:01", "dc:0e:a1:11:67:0g", "a mac address", "dc 0e a1 11 67 08"],
)
def test_no_mac_address_is_an_error_that_shows_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a MAC address: .*write six octets, e\.g\. 00:b0:52:00:00:01") as error:
        MacAddress.parse(text)

    assert repr(text) in str(error.value)


def test_well_known_addresses() -> None:
    """Everybody, and the adapter on this Ethernet."""
    assert str(BROADCAST) == "ff:ff:ff:ff:ff:ff"
    assert str(LOCAL_DEVICE) == "00:b0:52:00:00:01"
