"""Each quirk of a charging station changes what it names and nothing else."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from station_yard import Station, Yard, awake, intervals

from bench.ids import nid_from_nmk
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
from bench.sim.charger import ChargerState
from bench.sim.charger.conduct import EFFECTS
from bench.sim.powerline import carries
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.units import ms, s

CAR = "mercedes-eqc"
STATION = "everest-evsev2g-2023-04"


def scene(
    *quirks: ChargerQuirk,
    station_id: str = STATION,
    car_quirks=(),
    until=None,
    duration=s(8),
    prepare=lambda _: None,
) -> tuple[Station, Station]:
    """A station with *quirks* and a good car, for *duration* or until something is true of the station."""
    yard = Yard()
    station = yard.charger(station_id, quirks=quirks)
    car = yard.car(awake(CAR), station, quirks=car_quirks)
    prepare(yard)
    car.sim.plug_in()
    if until is None:
        yard.run(duration)
    else:
        yard.run_until(lambda: until(station))
    return station, car


def test_every_quirk_has_its_effect_and_is_told_apart():
    assert set(EFFECTS) == set(ChargerQuirk)
    assert len({quirk.value for quirk in ChargerQuirk}) == len(ChargerQuirk)
    assert all(quirk.value.split(":")[0] in ("fault", "quirk") for quirk in ChargerQuirk)


@pytest.mark.parametrize("quirks", [CarQuirk, ChargerQuirk])
def test_every_quirk_has_a_test(quirks):
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*_quirks.py"))

    assert [quirk for quirk in quirks if f"{quirks.__name__}.{quirk.name}" not in tests] == []


# Messages with another field

OTHER_FIELDS = [
    (ChargerQuirk.WRONG_RUN_ID_IN_CNF, CmSlacParmCnf, {"run_id"}),
    (ChargerQuirk.RESP_TYPE_0, CmSlacParmCnf, {"resp_type"}),
    (ChargerQuirk.NO_TIME_OUT, CmSlacParmCnf, {"time_out"}),
    (ChargerQuirk.WRONG_FORWARDING_STA, CmSlacParmCnf, {"forwarding_sta"}),
    (ChargerQuirk.WRONG_NUM_GROUPS, CmAttenCharInd, {"aag"}),
    (ChargerQuirk.NO_GROUPS, CmAttenCharInd, {"aag"}),
    (ChargerQuirk.ZERO_ATTENUATION, CmAttenCharInd, {"aag"}),
    (ChargerQuirk.INVENTED_ATTENUATION, CmAttenCharInd, {"aag"}),
    (ChargerQuirk.WRONG_RUN_ID_IN_IND, CmAttenCharInd, {"run_id"}),
    (ChargerQuirk.WRONG_SOURCE_ADDRESS_IN_IND, CmAttenCharInd, {"source_address"}),
    (ChargerQuirk.WRONG_RUN_ID_IN_MATCH_CNF, CmSlacMatchCnf, {"run_id"}),
    (ChargerQuirk.WRONG_MVF_LENGTH, CmSlacMatchCnf, {"mvf_length"}),
    (ChargerQuirk.WRONG_KEY, CmSlacMatchCnf, {"nmk"}),
]


@pytest.mark.parametrize(("quirk", "message", "changed"), OTHER_FIELDS, ids=lambda value: getattr(value, "name", ""))
def test_one_field_of_one_message_is_different(quirk, message, changed):
    """Up to the first such message the run is the usual one, octet by octet; that one differs in the named field."""
    usual, _ = scene()
    odd, _ = scene(quirk)
    n = next(n for n, (_, mme) in enumerate(odd.heard()) if isinstance(mme, message))
    different, normal = odd.heard()[n][1], usual.heard()[n][1]

    assert odd.modem.heard[:n] == usual.modem.heard[:n]
    assert odd.modem.heard[n].t == usual.modem.heard[n].t
    names = {field.name for field in fields(message)}
    assert {name for name in names if getattr(different, name) != getattr(normal, name)} == changed


@pytest.mark.parametrize(
    ("quirk", "aag"),
    [
        (ChargerQuirk.WRONG_NUM_GROUPS, 57),
        (ChargerQuirk.NO_GROUPS, 0),
        (ChargerQuirk.ZERO_ATTENUATION, 58),
        (ChargerQuirk.INVENTED_ATTENUATION, 58),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_groups_of_an_odd_indication(quirk, aag):
    station, _ = scene(quirk, until=lambda station: station.times(CmAttenCharInd))
    [(_, ind)] = station.heard(CmAttenCharInd)

    assert len(ind.aag) == aag
    if quirk is ChargerQuirk.ZERO_ATTENUATION:
        assert ind.average_db == 0
    if quirk is ChargerQuirk.INVENTED_ATTENUATION:
        assert ind.average_db == 3


def test_claims_ten_sounds():
    def reported(*quirks):
        station, _ = scene(
            *quirks,
            until=lambda station: station.times(CmAttenCharInd),
            prepare=lambda yard: yard.line.drop(carries(CmMnbcSoundInd), which={4}),
        )
        return station.heard(CmAttenCharInd)[0][1].num_sounds

    assert reported(ChargerQuirk.CLAIMS_TEN_SOUNDS) == 10
    assert reported() == 9


def test_invented_attenuation_wins_although_it_is_far():
    """What cross-talk and a dishonest station can do together: the far one gets the car."""
    yard = Yard()
    near = yard.charger(STATION)
    far = yard.charger("alpitronic", quirks={ChargerQuirk.INVENTED_ATTENUATION})
    car = yard.car(awake(CAR), near)
    yard.cross_talk(car, far, 75.0)
    far.cable.pev.plug_in()
    car.sim.plug_in()
    yard.run_until(lambda: car.sim.matched is not None)

    assert car.sim.matched.evse_mac == far.sim.mac


# Messages that are missing

MISSING = [
    (ChargerQuirk.SILENT, CmSlacParmCnf),
    (ChargerQuirk.NO_ATTEN_CHAR_IND, CmAttenCharInd),
    (ChargerQuirk.NO_MATCH_CNF, CmSlacMatchCnf),
]


@pytest.mark.parametrize(("quirk", "message"), MISSING, ids=lambda value: getattr(value, "name", ""))
def test_one_message_is_never_sent(quirk, message):
    """Everything that comes before it is as usual."""
    usual, _ = scene()
    odd, _ = scene(quirk)
    n = next(n for n, (_, mme) in enumerate(usual.heard()) if isinstance(mme, message))

    assert not odd.times(message)
    assert odd.modem.heard[:n] == usual.modem.heard[:n]


def test_a_silent_station_still_sets_its_own_key():
    station, _ = scene(ChargerQuirk.SILENT)

    assert station.times(CmSetKeyReq)
    assert {mme.mmtype for _, mme in station.heard(sent=True)} == {CmSetKeyReq.mmtype}


# Latencies

LATENCIES = [
    (ChargerQuirk.LATE_CNF, CmSlacParmReq, CmSlacParmCnf, ms(250)),
    (ChargerQuirk.SLOW_CNF, CmSlacParmReq, CmSlacParmCnf, ms(137)),
    (ChargerQuirk.LATE_ATTEN_CHAR_IND, CmStartAttenCharInd, CmAttenCharInd, ms(1300)),
    (ChargerQuirk.LATE_MATCH_CNF, CmSlacMatchReq, CmSlacMatchCnf, ms(250)),
    (ChargerQuirk.SLOW_MATCH_CNF, CmSlacMatchReq, CmSlacMatchCnf, ms(150)),
]


@pytest.mark.parametrize(
    ("quirk", "earlier", "later", "expected"), LATENCIES, ids=lambda value: getattr(value, "name", "")
)
def test_one_reaction_takes_longer(quirk, earlier, later, expected):
    station, _ = scene(quirk)

    assert station.times(later)[0] - station.times(earlier)[0] == expected


def test_slow_atten_char_ind():
    station, _ = scene(ChargerQuirk.SLOW_ATTEN_CHAR_IND)

    assert station.times(CmAttenCharInd)[0] - station.times(CmMnbcSoundInd)[9] == ms(250)


def test_early_atten_char_ind():
    station, _ = scene(ChargerQuirk.EARLY_ATTEN_CHAR_IND)
    [indicated, *_], sounds = station.times(CmAttenCharInd), station.times(CmMnbcSoundInd)

    assert sounds[4] < indicated < sounds[5]
    assert station.heard(CmAttenCharInd)[0][1].num_sounds == 5


# Repetitions


def indications(*quirks: ChargerQuirk, station_id="tesla-supercharger-v3", answered=False, duration=s(5)) -> list[int]:
    station, _ = scene(
        *quirks,
        station_id=station_id,
        car_quirks=() if answered else {CarQuirk.NO_ATTEN_RSP, CarQuirk.NO_RETRY},
        duration=duration,
    )
    return station.times(CmAttenCharInd)


def test_does_not_repeat_ind():
    assert len(indications(ChargerQuirk.DOES_NOT_REPEAT_IND)) == 1
    assert len(indications()) == 3


def test_endless_ind_repeat():
    repeated = indications(ChargerQuirk.ENDLESS_IND_REPEAT)

    assert len(repeated) > 15
    assert set(intervals(repeated)) == {ms(205)}
    assert len(indications(ChargerQuirk.ENDLESS_IND_REPEAT, answered=True)) == 1


def test_ignores_atten_rsp():
    assert len(indications(ChargerQuirk.IGNORES_ATTEN_RSP, answered=True, duration=s(2))) == 3
    assert len(indications(answered=True, duration=s(2))) == 1


def confirmations(*quirks: ChargerQuirk) -> list[CmSlacMatchCnf]:
    station, _ = scene(*quirks, prepare=lambda yard: yard.line.drop(carries(CmSlacMatchCnf), which={1, 2}))
    return [cnf for _, cnf in station.heard(CmSlacMatchCnf)]


def test_ignores_repeated_match_req():
    assert len(confirmations(ChargerQuirk.IGNORES_REPEATED_MATCH_REQ)) == 1
    assert len(confirmations()) == 3


def test_different_cnf_on_repeat():
    first, second, third = confirmations(ChargerQuirk.DIFFERENT_CNF_ON_REPEAT)

    assert first.nmk != second.nmk == third.nmk
    assert len(set(confirmations())) == 1


# Whom it answers


def two_cars(*quirks: ChargerQuirk, first: str = CAR) -> tuple[Yard, Station, Station, Station]:
    """A station with a car of its own and a stranger in earshot, which is plugged in elsewhere."""
    yard = Yard()
    station = yard.charger(STATION, quirks=quirks)
    own = yard.car(awake(first), station)
    stranger = yard.car(awake("mercedes-eqe"), yard.lone_cable())
    yard.cross_talk(stranger, station)
    return yard, station, own, stranger


def answers_to(car: Station) -> list[CmSlacParmCnf]:
    """Without what its modem shows it of the station's answers to others."""
    return [cnf for _, cnf in car.heard(CmSlacParmCnf) if cnf.forwarding_sta == car.sim.mac]


