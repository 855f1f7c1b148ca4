"""A simulated charging station does what was recorded of the real one, and keeps ISO 15118-3 where nothing was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from station_yard import Station, Yard, awake, intervals

from bench.ids import LOCAL_DEVICE, nid_from_nmk
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
    encode,
)
from bench.profiles import (
    AfterLastSound,
    LevelSpread,
    Measured,
    NmkStyle,
    Rounding,
    Spread,
    Synthetic,
    charger,
    chargers,
)
from bench.sim.adapter.sounding import MEASURED_AFTER
from bench.sim.charger import ChargerState
from bench.sim.effects import recorded_at_evse
from bench.sim.powerline import carries
from bench.sim.quirks import CarQuirk
from bench.units import Ns, ms, s

QUICK_STATION = "everest-evsev2g-2023-04"

every_station = pytest.mark.parametrize("station_id", sorted(chargers()))


def within(spread: Spread, *durations: Ns) -> bool:
    return all(spread.min <= duration <= spread.max for duration in durations)


def plugged(yard: Yard, station: Station, car_id: str = "mercedes-eqc", **options) -> Station:
    """A car that asks 100 ms after the 5 %, plugged in at *station*."""
    car = yard.car(awake(car_id), station, **options)
    car.sim.plug_in()
    return car


def matched(station_id: str, car_id: str = "mercedes-eqc", *, seed: int = 0) -> tuple[Station, Station]:
    yard = Yard(seed)
    station = yard.charger(station_id)
    car = plugged(yard, station, car_id)
    yard.run_until(lambda: car.sim.state.in_network)
    return station, car


@every_station
@pytest.mark.parametrize("seed", range(5))
def test_every_interval_lies_where_it_was_recorded(station_id, seed):
    """Seen from where the recorder sat, no latency of the simulated station leaves the range of the real one."""
    profile = charger(station_id)
    station, car = matched(station_id, seed=seed)
    ear = station if recorded_at_evse(profile) else car
    [requested, *_], [confirmed, *_] = ear.times(CmSlacParmReq), ear.times(CmSlacParmCnf)
    [indicated], sounds = ear.times(CmAttenCharInd), ear.times(CmMnbcSoundInd)
    [match_req], [match_cnf] = ear.times(CmSlacMatchReq), ear.times(CmSlacMatchCnf)

    if len(ear.times(CmSlacParmReq)) == 1:
        assert within(profile.parm_cnf.latency, confirmed - requested)
    if isinstance(profile.atten_char_ind, AfterLastSound):
        latency = indicated - sounds[-1]
        # The simulated modem measures for 0.45 ms; the Lumissil modem of one station was faster than that.
        assert within(profile.atten_char_ind.latency, latency) or latency == MEASURED_AFTER
    else:
        starts = ear.times(CmStartAttenCharInd)
        assert within(profile.atten_char_ind.after_first_start, indicated - starts[0])
    assert within(profile.match_cnf.latency, match_cnf - match_req)


@every_station
def test_every_field_is_what_was_recorded(station_id):
    profile = charger(station_id)
    station, car = matched(station_id)
    [(_, cnf), *_] = station.heard(CmSlacParmCnf)
    [(_, ind)] = station.heard(CmAttenCharInd)
    [(_, match)] = station.heard(CmSlacMatchCnf)

    assert (cnf.num_sounds, cnf.time_out, cnf.resp_type, cnf.forwarding_sta, cnf.run_id) == (
        profile.parm_cnf.num_sounds,
        profile.parm_cnf.time_out,
        profile.parm_cnf.resp_type,
        car.sim.mac,
        car.sim.run_id,
    )
    assert (ind.source_address, ind.run_id, ind.num_sounds, len(ind.aag)) == (car.sim.mac, car.sim.run_id, 10, 58)
    assert (match.pev_mac, match.evse_mac, match.run_id) == (car.sim.mac, station.sim.mac, car.sim.run_id)
    assert (match.nid == nid_from_nmk(match.nmk)) is profile.key.nid_is_hash_of_nmk
    if profile.key.nmk_is_printable:
        assert match.nmk.decode("ascii").isalnum()


@every_station
def test_the_attenuation_it_reports_is_measured_or_invented_as_recorded(station_id):
    """Through a cable of 30 dB: measured plus its offset, cut or rounded to whole dB; or its one invented profile."""
    style = charger(station_id).attenuation
    station, _ = matched(station_id)
    measured = [profile.aag for _, profile in station.heard(CmAttenProfileInd)]
    [(_, ind)] = station.heard(CmAttenCharInd)

    if isinstance(style, Synthetic):
        assert ind.aag == bytes(style.aag)
        return
    mean = sum(map(sum, measured)) / 10 / 58
    assert style.offset_db.min - 1 <= ind.average_db - mean <= style.offset_db.max + 0.5


@pytest.mark.parametrize(("rounding", "expected"), [(Rounding.CUT, -0.5), (Rounding.NEAREST, 0.0)])
def test_whole_db_are_cut_or_rounded(rounding, expected):
    """EVerest cuts and reports 0.4 to 0.5 dB less than it measured; with noise the means are no whole numbers."""
    yard = Yard(noise_db=3.0)
    profile = charger(QUICK_STATION)
    profile = replace(profile, attenuation=replace(profile.attenuation, rounding=rounding))
    station = yard.charger(profile)
    car = plugged(yard, station)
    yard.run_until(lambda: car.sim.matched is not None)
    mean = sum(sum(ind.aag) for _, ind in station.heard(CmAttenProfileInd)) / 10 / 58

    assert station.heard(CmAttenCharInd)[0][1].average_db - mean == pytest.approx(expected, abs=0.1)


def test_an_offset_never_makes_a_group_negative():
    yard = Yard()
    profile = charger(QUICK_STATION)
    far_off = Measured(offset_db=LevelSpread(-100.0, -100.0, -100.0, 1), rounding=Rounding.CUT)
    station = yard.charger(replace(profile, attenuation=far_off))
    car = plugged(yard, station)
    yard.run_until(lambda: bool(car.times(CmAttenCharInd)))

    assert car.heard(CmAttenCharInd)[0][1].aag == bytes(58)


def test_a_measuring_station_with_a_modem_that_reports_no_groups_says_0_db():
    """A TP-Link delivers profiles of no groups; a host that sums up 58 of them nevertheless reports zeros."""
    yard = Yard()
    station = yard.charger(QUICK_STATION, modem="tplink-tlpa4010p")
    car = plugged(yard, station)
    yard.run_until(lambda: bool(car.times(CmAttenCharInd)))
    [(_, ind)] = car.heard(CmAttenCharInd)

    assert {profile.aag for _, profile in station.heard(CmAttenProfileInd)} == {b""}
    assert (ind.num_sounds, ind.aag) == (10, bytes(58))


def test_a_modem_that_measures_nothing_leaves_a_measuring_station_with_nothing_to_say():
    """Devolo dLAN 200: it hands on the sounds and adds no profile."""
    yard = Yard()
    station = yard.charger(QUICK_STATION, modem="devolo-dlan200avplus")
    plugged(yard, station)
    yard.run(s(2))

    assert station.times(CmMnbcSoundInd)
    assert not station.times(CmAttenCharInd)
    assert station.notes("no sound to report")


def test_such_a_modem_is_enough_for_a_station_that_invents_its_attenuation():
    yard = Yard()
    station = yard.charger("pyplc-tplink", modem="devolo-dlan200avplus")
    car = plugged(yard, station)
    yard.run_until(lambda: car.sim.matched is not None)

    assert not station.times(CmAttenProfileInd)


# Sounds that are missing, indications that are not answered


@pytest.mark.parametrize("station_id", ["everest-evsev2g-2023-10-dc", "alpitronic", "compleo-cito"])
def test_with_a_sound_missing_it_reports_what_it_has_at_the_end_of_its_window(station_id):
    profile = charger(station_id)
    yard = Yard()
    station = yard.charger(station_id)
    yard.line.drop(carries(CmMnbcSoundInd), which={4})
    car = plugged(yard, station)
    yard.run_until(lambda: bool(car.times(CmAttenCharInd)))
    ear = station if recorded_at_evse(profile) else car

    assert ear.heard(CmAttenCharInd)[0][1].num_sounds == 9
    elapsed = ear.times(CmAttenCharInd)[0] - ear.times(CmStartAttenCharInd)[0]
    timer = getattr(profile.atten_char_ind, "after_first_start", profile.missing_sounds.window)
    assert within(timer, elapsed)


def test_the_supercharger_says_nothing_when_a_sound_is_missing():
    yard = Yard()
    station = yard.charger("tesla-supercharger-v3")
    yard.line.drop(carries(CmMnbcSoundInd), which={4})
    plugged(yard, station)
    yard.run(s(2))

    assert len(station.times(CmMnbcSoundInd)) == 9
    assert not station.times(CmAttenCharInd)


def test_without_any_sound_there_is_nothing_to_report():
    yard = Yard()
    station = yard.charger("compleo-cito")
    yard.line.drop(carries(CmMnbcSoundInd))
    plugged(yard, station)
    yard.run(s(2))

    assert station.times(CmStartAttenCharInd)
    assert not station.times(CmAttenCharInd)
    assert station.notes("no sound to report")


def test_an_unanswered_indication_is_repeated_twice_and_then_given_up():
    """ISO 15118-3: again after TT_match_response, C_EV_match_retry times; a late response is not accepted."""
    yard = Yard()
    station = yard.charger("tesla-supercharger-v3")
    yard.line.drop(carries(CmAttenCharRsp))
    plugged(yard, station)
    yard.run_until(lambda: bool(station.notes("no CM_ATTEN_CHAR.RSP")))

    assert intervals(station.times(CmAttenCharInd)) == [ms(200), ms(200)]
    assert not station.sim.sessions


def test_the_alpitronic_repeats_its_indication_until_it_is_answered():
    """203 to 208 ms apart, without end (uhi22/pyPLC)."""
    yard = Yard()
    station = yard.charger("alpitronic")
    yard.line.drop(carries(CmAttenCharRsp), which={1, 2, 3})
    car = plugged(yard, station)
    yard.run_until(lambda: len(station.times(CmAttenCharRsp)) == 1)
    yard.run(ms(300))
    indications = station.times(CmAttenCharInd)

    assert len(indications) == len(car.times(CmAttenCharRsp)) == 4
    assert all(ms(203) <= pause <= ms(208) for pause in intervals(indications))


def test_an_everest_station_of_2023_10_does_not_repeat_its_indication():
    yard = Yard()
    station = yard.charger("everest-evsev2g-2023-10-dc")
    yard.line.drop(carries(CmAttenCharRsp), which={1})
    plugged(yard, station)
    yard.run(ms(2000))

    assert len(station.times(CmAttenCharInd)) == 1


def test_a_response_that_says_failure_counts_as_none():
    """ISO 15118-3: result 00 and the car's own address, or the response is treated as not received."""
    yard = Yard()
    station = yard.charger("tesla-supercharger-v3")
    plugged(yard, station, quirks={CarQuirk.REFUSES_ATTEN_CHAR, CarQuirk.NO_RETRY})
    yard.run(s(3))

    assert len(station.times(CmAttenCharRsp)) == len(station.times(CmAttenCharInd)) == 3
    assert not station.times(CmSlacMatchCnf)


