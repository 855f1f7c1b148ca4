"""The way to the session, and the pilot beside it, in the real captures: as annotated, with no wrong sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from real_captures import CAPTURES, capture, needs_captures
from test_ground_truth import truth_of

from bench.analysis import Attempt, Engine, Recorder, read_pilot_log, survey
from bench.analysis.as_json import AsJson
from bench.analysis.way_json import control_pilot_json
from bench.capture import open_capture

pytestmark = needs_captures

TOLERANCE_MS = 0.01
WITH_LOG = ("kia-ev6", "vw-id3")
CONNECTED_ELSEWHERE = {
    "2022-11-25_v0.2_ABB": "the car connected to TCP port 15118 instead of the offered 53537",
    "2022-11-25_v0.2_alpi": "the car tried TCP port 15118 instead of the offered 51111 and was refused (RST)",
}


def read(path: Path) -> tuple[list[Attempt], list[dict[str, Any]]]:
    """The attempts of a capture, as values and in their JSON form; the recorder inferred."""
    with open_capture(path) as opened:
        found = survey(opened.records(), Recorder())
        engine = Engine(found.recorder, found.quantum)
        attempts = [item for item in engine.run(opened.records()) if isinstance(item, Attempt)]
        form = AsJson(engine.notes.first_t)
        return attempts, [form.attempt(attempt) for attempt in attempts]


def connections(path: Path) -> list[dict[str, Any]]:
    """Those annotated with their SYN in view, in order of time; the first dozen without data among them."""
    tcp = truth_of(path)["tcp"]
    listed = [*(tcp["list"] or []), *(tcp["first_without_v2g"] or [])]
    return sorted((one for one in listed if one["t_syn_s"] is not None), key=lambda one: one["t_syn_s"])


def test_what_the_captures_hold_is_enough_to_be_wrong_about() -> None:
    """Matches with their connections, and modems that restart."""
    ways = [attempt["after_match"] for path in CAPTURES for attempt in read(path)[1] if attempt["after_match"]]

    assert sum(way["steps"]["tcp_established"] is not None for way in ways) >= 19
    assert sum(way["steps"]["modem_back"] is not None for way in ways) == 4


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_the_car_s_first_connection_is_as_annotated(path: Path) -> None:
    """SYN, its frame, and when the handshake was complete; the port, and a refusal."""
    annotated = connections(path)
    for attempt in read(path)[1]:
        if attempt["tcp"] is None:
            continue
        found = attempt["tcp"]["offered_port"] or attempt["tcp"]["other_port"]
        want = next(one for one in annotated if one["t_syn_s"] >= attempt["t_start_s"])
        assert (found["port"], found["frame_syn"]) == (want["server"]["port"], want["frame_syn"])
        assert (found["t_syn_s"], found["syn_count"]) == (pytest.approx(want["t_syn_s"]), want["syn_count"])
        assert found["connect_ms"] == pytest.approx(want["connect_ms"], abs=TOLERANCE_MS)
        refused = want["result"] == "refused_rst"
        assert found["frame_refused"] == (want["close"][0]["frame"] if refused else None)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_car_that_was_answered_and_connected_has_a_connection(path: Path) -> None:
    """No SYN to a station that answered SDP is missed."""
    attempts = read(path)[1]
    answered = [attempt for attempt in attempts if attempt["sdp"] and attempt["sdp"]["responses"]]

    assert all(attempt["tcp"] is not None for attempt in answered) or not connections(path)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_keys_and_network_are_those_annotated(path: Path) -> None:
    """CM_SET_KEY.REQ after the match, its confirmation by the own modem, and the proof of the network."""
    for want, got in zip(truth_of(path)["slac"]["attempts"], read(path)[1], strict=True):
        steps = got["after_match"]["steps"] if got["after_match"] else {}
        assert bool(want["key"]) == bool(steps)
        key, proof = want["set_key_after_match"], want["network_proof"]
        if key and steps:
            assert steps["set_key"]["frame"] == key["frame"]
            assert steps["set_key_confirmed"]["frame"] == key["confirmations"][0]["frame"]
        if proof and steps:
            assert steps["network"]["frame"] == proof["frame"]
            assert steps["network"]["ms_after_match_cnf"] == pytest.approx(proof["ms_after_match_cnf"])


@pytest.mark.parametrize("name", ["2022-11-25_v0.2_ABB", "2022-11-25_v0.2_alpi", "2022-12-13", "2023-03-02"])
def test_the_modems_that_were_asked_restart_late(name: str) -> None:
    """TL-PA4010P after CM_SET_KEY.REQ: answers at 2.6 s, is silent from 3.6 to 4.1 s, answers again at 5.2 s."""
    (steps,) = [one["after_match"]["steps"] for one in read(capture(name))[1] if one["after_match"]]
    key = steps["set_key"]["ms_after_match_cnf"]

    assert 2500 < steps["modem_silent"]["last_answer_ms_after_match_cnf"] - key < 2700
    assert 3600 < steps["modem_silent"]["ms_after_match_cnf"] - key < 4100
    assert 5100 < steps["modem_back"]["ms_after_match_cnf"] - key < 5300


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_steps_add_up(path: Path) -> None:
    """Each begins where the one before ended, and none goes back in time."""
    for attempt in read(path)[1]:
        if attempt["after_match"]:
            steps = [step for step in attempt["after_match"]["steps"].values() if step]
            steps.sort(key=lambda step: (step["frame"], step["ms_after_match_cnf"]))
            total = sum(step["ms_after_step_before"] for step in steps)
            assert all(step["ms_after_step_before"] >= 0 for step in steps)
            assert not steps or total == pytest.approx(steps[-1]["ms_after_match_cnf"], abs=TOLERANCE_MS)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_nothing_is_said_of_tcp_but_where_a_car_went_elsewhere(path: Path) -> None:
    """Two computers that played a car ignored the offered port; all others reached it, or never got that far."""
    expected = next((text for name, text in CONNECTED_ELSEWHERE.items() if path.name.startswith(name)), None)
    said = [attempt.diagnosis for attempt in read(path)[0] if "TCP" in attempt.diagnosis]

    assert len(said) == (expected is not None)
    assert all(expected is not None and expected in sentence for sentence in said)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_the_network_that_never_came_up_is_the_scudo_s(path: Path) -> None:
    """Matched on both sides, and 13 s without a frame of the car."""
    said = [attempt.diagnosis for attempt in read(path)[0] if "network never came up" in attempt.diagnosis]

    assert len(said) == path.name.startswith("fiat-scudo")


# the pilot ------------------------------------------------------------------------------------------------------------


def log_beside(path: Path) -> Path:
    return path.with_suffix(".eventlog.csv")


def with_log(path: Path, log: Path) -> tuple[Engine, list[Attempt]]:
    with open_capture(path) as opened:
        times = [record.t for record in opened.records()]
        found = survey(opened.records(), Recorder())
        track = read_pilot_log(str(log)).aligned(times[0], times[-1])
        engine = Engine(found.recorder, found.quantum, track)
        return engine, [item for item in engine.run(opened.records()) if isinstance(item, Attempt)]


def states_of(path: Path, folder: Path) -> Path:
    """The annotated edges as columns t, state, duty, for captures whose own log is not there."""
    state, duty = "A", 100
    rows = ["t,state,duty", f"0,{state},{duty}"]
    for edge in truth_of(path)["control_pilot"]:
        state = edge["state"] if edge["state"] in ("A", "B", "C") else state
        duty = {"pwm_on": 5, "pwm_off": 100}.get(edge["event"], duty)
        rows.append(f"{edge['t_s']},{state},{duty}")
    log = folder / "states.csv"
    log.write_text("\n".join(rows))
    return log


@pytest.mark.parametrize("name", WITH_LOG)
def test_the_pilot_is_as_annotated(name: str) -> None:
    """Times, events, states, duty, words and notes of the station's own log."""
    path = capture(name)
    engine, _ = with_log(path, log_beside(path))

    found = control_pilot_json(engine.pilot, AsJson(engine.notes.first_t).time)

    assert found == truth_of(path)["control_pilot"]


