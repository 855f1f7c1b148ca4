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
from bench.slac.evse_table import TABLE, TIMERS_OF, EvseOn, EvseState
from bench.slac.machine import Actor, Machine
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


S, ON = EvseState, EvseOn


class Session(Actor[EvseState, EvseOn]):
    """One matching attempt of one PEV, from its CM_SLAC_PARM.REQ on."""

    def __init__(self, pev_mac: MacAddress, run_id: RunId) -> None:
        super().__init__(S.PARM_CONFIRMED, f"{pev_mac} run {run_id}")
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
    state: EvseState = S.UNPLUGGED
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

    TABLE = TABLE

    def __init__(self, mac: MacAddress, network: Network, settings: EvseSettings | None = None) -> None:
        super().__init__(mac)
        self.network = network
        self.settings = settings or EvseSettings()
        self.station = Station()
        self.sessions: dict[tuple[MacAddress, RunId], Session] = {}
        self._pilot_was = ON.CP_A

    # what comes in ------------------------------------------------------------------------------------------

    def receive(self, frame: Frame, now: Ns) -> None:
        kind = MESSAGES.get(type(frame.mme))
        if kind is None:
            return  # not addressed to matching: the adapter's business
        on, find = kind
        found = find(self, frame)
        if on is ON.PARM_REQ and found is None:
            if self._acceptable(frame, now, None):
                self._forget_other_runs(frame.src, now)
                self.fire(self.station, on, now, frame)
        elif found is None:
            self.events.append(
                Ignored(now, str(frame.src), frame.mme.name, self.TABLE[self.station.state, ON.STRAY].why)
            )
        elif self._acceptable(frame, now, found):
            self.fire(found, on, now, frame)

    def pilot(self, reading: PilotReading, now: Ns) -> None:
        on = self._pilot_event(reading)
        if on is not self._pilot_was:
            self._pilot_was = on
            self.fire(self.station, on, now)

    def link(self, up: bool, now: Ns) -> None:
        for session in list(self.sessions.values()):
            self.fire(session, ON.LINK_UP if up else ON.LINK_DOWN, now)

    def _pilot_event(self, reading: PilotReading) -> EvseOn:
        if reading.state is CpState.A:
            return ON.CP_A
        if not reading.state.plugged:
            return ON.CP_EF
        if reading.digital or (self.settings.ac and reading.duty_cycle_pct is not None):
            return ON.CP_OFFER
        return ON.CP_PLUGGED

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

    def entered(self, actor: Actor[EvseState, EvseOn], now: Ns) -> None:
        for on, name in TIMERS_OF.get(actor.state, {}).items():
            actor.timers[on] = now + getattr(self.settings.timers, name)
        if actor.state is S.ENDED:
            assert isinstance(actor, Session)
            self._end(actor, now, self.events[-1].why)  # type: ignore[union-attr]  # the StateChanged just reported
        elif actor.state is S.LINKED:
            self.fire(self.station, ON.SESSION_LINKED, now)
        elif actor.state is S.GAVE_UP:
            self.events.append(GaveUp(now, "nobody asked within TT_EVSE_SLAC_init"))

    def expired(self, actor: Actor[EvseState, EvseOn], on: EvseOn, now: Ns) -> None:
        if on is ON.T_RESPONSE and isinstance(actor, Session) and actor.reports_sent > C_EV_MATCH_RETRY:
            on = ON.T_RESPONSE_LAST
        elif on is ON.T_SLAC_INIT and self.settings.ac:
            on = ON.T_SLAC_INIT_STEP if self.station.ef_steps < C_SEQU_RETRY else ON.T_SLAC_INIT_X1
        self.fire(actor, on, now)

    def _end(self, session: Session, now: Ns, why: str) -> None:
        was_running = self.sessions.pop((session.pev_mac, session.run_id), None) is not None
        self.events.append(AttemptFailed(now, session.who, why))
        if was_running and not self.sessions:
            self.fire(self.station, ON.ALL_ENDED, now)

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
            self.fire(session, ON.LEAVE, now)

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
        session.timers[ON.T_MATCH_SEQUENCE] = now + timers.tt_match_sequence
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
            self.fire(session, ON.ALL_SOUNDS, now)

    def keep_profile(self, session: Session, _: Ns, frame: Frame) -> None:
        session.profiles.append(frame.mme.aag)  # type: ignore[union-attr]

    def average(self, session: Session, now: Ns, _: Frame | None) -> None:
        groups = self._mean_groups(session.profiles)
        if not session.sounds or groups is None:
            self.fire(session, ON.NOTHING_HEARD, now)
            return
        session.report = CmAttenCharInd(
            source_address=session.pev_mac, run_id=session.run_id, num_sounds=len(session.sounds), aag=groups
        )
        self.report_attenuation(session, now, None)
        self.enter(session, S.WAIT_RSP, now, "attenuation reported")

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
        session.timers[ON.T_RESPONSE] = now + self.settings.timers.tt_match_response
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
        if session.state is S.JOINING:
            session.timers[ON.T_JOIN] = now + self.settings.timers.tt_match_join
        self.send(session.pev_mac, session.cnf)
        if not again:
            average = session.report.average_db if session.report else None
            self.events.append(
                Matched(now, session.pev_mac, self.mac, session.run_id, len(session.sounds), average, self.network)
            )

    def linked(self, session: Session, now: Ns, _: Frame | None) -> None:
        self.events.append(LinkUp(now, now - session.cnf_sent_at))


Find = Callable[[EvseSlac, Frame], Session | None]
MESSAGES: dict[type, tuple[EvseOn, Find]] = {
    CmSlacParmReq: (ON.PARM_REQ, EvseSlac._session),
    CmStartAttenCharInd: (ON.START, EvseSlac._session),
    CmMnbcSoundInd: (ON.SOUND, EvseSlac._session),
    CmAttenProfileInd: (ON.PROFILE, EvseSlac._session_of_profile),
    CmAttenCharRsp: (ON.RSP, EvseSlac._session),
    CmValidateReq: (ON.VALIDATE_REQ, EvseSlac._session_of_sender),
    CmSlacMatchReq: (ON.MATCH_REQ, EvseSlac._session),
}
"""The messages an EVSE acts on: what each means and whose session it belongs to."""
