"""The sequence ladder says what the trace says: every message once, in order, from whom to whom."""

from __future__ import annotations

import pytest
from trace_story import (
    B1,
    B2,
    EVSE,
    EVSE_MODEM,
    PEV,
    RUN,
    SVG,
    Chart,
    E,
    Story,
    ascending,
    poll,
    tell_match,
)

from bench.analysis.intervals import Interval
from bench.analysis.verdict import Profile, judge
from bench.ids import MacAddress, RunId
from bench.limits import LIMITS
from bench.mme import (
    CmAttenCharInd,
    CmMnbcSoundInd,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    VsAttenCharInd,
)
from bench.mme import CmAttenProfileInd as CmAttenProfile
from bench.report.ladder import ladder_svg
from bench.report.palette import state_class
from bench.slac.evse_table import EvseState
from bench.slac.pev_table import PevState
from bench.trace import Direction, Trace
from bench.units import Ns, ms, s


def drawn(story: Story, **options: object) -> Chart:
    return Chart(ladder_svg(story.trace, **options))  # type: ignore[arg-type]


# messages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ports", [("evse",), ("pev",), ("evse", "pev")], ids="+".join)
def test_every_message_is_one_arrow_whoever_recorded_it(ports):
    """Where both ends are the bench's own ports the trace holds a message twice; the ladder shows it once."""
    story = tell_match(*ports)

    arrows = drawn(story).arrows()

    assert sorted(arrow.name for arrow in arrows) == sorted(story.told)


def test_messages_stand_in_order_of_time():
    arrows = drawn(tell_match("evse", "pev")).arrows()

    assert ascending(arrow.y for arrow in arrows)
    names = [arrow.name for arrow in arrows if arrow.name != "CM_ATTEN_PROFILE.IND"]
    assert names[2:6] == ["CM_SLAC_PARM.REQ", "CM_SLAC_PARM.CNF", *["CM_START_ATTEN_CHAR.IND"] * 2]
    assert names[-3:] == ["CM_SLAC_MATCH.CNF", "CM_SET_KEY.REQ", "CM_SET_KEY.CNF"]


def test_an_arrow_runs_from_the_sender_to_the_receiver():
    chart = drawn(tell_match())
    pev, evse = chart.lane_x("PEV"), chart.lane_x("EVSE")

    by_name = {arrow.name: arrow for arrow in chart.arrows()}

    assert by_name["CM_SLAC_PARM.REQ"].start == pev
    assert by_name["CM_SLAC_PARM.REQ"].ends == [evse - 1.5]
    assert by_name["CM_SLAC_PARM.CNF"].start == evse
    assert by_name["CM_SLAC_PARM.CNF"].ends == [pev + 1.5]


def test_a_modem_has_a_lane_between_its_host_and_the_other_station():
    chart = drawn(tell_match())
    modem = chart.lane_x("modem")

    profiles = [arrow for arrow in chart.arrows() if arrow.name == "CM_ATTEN_PROFILE.IND"]

    assert chart.lane_x("PEV") < modem < chart.lane_x("EVSE")
    assert [arrow.start for arrow in profiles] == [modem] * 10


def test_state_names_have_room_beyond_the_outermost_lane():
    chart = drawn(tell_match())

    assert float(chart.root.get("width", "nan")) - chart.lane_x("EVSE") > 180


def test_a_station_without_traffic_of_its_modem_has_no_modem_lane():
    story = Story("pev").says("pev", CmSlacParmReq(run_id=RUN))

    assert "modem" not in drawn(story).texts()


@pytest.mark.parametrize(
    ("name", "details"),
    [
        ("CM_SLAC_PARM.REQ", f"run {RUN}"),
        ("CM_SLAC_PARM.CNF", "10 sounds, 600 ms"),
        ("CM_ATTEN_CHAR.IND", "10 sounds, 22.9 dB"),
        ("CM_ATTEN_PROFILE.IND", "22.9 dB"),
        ("CM_SLAC_MATCH.CNF", "NMK 5e…5f"),
        ("CM_SET_KEY.REQ", "NMK 5e…5f"),
        ("CM_SET_KEY.CNF", "result 1"),
    ],
)
def test_a_label_tells_what_matters_in_the_message(name, details):
    arrows = drawn(tell_match()).arrows()

    assert all(details in arrow.label for arrow in arrows if arrow.name == name)


