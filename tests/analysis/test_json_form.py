"""The JSON form: names and units of the ground truth, keys masked."""

from __future__ import annotations

import json

import pytest
from slac_exchange import (
    AT_PEV,
    BEGIN,
    KEY,
    OTHER_KEY,
    OTHER_RUN,
    PEV,
    PEV_MODEM,
    RUN,
    altered,
    analysis,
    match,
    param_req,
    records,
    set_key,
    set_key_cnf,
    the_attempt,
)

from bench.analysis import CaptureNotes, Engine, Recorder, Role
from bench.analysis.as_json import AsJson, capture_json, recorder_json, run_id_ascii
from bench.capture import CaptureFacts
from bench.ids import RunId
from bench.units import ms, s

KEYED = [set_key(-1000, nmk=OTHER_KEY), *match(), set_key(1340), set_key_cnf(1340.5)]


def both_keys_in(text: str) -> list[bool]:
    return [key.hex() in text for key in (KEY, OTHER_KEY)]


@pytest.mark.parametrize("show_keys", [False, True])
def test_keys_are_masked_unless_asked_for(show_keys: bool) -> None:
    """In `key`, `set_key_before`, `set_key_after_match` and the list of all CM_SET_KEY.REQ."""
    found = analysis(KEYED, AT_PEV)
    form = AsJson(BEGIN, show_keys=show_keys)
    attempt = form.attempt(found.attempts[0])

    assert both_keys_in(json.dumps(attempt)) == [show_keys, show_keys]
    assert both_keys_in(json.dumps([form.set_key(request) for request in found.set_keys])) == [show_keys, show_keys]
    assert attempt["key"]["nmk"] == (KEY.hex() if show_keys else "00…0f")
    assert attempt["set_key_after_match"]["nmk_matches_match_cnf"] is True


def test_masked_is_the_default() -> None:
    """Forgetting the argument leaks nothing."""
    assert both_keys_in(json.dumps(AsJson(BEGIN).attempt(the_attempt(KEYED, AT_PEV)))) == [False, False]


def test_an_attempt_in_json() -> None:
    """Times in seconds since the first frame and milliseconds, addresses with colons, octets as hex."""
    found = AsJson(BEGIN - s(2)).attempt(the_attempt(KEYED, AT_PEV))

    assert found["t_start_s"] == 2.0
    assert found["pev_mac"] == "02:00:00:00:0e:01"
    assert found["run_id"] == RUN.hex()
    assert found["run_id_is_pev_mac_plus_0000"] is True
    assert found["param_pairs"] == [{"req_frame": 2, "cnf_frame": 3, "ms": 5.0}]
    assert found["attenuation_reported"]["average_db"] == 22.91
    assert found["set_key_after_match"]["confirmations"][0]["latency_ms"] == 0.5
    assert found["timings_ms"]["match_cnf_to_set_key"] == 30.0
    assert found["outcome"] == "matched_network_not_confirmed"
    assert found["diagnosis"]


def test_every_key_of_the_ground_truth_is_there_whatever_was_seen() -> None:
    """A reader may look up what was not seen, too."""
    whole, bare = (AsJson(BEGIN).attempt(the_attempt(steps, AT_PEV)) for steps in (KEYED, [param_req(0)]))

    assert whole.keys() == bare.keys()
    assert bare["timings_ms"] == {}
    assert (bare["key"], bare["network_proof"], bare["attenuation_reported"]) == (None, None, None)


def test_only_the_last_pairs_are_listed() -> None:
    """A car that asks for minutes."""
    found = AsJson(BEGIN).attempt(the_attempt([param_req(i * 200) for i in range(13)]))

    assert [pair["req_frame"] for pair in found["param_pairs"]] == list(range(2, 14))
    assert found["param_pairs_truncated"] is True
    assert found["n_unanswered_req"] == 13


def test_the_proof_and_the_profile_in_json() -> None:
    """dB with two digits, groups with one."""
    found = AsJson(BEGIN).attempt(the_attempt(match()))

    assert found["network_proof"] == {
        "t_s": 4.0,
        "frame": 30,
        "kind": "UDP port 15118",
        "mac": str(PEV),
        "ms_after_match_cnf": 2690.0,
    }
    (profile,) = found["profiles"]
    assert (profile["count"], profile["num_groups"], profile["average_db"]) == (10, 58, 22.91)
    assert profile["reported_minus_measured_db"] == {"mean": 0.0, "min": 0.0, "max": 0.0}


@pytest.mark.parametrize(
    ("octets", "text"), [(b"TESLA EV", "TESLA EV"), (b"TESLA\0EV", None), (bytes(8), None), (OTHER_RUN, None)]
)
def test_a_run_id_that_is_text_is_shown_as_text(octets: bytes, text: str | None) -> None:
    """Tesla's is; most are not."""
    assert run_id_ascii(RunId(octets)) == text


def test_the_recorder_in_json() -> None:
    """Null where nothing is known."""
    assert recorder_json(AT_PEV) == {"role": "pev", "host_mac": str(PEV), "modem_mac": str(PEV_MODEM)}
    assert recorder_json(Recorder(role=Role.LISTENER)) == {"role": "listener", "host_mac": None, "modem_mac": None}


def test_the_capture_in_json() -> None:
    """Counts, time and damage under the names of the ground truth."""
    engine = Engine(AT_PEV, ms(10))
    list(engine.run(records([param_req(0), param_req(0.1), param_req(-2000.5)], in_order=True)))
    facts = CaptureFacts("pcap", 1, 1000, truncated_tail_bytes=7, damage="at octet 99")

    found = capture_json("x.pcap", 1234, facts, engine.notes)

    assert found["first_frame_utc"] == "2023-11-14T22:13:20.000000Z"
    assert found["first_frame_epoch_ns"] == BEGIN
    assert found["duration_s"] == -2.0005
    assert found["recorder_duplicate_frames"] == 1
    assert found["clock_steps"] == [{"frame": 3, "step_s": -2.0006}]
    assert found["timestamp_quantum_ms"] == 10.0
    assert (found["truncated_tail_bytes"], found["damage"]) == (7, "at octet 99")


def test_relative_stamps_have_no_date() -> None:
    """A converted bus trace counts from its own zero."""
    notes = CaptureNotes(frames=1, first_t=s(36), last_t=s(36))

    found = capture_json("x.pcap", None, CaptureFacts("pcap"), notes)

    assert (found["first_frame_utc"], found["absolute_time_valid"]) == (None, False)


def test_a_wrong_run_id_shows_in_its_list() -> None:
    """run_ids_in_param_cnf"""
    found = AsJson(BEGIN).attempt(the_attempt(altered(match(), "param_cnf", run_id=OTHER_RUN)))

    assert found["run_ids_in_param_cnf"] == [OTHER_RUN.hex()]
