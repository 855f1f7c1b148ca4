"""What a guardian is told of a bench: devices as plain values, and how long what is unsafe may last.

A spec crosses a pipe, so it is made of what JSON knows. Checking it for a person is the rig file's business; here a
driver or a key that does not exist is a ConfigError all the same.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from bench.errors import ConfigError, did_you_mean
from bench.units import Ns, ms, s

DRIVERS: dict[str, tuple[str, str]] = {
    "xy-lpwm": ("bench.drivers.pilot.xy_lpwm", "XyLpwm"),
    "xy-lpwm-3": ("bench.drivers.pilot.xy_lpwm_3", "XyLpwm3"),
    "n76e003": ("bench.drivers.pilot.n76e003", "N76e003"),
    "sysfs-pwm": ("bench.drivers.pilot.sysfs_pwm", "SysfsPwm"),
    "gpio-pwm": ("bench.drivers.pilot.gpio_pwm", "GpioPwm"),
    "mcp3xxx": ("bench.drivers.sense.mcp3xxx", "Mcp3xxx"),
    "mcp3xxx-proximity": ("bench.drivers.sense.proximity", "Mcp3xxxProximity"),
    "edges": ("bench.drivers.sense.edges", "EdgeMeter"),
    "lcus": ("bench.drivers.relays.lcus", "Lcus"),
    "numato": ("bench.drivers.relays.numato", "Numato"),
    "icse": ("bench.drivers.relays.icse", "Icse"),
    "gpio-relays": ("bench.drivers.relays.gpio", "GpioRelays"),
    "relay-load": ("bench.drivers.load.relays", "RelayLoad"),
    "dieter": ("bench.drivers.load.dieter", "Dieter"),
    "celeron55": ("bench.drivers.load.celeron55", "Celeron55"),
    "relay-supply": ("bench.drivers.power.relay", "RelaySupply"),
    "uhubctl": ("bench.drivers.power.uhubctl", "Uhubctl"),
    "gpio-stop": ("bench.drivers.safety.gpio", "GpioStop"),
    "gpio-dead-man": ("bench.drivers.safety.gpio", "GpioDeadMan"),
    "command": ("bench.drivers.power.command", "CommandSupply"),
}
"""Module and class of each driver, imported when it is used: a bench without a Raspberry Pi needs none of its
libraries."""


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """driver   a name out of DRIVERS
    options  its arguments, by name
    board    name of the relay board it works through, where it does
    """

    driver: str
    options: Mapping[str, Any] = field(default_factory=dict)
    board: str = ""

    def build(self, boards: Mapping[str, Any]) -> Any:
        """The device, not opened yet. ConfigError for what its driver does not take."""
        if self.driver not in DRIVERS:
            raise ConfigError(f"there is no driver {self.driver!r}{did_you_mean(self.driver, DRIVERS)}")
        module, name = DRIVERS[self.driver]
        made = getattr(importlib.import_module(module), name)
        arguments = dict(self.options)
        if self.board:
            if self.board not in boards:
                raise ConfigError(f"{self.driver}: there is no relay board {self.board!r}")
            arguments["relays"] = boards[self.board]
        for name, parameter in inspect.signature(made).parameters.items():
            if parameter.annotation == "Path" and name in arguments:
                arguments[name] = Path(arguments[name])
        try:
            inspect.signature(made).bind(**arguments)
            return made(**arguments)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{self.driver}: {error}") from None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long what is not safe may last, ns.

    silence      no line from the program, while anything is unsafe
    unanswered   5 % with no car asking; longer than TT_EVSE_SLAC_init (20 to 50 s)
    pwm          any PWM; longer than a test may take
    fault        a shorted pilot, a bypassed diode, E or F
    energised    a contactor closed
    """

    silence: Ns = ms(1500)
    unanswered: Ns = s(60)
    pwm: Ns = s(310)
    fault: Ns = s(10)
    energised: Ns = s(60)


@dataclass(frozen=True, slots=True)
class BenchSpec:
    """One bench.

    locks, purpose   of `bench.lock.RigLock`
    generator        a PilotGenerator        level      a LevelMeter on its output
    load             a PilotLoad             duty       a DutyMeter behind it
    proximity        a ProximityMeter
    stop             an EmergencyStop         dead_man   a DeadMan, which hardware waits for
    boards           Relays, by name         supplies   Supply, by whose adapter it feeds
    contactors       (board, channel) of what energises a car, by name; closed only if *energise*
    log              file that gets a line for whatever the guardian does
    """

    name: str
    locks: tuple[str, ...] = ()
    purpose: str = ""
    generator: DeviceSpec | None = None
    level: DeviceSpec | None = None
    load: DeviceSpec | None = None
    duty: DeviceSpec | None = None
    proximity: DeviceSpec | None = None
    stop: DeviceSpec | None = None
    dead_man: DeviceSpec | None = None
    boards: Mapping[str, DeviceSpec] = field(default_factory=dict)
    supplies: Mapping[str, DeviceSpec] = field(default_factory=dict)
    contactors: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    energise: bool = False
    limits: Limits = Limits()
    log: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The other way round. ConfigError for anything else."""
        try:
            return TypeAdapter(cls).validate_python(told)
        except ValidationError as error:
            raise ConfigError(*(f"{detail['loc']}: {detail['msg']}" for detail in error.errors())) from None
