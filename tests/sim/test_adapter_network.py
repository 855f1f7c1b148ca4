"""Keys, restarts, power and joining of virtual adapters. Times: adapters.md sections 6, 7 and 10."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.errors import PortError
from bench.ids import BROADCAST, LOCAL_DEVICE, Nid, Nmk, nid_from_nmk
from bench.mme import CmBrgInfoReq, CmGetKeyReq, CmSetKeyCnf, CmSetKeyReq, CmSlacParmReq, VsSwVerReq
from bench.profiles import Boot, Spread, adapter
from bench.sim.adapter import ModemRole
from bench.sim.pilot import PilotLine
from bench.units import ms, s

NMK = Nmk(b"charging session")
NID = nid_from_nmk(NMK)
OTHER = Nmk(b"another session.")
SET_KEY = CmSetKeyReq(nmk=NMK, nid=NID)


def is_answering(stand, port):
    port.receive()
    stand.say(port, LOCAL_DEVICE, VsSwVerReq())
    stand.run_for(ms(50))
    return bool(port.receive())


def set_key(stand, port, nmk=NMK, nid=None):
    return stand.say(port, LOCAL_DEVICE, CmSetKeyReq(nmk=nmk, nid=nid or nid_from_nmk(nmk)))


def joined_at(stand, a, b, limit):
    """The first instant, to 10 ms, at which *a* and *b* are in one network."""
    while a not in b.joined_to() or b not in a.joined_to():
        if stand.clock.now() >= limit:
            return None
        stand.run_for(ms(10))
    return stand.clock.now()


# A new key


def test_tp_link_answers_on_until_3_5_s_after_a_new_key_and_is_silent_for_a_second(stand, pair):
    """The restart happens late: a test that only looks for silence right after CM_SET_KEY fails on real hardware."""
    set_key(stand, pair.pev_host)

    answering = []
    for t in (0.1, 1.0, 2.6, 3.4, 3.51, 4.0, 4.44, 4.51, 5.1):
        stand.run_until(s(t))
        answering.append(is_answering(stand, pair.pev_host))
    assert answering == [True, True, True, True, False, False, False, True, True]


def test_restarting_adapter_passes_no_frames_in_either_direction(stand, pair):
    set_key(stand, pair.pev_host)
    stand.run_until(s(4))
    stand.say(pair.pev_host, BROADCAST, CmSlacParmReq())
    stand.run_until(s(4.4))

    assert not pair.pev.ready
    assert pair.evse_host.receive() == []


def test_answer_that_is_under_way_when_the_restart_comes_is_lost(stand, pair):
    set_key(stand, pair.pev_host)
    stand.run_until(s(3.5) - ms(0.2))
    pair.pev_host.receive()
    stand.say(pair.pev_host, LOCAL_DEVICE, VsSwVerReq())
    stand.run_until(s(6))

    assert pair.pev_host.receive() == []


@pytest.mark.parametrize(
    ("role", "after_s"), [(ModemRole.EVSE, 6.5), (ModemRole.PEV, 8.0)], ids=["coordinator", "station"]
)
def test_tp_link_is_in_the_network_6_5_s_after_a_new_key_as_coordinator_and_8_s_as_station(stand, pair, role, after_s):
    """The other one has had the key for long."""
    first, last = (pair.pev_host, pair.evse_host) if role is ModemRole.EVSE else (pair.evse_host, pair.pev_host)
    set_key(stand, first)
    stand.run_until(s(60))
    set_key(stand, last)

    assert joined_at(stand, pair.evse, pair.pev, s(80)) == s(60 + after_s)


def test_modem_of_a_car_is_in_the_network_4_s_after_a_new_key_without_falling_silent(stand):
    """QCA7005 of the Ioniq: its SDP request went out 4.07 s after the confirmation."""
    evse = stand.adapter(ModemRole.EVSE, nmk=NMK)
    car = stand.adapter(ModemRole.PEV, profile="qca7005-car")
    stand.line.set_attenuation(evse, car)
    port = stand.host(car)
    set_key(stand, port)
    stand.run_until(s(3.6))

    assert is_answering(stand, port)
    assert joined_at(stand, evse, car, s(10)) == s(4)


def test_new_key_is_taken_into_use_by_the_restart(stand, pair):
    """2.6 s after CM_SET_KEY a TL-PA4010P still hands out its old key, after the restart the new one."""
    old = pair.pev.nmk
    set_key(stand, pair.pev_host)

    stand.run_until(s(2.6))
    assert pair.pev.nmk == old
    stand.run_until(s(5))
    assert (pair.pev.nmk, pair.pev.nid) == (NMK, NID)


def test_get_key_shows_the_key_in_use(stand, pair):
    old_nid = pair.pev.nid
    set_key(stand, pair.pev_host)
    stand.run_until(s(1))
    pair.pev_host.receive()
    for t in (1, 5):
        stand.run_until(s(t))
        stand.say(pair.pev_host, LOCAL_DEVICE, CmGetKeyReq(nid=NID))
    stand.run_until(s(6))

    assert [(heard.mme.result, heard.mme.nid) for heard in stand.heard(pair.pev_host)] == [(1, old_nid), (0, NID)]


def test_old_network_lives_until_the_restart(stand, joined_pair):
    set_key(stand, joined_pair.pev_host)

    stand.run_until(s(3.4))
    assert joined_pair.pev.joined_to() == {joined_pair.evse}
    stand.run_until(s(3.6))
    assert joined_pair.pev.joined_to() == joined_pair.evse.joined_to() == set()


def test_same_key_again_changes_nothing(stand, joined_pair):
    """No restart, no interruption; it is confirmed all the same."""
    sent = set_key(stand, joined_pair.pev_host, joined_pair.pev.nmk)

    for _ in range(100):
        stand.run_for(ms(100))
        assert joined_pair.pev.ready
        assert joined_pair.pev.joined_to() == {joined_pair.evse}
    ((t, frame),) = stand.heard(joined_pair.pev_host)
    assert (t - sent, frame.mme.result) == (ms(0.4), 1)


def test_same_key_again_while_it_waits_for_the_restart_does_not_postpone_it(stand, pair):
    set_key(stand, pair.pev_host)
    stand.run_until(s(3))
    set_key(stand, pair.pev_host)
    stand.run_until(s(4.6))

    assert (pair.pev.ready, pair.pev.nmk) == (True, NMK)


def test_another_key_before_the_restart_replaces_the_first(stand, pair):
    set_key(stand, pair.pev_host)
    stand.run_until(s(3))
    set_key(stand, pair.pev_host, OTHER)

    stand.run_until(s(4))
    assert pair.pev.ready
    stand.run_until(s(7))
    assert not pair.pev.ready
    stand.run_until(s(7.6))
    assert (pair.pev.ready, pair.pev.nmk) == (True, OTHER)


def test_key_of_another_kind_is_refused_and_nothing_changes(stand, pair):
    """Key type 1 is the NMK."""
    before = pair.pev.nmk
    stand.say(pair.pev_host, LOCAL_DEVICE, CmSetKeyReq(key_type=0, nmk=NMK, nid=NID))
    stand.run_until(s(10))

    assert [heard.mme.result for heard in stand.heard(pair.pev_host)] == [0]
    assert pair.pev.nmk == before


def test_broadcast_set_key_reaches_the_own_modem_only(stand, joined_pair):
    """The remote one answers, refusing."""
    before = joined_pair.evse.nmk
    stand.say(joined_pair.pev_host, BROADCAST, SET_KEY)
    stand.run_until(s(10))

    confirmations = [heard for heard in stand.heard(joined_pair.pev_host) if isinstance(heard.mme, CmSetKeyCnf)]
    assert [(each.frame.src, each.mme.result) for each in confirmations] == [
        (joined_pair.pev.mac, 1),
        (joined_pair.evse.mac, 0),
    ]
    assert (joined_pair.pev.nmk, joined_pair.evse.nmk) == (NMK, before)


def test_nonces_of_a_modem_differ_from_each_other(stand, pair):
    for nmk in (NMK, OTHER):
        set_key(stand, pair.pev_host, nmk)
    stand.run_for(ms(10))

    first, second = (heard.mme.my_nonce for heard in stand.heard(pair.pev_host))
    assert first != second


# Who is in a network


def test_adapters_start_with_keys_of_their_own(pair):
    assert pair.evse.nmk != pair.pev.nmk
    assert pair.evse.joined_to() == set()


def test_adapters_that_share_a_key_from_the_start_are_joined_at_once(joined_pair):
    assert joined_pair.evse.joined_to() == {joined_pair.pev}
    assert joined_pair.pev.joined_to() == {joined_pair.evse}


def test_same_nmk_with_another_nid_is_another_network(stand):
    evse = stand.adapter(ModemRole.EVSE, nmk=NMK)
    pev = stand.adapter(ModemRole.PEV, nmk=NMK, nid=Nid.fromhex("01020304050607"))
    stand.line.set_attenuation(evse, pev)
    stand.run_until(s(20))

    assert evse.joined_to() == set()


def test_nid_need_not_be_derived_from_the_nmk(stand, pair):
    """pyPLC sends 01020304050607 with any NMK, and cars join."""
    for port in (pair.evse_host, pair.pev_host):
        set_key(stand, port, NMK, Nid.fromhex("01020304050607"))
    stand.run_until(s(20))

    assert pair.evse.joined_to() == {pair.pev}


@pytest.mark.parametrize("role", [ModemRole.EVSE, ModemRole.PEV])
def test_two_coordinators_or_two_stations_form_no_network(stand, role):
    """CCo selection 2 and 1 of the parameter block: always and never."""
    first, second = stand.adapter(role, nmk=NMK), stand.adapter(role, nmk=NMK)
    stand.line.set_attenuation(first, second)
    stand.run_until(s(20))

    assert first.joined_to() == set()


def test_listener_joins_the_network_of_a_matched_pair(stand, joined_pair):
    """Three answers to VS_SW_VER: car, charging station and listener are in one AVLN."""
    listener = stand.adapter(ModemRole.PEV, nmk=joined_pair.evse.nmk)
    port = stand.host(listener)
    for modem in (joined_pair.evse, joined_pair.pev):
        stand.line.set_attenuation(listener, modem, 50.0)
    stand.say(port, BROADCAST, VsSwVerReq())
    stand.run_for(ms(20))

    assert listener.joined_to() == {joined_pair.evse, joined_pair.pev}
    assert len(port.receive()) == 3


def test_stations_that_do_not_hear_each_other_do_not_exchange_frames(stand, joined_pair):
    """Both are in the coordinator's network, but nobody relays."""
    far = stand.adapter(ModemRole.PEV, nmk=joined_pair.evse.nmk)
    stand.line.set_attenuation(far, joined_pair.evse)

    assert far.joined_to() == {joined_pair.evse}
    assert joined_pair.evse.joined_to() == {joined_pair.pev, far}


