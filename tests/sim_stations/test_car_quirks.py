"""Each quirk of a car changes what it names and nothing else."""

from __future__ import annotations

from dataclasses import fields

import pytest
from station_yard import Station, Yard, awake, intervals

from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
)
from bench.sim.car.conduct import EFFECTS, OTHER_STATION
from bench.sim.powerline import carries
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.units import ms, s

CAR = "mercedes-eqc"
STATION = "everest-evsev2g-2023-04"


def scene(
    *quirks: CarQuirk, car_id: str = CAR, station_quirks=(), until=None, duration=s(8), prepare=lambda _: None
) -> tuple[Station, Station]:
    """A car with *quirks* plugged in at a good station, for *duration* or until something is true of the car."""
    yard = Yard()
    station = yard.charger(STATION, quirks=station_quirks)
    car = yard.car(awake(car_id), station, quirks=quirks)
    prepare(yard)
    car.sim.plug_in()
    if until is None:
        yard.run(duration)
    else:
        yard.run_until(lambda: until(car), s(200))
    return car, station


def test_every_quirk_has_its_effect_and_is_told_apart():
    assert set(EFFECTS) == set(CarQuirk)
    assert len({quirk.value for quirk in CarQuirk}) == len(CarQuirk)
    assert all(quirk.value.split(":")[0].split(" ")[0] in ("fault", "quirk") for quirk in CarQuirk)


# Messages with another field

OTHER_FIELDS = [
    (CarQuirk.APPLICATION_TYPE_1, CmSlacParmReq, {"application_type"}),
    (CarQuirk.WRONG_RUN_ID_IN_START, CmStartAttenCharInd, {"run_id"}),
    (CarQuirk.TIME_OUT_10_IN_START, CmStartAttenCharInd, {"time_out"}),
    (CarQuirk.WRONG_FORWARDING_STA, CmStartAttenCharInd, {"forwarding_sta"}),
    (CarQuirk.RANDOM_SENDER_ID, CmMnbcSoundInd, {"sender_id"}),
    (CarQuirk.COUNTS_UP, CmMnbcSoundInd, {"cnt"}),
    (CarQuirk.REFUSES_ATTEN_CHAR, CmAttenCharRsp, {"result"}),
    (CarQuirk.WRONG_RUN_ID_IN_RSP, CmAttenCharRsp, {"run_id"}),
    (CarQuirk.WRONG_EVSE_MAC_IN_MATCH_REQ, CmSlacMatchReq, {"evse_mac"}),
    (CarQuirk.WRONG_RUN_ID_IN_MATCH_REQ, CmSlacMatchReq, {"run_id"}),
    (CarQuirk.WRONG_MVF_LENGTH, CmSlacMatchReq, {"mvf_length"}),
    (CarQuirk.WRONG_KEY, CmSetKeyReq, {"nmk"}),
]


@pytest.mark.parametrize(("quirk", "message", "changed"), OTHER_FIELDS, ids=lambda value: getattr(value, "name", ""))
def test_one_field_of_one_message_is_different(quirk, message, changed):
    """Up to the first such message the run is the usual one, octet by octet; that one differs in the named field."""
    usual, _ = scene()
    odd, _ = scene(quirk)
    n = next(n for n, (_, mme) in enumerate(odd.heard()) if isinstance(mme, message))

    assert odd.modem.heard[:n] == usual.modem.heard[:n]
    assert odd.modem.heard[n].t == usual.modem.heard[n].t
    pairs = list(zip(odd.heard(message), usual.heard(message), strict=False))
    for (_, different), (_, normal) in pairs[:10]:
        if message is CmMnbcSoundInd and different.cnt == normal.cnt:
            continue
        names = {field.name for field in fields(message)}
        assert {name for name in names if getattr(different, name) != getattr(normal, name)} == changed


def test_random_sender_id_is_in_every_message_that_has_an_id():
    car, _ = scene(CarQuirk.RANDOM_SENDER_ID)

    for message, field in ((CmMnbcSoundInd, "sender_id"), (CmAttenCharRsp, "source_id"), (CmSlacMatchReq, "pev_id")):
        assert {getattr(mme, field) for _, mme in car.heard(message, sent=True)} == {b"PEVPEVPEVPEVPEVPE"}
    assert car.sim.matched is not None


# Messages that are missing

MISSING = [
    (CarQuirk.NEVER_STARTS, CmSlacParmReq),
    (CarQuirk.NO_SOUNDS, CmMnbcSoundInd),
    (CarQuirk.NO_ATTEN_RSP, CmAttenCharRsp),
    (CarQuirk.NO_MATCH_REQ, CmSlacMatchReq),
    (CarQuirk.NEVER_JOINS, CmSetKeyReq),
]


