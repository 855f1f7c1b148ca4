"""The EVSE's side of matching, step by step: slac-15118-3.md sections 3, 5, 6 and 7."""

from __future__ import annotations

from dataclasses import replace

import pytest
from slac_stage import (
    EVSE,
    GROUPS,
    NETWORK,
    OTHER_PEV,
    OTHER_RUN,
    PEV,
    RUN,
    TESLA_RUN,
    EvseOnStage,
)

from bench.ids import BROADCAST, MacAddress, RunId
from bench.machine import Ignored, StateChanged
from bench.mme import (
    CmAttenCharInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    CmSlacParmReq,
)
from bench.pilot.model import CpState
from bench.slac.events import AttemptFailed, GaveUp, LinkLost, LinkUp, Matched, PilotWanted
from bench.slac.evse import EvseSettings, ZeroGroups
from bench.slac.evse_table import SESSION_STATES, EvseState
from bench.slac.timers import C_EV_MATCH_MNBC, C_EVSE_MATCH_PARALLEL, TIMERS
from bench.units import ms

# parameters


def test_confirmation_carries_what_the_standard_asks_for():
    """M-sound target to all, 10 sounds, 6 x 100 ms, response type 1, forwarding station and RunID of the PEV."""
    evse = EvseOnStage()
    evse.plug_in()

    evse.is_asked()

    (cnf,) = evse.sent(CmSlacParmCnf)
    assert cnf.dst == PEV
    assert cnf.frame.src == EVSE
    assert cnf.mme == CmSlacParmCnf(
        m_sound_target=BROADCAST, num_sounds=10, time_out=6, resp_type=1, forwarding_sta=PEV, run_id=RUN
    )


def test_confirmation_is_as_the_station_is_set():
    """A station may ask for other parameters, and tests do."""
    timers = replace(TIMERS, tt_evse_match_mnbc=ms(800))
    evse = EvseOnStage(EvseSettings(num_sounds=8, resp_type=0, timers=timers))
    evse.plug_in()

    evse.is_asked()

    (cnf,) = evse.sent(CmSlacParmCnf)
    assert (cnf.mme.num_sounds, cnf.mme.time_out, cnf.mme.resp_type) == (8, 8, 0)


def test_every_request_is_answered():
    """Hyundai sends CM_SLAC_PARM.REQ twice within 20 ms; a repetition after a lost answer looks the same."""
    evse = EvseOnStage()
    evse.plug_in()
    evse.is_asked()
    evse.run_for(ms(20))

    evse.is_asked()

    assert len(evse.sent(CmSlacParmCnf)) == 2
    assert not evse.said(AttemptFailed)
    assert list(evse.machine.sessions) == [(PEV, RUN)]


def test_longer_request_is_understood():
    """The QCA demo appends cipher suites although security type is 0; what a decoder leaves over does not matter."""
    evse = EvseOnStage()
    evse.plug_in()

    evse.hears(CmSlacParmReq(run_id=RUN, cipher_suites=(1,)), dst=BROADCAST)

    assert evse.sent(CmSlacParmCnf)


# a session starts again


@pytest.mark.parametrize("state", ["SOUNDING", "AVERAGING", "WAIT_RSP", "WAIT_MATCH", "JOINING"])
def test_same_pev_with_its_constant_run_id_starts_the_session_again(state):
    """Ioniq's RunID is MAC + 0000 in every attempt: its request in a later state begins anew. V2G3-A09-16."""
    evse = EvseOnStage()
    evse.in_session(state)
    evse.forget()

    evse.is_asked()

    session = evse.session()
    assert session.state is EvseState.PARM_CONFIRMED
    assert session.timers.values()
    assert (session.sounds, session.profiles, session.report, session.cnf) == (set(), [], None, None)
    assert len(evse.sent(CmSlacParmCnf)) == 1
    assert [failed.why for failed in evse.said(AttemptFailed)] == ["the PEV starts again (V2G3-A09-16)"]


