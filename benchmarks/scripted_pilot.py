"""Either end of a control pilot for which a benchmark decides what it sees."""

from __future__ import annotations

from bench.clock import Clock
from bench.pilot.model import CpState, PilotReading
from bench.units import Ns

A1 = PilotReading(CpState.A, 100.0, 12.0, 12.0)
B2 = PilotReading(CpState.B, 5.0, 9.0, -12.0)


class ScriptedPilot:
    """An `EvsePilot` and a `PevPilot`: unplugged at first, at 5 % whenever it is plugged in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reading = A1
        self._changes: list[tuple[Ns, PilotReading]] = []

    def plugged(self) -> None:
        self._see(B2)

    def unplugged(self) -> None:
        self._see(A1)

    def _see(self, reading: PilotReading) -> None:
        self._reading = reading
        self._changes.append((self._clock.now(), reading))

    # of the station's end and of the car's; what a station does to the line changes nothing here

    def read(self) -> PilotReading:
        return self._reading

    def changes(self) -> list[tuple[Ns, PilotReading]]:
        found, self._changes = self._changes, []
        return found

    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None: ...

    def set_state_e(self) -> None: ...

    def plug_in(self) -> None:
        self.plugged()

    def unplug(self) -> None:
        self.unplugged()

    def set_charge_ready(self, ready: bool) -> None: ...

    def close(self) -> None: ...
