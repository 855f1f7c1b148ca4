"""SLAC matching as the car (PEV). Sans-I/O.

Theory of operation. One actor goes round: ask who is there, collect the answers, sound, collect the reports, choose
by attenuation, ask to be matched, join. Any step that fails ends the attempt; after TT_matching_rate a new one
begins with a new RunID while TT_matching_repetition runs. The pilot starts and ends everything. `TABLE` has a row
for everything that can happen in every state. Reference: ISO 15118-3 annex A.9.

`Matched` carries the network; the caller sets its key on the modem and reports the link.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.ids import BROADCAST, MacAddress, RunId
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Context,
    Frame,
    violations,
)
from bench.pilot.model import CpState, PilotReading
from bench.slac.events import AttemptFailed, GaveUp, Ignored, LinkUp, Matched, Network
from bench.slac.machine import Actor, Machine
from bench.slac.pev_table import LASTING, TABLE, TIMERS_OF, PevOn, PevState
from bench.slac.timers import (
    C_EV_MATCH_MNBC,
    C_EV_MATCH_RETRY,
    C_EV_MATCH_SIGNALATTN_DIRECT_DB,
    C_EV_MATCH_SIGNALATTN_INDIRECT_DB,
    C_EV_START_ATTEN_CHAR_INDS,
    TIMERS,
    Timers,
)
from bench.units import Ns


class Found(enum.Enum):
    """The standard's word for an EVSE at this mean attenuation; reported, not decided on (see `PevSettings`)."""

    FOUND = "EVSE found"
    POTENTIALLY = "EVSE potentially found"
    NOT_FOUND = "EVSE not found"

    @classmethod
    def at(cls, average_db: float) -> Found:
        if average_db <= C_EV_MATCH_SIGNALATTN_DIRECT_DB:
            return cls.FOUND
        return cls.POTENTIALLY if average_db <= C_EV_MATCH_SIGNALATTN_INDIRECT_DB else cls.NOT_FOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class PevSettings:
    """How this car behaves where the standard leaves room.

    attenuation_limit_db  an EVSE whose mean is above it is not chosen. The standard's 10 and 20 dB would refuse
                          real chargers: in 124 captures cars sit at 17..48 dB from their own station and at
                          61..81 dB from a neighbour's.
    wait_for_all          after the reports of all EVSEs that confirmed, go on at once (False: wait out
                          TT_EV_atten_results, as many cars do)
    """

    timers: Timers = TIMERS
    attenuation_limit_db: float = 55.0
    wait_for_all: bool = True


@dataclass(slots=True)
class Candidate:
    """An EVSE that confirmed, and what it reported."""

    mac: MacAddress
    num_sounds: int
    time_out: int
    report: CmAttenCharInd | None = None


class Pev(Actor[PevState, PevOn]):
    def __init__(self) -> None:
        super().__init__(S.IDLE, "pev")
        self.run_id = RunId(bytes(8))
        self.sends = 0
        """How often the current request was sent."""
        self.batch = 0
        """How many of the START and sound messages of this attempt were sent."""
        self.candidates: dict[MacAddress, Candidate] = {}
        self.chosen: Candidate | None = None
        self.repetition_over = False
        self.cnf_received_at: Ns = 0


S, ON = PevState, PevOn