def test_session_that_starts_again_forgets_the_old_sounds():
    """Nine sounds of the attempt before and one of this one are one sound."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")
    evse.hears_sounds(9)
    evse.is_asked()
    evse.is_told_to_listen()

    evse.hears_sound(0)
    evse.run_for(TIMERS.tt_evse_match_mnbc + TIMERS.tp_evse_avg_atten_calc)

    assert [report.mme.num_sounds for report in evse.sent(CmAttenCharInd)] == [1]


@pytest.mark.parametrize("state", ["PARM_CONFIRMED", "SOUNDING", "AVERAGING", "WAIT_RSP", "WAIT_MATCH", "JOINING"])
def test_new_run_id_of_the_same_pev_ends_its_old_session(state):
    """Most cars draw a new RunID per attempt: the session before it is over. V2G3-A09-16."""
    evse = EvseOnStage()
    evse.in_session(state)
    evse.forget()

    evse.is_asked(run_id=OTHER_RUN)

    assert list(evse.machine.sessions) == [(PEV, OTHER_RUN)]
    assert evse.state is EvseState.SERVING
    assert evse.sent(CmSlacParmCnf)[0].mme.run_id == OTHER_RUN
    (failed,) = evse.said(AttemptFailed)
    assert failed.who == f"{PEV} run {RUN}"
    assert failed.why == "the PEV starts again with another RunID (V2G3-A09-16)"
    assert (failed.who, "no session") in [(event.who, event.new) for event in evse.said(StateChanged)]


# sounding


@pytest.mark.parametrize("counters", [range(9, -1, -1), range(10), range(10, 0, -1)], ids=["9..0", "0..9", "10..1"])
def test_sounds_count_whatever_way_they_are_numbered(counters):
    """9..0 is right, Seres 3 counts up, 10..1 is accepted by conformance testers: ten different sounds are ten."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")

    for cnt in counters:
        evse.hears_sound(cnt)

    assert evse.session().state is EvseState.AVERAGING


def test_sound_heard_twice_is_one_sound():
    """A powerline may deliver a frame twice; the counter tells."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")

    for _ in range(C_EV_MATCH_MNBC):
        evse.hears_sound(5)

    assert evse.session().state is EvseState.SOUNDING
    assert evse.session().sounds == {5}
    assert [event.why for event in evse.said(Ignored)] == ["sound 5 was heard before"] * (C_EV_MATCH_MNBC - 1)


def test_debian_pev_is_understood():
    """qca/open-plc-utils as Debian ships it: one START instead of three, sounds without the eight reserved octets."""
    evse = EvseOnStage()
    evse.in_session("PARM_CONFIRMED")
    evse.is_told_to_listen()

    for cnt in reversed(range(C_EV_MATCH_MNBC)):
        evse.hears(CmMnbcSoundInd(cnt=cnt, run_id=RUN, reserved=b"", rnd=bytes(16)), dst=BROADCAST)
    evse.run_for(TIMERS.tp_evse_avg_atten_calc)

    assert [report.mme.num_sounds for report in evse.sent(CmAttenCharInd)] == [10]


def test_pev_that_announces_fewer_sounds_is_not_waited_for():
    """The number in CM_START_ATTEN_CHAR.IND is what will come."""
    evse = EvseOnStage()
    evse.in_session("PARM_CONFIRMED")
    evse.is_told_to_listen(num_sounds=8)

    evse.hears_sounds(8)

    assert [report.mme.num_sounds for report in evse.sent(CmAttenCharInd)] == [8]


@pytest.mark.parametrize("heard", range(1, C_EV_MATCH_MNBC))
def test_missing_sounds_are_reported_as_missing(heard):
    """After the window the report says how many sounds the mean stands for."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")
    window_ends = evse.now + TIMERS.tt_evse_match_mnbc
    evse.hears_sounds(heard)
    assert not evse.sent(CmAttenCharInd)

    evse.run_until(window_ends + TIMERS.tp_evse_avg_atten_calc)

    assert [report.mme.num_sounds for report in evse.sent(CmAttenCharInd)] == [heard]


