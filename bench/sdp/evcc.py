"""Discovery as the car (EVCC). Sans-I/O.

Once the network is there it claims its address, then asks who the station is, again every 250 ms. With each of its
securities it asks at most 50 times. The first answer that it may take ends the search. Reference: ISO 15118-2, 7.10.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.ids import MacAddress
from bench.machine import Actor
from bench.net import (
    SDP_PORT,
    Ipv6Frame,
    SdpRequest,
    SdpResponse,
    Security,
    Udp,
    address_claim,
    sdp_request,
)
from bench.sdp.evcc_table import TABLE, TIMERS_OF, EvccOn, EvccState
from bench.sdp.events import Discovered, NotDiscovered
from bench.sdp.machine import SdpMachine, sdp_message
from bench.sdp.timers import MOST_REQUESTS, SDP_TIMERS, SdpTimers
from bench.units import Ns


@dataclass(frozen=True, slots=True, kw_only=True)
class EvccSettings:
    """How this car asks.

    securities      asked for, one after the other; real cars begin with TLS and go on without
    accepts         what an answer may offer, whatever was asked for
    requests        with each security
    port            UDP, where it waits for the answer
    """

    timers: SdpTimers = SDP_TIMERS
    securities: tuple[Security, ...] = (Security.NO_TLS,)
    accepts: frozenset[Security] = frozenset({Security.NO_TLS})
    requests: int = MOST_REQUESTS
    port: int = 50118


class Evcc(Actor[EvccState, EvccOn]):
    def __init__(self) -> None:
        super().__init__(EvccState.NO_NETWORK, "sdp")
        self.begin()

    def begin(self) -> None:
        self.place = 0
        """Which of the securities is asked for."""
        self.sends = 0
        """How often it was."""
        self.requests = 0
        """With all securities together."""
        self.asked_at: Ns = 0


class EvccSdp(SdpMachine[EvccState, EvccOn]):
    """The car's side of discovery.

    network_up(now), network_down(now)  about the link
    receive(frame, now), wake(now), outbox, events: as in SLAC
    """

    TABLE = TABLE
    TIMERS_OF = TIMERS_OF

    def __init__(self, mac: MacAddress, settings: EvccSettings | None = None) -> None:
        self.settings = settings or EvccSettings()
        super().__init__(mac, self.settings.timers)
        self.evcc = Evcc()

    @property
    def state(self) -> EvccState:
        return self.evcc.state

    def actors(self) -> Iterable[Evcc]:
        return (self.evcc,)

    def network_up(self, now: Ns) -> None:
        self.fire(self.evcc, EvccOn.NETWORK_UP, now)

    def network_down(self, now: Ns) -> None:
        """Nothing happens where there was none."""
        if self.state is not EvccState.NO_NETWORK:
            self.fire(self.evcc, EvccOn.NETWORK_DOWN, now)

    def receive(self, frame: Ipv6Frame, now: Ns) -> None:
        if self.met_as_host(frame, now) or not self._may_answer(frame) or frame.src == self.mac:
            return
        message = sdp_message(frame)
        if isinstance(message, SdpRequest):
            self.ignored(now, str(frame.src), "SDP request", "what only an EVCC may send is never answered by an EVCC")
        elif not self.unlawful(frame, now, "SDP response"):
            if why := self._refusal(frame, message):
                self.ignored(now, str(frame.src), "SDP response", why)
            else:
                self.fire(self.evcc, EvccOn.RESPONSE, now, frame)

    def _may_answer(self, frame: Ipv6Frame) -> bool:
        """Whether it came from the SDP port, or to the one that waits for the answer, whatever it carries."""
        datagram = frame.packet.payload
        if not isinstance(datagram, Udp):
            return False
        to_us = frame.packet.dst == self.address and datagram.dst_port == self.settings.port
        return to_us or datagram.src_port == SDP_PORT

    def _refusal(self, frame: Ipv6Frame, message: SdpResponse | bytes | None) -> str:
        """Why a lawful datagram is not taken for the answer; empty: it is."""
        packet, datagram = frame.packet, frame.packet.payload
        assert isinstance(datagram, Udp)
        if datagram.src_port != SDP_PORT:
            return f"it comes from port {datagram.src_port} instead of {SDP_PORT}"
        if not isinstance(message, SdpResponse):
            return "it is none"
        if (frame.dst, packet.dst, datagram.dst_port) != (self.mac, self.address, self.settings.port):
            return f"addressed to {packet.dst}, port {datagram.dst_port}"
        if message.secc_address != packet.src:
            return f"it names {message.secc_address} and comes from {packet.src}"
        if message.security not in self.settings.accepts:
            return f"it offers {message.security.text}"
        return ""

    def expired(self, actor: Actor[EvccState, EvccOn], on: EvccOn, now: Ns) -> None:
        evcc = self.evcc
        if on is EvccOn.T_RESPONSE and evcc.sends >= self.settings.requests:
            more = evcc.place + 1 < len(self.settings.securities)
            on = EvccOn.T_RESPONSE_NEXT if more else EvccOn.T_RESPONSE_LAST
        self.fire(actor, on, now)

    # actions ------------------------------------------------------------------------------------------------

    def claim(self, evcc: Evcc, _: Ns, __: None) -> None:
        evcc.begin()
        self.outbox.append(address_claim(self.mac, self.address))

    def ask(self, evcc: Evcc, now: Ns, _: None) -> None:
        evcc.sends += 1
        evcc.requests += 1
        evcc.asked_at = now
        security = self.settings.securities[evcc.place]
        self.outbox.append(sdp_request(self.mac, self.address, self.settings.port, security))

    def ask_with_next(self, evcc: Evcc, now: Ns, _: None) -> None:
        evcc.place, evcc.sends = evcc.place + 1, 0
        self.ask(evcc, now, None)

    def take(self, evcc: Evcc, now: Ns, frame: Ipv6Frame) -> None:
        message = sdp_message(frame)
        assert isinstance(message, SdpResponse)
        self.events.append(Discovered(now, message, frame.src, evcc.requests, now - evcc.asked_at))

    def give_up(self, evcc: Evcc, now: Ns, _: None) -> None:
        self.events.append(NotDiscovered(now, evcc.requests, evcc.why))
