"""The EVSE's timers and counts of slac-15118-3.md section 4, each at its instant and not a nanosecond before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from slac_stage import EvseOnStage

from bench.mme import CmAttenCharInd, CmSlacMatchCnf
from bench.slac.events import AttemptFailed, GaveUp, LinkUp, Matched, PilotWanted
from bench.slac.evse import EvseSettings
from bench.slac.evse_table import EvseState
from bench.slac.timers import C_EV_MATCH_MNBC, C_EV_MATCH_RETRY, C_SEQU_RETRY, TIMERS
from bench.units import ms, s


def demand_ends_at(evse: EvseOnStage, end, why: str) -> None:
    """The one session there is ends at *end*, for this reason."""
    evse.run_just_short_of(end)
    assert not evse.said(AttemptFailed)
    assert evse.machine.sessions

    evse.run_until(end)

    (failed,) = evse.said(AttemptFailed)
    assert (failed.t, failed.why) == (end, why)
    assert not evse.machine.sessions
    assert evse.state is EvseState.READY


def test_tt_evse_slac_init_ends_matching_of_a_dc_evse():
    """Plugged in at 5 % and never asked: matching has failed after TT_EVSE_SLAC_init."""
    evse = EvseOnStage()
    evse.plug_in()
    end = evse.now + TIMERS.tt_evse_slac_init

    evse.run_just_short_of(end)
    assert not evse.said(GaveUp)
    evse.run_until(end)

    assert [event.t for event in evse.said(GaveUp)] == [end]
    assert evse.state is EvseState.GAVE_UP
    assert evse.machine.next_deadline() is None


def test_tt_evse_slac_init_is_stopped_by_the_first_request():
    """It runs from CP B with 5 % to the first CM_SLAC_PARM.REQ, which may come at the last instant."""
    evse = EvseOnStage()
    evse.plug_in()
    evse.run_just_short_of(evse.now + TIMERS.tt_evse_slac_init)

    evse.is_asked()
    evse.run_for(ms(100))

    assert evse.state is EvseState.SERVING
    assert not evse.said(GaveUp)


def test_tt_evse_slac_init_may_be_set_to_its_minimum():
    """20 s are lawful, and a test may set them."""
    evse = EvseOnStage(EvseSettings(timers=replace(TIMERS, tt_evse_slac_init=s(20))))
    evse.plug_in()
    evse.run_for(s(20))

    assert evse.state is EvseState.GAVE_UP


def test_ac_evse_steps_through_e_c_sequ_retry_times_and_falls_back_to_x1():
    """No request in TT_EVSE_SLAC_init: E for T_step_EF, 5 % again, C_sequ_retry times, then X1. V2G3-M06-07."""
    evse = EvseOnStage(EvseSettings(ac=True))
    evse.plug_in()
    start = evse.now
    period = TIMERS.tt_evse_slac_init + TIMERS.t_step_ef

    evse.run_until(start + C_SEQU_RETRY * period + TIMERS.tt_evse_slac_init)

    wanted = [(event.t - start, event.duty_cycle_pct) for event in evse.said(PilotWanted)]
    assert wanted == [
        (TIMERS.tt_evse_slac_init, None),
        (period, 5.0),
        (TIMERS.tt_evse_slac_init + period, None),
        (2 * period, 5.0),
        (TIMERS.tt_evse_slac_init + 2 * period, 100.0),
    ]
    assert len(evse.said(GaveUp)) == 1
    assert evse.state is EvseState.GAVE_UP


def test_t_step_ef_is_not_cut_short():
    """State E as a signal lasts T_step_EF at least. V2G3-M06-09."""
    evse = EvseOnStage(EvseSettings(ac=True))
    evse.plug_in()
    evse.run_for(TIMERS.tt_evse_slac_init)
    e_began = evse.now

    evse.run_just_short_of(e_began + TIMERS.t_step_ef)
    assert evse.state is EvseState.STEP_EF
    evse.run_until(e_began + TIMERS.t_step_ef)

    assert evse.state is EvseState.READY


def test_tt_match_sequence_ends_a_session_without_start():
    """No CM_START_ATTEN_CHAR.IND within TT_match_sequence after CM_SLAC_PARM.CNF: the session is dropped."""
    evse = EvseOnStage()
    evse.in_session("PARM_CONFIRMED")

    demand_ends_at(evse, evse.now + TIMERS.tt_match_sequence, "no CM_START_ATTEN_CHAR.IND in TT_match_sequence")


def test_tt_match_sequence_counts_from_the_last_confirmation():
    """Hyundai asks twice within 20 ms: each request is answered, and the time runs from the second answer."""
    evse = EvseOnStage()
    evse.in_session("PARM_CONFIRMED")
    evse.run_for(ms(20))
    evse.is_asked()

    demand_ends_at(evse, evse.now + TIMERS.tt_match_sequence, "no CM_START_ATTEN_CHAR.IND in TT_match_sequence")


def test_start_at_the_last_instant_of_tt_match_sequence_counts():
    """One nanosecond before the end the session still runs."""
    evse = EvseOnStage()
    evse.in_session("PARM_CONFIRMED")
    evse.run_just_short_of(evse.now + TIMERS.tt_match_sequence)

    evse.is_told_to_listen()

    assert evse.session().state is EvseState.SOUNDING


def test_tt_evse_match_mnbc_closes_the_window_from_the_first_start():
    """Without the last sound, the average is made TT_EVSE_match_MNBC after the first of the three START."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")
    window_ends = evse.now + TIMERS.tt_evse_match_mnbc
    evse.run_for(ms(20))
    evse.is_told_to_listen()
    evse.hears_sounds(9)

    evse.run_just_short_of(window_ends)
    assert evse.session().state is EvseState.SOUNDING
    evse.run_until(window_ends)

    assert evse.session().state is EvseState.AVERAGING


