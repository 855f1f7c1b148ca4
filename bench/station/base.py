"""The bench's own stations: a pilot, an adapter, a SLAC and an SDP machine under one name.

A station is a participant of the pump. Once woken it reads its ports, tells its machines what came in, sends what they
want sent and writes everything into the trace.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from operator import attrgetter
from typing import ClassVar, Generic, TypeVar

from bench.adapter import PlcAdapter
from bench.analysis import Recorder, Role
from bench.analysis.recorded import explain_last_attempt
from bench.errors import Deviation
from bench.ids import MacAddress, Nmk, nid_from_nmk
from bench.machine import Ignored, StateChanged
from bench.net import Ipv6Frame
from bench.pilot.model import PilotReading
from bench.ports import EvsePilot, PevPilot
from bench.pump import Pump
from bench.sdp.evcc import EvccSdp
from bench.sdp.events import Answered, Discovered, NotDiscovered, SdpEvent
from bench.sdp.secc import SeccSdp
from bench.sdp.timers import COMMUNICATION_SETUP
from bench.slac.events import AttemptFailed, Event, GaveUp, LinkLost, LinkUp, Matched, Network, PilotWanted, run_name
from bench.slac.evse import EvseSlac
from bench.slac.pev import PevSlac
from bench.slac.timers import TIMERS
from bench.trace import FrameSeen, Note, PilotSeen, StateSeen, Trace
from bench.units import Ns, s, show
from bench.wire import Wire

Pilot = TypeVar("Pilot", bound=EvsePilot | PevPilot)
Slac = TypeVar("Slac", bound=EvseSlac | PevSlac)
Sdp = TypeVar("Sdp", bound=EvccSdp | SeccSdp)
E = TypeVar("E", bound=Event | SdpEvent)

PATIENCE: Ns = TIMERS.tt_evse_slac_init + TIMERS.tt_matching_repetition + s(10)
"""How long a test waits for a match: the longest legal beginning, all attempts, and some."""
SDP_PATIENCE: Ns = 3 * COMMUNICATION_SETUP
"""How long after the link a test waits for SDP, whatever the limits say of it: pyPLC as car once needed 35 s."""


def new_network(rng: random.Random) -> Network:
    """A network with a random NMK and the NID that follows from it."""
    nmk = Nmk(rng.randbytes(16))
    return Network(nid_from_nmk(nmk), nmk)


class Station(ABC, Generic[Pilot, Slac, Sdp]):
    """What both roles share. *name* is the role, `evse` or `pev`, and names the station in the trace."""

    ROLE: ClassVar[Role]

    def __init__(self, name: str, wire: Wire, pilot: Pilot, slac: Slac, sdp: Sdp, adapter: PlcAdapter) -> None:
        self.name = name
        self.wire, self.pilot, self.machine, self.sdp, self.adapter = wire, pilot, slac, sdp, adapter
        self.events: list[Event | SdpEvent] = []
        """Everything the machines reported since the station was made."""
        self._pilot_changes: list[tuple[Ns, PilotReading]] = []
        self._match: Matched | None = None
        self._match_stands = False
        self._link: LinkUp | None = None
        self.left: list[tuple[Ns, Ns]] = []
        """When the other side had to leave the network, and when it was seen to have left."""

    @property
    def mac(self) -> MacAddress:
        """The host's address, which is the one that stands in SLAC messages."""
        return self.wire.port.mac

    @property
    def trace(self) -> Trace:
        return self.wire.trace

    @property
    def pump(self) -> Pump:
        return self.wire.pump

    def now(self) -> Ns:
        return self.pump.clock.now()

    # participant --------------------------------------------------------------------------------------------

    def next_deadline(self) -> Ns | None:
        ahead = self.machine.next_deadline()
        for t in (self.sdp.next_deadline(), self.adapter.next_deadline(), self.wire.next_deadline()):
            if t is not None and (ahead is None or t < ahead):
                ahead = t
        return ahead

    def busy(self) -> bool:
        if changes := self.pilot.changes():
            self._pilot_changes += changes
        return self.wire.arrived() or bool(self._pilot_changes)

    def wake(self, now: Ns) -> None:
        for came in self._what_came():
            self._run_out(came.t - 1, now)
            if isinstance(came, PilotSeen):
                self.trace.add(came)
                self.machine.pilot(came.reading, came.t)
                self._saw_pilot(came)
            elif came.frame is not None:
                self.machine.receive(came.frame, came.t)
                self.adapter.receive(came)
            elif came.packet is not None:
                if self._match is not None and self._match_stands and self._shows_link(came.packet, self._match):
                    self.adapter.heard_partner(came.t)
                self.sdp.receive(came.packet, came.t)
            self._flush(now)
        self._run_out(now, now)
        self.adapter.wake(now)
        self.wire.wake(now)
        self._flush(now)

    def _what_came(self) -> list[PilotSeen | FrameSeen]:
        """Pilot and frames since the last time, in the order in which they happened."""
        came: list[PilotSeen | FrameSeen] = list(self.wire.take())
        if self._pilot_changes:
            came[:0] = [PilotSeen(t, self.name, reading) for t, reading in self._pilot_changes]
            came.sort(key=attrgetter("t"))
            self._pilot_changes = []
        return came

    def _run_out(self, t: Ns, now: Ns) -> None:
        """Fire the timers due up to *t*, so that what came later than a deadline is late however it was read."""
        for machine in (self.machine, self.sdp):
            due = machine.next_deadline()
            if due is not None and due <= t:
                machine.wake(t)
                self._flush(now)

    def _flush(self, now: Ns) -> None:
        """Send what the machines want sent and follow what they report. SDP comes second: it follows from SLAC."""
        self._flush_machine(self.machine, now)
        self._flush_machine(self.sdp, now)

    def _flush_machine(self, machine: Slac | Sdp, now: Ns) -> None:
        if not machine.outbox and not machine.events:
            return
        for frame in machine.outbox:
            self.wire.send(frame, now)
        machine.outbox.clear()
        reported, machine.events = machine.events, []
        for event in reported:
            self.events.append(event)
            self._keep(event)
            self._record(event)
            self._follow(event)

    @abstractmethod
    def _shows_link(self, packet: Ipv6Frame, match: Matched) -> bool:
        """Whether *packet* can only have come through the network of *match*, which stands, from its other end."""

    def _keep(self, event: Event | SdpEvent) -> None:
        """The last match, whether it stands, and its link, because they are asked for at every step of the pump."""
        match event:
            case Matched():
                self._match, self._match_stands = event, True
            case LinkUp():
                self._link = event
            case AttemptFailed(_, who) | LinkLost(_, who) if self._match is not None:
                run_id, pev_mac = self._match.run_id, self._match.pev_mac
                if who in (run_name(run_id), run_name(run_id, pev_mac)):
                    self._match_stands = False
            case _:
                pass

    def _record(self, event: Event | SdpEvent) -> None:
        match event:
            case StateChanged(t, who, _, new, why):
                self.trace.add(StateSeen(t, f"{self.name}/{who}" if who != self.name else self.name, new, why))
            case Ignored(t, who, what, why):
                self.trace.add(Note(t, self.name, f"ignored {what} from {who}: {why}"))
            case Matched(t):
                self.trace.add(Note(t, self.name, f"matched {event.pev_mac} with {event.evse_mac}"))
            case LinkUp(t, after):
                self.trace.add(Note(t, self.name, f"link up {show(after)} after CM_SLAC_MATCH.CNF"))
            case LinkLost(t, who, why):
                self.trace.add(Note(t, self.name, f"link of {who} lost: {why}"))
            case AttemptFailed(t, who, why):
                self.trace.add(Note(t, self.name, f"attempt of {who} failed: {why}"))
            case GaveUp(t, why):
                self.trace.add(Note(t, self.name, f"gave up: {why}"))
            case PilotWanted(t, duty, why):
                self.trace.add(Note(t, self.name, f"pilot to {'E' if duty is None else f'{duty} %'}: {why}"))
            case Discovered(t, secc, mac, requests):
                where = f"{secc.secc_address} port {secc.secc_port}, {secc.security.text}"
                self.trace.add(Note(t, self.name, f"discovered the station of {mac} at {where} ({requests} asked)"))
            case NotDiscovered(t, requests, why):
                self.trace.add(Note(t, self.name, f"discovered no station in {requests} requests: {why}"))
            case Answered(t, mac, request, times) if times == 1:
                self.trace.add(Note(t, self.name, f"{mac} asked by SDP for {request.security.text}, and was answered"))

    def _saw_pilot(self, seen: PilotSeen) -> None:
        """Beside what the machine makes of it."""

    @abstractmethod
    def _follow(self, event: Event | SdpEvent) -> None:
        """What a station does about something its machine reported."""

    # for tests ----------------------------------------------------------------------------------------------

    def happened(self, kind: type[E], *, since: Ns = 0) -> list[E]:
        return [event for event in self.events if isinstance(event, kind) and event.t >= since]

    def matched(self) -> Matched | None:
        """The last match, if there was one."""
        return self._match

    def failed(self) -> bool:
        """Whether an attempt has failed so far."""
        return any(isinstance(event, AttemptFailed | GaveUp) for event in self.events)

    def gave_up(self) -> bool:
        """Whether the machine will try nothing more until a new trigger on the pilot."""
        return self.machine.gave_up

    def wait_matched(self, *, within: Ns = PATIENCE, sut: str = "the station under test") -> Matched:
        """Run until there is a match that stands; Deviation with the machine's last word if none comes.

        A match whose attempt failed later, or whose link was lost, is over: the next one is waited for.
        """
        start, here = self.now(), len(self.wire.received)
        self.pump.run(lambda: self._match_stands or self.gave_up(), start + within)
        match = self._match
        if match is None or not self._match_stands:
            raise Deviation(
                f"{sut} was not matched: {self.explanation()}",
                rule="ISO 15118-3 annex A.9, matching",
                waited=f"{show(start)} ... {show(self.now())}",
                saw=f"{self.wire.account(after=here)}; our {self.name}: {self.last_word()}",
                look="ladder.svg and trace.pcapng (attached)",
            )
        return match

    def wait_link(self, *, within: Ns = TIMERS.tt_match_join, sut: str = "the station under test") -> LinkUp:
        """Run until both modems are in one network, at most *within* after CM_SLAC_MATCH.CNF."""
        match = self.matched() or self.wait_matched(sut=sut)
        if not self.pump.run(lambda: self._link is not None and self._link.t >= match.t, match.t + within):
            raise Deviation(
                f"{sut} did not join the network within TT_match_join ({show(within)})",
                rule="ISO 15118-3 table A.1, TT_match_join",
                waited=f"{show(match.t)} ... {show(match.t + within)}",
                saw=f"VS_NW_INFO of the bench's adapter shows no partner; {self.wire.account(since=match.t)}",
                look="ladder.svg and trace.pcapng (attached)",
            )
        assert self._link is not None
        return self._link

    def explanation(self) -> str:
        """Why there is no match: what the analyser makes of the last attempt, else the machine's last word."""
        modem = self.adapter.identity.mac if self.adapter.identity else None
        own = (entry for entry in self.trace.frames() if entry.port == self.wire.port.name)
        return explain_last_attempt(own, Recorder(self.ROLE, self.mac, modem)) or self.last_word()

    def last_word(self) -> str:
        """The machine's own account of why it stands where it stands."""
        for event in reversed(self.events):
            if isinstance(event, AttemptFailed | GaveUp):
                return event.why
        for event in reversed(self.events):
            if isinstance(event, StateChanged):
                return f"still {event.new} ({event.why})"
        return "nothing ever happened"