def test_no_sound_at_all_is_no_report():
    """Nothing heard in TT_EVSE_match_MNBC: no CM_ATTEN_CHAR.IND, the attempt is over."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")

    evse.run_for(TIMERS.tt_evse_match_mnbc + TIMERS.tp_evse_avg_atten_calc)

    assert not evse.sent(CmAttenCharInd)
    assert [failed.why for failed in evse.said(AttemptFailed)] == ["nothing heard, nothing to report"]


def test_sounds_before_start_do_not_count():
    """All three START lost: there is no window, and the session is dropped after TT_match_sequence."""
    evse = EvseOnStage()
    evse.in_session("PARM_CONFIRMED")

    evse.hears_sounds(C_EV_MATCH_MNBC)
    evse.run_for(TIMERS.tt_match_sequence)

    assert not evse.sent(CmAttenCharInd)
    assert not evse.machine.sessions


def test_sound_after_the_window_is_too_late():
    """The mean is not made of what comes after TT_EVSE_match_MNBC."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")
    evse.hears_sounds(3)
    evse.run_for(TIMERS.tt_evse_match_mnbc)

    evse.hears_sound(0)

    assert [report.mme.num_sounds for report in evse.sent(CmAttenCharInd)] == [3]
    assert evse.last_ignored.why == "sounding is over"


# attenuation


def report_after(evse: EvseOnStage, *profiles: bytes, sounds: int = C_EV_MATCH_MNBC):
    """What is reported after as many sounds and these profiles."""
    evse.in_session("SOUNDING")
    window_ends = evse.now + TIMERS.tt_evse_match_mnbc
    for cnt in range(sounds):
        evse.hears(CmMnbcSoundInd(cnt=cnt, run_id=RUN), dst=BROADCAST)
    for profile in profiles:
        evse.gets_profile(profile)
    all_heard = evse.session().state is EvseState.AVERAGING
    evse.run_until((evse.now if all_heard else window_ends) + TIMERS.tp_evse_avg_atten_calc)
    sent = evse.sent(CmAttenCharInd)
    return sent[0].mme if sent else None


def flat(db: int) -> bytes:
    return bytes([db]) * GROUPS


def test_each_group_is_averaged_over_the_profiles():
    """Section 5: add up the profiles, divide per group by their number."""
    rising, falling = bytes(range(GROUPS)), bytes(reversed(range(GROUPS)))

    report = report_after(EvseOnStage(), rising, falling, sounds=2)

    assert report.aag == bytes([29]) * GROUPS  # 28.5 dB in every group
    assert report.num_sounds == 2


@pytest.mark.parametrize(
    ("measured", "mean"),
    [([10, 11], 11), ([11, 12], 12), ([10, 10, 11], 10), ([10, 11, 11], 11), ([255, 255], 255), ([0, 0], 0)],
)
def test_means_are_rounded_to_the_nearest_db_and_halves_up(measured, mean):
    """Not to even, as Python's round does: two stations with the same profiles must report the same."""
    report = report_after(EvseOnStage(), *map(flat, measured), sounds=len(measured))

    assert report.aag == flat(mean)


@pytest.mark.parametrize(("offset_db", "reported"), [(0, 30), (10, 20), (31, 0), (-10, 40), (-240, 255)])
def test_offset_of_the_stations_own_path_is_subtracted(offset_db, reported):
    """Section 5: an offset may be added for the own receive path. It never leaves 0..255 dB."""
    report = report_after(EvseOnStage(EvseSettings(offset_db=offset_db)), *[flat(30)] * 10)

    assert report.aag == flat(reported)


def test_num_sounds_is_the_number_of_profiles_averaged():
    """Ten sounds heard, but the modem measured nine: the mean stands for nine."""
    report = report_after(EvseOnStage(), *[flat(30)] * 9)

    assert report.num_sounds == 9


def test_duplicate_profiles_do_not_make_more_sounds():
    """A profile delivered twice has no counter to tell it by: the mean takes it, the number does not."""
    report = report_after(EvseOnStage(), *[flat(30)] * 13)

    assert (report.num_sounds, report.aag) == (C_EV_MATCH_MNBC, flat(30))


def test_profiles_alone_are_enough():
    """A modem that hands over its profiles but not the sounds: report what it measured after the window."""
    report = report_after(EvseOnStage(), *[flat(30)] * 10, sounds=0)

    assert (report.num_sounds, report.aag) == (C_EV_MATCH_MNBC, flat(30))


