"""What a virtual adapter answers, octet by octet against the dumps of real modems in mme.md, and when."""

from __future__ import annotations

import pytest

from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress, Nid, Nmk
from bench.mme import (
    CmAmpMapReq,
    CmBrgInfoReq,
    CmGetKeyCnf,
    CmGetKeyReq,
    CmNwStatsCnf,
    CmNwStatsReq,
    CmSetKeyCnf,
    CmSetKeyReq,
    CmStaCapReq,
    Frame,
    Header,
    RawMme,
    StationRate,
    VsNwInfoCnf,
    VsNwInfoCnfV0,
    VsNwInfoReq,
    VsNwInfoReqV0,
    VsSwVerCnf,
    VsSwVerReq,
    encode,
)
from bench.profiles import adapters
from bench.sim.adapter import ModemRole
from bench.units import ms, s

TP_LINK = MacAddress.parse("98:48:27:5a:3c:e6")
IONIQ = MacAddress.parse("04:65:65:ff:ff:ff")
PYPLC_HOST = MacAddress.parse("dc:0e:a1:11:67:08")
NMK = Nmk.fromhex("3b1fe4cc1bb8f8b8484096dc2eb59e8b")
NID = Nid.fromhex("bc90751a5e390e")
AA = bytes.fromhex("aaaaaaaa")
NONCE = {CmSetKeyCnf.mmtype: 20, CmGetKeyCnf.mmtype: 21}
"""Where a confirmation carries the modem's own random octets."""


def with_nonce_of(answer, dump):
    at = NONCE[answer[15] | answer[16] << 8]
    return dump[:at] + answer[at : at + 4] + dump[at + 4 :]


@pytest.fixture
def tp_link(stand):
    """The TL-PA4010P of the pyPLC captures and the host at it."""
    modem = stand.adapter(ModemRole.PEV, mac=TP_LINK, nmk=NMK)
    return modem, stand.host(modem, PYPLC_HOST)


@pytest.fixture
def with_ioniq(stand):
    """The same as station of an AVLN with the Ioniq's modem (as its coordinator, which is all a pair needs)."""
    modem = stand.adapter(ModemRole.PEV, mac=TP_LINK, nmk=NMK)
    ioniq = stand.adapter(ModemRole.EVSE, profile="qca7005-car", mac=IONIQ, nmk=NMK)
    stand.line.set_attenuation(modem, ioniq)
    return stand.host(modem, PYPLC_HOST)


def answers(stand, port, dst, mme, *, wait=ms(60)):
    stand.say(port, dst, mme)
    stand.run_for(wait)
    return [octets for _, octets in port.receive()]


# Octets


def test_sw_ver_of_a_tp_link(stand, tp_link, from_dump):
    """mme.md 5.1."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 98 48 27 5a 3c e6 88 e1 00 01
0010  a0 00 b0 52 00 20 24 4d 41 43 2d 51 43 41 37 34
0020  32 30 2d 31 2e 34 2e 30 2e 32 30 2d 30 30 2d 32
0030  30 31 37 31 30 32 37 2d 43 53 00 ff ff ff ff ff
0040  ff ff ff ff 00 00 00 00 00 00 00 00 00 00 00 00
      length 277""")
    tail = bytes.fromhex("fcfc1c0000000000000000003f00000000000000")

    assert answers(stand, tp_link[1], LOCAL_DEVICE, VsSwVerReq()) == [dump + tail]


def test_sw_ver_of_the_ioniqs_modem(stand, with_ioniq):
    """mme.md 5.1: class 0x22, filler CC, its own tail."""
    _, answer = answers(stand, with_ioniq, BROADCAST, VsSwVerReq())

    assert len(answer) == 297
    assert answer[20:22] == b"\0\x22"
    assert answer[23:60] == b"MAC-QCA7005-1.1.0.730-04-20140815-CS\0"
    assert answer[60:68] == b"\xcc" * 8
    assert answer[277:] == bytes.fromhex("7c581b0000000000010000003f00000000000000")


