"""The pilot and the power of a bench as ports, with a guardian behind them. Nothing here waits.

A command is sent and confirmed later; what the line does is told by whoever sees it. A command that failed, and a bench
that its guardian made safe, is a PortError at the next look, so that a test ends there and then.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from bench.errors import PortError
from bench.guardian.client import Guardian, Reply, Told
from bench.pilot.model import CpState, PilotReading
from bench.ports import EvsePilot
from bench.units import Ns, show

Say: TypeAlias = Callable[[Ns, str, str], None]
"""(instant, who, what): for the trace."""
AT_REST_PCT = 100.0


class GuardedPilot(ABC):
    """A charging station's end of the pilot, made by a device of the guardian: what all kinds share."""

    def __init__(self, guardian: Guardian, say: Say) -> None:
        self.guardian = guardian
        self._say = say
        self._pending: list[Reply] = []
        self._closed = False

    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None:
        self._check_open()
        if not 0 <= duty_cycle_pct <= 100:
            raise ValueError(f"a duty cycle is 0..100 %, got {duty_cycle_pct}")
        reply = self.guardian.request("duty", self._is_set, pct=float(duty_cycle_pct))
        self._pending.append(reply)

    def set_state_e(self) -> None:
        self._check_open()
        if not self.guardian.about.get("makes_state_e"):
            raise PortError("this bench cannot put the pilot at 0 V (state E)")
        self._pending.append(self.guardian.request("state_e", self._is_set))

    def close(self) -> None:
        """Leave the pilot at rest. What cannot be told any more the guardian does by itself."""
        if self._closed:
            return
        self._closed = True
        if self.guardian.is_open and not self.guardian.trouble:
            self.guardian.ask("duty", pct=AT_REST_PCT)

    def read(self) -> PilotReading:
        self._check()
        return self._reads()

    def changes(self) -> list[tuple[Ns, PilotReading]]:
        self._check()
        return self._changed()

    @abstractmethod
    def _reads(self) -> PilotReading: ...

    @abstractmethod
    def _changed(self) -> list[tuple[Ns, PilotReading]]: ...

    def _is_set(self, told: Told) -> None:
        """Confirmed. When exactly the wire changed the board does not say."""
        t, pct = self.guardian.time(told["t"]), told.get("pct")
        took = told["t"] - told["asked"]
        self._say(t, "pilot", f"{'E' if pct is None else f'{pct:g} %'} set and confirmed, within {show(took)}")

    def _check(self) -> None:
        self._check_open()
        self.guardian.check()
        for reply in self._pending:
            if reply.error is not None:
                raise reply.error
        self._pending = [reply for reply in self._pending if not reply.done]

    def _check_open(self) -> None:
        if self._closed:
            raise PortError("this end of the control pilot is closed")


class PilotOnLine(GuardedPilot):
    """The wire behind the device is a simulated one, *line*, which follows a simulated board."""

    def __init__(self, guardian: Guardian, say: Say, line: EvsePilot) -> None:
        super().__init__(guardian, say)
        self._line = line

    def _reads(self) -> PilotReading:
        return self._line.read()

    def _changed(self) -> list[tuple[Ns, PilotReading]]:
        return self._line.changes()


class MeasuredPilot(GuardedPilot):
    """The wire is a real one, and the guardian measures its levels. Until it has, the state is A."""

    def __init__(self, guardian: Guardian, say: Say) -> None:
        super().__init__(guardian, say)
        self._now = PilotReading(CpState.A, AT_REST_PCT, 12.0, 12.0)
        self._new: list[tuple[Ns, PilotReading]] = []
        guardian.on_event.append(self._hear)

    def close(self) -> None:
        if self._hear in self.guardian.on_event:
            self.guardian.on_event.remove(self._hear)
        super().close()

    def _reads(self) -> PilotReading:
        return self._now

    def _changed(self) -> list[tuple[Ns, PilotReading]]:
        new, self._new = self._new, []
        return new

    def _is_set(self, told: Told) -> None:
        super()._is_set(told)
        self._accept(self.guardian.time(told["t"]), duty_cycle_pct=told.get("pct"))

    def _hear(self, event: Told) -> None:
        if event["event"] == "level":
            t = self.guardian.time(event["t"])
            levels = {"high_v": event["high_v"], "low_v": event["low_v"]}
            self._accept(t, state=CpState(event["state"]), **levels)
        elif event["event"] == "fault":
            self._say(self.guardian.time(event["t"]), "pilot", event["what"])

    def _accept(self, t: Ns, **changed: Any) -> None:
        new = replace(self._now, **changed)
        if new != self._now:
            self._now = new
            self._new.append((t, new))


class GuardedSupply:
    """The supply of one adapter; a `bench.ports.PowerSwitch`. It waits for the relay, which is a matter of 50 ms."""

    def __init__(self, guardian: Guardian, who: str, say: Say) -> None:
        self._guardian, self._who, self._say = guardian, who, say

    def __repr__(self) -> str:
        return f"<power of the {self._who}'s adapter>"

    def off(self) -> None:
        self._set(False)

    def on(self) -> None:
        self._set(True)

    def hold(self, why: str) -> None:
        """The guardian keeps it on, too, should this program end meanwhile."""
        if why or (self._guardian.is_open and not self._guardian.trouble):
            self._guardian.ask("flashing", why=why)

    def close(self) -> None:
        if self._guardian.is_open and not self._guardian.trouble:
            self.on()

    def _set(self, on: bool) -> None:
        told = self._guardian.ask("supply", who=self._who, on=on)
        self._say(self._guardian.time(told["t"]), f"{self._who}.adapter", f"power {'on' if on else 'off'}")
