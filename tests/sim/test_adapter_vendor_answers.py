"""What a virtual adapter tells of itself, and what restarts, factory defaults and keys do to it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.ids import BROADCAST, LOCAL_DEVICE, Dak, MacAddress, Nmk, dak_from_password, nid_from_nmk, nmk_from_password
from bench.mme import (
    Mme,
    MsPbEncCnf,
    MsPbEncReq,
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
    VsHostActionRsp,
    VsLbkStatCnf,
    VsLbkStatReq,
    VsLnkStatsCnf,
    VsLnkStatsReq,
    VsOpAttributesCnf,
    VsOpAttributesReq,
    VsPlLinkStatusCnf,
    VsPlLinkStatusReq,
    VsRsDevCnf,
    VsRsDevReq,
    VsSetKeyCnf,
    VsSetKeyReq,
    VsSwVerReq,
    VsToneMapCnf,
    VsToneMapCnfV0,
    VsToneMapReq,
    VsToneMapReqV0,
    VsWdRptInd,
    VsWdRptReq,
)
from bench.mme.record import header_octets
from bench.mme.vendor import JOIN, LEAVE, MEMBERSHIP, PEKS_REMOTE
from bench.profiles import adapter, adapters
from bench.sim.adapter import ModemRole
from bench.sim.adapter.answers import ANSWERS
from bench.sim.adapter.network import FACTORY_KEY
from bench.units import ms, s

NMK = Nmk.fromhex("3b1fe4cc1bb8f8b8484096dc2eb59e8b")
OTHER_NMK = Nmk(bytes(range(16)))
DAK = dak_from_password("the label of the adapter")
STRANGER = MacAddress.parse("02:00:00:00:00:99")

TP_LINK, CAR, DEVOLO = "tplink-tlpa4010p", "qca7005-car", "devolo-dlan200avplus"
BOOT = s(5)
"""Of every family: the profiles' figure."""

ASKING = ms(60)
"""Longer than any answer takes, the tools' 50 ms."""


class Joined:
    """A modem with a host, as station of the network that another modem coordinates."""

    def __init__(self, stand, profile=TP_LINK, *, in_earshot=True):
        self.stand = stand
        self.modem = stand.adapter(ModemRole.PEV, profile=profile, nmk=NMK)
        self.other = stand.adapter(ModemRole.EVSE, profile=profile, nmk=NMK)
        if in_earshot:
            stand.line.set_attenuation(self.modem, self.other)
        self.port = stand.host(self.modem)

    def ask(self, mme, dst=LOCAL_DEVICE):
        """The messages that come back within the tools' time-out."""
        self.stand.say(self.port, dst, mme)
        self.stand.run_for(ASKING)
        return [heard.mme for heard in self.stand.heard(self.port)]


@pytest.fixture
def joined(stand):
    return Joined(stand)


@pytest.fixture(params=[TP_LINK, CAR, DEVOLO])
def joined_of_any_family(stand, request):
    return Joined(stand, request.param)


@pytest.fixture
def alone(stand):
    """A modem that hears nobody, and a way to ask it."""
    return Joined(stand, in_earshot=False)


# What it is


@pytest.mark.parametrize(
    ("profile", "hardware", "version", "date", "data_length", "first"),
    [
        (TP_LINK, "QCA7420", (1, 4, 0, 0, 20), b"20171027", 118, (0x58, 0x00, 0xF9)),
        (CAR, "QCA7005", (1, 1, 0, 4, 730), b"20140815", 114, (0x58, 0x02, 0xF9)),
        (DEVOLO, "INT6000", (4, 4, 4405, 0, 4497), b"20101201", 114, (0x58, 0x00, 0xF9)),
    ],
)
def test_attributes_are_those_of_the_family(stand, profile, hardware, version, date, data_length, first):
    """mme.md 5.11; the INT6000's are its version text's."""
    (found,) = Joined(stand, profile).ask(VsOpAttributesReq(cookie=0x2002))

    assert isinstance(found, VsOpAttributesCnf)
    assert (found.hardware, found.software, found.version, found.build_date) == (hardware, "MAC", version, date)
    assert (found.cookie, found.data_length) == (0x2002, data_length)
    assert (found.sdram_type, found.reserved, found.mains) == first


