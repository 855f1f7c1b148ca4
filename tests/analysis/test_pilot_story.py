"""The control pilot around an attempt: what was known when, how long the car took, and why nobody answered."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from slac_exchange import (
    AT_EVSE,
    AT_LISTENER,
    AT_PEV,
    BEGIN,
    EVSE,
    OTHER_EVSE,
    Steps,
    ip,
    match,
    match_req,
    only,
    param_req,
    records,
    shifted,
)

from bench.analysis import Attempt, PilotTrack, Recorder, analyze, read_pilot_log
from bench.analysis.as_json import AsJson
from bench.analysis.pilot_model import EVENT_LOG
from bench.cli.analysis_way import MAX_EDGES, way_lines
from bench.units import ms, s, to_ms, to_s

MATCH = match()
UNANSWERED = [param_req(0), param_req(200), param_req(400)]


def log_of(steps: Steps, *rows: str) -> PilotTrack:
    """A log with these rows, the first of which names the columns; `t` counts from the first frame."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pilot.csv"
        path.write_text("\n".join(rows) + "\n")
        frames = records(steps)
        return read_pilot_log(str(path)).aligned(frames[0].t, frames[-1].t)


def all_with_log(steps: Steps, *rows: str, recorder: Recorder = AT_EVSE) -> list[Attempt]:
    return analyze(records(steps), recorder, pilot=log_of(steps, *rows)).attempts


def with_log(steps: Steps, *rows: str, recorder: Recorder = AT_EVSE) -> Attempt:
    (attempt,) = all_with_log(steps, *rows, recorder=recorder)
    return attempt


def event(seconds: float, text: str) -> str:
    """A line of a station's event log, *seconds* after the first frame of an exchange."""
    whole, part = divmod(round(to_ms(BEGIN) + seconds * 1000), 1000)
    minutes, second = divmod(whole - 1_700_000_000 + 20, 60)
    return f'"2023-11-14T22:{13 + minutes:02}:{second:02}.{part:03}Z","EVSE","{text}",""'


CONNECTED, PWM_ON, UNPLUGGED = "Session Started: EVConnected", "Set PWM On (5%)", "Event CarUnplugged"


def kinds(attempt: Attempt) -> list[str]:
    assert attempt.pilot is not None
    return [str(edge.kind) for edge in attempt.pilot.edges]


# what is known --------------------------------------------------------------------------------------------------------


def test_the_time_from_the_plug_and_from_the_first_5_percent_is_measured() -> None:
    """To the first CM_SLAC_PARM.REQ; 5 % set again begins nothing."""
    attempt = with_log(MATCH, "t,state,duty", "-9,A,100", "-4,B,100", "-3,B,5", "-2,B,100", "-1,B,5")

    assert (attempt.plugged_to_request, attempt.digital_to_request) == (s(4), s(3))
    found = AsJson(BEGIN).attempt(attempt)["control_pilot"]
    assert found == {
        "car_plugged_in": True,
        "pwm_percent": 5.0,
        "cp_connected_to_parm_req_ms": 4000.0,
        "cp_pwm_on_to_parm_req_ms": 3000.0,
    }


def test_an_analogue_duty_cycle_is_not_the_first_5_percent() -> None:
    """16 % offers 10 A and asks for no SLAC."""
    attempt = with_log(MATCH, "t,state,duty", "-9,A,100", "-4,B,16", "-1,B,5")

    assert attempt.digital_to_request == s(1)
    assert with_log(MATCH, "t,state,duty", "-9,A,100", "-4,B,16").digital_to_request is None


def test_5_percent_before_the_plug_counts_from_the_plug() -> None:
    assert with_log(MATCH, "t,state,duty", "-9,A,5", "-4,B,5").digital_to_request == s(4)


def test_a_plug_that_nobody_saw_is_not_measured() -> None:
    """The log began with the car plugged in; or it was unplugged again."""
    for rows in (("-4,B,5",), ("-9,A,5", "-4,B,5", "-2,A,5")):
        attempt = with_log(MATCH, "t,state,duty", *rows)
        assert (attempt.plugged_to_request, attempt.digital_to_request) == (None, None)