# Sessions


def test_a_car_that_confirms_and_then_keeps_silent_is_dropped_after_tt_match_sequence():
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    yard.line.drop(carries(CmStartAttenCharInd))
    plugged(yard, station, quirks={CarQuirk.NO_RETRY})
    yard.run_until(lambda: bool(station.times(CmSlacParmCnf)))
    yard.run(ms(399))
    waiting = len(station.sim.sessions)
    yard.run(ms(1))

    assert (waiting, len(station.sim.sessions)) == (1, 0)


def test_a_session_without_match_request_is_dropped_after_tt_evse_match_session():
    """10 s from CM_ATTEN_CHAR.RSP; a request after that is not answered."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    plugged(yard, station, quirks={CarQuirk.LATE_MATCH_REQ})
    yard.run_until(lambda: bool(station.notes("TT_EVSE_match_session")))
    assert yard.clock.now() - station.times(CmAttenCharRsp)[0] == s(10)
    yard.run(s(1.5))

    assert station.times(CmSlacMatchReq)
    assert not station.times(CmSlacMatchCnf)


def test_a_new_request_of_the_same_car_begins_its_session_anew():
    """[V2G3-A09-16]; the sounds of the first attempt do not count in the second."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = plugged(yard, station)
    yard.run_until(lambda: len(station.times(CmMnbcSoundInd)) == 5)
    car.cable.evse.set_duty_cycle_pct(100)
    yard.run(ms(50))
    car.cable.evse.set_duty_cycle_pct(5)
    yard.run_until(lambda: bool(station.times(CmAttenCharInd)))
    [(_, ind)] = station.heard(CmAttenCharInd)

    assert ind.num_sounds == 10
    assert ind.run_id == car.sim.run_id
    assert len(station.sim.sessions) == 1


