"""Intervals, request pairs and stations of an attempt."""

from __future__ import annotations

import pytest
from slac_exchange import (
    AT_PEV,
    EVSE,
    EVSE_MODEM,
    GROUPS,
    OTHER_EVSE,
    OTHER_RUN,
    PEV,
    PEV_MODEM,
    RUN,
    altered,
    atten_ind,
    atten_rsp,
    match,
    match_cnf,
    match_req,
    only,
    param_cnf,
    param_req,
    profile,
    set_key,
    set_key_cnf,
    start,
    the_attempt,
    vendor_profile,
    without,
)

from bench.analysis import Pair
from bench.analysis.as_json import timings_ms
from bench.units import ms

PEER = PEV_MODEM


def test_every_interval_of_a_whole_exchange() -> None:
    """The exchange of `slac_exchange.match`, read off its own time-table."""
    steps = [*match(), set_key(1340), set_key_cnf(1340.5)]

    assert timings_ms(the_attempt(steps, AT_PEV).timings) == {
        "param_response": 5.0,
        "param_first_req_to_cnf": 5.0,
        "param_cnf_to_start": 100.0,
        "start_interval": {"n": 2, "min": 20.0, "mean": 20.0, "max": 20.0},
        "start_to_first_sound": 80.0,
        "last_start_to_first_sound": 40.0,
        "sound_interval": {"n": 9, "min": 20.0, "mean": 20.0, "max": 20.0},
        "sound_intervals": [20.0] * 9,
        "last_sound_to_atten_char_ind": 20.0,
        "sounds_sent_before_atten_char_ind": 10,
        "start_to_atten_char_ind": 280.0,
        "last_start_to_atten_char_ind": 240.0,
        "first_sound_to_atten_char_ind": 200.0,
        "atten_char_rsp_latency": 40.0,
        "atten_char_rsp_latency_from_first_ind": 40.0,
        "match_req_delay": 875.0,
        "atten_char_ind_to_match_req": 915.0,
        "start_to_match_req": 1195.0,
        "match_cnf_latency": 10.0,
        "param_cnf_to_atten_char_ind": 380.0,
        "total_first_req_to_match_cnf": 1310.0,
        "total_answered_req_to_match_cnf": 1310.0,
        "match_cnf_to_set_key": 30.0,
        "set_key_cnf_latency": 0.5,
    }


def test_the_evse_half_alone_has_intervals_of_its_own() -> None:
    """A listener that hears one direction."""
    half = only(match(), "param_cnf", "atten_ind", "match_cnf")

    assert timings_ms(the_attempt(half).timings) == {
        "param_cnf_to_atten_char_ind": 380.0,
        "atten_char_ind_to_match_cnf": 925.0,
        "param_cnf_to_match_cnf": 1305.0,
    }


def test_latencies_count_from_the_last_repetition() -> None:
    """match_cnf_latency, atten_char_rsp_latency and match_req_delay; the other names count from the first."""
    steps = [*match(), atten_ind(415), atten_rsp(430), match_req(1305)]
    timings = the_attempt(steps).timings

    assert timings.match_cnf_latency == ms(5)
    assert timings.atten_char_rsp_latency == ms(10)
    assert timings.atten_char_rsp_latency_from_first_ind == ms(40)
    assert timings.match_req_delay == ms(870)
    assert timings.atten_char_ind_to_match_req == ms(915)


def test_param_cnf_to_start_counts_from_the_last_confirmation() -> None:
    """But param_cnf_to_atten_char_ind from the first."""
    timings = the_attempt([*match(), param_req(20), param_cnf(25)]).timings

    assert timings.param_cnf_to_start == ms(80)
    assert timings.param_cnf_to_atten_char_ind == ms(380)
    assert timings.param_req_intervals == (ms(20),)


@pytest.mark.parametrize(
    ("requests", "confirmations", "pairs"),
    [
        ([0, 200, 400], [405], [None, None, 5]),
        ([0, 200, 400], [5, 205, 405], [5, 5, 5]),
        ([0, 8], [68, 81], [68, 73]),
        ([0, 8], [68], [None, 60]),
        ([0, 50], [68, 118], [None, 18]),
        ([0, 8, 200], [68, 205], [68, None, 5]),
        ([10], [5, 20], [10]),
        ([0], [], [None]),
    ],
    ids=["late", "each", "twice", "twice, one answer", "not twice", "twice, then again", "stray", "none"],
)
def test_requests_and_confirmations_that_belong_together(
    requests: list[int], confirmations: list[int], pairs: list[int | None]
) -> None:
    """A request takes the first unused confirmation before the next request; one sent twice takes its own."""
    attempt = the_attempt([*map(param_req, requests), *map(param_cnf, confirmations)])

    assert [pair.latency for pair in attempt.param_pairs] == [None if ms_ is None else ms(ms_) for ms_ in pairs]


