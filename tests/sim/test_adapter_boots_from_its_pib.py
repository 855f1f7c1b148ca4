"""What a wrong PIB does to matching and joining, in simulation as in life. Source: adapters.md 7 and 8, pib.md 4."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest
from flash_host import FlashHost, session

from bench.ids import BROADCAST, MacAddress, Nid, Nmk, nid_from_nmk
from bench.mme import (
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    CmSlacParmReq,
    VsNwInfoReq,
    VsSetKeyReq,
    VsSwVerReq,
)
from bench.mme.network import ROLE_CCO, ROLE_STATION
from bench.pib import CcoMode, SlacEnable
from bench.sim.adapter import ModemRole
from bench.sim.adapter.settings import with_field
from bench.units import ms, s

NMK = Nmk(b"charging session")
OTHER = Nmk(b"another session.")
PROFILES = ["tplink-tlpa4010p", "qca7005-evse", "devolo-dlan200avplus"]
EVERYBODY = [*PROFILES, "qca7005-car"]


class Bench:
    """Two adapters on one cable, a host at each, who can give them other PIBs."""

    def __init__(self, stand, profile: str = PROFILES[0], *, partner: str | None = None) -> None:
        self.stand = stand
        self.evse = stand.adapter(ModemRole.EVSE, profile=profile, nmk=NMK)
        self.pev = stand.adapter(ModemRole.PEV, profile=partner or profile, nmk=NMK)
        stand.line.set_attenuation(self.evse, self.pev)
        self.evse_host, self.pev_host = stand.host(self.evse), stand.host(self.pev)

    def flash(self, modem, octets: bytes | None = None, **values) -> None:
        """Write a PIB, as the tools do, and let all be up again."""
        host = FlashHost(self.stand, self.evse_host if modem is self.evse else self.pev_host, modem)
        pib = octets or modem.flash.image().with_values(values).octets
        assert set(host.send_all(session(modem.profile, pib))) == {0}
        host.boots()
        self.stand.run_for(s(20))
        self.evse_host.receive()
        self.pev_host.receive()

    def says(self, host, mme, dst=BROADCAST) -> list:
        """What the other end's host gets to hear of it."""
        other = self.pev_host if host is self.evse_host else self.evse_host
        other.receive()
        self.stand.say(host, dst, mme)
        self.stand.run_for(ms(50))
        return [type(heard.mme) for heard in self.stand.heard(other)]

    @property
    def joined(self) -> bool:
        return self.evse.joined_to() == {self.pev} and self.pev.joined_to() == {self.evse}


@pytest.fixture
def bench(stand):
    return Bench(stand)


@pytest.fixture
def bench_of(stand):
    return lambda profile: Bench(stand, profile)


SOUND = CmMnbcSoundInd()
SOMEBODY = MacAddress(b"\x02\xe0somE")


# The same PIB again


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_pib_again_changes_nothing(bench_of, profile):
    bench = bench_of(profile)
    bench.flash(bench.evse, bench.evse.flash.stored)
    bench.flash(bench.pev, bench.pev.flash.stored)

    assert bench.joined
    assert (bench.evse.role, bench.pev.role) == (ModemRole.EVSE, ModemRole.PEV)


@pytest.mark.parametrize("profile", EVERYBODY)
def test_what_the_adapter_is_follows_its_pib(stand, profile):
    modem = stand.adapter(ModemRole.PEV, profile=profile)
    host = FlashHost(stand, stand.host(modem), modem)
    pib = modem.flash.image()
    for field, octets in (("mac", b"\x02somac"), ("dak", b"d" * 16), ("nmk", NMK), ("nid", b"1234567")):
        pib = with_field(pib, field, octets)
    pib = pib.with_values({"user_hfid": "u", "network_hfid": "n", "sniffer_enable": 1, "cco_mode": CcoMode.ALWAYS})

    host.send_all(session(modem.profile, pib.octets))
    host.boots()

    assert (modem.mac, modem.dak, modem.nmk, modem.nid) == (b"\x02somac", b"d" * 16, NMK, b"1234567")
    assert (modem.settings.user, modem.settings.network, modem.settings.sniffer) == ("u", "n", True)
    assert modem.cco_mode is CcoMode.ALWAYS