def test_profile_of_the_last_sound_comes_after_it_and_still_counts():
    """The modem needs half a millisecond to measure; the mean waits for that."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")
    for cnt in range(C_EV_MATCH_MNBC):
        evse.hears(CmMnbcSoundInd(cnt=cnt, run_id=RUN), dst=BROADCAST)
        if cnt < C_EV_MATCH_MNBC - 1:
            evse.gets_profile(flat(30))
    assert evse.session().state is EvseState.AVERAGING
    evse.run_for(ms(0.5))

    evse.gets_profile(flat(40))
    evse.run_for(TIMERS.tp_evse_avg_atten_calc)

    assert evse.sent(CmAttenCharInd)[0].mme.aag == flat(31)


def test_profile_of_another_car_is_not_mixed_in():
    """A modem hears the neighbour's car too; its profiles name it."""
    evse = EvseOnStage()
    evse.in_session("SOUNDING")
    for cnt in range(C_EV_MATCH_MNBC):
        evse.gets_profile(flat(75), of=OTHER_PEV)
        evse.hears_sound(cnt)

    evse.run_for(TIMERS.tp_evse_avg_atten_calc)

    assert evse.sent(CmAttenCharInd)[0].mme.aag == flat(30)
    assert evse.said(Ignored)[0].why == "no session with this address and RunID"


def test_profile_of_another_size_is_none():
    """58 groups or nothing: a PEV rejects a report with another number."""
    report = report_after(EvseOnStage(), bytes([99]) * 57, flat(30), sounds=2)

    assert (report.num_sounds, report.aag) == (1, flat(30))


@pytest.mark.parametrize("profiles", [[b""] * 10, []], ids=["without groups", "none at all"])
@pytest.mark.parametrize(
    ("policy", "aag"),
    [(ZeroGroups.SYNTHETIC, flat(12)), (ZeroGroups.EMPTY, b""), (ZeroGroups.SILENT, None)],
    ids=["synthetic", "empty", "silent"],
)
def test_modem_that_measures_nothing_is_met_by_the_policy_chosen(policy, aag, profiles):
    """TP-Link's profiles have zero groups: report an invented level, or honestly none, or say nothing."""
    evse = EvseOnStage(EvseSettings(zero_groups=policy, synthetic_db=12))

    report = report_after(evse, *profiles)

    assert (report.aag if report else None) == aag
    assert report is None or report.num_sounds == C_EV_MATCH_MNBC
    assert bool(evse.said(AttemptFailed)) == (aag is None)


def test_report_is_addressed_to_the_pev_and_carries_its_run():
    """Source address and RunID are the PEV's, ids are zero."""
    evse = EvseOnStage()
    evse.in_session("WAIT_RSP")

    (report,) = evse.sent(CmAttenCharInd)
    assert report.dst == PEV
    assert report.mme == CmAttenCharInd(source_address=PEV, run_id=RUN, num_sounds=10, aag=flat(30))


# match


def test_confirmation_of_the_match_hands_out_the_network():
    """CM_SLAC_MATCH.CNF echoes the request and adds NID and NMK."""
    evse = EvseOnStage()
    evse.in_session("JOINING")

    (cnf,) = evse.sent(CmSlacMatchCnf)
    assert cnf.dst == PEV
    assert cnf.mme == CmSlacMatchCnf(pev_mac=PEV, evse_mac=EVSE, run_id=RUN, nid=NETWORK.nid, nmk=NETWORK.nmk)


def test_match_is_reported_with_what_led_to_it():
    """Who, which run, how many sounds, which mean, which network."""
    evse = EvseOnStage()
    evse.in_session("JOINING")

    assert evse.said(Matched) == [Matched(evse.now, PEV, EVSE, RUN, 10, 30.0, NETWORK)]


@pytest.mark.parametrize("state", ["JOINING", "LINKED"])
def test_repeated_match_request_gets_the_same_confirmation(state):
    """Section 7: answered again with the same CNF; it is one match all the same."""
    evse = EvseOnStage()
    evse.in_session(state)

    evse.run_for(TIMERS.tt_match_response)
    evse.is_chosen()

    first, again = evse.sent(CmSlacMatchCnf)
    assert again.frame == first.frame
    assert len(evse.said(Matched)) == 1