def test_station_between_two_coordinators_with_its_key_joins_the_nearer_one(stand, joined_pair):
    far = stand.adapter(ModemRole.EVSE, nmk=joined_pair.evse.nmk)
    stand.line.set_attenuation(far, joined_pair.pev, 70.0)

    assert joined_pair.pev.joined_to() == {joined_pair.evse}
    assert far.joined_to() == set()


def test_link_is_lost_with_the_path_and_comes_back_when_the_station_has_associated_again(stand, joined_pair):
    """3.5 s for a TL-PA4010P as station: from the end of its restart to its network, after a new key."""
    stand.run_until(s(1))
    stand.line.disconnect(joined_pair.evse, joined_pair.pev)
    assert joined_pair.evse.joined_to() == set()

    stand.run_until(s(10))
    stand.line.set_attenuation(joined_pair.evse, joined_pair.pev, 30.0)
    assert joined_at(stand, joined_pair.evse, joined_pair.pev, s(20)) == s(13.5)


def test_another_attenuation_of_a_good_path_does_not_interrupt(stand, joined_pair):
    stand.run_until(s(1))
    stand.line.set_attenuation(joined_pair.evse, joined_pair.pev, 60.0)

    assert joined_pair.evse.joined_to() == {joined_pair.pev}


def test_station_with_a_key_from_before_associates_once_it_is_plugged_in(stand):
    evse, pev = stand.adapter(ModemRole.EVSE, nmk=NMK), stand.adapter(ModemRole.PEV, nmk=NMK)
    cable = PilotLine(stand.world)
    stand.line.follow(cable, evse, pev)
    stand.run_until(s(10))
    cable.pev.plug_in()

    assert joined_at(stand, evse, pev, s(20)) == s(13.5)