def test_attributes_of_a_tp_link_are_the_recorded_ones(stand, from_dump):
    """mme.md 5.11, all 1053 octets."""
    modem = stand.adapter(ModemRole.PEV, mac=MacAddress.parse("98:48:27:5a:3c:e6"))
    port = stand.host(modem, MacAddress.parse("dc:0e:a1:11:67:08"))
    stand.say(port, LOCAL_DEVICE, VsOpAttributesReq(cookie=0x2002))
    stand.run_for(ASKING)

    assert [octets for _, octets in port.receive()] == [
        from_dump("""
0000  dc 0e a1 11 67 08 98 48 27 5a 3c e6 88 e1 00 69
0010  a0 00 b0 52 00 00 02 20 00 00 00 76 00 51 43 41
0020  37 34 32 30 00 00 00 00 00 00 00 00 00 4d 41 43
0030  00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00
0040  00 04 00 00 00 00 00 00 00 00 00 00 00 14 00 00
0050  00 32 30 31 37 31 30 32 37 43 53 00 00 00 00 00
0060  00 00 00 00 00 58 00 f9 01 00 00 00 89 00 00 00
0070  84 00 00 00 01 00 00 00 00 00 00 00 73 00 00 00
0080  01 00 00 00 19 00 00 00 00 00 00 00 f3 00 00 01
0090  02 0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00
      length 1053""")
    ]


@pytest.mark.parametrize("profile", list(adapters().values()), ids=list(adapters()))
def test_every_family_has_as_many_octets_of_attributes_as_it_says(stand, profile):
    """118 octets from a QCA7420, 114 from the others, whatever the version text."""
    (found,) = Joined(stand, profile).ask(VsOpAttributesReq())

    assert found.data_length == (118 if profile.chip == "QCA7420" else 114)
    assert found.version != (0, 0, 0, 0, 0)


def test_attributes_of_an_unreadable_version_have_none(stand):
    """A version text of another form is not guessed at."""
    profile = adapter(TP_LINK)
    odd = replace(profile, sw_ver=replace(profile.sw_ver, version="BootLoader"))

    (found,) = Joined(stand, odd).ask(VsOpAttributesReq())

    assert (found.version, found.hardware, found.sdram_type) == ((0, 0, 0, 0, 0), "QCA7420", 0x58)


def test_flash_is_described(joined):
    """mme.md 5.2."""
    assert joined.ask(VsGetNvmReq()) == [
        VsGetNvmCnf(nvm_type=0x14, page_size=256, block_size=65536, total_size=0x200000)
    ]


@pytest.mark.parametrize(
    ("profile", "link"),
    [
        (TP_LINK, VsEnetSettingsCnf(speed=1, duplex=1, link=2, flow_control=3)),
        (CAR, VsEnetSettingsCnf(status=4)),
    ],
)
def test_ethernet_settings_are_those_of_the_host_port(stand, profile, link):
    """mme.md 5.12: the same settings from everybody; no Ethernet link where the host port is SPI."""
    joined = Joined(stand, profile)

    assert joined.ask(VsEnetSettingsReq(control=0)) == [VsEnetSettingsCnf(link=1, flow_control=3)]
    assert joined.ask(VsEnetSettingsReq(control=0x10)) == [link]
    assert joined.ask(VsEnetSettingsReq(control=7)) == [VsEnetSettingsCnf(status=1)]


def test_no_property_is_known_and_the_cookie_comes_back(joined):
    """mme.md 5.14, as the Ioniq's modem says of 0x69."""
    request = VsGetPropertyReq(cookie=0x100000, property_number=0x69)

    assert joined.ask(request) == [VsGetPropertyCnf(status=1, cookie=0x100000)]


def test_watchdog_report_is_empty(joined):
    assert joined.ask(VsWdRptReq(session=0x5DB1, clear=3)) == [VsWdRptInd(session=0x5DB1)]


def test_there_is_no_table_of_emulated_ids(joined):
    assert joined.ask(VsEmIdTableReq()) == [VsEmIdTableCnf(status=1)]


def test_a_partner_tells_what_it_is_through_the_powerline(joined):
    """adapters.md 7: attributes asked by broadcast come from the own modem and then from the partner."""
    hosts, partners = joined.ask(VsOpAttributesReq(), BROADCAST)

    assert (hosts.hardware, partners.hardware) == ("QCA7420", "QCA7420")


# Where it is


def test_link_is_up_in_a_network(joined):
    assert joined.ask(VsPlLinkStatusReq()) == [VsPlLinkStatusCnf(link=1)]


def test_link_is_down_alone(alone):
    assert alone.ask(VsPlLinkStatusReq()) == [VsPlLinkStatusCnf(link=0)]