def test_link_makes_the_station_matched():
    """After that it answers nobody else."""
    evse = EvseOnStage()
    evse.in_session("JOINING")
    evse.run_for(ms(6500))

    evse.link()

    assert evse.said(LinkUp) == [LinkUp(evse.now, ms(6500))]
    assert evse.state is EvseState.MATCHED


def test_lost_link_lets_a_new_matching_begin():
    """It is a lost link, not a failed attempt."""
    evse = EvseOnStage()
    evse.in_session("LINKED")

    evse.link(False)
    evse.is_asked(run_id=OTHER_RUN)

    assert [lost.why for lost in evse.said(LinkLost)] == ["the link is gone"]
    assert not evse.said(AttemptFailed)
    assert evse.session(run_id=OTHER_RUN).state is EvseState.PARM_CONFIRMED


@pytest.mark.parametrize("up", [True, False])
def test_link_nobody_asked_for_is_said_aloud(up):
    """A partner from before may still be in the network: no PEV was given a key today."""
    evse = EvseOnStage()
    evse.plug_in()

    evse.link(up)

    assert evse.last_ignored.why == "no PEV was given a key"


# several PEVs

PEVS = [MacAddress(bytes([2, 0, 0, 0, 0, n])) for n in range(1, C_EVSE_MATCH_PARALLEL + 1)]


def test_five_pevs_are_served_at_once():
    """C_EVSE_match_parallel: each goes through all steps although the others do the same."""
    evse = EvseOnStage()
    evse.plug_in()
    for pev in PEVS:
        evse.is_asked(by=pev)
    for pev in PEVS:
        evse.is_told_to_listen(by=pev)
    for cnt in reversed(range(C_EV_MATCH_MNBC)):
        for db, pev in enumerate(PEVS, start=40):
            evse.hears_sound(cnt, by=pev, db=db)
    evse.run_for(TIMERS.tp_evse_avg_atten_calc)
    for pev in PEVS:
        evse.is_answered(by=pev)
        evse.is_chosen(by=pev)

    assert {report.dst: report.mme.aag for report in evse.sent(CmAttenCharInd)} == {
        pev: flat(db) for db, pev in enumerate(PEVS, start=40)
    }
    assert [cnf.dst for cnf in evse.sent(CmSlacMatchCnf)] == PEVS


def test_sixth_pev_is_refused_and_told_so_in_the_report():
    """It gets no answer; once a place is free it does."""
    evse = EvseOnStage()
    evse.plug_in()
    for pev in PEVS:
        evse.is_asked(by=pev)

    evse.is_asked(by=OTHER_PEV)
    assert len(evse.sent(CmSlacParmCnf)) == C_EVSE_MATCH_PARALLEL
    assert evse.last_ignored.who == str(OTHER_PEV)
    assert evse.last_ignored.why == "C_EVSE_match_parallel sessions are running"
    evse.run_for(TIMERS.tt_match_sequence)
    evse.is_asked(by=OTHER_PEV)

    assert evse.sent(CmSlacParmCnf)[-1].dst == OTHER_PEV


def test_fifth_pev_may_start_again_with_another_run_id():
    """A new run takes the place of the old one; it is no sixth PEV."""
    evse = EvseOnStage()
    evse.plug_in()
    for pev in PEVS:
        evse.is_asked(by=pev)

    evse.is_asked(by=PEVS[-1], run_id=OTHER_RUN)

    assert evse.sent(CmSlacParmCnf)[-1].mme.run_id == OTHER_RUN
    assert len(evse.machine.sessions) == C_EVSE_MATCH_PARALLEL


def test_two_teslas_with_the_same_run_id_are_two_cars():
    """Every Tesla's RunID is the text TESLA EV: the address tells them apart."""
    evse = EvseOnStage()
    evse.in_session("WAIT_RSP", by=PEV, run_id=TESLA_RUN)
    evse.is_asked(by=OTHER_PEV, run_id=TESLA_RUN)

    evse.is_answered(by=PEV, run_id=TESLA_RUN)

    assert evse.session(PEV, TESLA_RUN).state is EvseState.WAIT_MATCH
    assert evse.session(OTHER_PEV, TESLA_RUN).state is EvseState.PARM_CONFIRMED