def test_an_edge_that_is_logged_a_little_late_came_before_the_request() -> None:
    """Logs are up to 160 ms late; the interval is what the log says."""
    late = with_log(MATCH, "t,state,duty", "-9,A,100", "-4,B,100", "0.15,B,5")
    later = with_log(MATCH, "t,state,duty", "-9,A,100", "-4,B,100", "0.17,B,5")

    assert (late.digital_to_request, later.digital_to_request) == (-ms(150), None)


def test_the_car_of_another_station_was_not_plugged_in_here() -> None:
    """Its request is overheard; the plug here is another car's."""
    overheard = [*only(MATCH, "param_req", "start", "sound", "profile"), match_req(1300, dst=OTHER_EVSE), ip(60_000)]

    assert with_log(overheard, "t,state,duty", "-9,A,100", "-4,B,5").plugged_to_request is None


def test_an_event_log_tells_what_was_before_its_first_line() -> None:
    """Who is connected was not before, what is switched on was off; a table of states says nothing of it."""
    track = log_of(MATCH, event(1, CONNECTED), event(2, PWM_ON))
    states = log_of(MATCH, "t,state,duty", "1,B,5")

    assert track.form == EVENT_LOG
    assert (track.at(BEGIN).plugged_in, track.at(BEGIN).duty_pct) == (False, 0.0)
    assert (track.at(BEGIN + s(1)).plugged_in, track.at(BEGIN + s(1)).digital) == (True, False)
    assert (states.at(BEGIN).plugged_in, states.at(BEGIN).digital) == (None, None)
    assert (states.at(BEGIN + s(1)).plugged_in, states.at(BEGIN + s(1)).digital) == (True, True)


@pytest.mark.parametrize("text", ["Set PWM Off", "Set PWM F", "Event ErrorE"])
def test_without_a_signal_there_are_no_5_percent(text: str) -> None:
    track = log_of(MATCH, event(-9, CONNECTED), event(-8, PWM_ON), event(1, text))

    assert [track.at(BEGIN + s(t)).digital for t in (0, 1)] == [True, False]


def test_an_event_log_that_begins_in_the_middle_tells_nothing_of_before() -> None:
    track = log_of(MATCH, event(1, "Event CarRequestedPower"), event(2, "Set PWM Off"))

    assert (track.at(BEGIN).plugged_in, track.at(BEGIN).digital) == (None, None)


# the story of an attempt ----------------------------------------------------------------------------------------------


def test_the_story_reaches_from_the_plug_to_the_unplugging() -> None:
    """The log goes on when the capture has ended."""
    rows = ("-900,A,100", "-800,B,100", "-700,A,100", "-4,B,100", "-3,B,5", "6,C,5", "40,B,5", "70,A,100")

    attempt = with_log(MATCH, "t,state,duty", *rows)

    assert kinds(attempt) == ["car_connected", "pwm_on", "state_c", "state_b", "car_unplugged", "pwm_off"]


def test_each_attempt_has_its_own_part_of_the_story() -> None:
    """The second car's plug-in is none of the first one's, and the other way round; a second try sees the same plug."""
    again = shifted(UNANSWERED, 10_000)
    steps = [*UNANSWERED, *again, *shifted(MATCH, 60_000)]

    attempts = all_with_log(
        steps, "t,state,duty", "-9,A,100", "-4,B,5", "12,C,5", "20,A,100", "55,B,5", "70,C,5", "80,A,100"
    )

    assert [kinds(attempt) for attempt in attempts] == [
        ["car_connected", "pwm_on"],
        ["car_connected", "pwm_on", "state_c", "car_unplugged", "pwm_off"],
        ["car_connected", "pwm_on", "state_c", "car_unplugged", "pwm_off"],
    ]


