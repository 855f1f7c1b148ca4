"""What is encoded is what is decoded, octet by octet and field by field."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from message_strategies import frames
from real_captures import CAPTURES, needs_captures

from bench.capture import open_capture
from bench.ids import BROADCAST, MacAddress, Nid, Nmk, RunId, StationId
from bench.mme import (
    REGISTRY,
    CmAmpMapReq,
    CmAttenCharInd,
    CmAttenProfileInd,
    CmGetKeyCnf,
    CmMnbcSoundInd,
    CmNwStatsCnf,
    CmNwStatsReq,
    CmSetKeyCnf,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStaIdentifyCnf,
    CmStartAttenCharInd,
    CmValidateReq,
    Frame,
    Header,
    Mme,
    NwInfoNetwork,
    NwInfoStation,
    NwInfoStationV0,
    RawMme,
    StationRate,
    VsAttenCharInd,
    VsNwInfoCnf,
    VsSwVerCnf,
    decode,
    encode,
    is_homeplug,
)

PEV = MacAddress.parse("02:00:00:00:0e:01")
EVSE = MacAddress.parse("02:00:00:00:05:01")
HEADER = PEV + EVSE + bytes.fromhex("88e1")


def frame(mme: Mme | RawMme, **parts: Any) -> Frame:
    return Frame(BROADCAST, PEV, mme, **parts)


# Both ways


@pytest.mark.parametrize("cls", REGISTRY.values(), ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_a_message_comes_back_as_it_was_sent(cls: type[Mme], data: st.DataObject) -> None:
    """decode(encode(frame)) == frame for every message and any values; exceptions: `message_strategies`."""
    sent = data.draw(frames(cls))

    assert decode(encode(sent)) == sent


@pytest.mark.parametrize("cls", REGISTRY.values(), ids=lambda cls: cls.__name__)
def test_a_message_of_defaults_comes_back_as_it_was_sent(cls: type[Mme]) -> None:
    """Padding to 60 octets takes nothing away and adds nothing; the one exception has a cipher text of no length."""
    sent = frame(cls(), trailer=b"" if cls.__name__ == "CmEncryptedPayloadInd" else None)

    assert decode(encode(sent)) == sent


@needs_captures
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_captured_frames_come_back_octet_by_octet(path: Any) -> None:
    """encode(decode(octets)) == octets for every HomePlug frame of a capture, and every one decodes."""
    with open_capture(path) as capture:
        captured = [record.octets for record in capture.records() if is_homeplug(record.octets)]

    assert captured
    assert [encode(decode(octets)) for octets in captured] == captured


@needs_captures
def test_captures_hold_what_the_reference_says() -> None:
    """Every kind of message the captures are known to hold is read as that kind, and none of SLAC's stays raw."""
    names: Counter[str] = Counter()
    for path in CAPTURES:
        with open_capture(path) as capture:
            names.update(decode(r.octets).mme.name for r in capture.records() if is_homeplug(r.octets))

    slac = {cls.name for key, cls in REGISTRY.items() if 0x16060 < key < 0x16090 and "VALIDATE" not in cls.name}
    assert slac - {"CM_STA_IDENTIFY.CNF"} <= set(names)
    assert {"VS_ATTEN_CHAR.IND", "VS_SW_VER.CNF", "VS_NW_INFO.CNF", "CM_GET_KEY.CNF", "CM_SET_KEY.CNF"} <= set(names)
    assert {name for name in names if name.startswith("0x6")} == set()


# Unknown, foreign and old


@pytest.mark.parametrize("length", [17, 18, 42, 59, 60, 61, 400])
def test_unknown_type_is_kept_octet_by_octet(length: int) -> None:
    """An unlisted MMTYPE is a RawMme, also in a frame shorter than 60 octets, which does not grow."""
    octets = (HEADER + bytes.fromhex("01 f0ff") + bytes(range(1, 200)) * 3)[:length]

    found = decode(octets)

    assert found.mme == RawMme(0xFFF0, octets[17:], mmv=1)
    assert found.mme.name == "0xFFF0"
    assert encode(found) == octets