def test_seres_with_its_zero_run_id_is_a_car_like_any_other():
    """Eight zero octets are a RunID."""
    evse = EvseOnStage()
    evse.in_session("LINKED", run_id=RunId(bytes(8)))

    assert evse.state is EvseState.MATCHED


@pytest.mark.parametrize("state", ["PARM_CONFIRMED", "SOUNDING", "AVERAGING", "WAIT_RSP", "WAIT_MATCH", "JOINING"])
def test_link_ends_the_other_sessions(state):
    """The cable has one car: whoever else was being matched heard us through cross-talk."""
    evse = EvseOnStage()
    evse.in_session("JOINING")
    evse.in_session(state, by=OTHER_PEV, run_id=OTHER_RUN)
    evse.session().cnf_sent_at = evse.now + 1

    evse.link()

    assert list(evse.machine.sessions) == [(PEV, RUN)]
    assert [failed.why for failed in evse.said(AttemptFailed)] == ["another PEV has the link"]
    assert evse.said(StateChanged)[-1].new == "no session"
    assert evse.state is EvseState.MATCHED


def test_link_is_put_down_to_the_pev_that_got_the_key_last():
    """Two were given it; a link names nobody."""
    evse = EvseOnStage()
    evse.in_session("JOINING", by=OTHER_PEV, run_id=OTHER_RUN)
    evse.run_for(ms(100))
    evse.in_session("JOINING")

    evse.link()

    assert evse.session().state is EvseState.LINKED
    assert list(evse.machine.sessions) == [(PEV, RUN)]


def test_one_session_ends_and_the_others_go_on():
    """The station waits for requests again only when the last session is over."""
    evse = EvseOnStage()
    evse.in_session("PARM_CONFIRMED")
    evse.run_for(ms(300))
    evse.is_asked(by=OTHER_PEV)
    evse.run_for(ms(100))

    assert list(evse.machine.sessions) == [(OTHER_PEV, RUN)]
    assert evse.state is EvseState.SERVING


# the control pilot


@pytest.mark.parametrize("cp", [CpState.A, CpState.E, CpState.F], ids=lambda cp: cp.value)
@pytest.mark.parametrize("state", SESSION_STATES, ids=lambda state: state.name)
def test_plug_out_and_e_and_f_end_everything_in_every_state(state, cp):
    """Section 6: matching runs only in B, C or D; in A, E or F nothing is sent or answered."""
    evse = EvseOnStage()
    evse.in_session(state.name)
    evse.forget()

    evse.pilot(cp, None if cp is CpState.E else 0.0 if cp is CpState.F else 5.0)
    evse.is_asked()

    assert evse.state is EvseState.IDLE
    assert not evse.machine.sessions
    assert not evse.frames
    assert evse.machine.next_deadline() is None
    (over,) = evse.said(LinkLost if state is EvseState.LINKED else AttemptFailed)
    assert over.why == "the pilot left B, C, D"
    assert not evse.said(AttemptFailed if state is EvseState.LINKED else LinkLost)


@pytest.mark.parametrize("cp", [CpState.A, CpState.E, CpState.F], ids=lambda cp: cp.value)
def test_plug_out_and_e_and_f_stop_waiting_for_the_first_request(cp):
    """TT_EVSE_SLAC_init ends with them, and a request is not answered."""
    evse = EvseOnStage()
    evse.plug_in()

    evse.pilot(cp)
    evse.is_asked()

    assert evse.state is EvseState.IDLE
    assert evse.machine.next_deadline() is None
    assert not evse.frames


def test_plug_out_during_the_own_e_ends_it():
    """5 % must not come back for nobody."""
    evse = EvseOnStage(EvseSettings(ac=True))
    evse.plug_in()
    evse.run_for(TIMERS.tt_evse_slac_init)

    evse.unplug()
    evse.run_for(TIMERS.t_step_ef)

    assert evse.state is EvseState.IDLE
    assert [event.duty_cycle_pct for event in evse.said(PilotWanted)] == [None]