def test_every_carrier_to_a_partner_is_robust(joined):
    """mme.md 5.13: 917 carriers, modulation 2."""
    (found,) = joined.ask(VsToneMapReq(peer=joined.other.mac, slot=1, coupling=2))

    assert isinstance(found, VsToneMapCnf)
    assert (found.status, found.peer, found.slot, found.coupling) == (0, joined.other.mac, 1, 2)
    assert (found.num_carriers, set(found.carriers), found.data_length) == (917, {2}, 477)


def test_there_is_no_tone_map_to_a_stranger_or_to_oneself(joined):
    for peer in (STRANGER, joined.modem.mac):
        assert joined.ask(VsToneMapReq(peer=peer)) == [VsToneMapCnf(status=1, peer=peer)]


def test_old_form_of_tone_map_is_refused(joined):
    """mme.md 5.13: a QCA7420 says "bad slot"."""
    assert joined.ask(VsToneMapReqV0(peer=joined.other.mac)) == [VsToneMapCnfV0(status=2)]


def test_link_statistics_count_frames_on_the_powerline(joined):
    """Asked for its version twice, the partner has answered twice."""
    for _ in range(2):
        joined.ask(VsSwVerReq(), joined.other.mac)

    (both,) = joined.ask(VsLnkStatsReq())
    (sent,) = joined.ask(VsLnkStatsReq(direction=0))
    (heard,) = joined.ask(VsLnkStatsReq(direction=1))

    assert (both.tx.mpdu_acked, both.tx.pb_passed, both.rx.mpdu_acked, both.rx.pb_passed) == (2, 2, 2, 2)
    assert (sent.tx, sent.rx) == (both.tx, None)
    assert (heard.tx, heard.rx) == (None, both.rx)


@pytest.mark.parametrize("direction", [2, 3])
def test_link_statistics_can_be_cleared(joined, direction):
    """Control 1 clears; direction 3, which is plcstat -C, tells nothing."""
    joined.ask(VsSwVerReq(), joined.other.mac)

    (cleared,) = joined.ask(VsLnkStatsReq(control=1, direction=direction))
    (after,) = joined.ask(VsLnkStatsReq())

    assert cleared.status == 0
    assert (cleared.tx is None) == (direction == 3)
    assert (after.tx.mpdu_acked, after.rx.mpdu_acked) == (0, 0)


def test_link_statistics_of_one_peer_name_its_tei(joined):
    (found,) = joined.ask(VsLnkStatsReq(link_id=0xF8, peer=joined.other.mac))

    assert (found.status, found.link_id, found.tei) == (0, 0xF8, 1)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (VsLnkStatsReq(control=2), 1),
        (VsLnkStatsReq(direction=4), 2),
        (VsLnkStatsReq(control=0, direction=3), 2),
        (VsLnkStatsReq(link_id=7), 0x10),
        (VsLnkStatsReq(link_id=0xF8, peer=STRANGER), 0x20),
    ],
)
def test_link_statistics_are_refused_with_the_reason(joined, request_, status):
    """mme.md 5.6."""
    (refusal,) = joined.ask(request_)

    assert (refusal.status, refusal.tx, refusal.rx) == (status, None, None)


def test_a_loopback_lasts_as_long_as_asked(joined):
    """The confirmation is a QCA7420's: status 0, duration and length of the request."""
    assert joined.ask(VsFrLbkReq(duration=1, frame=bytes(1038))) == [VsFrLbkCnf(duration=1, length=1038)]

    assert joined.ask(VsLbkStatReq()) == [VsLbkStatCnf(state=1)]
    joined.stand.run_for(s(1))
    assert joined.ask(VsLbkStatReq()) == [VsLbkStatCnf(state=0)]


# Restart


def test_a_reset_is_confirmed_and_then_nothing_until_it_has_booted(joined_of_any_family):
    """adapters.md 6: five seconds of silence after the confirmation, then it is there again."""
    joined = joined_of_any_family
    asked = joined.stand.say(joined.port, LOCAL_DEVICE, VsRsDevReq())
    joined.stand.run_for(ASKING)
    ((confirmed, confirmation),) = joined.stand.heard(joined.port)

    assert confirmation.mme == VsRsDevCnf()
    assert 0 < confirmed - asked <= ms(10)
    assert not joined.modem.ready
    joined.stand.run_until(confirmed + BOOT - 1)
    assert not joined.modem.ready
    joined.stand.run_until(confirmed + BOOT)
    assert joined.modem.ready


def test_questions_during_the_reset_are_lost(joined):
    joined.ask(VsRsDevReq())

    assert joined.ask(VsSwVerReq()) == []
    joined.stand.run_for(BOOT)
    assert len(joined.ask(VsSwVerReq())) == 1


