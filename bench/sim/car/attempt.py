"""One SLAC attempt of a simulated car, from CM_SLAC_PARM.REQ to CM_SLAC_MATCH.CNF.

Theory of operation. `run` is the script of what the car does by itself; what it hears only fills in this object and
wakes the script. Indications are answered beside the script, because they come whenever stations send them.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from bench.ids import MacAddress, Nid, Nmk, RunId
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
)
from bench.profiles import AfterFirstStart, AfterRsp, CountOrder, NextGridStep, RndStyle
from bench.sim.car.conduct import CarConduct
from bench.sim.host import SimHost
from bench.sim.script import Script, until
from bench.sim.world import Timer, World
from bench.units import Ns


class Outcome(enum.Enum):
    """How an attempt ended."""

    UNANSWERED = "no CM_SLAC_PARM.CNF"
    FAILED = "a station answered, and it led nowhere"
    MATCHED = "CM_SLAC_MATCH.CNF came"


@dataclass(frozen=True, slots=True)
class CarMatch:
    """What CM_SLAC_MATCH.CNF brought. *t* is when it came."""

    t: Ns
    evse_mac: MacAddress
    attenuation_db: float
    run_id: RunId
    nid: Nid
    nmk: Nmk


Run: TypeAlias = Generator[Ns, None, Outcome]


class Attempt:
    """*next_run_id* gives the RunID, *wake* lets the script look again.

    confirmed   stations whose CM_SLAC_PARM.CNF was accepted
    answered    station -> mean attenuation in dB of the indication the car has answered
    station     the one it decided for, with the attenuation; None before
    match       what that station gave it
    """

    def __init__(
        self,
        world: World,
        host: SimHost,
        conduct: CarConduct,
        rng: random.Random,
        next_run_id: Callable[[], RunId],
        wake: Callable[[], None],
    ) -> None:
        self.began = world.now()
        self.run_id = next_run_id()
        self.confirmed: set[MacAddress] = set()
        self.answered: dict[MacAddress, float] = {}
        self.station: tuple[float, MacAddress] | None = None
        self.match: CarMatch | None = None
        self._world = world
        self._host = host
        self._conduct = conduct
        self._profile = conduct.profile
        self._rng = rng
        self._next_run_id = next_run_id
        self._wake = wake
        self._request_at: Ns = 0
        self._answered_request_at: Ns = 0
        self._confirmed_at: Ns = 0
        self._first_start: Ns | None = None
        self._answer_due: Ns = 0
        self._timers: list[Timer] = []

    def run(self) -> Run:
        yield from self._ask()
        if not self.confirmed:
            return Outcome.UNANSWERED
        yield from self._announce_and_sound()
        yield from self._wait_for_indications()
        if not self._decide():
            return Outcome.FAILED
        yield from self._wait_to_match()
        yield from self._ask_for_key()
        return Outcome.FAILED if self.match is None else Outcome.MATCHED

    def close(self) -> None:
        """Let nothing of this attempt happen any more."""
        for timer in self._timers:
            timer.cancel()

    # What the car does by itself

    def _ask(self) -> Script:
        requests = self._profile.parm_req
        duplicate = requests.duplicate
        if duplicate is not None and self._rng.random() < duplicate.share:
            self._later(duplicate.after.draw(self._rng), self._request_again)
        sent = 0
        while True:
            if sent and self._conduct.new_run_id_on_repeat:
                self.run_id = self._next_run_id()
            self._request_at = self._world.now()
            self._host.send(CmSlacParmReq(run_id=self.run_id), repeat=sent)
            sent += 1
            pause = requests.interval
            if requests.interval_after_pair is not None and sent % 2 == 0:
                pause = requests.interval_after_pair
            yield from self._until(self._request_at + pause.draw(self._rng), lambda: bool(self.confirmed))
            if self.confirmed or sent == requests.requests_per_burst:
                return

    def _request_again(self) -> None:
        self._host.send(CmSlacParmReq(run_id=self.run_id), repeat=1)

    def _announce_and_sound(self) -> Script:
        start, sounds, rng = self._profile.start, self._profile.sounds, self._rng
        if start.parm_req_to_start is not None:
            t = self._answered_request_at + start.parm_req_to_start.draw(rng)
        else:
            t = self._confirmed_at + self._conduct.reaction(start.cnf_to_start, rng)
        announcement = CmStartAttenCharInd(
            num_sounds=start.num_sounds,
            time_out=start.time_out,
            resp_type=start.resp_type,
            forwarding_sta=self._host.mac,
            run_id=self.run_id,
        )
        for n in range(start.count):
            yield from self._until(t)
            if n == 0:
                self._first_start = t = self._world.now()
            self._host.send(announcement, repeat=n)
            t += (start.interval if n + 1 < start.count else sounds.after_last_start).draw(rng)
        late = self._late_sound()
        for n in range(sounds.count):
            yield from self._until(t)
            self._host.send(self._sound(n), repeat=n)
            spread = sounds.interval
            if sounds.late is not None and n + 1 in (late, late + 1):
                spread = sounds.late.interval if n + 1 == late else sounds.late.next_interval
            t += spread.draw(rng)

    def _late_sound(self) -> int:
        """Which sound (from 0) comes late; one beyond the last where none does."""
        sounds = self._profile.sounds
        if sounds.late is None or self._rng.random() >= sounds.late.share:
            return sounds.count
        return self._rng.randrange(1, sounds.count - 1)

    def _sound(self, n: int) -> CmMnbcSoundInd:
        sounds = self._profile.sounds
        rnd = {RndStyle.ALL_FF: b"\xff" * 16, RndStyle.ALL_00: bytes(16)}.get(sounds.rnd)
        return CmMnbcSoundInd(
            cnt=n if sounds.order is CountOrder.UP else sounds.count - 1 - n,
            run_id=self.run_id,
            rnd=self._rng.randbytes(16) if rnd is None else rnd,
        )

    def _wait_for_indications(self) -> Script:
        """Until every station that confirmed has had its answer, or TT_EV_atten_results is over."""
        yield from self._until(self._results_end, lambda: self.answered.keys() >= self.confirmed)
        yield from self._until(self._answer_due)

    @property
    def _results_end(self) -> Ns:
        return (self._first_start or 0) + self._conduct.atten_results

    def _decide(self) -> bool:
        reported = self.answered if self._conduct.needs_report else dict.fromkeys(self.confirmed, 0.0) | self.answered
        found = [(db, mac) for mac, db in reported.items() if db <= self._conduct.highest_db]
        if not found:
            heard = ", ".join(f"{mac} {db:.1f} dB" for mac, db in self.answered.items()) or "no indication"
            self._host.note(f"finds no station: {heard}")
            return False
        self.station = self._conduct.chooses(found)
        self._host.note(f"decides for {self.station[1]} ({self.station[0]:.1f} dB) out of {len(found)}")
        return True

    def _wait_to_match(self) -> Script:
        rule, now, first_start = self._profile.match_req, self._world.now(), self._first_start or 0
        match rule:
            case AfterFirstStart():
                yield from self._until(first_start + rule.at.draw(self._rng))
            case AfterRsp():
                yield from self._until(now + rule.delay.draw(self._rng))
            case NextGridStep():
                steps = -(-(now + rule.least_delay - first_start) // rule.grid)
                yield from self._until(first_start + steps * rule.grid)

    def _ask_for_key(self) -> Script:
        if self.station is None:
            return
        evse_mac, sent = self.station[1], 0
        retries = self._conduct.match_retries
        request = CmSlacMatchReq(pev_mac=self._host.mac, evse_mac=evse_mac, run_id=self.run_id)
        while retries is None or sent <= retries:
            self._host.send(request, evse_mac, repeat=sent)
            sent += 1
            give_up = self._world.now() + self._conduct.match_response
            yield from self._until(give_up, lambda: self.match is not None)
            if self.match is not None:
                return

    # What the car hears

    def on_parm_cnf(self, frame: Frame, cnf: CmSlacParmCnf) -> None:
        if self._conduct.checks_run_id and cnf.run_id != self.run_id:
            # A Taycan met a station that answered with a RunID of its own: three requests, three confirmations, no
            # sound (uhi22/pyPLC, capture of 2023-05-03).
            self._host.note(f"ignores CM_SLAC_PARM.CNF of {frame.src}: RunID {cnf.run_id} is not mine")
        elif cnf.application_type or cnf.security_type or self._first_start is not None:
            self._host.note(f"ignores CM_SLAC_PARM.CNF of {frame.src}")
        else:
            if not self.confirmed:
                self._answered_request_at, self._confirmed_at = self._request_at, self._world.now()
            self.confirmed.add(frame.src)
            self._wake()

    def on_atten_char_ind(self, frame: Frame, ind: CmAttenCharInd) -> None:
        mine = ind.source_address == self._host.mac and ind.run_id == self.run_id and frame.dst == self._host.mac
        if not mine:
            self._host.note(f"CM_ATTEN_CHAR.IND of {frame.src} is for {ind.source_address}, RunID {ind.run_id}")
            if self._conduct.answers_others:
                self._answer(frame.src, ind, None)
        elif self._first_start is None or self._world.now() > self._results_end:
            self._host.note(f"CM_ATTEN_CHAR.IND of {frame.src} comes when none is expected")
        elif ind.average_db is None or (self._conduct.zero_means_defect and ind.average_db == 0):
            self._host.note(f"takes CM_ATTEN_CHAR.IND of {frame.src} for a defect")
        else:
            self._answer(frame.src, ind, ind.average_db)

    def _answer(self, evse_mac: MacAddress, ind: CmAttenCharInd, db: float | None) -> None:
        latency = self._conduct.reaction(self._profile.atten_char_rsp.latency, self._rng)
        rsp = CmAttenCharRsp(source_address=ind.source_address, run_id=ind.run_id)
        if db is not None:
            self._answer_due = self._world.now() + latency
        self._later(latency, partial(self._send_answer, evse_mac, rsp, db))

    def _send_answer(self, evse_mac: MacAddress, rsp: CmAttenCharRsp, db: float | None) -> None:
        self._host.send(rsp, evse_mac)
        if db is not None:
            self.answered[evse_mac] = db
            self._wake()

    def on_match_cnf(self, frame: Frame, cnf: CmSlacMatchCnf) -> None:
        if self.station is None or frame.src != self.station[1]:
            return
        if cnf.run_id != self.run_id or cnf.pev_mac != self._host.mac:
            self._host.note(f"ignores CM_SLAC_MATCH.CNF of {frame.src}: for {cnf.pev_mac}, RunID {cnf.run_id}")
        elif self.match is None:
            db, evse_mac = self.station
            self.match = CarMatch(self._world.now(), evse_mac, db, self.run_id, cnf.nid, cnf.nmk)
            self._wake()

    # Time

    def _until(self, t: Ns, heard: Callable[[], bool] = lambda: False) -> Script:
        return until(self._world, t, heard)

    def _later(self, delay: Ns, call: Callable[[], None]) -> None:
        self._timers.append(self._world.after(delay, call))
