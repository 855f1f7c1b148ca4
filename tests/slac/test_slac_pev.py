"""The PEV's side of matching, step by step: slac-15118-3.md sections 3, 5, 6 and 7."""

from __future__ import annotations

import pytest
from slac_stage import (
    EVSE,
    FAR_DB,
    FAR_EVSE,
    NEAR_DB,
    NETWORK,
    OTHER_NETWORK,
    PEV,
    PevOnStage,
)

from bench.ids import BROADCAST, MacAddress
from bench.machine import StateChanged
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchReq,
    CmSlacParmReq,
    CmStartAttenCharInd,
)
from bench.pilot.model import CpState
from bench.slac.events import AttemptFailed, GaveUp, LinkLost, LinkUp, Matched
from bench.slac.pev import PevSettings
from bench.slac.pev_table import ATTEMPT, PevState
from bench.slac.timers import C_EV_MATCH_MNBC, TIMERS
from bench.units import ms

THIRD_EVSE = MacAddress.parse("62:57:25:18:44:c0")


def with_confirmations_of(*evses: MacAddress, settings: PevSettings | None = None) -> PevOnStage:
    """A PEV that has sounded and waits for the reports of these."""
    pev = PevOnStage(settings)
    pev.plug_in()
    for evse in evses:
        pev.is_confirmed(by=evse)
    pev.sounds_out()
    assert pev.state is PevState.WAIT_RESULTS
    return pev


# asking and sounding


def test_request_goes_to_all_and_carries_a_new_run_id():
    """CM_SLAC_PARM.REQ is a broadcast with zero types."""
    pev = PevOnStage()

    pev.plug_in()

    (request,) = pev.sent(CmSlacParmReq)
    assert request.dst == BROADCAST
    assert request.frame.src == PEV
    assert request.mme == CmSlacParmReq(run_id=pev.run_id)


def test_start_repeats_what_the_evse_confirmed():
    """Number of sounds and time-out are copied from CM_SLAC_PARM.CNF; results are asked for at the own address."""
    pev = PevOnStage()
    pev.plug_in()
    pev.is_confirmed(num_sounds=8, time_out=9)

    pev.run_for(TIMERS.tt_match_response)

    (start,) = pev.sent(CmStartAttenCharInd)
    assert start.dst == BROADCAST
    assert start.mme == CmStartAttenCharInd(num_sounds=8, time_out=9, forwarding_sta=PEV, run_id=pev.run_id)


def test_second_confirmation_of_one_evse_changes_nothing():
    """It answers a request sent twice, or again; what it said first counts."""
    pev = PevOnStage()
    pev.plug_in()
    pev.is_confirmed(num_sounds=8)

    pev.is_confirmed(num_sounds=9)

    assert pev.machine.pev.told.num_sounds == 8
    assert pev.last_ignored.why == "this EVSE has confirmed before"


@pytest.mark.parametrize("num_sounds", [1, 8, 10, 20])
def test_as_many_sounds_as_the_evse_asked_for_count_down_to_zero(num_sounds):
    """Cnt says how many are still to come."""
    pev = PevOnStage()
    pev.plug_in()
    pev.is_confirmed(num_sounds=num_sounds)

    pev.run_for(TIMERS.tt_match_response + TIMERS.tt_ev_atten_results - 1)

    assert [sound.mme.cnt for sound in pev.sent(CmMnbcSoundInd)] == list(reversed(range(num_sounds)))


def test_evse_that_asks_for_no_sounds_gets_the_standards_number():
    """num_sounds 0 in a confirmation is no reason to stay silent."""
    pev = PevOnStage()
    pev.plug_in()
    pev.is_confirmed(num_sounds=0)

    pev.sounds_out()

    assert len(pev.sent(CmMnbcSoundInd)) == C_EV_MATCH_MNBC


