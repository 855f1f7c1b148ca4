"""From the match to the session: which steps are seen, how long each took, and what is printed of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from slac_exchange import (
    AT_EVSE,
    AT_PEV,
    BEGIN,
    EVSE,
    EVSE_MODEM,
    OTHER_EVSE,
    OTHER_MODEM,
    PEV,
    PEV_MODEM,
    Steps,
    ip,
    param_req,
    records,
    set_key,
    set_key_cnf,
    shifted,
    the_attempt,
)
from test_sdp_reading import LOOKING, answer, ask, frame, printed, words
from way_steps import MATCH_CNF_AT, MATCHED, handshake, question, reply, rst, syn

from bench.analysis import Attempt, Milestone, ModemRestart, Recorder, analyze, longest_of, way_of
from bench.analysis.as_json import AsJson
from bench.analysis.restart_watch import PATIENCE
from bench.ids import LOCAL_DEVICE, MacAddress
from bench.net import ALL_NODES, Ipv6Frame, multicast_mac
from bench.units import ms, to_ms

KEYED = [*MATCHED, set_key(1340), set_key_cnf(1340.5)]
ASKED_TWICE = [question(2000), reply(2000.4)]
"""The modem is known to answer this question."""
SILENT = [question(4000), question(5300), reply(5300.4)]
PARTNER = [question(6500), reply(6500.4), reply(6504, src=OTHER_MODEM)]
LATER = [ip(60_000, src=OTHER_EVSE)]
LOOKS = frame(3000, Ipv6Frame(multicast_mac(ALL_NODES), PEV, LOOKING))


def restart(steps: Steps, recorder: Recorder = AT_PEV) -> ModemRestart | None:
    return the_attempt([*KEYED, *steps], recorder).restart


def at(t: int | None) -> float | None:
    """As the steps count."""
    return None if t is None else to_ms(t - BEGIN)


# the recorder's own modem ---------------------------------------------------------------------------------------------


def test_a_modem_restarts_between_the_question_it_ignores_and_its_next_answer() -> None:
    """As the TL-PA4010P does, late: it still answers after CM_SET_KEY.CNF, then it is silent, then it answers."""
    found = restart([*ASKED_TWICE, *SILENT, *PARTNER])

    assert found is not None
    assert (at(found.last_answer_t), at(found.silent_t), at(found.back_t)) == (2000.4, 4000, 5300.4)
    assert (found.silent_frame, found.back_frame) == (len(KEYED) + 3, len(KEYED) + 5)


def test_a_modem_that_answers_everything_does_not_restart() -> None:
    """Nor one that is asked twice within a blink, nor one whose last answer the recording cut off."""
    answered = [*ASKED_TWICE, question(4000), reply(4000.4), question(5300), reply(5300.4)]
    hurried = [*ASKED_TWICE, question(4000), question(4001), reply(4001.4)]

    for steps in (answered, hurried, [*ASKED_TWICE, question(4000)]):
        assert restart(steps) is None


def test_an_answer_is_missing_after_half_a_second() -> None:
    """At the limit itself."""
    patience = to_ms(PATIENCE)

    assert restart([*ASKED_TWICE, question(4000), reply(4000 + patience - 1), *PARTNER]) is None
    assert restart([*ASKED_TWICE, question(4000), reply(4000 + patience), *PARTNER]) is not None


def test_a_modem_that_does_not_come_back_has_no_end_of_its_silence() -> None:
    found = restart([*ASKED_TWICE, question(4000), *LATER])

    assert found is not None
    assert (at(found.silent_t), found.back_t, found.back_frame) == (4000, None, None)


@pytest.mark.parametrize(
    "steps",
    [
        SILENT[:2],
        [*ASKED_TWICE, question(4000, src=EVSE), question(5300, src=EVSE)],
        [*ASKED_TWICE, question(4000, dst=OTHER_MODEM), question(5300, dst=OTHER_MODEM)],
        [*ASKED_TWICE, *PARTNER, *shifted(SILENT, 20_000)],
        [reply(2000.4, src=OTHER_MODEM, dst=EVSE), *SILENT[:2]],
    ],
    ids=[
        "never answered before",
        "another host asks",
        "another modem is asked",
        "the network is up",
        "another's answer",
    ],
)
def test_only_a_known_question_to_the_own_modem_tells_of_a_restart(steps: Steps) -> None:
    """One of a sort it has answered, of the recorder, before the network shows."""
    assert restart([*steps, *LATER]) is None


@pytest.mark.parametrize("dst", [PEV_MODEM, LOCAL_DEVICE])
def test_the_modem_may_be_asked_by_its_address(dst: MacAddress) -> None:
    """Its own, or the one that any local modem answers to."""
    found = restart([*ASKED_TWICE, question(4000, dst=dst), question(5300, dst=dst), reply(5300.4)])

    assert found is not None
    assert at(found.silent_t) == 4000


def test_without_a_key_after_the_match_no_restart_is_looked_for() -> None:
    """The station's side sets its key before."""
    asked = [question(2000, src=EVSE), reply(2000.4, EVSE_MODEM, EVSE), question(4000, src=EVSE), *LATER]

    assert the_attempt([*MATCHED, *asked], AT_EVSE).restart is None


