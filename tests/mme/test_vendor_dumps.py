"""Vendor messages octet by octet: of real modems where one was recorded, else as Debian's tools exchange them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bench.ids import BROADCAST, Dak, MacAddress, Nmk
from bench.mme import (
    CmSetKeyReq,
    Frame,
    MsPbEncCnf,
    MsPbEncReq,
    RawMme,
    RxCounters,
    TxCounters,
    VsEmIdTableCnf,
    VsEmIdTableReq,
    VsEnetSettingsCnf,
    VsEnetSettingsReq,
    VsFacDefaultsCnf,
    VsFacDefaultsReq,
    VsFrLbkCnf,
    VsFrLbkReq,
    VsGetNvmCnf,
    VsGetNvmReq,
    VsGetPropertyCnf,
    VsGetPropertyReq,
    VsHostActionInd,
    VsHostActionRsp,
    VsLbkStatCnf,
    VsLnkStatsCnf,
    VsLnkStatsReq,
    VsMfgStringCnf,
    VsOpAttributesCnf,
    VsOpAttributesReq,
    VsPlLinkStatusCnf,
    VsPlLinkStatusReq,
    VsRsDevCnf,
    VsRsDevReq,
    VsSetKeyCnf,
    VsSetKeyReq,
    VsToneMapCnf,
    VsToneMapCnfV0,
    VsToneMapReq,
    VsToneMapReqV0,
    VsWdRptInd,
    VsWdRptReq,
    decode,
    encode,
)

HOST, MODEM = MacAddress.parse("dc:0e:a1:11:67:08"), MacAddress.parse("98:48:27:5a:3c:e6")
PEER = MacAddress.parse("98:48:27:5a:3c:e4")
HOMEPLUG_AV = Nmk.fromhex("50d3e4933f855b7040784df815aa8db7")
HOMEPLUG_AV_DAK = Dak.fromhex("689f074b8b0275a2710b0b5779ad1630")


def text(value: str, size: int) -> bytes:
    return value.encode().ljust(size, b"\0")


@dataclass(frozen=True)
class Dump:
    """octets begin with MMV; zeros from where they end up to *length*."""

    octets: str
    mme: Any
    length: int = 60

    @property
    def frame(self) -> bytes:
        return (HOST + MODEM + bytes.fromhex("88e1" + self.octets)).ljust(self.length, b"\0")


LINK_STATISTICS = Dump(
    # mme.md 5.6, from an Alpitronic modem.
    "00 31a0 00b052 00 02 fc 00"
    "7e1b000000000000 0000000000000000 0000000000000000 8d1b000000000000 0000000000000000"
    "5f00000000000000 0000000000000000 7500000000000000 0000000000000000 0d00000000000000 0000000000000000 05",
    VsLnkStatsCnf.of(
        TxCounters(mpdu_acked=7038, pb_passed=7053),
        RxCounters(mpdu_acked=95, pb_passed=117, bit_errors_passed=13, num_intervals=5),
        link_id=0xFC,
        tei=0,
    ),
    311,
)

ATTRIBUTES = Dump(
    # mme.md 5.11, a TL-PA4010P.
    "00 69a0 00b052 0000 02200000 00 7600"
    "51434137343230000000000000000000 4d414300000000000000000000000000"
    "01000000 04000000 00000000 00000000 14000000 3230313731303237 435300000000000000000000"
    "58 00 f9 01000000 89000000 84000000 01000000 00000000 73000000 01000000 19000000 00000000 f3 00 00 01020a00",
    VsOpAttributesCnf(
        cookie=0x2002,
        data_length=118,
        hardware_field=text("QCA7420", 16),
        software_field=text("MAC", 16),
        major=1,
        minor=4,
        build=20,
        build_date=b"20171027",
        release_field=text("CS", 12),
        sdram_type=0x58,
        mains=0xF9,
        dram_mb=1,
        rx_blocks=0x89,
        tx_blocks=0x84,
        shared_blocks=1,
        free_rx_blocks=0,
        free_tx_blocks=0x73,
        free_shared_blocks=1,
        snr_difference=0x19,
        tx_gain=0xF3,
        rest=bytes.fromhex("01020a00").ljust(910, b"\0"),
    ),
    1053,
)

TONE_MAP = Dump(
    # mme.md 5.13, a QCA7420: 917 carriers in 459 octets, 2 each; the last octet holds one.
    "01 71a0 0000 00b052 00 00 dd01 00 00 9848275a3ce4 00 00 01 00 9503 00000000" + "22" * 458 + "02",
    VsToneMapCnf(data_length=477, peer=PEER, num_tone_maps=1, carriers=b"\2" * 917),
    503,
)

DUMPS = [
    LINK_STATISTICS,
    ATTRIBUTES,
    TONE_MAP,
    # Recorded from modems and their hosts.
    Dump("00 68a0 00b052 02200000", VsOpAttributesReq(cookie=0x2002)),
    Dump("00 30a0 00b052 00 02 fc", VsLnkStatsReq(direction=2, link_id=0xFC)),
    Dump("00 6ca0 00b052 10", VsEnetSettingsReq(control=0x10)),
    Dump("00 6da0 00b052 00 01 01 02 03", VsEnetSettingsCnf(speed=1, duplex=1, link=2, flow_control=3)),
    Dump("00 6da0 00b052 00 00 00 01 03", VsEnetSettingsCnf(link=1, flow_control=3)),
    Dump("00 6da0 00b052 04", VsEnetSettingsCnf(status=4)),
    Dump("00 71a0 00b052 02", VsToneMapCnfV0(status=2)),
    Dump("00 49a0 00b052 00 01 0e04", VsFrLbkCnf(duration=1, length=1038)),
    Dump(
        "00 f8a0 00b052 00001000 00 01 0000 00000000 00004000 69000000",
        VsGetPropertyReq(cookie=0x100000, property_length=0x400000, property_number=0x69),
    ),
    Dump("00 f9a0 00b052 01000000 00001000", VsGetPropertyCnf(status=1, cookie=0x100000)),
    # As the Debian tools send and accept them.
    Dump(
        "00 f8a0 00b052 ad810328 00 01 0000 00000000 04000000 69000000",
        VsGetPropertyReq(cookie=0x280381AD, property_number=105),
    ),
    Dump("01 70a0 0000 00b052 00000000 9848275a3ce4", VsToneMapReq(peer=PEER)),
    Dump("00 30a0 00b052 01 03 fc", VsLnkStatsReq(control=1, direction=3, link_id=0xFC)),
    Dump("00 0080 03", MsPbEncReq(action=3)),
    Dump("00 0180 00 01", MsPbEncCnf(avln_status=1)),
    Dump("00 10a0 00b052", VsGetNvmReq()),
    Dump(
        "00 11a0 00b052 00 14000000 00010000 00000100 00002000",
        VsGetNvmCnf(nvm_type=0x14, page_size=256, block_size=65536, total_size=0x200000),
    ),
    Dump("00 1ca0 00b052", VsRsDevReq()),
    Dump("00 1da0 00b052 02", VsRsDevCnf(status=2)),
    Dump("00 7ca0 00b052", VsFacDefaultsReq()),
    Dump("00 7da0 00b052 01", VsFacDefaultsCnf(status=1)),
    Dump(
        "00 50a0 00b052 01 50d3e4933f855b7040784df815aa8db7 0f 000000000000",
        VsSetKeyReq(nmk=HOMEPLUG_AV),
    ),
    Dump(
        "00 50a0 00b052 01 50d3e4933f855b7040784df815aa8db7 00 9848275a3ce4 689f074b8b0275a2710b0b5779ad1630",
        VsSetKeyReq(nmk=HOMEPLUG_AV, peks=0, remote_mac=PEER, dak=HOMEPLUG_AV_DAK),
    ),
    Dump("00 51a0 00b052 12", VsSetKeyCnf(status=0x12)),
    Dump("00 b8a0 00b052", VsPlLinkStatusReq()),
    Dump("00 b9a0 00b052 00 01", VsPlLinkStatusCnf(link=1)),
    Dump("00 62a0 00b052 02 01 03", VsHostActionInd(action=2, version_major=1, version_minor=3)),
    Dump("00 63a0 00b052 00", VsHostActionRsp()),
    # plctool's 32-bit session, of which a modem reads 16 bits and a flag.
    Dump("00 2ca0 00b052 b15d 03", VsWdRptReq(session=0x5DB1, clear=3)),
    Dump(
        "00 2ea0 00b052 00 b15d 02 01 0300 05 616263",
        VsWdRptInd(session=0x5DB1, num_parts=2, data_offset=5, data=b"abc"),
    ),
    # As tshark reads them.
    Dump("00 70a0 00b052 9848275a3ce4 01", VsToneMapReqV0(peer=PEER, slot=1)),
    Dump("00 71a0 00b052 00 01 02 0300 21 03", VsToneMapCnfV0(slot=1, num_tone_maps=2, carriers=b"\1\2\3")),
    Dump("00 48a0 00b052 02 00 0300 616263", VsFrLbkReq(duration=2, frame=b"abc")),
    Dump("00 4da0 00b052 00 01", VsLbkStatCnf(state=1)),
    Dump("00 55a0 00b052 00 03 616263", VsMfgStringCnf(text_length=3, text_field=text("abc", 66)), 88),
    # From source only.
    Dump("00 dca0 00b052", VsEmIdTableReq()),
    Dump("00 dda0 00b052 01", VsEmIdTableCnf(status=1)),
]

each_dump = pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: f"{dump.mme.name} {dump.octets[17:28].strip()}")


@each_dump
def test_a_vendor_dump_means_what_people_found_out(dump: Dump) -> None:
    assert decode(dump.frame).mme == dump.mme


@each_dump
def test_what_people_found_out_makes_the_vendor_dump(dump: Dump) -> None:
    """Padding included."""
    assert encode(Frame(HOST, MODEM, dump.mme)) == dump.frame


def test_link_statistics_are_told_by_direction() -> None:
    """Sent and heard of a real modem, and nothing of a direction that is not told."""
    both = decode(LINK_STATISTICS.frame).mme
    tx = TxCounters(mpdu_acked=3)
    only_tx = VsLnkStatsCnf.of(tx, None, link_id=0xF8, tei=2)
    only_rx = VsLnkStatsCnf.of(None, RxCounters(pb_failed=4), link_id=0xF8, tei=2)

    assert isinstance(both, VsLnkStatsCnf)
    assert both.tx is not None
    assert both.rx is not None
    assert (both.tx.mpdu_acked, both.tx.pb_passed, both.tx.mpdu_failed) == (7038, 7053, 0)
    assert (both.rx.mpdu_acked, both.rx.pb_passed, both.rx.bit_errors_passed, both.rx.num_intervals) == (95, 117, 13, 5)
    assert (only_tx.direction, only_tx.tx, only_tx.rx) == (0, tx, None)
    assert (only_rx.direction, only_rx.tx, only_rx.rx) == (1, None, RxCounters(pb_failed=4))


def test_refused_link_statistics_hold_none() -> None:
    """A modem that refuses pads its frame with zeros, which are no counters."""
    octets = bytes.fromhex("0031a000b0522002f8").ljust(400, b"\0")

    refused = decode(HOST + MODEM + b"\x88\xe1" + octets).mme

    assert isinstance(refused, VsLnkStatsCnf)
    assert (refused.status, refused.tx, refused.rx) == (0x20, None, None)


def test_texts_of_attributes_are_readable() -> None:
    found = decode(ATTRIBUTES.frame).mme

    assert isinstance(found, VsOpAttributesCnf)
    assert (found.hardware, found.software, found.version) == ("QCA7420", "MAC", (1, 4, 0, 0, 20))


def test_a_manufacturers_text_ends_where_its_length_says() -> None:
    assert VsMfgStringCnf(text_length=2, text_field=text("abc", 66)).text == "ab"
    assert VsMfgStringCnf(text_length=66, text_field=text("abc", 66)).text == "abc"


def test_the_form_of_a_tone_map_depends_on_the_version() -> None:
    """MMV 1 puts two octets more into the header and four reserved ones in front of the peer."""
    new, old = (encode(Frame(BROADCAST, HOST, mme)) for mme in (VsToneMapReq(peer=PEER), VsToneMapReqV0(peer=PEER)))

    assert (new.index(PEER), old.index(PEER)) == (26, 20)


def test_keys_do_not_show_in_the_text_of_a_message() -> None:
    """Neither the network's nor the device's."""
    request = VsSetKeyReq(nmk=HOMEPLUG_AV, dak=HOMEPLUG_AV_DAK)

    assert HOMEPLUG_AV.hex() not in repr(request)
    assert HOMEPLUG_AV_DAK.hex() not in repr(request)
    assert repr(CmSetKeyReq(nmk=HOMEPLUG_AV)).count("…") == 1


@pytest.mark.parametrize("mmtype", [0xA004, 0xA058, 0xA098])
def test_messages_of_a_boot_loader_stay_raw(mmtype: int) -> None:
    """They have no class here, and come back as they were."""
    octets = encode(Frame(HOST, MODEM, RawMme(mmtype, bytes.fromhex("00b052") + b"abc", mmv=0)))

    assert isinstance(decode(octets).mme, RawMme)
    assert encode(decode(octets)) == octets
