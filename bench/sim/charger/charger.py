"""A simulated charging station: pilot, host and modem under one name, driven by the profile of a real one.

    station = SimCharger(world, charger("alpitronic"), adapter, line.evse)
    # a car is plugged in: 5 %, every car that asks is served, and the one that was let in gets its SDP answer
    station.matched          # with which car

It is the station under test of a simulated bench. It is written from the reference and from recordings of real
stations, without a line of `bench.slac` or `bench.sdp`, so that our own machines are judged by something else.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from bench.ids import MacAddress, RunId
from bench.mme import (
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSetKeyCnf,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
)
from bench.mme.slac import MVF_LENGTH_REQ
from bench.pilot.model import DIGITAL_DUTY_PCT, CpState, PilotReading
from bench.profiles import ChargerProfile, NmkStyle
from bench.sim.adapter import VirtualAdapter
from bench.sim.charger.conduct import TT_MATCH_JOIN, ChargerConduct, conduct_of
from bench.sim.charger.discovery import SdpServer
from bench.sim.charger.keys import key_rng, new_key
from bench.sim.charger.session import Session
from bench.sim.host import Entry, SimHost
from bench.sim.ipv6 import Ipv6Node
from bench.sim.pilot import STEADY_POSITIVE_PCT, EvseEnd
from bench.sim.quirks import ChargerQuirk
from bench.sim.world import Timer, World
from bench.units import Ns, ms, s

PWM_DELAY = ms(500)
"""From the plug to the 5 %: EVerest's default. Recorded stations needed 1 to 1000 ms, depending on configuration."""


class ChargerState(enum.Enum):
    """What the station is about."""

    IDLE = "no car plugged in"
    PLUGGED = "a car is plugged in"
    FAILED = "no request within TT_EVSE_SLAC_init"
    MATCHED = "matched, answers no new request"


@dataclass(frozen=True, slots=True)
class ChargerMatch:
    """Whom it let in. *t* is when CM_SLAC_MATCH.CNF left, *cnf* what it said."""

    t: Ns
    pev_mac: MacAddress
    run_id: RunId
    cnf: CmSlacMatchCnf


