"""Quirks that a suite needs to prove its own checks: stations that begin, answer or go on where they must not."""

from __future__ import annotations

from station_yard import Yard, awake

from bench.ids import RunId
from bench.mme import (
    CmAttenCharInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
)
from bench.sim.powerline import carries
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.units import ms, s

CAR, STATION = "mercedes-eqc", "everest-evsev2g-2023-04"


def scene(car_quirks=(), station_quirks=(), prepare=lambda _: None, duration=s(8)):
    yard = Yard()
    station = yard.charger(STATION, quirks=station_quirks)
    car = yard.car(awake(CAR), station, quirks=car_quirks)
    prepare(yard)
    car.sim.plug_in()
    yard.run(duration)
    return yard, car, station


def test_a_car_begins_without_an_offer():
    """CarQuirk.STARTS_WITHOUT_OFFER at a station that never shows 5 %."""
    silent = [ChargerQuirk.NO_PWM]

    _, usual, _ = scene(station_quirks=silent)
    _, odd, _ = scene([CarQuirk.STARTS_WITHOUT_OFFER], silent)

    assert usual.times(CmSlacParmReq) == []
    assert odd.times(CmSlacParmReq)


def test_a_car_asks_a_station_that_never_reported():
    """CarQuirk.MATCHES_WITHOUT_REPORT"""

    def lose_reports(yard):
        yard.line.drop(carries(CmAttenCharInd))

    _, usual, _ = scene(prepare=lose_reports)
    _, odd, _ = scene([CarQuirk.MATCHES_WITHOUT_REPORT], prepare=lose_reports)

    assert usual.times(CmSlacMatchReq) == []
    assert odd.times(CmSlacMatchReq)


def test_a_car_gives_the_network_three_seconds():
    """CarQuirk.HASTY_JOIN at a station that gives a wrong key."""
    wrong = [ChargerQuirk.WRONG_KEY]

    _, usual, _ = scene(station_quirks=wrong, duration=s(30))
    _, odd, _ = scene([CarQuirk.HASTY_JOIN], wrong, duration=s(30))

    def pause_after_match(car):
        matched = car.times(CmSlacMatchCnf)[0]
        return next(t for t in car.times(CmSlacParmReq) if t > matched) - matched

    assert pause_after_match(usual) >= s(12)
    assert pause_after_match(odd) < s(4)


def test_a_car_does_not_begin_again_after_state_e():
    """CarQuirk.STAYS_SILENT_AFTER_E"""

    def requests_after_e(*quirks):
        yard, car, station = scene(quirks, duration=s(1))
        station.sim.show_error()
        yard.run(s(4))
        before = len(car.times(CmSlacParmReq))
        car.cable.evse.set_duty_cycle_pct(5.0)
        yard.run(s(3))
        return len(car.times(CmSlacParmReq)) - before

    assert requests_after_e() > 0
    assert requests_after_e(CarQuirk.STAYS_SILENT_AFTER_E) == 0


def test_a_station_leaves_a_repeated_request_unanswered():
    """ChargerQuirk.ANSWERS_ONE_REQUEST_ONLY; the first answer is lost on the way."""

    def lose_first_answer(yard):
        yard.line.drop(carries(CmSlacParmCnf), which={1})

    _, usual, _ = scene(prepare=lose_first_answer, duration=s(1))
    _, odd, _ = scene(station_quirks=[ChargerQuirk.ANSWERS_ONE_REQUEST_ONLY], prepare=lose_first_answer, duration=s(1))

    assert usual.times(CmSlacParmCnf)
    assert odd.times(CmSlacParmCnf) == []


def test_a_station_takes_messages_of_any_run():
    """ChargerQuirk.IGNORES_RUN_ID with a car that changes its RunID in CM_START_ATTEN_CHAR.IND."""
    other_run = [CarQuirk.WRONG_RUN_ID_IN_START]

    _, usual, _ = scene(other_run)
    _, odd, _ = scene(other_run, [ChargerQuirk.IGNORES_RUN_ID])

    assert usual.times(CmAttenCharInd) == []
    assert odd.times(CmAttenCharInd)


def test_a_station_reports_sounds_that_never_came():
    """ChargerQuirk.REPORTS_UNHEARD_SOUNDS with a car that sends none."""
    no_sounds = [CarQuirk.NO_SOUNDS]

    _, usual, _ = scene(no_sounds, duration=s(3))
    _, odd, _ = scene(no_sounds, [ChargerQuirk.REPORTS_UNHEARD_SOUNDS], duration=s(3))

    assert usual.times(CmAttenCharInd) == []
    assert odd.heard(CmAttenCharInd)[0][1].num_sounds == 10
    assert odd.times(CmMnbcSoundInd, sent=True) == []


def test_a_station_gives_its_key_away():
    """ChargerQuirk.GIVES_KEY_UNASKED: one second after the car's first START, asked or not."""
    silent = [CarQuirk.NO_MATCH_REQ]

    _, usual, _ = scene(silent, duration=s(3))
    _, odd, station = scene(silent, [ChargerQuirk.GIVES_KEY_UNASKED], duration=s(3))

    assert usual.times(CmSlacMatchCnf) == []
    given_at, cnf = station.heard(CmSlacMatchCnf, sent=True)[0]
    assert given_at - station.times(CmStartAttenCharInd)[0] == s(1)
    assert cnf.nmk == station.sim.nmk
    assert odd.heard(CmSlacMatchCnf)
    assert cnf.run_id != RunId(bytes(8))
    assert ms(0) < given_at