def test_a_raw_message_is_padded_like_any_other() -> None:
    """Built by hand, without a trailer, it fills an Ethernet frame."""
    assert encode(frame(RawMme(0xA01C, bytes.fromhex("00b052"), mmv=0))) == (
        BROADCAST + PEV + bytes.fromhex("88e1 00 1ca0 00b052") + bytes(40)
    )


def test_vendor_message_of_another_vendor_stays_raw() -> None:
    """Lumissil uses MMTYPE 0xA000 with its own OUI and meaning; its frames are not read as Qualcomm's."""
    octets = HEADER + bytes.fromhex("00 00a0 001685") + bytes(range(40))

    assert decode(octets) == Frame(PEV, EVSE, RawMme(0xA000, octets[17:], mmv=0))


@needs_captures
def test_captured_frames_of_a_lumissil_modem_stay_raw() -> None:
    """The Enyaq's station has a modem whose vendor messages use Qualcomm's types with OUI 00:16:E8."""
    path = next(path for path in CAPTURES if "lumissil" in path.name)
    with open_capture(path) as capture:
        heard = [decode(record.octets).mme for record in capture.records() if is_homeplug(record.octets)]

    vendor = [mme for mme in heard if mme.mmtype >= 0xA000]
    assert vendor
    assert {type(mme) for mme in vendor} == {RawMme}


@pytest.mark.parametrize("fmi", ["1000", "0001", "ffff"])
def test_fragments_stay_raw(fmi: str) -> None:
    """FMI other than 0 is one part of a longer message; its octets are not read as fields."""
    octets = HEADER + bytes.fromhex("01 6460" + fmi) + bytes(41)

    assert decode(octets) == Frame(PEV, EVSE, RawMme(0x6064, octets[17:], mmv=1))
    assert encode(decode(octets)) == octets


@pytest.mark.parametrize("mme", [CmNwStatsCnf(stations=(StationRate(PEV, 9, 9),)), CmAmpMapReq(amdata=b"\x01\x02\x03")])
def test_public_messages_of_version_2_have_the_layout_of_version_1(mme: Mme) -> None:
    """CM_AMP_MAP and CM_NW_STATS changed with HomePlug AV 2.0; EVerest sends them with MMV 2."""
    octets = bytearray(encode(frame(mme)))
    octets[14] = 2

    found = decode(bytes(octets))

    assert found == frame(mme, header=Header(2, b"\0\0"))
    assert encode(found) == octets


def test_unknown_version_stays_raw() -> None:
    """MMV 3 is nobody's; MMV 0 has no public messages; vendor messages have no version 2."""
    for mmv, mmtype in ((3, 0x6064), (0, 0x6064), (2, 0xA038)):
        octets = HEADER + bytes([mmv]) + mmtype.to_bytes(2, "little") + bytes.fromhex("0000 00b052") + bytes(38)
        assert decode(octets).mme == RawMme(mmtype, octets[17:], mmv=mmv)
        assert encode(decode(octets)) == octets


# What stands around a message


def test_tagged_frame_is_decoded() -> None:
    """An 802.1Q tag in front of the EtherType is kept, and the padding counts behind it."""
    octets = PEV + EVSE + bytes.fromhex("8100 6007 88e1 01 6460 0000 0000 0102030405060708") + bytes(31)

    found = decode(octets)

    assert len(octets) == 64
    assert found == Frame(PEV, EVSE, CmSlacParmReq(run_id=RunId(bytes(range(1, 9)))), tag=bytes.fromhex("81006007"))
    assert encode(found) == octets


def test_two_tags_are_decoded() -> None:
    """A provider's tag may stand in front of the station's own."""
    sent = Frame(PEV, EVSE, CmSlacParmReq(), tag=bytes.fromhex("8100000181000002"))

    assert decode(encode(sent)) == sent
    assert is_homeplug(encode(sent))


@pytest.mark.parametrize(
    "octets", [b"", bytes(13), bytes(14), PEV + EVSE + b"\x86\xdd" + bytes(46), bytes(12) + b"\x81"]
)
def test_other_traffic_is_not_homeplug(octets: bytes) -> None:
    """IPv6, zeros and stubs have another EtherType or none."""
    assert not is_homeplug(octets)


