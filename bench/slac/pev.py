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
from bench.slac.machine import Actor, Machine, Row, ignore, table
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


class PevState(enum.Enum):
    IDLE = "idle"
    WAIT_CNF = "waiting for CM_SLAC_PARM.CNF"
    SOUNDING = "sounding"
    WAIT_RESULTS = "waiting for CM_ATTEN_CHAR.IND"
    WAIT_MATCH_CNF = "waiting for CM_SLAC_MATCH.CNF"
    JOINING = "joining"
    MATCHED = "matched"
    PAUSE = "pausing before the next attempt"
    UNMATCHED = "unmatched"


S = PevState


class PevOn(enum.Enum):
    """What can happen. T_… are timers; the others are messages, the pilot, the link and what follows from them."""

    PARM_CNF = "CM_SLAC_PARM.CNF"
    ATTEN_CHAR_IND = "CM_ATTEN_CHAR.IND"
    ALL_RESULTS = "the last report expected"
    CHOSEN = "a choice"
    NONE_FOUND = "no EVSE to choose"
    MATCH_CNF = "CM_SLAC_MATCH.CNF"
    LINK_UP = "link up"
    LINK_DOWN = "link down"
    CP_OFFER = "CP B/C/D with 5 % PWM"
    CP_NO_OFFER = "CP B/C/D without 5 % PWM"
    CP_A = "CP A"
    CP_EF = "CP E or F"
    T_RESPONSE = "TT_match_response"
    T_RESPONSE_ANSWERED = "TT_match_response with confirmations"
    T_RESPONSE_LAST = "TT_match_response after the last repetition"
    T_BATCH = "TP_EV_batch_msg_interval"
    SOUNDS_SENT = "the last sound sent"
    T_ATTEN_RESULTS = "TT_EV_atten_results"
    T_JOIN = "TT_match_join"
    T_RATE = "TT_matching_rate"
    T_RATE_OVER = "TT_matching_rate after TT_matching_repetition"
    T_REPETITION = "TT_matching_repetition"


O = PevOn

TIMERS_OF: dict[PevState, dict[PevOn, str]] = {
    S.SOUNDING: {O.T_ATTEN_RESULTS: "tt_ev_atten_results"},
    S.WAIT_CNF: {O.T_RESPONSE: "tt_match_response"},
    S.WAIT_MATCH_CNF: {O.T_RESPONSE: "tt_match_response"},
    S.JOINING: {O.T_JOIN: "tt_match_join"},
    S.PAUSE: {O.T_RATE: "tt_matching_rate"},
}
"""Timers that start when the state is entered, by their name in `Timers`."""


@dataclass(slots=True)
class Candidate:
    """An EVSE that confirmed, and what it reported."""

    mac: MacAddress
    num_sounds: int
    time_out: int
    report: CmAttenCharInd | None = None


class Pev(Actor[PevState, PevOn]):
    def __init__(self) -> None:
        super().__init__(PevState.IDLE, "pev")
        self.run_id = RunId(bytes(8))
        self.sends = 0
        """How often the current request was sent."""
        self.batch = 0
        """How many of the START and sound messages of this attempt were sent."""
        self.candidates: dict[MacAddress, Candidate] = {}
        self.chosen: Candidate | None = None
        self.repetition_over = False
        self.cnf_received_at: Ns = 0


