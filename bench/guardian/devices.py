"""The devices of a bench as a whole: opened together, made safe in one order, closed together.

The order is that of the bench's safety rules: first what energises, then what offers, then what asks, then what feeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from bench.devices import (
    DeadMan,
    Device,
    DutyMeter,
    EmergencyStop,
    LevelMeter,
    PilotGenerator,
    PilotLoad,
    ProximityMeter,
    Relays,
    Supply,
)
from bench.errors import ConfigError, PortError
from bench.guardian.spec import BenchSpec
from bench.guardian.steps import Step, take
from bench.pilot.following import STEADY_WITHIN_V
from bench.pilot.model import CpState, cp_state_from_level
from bench.units import ms, s, to_s

TWO_PERIODS = ms(2)
TAKES_EFFECT = ms(200)
"""A board that wants a pause between two commands makes 100 % by then, and confirms it later."""
OF_ONE_DEVICE = s(4)
"""A board that is told three times and answers none of them."""
PEER_LEAVES_WITHIN = s(3)
LOOK_EVERY = ms(100)
CLOSES_WITHIN = s(3)

Log = Callable[[str], None]


@dataclass
class Devices:
    """Those of *spec*, not opened yet. ConfigError for a spec that cannot be."""

    spec: BenchSpec
    log: Log = lambda _: None
    generator: PilotGenerator | None = None
    level: LevelMeter | None = None
    load: PilotLoad | None = None
    duty: DutyMeter | None = None
    proximity: ProximityMeter | None = None
    stop: EmergencyStop | None = None
    dead_man: DeadMan | None = None
    boards: dict[str, Relays] = field(default_factory=dict)
    supplies: dict[str, Supply] = field(default_factory=dict)
    _offers_nothing: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        spec = self.spec
        self.boards = {name: board.build({}) for name, board in spec.boards.items()}
        built = {
            name: one.build(self.boards)
            for name in ("generator", "level", "load", "duty", "proximity", "stop", "dead_man")
            if (one := getattr(spec, name)) is not None
        }
        self.generator, self.level = built.get("generator"), built.get("level")
        self.load, self.duty = built.get("load"), built.get("duty")
        self.proximity = built.get("proximity")
        self.stop, self.dead_man = built.get("stop"), built.get("dead_man")
        self.supplies = {name: supply.build(self.boards) for name, supply in spec.supplies.items()}
        for name, (board, channel) in spec.contactors.items():
            if board not in self.boards or channel not in self.boards[board].channels:
                raise ConfigError(f"contactor {name}: there is no relay {channel} of a board {board!r}")

    def every(self) -> Iterator[Device]:
        """In the order they are opened: boards before what works through them, after what feeds them."""
        yield from (one for one in (self.stop, self.dead_man) if one is not None)
        yield from self.boards.values()
        looking = (self.level, self.duty, self.proximity)
        yield from (one for one in (self.generator, self.load, *looking) if one is not None)
        yield from self.supplies.values()

    def open(self) -> None:
        """All of them, each safe once it is open. PortError naming every one that cannot be; then none is left open."""
        troubles = []
        for device in self.every():
            try:
                device.open()
                self.log(f"{device.name}: open and safe")
            except Exception as error:  # whatever a library throws, the others are made safe
                troubles.append(str(error) or f"{device.name}: {type(error).__name__}")
        if troubles:
            self.close()
            raise PortError("\n".join(troubles))

    def make_safe(self) -> list[str]:
        """The shutdown sequence but for closing. Returns what went wrong, in a line each."""
        self._offers_nothing = False
        return [*take(self._safe_steps(), self.log), *take(self._proofs(), self.log)]

    def close(self, sparing: Collection[str] = ()) -> list[str]:
        """Let go of all of them. Devices make themselves safe once more when they close.

        sparing  boards whose relays stay as they are: this process ends without a word to them
        """
        order: list[Device] = [*self.supplies.values()]
        order += [one for one in (self.proximity, self.duty, self.level) if one is not None]
        order += [one for one in (self.load, self.generator) if one is not None]
        order += [one for one in (self.stop, self.dead_man) if one is not None]
        order += [board for name, board in self.boards.items() if name not in sparing]
        return take([Step(f"{each.name}: close", each.close, CLOSES_WITHIN) for each in order], self.log)

    @property
    def feeding(self) -> frozenset[str]:
        """Boards whose relays switch the supply of an adapter."""
        return frozenset(supply.board for supply in self.spec.supplies.values() if supply.board)

    def _safe_steps(self) -> Iterator[Step]:
        for name, (board, channel) in self.spec.contactors.items():
            relays = self.boards[board]
            yield Step(f"contactor {name} open", lambda r=relays, c=channel: r.set(c, False), OF_ONE_DEVICE)  # type: ignore[misc]
        if self.generator is not None:
            yield Step(f"{self.generator.name}: 100 %", self._no_offer, OF_ONE_DEVICE, TAKES_EFFECT)
        if self.load is not None:
            yield Step(f"{self.load.name}: unplugged", self.load.make_safe, OF_ONE_DEVICE)
        elif self.level is not None and self.generator is not None:
            yield Step("the car leaves C and D", self._car_left, PEER_LEAVES_WITHIN + s(1))
        for whose, supply in self.supplies.items():
            yield Step(f"power of the {whose}'s adapter on", supply.make_safe, OF_ONE_DEVICE)

    def _proofs(self) -> Iterator[Step]:
        """That there is no PWM: by the generator's word, unless it has just failed to give it, and by the level."""
        if self.generator is not None and self._offers_nothing:
            yield Step("no PWM, says the generator", self._says_no_pwm, OF_ONE_DEVICE)
        if self.generator is not None and self.level is not None:
            yield Step("no PWM, by its level", self._shows_no_pwm, OF_ONE_DEVICE)

    def _no_offer(self) -> None:
        assert self.generator is not None
        self.generator.make_safe()
        self._offers_nothing = True
        time.sleep(to_s(TWO_PERIODS))

    def _car_left(self) -> None:
        """A car that still asks for energy is told so by the missing offer, and opens S2."""
        assert self.level is not None
        end = time.monotonic_ns() + PEER_LEAVES_WITHIN
        while cp_state_from_level(self.level.measure().high_v) in (CpState.C, CpState.D):
            if time.monotonic_ns() >= end:
                raise PortError("the car is still in C or D; do not pull the plug before it has left")
            time.sleep(to_s(LOOK_EVERY))

    def _shows_no_pwm(self) -> None:
        assert self.level is not None
        level = self.level.measure()
        if level.high_v - level.low_v >= STEADY_WITHIN_V:
            raise PortError(f"{self.level.name} still shows {level.high_v:+.1f} V and {level.low_v:+.1f} V in turns")

    def _says_no_pwm(self) -> None:
        assert self.generator is not None
        said = self.generator.duty_cycle_pct()
        if said is not None and said not in (0.0, 100.0):
            raise PortError(f"{self.generator.name} still says it makes {said:g} %")
