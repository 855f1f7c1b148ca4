"""SDP machines on a stage: a clock that moves when told, frames by hand, what they send and say kept with the time.

evcc = EvccOnStage()
evcc.joins()
evcc.runs(s(2))
assert evcc.requests
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from bench.ids import MacAddress
from bench.machine import Ignored
from bench.net import (
    Ipv6Frame,
    SdpRequest,
    SdpResponse,
    Security,
    Udp,
    V2gtp,
    decode,
    encode,
    link_local,
    sdp_request,
    sdp_response,
)
from bench.sdp.evcc import EvccSdp, EvccSettings
from bench.sdp.secc import SeccSdp, SeccSettings
from bench.units import Ns

CAR = MacAddress.parse("02:86:a9:11:bc:16")
OTHER_CAR = MacAddress.parse("02:86:a9:11:bc:17")
STATION = MacAddress.parse("62:57:25:18:44:be")
OTHER_STATION = MacAddress.parse("62:57:25:18:44:bf")
CAR_PORT = 49200
STATION_PORT = 61000

E = TypeVar("E")


class OnStage:
    """What both sides share. *sent*: what left, with the instant; every frame has crossed the codec."""

    machine: EvccSdp | SeccSdp

    def __init__(self) -> None:
        self.now: Ns = 0
        self.sent: list[tuple[Ns, Ipv6Frame]] = []
        self.said: list[Any] = []

    def hears(self, frame: Ipv6Frame) -> None:
        self.machine.receive(decode(encode(frame)), self.now)
        self.collect()

    def runs(self, duration: Ns) -> None:
        """To the end of *duration*, every timer at its instant."""
        end = self.now + duration
        while (due := self.machine.next_deadline()) is not None and due <= end:
            self.now = due
            self.machine.wake(due)
            self.collect()
        self.now = end

    def collect(self) -> None:
        self.sent += [(self.now, decode(encode(frame))) for frame in self.machine.outbox]
        self.said += self.machine.events
        self.machine.outbox.clear()
        self.machine.events.clear()

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.said if isinstance(event, kind)]

    @property
    def whys(self) -> list[str]:
        """Why something was ignored, oldest first."""
        return [event.why for event in self.told(Ignored)]

    def messages(self, kind: type) -> list[tuple[Ns, Any]]:
        return [(t, frame.message) for t, frame in self.sent if isinstance(frame.message, kind)]


class EvccOnStage(OnStage):
    def __init__(self, settings: EvccSettings | None = None) -> None:
        super().__init__()
        self.machine: EvccSdp = EvccSdp(CAR, settings)

    def joins(self) -> None:
        self.machine.network_up(self.now)
        self.collect()

    def leaves(self) -> None:
        self.machine.network_down(self.now)
        self.collect()

    @property
    def requests(self) -> list[tuple[Ns, Ipv6Frame]]:
        return [(t, frame) for t, frame in self.sent if isinstance(frame.message, SdpRequest)]

    def response(self, **changes: Any) -> Ipv6Frame:
        """The answer to the last request, of the station at its EUI-64 address; *changes* to the message."""
        lawful = sdp_response(self.requests[-1][1], STATION, link_local(STATION), STATION_PORT)
        assert isinstance(lawful.message, SdpResponse)
        return carrying(lawful, V2gtp(replace(lawful.message, **changes)))


class SeccOnStage(OnStage):
    def __init__(self, settings: SeccSettings | None = None) -> None:
        super().__init__()
        self.machine: SeccSdp = SeccSdp(STATION, settings)

    def matches(self, car: MacAddress = CAR) -> None:
        self.machine.network(car, self.now)
        self.collect()

    def ends(self) -> None:
        self.machine.no_network(self.now)
        self.collect()

    @property
    def responses(self) -> list[tuple[Ns, Ipv6Frame]]:
        return [(t, frame) for t, frame in self.sent if isinstance(frame.message, SdpResponse)]


def request(car: MacAddress = CAR, security: Security = Security.NO_TLS) -> Ipv6Frame:
    return sdp_request(car, link_local(car), CAR_PORT, security)


def carrying(frame: Ipv6Frame, payload: V2gtp | bytes, **udp: Any) -> Ipv6Frame:
    """*frame* with another payload of its datagram, and other fields of that."""
    datagram = frame.packet.payload
    assert isinstance(datagram, Udp)
    return replace(frame, packet=replace(frame.packet, payload=replace(datagram, payload=payload, **udp)))


def to(frame: Ipv6Frame, **packet: Any) -> Ipv6Frame:
    """*frame* with other fields of its packet."""
    return replace(frame, packet=replace(frame.packet, **packet))