def test_a_plug_in_during_the_attempt_is_part_of_it() -> None:
    assert kinds(with_log([*UNANSWERED, ip(9000)], "t,state", "-1,A", "0.3,B", "30,A")) == [
        "state_a",
        "car_connected",
        "car_unplugged",
    ]


def lines(attempt: Attempt) -> list[tuple[str, float | None]]:
    return [(line.label, None if line.since is None else to_s(line.since)) for line in way_lines(attempt)[1]]


def test_edges_and_frames_stand_on_one_axis() -> None:
    """That of CM_SLAC_MATCH.CNF; the way from there is as without a log, and the pilot is no part of a step."""
    attempt = with_log(MATCH, "t,state,duty", "-9,A,100", "-4,B,100", "-3,B,5", "6,C,5", "40,B,5", "70,A,100")

    assert lines(attempt) == [
        ("plugged in", -5.31),
        ("5 % on", -4.31),
        ("CM_SLAC_PARM.REQ", -1.31),
        ("CM_SLAC_MATCH.CNF", 0),
        ("network up, first frame of the car", 2.69),
        ("state C, the car asks for power", 4.69),
        ("back to state B", 38.69),
        ("unplugged", 68.69),
        ("PWM off", 68.69),
    ]
    assert way_lines(attempt)[0] == "MATCH.CNF"
    assert [line.took for line in way_lines(attempt)[1] if line.took is not None] == [ms(2690)]


def test_without_a_match_the_axis_is_that_of_the_first_frame() -> None:
    attempt = with_log(UNANSWERED, "t,state,duty", "-9,A,100", "-4,B,16", "3,E,0", "4,F,0", "5,D,5", "6,B,5")

    assert lines(attempt) == [
        ("plugged in", -4),
        ("16 % on", -4),
        ("CM_SLAC_PARM.REQ", 0),
        ("last frame of SLAC", 0.4),
        ("state E", 3),
        ("PWM off", 3),
        ("state F, the station is not available", 4),
        ("state D, the car asks for power and air", 5),
        ("5 % on", 5),
        ("back to state B", 6),
    ]
    assert way_lines(attempt)[0] == "first frame"


def test_what_the_station_says_twice_is_shown_once() -> None:
    """5 % set again, and "stop requesting" of a car that did not request."""
    steps = [*MATCH, ip(59_000)]
    said = [(-4, CONNECTED), (-3, PWM_ON), (-2, PWM_ON), (6, "Event CarRequestedPower")]
    said += [(40, "Event CarRequestedStopPower"), (41, "Set PWM Off"), (45, "Event CarRequestedStopPower")]
    said += [(46, UNPLUGGED), (46, "Set PWM Off")]
    (attempt,) = all_with_log(steps, *(event(t, text) for t, text in said))

    assert [label for label, _ in lines(attempt)] == [
        "plugged in",
        "5 % on",
        "CM_SLAC_PARM.REQ",
        "CM_SLAC_MATCH.CNF",
        "network up, first frame of the car",
        "state C, the car asks for power",
        "back to state B",
        "PWM off",
        "unplugged",
    ]


def test_a_pilot_that_never_rests_is_shown_in_part() -> None:
    """How many more there are is said."""
    rows = [f"{3 + n},{'BC'[n % 2]}" for n in range(30)]

    shown = lines(with_log(MATCH, "t,state", *rows))

    assert shown[-1] == ("and 10 more changes of the pilot", None)
    assert sum(label.endswith(("state B", "for power")) for label, _ in shown) == MAX_EDGES


def test_without_edges_around_it_an_attempt_has_no_story() -> None:
    """The log begins after it."""
    first, _ = all_with_log([*UNANSWERED, *shifted(MATCH, 60_000)], "t,state", "50,A", "55,B")

    assert kinds(first) == ["state_a"] or lines(first) == []


# why nobody answered --------------------------------------------------------------------------------------------------


def why(*rows: str, steps: Steps = UNANSWERED, recorder: Recorder = AT_EVSE) -> str:
    return with_log(steps, *rows, recorder=recorder).diagnosis.partition(": ")[2]


