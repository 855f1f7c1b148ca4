"""Follows SDP through a capture: all of it in a log, and what follows each match with the attempt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from bench.analysis.conversation import Conversation
from bench.analysis.model import Recorder, Role
from bench.analysis.sdp_model import AttemptSdp, BorrowedAddress, SdpLog, SdpMessage, SdpPair, SdpSeries
from bench.analysis.stations import pev_of
from bench.capture import UNKNOWN_ADDRESS
from bench.ids import MacAddress
from bench.net import (
    SDP_PORT,
    Ipv6Address,
    MalformedPacket,
    SdpResponse,
    Security,
    Transport,
    Udp,
    V2gtp,
    decode,
    mac_of,
)
from bench.units import Ns, s

HOP_BY_HOP, UDP = 0, 17
"""Next header, octet 20 of a frame."""
UDP_AT = 54
"""Octet of a frame: Ethernet, and IPv6 without extension headers."""
PORT = SDP_PORT.to_bytes(2, "big")
MAX_LISTED = 5000
"""Messages, pairs and series kept of each; a capture of nothing but SDP must not fill the memory."""
MAX_ASKING = 100
"""Hosts whose unanswered requests are remembered."""
MAX_WAITING = 100
"""Unanswered requests that are remembered of each of them; all are counted."""
MAX_ENDPOINTS = 10
"""Different stations or ports that are remembered of one attempt."""
SERIES_GAP = s(5)
"""A request this long after the last one begins a new series."""


@dataclass(slots=True)
class Asking:
    """The requests of one host that were not answered yet.

    first_t   of the first of them
    count     all of them
    waiting   the last ones
    """

    first_t: Ns
    count: int = 0
    waiting: deque[SdpMessage] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))

    def asks(self, request: SdpMessage) -> None:
        self.count += 1
        self.waiting.append(request)

    def answered_by(self, response: SdpMessage) -> SdpPair:
        """With the last request from the port that is answered; a port that nobody asked from stands for any.

        A car that asks again from another port may yet get the answer to its earlier request. Later ones go on waiting.
        """
        asked = list(self.waiting)
        ports = [request.src_port for request in asked]
        behind = ports[::-1].index(response.dst_port) if response.dst_port in ports else 0
        at = len(asked) - behind
        pair = SdpPair(asked[at - 1], response, self.count - behind, self.first_t)
        self.waiting.clear()
        self.waiting.extend(asked[at:])
        self.count = behind
        if behind:
            self.first_t = asked[at].t
        return pair


class SdpWatch:
    """Wants every IPv6 frame, without tags, that is not TCP. `log` is complete after the last one.

    What a computer that plays the car says to its network is not the car's first frame: it may come before there is
    one. A real car's controller is silent until then.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.log = SdpLog()
        self._chatters = None if recorder.role is Role.PEV_INTERNAL else recorder.host
        self._talk: Conversation | None = None
        self._pev: bytes | None = None
        self._pending: dict[Ipv6Address, Asking] = {}

    def attempt_opened(self, talk: Conversation) -> None:
        self._talk, self._pev = talk, None

    def slac_frame(self, talk: Conversation) -> None:
        """The current attempt has gained a frame."""
        if talk.match_cnfs and talk.sdp is None:
            talk.sdp = AttemptSdp(talk.match_cnfs[0].t)
            pev = pev_of(talk)
            self._pev = pev if pev != self._chatters else None

    def ipv6_frame(self, number: int, t: Ns, octets: bytes) -> None:
        """One that is not TCP, nor cut off before it says so."""
        if self._pev is not None and octets[6:12] == self._pev:
            self._pev = None
            after = self._talk.sdp if self._talk else None
            if after is not None:
                after.first_frame, after.first_frame_t = number, t
        at = udp_at(octets)
        if at and PORT in (octets[at : at + 2], octets[at + 2 : at + 4]):
            message = sdp_message(number, t, octets)
            if message is None:
                self._unread(number)
            elif message.is_response:
                self._response(message)
            else:
                self._request(message)

    def _unread(self, number: int) -> None:
        self.log.unread += 1
        if self.log.first_unread is None:
            self.log.first_unread = number

    def _request(self, message: SdpMessage) -> None:
        self.log.requests += 1
        self._list(message)
        self._series(message)
        asking = self._pending.get(message.src)
        if asking is None and len(self._pending) < MAX_ASKING:
            asking = self._pending[message.src] = Asking(message.t)
        if asking is not None:
            asking.asks(message)
        after = self._talk.sdp if self._talk else None
        if after is None:
            self.log.outside += 1
            return
        after.requests += 1
        after.tls_requests += message.security is Security.TLS
        after.first_request = after.first_request or message
        after.last_request = message
        after.borrowed = after.borrowed or borrowed_address(message)

    def _response(self, message: SdpMessage) -> None:
        self.log.responses += 1
        self._list(message)
        pair: SdpPair | None = None
        asking = self._pending.get(message.dst)
        if asking is not None:
            pair = asking.answered_by(message)
            if not asking.count:
                del self._pending[message.dst]
            if len(self.log.pairs) < MAX_LISTED:
                self.log.pairs.append(pair)
        after = self._talk.sdp if self._talk else None
        if after is None:
            self.log.outside += 1
            return
        after.responses += 1
        after.first_response = after.first_response or message
        after.last_response = message
        if message.secc_address is not None and message.secc_port is not None:
            endpoint = message.secc_address, message.secc_port
            if endpoint not in after.endpoints and len(after.endpoints) < MAX_ENDPOINTS:
                after.endpoints += (endpoint,)
        if message.security not in after.offered:
            after.offered += (message.security,)
        if pair is not None and pair.latency >= 0:  # unless the clock was set back in between
            after.shortest = min(pair.latency, pair.latency if after.shortest is None else after.shortest)
            after.longest = max(pair.latency, pair.latency if after.longest is None else after.longest)

    def _list(self, message: SdpMessage) -> None:
        if len(self.log.messages) < MAX_LISTED:
            self.log.messages.append(message)
        else:
            self.log.truncated = True

    def _series(self, message: SdpMessage) -> None:
        series = self.log.series
        if series and says_the_same(series[-1].last, message) and message.t - series[-1].last.t <= SERIES_GAP:
            series[-1].last = message
            series[-1].count += 1
        elif len(series) < MAX_LISTED:
            series.append(SdpSeries(message, message))