# SLAC mode, 0x1653


def test_an_evse_with_slac_off_reports_no_sound_and_hears_no_car(bench):
    assert bench.says(bench.pev_host, SOUND).count(CmAttenProfileInd) == 1
    bench.flash(bench.evse, slac_enable=SlacEnable.OFF)
    bench.flash(bench.pev, with_field(bench.pev.flash.image(), "nmk", OTHER).octets)

    assert bench.says(bench.pev_host, SOUND) == []
    assert bench.says(bench.pev_host, CmSlacParmReq()) == []


def test_a_pev_with_slac_off_is_neither_heard_nor_hears(bench):
    bench.flash(bench.pev, with_field(bench.pev.flash.image(), "nmk", OTHER).octets)
    assert bench.says(bench.evse_host, CmSlacParmCnf()) == [CmSlacParmCnf]
    bench.flash(bench.pev, slac_enable=SlacEnable.OFF)

    assert bench.says(bench.evse_host, CmSlacParmCnf()) == []
    assert bench.says(bench.pev_host, CmSlacParmReq()) == []


def test_within_a_network_slac_frames_are_frames_like_others(bench):
    bench.flash(bench.evse, slac_enable=SlacEnable.OFF)

    assert bench.joined
    assert bench.says(bench.pev_host, SOUND) == [CmMnbcSoundInd]


def test_an_evse_set_up_as_pev_gets_no_request(bench):
    """Both PEV: only what stations say reaches the hosts."""
    bench.flash(bench.evse, slac_enable=SlacEnable.PEV, cco_mode=CcoMode.NEVER)

    assert bench.says(bench.pev_host, CmSlacParmReq()) == []
    assert bench.says(bench.pev_host, SOUND) == []
    assert bench.says(bench.evse_host, CmSlacParmCnf(), SOMEBODY) == [CmSlacParmCnf]


def test_a_pev_set_up_as_evse_gets_no_confirmation(bench):
    """Both EVSE: only what cars say reaches the hosts."""
    bench.flash(bench.pev, slac_enable=SlacEnable.EVSE, cco_mode=CcoMode.ALWAYS)

    assert bench.says(bench.evse_host, CmSlacParmCnf(), SOMEBODY) == []
    assert bench.says(bench.evse_host, CmSlacMatchCnf(), SOMEBODY) == []
    assert bench.says(bench.pev_host, CmSlacParmReq()) == [CmSlacParmReq]


def test_a_devolo_shows_everything_whatever_its_pib_says(stand):
    """Its flat PIB has no setting for SLAC."""
    bench = Bench(stand, "devolo-dlan200avplus", partner="tplink-tlpa4010p")
    bench.flash(bench.pev, with_field(bench.pev.flash.image(), "nmk", OTHER).octets)
    for mode in (CcoMode.NEVER, CcoMode.AUTO, CcoMode.ALWAYS):
        bench.flash(bench.evse, cco_mode=mode)
        assert bench.says(bench.pev_host, CmSlacParmReq()) == [CmSlacParmReq]


# CCo selection, 0xF4


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("modes", list(combinations_with_replacement(list(CcoMode), 2)))
def test_who_forms_a_network_with_whom(bench_of, profile, modes):
    """Never with never: nobody coordinates. Always with always (or user assigned): everybody does."""
    bench = bench_of(profile)
    bench.flash(bench.evse, cco_mode=modes[0])
    bench.flash(bench.pev, cco_mode=modes[1])

    obliged = [mode for mode in modes if mode in (CcoMode.ALWAYS, CcoMode.USER_ASSIGNED)]
    never = modes == (CcoMode.NEVER, CcoMode.NEVER)
    assert bench.joined is not (never or len(obliged) == 2)