def test_more_sounds_than_fit_end_with_the_results_window():
    """255 sounds take 7.7 s: after TT_EV_atten_results the PEV decides with what has come."""
    pev = PevOnStage()
    pev.plug_in()
    pev.is_confirmed(num_sounds=255)
    pev.run_for(TIMERS.tt_match_response)
    window_ends = pev.now + TIMERS.tt_ev_atten_results
    pev.run_for(ms(700))
    pev.gets_report()

    pev.run_until(window_ends)

    assert [request.t for request in pev.sent(CmSlacMatchReq)] == [window_ends]
    assert pev.sent(CmMnbcSoundInd)[-1].t <= window_ends
    assert pev.state is PevState.WAIT_MATCH_CNF


def test_more_sounds_than_fit_and_no_report_fail_with_the_results_window():
    """The attempt does not go on sounding for nobody."""
    pev = PevOnStage()
    pev.plug_in()
    pev.is_confirmed(num_sounds=255)
    pev.run_for(TIMERS.tt_match_response + TIMERS.tt_ev_atten_results)

    assert pev.state is PevState.PAUSE
    assert len(pev.said(AttemptFailed)) == 1


def test_each_sound_has_random_octets_of_its_own():
    """And the RunID of the attempt."""
    pev = PevOnStage()
    pev.in_state("WAIT_RESULTS")

    sounds = pev.sent(CmMnbcSoundInd)
    assert len({sound.mme.rnd for sound in sounds}) == C_EV_MATCH_MNBC
    assert {sound.mme.run_id for sound in sounds} == {pev.run_id}
    assert {sound.dst for sound in sounds} == {BROADCAST}


# reports


def test_report_is_answered_to_its_sender():
    """CM_ATTEN_CHAR.RSP with the own address, the RunID and result 0."""
    pev = PevOnStage()
    pev.in_state("WAIT_RESULTS")

    pev.gets_report()

    (answer,) = pev.sent(CmAttenCharRsp)
    assert answer.dst == EVSE
    assert answer.mme == CmAttenCharRsp(source_address=PEV, run_id=pev.run_id)


def test_each_report_in_time_is_answered():
    """Also those of other EVSEs."""
    pev = with_confirmations_of(EVSE, FAR_EVSE, THIRD_EVSE)

    for evse in (FAR_EVSE, EVSE, THIRD_EVSE):
        pev.gets_report(by=evse)

    assert [answer.dst for answer in pev.sent(CmAttenCharRsp)] == [FAR_EVSE, EVSE, THIRD_EVSE]


def test_report_of_an_evse_whose_confirmation_was_lost_counts():
    """It heard us and reports: valid and in time, so it is answered and may be chosen."""
    pev = with_confirmations_of(FAR_EVSE)
    pev.gets_report(NEAR_DB, by=EVSE)
    pev.gets_report(FAR_DB, by=FAR_EVSE)

    assert {answer.dst for answer in pev.sent(CmAttenCharRsp)} == {EVSE, FAR_EVSE}
    assert [request.dst for request in pev.sent(CmSlacMatchReq)] == [EVSE]


def test_report_before_the_last_sound_is_answered_and_waited_with():
    """An EVSE that is content with nine sounds: the PEV sounds to the end, then goes on."""
    pev = PevOnStage()
    pev.in_state("SOUNDING")
    pev.run_for(ms(330))

    pev.gets_report()
    assert pev.sent(CmAttenCharRsp)
    assert not pev.sent(CmSlacMatchReq)
    pev.sounds_out()

    assert len(pev.sent(CmMnbcSoundInd)) == C_EV_MATCH_MNBC
    assert pev.sent(CmSlacMatchReq)[0].t == pev.sent(CmMnbcSoundInd)[-1].t


@pytest.mark.parametrize("state", ["SOUNDING", "WAIT_RESULTS"])
def test_repeated_report_is_answered_again_while_reports_are_awaited(state):
    """The EVSE repeats because our answer was lost."""
    pev = PevOnStage()
    pev.plug_in()
    pev.is_confirmed(by=FAR_EVSE)
    pev.is_confirmed(by=EVSE)
    pev.run_for(TIMERS.tt_match_response)
    if state == "WAIT_RESULTS":
        pev.sounds_out()
    pev.gets_report(by=EVSE)

    pev.gets_report(by=EVSE)

    assert pev.state.name == state
    assert [answer.dst for answer in pev.sent(CmAttenCharRsp)] == [EVSE, EVSE]


