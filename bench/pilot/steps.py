"""Duty cycles a generator can make, as whole numbers of its steps."""

from __future__ import annotations

TOLERANCE = 1e-6
"""Of one step: what arithmetic in floating point leaves."""


def whole_steps(duty_cycle_pct: float, step_pct: float) -> int:
    """How many steps of *step_pct* make *duty_cycle_pct*.

    ValueError outside 0..100, for what is no number, and for a duty cycle between two steps: a generator must not round
    what a verdict may depend on.

    >>> whole_steps(5, 1.0), whole_steps(5.25, 0.01)
    (5, 525)
    """
    if isinstance(duty_cycle_pct, bool) or not isinstance(duty_cycle_pct, (int, float)):
        raise ValueError(f"a duty cycle is a number of percent, got {duty_cycle_pct!r}")
    if not 0 <= duty_cycle_pct <= 100:
        raise ValueError(f"a duty cycle is 0..100 %, got {duty_cycle_pct}")
    steps = duty_cycle_pct / step_pct
    if abs(steps - round(steps)) > TOLERANCE:
        raise ValueError(f"a duty cycle in steps of {step_pct:g} % is wanted, got {duty_cycle_pct}")
    return round(steps)