def test_of_two_left_to_themselves_one_says_it_coordinates(bench):
    """Whatever side of SLAC it takes."""
    bench.flash(bench.evse, cco_mode=CcoMode.AUTO, slac_enable=SlacEnable.PEV)
    bench.flash(bench.pev, cco_mode=CcoMode.AUTO, slac_enable=SlacEnable.EVSE)
    roles = []
    for modem, port in ((bench.evse, bench.evse_host), (bench.pev, bench.pev_host)):
        (network,) = FlashHost(bench.stand, port, modem).ask(VsNwInfoReq()).networks
        roles.append(network.role)
        assert network.cco_mac == min(bench.evse.mac, bench.pev.mac)

    assert roles == [ROLE_CCO, ROLE_STATION]


def test_one_who_must_wins_over_those_who_may(stand):
    modems = [stand.adapter(ModemRole.NEITHER, nmk=NMK), stand.adapter(ModemRole.NEITHER, nmk=NMK)]
    obliged, station = stand.adapter(ModemRole.EVSE, nmk=NMK), stand.adapter(ModemRole.PEV, nmk=NMK)
    everybody = [*modems, obliged, station]
    for number, one in enumerate(everybody):
        for another in everybody[:number]:
            stand.line.set_attenuation(one, another)

    for one in everybody:
        assert one.joined_to() == {other for other in everybody if other is not one}


# Keys


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("field", "octets"), [("nmk", OTHER), ("nid", bytes(7))])
def test_another_nmk_or_nid_in_one_pib_and_they_do_not_join(bench_of, profile, field, octets):
    bench = bench_of(profile)
    bench.flash(bench.pev, with_field(bench.pev.flash.image(), field, octets).octets)
    assert not bench.joined

    bench.flash(bench.evse, with_field(bench.evse.flash.image(), field, octets).octets)
    assert bench.joined


@pytest.mark.parametrize("set_key", [CmSetKeyReq(nmk=OTHER, nid=nid_from_nmk(OTHER)), VsSetKeyReq(nmk=OTHER)])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_key_that_was_set_survives_a_power_cut_in_the_pib(bench_of, profile, set_key):
    bench = bench_of(profile)
    host = FlashHost(bench.stand, bench.evse_host, bench.evse)
    host.ask(set_key)
    bench.evse.power(False)
    bench.evse.power(True)
    host.boots()

    image = bench.evse.flash.image()
    assert (bench.evse.nmk, image.nmk, image.nid) == (OTHER, OTHER, nid_from_nmk(OTHER))


def test_an_adapter_without_a_restart_for_a_new_key_has_it_in_use_and_in_the_pib(stand):
    """QCA7005 in a car."""
    modem = stand.adapter(ModemRole.PEV, profile="qca7005-car", nmk=NMK)
    host = FlashHost(stand, stand.host(modem), modem)
    before = host.read_pib()
    host.ask(CmSetKeyReq(nmk=OTHER, nid=Nid(b"\1" + bytes(6))))
    stand.run_for(s(1))

    assert (modem.nmk, modem.nid) == (OTHER, b"\1" + bytes(6))
    assert host.read_pib() == modem.flash.stored != before


# Somebody else's address


def test_two_adapters_with_one_mac_answer_for_each_other(bench):
    """The PIB of one in the other: asked by its address, each host hears its own adapter and never the partner's."""
    clone = with_field(bench.pev.flash.image(), "mac", bench.evse.mac).octets
    bench.flash(bench.pev, clone)

    assert bench.pev.mac == bench.evse.mac
    partner = FlashHost(bench.stand, bench.pev_host, bench.evse, partner=bench.evse.mac)
    before = bench.stand.clock.now()
    assert partner.ask(VsSwVerReq()) is not None
    assert bench.stand.clock.now() - before < ms(1)


def test_a_third_one_asking_for_that_address_gets_two_answers(stand):
    """As in life, with both in one network."""
    bench = Bench(stand)
    bench.flash(bench.pev, with_field(bench.pev.flash.image(), "mac", bench.evse.mac).octets)
    third = stand.adapter(ModemRole.PEV, nmk=NMK)
    for modem in (bench.evse, bench.pev):
        stand.line.set_attenuation(third, modem)
    port = stand.host(third)
    stand.run_for(s(20))

    stand.say(port, bench.evse.mac, VsSwVerReq())
    stand.run_for(ms(50))

    assert [heard.frame.src for heard in stand.heard(port)] == [bench.evse.mac] * 2
