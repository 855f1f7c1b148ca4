"""A real PIB, read by pyPLC from a charging station through the power line, as far as a capture shows it.

The recording lies beside the repository; nothing of it is copied here but what these tests compare with.
"""

from __future__ import annotations

import pytest
from real_captures import capture, needs_captures

from bench.capture import open_capture
from bench.ids import MacAddress
from bench.pib import CcoMode, ChainPib, Family, SlacEnable, faults, parse

pytestmark = needs_captures

NAME = "2022-11-25_v0.2_ABB"
CHARGER = MacAddress.parse("bc:f2:af:f1:c8:11")
MODULE_OPERATION_CNF = 0xA0B1
"""VS_MODULE_OPERATION.CNF; its read form has length @41, offset @43 and data @47. Source: reference mme.md, 6.1."""


@pytest.fixture(scope="module")
def octets() -> bytes:
    """The file, put together from the answers."""
    file = bytearray()
    with open_capture(capture(NAME)) as recording:
        for record in recording.records():
            frame = record.octets
            if frame[6:12] != CHARGER or frame[12:17] != b"\x88\xe1\x00\xb1\xa0":
                continue
            size = int.from_bytes(frame[41:43], "little")
            at = int.from_bytes(frame[43:47], "little")
            file.extend(bytes(max(0, at + size - len(file))))
            file[at : at + size] = frame[47 : 47 + size]
    return bytes(file)


@pytest.fixture(scope="module")
def image(octets: bytes) -> ChainPib:
    read = parse(octets)
    assert isinstance(read, ChainPib)
    return read


def test_it_is_sound(octets: bytes, image: ChainPib) -> None:
    assert len(octets) == 9040
    assert faults(octets) == []
    assert image.octets == octets
    assert (image.family, image.base) == (Family.QCA7000, 0x3C0)


def test_its_headers_are_linked_as_ours(image: ChainPib) -> None:
    """The second header links back to 0, not to none as the reference's table may be read."""
    assert [part.header.previous for part in image.parts] == [0xFFFFFFFF, 0]
    assert [part.header.next for part in image.parts] == [0x360, 0xFFFFFFFF]
    assert [part.header.nvm_address for part in image.parts] == [0x60, 0x3C0]


def test_its_fields(image: ChainPib) -> None:
    """A charging station's modem: coordinator, EVSE, host on SPI. Its DAK is not told through the power line."""
    expected = {
        "product": "QCA7000",
        "cco_mode": CcoMode.ALWAYS,
        "slac_enable": SlacEnable.EVSE,
        "avln_membership": 1,
        "board_type": 3,
        "chip_signature": 0x1B58DC,
        "host_interface_override": 1,
        "spi_slave_enable": 1,
        "priority_igmp": 3,
        "packet_lifetime_0_us": 2_000_000,
        "packet_lifetime_management_us": 300_000,
        "robo_unicast": 7,
        "robo_broadcast": 5,
        "robo_management": 7,
        "link_status_duration_cco_s": 20,
        "link_status_duration_station_s": 5,
        "led_low_threshold_kbps": 10_240,
        "led_high_threshold_kbps": 102_400,
        "dbc_enable": 1,
        "manufacturer_hfid": "devolo dLAN Green PHY Module [MT2489]",
    }

    assert {name: image.read(name) for name in expected} == expected
    assert image.mac == CHARGER
    assert image.dak == bytes(16)
    assert image.nid_follows_nmk


def test_its_manifest_encodes_to_the_same_octets(image: ChainPib) -> None:
    assert image.manifest is not None

    assert image.manifest.encode() == image.parts[0].image
    assert image.manifest.lines()[9:14] == [
        "build type: FINAL",
        "manifest version: 1",
        "build number: 727",
        "build date: 20130826",
        "build time: 173954",
    ]


def test_an_edit_can_be_taken_back(image: ChainPib) -> None:
    as_pev = image.with_values({"slac_enable": SlacEnable.PEV, "cco_mode": CcoMode.NEVER})

    assert as_pev != image
    assert as_pev.with_values({"slac_enable": SlacEnable.EVSE, "cco_mode": CcoMode.ALWAYS}) == image