def test_a_restart_belongs_to_its_match() -> None:
    """The next attempt ends the wait; a silence it interrupts is no longer than that."""
    first, second = _attempts([*KEYED, *ASKED_TWICE, question(4000), param_req(4200), question(9000)])

    assert (first.restart, second.restart) == (None, None)


def _attempts(steps: Steps) -> list[Attempt]:
    return analyze(records(steps), AT_PEV).attempts


# the steps ------------------------------------------------------------------------------------------------------------

WAY = [*KEYED, *ASKED_TWICE, *SILENT, *PARTNER, ask(7000), ask(7500), answer(7600), *handshake(12_000)]


def test_the_way_of_a_computer_that_plays_the_car() -> None:
    """Key, restart, network by a confirmation, SDP, TCP: each since the match and since the step before."""
    way = way_of(the_attempt(WAY, AT_PEV))

    told = [(str(step.milestone), to_ms(step.after_match) + MATCH_CNF_AT, round(to_ms(step.took), 1)) for step in way]
    assert told == [
        ("set_key", 1340, 30),
        ("set_key_confirmed", 1340.5, 0.5),
        ("modem_silent", 4000, 2659.5),
        ("modem_back", 5300.4, 1300.4),
        ("network", 6504, 1203.6),
        ("sdp_request", 7000, 496),
        ("sdp_response", 7600, 600),
        ("tcp_syn", 12_000, 4400),
        ("tcp_established", 12_010, 10),
    ]
    assert [step.before for step in way] == [None, *(step.milestone for step in way[:-1])]
    assert longest_of(way) is way[7]


def test_the_way_of_a_real_car_seen_from_its_station() -> None:
    """No key and no restart; the first frame is the proof of the network."""
    way = way_of(the_attempt([*MATCHED, LOOKS, ask(4000), answer(4010), *handshake(4300)]))

    assert [str(step.milestone) for step in way] == [
        "network",
        "first_frame",
        "sdp_request",
        "sdp_response",
        "tcp_syn",
        "tcp_established",
    ]
    assert way[0].frame == way[1].frame
    assert (way[0].took, way[1].took) == (ms(3000 - MATCH_CNF_AT), 0)
    assert longest_of(way) is way[0]


def test_the_steps_stand_in_the_order_of_the_frames() -> None:
    """Inside a car the request may go out before the station shows itself."""
    way = way_of(the_attempt([*KEYED, ask(4000), ip(4100, src=EVSE, dst=PEV), answer(4200)], AT_PEV))

    assert [step.milestone for step in way[2:]] == [
        Milestone.SDP_REQUEST,
        Milestone.NETWORK,
        Milestone.SDP_RESPONSE,
    ]


def test_the_key_is_confirmed_by_the_own_modem() -> None:
    """Not by one that it reached over the line."""
    way = way_of(the_attempt([*MATCHED, set_key(1340), set_key_cnf(1341, src=OTHER_MODEM), set_key_cnf(1342)], AT_PEV))

    assert [to_ms(step.after_match) for step in way] == [30, 32]


def test_of_what_is_said_again_the_first_counts() -> None:
    """Requests and responses."""
    way = way_of(the_attempt([*MATCHED, ask(4000), answer(4010), ask(5000), answer(5010)]))

    assert [to_ms(step.after_match) + MATCH_CNF_AT for step in way[-2:]] == [4000, 4010]


def test_an_attempt_without_a_match_has_no_way() -> None:
    assert way_of(the_attempt([param_req()])) == ()
    assert longest_of(()) is None


def test_a_single_frame_is_not_the_longest_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to compare it with, even if it is several things at once."""
    alone = [*MATCHED, LOOKS]

    assert len(way_of(the_attempt(alone))) == 2
    assert longest_of(way_of(the_attempt(alone))) is None
    assert "  > " not in printed(alone, tmp_path, monkeypatch)


# what is said ---------------------------------------------------------------------------------------------------------


def diagnosis(steps: Steps) -> str:
    return the_attempt(steps, AT_PEV).diagnosis


def test_a_modem_that_never_answers_again_is_the_reason() -> None:
    """The network never came up, and the recorder's own modem is why."""
    said = diagnosis([*KEYED, *ASKED_TWICE, question(4000), *LATER])

    assert said == (
        "Matched in 1.310 s from the car's request, but the network never came up: the recorder's own modem fell "
        "silent 2.660 s after it was told the key and never answered again in the 58.690 s that followed."
    )


