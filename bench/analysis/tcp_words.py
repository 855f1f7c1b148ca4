"""What TCP adds to the sentence of a match: that the car did not reach the port it was offered."""

from __future__ import annotations

from bench.analysis.model import Attempt
from bench.analysis.sdp_words import beside_a_station
from bench.analysis.tcp_model import TcpTarget
from bench.units import Ns, s, show

CONNECT_TIME: Ns = s(6)
"""How long a car may take from the SDP response to its SYN before it is said that none came. Real cars took 1.5 s at
most, a computer that plays one 5.06 s."""


def tcp_remarks(attempt: Attempt) -> list[str]:
    """At most one. Nothing where the car connected to what it was offered."""
    sdp, tcp = attempt.sdp, attempt.tcp
    if sdp is None or sdp.last_response is None:
        return []
    if tcp is not None and tcp.offered is not None:
        return at_the_offered_port(attempt, tcp.offered)
    if tcp is not None and tcp.elsewhere is not None:
        return [at_another_port(tcp.elsewhere, sdp.last_response.secc_port)]
    if never_connected(attempt, sdp.last_response.t):
        port, waited = sdp.last_response.secc_port, attempt.observed_until - sdp.last_response.t
        return [
            f"SDP was answered, but the car never connected: no TCP SYN to port {port} in the {show(waited)} after it"
        ]
    return []


def at_the_offered_port(attempt: Attempt, target: TcpTarget) -> list[str]:
    if target.was_refused:
        return [f"the station refused the car at the TCP port it had offered, {target.port} (RST)"]
    silent = not target.answered and target.refused_t is None
    if silent and watched_for(attempt, target.syn_t) and beside_a_station(attempt):
        tries = "TCP SYN" if target.syns == 1 else f"{target.syns} TCP SYN"
        return [f"nobody answered the car's {tries} to port {target.port}, which the station had offered"]
    return []


def at_another_port(target: TcpTarget, offered: int | None) -> str:
    if target.is_established:
        return f"the car connected to TCP port {target.port} instead of the offered {offered}"
    refused = " and was refused (RST)" if target.was_refused else ""
    return f"the car tried TCP port {target.port} instead of the offered {offered}{refused}"


def never_connected(attempt: Attempt, answered_t: Ns) -> bool:
    """Whether a SYN could have been seen, was waited for and did not come."""
    return beside_a_station(attempt) and watched_for(attempt, answered_t)


def watched_for(attempt: Attempt, since: Ns) -> bool:
    return attempt.observed_until - since >= CONNECT_TIME
