"""Who recorded, and with what clock: inferred from the frames alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from slac_exchange import (
    AT_EVSE,
    AT_PEV,
    BEGIN,
    EVSE,
    EVSE_MODEM,
    LISTENER,
    LISTENER_MODEM,
    OTHER_PEV,
    PEV,
    PEV_MODEM,
    Step,
    Steps,
    match,
    only,
    param_cnf,
    param_req,
    records,
    set_key,
    set_key_cnf,
    vendor_profile,
    without,
)

from bench.analysis import Recorder, Role, survey, survey_ahead
from bench.capture import Record
from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress
from bench.mme import CmValidateCnf, VsSwVerCnf, VsSwVerReq
from bench.units import ms, us

CHIP_HOST = MacAddress.parse("00:b0:52:a0:b0:c0")


def recorder_of(steps: Steps, told: Recorder | None = None) -> Recorder:
    return survey(records(steps), told).recorder


def test_the_host_that_sets_a_key_recorded_and_the_first_to_confirm_is_its_modem() -> None:
    """CM_SET_KEY.REQ never leaves its own Ethernet; a remote modem may confirm too, but later."""
    keyed = [*match(), set_key(1340), set_key_cnf(1341), set_key_cnf(1345, src=EVSE_MODEM)]

    assert recorder_of(keyed) == AT_PEV
    assert recorder_of([set_key(-9, src=EVSE), set_key_cnf(-8, src=EVSE_MODEM, dst=EVSE), *match()]) == AT_EVSE


def test_vendor_requests_give_the_host_away_too() -> None:
    """Where no key is set."""
    asked = [
        Step("ask", -20, PEV, BROADCAST, VsSwVerReq()),
        Step("told", -19, PEV_MODEM, PEV, VsSwVerCnf()),
        *without(match(), "profile"),
    ]

    assert recorder_of(asked) == AT_PEV


def test_a_confirmation_between_hosts_names_no_modem() -> None:
    """CM_VALIDATE.CNF comes from the EVSE's host."""
    steps = [set_key(-9), Step("validate", 500, EVSE, PEV, CmValidateCnf()), *match()]

    assert recorder_of(without(steps, "profile")).modem is None


def test_a_host_that_matches_nobody_is_a_listener() -> None:
    """It sets the key it overheard."""
    half = only(match(), "param_cnf", "atten_ind", "match_cnf")
    steps = [*half, set_key(1340, src=LISTENER), set_key_cnf(1341, src=LISTENER_MODEM, dst=LISTENER)]

    assert recorder_of(steps) == Recorder(Role.LISTENER, LISTENER, LISTENER_MODEM)


def test_the_car_s_own_controller_asks_its_modem_from_another_address() -> None:
    """The Ioniq's SPI traces: VS_SW_VER from an address of the chip maker's block."""
    steps = [Step("ask", -20, CHIP_HOST, LOCAL_DEVICE, VsSwVerReq()), *match(), set_key(1340), set_key_cnf(1341)]

    assert recorder_of(without(steps, "profile")) == Recorder(Role.PEV_INTERNAL, PEV, PEV_MODEM)


def test_stamps_that_do_not_count_from_1970_come_from_inside_the_car() -> None:
    """A bus trace converted to a capture has relative time."""
    keyed = records(without([*match(), set_key(1340), set_key_cnf(1341)], "profile"))
    relative = [record._replace(t=record.t - BEGIN) for record in keyed]

    assert survey(keyed).recorder.role is Role.PEV
    assert survey(relative).recorder.role is Role.PEV_INTERNAL


def test_profiles_are_delivered_on_the_evse_s_side_only() -> None:
    """Without any request of a host, CM_ATTEN_PROFILE.IND tells where this is."""
    assert recorder_of(match()) == AT_EVSE


def test_sounds_without_profiles_are_heard_on_the_pev_s_side() -> None:
    """0xA14E crosses the powerline and tells nothing."""
    steps = [*without(match(), "profile"), vendor_profile(187)]

    assert recorder_of(steps) == Recorder(Role.PEV, PEV, None)


def test_one_half_of_the_exchange_is_heard_by_a_listener() -> None:
    """A recorder always sees what its own host sends."""
    assert recorder_of(only(match(), "param_cnf", "atten_ind", "match_cnf")).role is Role.LISTENER