@pytest.mark.parametrize(
    ("name", "connected_ms", "pwm_on_ms"), [("kia-ev6", 1500.2, 498.2), ("vw-id3", 4042.2, 3040.2)]
)
def test_the_car_s_time_to_its_first_request_is_known(name: str, connected_ms: float, pwm_on_ms: float) -> None:
    """From the plug-in and from the first 5 %, as the table of vehicles has it (its largest value of the EV6)."""
    path = capture(name)
    (attempt,) = with_log(path, log_beside(path))[1]

    assert attempt.plugged_to_request is not None
    assert attempt.digital_to_request is not None
    assert attempt.plugged_to_request / 1e6 == pytest.approx(connected_ms, abs=1)
    assert attempt.digital_to_request / 1e6 == pytest.approx(pwm_on_ms, abs=1)


def test_the_tesla_that_nobody_answered_was_not_plugged_in(tmp_path: Path) -> None:
    """Its annotation: the log knows no plug-in at that time, the first one is at 99.3 s."""
    path = capture("tesla-modely")
    first, second = with_log(path, states_of(path, tmp_path))[1]

    assert first.diagnosis.endswith(
        ": by the pilot log no car was plugged in here (the next one 79.964 s later), so this station was not waiting "
        "for a car."
    )
    assert second.diagnosis.startswith("Matched")


def test_the_scudo_that_nobody_answered_was_plugged_in(tmp_path: Path) -> None:
    """Its annotation: the station took itself for matched and answered none of the 32 requests."""
    path = capture("fiat-scudo")
    attempts = with_log(path, states_of(path, tmp_path))[1]

    assert ["this station should have answered" in attempt.diagnosis for attempt in attempts] == [False] + [True] * 4