@pytest.mark.parametrize(("quirk", "message"), MISSING, ids=lambda value: getattr(value, "name", ""))
def test_one_message_is_never_sent(quirk, message):
    """Everything that comes before it is as usual."""
    usual, _ = scene()
    odd, _ = scene(quirk)
    n = next(n for n, (_, mme) in enumerate(usual.heard()) if isinstance(mme, message))

    assert not odd.times(message, sent=True)
    assert odd.modem.heard[:n] == usual.modem.heard[:n]


@pytest.mark.parametrize(
    ("quirk", "left_out"), [(CarQuirk.NINE_SOUNDS, [5]), (CarQuirk.EIGHT_SOUNDS, [5, 4])], ids=lambda v: str(v)
)
def test_sounds_are_left_out(quirk, left_out):
    """The others come when they would have come, so that they look lost."""
    usual, _ = scene(until=lambda car: car.times(CmAttenCharRsp))
    odd, station = scene(quirk, until=lambda car: car.times(CmAttenCharRsp))
    kept = [(t, sound) for t, sound in usual.heard(CmMnbcSoundInd) if sound.cnt not in left_out]

    assert odd.heard(CmMnbcSoundInd) == kept
    assert station.heard(CmAttenCharInd)[0][1].num_sounds == 10 - len(left_out)


def test_one_start():
    car, station = scene(CarQuirk.ONE_START)

    assert len(car.times(CmStartAttenCharInd)) == 1
    assert station.sim.matched is not None


# Intervals

LATENCIES = [
    (CarQuirk.LATE_START, CmSlacParmCnf, CmStartAttenCharInd, ms(500)),
    (CarQuirk.LATE_ATTEN_RSP, CmAttenCharInd, CmAttenCharRsp, ms(250)),
    (CarQuirk.SLOW_ATTEN_RSP, CmAttenCharInd, CmAttenCharRsp, ms(150)),
    (CarQuirk.SLOW_MATCH_REQ, CmAttenCharRsp, CmSlacMatchReq, ms(975)),
    (CarQuirk.LATE_MATCH_REQ, CmAttenCharRsp, CmSlacMatchReq, s(11)),
]


@pytest.mark.parametrize(
    ("quirk", "earlier", "later", "expected"), LATENCIES, ids=lambda value: getattr(value, "name", "")
)
def test_one_reaction_takes_longer(quirk, earlier, later, expected):
    """As seen at the station."""
    _, station = scene(quirk, duration=s(14))

    assert station.times(later)[0] - station.times(earlier)[0] == expected


@pytest.mark.parametrize(
    ("quirk", "expected"), [(CarQuirk.LATE_PARM_REQ, s(60)), (CarQuirk.SLOW_PARM_REQ, s(11.2))], ids=lambda v: str(v)
)
def test_the_first_request_comes_late(quirk, expected):
    _, station = scene(quirk, until=lambda car: car.sim.attempts and car.times(CmSlacParmReq))
    station.cable.evse.changes()

    assert station.times(CmSlacParmReq) == []
    _, station = scene(quirk, duration=s(70))
    assert station.times(CmSlacParmReq)[0] - ms(500) == expected


