"""Real adapters of the bench on network interfaces (driver `pcap`), and what is at the far end of the cable.

- a pair of them: the control pilot between them is a simulated cable, or devices drive both its ends
- one of them and a real car: a device makes the pilot, and a person puts the plug in
- one of them and a real charging station: a device loads the pilot as a car does
"""

from __future__ import annotations

import secrets
import time

from bench.clock import SystemClock
from bench.errors import BenchError
from bench.guardian.told import ToldPilot
from bench.ids import MacAddress
from bench.mme import CmSlacMatchReq, CmSlacParmCnf, CmSlacParmReq
from bench.operator import Operator, OperatorAt
from bench.ports import PowerSwitch
from bench.power import GuardedSwitch
from bench.rig.config import RigConfig
from bench.rig.devices import RigDevices
from bench.rig.hardware import AssumedDuty, ManualPower
from bench.rig.kernel_ports import open_port
from bench.rig.manual import ManualLoad, ManualPilot, ManualSwitch
from bench.rig.setup import Settings, Setup, SutChoice
from bench.rig.stations import Arrangement
from bench.station import EvseStation, PevStation
from bench.units import s

SEES_THE_PLUG_WITHIN = s(5)
"""After a person said it is in, or out."""


class RealBench(Arrangement):
    """Made by `open_rig`, once per test. Keys and RunIDs are never those of an earlier test or run."""

    def __init__(
        self,
        config: RigConfig,
        choice: SutChoice,
        settings: Settings,
        case: str,
        devices: RigDevices | None,
        operator_at: OperatorAt,
    ) -> None:
        self.system_clock = SystemClock(time.monotonic_ns())
        super().__init__(config, settings, self.system_clock, secrets.randbits(64))
        self.choice, self.case, self.devices = choice, case, devices
        self.operator: Operator = operator_at(self.pump, self.system_clock, self.trace.note)

    def setup(self) -> Setup:
        """PortError or AdapterError with the remedy; nothing is left open then."""
        try:
            if self.devices is not None:
                self.devices.begin(self.case, self.system_clock, self.pump, self.opened)
                self.devices.listen(self.trace, "evse")
            return self.prepared(self._ends())
        except BaseException:
            self.opened.close()
            raise

    def _ends(self) -> Setup:
        common = self.pump, self.trace, self.clock, self.rng
        match self.choice.kind:
            case "pev":
                evse = self._own_evse()
                car = RealCar(self.choice.name, evse, self.operator)
                ends = Setup(self.choice.name, evse, car, *common, evse.pilot.read)
            case "evse":
                pev = self._own_pev()
                ends = Setup(self.choice.name, RealCharger(self.choice.name, pev), pev, *common, pev.pilot.read)
            case _:
                evse, pev = self._own_evse(), self._own_pev()
                ends = Setup("pair", evse, pev, *common, evse.pilot.read)
        for station in ends.own_stations:
            if (switch := self._switch(station.name)) is not None:
                ends.power[station.name] = GuardedSwitch(switch)
        ends.opened, ends.prompt = self.opened, self.prompt
        return ends

    def _switch(self, who: str) -> PowerSwitch | None:
        table = (self.config.evse if who == "evse" else self.config.pev).power
        if isinstance(table, ManualPower):
            switch = ManualSwitch(self.operator, who)
            self.opened.callback(switch.close)
            return switch
        return None if self.devices is None else self.devices.supply(who, None, self.trace.note)

    def _own_evse(self) -> EvseStation:
        port = open_port(self.config.interfaces()["evse"], "evse", self.system_clock, self.opened)
        if self.config.evse.pilot.driver == "manual":
            stays = self.config.pev.plug == "stays"
            return self.evse_station(port, ManualPilot(self.operator, plugged=stays))
        if self.devices is not None:
            return self.evse_station(port, self.devices.evse_pilot(self.pilot.evse, self.trace.note))
        return self.evse_station(port, self.pilot.evse)

    def _own_pev(self) -> PevStation:
        port = open_port(self.config.interfaces()["pev"], "pev", self.system_clock, self.opened)
        duty = self.config.pev.duty
        if self.config.pev.load.driver == "manual" and isinstance(duty, AssumedDuty):
            return self.pev_station(port, ManualLoad(self.operator, assumed_pct=duty.pct))
        if self.devices is not None:
            return self.pev_station(port, self.devices.pev_pilot(self.pilot.pev, self.trace.note))
        return self.pev_station(port, self.pilot.pev)


class RealCar:
    """A car whose plug is a person's. What its inlet shows is measured, or said by that person."""

    def __init__(self, name: str, evse: EvseStation, operator: Operator) -> None:
        self.name = name
        self._evse, self._operator = evse, operator

    @property
    def mac(self) -> MacAddress:
        """Of the last car that asked. BenchError while none has."""
        for seen in reversed(self._evse.wire.seen(CmSlacParmReq) + self._evse.wire.seen(CmSlacMatchReq)):
            if seen.frame is not None:
                return seen.frame.src
        raise BenchError(f"{self.name} has not said anything yet, so its address is not known")

    def plug_in(self) -> None:
        """Nothing to do where it is in already: that spares a walk to the car."""
        if not self._plugged:
            self._asked("plug the connector into the car", True)

    def unplug(self) -> None:
        if self._plugged:
            self._asked("pull the connector out of the car", False)

    @property
    def _plugged(self) -> bool:
        pilot = self._evse.pilot
        return pilot.plugged if isinstance(pilot, ToldPilot | ManualPilot) else pilot.read().state.plugged

    def _asked(self, what: str, plugged: bool) -> None:
        done = self._operator.ask(what)
        if isinstance(self._evse.pilot, ToldPilot | ManualPilot):
            self._evse.pilot.told(done, plugged)
        elif not self._evse.pump.run(lambda: self._plugged is plugged, done + SEES_THE_PLUG_WITHIN):
            raise BenchError(
                f"the operator did it ({what}), and the pilot still shows {self._evse.pilot.read()}; "
                "check the cable and the level measurement"
            )


class RealCharger:
    """A charging station at the other end of the cable. The bench's car is plugged into it by its own relays."""

    def __init__(self, name: str, pev: PevStation) -> None:
        self.name = name
        self._pev = pev

    @property
    def mac(self) -> MacAddress:
        """Of the last station that answered. BenchError while none has."""
        for seen in reversed(self._pev.wire.seen(CmSlacParmCnf)):
            if seen.frame is not None:
                return seen.frame.src
        raise BenchError(f"{self.name} has not answered yet, so its address is not known")
