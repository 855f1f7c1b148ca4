"""Messages of real equipment, octet by octet, with the meaning that people found out for each of them.

Each was heard from a car, a charger or a modem (two are what the Debian tools send).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from bench.ids import BROADCAST, MacAddress, Nid, Nmk, RunId, StationId
from bench.mme import (
    BridgedStation,
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmBrgInfoCnf,
    CmEncryptedPayloadRsp,
    CmGetKeyCnf,
    CmGetKeyReq,
    CmMnbcSoundInd,
    CmSetKeyCnf,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    NwInfoNetwork,
    NwInfoNetworkV0,
    NwInfoStation,
    NwInfoStationV0,
    VsAttenCharInd,
    VsNwInfoCnf,
    VsNwInfoCnfV0,
    VsSwVerCnf,
    VsSwVerReq,
    decode,
    encode,
)
from bench.mme.network import ROLE_CCO, ROLE_STATION

mac = MacAddress.parse

ALL = "ff:ff:ff:ff:ff:ff"
PYPLC, CAR = "dc:0e:a1:11:67:08", "04:65:65:00:64:c3"
CHARGER, ALPITRONIC = "62:57:25:18:44:be", "9a:8a:b6:6d:2d:f6"
TP_LINK, TP_LINK_EVSE = "98:48:27:5a:3c:e6", "98:48:27:5a:3c:e4"
FOCCCICAPE, IONIQ_MODEM = "04:65:65:ff:ff:00", "04:65:65:ff:ff:ff"

PYPLC_RUN, CAR_RUN = RunId(mac(PYPLC) + b"\0\0"), RunId(mac(CAR) + b"\0\0")
NID = Nid(bytes.fromhex("bc90751a5e390e"))
NMK = Nmk(bytes.fromhex("3b1fe4cc1bb8f8b8484096dc2eb59e8b"))
AA = b"\xaa" * 4


@dataclass(frozen=True)
class Dump:
    """length  of the frame; zeros from where *octets*, which begin with MMV, end
    mme     what it means, without its groups
    """

    what: str
    dst: str
    src: str
    length: int
    octets: str
    mme: Any
    first_groups: tuple[int, ...] = ()
    groups: int = 0

    @property
    def frame(self) -> bytes:
        return (mac(self.dst) + mac(self.src) + bytes.fromhex("88e1" + self.octets)).ljust(self.length, b"\0")


DUMPS = [
    Dump("a request of pyPLC as car", ALL, PYPLC, 60, "01646000000000dc0ea1116708", CmSlacParmReq(run_id=PYPLC_RUN)),
    Dump(
        "a request of a Tesla, whose RunID is a word",
        ALL,
        "98:ed:5c:da:d9:98",
        60,
        "016460000000005445534c41204556",
        CmSlacParmReq(run_id=RunId(b"TESLA EV")),
    ),
    Dump(
        "a charger's answer",
        CAR,
        CHARGER,
        60,
        "0165600000ffffffffffff0a06010465650064c300000465650064c3",
        CmSlacParmCnf(
            m_sound_target=BROADCAST,
            num_sounds=10,
            time_out=6,
            resp_type=1,
            forwarding_sta=mac(CAR),
            application_type=0,
            security_type=0,
            run_id=CAR_RUN,
        ),
    ),
    Dump(
        "pyPLC announces sounds, time-out 1000 ms",
        ALL,
        PYPLC,
        60,
        "016a60000000000a0a01dc0ea1116708dc0ea1116708",
        CmStartAttenCharInd(num_sounds=10, time_out=10, resp_type=1, forwarding_sta=mac(PYPLC), run_id=PYPLC_RUN),
    ),
    Dump(
        "the first of ten sounds of pyPLC",
        ALL,
        PYPLC,
        71,
        "01766000000000000000000000000000000000000000000009dc0ea111670800000000000000000000ffffffffffffff"
        "ffffffffffffffffff",
        CmMnbcSoundInd(sender_id=StationId(bytes(17)), cnt=9, run_id=PYPLC_RUN, reserved=bytes(8), rnd=b"\xff" * 16),
    ),
    Dump(
        "a profile measured by FoccciCape",
        ALL,
        FOCCCICAPE,
        85,
        "01866000000465650064c33a00171712231f1c1915121114121415141a181d181e16171515150e0d0f0f101012121613"
        "1615151b181415131717161c191416181d1c17211b1d22",
        CmAttenProfileInd(pev_mac=mac(CAR)),
        first_groups=(23, 23, 18, 35, 31),
        groups=58,
    ),
    Dump(
        "a profile of a TP-Link, without groups",
        ALL,
        TP_LINK_EVSE,
        60,
        "01866000000465650064c3",
        CmAttenProfileInd(pev_mac=mac(CAR)),
    ),
    Dump(
        "a charger's report",
        CAR,
        CHARGER,
        129,
        "016e60000000000465650064c30465650064c30000000000000000000000000000000000000000000000000000000000"
        "000000000000000a3a0705060802000501020500020206090705050406060507090a0a0a0b0b0d0c0c0c0d0e0e0e0c0c"
        "0a080c0e1010100e0e0d100d0c0c0d0d10101c",
        CmAttenCharInd(source_address=mac(CAR), run_id=CAR_RUN, num_sounds=10),
        first_groups=(7, 5, 6, 8, 2, 0, 5),
        groups=58,
    ),
    Dump(
        "pyPLC has heard the report",
        ALPITRONIC,
        PYPLC,
        70,
        "016f6000000000dc0ea1116708dc0ea1116708",
        CmAttenCharRsp(source_address=mac(PYPLC), run_id=PYPLC_RUN, result=0),
    ),
    Dump(
        "pyPLC asks to be matched",
        ALPITRONIC,
        PYPLC,
        85,
        "017c60000000003e000000000000000000000000000000000000dc0ea111670800000000000000000000000000000000"
        "009a8ab66d2df6dc0ea1116708",
        CmSlacMatchReq(mvf_length=62, pev_mac=mac(PYPLC), evse_mac=mac(ALPITRONIC), run_id=PYPLC_RUN),
    ),
    Dump(
        "a charger tells its key",
        CAR,
        CHARGER,
        109,
        "017d6000000000560000000000000000000000000000000000000465650064c300000000000000000000000000000000"
        "006257251844be0465650064c300000000000000000000bc90751a5e390e003b1fe4cc1bb8f8b8484096dc2eb59e8b",
        CmSlacMatchCnf(mvf_length=86, pev_mac=mac(CAR), evse_mac=mac(CHARGER), run_id=CAR_RUN, nid=NID, nmk=NMK),
    ),
    Dump(
        "pyPLC sets a key",
        ALL,
        PYPLC,
        60,
        "010860000001aaaaaaaa000000000400000000bc90751a5e390e013b1fe4cc1bb8f8b8484096dc2eb59e8b",
        CmSetKeyReq(key_type=1, my_nonce=AA, your_nonce=bytes(4), pid=4, nid=NID, new_eks=1, nmk=NMK),
    ),
    Dump(
        "the modem at hand accepts a key with result 1",
        PYPLC,
        TP_LINK,
        60,
        "010960000001b4f1ca65aaaaaaaa040000ff",
        CmSetKeyCnf(result=1, my_nonce=bytes.fromhex("b4f1ca65"), your_nonce=AA, pid=4, prn=0, pmn=0xFF),
    ),
    Dump(
        "a modem far away answers with result 0",
        PYPLC,
        IONIQ_MODEM,
        60,
        "010960000000693b84b6aaaaaaaa040000ff",
        CmSetKeyCnf(result=0, my_nonce=bytes.fromhex("693b84b6"), your_nonce=AA, pid=4, prn=0, pmn=0xFF),
    ),
    Dump(
        "pyPLC asks for keys",
        ALL,
        PYPLC,
        60,
        "010c6000000001bc90751a5e390eaaaaaaaa04",
        CmGetKeyReq(request_type=0, key_type=1, nid=NID, my_nonce=AA, pid=4, prn=0, pmn=0),
    ),
    Dump(
        "the modem at hand hands out its key",
        PYPLC,
        TP_LINK,
        425,
        "010d60000000016746c9d8aaaaaaaabc90751a5e390e01040000ff3b1fe4cc1bb8f8b8484096dc2eb59e8b",
        CmGetKeyCnf(
            result=0,
            key_type=1,
            my_nonce=bytes.fromhex("6746c9d8"),
            your_nonce=AA,
            nid=NID,
            eks=1,
            pid=4,
            prn=0,
            pmn=0xFF,
            key=NMK,
        ),
    ),
    Dump(
        "a modem far away keeps its key and tells its network",
        PYPLC,
        IONIQ_MODEM,
        425,
        "010d6000000101bbbcc59faaaaaaaabc90751a5e390e0004",
        CmGetKeyCnf(
            result=1, key_type=1, my_nonce=bytes.fromhex("bbbcc59f"), your_nonce=AA, nid=NID, eks=0, pid=4, prn=0, pmn=0
        ),
    ),
    Dump(
        "two modems whose keys differ",
        IONIQ_MODEM,
        TP_LINK_EVSE,
        60,
        "010760000001004b0b",
        CmEncryptedPayloadRsp(result=1, pid=0, prn=0x0B4B),
    ),
    Dump(
        "a TP-Link has one host behind it",
        PYPLC,
        TP_LINK,
        60,
        "0121600000010301dc0ea1116708",
        CmBrgInfoCnf(bridging=1, tei=3, bridged=(BridgedStation(mac(PYPLC)),)),
    ),
    Dump("who is there", ALL, PYPLC, 60, "0000a000b052", VsSwVerReq(cookie=0)),
    Dump(
        "a TP-Link tells its firmware",
        PYPLC,
        TP_LINK,
        297,
        "0001a000b0520020244d41432d514341373432302d312e342e302e32302d30302d32303137313032372d435300ffffff"
        "ffffffffffff000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000fcfc1c0000000000000000003f",
        VsSwVerCnf(
            status=0,
            device_class=0x20,
            version_length=36,
            version_field=b"MAC-QCA7420-1.4.0.20-00-20171027-CS\0".ljust(45, b"\xff").ljust(254, b"\0"),
            tail=bytes.fromhex("fcfc1c00 00000000 00000000 3f000000 00000000"),
        ),
    ),
    Dump(
        "a modem and its one peer, old form",
        PYPLC,
        "bc:f2:af:f3:13:74",
        60,
        "0039a000b052015a97fe49d9ea0b0e0102bcf2aff31374010198ded0650ef702dc0ea11167080909",
        VsNwInfoCnfV0(
            networks=(
                NwInfoNetworkV0(
                    nid=Nid(bytes.fromhex("5a97fe49d9ea0b")),
                    snid=14,
                    tei=1,
                    role=ROLE_CCO,
                    cco_mac=mac("bc:f2:af:f3:13:74"),
                    cco_tei=1,
                    stations=(
                        NwInfoStationV0(mac=mac("98:de:d0:65:0e:f7"), tei=2, bridged_mac=mac(PYPLC), tx=9, rx=9),
                    ),
                ),
            )
        ),
    ),
    Dump(
        "a modem and its one peer",
        PYPLC,
        TP_LINK,
        84,
        "0139a0000000b05200003a000001d5925cb82e6808000004040000000000bcf2aff1c81101000000010000000000bcf2"
        "aff1c811010000005410eca1f3e20900000009",
        VsNwInfoCnf(
            data_length=0x3A,
            networks=(
                NwInfoNetwork(
                    nid=Nid(bytes.fromhex("d5925cb82e6808")),
                    snid=4,
                    tei=4,
                    role=ROLE_STATION,
                    cco_mac=mac("bc:f2:af:f1:c8:11"),
                    cco_tei=1,
                    stations=(
                        NwInfoStation(
                            mac=mac("bc:f2:af:f1:c8:11"), tei=1, bridged_mac=mac("54:10:ec:a1:f3:e2"), tx=9, rx=9
                        ),
                    ),
                ),
            ),
        ),
    ),
    Dump(
        "a modem in no network", PYPLC, TP_LINK, 60, "0139a0000000b052000002", VsNwInfoCnf(data_length=2, networks=())
    ),
    Dump(
        "what a Supercharger's modem measured, as its vendor tells it",
        ALL,
        "dc:44:27:1f:d9:1c",
        94,
        "004ea100b052dc0ea11167083a0010000000000000000f0e0f120e0e140f0f111111100f0f1210101112111110101110"
        "1111111111101113141313121313131514131413131212161514121117181824",
        VsAttenCharInd(pev_mac=mac(PYPLC), carriers_per_group=16),
        first_groups=(15, 14, 15, 18, 14, 14, 20),
        groups=58,
    ),
    Dump(
        "a TP-Link's form of it, without groups",
        ALL,
        TP_LINK_EVSE,
        60,
        "004ea100b0520465650064c3000010",
        VsAttenCharInd(pev_mac=mac(CAR), carriers_per_group=16),
    ),
    Dump(
        "FoccciCape's form of it, without OUI",
        ALL,
        FOCCCICAPE,
        94,
        "004ea10000000465650064c33a001000000000000000171712231f1c1915121114121415141a181d181e16171515150e"
        "0d0f0f1010121216131615151b181415131717161c191416181d1c17211b1d22",
        VsAttenCharInd(pev_mac=mac(CAR), carriers_per_group=16),
        first_groups=(23, 23, 18, 35, 31),
        groups=58,
    ),
]

each_dump = pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: f"{dump.mme.name}: {dump.what}")


@each_dump
def test_a_dump_means_what_people_found_out(dump: Dump) -> None:
    """Addresses and every field; of the groups, their number and the first ones."""
    found = decode(dump.frame)

    assert (found.dst, found.src) == (mac(dump.dst), mac(dump.src))
    assert found.trailer is None
    mme: Any = found.mme
    if isinstance(mme, CmAttenProfileInd | CmAttenCharInd | VsAttenCharInd):
        assert mme.num_groups == dump.groups
        assert mme.aag[: len(dump.first_groups)] == bytes(dump.first_groups)
        mme = replace(mme, aag=b"")
    assert mme == dump.mme


@each_dump
def test_a_dump_comes_back_octet_by_octet(dump: Dump) -> None:
    """Padding and reserved octets included."""
    assert encode(decode(dump.frame)) == dump.frame


@each_dump
def test_what_people_found_out_makes_the_dump(dump: Dump) -> None:
    """The meaning alone gives the octets: nothing of the frame is in a field that nobody named."""
    found = decode(dump.frame)
    meant = dump.mme
    if dump.groups:
        meant = replace(meant, aag=dump.frame[-dump.groups :])

    assert encode(replace(found, mme=meant)) == dump.frame


def test_means_of_the_dumped_reports() -> None:
    """The charger's report adds up to 566 dB over its 58 groups; the last has 28 dB."""
    report = next(decode(dump.frame).mme for dump in DUMPS if isinstance(dump.mme, CmAttenCharInd))

    assert isinstance(report, CmAttenCharInd)
    assert report.average_db == pytest.approx(566 / 58)
    assert report.aag[-1] == 28


def test_the_dumped_firmware_is_readable() -> None:
    """Its text and the chip it names."""
    version = next(decode(dump.frame).mme for dump in DUMPS if isinstance(dump.mme, VsSwVerCnf))

    assert isinstance(version, VsSwVerCnf)
    assert (version.version, version.chip_ident) == ("MAC-QCA7420-1.4.0.20-00-20171027-CS", 0x1CFCFC)