def test_repeated_report_is_answered_again_during_match():
    """Otherwise the EVSE would drop the session before it sees our CM_SLAC_MATCH.REQ."""
    pev = PevOnStage()
    pev.in_state("WAIT_MATCH_CNF")

    pev.gets_report()

    assert len(pev.sent(CmAttenCharRsp)) == 2
    assert pev.state is PevState.WAIT_MATCH_CNF


def test_first_report_of_another_evse_during_match_is_too_late():
    """The choice is made; only what was answered before is answered again."""
    pev = PevOnStage()
    pev.in_state("WAIT_MATCH_CNF")

    pev.gets_report(by=FAR_EVSE)

    assert [answer.dst for answer in pev.sent(CmAttenCharRsp)] == [EVSE]
    assert pev.last_ignored.why == "too late: the choice is made"


# decision


@pytest.mark.parametrize("order", [(EVSE, FAR_EVSE, THIRD_EVSE), (THIRD_EVSE, FAR_EVSE, EVSE)])
def test_evse_with_the_lowest_attenuation_is_chosen(order):
    """Section 5: sorted by mean attenuation, lowest first, in whatever order the reports come."""
    pev = with_confirmations_of(*order)
    levels = {EVSE: 30, FAR_EVSE: 48, THIRD_EVSE: 31}

    for evse in order:
        pev.gets_report(levels[evse], by=evse)

    (request,) = pev.sent(CmSlacMatchReq)
    assert request.dst == EVSE
    assert request.mme == CmSlacMatchReq(pev_mac=PEV, evse_mac=EVSE, run_id=pev.run_id)


def test_mean_over_all_groups_decides_and_not_a_single_one():
    """One deep notch does not make an EVSE far."""
    pev = with_confirmations_of(EVSE, FAR_EVSE)
    notched = bytes([20] * 57 + [200])  # 23.1 dB in the mean

    pev.hears(CmAttenCharInd(source_address=PEV, run_id=pev.run_id, aag=notched), src=EVSE)
    pev.gets_report(24, by=FAR_EVSE)

    assert [request.dst for request in pev.sent(CmSlacMatchReq)] == [EVSE]


def test_evse_that_confirms_and_never_reports_does_not_block_the_others():
    """TC CmSlacMatch_012: after TT_EV_atten_results the one that reported is asked."""
    pev = with_confirmations_of(FAR_EVSE, EVSE)
    pev.gets_report(by=EVSE)

    pev.run_for(TIMERS.tt_ev_atten_results)

    assert pev.sent(CmSlacMatchReq)[0].dst == EVSE


@pytest.mark.parametrize(("db", "asked"), [(55, True), (56, False)])
def test_evse_beyond_the_attenuation_limit_is_not_chosen(db, asked):
    """A neighbour's station heard through cross-talk is answered and left alone."""
    pev = PevOnStage(PevSettings(attenuation_limit_db=55.0))
    pev.in_state("WAIT_RESULTS")

    pev.gets_report(db)

    assert pev.sent(CmAttenCharRsp)
    assert bool(pev.sent(CmSlacMatchReq)) == asked
    assert [failed.why for failed in pev.said(AttemptFailed)] == (
        [] if asked else ["no EVSE reported, or none is near enough"]
    )


def test_equally_near_evses_are_told_apart_by_their_address():
    """Two runs of one test must choose the same."""
    pev = with_confirmations_of(THIRD_EVSE, FAR_EVSE, EVSE)
    for evse in (THIRD_EVSE, FAR_EVSE, EVSE):
        pev.gets_report(30, by=evse)

    assert [request.dst for request in pev.sent(CmSlacMatchReq)] == [min(EVSE, FAR_EVSE, THIRD_EVSE)]