def test_padding_that_is_not_zero_is_kept() -> None:
    """The Ioniq's SPI traces carry what was left in a buffer; it is a trailer, not padding."""
    octets = encode(frame(CmSlacParmReq()))[:-4] + b"left"

    found = decode(octets)

    assert found.trailer is not None
    assert found.trailer.endswith(b"left")
    assert encode(found) == octets


def test_frame_without_padding_is_kept_short() -> None:
    """A frame caught before its padding was added, as on a virtual Ethernet."""
    octets = encode(frame(CmSlacParmReq(), trailer=b""))

    assert len(octets) == 29
    assert encode(decode(octets)) == octets


def test_attenuation_of_a_modem_without_oui_is_read() -> None:
    """FoccciCape's QCA7005 sends 0xA14E with OUI 00:00:00."""
    octets = bytearray(encode(frame(VsAttenCharInd(pev_mac=PEV, aag=bytes(range(58))))))
    octets[17:20] = bytes(3)

    found = decode(bytes(octets))

    assert found == frame(VsAttenCharInd(pev_mac=PEV, aag=bytes(range(58))), header=Header(0, bytes(3)))
    assert encode(found) == octets


def test_no_other_vendor_message_is_read_without_oui() -> None:
    """The exception is for 0xA14E alone."""
    octets = HEADER + bytes.fromhex("00 00a0 000000") + bytes(40)

    assert isinstance(decode(octets).mme, RawMme)


# Forms that real stations send


def test_sound_of_debians_pev_is_read() -> None:
    """It leaves the 8 reserved octets out: 64 octets, of which the last 9 are what is left of the random number."""
    sound = bytes.fromhex("0000") + bytes(17) + b"\x09" + PEV + bytes.fromhex("0001") + bytes(17)
    octets = BROADCAST + PEV + bytes.fromhex("88e1 01 7660 0000") + sound

    found = decode(octets)

    assert len(octets) == 64
    assert isinstance(found.mme, CmMnbcSoundInd)
    assert (found.mme.cnt, found.mme.run_id) == (9, PEV + b"\0\x01")
    assert (len(found.mme.reserved), len(found.mme.rnd)) == (8, 9)
    assert encode(found) == octets


def test_sound_without_any_tail_is_read() -> None:
    """47 octets hold everything that says which sound it is."""
    octets = encode(frame(CmMnbcSoundInd(cnt=3, reserved=b"", rnd=b""), trailer=b""))

    assert len(octets) == 47
    assert decode(octets).mme == CmMnbcSoundInd(cnt=3, reserved=b"", rnd=b"")


def test_attenuation_of_debians_evse_is_read() -> None:
    """Its CM_ATTEN_CHAR.IND has 326 octets, whatever it holds: the groups are counted, the rest is a trailer."""
    octets = encode(frame(CmAttenCharInd(source_address=PEV, aag=bytes(range(58))))) + bytes(197)

    found = decode(octets)

    assert len(octets) == 326
    assert found == frame(CmAttenCharInd(source_address=PEV, aag=bytes(range(58))), trailer=bytes(197))
    assert encode(found) == octets


@pytest.mark.parametrize(
    "suites", [(), (0x0001,), (0x0102, 0xFFFE, 3), tuple(range(255))], ids=["none", "one", "three", "255"]
)
def test_a_secured_request_lists_its_cipher_suites(suites: tuple[int, ...]) -> None:
    """security_type 1: an octet count, then 16 bits each, low octet first."""
    sent = frame(CmSlacParmReq(security_type=1, cipher_suites=suites))

    octets = encode(sent)

    listed = b"".join(suite.to_bytes(2, "little") for suite in suites)
    assert octets[29 : 30 + 2 * len(suites)] == bytes([len(suites)]) + listed
    assert decode(octets) == sent