def test_sounds_are_told_one_by_one_with_their_counter():
    labels = [arrow.label for arrow in drawn(tell_match()).arrows() if arrow.name == "CM_MNBC_SOUND.IND"]

    assert [label.split()[-1] for label in labels] == [str(cnt) for cnt in reversed(range(10))]


def test_a_broadcast_reaches_every_evse_with_one_arrow():
    """SUT: PEV between two charging stations of the bench: what both hear at once is one message."""
    other = MacAddress.parse("02:00:00:00:e5:e2")
    trace = Trace()
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN))
    octets = next(story.trace.frames()).octets
    trace.frame(s(1), "evse", Direction.IN, octets)
    trace.frame(s(1), "neighbour", Direction.IN, octets)
    for port, mac in (("evse", EVSE), ("neighbour", other)):
        cnf = Story("evse").says("evse", CmSlacParmCnf(forwarding_sta=PEV, run_id=RUN), src=mac)
        trace.frame(s(1) + ms(1), port, Direction.OUT, next(cnf.trace.frames()).octets)

    chart = Chart(ladder_svg(trace))

    assert [arrow.name for arrow in chart.arrows()] == ["CM_SLAC_PARM.REQ", "CM_SLAC_PARM.CNF", "CM_SLAC_PARM.CNF"]
    assert len(chart.arrows()[0].ends) == 2
    assert "neighbour" in chart.texts()


def test_a_lost_message_does_not_reach_the_other_lane():
    story = Story("evse", "pev").says_in_vain("pev", CmSlacParmReq(run_id=RUN)).wait(ms(200))
    story.says("pev", CmSlacParmReq(run_id=RUN)).wait(s(1)).note("pev", "the end")

    first, second = drawn(story).arrows()

    assert first.lost
    assert first.red == ["  lost"]
    assert not first.ends
    assert not second.lost


def test_nothing_is_called_lost_where_the_bench_does_not_listen():
    """SUT: PEV. It has no port of the bench; that it was silent does not mean that it did not hear."""
    story = tell_match("evse").wait(s(1)).note("evse", "the end")

    assert not [arrow for arrow in drawn(story).arrows() if arrow.lost]


def test_a_foreign_run_id_is_red():
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(200))
    story.says("pev", CmStartAttenCharInd(run_id=RUN)).wait(ms(30))
    story.says("pev", CmStartAttenCharInd(run_id=RunId(b"\x66" * 8)))

    red = [arrow.red for arrow in drawn(story).arrows()]

    assert red == [[], [], ["  other run 6666666666666666"]]


def test_a_message_that_receivers_must_reject_says_why_in_red():
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(200))
    story.says("pev", CmSlacMatchReq(mvf_length=61, pev_mac=PEV, evse_mac=EVSE, run_id=RUN))

    request, match = drawn(story).arrows()

    assert not request.red
    assert "mvf_length is 61, 62 expected" in match.red[0]


def test_a_vendor_report_is_not_drawn_beside_the_standard_one():
    """QCA7005 modems tell each profile twice, as 0xA14E and as CM_ATTEN_PROFILE.IND."""
    story = Story("evse").says("evse", CmSlacParmCnf(run_id=RUN)).wait(ms(5))
    story.modem_says("evse", VsAttenCharInd(pev_mac=PEV, aag=b"\x14" * 58))
    story.modem_says("evse", CmAttenProfile(pev_mac=PEV, aag=b"\x14" * 58)).wait(ms(50))
    story.modem_says("evse", VsAttenCharInd(pev_mac=PEV, aag=b"\x15" * 58))

    arrows = drawn(story).arrows()

    assert [arrow.name for arrow in arrows[1:]] == ["CM_ATTEN_PROFILE.IND", "VS_ATTEN_CHAR.IND"]
    assert "VS_ATTEN_CHAR.IND told the same" in arrows[1].hint


# time -----------------------------------------------------------------------------------------------------------