# match


def test_match_is_reported_with_the_network_it_leads_into():
    """Who, which run, how many sounds and which mean the EVSE reported, and the key to set."""
    pev = PevOnStage()
    pev.in_state("WAIT_RESULTS")
    pev.gets_report(33, num_sounds=9)

    pev.is_let_in()

    assert pev.said(Matched) == [Matched(pev.now, PEV, EVSE, pev.run_id, 9, 33.0, NETWORK)]


def test_confirmation_of_an_evse_that_was_not_chosen_is_ignored():
    """Even if it names the chosen one: the sender counts."""
    pev = PevOnStage()
    pev.in_state("WAIT_MATCH_CNF")

    pev.is_let_in(by=FAR_EVSE)

    assert pev.state is PevState.WAIT_MATCH_CNF
    assert not pev.said(Matched)
    assert pev.last_ignored.why == "another EVSE was chosen"


def test_second_confirmation_changes_nothing():
    """The EVSE answers a repeated request again; the network of the first counts."""
    pev = PevOnStage()
    pev.in_state("JOINING")

    pev.is_let_in(network=OTHER_NETWORK)

    assert [match.network for match in pev.said(Matched)] == [NETWORK]
    assert pev.last_ignored.why == "the confirmation is already here"


def test_link_completes_the_match():
    """And says how long it took."""
    pev = PevOnStage()
    pev.in_state("JOINING")
    pev.run_for(ms(6500))

    pev.link()

    assert pev.said(LinkUp) == [LinkUp(pev.now, ms(6500))]
    assert pev.state is PevState.MATCHED
    assert pev.machine.next_deadline() is None


def test_lost_link_leaves_the_pev_unmatched():
    """Option A of section 10: wait for a new trigger."""
    pev = PevOnStage()
    pev.in_state("MATCHED")

    pev.link(False)

    assert [lost.why for lost in pev.said(LinkLost)] == ["the link is gone (option A: wait for a new trigger)"]
    assert len(pev.said(GaveUp)) == 1
    assert pev.state is PevState.UNMATCHED


def test_new_attempt_remembers_nothing_of_the_last_one():
    """New RunID, no candidates, no choice, all sends again."""
    pev = PevOnStage()
    pev.in_state("PAUSE")
    pev.run_for(TIMERS.tt_matching_rate)
    pev.forget()

    pev.run_for(3 * TIMERS.tt_match_response)

    assert len(pev.sent(CmSlacParmReq)) == 2  # the first of the three was sent before
    assert pev.state is PevState.PAUSE
    assert (pev.machine.pev.candidates, pev.machine.pev.chosen) == ({}, None)


def test_pev_matches_in_its_second_attempt():
    """After one that failed for want of a confirmation."""
    pev = PevOnStage()
    pev.plug_in()
    pev.run_for(3 * TIMERS.tt_match_response + TIMERS.tt_matching_rate)

    pev.is_confirmed()
    pev.sounds_out()
    pev.gets_report()
    pev.is_let_in()
    pev.link()

    assert pev.state is PevState.MATCHED
    assert len(pev.said(AttemptFailed)) == 1


# the control pilot


@pytest.mark.parametrize("cp", [CpState.A, CpState.E, CpState.F], ids=lambda cp: cp.value)
@pytest.mark.parametrize("state", [state for state in PevState if state is not PevState.IDLE], ids=lambda s: s.name)
def test_plug_out_and_e_and_f_end_everything_in_every_state(state, cp):
    """Section 6: in A, E or F nothing is sent or answered, and a running matching ends."""
    pev = PevOnStage()
    pev.in_state(state.name)
    pev.forget()

    pev.pilot(cp, None if cp is CpState.E else 0.0 if cp is CpState.F else None)
    pev.gets_report()

    assert pev.state is PevState.IDLE
    assert not pev.frames
    assert pev.machine.next_deadline() is None
    assert len(pev.said(AttemptFailed)) == (state in ATTEMPT)
    assert len(pev.said(LinkLost)) == (state is PevState.MATCHED)


