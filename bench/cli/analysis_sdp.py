"""SDP of an attempt in words, for the block of `bench analyze`."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.sdp_model import AttemptSdp, SdpLog, SdpMessage
from bench.units import show


def sdp_lines(found: AttemptSdp | None) -> Iterator[str]:
    """Nothing for an attempt without a match; the intervals stand in the table."""
    if found is None:
        return
    request, response = found.first_request, found.last_response
    if request is None and response is None:
        yield "no request seen"
        return
    if request is not None:
        yield f"{_requests(found, request)}, from {request.src}"
    if found.borrowed is not None:
        yield f"frame {found.borrowed.frame} carries the address of {found.borrowed.owner}"
    if response is None:
        yield "no answer seen"
        return
    offered = " and ".join(security.text for security in found.offered)
    yield f"{_number(found.responses, 'answer')}{_latency(found)}: {offered}"
    yield f"station at {response.secc_address}, {response.transport.text} port {response.secc_port}"


def sdp_notes(log: SdpLog) -> Iterator[str]:
    """For the end of a capture: what belongs to no attempt, and what could not be read."""
    if log.outside:
        belong = "belongs" if log.outside == 1 else "belong"
        yield f"{_number(log.outside, 'SDP message')} that {belong} to no match recorded here."
    if log.unread:
        yield (
            f"{_number(log.unread, 'frame')} to or from the SDP port that cannot be read as SDP, "
            f"first frame {log.first_unread}."
        )


def _requests(found: AttemptSdp, first: SdpMessage) -> str:
    """`1 request for no TLS`, `51 requests, 50 of them for TLS`"""
    requests = _number(found.requests, "request")
    if 0 < found.tls_requests < found.requests:
        return f"{requests}, {found.tls_requests} of them for TLS"
    return f"{requests} for {first.security.text}"


def _latency(found: AttemptSdp) -> str:
    if found.shortest is None or found.longest is None:
        return ""
    if found.shortest == found.longest:
        return f" after {show(found.shortest)}"
    return f" after {show(found.shortest)} to {show(found.longest)}"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
