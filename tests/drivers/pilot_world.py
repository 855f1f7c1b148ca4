"""A pilot and a converter that samples it, on a clock of their own that only they move."""

from __future__ import annotations

import math
import random

from bench.pilot.divider import Divider
from bench.pilot.model import R2_OHM, R3_OHM, CpState, high_level_v, parallel

DIVIDER = Divider.of_resistors(pilot_ohm=100e3, ground_ohm=24.9e3, reference_ohm=20e3)
HIGH_V = {
    CpState.A: high_level_v(None),
    CpState.B: high_level_v(R2_OHM),
    CpState.C: high_level_v(parallel(R2_OHM, R3_OHM)),
    CpState.D: high_level_v(parallel(R2_OHM, 270.0)),
    CpState.E: 0.0,
    CpState.F: -12.0,
}


class SampledPilot:
    """*state* and *duty_pct* as a station makes them; in E both phases are 0 V, in F there is no PWM.

    conversion_us  what one conversion takes
    tau_us         of the edges: all the capacitance a cable may have makes 5.5
    """

    def __init__(self, state, duty_pct=5.0, *, bits=10, conversion_us=150.0, tau_us=5.5, noise_v=0.03, seed=1):
        self.state, self.duty_pct = state, duty_pct
        self.bits, self.conversion_us, self.tau_us, self.noise_v = bits, conversion_us, tau_us, noise_v
        self.us = 0.0
        self.taken = 0
        self.random = random.Random(seed)

    def level_v(self) -> float:
        high, low = HIGH_V[self.state], -12.0
        if self.state is CpState.E:
            low = 0.0
        duty_pct = 0.0 if self.state is CpState.F else self.duty_pct
        phase, high_us = self.us % 1000, duty_pct * 10
        if duty_pct in (0, 100):
            return high if duty_pct else low
        if phase < high_us:
            return high + (low - high) * math.exp(-phase / self.tau_us)
        return low + (high - low) * math.exp(-(phase - high_us) / self.tau_us)

    def sample(self) -> int:
        """One conversion, in counts."""
        self.us += self.conversion_us
        self.taken += 1
        count = round(DIVIDER.adc_v(self.level_v() + self.random.gauss(0, self.noise_v)) / 3.3 * 2**self.bits)
        return min(max(count, 0), 2**self.bits - 1)

    def pause(self, seconds: float) -> None:
        self.us += seconds * 1e6
