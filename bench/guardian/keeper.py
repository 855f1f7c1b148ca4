"""What the guardian does with a command, and what it does by itself: pure but for the devices it is given.

Theory of operation. `do` carries out one command; `look` is called often and finds what has lasted too long, what does
not agree, what has gone. Both return what is to be told to the program. Once something has gone wrong the bench is
made safe and every command but `begin` is refused with the reason, so that a test cannot go on unaware.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.devices import FAULTS, CarLoad, LevelMeasured, Relays
from bench.errors import PortError
from bench.guardian.devices import Devices
from bench.guardian.spec import BenchSpec
from bench.pilot.following import SHORT_BELOW_V, STEADY_WITHIN_V, StateFilter
from bench.pilot.model import CpState
from bench.units import Ns, ms, s, show

Told = dict[str, Any]

STEADY = (0.0, 100.0)
LEGAL = "5, 10 to 96, 0 and 100 %"
READ_BACK_EVERY: Ns = s(1)
"""Each device that can be asked, while anything is unsafe: one that was pulled out answers nothing."""
AGREES_WITHIN_PCT = 0.5
MEASURE_EVERY: Ns = ms(100)
STOPPED = "the emergency stop is pressed, or its wire is broken"
FRESH: Ns = ms(500)
"""A level older than that is none."""


def legal(duty_cycle_pct: float) -> bool:
    """Whether a charging station may put this out; other values a test must ask for by `any`."""
    return duty_cycle_pct in (0.0, 5.0, 100.0) or 10.0 <= duty_cycle_pct <= 96.0


def disagreement(level: LevelMeasured, duty_cycle_pct: float | None) -> str:
    """What a generator's own output shows that cannot be what it was told (None: state E); empty: nothing.

    A pilot pulled down to 0 V agrees with everything: that is the cable, or the car.
    """
    if abs(level.high_v) < SHORT_BELOW_V:
        return ""
    steady = level.high_v - level.low_v < STEADY_WITHIN_V
    shows = f"a steady {level.high_v:+.1f} V" if steady else f"PWM of {level.high_v:+.1f} V and {level.low_v:+.1f} V"
    if duty_cycle_pct is None:
        return f"0 V was set, and {shows} is measured"
    if duty_cycle_pct == 100.0 and (not steady or level.high_v < 0):
        return f"+12 V was set, and {shows} is measured"
    if duty_cycle_pct == 0.0 and level.high_v > 0:
        return f"-12 V was set, and {shows} is measured"
    if duty_cycle_pct not in STEADY and legal(duty_cycle_pct) and steady:
        return f"PWM of {duty_cycle_pct:g} % was set, and {shows} is measured"
    return ""


class HalfDone(PortError):
    """A device failed at a command: what was to be done may have been done by half."""


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
        self.flashing_why = ""
        """Why the power of adapters must stay on; empty: it need not."""
        self._unsafe: dict[str, Since] = {}
        self._duty: float | None = 100.0
        self._filter: StateFilter[Any] = StateFilter()
        self._diode_told = False
        self._disagreed = ""
        self._measured_at = self._read_back_at = now()
        self._next_asked = 0
        self.stopped = False
        """By the emergency stop, for good: a person starts the program again."""
        self._duty_seen: float | None = None
        self._duty_at = now()

    @property
    def unsafe(self) -> bool:
        """Whether anything could do harm if nobody looked after it."""
        return bool(self._unsafe)

    # commands -----------------------------------------------------------------------------------------------

    def do(self, command: Told) -> Told:
        """Carry out *command* (`do` and its arguments).

        ValueError and PortError: refused, nothing has happened. HalfDone: a device failed, and whoever calls makes the
        bench safe.
        """
        verb = str(command.get("do"))
        action = _ACTIONS.get(verb)
        if action is None:
            raise ValueError(f"there is no command {verb!r}")
        if self.tripped and verb not in ("begin", "alive"):
            raise PortError(f"the bench was made safe: {self.tripped}")
        arguments = {name: value for name, value in command.items() if name not in ("do", "id")}
        try:
            inspect.signature(action).bind(self, **arguments)
        except TypeError as error:
            raise ValueError(f"{verb}: {error}") from None
        return action(self, **arguments)

    def begin(self, test: str = "") -> Told:
        """Safe, whatever was, and nothing that went wrong before counts any more. Levels are told anew."""
        if self.stopped:
            raise PortError(f"{STOPPED}; when the reason is over, unlatch it and start the program again")
        self._filter, self._diode_told, self._duty_seen = StateFilter(), False, None
        troubles = self.safe()
        self.trip("; ".join(troubles))
        return {"test": test, "troubles": troubles}

    def safe(self) -> list[str]:
        """Make everything safe. What went wrong."""
        troubles = self.devices.make_safe()
        self._unsafe.clear()
        self._duty, self._disagreed = 100.0, ""
        return troubles

    def duty(self, pct: float, any: bool = False) -> Told:
        generator = self.devices.generator
        if generator is None:
            raise PortError("this bench has nothing that makes a pilot")
        pct = _percent(pct)
        if not _yes_or_no(any) and not legal(pct):
            raise ValueError(f"a charging station puts out {LEGAL}, not {pct:g} %; a test must ask for it by `any`")
        limits = self.spec.limits
        asked = self._carry_out(
            lambda: generator.set_duty_cycle_pct(pct),
            self._since("pwm", pct not in STEADY, f"PWM of {pct:g} %", limits.pwm),
            self._since("digital", pct == 5.0, "5 % with no car asking", limits.unanswered),
            self._since("state F", pct == 0.0, "state F", limits.fault),
            self._since("state E", False, "state E", limits.fault),
        )
        self._duty, self._disagreed = pct, ""
        return {"pct": pct, "asked": asked}

    def state_e(self) -> Told:
        generator = self.devices.generator
        if generator is None or not generator.makes_state_e:
            raise PortError("this bench cannot put the pilot at 0 V")
        gone = (self._since(what, False, what, 0) for what in ("pwm", "digital", "state F"))
        limit = self.spec.limits.fault
        asked = self._carry_out(generator.set_state_e, self._since("state E", True, "state E", limit), *gone)
        self._duty, self._disagreed = None, ""
        return {"asked": asked}

    def load(self, load: str) -> Told:
        device = self.devices.load
        if device is None:
            raise PortError("this bench has no resistors of a car")
        if load not in CarLoad.__members__:
            raise ValueError(f"there is no load {load!r}; there are {', '.join(CarLoad.__members__)}")
        wanted = CarLoad[load]
        if wanted not in device.loads:
            can = ", ".join(sorted(each.name for each in device.loads))
            raise PortError(f"{device.name} cannot be {wanted.name} ({wanted.value}); it can be {can}")
        asked = self._carry_out(
            lambda: device.set_load(wanted),
            self._since("demand", wanted in (CarLoad.C, CarLoad.D), f"state {wanted.name}", self.spec.limits.pwm),
            self._since("fault", wanted in FAULTS, wanted.value, self.spec.limits.fault),
        )
        return {"load": load, "asked": asked}

    def supply(self, who: str, on: bool) -> Told:
        if who not in self.devices.supplies:
            raise PortError(f"this bench cannot switch the power of the {who}'s adapter")
        on = _yes_or_no(on)
        if not on and self.flashing_why:
            raise PortError(f"the power stays on: {self.flashing_why}")
        asked = self._carry_out(lambda: self.devices.supplies[who].set(on))
        return {"who": who, "on": on, "asked": asked}

    def contactor(self, name: str, closed: bool) -> Told:
        if name not in self.spec.contactors:
            raise PortError(f"this bench has no contactor {name!r}")
        if _yes_or_no(closed) and not self.spec.energise:
            raise PortError(f"contactor {name} stays open: nothing energises a car without --allow-energise")
        board, channel = self.spec.contactors[name]
        asked = self._carry_out(
            lambda: self.devices.boards[board].set(channel, closed),
            self._since(_contactor(name), closed, f"contactor {name} closed", self.spec.limits.energised),
        )
        return {"name": name, "closed": closed, "asked": asked}

    def flashing(self, why: str) -> Told:
        """*why* the power of adapters must stay on; empty: it need not any more."""
        self.flashing_why = str(why)
        return {}

    def answered(self) -> Told:
        """A car asks: 5 % has its answer."""
        if "digital" in self._unsafe:
            _, again = self._since("digital", True, self._unsafe["digital"].what, self.spec.limits.unanswered)
            assert again is not None
            self._unsafe["digital"] = again
        return {}

    def alive(self) -> Told:
        return {}

    def measure(self) -> Told:
        """The level now, and the duty cycle where it is measured."""
        told: Told = {}
        self._carry_out(lambda: told.update(self._measured_values()))
        return told

    # by itself ----------------------------------------------------------------------------------------------

    def look(self, heard_at: Ns) -> Iterator[Told]:
        """Whatever is due. *heard_at*: when the program's last line was done with."""
        if self.tripped:
            return
        if why := self._too_long(heard_at):
            yield from self.make_safe_because(why)
            return
        try:
            if self.devices.stop is not None and self.devices.stop.pressed():
                self.stopped = True
                yield from self.make_safe_because(STOPPED)
                return
            yield from self._measured()
            yield from self._station_measured()
            self._read_back()
        except Exception as error:  # whatever a driver throws, its device is not to be relied on
            yield from self.make_safe_because(str(error) or type(error).__name__)

    def _too_long(self, heard_at: Ns) -> str:
        now = self._now()
        if self._unsafe and now - heard_at > self.spec.limits.silence:
            return f"the program has said nothing for {show(now - heard_at)}; it hangs, or sleeps"
        for since in self._unsafe.values():
            if now >= since.until:
                return f"{since.what} has lasted {show(now - since.t)}"
        return ""

    def trip(self, why: str) -> None:
        self.tripped = why

    def make_safe_because(self, why: str) -> Iterator[Told]:
        """And refuse everything until `begin`."""
        self.trip(why)
        yield {"event": "made safe", "t": self._now(), "why": why, "troubles": self.safe()}

    def _measured(self) -> Iterator[Told]:
        level = self.devices.level
        if level is None or self._now() < self._measured_at + MEASURE_EVERY:
            return
        measured = level.measure()
        self._measured_at = self._now()
        if (age := self._measured_at - measured.t) > FRESH:
            raise PortError(f"{level.name} gives a reading that is {show(age)} old; it measures no more")
        accepted = self._filter.saw(measured, measured.t)
        if self._filter.diode_fault and not self._diode_told:
            yield {"event": "fault", "t": measured.t, "what": "the car's diode is shorted or missing"}
        self._diode_told = self._filter.diode_fault
        if accepted is not None:
            yield {
                "event": "level",
                "t": accepted.t,
                "state": accepted.state.value,
                "high_v": measured.high_v,
                "low_v": measured.low_v,
            }
            if accepted.state is CpState.FAULT:
                raise PortError(
                    f"{level.name} shows {measured.high_v:+.1f} V, a level that no pilot can have; "
                    "check divider, supply and wiring"
                )
        self._agree(measured)

    def _station_measured(self) -> Iterator[Told]:
        """What a charging station under test puts out, whenever that has changed."""
        meter = self.devices.duty
        if meter is None or self._now() < self._duty_at + MEASURE_EVERY:
            return
        found = meter.measure()
        self._duty_at = self._now()
        pct = None if found is None else found.duty_cycle_pct
        before, self._duty_seen = self._duty_seen, pct
        if found is None:
            if before is not None:
                yield {"event": "duty", "t": self._duty_at, "pct": None}
        elif before is None or abs(found.duty_cycle_pct - before) > found.uncertainty_pct + AGREES_WITHIN_PCT:
            yield {
                "event": "duty",
                "t": found.t,
                "pct": found.duty_cycle_pct,
                "frequency_hz": found.frequency_hz,
                "uncertainty_pct": found.uncertainty_pct,
            }
        else:
            self._duty_seen = before

    def _agree(self, measured: LevelMeasured) -> None:
        """Twice in a row what cannot be is no outlier."""
        if self.devices.generator is None:
            return
        before, self._disagreed = self._disagreed, disagreement(measured, self._duty)
        if before and self._disagreed:
            raise PortError(f"{self._disagreed}; check {self.devices.generator.name}, its driver stage and the wiring")

    def _read_back(self) -> None:
        """One device after the other, so that none keeps commands waiting for long."""
        questions = list(self._questions())
        if not self._unsafe or not questions:
            self._read_back_at = self._now()
            return
        if self._now() < self._read_back_at + READ_BACK_EVERY // len(questions):
            return
        self._next_asked = (self._next_asked + 1) % len(questions)
        questions[self._next_asked]()
        self._read_back_at = self._now()

    def _questions(self) -> Iterator[Callable[[], None]]:
        if self.devices.generator is not None and self._duty is not None:
            yield self._ask_generator
        for name, board in self.devices.boards.items():
            if board.confirms:
                yield lambda n=name, b=board: self._ask_board(n, b)  # type: ignore[misc]

    def _ask_generator(self) -> None:
        generator = self.devices.generator
        assert generator is not None
        said = generator.duty_cycle_pct()
        if said is not None and self._duty is not None and abs(said - self._duty) > AGREES_WITHIN_PCT:
            raise PortError(f"{generator.name} was set to {self._duty:g} % and says {said:g} % now")

    def _ask_board(self, name: str, board: Relays) -> None:
        """Its contactors, or any relay: whether it is still there."""
        contactors = {key: channel for key, (where, channel) in self.spec.contactors.items() if where == name}
        if not contactors:
            board.closed(next(iter(board.channels)))
        for key, channel in contactors.items():
            told, said = _contactor(key) in self._unsafe, board.closed(channel)
            if said is not None and said is not told:
                raise PortError(
                    f"contactor {key} was told to be {'closed' if told else 'open'}, and {board.name} says "
                    f"it is {'closed' if said else 'open'}"
                )

    def _measured_values(self) -> Iterator[tuple[str, Any]]:
        if self.devices.level is not None:
            level = self.devices.level.measure()
            yield from {
                "t_level": level.t,
                "high_v": level.high_v,
                "low_v": level.low_v,
                "share": level.high_share,
            }.items()
        if self.devices.duty is not None and (found := self.devices.duty.measure()) is not None:
            yield from {
                "t_duty": found.t,
                "frequency_hz": found.frequency_hz,
                "measured_pct": found.duty_cycle_pct,
                "uncertainty_pct": found.uncertainty_pct,
                "pulses": found.pulses,
            }.items()
        if self.devices.proximity is not None:
            plug = self.devices.proximity.measure()
            yield "plug_ohm", None if math.isinf(plug.ohm) else plug.ohm
            yield "plug", plug.coding.meaning
        if self.devices.generator is not None:
            yield "says_pct", self.devices.generator.duty_cycle_pct()

    # parts --------------------------------------------------------------------------------------------------

    def _carry_out(self, act: Callable[[], None], *after: tuple[str, Since | None]) -> Ns:
        """Tell a device, with what is unsafe *after* it. Returns when it was told.

        What becomes unsafe is so before the device is told, because from then on nobody knows; what ends is over once
        it is confirmed. What is unsafe already goes on counting.
        """
        before = dict(self._unsafe)
        for key, since in after:
            if since is not None:
                self._unsafe.setdefault(key, since)
        asked = self._now()
        try:
            act()
        except ValueError:
            self._unsafe = before
            raise
        except Exception as error:
            raise HalfDone(str(error) or type(error).__name__) from error
        for key, since in after:
            if since is None:
                self._unsafe.pop(key, None)
        return asked

    def _since(self, key: str, present: bool, what: str, limit: Ns) -> tuple[str, Since | None]:
        now = self._now()
        return key, Since(what, now, now + limit) if present else None


def _contactor(name: str) -> str:
    return f"contactor {name}"


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false, not {value!r}")
    return value


def _percent(pct: object) -> float:
    if isinstance(pct, bool) or not isinstance(pct, int | float) or not 0 <= pct <= 100:
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
