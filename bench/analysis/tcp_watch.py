"""Follows the car to the TCP port that SDP named.

Most frames of a capture are TCP, so octets are compared, and nothing is decoded.
"""

from __future__ import annotations

from bench.analysis.conversation import Conversation
from bench.analysis.tcp_model import AttemptTcp, TcpTarget
from bench.net import ACK, RST, SYN, Ipv6Address
from bench.units import Ns

FLAGS_AT = 67
"""Octet of a frame: Ethernet, IPv6, and 13 octets of the TCP header. Extension headers in front of TCP are not seen."""
SYN_OR_RST = SYN | RST
KNOCKING_PORT = 60918
"""Cars of one group try this port of any station once a second (ID.3, ID.4, ID. Buzz, Q4 e-tron). It means nothing."""
MAX_OPENING = 1000
"""Connections under way that are remembered."""


class TcpWatch:
    """Wants every IPv6 frame, without tags, that is TCP, long enough for its flags, and has SYN or RST; while some
    are *awaited*, those with neither, too."""

    def __init__(self) -> None:
        self._talk: Conversation | None = None
        self._opening: dict[bytes, TcpTarget] = {}
        """addresses and ports as the car sends them -> whom it tries"""
        self.awaited: set[bytes] = set()
        """those of them that the station has answered with SYN-ACK: the last segment of their handshake is to come"""

    def attempt_opened(self, talk: Conversation) -> None:
        self._talk = talk
        self._opening.clear()
        self.awaited.clear()

    def segment(self, number: int, t: Ns, octets: bytes) -> None:
        flags = octets[FLAGS_AT]
        if flags & (SYN | ACK) == SYN:
            self._asks(number, t, octets)
        elif flags & SYN_OR_RST:
            self._answers(number, t, octets, flags)
        elif flags & ACK:
            self._goes_on(number, t, octets)

    def _asks(self, number: int, t: Ns, octets: bytes) -> None:
        """A SYN: to the offered port, to another one of that station, or to nobody that matters."""
        sdp = self._talk.sdp if self._talk else None
        if self._talk is None or sdp is None or not sdp.endpoints:
            return
        address, port = Ipv6Address(octets[38:54]), int.from_bytes(octets[56:58], "big")
        if all(address != offered for offered, _ in sdp.endpoints):
            return
        found = self._talk.tcp = self._talk.tcp or AttemptTcp()
        if (address, port) in sdp.endpoints:
            target = found.offered = found.offered or TcpTarget(address, port, number, t)
        elif port == KNOCKING_PORT:
            return
        else:
            target = found.elsewhere = found.elsewhere or TcpTarget(address, port, number, t)
        if target.is_established or target.port != port:
            return
        target.syns += 1
        if len(self._opening) < MAX_OPENING:
            self._opening[octets[22:58]] = target

    def _answers(self, number: int, t: Ns, octets: bytes, flags: int) -> None:
        """SYN-ACK or RST of the station. A RST of the car ends a try of its own, and is no refusal."""
        as_car_sends = octets[38:54] + octets[22:38] + octets[56:58] + octets[54:56]
        target = self._opening.get(as_car_sends)
        if target is None:
            return
        if flags & RST:
            del self._opening[as_car_sends]
            self.awaited.discard(as_car_sends)
            if target.refused_t is None:
                target.refused_frame, target.refused_t = number, t
        elif not target.is_established:
            target.answered = True
            self.awaited.add(as_car_sends)

    def _goes_on(self, number: int, t: Ns, octets: bytes) -> None:
        as_car_sends = octets[22:58]
        if as_car_sends not in self.awaited:
            return
        target = self._opening[as_car_sends]
        if not target.is_established:
            target.established_frame, target.established_t = number, t
        for key in [key for key, other in self._opening.items() if other is target]:
            del self._opening[key]
            self.awaited.discard(key)
