"""A simulated car at a simulated charging station, and a third adapter beside them with a recording at its jack.

Virtual time: a whole match, a key and its way back are a fraction of a second.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from bench.adapter import PlcAdapter
from bench.analysis import Attempt
from bench.clock import VirtualClock
from bench.ids import MacAddress, Nmk, nid_from_nmk
from bench.mme import Frame
from bench.profiles import adapter, charger, vehicle
from bench.pump import Pump
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.car import SimCar
from bench.sim.charger import SimCharger, first_key
from bench.sim.pilot import PilotLine
from bench.sim.port import SimPort
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.slac.events import Network
from bench.sniff.events import Event
from bench.sniff.files import CaptureFiles
from bench.sniff.recording import Ended, Recording, Wishes
from bench.sniff.stopping import StopSign
from bench.sniff.telling import Announcement, Summary
from bench.trace import Direction, FrameSeen, Trace
from bench.units import Ns, s
from bench.wire import Wire

HOST = MacAddress.parse("02:00:00:00:05:0f")
OWN_NMK = Nmk(bytes.fromhex("0f1e2d3c4b5a69788796a5b4c3d2e1f0"))
CIVIL = 1_700_000_000 * 10**9


class Reader:
    """Who reads the wire, as in `bench.rig.one_adapter`."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def next_deadline(self) -> Ns | None:
        return self.wire.next_deadline()

    def busy(self) -> bool:
        return self.wire.arrived()

    def wake(self, now: Ns) -> None:
        self.wire.take()
        self.wire.wake(now)


class Told:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.gone = False
        self.announcement: Announcement
        self.events: list[Event] = []
        self.attempts: list[Attempt] = []
        self.end: Summary

    def announce(self, told: Announcement) -> None:
        self.announcement = told
        self.events_before = len(self.events)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def attempt(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def summary(self, summary: Summary) -> None:
        self.end = summary

    def texts(self, kind: str) -> list[str]:
        return [event.text for event in self.events if event.kind == kind]

    def heard(self) -> set[str]:
        return {row.name for row in self.end.rows if row.heard}


class Post:
    """*listener* is a profile's id, *role* what its parameter block says. The plug goes in after *plug_in*."""

    def __init__(
        self, listener: str, role: ModemRole, *, plug_in: Ns = s(3), car_mac: MacAddress | None = None
    ) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, seed=3)
        self.pump = Pump(self.clock)
        self.pump.participants.append(self.world)
        self.line, cable = Powerline(self.world), PilotLine(self.world)
        charger_data, car_data = charger("alpitronic"), vehicle("hyundai-ioniq28")
        nmk, nid = first_key(self.world, charger_data)
        self.network = Network(nid=nid, nmk=nmk)
        station_modem = self._modem(charger_data.modem, ModemRole.EVSE, 0xE5, nmk)
        car_modem = self._modem(car_data.modem, ModemRole.PEV, 0x0E)
        self.modem = self._modem(listener, role, 0x1F, OWN_NMK)
        self.own = Network(nid=nid_from_nmk(OWN_NMK), nmk=OWN_NMK)
        for a, b in ((station_modem, car_modem), (station_modem, self.modem), (car_modem, self.modem)):
            self.line.set_attenuation(a, b, 30.0)
        self.charger = SimCharger(self.world, charger_data, station_modem, cable.evse)
        self.car = SimCar(self.world, car_data, car_modem, cable.pev, mac=car_mac)
        self.world.after(plug_in, self.car.plug_in)
        self.trace = Trace()
        self.sent: list[Frame] = []
        self.trace.listeners.append(self._keep)
        self.port = SimPort(self.world, self.modem, name="post", mac=HOST)
        self.wire = Wire(self.port, self.trace, self.pump)
        self.pump.participants.append(Reader(self.wire))
        self.adapter = PlcAdapter(self.wire, "post")
        self.stop = StopSign()
        self.told = Told()

    def _modem(self, profile: str, role: ModemRole, last: int, nmk: Nmk | None = None) -> VirtualAdapter:
        data = adapter(profile)
        mac = MacAddress((data.mac_prefix + b"\1\2\3\4\5\6")[:5] + bytes([last]))
        return VirtualAdapter(self.world, self.line, data, mac=mac, role=role, name=f"modem {last:x}", nmk=nmk)

    def _keep(self, entry: object) -> None:
        if isinstance(entry, FrameSeen) and entry.direction is Direction.OUT and entry.frame is not None:
            self.sent.append(entry.frame)

    def stop_after(self, t: Ns) -> None:
        """As SIGTERM would."""
        self.world.after(t, lambda: setattr(self.stop, "why", "SIGTERM"))

    def record(self, *, path: Path | None = None, **wishes: object) -> Ended:
        wanted = Wishes(interface="post", path=path, **wishes)  # type: ignore[arg-type]
        files = None if path is None else CaptureFiles(path, "post", limit=wanted.limit, keep=wanted.keep)
        try:
            run = Recording(wanted, self.adapter, None, files, CIVIL, self.stop, self.told)
            return run.run()
        finally:
            if files is not None:
                files.close()

    def keys_sent(self) -> list[SimpleNamespace]:
        """Every CM_SET_KEY.REQ that went out."""
        return [
            SimpleNamespace(dst=frame.dst, nmk=bytes(frame.mme.nmk))
            for frame in self.sent
            if frame.mme.name == "CM_SET_KEY.REQ"
        ]