def test_a_reset_keeps_the_key_and_joins_again(joined):
    """It is back in its network once it has booted and associated, and not before."""
    joined.ask(VsRsDevReq())
    joined.stand.run_for(BOOT)
    assert joined.modem.joined_to() == set()

    joined.stand.run_for(joined.modem.association_time)

    assert joined.modem.nmk == NMK
    assert joined.modem.joined_to() == {joined.other}


def test_a_reset_takes_the_key_that_was_just_set_into_use(joined):
    """The restart that a new key waits for is this one."""
    joined.ask(VsSetKeyReq(nmk=OTHER_NMK))
    assert joined.modem.nmk == NMK

    joined.ask(VsRsDevReq())
    joined.stand.run_for(BOOT)

    assert joined.modem.nmk == OTHER_NMK


def test_a_reset_clears_the_counters(joined):
    joined.ask(VsSwVerReq(), joined.other.mac)
    joined.ask(VsRsDevReq())
    joined.stand.run_for(BOOT)

    (found,) = joined.ask(VsLnkStatsReq())

    assert found.tx.mpdu_acked == 0


def test_the_boot_time_is_the_profiles(stand):
    profile = adapter(TP_LINK)
    quick = replace(profile, boot=replace(profile.boot, after_reset=replace(profile.boot.after_reset, median=ms(500))))
    joined = Joined(stand, quick)
    joined.ask(VsRsDevReq())

    joined.stand.run_for(ms(500))

    assert joined.modem.ready


def test_factory_defaults_bring_the_key_of_a_new_adapter(joined_of_any_family):
    """It restarts, and its network has lost it."""
    joined = joined_of_any_family

    assert joined.ask(VsFacDefaultsReq()) == [VsFacDefaultsCnf()]
    joined.stand.run_for(s(30))

    assert joined.modem.key == FACTORY_KEY
    assert joined.modem.nmk == nmk_from_password("HomePlugAV")
    assert joined.modem.joined_to() == set()


@pytest.mark.parametrize("request_", [VsRsDevReq(), VsFacDefaultsReq()], ids=["reset", "factory defaults"])
@pytest.mark.parametrize(("profile", "obeys"), [(TP_LINK, False), (CAR, True), (DEVOLO, False)])
def test_only_old_firmware_is_restarted_by_a_partner(stand, profile, obeys, request_):
    """adapters.md 3: the Ioniq's QCA7005 let its partner do so through the powerline."""
    joined = Joined(stand, profile)

    answers = joined.ask(request_, joined.other.mac)

    assert len(answers) == obeys
    assert joined.other.ready is not obeys


# Keys


def test_a_key_for_itself_is_taken_as_from_cm_set_key(joined):
    """Late restart, NID of the new key."""
    assert joined.ask(VsSetKeyReq(nmk=OTHER_NMK)) == [VsSetKeyCnf()]
    joined.stand.run_for(s(10))

    assert (joined.modem.nmk, joined.modem.nid) == (OTHER_NMK, nid_from_nmk(OTHER_NMK))
    assert joined.other.nmk == NMK


def test_a_key_for_another_modem_needs_its_dak(stand):
    near = stand.adapter(ModemRole.EVSE, nmk=OTHER_NMK)
    far = stand.adapter(ModemRole.PEV, nmk=NMK, dak=DAK)
    stand.line.set_attenuation(near, far)
    port = stand.host(near)

    def set_key_of_far(mac, dak):
        stand.say(port, LOCAL_DEVICE, VsSetKeyReq(nmk=OTHER_NMK, peks=PEKS_REMOTE, remote_mac=mac, dak=dak))
        stand.run_for(s(20))
        return [heard.mme for heard in stand.heard(port)]

    assert set_key_of_far(far.mac, Dak(bytes(16))) == [VsSetKeyCnf(status=0x12)]
    assert set_key_of_far(STRANGER, DAK) == [VsSetKeyCnf(status=0x12)]
    assert far.nmk == NMK
    assert set_key_of_far(far.mac, DAK) == [VsSetKeyCnf()]
    assert far.nmk == OTHER_NMK
    assert near.joined_to() == {far}


def test_a_key_with_unknown_protection_is_refused(joined):
    assert joined.ask(VsSetKeyReq(nmk=OTHER_NMK, peks=3)) == [VsSetKeyCnf(status=0x10)]
    joined.stand.run_for(s(10))
    assert joined.modem.nmk == NMK


def test_a_partner_does_not_take_a_key_through_the_powerline(joined):
    assert joined.ask(VsSetKeyReq(nmk=OTHER_NMK), joined.other.mac) == []


