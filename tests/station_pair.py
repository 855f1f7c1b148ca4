"""Both of the bench's stations at the ends of one simulated cable."""

from __future__ import annotations

from bench.clock import VirtualClock
from bench.ids import MacAddress
from bench.profiles import adapter
from bench.pump import Pump
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.pilot import PilotLine
from bench.sim.port import SimPort
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.slac.evse import EvseSettings
from bench.slac.pev import PevSettings
from bench.station import EvseStation, PevStation, new_network
from bench.trace import Trace
from bench.units import Ns
from bench.wire import Wire

EVSE_HOST = MacAddress.parse("02:00:00:00:e5:e1")
PEV_HOST = MacAddress.parse("02:00:00:00:0e:51")
CABLE_DB = 30.0


class Pair:
    """Plug out, pilot at X1, the EVSE's adapter holding its network's key."""

    def __init__(
        self,
        *,
        evse_adapter: str = "qca7005-evse",
        pev_adapter: str = "qca7005-car",
        evse: EvseSettings | None = None,
        pev: PevSettings | None = None,
        loss: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, seed=seed)
        self.pump = Pump(self.clock)
        self.trace = Trace()
        self.line = Powerline(self.world, loss=loss)
        self.cable = PilotLine(self.world)
        rng = self.world.rng("bench")
        self.evse_modem = self._modem(evse_adapter, ModemRole.EVSE)
        self.pev_modem = self._modem(pev_adapter, ModemRole.PEV)
        self.line.follow(self.cable, self.evse_modem, self.pev_modem, CABLE_DB)
        self.evse = EvseStation(self._wire(self.evse_modem, EVSE_HOST), self.cable.evse, new_network(rng), evse)
        self.pev = PevStation(self._wire(self.pev_modem, PEV_HOST), self.cable.pev, rng, pev)
        self.pump.participants += [self.world, self.evse, self.pev]
        self.evse.prepare()
        self.pev.prepare()

    def _modem(self, profile: str, role: ModemRole) -> VirtualAdapter:
        data = adapter(profile)
        mac = MacAddress((data.mac_prefix + bytes([role is ModemRole.EVSE] * 6))[:6])
        return VirtualAdapter(self.world, self.line, data, mac=mac, role=role, name=f"{role.value} modem")

    def _wire(self, modem: VirtualAdapter, mac: MacAddress) -> Wire:
        return Wire(SimPort(self.world, modem, name=modem.role.value, mac=mac), self.trace, self.pump)

    def plug_in(self, duty_cycle_pct: float = 5.0) -> Ns:
        """At 5 %; returns when."""
        self.evse.pilot.set_duty_cycle_pct(duty_cycle_pct)
        self.pev.plug_in()
        return self.clock.now()

    def unplug(self) -> None:
        self.pev.unplug()
        self.evse.pilot.set_duty_cycle_pct(100.0)
