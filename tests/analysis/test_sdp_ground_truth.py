"""SDP of every real capture is as annotated: each message, pair and series, and the table of key figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from real_captures import CAPTURES, capture, needs_captures
from test_ground_truth import analysed, differences, truth_of

from bench.analysis import Attempt, Engine, Recorder, Role, survey
from bench.analysis.as_json import AsJson
from bench.analysis.sdp_json import sdp_counts
from bench.capture import open_capture

pytestmark = needs_captures

TOLERANCE_MS = 0.01


def read(path: Path) -> tuple[dict[str, Any], list[Attempt]]:
    """`sdp` of the capture in JSON form, and its attempts; the recorder inferred."""
    with open_capture(path) as opened:
        found = survey(opened.records(), Recorder())
        engine = Engine(found.recorder, found.quantum)
        attempts = [item for item in engine.run(opened.records()) if isinstance(item, Attempt)]
        lists = AsJson(engine.notes.first_t).sdp_lists(engine.sdp)
        return sdp_counts(engine.sdp) | {name: list(rows) for name, rows in lists.items()}, attempts


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_sdp_is_as_annotated(path: Path) -> None:
    """Requests and responses with addresses, ports, security and transport; latencies; series."""
    want, (got, _) = truth_of(path)["sdp"], read(path)

    assert (got["requests"], got["responses"]) == (want["requests"], want["responses"])
    assert not list(differences(want, got, TOLERANCE_MS))
    assert (got["messages_truncated"], got["unread_frames"]) == (False, 0)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_message_belongs_to_the_match_before_it(path: Path) -> None:
    """Requests and responses of the attempts add up to those of the capture."""
    want, (_, attempts) = truth_of(path)["sdp"], read(path)

    found = [attempt.sdp for attempt in attempts if attempt.sdp is not None]
    assert sum(sdp.requests for sdp in found) == want["requests"]
    assert sum(sdp.responses for sdp in found) == want["responses"]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_the_car_s_first_frame_is_the_proof_where_ip_proved_the_network(path: Path) -> None:
    """On the station's side two ways of looking find one frame."""
    for attempt in read(path)[1]:
        proof = attempt.network_proof
        if attempt.recorder.role is Role.EVSE and proof is not None and proof.mac == attempt.pev_mac:
            assert attempt.sdp is not None
            assert (attempt.sdp.first_frame, attempt.sdp.to_first_frame) == (proof.frame, proof.after_match_cnf)


@pytest.mark.parametrize(
    ("name", "first_frame_ms", "first_request_ms"),
    [
        ("bmw-ix", 2820, 4871),
        ("porsche-taycan-4s", 2463, 3478),
        ("seres-3", 11106, 11106),
        ("skoda-enyaq", 2710, 3719),
        ("tesla-modely", 439, 439),
        ("vw-id3", 1179, 2189),
    ],
)
def test_the_intervals_behind_the_match_are_those_of_the_key_figures(
    name: str, first_frame_ms: int, first_request_ms: int
) -> None:
    """From CM_SLAC_MATCH.CNF, rounded to milliseconds in the table."""
    sdp = read(capture(name))[1][-1].sdp

    assert sdp is not None
    assert sdp.to_first_frame is not None
    assert sdp.to_first_request is not None
    assert round(sdp.to_first_frame / 1e6) == first_frame_ms
    assert round(sdp.to_first_request / 1e6) == first_request_ms


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_nothing_is_said_of_sdp_where_all_went_well(path: Path) -> None:
    """No real car or station here asks for TLS, stays without answer or borrows an address."""
    for attempt in analysed(path, False)["attempts"]:
        assert "SDP" not in attempt["diagnosis"]


def test_a_car_s_own_controller_is_heard_from_its_first_frame() -> None:
    """Recorded inside the Ioniq; a computer that plays the car may chatter earlier, so there nothing is said."""
    inside, played = read(capture("ccm_spi_ioniq"))[1][-1].sdp, read(capture("2022-12-13_compleo"))[1][-1].sdp

    assert inside is not None
    assert played is not None
    assert inside.first_frame is not None
    assert (played.first_frame, played.requests) == (None, 2)