@pytest.mark.parametrize("quirk", [None, ChargerQuirk.SERVES_ONE_CAR_ONLY])
def test_serves_one_car_only(quirk):
    yard, station, own, stranger = two_cars(*(() if quirk is None else (quirk,)))
    own.sim.plug_in()
    yard.run_until(lambda: bool(own.times(CmStartAttenCharInd)))
    stranger.sim.plug_in()
    yard.run_until(lambda: own.sim.matched is not None)

    assert bool(answers_to(stranger)) is (quirk is None)
    assert station.sim.matched.pev_mac == own.sim.mac


@pytest.mark.parametrize("quirk", [None, ChargerQuirk.ANSWERS_WHEN_MATCHED])
def test_answers_when_matched(quirk):
    yard, _, own, stranger = two_cars(*(() if quirk is None else (quirk,)))
    own.sim.plug_in()
    yard.run_until(lambda: own.sim.state.in_network)
    stranger.sim.plug_in()
    yard.run(s(2))

    assert bool(answers_to(stranger)) is (quirk is not None)


@pytest.mark.parametrize("quirk", [None, ChargerQuirk.ANSWERS_IN_STATE_A])
def test_answers_in_state_a(quirk):
    yard, station, _, stranger = two_cars(*(() if quirk is None else (quirk,)))
    stranger.sim.plug_in()
    yard.run(s(2))

    assert station.cable.evse.read().label == "A1"
    assert bool(answers_to(stranger)) is (quirk is not None)