@pytest.mark.parametrize(
    ("quirk", "starts", "sounds"),
    [
        (CarQuirk.SLOW_SOUNDS, ms(55), ms(55)),
        (CarQuirk.FAST_SOUNDS, ms(5), ms(5)),
        (CarQuirk.TOO_SLOW_SOUNDS, None, ms(90)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_sounds_come_at_another_pace(quirk, starts, sounds):
    car, _ = scene(quirk, until=lambda car: len(car.times(CmMnbcSoundInd)) == 10)
    seen = set(intervals(car.times(CmStartAttenCharInd)))

    assert set(intervals(car.times(CmMnbcSoundInd))) == {sounds}
    assert seen == {starts} if starts is not None else all(ms(40) <= pause <= ms(40.1) for pause in seen)


def test_ten_sounds_that_are_too_slow_do_not_fit_into_the_station_s_window():
    _, station = scene(CarQuirk.TOO_SLOW_SOUNDS, until=lambda car: car.times(CmAttenCharInd))

    assert station.heard(CmAttenCharInd)[0][1].num_sounds < 10


# Repetitions


def unanswered(*quirks: CarQuirk, car_id: str = CAR, duration=s(30)) -> Station:
    car, _ = scene(
        *quirks, car_id=car_id, duration=duration, prepare=lambda yard: yard.line.drop(carries(CmSlacParmReq))
    )
    return car


def match_unanswered(*quirks: CarQuirk, duration=s(3)) -> Station:
    car, _ = scene(*quirks, duration=duration, prepare=lambda yard: yard.line.drop(carries(CmSlacMatchCnf)))
    return car


def test_no_retry():
    assert len(unanswered(CarQuirk.NO_RETRY).times(CmSlacParmReq)) == 1
    assert len(match_unanswered(CarQuirk.NO_RETRY).times(CmSlacMatchReq)) == 1
    assert scene(CarQuirk.NO_RETRY)[0].sim.matched is not None


def test_endless_retry():
    requests = unanswered(CarQuirk.ENDLESS_RETRY).heard(CmSlacParmReq)
    assert set(intervals([t for t, _ in requests])) == {ms(200)}
    assert len(requests) > 100
    assert len({req.run_id for _, req in requests}) == 1
    assert len(match_unanswered(CarQuirk.ENDLESS_RETRY).times(CmSlacMatchReq)) > 3


def test_early_retry():
    assert intervals(unanswered(CarQuirk.EARLY_RETRY).times(CmSlacParmReq))[:2] == [ms(80), ms(80)]
    assert intervals(match_unanswered(CarQuirk.EARLY_RETRY).times(CmSlacMatchReq))[:2] == [ms(80), ms(80)]


def test_late_timeouts():
    """Three times TT_match_response, TT_matching_rate, TT_EV_atten_results, TT_match_join, TT_matching_repetition."""
    requests = unanswered(CarQuirk.LATE_TIMEOUTS, duration=s(60)).times(CmSlacParmReq)
    assert intervals(requests)[:2] == [ms(600), ms(600)]
    assert s(29) < requests[-1] - requests[0] < s(32)

    car = match_unanswered(CarQuirk.LATE_TIMEOUTS, duration=s(5))
    assert intervals(car.times(CmSlacMatchReq))[:2] == [ms(600), ms(600)]
    again = next(t for t in car.times(CmSlacParmReq) if t > car.times(CmSlacMatchReq)[0])
    assert again - car.times(CmSlacMatchReq)[2] == ms(600) + ms(1200)

    car, _ = scene(CarQuirk.LATE_TIMEOUTS, prepare=lambda yard: yard.line.drop(carries(CmAttenCharInd)))
    again = car.times(CmSlacParmReq)[1]
    assert again - car.times(CmStartAttenCharInd)[0] == ms(3600) + ms(1200)

    car, _ = scene(CarQuirk.LATE_TIMEOUTS, CarQuirk.NEVER_JOINS, duration=s(50))
    again = car.times(CmSlacParmReq)[1]
    assert again - car.times(CmSlacMatchCnf)[0] == s(36) + ms(1200)


def test_run_id_changes_on_repeat():
    """And an answer to the request before it is not for the car any more."""
    requests = [req for _, req in unanswered(CarQuirk.RUN_ID_CHANGES_ON_REPEAT, duration=s(1.2)).heard(CmSlacParmReq)]

    assert len(requests) == 3
    assert len({req.run_id for req in requests}) == 3
    usual = [req for _, req in unanswered(duration=s(1.2)).heard(CmSlacParmReq)]
    assert len({req.run_id for req in usual}) == 1


def test_keeps_run_id():
    def run_ids(*quirks):
        return {req.run_id for _, req in unanswered(*quirks, duration=s(5)).heard(CmSlacParmReq)}

    assert len(run_ids(CarQuirk.KEEPS_RUN_ID)) == 1
    assert len(run_ids()) > 1


def test_restarts_at_once():
    """No TT_matching_rate after an attempt that a station answered."""

    def pause(*quirks):
        car = match_unanswered(*quirks)
        again = next(t for t in car.times(CmSlacParmReq) if t > car.times(CmSlacMatchReq)[0])
        return again - car.times(CmSlacMatchReq)[2]

    assert pause(CarQuirk.RESTARTS_AT_ONCE) == ms(200)
    assert pause() == ms(600)


def test_ignores_param_cnf():
    car, _ = scene(CarQuirk.IGNORES_PARAM_CNF)

    assert len(car.times(CmSlacParmCnf)) == len(car.times(CmSlacParmReq)) > 3
    assert not car.times(CmStartAttenCharInd)


def test_accepts_foreign_run_id():
    """A station that fills in a RunID of its own: a good car waits for the right one, this one goes on."""
    station_quirks = {ChargerQuirk.WRONG_RUN_ID_IN_CNF}

    good, _ = scene(station_quirks=station_quirks)
    odd, _ = scene(CarQuirk.ACCEPTS_FOREIGN_RUN_ID, station_quirks=station_quirks)

    assert not good.times(CmStartAttenCharInd)
    assert good.notes("is not mine")
    assert odd.sim.matched is not None


# Attenuation


@pytest.mark.parametrize("quirk", [None, CarQuirk.ZERO_ATTENUATION_MEANS_DEFECT])
def test_zero_attenuation_means_defect(quirk):
    """An Ioniq sends no positive response to an indication of 0 dB (pyPlcHomeplug.py)."""
    quirks = () if quirk is None else (quirk,)
    car, _ = scene(*quirks, station_quirks={ChargerQuirk.ZERO_ATTENUATION})
    assert bool(car.times(CmAttenCharRsp)) is (quirk is None)

    healthy, _ = scene(*quirks)
    assert healthy.sim.matched is not None


def test_chooses_farthest():
    yard = Yard()
    near, far = yard.charger(STATION), yard.charger("alpitronic")
    car = yard.car(awake(CAR), near, quirks={CarQuirk.CHOOSES_FARTHEST})
    yard.cross_talk(car, far, 75.0)
    far.cable.pev.plug_in()
    car.sim.plug_in()
    yard.run_until(lambda: car.sim.matched is not None)

    assert len(car.times(CmAttenCharRsp)) == 2
    assert car.sim.matched.evse_mac == far.sim.mac


@pytest.mark.parametrize("quirk", [None, CarQuirk.ANSWERS_FOREIGN_IND])
def test_answers_foreign_ind(quirk):
    """Its modem shows the car the indication that the station sends to the car next to it."""
    yard = Yard()
    station = yard.charger(STATION)
    other = yard.car(awake("mercedes-eqe"), station)
    car = yard.car(CAR, yard.lone_cable(), quirks=() if quirk is None else {quirk})
    yard.cross_talk(car, station, 70.0)
    # The car has begun an attempt of its own that nobody answers.
    yard.line.drop(carries(CmSlacParmReq, sender=car.modem))
    car.sim.plug_in()
    yard.run(s(3.8))
    other.sim.plug_in()
    yard.run_until(lambda: other.sim.matched is not None)
    answers = [rsp for _, rsp in station.heard(CmAttenCharRsp)]

    assert len(answers) == (1 if quirk is None else 2)
    assert {rsp.source_address for rsp in answers} == {other.sim.mac}


# Network


def test_wrong_key_and_never_joins_form_no_network():
    for quirk in (CarQuirk.WRONG_KEY, CarQuirk.NEVER_JOINS):
        car, station = scene(quirk, duration=s(14))
        assert station.times(CmSlacMatchCnf)
        assert not car.modem.joined_to()
        assert car.notes("no network within TT_match_join")


@pytest.mark.parametrize("quirk", [None, CarQuirk.KEEPS_KEY_AFTER_UNPLUG])
def test_keeps_key_after_unplug(quirk):
    car, _ = scene(*(() if quirk is None else (quirk,)), until=lambda car: car.sim.state.in_network)
    key = car.sim.matched.nmk
    car.sim.unplug()
    world = car.modem.world
    world.clock.wait(world.now() + s(2))
    while (deadline := world.next_deadline()) is not None and deadline <= world.clock.now():
        world.wake(world.clock.now())

    assert (car.modem.nmk == key) is (quirk is not None)


# Control pilot


def after_the_end(end, *quirks: CarQuirk) -> list:
    """What the car sends after *end*, which comes in the middle of its sounds."""
    yard = Yard()
    station = yard.charger(STATION)
    car = yard.car(awake(CAR), station, quirks=quirks)
    car.sim.plug_in()
    yard.run_until(lambda: len(car.times(CmMnbcSoundInd)) == 3)
    end(car)
    yard.run(ms(0))
    before = len(car.modem.heard)
    yard.run(s(3))
    return [one for one in car.modem.heard[before:] if one.sent]


def unplug(car):
    car.sim.unplug()


def state_e(car):
    car.cable.evse.set_state_e()


def state_f(car):
    car.cable.evse.set_duty_cycle_pct(0)


def x1(car):
    car.cable.evse.set_duty_cycle_pct(100)


@pytest.mark.parametrize(
    ("quirk", "ignored", "obeyed"),
    [
        (CarQuirk.IGNORES_UNPLUG, [unplug], [state_e, state_f, x1]),
        (CarQuirk.IGNORES_STATE_E, [state_e, state_f], [unplug, x1]),
        (CarQuirk.IGNORES_LOSS_OF_5_PCT, [x1], [unplug, state_e, state_f]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_one_end_of_the_matching_is_ignored_and_the_others_are_not(quirk, ignored, obeyed):
    for end in ignored:
        assert len(after_the_end(end, quirk)) > 6
    for end in obeyed:
        assert after_the_end(end, quirk) == []


def test_quirks_add_up():
    car, station = scene(CarQuirk.IGNORES_UNPLUG, CarQuirk.IGNORES_STATE_E, CarQuirk.WRONG_EVSE_MAC_IN_MATCH_REQ)

    assert {req.evse_mac for _, req in car.heard(CmSlacMatchReq)} == {OTHER_STATION}
    assert station.sim.matched is None
    for end in (unplug, state_e):
        assert after_the_end(end, CarQuirk.IGNORES_UNPLUG, CarQuirk.IGNORES_STATE_E)