def test_a_secured_confirmation_names_one_cipher_suite() -> None:
    """security_type 1: 16 bits behind the RunID."""
    sent = frame(CmSlacParmCnf(security_type=1, cipher_suite=(0x1234,)))

    octets = encode(sent)

    assert octets[44:46] == b"\x34\x12"
    assert decode(octets) == sent


def test_without_security_nothing_behind_the_run_id_is_a_cipher_suite() -> None:
    """Debian's pev counts there (option -C) although it says security_type 0: it is a trailer."""
    octets = bytearray(encode(frame(CmSlacParmReq())))
    octets[29:32] = b"\x01\x02\x00"

    found = decode(bytes(octets))

    assert isinstance(found.mme, CmSlacParmReq)
    assert found.mme.cipher_suites == ()
    assert encode(found) == octets


def test_half_octets_keep_their_order() -> None:
    """CM_AMP_MAP: the even carrier is in the low half; the spare half of an odd number is zero."""
    octets = encode(frame(CmAmpMapReq(amdata=bytes([1, 2, 3, 4, 5]))))

    assert octets[19:24] == bytes.fromhex("0500 21 43 05")


def test_spare_half_octet_is_not_lost() -> None:
    """A map of 3 carriers whose last octet is full: the last value shows it, and the octets come back."""
    octets = HEADER + bytes.fromhex("01 1c60 0000 0300 21 f3") + bytes(37)

    found = decode(octets)

    assert isinstance(found.mme, CmAmpMapReq)
    assert found.mme.amdata == bytes([1, 2, 0xF3])
    assert encode(found) == octets


def test_lists_inside_lists_are_read() -> None:
    """VS_NW_INFO.CNF: stations inside networks, each list with its own count."""
    station = NwInfoStation(mac=PEV, tei=2, bridged_mac=EVSE)
    networks = (
        NwInfoNetwork(nid=Nid(bytes(range(7))), stations=(station, replace(station, tei=3))),
        NwInfoNetwork(nid=Nid(bytes(range(7, 14))), stations=()),
        NwInfoNetwork(nid=Nid(bytes(range(14, 21))), stations=(station,)),
    )

    found = decode(encode(frame(VsNwInfoCnf(networks=networks)))).mme

    assert isinstance(found, VsNwInfoCnf)
    assert found.networks == networks
    assert (found.num_networks, [network.num_stations for network in found.networks]) == (3, [2, 0, 1])


@pytest.mark.parametrize(("length", "tail", "ident"), [(297, 20, 0x1CFCFC), (279, 2, None)])
def test_version_of_new_and_old_chips_is_read(length: int, tail: int, ident: int | None) -> None:
    """A QCA7420 answers with 297 octets, an INT6000 with 279 and no chip identity."""
    text = b"MAC-QCA7420-1.4.0.20\0".ljust(45, b"\xff")
    sent = frame(
        VsSwVerCnf(
            device_class=0x20,
            version_length=21,
            version_field=text.ljust(254, b"\0"),
            tail=bytes.fromhex("fcfc1c00").ljust(20, b"\0")[:tail],
        )
    )

    octets = encode(sent)
    found = decode(octets)

    assert len(octets) == length
    assert found == sent
    assert isinstance(found.mme, VsSwVerCnf)
    assert (found.mme.version, found.mme.chip_ident) == ("MAC-QCA7420-1.4.0.20", ident)


def test_mean_attenuation() -> None:
    """What the PEV decides on: the mean over the groups, and nothing where there are none."""
    assert CmAttenCharInd(aag=bytes([10] * 29 + [20] * 29)).average_db == 15
    assert CmAttenCharInd(aag=b"").average_db is None