@pytest.mark.parametrize("quirk", [None, ChargerQuirk.ANSWERS_AFTER_SLAC_INIT])
def test_answers_after_slac_init(quirk):
    station, _ = scene(*(() if quirk is None else (quirk,)), car_quirks={CarQuirk.LATE_PARM_REQ}, duration=s(61))

    assert station.times(CmSlacParmReq)
    assert bool(station.times(CmSlacParmCnf)) is (quirk is not None)


@pytest.mark.parametrize("quirk", [None, ChargerQuirk.INSISTS_ON_TIME_OUT_6])
def test_insists_on_time_out_6(quirk):
    quirks = () if quirk is None else (quirk,)

    station, _ = scene(*quirks, car_quirks={CarQuirk.TIME_OUT_10_IN_START})
    assert bool(station.times(CmAttenCharInd)) is (quirk is None)
    station, _ = scene(*quirks)
    assert station.times(CmAttenCharInd)


@pytest.mark.parametrize("quirk", [None, ChargerQuirk.ACCEPTS_FOREIGN_MATCH_REQ])
def test_accepts_foreign_match_req(quirk):
    station, _ = scene(*(() if quirk is None else (quirk,)), car_quirks={CarQuirk.WRONG_EVSE_MAC_IN_MATCH_REQ})

    assert station.times(CmSlacMatchReq)
    assert bool(station.times(CmSlacMatchCnf)) is (quirk is not None)