class PevSlac(Machine[PevState, PevOn]):
    """The PEV's side of matching.

    new_run_id  called once per attempt
    new_sound   called once per sound for its 16 random octets

    receive(frame, now), pilot(reading, now), link(up, now), wake(now), outbox, events: as `EvseSlac`.
    """

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
        self._pilot_was = PevOn.CP_A

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
        self.fire(self.pev, PevOn.LINK_UP if up else PevOn.LINK_DOWN, now)

    @staticmethod
    def _pilot_event(reading: PilotReading) -> PevOn:
        if reading.state is CpState.A:
            return PevOn.CP_A
        if not reading.state.plugged:
            return PevOn.CP_EF
        return PevOn.CP_OFFER if reading.digital else PevOn.CP_NO_OFFER

    # timers -------------------------------------------------------------------------------------------------

    def actors(self) -> Iterable[Actor[PevState, PevOn]]:
        return (self.pev,)

    def lasting(self, on: PevOn, state: PevState) -> bool:
        if on is PevOn.T_REPETITION:
            return state not in (S.IDLE, S.MATCHED, S.UNMATCHED)
        return on is PevOn.T_ATTEN_RESULTS and state is S.WAIT_RESULTS

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
        if on is PevOn.T_RESPONSE:
            if pev.state is S.WAIT_CNF and pev.candidates:
                on = PevOn.T_RESPONSE_ANSWERED
            elif pev.sends > C_EV_MATCH_RETRY:
                on = PevOn.T_RESPONSE_LAST
        elif on is PevOn.T_RATE and pev.repetition_over:
            on = PevOn.T_RATE_OVER
        self.fire(actor, on, now)

    # actions ------------------------------------------------------------------------------------------------

    def triggered(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        pev.repetition_over = False
        pev.timers[PevOn.T_REPETITION] = now + self.settings.timers.tt_matching_repetition
        self.begin_attempt(pev, now, None)

    def begin_attempt(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        pev.run_id = self.new_run_id()
        pev.candidates = {}
        pev.chosen = None
        pev.batch = pev.sends = 0
        self.ask(pev, now, None)

    def ask(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        pev.sends += 1
        pev.timers[PevOn.T_RESPONSE] = now + self.settings.timers.tt_match_response
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
            pev.timers[PevOn.T_BATCH] = now + self.settings.timers.tp_ev_batch_msg_interval
        elif pev.state is S.SOUNDING:
            self.fire(pev, PevOn.SOUNDS_SENT, now)

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
            self.fire(pev, PevOn.ALL_RESULTS, now)

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
        self.fire(pev, PevOn.CHOSEN if near else PevOn.NONE_FOUND, now)

    def first_match_request(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        pev.sends = 0
        self.ask_match(pev, now, None)

    def ask_match(self, pev: Pev, now: Ns, _: Frame | None) -> None:
        assert pev.chosen is not None
        pev.sends += 1
        pev.timers[PevOn.T_RESPONSE] = now + self.settings.timers.tt_match_response
        self.send(
            pev.chosen.mac, CmSlacMatchReq(pev_mac=self.mac, evse_mac=pev.chosen.mac, run_id=pev.run_id)
        )

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

    TABLE = table(
        PevState,
        PevOn,
        # state             on                     action               to                rule
        Row(S.IDLE, O.CP_OFFER, triggered, S.WAIT_CNF, "5 % PWM starts matching"),
        ignore([S.IDLE], [O.CP_NO_OFFER], "matching starts with 5 %"),
        ignore([S.IDLE], [O.CP_A, O.CP_EF], "nothing is running"),
        # who is there?
        Row(S.WAIT_CNF, O.PARM_CNF, note_evse, None, "collect the EVSEs that hear us until TT_match_response"),
        Row(S.WAIT_CNF, O.T_RESPONSE, ask, None, "no answer in TT_match_response: again"),
        Row(S.WAIT_CNF, O.T_RESPONSE_LAST, None, S.PAUSE, "no CM_SLAC_PARM.CNF after C_EV_match_retry repetitions"),
        Row(S.WAIT_CNF, O.T_RESPONSE_ANSWERED, None, S.SOUNDING, "at least one EVSE hears us"),
        # sounding and reports
        Row(S.SOUNDING, O.T_BATCH, next_of_batch, None, "the next START or sound"),
        Row(S.SOUNDING, O.SOUNDS_SENT, sounds_sent, None, "sounding is over"),
        [
            Row(s, O.ATTEN_CHAR_IND, answer_report, None, "every report in time is answered")
            for s in (S.SOUNDING, S.WAIT_RESULTS)
        ],
        [
            Row(s, O.T_ATTEN_RESULTS, decide, None, "TT_EV_atten_results over: decide with what has come")
            for s in (S.SOUNDING, S.WAIT_RESULTS)
        ],
        Row(S.WAIT_RESULTS, O.ALL_RESULTS, decide, None, "every EVSE that confirmed has reported"),
        [
            Row(s, O.CHOSEN, first_match_request, S.WAIT_MATCH_CNF, "the EVSE with the lowest attenuation")
            for s in (S.SOUNDING, S.WAIT_RESULTS)
        ],
        [
            Row(s, O.NONE_FOUND, None, S.PAUSE, "no EVSE reported, or none is near enough")
            for s in (S.SOUNDING, S.WAIT_RESULTS)
        ],
        ignore([S.SOUNDING, S.WAIT_RESULTS], [O.PARM_CNF], "too late: the EVSEs are known"),
        # matching
        Row(S.WAIT_MATCH_CNF, O.MATCH_CNF, confirmed, None, "the EVSE gave us its network"),
        Row(S.WAIT_MATCH_CNF, O.T_RESPONSE, ask_match, None, "no answer in TT_match_response: again"),
        Row(S.WAIT_MATCH_CNF, O.T_RESPONSE_LAST, None, S.PAUSE, "no CM_SLAC_MATCH.CNF after C_EV_match_retry repetitions"),
        Row(S.WAIT_MATCH_CNF, O.ATTEN_CHAR_IND, answer_again, None, "a repeated report is answered again"),
        # joining
        Row(S.JOINING, O.LINK_UP, linked, S.MATCHED, "the modem is in the EVSE's network"),
        Row(S.JOINING, O.T_JOIN, None, S.PAUSE, "no link in TT_match_join"),
        ignore([S.JOINING, S.MATCHED], [O.MATCH_CNF], "the confirmation is already here"),
        Row(S.MATCHED, O.LINK_DOWN, None, S.UNMATCHED, "the link is gone (option A: wait for a new trigger)"),
        # between attempts
        Row(S.PAUSE, O.T_RATE, begin_attempt, S.WAIT_CNF, "next attempt, new RunID"),
        Row(S.PAUSE, O.T_RATE_OVER, None, S.UNMATCHED, "TT_matching_repetition is over"),
        # whatever the state
        [Row(s, O.CP_A, None, S.IDLE, "unplugged") for s in PevState if s is not S.IDLE],
        [Row(s, O.CP_EF, None, S.IDLE, "CP E or F ends matching") for s in PevState if s is not S.IDLE],
        ignore(
            [s for s in PevState if s is not S.IDLE],
            [O.CP_OFFER, O.CP_NO_OFFER],
            "a change of the duty cycle does not disturb matching",
        ),
        [
            Row(s, O.T_REPETITION, repetition_ends, None, "no new attempt after TT_matching_repetition")
            for s in (S.WAIT_CNF, S.SOUNDING, S.WAIT_RESULTS, S.WAIT_MATCH_CNF, S.JOINING, S.PAUSE)
        ],
        ignore([S.IDLE, S.MATCHED, S.UNMATCHED], [O.T_REPETITION], "no matching is running"),
        ignore([S.IDLE, S.PAUSE, S.UNMATCHED], [O.PARM_CNF, O.ATTEN_CHAR_IND, O.MATCH_CNF], "no attempt is running"),
        ignore([S.WAIT_CNF], [O.ATTEN_CHAR_IND, O.MATCH_CNF], "nothing was sounded yet"),
        ignore([S.SOUNDING, S.WAIT_RESULTS], [O.MATCH_CNF], "no match was asked for yet"),
        ignore([S.WAIT_MATCH_CNF, S.JOINING, S.MATCHED], [O.PARM_CNF], "too late: the choice is made"),
        ignore([S.JOINING, S.MATCHED], [O.ATTEN_CHAR_IND], "too late: the choice is made"),
        ignore([s for s in PevState if s is not S.JOINING], [O.LINK_UP], "no network is being joined"),
        ignore([s for s in PevState if s is not S.MATCHED], [O.LINK_DOWN], "there is no link"),
        ignore(
            [s for s in PevState if s not in (S.SOUNDING, S.WAIT_RESULTS)],
            [O.T_ATTEN_RESULTS, O.CHOSEN, O.NONE_FOUND],
            "no reports are awaited",
        ),
        ignore([s for s in PevState if s is not S.WAIT_RESULTS], [O.ALL_RESULTS], "no reports are awaited"),
        ignore([s for s in PevState if s is not S.SOUNDING], [O.T_BATCH, O.SOUNDS_SENT], "not sounding"),
        ignore([s for s in PevState if s is not S.WAIT_CNF], [O.T_RESPONSE_ANSWERED], "no request is open"),
        ignore(
            [s for s in PevState if s not in (S.WAIT_CNF, S.WAIT_MATCH_CNF)],
            [O.T_RESPONSE, O.T_RESPONSE_LAST],
            "no request is open",
        ),
        ignore([s for s in PevState if s is not S.JOINING], [O.T_JOIN], "no network is being joined"),
        ignore([s for s in PevState if s is not S.PAUSE], [O.T_RATE, O.T_RATE_OVER], "not between attempts"),
    )


MESSAGES: dict[type, PevOn] = {
    CmSlacParmCnf: PevOn.PARM_CNF,
    CmAttenCharInd: PevOn.ATTEN_CHAR_IND,
    CmSlacMatchCnf: PevOn.MATCH_CNF,
}
"""The messages a PEV acts on. Those that only a PEV may send are never answered by one."""