def test_a_repeated_match_request_gets_the_identical_confirmation():
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    yard.line.drop(carries(CmSlacMatchCnf), which={1})
    car = plugged(yard, station)
    yard.run_until(lambda: car.sim.matched is not None)
    confirmations = [cnf for _, cnf in station.heard(CmSlacMatchCnf)]

    assert len(confirmations) == 2
    assert len(set(confirmations)) == 1


def test_a_match_request_before_the_response_is_not_answered():
    """A car may not skip CM_ATTEN_CHAR.RSP."""
    yard = Yard()
    station = yard.charger("tesla-supercharger-v3")
    yard.line.drop(carries(CmAttenCharRsp))
    plugged(yard, station)
    yard.run_until(lambda: bool(station.times(CmSlacMatchReq)))
    yard.run(ms(100))

    assert not station.times(CmSlacMatchCnf)


def test_a_matched_station_keeps_silent():
    """No answer to CM_SLAC_PARM.REQ until the cable is unplugged (EVerest of 2024-02, and the standard)."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = plugged(yard, station)
    yard.run_until(lambda: car.sim.state.in_network)
    answered = len(station.times(CmSlacParmCnf))
    stranger = yard.car(awake("tesla-modely"), yard.lone_cable())
    yard.cross_talk(stranger, station)
    stranger.sim.plug_in()
    yard.run(s(2))

    assert station.sim.state is ChargerState.MATCHED
    assert len(station.times(CmSlacParmReq)) > answered
    assert len(station.times(CmSlacParmCnf)) == answered


def test_a_station_whose_car_does_not_join_is_free_again_after_tt_match_join():
    """12 s after CM_SLAC_MATCH.CNF without a network: unmatched, with a new key, and it answers again."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = plugged(yard, station, quirks={CarQuirk.NEVER_JOINS})
    yard.run_until(lambda: station.sim.matched is not None)
    handed_out = station.sim.nmk
    yard.run(s(11.9))
    assert station.sim.state is ChargerState.MATCHED
    yard.run(s(1))

    assert station.sim.matched is None or station.sim.matched.cnf.nmk != handed_out
    assert len(station.times(CmSlacParmCnf)) == len(car.times(CmSlacParmCnf)) == 2


