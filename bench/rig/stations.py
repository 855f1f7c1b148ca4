"""What every arrangement has, simulated or real: one time line, one record, one pilot cable, stations of the bench."""

from __future__ import annotations

from contextlib import ExitStack

from bench.clock import Clock
from bench.drivers.priority import prompt
from bench.ports import EvsePilot, FramePort, PevPilot
from bench.pump import Pump
from bench.rig.config import RigConfig
from bench.rig.setup import Settings, Setup
from bench.sim.pilot import PilotLine
from bench.sim.world import World
from bench.station import EvseStation, PevStation, new_network
from bench.trace import Trace
from bench.wire import Wire


class Arrangement:
    """Base of the classes that build a `Setup`. *seed*: of everything random.

    The pilot is a simulated cable, also between real adapters: both its ends are the bench's then.
    """

    def __init__(self, config: RigConfig, settings: Settings, clock: Clock, seed: int) -> None:
        self.config, self.settings, self.clock = config, settings, clock
        self.world = World(clock, seed=seed)
        self.pump = Pump(clock)
        self.pump.participants.append(self.world)
        self.trace = Trace()
        self.pilot = PilotLine(self.world)
        self.rng = self.world.rng("bench")
        self.opened = ExitStack()
        self.prompt = config.real and self.opened.enter_context(prompt())

    def evse_station(self, port: FramePort, pilot: EvsePilot, name: str = "evse") -> EvseStation:
        station = EvseStation(
            Wire(port, self.trace, self.pump),
            pilot,
            new_network(self.rng),
            self.settings.evse,
            secc=self.settings.secc,
            key_settles=self.config.key_settles,
        )
        station.name = name
        self.opened.callback(pilot.close)
        self.pump.participants.append(station)
        return station

    def pev_station(self, port: FramePort, pilot: PevPilot) -> PevStation:
        wire = Wire(port, self.trace, self.pump)
        station = PevStation(wire, pilot, self.rng, self.settings.pev, evcc=self.settings.evcc)
        self.opened.callback(pilot.close)
        self.pump.participants.append(station)
        return station

    def prepared(self, ends: Setup) -> Setup:
        """*ends* with its adapters asked for their names and given their keys."""
        for station in ends.own_stations:
            station.prepare()
            assert station.adapter.identity is not None
            ends.firmware[station.adapter.name] = station.adapter.identity.version
        return ends