@pytest.mark.parametrize("state", SESSION_STATES, ids=lambda state: state.name)
@pytest.mark.parametrize("duty_cycle_pct", [100.0, 53.3], ids=["X1", "nominal"])
def test_change_of_the_duty_cycle_does_not_disturb(state, duty_cycle_pct):
    """Section 6: matching goes on, timers and all; the change is in the report."""
    evse = EvseOnStage()
    evse.in_session(state.name)
    timers = dict(evse.session().timers)

    evse.pilot(CpState.B, duty_cycle_pct)

    assert evse.session().state is state
    assert evse.session().timers == timers
    assert evse.last_ignored.why == "a change of the duty cycle disturbs neither matching nor link"


@pytest.mark.parametrize("cp", [CpState.C, CpState.D], ids=lambda cp: cp.value)
def test_c_and_d_are_as_good_as_b(cp):
    """Matching runs in B, C and D; a change between them is none for SLAC."""
    evse = EvseOnStage()
    evse.pilot(cp, 5.0)
    evse.is_asked()
    evse.forget()

    evse.pilot(CpState.B, 5.0)

    assert evse.session().state is EvseState.PARM_CONFIRMED
    assert not evse.events


def test_dc_evse_begins_with_5_pct_and_not_before():
    """B1 alone is no offer to talk."""
    evse = EvseOnStage()
    evse.pilot(CpState.B)
    assert evse.last_ignored.why == "plugged in, but matching starts with 5 %"
    assert evse.machine.next_deadline() is None

    evse.pilot(CpState.B, 5.0)

    assert evse.state is EvseState.READY


@pytest.mark.parametrize("duty_cycle_pct", [5.0, 53.3, 100.0])
def test_ac_evse_may_be_asked_at_any_duty_cycle(duty_cycle_pct):
    """Section 3: for AC also a nominal duty cycle or X1."""
    evse = EvseOnStage(EvseSettings(ac=True))
    evse.plug_in(duty_cycle_pct)

    evse.is_asked()

    assert evse.sent(CmSlacParmCnf)


def test_e_of_the_evse_itself_is_no_news_to_it():
    """While it signals E nothing is answered, and its own E on the pilot ends nothing."""
    evse = EvseOnStage(EvseSettings(ac=True))
    evse.plug_in()
    evse.run_for(TIMERS.tt_evse_slac_init)
    evse.pilot(CpState.E, None)
    evse.is_asked()
    assert evse.last_ignored.why == "matching does not run in E"
    assert not evse.frames

    evse.run_for(TIMERS.t_step_ef)
    evse.plug_in()
    evse.is_asked()

    assert evse.sent(CmSlacParmCnf)


@pytest.mark.parametrize("cp", [CpState.A, CpState.E, CpState.F], ids=lambda cp: cp.value)
def test_new_trigger_after_giving_up(cp):
    """Plugged in again, or 5 % after E or F: TT_EVSE_SLAC_init runs again."""
    evse = EvseOnStage()
    evse.plug_in()
    evse.run_for(TIMERS.tt_evse_slac_init)
    assert evse.said(GaveUp)

    evse.pilot(cp)
    evse.plug_in()
    evse.is_asked()

    assert evse.sent(CmSlacParmCnf)


def test_e_steps_are_counted_per_plug_in():
    """A car that comes later finds a station that tries as often as for the first."""
    evse = EvseOnStage(EvseSettings(ac=True))
    evse.plug_in()
    evse.run_for(TIMERS.tt_evse_slac_init)
    evse.unplug()
    evse.plug_in()

    evse.run_for(TIMERS.tt_evse_slac_init)

    assert evse.machine.station.ef_steps == 1


# reports


def test_states_of_a_match_are_told_in_order_with_their_reasons():
    """What a reader of the report sees of one session."""
    evse = EvseOnStage()
    evse.in_session("LINKED")
    evse.unplug()

    told = [event.new for event in evse.said(StateChanged) if event.who.startswith(str(PEV))]
    assert told == [
        "parameters confirmed",
        "sounding",
        "averaging",
        "waiting for CM_ATTEN_CHAR.RSP",
        "waiting for CM_SLAC_MATCH.REQ",
        "joining",
        "linked",
        "no session",
    ]
    assert all(event.why for event in evse.said(StateChanged))