@pytest.mark.parametrize("state", [*ATTEMPT, PevState.PAUSE, PevState.MATCHED], ids=lambda state: state.name)
@pytest.mark.parametrize("duty_cycle_pct", [100.0, 53.3], ids=["X1", "nominal"])
def test_change_of_the_duty_cycle_does_not_disturb(state, duty_cycle_pct):
    """Section 6, EVCC AttenuationCharacterization_001/002: matching goes on, timers and all."""
    pev = PevOnStage()
    pev.in_state(state.name)
    timers = dict(pev.machine.pev.timers)

    pev.pilot(CpState.B, duty_cycle_pct)

    assert pev.state is state
    assert pev.machine.pev.timers == timers
    assert pev.last_ignored.why == "a change of the duty cycle disturbs neither matching nor link"


@pytest.mark.parametrize("cp", [CpState.B, CpState.C, CpState.D], ids=lambda cp: cp.value)
def test_5_pct_in_b_c_or_d_starts_matching(cp):
    """Section 6: matching runs in B, C or D."""
    pev = PevOnStage()

    pev.pilot(cp, 5.0)

    assert pev.sent(CmSlacParmReq)


@pytest.mark.parametrize("duty_cycle_pct", [100.0, 53.3, 10.0, 2.9, 7.1])
def test_dc_pev_does_not_start_without_5_pct(duty_cycle_pct):
    """3..7 % is 5 %, anything else is not."""
    pev = PevOnStage()

    pev.pilot(CpState.B, duty_cycle_pct)

    assert not pev.frames
    assert pev.last_ignored.why == "matching starts with 5 %"


@pytest.mark.parametrize("duty_cycle_pct", [5.0, 53.3, 100.0])
def test_ac_pev_starts_at_any_duty_cycle(duty_cycle_pct):
    """Section 6: for AC also in X1 and at a nominal duty cycle."""
    pev = PevOnStage(PevSettings(ac=True))

    pev.pilot(CpState.B, duty_cycle_pct)

    assert pev.sent(CmSlacParmReq)


@pytest.mark.parametrize("cp", [CpState.A, CpState.E, CpState.F], ids=lambda cp: cp.value)
def test_unmatched_pev_starts_again_after_a_e_or_f_and_not_before(cp):
    """Section 7: when TT_matching_repetition is over it stays unmatched until a new trigger."""
    pev = PevOnStage()
    pev.plug_in()
    pev.run_for(2 * TIMERS.tt_matching_repetition)
    assert pev.state is PevState.UNMATCHED
    pev.forget()
    pev.pilot(CpState.B, 100.0)
    pev.plug_in()
    assert not pev.frames

    pev.pilot(cp)
    pev.plug_in()

    assert len(pev.sent(CmSlacParmReq)) == 1


def test_new_trigger_gives_the_whole_tt_matching_repetition_again():
    """The time for all attempts counts from the trigger."""
    pev = PevOnStage()
    pev.plug_in()
    pev.run_for(TIMERS.tt_matching_repetition // 2)
    pev.unplug()
    pev.plug_in()
    trigger = pev.now

    pev.run_for(2 * TIMERS.tt_matching_repetition)

    assert pev.said(GaveUp)[0].t >= trigger + TIMERS.tt_matching_repetition


# reports


def test_states_of_a_match_are_told_in_order_with_their_reasons():
    """What a reader of the report sees of one match."""
    pev = PevOnStage()
    pev.in_state("MATCHED")

    assert [event.new for event in pev.said(StateChanged)] == [
        "waiting for CM_SLAC_PARM.CNF",
        "sounding",
        "waiting for CM_ATTEN_CHAR.IND",
        "waiting for CM_SLAC_MATCH.CNF",
        "joining",
        "matched",
    ]
    assert all(event.why for event in pev.said(StateChanged))
