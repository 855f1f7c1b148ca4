"""Measured levels to accepted states: two in a row, with hysteresis, and the faults that only both levels show.

Rules and thresholds are those of a commercial charging station, as read in its program; not checked against the text
of IEC 61851-1.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from bench.pilot.model import CpState, cp_state_from_level
from bench.units import Ns

STEADY_WITHIN_V = 1.0
"""Levels closer than that are one: there is no PWM."""
MIRRORED_WITHIN_V = 1.2
"""How far the low level may be from the mirror image of the high one and still be it."""
SHORT_BELOW_V = 2.0
FAULT_BELOW_V = -2.0
"""A steady level below that is a pilot fault or F, and no short."""
OUTLIERS_KEPT = 100


class TwoLevels(Protocol):
    """What was measured of the pilot's two phases, volts; equal where it is steady."""

    @property
    def high_v(self) -> float: ...

    @property
    def low_v(self) -> float: ...


L = TypeVar("L", bound=TwoLevels)


class WireFault(enum.Enum):
    """What both levels together say about the cable or the car."""

    DIODE_SHORTED = "the negative phase is loaded like the positive one: the car has no diode"
    SHORTED_TO_PE = "neither phase gets away from 0 V: pilot and protective earth touch, or the generator is off"


def wire_fault(levels: TwoLevels) -> WireFault | None:
    """A shorted diode, a shorted pilot, or None.

    A diode shows only while PWM runs: not at 0 and 100 %. A steady level below -2 V is left to the state (F or fault),
    although the station the rule was read in, which measures both sides by peak detectors, calls -10..-2 V a short too.

    >>> from bench.pilot.sampling import Levels
    >>> wire_fault(Levels(8.8, -8.8, 0.05, 300)).name, wire_fault(Levels(9.0, -12.0, 0.05, 300))
    ('DIODE_SHORTED', None)
    """
    if levels.high_v - levels.low_v < STEADY_WITHIN_V:
        return WireFault.SHORTED_TO_PE if levels.low_v > FAULT_BELOW_V and levels.high_v < SHORT_BELOW_V else None
    if abs(levels.high_v + levels.low_v) > MIRRORED_WITHIN_V:
        return None
    if levels.high_v < SHORT_BELOW_V:
        return WireFault.SHORTED_TO_PE
    return WireFault.DIODE_SHORTED if cp_state_from_level(levels.high_v) is not CpState.A else None


@dataclass(frozen=True, slots=True)
class Accepted(Generic[L]):
    """A state that two measurements in a row agree on.

    t       of the first of them
    levels  of the second, which decided
    """

    t: Ns
    state: CpState
    levels: L


@dataclass(frozen=True, slots=True)
class Outlier(Generic[L]):
    """A measurement that the next one did not confirm."""

    t: Ns
    state: CpState
    levels: L


class StateFilter(Generic[L]):
    """Follows one pilot. Feed it every measurement, oldest first.

        filter = StateFilter()
        filter.saw(levels, t)       # Accepted, where this one confirms a change that the one before showed first

    state        the accepted one; None before two measurements agreed
    outliers     the last of those that were dropped
    dropped      how many were
    diode_fault  seen twice in a row, and no unplugged cable (A) since
    """

    def __init__(self) -> None:
        self.state: CpState | None = None
        self.diode_fault = False
        self.outliers: deque[Outlier[L]] = deque(maxlen=OUTLIERS_KEPT)
        self.dropped = 0
        self._candidate: Accepted[L] | None = None
        self._fault_before = False

    def __repr__(self) -> str:
        return f"<pilot in {'no known state' if self.state is None else self.state.value}, {self.dropped} dropped>"

    def saw(self, levels: L, t: Ns) -> Accepted[L] | None:
        """The change that this measurement confirms; None while there is none.

        A short makes the state E whatever the levels say.
        """
        fault = wire_fault(levels)
        state = CpState.E if fault is WireFault.SHORTED_TO_PE else cp_state_from_level(levels.high_v, self.state)
        self._note_diode(fault is WireFault.DIODE_SHORTED)
        candidate = self._candidate
        if candidate is not None and candidate.state is state:
            self._candidate = None
            self.state = state
            if state is CpState.A:
                self.diode_fault = False
            return Accepted(candidate.t, state, levels)
        if candidate is not None:
            self.outliers.append(Outlier(candidate.t, candidate.state, candidate.levels))
            self.dropped += 1
        self._candidate = None if state is self.state else Accepted(t, state, levels)
        return None

    def _note_diode(self, seen: bool) -> None:
        if seen and self._fault_before:
            self.diode_fault = True
        self._fault_before = seen