# Control pilot


def test_5_pct_follow_the_plug_after_half_a_second():
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = yard.car("mercedes-eqc", station)
    station.cable.evse.changes()
    car.sim.plug_in()
    yard.run(s(1))

    assert [(t, reading.label) for t, reading in station.cable.evse.changes()] == [(0, "B1"), (ms(500), "B2")]
    assert station.cable.evse.read().duty_cycle_pct == 5.0


def test_no_car_plugged_in_no_answer():
    """ISO 15118-3: matching runs in B, C and D only."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    stranger = yard.car(awake("tesla-modely"), yard.lone_cable())
    yard.cross_talk(stranger, station)
    stranger.sim.plug_in()
    yard.run(s(3))

    assert station.times(CmSlacParmReq)
    assert not station.times(CmSlacParmCnf)


def test_a_first_request_after_tt_evse_slac_init_is_not_answered():
    """50 s from the 5 %."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = yard.car("mercedes-eqc", station, quirks={CarQuirk.LATE_PARM_REQ})
    car.sim.plug_in()
    yard.run(ms(500) + s(50) - 1)
    assert station.sim.state is ChargerState.PLUGGED
    yard.run(1)
    assert station.sim.state is ChargerState.FAILED
    yard.run(s(11))

    assert station.times(CmSlacParmReq)
    assert not station.times(CmSlacParmCnf)


