"""SLAC matching as the car (PEV). Sans-I/O.

Theory of operation. One actor goes round: ask who is there, collect the answers, sound, collect the reports, choose
by attenuation, ask to be matched, join. Any step that fails ends the attempt; after TT_matching_rate a new one
begins with a new RunID while TT_matching_repetition runs. The pilot starts and ends everything. `TABLE` has a row
for everything that can happen in every state. Reference: ISO 15118-3 annex A.9.

`Matched` carries the network; the caller sets its key on the modem and reports the link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.ids import BROADCAST, MacAddress, RunId
from bench.machine import Actor
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
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
from bench.slac.events import AttemptFailed, GaveUp, LinkLost, LinkUp, Matched, Network, run_name
from bench.slac.machine import SlacMachine
from bench.slac.pev_table import LASTING, TABLE, TIMERS_OF, PevOn, PevState
from bench.slac.timers import (
    C_EV_MATCH_MNBC,
    C_EV_MATCH_RETRY,
    C_EV_START_ATTEN_CHAR_INDS,
    TIMERS,
    Timers,
)
from bench.units import Ns


@dataclass(frozen=True, slots=True, kw_only=True)
class PevSettings:
    """How this car behaves where the standard leaves room.

    attenuation_limit_db  an EVSE whose mean is above it is not chosen. The standard's 10 and 20 dB would refuse
                          real chargers: in 124 captures cars sit at 17..48 dB from their own station and at
                          61..81 dB from a neighbour's.
    wait_for_all          after the reports of all EVSEs that confirmed, go on at once (False: wait out
                          TT_EV_atten_results, as many cars do)
    ac                    AC car: an offer of current or X1 starts matching too, not only 5 %
    """

    timers: Timers = TIMERS
    attenuation_limit_db: float = 55.0
    wait_for_all: bool = True
    ac: bool = False


S, ON = PevState, PevOn

MESSAGES: dict[type, PevOn] = {
    CmSlacParmCnf: ON.PARM_CNF,
    CmAttenCharInd: ON.ATTEN_CHAR_IND,
    CmSlacMatchCnf: ON.MATCH_CNF,
}
FOREIGN: dict[type, str] = dict.fromkeys(
    (CmSlacParmReq, CmStartAttenCharInd, CmMnbcSoundInd, CmAttenCharRsp, CmValidateReq, CmSlacMatchReq),
    "what only a PEV may send is never answered by a PEV",
) | {CmValidateCnf: "no validation was asked for"}


@dataclass(slots=True)
class Candidate:
    """An EVSE that confirmed, or reported unasked, and what it said."""

    mac: MacAddress
    num_sounds: int = 0
    time_out: int = 0
    report: CmAttenCharInd | None = None


class Pev(Actor[PevState, PevOn]):
    def __init__(self) -> None:
        super().__init__(S.IDLE, "pev")
        self.begin(RunId(bytes(RunId.SIZE)))

    def begin(self, run_id: RunId) -> None:
        """A new attempt: nothing of the last one counts."""
        self.run_id = run_id
        self.sends = 0
        """How often the current request was sent."""
        self.batch = 0
        """How many of the START and sound messages of this attempt were sent."""
        self.candidates: dict[MacAddress, Candidate] = {}
        self.chosen: Candidate | None = None
        self.cnf_received_at: Ns = 0

    @property
    def told(self) -> Candidate:
        """The EVSE whose parameters are used: the first that confirmed."""
        return next(iter(self.candidates.values()))

    @property
    def sounds(self) -> int:
        return self.told.num_sounds or C_EV_MATCH_MNBC


class PevSlac(SlacMachine[PevState, PevOn]):
    """The PEV's side of matching.

    new_run_id  called once per attempt
    new_sound   called once per sound for its 16 random octets

    receive(frame, now), pilot(reading, now), link(up, now), wake(now), outbox, events: as `EvseSlac`.
    """

    TABLE = TABLE
    TIMERS_OF = TIMERS_OF
    LASTING = LASTING
    MESSAGES = MESSAGES
    FOREIGN = FOREIGN

    def __init__(
        self,
        mac: MacAddress,
        new_run_id: Callable[[], RunId],
        new_sound: Callable[[], bytes],
        settings: PevSettings | None = None,
    ) -> None:
        self.settings = settings or PevSettings()
        super().__init__(mac, self.settings.timers)
        self.new_run_id, self.new_sound = new_run_id, new_sound
        self.pev = Pev()
        self._pilot_was = ON.CP_A

    @property
    def state(self) -> PevState:
        return self.pev.state

    @property
    def gave_up(self) -> bool:
        """Whether nothing more will be tried until a new trigger."""
        return self.pev.state is S.UNMATCHED

    # what comes in ------------------------------------------------------------------------------------------

    def receive(self, frame: Frame, now: Ns) -> None:
        on = self.happening(frame, now)
        if on is None:
            return
        known = Context(pev_mac=self.mac, run_id=self.pev.run_id, evse_mac=frame.src)
        if broken := [str(violation) for violation in violations(frame.mme, known) if violation.reject]:
            self.ignored(now, str(frame.src), frame.mme.name, "; ".join(broken))
        else:
            self.fire(self.pev, self._more_exactly(on, frame.src), now, frame)

    def _more_exactly(self, on: PevOn, evse_mac: MacAddress) -> PevOn:
        """What a message means that comes from this EVSE."""
        pev = self.pev
        if on is ON.ATTEN_CHAR_IND and (known := pev.candidates.get(evse_mac)) is not None and known.report:
            return ON.ATTEN_CHAR_IND_AGAIN
        if on is ON.MATCH_CNF and pev.chosen is not None and evse_mac != pev.chosen.mac:
            return ON.MATCH_CNF_OF_OTHER
        return on

    def link(self, up: bool, now: Ns) -> None:
        self.fire(self.pev, ON.LINK_UP if up else ON.LINK_DOWN, now)

    def pilot(self, reading: PilotReading, now: Ns) -> None:
        on = self._pilot_event(reading)
        if on is not self._pilot_was:
            self._pilot_was = on
            self.fire(self.pev, on, now)

    def _pilot_event(self, reading: PilotReading) -> PevOn:
        if reading.state is CpState.A:
            return ON.CP_A
        if not reading.state.plugged:
            return ON.CP_EF
        if reading.digital or (self.settings.ac and reading.duty_cycle_pct is not None):
            return ON.CP_OFFER
        return ON.CP_NO_OFFER

    # time ---------------------------------------------------------------------------------------------------

    def actors(self) -> Iterable[Actor[PevState, PevOn]]:
        return (self.pev,)

    def expired(self, actor: Actor[PevState, PevOn], on: PevOn, now: Ns) -> None:
        pev = self.pev
        if on is ON.T_RESPONSE and pev.state is S.WAIT_CNF and pev.candidates:
            on = ON.T_RESPONSE_ANSWERED
        elif on is ON.T_RESPONSE and pev.sends > C_EV_MATCH_RETRY:
            on = ON.T_RESPONSE_LAST
        elif on is ON.T_BATCH and pev.batch + 1 >= C_EV_START_ATTEN_CHAR_INDS + pev.sounds:
            on = ON.T_BATCH_LAST
        elif on is ON.T_RATE and ON.T_REPETITION not in pev.timers:
            on = ON.T_RATE_OVER
        self.fire(actor, on, now)

    # actions ------------------------------------------------------------------------------------------------

    def triggered(self, pev: Pev, now: Ns, _: None) -> None:
        pev.timers[ON.T_REPETITION] = now + self.timers.tt_matching_repetition
        self.begin_attempt(pev, now, None)

    def begin_attempt(self, pev: Pev, now: Ns, _: None) -> None:
        pev.begin(self.new_run_id())
        self.ask(pev, now, None)

    def ask(self, pev: Pev, _: Ns, __: None) -> None:
        pev.sends += 1
        self.send(BROADCAST, CmSlacParmReq(run_id=pev.run_id))

    def note_evse(self, pev: Pev, now: Ns, frame: Frame) -> None:
        assert isinstance(frame.mme, CmSlacParmCnf)
        if frame.src in pev.candidates:
            self.ignored(now, str(frame.src), frame.mme.name, "this EVSE has confirmed before")
        else:
            pev.candidates[frame.src] = Candidate(frame.src, frame.mme.num_sounds, frame.mme.time_out)

    def next_of_batch(self, pev: Pev, _: Ns, __: None) -> None:
        """Three START, then the sounds, all TP_EV_batch_msg_interval apart."""
        if pev.batch < C_EV_START_ATTEN_CHAR_INDS:
            mme: CmStartAttenCharInd | CmMnbcSoundInd = CmStartAttenCharInd(
                num_sounds=pev.sounds, time_out=pev.told.time_out, forwarding_sta=self.mac, run_id=pev.run_id
            )
        else:
            still_to_come = C_EV_START_ATTEN_CHAR_INDS + pev.sounds - 1 - pev.batch
            mme = CmMnbcSoundInd(cnt=still_to_come, run_id=pev.run_id, rnd=self.new_sound())
        pev.batch += 1
        self.send(BROADCAST, mme)

    def last_of_batch(self, pev: Pev, now: Ns, _: None) -> None:
        self.next_of_batch(pev, now, None)
        self._go_on_if_complete(pev, now)

    def answer_report(self, pev: Pev, now: Ns, frame: Frame) -> None:
        assert isinstance(frame.mme, CmAttenCharInd)
        self.answer_again(pev, now, frame)
        pev.candidates.setdefault(frame.src, Candidate(frame.src)).report = frame.mme
        self._go_on_if_complete(pev, now)

    def answer_again(self, pev: Pev, _: Ns, frame: Frame) -> None:
        self.send(frame.src, CmAttenCharRsp(source_address=self.mac, run_id=pev.run_id))

    def _go_on_if_complete(self, pev: Pev, now: Ns) -> None:
        complete = all(candidate.report for candidate in pev.candidates.values())
        if pev.state is S.WAIT_RESULTS and complete and self.settings.wait_for_all:
            self.fire(pev, ON.ALL_RESULTS, now)

    def decide(self, pev: Pev, now: Ns, _: None) -> None:
        """Lowest mean first. An EVSE that confirmed but never reported must not block the others."""
        near = [
            (average_db, candidate.mac)
            for candidate in pev.candidates.values()
            if candidate.report is not None
            and (average_db := candidate.report.average_db) is not None
            and average_db <= self.settings.attenuation_limit_db
        ]
        if near:
            pev.chosen = pev.candidates[min(near)[1]]
        self.fire(pev, ON.CHOSEN if near else ON.NONE_FOUND, now)

    def ask_first_match(self, pev: Pev, now: Ns, _: None) -> None:
        pev.sends = 0
        self.ask_match(pev, now, None)

    def ask_match(self, pev: Pev, _: Ns, __: None) -> None:
        assert pev.chosen is not None
        pev.sends += 1
        self.send(pev.chosen.mac, CmSlacMatchReq(pev_mac=self.mac, evse_mac=pev.chosen.mac, run_id=pev.run_id))

    def confirmed(self, pev: Pev, now: Ns, frame: Frame) -> None:
        cnf, chosen = frame.mme, pev.chosen
        assert isinstance(cnf, CmSlacMatchCnf)
        assert chosen is not None
        assert chosen.report is not None
        pev.cnf_received_at = now
        network = Network(cnf.nid, cnf.nmk)
        self.events.append(
            Matched(now, self.mac, chosen.mac, pev.run_id, chosen.report.num_sounds, chosen.report.average_db, network)
        )

    def linked(self, pev: Pev, now: Ns, _: None) -> None:
        self.events.append(LinkUp(now, now - pev.cnf_received_at))

    def fail(self, pev: Pev, now: Ns, _: None) -> None:
        self.events.append(AttemptFailed(now, run_name(pev.run_id), pev.why))

    def give_up(self, pev: Pev, now: Ns, _: None) -> None:
        self.events.append(GaveUp(now, pev.why))

    def leave(self, pev: Pev, now: Ns, _: None) -> None:
        self.events.append(LinkLost(now, run_name(pev.run_id), pev.why))

    def lose_link(self, pev: Pev, now: Ns, _: None) -> None:
        self.leave(pev, now, None)
        self.give_up(pev, now, None)
