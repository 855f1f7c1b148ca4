"""The simulated bench: one world per test, on a virtual clock, with the same seed every time."""

from __future__ import annotations

import random
import zlib

from bench.clock import VirtualClock
from bench.ids import MacAddress, Nid, Nmk
from bench.profiles import AdapterProfile
from bench.profiles import adapter as adapter_profile
from bench.profiles import charger as charger_profile
from bench.profiles import vehicle as vehicle_profile
from bench.pump import Pump
from bench.rig.config import RigConfig
from bench.rig.setup import Settings, Setup, SutChoice
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.car import SimCar, modem_of
from bench.sim.charger import SimCharger, first_key
from bench.sim.pilot import PilotLine
from bench.sim.port import SimPort
from bench.sim.powerline import CABLE_DB, Powerline
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.sim.world import World
from bench.station import EvseStation, PevStation, new_network
from bench.trace import Trace
from bench.wire import Wire

EVSE_HOST = MacAddress(bytes.fromhex("02000000e5e1"))
PEV_HOST = MacAddress(bytes.fromhex("020000000e51"))
NEIGHBOUR_HOST = MacAddress(bytes.fromhex("02000000e5e2"))
EVSE_MODEM = bytes([0, 0, 0xE5])
PEV_MODEM = bytes([0, 0, 0x0E])
UNPLUGGED_DB = 75.0
"""Between a car and a station it is not plugged into. Cars at a neighbouring station are heard at 61..81 dB."""
NEIGHBOUR_MODEM = bytes([0, 1, 0xE5])


class SimulatedBench:
    """Builds the two ends of a cable in a fresh world. Made by `open_rig`, once per test."""

    def __init__(self, config: RigConfig, choice: SutChoice, settings: Settings, case: str) -> None:
        self.config, self.choice, self.settings = config, choice, settings
        self.clock = VirtualClock()
        self.world = World(self.clock, seed=zlib.crc32(f"{config.rig.seed}/{case}".encode()))
        self.pump = Pump(self.clock)
        self.pump.participants.append(self.world)
        self.trace = Trace()
        self.line = Powerline(self.world, loss=config.line.loss)
        self.pilot = PilotLine(self.world)
        self.rng = self.world.rng("bench")
        self.path_db = CABLE_DB if config.line.attenuation_db is None else config.line.attenuation_db

    def setup(self) -> Setup:
        match self.choice.kind:
            case "pev":
                evse = self._own_evse()
                car = self._car()
                ends = Setup(self.choice.name, evse, car, *self._common(), self.pilot.evse.read)
            case "evse":
                charger = self._charger()
                ends = Setup(self.choice.name, charger, self._own_pev(), *self._common(), self.pilot.pev.read)
            case _:
                evse = self._own_evse()
                ends = Setup(self.choice.name, evse, self._own_pev(), *self._common(), self.pilot.evse.read)
        self._couple_by_the_cable()
        ends.neighbour = self._neighbour
        for station in ends.own_stations:
            station.prepare()
            assert station.adapter.identity is not None
            ends.firmware[station.adapter.name] = station.adapter.identity.version
        return ends

    def _couple_by_the_cable(self) -> None:
        """Plugged in, the modems hear each other through the pilot wire; else still a little, through the air."""

        def follow(conducts: bool) -> None:
            self.line.set_attenuation(self.evse_modem, self.pev_modem, self.path_db if conducts else UNPLUGGED_DB)

        follow(self.pilot.conducts)
        self.pilot.on_conducts(follow)

    def _common(self) -> tuple[Pump, Trace, VirtualClock, random.Random]:
        return self.pump, self.trace, self.clock, self.rng

    # ends ---------------------------------------------------------------------------------------------------

    def _adapter(
        self,
        profile: AdapterProfile,
        octets: bytes,
        role: ModemRole,
        name: str,
        nmk: Nmk | None = None,
        nid: Nid | None = None,
    ) -> VirtualAdapter:
        mac = MacAddress((profile.mac_prefix + octets)[:6].ljust(6, b"\1"))
        return VirtualAdapter(self.world, self.line, profile, mac=mac, role=role, name=name, nmk=nmk, nid=nid)

    def _own_evse(self) -> EvseStation:
        self.evse_modem = self._adapter(
            adapter_profile(self.config.evse.adapter), EVSE_MODEM, ModemRole.EVSE, "evse.adapter"
        )
        port = SimPort(self.world, self.evse_modem, name="evse", mac=EVSE_HOST)
        station = EvseStation(
            Wire(port, self.trace, self.pump), self.pilot.evse, new_network(self.rng), self.settings.evse
        )
        self.pump.participants.append(station)
        return station

    def _own_pev(self) -> PevStation:
        self.pev_modem = self._adapter(
            adapter_profile(self.config.pev.adapter), PEV_MODEM, ModemRole.PEV, "pev.adapter"
        )
        port = SimPort(self.world, self.pev_modem, name="pev", mac=PEV_HOST)
        station = PevStation(Wire(port, self.trace, self.pump), self.pilot.pev, self.rng, self.settings.pev)
        self.pump.participants.append(station)
        return station

    def _car(self) -> SimCar:
        profile = vehicle_profile(self.choice.name)
        self.pev_modem = self._adapter(modem_of(profile), PEV_MODEM, ModemRole.PEV, "pev.modem")
        if self.config.line.attenuation_db is None:
            self.path_db = profile.attenuation.path_db.median
        quirks = frozenset(CarQuirk[name.upper()] for name in self.config.pev.quirks)
        return SimCar(self.world, profile, self.pev_modem, self.pilot.pev, quirks=quirks, name=self.choice.name)

    def _charger(self) -> SimCharger:
        profile = charger_profile(self.choice.name)
        quirks = frozenset(ChargerQuirk[name.upper()] for name in self.config.evse.quirks)
        nmk, nid = first_key(self.world, profile, self.choice.name, quirks)
        modem = adapter_profile(profile.modem)
        self.evse_modem = self._adapter(modem, EVSE_MODEM, ModemRole.EVSE, "evse.modem", nmk, nid)
        return SimCharger(self.world, profile, self.evse_modem, self.pilot.evse, quirks=quirks, name=self.choice.name)

    def _neighbour(self, attenuation_db: float) -> EvseStation:
        """Another station of the bench, with a cable of its own, heard by the car through cross-talk."""
        modem = self._adapter(adapter_profile("qca7005-evse"), NEIGHBOUR_MODEM, ModemRole.EVSE, "neighbour.adapter")
        self.line.set_attenuation(modem, self.pev_modem, attenuation_db)
        cable = PilotLine(self.world, name="neighbour pilot")
        port = SimPort(self.world, modem, name="neighbour", mac=NEIGHBOUR_HOST)
        station = EvseStation(Wire(port, self.trace, self.pump), cable.evse, new_network(self.rng), self.settings.evse)
        station.name = "neighbour"
        self.pump.participants.append(station)
        station.prepare()
        # A car of its own sits in its cable, silent: it answers whoever it hears, which is what cross-talk is.
        cable.pev.plug_in()
        station.pilot.set_duty_cycle_pct(5.0)
        return station
