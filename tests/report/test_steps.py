"""The step list tells a test in the domain's words."""

from __future__ import annotations

from trace_story import (
    B1,
    B2,
    EVSE,
    EVSE_ADDRESS,
    KEY,
    PEV,
    PEV_ADDRESS,
    RUN,
    A,
    E,
    Story,
    answers,
    asks,
    tell_discovery,
    tell_match,
)

from bench.ids import MacAddress, nid_from_nmk
from bench.limits import SDP_BEGUN
from bench.mme import CmAttenCharRsp, CmSlacParmCnf, CmSlacParmReq
from bench.net import SYN, Ipv6, Ipv6Frame, Security, Tcp
from bench.report.steps import MOST_STEPS, steps_from_trace
from bench.trace import Direction
from bench.units import ms, s, show


def titles(story: Story, **options: object) -> list[str]:
    return [step.title for step in steps_from_trace(story.trace, **options)]  # type: ignore[arg-type]


def test_a_match_is_told_from_plug_to_link():
    assert titles(tell_match("evse", "pev")) == [
        "EVSE sets the key 5e…5f in its modem",
        "Plugged in: pilot B1 (+9.0 V)",
        "The EVSE asks to talk: 5 % duty",
        f"PEV asks who hears it (CM_SLAC_PARM), run {RUN}",
        "EVSE hears it and answers after 5.000 ms",
        "PEV announces 10 sounds, 3 times",
        "PEV sounds 10 times",
        "EVSE reports 22.9 dB over 10 sounds",
        "PEV takes note of the report",
        "PEV asks to be matched",
        f"Matched, run {RUN}: EVSE gives its network {nid_from_nmk(KEY)}",
        "PEV sets the key 5e…5f in its modem",
        "Network up: EVSE sees the link after 4.005 s",
    ]


def test_a_step_lasts_from_its_first_to_its_last_message():
    steps = {step.title: step for step in steps_from_trace(tell_match().trace)}

    sounding = steps["PEV sounds 10 times"]
    answer = steps["EVSE hears it and answers after 5.000 ms"]

    assert sounding.end - sounding.start == 9 * ms(30)
    assert answer.end - answer.start == ms(5)


def test_steps_count_from_the_zero_of_the_ladder():
    """The first offer of 5 %."""
    steps = {step.title: step for step in steps_from_trace(tell_match().trace)}

    assert steps["The EVSE asks to talk: 5 % duty"].start == 0
    assert steps[f"PEV asks who hears it (CM_SLAC_PARM), run {RUN}"].start == ms(250)
    assert steps["EVSE sets the key 5e…5f in its modem"].start == -ms(400)


def test_steps_are_in_order_of_time():
    steps = steps_from_trace(tell_match("evse", "pev").trace)

    assert [step.end for step in steps] == sorted(step.end for step in steps)


def test_missing_sounds_are_counted_as_they_were():
    assert "PEV sounds 8 times" in titles(tell_match(sounds=8))


def test_repetitions_are_one_step():
    story = Story("evse")
    for _ in range(3):
        story.says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(200))

    assert titles(story) == [f"PEV asks who hears it (CM_SLAC_PARM), run {RUN}, 3 times"]


def test_an_answer_counts_from_the_last_request():
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(200))
    story.says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(7)).says("evse", CmSlacParmCnf(run_id=RUN))

    assert titles(story)[-1] == "EVSE hears it and answers after 7.000 ms"


def test_an_answer_to_nobody_is_told_as_such():
    story = Story("evse").says("evse", CmSlacParmCnf(run_id=RUN))

    assert titles(story) == ["EVSE hears it and answers, for a run that nobody asked for"]


def test_a_refused_report_says_so():
    story = Story("evse").says("pev", CmAttenCharRsp(run_id=RUN, result=1))

    assert titles(story) == ["PEV takes note of the report, result 1"]


def test_a_failed_attempt_is_a_bad_step_and_others_are_not():
    story = tell_match().note("evse", "attempt of the PEV failed: no answer").note("operator", "door opened")

    steps = steps_from_trace(story.trace)

    assert [step.title for step in steps if step.bad] == ["EVSE: attempt of the PEV failed: no answer"]
    assert steps[-1].title == "operator: door opened"


def test_what_the_test_withheld_is_a_step():
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).note("evse", "CM_SLAC_PARM.CNF withheld by the test")

    assert titles(story)[-1] == "EVSE: CM_SLAC_PARM.CNF withheld by the test"


def test_the_pilot_is_told_where_it_changes_its_meaning():
    story = Story("evse").pilot(A).wait(s(1)).pilot(B2).wait(s(1)).pilot(E).wait(s(4)).pilot(B1).wait(s(1)).pilot(A)

    assert titles(story) == [
        "Plugged in: pilot B2 5.0 % (+9.0 V)",
        "Pilot to state E (+0.0 V)",
        "Pilot back to B1 (+9.0 V)",
        "Unplugged: pilot A1 (+12.0 V)",
    ]


