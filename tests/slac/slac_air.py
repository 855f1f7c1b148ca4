"""EVSE and PEV machines against each other in memory, over a medium that may lose, double and delay frames.

A frame's *fate* is drawn by the test: the delays of its copies, none for a lost one. Modems are played too: an EVSE's
host gets a profile for each sound, and a link comes up JOIN after a PEV was given the key of an EVSE it can hear.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from slac_stage import GROUPS, reading

from bench.ids import BROADCAST, MacAddress, Nmk, RunId, nid_from_nmk
from bench.mme import CmAttenProfileInd, CmMnbcSoundInd, Frame
from bench.pilot.model import CpState
from bench.slac.events import Event, Matched, Network
from bench.slac.evse import EvseSettings, EvseSlac
from bench.slac.pev import PevSettings, PevSlac
from bench.units import Ns, ms, s

Fate = tuple[Ns, ...]
"""When the copies of a frame arrive after it was sent; empty: lost."""
PROMPT: Fate = (ms(2),)
JOIN: Ns = s(6.5)
MEASURED_AFTER: Ns = ms(0.5)
MOST_STEPS = 20_000
"""No lawful history of a few machines is that long: more is a livelock."""


@dataclass
class Air:
    """All stations hear each other. *fates*: of the frames in the order they arrive somewhere; then all are prompt."""

    fates: Iterator[Fate] = field(default_factory=lambda: iter(()))
    now: Ns = 0
    evses: dict[MacAddress, EvseSlac] = field(default_factory=dict)
    pevs: dict[MacAddress, PevSlac] = field(default_factory=dict)
    events: dict[MacAddress, list[Event]] = field(default_factory=dict)
    attenuation_db: dict[MacAddress, int] = field(default_factory=dict)
    """Of an EVSE from every PEV."""
    loses: Callable[[Frame], bool] = lambda _: False
    """Frames that reach nobody, whatever their fate."""
    carried: list[tuple[Ns, Frame]] = field(default_factory=list)
    """Every frame that was sent, with its instant."""
    _queue: list[tuple[Ns, int, Callable[[], None]]] = field(default_factory=list)
    _order: int = 0

    # building

    def add_evse(self, number: int = 1, *, db: int = 30, settings: EvseSettings | None = None) -> EvseSlac:
        mac, nmk = MacAddress(bytes([2, 0, 0, 0, 0xE0, number])), Nmk(bytes([number] * 16))
        machine = self.evses[mac] = EvseSlac(mac, Network(nid_from_nmk(nmk), nmk), settings)
        self.attenuation_db[mac], self.events[mac] = db, []
        machine.pilot(reading(CpState.B, 5.0), self.now)
        return machine

    def add_pev(self, number: int = 1, *, run_id: RunId | None = None, settings: PevSettings | None = None) -> PevSlac:
        """*run_id*: the same in every attempt; None: a random one for each."""
        mac, rng = MacAddress(bytes([2, 0, 0, 0, 0x0E, number])), random.Random(number)
        machine = PevSlac(mac, lambda: run_id or RunId(rng.randbytes(8)), lambda: rng.randbytes(16), settings)
        self.pevs[mac], self.events[mac] = machine, []
        machine.pilot(reading(CpState.B, 5.0), self.now)
        return machine

    # running

    def run(self, until: Callable[[], bool] = lambda: False, limit: Ns = s(1000)) -> None:
        """Until *until()*, or until nobody waits for anything, or *limit*; AssertionError on a livelock."""
        machines = [*self.evses.values(), *self.pevs.values()]
        self._empty()
        for _ in range(MOST_STEPS):
            deadlines = [t for machine in machines if (t := machine.next_deadline()) is not None]
            if self._queue:
                deadlines.append(self._queue[0][0])
            if until() or not deadlines or min(deadlines) > limit:
                return
            self.now = max(self.now, min(deadlines))
            while self._queue and self._queue[0][0] <= self.now:
                heapq.heappop(self._queue)[2]()
                self._empty()
            for machine in machines:
                machine.wake(self.now)
                later = machine.next_deadline()
                assert later is None or later > self.now, "a deadline that has passed was left standing"
            self._empty()
        raise AssertionError(f"still running after {MOST_STEPS} steps at {self.now}")

    def _empty(self) -> None:
        for machine in (*self.evses.values(), *self.pevs.values()):
            outbox, machine.outbox = machine.outbox, []
            for frame in outbox:
                self._send(frame)
            events, machine.events = machine.events, []
            self.events[machine.mac] += events
            for event in events:
                if isinstance(event, Matched) and machine.mac in self.pevs:
                    self._join(event)

    def _at(self, t: Ns, call: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._queue, (t, self._order, call))

    def _send(self, frame: Frame) -> None:
        self.carried.append((self.now, frame))
        if self.loses(frame):
            return
        for mac, machine in (*self.evses.items(), *self.pevs.items()):
            if mac == frame.src or frame.dst not in (mac, BROADCAST):
                continue
            for delay in next(self.fates, PROMPT):
                self._at(self.now + delay, partial(self._arrive, machine, frame))

    def _arrive(self, machine: EvseSlac | PevSlac, frame: Frame) -> None:
        machine.receive(frame, self.now)
        if isinstance(machine, EvseSlac) and isinstance(frame.mme, CmMnbcSoundInd):
            aag = bytes([self.attenuation_db[machine.mac]]) * GROUPS
            profile = Frame(BROADCAST, machine.mac, CmAttenProfileInd(pev_mac=frame.src, aag=aag))
            self._at(self.now + MEASURED_AFTER, lambda: machine.receive(profile, self.now))

    def _join(self, match: Matched) -> None:
        """The PEV's modem takes the key; if that is the EVSE's network, both see a partner later."""
        evse, pev = self.evses[match.evse_mac], self.pevs[match.pev_mac]
        if evse.network == match.network:
            for machine in (evse, pev):
                self._at(self.now + JOIN, partial(self._link, machine, match))

    def _link(self, machine: EvseSlac | PevSlac, match: Matched) -> None:
        """Unless the PEV was given another key since."""
        newest = [event for event in self.events[match.pev_mac] if isinstance(event, Matched)][-1]
        if newest is match:
            machine.link(True, self.now)