def test_extended_fields_are_counted() -> None:
    """CM_STA_IDENTIFY.CNF: EFL says how many octets of EF follow; padding is none of them."""
    octets = encode(frame(CmStaIdentifyCnf(extension=b"ab")))

    assert octets[24:28] == b"\x02ab\0"
    assert decode(octets).mme == CmStaIdentifyCnf(extension=b"ab")


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        # accepted is 1, no nonces, HLE protocol, message number FF of a local modem
        (CmSetKeyCnf(), "01 00000000 00000000 04 0000 ff 00"),
        # granted is 0, the key is an NMK, EKS 1
        (CmGetKeyCnf(), "00 01 00000000 00000000 00000000000000 01 04 0000 ff"),
    ],
    ids=lambda value: value.name if isinstance(value, Mme) else "",
)
def test_key_answers_of_defaults_are_those_of_a_local_modem(answer: Mme, body: str) -> None:
    """Every modem captured reports an accepted key with result 1, although the standard calls 0 success."""
    expected = bytes.fromhex(body)

    assert encode(frame(answer))[19 : 19 + len(expected)] == expected


def test_stations_of_a_green_phy_network_have_a_rate_of_9() -> None:
    """VS_NW_INFO.CNF: 9 Mbit/s both ways in every Green PHY network captured, in either form."""
    for station in (NwInfoStation(), NwInfoStationV0()):
        assert (station.tx, station.rx) == (9, 9)


def test_the_longest_frame_is_encoded() -> None:
    """1518 octets; one more is an error, for no reader and no Ethernet would take it."""
    sent = frame(CmSlacParmReq(), trailer=bytes(1489))

    assert len(encode(sent)) == 1518
    assert decode(encode(sent)) == sent


# Encoding judges nothing but size


ILLEGAL = [
    CmSlacParmReq(application_type=255, security_type=2),
    CmSlacParmCnf(m_sound_target=PEV, num_sounds=0, time_out=0, resp_type=255, forwarding_sta=BROADCAST),
    CmStartAttenCharInd(num_sounds=0, time_out=255, resp_type=0),
    CmMnbcSoundInd(sender_id=StationId(b"x" * 17), cnt=255),
    CmAttenProfileInd(aag=b""),
    CmAttenCharInd(num_sounds=0, aag=bytes(255)),
    CmValidateReq(signal_type=255, timer=255, result=255),
    CmSlacMatchReq(mvf_length=0),
    CmSlacMatchCnf(mvf_length=0xFFFF, nmk=Nmk(bytes(16)), nid=Nid(b"\xff" * 7)),
    CmSetKeyReq(key_type=0, pid=255, new_eks=255),
    CmAmpMapReq(amdata=b""),
]


@pytest.mark.parametrize("mme", ILLEGAL, ids=lambda mme: mme.name)
def test_illegal_values_are_encoded(mme: Mme) -> None:
    """Half of conformance testing is sending what no station may send."""
    assert decode(encode(frame(mme))).mme == mme