def test_sw_ver_of_an_int6000_has_no_tail(stand):
    """279 octets; the chip ident is missing."""
    devolo = stand.adapter(ModemRole.PEV, profile="devolo-dlan200avplus")
    (answer,) = answers(stand, stand.host(devolo), LOCAL_DEVICE, VsSwVerReq())

    assert len(answer) == 279
    assert answer[21] == 0x01
    assert answer[23:].startswith(b"INT6000-MAC-4-4-4405-00-4497-20101201-FINAL-B\0")


@pytest.mark.parametrize("profile", list(adapters().values()), ids=list(adapters()))
def test_sw_ver_says_what_the_profile_says(stand, profile):
    modem = stand.adapter(ModemRole.EVSE, profile=profile)
    port = stand.host(modem)
    stand.say(port, LOCAL_DEVICE, VsSwVerReq())
    stand.run_for(ms(60))
    ((_, frame),) = stand.heard(port)

    assert isinstance(frame.mme, VsSwVerCnf)
    assert (frame.mme.version, frame.mme.device_class) == (profile.sw_ver.version, profile.sw_ver.device_class)
    assert frame.mme.version_length == len(profile.sw_ver.version) + 1
    assert (frame.mme.chip_ident if profile.sw_ver.ident else None) == profile.sw_ver.ident


def test_set_key_is_confirmed_with_result_1(stand, tp_link, from_dump):
    """mme.md 4.2: accepted, nonce echoed."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 98 48 27 5a 3c e6 88 e1 01 09
0010  60 00 00 01 b4 f1 ca 65 aa aa aa aa 04 00 00 ff
      length 60""")
    (answer,) = answers(stand, tp_link[1], BROADCAST, CmSetKeyReq(my_nonce=AA, nid=NID, nmk=NMK))

    assert answer == with_nonce_of(answer, dump)


def test_remote_modem_refuses_a_broadcast_set_key(stand, with_ioniq, from_dump):
    """mme.md 4.2: the one observed answer of a remote modem carries result 0."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 04 65 65 ff ff ff 88 e1 01 09
0010  60 00 00 00 69 3b 84 b6 aa aa aa aa 04 00 00 ff
      length 60""")
    _, answer = answers(stand, with_ioniq, BROADCAST, CmSetKeyReq(my_nonce=AA, nid=NID, nmk=NMK))

    assert answer == with_nonce_of(answer, dump)


def test_get_key_with_the_right_nid_hands_out_the_nmk_to_the_own_host(stand, tp_link, from_dump):
    """mme.md 4.3."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 98 48 27 5a 3c e6 88 e1 01 0d
0010  60 00 00 00 01 67 46 c9 d8 aa aa aa aa bc 90 75
0020  1a 5e 39 0e 01 04 00 00 ff 3b 1f e4 cc 1b b8 f8
0030  b8 48 40 96 dc 2e b5 9e 8b 00 00 00 00 00 00 00
      length 425""")
    (answer,) = answers(stand, tp_link[1], BROADCAST, CmGetKeyReq(nid=NID, my_nonce=AA))

    assert answer == with_nonce_of(answer, dump)


def test_get_key_of_a_remote_modem_is_refused_and_tells_its_nid(stand, with_ioniq, from_dump):
    """mme.md 4.3, even with the right NID."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 04 65 65 ff ff ff 88 e1 01 0d
0010  60 00 00 01 01 bb bc c5 9f aa aa aa aa bc 90 75
0020  1a 5e 39 0e 00 04 00 00 00 00 00 00 00 00 00 00
      length 425""")
    _, answer = answers(stand, with_ioniq, BROADCAST, CmGetKeyReq(nid=NID, my_nonce=AA))

    assert answer == with_nonce_of(answer, dump)


def test_get_key_with_a_wrong_nid_is_refused_and_tells_the_true_one(stand, tp_link, from_dump):
    """A local refusal has message number 0 like a remote one: TL-PA4010P in five captures of uhi22/pyPLC."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 98 48 27 5a 3c e6 88 e1 01 0d
0010  60 00 00 01 01 1e e3 3d f3 aa aa aa aa bc 90 75
0020  1a 5e 39 0e 00 04 00 00 00 00 00 00 00 00 00 00
      length 425""")
    (answer,) = answers(stand, tp_link[1], BROADCAST, CmGetKeyReq(my_nonce=AA))

    assert answer == with_nonce_of(answer, dump)