def test_zero_is_the_first_offer_of_five_percent():
    chart = drawn(tell_match())

    stamps = chart.texts("time")

    assert stamps[0] == "−0.4000"
    assert "0.0000" in stamps
    assert "0.2500" in stamps


def test_zero_can_be_set():
    assert drawn(tell_match(), t0=s(1)).texts("time")[0] == "0.0000"


def test_a_long_silence_is_cut_and_says_its_length():
    """300 ms and less are drawn, more is cut."""
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(300))
    story.says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(301))
    story.says("pev", CmSlacParmReq(run_id=RUN)).wait(s(6))
    story.says("pev", CmSlacParmReq(run_id=RUN))

    chart = drawn(story)

    assert chart.texts("gap") == ["301.000 ms", "6.000 s"]
    assert all(cut.findall("{*}path") for cut in chart.of("g", "cut"))


def test_longer_times_take_more_room_until_they_are_cut():
    story = Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(150))
    story.says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(290)).says("pev", CmSlacParmReq(run_id=RUN))

    first, second, third = (arrow.y for arrow in drawn(story).arrows())

    assert third - second > second - first


# states and pilot -----------------------------------------------------------------------------------------------


def test_states_are_bars_on_the_lane_of_their_station_with_their_names():
    chart = drawn(tell_match())
    evse = chart.lane_x("EVSE")

    bars = chart.of("rect", "state")
    names = chart.texts("state-name")

    assert [bar.get("class") for bar in bars] == [
        "state rest",  # of the station: waiting for a car
        "state waiting",
        "state waiting",  # of the session
        "state joining",
        "state linked",
    ]
    assert all(abs(float(bar.get("x", "nan")) - evse) < 20 for bar in bars)
    assert names == ["waiting for CM_SLAC_PARM.REQ", "serving → parameters confirmed", "joining", "linked"]


def test_every_state_of_both_machines_has_its_colour():
    """A state the chart does not know is a waiting one; those that end an attempt must not look like that."""
    linked = {state for state in (*EvseState, *PevState) if state_class(state.value) == "linked"}
    trouble = {state for state in (*EvseState, *PevState) if state_class(state.value) == "trouble"}

    assert linked == {EvseState.LINKED, EvseState.MATCHED, PevState.MATCHED}
    assert {EvseState.GAVE_UP, PevState.UNMATCHED, PevState.PAUSE} <= trouble
    assert state_class(EvseState.WAIT_RSP.value) == "waiting"


def test_a_machine_that_gives_up_is_red():
    story = tell_match().wait(ms(50)).state("evse", EvseState.GAVE_UP.value)

    assert drawn(story).texts("state-name", "bad") == [EvseState.GAVE_UP.value]


def test_the_pilot_strip_has_letter_duty_and_level_of_each_stretch():
    story = Story("evse").pilot(B1).wait(ms(250)).pilot(B2).wait(ms(250)).says("pev", CmSlacParmReq(run_id=RUN))
    story.wait(ms(250)).pilot(E).wait(ms(250)).note("evse", "the end")

    chart = drawn(story)

    assert [strip.get("class") for strip in chart.of("rect", "cp")] == ["cp cp-b", "cp cp-b", "cp cp-e"]
    assert len(chart.of("rect", "pwm")) == 1
    tops = [float(strip.get("y", "nan")) for strip in chart.of("rect", "cp")]
    ends = [top + float(strip.get("height", "nan")) for top, strip in zip(tops, chart.of("rect", "cp"), strict=True)]
    assert ends[:2] == pytest.approx(tops[1:], abs=0.2)
    assert chart.texts("letter") == ["B", "B", "E"]
    assert [text for text in chart.texts("small") if "V" in text] == ["B1 +9.0 V", "B2 5 % +9.0 V", "E +0.0 V"]


def test_strip_and_messages_share_one_axis():
    """The strip changes where the line of that instant stands."""
    story = Story("evse").pilot(B1).wait(ms(250)).says("pev", CmSlacParmReq(run_id=RUN))
    story.pilot(B2).wait(ms(250)).says("pev", CmSlacParmReq(run_id=RUN))

    chart = drawn(story)

    assert float(chart.of("rect", "cp")[1].get("y", "nan")) == chart.arrows()[0].y