def test_two_charging_stations_are_told_apart():
    other = MacAddress.parse("02:00:00:00:e5:e2")
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(5))
    story.says("evse", CmSlacParmCnf(run_id=RUN)).wait(ms(5))
    cnf = Story("evse").says("evse", CmSlacParmCnf(run_id=RUN), src=other)
    story.trace.frame(story.t, "neighbour", Direction.OUT, next(cnf.trace.frames()).octets)

    told = titles(story, stations={"evse": "bench"})

    assert told[1:] == [
        "EVSE bench hears it and answers after 5.000 ms",
        "EVSE neighbour hears it and answers after 10.000 ms",
    ]


def test_an_endless_test_has_an_end():
    story = Story("evse")
    for i in range(500):
        story.says("pev", CmSlacParmReq(run_id=RUN), dst=EVSE).wait(ms(5))
        story.says("evse", CmSlacParmCnf(run_id=RUN), dst=PEV).wait(ms(200)).note("evse", f"attempt {i} failed")

    told = titles(story)

    assert len(told) == MOST_STEPS + 1
    assert told[MOST_STEPS // 2] == f"{1500 - MOST_STEPS} steps more"
    assert told[-1] == "EVSE: attempt 499 failed"


# after the match ------------------------------------------------------------------------------------------------


def test_a_discovery_is_told_from_the_first_frame_to_the_answer():
    assert titles(tell_discovery())[-3:] == [
        "PEV sends its first frame 4.000 s after the match: neighbour solicitation",
        "PEV asks by SDP for the station, no TLS, 4.850 s after the match",
        f"EVSE answers by SDP after 20.000 ms: [{EVSE_ADDRESS}]:61118, no TLS",
    ]


def test_an_answer_by_sdp_counts_from_the_first_request_it_is_the_answer_to():
    """As the interval does: asking again does not excuse a late answer."""
    told = titles(tell_discovery(requests=3))[-2:]

    assert told == [
        "PEV asks by SDP for the station, no TLS, 3 times, first 4.850 s after the match",
        f"EVSE answers by SDP after 520.000 ms: [{EVSE_ADDRESS}]:61118, no TLS",
    ]


def test_asking_with_another_security_does_not_excuse_a_late_answer():
    story = tell_match().sends("pev", asks(Security.TLS)).wait(ms(250)).sends("pev", asks()).wait(ms(20))

    assert titles(story.sends("evse", answers()))[-1].startswith("EVSE answers by SDP after 270.000 ms")


def test_only_the_first_question_says_how_long_after_the_match_it_came():
    """TLS, then no TLS: the second question is no measure of a slow plug-in."""
    story = tell_match().sends("pev", asks(Security.TLS)).wait(ms(250)).sends("pev", asks())

    assert titles(story)[-2:] == [
        "PEV asks by SDP for the station, TLS, 4.000 s after the match",
        "PEV asks by SDP for the station, no TLS",
    ]


def test_an_answer_by_sdp_that_nobody_waits_for_is_told_as_such():
    story = tell_discovery().sends("evse", answers())

    assert titles(story)[-1] == f"EVSE answers by SDP, though nobody waits for it: [{EVSE_ADDRESS}]:61118, no TLS"


def test_answers_that_were_withheld_do_not_part_the_requests():
    story = tell_match()
    for _ in range(50):
        story.sends("pev", asks()).note("evse", "SDP response withheld by the test").wait(ms(250))

    assert titles(story)[-2:] == [
        "PEV asks by SDP for the station, no TLS, 50 times, first 4.000 s after the match",
        "EVSE: SDP response withheld by the test, 50 times",
    ]


def test_whether_a_station_was_discovered_is_a_step_and_a_bad_one_if_not():
    found = tell_discovery("pev").note("pev", "discovered the station of dc:0e:a1:11:67:08 at fe80::1 port 61118")
    lost = tell_discovery("pev").note("pev", "discovered no station in 50 requests: no answer")

    last = [steps_from_trace(story.trace)[-1] for story in (found, lost)]

    assert [(step.title.split(" in ")[0].split(" of ")[0], step.bad) for step in last] == [
        ("PEV discovered the station", False),
        ("PEV discovered no station", True),
    ]


def test_a_car_that_knocks_at_the_port_is_told():
    syn = Ipv6Frame(EVSE, PEV, Ipv6(PEV_ADDRESS, EVSE_ADDRESS, Tcp(50000, 61118, flags=SYN)))

    assert titles(tell_discovery().sends("pev", syn))[-1] == "PEV opens a connection (TCP SYN) to port 61118"


def test_a_car_that_does_not_ask_by_sdp_in_all_the_time_it_has_is_a_bad_step():
    silent = tell_match().wait(SDP_BEGUN).note("evse", "link up")
    bad = [step.title for step in steps_from_trace(silent.trace) if step.bad]

    assert bad == [f"The car has not asked by SDP in the {show(s(4) + SDP_BEGUN)} since the match"]


def test_a_car_that_asked_or_left_or_was_not_watched_for_long_is_not_blamed_for_silence():
    asked = tell_discovery().wait(s(60)).note("evse", "the end")
    left = tell_match().pilot(A).wait(s(60)).note("evse", "the end")
    short = tell_match().wait(s(20)).note("evse", "the end")

    assert not [step for story in (asked, left, short) for step in steps_from_trace(story.trace) if step.bad]