def test_get_key_asks_how_many_modems_share_the_network(stand, with_ioniq):
    """Any NID will do: one answer per modem, the local one first."""
    stand.say(with_ioniq, BROADCAST, CmGetKeyReq())
    stand.run_for(ms(60))

    assert [(heard.frame.src, heard.mme.nid) for heard in stand.heard(with_ioniq)] == [(TP_LINK, NID), (IONIQ, NID)]


def test_brg_info_names_the_hosts_behind_the_modem(stand, from_dump):
    """mme.md 4.5: a TP-Link with TEI 3 and one host."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 98 48 27 5a 3c e6 88 e1 01 21
0010  60 00 00 01 03 01 dc 0e a1 11 67 08 00 00 00 00
      length 60""")
    cco, first = stand.adapter(ModemRole.EVSE, nmk=NMK), stand.adapter(ModemRole.PEV, nmk=NMK)
    modem = stand.adapter(ModemRole.PEV, mac=TP_LINK, nmk=NMK)
    stand.line.set_attenuation(cco, first)
    stand.line.set_attenuation(cco, modem)

    assert answers(stand, stand.host(modem, PYPLC_HOST), TP_LINK, CmBrgInfoReq()) == [dump]


def test_nw_info_without_a_network_has_two_octets_of_data(stand, tp_link, from_dump):
    """mme.md 5.8."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 98 48 27 5a 3c e6 88 e1 01 39
0010  a0 00 00 00 b0 52 00 00 02 00 00 00 00 00 00 00
      length 60""")

    assert answers(stand, tp_link[1], TP_LINK, VsNwInfoReq()) == [dump]


def test_a_coordinator_alone_has_a_network_without_stations(stand, from_dump):
    """A TL-PA4010P alone at pyPLC (2024-04-20). Its SNID was 8; here it is 14."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 98 48 27 5a 3c e4 88 e1 01 39
0010  a0 00 00 00 b0 52 00 00 22 00 00 01 01 02 03 04
0020  05 06 07 00 00 0e 01 00 00 00 00 02 98 48 27 5a
0030  3c e4 01 00 00 00 00 00 00 00 00 00
      length 60""")
    nid = Nid.fromhex("01020304050607")
    modem = stand.adapter(ModemRole.EVSE, mac=MacAddress.parse("98:48:27:5a:3c:e4"), nid=nid)

    assert answers(stand, stand.host(modem, PYPLC_HOST), LOCAL_DEVICE, VsNwInfoReq()) == [dump]


def test_a_coordinator_alone_says_the_same_in_version_0(stand):
    port = stand.host(stand.adapter(ModemRole.EVSE))
    stand.say(port, LOCAL_DEVICE, VsNwInfoReqV0())
    stand.run_for(ms(60))

    ((network,),) = [heard.mme.networks for heard in stand.heard(port)]

    assert (network.tei, network.role, network.stations) == (1, 2, ())


def test_nw_info_in_version_1_as_a_station_sees_its_network(stand, from_dump):
    """mme.md 5.8. SNID (4) and own TEI (4) of the real network are its coordinator's choice; here 14 and 2."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 98 48 27 5a 3c e6 88 e1 01 39
0010  a0 00 00 00 b0 52 00 00 3a 00 00 01 d5 92 5c b8
0020  2e 68 08 00 00 0e 02 00 00 00 00 00 bc f2 af f1
0030  c8 11 01 00 00 00 01 00 00 00 00 00 bc f2 af f1
0040  c8 11 01 00 00 00 54 10 ec a1 f3 e2 09 00 00 00
0050  09 00 00 00""")
    nmk = Nmk.fromhex("d84a239554e7980bb73263f505734afd")
    modem = stand.adapter(ModemRole.PEV, mac=TP_LINK, nmk=nmk)
    cco = stand.adapter(ModemRole.EVSE, mac=MacAddress.parse("bc:f2:af:f1:c8:11"), nmk=nmk)
    stand.line.set_attenuation(modem, cco)
    port, cco_host = stand.host(modem, PYPLC_HOST), stand.host(cco, MacAddress.parse("54:10:ec:a1:f3:e2"))
    stand.say(cco_host, LOCAL_DEVICE, VsSwVerReq())

    assert answers(stand, port, TP_LINK, VsNwInfoReq()) == [dump]


