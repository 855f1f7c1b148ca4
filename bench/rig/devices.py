"""The devices of a rig while it is in use: their guardian, and simulated boards where the rig file wants them.

with RigDevices(config, locks, "nightly run") as devices:
    devices.begin("test_x", clock, pump, opened)        # for each arrangement
    pilot = devices.evse_pilot(line.evse, trace.note)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self

from bench.clock import SystemClock
from bench.guardian import BenchSpec, DeviceSpec, Guardian
from bench.guardian.loads import GuardedLoad
from bench.guardian.pilots import GuardedSupply, MeasuredPilot, PilotOnLine, Say
from bench.guardian.told import ToldPilot
from bench.mme import CmSlacParmReq
from bench.ports import EvsePilot, PevPilot, PowerSwitch
from bench.pump import Pump
from bench.rig.boards import SimulatedBoard, place_of
from bench.rig.config import RigConfig
from bench.rig.hardware import (
    AssumedDuty,
    EdgeDuty,
    GpioPilot,
    GpioRelays,
    ManualPower,
    Mcp3xxxLevel,
    RelayLoad,
    RelayPower,
    SimulatedLoad,
    SimulatedPilot,
    ToldLevel,
    simulated_boards,
)
from bench.sim.pilot import PevEnd
from bench.trace import Direction, Entry, FrameSeen, Trace


class RigDevices:
    """Opened and safe when the constructor returns. RigBusy, PortError with everything that is wrong."""

    def __init__(self, config: RigConfig, locks: tuple[str, ...], purpose: str, *, energise: bool = False) -> None:
        self.config = config
        self.boards: dict[str, SimulatedBoard] = {}
        self._open = ExitStack()
        place = place_of(config.rig.name)
        try:
            for name, table in simulated_boards(config.devices()).items():
                self.boards[name] = board = SimulatedBoard(name, table, place)
                self._open.callback(board.close)
            places = {name: board.path for name, board in self.boards.items()}
            log = str(place / "guardian.log") if self.boards else ""
            spec = spec_of(config, places, locks, purpose, energise=energise, log=log)
            self.guardian = self._open.enter_context(Guardian(spec))
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def lines(self) -> list[str]:
        """For a person: each device, and how far its duty cycle can be trusted."""
        found = [f"{name}: open and safe" for name in self.guardian.about["devices"]]
        if (accuracy := self.guardian.about["accuracy"]) is not None:
            _, error_pct, source = accuracy
            trust = "no verdict may depend on it" if error_pct is None else f"good to {error_pct:g} points"
            found.append(f"duty cycle of the pilot: {trust} ({source})")
        return found

    def begin(self, case: str, clock: SystemClock, pump: Pump, opened: ExitStack) -> None:
        """Everything safe for *case*, and from now on part of this clock and pump; *opened* undoes that."""
        self.guardian.origin = clock.origin
        self.guardian.begin(case)
        for board in self.boards.values():
            board.on_output = lambda _: None
            board.catch_up()
        participants: list[Guardian | SimulatedBoard] = [self.guardian, *self.boards.values()]
        for participant in participants:
            fd = participant.fileno()
            clock.watch(fd)
            opened.callback(clock.unwatch, fd)
            pump.participants.append(participant)

    def listen(self, trace: Trace, port: str) -> None:
        """A car that asks at *port* is what 5 % waits for: the guardian is told."""

        def heard(entry: Entry) -> None:
            if not isinstance(entry, FrameSeen) or not isinstance(entry.mme, CmSlacParmReq):
                return
            if entry.port == port and entry.direction is Direction.IN and not self.guardian.trouble:
                self.guardian.request("answered")

        trace.listeners.append(heard)

    def evse_pilot(self, line: EvsePilot, say: Say) -> EvsePilot:
        """The bench's station end: the device's, or the simulated *line* where there is none."""
        table = self.config.evse.pilot
        if isinstance(table, SimulatedPilot):
            return line
        if self.config.rig.driver == "pcap":
            if isinstance(self.config.evse.level, ToldLevel):
                return ToldPilot(self.guardian, say, plugged=self.config.pev.plug == "stays")
            return MeasuredPilot(self.guardian, say)
        _follow(self.boards["evse.pilot"], lambda output: line.set_duty_cycle_pct(output["duty_cycle_pct"]))
        return PilotOnLine(self.guardian, say, line)

    def pev_pilot(self, line: PevEnd, say: Say) -> PevPilot:
        """The bench's car end: the device's, or the simulated *line* where there is none."""
        table, duty = self.config.pev.load, self.config.pev.duty
        if isinstance(table, SimulatedLoad):
            return line
        assumed = duty.pct if isinstance(duty, AssumedDuty) else None
        if self.config.rig.driver == "pcap":
            return GuardedLoad(self.guardian, say, assumed_pct=assumed)
        assert isinstance(table, RelayLoad)
        _follow(self.boards[f"relays.{table.board}"], partial(_as_car, line, table.wiring))
        return GuardedLoad(self.guardian, say, line=line)

    def supply(self, who: str, simulated: PowerSwitch | None, say: Say) -> PowerSwitch | None:
        """What switches the *who*'s adapter; None where the rig has nothing for it.

        simulated  the virtual adapter's own switch, which follows a simulated relay; None: it is a real one
        """
        table = (self.config.evse if who == "evse" else self.config.pev).power
        if table is None or isinstance(table, ManualPower):
            return None
        board = self.boards.get(f"relays.{table.board}") if isinstance(table, RelayPower) else None
        if board is not None and simulated is not None and isinstance(table, RelayPower):
            closed_is_on, channel = table.on_when == "closed", table.channel

            def switched(closed: list[int]) -> None:
                simulated.on() if (channel in closed) is closed_is_on else simulated.off()

            _follow(board, switched)
        return GuardedSupply(self.guardian, who, say)


def _follow(board: SimulatedBoard, follow: Callable[[Any], None]) -> None:
    """From what it puts out now on, beside whoever follows it already."""
    before = board.on_output

    def both(output: Any) -> None:
        before(output)
        follow(output)

    board.on_output = both
    if board.output is not None:
        follow(board.output)


def _as_car(line: PevEnd, wiring: Mapping[str, int], closed: list[int]) -> None:
    """The simulated car's end, as relays have it."""
    on = {name for name, channel in wiring.items() if channel in closed}
    plug = "plug" if "plug" in wiring else "r_b"
    line.set_charge_ready("r_c" in on or "r_d" in on, ventilation="r_d" in on)
    if plug not in wiring or plug in on:
        line.plug_in()
    else:
        line.unplug()


