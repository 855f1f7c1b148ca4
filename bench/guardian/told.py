"""A pilot whose level nobody measures: whether a car is plugged in, a person says."""

from __future__ import annotations

from bench.guardian.client import Guardian, Told
from bench.guardian.pilots import AT_REST_PCT, GuardedPilot, Say
from bench.pilot.model import GENERATOR_V, R2_OHM, CpState, PilotReading, high_level_v
from bench.units import Ns

STATES = {CpState.A: GENERATOR_V, CpState.B: high_level_v(R2_OHM)}
"""What a person can see, and the nominal level of each."""


class ToldPilot(GuardedPilot):
    """*plugged*: whether the plug is in when the run begins."""

    def __init__(self, guardian: Guardian, say: Say, *, plugged: bool = False) -> None:
        super().__init__(guardian, say)
        self.plugged = plugged
        self._now = reading(self._plug_state, AT_REST_PCT)
        self._new: list[tuple[Ns, PilotReading]] = []

    def told(self, t: Ns, plugged: bool) -> None:
        """The plug was put in, or pulled, at *t* at the latest."""
        self.plugged = plugged
        self._accept(t, reading(self._plug_state, self._now.duty_cycle_pct))

    @property
    def _plug_state(self) -> CpState:
        return CpState.B if self.plugged else CpState.A

    def _reads(self) -> PilotReading:
        return self._now

    def _changed(self) -> list[tuple[Ns, PilotReading]]:
        new, self._new = self._new, []
        return new

    def _is_set(self, told: Told) -> None:
        super()._is_set(told)
        self._accept(self.guardian.time(told["t"]), reading(self._plug_state, told.get("pct")))

    def _accept(self, t: Ns, new: PilotReading) -> None:
        if new != self._now:
            self._now = new
            self._new.append((t, new))


def reading(state: CpState, duty_cycle_pct: float | None) -> PilotReading:
    """The nominal levels with the plug in (B) or out (A); E and F hide which."""
    if duty_cycle_pct is None:
        return PilotReading(CpState.E, None, 0.0, 0.0)
    if duty_cycle_pct == 0.0:
        return PilotReading(CpState.F, 0.0, -GENERATOR_V, -GENERATOR_V)
    high = STATES[state]
    low = high if duty_cycle_pct == AT_REST_PCT else -GENERATOR_V
    return PilotReading(state, duty_cycle_pct, high, low)
