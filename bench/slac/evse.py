"""SLAC matching as the charging station (EVSE). Sans-I/O.

Theory of operation. One machine, two kinds of actors: the *station*, which follows the control pilot and counts how
long nobody asks, and one *session* per PEV and RunID, created by CM_SLAC_PARM.REQ and gone when it ends. `TABLE`
has a row for everything that can happen to either in every state. Messages that break a rule a receiver must
enforce never reach the table; they are reported as `Ignored` with the rule. Reference: ISO 15118-3 annex A.9.

The caller sets the network's key on the modem *before* matching and passes the network in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.ids import MacAddress, RunId
from bench.machine import Actor
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
from bench.slac.averaging import ZeroGroups as ZeroGroups
from bench.slac.averaging import report_of
from bench.slac.events import AttemptFailed, GaveUp, LinkLost, LinkUp, Matched, Network, PilotWanted, run_name
from bench.slac.evse_table import TABLE, TIMERS_OF, EvseOn, EvseState
from bench.slac.machine import SlacMachine
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

VALIDATE_NOT_REQUIRED = 4


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

MESSAGES: dict[type, EvseOn] = {
    CmSlacParmReq: ON.PARM_REQ,
    CmStartAttenCharInd: ON.START,
    CmMnbcSoundInd: ON.SOUND,
    CmAttenProfileInd: ON.PROFILE,
    CmAttenCharRsp: ON.RSP,
    CmValidateReq: ON.VALIDATE_REQ,
    CmSlacMatchReq: ON.MATCH_REQ,
}
FOREIGN: dict[type, str] = dict.fromkeys(
    (CmSlacParmCnf, CmAttenCharInd, CmValidateCnf, CmSlacMatchCnf), "what an EVSE sends is not for an EVSE"
)

OF_RUN = (CmSlacParmReq, CmStartAttenCharInd, CmMnbcSoundInd, CmAttenCharRsp, CmSlacMatchReq)
"""Messages that carry a RunID. CM_VALIDATE and CM_ATTEN_PROFILE do not."""


class Session(Actor[EvseState, EvseOn]):
    """One matching attempt of one PEV, from its CM_SLAC_PARM.REQ on."""

    def __init__(self, pev_mac: MacAddress, run_id: RunId, evse_mac: MacAddress) -> None:
        super().__init__(S.NO_SESSION, run_name(run_id, pev_mac))
        self.pev_mac = pev_mac
        self.run_id = run_id
        self.known = Context(evse_mac=evse_mac, pev_mac=pev_mac, run_id=run_id)
        self.forget()

    def forget(self) -> None:
        """As if nothing had been heard after CM_SLAC_PARM.REQ."""
        self.announced = 0
        """Number of sounds in the first CM_START_ATTEN_CHAR.IND."""
        self.sounds: set[int] = set()
        """Counter values heard; a repeated sound is one sound."""
        self.profiles: list[bytes] = []
        self.report: CmAttenCharInd | None = None
        self.reports_sent = 0
        self.cnf: CmSlacMatchCnf | None = None
        self.cnf_sent_at: Ns = 0


class Station(Actor[EvseState, EvseOn]):
    """The EVSE as a whole."""

    def __init__(self) -> None:
        super().__init__(S.IDLE, "evse")
        self.ef_steps = 0


class EvseSlac(SlacMachine[EvseState, EvseOn]):
    """The EVSE's side of matching.

    receive(frame, now)   a management message from the port
    pilot(reading, now)   the pilot as the EVSE sees it, whenever it changed
    link(up, now)         whether another modem is in our network
    wake(now)             timers; call it when `next_deadline()` has come
    outbox, events        what to send and what happened; the caller empties them
    """

    TABLE = TABLE
    TIMERS_OF = TIMERS_OF
    MESSAGES = MESSAGES
    FOREIGN = FOREIGN

    def __init__(self, mac: MacAddress, network: Network, settings: EvseSettings | None = None) -> None:
        self.settings = settings or EvseSettings()
        super().__init__(mac, self.settings.timers)
        self.network = network
        self.station = Station()
        self.sessions: dict[tuple[MacAddress, RunId], Session] = {}
        self._pilot_was = ON.CP_A

    @property
    def state(self) -> EvseState:
        """Of the station; those of the sessions are theirs."""
        return self.station.state

    @property
    def gave_up(self) -> bool:
        """Whether nothing more will be tried until a new trigger."""
        return self.station.state is S.GAVE_UP

    # what comes in ------------------------------------------------------------------------------------------

    def receive(self, frame: Frame, now: Ns) -> None:
        on = self.happening(frame, now)
        if on is None:
            return
        session = self._session_of(frame)
        known = session.known if session is not None else Context(evse_mac=self.mac, pev_mac=frame.src)
        if broken := [str(violation) for violation in violations(frame.mme, known) if violation.reject]:
            self.ignored(now, str(frame.src), frame.mme.name, "; ".join(broken))
        elif session is not None:
            self.fire(session, on, now, frame)
        elif on is not ON.PARM_REQ:
            self.fire(self.station, ON.STRAY, now, frame)
        else:
            others = sum(other.pev_mac != frame.src for other in self.sessions.values())
            self.fire(self.station, on if others < C_EVSE_MATCH_PARALLEL else ON.ONE_TOO_MANY, now, frame)

    def _session_of(self, frame: Frame) -> Session | None:
        mme = frame.mme
        if isinstance(mme, OF_RUN):
            return self.sessions.get((frame.src, mme.run_id))
        pev_mac = mme.pev_mac if isinstance(mme, CmAttenProfileInd) else frame.src
        return next((session for session in self.sessions.values() if session.pev_mac == pev_mac), None)

    def pilot(self, reading: PilotReading, now: Ns) -> None:
        on = self._pilot_event(reading)
        if on is not self._pilot_was:
            self._pilot_was = on
            self.fire(self.station, on, now)

    def _pilot_event(self, reading: PilotReading) -> EvseOn:
        if reading.state is CpState.A:
            return ON.CP_A
        if not reading.state.plugged:
            return ON.CP_EF
        if reading.digital or (self.settings.ac and reading.duty_cycle_pct is not None):
            return ON.CP_OFFER
        return ON.CP_PLUGGED

    def link(self, up: bool, now: Ns) -> None:
        """A link names no PEV: it is put down to the one that was given the key last."""
        confirmed = [session for session in self.sessions.values() if session.cnf is not None]
        last = max(confirmed, key=lambda session: session.cnf_sent_at, default=None)
        self.fire(last or self.station, ON.LINK_UP if up else ON.LINK_DOWN, now)

    # time ---------------------------------------------------------------------------------------------------

    def actors(self) -> Iterable[Actor[EvseState, EvseOn]]:
        return (self.station, *self.sessions.values())

    def expired(self, actor: Actor[EvseState, EvseOn], on: EvseOn, now: Ns) -> None:
        if on is ON.T_RESPONSE and isinstance(actor, Session) and actor.reports_sent > C_EV_MATCH_RETRY:
            on = ON.T_RESPONSE_LAST
        elif on is ON.T_SLAC_INIT and self.settings.ac:
            on = ON.T_SLAC_INIT_STEP if self.station.ef_steps < C_SEQU_RETRY else ON.T_SLAC_INIT_X1
        self.fire(actor, on, now)

    # actions of the station ---------------------------------------------------------------------------------

    def plugged_in(self, station: Station, _: Ns, __: None) -> None:
        station.ef_steps = 0

    def open_session(self, _: Station, now: Ns, frame: Frame) -> None:
        """A new run of a PEV ends its earlier ones."""
        assert isinstance(frame.mme, CmSlacParmReq)
        earlier = [session for session in self.sessions.values() if session.pev_mac == frame.src]
        session = self.sessions[frame.src, frame.mme.run_id] = Session(frame.src, frame.mme.run_id, self.mac)
        self.fire(session, ON.PARM_REQ, now, frame)
        for other in earlier:
            self.fire(other, ON.NEW_RUN, now)

    def end_others(self, _: Station, now: Ns, __: None) -> None:
        for session in list(self.sessions.values()):
            if session.state is not S.LINKED:
                self.fire(session, ON.OTHER_LINKED, now)

    def end_all(self, _: Station, now: Ns, __: None) -> None:
        leaving, self.sessions = self.sessions, {}
        for session in leaving.values():
            self.fire(session, ON.LEAVE, now)

    def give_up(self, station: Station, now: Ns, _: None) -> None:
        self.events.append(GaveUp(now, station.why))

    def step_to_e(self, station: Station, now: Ns, _: None) -> None:
        station.ef_steps += 1
        self.events.append(PilotWanted(now, None, f"no request, step {station.ef_steps} of C_sequ_retry"))

    def back_to_5_pct(self, _: Station, now: Ns, __: None) -> None:
        self.events.append(PilotWanted(now, 5.0, "T_step_EF is over"))

    def fall_back_to_x1(self, station: Station, now: Ns, _: None) -> None:
        self.events.append(PilotWanted(now, 100.0, "no request after C_sequ_retry steps"))
        self.give_up(station, now, None)

    # actions of a session -----------------------------------------------------------------------------------

    def confirm_parameters(self, session: Session, _: Ns, __: Frame) -> None:
        session.forget()
        self.send(
            session.pev_mac,
            CmSlacParmCnf(
                num_sounds=self.settings.num_sounds,
                time_out=self.timers.tt_evse_match_mnbc // TIME_OUT_UNIT,
                resp_type=self.settings.resp_type,
                forwarding_sta=session.pev_mac,
                run_id=session.run_id,
            ),
        )

    def begin_again(self, session: Session, now: Ns, frame: Frame) -> None:
        self.events.append(AttemptFailed(now, session.who, session.why))
        self.confirm_parameters(session, now, frame)

    def expect_sounds(self, session: Session, _: Ns, frame: Frame) -> None:
        assert isinstance(frame.mme, CmStartAttenCharInd)
        session.announced = frame.mme.num_sounds

    def hear_sound(self, session: Session, now: Ns, frame: Frame) -> None:
        assert isinstance(frame.mme, CmMnbcSoundInd)
        if frame.mme.cnt in session.sounds:
            self.ignored(now, str(frame.src), frame.mme.name, f"sound {frame.mme.cnt} was heard before")
        session.sounds.add(frame.mme.cnt)
        if len(session.sounds) >= session.announced:
            self.fire(session, ON.ALL_SOUNDS, now)

    def keep_profile(self, session: Session, _: Ns, frame: Frame) -> None:
        assert isinstance(frame.mme, CmAttenProfileInd)
        session.profiles.append(frame.mme.aag)

    def average(self, session: Session, now: Ns, _: None) -> None:
        settings = self.settings
        report = report_of(
            len(session.sounds),
            session.profiles,
            announced=session.announced,
            offset_db=settings.offset_db,
            zero_groups=settings.zero_groups,
            synthetic_db=settings.synthetic_db,
        )
        if report is None:
            self.fire(session, ON.NOTHING_HEARD, now)
            return
        session.report = CmAttenCharInd(
            source_address=session.pev_mac, run_id=session.run_id, num_sounds=report.num_sounds, aag=report.aag
        )
        self.fire(session, ON.REPORT_READY, now)

    def report_attenuation(self, session: Session, _: Ns, __: None) -> None:
        assert session.report is not None
        session.reports_sent += 1
        self.send(session.pev_mac, session.report)

    def validation_not_required(self, session: Session, _: Ns, __: Frame) -> None:
        self.send(session.pev_mac, CmValidateCnf(result=VALIDATE_NOT_REQUIRED))

    def confirm_match(self, session: Session, now: Ns, frame: Frame) -> None:
        request, report = frame.mme, session.report
        assert isinstance(request, CmSlacMatchReq)
        assert report is not None
        session.cnf = CmSlacMatchCnf(
            pev_id=request.pev_id,
            pev_mac=request.pev_mac,
            evse_id=request.evse_id,
            evse_mac=self.mac,
            run_id=session.run_id,
            nid=self.network.nid,
            nmk=self.network.nmk,
        )
        self.confirm_match_again(session, now, frame)
        self.events.append(
            Matched(now, session.pev_mac, self.mac, session.run_id, report.num_sounds, report.average_db, self.network)
        )

    def confirm_match_again(self, session: Session, now: Ns, _: Frame) -> None:
        assert session.cnf is not None
        session.cnf_sent_at = now
        self.send(session.pev_mac, session.cnf)

    def linked(self, session: Session, now: Ns, _: None) -> None:
        self.events.append(LinkUp(now, now - session.cnf_sent_at))
        self.fire(self.station, ON.SESSION_LINKED, now)

    def fail(self, session: Session, now: Ns, _: Frame | None) -> None:
        self.events.append(AttemptFailed(now, session.who, session.why))
        self._remove(session, now)

    def lose_link(self, session: Session, now: Ns, _: None) -> None:
        self.events.append(LinkLost(now, session.who, session.why))
        self._remove(session, now)

    def _remove(self, session: Session, now: Ns) -> None:
        """Of the sessions that `end_all` ends, nothing is left to remove."""
        if self.sessions.pop((session.pev_mac, session.run_id), None) and not self.sessions:
            self.fire(self.station, ON.ALL_ENDED, now)
