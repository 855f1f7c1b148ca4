"""SLAC machines on a stage: a clock that moves when told, messages by hand, what they send and say kept with the time.

evse = EvseOnStage()
evse.plug_in()
evse.hears(CmSlacParmReq(run_id=RUN))
assert evse.sent(CmSlacParmCnf)
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple, TypeVar

from bench.ids import BROADCAST, MacAddress, Nmk, RunId, nid_from_nmk
from bench.machine import Ignored, Machine
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
    Mme,
)
from bench.pilot.model import CpState, PilotReading
from bench.slac.events import Event, Network
from bench.slac.evse import EvseSettings, EvseSlac, Session
from bench.slac.pev import PevSettings, PevSlac
from bench.slac.timers import C_EV_MATCH_MNBC, C_EV_START_ATTEN_CHAR_INDS, TIMERS
from bench.units import Ns, s

EVSE = MacAddress.parse("62:57:25:18:44:be")
FAR_EVSE = MacAddress.parse("62:57:25:18:44:bf")
EVSE_MODEM = MacAddress.parse("98:48:27:5a:3c:e4")
PEV = MacAddress.parse("dc:0e:a1:11:67:08")
OTHER_PEV = MacAddress.parse("98:ed:5c:da:d9:98")
RUN = RunId(bytes.fromhex("dc0ea11167080000"))
OTHER_RUN = RunId(bytes.fromhex("dc0ea11167080001"))
TESLA_RUN = RunId(b"TESLA EV")
NMK = Nmk(bytes.fromhex("3b1fe4cc1bb8f8b8484096dc2eb59e8b"))
NETWORK = Network(nid_from_nmk(NMK), NMK)
OTHER_NMK = Nmk(bytes(range(16)))
OTHER_NETWORK = Network(nid_from_nmk(OTHER_NMK), OTHER_NMK)
GROUPS = 58
NEAR_DB, FAR_DB = 30, 48

M = TypeVar("M", bound=Mme)
E = TypeVar("E", bound=Event)
S = TypeVar("S", EvseSlac, PevSlac)

LEVELS = {CpState.A: 12.0, CpState.B: 9.0, CpState.C: 6.0, CpState.D: 3.0, CpState.E: 0.0, CpState.F: -12.0}


def reading(state: CpState, duty_cycle_pct: float | None = 100.0) -> PilotReading:
    """What a pilot end reads; without PWM unless a duty cycle is given."""
    high = LEVELS[state]
    pwm = duty_cycle_pct is not None and 0 < duty_cycle_pct < 100
    return PilotReading(state, duty_cycle_pct, high, -12.0 if pwm else high)


class Sent(NamedTuple):
    t: Ns
    dst: MacAddress
    mme: Any
    frame: Frame


class OnStage:
    """What both sides share. `now` starts at 1 s, so that no stamp is zero by accident."""

    def __init__(self, machine: EvseSlac | PevSlac, peer: MacAddress) -> None:
        self.machine = machine
        self.peer = peer
        self.now: Ns = s(1)
        self.frames: list[Sent] = []
        self.events: list[Event] = []

    # the outside

    def hears(self, mme: Mme, *, src: MacAddress | None = None, dst: MacAddress | None = None) -> None:
        """A message arrives now, unless told otherwise from the usual peer and addressed to this machine."""
        frame = Frame(self.machine.mac if dst is None else dst, self.peer if src is None else src, mme)
        self.machine.receive(frame, self.now)
        self.empty()

    def pilot(self, state: CpState, duty_cycle_pct: float | None = 100.0) -> None:
        self.machine.pilot(reading(state, duty_cycle_pct), self.now)
        self.empty()

    def plug_in(self, duty_cycle_pct: float = 5.0) -> None:
        self.pilot(CpState.B, duty_cycle_pct)

    def unplug(self) -> None:
        self.pilot(CpState.A)

    def link(self, up: bool = True) -> None:
        self.machine.link(up, self.now)
        self.empty()

    def run_until(self, t: Ns) -> None:
        """Let time pass; every timer due up to *t*, that instant included, fires at its own instant."""
        while (deadline := self.machine.next_deadline()) is not None and deadline <= t:
            self.now = max(self.now, deadline)
            self.machine.wake(self.now)
            self.empty()
            later = self.machine.next_deadline()
            assert later is None or later > self.now, "a deadline that has passed was left standing"
        self.now = t

    def run_for(self, duration: Ns) -> None:
        self.run_until(self.now + duration)

    def run_just_short_of(self, t: Ns) -> None:
        """One nanosecond before."""
        self.run_until(t - 1)

    def empty(self) -> None:
        machine: Machine[Any, Any] = self.machine
        self.frames += [Sent(self.now, frame.dst, frame.mme, frame) for frame in machine.outbox]
        self.events += machine.events
        machine.outbox.clear()
        machine.events.clear()

    # what it did

    def sent(self, kind: type[Mme], *, since: Ns = 0) -> list[Sent]:
        return [sent for sent in self.frames if isinstance(sent.mme, kind) and sent.t >= since]

    def said(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def last_ignored(self) -> Ignored:
        event = self.events[-1]
        assert isinstance(event, Ignored), event
        return event

    def forget(self) -> None:
        """What was sent and said so far is not looked at again."""
        self.frames.clear()
        self.events.clear()


class EvseOnStage(OnStage):
    machine: EvseSlac

    def __init__(self, settings: EvseSettings | None = None) -> None:
        super().__init__(EvseSlac(EVSE, NETWORK, settings), PEV)

    @property
    def state(self):
        return self.machine.state

    def session(self, pev: MacAddress = PEV, run_id: RunId = RUN) -> Session:
        return self.machine.sessions[pev, run_id]

    # a car, step by step

    def is_asked(self, *, by: MacAddress = PEV, run_id: RunId = RUN) -> None:
        self.hears(CmSlacParmReq(run_id=run_id), src=by, dst=BROADCAST)

    def is_told_to_listen(
        self, *, by: MacAddress = PEV, run_id: RunId = RUN, num_sounds: int = C_EV_MATCH_MNBC
    ) -> None:
        start = CmStartAttenCharInd(forwarding_sta=by, run_id=run_id, num_sounds=num_sounds)
        self.hears(start, src=by, dst=BROADCAST)

    def hears_sound(self, cnt: int, *, by: MacAddress = PEV, run_id: RunId = RUN, db: int | None = NEAR_DB) -> None:
        """A sound and its profile; *db* None: the modem measured no groups."""
        self.hears(CmMnbcSoundInd(cnt=cnt, run_id=run_id), src=by, dst=BROADCAST)
        self.gets_profile(b"" if db is None else bytes([db]) * GROUPS, of=by)

    def gets_profile(self, aag: bytes, *, of: MacAddress = PEV) -> None:
        self.hears(CmAttenProfileInd(pev_mac=of, aag=aag), src=EVSE_MODEM, dst=BROADCAST)

    def hears_sounds(self, count: int = C_EV_MATCH_MNBC, **how: Any) -> None:
        for cnt in reversed(range(C_EV_MATCH_MNBC - count, C_EV_MATCH_MNBC)):
            self.hears_sound(cnt, **how)
            self.run_for(TIMERS.tp_ev_batch_msg_interval)

    def is_answered(self, *, by: MacAddress = PEV, run_id: RunId = RUN) -> None:
        self.hears(CmAttenCharRsp(source_address=by, run_id=run_id), src=by)

    def is_chosen(self, *, by: MacAddress = PEV, run_id: RunId = RUN) -> None:
        self.hears(CmSlacMatchReq(pev_mac=by, evse_mac=EVSE, run_id=run_id), src=by)

    def in_session(self, state: str, *, by: MacAddress = PEV, run_id: RunId = RUN) -> None:
        """Bring one session from the beginning into *state*, by the shortest lawful way."""
        if self.machine.state.name == "IDLE":
            self.plug_in()
        steps = {
            "PARM_CONFIRMED": lambda: self.is_asked(by=by, run_id=run_id),
            "SOUNDING": lambda: self.is_told_to_listen(by=by, run_id=run_id),
            "AVERAGING": lambda: [self.hears_sound(cnt, by=by, run_id=run_id) for cnt in range(C_EV_MATCH_MNBC)],
            "WAIT_RSP": lambda: self.run_for(TIMERS.tp_evse_avg_atten_calc),
            "WAIT_MATCH": lambda: self.is_answered(by=by, run_id=run_id),
            "JOINING": lambda: self.is_chosen(by=by, run_id=run_id),
            "LINKED": self.link,
        }
        for name, step in steps.items():
            step()
            if name == state:
                break
        assert self.session(by, run_id).state.name == state


class PevOnStage(OnStage):
    machine: PevSlac

    def __init__(self, settings: PevSettings | None = None, *, seed: int = 0) -> None:
        rng = random.Random(seed)
        machine = PevSlac(PEV, lambda: RunId(rng.randbytes(8)), lambda: rng.randbytes(16), settings)
        super().__init__(machine, EVSE)

    @property
    def state(self):
        return self.machine.state

    @property
    def run_id(self) -> RunId:
        """Of the running attempt."""
        return self.machine.pev.run_id

    # a station, step by step

    def is_confirmed(self, *, by: MacAddress = EVSE, num_sounds: int = C_EV_MATCH_MNBC, time_out: int = 6) -> None:
        cnf = CmSlacParmCnf(num_sounds=num_sounds, time_out=time_out, forwarding_sta=PEV, run_id=self.run_id)
        self.hears(cnf, src=by)

    def gets_report(self, db: int = NEAR_DB, *, by: MacAddress = EVSE, num_sounds: int = C_EV_MATCH_MNBC) -> None:
        aag = bytes([db]) * GROUPS
        report = CmAttenCharInd(source_address=PEV, run_id=self.run_id, num_sounds=num_sounds, aag=aag)
        self.hears(report, src=by)

    def is_let_in(
        self, *, by: MacAddress = EVSE, network: Network = NETWORK, evse_mac: MacAddress | None = None
    ) -> None:
        cnf = CmSlacMatchCnf(pev_mac=PEV, evse_mac=evse_mac or by, run_id=self.run_id, nid=network.nid, nmk=network.nmk)
        self.hears(cnf, src=by)

    def sounds_out(self) -> None:
        """Until START and sounds are sent."""
        batch = C_EV_START_ATTEN_CHAR_INDS + C_EV_MATCH_MNBC - 1
        self.run_for(TIMERS.tt_match_response + batch * TIMERS.tp_ev_batch_msg_interval)

    def in_state(self, state: str) -> None:
        """From the beginning into *state*, by the shortest lawful way."""
        steps = {
            "IDLE": lambda: None,
            "WAIT_CNF": self.plug_in,
            "SOUNDING": lambda: (self.is_confirmed(), self.run_for(TIMERS.tt_match_response)),
            "WAIT_RESULTS": lambda: self.run_for(
                (C_EV_START_ATTEN_CHAR_INDS + C_EV_MATCH_MNBC - 1) * TIMERS.tp_ev_batch_msg_interval
            ),
            "WAIT_MATCH_CNF": self.gets_report,
            "JOINING": self.is_let_in,
            "MATCHED": self.link,
        }
        if state == "PAUSE":
            self.in_state("WAIT_MATCH_CNF")
            self.run_for(3 * TIMERS.tt_match_response)
        elif state == "UNMATCHED":
            self.in_state("MATCHED")
            self.link(False)
        else:
            for name, step in steps.items():
                step()
                if name == state:
                    break
        assert self.state.name == state
