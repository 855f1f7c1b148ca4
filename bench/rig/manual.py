"""Pilots that a person works: `driver = "manual"`. Each change is a question, its answer the instant it happened."""

from __future__ import annotations

from bench.errors import PortError
from bench.guardian.told import reading
from bench.operator import Operator
from bench.pilot.model import CpState, PilotReading
from bench.units import Ns

AT_REST_PCT = 100.0


class ManualPilot:
    """A charging station's end; an `EvsePilot`. *plugged*: whether the plug is in when the run begins.

    Nothing keeps a person from leaving the generator at 5 %: the question for 100 % at the end is all there is.
    """

    def __init__(self, operator: Operator, *, plugged: bool = False) -> None:
        self._operator = operator
        self.plugged = plugged
        self._now: PilotReading | None = None
        self._new: list[tuple[Ns, PilotReading]] = []
        self._closed = False

    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None:
        if self._closed:
            raise PortError("this end of the control pilot is closed")
        if not 0 <= duty_cycle_pct <= 100:
            raise ValueError(f"a duty cycle is 0..100 %, got {duty_cycle_pct}")
        now = self._now
        if now is not None and now.duty_cycle_pct == duty_cycle_pct:
            return
        done = self._operator.ask(f"set the pilot generator to {said(duty_cycle_pct)}")
        self._accept(done, duty_cycle_pct)

    def set_state_e(self) -> None:
        self._accept(self._operator.ask("disconnect the pilot generator from the pilot (state E)"), None)

    def told(self, t: Ns, plugged: bool) -> None:
        """The plug was put in, or pulled, at *t* at the latest."""
        self.plugged = plugged
        self._accept(t, self.read().duty_cycle_pct)

    def read(self) -> PilotReading:
        return self._now or reading(self._plug_state, AT_REST_PCT)

    def changes(self) -> list[tuple[Ns, PilotReading]]:
        new, self._new = self._new, []
        return new

    def close(self) -> None:
        """The person is asked to leave it at rest. Idempotent."""
        if self._closed:
            return
        if self._now is not None and self._now.duty_cycle_pct != AT_REST_PCT:
            self.set_duty_cycle_pct(AT_REST_PCT)
        self._closed = True

    @property
    def _plug_state(self) -> CpState:
        return CpState.B if self.plugged else CpState.A

    def _accept(self, t: Ns, duty_cycle_pct: float | None) -> None:
        new = reading(self._plug_state, duty_cycle_pct)
        if new != self._now:
            self._now = new
            self._new.append((t, new))


class ManualLoad:
    """A car's end; a `PevPilot`. The station's duty cycle is taken for *assumed_pct* while plugged in."""

    def __init__(self, operator: Operator, *, assumed_pct: float) -> None:
        self._operator, self._assumed = operator, assumed_pct
        self._now = PilotReading(CpState.A, None, 0.0, 0.0)
        self._new: list[tuple[Ns, PilotReading]] = []

    def plug_in(self) -> None:
        if self._now.state is CpState.A:
            self._accept(self._operator.ask("put R2 (2.74 kOhm) on the pilot: plug the bench's car in"), CpState.B)

    def unplug(self) -> None:
        if self._now.state is not CpState.A:
            self._accept(self._operator.ask("take the bench's car off the pilot"), CpState.A)

    def set_charge_ready(self, ready: bool) -> None:
        """S2 is beyond what a person does in time."""
        if ready:
            raise PortError("a person cannot switch S2 in time; this needs relays ([pev.load] in the rig file)")

    def read(self) -> PilotReading:
        return self._now

    def changes(self) -> list[tuple[Ns, PilotReading]]:
        new, self._new = self._new, []
        return new

    def close(self) -> None:
        self.unplug()

    def _accept(self, t: Ns, state: CpState) -> None:
        if state is CpState.A:
            self._now = PilotReading(state, None, 0.0, 0.0)
        else:
            self._now = reading(state, self._assumed)
        self._new.append((t, self._now))


class ManualSwitch:
    """The supply of the *who*'s adapter, switched by a person; a `PowerSwitch`."""

    def __init__(self, operator: Operator, who: str) -> None:
        self._operator, self._who = operator, who
        self._on = True
        self._held = ""

    def off(self) -> None:
        if self._held:
            raise PortError(f"the power stays on: {self._held}")
        if self._on:
            self._operator.ask(f"cut the power of the {self._who}'s adapter")
            self._on = False

    def on(self) -> None:
        if not self._on:
            self._operator.ask(f"give the {self._who}'s adapter its power")
            self._on = True

    def hold(self, why: str) -> None:
        """The person is told, because nothing else keeps a hand from the plug."""
        self._held = why
        self._operator.tell(f"leave its power on: {why}" if why else "its power need not stay on any more")

    def close(self) -> None:
        self.on()


def said(duty_cycle_pct: float) -> str:
    """In the words of somebody who stands beside it."""
    steady = {100.0: "100 % (steady +12 V)", 0.0: "0 % (steady -12 V)"}
    return steady.get(duty_cycle_pct, f"{duty_cycle_pct:g} % at 1 kHz")
