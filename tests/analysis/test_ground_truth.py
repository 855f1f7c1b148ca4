"""Every real capture comes out as its annotation says, with the recorder inferred and with it told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from real_captures import CAPTURES, capture, needs_captures

from bench.analysis import Attempt, Engine, Recorder, Role, SetKey, survey
from bench.analysis.as_json import AsJson, capture_json, recorder_json
from bench.capture import open_capture
from bench.ids import MacAddress

pytestmark = needs_captures

EXACT = ("outcome", "pev_mac", "evse_mac", "run_id", "first_frame", "last_frame", "counts", "visibility")
AS_ANNOTATED = (
    "run_id_ascii",
    "run_id_is_pev_mac_plus_0000",
    "run_ids_in_param_cnf",
    "evse_candidates",
    "param_pairs",
    "answered_req_frame",
    "n_unanswered_req",
    "key",
    "set_key_before",
    "set_key_after_match",
    "network_proof",
)
CAPTURE_FACTS = (
    "frames",
    "format",
    "link_type",
    "first_frame_utc",
    "first_frame_epoch_ns",
    "timestamp_resolution_ns",
    "timestamp_quantum_ms",
    "absolute_time_valid",
    "recorder_duplicate_frames",
    "non_monotonic_timestamps",
    "artefact_frames",
    "vlan_tagged_frames",
    "truncated_tail_bytes",
    "damage",
    "clock_steps",
)
TOLERANCE_MS, TOLERANCE_DB = 0.01, 0.011


@cache
def truth_of(path: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
    return truth


@cache
def analysed(path: Path, told: bool) -> dict[str, Any]:
    """The capture in JSON form, keys in clear."""
    recorder = truth_of(path)["recorder"]
    known = Recorder(
        Role(recorder["role"]), MacAddress.parse(recorder["host_mac"]), MacAddress.parse(recorder["modem_mac"])
    )
    with open_capture(path) as opened:
        found = survey(opened.records(), known if told else None)
        engine = Engine(found.recorder, found.quantum)
        items = list(engine.run(opened.records()))
        form = AsJson(engine.notes.first_t, show_keys=True)
        whole = {
            "recorder": recorder_json(found.recorder),
            "attempts": [form.attempt(item) for item in items if isinstance(item, Attempt)],
            "set_keys": [form.set_key(item) for item in items if isinstance(item, SetKey)],
            "modem_versions": {str(mac): form.modem_version(v) for mac, v in engine.census.modem_versions.items()},
            "power_supply_control": form.power_supply_control(engine.census.power_supply_control),
            "capture": capture_json(path.name, opened.size, opened.facts, engine.notes),
        }
    as_read: dict[str, Any] = json.loads(json.dumps(whole))
    return as_read


def differences(want: Any, got: Any, tolerance: float, at: str = "") -> Iterator[str]:
    """Where two nests of values differ; *got* may know more."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key, value in want.items():
            yield from differences(value, got.get(key), tolerance, f"{at}.{key}")
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, (a, b) in enumerate(zip(want, got, strict=True)):
            yield from differences(a, b, tolerance, f"{at}[{i}]")
    elif isinstance(want, int | float) and isinstance(got, int | float) and not isinstance(want, bool):
        if abs(want - got) > tolerance:
            yield f"{at}: {want} expected, {got} found"
    elif want != got:
        yield f"{at}: {want!r} expected, {got!r} found"


every_capture = pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
inferred_or_told = pytest.mark.parametrize("told", [False, True], ids=["inferred", "told"])


@every_capture
@inferred_or_told
def test_attempts_are_as_annotated(path: Path, told: bool) -> None:
    """Number, outcome, stations, RunIDs, frames, counts, keys, deviation codes, attenuation and every interval."""
    want, got = truth_of(path)["slac"]["attempts"], analysed(path, told)["attempts"]
    quantum = truth_of(path)["capture"]["timestamp_quantum_ms"] or 0

    assert len(got) == len(want)
    for w, g in zip(want, got, strict=True):
        assert {name: g[name] for name in EXACT} == {name: w[name] for name in EXACT}
        assert {d["code"] for d in g["deviations"]} == {d["code"] for d in w["deviations"]}
        assert g["timings_ms"].keys() == w["timings_ms"].keys()
        assert not list(differences(w["timings_ms"], g["timings_ms"], max(TOLERANCE_MS, quantum)))
        assert not list(differences(w["attenuation_reported"], g["attenuation_reported"], TOLERANCE_DB))
        assert not list(differences(w["profiles"], g["profiles"], TOLERANCE_DB))
        noted = {name: w[name] for name in AS_ANNOTATED if name in w}
        assert not list(differences(noted, g, TOLERANCE_MS))


@every_capture
def test_frames_of_deviations_are_as_annotated(path: Path) -> None:
    """Where the annotation names frames, they are ours; it names eight at most."""
    for w, g in zip(truth_of(path)["slac"]["attempts"], analysed(path, False)["attempts"], strict=True):
        ours = {d["code"]: d["frames"] for d in g["deviations"]}
        for deviation in w["deviations"]:
            if deviation["frames"]:
                assert ours[deviation["code"]][:8] == deviation["frames"][:8]


@every_capture
def test_the_recorder_is_inferred_as_annotated(path: Path) -> None:
    """Role, host and modem, from the frames alone."""
    want = truth_of(path)["recorder"]

    assert analysed(path, False)["recorder"] == {name: want[name] for name in ("role", "host_mac", "modem_mac")}


@every_capture
def test_the_recording_is_as_annotated(path: Path) -> None:
    """Duplicates, clock, quantum, artefacts; keys set and firmware told by modems."""
    truth, found = truth_of(path), analysed(path, False)
    facts = {name: truth["capture"][name] for name in CAPTURE_FACTS if name in truth["capture"]}

    assert not list(differences(facts, found["capture"], 0))
    assert not list(differences(truth["slac"]["set_keys"], found["set_keys"], TOLERANCE_MS))
    assert not list(differences(truth["slac"]["modem_versions"], found["modem_versions"], TOLERANCE_MS))
    assert found["power_supply_control"] == truth["slac"]["power_supply_control"]


def test_the_taycan_s_diagnosis_names_both_run_ids() -> None:
    """The EVSE built one from the car's address instead of echoing the car's."""
    first, second = analysed(capture("2023-05-03_TaycanLeftside"), False)["attempts"]

    assert "RunID 00188700a1d60000 instead of the car's 944dc3d0ed5abf0a" in first["diagnosis"]
    assert "RunID 00188700a1d60000 instead of the car's f43ddf1bd990a3a8" in second["diagnosis"]


@every_capture
def test_every_attempt_has_one_sentence(path: Path) -> None:
    """Ends in a full stop and holds no other."""
    for attempt in analysed(path, False)["attempts"]:
        assert attempt["diagnosis"].endswith(".")
        assert ". " not in attempt["diagnosis"].replace("no. ", "")


def test_differences_are_found() -> None:
    """The comparison itself can fail: value, length, type, missing name."""
    assert list(differences({"a": [1.0, 2.0]}, {"a": [1.0, 2.02]}, 0.01))
    assert list(differences([1], [1, 2], 0.01))
    assert list(differences({"a": None}, {"a": 1}, 0.01))
    assert list(differences({"a": 1}, {}, 0.01))
    assert not list(differences({"a": [1.0]}, {"a": [1.009], "b": 2}, 0.01))