def udp_at(octets: bytes) -> int:
    """Where in a frame the UDP header begins, behind hop-by-hop options if there are any; 0 for other packets."""
    if octets[20] == UDP:
        return UDP_AT
    if octets[20] == HOP_BY_HOP and len(octets) > UDP_AT + 1 and octets[UDP_AT] == UDP:
        return UDP_AT + 8 * (octets[UDP_AT + 1] + 1)
    return 0


def says_the_same(a: SdpMessage, b: SdpMessage) -> bool:
    return (a.src, a.security, a.transport) == (b.src, b.security, b.transport)


def sdp_message(number: int, t: Ns, octets: bytes) -> SdpMessage | None:
    """The SDP message in a frame; None if it is none, or its V2GTP header is wrong."""
    said = _said(octets)
    return None if said is None else SdpMessage(number, t, *said)


Said: TypeAlias = tuple[
    MacAddress,
    MacAddress,
    Ipv6Address,
    int,
    Ipv6Address,
    int,
    Security,
    Transport,
    Ipv6Address | None,
    int | None,
]
"""The fields of a `SdpMessage` behind its time."""


@lru_cache(maxsize=64)
def _said(octets: bytes) -> Said | None:
    """What a frame says. Kept, because a car that is not answered says it again octet for octet."""
    try:
        frame = decode(octets)
    except MalformedPacket:
        return None
    packet, datagram = frame.packet, frame.packet.payload
    if not isinstance(datagram, Udp) or not isinstance(datagram.payload, V2gtp):
        return None
    message = datagram.payload.payload
    if not datagram.payload.well_formed or isinstance(message, bytes):
        return None
    station = (message.secc_address, message.secc_port) if isinstance(message, SdpResponse) else (None, None)
    return (
        frame.src,
        frame.dst,
        packet.src,
        datagram.src_port,
        packet.dst,
        datagram.dst_port,
        message.security,
        message.transport,
        *station,
    )


def borrowed_address(request: SdpMessage) -> BorrowedAddress | None:
    """Whether the address in *request* is another host's. Only one made by EUI-64 tells whose it is."""
    owner = mac_of(request.src)
    if owner is None or request.src_mac in (owner, MacAddress(UNKNOWN_ADDRESS)):
        return None
    return BorrowedAddress(request.frame, request.src, owner, request.src_mac)