# Power


def test_adapter_without_power_is_silent_and_out_of_the_network(stand, joined_pair):
    joined_pair.evse.power(False)

    assert not joined_pair.evse.ready
    assert not is_answering(stand, joined_pair.evse_host)
    assert joined_pair.pev.joined_to() == set()


def test_adapter_boots_5_s_and_then_needs_2_s_as_coordinator_to_associate(stand, joined_pair):
    """Boot time: default of adapters.md section 6. Association: 6.5 s after a new key, less its restart."""
    joined_pair.evse.power(False)
    stand.run_until(s(10))
    joined_pair.evse.power(True)

    stand.run_until(s(14.9))
    assert not joined_pair.evse.ready
    stand.run_until(s(15))
    assert joined_pair.evse.ready
    assert joined_at(stand, joined_pair.evse, joined_pair.pev, s(30)) == s(17)


def test_power_that_is_on_already_changes_nothing(joined_pair):
    joined_pair.evse.power(True)

    assert joined_pair.evse.ready
    assert joined_pair.pev.joined_to() == {joined_pair.evse}


def test_power_cut_during_boot_starts_the_boot_anew(stand, pair):
    pair.evse.power(False)
    pair.evse.power(True)
    stand.run_until(s(4))
    pair.evse.power(False)
    stand.run_until(s(4.5))
    pair.evse.power(True)

    stand.run_until(s(9.4))
    assert not pair.evse.ready
    stand.run_until(s(9.5))
    assert pair.evse.ready


