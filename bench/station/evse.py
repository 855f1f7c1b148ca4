"""The bench as charging station: EVSE on the pilot and in SLAC, SECC in SDP."""

from __future__ import annotations

from functools import partial

from bench.adapter import QUIET_AFTER_KEY, PlcAdapter
from bench.analysis import Role
from bench.errors import Deviation, PortError
from bench.machine import Ignored
from bench.net import Ipv6Frame, SdpRequest, Tcp
from bench.ports import EvsePilot
from bench.sdp.events import Answered, SdpEvent
from bench.sdp.secc import SeccSdp, SeccSettings
from bench.slac.events import AttemptFailed, Event, LinkLost, Matched, Network, PilotWanted
from bench.slac.evse import EvseSettings, EvseSlac
from bench.station.base import SDP_PATIENCE, Station
from bench.trace import FrameSeen, Note, PilotSeen
from bench.units import Ns, s, show
from bench.wire import Wire

CONFIRMED_WITHIN: Ns = s(1)
"""A serial board is asked what it does after it was told."""


class EvseStation(Station[EvsePilot, EvseSlac, SeccSdp]):
    """The bench as charging station."""

    ROLE = Role.EVSE

    def __init__(
        self,
        wire: Wire,
        pilot: EvsePilot,
        network: Network,
        settings: EvseSettings | None = None,
        *,
        secc: SeccSettings | None = None,
        key_settles: Ns = QUIET_AFTER_KEY,
    ) -> None:
        slac, sdp = EvseSlac(wire.port.mac, network, settings), SeccSdp(wire.port.mac, secc)
        super().__init__("evse", wire, pilot, slac, sdp, PlcAdapter(wire, "evse.adapter", key_settles))
        self.network = network
        self._gone_at: Ns | None = None
        """When the link was seen to be gone though nothing had told the car to leave."""

    def prepare(self) -> None:
        """Give the adapter the network's key and wait until it is ready, before a car is plugged in."""
        self.adapter.identify()
        self.adapter.set_key(self.network)

    def offer(self, duty_cycle_pct: float | None, *, within: Ns = s(5)) -> Ns:
        """Put this duty cycle on the pilot (None: state E) and run until it is there; the instant it was.

        PortError if it does not come.
        """
        if duty_cycle_pct is None:
            self.pilot.set_state_e()
        else:
            self.pilot.set_duty_cycle_pct(duty_cycle_pct)
        start = self.now()
        if not self.pump.run(lambda: self.pilot.read().duty_cycle_pct == duty_cycle_pct, start + within):
            raise PortError(
                f"{duty_cycle_pct} % were set, and {show(within)} later the pilot shows {self.pilot.read()}"
            )
        return self.now()

    def _saw_pilot(self, seen: PilotSeen) -> None:
        """A board confirms late what it did at once: the car may have left before the change was known."""
        if seen.reading.state.plugged or self._gone_at is None:
            return
        if seen.t - self._gone_at <= CONFIRMED_WITHIN:
            self._has_left(seen.t, "the pilot left B, C, D", seen.t)
        self._gone_at = None

    def _has_left(self, since: Ns, why: str, t: Ns) -> None:
        self.left.append((since, t))
        self.trace.add(Note(t, self.name, f"the car has left the network, {show(t - since)} after: {why}"))

    def wait_asked(self, *, within: Ns = SDP_PATIENCE, sut: str = "the station under test") -> FrameSeen:
        """Run until the car has asked by SDP, at most *within* after the link; its first request since the match.

        Deviation if it does not come, or not as a request this station may answer.
        """
        link = self.wait_link(sut=sut)
        match = self.matched()
        assert match is not None
        answered = self.pump.run(lambda: bool(self.happened(Answered, since=match.t)), link.t + within)
        requests = self.wire.seen(SdpRequest, since=match.t, where=lambda seen: seen.src == match.pev_mac)
        if not answered or not requests:
            said = [
                event.why
                for event in self.happened(Ignored, since=match.t)
                if event.who == str(match.pev_mac) and event.what.startswith(("SDP", "V2GTP"))
            ]
            raise Deviation(
                f"{sut} joined the network and "
                + (f"asked by SDP in vain: {said[0]}" if said else f"did not ask by SDP within {show(within)}"),
                rule="ISO 15118-2, 7.10.1: the EVCC asks for its SECC by SDP (V2G_EVCC_CommunicationSetup_Timeout)",
                waited=f"{show(link.t)} ... {show(self.now())}",
                saw=self.wire.account(since=match.t),
                look="ladder.svg and trace.pcapng (attached)",
            )
        return requests[0]

    def wait_connection(self, *, within: Ns = SDP_PATIENCE, sut: str = "the station under test") -> FrameSeen:
        """Run until the car wants to connect to where it was told, at most *within* after the link; its TCP SYN."""
        link = self.wait_link(sut=sut)
        after = len(self.wire.received)
        ours = self.sdp.address, self.sdp.settings.port

        def to_us(seen: FrameSeen) -> bool:
            assert seen.packet is not None
            tcp = seen.message
            return isinstance(tcp, Tcp) and tcp.opens and (seen.packet.packet.dst, tcp.dst_port) == ours

        if early := self.wire.seen(Tcp, since=link.t, where=to_us):
            return early[0]
        found = self.wire.first(Tcp, within=max(0, link.t + within - self.now()), where=to_us, after=after)
        if found is None:
            raise Deviation(
                f"{sut} was told by SDP to connect to {ours[0]}, port {ours[1]}, and did not within {show(within)}",
                rule="ISO 15118-2, 7.10.1: the EVCC connects to the address and port of the SDP response",
                waited=f"{show(link.t)} ... {show(self.now())}",
                saw=self.wire.account(since=link.t),
                look="ladder.svg and trace.pcapng (attached)",
            )
        return found

    def use(self, network: Network) -> None:
        """Another network, from the next match on; `prepare` gives its key to the adapter. Not while a car is there."""
        self.network = self.machine.network = network

    def _shows_link(self, packet: Ipv6Frame, match: Matched) -> bool:
        """Its adapter had the key before the car came."""
        return packet.src == match.pev_mac

    def _follow(self, event: Event | SdpEvent) -> None:
        if isinstance(event, AttemptFailed | LinkLost) and not self._match_stands:
            self.sdp.no_network(event.t)
        match event:
            case Matched(t, pev_mac):
                self.sdp.network(pev_mac, t)
                self.adapter.watch(self.network, self.machine.link)
            case LinkLost(t, _, why) if not self.machine.sessions and self.adapter.link_up_at is not None:
                self.adapter.watch_leaving(self.network, partial(self._has_left, t, why))
            case AttemptFailed() | LinkLost() if not self.machine.sessions:
                self._gone_at = event.t if isinstance(event, LinkLost) else None
                self.adapter.unwatch()
            case PilotWanted(_, None, _):
                self.pilot.set_state_e()
            case PilotWanted(_, duty, _) if duty is not None:
                self.pilot.set_duty_cycle_pct(duty)
            case _:
                pass
