"""The devices of a rig while it is in use: their guardian, and simulated boards where the rig file wants them.

with RigDevices(config, locks, "nightly run") as devices:
    devices.begin("test_x", clock, pump, opened)        # for each arrangement
    pilot = devices.evse_pilot(line.evse, trace.note)
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from bench.clock import SystemClock
from bench.guardian import BenchSpec, DeviceSpec, Guardian
from bench.guardian.pilots import GuardedSupply, MeasuredPilot, PilotOnLine, Say
from bench.ports import EvsePilot, PowerSwitch
from bench.pump import Pump
from bench.rig.boards import SimulatedBoard, place_of
from bench.rig.config import RigConfig
from bench.rig.hardware import RelayPower, SimulatedPilot, simulated_boards


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

    def begin(self, case: str, clock: SystemClock, pump: Pump, opened: ExitStack) -> None:
        """Everything safe for *case*, and from now on part of this clock and pump; *opened* undoes that."""
        self.guardian.origin = clock.origin
        self.guardian.begin(case)
        participants: list[Guardian | SimulatedBoard] = [self.guardian, *self.boards.values()]
        for participant in participants:
            fd = participant.fileno()
            clock.watch(fd)
            opened.callback(clock.unwatch, fd)
            pump.participants.append(participant)

    def evse_pilot(self, line: EvsePilot, say: Say) -> EvsePilot:
        """The bench's station end: the device's, or the simulated *line* where there is none."""
        table = self.config.evse.pilot
        if isinstance(table, SimulatedPilot):
            return line
        board = self.boards.get("evse.pilot")
        if board is None:
            return MeasuredPilot(self.guardian, say)
        _follow(board, lambda output: line.set_duty_cycle_pct(output["duty_cycle_pct"]))
        return PilotOnLine(self.guardian, say, line)

    def supply(self, who: str, simulated: PowerSwitch, say: Say) -> PowerSwitch | None:
        """What switches the *who*'s adapter; None where the rig has nothing for it.

        simulated  the virtual adapter's own switch, which follows a simulated relay
        """
        table = (self.config.evse if who == "evse" else self.config.pev).power
        if table is None:
            return None
        board = self.boards.get(f"relays.{table.board}") if isinstance(table, RelayPower) else None
        if board is not None and isinstance(table, RelayPower):
            closed_is_on, channel = table.on_when == "closed", table.channel

            def switched(closed: list[int]) -> None:
                simulated.on() if (channel in closed) is closed_is_on else simulated.off()

            _follow(board, switched)
        return GuardedSupply(self.guardian, who, say)


def _follow(board: SimulatedBoard, follow: Callable[[Any], None]) -> None:
    """From what it puts out now on."""
    board.on_output = follow
    if board.output is not None:
        follow(board.output)


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
    return BenchSpec(
        config.rig.name,
        locks,
        purpose,
        generator=spec("evse.pilot"),
        boards=boards,
        supplies=supplies,
        energise=energise,
        log=log,
    )
