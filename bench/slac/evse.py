"""SLAC matching as the charging station (EVSE). Sans-I/O.

Theory of operation. One machine, two kinds of actors: the *station*, which follows the control pilot and counts how
long nobody asks, and one *session* per PEV and RunID, created by CM_SLAC_PARM.REQ and gone when it ends. `TABLE`
has a row for everything that can happen to either in every state. Messages that break a rule a receiver must
enforce never reach the table; they are reported as `Ignored` with the rule. Reference: ISO 15118-3 annex A.9.

The caller sets the network's key on the modem *before* matching and passes the network in.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench.ids import MacAddress, RunId
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
    CmValidateCnf,
    CmValidateReq,
    Context,
    Frame,
    violations,
)
from bench.pilot.model import CpState, PilotReading
from bench.slac.events import AttemptFailed, GaveUp, Ignored, LinkUp, Matched, Network, PilotWanted
from bench.slac.machine import Actor, Machine, Row, ignore, table
from bench.slac.timers import (
    C_EV_MATCH_MNBC,
    C_EV_MATCH_RETRY,
    C_EVSE_MATCH_PARALLEL,
    C_SEQU_RETRY,
    TIME_OUT_UNIT,
    TIMERS,
    Timers,
)
from bench.units import Ns

NUM_GROUPS = 58
VALIDATE_NOT_REQUIRED = 4


class ZeroGroups(enum.Enum):
    """What to report when the modem measured nothing: TP-Link's QCA7420 delivers profiles without groups."""

    SYNTHETIC = "report a flat profile of synthetic_db: a lie that lets cars match; useless against cross-talk"
    EMPTY = "report no groups: honest, and cars reject it"
    SILENT = "send no CM_ATTEN_CHAR.IND: the attempt fails"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseSettings:
    """How this station behaves where the standard leaves room.

    offset_db     subtracted from every group: the path inside the station, which the standard allows for
    zero_groups   see `ZeroGroups`; synthetic_db is used there only
    ac            AC station: repeats E/F steps when nobody asks (V2G3-M06-07); a DC station gives up
    """

    timers: Timers = TIMERS
    num_sounds: int = C_EV_MATCH_MNBC
    resp_type: int = 1
    offset_db: int = 0
    zero_groups: ZeroGroups = ZeroGroups.SYNTHETIC
    synthetic_db: int = 10
    ac: bool = False


class EvseState(enum.Enum):
    # the station
    UNPLUGGED = "unplugged"
    READY = "waiting for CM_SLAC_PARM.REQ"
    SERVING = "serving"
    MATCHED = "matched"
    STEP_EF = "signalling E"
    GAVE_UP = "gave up"
    # a session
    PARM_CONFIRMED = "parameters confirmed"
    SOUNDING = "sounding"
    AVERAGING = "averaging"
    WAIT_RSP = "waiting for CM_ATTEN_CHAR.RSP"
    WAIT_MATCH = "waiting for CM_SLAC_MATCH.REQ"
    JOINING = "joining"
    LINKED = "linked"
    ENDED = "ended"


S = EvseState
STATION_STATES = (S.UNPLUGGED, S.READY, S.SERVING, S.MATCHED, S.STEP_EF, S.GAVE_UP)
SESSION_STATES = (S.PARM_CONFIRMED, S.SOUNDING, S.AVERAGING, S.WAIT_RSP, S.WAIT_MATCH, S.JOINING, S.LINKED)


