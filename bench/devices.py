"""What drivers of real hardware promise: pilot generators, a car's resistors, level meters, relays, power.

Unlike the ports of `bench.ports`, which never wait, a device is spoken to and waited for. So devices live in a process
of their own (`bench.guardian`), which also outlives the program that uses them.

Every call either did what it says when it returns, confirmed by the device where the device can confirm, or raises
PortError: which device, what it was told, what it answered, what to do. A device that has vanished raises PortError at
the next call, and for good. No constructor touches hardware; `open` does, and `with` is open and close.

Instants are `time.monotonic_ns()`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bench.pilot.proximity import ProximityMeasured
from bench.units import Ns


class Device(Protocol):
    """*name* is what messages call it, with its place: `XY-LPWM at /dev/serial/by-path/...`."""

    @property
    def name(self) -> str: ...

    def open(self) -> None:
        """Take the hardware for this process alone, find out whether it is what it should be, and make it safe.

        PortError: not there, taken, or something else. Nothing is left open then.
        """
        ...

    def make_safe(self) -> None:
        """The safe state, without believing anything about the present one. Idempotent."""
        ...

    def close(self) -> None:
        """Make safe, and let go of the hardware. Idempotent, and does not raise for hardware that is gone."""
        ...


@dataclass(frozen=True, slots=True)
class DutyAccuracy:
    """How well a generator's duty cycle is what it was told.

    step_pct    finest step, percentage points
    error_pct   the pulse on the wire differs by no more than that, points; None: nobody can say, so no verdict may
                depend on it
    source      of error_pct, and whether it was measured
    """

    step_pct: float
    error_pct: float | None
    source: str


class PilotGenerator(Device, Protocol):
    """Makes a charging station's pilot: +12/-12 V at 1 kHz, or steady. Safe is 100 %, +12 V steady (X1)."""

    @property
    def accuracy(self) -> DutyAccuracy: ...

    @property
    def makes_state_e(self) -> bool:
        """Whether it can put the pilot at 0 V."""
        ...

    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None:
        """0 is steady -12 V (F), 100 steady +12 V (X1), between them 1 kHz PWM.

        ValueError outside 0..100, for what is no number, and for a step finer than the generator's.
        """
        ...

    def set_state_e(self) -> None:
        """Pilot at 0 V. PortError where the hardware cannot."""
        ...

    def duty_cycle_pct(self) -> float | None:
        """What it says it puts out, asked now; None where it cannot be asked or is in state E."""
        ...


class CarLoad(enum.Enum):
    """What a car, or a fault, puts on the pilot. One at a time."""

    UNPLUGGED = "nothing plugged in"
    B = "R2: plugged in"
    C = "R2 and R3: ready"
    D = "R2 and R3': ready, with ventilation"
    DIODE_SHORTED = "R2 without the diode"
    SHORTED_TO_PE = "pilot and protective earth touch"
    PE_OPEN = "protective earth is broken"


FAULTS = frozenset({CarLoad.DIODE_SHORTED, CarLoad.SHORTED_TO_PE, CarLoad.PE_OPEN})


class PilotLoad(Device, Protocol):
    """A car's end of the pilot: resistors. Safe is UNPLUGGED, or the least it can do."""

    @property
    def loads(self) -> frozenset[CarLoad]:
        """What it can be."""
        ...

    def set_load(self, load: CarLoad) -> None:
        """By the safe order of its relays. ValueError for what is not among `loads`."""
        ...


@dataclass(frozen=True, slots=True)
class LevelMeasured:
    """The pilot's two levels.

    t               when the measurement ended
    high_v, low_v   of the two phases; equal where the level is steady
    high_share      share of samples in the high phase: a rough duty cycle
    samples         how many were taken
    """

    t: Ns
    high_v: float
    low_v: float
    high_share: float
    samples: int


class LevelMeter(Device, Protocol):
    """Measures the pilot's levels. There is nothing to make safe."""

    def measure(self) -> LevelMeasured:
        """PortError for a reading that no pilot can give (stuck, clipped, no high phase): broken, not a state."""
        ...


@dataclass(frozen=True, slots=True)
class DutyMeasured:
    """A pilot's frequency and duty cycle, by the edges of many pulses: medians, and how far the pulses scatter.

    t                when the last edge came
    pulses           how many were judged
    spread_pct       of single pulses' duty cycles, points: half of the pulses lie within it around the median
    uncertainty_pct  of the median, points
    lost             edges that are known to be missing
    """

    t: Ns
    frequency_hz: float
    duty_cycle_pct: float
    pulses: int
    spread_pct: float
    uncertainty_pct: float
    lost: int = 0


class DutyMeter(Device, Protocol):
    """Measures a charging station's duty cycle by the edges of the pilot. There is nothing to make safe."""

    def measure(self) -> DutyMeasured | None:
        """None: no edges, the pilot is steady."""
        ...


class Relays(Device, Protocol):
    """Relays by channel, 1 first. Safe is all released, or as the wiring says otherwise."""

    @property
    def channels(self) -> Iterable[int]: ...

    @property
    def confirms(self) -> bool:
        """Whether the board can be asked. Otherwise a relay's state is a wish."""
        ...

    def set(self, channel: int, closed: bool) -> None:
        """ValueError for a channel it does not have."""
        ...

    def closed(self, channel: int) -> bool | None:
        """Asked now; None where the board cannot be asked. ValueError for a channel it does not have."""
        ...


class ProximityMeter(Device, Protocol):
    """What plug is in, by its resistor. There is nothing to make safe."""

    def measure(self) -> ProximityMeasured: ...


class EmergencyStop(Device, Protocol):
    """A switch that a person hits. There is nothing to make safe."""

    def pressed(self) -> bool:
        """Also where its wire is broken."""
        ...


class DeadMan(Device, Protocol):
    """A sign of life for hardware, which cuts pilot and relays when it stays away. Safe is no sign."""

    def beat(self) -> None: ...


class Supply(Device, Protocol):
    """The power of one adapter. Safe is on: an adapter without power is no danger, and no use either."""

    def set(self, on: bool) -> None: ...
