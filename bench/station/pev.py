"""The bench as car: PEV on the pilot and in SLAC, EVCC in SDP."""

from __future__ import annotations

import random

from bench.adapter import PlcAdapter
from bench.analysis import Role
from bench.errors import Deviation
from bench.ids import RunId
from bench.machine import Ignored
from bench.net import Ipv6Frame
from bench.ports import PevPilot
from bench.sdp.evcc import EvccSdp, EvccSettings
from bench.sdp.events import Discovered, NotDiscovered, SdpEvent
from bench.sdp.timers import COMMUNICATION_SETUP
from bench.slac.events import AttemptFailed, Event, LinkLost, LinkUp, Matched
from bench.slac.pev import PevSettings, PevSlac
from bench.station.base import Station
from bench.units import Ns, show
from bench.wire import Wire


class PevStation(Station[PevPilot, PevSlac, EvccSdp]):
    """The bench as car. *rng* feeds RunIDs and sounds."""

    ROLE = Role.PEV

    def __init__(
        self,
        wire: Wire,
        pilot: PevPilot,
        rng: random.Random,
        settings: PevSettings | None = None,
        *,
        evcc: EvccSettings | None = None,
    ) -> None:
        slac = PevSlac(wire.port.mac, lambda: RunId(rng.randbytes(8)), lambda: rng.randbytes(16), settings)
        super().__init__("pev", wire, pilot, slac, EvccSdp(wire.port.mac, evcc), PlcAdapter(wire, "pev.adapter"))

    def prepare(self) -> None:
        self.adapter.identify()

    def wait_discovered(self, *, within: Ns | None = None, sut: str = "the station under test") -> Discovered:
        """Run until a station's SDP answer was taken; Deviation if that does not happen.

        within  after the link; None: as long as this car asks
        """
        link = self.wait_link(sut=sut)
        until = link.t + (COMMUNICATION_SETUP if within is None else within)

        def over() -> bool:
            return bool(self.happened(Discovered, since=link.t) or self.happened(NotDiscovered, since=link.t))

        self.pump.run(over, until)
        if found := self.happened(Discovered, since=link.t):
            return found[0]
        said = [event.why for event in self.happened(Ignored, since=link.t) if event.what == "SDP response"]
        raise Deviation(
            f"{sut} " + (f"answered SDP as no car may take it: {said[0]}" if said else "did not answer SDP"),
            rule="ISO 15118-2, 7.10.1: the SECC answers SDP with its address and port",
            waited=f"{show(link.t)} ... {show(self.now())}",
            saw=f"{self.sdp.evcc.requests} requests; {self.wire.account(since=link.t)}",
            look="ladder.svg and trace.pcapng (attached)",
        )

    def plug_in(self) -> None:
        self.pilot.plug_in()

    def unplug(self) -> None:
        self.pilot.unplug()

    def _shows_link(self, packet: Ipv6Frame, match: Matched) -> bool:
        """Until its adapter has taken the key, what comes may still have come through the network it leaves."""
        return self.adapter.link_up_at is not None and packet.src == match.evse_mac

    def _follow(self, event: Event | SdpEvent) -> None:
        match event:
            case Matched():
                self.adapter.request_key(event.network)
                self.adapter.watch(event.network, self.machine.link)
            case LinkUp(t):
                self.sdp.network_up(t)
            case AttemptFailed(t) | LinkLost(t):
                self.sdp.network_down(t)
                self.adapter.unwatch()
            case _:
                pass
