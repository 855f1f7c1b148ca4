"""One charging cable in real time; at each end one of our stations, or somebody else's program in its own namespace."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from bench.clock import SystemClock
from bench.drivers.namespace import Namespace
from bench.drivers.tap_port import Tap, TapJack
from bench.ids import MacAddress
from bench.profiles import adapter, charger, vehicle
from bench.pump import Pump
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.car import SimCar
from bench.sim.charger import SimCharger
from bench.sim.pilot import PilotLine
from bench.sim.port import SimPort
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.station import EvseStation, PevStation, new_network
from bench.trace import Trace
from bench.units import s
from bench.wire import Wire
from conftest import Running, Start, unique

EVSE_HOST, PEV_HOST = MacAddress(b"\x02\0\0\0\xe5\xe1"), MacAddress(b"\x02\0\0\0\x0e\x51")
INI = {
    "pev": "[default]\nsettle time = 0\ncharge time = {charge_time_s}\nmsound pause = 20\nattenuation threshold = 40\n"
    "network membership key = 50D3E4933F855B7040784DF815AA8DB7\nnetwork identifier = B0F2E695666B03\n"
    "vehicle identifier = 0000000000000000000000000000000000\n",
    "evse": "[default]\nsettle time = 0\ncharge time = {charge_time_s}\n"
    "response type = 1\nnumber of sounds = 10\ntime to sound = 6\n"
    "network membership key = B59319D7E8157BA001B018669CCEE30D\nnetwork identifier = 026BCBA5354E08\n"
    "station identifier = 0000000000000000000000000000000000\n",
}


class Yard:
    """One cable on the system clock; each end is one of our stations or a TAP interface in a namespace of its own."""

    def __init__(self, tmp_path: Path, start: Start, *, db: float = 25.0, evse_modem: str = "qca7005-evse") -> None:
        self.tmp_path, self.start = tmp_path, start
        self.clock = SystemClock()
        self.world = World(self.clock, seed=1)
        self.pump = Pump(self.clock)
        self.pump.participants.append(self.world)
        self.trace = Trace()
        self.pilot = PilotLine(self.world)
        line = Powerline(self.world)
        self.modems = {
            "evse": self._modem(line, evse_modem, ModemRole.EVSE, b"\xe5"),
            "pev": self._modem(line, "qca7005-car", ModemRole.PEV, b"\x0e"),
        }
        line.set_attenuation(self.modems["evse"], self.modems["pev"], db)
        self.jacks: list[TapJack] = []
        self.namespaces: list[Namespace] = []

    def _modem(self, line: Powerline, profile: str, role: ModemRole, last: bytes) -> VirtualAdapter:
        data = adapter(profile)
        mac = MacAddress((data.mac_prefix + b"\1\2\3\4\5\6")[:5] + last)
        return VirtualAdapter(self.world, line, data, mac=mac, role=role, name=f"{role.value} modem")

    def _wire(self, role: str, host: MacAddress) -> Wire:
        port = SimPort(self.world, self.modems[role], name=role, mac=host)
        return Wire(port, self.trace, self.pump)

    def our_evse(self) -> EvseStation:
        station = EvseStation(self._wire("evse", EVSE_HOST), self.pilot.evse, new_network(random.Random(1)))
        self.pump.participants.append(station)
        return station

    def our_pev(self) -> PevStation:
        station = PevStation(self._wire("pev", PEV_HOST), self.pilot.pev, random.Random(2))
        self.pump.participants.append(station)
        return station

    def simulated_car(self, profile: str) -> SimCar:
        """Its host has *PEV_HOST* whatever the profile says."""
        return SimCar(self.world, vehicle(profile), self.modems["pev"], self.pilot.pev, mac=PEV_HOST)

    def simulated_charger(self, profile: str) -> SimCharger:
        return SimCharger(self.world, charger(profile), self.modems["evse"], self.pilot.evse, mac=EVSE_HOST)

    def foreign(self, role: str, mac: MacAddress, *options: str, charge_time_s: int = 0) -> Running:
        """Debian's program of this role, on a TAP interface that leads to our virtual modem.

        It stays in the network for *charge_time_s*, then it takes its old key back.
        """
        ini = self.tmp_path / f"{role}.ini"
        ini.write_text(INI[role].format(charge_time_s=charge_time_s))
        return self._start(role, mac, lambda interface: (role, "-i", interface, "-p", str(ini), *options))

    def program(self, role: str, mac: MacAddress, *command: str) -> Running:
        """Any program that takes the interface as its last argument."""
        return self._start(role, mac, lambda interface: (*command, interface))

    def _start(self, role: str, mac: MacAddress, command: Callable[[str], tuple[str, ...]]) -> Running:
        namespace, name = Namespace(unique("ns")), unique("plc")
        self.namespaces.append(namespace)
        jack = TapJack(Tap(name, mac, namespace), self.modems[role], self.clock)
        self.jacks.append(jack)
        self.pump.participants.append(jack)
        return self.start(*command(name), netns=namespace.name)

    def run_until_ended(self, *programs: Running, within: float = 25) -> None:
        def ended() -> bool:
            return all((program.read(), program.process.poll())[1] is not None for program in programs)

        assert self.pump.run(ended, self.clock.now() + s(within)), [program.text for program in programs]

    def close(self) -> None:
        for jack in self.jacks:
            jack.close()
        for namespace in self.namespaces:
            namespace.close()
