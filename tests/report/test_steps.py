"""The step list tells a test in the domain's words."""

from __future__ import annotations

from trace_story import B1, B2, EVSE, KEY, PEV, RUN, A, E, Story, tell_match

from bench.ids import MacAddress, nid_from_nmk
from bench.mme import CmAttenCharRsp, CmSlacParmCnf, CmSlacParmReq
from bench.report.steps import MOST_STEPS, steps_from_trace
from bench.trace import Direction
from bench.units import ms, s


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
        "EVSE sees the link up after 4.005 s",
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