def test_trouble_in_a_note_is_red_and_other_notes_are_not():
    story = tell_match().wait(ms(50)).note("evse", "attempt of the PEV failed: no answer").note("evse", "door opened")

    chart = drawn(story)

    assert chart.texts("remark", "bad") == ["attempt of the PEV failed: no answer"]
    assert "door opened" in chart.texts("remark")


def test_what_a_machine_ignores_stands_beside_the_message():
    story = (
        Story("evse").says("pev", CmSlacParmReq(run_id=RUN)).note("evse", f"ignored CM_SLAC_PARM.REQ from {PEV}: busy")
    )

    chart = drawn(story)

    assert chart.texts("aside") == ["ignored: busy"]
    assert not chart.texts("remark")


def test_a_verdict_stands_at_the_head_red_if_the_test_failed():
    story = tell_match()

    assert drawn(story, verdict="never matched", failed=True).texts("verdict", "bad") == ["never matched"]
    assert not drawn(story, verdict="matched").texts("verdict", "bad")


# limits ---------------------------------------------------------------------------------------------------------

SOUND = LIMITS["TP_EV_batch_msg_interval (sound)"]


def judged(start: Ns, value: Ns, uncertainty: Ns = 0):
    return judge(Interval(SOUND, start, value), Profile.STRICT, uncertainty)


def sounds(story: Story) -> list[Ns]:
    return [seen.t for seen in story.trace.frames() if isinstance(seen.mme, CmMnbcSoundInd)]


def test_a_violated_limit_is_a_red_bracket_from_message_to_message():
    story = tell_match(sound_every=ms(60))
    at = sounds(story)

    chart = drawn(story, judgements=[judged(at[2], at[3] - at[2])])

    (bracket,) = chart.of("path", "bracket", "bad")
    third, fourth = [arrow.y for arrow in chart.arrows() if arrow.name == "CM_MNBC_SOUND.IND"][2:4]
    assert f"{third:g}H" in bracket.get("d", "")
    assert f"V{fourth:g}H" in bracket.get("d", "")
    assert chart.texts("mark", "bad") == [
        "TP_EV_batch_msg_interval (sound) of the PEV: 60.000 ms, allowed 20.000 ms ... 50.000 ms (strict): fail"
    ]


def test_an_interval_within_its_limits_is_not_marked():
    story = tell_match(sound_every=ms(30))
    at = sounds(story)

    chart = drawn(story, judgements=[judged(at[2], at[3] - at[2])])

    assert not chart.of("path", "bracket")
    assert not chart.texts("mark")


def test_an_inconclusive_interval_is_marked_otherwise():
    story = tell_match(sound_every=ms(50))
    at = sounds(story)

    chart = drawn(story, judgements=[judged(at[0], at[1] - at[0], uncertainty=ms(1))])

    assert len(chart.of("path", "bracket", "unsure")) == 1
    assert not chart.of("path", "bracket", "bad")


def test_repeated_violations_share_a_number_and_the_worst_is_told():
    story = tell_match(sound_every=ms(60))
    at = sounds(story)

    chart = drawn(story, judgements=[judged(at[0], ms(60)), judged(at[1], ms(75)), judged(at[2], ms(60))])

    assert len(chart.of("path", "bracket", "bad")) == 3
    assert set(chart.texts("number")) == {"1"}
    (text,) = chart.texts("mark")
    assert "75.000 ms" in text
    assert text.endswith("worst of 3")


# what is left out -----------------------------------------------------------------------------------------------


def test_polling_of_a_modem_is_one_line_that_says_how_often():
    story = poll(tell_match(), "evse", 24)

    chart = drawn(story)

    (folded,) = chart.of("g", "fold")
    assert "VS_NW_INFO ×24, every 250 ms; at last: in no network" in "".join(folded.itertext())
    assert "VS_NW_INFO.REQ" not in [arrow.name for arrow in chart.arrows()]


