"""From the match to the session: the steps of the way, each with the time it took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bench.analysis.model import Attempt, SetKey
from bench.ids import MacAddress
from bench.units import Ns


class Milestone(StrEnum):
    """In the order in which a car's computer comes past them; the frames may have another."""

    SET_KEY = "set_key"
    SET_KEY_CONFIRMED = "set_key_confirmed"
    MODEM_SILENT = "modem_silent"
    MODEM_BACK = "modem_back"
    NETWORK = "network"
    FIRST_FRAME = "first_frame"
    SDP_REQUEST = "sdp_request"
    SDP_RESPONSE = "sdp_response"
    TCP_SYN = "tcp_syn"
    TCP_ESTABLISHED = "tcp_established"


ORDER = tuple(Milestone)


@dataclass(frozen=True, slots=True)
class WayStep:
    """One milestone that was seen.

    after_match   since CM_SLAC_MATCH.CNF
    took          since the milestone seen before it
    before        that one; None: CM_SLAC_MATCH.CNF
    """

    milestone: Milestone
    frame: int
    t: Ns
    after_match: Ns
    took: Ns
    before: Milestone | None


def way_of(attempt: Attempt) -> tuple[WayStep, ...]:
    """What was seen, in the order of the frames; empty without a match."""
    if attempt.sdp is None:
        return ()
    matched = before_t = attempt.sdp.matched_t
    steps: list[WayStep] = []
    before: Milestone | None = None
    for milestone, frame, t in sorted(_seen(attempt), key=lambda seen: (seen[1], ORDER.index(seen[0]))):
        steps.append(WayStep(milestone, frame, t, t - matched, t - before_t, before))
        before, before_t = milestone, t
    return tuple(steps)


def longest_of(way: tuple[WayStep, ...]) -> WayStep | None:
    """Where most of the time went; None where there is nothing to compare."""
    return max(way, key=lambda step: step.took) if len({step.frame for step in way}) > 1 else None


def _seen(attempt: Attempt) -> Iterator[tuple[Milestone, int, Ns]]:
    key, restart, proof, sdp = attempt.set_key_after_match, attempt.restart, attempt.network_proof, attempt.sdp
    if key is not None:
        yield Milestone.SET_KEY, key.frame, key.t
        yield from _confirmed(key, attempt.recorder.modem)
    if restart is not None:
        yield Milestone.MODEM_SILENT, restart.silent_frame, restart.silent_t
        if restart.back_frame is not None and restart.back_t is not None:
            yield Milestone.MODEM_BACK, restart.back_frame, restart.back_t
    if proof is not None:
        yield Milestone.NETWORK, proof.frame, proof.t
    if sdp is not None:
        if sdp.first_frame is not None and sdp.first_frame_t is not None:
            yield Milestone.FIRST_FRAME, sdp.first_frame, sdp.first_frame_t
        if sdp.first_request is not None:
            yield Milestone.SDP_REQUEST, sdp.first_request.frame, sdp.first_request.t
        if sdp.first_response is not None:
            yield Milestone.SDP_RESPONSE, sdp.first_response.frame, sdp.first_response.t
    target = attempt.tcp.target if attempt.tcp else None
    if target is not None:
        yield Milestone.TCP_SYN, target.syn_frame, target.syn_t
        if target.established_frame is not None and target.established_t is not None:
            yield Milestone.TCP_ESTABLISHED, target.established_frame, target.established_t


def _confirmed(key: SetKey, modem: MacAddress | None) -> Iterator[tuple[Milestone, int, Ns]]:
    """By the recorder's own modem, where that is known."""
    for confirmation in key.confirmations:
        if modem is None or confirmation.src == modem:
            yield Milestone.SET_KEY_CONFIRMED, confirmation.frame, confirmation.t
            return
