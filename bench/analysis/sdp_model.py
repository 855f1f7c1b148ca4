"""What the analysis says of SDP, by which a car finds its station once both share a network."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.ids import MacAddress
from bench.net import Ipv6Address, Security, Transport
from bench.units import Ns


@dataclass(frozen=True, slots=True)
class SdpMessage:
    """A request, or a response: that has the address and TCP port of the station."""

    frame: int
    t: Ns
    src_mac: MacAddress
    dst_mac: MacAddress
    src: Ipv6Address
    src_port: int
    dst: Ipv6Address
    dst_port: int
    security: Security
    transport: Transport
    secc_address: Ipv6Address | None = None
    secc_port: int | None = None

    @property
    def is_response(self) -> bool:
        return self.secc_address is not None


@dataclass(frozen=True, slots=True)
class SdpPair:
    """A response and the last request before it of the host, and from the port, it is meant for.

    asked           requests of that host since the last response to it, this one included
    first_asked_t   the first of these
    """

    request: SdpMessage
    response: SdpMessage
    asked: int
    first_asked_t: Ns

    @property
    def latency(self) -> Ns:
        return self.response.t - self.request.t

    @property
    def first_latency(self) -> Ns:
        return self.response.t - self.first_asked_t


@dataclass(slots=True)
class SdpSeries:
    """Requests that say the same, one after the other."""

    first: SdpMessage
    last: SdpMessage
    count: int = 1

    @property
    def mean_interval(self) -> float | None:
        """Ns between two of them."""
        return (self.last.t - self.first.t) / (self.count - 1) if self.count > 1 else None


@dataclass(slots=True)
class SdpLog:
    """All of SDP in a capture.

    messages, pairs, series  the first of each, as many as `MAX_LISTED` of the watch
    requests, responses      all of them
    outside                  those that belong to no matched attempt
    unread                   frames to or from the SDP port that are no SDP message; the first of them
    """

    messages: list[SdpMessage] = field(default_factory=list)
    pairs: list[SdpPair] = field(default_factory=list)
    series: list[SdpSeries] = field(default_factory=list)
    requests: int = 0
    responses: int = 0
    outside: int = 0
    unread: int = 0
    first_unread: int | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class BorrowedAddress:
    """A request whose IPv6 address was made of another MAC address than the one that sent it."""

    frame: int
    address: Ipv6Address
    owner: MacAddress
    sender: MacAddress


@dataclass(slots=True)
class AttemptSdp:
    """What followed one match, until the next attempt.

    first_frame           the first IPv6 frame of the car, with its time
    first_request         the first SDP request
    shortest, longest     from a request to its response
    offered               securities that responses offered, in order of appearance
    endpoints             addresses and TCP ports that responses named, in order of appearance
    """

    matched_t: Ns
    first_frame: int | None = None
    first_frame_t: Ns | None = None
    first_request: SdpMessage | None = None
    last_request: SdpMessage | None = None
    first_response: SdpMessage | None = None
    last_response: SdpMessage | None = None
    requests: int = 0
    tls_requests: int = 0
    responses: int = 0
    shortest: Ns | None = None
    longest: Ns | None = None
    offered: tuple[Security, ...] = ()
    endpoints: tuple[tuple[Ipv6Address, int], ...] = ()
    borrowed: BorrowedAddress | None = None

    @property
    def to_first_frame(self) -> Ns | None:
        """From CM_SLAC_MATCH.CNF."""
        return None if self.first_frame_t is None else self.first_frame_t - self.matched_t

    @property
    def to_first_request(self) -> Ns | None:
        """From CM_SLAC_MATCH.CNF."""
        return None if self.first_request is None else self.first_request.t - self.matched_t