def test_polls_without_answers_are_counted_apart():
    story = poll(Story("evse"), "evse", 5)
    story.trace.entries = [e for i, e in enumerate(story.trace.entries) if i not in (3, 5)]

    assert "VS_NW_INFO.REQ ×5 .CNF ×3" in "".join(drawn(story).of("g", "fold")[0].itertext())


def test_a_few_questions_to_a_modem_are_drawn():
    assert not drawn(poll(Story("evse"), "evse", 2)).of("g", "fold")


def test_a_request_repeated_for_ever_is_folded_and_the_last_is_drawn():
    story = Story("evse")
    for _ in range(100):
        story.says("pev", CmSlacParmReq(run_id=RUN)).wait(ms(200))

    chart = drawn(story)

    assert len(chart.arrows()) == 3
    (folded,) = chart.of("g", "fold")
    assert "CM_SLAC_PARM.REQ, 97 times more, every 200 ms, until" in "".join(folded.itertext())


def test_requests_and_remarks_that_alternate_for_ever_are_folded_together():
    story = Story("evse")
    for _ in range(50):
        story.says("pev", CmSlacParmReq(run_id=RUN)).note("evse", "CM_SLAC_PARM.CNF withheld by the test").wait(ms(200))

    chart = drawn(story)

    assert len(chart.arrows()) == 3
    assert "the last 2 lines, 47 times more" in "".join(chart.of("g", "fold")[0].itertext())


def test_a_flood_of_different_messages_does_not_make_an_endless_chart():
    story = Story("evse")
    for i in range(2000):
        story.says("pev", CmSlacParmReq(run_id=RunId(i.to_bytes(8, "big")))).wait(ms(20))
        story.says("evse", CmAttenCharInd(num_sounds=i % 200, aag=bytes([i % 60]) * (1 + i % 50)))
        story.note("evse", f"remark {i}")

    chart = drawn(story)

    assert float(chart.root.get("height", "nan")) < 4000
    hidden = next(text for text in chart.texts("detail") if "not drawn" in text)
    shown = len(chart.arrows()) + len(chart.texts("remark"))
    assert int(hidden.split()[0]) + shown == 6000
    assert chart.arrows()[-1].label.split()[0] == "CM_ATTEN_CHAR.IND"


# the document ---------------------------------------------------------------------------------------------------


def test_text_of_strangers_is_escaped():
    """A title, a station's name or a note may hold anything, and the chart stays one SVG."""
    evil = '<script>alert("x")</script> & \x00\x1b[31m \ud800'
    story = tell_match().note("evse", evil).note(evil, evil).state("evse", evil, evil)

    text = ladder_svg(story.trace, {"evse": evil, "pev": evil}, evil, verdict=evil)

    assert "<script" not in text
    assert not Chart(text).of("script")
    text.encode("utf-8")


def test_an_empty_trace_is_an_empty_ladder():
    chart = Chart(ladder_svg(Trace(), title="nothing happened"))

    assert {"PEV", "EVSE"} <= set(chart.texts())
    assert not chart.arrows()


def test_two_drawings_of_one_trace_are_the_same():
    assert ladder_svg(tell_match("evse", "pev").trace) == ladder_svg(tell_match("evse", "pev").trace)


def test_octets_that_are_no_message_are_shown_as_what_they_are():
    story = tell_match()
    trace = story.trace
    trace.frame(story.t, "evse", Direction.IN, EVSE + PEV + bytes.fromhex("86dd") + bytes(46))
    trace.frame(story.t, "evse", Direction.IN, EVSE + PEV + bytes.fromhex("88e10164600000"))
    trace.frame(story.t, "evse", Direction.IN, b"\x01\x02")

    arrows = drawn(story).arrows()

    assert [arrow.label for arrow in arrows[-2:]] == ["Ethernet 0x86dd", "malformed message"]


def test_names_of_stations_and_modem_addresses_are_told():
    chart = drawn(tell_match(), stations={"pev": "hyundai-ioniq28", "evse": "bench"})

    assert {"hyundai-ioniq28", "bench", str(PEV), str(EVSE)} <= set(chart.texts())
    assert any(str(EVSE_MODEM) in (head.findtext(f"{SVG}title") or "") for head in chart.of("g", "head"))