class SimCharger:
    """*mac* None: an invented one. *name* None: the profile's id; it also seeds the station's scatter and keys.

    profile     what it does, its quirks included
    sessions    cars being matched, by address and RunID
    matched     the car it let in, until that leaves
    nmk, nid    the key of its network now
    sdp         what it does in that network
    """

    def __init__(
        self,
        world: World,
        profile: ChargerProfile,
        adapter: VirtualAdapter,
        pilot: EvseEnd,
        *,
        mac: MacAddress | None = None,
        quirks: Collection[ChargerQuirk] = frozenset(),
        name: str | None = None,
        pwm_delay: Ns = PWM_DELAY,
    ) -> None:
        self.name = name or profile.id
        self._conduct: ChargerConduct = conduct_of(profile, quirks)
        self.profile = self._conduct.profile
        self.adapter = adapter
        self.quirks = frozenset(quirks)
        self.plugged = False
        self.matched: ChargerMatch | None = None
        self.sessions: dict[tuple[MacAddress, RunId], Session] = {}
        self._world = world
        self._pilot = pilot
        self._pwm_delay = pwm_delay
        self._rng = world.rng(self.name)
        self._key_rng = key_rng(world, self.name)
        self._asked = self._too_late = False
        self._repeats = 0
        self._visit: list[Timer] = []
        """What is planned for the car that is plugged in; nothing of it happens after it has left."""
        mac = mac or MacAddress(b"\x02" + self._rng.randbytes(5))
        conduct = self._conduct
        self._host = host = SimHost(
            world, adapter, mac, edits=conduct.edits, packet_edits=conduct.packet_edits, deaf_to=conduct.deaf_to
        )
        # A generator of its own: what a station does in SLAC does not change with what it is asked by SDP.
        sdp_rng = world.rng(f"{self.name} SDP")
        self.sdp = SdpServer(Ipv6Node(host), conduct, sdp_rng, serves=self._serves, plan=self._plan)
        host.on(CmSlacParmReq, self._on_parm_req)
        host.on(CmStartAttenCharInd, self._on_start)
        host.on(CmMnbcSoundInd, self._on_sound)
        host.on(CmAttenProfileInd, self._on_profile)
        host.on(CmAttenCharRsp, self._on_rsp)
        host.on(CmSlacMatchReq, self._on_match_req)
        host.on(CmSetKeyCnf, self._on_set_key_cnf)
        pilot.on_change(self._on_pilot)
        self.nmk, self.nid = new_key(self.profile, self._key_rng)
        world.after(0, lambda: host.set_key(self.nmk, self.nid))

    def __repr__(self) -> str:
        return f"<SimCharger {self.name} {self.mac} {self.state.value}>"

    @property
    def mac(self) -> MacAddress:
        """Of its host, as Ethernet source and in the fields of SLAC."""
        return self._host.mac

    @property
    def state(self) -> ChargerState:
        if not self.plugged:
            return ChargerState.IDLE
        if self.matched is not None:
            return ChargerState.MATCHED
        return ChargerState.FAILED if self._too_late else ChargerState.PLUGGED

    @property
    def log(self) -> list[Entry]:
        """What the station did and noticed, beyond the frames it sent."""
        return self._host.log

    def show_error(self) -> None:
        """Go to state E, which ends everything that runs."""
        self._pilot.set_state_e()

    def show_ready(self) -> None:
        """Back from state E: as if the car had just been plugged in."""
        self._pilot.set_duty_cycle_pct(STEADY_POSITIVE_PCT)

    # Control pilot

    def _on_pilot(self, _: Ns, reading: PilotReading) -> None:
        if reading.state.plugged and not self.plugged:
            self._host.note(f"pilot {reading}: a car is plugged in")
            self.plugged = True
            self._asked = self._too_late = False
            if self._conduct.shows_5_pct:
                self._plan(self._pwm_delay, self._show_5_pct)
        elif not reading.state.plugged and self.plugged:
            self._host.note(f"pilot {reading}: the car has left")
            self.plugged = False
            for timer in self._visit:
                timer.cancel()
            self._visit.clear()
            if reading.state is CpState.A and self._conduct.ends_pwm_unplugged:
                self._pilot.set_duty_cycle_pct(STEADY_POSITIVE_PCT)
            if self._conduct.ends_session_unplugged:
                self._forget()

    def _show_5_pct(self) -> None:
        self._pilot.set_duty_cycle_pct(DIGITAL_DUTY_PCT)
        if self._conduct.slac_init is not None:
            self._plan(self._conduct.slac_init, self._fail_unless_asked)

    def _fail_unless_asked(self) -> None:
        if not self._asked and self.matched is None:
            self._host.note("no CM_SLAC_PARM.REQ within TT_EVSE_SLAC_init")
            self._too_late = True

    def _forget(self) -> None:
        """End all sessions. A key that was handed out is not used again, if this station keeps its key per session."""
        self._close_sessions()
        if self.matched is not None:
            self.matched = None
            if self.profile.key.nmk is NmkStyle.NEW_PER_SESSION:
                self.nmk, self.nid = new_key(self.profile, self._key_rng)
                self._host.set_key(self.nmk, self.nid)

    def _forget_unless_joined(self) -> None:
        if not self.adapter.joined_to():
            self._host.note("the car has not joined within TT_match_join")
            self._forget()

    def _close_sessions(self) -> None:
        for session in self.sessions.values():
            session.close()
        self.sessions.clear()

    def _drop(self, session: Session, why: str) -> None:
        self._host.note(f"drops the session of {session.pev_mac}: {why}")
        self.sessions.pop((session.pev_mac, session.run_id), None)

    def _serves(self) -> bool:
        """Whether SDP is answered: a car was let in, and its modem is there."""
        return self._conduct.answers_unmatched or (self.matched is not None and bool(self.adapter.joined_to()))

    def _plan(self, delay: Ns, call: Callable[[], object]) -> None:
        """Something that happens unless the car leaves before."""
        self._visit.append(self._world.after(delay, call))

    # SLAC

    def _on_parm_req(self, frame: Frame, req: CmSlacParmReq) -> None:
        refusal = self._refusal(frame.src, req)
        if refusal is not None:
            self._host.note(f"ignores CM_SLAC_PARM.REQ of {frame.src}: {refusal}")
            return
        for key in [key for key in self.sessions if key[0] == frame.src]:
            # [V2G3-A09-16]: a new request of the same car begins its session anew.
            self.sessions.pop(key).close()
        habit = self.profile.parm_cnf
        latency = self._conduct.reaction(habit.latency, self._rng)
        cnf = CmSlacParmCnf(
            num_sounds=habit.num_sounds,
            time_out=habit.time_out,
            resp_type=habit.resp_type,
            forwarding_sta=frame.src,
            run_id=req.run_id,
        )
        # Every request is answered, also one that comes while the answer to the last is still due: the Ioniq asks twice
        # within 20 ms and gets two confirmations.
        self._asked = True
        self._plan(latency, partial(self._host.send, cnf, frame.src))
        self.sessions[frame.src, req.run_id] = Session(
            self._world,
            self._host,
            self._conduct,
            self._rng,
            pev_mac=frame.src,
            run_id=req.run_id,
            confirmed_at=self._world.now() + latency,
            drop=self._drop,
        )

    def _refusal(self, pev_mac: MacAddress, req: CmSlacParmReq) -> str | None:
        """Why a request is not answered; None: it is."""
        if req.application_type or req.security_type:
            return "application or security type is not 0"
        if not self.plugged and not self._conduct.answers_unplugged:
            return "no car is plugged in"
        if self._too_late:
            return "TT_EVSE_SLAC_init is over"
        if not self._conduct.answers_repeats and any(mac == pev_mac for mac, _ in self.sessions):
            return "already answered"
        if self.matched is not None and not self.profile.parm_cnf.answers_when_matched:
            return "matched"
        others = {mac for mac, _ in self.sessions} - {pev_mac}
        if len(others) >= self._conduct.parallel:
            return f"already serves {len(others)}"
        return None

    def _on_start(self, frame: Frame, ind: CmStartAttenCharInd) -> None:
        session = self._session(frame, ind)
        if session is not None:
            session.on_start(ind)
            if self._conduct.gives_key_unasked:
                unasked = CmSlacMatchReq(pev_mac=frame.src, run_id=ind.run_id)
                self._plan(s(1), partial(self._host.send, self._confirmation(unasked), frame.src))

    def _on_sound(self, frame: Frame, ind: CmMnbcSoundInd) -> None:
        session = self._session(frame, ind)
        if session is not None:
            session.on_sound(ind)

    def _on_profile(self, _: Frame, ind: CmAttenProfileInd) -> None:
        """Of the own modem; it names the car and no RunID, so it belongs to the car's only session."""
        for (pev_mac, _run_id), session in self.sessions.items():
            if pev_mac == ind.pev_mac:
                session.on_profile(ind.aag)

    def _on_rsp(self, frame: Frame, rsp: CmAttenCharRsp) -> None:
        session = self._session(frame, rsp)
        if session is not None:
            session.on_rsp(rsp)

    def _session(
        self, frame: Frame, mme: CmStartAttenCharInd | CmMnbcSoundInd | CmAttenCharRsp | CmSlacMatchReq
    ) -> Session | None:
        """The one gate for identity: address and RunID, and types that ISO 15118-3 knows."""
        session = self.sessions.get((frame.src, mme.run_id))
        if session is None and not self._conduct.checks_run_id:
            session = next((session for (mac, _), session in self.sessions.items() if mac == frame.src), None)
        if session is None or mme.application_type or mme.security_type:
            self._host.note(f"ignores {mme.name} of {frame.src}, RunID {mme.run_id}: no such session")
            return None
        return session

    def _on_match_req(self, frame: Frame, req: CmSlacMatchReq) -> None:
        matched = self.matched
        if matched is not None and (frame.src, req.run_id) == (matched.pev_mac, matched.run_id):
            self._repeats += 1
            self._plan(self._match_latency(), partial(self._host.send, matched.cnf, frame.src, repeat=self._repeats))
            return
        session = self._session(frame, req)
        if session is None:
            return
        meant = req.evse_mac == self.mac or not self._conduct.checks_evse_mac
        if not session.wants_match or req.mvf_length != MVF_LENGTH_REQ or req.pev_mac != frame.src or not meant:
            self._host.note(f"ignores CM_SLAC_MATCH.REQ of {frame.src} for {req.evse_mac}")
            return
        cnf = self._confirmation(req)
        self._close_sessions()
        latency = self._match_latency()
        self.matched = ChargerMatch(self._world.now() + latency, frame.src, req.run_id, cnf)
        self._repeats = 0
        self._plan(latency, partial(self._host.send, cnf, frame.src))
        self._plan(latency + TT_MATCH_JOIN, self._forget_unless_joined)

    def _confirmation(self, req: CmSlacMatchReq) -> CmSlacMatchCnf:
        return CmSlacMatchCnf(
            pev_id=req.pev_id,
            pev_mac=req.pev_mac,
            evse_id=req.evse_id,
            evse_mac=self.mac,
            run_id=req.run_id,
            nid=self.nid,
            nmk=self.nmk,
        )

    def _match_latency(self) -> Ns:
        return self._conduct.reaction(self.profile.match_cnf.latency, self._rng)

    def _on_set_key_cnf(self, frame: Frame, cnf: CmSetKeyCnf) -> None:
        self._host.note(f"own modem {frame.src} confirms the key, result {cnf.result}")