def test_a_host_that_hears_cars_and_is_silent_is_an_evse() -> None:
    """A station that is not ready answers nobody."""
    steps = [set_key(-9, src=EVSE), set_key_cnf(-8, src=EVSE_MODEM, dst=EVSE), param_req(0)]

    assert recorder_of(steps) == AT_EVSE


def test_a_capture_that_marks_its_own_frames_is_believed() -> None:
    """Cooked captures and pcapng flags: the sender of an outgoing management message is the host."""
    marked = [r._replace(outgoing=r.octets[6:12] == EVSE) for r in records(without(match(), "profile"))]

    assert survey(marked).recorder == Recorder(Role.EVSE, EVSE, None)


def test_nothing_is_known_without_homeplug() -> None:
    """And it says so."""
    found = survey(records(only(match(), "ip")))

    assert (found.recorder, found.homeplug) == (Recorder(), False)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Recorder(role=Role.LISTENER), Recorder(Role.LISTENER, PEV, PEV_MODEM)),
        (Recorder(host=EVSE), Recorder(Role.EVSE, EVSE, EVSE_MODEM)),
        (Recorder(modem=EVSE_MODEM), Recorder(Role.PEV, PEV, EVSE_MODEM)),
        (AT_EVSE, AT_EVSE),
    ],
)
def test_what_is_told_takes_the_place_of_what_is_found(told: Recorder, expected: Recorder) -> None:
    """Each part by itself; the rest follows from it."""
    keyed = [*match(), set_key(1340), set_key_cnf(1341)]

    assert recorder_of(keyed, told) == expected


def test_the_survey_stops_when_it_knows() -> None:
    """Frames behind the answer are not read, once there are enough stamps to know the clock."""
    keyed = records([set_key(-9, src=EVSE), set_key_cnf(-8, src=EVSE_MODEM, dst=EVSE), param_req(0), param_cnf(5)])
    rest = iter(range(1_000_000))
    endless = (Record(5 + i, BEGIN + ms(10 + i * 1.37), param_req(0).octets()) for i in rest)

    survey(record for source in (keyed, endless) for record in source)

    assert 1900 < next(rest) < 2100


def test_a_pipe_is_looked_at_and_put_back() -> None:
    """`survey_ahead` loses no record."""
    whole = records([set_key(-9, src=EVSE), set_key_cnf(-8, src=EVSE_MODEM, dst=EVSE), *match()])

    found, again = survey_ahead(iter(whole))

    assert found.recorder == AT_EVSE
    assert list(again) == whole


def test_a_pipe_is_not_held_back_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so much is kept in memory in search of the recorder."""
    monkeypatch.setattr("bench.analysis.surveying.LOOK_AHEAD", 10_000)
    source = iter(records([param_req(i * 10, src=OTHER_PEV) for i in range(1000)]))

    _, again = survey_ahead(source)

    assert next(source).number < 100
    assert next(iter(again)).number == 1


def stamped(gaps_ms: list[float], begin: int = BEGIN) -> list[Record]:
    t, found = begin, []
    for number, gap in enumerate(gaps_ms, 1):
        found.append(Record(number, t, param_req(0).octets()))
        t += ms(gap)
    return found


def jitter(i: int) -> float:
    """Up to half a millisecond, the same each time."""
    return (i * 37 % 11 - 5) / 10


def test_stamps_near_multiples_of_10_ms_are_no_finer() -> None:
    """A polled bus: every interval within half a millisecond of a multiple."""
    spi = stamped([10 * (1 + i % 7) + jitter(i) for i in range(200)])

    assert survey(spi).quantum == ms(10)


def test_ordinary_stamps_have_no_quantum() -> None:
    """Intervals that spread evenly, though a car sends every 20 ms."""
    mixed = [20 + jitter(i) if i % 3 else 3.7 + i * 0.613 % 90 for i in range(200)]

    assert survey(stamped(mixed)).quantum == 0


def test_a_few_stamps_prove_no_quantum() -> None:
    """Unless their time is relative, as that of a converted trace is."""
    few = [10 * (1 + i % 7) + jitter(i) for i in range(12)]

    assert survey(stamped(few)).quantum == 0
    assert survey(stamped(few, begin=us(5))).quantum == ms(10)


def test_replacing_an_address_replaces_the_verdict() -> None:
    """Guards the fixture: the PEV of the exchange is who set the key."""
    foreign = replace(set_key(1340), src=OTHER_PEV)

    assert recorder_of([*match(), foreign]).host == OTHER_PEV