# Network


def test_wrong_key_forms_no_network():
    station, car = scene(ChargerQuirk.WRONG_KEY)

    assert car.sim.matched is not None
    assert station.modem.nmk != car.modem.nmk
    assert not station.modem.joined_to()


@pytest.mark.parametrize("quirk", [None, ChargerQuirk.NID_NOT_FROM_NMK])
def test_nid_not_from_nmk(quirk):
    """The modem has the same odd NID, so cars join nevertheless."""
    station, car = scene(*(() if quirk is None else (quirk,)), until=lambda station: station.modem.joined_to())
    [(_, cnf)] = station.heard(CmSlacMatchCnf)

    assert (cnf.nid == nid_from_nmk(cnf.nmk)) is (quirk is None)
    assert station.modem.nid == car.modem.nid == cnf.nid


def two_sessions(*quirks: ChargerQuirk) -> tuple[Station, Station, list[bytes]]:
    """Plugged in, unplugged, plugged in again for five seconds; the NMK the car got each time."""
    yard = Yard()
    station = yard.charger(STATION, quirks=quirks)
    car = yard.car(awake(CAR), station)
    keys = []
    for _ in range(2):
        car.sim.plug_in()
        yard.run(s(5))
        keys += [car.sim.matched.nmk] if car.sim.matched else []
        car.sim.unplug()
        yard.run(s(5))
    return station, car, keys


def test_same_key_every_session():
    _, _, same = two_sessions(ChargerQuirk.SAME_KEY_EVERY_SESSION)
    _, _, new = two_sessions()

    assert len(same) == len(new) == 2
    assert len(set(same)) == 1
    assert len(set(new)) == 2


# Control pilot


def test_no_pwm():
    station, car = scene(ChargerQuirk.NO_PWM, duration=s(100))

    assert station.cable.evse.read().label == "B1"
    assert not car.modem.heard


def test_keeps_session_after_unplug():
    """Plugged in again, the car finds a station that is still matched with it and does not answer."""
    station, _, keys = two_sessions(ChargerQuirk.KEEPS_SESSION_AFTER_UNPLUG)

    assert len(keys) == 1
    assert station.sim.matched is not None
    assert station.modem.nmk == keys[0]
    assert station.sim.state is ChargerState.IDLE
    assert station.cable.evse.read().label == "A1"


def test_keeps_pwm_after_unplug():
    station, _, keys = two_sessions(ChargerQuirk.KEEPS_PWM_AFTER_UNPLUG)

    assert station.cable.evse.read().label == "A2"
    assert station.sim.matched is None
    assert len(set(keys)) == 2
    assert not [rsp for _, rsp in station.heard(CmAttenCharRsp) if rsp.result]