def test_nw_info_in_version_0_as_a_coordinator_tells_a_remote_host(stand, from_dump):
    """mme.md 5.8. SNID (14) of the real network is its coordinator's choice; here 11."""
    dump = from_dump("""
0000  dc 0e a1 11 67 08 bc f2 af f3 13 74 88 e1 00 39
0010  a0 00 b0 52 01 5a 97 fe 49 d9 ea 0b 0b 01 02 bc
0020  f2 af f3 13 74 01 01 98 de d0 65 0e f7 02 dc 0e
0030  a1 11 67 08 09 09 00 00 00 00 00 00""")
    nid = Nid.fromhex("5a97fe49d9ea0b")
    cco = stand.adapter(ModemRole.EVSE, mac=MacAddress.parse("bc:f2:af:f3:13:74"), nmk=NMK, nid=nid)
    modem = stand.adapter(ModemRole.PEV, mac=MacAddress.parse("98:de:d0:65:0e:f7"), nmk=NMK, nid=nid)
    stand.line.set_attenuation(modem, cco)

    assert answers(stand, stand.host(modem, PYPLC_HOST), cco.mac, VsNwInfoReqV0()) == [dump]


@pytest.mark.parametrize(
    ("profile", "answered"),
    [
        ("tplink-tlpa4010p", [VsNwInfoCnfV0, VsNwInfoCnf]),
        ("devolo-dlan200avplus", [VsNwInfoCnfV0]),
        ("qca7005-evse", [VsNwInfoCnf]),
    ],
)
def test_nw_info_is_answered_in_the_version_asked_if_the_family_knows_it(stand, profile, answered):
    """adapters.md section 1: MMV 0 of INT6000, MMV 1 of QCA7005, both of QCA7420."""
    port = stand.host(stand.adapter(ModemRole.EVSE, profile=profile))
    stand.say(port, LOCAL_DEVICE, VsNwInfoReqV0())
    stand.say(port, LOCAL_DEVICE, VsNwInfoReq())
    stand.run_for(ms(60))

    assert [type(heard.mme) for heard in stand.heard(port)] == answered


def test_nw_stats_lists_the_other_members(stand, with_ioniq):
    """9 Mbit/s both ways, as every Green PHY network says."""
    stand.say(with_ioniq, TP_LINK, CmNwStatsReq())
    stand.run_for(ms(60))
    ((_, frame),) = stand.heard(with_ioniq)

    assert frame.mme == CmNwStatsCnf(stations=(StationRate(IONIQ, 9, 9),))


def test_nw_stats_without_a_network_lists_nobody(stand, tp_link):
    stand.say(tp_link[1], TP_LINK, CmNwStatsReq())
    stand.run_for(ms(60))

    assert [heard.mme for heard in stand.heard(tp_link[1])] == [CmNwStatsCnf()]


def test_public_request_of_version_2_is_answered_in_version_2(stand, tp_link):
    """CM_NW_STATS exists in both; a modem never answers in another version than it was asked in."""
    tp_link[1].send(encode(Frame(TP_LINK, PYPLC_HOST, CmNwStatsReq(), Header(2, b"\0\0"))))
    stand.run_for(ms(60))
    (answer,) = (octets for _, octets in tp_link[1].receive())

    assert answer[14:19] == bytes.fromhex("0249600000")


# When, and to whom


@pytest.mark.parametrize("dst", [LOCAL_DEVICE, TP_LINK, BROADCAST])
def test_local_modem_answers_after_0_4_ms_to_each_of_its_addresses(stand, tp_link, dst):
    """adapters.md section 2; unicast from its own address to the asking one."""
    modem, port = tp_link
    sent = stand.say(port, dst, VsSwVerReq())
    stand.run_for(ms(60))
    ((t, frame),) = stand.heard(port)

    assert t - sent == ms(0.4)
    assert (frame.src, frame.dst) == (modem.mac, PYPLC_HOST)


