"""What the modem of an EVSE makes of sounds. mme.md 3.5 and 7, adapters.md section 8."""

from __future__ import annotations

import pytest

from bench.ids import BROADCAST, MacAddress
from bench.mme import CmAttenProfileInd, CmMnbcSoundInd, VsAttenCharInd
from bench.sim.adapter import ModemRole
from bench.units import ms, us

CAR = MacAddress.parse("04:65:65:00:64:c3")
STATION_MODEM = MacAddress.parse("98:48:27:5a:3c:e4")


@pytest.fixture
def station(stand):
    """A station's modem and a car's modem *db* apart, and the hosts at them."""

    def place(profile="qca7005-evse", db=30.0, car_profile="qca7005-car"):
        modem = stand.adapter(ModemRole.EVSE, profile=profile, mac=STATION_MODEM)
        car = stand.adapter(ModemRole.PEV, profile=car_profile)
        stand.line.set_attenuation(modem, car, db)
        return stand.host(modem), stand.host(car, CAR)

    return place


def sound(stand, port, count=1):
    for cnt in reversed(range(count)):
        stand.say(port, BROADCAST, CmMnbcSoundInd(cnt=cnt))
        stand.run_for(ms(20))


def profiles(stand, port, kind=CmAttenProfileInd):
    return [heard.mme.aag for heard in stand.heard(port) if isinstance(heard.mme, kind)]


def test_each_sound_is_followed_by_vendor_indication_and_profile_in_this_order(stand, station):
    host, car = station()
    sound(stand, car, 2)

    kinds = [type(heard.mme) for heard in stand.heard(host)]
    assert kinds == [CmMnbcSoundInd, VsAttenCharInd, CmAttenProfileInd] * 2


def test_profile_comes_0_45_ms_after_the_sound_from_a_modem_that_measures(stand, station):
    host, car = station()
    sound(stand, car)

    sound_t, vendor_t, profile_t = (heard.t for heard in stand.heard(host))
    assert vendor_t - sound_t == profile_t - sound_t == us(450)


def test_profile_comes_with_the_sound_from_a_tp_link(stand, station):
    host, car = station("tplink-tlpa4010p")
    sound(stand, car)

    assert len({heard.t for heard in stand.heard(host)}) == 1


def test_reports_are_broadcast_by_the_modem_and_name_the_car_s_host(stand, station):
    host, car = station()
    sound(stand, car)

    _, vendor, profile = stand.heard(host)
    for report in (vendor, profile):
        assert (report.frame.dst, report.frame.src, report.mme.pev_mac) == (BROADCAST, STATION_MODEM, CAR)


@pytest.mark.parametrize("db", [0.0, 9.5, 30.0, 70.0, 90.0])
def test_mean_of_the_58_groups_is_the_attenuation_of_the_path(stand, station, db):
    host, car = station(db=db)
    sound(stand, car)

    (aag,) = profiles(stand, host)
    assert len(aag) == 58
    assert sum(aag) / 58 == db


def test_both_reports_of_a_sound_carry_the_same_groups(stand, station):
    """170 of 170 pairs in captures."""
    stand.line.noise_db = 1.0
    host, car = station()
    sound(stand, car, 10)

    heard = stand.heard(host)
    vendor = [each.mme.aag for each in heard if isinstance(each.mme, VsAttenCharInd)]
    assert vendor == [each.mme.aag for each in heard if isinstance(each.mme, CmAttenProfileInd)]


def test_all_sounds_measure_the_same_without_noise(stand, station):
    host, car = station()
    sound(stand, car, 10)

    assert len(set(profiles(stand, host))) == 1


def test_noise_makes_sounds_differ_by_its_bound_at_most(stand, station):
    stand.line.noise_db = 1.0
    host, car = station()
    sound(stand, car, 10)

    measured = profiles(stand, host)
    assert len(set(measured)) == 10
    assert max(max(group) - min(group) for group in zip(*measured, strict=True)) == 2


def test_tp_link_reports_no_groups(stand, station, from_dump):
    """mme.md 3.5 and 7, octet by octet: two frames of zeros where the groups would be."""
    vendor = from_dump("""
0000  ff ff ff ff ff ff 98 48 27 5a 3c e4 88 e1 00 4e
0010  a1 00 b0 52 04 65 65 00 64 c3 00 00 10 00 00 00
      length 60""")
    profile = from_dump("""
0000  ff ff ff ff ff ff 98 48 27 5a 3c e4 88 e1 01 86
0010  60 00 00 04 65 65 00 64 c3 00 00 00 00 00 00 00
      length 60""")
    host, car = station("tplink-tlpa4010p")
    sound(stand, car)

    assert [octets for _, octets in host.receive()][1:] == [vendor, profile]


