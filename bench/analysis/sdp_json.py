"""The JSON form of SDP: names and units of the ground truth beside the real captures, as in `as_json`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from bench.analysis.sdp_model import AttemptSdp, SdpLog, SdpMessage, SdpPair, SdpSeries
from bench.units import Ns, to_ms

Json: TypeAlias = dict[str, Any]
ToSeconds: TypeAlias = Callable[[Ns], float]
"""An instant as seconds since the first frame."""


def sdp_counts(log: SdpLog) -> Json:
    """The part of `sdp` that is no list; *log* must be complete."""
    return {
        "requests": log.requests,
        "responses": log.responses,
        "messages_truncated": log.truncated,
        "unread_frames": log.unread,
    }


def sdp_lists(log: SdpLog, time: ToSeconds) -> dict[str, Iterator[Json]]:
    """The rest of `sdp`: one by one, because there may be thousands."""
    return {
        "request_series": (_series(series, time) for series in log.series),
        "pairs": (_pair(pair) for pair in log.pairs),
        "messages": (_message(message, time) for message in log.messages),
    }


def attempt_sdp_json(found: AttemptSdp | None) -> Json | None:
    """`sdp` of an attempt: what followed its match."""
    if found is None:
        return None
    response = found.last_response
    return {
        "first_frame": found.first_frame,
        "first_frame_ms_after_match_cnf": _ms(found.to_first_frame),
        "first_request_frame": found.first_request.frame if found.first_request else None,
        "first_request_ms_after_match_cnf": _ms(found.to_first_request),
        "requests": found.requests,
        "tls_requests": found.tls_requests,
        "responses": found.responses,
        "latency_ms_min": _ms(found.shortest),
        "latency_ms_max": _ms(found.longest),
        "security_offered": [int(security) for security in found.offered],
        "secc_address": str(response.secc_address) if response else None,
        "secc_port": response.secc_port if response else None,
        "address_of_other_host": (
            {
                "frame": found.borrowed.frame,
                "address": str(found.borrowed.address),
                "owner_mac": str(found.borrowed.owner),
                "sender_mac": str(found.borrowed.sender),
            }
            if found.borrowed
            else None
        ),
    }


def _message(message: SdpMessage, time: ToSeconds) -> Json:
    found: Json = {
        "t_s": time(message.t),
        "frame": message.frame,
        "kind": "SDP.RES" if message.is_response else "SDP.REQ",
        "src_mac": str(message.src_mac),
        "dst_mac": str(message.dst_mac),
        "src": str(message.src),
        "src_port": message.src_port,
        "dst": str(message.dst),
        "dst_port": message.dst_port,
        "security": int(message.security),
        "security_text": message.security.text,
        "transport": int(message.transport),
        "transport_text": message.transport.text,
    }
    if message.is_response:
        found |= {"secc_address": str(message.secc_address), "secc_port": message.secc_port}
    return found


def _series(series: SdpSeries, time: ToSeconds) -> Json:
    first, interval = series.first, series.mean_interval
    return {
        "t_first_s": time(first.t),
        "t_last_s": time(series.last.t),
        "first_frame": first.frame,
        "last_frame": series.last.frame,
        "count": series.count,
        "src": str(first.src),
        "security": int(first.security),
        "security_text": first.security.text,
        "transport": int(first.transport),
        "interval_ms_mean": None if interval is None else round(interval / 1e6, 3),
    }


def _pair(pair: SdpPair) -> Json:
    return {
        "req_frame": pair.request.frame,
        "res_frame": pair.response.frame,
        "latency_ms": _ms(pair.latency),
        "requests_before": pair.asked,
        "first_req_to_res_ms": _ms(pair.first_latency),
        "security_requested": int(pair.request.security),
        "security_offered": int(pair.response.security),
        "secc_address": str(pair.response.secc_address),
        "secc_port": pair.response.secc_port,
    }


def _ms(value: Ns | None) -> float | None:
    return None if value is None else round(to_ms(value), 3)
