"""The tables of a rig file that say how pilot, levels, resistors, relays and power are driven.

Each has a key `driver`; which other keys it takes follows from that. A serial `port` may be "simulated": then the rig
starts a simulated board, in a process of its own, on a pseudo-terminal.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from bench.guardian import DeviceSpec

SIMULATED = "simulated"


class Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class DeviceTable(Table):
    """What every table of a device can say of itself."""

    driver: str

    def spec(self, places: dict[str, str]) -> DeviceSpec:
        """For the guardian. *places*: where its simulated board is, under the name of this table."""
        options = self.model_dump(exclude={"driver", "board"}, exclude_none=True)
        if options.get("port") == SIMULATED:
            (options["port"],) = places.values()
        return DeviceSpec(self.driver, options, getattr(self, "board", ""))

    @property
    def simulated_as(self) -> str:
        """Which board of `python -m bench.sim.boards` it is, where its port is simulated; else empty."""
        return self.driver if getattr(self, "port", "") == SIMULATED else ""


Port = Annotated[str, Field(min_length=1)]


# pilot ---------------------------------------------------------------------------------------------------------


class SimulatedPilot(DeviceTable):
    """The default: a simulated generator at a simulated cable."""

    driver: Literal["simulated"] = "simulated"


class SerialPilot(DeviceTable):
    """A serial PWM board: one of the XY-LPWM family, output 1 of its sister with three outputs, or an N76E003 board
    with the open firmware. port: a path below /dev/serial/by-path, or "simulated".
    """

    driver: Literal["xy-lpwm", "xy-lpwm-3", "n76e003"]
    port: Port


class SysfsPilot(DeviceTable):
    """Linux hardware PWM, the usual choice on a Raspberry Pi.

    chip, channel  as in sysfs, e.g. "1f00098000.pwm" and 2
    adopt          take over a channel that somebody else has exported
    """

    driver: Literal["sysfs-pwm"]
    chip: str
    channel: int = Field(ge=0)
    root: str | None = None
    adopt: bool = False


class GpioPilot(DeviceTable):
    """gpiozero's software PWM: no verdict may depend on its duty cycle."""

    driver: Literal["gpio-pwm"]
    pin: int = Field(ge=0)
    factory: str = "lgpio"
    active_high: bool = True


class ManualPilot(DeviceTable):
    """A person sets it and says so."""

    driver: Literal["manual"]


PilotTable: TypeAlias = Annotated[
    SimulatedPilot | SerialPilot | SysfsPilot | GpioPilot | ManualPilot, Field(discriminator="driver")
]


# levels ---------------------------------------------------------------------------------------------------------


class ToldLevel(DeviceTable):
    """The default: nothing measures the pilot, so a person says when the plug is in."""

    driver: Literal["told"] = "told"


class Mcp3xxxLevel(DeviceTable):
    """An MCP3004, 3008, 3204 or 3208 behind a divider.

    slope, offset_v  volts at the ADC are slope times volts at the pilot plus offset
    """

    driver: Literal["mcp3xxx"]
    chip: Literal["MCP3004", "MCP3008", "MCP3204", "MCP3208"] = "MCP3008"
    channel: int = Field(ge=0, le=7)
    slope: float = Field(gt=0)
    offset_v: float
    reference_v: float = Field(default=3.3, gt=0)
    device: Literal[0, 1] = 0
    factory: str = "lgpio"


class Mcp3xxxProximity(DeviceTable):
    """[proximity]: the plug's resistor, through another input of such a converter.

    pull_up_ohm, supply_v  what PP is pulled up by; parallel_ohm: from PP to PE in the bench's own socket
    """

    driver: Literal["mcp3xxx-proximity"] = "mcp3xxx-proximity"
    chip: Literal["MCP3004", "MCP3008", "MCP3204", "MCP3208"] = "MCP3008"
    channel: int = Field(ge=0, le=7)
    pull_up_ohm: float = Field(gt=0)
    supply_v: float = Field(default=3.3, gt=0)
    parallel_ohm: float | None = Field(default=None, gt=0)
    reference_v: float = Field(default=3.3, gt=0)
    device: Literal[0, 1] = 0
    factory: str = "lgpio"


LevelTable: TypeAlias = Annotated[ToldLevel | Mcp3xxxLevel, Field(discriminator="driver")]


# the car's end --------------------------------------------------------------------------------------------------


class SimulatedLoad(DeviceTable):
    """The default: a simulated car's resistors at a simulated cable."""

    driver: Literal["simulated"] = "simulated"


class RelayLoad(DeviceTable):
    """Resistors behind relays. board: a table of [relays]; wiring: channels of plug, r_b, r_c, r_d and fault relays."""

    driver: Literal["relay-load"]
    board: str
    wiring: dict[str, int]
    d_keeps_c: bool = False


class SerialLoad(DeviceTable):
    """uhi22's Dieter, or celeron55's device."""

    driver: Literal["dieter", "celeron55"]
    port: Port


class ManualLoad(DeviceTable):
    """A person puts the plug in, and switches the resistors."""

    driver: Literal["manual"]


LoadTable: TypeAlias = Annotated[SimulatedLoad | RelayLoad | SerialLoad | ManualLoad, Field(discriminator="driver")]