def test_no_car_was_plugged_in() -> None:
    """When the next one came, if it did."""
    head = "t,state,duty"

    assert (
        why(head, "-1,A,100")
        == "by the pilot log no car was plugged in here, so this station was not waiting for a car."
    )
    assert why(head, "-1,A,100", "79.9,B,100") == (
        "by the pilot log no car was plugged in here (the next one 79.900 s later), so this station was not waiting "
        "for a car."
    )
    assert "no car was plugged in here" in why(event(30, CONNECTED), event(31, PWM_ON), steps=[*UNANSWERED, ip(40_000)])
    assert "no car was plugged in here" in why(head, "-9,B,5", "-8,A,5")


def test_a_car_was_plugged_in_without_5_percent() -> None:
    """No PWM, or an analogue offer."""
    head = "t,state,duty"

    assert why(head, "-2,A,100", "-1,B,100") == (
        "a car was plugged in here, but 5 % was not on (pilot log: no PWM), so this station was not waiting for a car."
    )
    assert "(pilot log: PWM at 16 %)" in why(head, "-2,A,100", "-1,B,16")
    assert "(pilot log: no PWM)" in why(event(-2, CONNECTED), event(30, PWM_ON), steps=[*UNANSWERED, ip(40_000)])


def test_a_car_was_plugged_in_with_5_percent() -> None:
    """Then it was this station's to answer."""
    assert why("t,state,duty", "-2,A,100", "-1,B,5") == (
        "a car was plugged in here with 5 % on (pilot log), so this station should have answered, unless another car "
        "asked."
    )
    assert "should have answered" in why("t,state,duty", "-1,C,5")


def test_a_log_without_duty_does_not_tell_of_5_percent() -> None:
    expected = "a car was plugged in here, and the pilot log does not tell whether 5 % was on."

    assert why("t,state", "-1,B") == expected
    assert why("t,state", "-1,B2") == expected


def test_what_changed_while_the_car_asked_is_told() -> None:
    """Plugged in, switched on, unplugged: how long after its first request."""
    head = "t,state,duty"

    assert why(head, "-1,A,100", "0.3,B,5") == (
        "by the pilot log the car was plugged in here only 300.000 ms after the first request."
    )
    assert why(head, "-1,B,100", "0.3,B,5") == (
        "a car was plugged in here, but 5 % came on only 300.000 ms after the first request."
    )
    assert (
        why(head, "-1,B,5", "0.3,A,5") == "by the pilot log the car was unplugged 300.000 ms after the first request."
    )


def test_an_edge_behind_the_last_request_may_have_come_before_it() -> None:
    """By what a log is late, no more."""
    assert "should have" not in why("t,state,duty", "-1,B,100", "0.55,B,5")
    assert "came on only" in why("t,state,duty", "-1,B,100", "0.55,B,5")
    assert "5 % was not on" in why("t,state,duty", "-1,B,100", "0.57,B,5")


@pytest.mark.parametrize(
    ("rows", "recorder", "said"),
    [
        (("9,B,5",), AT_EVSE, "this station was not waiting for a car, or the car is plugged in elsewhere."),
        (("-1,A,100",), AT_PEV, "no EVSE heard them or none was ready"),
        (("-1,A,100",), AT_LISTENER, "no EVSE heard them, or its answers"),
    ],
    ids=["the log begins later", "on the car's side", "a listener"],
)
def test_without_knowledge_of_the_plug_here_the_sentence_is_as_before(
    rows: tuple[str, ...], recorder: Recorder, said: str
) -> None:
    assert said in why("t,state,duty", *rows, steps=[*UNANSWERED, ip(10_000, src=EVSE)], recorder=recorder)


def test_an_answered_attempt_is_told_as_before() -> None:
    """The pilot adds intervals, not words."""
    assert with_log(MATCH, "t,state,duty", "-9,A,100", "-4,B,5").diagnosis == (
        "Matched in 1.310 s from the car's request; network up 2.690 s later."
    )