def test_foccci_sends_its_vendor_indication_without_vendor(stand, station, from_dump):
    """mme.md 7: the OUI is zero, 58 groups follow at octet 36."""
    head = from_dump("""
0000  ff ff ff ff ff ff 98 48 27 5a 3c e4 88 e1 00 4e
0010  a1 00 00 00 04 65 65 00 64 c3 3a 00 10 00 00 00
      length 36""")
    host, car = station()
    sound(stand, car)

    _, vendor, profile = (octets for _, octets in host.receive())
    assert vendor == head + profile[27:]
    assert (len(vendor), len(profile)) == (94, 85)


@pytest.mark.parametrize("car_profile", ["qca7005-car", "tplink-tlpa4010p"])
def test_vendor_indication_of_a_qca7005_reaches_the_cars_host_7_ms_after_its_sound(stand, station, car_profile):
    """6.4 to 10.7 ms, median 7.3, in the captures of an Alpitronic station and of a Supercharger."""
    _, car = station(car_profile=car_profile)
    sent = stand.say(car, BROADCAST, CmMnbcSoundInd())
    stand.run_for(ms(20))

    assert [(type(heard.mme), heard.t - sent) for heard in stand.heard(car)] == [(VsAttenCharInd, ms(7.25))]


def test_vendor_indication_of_a_tp_link_stays_with_its_host(stand, station):
    _, car = station("tplink-tlpa4010p")
    sound(stand, car)

    assert car.receive() == []


def test_profiles_never_cross_the_powerline(stand, station):
    _, car = station()
    sound(stand, car, 10)

    assert profiles(stand, car) == []


@pytest.mark.parametrize(
    ("role", "profile", "shows"),
    [(ModemRole.PEV, "qca7005-evse", set()), (ModemRole.EVSE, "devolo-dlan200avplus", {CmMnbcSoundInd})],
)
def test_modem_that_is_no_slac_evse_reports_nothing(stand, role, profile, shows):
    """A PEV's modem does not measure, and a Devolo shows the sounds only."""
    modem, car = stand.adapter(role, profile=profile), stand.adapter(ModemRole.PEV)
    stand.line.set_attenuation(modem, car)
    host, car_host = stand.host(modem), stand.host(car)
    sound(stand, car_host, 10)

    assert {type(heard.mme) for heard in stand.heard(host)} == shows


def test_sounds_below_the_audible_limit_are_not_reported(stand, station):
    host, car = station(db=90.5)
    sound(stand, car, 10)

    assert host.receive() == []


def test_lost_sound_is_not_reported(stand, station):
    host, car = station()
    stand.line.drop(lambda transit: transit.mmtype == CmMnbcSoundInd.mmtype, which={3, 7})
    sound(stand, car, 10)

    assert len(profiles(stand, host)) == 8


def test_cross_talk_is_measured_as_the_greater_attenuation(stand, station):
    """Two stations hear one car; the neighbour's modem measures it 40 dB weaker."""
    near, car = station()
    neighbour = stand.adapter(ModemRole.EVSE, profile="qca7005-evse")
    far = stand.host(neighbour)
    car_modem = next(modem for modem in stand.line.modems if modem.name.startswith("pev"))
    stand.line.set_attenuation(neighbour, car_modem, 70.0)
    sound(stand, car)

    ((near_aag,), (far_aag,)) = profiles(stand, near), profiles(stand, far)
    assert (sum(near_aag) / 58, sum(far_aag) / 58) == (30.0, 70.0)


def test_each_pair_of_modems_has_a_profile_of_its_own(stand, station):
    near, car = station()
    neighbour = stand.adapter(ModemRole.EVSE, profile="qca7005-evse")
    other = stand.host(neighbour)
    car_modem = next(modem for modem in stand.line.modems if modem.name.startswith("pev"))
    stand.line.set_attenuation(neighbour, car_modem, 30.0)
    sound(stand, car)

    assert profiles(stand, near) != profiles(stand, other)


def test_sounds_of_a_car_in_the_network_are_reported_too(stand, joined_pair):
    sound(stand, joined_pair.pev_host, 3)

    assert len(profiles(stand, joined_pair.evse_host)) == 3


def test_profile_of_a_pair_is_the_same_in_every_run(make_stand):
    def run():
        stand = make_stand()
        modem, car = stand.adapter(ModemRole.EVSE, profile="qca7005-evse"), stand.adapter(ModemRole.PEV)
        stand.line.set_attenuation(modem, car, 30.0)
        host, car_host = stand.host(modem), stand.host(car)
        sound(stand, car_host)
        return profiles(stand, host)

    assert run() == run()