class AssumedDuty(DeviceTable):
    """The default: nothing measures the charging station's PWM; once plugged in, it is taken for *pct*."""

    driver: Literal["assumed"] = "assumed"
    pct: float = Field(default=5.0, ge=0, le=100)


class EdgeDuty(DeviceTable):
    """By the edges of a comparator on two GPIO lines, one for each direction. chip: "/dev/gpiochip0"."""

    driver: Literal["edges"]
    chip: str
    rising_line: int = Field(ge=0)
    falling_line: int = Field(ge=0)


DutyTable: TypeAlias = Annotated[AssumedDuty | EdgeDuty, Field(discriminator="driver")]


# relays, power --------------------------------------------------------------------------------------------------


class SerialRelays(DeviceTable):
    """LCUS, Numato or ICSE relay board. port: a path, or "simulated"."""

    driver: Literal["lcus", "numato", "icse"]
    port: Port
    channels: int = Field(ge=1, le=32)

    def spec(self, places: dict[str, str]) -> DeviceSpec:
        made = super().spec(places)
        if self.driver != "icse":
            return made
        # Waking an ICSE board a second time closes its relays for a moment, so it is noted that it is awake.
        port = re.sub(r"[^A-Za-z0-9]+", "-", str(made.options["port"])).strip("-")
        note = Path(tempfile.gettempdir()) / f"ccs-bench-icse-{port}-is-awake"
        return replace(made, options={**made.options, "note": str(note)})


class GpioRelays(DeviceTable):
    """Relays on GPIO pins, channel 1 first."""

    driver: Literal["gpio-relays"]
    pins: list[int]
    active_high: bool = True
    factory: str = "lgpio"


RelaysTable: TypeAlias = Annotated[SerialRelays | GpioRelays, Field(discriminator="driver")]


class RelayPower(DeviceTable):
    """The adapter's supply through a relay. board: a table of [relays]; on_when: "closed" or "released"."""

    driver: Literal["relay-supply"]
    board: str
    channel: int = Field(ge=1)
    on_when: Literal["closed", "released"]


class UsbPower(DeviceTable):
    """A port of a USB hub, by uhubctl. location: as uhubctl lists it, e.g. "1-1.4"."""

    driver: Literal["uhubctl"]
    location: str
    port: int = Field(ge=1)
    shared_is_ok: bool = False


class CommandPower(DeviceTable):
    """Any two programs with their arguments, e.g. of a network socket. check: exit status 0 where it is on."""

    driver: Literal["command"]
    label: str = "the adapter's supply"
    on: list[str] = Field(min_length=1)
    off: list[str] = Field(min_length=1)
    check: list[str] | None = None


class ManualPower(DeviceTable):
    """A person pulls the adapter's plug, and puts it in again."""

    driver: Literal["manual"]


PowerTable: TypeAlias = Annotated[RelayPower | UsbPower | CommandPower | ManualPower, Field(discriminator="driver")]


class StopTable(DeviceTable):
    """[emergency_stop]: a normally closed contact from a GPIO to ground. Pressed, or broken, all is made safe."""

    driver: Literal["gpio-stop"] = "gpio-stop"
    pin: int = Field(ge=0)
    factory: str = "lgpio"


class DeadManTable(DeviceTable):
    """[dead_man]: a GPIO that toggles while the guardian lives; hardware behind it cuts pilot and relays."""

    driver: Literal["gpio-dead-man"] = "gpio-dead-man"
    pin: int = Field(ge=0)
    factory: str = "lgpio"


class ContactorTable(Table):
    """What energises a car, or lets its own battery out. It stays open unless the run has --allow-energise."""

    board: str
    channel: int = Field(ge=1)


# the whole ------------------------------------------------------------------------------------------------------


def simulated_boards(tables: dict[str, DeviceTable]) -> dict[str, DeviceTable]:
    """Those whose port is simulated, by the name of their table."""
    return {name: table for name, table in tables.items() if table.simulated_as}


def wiring_mistakes(tables: dict[str, DeviceTable], contactors: dict[str, ContactorTable]) -> Iterator[str]:
    """Relays that are not there, or that two things use."""
    boards = {name: table for name, table in tables.items() if isinstance(table, SerialRelays | GpioRelays)}
    taken: dict[tuple[str, int], str] = {}
    through: dict[str, RelayPower | RelayLoad | ContactorTable] = {
        where: table for where, table in tables.items() if isinstance(table, RelayPower | RelayLoad)
    }
    for where, table in (through | {f"contactors.{name}": one for name, one in contactors.items()}).items():
        board = boards.get(f"relays.{table.board}")
        if board is None:
            known = ", ".join(name.removeprefix("relays.") for name in boards) or "none"
            yield f"{where}.board: there is no [relays.{table.board}]; there are {known}"
            continue
        used = table.wiring if isinstance(table, RelayLoad) else {"channel": table.channel}
        count = len(board.pins) if isinstance(board, GpioRelays) else board.channels
        for key, channel in used.items():
            if channel > count:
                yield f"{where}.{key}: relays.{table.board} has {count} channels, not {channel}"
            place = (table.board, channel)
            if place in taken:
                yield f"{where}.{key}: channel {channel} of relays.{table.board} is {taken[place]}'s already"
            taken[place] = where
