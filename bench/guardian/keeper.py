"""What the guardian does with a command, and what it does by itself: pure but for the devices it is given.

Theory of operation. `do` carries out one command; `look` is called often and finds what has lasted too long, what does
not agree, what has gone. Both return what is to be told to the program. Once something has gone wrong the bench is
made safe and every command but `begin` is refused with the reason, so that a test cannot go on unaware.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.devices import FAULTS, CarLoad
from bench.errors import BenchError, PortError
from bench.guardian.devices import Devices
from bench.guardian.spec import BenchSpec
from bench.pilot.following import StateFilter
from bench.pilot.model import CpState
from bench.units import Ns, ms, s, show

Told = dict[str, Any]

STEADY = (0.0, 100.0)
LEGAL = "5, 10 to 96, 0 and 100 %"
READ_BACK_EVERY: Ns = s(1)
"""While there is PWM: a board that was pulled out answers nothing."""
MEASURE_EVERY: Ns = ms(100)


def legal(duty_cycle_pct: float) -> bool:
    """Whether a charging station may put this out; other values a test must ask for by `any`."""
    return duty_cycle_pct in (0.0, 5.0, 100.0) or 10.0 <= duty_cycle_pct <= 96.0


@dataclass(frozen=True, slots=True)
class Since:
    """Something unsafe: *what*, since when, and until when at the latest."""

    what: str
    t: Ns
    until: Ns


class Keeper:
    """*devices* are open and safe. *now*: the monotonic clock."""

    def __init__(self, spec: BenchSpec, devices: Devices, now: Callable[[], Ns]) -> None:
        self.spec, self.devices, self._now = spec, devices, now
        self.tripped = ""
        """Why the bench was made safe; empty: it was not."""
        self._unsafe: dict[str, Since] = {}
        self._flashing: str = ""
        self._duty: float | None = 100.0
        self._filter: StateFilter[Any] = StateFilter()
        self._measured_at = self._read_back_at = now()

    @property
    def unsafe(self) -> bool:
        """Whether anything could do harm if nobody looked after it."""
        return bool(self._unsafe)

    # commands -----------------------------------------------------------------------------------------------

    def do(self, command: Told) -> Told:
        """Carry out *command* (`do` and its arguments). Raises BenchError and ValueError; then nothing is believed to
        have happened, and what may have is made safe by whoever calls."""
        verb = str(command.get("do"))
        action = _ACTIONS.get(verb)
        if action is None:
            raise ValueError(f"there is no command {verb!r}")
        if self.tripped and verb not in ("begin", "alive"):
            raise PortError(f"the bench was made safe: {self.tripped}")
        arguments = {name: value for name, value in command.items() if name not in ("do", "id")}
        return action(self, **arguments)

    def begin(self, test: str = "") -> Told:
        """Safe, whatever was, and nothing that went wrong before counts any more."""
        self.trip("")
        return {"test": test, "troubles": self.safe()}

    def safe(self) -> list[str]:
        """Make everything safe. What went wrong."""
        troubles = self.devices.make_safe()
        self._unsafe.clear()
        self._duty = 100.0
        return troubles

    def duty(self, pct: float, any: bool = False) -> Told:
        generator = self.devices.generator
        if generator is None:
            raise PortError("this bench has nothing that makes a pilot")
        pct = _percent(pct)
        if not any and not legal(pct):
            raise ValueError(f"a charging station puts out {LEGAL}, not {pct:g} %; a test must ask for it by `any`")
        was, self._duty = self._duty, pct
        # Before it is told: from then on nobody knows what it makes.
        self._mind("pwm", pct not in STEADY, f"PWM of {pct:g} %", self.spec.limits.pwm)
        self._mind("digital", pct == 5.0, "5 % with no car asking", self.spec.limits.unanswered)
        self._mind("state F", pct == 0.0, "state F", self.spec.limits.fault)
        asked = self._now()
        try:
            generator.set_duty_cycle_pct(pct)
        except BaseException:
            self._duty = was if was in STEADY and not self._unsafe else pct
            raise
        if pct == 100.0:
            self._unsafe.pop("state E", None)
        self._read_back_at = self._now()
        return {"pct": pct, "asked": asked}

    def state_e(self) -> Told:
        generator = self.devices.generator
        if generator is None or not generator.makes_state_e:
            raise PortError("this bench cannot put the pilot at 0 V")
        asked = self._now()
        self._mind("state E", True, "state E", self.spec.limits.fault)
        generator.set_state_e()
        self._duty = None
        for what in ("pwm", "digital", "state F"):
            self._unsafe.pop(what, None)
        return {"asked": asked}

    def load(self, load: str) -> Told:
        device = self.devices.load
        if device is None:
            raise PortError("this bench has no resistors of a car")
        wanted = CarLoad[load]
        if wanted not in device.loads:
            can = ", ".join(sorted(each.name for each in device.loads))
            raise PortError(f"{device.name} cannot be {wanted.name} ({wanted.value}); it can be {can}")
        asked = self._now()
        self._mind("demand", wanted in (CarLoad.C, CarLoad.D), f"state {wanted.name}", self.spec.limits.pwm)
        self._mind("fault", wanted in FAULTS, wanted.value, self.spec.limits.fault)
        device.set_load(wanted)
        return {"load": load, "asked": asked}

    def supply(self, who: str, on: bool) -> Told:
        if who not in self.devices.supplies:
            raise PortError(f"this bench cannot switch the power of the {who}'s adapter")
        if not on and self._flashing:
            raise PortError(f"the power stays on: {self._flashing}")
        asked = self._now()
        self.devices.supplies[who].set(on)
        return {"who": who, "on": on, "asked": asked}

    def contactor(self, name: str, closed: bool) -> Told:
        if name not in self.spec.contactors:
            raise PortError(f"this bench has no contactor {name!r}")
        if closed and not self.spec.energise:
            raise PortError(f"contactor {name} stays open: nothing energises a car without --allow-energise")
        board, channel = self.spec.contactors[name]
        self._mind(f"contactor {name}", closed, f"contactor {name} closed", self.spec.limits.energised)
        asked = self._now()
        self.devices.boards[board].set(channel, closed)
        return {"name": name, "closed": closed, "asked": asked}

    def flashing(self, why: str) -> Told:
        """*why* the power of adapters must stay on; empty: it need not any more."""
        self._flashing = why
        return {}

    def answered(self) -> Told:
        """A car asks: 5 % has its answer."""
        if "digital" in self._unsafe:
            self._mind("digital", True, "5 % with no car asking", self.spec.limits.unanswered)
        return {}

    def alive(self) -> Told:
        return {}

    def measure(self) -> Told:
        """The level now, and the duty cycle where it is measured."""
        told: Told = {}
        if self.devices.level is not None:
            level = self.devices.level.measure()
            told |= {"t_level": level.t, "high_v": level.high_v, "low_v": level.low_v, "share": level.high_share}
        if self.devices.duty is not None and (found := self.devices.duty.measure()) is not None:
            told |= {
                "t_duty": found.t,
                "frequency_hz": found.frequency_hz,
                "measured_pct": found.duty_cycle_pct,
                "uncertainty_pct": found.uncertainty_pct,
                "pulses": found.pulses,
            }
        if self.devices.generator is not None:
            told["says_pct"] = self.devices.generator.duty_cycle_pct()
        return told

    # by itself ----------------------------------------------------------------------------------------------

    def look(self, heard_at: Ns) -> Iterator[Told]:
        """Whatever is due. *heard_at*: when the program's last line came."""
        try:
            yield from self._measured()
            self._read_back()
        except BenchError as error:
            yield from self._made_safe(str(error))
            return
        now = self._now()
        if self._unsafe and now - heard_at > self.spec.limits.silence:
            yield from self._made_safe(f"the program has said nothing for {show(now - heard_at)}; it hangs, or sleeps")
            return
        for since in list(self._unsafe.values()):
            if now >= since.until:
                yield from self._made_safe(f"{since.what} has lasted {show(now - since.t)}")
                return

    def trip(self, why: str) -> None:
        self.tripped = why

    def _made_safe(self, why: str) -> Iterator[Told]:
        self.trip(why)
        yield {"event": "made safe", "t": self._now(), "why": why, "troubles": self.safe()}

    def _measured(self) -> Iterator[Told]:
        level = self.devices.level
        if level is None or self._now() < self._measured_at + MEASURE_EVERY:
            return
        measured = level.measure()
        self._measured_at = self._now()
        accepted = self._filter.saw(measured, measured.t)
        if self._filter.diode_fault:
            yield {"event": "fault", "t": measured.t, "what": "the car's diode is shorted or missing"}
        if accepted is not None:
            yield {
                "event": "level",
                "t": accepted.t,
                "state": accepted.state.value,
                "high_v": measured.high_v,
                "low_v": measured.low_v,
            }
            self._plausible(accepted.state)

    def _plausible(self, state: CpState) -> None:
        """What is measured at the generator's own output must be what it was told."""
        if state is CpState.FAULT:
            raise PortError("the pilot's level is none that a pilot can have; check divider, supply and wiring")
        if self._duty == 100.0 and state is CpState.F:
            raise PortError("+12 V was set, and -12 V is measured; check the driver stage")

    def _read_back(self) -> None:
        generator = self.devices.generator
        if generator is None or "pwm" not in self._unsafe or self._now() < self._read_back_at + READ_BACK_EVERY:
            return
        said = generator.duty_cycle_pct()
        self._read_back_at = self._now()
        if said is not None and self._duty is not None and abs(said - self._duty) > 0.5:
            raise PortError(f"{generator.name} was set to {self._duty:g} % and says {said:g} % now")

    def _mind(self, key: str, present: bool, what: str, limit: Ns) -> None:
        if not present:
            self._unsafe.pop(key, None)
            return
        now = self._now()
        self._unsafe[key] = Since(what, now, now + limit)


def _percent(pct: object) -> float:
    if isinstance(pct, bool) or not isinstance(pct, int | float) or pct != pct or not 0 <= pct <= 100:
        raise ValueError(f"a duty cycle is 0..100 %, got {pct!r}")
    return float(pct)


_ACTIONS: dict[str, Callable[..., Told]] = {
    "begin": Keeper.begin,
    "duty": Keeper.duty,
    "state_e": Keeper.state_e,
    "load": Keeper.load,
    "supply": Keeper.supply,
    "contactor": Keeper.contactor,
    "flashing": Keeper.flashing,
    "answered": Keeper.answered,
    "alive": Keeper.alive,
    "measure": Keeper.measure,
}
