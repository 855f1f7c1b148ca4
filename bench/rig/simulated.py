"""The simulated bench: one world per test, with the same seed every time.

On a virtual clock with ports in memory (`--rig sim`), or in real time through interfaces of the kernel (driver `tap`):
the same world, told apart by its clock and by how the bench's computers are plugged into their adapters.
"""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable
from typing import TypeAlias

from bench.clock import Clock, SystemClock, VirtualClock
from bench.ids import MacAddress, Nid, Nmk
from bench.ports import EvsePilot, FramePort, PevPilot
from bench.power import GuardedSwitch
from bench.profiles import AdapterProfile
from bench.profiles import adapter as adapter_profile
from bench.profiles import charger as charger_profile
from bench.profiles import vehicle as vehicle_profile
from bench.pump import Pump
from bench.rig.config import RigConfig
from bench.rig.devices import RigDevices
from bench.rig.setup import Settings, Setup, SutChoice
from bench.rig.stations import Arrangement
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.car import SimCar, modem_of
from bench.sim.charger import SimCharger, first_key
from bench.sim.pilot import PilotLine
from bench.sim.port import SimPort
from bench.sim.power import SimPowerSwitch
from bench.sim.powerline import CABLE_DB, Powerline
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.station import EvseStation, PevStation
from bench.trace import Trace

EVSE_HOST = MacAddress(bytes.fromhex("02000000e5e1"))
PEV_HOST = MacAddress(bytes.fromhex("020000000e51"))
NEIGHBOUR_HOST = MacAddress(bytes.fromhex("02000000e5e2"))
EVSE_MODEM = bytes([0, 0, 0xE5])
PEV_MODEM = bytes([0, 0, 0x0E])
UNPLUGGED_DB = 75.0
"""Between a car and a station it is not plugged into. Cars at a neighbouring station are heard at 61..81 dB."""
NEIGHBOUR_MODEM = bytes([0, 1, 0xE5])


Plug: TypeAlias = Callable[[VirtualAdapter, str, MacAddress], FramePort]
"""(adapter, name of the port, address of the computer)"""


class SimulatedBench(Arrangement):
    """Builds the two ends of a cable in a fresh world. Made by `open_rig`, once per test.

    real_time  also where nothing but the simulation is there: somebody watches
    """

    def __init__(
        self,
        config: RigConfig,
        choice: SutChoice,
        settings: Settings,
        case: str,
        devices: RigDevices | None = None,
        *,
        real_time: bool = False,
    ) -> None:
        seed = zlib.crc32(f"{config.rig.seed}/{case}".encode())
        clock = SystemClock(time.monotonic_ns()) if config.real or real_time else VirtualClock()
        super().__init__(config, settings, clock, seed)
        self.choice = choice
        self.devices = devices
        self.case = case
        self.plug: Plug = self._in_memory
        if isinstance(self.clock, SystemClock) and config.rig.driver == "tap":
            from bench.rig.kernel_ports import TapPlugs

            self.plug = TapPlugs(config.interfaces(), self.clock, self.pump, self.opened)
        self.line = Powerline(self.world, loss=config.line.loss)
        self.power: dict[str, GuardedSwitch] = {}
        self.path_db = CABLE_DB if config.line.attenuation_db is None else config.line.attenuation_db

    def setup(self) -> Setup:
        """Raises BenchError if it cannot be built; nothing is left open then."""
        try:
            return self._built()
        except BaseException:
            self.opened.close()
            raise

    def _built(self) -> Setup:
        if self.devices is not None:
            assert isinstance(self.clock, SystemClock)
            self.devices.begin(self.case, self.clock, self.pump, self.opened)
            self.devices.listen(self.trace, "evse")
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
        if self.config.rig.driver == "sim" or self.config.neighbour.interface is not None:
            ends.neighbour = self._neighbour
        ends.power, ends.opened, ends.prompt = self.power, self.opened, self.prompt
        return self.prepared(ends)

    def _in_memory(self, modem: VirtualAdapter, name: str, mac: MacAddress) -> FramePort:
        return SimPort(self.world, modem, name=name, mac=mac)

    def _couple_by_the_cable(self) -> None:
        """Plugged in, the modems hear each other through the pilot wire; else still a little, through the air."""

        def follow(conducts: bool) -> None:
            self.line.set_attenuation(self.evse_modem, self.pev_modem, self.path_db if conducts else UNPLUGGED_DB)

        follow(self.pilot.conducts)
        self.pilot.on_conducts(follow)

    def _common(self) -> tuple[Pump, Trace, Clock, random.Random]:
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
        self.power["evse"] = self._switch("evse", self.evse_modem)
        return self.evse_station(self.plug(self.evse_modem, "evse", EVSE_HOST), self._evse_pilot())

    def _evse_pilot(self) -> EvsePilot:
        if self.devices is None:
            return self.pilot.evse
        return self.devices.evse_pilot(self.pilot.evse, self.trace.note)

    def _switch(self, who: str, modem: VirtualAdapter) -> GuardedSwitch:
        """The adapter's own switch, or the relay that a simulated board closes for it."""
        simulated = SimPowerSwitch(modem)
        guarded = None if self.devices is None else self.devices.supply(who, simulated, self.trace.note)
        return GuardedSwitch(guarded or simulated)

    def _own_pev(self) -> PevStation:
        self.pev_modem = self._adapter(
            adapter_profile(self.config.pev.adapter), PEV_MODEM, ModemRole.PEV, "pev.adapter"
        )
        self.power["pev"] = self._switch("pev", self.pev_modem)
        return self.pev_station(self.plug(self.pev_modem, "pev", PEV_HOST), self._pev_pilot())

    def _pev_pilot(self) -> PevPilot:
        if self.devices is None:
            return self.pilot.pev
        return self.devices.pev_pilot(self.pilot.pev, self.trace.note)

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
        station = self.evse_station(self.plug(modem, "neighbour", NEIGHBOUR_HOST), cable.evse, "neighbour")
        station.prepare()
        # A car of its own sits in its cable, silent: it answers whoever it hears, which is what cross-talk is.
        cable.pev.plug_in()
        station.pilot.set_duty_cycle_pct(5.0)
        return station
