"""SUT: a car. The bench's station does not answer, or answers wrongly."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from bench.analysis.verdict import Profile
from bench.errors import demand
from bench.ids import Nmk, RunId
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
)
from bench.rig import Setup
from bench.slac.timers import C_EV_MATCH_RETRY, TIMERS
from bench.trace import FrameSeen
from bench.units import Ns, ms, s, show
from fixtures.stations import Allowance
from hil_tests.checks import in_run

pytestmark = [pytest.mark.needs("pev"), pytest.mark.slac, pytest.mark.negative]

FIRST_REQUEST_WITHIN = TIMERS.tt_evse_slac_init
FIELD_REPETITION: Ns = s(3)
"""Slowest repetition of an unanswered request seen in the field (pyPLC as car)."""


def first_request(setup: Setup) -> FrameSeen:
    return setup.own_evse.wire.expect(
        CmSlacParmReq, within=FIRST_REQUEST_WITHIN, who=setup.sut, rule="TT_EVSE_SLAC_init", after=0
    )


def test_it_repeats_an_unanswered_parm_req(setup: Setup, verdict_profile: Profile, allowance: Allowance) -> None:
    """Without CM_SLAC_PARM.CNF it asks again after TT_match_response, three sends with one RunID in all."""
    evse, sut = setup.own_evse, setup.sut
    evse.wire.withhold(CmSlacParmCnf)
    setup.pev.plug_in()
    evse.pilot.set_duty_cycle_pct(5.0)
    first = first_request(setup)

    requests = distinct(evse.wire.collect(CmSlacParmReq, until=lambda: False, within=s(10)), first)

    demand(len(requests) >= 2, f"{sut} asked once and never again", rule="C_EV_match_retry")
    quickest = allowance.earliest(TIMERS.tt_match_response)
    slowest = allowance.latest(TIMERS.tt_match_response)
    if verdict_profile is Profile.STRICT:
        run = [seen for seen in requests if seen.mme.run_id == first.mme.run_id][: 1 + C_EV_MATCH_RETRY]
        demand(
            len(run) == 1 + C_EV_MATCH_RETRY,
            f"{sut} sent {len(run)} requests in its first run",
            rule="C_EV_match_retry",
        )
    else:
        run, slowest = requests[:3], FIELD_REPETITION
    for earlier, later in pairwise(run):
        gap = later.t - earlier.t
        demand(
            quickest <= gap <= slowest,
            f"{sut} repeated CM_SLAC_PARM.REQ after {show(gap)}",
            rule=f"TT_match_response, {verdict_profile.value}: {show(quickest)} ... {show(slowest)}",
        )


def distinct(requests: list[FrameSeen], first: FrameSeen) -> list[FrameSeen]:
    """Without the second of a request sent twice at once (Hyundai, within 20 ms)."""
    kept = [first]
    for seen in requests:
        if seen.t - kept[-1].t >= ms(50):
            kept.append(seen)
    return kept


def test_it_repeats_an_unanswered_match_req(pev_in_b2: Setup, allowance: Allowance) -> None:
    """Without CM_SLAC_MATCH.CNF it repeats its request C_EV_match_retry times, same RunID, then stops."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut
    evse.wire.withhold(CmSlacMatchCnf)
    first = evse.wire.expect(CmSlacMatchReq, within=s(60), who=sut, rule="TP_EV_match_session")

    evse.pump.run_for(s(1.5))
    requests = evse.wire.seen(CmSlacMatchReq, where=in_run(first.mme.run_id))

    demand(
        len(requests) == 1 + C_EV_MATCH_RETRY,
        f"{sut} sent CM_SLAC_MATCH.REQ {len(requests)} times, not {1 + C_EV_MATCH_RETRY}",
        rule="C_EV_match_retry",
    )
    for earlier, later in pairwise(requests):
        gap = later.t - earlier.t
        demand(
            allowance.earliest(TIMERS.tt_match_response) <= gap <= allowance.latest(TIMERS.tt_match_response),
            f"{sut} repeated CM_SLAC_MATCH.REQ after {show(gap)}",
            rule="TT_match_response",
        )


def test_it_does_not_go_on_after_a_confirmation_for_another_run(pev_in_b2: Setup) -> None:
    """A CM_SLAC_PARM.CNF with a foreign RunID counts as none (a Taycan at pyPLC, 2023-05-03)."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut
    foreign = RunId(b"\x5a" * 8)
    evse.wire.alter(CmSlacParmCnf, lambda frame: replace(frame, mme=replace(frame.mme, run_id=foreign)))
    first_request(pev_in_b2)

    evse.wire.expect_none(CmStartAttenCharInd, during=s(3), who=sut, rule="slac-15118-3 3.1: RunID not the current one")


def test_it_asks_for_no_match_without_a_report(pev_in_b2: Setup) -> None:
    """No CM_ATTEN_CHAR.IND before TT_EV_atten_results ends: the attempt has failed, and a new one may begin."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut
    evse.wire.withhold(CmAttenCharInd)
    evse.wire.expect(CmStartAttenCharInd, within=s(60), who=sut, rule="TP_match_sequence")

    evse.wire.expect_none(
        CmSlacMatchReq, during=TIMERS.tt_ev_atten_results + s(3), who=sut, rule="TT_EV_atten_results: no IND, no match"
    )


def test_it_does_not_answer_a_report_for_another_car(pev_in_b2: Setup) -> None:
    """CM_ATTEN_CHAR.IND that names another source address counts as none."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut
    stranger = bytes.fromhex("0200000000aa")
    evse.wire.alter(
        CmAttenCharInd,
        lambda frame: replace(frame, mme=replace(frame.mme, source_address=type(frame.dst)(stranger))),
    )
    evse.wire.expect(CmStartAttenCharInd, within=s(60), who=sut, rule="TP_match_sequence")

    evse.wire.expect_none(
        CmAttenCharRsp, during=s(3), who=sut, rule="slac-15118-3 3.1: source_address is not the own MAC"
    )


def test_it_waits_before_the_next_attempt(pev_in_b2: Setup, allowance: Allowance) -> None:
    """After a failed attempt it pauses TT_matching_rate at least before it asks again."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut
    evse.wire.withhold(CmSlacMatchCnf)
    evse.wire.expect(CmSlacMatchReq, within=s(60), who=sut, rule="TP_EV_match_session")
    evse.pump.run_for(s(20))

    requests = evse.wire.seen(CmSlacMatchReq)
    last = [seen for seen in requests if seen.t <= requests[0].t + s(1)][-1]
    following = evse.wire.seen(CmSlacParmReq, since=last.t)

    if following:
        pause = following[0].t - last.t
        demand(
            pause >= allowance.earliest(TIMERS.tt_matching_rate),
            f"{sut} asks again after {show(pause)}",
            rule="TT_matching_rate",
        )


def test_it_gives_the_network_time_to_come_up(pev_in_b2: Setup, allowance: Allowance) -> None:
    """Without a link it waits TT_match_join out before it starts again (a Scudo: 13.05 s)."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut
    evse.wire.alter(CmSlacMatchCnf, lambda frame: replace(frame, mme=replace(frame.mme, nmk=Nmk(b"\x5a" * 16))))
    match = evse.wait_matched(sut=sut)

    requests = evse.wire.collect(CmSlacParmReq, until=lambda: False, within=s(30))

    if requests:
        waited = requests[0].t - match.t
        demand(
            waited >= allowance.earliest(TIMERS.tt_match_join),
            f"{sut} starts again {show(waited)} after the match",
            rule="TT_match_join",
        )