class EvseOn(enum.Enum):
    """What can happen. T_… are timers; the others are messages, the pilot, the link and what follows from them."""

    PARM_REQ = "CM_SLAC_PARM.REQ"
    START = "CM_START_ATTEN_CHAR.IND"
    SOUND = "CM_MNBC_SOUND.IND"
    ALL_SOUNDS = "the last sound announced"
    PROFILE = "CM_ATTEN_PROFILE.IND"
    NOTHING_HEARD = "the end of sounding without anything to report"
    RSP = "CM_ATTEN_CHAR.RSP"
    VALIDATE_REQ = "CM_VALIDATE.REQ"
    MATCH_REQ = "CM_SLAC_MATCH.REQ"
    LINK_UP = "link up"
    LINK_DOWN = "link down"
    LEAVE = "leaving the pilot states B, C, D"
    STRAY = "a SLAC message without a session"
    SESSION_LINKED = "a session reaching its link"
    ALL_ENDED = "the end of the last session"
    CP_OFFER = "CP B/C/D with an offer to talk"
    CP_PLUGGED = "CP B/C/D without an offer to talk"
    CP_A = "CP A"
    CP_EF = "CP E or F"
    T_SLAC_INIT = "TT_EVSE_SLAC_init"
    T_SLAC_INIT_STEP = "TT_EVSE_SLAC_init, E/F steps left"
    T_SLAC_INIT_X1 = "TT_EVSE_SLAC_init, no E/F steps left"
    T_STEP_EF = "T_step_EF"
    T_MATCH_SEQUENCE = "TT_match_sequence"
    T_MNBC = "TT_EVSE_match_MNBC"
    T_AVERAGE = "TP_EVSE_avg_atten_calc"
    T_RESPONSE = "TT_match_response"
    T_RESPONSE_LAST = "TT_match_response after the last repetition"
    T_MATCH_SESSION = "TT_EVSE_match_session"
    T_JOIN = "TT_match_join"


O = EvseOn
STATION_ONS = (
    O.PARM_REQ,
    O.STRAY,
    O.SESSION_LINKED,
    O.ALL_ENDED,
    O.CP_OFFER,
    O.CP_PLUGGED,
    O.CP_A,
    O.CP_EF,
    O.T_SLAC_INIT,
    O.T_SLAC_INIT_STEP,
    O.T_SLAC_INIT_X1,
    O.T_STEP_EF,
)
SESSION_ONS = (
    O.PARM_REQ,
    O.START,
    O.SOUND,
    O.ALL_SOUNDS,
    O.PROFILE,
    O.NOTHING_HEARD,
    O.RSP,
    O.VALIDATE_REQ,
    O.MATCH_REQ,
    O.LINK_UP,
    O.LINK_DOWN,
    O.LEAVE,
    O.T_MATCH_SEQUENCE,
    O.T_MNBC,
    O.T_AVERAGE,
    O.T_RESPONSE,
    O.T_RESPONSE_LAST,
    O.T_MATCH_SESSION,
    O.T_JOIN,
)

TIMERS_OF: dict[EvseState, dict[EvseOn, str]] = {
    S.READY: {O.T_SLAC_INIT: "tt_evse_slac_init"},
    S.STEP_EF: {O.T_STEP_EF: "t_step_ef"},
    S.PARM_CONFIRMED: {O.T_MATCH_SEQUENCE: "tt_match_sequence"},
    S.SOUNDING: {O.T_MNBC: "tt_evse_match_mnbc"},
    S.AVERAGING: {O.T_AVERAGE: "tp_evse_avg_atten_calc"},
    S.WAIT_RSP: {O.T_RESPONSE: "tt_match_response"},
    S.WAIT_MATCH: {O.T_MATCH_SESSION: "tt_evse_match_session"},
    S.JOINING: {O.T_JOIN: "tt_match_join"},
}
"""Timers that start when the state is entered, by their name in `Timers`."""


class Session(Actor[EvseState, EvseOn]):
    """One matching attempt of one PEV, from its CM_SLAC_PARM.REQ on."""

    def __init__(self, pev_mac: MacAddress, run_id: RunId) -> None:
        super().__init__(EvseState.PARM_CONFIRMED, f"{pev_mac} run {run_id}")
        self.pev_mac = pev_mac
        self.run_id = run_id
        self.restart()

    def restart(self) -> None:
        self.timers.clear()
        self.sounds: set[int] = set()
        """Counter values heard; a repeated sound is one sound."""
        self.profiles: list[bytes] = []
        self.report: CmAttenCharInd | None = None
        self.reports_sent = 0
        self.cnf: CmSlacMatchCnf | None = None
        self.cnf_sent_at: Ns = 0


@dataclass
class Station(Actor[EvseState, EvseOn]):
    """The EVSE as a whole."""

    ef_steps: int = 0
    state: EvseState = EvseState.UNPLUGGED
    who: str = "evse"
    timers: dict[EvseOn, Ns] = field(default_factory=dict)


