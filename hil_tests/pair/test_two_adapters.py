"""Two adapters, both stations ours: the bench's own health, by the strict limits, and what it does when hurt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.analysis.verdict import Profile
from bench.errors import demand
from bench.ids import Nmk, RunId
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
)
from bench.power import GuardedSwitch
from bench.rig import Rig, Setup
from bench.rig.measuring import intervals_of
from bench.slac.events import AttemptFailed, GaveUp
from bench.slac.pev_table import PevState
from bench.slac.timers import C_CONN_MAX_MATCH, C_EV_MATCH_MNBC, C_EV_MATCH_RETRY, TIMERS
from bench.station import EvseStation
from bench.units import ms, s, show
from fixtures.stations import Allowance
from hil_tests.checks import demand_intervals, in_run

pytestmark = [pytest.mark.needs("pair"), pytest.mark.slac]


def test_they_match_and_join_one_network(pair_in_b2: Setup) -> None:
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev

    given = evse.wait_matched(sut="our PEV")
    taken = pev.wait_matched(sut="our EVSE")
    evse.wait_link(sut="our PEV")
    pev.wait_link(sut="our EVSE")

    demand(given.sounds_heard == C_EV_MATCH_MNBC, f"{given.sounds_heard} sounds were heard", rule="C_EV_match_MNBC")
    demand(given.network == taken.network, "the two ends believe in two networks", rule="CM_SLAC_MATCH.CNF")
    demand(given.run_id == taken.run_id, "the two ends believe in two runs", rule="RunID is echoed")


@pytest.mark.timing
@pytest.mark.parametrize("side", ["pev", "evse"])
def test_their_intervals_keep_the_strict_limits(pair_in_b2: Setup, rig: Rig, side: str) -> None:
    pair_in_b2.own_evse.wait_matched(sut="our PEV")
    pair_in_b2.own_pev.wait_link(sut="our EVSE")

    witness = pair_in_b2.own_evse if side == "pev" else pair_in_b2.own_pev
    demand_intervals(
        intervals_of(witness),
        side,
        who=f"our {side.upper()}",
        profile=Profile.STRICT,
        uncertainty=rig.uncertainty,
    )


@pytest.mark.negative
def test_a_silent_station_is_asked_three_times_per_attempt_and_given_up(pair_in_b2: Setup) -> None:
    """C_EV_match_retry per attempt, at least C_conn_max_match attempts, then no more after TT_matching_repetition."""
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    evse.wire.withhold(CmSlacParmCnf)

    pev.pump.run(pev.gave_up, pev.now() + s(30))

    requests = evse.wire.seen(CmSlacParmReq)
    runs = {seen.mme.run_id for seen in requests}
    demand(pev.gave_up(), "our PEV asks for ever", rule="TT_matching_repetition")
    demand(len(runs) >= C_CONN_MAX_MATCH, f"only {len(runs)} attempts", rule="C_conn_max_match")
    demand(len(requests) == len(runs) * (1 + C_EV_MATCH_RETRY), f"{len(requests)} requests", rule="C_EV_match_retry")


@pytest.mark.negative
def test_a_confirmation_for_another_run_is_ignored_and_said(pair_in_b2: Setup) -> None:
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    evse.wire.alter(CmSlacParmCnf, lambda f: replace(f, mme=replace(f.mme, run_id=RunId(b"\x5a" * 8))))

    evse.wire.expect_none(CmStartAttenCharInd, during=s(3), who="our PEV", rule="RunID not the current one")

    said = [entry.text for entry in pev.trace.entries if "ignored CM_SLAC_PARM.CNF" in getattr(entry, "text", "")]
    demand(said and "run" in said[0].lower(), "our PEV did not say why it ignored the confirmation", rule="diagnosis")


@pytest.mark.negative
def test_without_sounds_nothing_is_reported(pair_in_b2: Setup) -> None:
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    pev.wire.withhold(CmMnbcSoundInd)

    pev.wire.expect_none(CmAttenCharInd, during=s(2), who="our EVSE", rule="nothing heard, nothing to report")

    whys = [event.why for event in evse.events if isinstance(event, AttemptFailed)]
    demand(any("nothing heard" in why for why in whys), f"our EVSE did not say why: {whys}", rule="diagnosis")


@pytest.mark.negative
def test_missing_sounds_are_reported_as_missing(pair_in_b2: Setup) -> None:
    pev = pair_in_b2.own_pev
    pev.wire.alter(CmMnbcSoundInd, lambda frame: None if frame.mme.cnt == 5 else frame)

    match = pev.wait_matched(sut="our EVSE")

    demand(match.sounds_heard == 9, f"our EVSE reports {match.sounds_heard} sounds", rule="CM_ATTEN_CHAR.IND")


@pytest.mark.negative
@pytest.mark.parametrize("how", ["plug out", pytest.param("E", marks=pytest.mark.state_e), "F"])
def test_leaving_the_pilot_states_in_the_middle_ends_both_sides(pair_in_b2: Setup, how: str) -> None:
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    evse.wire.expect(CmMnbcSoundInd, within=s(5), who="our PEV", rule="C_EV_match_MNBC")

    match how:
        case "plug out":
            pev.unplug()
        case "E":
            evse.pilot.set_state_e()
        case _:
            evse.pilot.set_duty_cycle_pct(0.0)
    since = pev.now()
    pair_in_b2.run_for(s(1))

    demand(pev.machine.state is PevState.IDLE, f"our PEV is {pev.machine.state.value}", rule="slac-15118-3 6")
    demand(
        not evse.machine.sessions, f"our EVSE still has {len(evse.machine.sessions)} session(s)", rule="slac-15118-3 6"
    )
    demand(
        not [seen for seen in evse.wire.seen(CmMnbcSoundInd) if seen.t > since + ms(20)],
        "our PEV goes on sounding",
        rule="slac-15118-3 6",
    )


@pytest.mark.negative
def test_a_wrong_key_ends_in_a_join_time_out_on_both_sides(pair_in_b2: Setup) -> None:
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    evse.wire.alter(CmSlacMatchCnf, lambda f: replace(f, mme=replace(f.mme, nmk=Nmk(b"\x5a" * 16))))
    evse.wait_matched(sut="our PEV")

    pair_in_b2.run_for(TIMERS.tt_match_join + s(1))

    for station in (evse, pev):
        whys = [event.why for event in station.events if isinstance(event, AttemptFailed)]
        demand(
            any("TT_match_join" in why for why in whys) and station.adapter.link_up_at is None,
            f"our {station.name} did not notice that nobody joined: {whys}",
            rule="TT_match_join",
        )


@pytest.mark.negative
def test_an_unanswered_match_request_is_repeated_twice(pair_in_b2: Setup) -> None:
    evse = pair_in_b2.own_evse
    evse.wire.withhold(CmSlacMatchCnf)
    first = evse.wire.expect(CmSlacMatchReq, within=s(5), who="our PEV", rule="TP_EV_match_session")

    pair_in_b2.run_for(ms(900))

    same_run = evse.wire.seen(CmSlacMatchReq, since=first.t, where=lambda seen: seen.mme.run_id == first.mme.run_id)
    demand(len(same_run) == 1 + C_EV_MATCH_RETRY, f"asked {len(same_run)} times", rule="C_EV_match_retry")


@pytest.mark.negative
def test_an_unanswered_report_is_repeated_twice(pair_in_b2: Setup) -> None:
    pev = pair_in_b2.own_pev
    pev.wire.withhold(CmAttenCharRsp)
    pev.wire.withhold(CmSlacMatchReq)
    first = pev.wire.expect(CmAttenCharInd, within=s(5), who="our EVSE", rule="TP_EVSE_avg_atten_calc")

    pair_in_b2.run_for(ms(900))

    reports = pev.wire.seen(CmAttenCharInd, where=in_run(first.mme.run_id))
    demand(len(reports) == 1 + C_EV_MATCH_RETRY, f"reported {len(reports)} times", rule="C_EV_match_retry")


def test_the_near_station_wins(setup: Setup, neighbour: Callable[[float], EvseStation]) -> None:
    """Two EVSEs hear the car, one through cross-talk."""
    far = neighbour(70.0)
    setup.own_evse.pilot.set_duty_cycle_pct(5.0)
    setup.own_pev.plug_in()

    match = setup.own_pev.wait_matched(sut="our EVSE")

    reports = setup.own_pev.wire.seen(CmAttenCharInd)
    demand(len({seen.frame.src for seen in reports if seen.frame}) == 2, "only one station reported", rule="two EVSEs")
    demand(match.evse_mac == setup.own_evse.mac, f"our PEV chose {match.evse_mac}", rule="lowest attenuation")
    demand(far.matched() is None, "the far station believes in a match", rule="lowest attenuation")


@pytest.mark.negative
def test_nobody_asks_and_the_station_gives_up(setup: Setup, allowance: Allowance) -> None:
    """TT_EVSE_SLAC_init: a car that never asks."""
    setup.own_pev.wire.withhold(CmSlacParmReq)
    setup.own_evse.pilot.set_duty_cycle_pct(5.0)
    setup.own_pev.plug_in()
    start = setup.now()

    setup.run_for(TIMERS.tt_evse_slac_init + s(1))

    gave_up = [event for event in setup.own_evse.events if isinstance(event, GaveUp)]
    demand(gave_up, "our EVSE waits for ever", rule="TT_EVSE_SLAC_init")
    waited = gave_up[0].t - start
    demand(
        abs(waited - TIMERS.tt_evse_slac_init) <= allowance.jitter,
        f"our EVSE gave up after {show(waited)}",
        rule="TT_EVSE_SLAC_init",
    )


def test_a_change_of_the_duty_cycle_does_not_disturb_matching(pair_in_b2: Setup) -> None:
    evse = pair_in_b2.own_evse
    evse.wire.expect(CmMnbcSoundInd, within=s(5), who="our PEV", rule="C_EV_match_MNBC")

    evse.pilot.set_duty_cycle_pct(53.0)

    match = evse.wait_matched(sut="our PEV")
    demand(match.sounds_heard == C_EV_MATCH_MNBC, "sounds were lost", rule="slac-15118-3 6")


@pytest.mark.negative
@pytest.mark.parametrize("whose", ["evse", "pev"])
def test_an_adapter_without_power_costs_an_attempt_and_no_more(
    pair_in_b2: Setup, power: dict[str, GuardedSwitch], whose: str
) -> None:
    """Power off and on again in the middle of sounding: that attempt fails, and a later one matches and joins."""
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    interrupted = evse.wire.expect(CmMnbcSoundInd, within=s(5), who="our PEV", rule="C_EV_match_MNBC").mme.run_id

    power[whose].off()
    pair_in_b2.run_for(ms(500))
    power[whose].on()
    match = pev.wait_matched(sut="our EVSE")
    pev.wait_link(sut="our EVSE")
    evse.wait_link(sut="our PEV")

    demand(match.run_id != interrupted, "the attempt went on without an adapter", rule="a new attempt, a new RunID")
    demand(pev.failed(), "our PEV did not notice that its attempt had failed", rule="TT_EV_atten_results")
