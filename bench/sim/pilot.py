"""One charging cable's control pilot: generator, wire, diode and resistors, and what both ends measure of it.

    line = PilotLine(world)
    line.evse.set_duty_cycle_pct(5.0)     # meets bench.ports.EvsePilot
    line.pev.plug_in()                    # meets bench.ports.PevPilot
    line.evse.read()                      # B2 5.0 % (+9.0 V)

Theory of operation. The wire has two levels, one per phase of the generator; without PWM only one of them occurs. Both
ends measure the same wire, as long as it is whole. A change is seen by both ends at the instant it happens; with
*settle* an end accepts it that much later, if it is still there, and stamps it with the instant the line changed.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeAlias

from bench.errors import PortError
from bench.pilot.model import (
    DIODE_V,
    GENERATOR_V,
    R2_OHM,
    R3_OHM,
    SOURCE_OHM,
    CpState,
    PilotReading,
    cp_state_from_level,
    high_level_v,
    parallel,
)
from bench.sim.world import Timer, World
from bench.units import Ns

R3_VENTILATION_OHM = 270.0
"""R3' of state D. Nominal value as commonly quoted; not checked against the text of IEC 61851-1."""

STEADY_POSITIVE_PCT = 100.0
STEADY_NEGATIVE_PCT = 0.0

OnChange: TypeAlias = Callable[[Ns, PilotReading], None]
"""(instant the line changed, what the end reads now); called as an event of the world when the end accepts it"""


class PilotFault(enum.Enum):
    """What can be wrong with a cable or an inlet."""

    DIODE_SHORTED = "the car's diode is shorted: the negative phase is loaded too"
    SHORTED_TO_PE = "pilot and protective earth touch: 0 V at both ends"
    WIRE_OPEN = "the pilot wire is broken: the charging station sees A, the car sees 0 V"


@dataclass(slots=True)
class Resistors:
    """The car's own: R2 is there whenever the plug is, S2 adds R3 (state C) or R3' (state D)."""

    r2_ohm: float = R2_OHM
    r3_ohm: float = R3_OHM
    r3_ventilation_ohm: float = R3_VENTILATION_OHM


class Levels(NamedTuple):
    """Of the wire, volts; equal where the source is steady."""

    high_v: float
    low_v: float


class PilotLine:
    """One cable. Starts with the plug out and +12 V steady (A1).

    settle   how long a change must last before an end reports it
    """

    def __init__(self, world: World, *, name: str = "pilot", settle: Ns = 0) -> None:
        self.name = name
        self.resistors = Resistors()
        self.faults: set[PilotFault] = set()
        self.duty_cycle_pct: float | None = STEADY_POSITIVE_PCT
        self.plugged = False
        self.s2_closed = False
        self.ventilation = False
        self._world = world
        self._conducts = False
        self._on_conducts: list[Callable[[bool], None]] = []
        self.evse = EvseEnd(self, world, settle)
        self.pev = PevEnd(self, world, settle)

    @property
    def conducts(self) -> bool:
        """Whether the pilot wire leads from the station to the car, for the powerline signal too."""
        return self.plugged and not self.faults & {PilotFault.WIRE_OPEN, PilotFault.SHORTED_TO_PE}

    def on_conducts(self, callback: Callable[[bool], None]) -> None:
        """Call back, as an event of the world, whenever `conducts` changes."""
        self._on_conducts.append(callback)

    def set_fault(self, fault: PilotFault, present: bool = True) -> None:
        if present:
            self.faults.add(fault)
        else:
            self.faults.discard(fault)
        self.update()

    def set_resistors(
        self, *, r2_ohm: float | None = None, r3_ohm: float | None = None, r3_ventilation_ohm: float | None = None
    ) -> None:
        """Put other resistors into the car; what is not named stays. ValueError for 0 and less."""
        given = {"r2_ohm": r2_ohm, "r3_ohm": r3_ohm, "r3_ventilation_ohm": r3_ventilation_ohm}
        for name, ohm in given.items():
            if ohm is None:
                continue
            if ohm <= 0:
                raise ValueError(f"{name} is a resistance above 0, got {ohm}; for a short use PilotFault.SHORTED_TO_PE")
            setattr(self.resistors, name, ohm)
        self.update()

    def levels(self) -> Levels:
        """Of the wire at the station's end, which is the car's end too while the wire is whole."""
        if self.duty_cycle_pct is None or PilotFault.SHORTED_TO_PE in self.faults:
            return Levels(0.0, 0.0)
        load = self._load_ohm()
        shorted = PilotFault.DIODE_SHORTED in self.faults
        high = high_level_v(load, diode_v=0.0 if shorted else DIODE_V)
        low = -GENERATOR_V
        if shorted and load is not None:
            low *= load / (SOURCE_OHM + load)
        if self.duty_cycle_pct == STEADY_POSITIVE_PCT:
            return Levels(high, high)
        if self.duty_cycle_pct == STEADY_NEGATIVE_PCT:
            return Levels(low, low)
        return Levels(high, low)

    def update(self) -> None:
        """Let both ends look at the line, after anything about it has changed."""
        self.evse.look()
        self.pev.look()
        if self.conducts != self._conducts:
            self._conducts = self.conducts
            for callback in self._on_conducts:
                self._world.after(0, partial(callback, self._conducts))

    def _load_ohm(self) -> float | None:
        if not self.conducts:
            return None
        if not self.s2_closed:
            return self.resistors.r2_ohm
        r3 = self.resistors.r3_ventilation_ohm if self.ventilation else self.resistors.r3_ohm
        return parallel(self.resistors.r2_ohm, r3)