def test_keys_survive_a_power_cut_also_one_just_set(stand, pair):
    before = pair.evse.nmk
    set_key(stand, pair.pev_host)
    stand.run_until(s(1))
    for modem in (pair.evse, pair.pev):
        modem.power(False)
        modem.power(True)
    stand.run_until(s(10))

    assert (pair.evse.nmk, pair.pev.nmk) == (before, NMK)


def test_restart_that_was_due_does_not_follow_a_power_cut(stand):
    """The cut took the place of the late restart."""
    profile = replace(adapter("tplink-tlpa4010p"), boot=Boot(after_reset=Spread(ms(500), ms(500), ms(500), 1)))
    modem = stand.adapter(ModemRole.PEV, profile=profile)
    set_key(stand, stand.host(modem))
    stand.run_until(s(1))
    modem.power(False)
    modem.power(True)

    stand.run_until(s(1.5))
    assert (modem.ready, modem.nmk) == (True, NMK)
    stand.run_until(s(4))
    assert modem.ready


def test_addresses_behind_an_adapter_are_forgotten_when_it_restarts(stand, pair):
    pair.pev_host.send(BROADCAST + bytes.fromhex("020000000002") + b"\x86\xdd" + bytes(60))
    pair.pev.power(False)
    pair.pev.power(True)
    stand.run_until(s(6))
    stand.say(pair.pev_host, LOCAL_DEVICE, CmBrgInfoReq())
    stand.run_until(s(7))

    ((_, frame),) = stand.heard(pair.pev_host)
    assert [station.mac for station in frame.mme.bridged] == [pair.pev_host.mac]


def test_jack_takes_one_host_at_a_time(stand, pair):
    with pytest.raises(PortError, match="jack"):
        stand.host(pair.evse)
    pair.evse_host.close()

    assert stand.host(pair.evse).receive() == []


def test_key_of_an_adapter_depends_on_seed_and_name_only(make_stand):
    def nmk(seed, name, others):
        stand = make_stand(seed=seed)
        for _ in range(others):
            stand.adapter(ModemRole.PEV)
        return stand.adapter(ModemRole.EVSE, name=name).nmk

    assert nmk(1, "evse", 0) == nmk(1, "evse", 3)
    assert len({nmk(1, "evse", 0), nmk(2, "evse", 0), nmk(1, "pev", 0)}) == 3
