"""Each deviation code: an exchange that raises it, and the near miss that does not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from slac_exchange import (
    AT_EVSE,
    AT_PEV,
    EVSE_MODEM,
    GROUPS,
    KEY,
    OTHER_EVSE,
    OTHER_KEY,
    OTHER_MODEM,
    OTHER_RUN,
    PEV_MODEM,
    Steps,
    altered,
    analysis,
    atten_ind,
    dropped,
    match,
    moved,
    only,
    param_cnf,
    param_req,
    profile,
    set_key,
    set_key_cnf,
    shifted,
    sound,
    start,
    the_attempt,
    vendor_profile,
    without,
)

from bench.analysis import Recorder
from bench.analysis.deviations import CODES
from bench.ids import Nid
from bench.units import ms

MATCH = match()
SYNTHETIC = bytes([9] * 55 + [15, 19, 25])


@dataclass(frozen=True)
class Pair:
    """*wrong* raises the code, *right* is as close to it as can be and does not."""

    code: str
    wrong: Steps
    right: Steps
    recorder: Recorder = AT_EVSE

    def __str__(self) -> str:
        return self.code


def with_key(nmk: object = KEY, *confirmers: object, after: float = 30) -> Steps:
    """A match seen from the PEV, and the key it then sets."""
    answers = [set_key_cnf(1310 + after + 1 + i, src=src) for i, src in enumerate(confirmers)]
    return [*MATCH, set_key(1310 + after, nmk=nmk), *answers]


PAIRS = [
    Pair(
        "answered_by_other_evse",
        only(MATCH, "param_req", "start", "sound", "atten_rsp", "match_req"),
        only(MATCH, "param_req", "start", "sound", "atten_ind", "atten_rsp", "match_req"),
    ),
    Pair("param_req_unanswered", [param_req(0), param_req(200)], [param_req(0), param_req(200), param_cnf(205)]),
    Pair("param_req_retries", [param_req(-210), *MATCH], [param_req(-210), param_cnf(-205), *MATCH]),
    Pair(
        "param_req_duplicated",
        [param_req(0), param_req(49.999), param_cnf(60)],
        [param_req(0), param_req(50), param_cnf(60)],
    ),
    Pair(
        "param_req_repeated_after_cnf",
        [param_req(-60), param_cnf(-55), *MATCH],
        [param_req(-49), param_cnf(-40), *MATCH],
    ),
    Pair("param_response_slow", moved(MATCH, "param_cnf", 195.001), moved(MATCH, "param_cnf", 195)),
    Pair(
        "param_cnf_run_id_mismatch",
        altered(MATCH, "param_cnf", run_id=OTHER_RUN),
        [*MATCH, param_cnf(6, src=OTHER_EVSE, run=OTHER_RUN)],
    ),
    Pair("several_evses_answer", [*MATCH, param_cnf(6, src=OTHER_EVSE)], [*MATCH, param_cnf(6)]),
    Pair("start_atten_char_count", dropped(MATCH, "start"), MATCH),
    Pair("start_atten_char_count", [*MATCH, start(85)], without(MATCH, "start")),
    Pair("start_atten_char_timeout", altered(MATCH, "start", time_out=10), altered(MATCH, "start", time_out=6)),
    Pair("start_atten_char_run_id_mismatch", altered(MATCH, "start", run_id=OTHER_RUN), MATCH),
    Pair("start_to_sound_slow", moved(MATCH, "sound", 60.001), moved(MATCH, "sound", 60)),
    Pair(
        "sound_counter",
        [*without(MATCH, "sound"), *(sound(185 + 20 * i, cnt=i) for i in range(10))],
        dropped(MATCH, "sound", 0),
    ),
    Pair("sound_counter", dropped(MATCH, "sound", 9), dropped(MATCH, "sound", 0)),
    Pair("sound_count", dropped(MATCH, "sound", 0), without(MATCH, "sound")),
    Pair("sound_interval", [sound(0, 1), sound(51.001, 0)], [sound(0, 1), sound(51, 0)]),
    Pair("sound_interval", [sound(0, 1), sound(18.999, 0)], [sound(0, 1), sound(19, 0)]),
    Pair("mnbc_sound_run_id_mismatch", altered(MATCH, "sound", run_id=OTHER_RUN), MATCH),
    Pair(
        "several_modems_hear_sounds",
        [*without(MATCH, "profile"), vendor_profile(186), vendor_profile(187, src=OTHER_MODEM)],
        [*without(MATCH, "profile"), vendor_profile(186, src=PEV_MODEM), vendor_profile(187, src=OTHER_MODEM)],
        AT_PEV,
    ),
    Pair("empty_attenuation_profile", altered(MATCH, "profile", aag=b""), altered(MATCH, "profile", aag=b"\0")),
    Pair("atten_char_ind_missing", only(MATCH, "param_req", "param_cnf", "start", "sound", "ip"), MATCH),
    Pair("atten_char_ind_num_sounds", altered(MATCH, "atten_ind", num_sounds=9), MATCH),
    Pair("atten_char_ind_repeated", [*MATCH, atten_ind(400)], [*MATCH, atten_ind(400, src=OTHER_EVSE)]),
    Pair("atten_char_ind_late", moved(MATCH, "atten_ind", 720.001), moved(MATCH, "atten_ind", 720)),
    Pair("sound_after_atten_char_ind", [*MATCH, sound(386)], [*MATCH, sound(384)]),
    Pair("atten_char_ind_run_id_mismatch", altered(MATCH, "atten_ind", run_id=OTHER_RUN), MATCH),
    Pair(
        "synthetic_attenuation",
        altered(MATCH, "atten_ind", aag=SYNTHETIC),
        altered(MATCH, "atten_ind", aag=SYNTHETIC[:-1] + b"\x1a"),
    ),
    Pair("atten_char_rsp_slow", moved(MATCH, "atten_rsp", 160.001), moved(MATCH, "atten_rsp", 160)),
    Pair("atten_char_rsp_run_id_mismatch", altered(MATCH, "atten_rsp", run_id=OTHER_RUN), MATCH),
    Pair(
        "match_req_mvf_length", altered(MATCH, "match_req", mvf_length=61), altered(MATCH, "match_req", mvf_length=62)
    ),
    Pair("match_req_run_id_mismatch", altered(MATCH, "match_req", run_id=OTHER_RUN), MATCH),
    Pair("match_cnf_slow", moved(MATCH, "match_cnf", 190.001), moved(MATCH, "match_cnf", 190)),
    Pair(
        "match_cnf_mvf_length", altered(MATCH, "match_cnf", mvf_length=85), altered(MATCH, "match_cnf", mvf_length=86)
    ),
    Pair("match_cnf_run_id_mismatch", altered(MATCH, "match_cnf", run_id=OTHER_RUN), MATCH),
    Pair("nid_not_derived_from_nmk", altered(MATCH, "match_cnf", nid=Nid(bytes(7))), MATCH),
    Pair("set_key_nmk_differs", with_key(OTHER_KEY), with_key(KEY), AT_PEV),
    Pair("set_key_nmk_differs", with_key(OTHER_KEY, after=10_000), with_key(OTHER_KEY, after=10_001), AT_PEV),
    Pair(
        "set_key_reached_remote_modem",
        with_key(KEY, PEV_MODEM, EVSE_MODEM),
        with_key(KEY, PEV_MODEM, PEV_MODEM),
        AT_PEV,
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_code_is_raised(pair: Pair) -> None:
    """With a sentence; and with the frames, which lie within the capture."""
    found = analysis(pair.wrong, pair.recorder)
    findings = [f for attempt in found.attempts for f in attempt.deviations if f.code == pair.code]

    assert findings
    assert findings[0].text
    assert findings[0].frames
    assert set(findings[0].frames) <= set(range(1, found.notes.frames + 1))


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_near_miss_does_not_raise_it(pair: Pair) -> None:
    """As close as can be."""
    for attempt in analysis(pair.right, pair.recorder).attempts:
        assert pair.code not in attempt.codes


def test_every_code_has_a_pair() -> None:
    """A new rule needs a new pair."""
    assert {pair.code for pair in PAIRS} == CODES


def test_an_exchange_as_the_standard_wants_it_raises_nothing() -> None:
    """The exchange all pairs are bent from."""
    assert the_attempt(MATCH).deviations == ()


def test_the_quantum_of_the_stamps_widens_sound_intervals() -> None:
    """A capture with 10 ms stamps cannot tell 51 ms from 61 ms."""
    steps = [sound(0, 1), sound(60, 0)]

    assert "sound_interval" in the_attempt(steps).codes
    assert "sound_interval" not in the_attempt(steps, quantum=ms(10)).codes
    assert "sound_interval" in the_attempt([sound(0, 1), sound(61.001, 0)], quantum=ms(10)).codes


def test_what_the_end_of_the_capture_cut_off_is_no_deviation() -> None:
    """sound_counter, sound_count and atten_char_ind_missing are not raised where the capture ends in between."""
    cut = [step for step in MATCH if step.at < 300]
    went_on = [*cut, *shifted([step for step in MATCH if step.name == "ip"], 0)]

    assert the_attempt(cut).codes == frozenset()
    assert the_attempt(went_on).codes == {"sound_count", "sound_counter", "atten_char_ind_missing"}


def test_frames_point_at_the_culprits() -> None:
    """The frames of a finding are those of the messages that are wrong, in order."""
    wrong = [*MATCH, sound(386), sound(406)]
    attempt = the_attempt(wrong)
    (finding,) = [f for f in attempt.deviations if f.code == "sound_after_atten_char_ind"]

    numbered = sorted(wrong, key=lambda step: step.at)
    assert [numbered[frame - 1].at for frame in finding.frames] == [386, 406]


def test_groups_of_the_standard_exchange_are_no_invention() -> None:
    """Guards the fixture: its profile is not pyPLC's."""
    assert GROUPS != SYNTHETIC
    assert profile(0).mme.aag == GROUPS