def locks_of(config: RigConfig) -> tuple[str, ...]:
    """What a program that uses this rig keeps from others."""
    return (f"rig {config.rig.name}", *(f"interface {name}" for name in config.interfaces().values()))


def pins_taken(config: RigConfig) -> list[int]:
    """GPIO that something else of the bench uses, so that no relay is put on them by mistake."""
    taken: list[int] = []
    if isinstance(config.evse.pilot, GpioPilot):
        taken.append(config.evse.pilot.pin)
    if isinstance(config.evse.level, Mcp3xxxLevel):
        taken += [9, 10, 11, 8 - config.evse.level.device]
    if isinstance(config.pev.duty, EdgeDuty):
        taken += [config.pev.duty.rising_line, config.pev.duty.falling_line]
    if config.proximity is not None:
        taken += [9, 10, 11, 8 - config.proximity.device]
    taken += [table.pin for table in (config.emergency_stop, config.dead_man) if table is not None]
    return taken


def spec_of(
    config: RigConfig, places: dict[str, str], locks: tuple[str, ...], purpose: str, *, energise: bool, log: str
) -> BenchSpec:
    """What the guardian is told. *places*: terminals of simulated boards."""
    tables = config.devices()

    def spec(name: str) -> DeviceSpec | None:
        table = tables.get(name)
        return None if table is None or table.driver == "manual" else table.spec({name: places.get(name, "")})

    supplies = {who: made for who in ("evse", "pev") if (made := spec(f"{who}.power")) is not None}
    boards = {name: made for name in config.relays if (made := spec(f"relays.{name}")) is not None}
    for name, table in config.relays.items():
        if isinstance(table, GpioRelays):
            boards[name] = replace(boards[name], options={**boards[name].options, "taken": pins_taken(config)})
    return BenchSpec(
        config.rig.name,
        locks,
        purpose,
        generator=spec("evse.pilot"),
        level=spec("evse.level"),
        load=spec("pev.load"),
        duty=spec("pev.duty"),
        proximity=spec("proximity"),
        stop=spec("emergency_stop"),
        dead_man=spec("dead_man"),
        boards=boards,
        supplies=supplies,
        contactors={name: (table.board, table.channel) for name, table in config.contactors.items()},
        energise=energise,
        log=log,
    )