@pytest.mark.parametrize(
    ("mme", "message"),
    [
        (CmSlacParmCnf(num_sounds=256), "CmSlacParmCnf.num_sounds: 256 does not fit into one octet"),
        (CmSlacParmCnf(num_sounds=-1), "CmSlacParmCnf.num_sounds: -1 does not fit into one octet"),
        (CmSlacMatchReq(mvf_length=65536), "CmSlacMatchReq.mvf_length: 65536 does not fit into two octets"),
        (CmSetKeyReq(my_nonce=bytes(5)), "CmSetKeyReq.my_nonce: 4 octets are expected, got 5"),
        (CmSetKeyReq(my_nonce=b""), "CmSetKeyReq.my_nonce: 4 octets are expected, got 0"),
        (CmSlacMatchReq(reserved=bytes(7)), "CmSlacMatchReq.reserved: 8 octets are expected, got 7"),
        (CmMnbcSoundInd(rnd=bytes(17)), "CmMnbcSoundInd.rnd: at most 16 octets are expected, got 17"),
        (CmAttenCharInd(aag=bytes(256)), "CmAttenCharInd.num_groups: 256 does not fit into one octet"),
        (CmAmpMapReq(amdata=bytes(65536)), "CmAmpMapReq.amlen: 65536 does not fit into two octets"),
        (CmAmpMapReq(amdata=b"\x10\x00"), "CmAmpMapReq.amdata: 16 does not fit into 4 bits"),
        (CmSlacParmReq(security_type=1, cipher_suites=(65536,)), "cipher_suites: 65536 does not fit into two octets"),
        (CmSlacParmReq(security_type=1, cipher_suites=(0,) * 256), "CmSlacParmReq.cipher_suites: 256 suites are too"),
        (CmSlacParmCnf(security_type=1, cipher_suite=(1, 2)), "CmSlacParmCnf.cipher_suite: 2 suites are too many"),
        (CmSlacParmReq(cipher_suites=(1,)), "CmSlacParmReq.cipher_suites: suites are only sent with security_type 1"),
        (CmNwStatsCnf(stations=(StationRate(),) * 256), "CmNwStatsCnf.num_stations: 256 does not fit into one octet"),
        (CmNwStatsCnf(stations=(StationRate(tx=300),)), "StationRate.tx: 300 does not fit into one octet"),
        (
            CmNwStatsCnf(stations=(CmNwStatsReq(),)),
            "CmNwStatsCnf.stations: StationRate is expected, got a value of type CmNwStatsReq",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_value_that_does_not_fit_is_an_error_that_names_its_field(mme: Mme, message: str) -> None:
    """ValueError with class, field and the reason; nothing is cut or filled up in silence."""
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        encode(frame(mme))

    assert type(error.value) is ValueError


@pytest.mark.parametrize("cls", REGISTRY.values(), ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("value", [None, "a text", 1.5, object()], ids=["None", "str", "float", "object"])
def test_value_of_another_kind_is_a_value_error_that_names_its_field(cls: type[Mme], value: object) -> None:
    """Whatever is put where an integer, octets or a list belongs: ValueError and nothing else."""
    for field in fields(cls):
        with pytest.raises(ValueError, match=rf"^{cls.__name__}\.{field.name}: ") as error:
            encode(frame(replace(cls(), **{field.name: value})))
        assert type(error.value) is ValueError


def test_a_key_in_the_wrong_place_is_not_told() -> None:
    """The message of an error tells lengths and kinds; octets could be a key."""
    with pytest.raises(ValueError, match=r"CmSetKeyReq.nid: 7 octets are expected, got 16$"):
        encode(frame(CmSetKeyReq(nid=Nmk(b"secret of 16 oct"))))


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (Frame("ff:ff:ff:ff:ff:ff", PEV, CmSlacParmReq()), "Frame.dst: octets are expected"),
        (Frame(None, PEV, CmSlacParmReq()), "Frame.dst: octets are expected, got None"),
        (Frame(PEV, b"\0" * 5, CmSlacParmReq()), "Frame.src: 6 octets are expected, got 5"),
        (Frame(PEV, EVSE, None), "Frame.mme: a message is expected, got NoneType"),
        (frame(CmSlacParmReq(), tag=b"\x81\x00"), "Frame.tag: 802.1Q tags have four octets each"),
        (frame(CmSlacParmReq(), tag=b"\x81\x00\x00\x01\x88\xe1\x01\x64"), "Frame.tag: 802.1Q tags have four octets"),
        (frame(CmSlacParmReq(), trailer=bytes(1490)), "Frame: 1519 octets are more than an Ethernet frame can have"),
        (frame(RawMme(0xA069, bytes(1502))), "Frame: 1519 octets are more than an Ethernet frame can have"),
        (frame(CmSlacParmReq(), trailer="x"), "Frame.trailer: octets are expected"),
        (frame(CmSlacParmReq(), header=Header(256, b"")), "Header.mmv: 256 does not fit into one octet"),
        (frame(CmSlacParmReq(), header=Header(1, None)), "Header.rest: octets are expected, got None"),
        (frame(RawMme(0x10000, b"")), "RawMme.mmtype: 65536 does not fit into two octets"),
        (frame(RawMme(0x6064, b"", mmv=-1)), "RawMme.mmv: -1 does not fit into one octet"),
        (frame(RawMme(0x6064, "x")), "RawMme.body: octets are expected, got a value of type str"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_frame_that_cannot_be_written_is_an_error_that_says_which_part(sent: Frame, message: str) -> None:
    """The same for addresses, tags, headers and raw messages."""
    with pytest.raises(ValueError, match=message) as error:
        encode(sent)

    assert type(error.value) is ValueError
