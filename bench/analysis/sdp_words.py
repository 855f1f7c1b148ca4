"""What SDP adds to the sentence of a match: only what is clear from the frames, and nothing where all went well."""

from __future__ import annotations

from bench.analysis.model import Attempt, Role
from bench.analysis.sdp_model import AttemptSdp
from bench.net import Security
from bench.units import ms, show

SDP_ANSWER_TIME = ms(250)
"""What a car waits for the answer before it asks again; as seen on cars that repeat. Not verified in the standard."""


def sdp_remarks(attempt: Attempt) -> list[str]:
    found = attempt.sdp
    if found is None or not found.requests:
        return []
    said = []
    if found.tls_requests:
        said.append(asked_for_tls(found))
    if found.borrowed is not None:
        said.append(
            f"an SDP request carries another host's address ({found.borrowed.address} is that of "
            f"{found.borrowed.owner}, the sender is {found.borrowed.sender})"
        )
    if nobody_answered(attempt, found):
        said.append(f"nobody answered SDP ({_times(found.requests, 'request')}{_span(found)})")
    return said


def asked_for_tls(found: AttemptSdp) -> str:
    """`SDP asked for TLS 50 times and once without; the answer was no TLS`."""
    text = f"SDP asked for TLS {_often(found.tls_requests)}"
    if without := found.requests - found.tls_requests:
        text += f" and {_often(without)} without"
    if found.responses:
        text += f", and TLS was {'offered' if Security.TLS in found.offered else 'not offered'}"
    return text


def nobody_answered(attempt: Attempt, found: AttemptSdp) -> bool:
    """Whether a response could have been heard, was waited for and did not come.

    A listener need not hear what a station says to a car, nor a recorder that hears one side only.
    """
    if found.responses or not beside_a_station(attempt) or found.last_request is None:
        return False
    return attempt.observed_until - found.last_request.t >= SDP_ANSWER_TIME


def beside_a_station(attempt: Attempt) -> bool:
    """Whether the recorder hears what either side says to the other."""
    both_heard = attempt.visibility.pev_frames and attempt.visibility.evse_frames
    return both_heard and attempt.recorder.role in (Role.PEV, Role.PEV_INTERNAL, Role.EVSE)


def _span(found: AttemptSdp) -> str:
    if found.requests < 2 or found.first_request is None or found.last_request is None:
        return ""
    return f" in {show(found.last_request.t - found.first_request.t)}"


def _often(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _times(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