def test_a_station_that_was_asked_in_time_goes_on_answering():
    """TT_EVSE_SLAC_init ends with the first request, whatever becomes of it."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = plugged(yard, station, "hyundai-kona", quirks={CarQuirk.NO_SOUNDS})
    yard.run(s(60))

    assert station.sim.state is ChargerState.PLUGGED
    assert station.times(CmSlacParmCnf)[-1] > s(55)
    assert car.times(CmSlacParmCnf)


@pytest.mark.parametrize("station_id", [QUICK_STATION, "pyplc-tplink"])
def test_unplugging_ends_the_session_and_the_key(station_id):
    """Back to +12 V, no session, and another NMK if the station keeps one per session."""
    yard = Yard()
    station = yard.charger(station_id)
    car = plugged(yard, station)
    yard.run_until(lambda: car.sim.state.in_network)
    first = station.sim.nmk
    car.sim.unplug()
    yard.run(s(10))

    per_session = charger(station_id).key.nmk is NmkStyle.NEW_PER_SESSION
    assert (station.sim.nmk != first) is per_session
    assert station.modem.nmk == station.sim.nmk
    assert station.sim.state is ChargerState.IDLE
    assert station.cable.evse.read().label == "A1"


def test_a_confirmation_that_is_due_is_not_sent_after_the_plug_came_out():
    """pyPLC needs 14 to 137 ms for CM_SLAC_PARM.CNF; unplugged in between, nothing comes."""
    yard = Yard()
    station = yard.charger("pyplc-tplink")
    car = plugged(yard, station)
    yard.run_until(lambda: bool(station.times(CmSlacParmReq)))
    car.sim.unplug()
    yard.run(s(1))

    assert not station.times(CmSlacParmCnf)


def test_state_e_ends_everything_and_ready_begins_anew():
    """The station shows E in the middle of the sounds; back from it, it serves the car from the start."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = plugged(yard, station)
    yard.run_until(lambda: len(station.times(CmMnbcSoundInd)) == 3)
    station.sim.show_error()
    yard.run(s(4))
    assert (station.cable.evse.read().label, station.sim.state) == ("E", ChargerState.IDLE)
    assert not station.times(CmAttenCharInd)
    station.sim.show_ready()
    yard.run_until(lambda: car.sim.state.in_network)

    assert station.sim.matched.pev_mac == car.sim.mac


# Keys


def test_a_key_that_the_modem_has_already_costs_no_time():
    """The station sets its key at start; its modem has it, so it goes on working."""
    yard = Yard()
    station = yard.charger("pyplc-tplink")
    yard.run(s(10))
    [(_, req)] = station.heard(CmSetKeyReq)

    assert (req.nmk, req.nid) == (station.modem.nmk, station.modem.nid)
    assert station.modem.heard[0].frame.dst == LOCAL_DEVICE
    assert station.notes("result 1")


# Identity


def test_messages_that_are_not_for_this_session_are_ignored():
    """Another RunID, another car: neither START nor sounds nor a match request do anything."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    car = plugged(yard, station, quirks={CarQuirk.WRONG_RUN_ID_IN_START})
    yard.run_until(lambda: bool(car.times(CmMnbcSoundInd)))
    yard.run(s(1))

    assert not station.times(CmAttenCharInd)
    assert station.notes("no such session")


@pytest.mark.parametrize(
    "field", [{"num_sounds": 0}, {"time_out": 0}, {"resp_type": 0}, {"application_type": 1}, {"security_type": 1}]
)
def test_a_start_with_an_illegal_field_is_ignored(field):
    """ISO 15118-3: types, num_sounds, time_out and resp_type are checked."""
    yard = Yard()
    station = yard.charger(QUICK_STATION)
    yard.line.drop(carries(CmStartAttenCharInd))
    car = plugged(yard, station)
    yard.run_until(lambda: bool(car.times(CmSlacParmCnf)))
    start = CmStartAttenCharInd(forwarding_sta=car.sim.mac, run_id=car.sim.run_id, **field)
    station.modem._receive(encode(Frame(station.sim.mac, car.sim.mac, start)))
    yard.run(s(1))

    assert not station.times(CmAttenCharInd)