def test_the_answered_request_is_the_last_before_the_first_start() -> None:
    """A pair after START_ATTEN_CHAR does not count."""
    attempt = the_attempt([param_req(0), param_cnf(5), param_req(60), param_cnf(65), start(100), param_cnf(110)])

    assert attempt.answered_req_frame == 3
    assert attempt.timings.param_responses == (ms(5), ms(5))
    assert attempt.param_pairs == (Pair(1, 2, ms(5)), Pair(3, 4, ms(5)))


def test_the_chosen_evse_is_the_one_that_matched() -> None:
    """Counts, pairs and intervals are those of the chosen EVSE; the other is a candidate."""
    steps = [*match(), param_cnf(3, src=OTHER_EVSE), atten_ind(380, src=OTHER_EVSE, aag=bytes([60] * 58))]
    attempt = the_attempt([*steps, atten_rsp(420, dst=OTHER_EVSE)])

    assert attempt.evse_mac == EVSE
    assert (attempt.counts["param_cnf"], attempt.counts["atten_char_ind"], attempt.counts["atten_char_rsp"]) == (
        1,
        1,
        1,
    )
    assert attempt.timings.param_response == ms(5)
    assert [(c.evse_mac, c.param_response, c.matched) for c in attempt.evse_candidates] == [
        (OTHER_EVSE, ms(3), False),
        (EVSE, ms(5), True),
    ]
    assert [c.atten_char_rsp for c in attempt.evse_candidates] == [1, 1]
    assert attempt.evse_candidates[0].reported_average_db == 60


@pytest.mark.parametrize(
    ("names", "evse"),
    [
        (("param_cnf", "atten_ind", "match_req", "match_cnf"), OTHER_EVSE),
        (("param_cnf", "atten_ind", "match_req"), OTHER_EVSE),
        (("param_cnf", "atten_ind"), OTHER_EVSE),
        (("param_cnf",), EVSE),
    ],
)
def test_who_the_evse_is(names: tuple[str, ...], evse: object) -> None:
    """Sender of MATCH.CNF, else destination of MATCH.REQ, else sender of ATTEN_CHAR.IND, else of PARM.CNF."""
    steps = [param_cnf(5), atten_ind(385, src=OTHER_EVSE), match_req(1300, dst=OTHER_EVSE), match_cnf(1310, OTHER_EVSE)]

    assert the_attempt([param_req(0), *only(steps, *names)]).evse_mac == evse


@pytest.mark.parametrize(
    "name", ["param_req", "param_cnf", "sound", "start", "atten_rsp", "match_req", "atten_ind", "match_cnf"]
)
def test_who_the_pev_is_and_its_run_id(name: str) -> None:
    """From whatever message of the exchange was heard alone."""
    attempt = the_attempt(only(match(), name))

    assert attempt.pev_mac == PEV
    assert attempt.run_id == RUN


def test_the_run_id_of_the_attempt_is_the_requests() -> None:
    """Not that of the confirmation, which may be wrong."""
    attempt = the_attempt(altered(match(), "param_cnf", run_id=OTHER_RUN))

    assert attempt.run_id == RUN
    assert attempt.run_ids_in_param_cnf == (OTHER_RUN,)


def test_visibility_tells_whose_frames_are_in_the_capture() -> None:
    """A modem's profiles are neither the car's nor the EVSE's."""
    assert the_attempt([param_req(0), profile(10)]).visibility.evse_frames is False
    assert the_attempt([param_cnf(0), profile(10)]).visibility.pev_frames is False
    assert the_attempt(match()).visibility.pev_frames


def test_profiles_are_averaged_per_modem_and_kind() -> None:
    """Mean per group, mean per sound, and what the EVSE reported against it."""
    louder = bytes(value + 2 for value in GROUPS)
    steps = [
        *without(match(), "profile"),
        profile(186, aag=GROUPS),
        profile(206, aag=louder),
        vendor_profile(187, src=PEER, aag=louder),
    ]
    own, vendor = the_attempt(steps).profiles

    assert (own.kind, own.source_mac, vendor.kind, vendor.source_mac) == (
        "CM_ATTEN_PROFILE.IND",
        EVSE_MODEM,
        "VS_ATTEN_CHAR.IND",
        PEER,
    )
    assert own.mean_groups_db == tuple(value + 1 for value in GROUPS)
    assert own.per_sound_average_db == (sum(GROUPS) / 58, sum(louder) / 58)
    assert set(own.differences_db) == {-1}
    assert set(vendor.differences_db) == {-2}


def test_modems_are_listed_by_how_well_they_hear() -> None:
    """The quietest first; the recorder's own is marked."""
    steps = [*match(), vendor_profile(187, src=PEER, aag=bytes([5] * 58))]

    assert [(h.mac, h.local) for h in the_attempt(steps).modems_hearing_sounds] == [(PEER, False), (EVSE_MODEM, True)]
