"""How an attempt ended: reference/capture-analysis.md, "Outcomes", in their order."""

from __future__ import annotations

import pytest
from slac_exchange import (
    AT_EVSE,
    OTHER_EVSE,
    Steps,
    altered,
    analysis,
    atten_rsp,
    ip,
    match,
    match_req,
    only,
    param_req,
    profile,
    shifted,
    start,
    the_attempt,
    without,
)

from bench.analysis import Outcome

REST_OF_THE_DAY = [ip(60_000)]
"""A capture that goes on, so that nothing counts as cut off."""


@pytest.mark.parametrize(
    ("names", "outcome"),
    [
        (("param_req",), Outcome.NO_PARAM_CNF),
        (("param_req", "param_cnf"), Outcome.STOPPED_AFTER_PARAM_CNF),
        (("param_req", "param_cnf", "start"), Outcome.NO_SOUNDS),
        (("param_req", "param_cnf", "start", "sound"), Outcome.NO_ATTEN_CHAR_IND),
        (("param_req", "param_cnf", "start", "sound", "atten_ind", "atten_rsp"), Outcome.NO_MATCH_REQ),
        (("param_req", "param_cnf", "start", "sound", "atten_ind", "atten_rsp", "match_req"), Outcome.NO_MATCH_CNF),
        (("param_req", "start", "sound"), Outcome.ANSWERED_BY_OTHER_EVSE),
        (("param_req", "start", "sound", "match_cnf"), Outcome.NO_PARAM_CNF),
        (("profile",), Outcome.FRAGMENT),
    ],
)
def test_the_outcome_is_what_was_seen_last(names: tuple[str, ...], outcome: Outcome) -> None:
    """Only the named messages of an exchange, in a capture that goes on."""
    assert the_attempt([*only(match(), *names), *REST_OF_THE_DAY]).outcome is outcome


def test_a_match_is_confirmed_by_the_network_only() -> None:
    """The car's first IP frame makes the difference."""
    assert the_attempt(match()).outcome is Outcome.MATCHED_NETWORK_CONFIRMED
    assert the_attempt(match(proof=False)).outcome is Outcome.MATCHED_NETWORK_NOT_CONFIRMED


@pytest.mark.parametrize("last", [start(145), atten_rsp(425)], ids=["start", "rsp"])
def test_an_attempt_at_the_end_of_the_capture_is_not_judged(last: object) -> None:
    """The last frame of the attempt less than 0.7 s before the last frame of the capture."""
    steps = [step for step in match() if step.at <= last.at]

    assert the_attempt([*steps, ip(last.at + 699.999)]).outcome is Outcome.CAPTURE_ENDS_DURING_ATTEMPT
    assert the_attempt([*steps, ip(last.at + 700)]).outcome is not Outcome.CAPTURE_ENDS_DURING_ATTEMPT


@pytest.mark.parametrize("names", [("param_req", "param_cnf"), ("param_req",)])
def test_the_end_of_the_capture_excuses_only_what_began(names: tuple[str, ...]) -> None:
    """Without START_ATTEN_CHAR the attempt is judged by what it has."""
    assert the_attempt(only(match(), *names)).outcome is not Outcome.CAPTURE_ENDS_DURING_ATTEMPT


def test_the_end_of_the_capture_does_not_excuse_a_match_req() -> None:
    """Nor once the car asked for its match."""
    assert the_attempt(without(match(), "match_cnf", "ip")).outcome is Outcome.NO_MATCH_CNF


def test_an_attempt_that_another_followed_at_the_end_is_not_judged_either() -> None:
    """The rule speaks of the capture's end, not of the last attempt."""
    steps: Steps = [step for step in match() if step.at <= 145]

    first, _ = analysis([*steps, param_req(500)]).attempts
    assert first.outcome is Outcome.CAPTURE_ENDS_DURING_ATTEMPT

    first, _ = analysis([*steps, param_req(500), ip(900)]).attempts
    assert first.outcome is Outcome.NO_SOUNDS


def test_the_other_evse_is_whom_the_car_addresses() -> None:
    """Destination of CM_SLAC_MATCH.REQ, else of CM_ATTEN_CHAR.RSP, else nobody."""
    heard = only(match(), "param_req", "start", "sound", "profile")

    asked = the_attempt([*heard, atten_rsp(425, dst=OTHER_EVSE), match_req(1300, dst=OTHER_EVSE), *REST_OF_THE_DAY])
    answered = the_attempt([*heard, atten_rsp(425, dst=OTHER_EVSE), *REST_OF_THE_DAY])
    neither = the_attempt([*heard, *REST_OF_THE_DAY])

    assert [a.outcome for a in (asked, answered, neither)] == [Outcome.ANSWERED_BY_OTHER_EVSE] * 3
    assert [a.evse_mac for a in (asked, answered, neither)] == [OTHER_EVSE, OTHER_EVSE, None]
    assert "param_req_unanswered" not in asked.codes


def test_failed_outcomes_are_those_a_station_is_to_blame_for() -> None:
    """A neighbour's session, a cut capture and a fragment are nobody's failure."""
    excused = {
        Outcome.MATCHED_NETWORK_CONFIRMED,
        Outcome.ANSWERED_BY_OTHER_EVSE,
        Outcome.CAPTURE_ENDS_DURING_ATTEMPT,
        Outcome.FRAGMENT,
    }
    assert {outcome for outcome in Outcome if not outcome.failed} == excused


def test_profiles_alone_name_no_station() -> None:
    """A modem that hears a car says nothing about who takes part."""
    attempt = the_attempt([profile(0), *REST_OF_THE_DAY], AT_EVSE)

    assert (attempt.pev_mac, attempt.evse_mac, attempt.run_id) == (None, None, None)


def test_the_first_match_is_confirmed_before_the_next_attempt_only() -> None:
    """A frame after the next attempt has begun proves nothing for the one before."""
    first, second = analysis([*match(proof=False), *shifted(match(), 30_000)]).attempts

    assert first.outcome is Outcome.MATCHED_NETWORK_NOT_CONFIRMED
    assert second.outcome is Outcome.MATCHED_NETWORK_CONFIRMED


def test_a_changed_field_does_not_change_the_outcome() -> None:
    """Outcomes look at what was sent, deviations at what was in it."""
    assert the_attempt(altered(match(), "match_cnf", mvf_length=1)).outcome is Outcome.MATCHED_NETWORK_CONFIRMED