class PevSlac(Machine[PevState, PevOn]):
    """The PEV's side of matching.

    new_run_id  called once per attempt
    new_sound   called once per sound for its 16 random octets

    receive(frame, now), pilot(reading, now), link(up, now), wake(now), outbox, events: as `EvseSlac`.
    """

    TABLE = TABLE
    LASTING = LASTING

    def __init__(
        self,
        mac: MacAddress,
        new_run_id: Callable[[], RunId],
        new_sound: Callable[[], bytes],
        settings: PevSettings | None = None,
    ) -> None:
        super().__init__(mac)
        self.new_run_id, self.new_sound = new_run_id, new_sound
        self.settings = settings or PevSettings()
        self.pev = Pev()
        self._pilot_was = ON.CP_A

    @property
    def state(self) -> PevState:
        return self.pev.state

    # what comes in ------------------------------------------------------------------------------------------

    def receive(self, frame: Frame, now: Ns) -> None:
        on = MESSAGES.get(type(frame.mme))
        if on is None:
            return  # not addressed to matching, or only an EVSE answers it
        known = Context(pev_mac=self.mac, run_id=self.pev.run_id, evse_mac=frame.src)
        if broken := [v for v in violations(frame.mme, known) if v.reject]:
            self.events.append(Ignored(now, str(frame.src), frame.mme.name, "; ".join(map(str, broken))))
        else:
            self.fire(self.pev, on, now, frame)

    def pilot(self, reading: PilotReading, now: Ns) -> None:
        on = self._pilot_event(reading)
        if on is not self._pilot_was:
            self._pilot_was = on
            self.fire(self.pev, on, now)

    def link(self, up: bool, now: Ns) -> None:
        self.fire(self.pev, ON.LINK_UP if up else ON.LINK_DOWN, now)

    @staticmethod
    def _pilot_event(reading: PilotReading) -> PevOn:
        if reading.state is CpState.A:
            return ON.CP_A
        if not reading.state.plugged:
            return ON.CP_EF
        return ON.CP_OFFER if reading.digital else ON.CP_NO_OFFER

    # timers -------------------------------------------------------------------------------------------------

    def actors(self) -> Iterable[Actor[PevState, PevOn]]:
        return (self.pev,)

    def entered(self, actor: Actor[PevState, PevOn], now: Ns) -> None:
        for on, name in TIMERS_OF.get(actor.state, {}).items():
            actor.timers[on] = now + getattr(self.settings.timers, name)
        if actor.state is S.SOUNDING:
            self.next_of_batch(self.pev, now, None)
        elif actor.state is S.PAUSE:
            self.events.append(AttemptFailed(now, f"run {self.pev.run_id}", self.events[-1].why))  # type: ignore[union-attr]  # the StateChanged just reported
        elif actor.state is S.UNMATCHED:
            self.events.append(GaveUp(now, self.events[-1].why))  # type: ignore[union-attr]  # as above

    def expired(self, actor: Actor[PevState, PevOn], on: PevOn, now: Ns) -> None:
        pev = self.pev
        if on is ON.T_RESPONSE:
            if pev.state is S.WAIT_CNF and pev.candidates:
                on = ON.T_RESPONSE_ANSWERED
            elif pev.sends > C_EV_MATCH_RETRY:
                on = ON.T_RESPONSE_LAST
        elif on is ON.T_RATE and pev.repetition_over:
            on = ON.T_RATE_OVER
        self.fire(actor, on, now)

    # actions ------------------------------------------------------------------------------------------------

    def triggered(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        pev.repetition_over = False
        pev.timers[ON.T_REPETITION] = now + self.settings.timers.tt_matching_repetition
        self.begin_attempt(pev, now, None)

    def begin_attempt(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        pev.run_id = self.new_run_id()
        pev.candidates = {}
        pev.chosen = None
        pev.batch = pev.sends = 0
        self.ask(pev, now, None)

    def ask(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        pev.sends += 1
        pev.timers[ON.T_RESPONSE] = now + self.settings.timers.tt_match_response
        self.send(BROADCAST, CmSlacParmReq(run_id=pev.run_id))

    def note_evse(self, pev: Pev, _: Ns, frame: Frame) -> None:
        cnf = frame.mme
        assert isinstance(cnf, CmSlacParmCnf)
        pev.candidates[frame.src] = Candidate(frame.src, cnf.num_sounds, cnf.time_out)

    def next_of_batch(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        """Three START, then the sounds, all TP_EV_batch_msg_interval apart."""
        told = next(iter(pev.candidates.values()))
        sounds = told.num_sounds or C_EV_MATCH_MNBC
        if pev.batch < C_EV_START_ATTEN_CHAR_INDS:
            mme: CmStartAttenCharInd | CmMnbcSoundInd = CmStartAttenCharInd(
                num_sounds=sounds, time_out=told.time_out, forwarding_sta=self.mac, run_id=pev.run_id
            )
        else:
            still_to_come = C_EV_START_ATTEN_CHAR_INDS + sounds - 1 - pev.batch
            mme = CmMnbcSoundInd(cnt=still_to_come, run_id=pev.run_id, rnd=self.new_sound())
        self.send(BROADCAST, mme)
        pev.batch += 1
        if pev.batch < C_EV_START_ATTEN_CHAR_INDS + sounds:
            pev.timers[ON.T_BATCH] = now + self.settings.timers.tp_ev_batch_msg_interval
        elif pev.state is S.SOUNDING:
            self.fire(pev, ON.SOUNDS_SENT, now)

    def answer_report(self, pev: Pev, now: Ns, frame: Frame) -> None:
        report = frame.mme
        assert isinstance(report, CmAttenCharInd)
        self.send(frame.src, CmAttenCharRsp(source_address=self.mac, run_id=pev.run_id))
        known = pev.candidates.setdefault(frame.src, Candidate(frame.src, report.num_sounds, 0))
        known.report = report
        self._go_on_if_complete(pev, now)

    def sounds_sent(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        self.enter(pev, S.WAIT_RESULTS, now, "all sounds sent")
        self._go_on_if_complete(pev, now)

    def _go_on_if_complete(self, pev: Pev, now: Ns) -> None:
        complete = all(candidate.report for candidate in pev.candidates.values())
        if pev.state is S.WAIT_RESULTS and complete and self.settings.wait_for_all:
            self.fire(pev, ON.ALL_RESULTS, now)

    def decide(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        """Lowest mean first. An EVSE that confirmed but never reported must not block the others."""
        averages = {
            candidate.mac: average
            for candidate in pev.candidates.values()
            if candidate.report is not None and (average := candidate.report.average_db) is not None
        }
        near = {mac: db for mac, db in averages.items() if db <= self.settings.attenuation_limit_db}
        if near:
            pev.chosen = pev.candidates[min(near, key=lambda mac: (near[mac], mac))]
        self.fire(pev, ON.CHOSEN if near else ON.NONE_FOUND, now)

    def first_match_request(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        pev.sends = 0
        self.ask_match(pev, now, None)

    def ask_match(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        assert pev.chosen is not None
        pev.sends += 1
        pev.timers[ON.T_RESPONSE] = now + self.settings.timers.tt_match_response
        self.send(pev.chosen.mac, CmSlacMatchReq(pev_mac=self.mac, evse_mac=pev.chosen.mac, run_id=pev.run_id))

    def answer_again(self, pev: Pev, _: Ns, frame: Frame) -> None:
        """A repeated report means that our answer was lost."""
        self.send(frame.src, CmAttenCharRsp(source_address=self.mac, run_id=pev.run_id))

    def confirmed(self, pev: Pev, now: Ns, frame: Frame) -> None:
        cnf = frame.mme
        assert isinstance(cnf, CmSlacMatchCnf)
        if pev.chosen is None or frame.src != pev.chosen.mac:
            self.events.append(Ignored(now, str(frame.src), cnf.name, "another EVSE than the one chosen"))
            return
        pev.cnf_received_at = now
        report = pev.chosen.report
        assert report is not None
        self.events.append(
            Matched(
                now, self.mac, frame.src, pev.run_id, report.num_sounds, report.average_db, Network(cnf.nid, cnf.nmk)
            )
        )
        self.enter(pev, S.JOINING, now, "the EVSE gave us its network")

    def linked(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        self.events.append(LinkUp(now, now - pev.cnf_received_at))

    def repetition_ends(self, pev: Pev, _: Ns, __: Frame | None) -> None:
        pev.repetition_over = True


MESSAGES: dict[type, PevOn] = {
    CmSlacParmCnf: ON.PARM_CNF,
    CmAttenCharInd: ON.ATTEN_CHAR_IND,
    CmSlacMatchCnf: ON.MATCH_CNF,
}
"""The messages a PEV acts on. Those that only a PEV may send are never answered by one."""
