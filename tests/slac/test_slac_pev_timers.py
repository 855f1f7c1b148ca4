"""The PEV's timers and counts of slac-15118-3.md section 4, each at its instant and not a nanosecond before."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from slac_stage import EVSE, FAR_EVSE, PevOnStage

from bench.mme import (
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchReq,
    CmSlacParmReq,
    CmStartAttenCharInd,
)
from bench.slac.events import AttemptFailed, GaveUp, LinkUp
from bench.slac.pev import PevSettings
from bench.slac.pev_table import PevState
from bench.slac.standard import ALLOWED
from bench.slac.timers import (
    C_CONN_MAX_MATCH,
    C_EV_MATCH_MNBC,
    C_EV_MATCH_RETRY,
    C_EV_START_ATTEN_CHAR_INDS,
    TIMERS,
)
from bench.units import ms


def demand_attempt_fails_at(pev: PevOnStage, end, why: str) -> None:
    """The running attempt fails at *end*, for this reason, and the PEV pauses."""
    pev.run_just_short_of(end)
    assert not pev.said(AttemptFailed)

    pev.run_until(end)

    (failed,) = pev.said(AttemptFailed)
    assert (failed.t, failed.why) == (end, why)
    assert failed.who == f"run {pev.run_id}"
    assert pev.state is PevState.PAUSE


def test_tp_ev_slac_init_is_kept_by_asking_at_once():
    """At most 10 s from the trigger to the first CM_SLAC_PARM.REQ: this PEV takes none."""
    pev = PevOnStage()

    pev.plug_in()

    assert [request.t for request in pev.sent(CmSlacParmReq)] == [pev.now]


def test_tt_match_response_repeats_the_request_c_ev_match_retry_times():
    """CM_SLAC_PARM.REQ without answer is sent three times, TT_match_response apart, same RunID; then it has failed."""
    pev = PevOnStage()
    pev.plug_in()
    first = pev.now

    demand_attempt_fails_at(
        pev,
        first + (1 + C_EV_MATCH_RETRY) * TIMERS.tt_match_response,
        "no CM_SLAC_PARM.CNF after C_EV_match_retry repetitions",
    )

    requests = pev.sent(CmSlacParmReq)
    assert [request.t - first for request in requests] == [0, TIMERS.tt_match_response, 2 * TIMERS.tt_match_response]
    assert len({request.mme.run_id for request in requests}) == 1


@pytest.mark.parametrize("repetition", range(1 + C_EV_MATCH_RETRY))
def test_confirmation_of_any_of_the_three_requests_counts(repetition):
    """Up to its last nanosecond; the sounds begin when TT_match_response is over, because others may still confirm."""
    pev = PevOnStage()
    pev.plug_in()
    window_ends = pev.now + (1 + repetition) * TIMERS.tt_match_response
    pev.run_just_short_of(window_ends)

    pev.is_confirmed()
    assert not pev.sent(CmStartAttenCharInd)
    pev.run_until(window_ends)

    assert [start.t for start in pev.sent(CmStartAttenCharInd)] == [window_ends]
    assert len(pev.sent(CmSlacParmReq)) == 1 + repetition


def test_tp_match_sequence_is_kept_by_sounding_at_once():
    """At most 100 ms from the end of the exchange before: this PEV takes none."""
    pev = PevOnStage()
    pev.in_state("SOUNDING")

    assert [start.t for start in pev.sent(CmStartAttenCharInd)] == [pev.now]


def test_start_and_sounds_come_tp_ev_batch_msg_interval_apart():
    """C_EV_start_atten_char_inds START, then C_EV_match_MNBC sounds, all in one raster within 20..50 ms."""
    pev = PevOnStage()
    pev.in_state("SOUNDING")

    pev.sounds_out()

    batch = pev.sent(CmStartAttenCharInd) + pev.sent(CmMnbcSoundInd)
    assert len(pev.sent(CmStartAttenCharInd)) == C_EV_START_ATTEN_CHAR_INDS
    assert len(pev.sent(CmMnbcSoundInd)) == C_EV_MATCH_MNBC
    assert {later.t - earlier.t for earlier, later in pairwise(batch)} == {TIMERS.tp_ev_batch_msg_interval}
    assert ALLOWED["TP_EV_batch_msg_interval"].permits(TIMERS.tp_ev_batch_msg_interval)


@pytest.mark.parametrize("interval", [ms(20), ms(50)])
def test_raster_of_the_sounds_may_be_set(interval):
    """20 and 50 ms are lawful; three START and ten sounds take twelve intervals."""
    pev = PevOnStage(PevSettings(timers=replace(TIMERS, tp_ev_batch_msg_interval=interval)))
    pev.in_state("SOUNDING")
    first = pev.now

    pev.run_for(12 * interval)

    assert pev.sent(CmMnbcSoundInd)[-1].t == first + 12 * interval


def test_tt_ev_atten_results_ends_an_attempt_without_report():
    """No CM_ATTEN_CHAR.IND at all before TT_EV_atten_results after the first START is over: the attempt has failed."""
    pev = PevOnStage()
    pev.in_state("SOUNDING")

    demand_attempt_fails_at(pev, pev.now + TIMERS.tt_ev_atten_results, "no EVSE reported, or none is near enough")


def test_report_at_the_last_instant_of_tt_ev_atten_results_is_answered():
    """One nanosecond before the end it is answered, and counts."""
    pev = PevOnStage()
    pev.in_state("SOUNDING")
    pev.run_just_short_of(pev.now + TIMERS.tt_ev_atten_results)

    pev.gets_report()

    assert pev.sent(CmAttenCharRsp)
    assert pev.state is PevState.WAIT_MATCH_CNF


def test_report_after_tt_ev_atten_results_is_not_answered():
    """Later indications are not answered."""
    pev = PevOnStage()
    pev.in_state("SOUNDING")
    pev.run_for(TIMERS.tt_ev_atten_results)

    pev.gets_report()

    assert not pev.sent(CmAttenCharRsp)
    assert pev.last_ignored.why == "no attempt is running"


def test_pev_waits_out_tt_ev_atten_results_for_an_evse_that_confirmed():
    """Two confirmed, one reported: TT_EV_atten_results is waited out, then the one that reported is asked."""
    pev = PevOnStage()
    pev.plug_in()
    pev.is_confirmed()
    pev.is_confirmed(by=FAR_EVSE)
    pev.run_for(TIMERS.tt_match_response)
    window_ends = pev.now + TIMERS.tt_ev_atten_results
    pev.run_for(ms(500))
    pev.gets_report()

    pev.run_just_short_of(window_ends)
    assert not pev.sent(CmSlacMatchReq)
    pev.run_until(window_ends)

    assert [(request.t, request.dst) for request in pev.sent(CmSlacMatchReq)] == [(window_ends, EVSE)]


def test_wait_for_all_false_waits_out_tt_ev_atten_results_whoever_has_reported():
    """Many cars run a fixed schedule: they ask for the match a constant time after their first START."""
    pev = PevOnStage(PevSettings(wait_for_all=False))
    pev.in_state("SOUNDING")
    window_ends = pev.now + TIMERS.tt_ev_atten_results
    pev.sounds_out()
    pev.gets_report()

    pev.run_just_short_of(window_ends)
    assert not pev.sent(CmSlacMatchReq)
    pev.run_until(window_ends)

    assert [request.t for request in pev.sent(CmSlacMatchReq)] == [window_ends]


def test_tp_ev_match_session_is_kept_by_asking_at_once():
    """At most 500 ms from the last CM_ATTEN_CHAR.RSP to CM_SLAC_MATCH.REQ: this PEV takes none."""
    pev = PevOnStage()
    pev.in_state("WAIT_RESULTS")
    pev.run_for(ms(33))

    pev.gets_report()

    assert [request.t for request in pev.sent(CmSlacMatchReq)] == [pev.now]


def test_tt_match_response_repeats_the_match_request_c_ev_match_retry_times():
    """CM_SLAC_MATCH.REQ without answer is sent three times, same RunID; then the attempt has failed."""
    pev = PevOnStage()
    pev.in_state("WAIT_MATCH_CNF")
    first = pev.now

    demand_attempt_fails_at(
        pev,
        first + (1 + C_EV_MATCH_RETRY) * TIMERS.tt_match_response,
        "no CM_SLAC_MATCH.CNF after C_EV_match_retry repetitions",
    )

    requests = pev.sent(CmSlacMatchReq)
    assert [request.t - first for request in requests] == [0, TIMERS.tt_match_response, 2 * TIMERS.tt_match_response]
    assert len({request.mme for request in requests}) == 1


@pytest.mark.parametrize("repetition", range(1 + C_EV_MATCH_RETRY))
def test_confirmation_of_any_of_the_three_match_requests_counts(repetition):
    """Up to its last nanosecond."""
    pev = PevOnStage()
    pev.in_state("WAIT_MATCH_CNF")
    pev.run_just_short_of(pev.now + (1 + repetition) * TIMERS.tt_match_response)

    pev.is_let_in()

    assert pev.state is PevState.JOINING


def test_tt_match_join_ends_a_match_without_link():
    """No link within TT_match_join after CM_SLAC_MATCH.CNF: matching failed."""
    pev = PevOnStage()
    pev.in_state("JOINING")

    demand_attempt_fails_at(pev, pev.now + TIMERS.tt_match_join, "no link in TT_match_join")


def test_link_at_the_last_instant_of_tt_match_join_counts():
    """And the event says how long it took since the confirmation."""
    pev = PevOnStage()
    pev.in_state("JOINING")
    pev.run_just_short_of(pev.now + TIMERS.tt_match_join)

    pev.link()

    assert [event.after for event in pev.said(LinkUp)] == [TIMERS.tt_match_join - 1]
    assert pev.state is PevState.MATCHED


def test_tt_matching_rate_is_the_pause_between_attempts():
    """A new attempt begins TT_matching_rate after the failed one, with a new RunID."""
    pev = PevOnStage()
    pev.in_state("PAUSE")
    old_run = pev.run_id
    due = pev.now + TIMERS.tt_matching_rate
    pev.forget()

    pev.run_just_short_of(due)
    assert not pev.frames
    pev.run_until(due)

    (request,) = pev.sent(CmSlacParmReq)
    assert request.t == due
    assert request.mme.run_id == pev.run_id != old_run


def test_tt_matching_repetition_ends_the_attempts():
    """No attempt begins after TT_matching_repetition; the PEV stays unmatched until a new trigger."""
    pev = PevOnStage()
    pev.plug_in()
    start = pev.now

    pev.run_for(2 * TIMERS.tt_matching_repetition)

    attempts = {request.mme.run_id: request.t - start for request in reversed(pev.sent(CmSlacParmReq))}
    period = (1 + C_EV_MATCH_RETRY) * TIMERS.tt_match_response + TIMERS.tt_matching_rate
    assert sorted(attempts.values()) == list(range(0, TIMERS.tt_matching_repetition, period))
    assert len(pev.said(GaveUp)) == 1
    assert pev.state is PevState.UNMATCHED
    assert pev.machine.next_deadline() is None


def test_attempt_begun_before_the_end_of_tt_matching_repetition_is_finished():
    """The time limits when an attempt may begin, not when it must be over."""
    pev = PevOnStage()
    pev.plug_in()
    end = pev.now + TIMERS.tt_matching_repetition
    pev.run_until(end - ms(500))
    assert pev.state is PevState.WAIT_CNF
    pev.is_confirmed()
    pev.run_until(end + ms(500))
    pev.gets_report()
    pev.is_let_in()

    pev.link()

    assert pev.state is PevState.MATCHED
    assert not pev.said(GaveUp)


@pytest.mark.parametrize("stage", ["WAIT_CNF", "SOUNDING", "WAIT_MATCH_CNF"])
def test_c_conn_max_match_attempts_fit_into_tt_matching_repetition(stage):
    """Wherever an attempt fails before the match, at least three are made."""
    pev = PevOnStage()
    pev.plug_in()
    end = pev.now + TIMERS.tt_matching_repetition

    while (deadline := pev.machine.next_deadline()) is not None and deadline < end:
        if stage != "WAIT_CNF" and pev.state is PevState.WAIT_CNF and not pev.machine.pev.candidates:
            pev.is_confirmed()
        if stage == "WAIT_MATCH_CNF" and pev.state is PevState.WAIT_RESULTS:
            pev.gets_report()
        pev.run_until(deadline)

    assert len({request.mme.run_id for request in pev.sent(CmSlacParmReq)}) >= C_CONN_MAX_MATCH
    assert {failed.t < end for failed in pev.said(AttemptFailed)} == {True}