class EvseSlac(Machine[EvseState, EvseOn]):
    """The EVSE's side of matching.

    receive(frame, now)   a management message from the port
    pilot(reading, now)   the pilot as the EVSE sees it, whenever it changed
    link(up, now)         whether another modem is in our network
    wake(now)             timers; call it when `next_deadline()` has come
    outbox, events        what to send and what happened; the caller empties them
    """

    def __init__(self, mac: MacAddress, network: Network, settings: EvseSettings | None = None) -> None:
        super().__init__(mac)
        self.network = network
        self.settings = settings or EvseSettings()
        self.station = Station()
        self.sessions: dict[tuple[MacAddress, RunId], Session] = {}
        self._pilot_was = EvseOn.CP_A

    # what comes in ------------------------------------------------------------------------------------------

    def receive(self, frame: Frame, now: Ns) -> None:
        kind = MESSAGES.get(type(frame.mme))
        if kind is None:
            return  # not addressed to matching: the adapter's business
        on, find = kind
        found = find(self, frame)
        if on is EvseOn.PARM_REQ and found is None:
            if self._acceptable(frame, now, None):
                self._forget_other_runs(frame.src, now)
                self.fire(self.station, on, now, frame)
        elif found is None:
            self.events.append(Ignored(now, str(frame.src), frame.mme.name, self.TABLE[self.station.state, O.STRAY].why))
        elif self._acceptable(frame, now, found):
            self.fire(found, on, now, frame)

    def pilot(self, reading: PilotReading, now: Ns) -> None:
        on = self._pilot_event(reading)
        if on is not self._pilot_was:
            self._pilot_was = on
            self.fire(self.station, on, now)

    def link(self, up: bool, now: Ns) -> None:
        for session in list(self.sessions.values()):
            self.fire(session, EvseOn.LINK_UP if up else EvseOn.LINK_DOWN, now)

    def _pilot_event(self, reading: PilotReading) -> EvseOn:
        if reading.state is CpState.A:
            return EvseOn.CP_A
        if not reading.state.plugged:
            return EvseOn.CP_EF
        if reading.digital or (self.settings.ac and reading.duty_cycle_pct is not None):
            return EvseOn.CP_OFFER
        return EvseOn.CP_PLUGGED

    def _acceptable(self, frame: Frame, now: Ns, session: Session | None) -> bool:
        """Whether a receiver may act on this message; if not, say which rule it breaks."""
        known = (
            Context(evse_mac=self.mac, pev_mac=session.pev_mac, run_id=session.run_id)
            if session
            else Context(evse_mac=self.mac, pev_mac=frame.src)
        )
        broken = [v for v in violations(frame.mme, known) if v.reject]
        if broken:
            self.events.append(Ignored(now, str(frame.src), frame.mme.name, "; ".join(map(str, broken))))
        return not broken

    def _session(self, frame: Frame) -> Session | None:
        return self.sessions.get((frame.src, frame.mme.run_id))  # type: ignore[union-attr]  # MESSAGES says which

    def _session_of_sender(self, frame: Frame) -> Session | None:
        """For CM_VALIDATE, which carries no RunID."""
        return next((s for s in self.sessions.values() if s.pev_mac == frame.src), None)

    def _session_of_profile(self, frame: Frame) -> Session | None:
        """For the modem's own CM_ATTEN_PROFILE.IND, which names the sounder only."""
        pev_mac = frame.mme.pev_mac  # type: ignore[union-attr]
        return next((s for s in self.sessions.values() if s.pev_mac == pev_mac), None)

    def _forget_other_runs(self, pev_mac: MacAddress, now: Ns) -> None:
        """A new run of the same PEV ends its earlier one (V2G3-A09-16), unless that one has its link."""
        for session in [s for s in self.sessions.values() if s.pev_mac == pev_mac and s.state is not S.LINKED]:
            self._end(session, now, "the PEV started again with another RunID")

    # actors and timers --------------------------------------------------------------------------------------

    def actors(self) -> Iterable[Actor[EvseState, EvseOn]]:
        return (self.station, *self.sessions.values())

    def lasting(self, on: EvseOn, state: EvseState) -> bool:
        return False

    def entered(self, actor: Actor[EvseState, EvseOn], now: Ns) -> None:
        for on, name in TIMERS_OF.get(actor.state, {}).items():
            actor.timers[on] = now + getattr(self.settings.timers, name)
        if actor.state is EvseState.ENDED:
            assert isinstance(actor, Session)
            self._end(actor, now, self.events[-1].why)  # type: ignore[union-attr]  # the StateChanged just reported
        elif actor.state is EvseState.LINKED:
            self.fire(self.station, EvseOn.SESSION_LINKED, now)
        elif actor.state is EvseState.GAVE_UP:
            self.events.append(GaveUp(now, "nobody asked within TT_EVSE_SLAC_init"))

    def expired(self, actor: Actor[EvseState, EvseOn], on: EvseOn, now: Ns) -> None:
        if on is EvseOn.T_RESPONSE and isinstance(actor, Session) and actor.reports_sent > C_EV_MATCH_RETRY:
            on = EvseOn.T_RESPONSE_LAST
        elif on is EvseOn.T_SLAC_INIT and self.settings.ac:
            on = EvseOn.T_SLAC_INIT_STEP if self.station.ef_steps < C_SEQU_RETRY else EvseOn.T_SLAC_INIT_X1
        self.fire(actor, on, now)

    def _end(self, session: Session, now: Ns, why: str) -> None:
        was_running = self.sessions.pop((session.pev_mac, session.run_id), None) is not None
        self.events.append(AttemptFailed(now, session.who, why))
        if was_running and not self.sessions:
            self.fire(self.station, EvseOn.ALL_ENDED, now)

    # actions of the station ---------------------------------------------------------------------------------

    def open_session(self, _: Station, now: Ns, frame: Frame) -> None:
        if len(self.sessions) >= C_EVSE_MATCH_PARALLEL:
            why = f"{C_EVSE_MATCH_PARALLEL} sessions are running (C_EVSE_match_parallel)"
            self.events.append(Ignored(now, str(frame.src), frame.mme.name, why))
            return
        run_id = frame.mme.run_id  # type: ignore[union-attr]
        session = self.sessions[frame.src, run_id] = Session(frame.src, run_id)
        self.confirm_parameters(session, now, frame)

    def end_all(self, _: Station, now: Ns, __: Frame | None) -> None:
        leaving, self.sessions = self.sessions, {}
        for session in leaving.values():
            self.fire(session, EvseOn.LEAVE, now)

    def plugged(self, station: Station, _: Ns, __: Frame | None) -> None:
        station.ef_steps = 0

    def step_to_e(self, station: Station, now: Ns, _: Frame | None) -> None:
        station.ef_steps += 1
        self.events.append(PilotWanted(now, None, f"no request, step {station.ef_steps} of C_sequ_retry"))

    def back_to_5_pct(self, _: Station, now: Ns, __: Frame | None) -> None:
        self.events.append(PilotWanted(now, 5.0, "T_step_EF is over"))

    def fall_back_to_x1(self, _: Station, now: Ns, __: Frame | None) -> None:
        self.events.append(PilotWanted(now, 100.0, "no request after C_sequ_retry steps"))

    # actions of a session -----------------------------------------------------------------------------------

    def confirm_parameters(self, session: Session, now: Ns, _: Frame) -> None:
        session.restart()
        timers = self.settings.timers
        session.timers[EvseOn.T_MATCH_SEQUENCE] = now + timers.tt_match_sequence
        self.send(
            session.pev_mac,
            CmSlacParmCnf(
                num_sounds=self.settings.num_sounds,
                time_out=timers.tt_evse_match_mnbc // TIME_OUT_UNIT,
                resp_type=self.settings.resp_type,
                forwarding_sta=session.pev_mac,
                run_id=session.run_id,
            ),
        )

    def hear_sound(self, session: Session, now: Ns, frame: Frame) -> None:
        session.sounds.add(frame.mme.cnt)  # type: ignore[union-attr]
        if len(session.sounds) >= self.settings.num_sounds:
            self.fire(session, EvseOn.ALL_SOUNDS, now)

    def keep_profile(self, session: Session, _: Ns, frame: Frame) -> None:
        session.profiles.append(frame.mme.aag)  # type: ignore[union-attr]

    def average(self, session: Session, now: Ns, _: Frame | None) -> None:
        groups = self._mean_groups(session.profiles)
        if not session.sounds or groups is None:
            self.fire(session, EvseOn.NOTHING_HEARD, now)
            return
        session.report = CmAttenCharInd(
            source_address=session.pev_mac, run_id=session.run_id, num_sounds=len(session.sounds), aag=groups
        )
        self.report_attenuation(session, now, None)
        self.enter(session, EvseState.WAIT_RSP, now, "attenuation reported")

    def _mean_groups(self, profiles: list[bytes]) -> bytes | None:
        """Mean per group over the profiles, less the station's offset; None when nothing may be reported."""
        measured = [profile for profile in profiles if profile]
        if measured:
            size = min(map(len, measured))
            means = (sum(profile[i] for profile in measured) / len(measured) for i in range(size))
            return bytes(max(0, round(mean) - self.settings.offset_db) for mean in means)
        if self.settings.zero_groups is ZeroGroups.SYNTHETIC:
            return bytes([self.settings.synthetic_db]) * NUM_GROUPS
        return b"" if self.settings.zero_groups is ZeroGroups.EMPTY else None

    def report_attenuation(self, session: Session, now: Ns, _: Frame | None) -> None:
        assert session.report is not None
        session.reports_sent += 1
        session.timers[EvseOn.T_RESPONSE] = now + self.settings.timers.tt_match_response
        self.send(session.pev_mac, session.report)

    def validation_not_required(self, session: Session, _: Ns, __: Frame) -> None:
        self.send(session.pev_mac, CmValidateCnf(result=VALIDATE_NOT_REQUIRED))

    def confirm_match(self, session: Session, now: Ns, frame: Frame) -> None:
        req = frame.mme
        assert isinstance(req, CmSlacMatchReq)
        again = session.cnf is not None
        if session.cnf is None:
            session.cnf = CmSlacMatchCnf(
                pev_id=req.pev_id,
                pev_mac=req.pev_mac,
                evse_id=req.evse_id,
                evse_mac=self.mac,
                run_id=session.run_id,
                nid=self.network.nid,
                nmk=self.network.nmk,
            )
        session.cnf_sent_at = now
        if session.state is EvseState.JOINING:
            session.timers[EvseOn.T_JOIN] = now + self.settings.timers.tt_match_join
        self.send(session.pev_mac, session.cnf)
        if not again:
            average = session.report.average_db if session.report else None
            self.events.append(
                Matched(now, session.pev_mac, self.mac, session.run_id, len(session.sounds), average, self.network)
            )

    def linked(self, session: Session, now: Ns, _: Frame | None) -> None:
        self.events.append(LinkUp(now, now - session.cnf_sent_at))

    TABLE = table(
        STATION_STATES,
        STATION_ONS,
        # state         on               action            to           rule
        Row(S.UNPLUGGED, O.CP_OFFER, plugged, S.READY, "car plugged in and asked to talk"),
        ignore([S.UNPLUGGED], [O.CP_PLUGGED], "plugged in, but matching starts with 5 %"),
        ignore([S.UNPLUGGED], [O.PARM_REQ, O.STRAY], "matching runs only in B, C and D with an offer to talk"),
        ignore([S.UNPLUGGED], [O.CP_A, O.CP_EF], "nothing is running"),
        Row(S.READY, O.PARM_REQ, open_session, S.SERVING, "first CM_SLAC_PARM.REQ stops TT_EVSE_SLAC_init"),
        Row(S.READY, O.T_SLAC_INIT, None, S.GAVE_UP, "nobody asked: matching failed"),
        Row(S.READY, O.T_SLAC_INIT_STEP, step_to_e, S.STEP_EF, "AC: E/F, then 5 % again (V2G3-M06-07)"),
        Row(S.READY, O.T_SLAC_INIT_X1, fall_back_to_x1, S.GAVE_UP, "AC: X1 after C_sequ_retry steps (V2G3-M06-07)"),
        ignore([S.READY], [O.STRAY], "no session: CM_SLAC_PARM.REQ comes first"),
        ignore([S.READY], [O.CP_OFFER, O.CP_PLUGGED], "a change of the duty cycle does not disturb matching"),
        Row(S.SERVING, O.PARM_REQ, open_session, None, "another PEV asks"),
        Row(S.SERVING, O.ALL_ENDED, None, S.READY, "no session left: wait for the next request"),
        Row(S.SERVING, O.SESSION_LINKED, None, S.MATCHED, "link up"),
        ignore([S.SERVING], [O.STRAY], "no session with this address and RunID"),
        ignore([S.SERVING], [O.CP_OFFER, O.CP_PLUGGED], "a change of the duty cycle does not disturb matching"),
        Row(S.MATCHED, O.ALL_ENDED, None, S.READY, "the link is gone: a new matching may follow"),
        ignore([S.MATCHED], [O.PARM_REQ, O.STRAY], "matched: CM_SLAC_PARM.REQ is not answered"),
        ignore([S.MATCHED], [O.SESSION_LINKED], "already matched"),
        ignore([S.MATCHED], [O.CP_OFFER, O.CP_PLUGGED], "a change of the duty cycle does not disturb the link"),
        Row(S.STEP_EF, O.T_STEP_EF, back_to_5_pct, S.READY, "E lasted T_step_EF (V2G3-M06-09)"),
        ignore([S.STEP_EF], [O.PARM_REQ, O.STRAY], "matching does not run in E"),
        ignore([S.STEP_EF], [O.CP_EF, O.CP_PLUGGED, O.CP_OFFER], "the E is our own signal"),
        ignore([S.GAVE_UP], [O.PARM_REQ, O.STRAY], "TT_EVSE_SLAC_init is over: plug in again"),
        ignore([S.GAVE_UP], [O.CP_OFFER, O.CP_PLUGGED], "TT_EVSE_SLAC_init is over: plug in again"),
        [Row(s, O.CP_A, end_all, S.UNPLUGGED, "unplugged") for s in STATION_STATES if s is not S.UNPLUGGED],
        [
            Row(s, O.CP_EF, end_all, S.UNPLUGGED, "CP E or F ends matching")
            for s in (S.READY, S.SERVING, S.MATCHED, S.GAVE_UP)
        ],
        ignore([S.UNPLUGGED, S.READY, S.STEP_EF, S.GAVE_UP], [O.SESSION_LINKED, O.ALL_ENDED], "no session is running"),
        ignore(
            [s for s in STATION_STATES if s is not S.READY],
            [O.T_SLAC_INIT, O.T_SLAC_INIT_STEP, O.T_SLAC_INIT_X1],
            "the timer runs only while waiting for the first request",
        ),
        ignore([s for s in STATION_STATES if s is not S.STEP_EF], [O.T_STEP_EF], "the timer runs only in E"),
    ) | table(
        SESSION_STATES,
        SESSION_ONS,
        # CM_SLAC_PARM: repeated or duplicated requests are answered again and restart the session (V2G3-A09-16)
        Row(S.PARM_CONFIRMED, O.PARM_REQ, confirm_parameters, None, "every request is answered"),
        [
            Row(s, O.PARM_REQ, confirm_parameters, S.PARM_CONFIRMED, "the PEV starts again (V2G3-A09-16)")
            for s in (S.SOUNDING, S.AVERAGING, S.WAIT_RSP, S.WAIT_MATCH, S.JOINING)
        ],
        ignore([S.LINKED], [O.PARM_REQ], "matched: CM_SLAC_PARM.REQ is not answered"),
        # sounding
        Row(S.PARM_CONFIRMED, O.START, None, S.SOUNDING, "TT_EVSE_match_MNBC runs from the first START"),
        Row(S.PARM_CONFIRMED, O.T_MATCH_SEQUENCE, None, S.ENDED, "no CM_START_ATTEN_CHAR.IND in TT_match_sequence"),
        ignore([S.PARM_CONFIRMED], [O.SOUND, O.PROFILE], "sounds count from CM_START_ATTEN_CHAR.IND on"),
        ignore([S.SOUNDING], [O.START], "the window runs from the first of the three"),
        Row(S.SOUNDING, O.SOUND, hear_sound, None, "one of the sounds announced"),
        Row(S.SOUNDING, O.PROFILE, keep_profile, None, "the modem measured a sound"),
        Row(S.SOUNDING, O.ALL_SOUNDS, None, S.AVERAGING, "all sounds heard"),
        Row(S.SOUNDING, O.T_MNBC, None, S.AVERAGING, "TT_EVSE_match_MNBC over: go on with what was heard"),
        ignore([S.AVERAGING], [O.START, O.SOUND], "sounding is over"),
        Row(S.AVERAGING, O.PROFILE, keep_profile, None, "the profile of the last sound follows it"),
        Row(S.AVERAGING, O.T_AVERAGE, average, None, "report within TP_EVSE_avg_atten_calc"),
        Row(S.AVERAGING, O.NOTHING_HEARD, None, S.ENDED, "no sound heard: nothing to report"),
        # reporting
        Row(S.WAIT_RSP, O.RSP, None, S.WAIT_MATCH, "the PEV has the report"),
        Row(S.WAIT_RSP, O.T_RESPONSE, report_attenuation, None, "no answer in TT_match_response: again"),
        Row(S.WAIT_RSP, O.T_RESPONSE_LAST, None, S.ENDED, "no CM_ATTEN_CHAR.RSP after C_EV_match_retry repetitions"),
        ignore([S.WAIT_RSP], [O.MATCH_REQ, O.VALIDATE_REQ], "CM_ATTEN_CHAR.RSP comes first"),
        # matching
        Row(S.WAIT_MATCH, O.MATCH_REQ, confirm_match, S.JOINING, "the PEV chose this EVSE"),
        Row(S.WAIT_MATCH, O.VALIDATE_REQ, validation_not_required, None, "validation is not required here"),
        Row(S.WAIT_MATCH, O.T_MATCH_SESSION, None, S.ENDED, "no CM_SLAC_MATCH.REQ in TT_EVSE_match_session"),
        ignore([S.WAIT_MATCH, S.JOINING, S.LINKED], [O.RSP], "the answer is already here"),
        Row(S.JOINING, O.MATCH_REQ, confirm_match, None, "a repeated request gets the same confirmation"),
        Row(S.JOINING, O.LINK_UP, linked, S.LINKED, "the PEV's modem is in the network"),
        Row(S.JOINING, O.T_JOIN, None, S.ENDED, "no link in TT_match_join"),
        Row(S.LINKED, O.MATCH_REQ, confirm_match, None, "a repeated request gets the same confirmation"),
        Row(S.LINKED, O.LINK_DOWN, None, S.ENDED, "the link is gone"),
        ignore([S.JOINING, S.LINKED], [O.VALIDATE_REQ], "matched: nothing to validate"),
        # whatever the state
        [Row(s, O.LEAVE, None, S.ENDED, "the pilot left B, C, D") for s in SESSION_STATES],
        ignore(
            [S.PARM_CONFIRMED, S.SOUNDING, S.AVERAGING],
            [O.RSP, O.VALIDATE_REQ, O.MATCH_REQ],
            "nothing was reported yet",
        ),
        ignore([S.WAIT_RSP, S.WAIT_MATCH, S.JOINING, S.LINKED], [O.START, O.SOUND, O.PROFILE], "sounding is over"),
        ignore([s for s in SESSION_STATES if s is not S.JOINING], [O.LINK_UP], "this PEV was not given a key"),
        ignore([s for s in SESSION_STATES if s is not S.LINKED], [O.LINK_DOWN], "there is no link yet"),
        ignore([s for s in SESSION_STATES if s is not S.SOUNDING], [O.ALL_SOUNDS, O.T_MNBC], "not sounding"),
        ignore([s for s in SESSION_STATES if s is not S.AVERAGING], [O.NOTHING_HEARD, O.T_AVERAGE], "not averaging"),
        ignore([s for s in SESSION_STATES if s is not S.PARM_CONFIRMED], [O.T_MATCH_SEQUENCE], "the PEV went on"),
        ignore([s for s in SESSION_STATES if s is not S.WAIT_RSP], [O.T_RESPONSE, O.T_RESPONSE_LAST], "answered"),
        ignore([s for s in SESSION_STATES if s is not S.WAIT_MATCH], [O.T_MATCH_SESSION], "not waiting for a match"),
        ignore([s for s in SESSION_STATES if s is not S.JOINING], [O.T_JOIN], "not joining"),
    )


Find = Callable[[EvseSlac, Frame], Session | None]
MESSAGES: dict[type, tuple[EvseOn, Find]] = {
    CmSlacParmReq: (EvseOn.PARM_REQ, EvseSlac._session),
    CmStartAttenCharInd: (EvseOn.START, EvseSlac._session),
    CmMnbcSoundInd: (EvseOn.SOUND, EvseSlac._session),
    CmAttenProfileInd: (EvseOn.PROFILE, EvseSlac._session_of_profile),
    CmAttenCharRsp: (EvseOn.RSP, EvseSlac._session),
    CmValidateReq: (EvseOn.VALIDATE_REQ, EvseSlac._session_of_sender),
    CmSlacMatchReq: (EvseOn.MATCH_REQ, EvseSlac._session),
}
"""The messages an EVSE acts on: what each means and whose session it belongs to."""
