"""Discovery as the charging station (SECC). Sans-I/O.

It hears requests on one interface only, the one its adapter hangs on. It answers the car it was matched with, in the
network of that match, as often as that asks; everything else is ignored, and said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.ids import MacAddress
from bench.machine import Actor
from bench.net import SDP_PORT, Ipv6Frame, SdpRequest, SdpResponse, Security, Udp, V2gtp, sdp_response
from bench.sdp.events import Answered
from bench.sdp.machine import SdpMachine, sdp_message
from bench.sdp.secc_table import TABLE, TIMERS_OF, SeccOn, SeccState
from bench.sdp.timers import SDP_TIMERS
from bench.units import Ns


@dataclass(frozen=True, slots=True, kw_only=True)
class SeccSettings:
    """What the station tells a car.

    port      TCP; of the dynamic range, 49152 and above, as ISO 15118-2 wants
    security  what is offered, whatever was asked for: the bench has no TLS
    """

    port: int = 61118
    security: Security = Security.NO_TLS


class SeccSdp(SdpMachine[SeccState, SeccOn]):
    """The station's side of discovery.

    network(evcc_mac, now), no_network(now)  about the match
    receive(frame, now), outbox, events: as in SLAC
    """

    TABLE = TABLE
    TIMERS_OF = TIMERS_OF

    def __init__(self, mac: MacAddress, settings: SeccSettings | None = None) -> None:
        super().__init__(mac, SDP_TIMERS)
        self.settings = settings or SeccSettings()
        self.secc: Actor[SeccState, SeccOn] = Actor(SeccState.NO_NETWORK, "sdp")
        self.evcc_mac: MacAddress | None = None
        self.asked = 0
        """Requests of this car so far."""

    @property
    def state(self) -> SeccState:
        return self.secc.state

    def actors(self) -> Iterable[Actor[SeccState, SeccOn]]:
        return (self.secc,)

    def network(self, evcc_mac: MacAddress, now: Ns) -> None:
        """The car that was matched, and whose network this is now."""
        self.evcc_mac, self.asked = evcc_mac, 0
        self.fire(self.secc, SeccOn.NETWORK_UP, now)

    def no_network(self, now: Ns) -> None:
        """The match is over. Nothing happens where there was none."""
        if self.evcc_mac is not None:
            self.evcc_mac = None
            self.fire(self.secc, SeccOn.NETWORK_DOWN, now)

    def receive(self, frame: Ipv6Frame, now: Ns) -> None:
        if self.met_as_host(frame, now) or not _to_sdp(frame):
            return
        message = sdp_message(frame)
        if isinstance(message, SdpResponse):
            self.ignored(now, str(frame.src), "SDP response", "what only an SECC may send is never answered by an SECC")
        elif not self.unlawful(frame, now, "SDP request"):
            if isinstance(message, SdpRequest):
                own = frame.src == self.evcc_mac
                self.fire(self.secc, SeccOn.REQUEST if own else SeccOn.REQUEST_OF_OTHER, now, frame)
            else:
                self.ignored(now, str(frame.src), "V2GTP message", f"no SDP request: {_kind(frame)}")

    def answer(self, _: Actor[SeccState, SeccOn], now: Ns, frame: Ipv6Frame) -> None:
        request = sdp_message(frame)
        assert isinstance(request, SdpRequest)
        self.asked += 1
        settings = self.settings
        self.outbox.append(sdp_response(frame, self.mac, self.address, settings.port, settings.security))
        self.events.append(Answered(now, frame.src, request, self.asked))


def _to_sdp(frame: Ipv6Frame) -> bool:
    """Whether it came to the SDP port, whatever it carries."""
    return isinstance(frame.packet.payload, Udp) and frame.packet.payload.dst_port == SDP_PORT


def _kind(frame: Ipv6Frame) -> str:
    datagram = frame.packet.payload
    assert isinstance(datagram, Udp)
    if not isinstance(datagram.payload, V2gtp):
        return f"{len(datagram.payload)} octets without a V2GTP header"
    return f"payload type 0x{datagram.payload.kind:04X}"
