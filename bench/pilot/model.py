"""Volts to CP state, duty cycle to meaning. Pure arithmetic, no device.

Values are the nominal ones of IEC 61851-1 Annex A as commonly quoted; thresholds and hysteresis are those of a
commercial EVSE controller after table A.4. None was checked against the text of the standard.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

GENERATOR_V = 12.0
SOURCE_OHM = 1000.0
DIODE_V = 0.7
R2_OHM = 2740.0
R3_OHM = 1300.0

DIGITAL_DUTY_PCT = 5.0
"""Duty cycle that asks for high-level communication."""


class CpState(enum.Enum):
    """Who is connected and what is asked for; the EVSE's output is told by `PilotReading.duty_cycle_pct`."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"
    FAULT = "fault"

    @property
    def plugged(self) -> bool:
        """Whether matching may run: ISO 15118-3 allows it in B, C and D only."""
        return self in (CpState.B, CpState.C, CpState.D)


class DutyMeaning(enum.Enum):
    """What a duty cycle tells the car."""

    NOT_AVAILABLE = "state F, not available"
    NOT_ALLOWED = "charging not allowed"
    DIGITAL = "high-level communication required"
    CURRENT = "current offer"
    NO_OFFER = "X1, no offer"


@dataclass(frozen=True, slots=True)
class PilotReading:
    """What one end of the pilot sees.

    state           by the level of the high phase (of the steady level without PWM)
    duty_cycle_pct  100 steady positive (X1), 0 steady -12 V (F), None when there is no generator (E)
    high_v, low_v   levels of the two phases; equal when the level is steady
    """

    state: CpState
    duty_cycle_pct: float | None
    high_v: float
    low_v: float

    @property
    def pwm(self) -> bool:
        return self.duty_cycle_pct is not None and 0 < self.duty_cycle_pct < 100

    @property
    def digital(self) -> bool:
        """Whether the EVSE asks for high-level communication: plugged in and 3..7 % duty."""
        return (
            self.state.plugged
            and self.duty_cycle_pct is not None
            and duty_meaning(self.duty_cycle_pct) is DutyMeaning.DIGITAL
        )

    @property
    def label(self) -> str:
        """`A1`, `B2`, `E`: 1 steady, 2 PWM."""
        if self.state in (CpState.E, CpState.F, CpState.FAULT):
            return str(self.state.value)
        return f"{self.state.value}{2 if self.pwm else 1}"

    def __str__(self) -> str:
        duty = "" if not self.pwm else f" {self.duty_cycle_pct:.1f} %"
        return f"{self.label}{duty} ({self.high_v:+.1f} V)"


def high_level_v(load_ohm: float | None, *, generator_v: float = GENERATOR_V, diode_v: float = DIODE_V) -> float:
    """Level of the positive phase with *load_ohm* behind the car's diode; None is an open line.

    >>> round(high_level_v(R2_OHM), 2), round(high_level_v(parallel(R2_OHM, R3_OHM)), 2)
    (8.98, 5.99)
    """
    if load_ohm is None:
        return generator_v
    return diode_v + (generator_v - diode_v) * load_ohm / (SOURCE_OHM + load_ohm)


def parallel(*ohm: float) -> float:
    return 1 / sum(1 / value for value in ohm)


def cp_state_from_level(level_v: float, before: CpState | None = None) -> CpState:
    """The state an EVSE reads from the positive level, with hysteresis against the state *before*.

    >>> cp_state_from_level(9.0), cp_state_from_level(10.5), cp_state_from_level(10.5, CpState.A)
    (<CpState.B: 'B'>, <CpState.B: 'B'>, <CpState.A: 'A'>)
    """
    a, b, c = CpState.A, CpState.B, CpState.C
    if level_v > 13 or level_v < -13:
        return CpState.FAULT
    if level_v > 11:
        return a
    if level_v > 10:
        return a if before is a else b
    if level_v > 8:
        return b
    if level_v > 7:
        return b if before in (a, b) else c
    if level_v > 5:
        return c
    if level_v > 4:
        return c if before in (a, b, c) else CpState.D
    if level_v > 2:
        return CpState.D
    if level_v >= -1:
        return CpState.E
    if level_v >= -2:
        return CpState.E if before in (a, b, c, CpState.D, CpState.E) else CpState.FAULT
    if level_v > -10:
        return CpState.FAULT
    if level_v > -11:
        return CpState.F if before is CpState.F else CpState.FAULT
    return CpState.F


def duty_meaning(duty_cycle_pct: float) -> DutyMeaning:
    """How a car reads a duty cycle.

    >>> duty_meaning(5.0).value, duty_meaning(7.5).value, duty_meaning(53.3).value
    ('high-level communication required', 'charging not allowed', 'current offer')
    """
    if not 0 <= duty_cycle_pct <= 100:
        raise ValueError(f"a duty cycle is 0..100 %, got {duty_cycle_pct}")
    if duty_cycle_pct == 0:
        return DutyMeaning.NOT_AVAILABLE
    if duty_cycle_pct == 100:
        return DutyMeaning.NO_OFFER
    if 3 <= duty_cycle_pct <= 7:
        return DutyMeaning.DIGITAL
    if 8 <= duty_cycle_pct <= 97:
        return DutyMeaning.CURRENT
    return DutyMeaning.NOT_ALLOWED


def current_a(duty_cycle_pct: float) -> float | None:
    """The current an AC duty cycle offers, None where it offers none. There is a jump at 85 %, as in the tables.

    >>> current_a(53.3), current_a(85), current_a(96), current_a(5)
    (31.98, 51.0, 80.0, None)
    """
    if duty_meaning(duty_cycle_pct) is not DutyMeaning.CURRENT:
        return None
    if duty_cycle_pct < 10:
        return 6.0
    if duty_cycle_pct <= 85:
        return round(duty_cycle_pct * 0.6, 2)
    return min(80.0, round((duty_cycle_pct - 64) * 2.5, 2))