@pytest.mark.parametrize("request_", [VsSwVerReq(), CmGetKeyReq(), CmNwStatsReq(), VsNwInfoReq()])
def test_remote_member_answers_after_5_ms(stand, with_ioniq, request_):
    """adapters.md section 2: through the powerline and back."""
    sent = stand.say(with_ioniq, IONIQ, request_)
    stand.run_for(ms(60))

    assert [(heard.t - sent, heard.frame.src) for heard in stand.heard(with_ioniq)] == [(ms(5), IONIQ)]


def test_broadcast_is_answered_by_the_local_modem_first_and_by_every_member_later(stand, with_ioniq):
    """mme.md 1.4."""
    sent = stand.say(with_ioniq, BROADCAST, VsSwVerReq())
    stand.run_for(ms(60))

    heard = stand.heard(with_ioniq)
    assert [(each.t - sent, each.frame.src) for each in heard] == [(ms(0.4), TP_LINK), (ms(5), IONIQ)]


@pytest.mark.parametrize("dst", [BROADCAST, IONIQ])
def test_remote_modem_outside_the_network_does_not_answer(stand, tp_link, dst):
    modem, port = tp_link
    stranger = stand.adapter(ModemRole.EVSE, mac=IONIQ)
    stand.line.set_attenuation(modem, stranger)
    stand.say(port, dst, VsSwVerReq())
    stand.run_for(ms(60))

    assert IONIQ not in [heard.frame.src for heard in stand.heard(port)]


def test_modem_of_a_car_confirms_a_key_after_10_ms(stand):
    """QCA7005 behind SPI: adapters.md section 10.3."""
    modem = stand.adapter(ModemRole.PEV, profile="qca7005-car")
    port = stand.host(modem)
    sent = stand.say(port, LOCAL_DEVICE, CmSetKeyReq(nmk=NMK, nid=NID))
    stand.run_for(ms(60))

    assert [heard.t - sent for heard in stand.heard(port)] == [ms(10)]


def test_answers_scatter_within_the_profile_if_wanted_and_repeat_with_the_seed(make_stand):
    def latencies(seed):
        stand = make_stand(seed=seed)
        modem = stand.adapter(ModemRole.PEV, scatter=True)
        port = stand.host(modem)
        found = []
        for _ in range(20):
            sent = stand.say(port, LOCAL_DEVICE, VsSwVerReq())
            stand.run_for(ms(60))
            found += [heard.t - sent for heard in stand.heard(port)]
        return found

    assert len(set(latencies(0))) > 10
    assert all(ms(0.28) <= latency <= ms(0.57) for latency in latencies(0))
    assert latencies(0) == latencies(0) != latencies(1)


# No answer


@pytest.mark.parametrize(
    "request_",
    [
        RawMme(0xA0B0, bytes(3) + bytes(40), mmv=0),
        RawMme(0xA004, bytes.fromhex("00b052") + bytes(40), mmv=0),
        RawMme(0xA000, bytes.fromhex("0000") + bytes.fromhex("00b052") + bytes(40), mmv=1),
        RawMme(0xA000, bytes.fromhex("001122") + bytes(40), mmv=0),
        CmStaCapReq(),
        CmAmpMapReq(),
        CmGetKeyCnf(),
        VsSwVerCnf(),
    ],
    ids=["MODULE_OPERATION", "WR_MEM", "SW_VER in MMV 1", "foreign OUI", "STA_CAP", "AMP_MAP", "a CNF", "another CNF"],
)
def test_what_a_modem_does_not_know_gets_no_answer(stand, tp_link, request_):
    assert answers(stand, tp_link[1], TP_LINK, request_, wait=s(1)) == []


def test_malformed_request_gets_no_answer(stand, tp_link):
    """A CM_GET_KEY.REQ cut off inside its header and one cut off inside its body, put into the jack without padding."""
    modem, port = tp_link
    whole = encode(Frame(TP_LINK, PYPLC_HOST, CmGetKeyReq()))
    for length in (17, 18, 19, 25, 30):
        modem.from_host(whole[:length])
    stand.run_for(s(1))

    assert port.receive() == []


def test_frame_to_another_modem_is_not_answered(stand, tp_link):
    assert answers(stand, tp_link[1], IONIQ, VsSwVerReq()) == []
