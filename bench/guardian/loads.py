"""A car's end of the pilot as a port, with a guardian behind it. Nothing here waits.

What the station offers is measured by the guardian, where it can; otherwise it is taken for granted once plugged in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.devices import CarLoad
from bench.errors import PortError
from bench.guardian.client import Guardian, Reply, Told
from bench.guardian.pilots import Say
from bench.pilot.model import R2_OHM, R3_OHM, CpState, PilotReading, high_level_v, parallel
from bench.ports import PevPilot
from bench.units import Ns, show

STATE_OF = {CarLoad.UNPLUGGED: CpState.A, CarLoad.B: CpState.B, CarLoad.C: CpState.C, CarLoad.D: CpState.D}
LEVEL_OF = {CpState.A: 0.0, CpState.B: high_level_v(R2_OHM), CpState.C: high_level_v(parallel(R2_OHM, R3_OHM))}
"""Nominal, where nothing measures the level at this end."""
LOW_V = -12.0


class GuardedLoad:
    """A `PevPilot`: resistors by the guardian's PilotLoad.

    assumed_pct  duty cycle that is taken for granted while plugged in; None: the guardian measures it
    line         the simulated wire at the other side of simulated relays; None: a real one
    """

    def __init__(
        self, guardian: Guardian, say: Say, *, assumed_pct: float | None = None, line: PevPilot | None = None
    ) -> None:
        self.guardian = guardian
        self._say, self._assumed, self._line = say, assumed_pct, line
        self._can = frozenset(CarLoad[name] for name in guardian.about.get("loads", ()))
        self._pending: list[Reply] = []
        self._new: list[tuple[Ns, PilotReading]] = []
        self._now = PilotReading(CpState.A, None, 0.0, 0.0)
        self._measured_pct: float | None = None
        self._closed = False
        guardian.on_event.append(self._hear)

    def plug_in(self) -> None:
        self._set(CarLoad.B)

    def unplug(self) -> None:
        """PortError where the car's resistors cannot be taken off the pilot."""
        if CarLoad.UNPLUGGED not in self._can:
            raise PortError("this bench's car cannot be unplugged: its R2 is always on the pilot")
        self._set(CarLoad.UNPLUGGED)

    def set_charge_ready(self, ready: bool) -> None:
        self._set(CarLoad.C if ready else CarLoad.B)

    def read(self) -> PilotReading:
        self._check()
        return self._now if self._line is None else self._line.read()

    def changes(self) -> list[tuple[Ns, PilotReading]]:
        self._check()
        if self._line is not None:
            return self._line.changes()
        new, self._new = self._new, []
        return new

    def close(self) -> None:
        """Leave the car unplugged, as far as it can be. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self.guardian.on_event.remove(self._hear)
        if not self.guardian.trouble:
            self.guardian.ask("load", load=(CarLoad.UNPLUGGED if CarLoad.UNPLUGGED in self._can else CarLoad.B).name)

    def _set(self, load: CarLoad) -> None:
        if self._closed:
            raise PortError("this end of the control pilot is closed")
        self._pending.append(self.guardian.request("load", self._is_set, load=load.name))

    def _is_set(self, told: Told) -> None:
        load = CarLoad[told["load"]]
        t, took = self.guardian.time(told["t"]), told["t"] - told["asked"]
        self._say(t, "pilot", f"car's resistors: {load.value}, set within {show(took)}")
        state = STATE_OF[load]
        duty = None if state is CpState.A else self._measured_pct if self._assumed is None else self._assumed
        level = LEVEL_OF.get(state, LEVEL_OF[CpState.C])
        low = level if duty in (None, 100.0) else LOW_V
        self._accept(t, state=state, duty_cycle_pct=duty, high_v=level, low_v=low)

    def _hear(self, event: Told) -> None:
        if event["event"] != "duty":
            return
        self._measured_pct = event["pct"]
        if self._now.state is not CpState.A:
            self._accept(self.guardian.time(event["t"]), duty_cycle_pct=event["pct"])

    def _accept(self, t: Ns, **changed: Any) -> None:
        new = replace(self._now, **changed)
        if new != self._now:
            self._now = new
            self._new.append((t, new))

    def _check(self) -> None:
        if self._closed:
            raise PortError("this end of the control pilot is closed")
        self.guardian.check()
        for reply in self._pending:
            if reply.error is not None:
                raise reply.error
        self._pending = [reply for reply in self._pending if not reply.done]
