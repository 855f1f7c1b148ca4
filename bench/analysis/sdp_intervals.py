"""From the match to the answer of SDP, as intervals: what `bench.analysis.intervals` is to SLAC."""

from __future__ import annotations

from collections.abc import Iterable

from bench.analysis.intervals import Interval
from bench.ids import MacAddress
from bench.limits import FIRST_FRAME, LIMITS, NETWORK_TO_SDP, SDP_AGAIN, SDP_ANSWER, TO_SDP
from bench.net import Ipv6Frame, SdpRequest, SdpResponse
from bench.units import Ns


def measure_sdp(
    packets: Iterable[tuple[Ns, Ipv6Frame]], *, pev_mac: MacAddress, matched_at: Ns, link_at: Ns | None = None
) -> list[Interval]:
    """Intervals of one match, in order of time.

    packets     with their stamps, oldest first; those before the match and of others than *pev_mac* are skipped
    matched_at  CM_SLAC_MATCH.CNF
    link_at     when the link was seen; None: it was not

    A response counts from the first request it is the answer to: asking again does not excuse a late answer.
    """
    found: list[Interval] = []
    asked_at = first_asked_at = None
    asked = False
    for t, frame in packets:
        if t < matched_at:
            continue
        if not found and frame.src == pev_mac:
            found.append(_interval(FIRST_FRAME, matched_at, t))
        if isinstance(frame.message, SdpRequest) and frame.src == pev_mac:
            if not asked:
                asked = True
                found.append(_interval(TO_SDP, matched_at, t))
                if link_at is not None:
                    found.append(_interval(NETWORK_TO_SDP, link_at, t))
            if asked_at is not None:
                found.append(_interval(SDP_AGAIN, asked_at, t))
            asked_at, first_asked_at = t, t if first_asked_at is None else first_asked_at
        elif isinstance(frame.message, SdpResponse) and frame.dst == pev_mac and first_asked_at is not None:
            found.append(_interval(SDP_ANSWER, first_asked_at, t))
            asked_at = first_asked_at = None
    return sorted(found, key=lambda interval: (interval.start, interval.name))


def _interval(name: str, start: Ns, end: Ns) -> Interval:
    """0 where the first request itself showed that the network was there."""
    return Interval(LIMITS[name], start, max(0, end - start))