class End(ABC):
    """What the two ends share: looking at the line, and remembering what changed."""

    def __init__(self, line: PilotLine, world: World, settle: Ns) -> None:
        self._line = line
        self._world = world
        self._settle = settle
        self._changes: list[tuple[Ns, PilotReading]] = []
        self._callbacks: list[OnChange] = []
        self._closed = False
        self._settling: Timer | None = None
        self._candidate: PilotReading | None = None
        self._reading = self._measured(None)

    def read(self) -> PilotReading:
        """What this end takes the line for now: its last accepted change."""
        self._check_open()
        return self._reading

    def changes(self) -> list[tuple[Ns, PilotReading]]:
        self._check_open()
        changes, self._changes = self._changes, []
        return changes

    def on_change(self, callback: OnChange) -> None:
        self._callbacks.append(callback)

    def look(self) -> None:
        seen = self._measured(self._reading.state)
        if seen == self._candidate:
            return
        if self._settling is not None:
            self._settling.cancel()
            self._settling = self._candidate = None
        if seen == self._reading:
            return
        changed_at = self._world.now()
        if self._settle == 0:
            self._accept(changed_at, seen)
        else:
            self._candidate = seen
            self._settling = self._world.after(self._settle, partial(self._accept, changed_at, seen))

    def _accept(self, changed_at: Ns, reading: PilotReading) -> None:
        self._settling = self._candidate = None
        self._reading = reading
        self._changes.append((changed_at, reading))
        # As events of the world, so that an end that reacts at once cannot act on a line half updated.
        for callback in self._callbacks:
            self._world.after(0, partial(callback, changed_at, reading))

    @abstractmethod
    def _measured(self, before: CpState | None) -> PilotReading: ...

    def _check_open(self) -> None:
        if self._closed:
            raise PortError(f"{self._line.name}: this end of the control pilot is closed")


class EvseEnd(End):
    """The charging station's end of a `PilotLine`; an `EvsePilot`. It knows its own duty cycle and reads the level.

    At 0 % (F) it reads -12 V whether a car is there or not, because the car's diode blocks.
    """

    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None:
        self._check_open()
        if not 0 <= duty_cycle_pct <= 100:
            raise ValueError(f"a duty cycle is 0..100 %, got {duty_cycle_pct}")
        self._line.duty_cycle_pct = float(duty_cycle_pct)
        self._line.update()

    def set_state_e(self) -> None:
        self._check_open()
        self._line.duty_cycle_pct = None
        self._line.update()

    def close(self) -> None:
        """Leave the pilot at rest, +12 V steady."""
        if not self._closed:
            self.set_duty_cycle_pct(STEADY_POSITIVE_PCT)
            self._closed = True

    def _measured(self, before: CpState | None) -> PilotReading:
        high, low = self._line.levels()
        return PilotReading(cp_state_from_level(high, before), self._line.duty_cycle_pct, high, low)


class PevEnd(End):
    """The car's end of a `PilotLine`; a `PevPilot`. It finds level and duty cycle on the wire.

    Unplugged, which a car knows from its proximity contact, is state A at 0 V with duty_cycle_pct None. Plugged in, it
    reads B, C or D by the level its own resistors make, F at -12 V, and E at 0 V, be it that the oscillator is off, the
    pilot shorted or the wire broken. A steady positive level is a duty cycle of 100 %.
    """

    def plug_in(self) -> None:
        self._set_plugged(True)

    def unplug(self) -> None:
        self._set_plugged(False)

    def set_charge_ready(self, ready: bool, *, ventilation: bool = False) -> None:
        """Close S2 (state C, or D with *ventilation*) or open it (state B)."""
        self._check_open()
        self._line.s2_closed, self._line.ventilation = ready, ventilation
        self._line.update()

    def close(self) -> None:
        """Leave the car unplugged, with S2 open."""
        if not self._closed:
            self.set_charge_ready(False)
            self.unplug()
            self._closed = True

    def _set_plugged(self, plugged: bool) -> None:
        self._check_open()
        self._line.plugged = plugged
        self._line.update()

    def _measured(self, before: CpState | None) -> PilotReading:
        line = self._line
        if not line.plugged:
            return PilotReading(CpState.A, None, 0.0, 0.0)
        if not line.conducts:
            return PilotReading(CpState.E, None, 0.0, 0.0)
        high, low = line.levels()
        return PilotReading(cp_state_from_level(high, before), line.duty_cycle_pct, high, low)