def test_report_comes_tp_evse_avg_atten_calc_after_the_window():
    """And says how many sounds were heard."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")
    due = evse.now + TIMERS.tt_evse_match_mnbc + TIMERS.tp_evse_avg_atten_calc
    evse.hears_sounds(9)

    evse.run_just_short_of(due)
    assert not evse.sent(CmAttenCharInd)
    evse.run_until(due)

    (report,) = evse.sent(CmAttenCharInd)
    assert (report.t, report.mme.num_sounds) == (due, 9)


def test_report_comes_tp_evse_avg_atten_calc_after_the_last_sound():
    """With all C_EV_match_MNBC sounds heard nobody waits for the window."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")
    for cnt in reversed(range(C_EV_MATCH_MNBC)):
        evse.hears_sound(cnt)
    due = evse.now + TIMERS.tp_evse_avg_atten_calc

    evse.run_just_short_of(due)
    assert not evse.sent(CmAttenCharInd)
    evse.run_until(due)

    assert [report.t for report in evse.sent(CmAttenCharInd)] == [due]


def test_tt_match_response_repeats_the_report_c_ev_match_retry_times():
    """CM_ATTEN_CHAR.IND without answer is sent three times in all, TT_match_response apart; then the session ends."""
    evse = EvseOnStage()
    evse.in_session("WAIT_RSP")
    first = evse.now

    demand_ends_at(
        evse,
        first + (1 + C_EV_MATCH_RETRY) * TIMERS.tt_match_response,
        "no CM_ATTEN_CHAR.RSP to C_EV_match_retry repetitions",
    )

    reports = evse.sent(CmAttenCharInd)
    assert [report.t - first for report in reports] == [0, TIMERS.tt_match_response, 2 * TIMERS.tt_match_response]
    assert len({report.mme for report in reports}) == 1


@pytest.mark.parametrize("repetition", range(C_EV_MATCH_RETRY + 1))
def test_answer_to_any_of_the_three_reports_counts(repetition):
    """The last one included, up to its last nanosecond."""
    evse = EvseOnStage()
    evse.in_session("WAIT_RSP")
    evse.run_just_short_of(evse.now + (repetition + 1) * TIMERS.tt_match_response)

    evse.is_answered()

    assert evse.session().state is EvseState.WAIT_MATCH
    assert len(evse.sent(CmAttenCharInd)) == repetition + 1


def test_tt_evse_match_session_counts_from_the_answer():
    """No CM_VALIDATE.REQ or CM_SLAC_MATCH.REQ within TT_EVSE_match_session after CM_ATTEN_CHAR.RSP: dropped."""
    evse = EvseOnStage()
    evse.in_session("WAIT_RSP")
    evse.run_for(ms(150))
    evse.is_answered()

    demand_ends_at(evse, evse.now + TIMERS.tt_evse_match_session, "no CM_SLAC_MATCH.REQ in TT_EVSE_match_session")


def test_tt_match_join_ends_a_match_without_link():
    """No link within TT_match_join after CM_SLAC_MATCH.CNF: matching failed."""
    evse = EvseOnStage()
    evse.in_session("JOINING")

    demand_ends_at(evse, evse.now + TIMERS.tt_match_join, "no link in TT_match_join")
    assert evse.said(Matched)


def test_link_at_the_last_instant_of_tt_match_join_counts():
    """And the event says how long it took since the confirmation."""
    evse = EvseOnStage()
    evse.in_session("JOINING")
    evse.run_just_short_of(evse.now + TIMERS.tt_match_join)

    evse.link()

    assert [event.after for event in evse.said(LinkUp)] == [TIMERS.tt_match_join - 1]
    assert evse.state is EvseState.MATCHED


def test_tt_match_join_counts_from_the_repeated_confirmation():
    """A CM_SLAC_MATCH.REQ that is repeated because the confirmation was lost starts the joining anew."""
    evse = EvseOnStage()
    evse.in_session("JOINING")
    evse.run_for(TIMERS.tt_match_response)
    evse.is_chosen()
    assert len(evse.sent(CmSlacMatchCnf)) == 2

    demand_ends_at(evse, evse.now + TIMERS.tt_match_join, "no link in TT_match_join")


def test_linked_session_waits_for_nothing():
    """A link has no deadline."""
    evse = EvseOnStage()
    evse.in_session("LINKED")

    assert evse.machine.next_deadline() is None
