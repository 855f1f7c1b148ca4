"""The bench as a listener on a simulated rig: a car, a charging station, and an adapter beside them that hears both.

The adapter is of the kind that hands SLAC messages of both directions to its computer (INT6000); others show one side.
"""

from __future__ import annotations

from bench.ids import MacAddress
from bench.profiles import adapter as adapter_profile
from bench.rig.config import RigConfig
from bench.rig.setup import Settings, SutChoice
from bench.rig.simulated import SimulatedBench
from bench.sim.adapter import ModemRole
from bench.sim.car import SimCar
from bench.units import Ns
from bench.wire import Wire

LISTENER = "devolo-dlan200avplus"
LISTENER_HOST = MacAddress(bytes.fromhex("020000000115"))
LISTENER_MODEM = bytes([0, 2, 0x15])
BESIDE_DB = 45.0
"""From the listener to either of the two. Assumed; a listener near a charging car hears it well."""


class SimulatedScene(SimulatedBench):
    """A car at a charging station, both simulated, in real time; *wire* is all the bench has of them.

    car      its plug is a person's
    """

    def __init__(self, config: RigConfig, vehicle: str, charger: str) -> None:
        super().__init__(config, SutChoice("pev", vehicle, ()), Settings(), "listening", real_time=True)
        self.car: SimCar = self._car()
        self.choice = SutChoice("evse", charger, ())
        self._charger()
        self._couple_by_the_cable()
        modem = self._adapter(adapter_profile(LISTENER), LISTENER_MODEM, ModemRole.PEV, "listener.adapter")
        for other in (self.evse_modem, self.pev_modem):
            self.line.set_attenuation(modem, other, BESIDE_DB)
        self.wire = Wire(self._in_memory(modem, "listener", LISTENER_HOST), self.trace, self.pump)


class Ear:
    """The participant who reads a wire. What came stands in the trace, and is told to whoever asked."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def next_deadline(self) -> Ns | None:
        return self._wire.next_deadline()

    def busy(self) -> bool:
        return self._wire.arrived()

    def wake(self, now: Ns) -> None:
        self._wire.take()
        self._wire.wake(now)