def test_a_modem_that_came_back_is_not_the_reason() -> None:
    said = diagnosis([*KEYED, *ASKED_TWICE, *SILENT, *LATER])

    assert "the network never came up: the EVSE never appeared in it in the 58.690 s that followed" in said
    assert "silent 2" not in said


def test_a_short_recording_does_not_blame_the_modem() -> None:
    """It may have come back after the end."""
    said = diagnosis([*KEYED, *ASKED_TWICE, question(4000), ip(9310, src=OTHER_EVSE)])

    assert "too little to see the network come up" in said


# what is printed ------------------------------------------------------------------------------------------------------


def test_the_block_tells_where_the_time_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line a step, the longest marked; frames that are several things at once stand once."""
    text = printed([*MATCHED, LOOKS, ask(4000), answer(4010), *handshake(4300)], tmp_path, monkeypatch)

    assert text.partition("after the match")[2].partition("\n\n")[0].splitlines() == [
        "                                since MATCH.CNF          step",
        "  > network up, first frame of the car                     1.690 s       1.690 s",
        "    first SDP request                                      2.690 s       1.000 s",
        "    SDP response                                           2.700 s     10.000 ms",
        "    TCP SYN to port 61341                                  2.990 s    290.000 ms",
        "    TCP established                                        3.000 s     10.000 ms",
    ]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([*MATCHED, ask(4000)], "network up, first SDP request 2.690 s"),
        ([*MATCHED, ask(4000), answer(4010), syn(4300), syn(5300)], "first of 2 TCP SYN to port 61341 2.990 s"),
        ([*MATCHED, ask(4000), answer(4010), syn(4300), rst(4301)], "TCP SYN to port 61341, refused 2.990 s"),
    ],
)
def test_what_is_printed_of_the_way(steps: Steps, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said in words(printed(steps, tmp_path, monkeypatch))


def test_an_attempt_without_a_match_has_no_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "after the match" not in printed([param_req()], tmp_path, monkeypatch)
    assert "after the match" not in printed(MATCHED, tmp_path, monkeypatch)


def test_json_has_every_step_by_name() -> None:
    """Null for what was not seen; the silence with the last answer before it."""
    found = AsJson(BEGIN).attempt(the_attempt(WAY, AT_PEV))["after_match"]

    assert list(found["steps"]) == [str(milestone) for milestone in Milestone]
    assert found["steps"]["first_frame"] is None
    assert found["steps"]["modem_silent"] == {
        "t_s": 4.0,
        "frame": len(KEYED) + 3,
        "ms_after_match_cnf": 2690.0,
        "ms_after_step_before": 2659.5,
        "step_before": "set_key_confirmed",
        "last_answer_ms_after_match_cnf": 690.4,
    }
    assert found["steps"]["set_key"]["step_before"] == "match_cnf"
    assert found["longest_step"] == "tcp_syn"


def test_json_has_the_connection() -> None:
    """Where, when, how often, and what came of it."""
    refused = [*MATCHED, ask(4000), answer(4010), syn(4300, 15118), rst(4301, 15118)]
    found = AsJson(BEGIN).attempt(the_attempt(WAY, AT_PEV))["tcp"]["offered_port"]
    other = AsJson(BEGIN).attempt(the_attempt(refused))["tcp"]

    assert (found["port"], found["t_syn_s"], found["syn_count"], found["connect_ms"]) == (61341, 12.0, 1, 10.0)
    assert (found["syn_ack_seen"], found["t_established_s"], found["frame_refused"]) == (True, 12.01, None)
    assert other["offered_port"] is None
    assert (other["other_port"]["port"], other["other_port"]["connect_ms"]) == (15118, None)
    assert other["other_port"]["frame_refused"] == len(refused)


def test_json_of_an_attempt_that_saw_nothing_of_it() -> None:
    """Null, under the same names."""
    bare = AsJson(BEGIN).attempt(the_attempt([param_req()]))
    matched = AsJson(BEGIN).attempt(the_attempt(MATCHED))

    assert (bare["after_match"], bare["tcp"], bare["control_pilot"]) == (None, None, None)
    assert set(matched["after_match"]["steps"].values()) == {None}
    assert matched["after_match"]["longest_step"] is None
    assert json.dumps(matched)
