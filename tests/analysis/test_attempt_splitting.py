"""Which frames belong to one attempt: reference/capture-analysis.md, "Splitting into attempts"."""

from __future__ import annotations

from dataclasses import replace

import pytest
from slac_exchange import (
    EVSE,
    OTHER_PEV,
    OTHER_RUN,
    PEV,
    Steps,
    analysis,
    atten_rsp,
    match,
    match_req,
    only,
    param_cnf,
    param_req,
    profile,
    shifted,
    sound,
    start,
)

from bench.ids import BROADCAST


def ranges(steps: Steps) -> list[tuple[int, int]]:
    """(first frame, last frame) of each attempt."""
    return [(attempt.first_frame, attempt.last_frame) for attempt in analysis(steps).attempts]


def test_repeated_requests_are_one_attempt() -> None:
    """Same RunID, same sender, within 3 s."""
    assert ranges([param_req(0), param_req(3000), param_req(6000)]) == [(1, 3)]


def test_a_request_more_than_3_s_after_the_last_param_message_opens_one() -> None:
    """Rule (c), counted from the last CM_SLAC_PARM message, a confirmation included."""
    assert ranges([param_req(0), param_req(3000.001)]) == [(1, 1), (2, 2)]
    assert ranges([param_req(0), param_cnf(2500), param_req(5500)]) == [(1, 3)]


def test_another_run_id_opens_one() -> None:
    """Rule (b): RunID."""
    assert ranges([param_req(0), param_req(200, run=OTHER_RUN)]) == [(1, 1), (2, 2)]


def test_another_sender_opens_one() -> None:
    """Rule (b): sender."""
    assert ranges([param_req(0), param_req(200, src=OTHER_PEV)]) == [(1, 1), (2, 2)]


@pytest.mark.parametrize("name", ["start", "sound", "atten_ind", "match_req", "match_cnf"])
def test_a_request_after_progress_opens_one(name: str) -> None:
    """Rule (a): any of START_ATTEN_CHAR, sounds, ATTEN_CHAR.IND, MATCH.REQ and CNF is progress."""
    step = next(step for step in match() if step.name == name)

    assert ranges([param_req(0), *shifted([step], 10 - step.at), param_req(20)]) == [(1, 2), (3, 3)]


@pytest.mark.parametrize("name", ["param_cnf", "atten_rsp", "profile"])
def test_a_request_after_other_messages_does_not(name: str) -> None:
    """The near miss: a confirmation, a response and a modem's profile are no progress."""
    step = next(step for step in match() if step.name == name)

    assert ranges([param_req(0), *shifted([step], 10 - step.at), param_req(20)]) == [(1, 3)]


def test_a_confirmation_without_request_opens_one_after_progress() -> None:
    """What a listener that hears the EVSE only sees of two attempts."""
    half = only(match(), "param_cnf", "atten_ind", "match_cnf")

    assert ranges([*half, *shifted(half, 20_000)]) == [(1, 3), (4, 6)]


def test_a_second_confirmation_without_progress_does_not() -> None:
    """The near miss: the EVSE answers a repeated request that was not heard."""
    assert ranges([param_cnf(5), param_cnf(205)]) == [(1, 2)]


def test_a_confirmation_in_an_attempt_with_requests_does_not() -> None:
    """A late answer stays with the attempt that has the request, even after progress."""
    assert ranges([param_req(0), start(100), param_cnf(110)]) == [(1, 3)]


@pytest.mark.parametrize("first", [start(4000), sound(4000), atten_rsp(4000), match_req(4000)])
def test_a_car_unheard_until_now_opens_one_by_its_run_id(first: object) -> None:
    """More than 3 s after the last frame, with a RunID that is not that of the car before."""
    assert ranges([param_req(0, run=OTHER_RUN), first]) == [(1, 1), (2, 2)]


def test_a_car_unheard_until_now_opens_one_by_its_address() -> None:
    """The same RunID from another sender."""
    assert ranges([param_req(0), start(4000, src=OTHER_PEV)]) == [(1, 1), (2, 2)]


def test_the_same_car_going_on_after_a_pause_does_not() -> None:
    """The near miss: its own RunID and address, no progress before."""
    assert ranges([param_req(0), start(4000)]) == [(1, 2)]


def test_a_start_after_progress_and_a_pause_opens_one() -> None:
    """Even from the same car with the same RunID; a sound does not."""
    assert ranges([param_req(0), start(100), start(3100.001)]) == [(1, 2), (3, 3)]
    assert ranges([param_req(0), start(100), sound(3100.001)]) == [(1, 3)]


def test_a_foreign_car_within_3_s_does_not() -> None:
    """The near miss: the pause is exactly 3 s."""
    assert ranges([param_req(0), start(3000, src=OTHER_PEV, run=OTHER_RUN)]) == [(1, 2)]


def test_a_car_after_a_confirmation_to_itself_does_not() -> None:
    """The confirmation names the car and its RunID although nothing of the car was heard."""
    assert ranges([param_cnf(0), start(4000)]) == [(1, 2)]
    assert ranges([param_cnf(0), start(4000, run=OTHER_RUN)]) == [(1, 1), (2, 2)]


def test_the_last_frame_counts_where_there_is_no_param_message() -> None:
    """For the 3 s rule of requests, in an attempt that consists of modem messages."""
    assert ranges([profile(0), profile(2900), param_req(5800)]) == [(1, 3)]
    assert ranges([profile(0), profile(2900), param_req(5900.001)]) == [(1, 2), (3, 3)]


def test_two_whole_matches_are_two_attempts() -> None:
    """With everything in between at its place."""
    first, second = analysis([*match(), *shifted(match(), 60_000)]).attempts

    assert (first.index, second.index) == (1, 2)
    assert first.counts == second.counts
    assert first.t_start + 60_000_000_000 == second.t_start


def test_a_power_supply_command_is_no_slac() -> None:
    """pyPLC commands its power supply with CM_ATTEN_CHAR.IND to and about everybody."""
    report = next(step for step in match() if step.name == "atten_ind")
    command = replace(
        report,
        dst=BROADCAST,
        mme=replace(report.mme, source_address=BROADCAST, aag=bytes.fromhex("affedc") + bytes(55)),
    )

    found = analysis([command, *shifted([command], 100)])

    assert found.attempts == []
    assert found.power_supply_control is not None
    assert (found.power_supply_control.count, found.power_supply_control.src) == (2, EVSE)


def test_the_same_report_to_a_car_is_slac() -> None:
    """The near miss: broadcast or the address of nobody alone do not make it a command."""
    report = next(step for step in match() if step.name == "atten_ind")

    assert len(analysis([replace(report, dst=BROADCAST)]).attempts) == 1
    assert len(analysis([replace(report, mme=replace(report.mme, source_address=BROADCAST))]).attempts) == 1
    assert report.dst == PEV
