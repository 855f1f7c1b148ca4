"""One car being matched by a simulated charging station, from CM_SLAC_PARM.REQ to CM_SLAC_MATCH.REQ.

Theory of operation. `serve` is the script of what the station does by itself; what it hears of this car fills in this
object and wakes the script. The station holds one session per car, keyed by address and RunID.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from bench.ids import MacAddress, RunId
from bench.mme import CmAttenCharInd, CmAttenCharRsp, CmMnbcSoundInd, CmStartAttenCharInd
from bench.profiles import AfterLastSound, AtTimer, Measured, Rounding, Spread
from bench.profiles.charger import GROUPS
from bench.sim.charger.conduct import (
    TT_EVSE_MATCH_SESSION,
    TT_MATCH_RESPONSE,
    TT_MATCH_SEQUENCE,
    ChargerConduct,
)
from bench.sim.host import SimHost
from bench.sim.script import Runner, Script, until
from bench.sim.world import World
from bench.units import Ns


class Session:
    """*confirmed_at* is when CM_SLAC_PARM.CNF leaves; *drop* is called when the station loses its patience.

    sounds       CM_MNBC_SOUND.IND heard
    profiles     what the modem measured of them
    wants_match  the indication was answered, so that CM_SLAC_MATCH.REQ is accepted
    """

    def __init__(
        self,
        world: World,
        host: SimHost,
        conduct: ChargerConduct,
        rng: random.Random,
        *,
        pev_mac: MacAddress,
        run_id: RunId,
        confirmed_at: Ns,
        drop: Callable[[Session, str], None],
    ) -> None:
        self.pev_mac = pev_mac
        self.run_id = run_id
        self.sounds = 0
        self.profiles: list[bytes] = []
        self.wants_match = False
        self._world = world
        self._host = host
        self._conduct = conduct
        self._profile = conduct.profile
        self._rng = rng
        self._confirmed_at = confirmed_at
        self._drop = drop
        self._first_start: Ns | None = None
        self._last_sound: Ns = 0
        self._answered = False
        self._runner = Runner(world)
        self._runner.start(self._serve())

    def close(self) -> None:
        self._runner.stop()

    # What the station does by itself

    def _serve(self) -> Script:
        yield from self._until(self._confirmed_at + TT_MATCH_SEQUENCE, lambda: self._first_start is not None)
        if self._first_start is None:
            self._drop(self, "no CM_START_ATTEN_CHAR.IND within TT_match_sequence")
            return
        yield from self._listen(self._first_start)
        if not self._has_something_to_report:
            self._drop(self, "no sound to report")
            return
        yield from self._indicate()
        if not self._answered:
            self._drop(self, "no CM_ATTEN_CHAR.RSP")
            return
        self.wants_match = True
        yield from self._until(self._world.now() + TT_EVSE_MATCH_SESSION)
        self._drop(self, "no CM_SLAC_MATCH.REQ within TT_EVSE_match_session")

    def _listen(self, first_start: Ns) -> Script:
        """Until the indication is due."""
        rule = self._profile.atten_char_ind
        match rule:
            case AtTimer():
                yield from self._until(first_start + self._reaction(rule.after_first_start))
            case AfterLastSound():
                # A station without a window (the Supercharger) goes on waiting for sounds that do not come.
                window = self._profile.missing_sounds.window
                patience = TT_EVSE_MATCH_SESSION if window is None else self._reaction(window)
                yield from self._until(first_start + patience, self._heard_all)
                if self._heard_all():
                    yield from self._until(self._last_sound + self._reaction(rule.latency))
                elif window is None:
                    self.sounds = 0

    @property
    def _has_something_to_report(self) -> bool:
        if self._conduct.reports_unheard:
            return True
        return bool(self.sounds and (self.profiles or not self._measures))

    @property
    def _measures(self) -> bool:
        return isinstance(self._profile.attenuation, Measured)

    def _heard_all(self) -> bool:
        awaited = self._conduct.sounds_awaited or self._profile.parm_cnf.num_sounds
        return self.sounds >= awaited and (not self._measures or len(self.profiles) >= awaited)

    def _indicate(self) -> Script:
        """Send the indication, and again while it is not answered, as this station is known to."""
        num_sounds, aag = self._report()
        ind = CmAttenCharInd(source_address=self.pev_mac, run_id=self.run_id, num_sounds=num_sounds, aag=aag)
        habit = self._profile.unanswered_ind
        sent = 0
        while not self._answered:
            self._host.send(ind, self.pev_mac, repeat=sent)
            sent += 1
            pause = TT_MATCH_RESPONSE if habit.interval is None else habit.interval.draw(self._rng)
            yield from self._until(self._world.now() + pause, lambda: self._answered)
            if habit.interval is None or (habit.repeats is not None and sent > habit.repeats):
                return

    def _report(self) -> tuple[int, bytes]:
        """Sounds used, dB per group.

        A station that measures, with a modem that reports no groups (TL-PA4010P), has 58 sums that nothing was added
        to and reports 0 dB in each. That is what becomes of a host that does not look at the number of groups.
        """
        report = self._profile.attenuation
        if not isinstance(report, Measured):
            return self._profile.parm_cnf.num_sounds, bytes(report.aag)
        count = len(self.profiles)
        offset = report.offset_db.draw(self._rng)
        groups = [profile.ljust(GROUPS, b"\0") for profile in self.profiles]
        means = (sum(values) / count + offset for values in zip(*groups, strict=True))
        whole = (int(mean) if report.rounding is Rounding.CUT else round(mean) for mean in means)
        return count, bytes(min(max(value, 0), 255) for value in whole)

    # What the station hears of this car

    def on_start(self, ind: CmStartAttenCharInd) -> None:
        wanted = self._conduct.wants_time_out
        if not ind.num_sounds or not ind.time_out or ind.resp_type != 1 or (wanted and ind.time_out != wanted):
            self._host.note(f"ignores CM_START_ATTEN_CHAR.IND of {self.pev_mac}, time-out {ind.time_out}")
        elif self._first_start is None:
            self._first_start = self._world.now()
            self._runner.poke()

    def on_sound(self, _: CmMnbcSoundInd) -> None:
        if self._first_start is not None:
            self.sounds += 1
            self._last_sound = self._world.now()
            self._runner.poke()

    def on_profile(self, aag: bytes) -> None:
        if self._first_start is not None:
            self.profiles.append(aag)
            self._runner.poke()

    def on_rsp(self, rsp: CmAttenCharRsp) -> None:
        if rsp.source_address != self.pev_mac or rsp.result:
            self._host.note(f"ignores CM_ATTEN_CHAR.RSP of {self.pev_mac}, result {rsp.result}")
            return
        self._answered = True
        self._runner.poke()

    # Time

    def _reaction(self, spread: Spread) -> Ns:
        return self._conduct.reaction(spread, self._rng)

    def _until(self, t: Ns, heard: Callable[[], bool] = lambda: False) -> Script:
        return until(self._world, t, heard)