def test_two_adapters_have_different_device_keys_and_the_same_in_every_run(make_stand):
    def keys():
        stand = make_stand()
        return [stand.adapter(ModemRole.PEV).dak, stand.adapter(ModemRole.EVSE).dak]

    assert keys() == keys()
    assert len(set(keys())) == 2


# The button


def test_membership_is_told(joined):
    assert joined.ask(MsPbEncReq(action=MEMBERSHIP)) == [MsPbEncCnf(avln_status=1)]


def test_no_membership_alone(alone):
    assert alone.ask(MsPbEncReq(action=MEMBERSHIP)) == [MsPbEncCnf(avln_status=0)]


def test_leaving_takes_a_key_nobody_has(joined):
    joined.ask(MsPbEncReq(action=LEAVE))
    joined.stand.run_for(s(20))

    assert joined.modem.nmk != NMK
    assert joined.modem.joined_to() == set()


@pytest.fixture
def strangers(stand):
    """Two modems in earshot with keys of their own, a host at each."""
    evse, pev = stand.adapter(ModemRole.EVSE, nmk=NMK), stand.adapter(ModemRole.PEV, nmk=OTHER_NMK)
    stand.line.set_attenuation(evse, pev)
    return evse, pev, stand.host(evse), stand.host(pev)


def test_two_pushed_buttons_make_one_network(stand, strangers):
    """Whose button was pushed first keeps its key."""
    evse, pev, evse_host, pev_host = strangers
    stand.say(evse_host, LOCAL_DEVICE, MsPbEncReq(action=JOIN))
    stand.run_for(s(100))
    stand.say(pev_host, LOCAL_DEVICE, MsPbEncReq(action=JOIN))
    stand.run_for(s(20))

    assert evse.nmk == pev.nmk == NMK
    assert evse.joined_to() == {pev}


def test_a_button_pushed_too_late_joins_nobody(stand, strangers):
    _, pev, evse_host, pev_host = strangers
    stand.say(evse_host, LOCAL_DEVICE, MsPbEncReq(action=JOIN))
    stand.run_for(s(121))
    stand.say(pev_host, LOCAL_DEVICE, MsPbEncReq(action=JOIN))
    stand.run_for(s(20))

    assert pev.nmk == OTHER_NMK


def test_an_action_that_is_none_is_refused(joined):
    assert joined.ask(MsPbEncReq(action=9)) == [MsPbEncCnf(status=1)]


# No answer


@pytest.mark.parametrize(
    "request_",
    [VsToneMapReq(), VsPlLinkStatusReq(), VsGetPropertyReq(), VsEmIdTableReq()],
    ids=lambda mme: mme.name,
)
def test_an_int6000_has_not_heard_of_what_came_later(stand, request_):
    """The same request gets an answer from a QCA7420."""
    assert Joined(stand, DEVOLO).ask(request_) == []
    assert len(Joined(stand, TP_LINK).ask(request_)) == 1


def test_a_host_that_promises_to_act_is_not_answered(joined):
    """adapters.md 9: adapters with flash never asked for anything."""
    assert joined.ask(VsHostActionRsp()) == []


@pytest.mark.parametrize("request_", ANSWERS, ids=lambda cls: cls.__name__)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])  # The fixture is a class.
@given(body=st.binary(max_size=80), own_host=st.booleans())
def test_any_octets_in_a_request_are_survived(make_stand, request_, body, own_host):
    """At most one answer a modem, each readable and from a modem to the host that asked."""
    joined = Joined(make_stand())
    dst = LOCAL_DEVICE if own_host else joined.other.mac
    mmtype, mmv = request_.mmtype, request_.mmv
    header = bytes([mmv]) + mmtype.to_bytes(2, "little") + header_octets(mmtype, mmv)
    joined.port.send(dst + joined.port.mac + b"\x88\xe1" + header + body)
    joined.stand.run_for(ASKING)

    answers = [heard.frame for heard in joined.stand.heard(joined.port)]

    assert len(answers) <= 1
    for answer in answers:
        assert isinstance(answer.mme, Mme)
        assert answer.mme.mmtype & ~3 == mmtype
        assert (answer.dst, answer.src) == (joined.port.mac, joined.modem.mac if own_host else joined.other.mac)


def test_confirmations_are_not_answered(joined):
    for mme in (VsRsDevCnf(), VsOpAttributesCnf(), VsLnkStatsCnf(), VsSetKeyCnf()):
        assert joined.ask(mme) == []
    assert joined.modem.ready
