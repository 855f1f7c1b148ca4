"""A yard with simulated cars and stations, and an ear at every Ethernet jack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from bench.clock import VirtualClock
from bench.ids import MacAddress
from bench.mme import Frame, Mme, decode, is_homeplug
from bench.net import Ipv6Frame, SdpRequest, SdpResponse, is_ipv6
from bench.net import decode as decode_ipv6
from bench.profiles import ChargerProfile, Spread, VehicleProfile, adapter, charger, vehicle
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.car import SimCar, modem_of
from bench.sim.charger import SimCharger, first_key
from bench.sim.pilot import PilotLine
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.units import Ns, s, show


class Heard(NamedTuple):
    """One frame at one jack."""

    t: Ns
    sent: bool
    octets: bytes

    @property
    def frame(self) -> Frame | None:
        return decode(self.octets) if is_homeplug(self.octets) else None

    @property
    def packet(self) -> Ipv6Frame | None:
        return decode_ipv6(self.octets) if is_ipv6(self.octets) else None


class EarAdapter(VirtualAdapter):
    """A virtual adapter that writes down what goes through its Ethernet jack."""

    def __init__(self, world: World, *args, **kwargs) -> None:
        super().__init__(world, *args, **kwargs)
        self.world = world
        self.heard: list[Heard] = []

    def attach_host(self, receive: Callable[[bytes], None]) -> None:
        def listen(octets: bytes) -> None:
            self.heard.append(Heard(self.world.now(), False, octets))
            receive(octets)

        super().attach_host(listen)

    def from_host(self, octets: bytes) -> None:
        self.heard.append(Heard(self.world.now(), True, octets))
        super().from_host(octets)


@dataclass
class Station:
    """A simulated car or charging station with its modem and its cable."""

    sim: SimCar | SimCharger
    modem: EarAdapter
    cable: PilotLine

    def heard(self, *messages: type[Mme], sent: bool | None = None) -> list[tuple[Ns, Mme]]:
        """Messages at its jack, oldest first: all, or those that were *sent* by it, or that it received."""
        return [
            (one.t, frame.mme)
            for one in self.modem.heard
            if (sent is None or one.sent is sent)
            and (frame := one.frame) is not None
            and (not messages or isinstance(frame.mme, messages))
        ]

    def times(self, message: type[Mme], sent: bool | None = None) -> list[Ns]:
        return [t for t, _ in self.heard(message, sent=sent)]

    def packets(self, kind: type | None = None, *, sent: bool | None = None) -> list[tuple[Ns, Ipv6Frame]]:
        """IPv6 frames at its jack: all, or those that carry a *kind*: `SdpRequest`, `NeighbourSolicitation`, `Tcp`."""
        return [
            (one.t, packet)
            for one in self.modem.heard
            if (sent is None or one.sent is sent)
            and (packet := one.packet) is not None
            and (kind is None or isinstance(packet.message, kind))
        ]

    def sdp(self, message: type[SdpRequest] | type[SdpResponse], *, sent: bool | None = None) -> list[Ns]:
        return [t for t, _ in self.packets(message, sent=sent)]

    def notes(self, text: str) -> list[str]:
        return [entry.text for entry in self.sim.log if text in entry.text]


class Yard:
    """Stations on one powerline. Everything in it is determined by *seed*."""

    def __init__(self, seed: int = 0, noise_db: float = 0.0) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, seed=seed)
        self.line = Powerline(self.world, noise_db=noise_db)
        self._macs: Iterator[int] = iter(range(1, 1000))

    def charger(self, profile: ChargerProfile | str, *, quirks=(), name: str | None = None, modem=None) -> Station:
        if isinstance(profile, str):
            profile = charger(profile)
        name = name or profile.id
        nmk, nid = first_key(self.world, profile, name, quirks)
        modem = EarAdapter(
            self.world,
            self.line,
            adapter(modem or profile.modem),
            mac=self._mac(),
            role=ModemRole.EVSE,
            name=f"{name} modem",
            nmk=nmk,
            nid=nid,
        )
        cable = PilotLine(self.world, name=f"{name} pilot")
        return Station(SimCharger(self.world, profile, modem, cable.evse, quirks=quirks, name=name), modem, cable)

    def car(
        self, profile: VehicleProfile | str, at: Station | PilotLine, *, quirks=(), name: str | None = None, mac=None
    ) -> Station:
        """A car at the cable of *at*, audible to that station's modem through 30 dB."""
        if isinstance(profile, str):
            profile = vehicle(profile)
        name = name or profile.id
        modem = EarAdapter(
            self.world, self.line, modem_of(profile), mac=self._mac(), role=ModemRole.PEV, name=f"{name} modem"
        )
        cable = at.cable if isinstance(at, Station) else at
        car = Station(SimCar(self.world, profile, modem, cable.pev, mac=mac, quirks=quirks, name=name), modem, cable)
        if isinstance(at, Station):
            self.line.set_attenuation(modem, at.modem, 30.0)
        return car

    def cross_talk(self, a: Station, b: Station, db: float = 70.0) -> None:
        self.line.set_attenuation(a.modem, b.modem, db)

    def lone_cable(self) -> PilotLine:
        """A cable whose station is only a source of 5 %."""
        cable = PilotLine(self.world, name="lone cable")
        cable.evse.set_duty_cycle_pct(5.0)
        return cable

    def run(self, duration: Ns) -> None:
        end = self.clock.now() + duration
        while (deadline := self.world.next_deadline()) is not None and deadline <= end:
            self.clock.wait(deadline)
            self.world.wake(deadline)
        self.clock.wait(end)

    def run_until(self, done: Callable[[], bool], patience: Ns = s(60)) -> Ns:
        """Until *done*; how long it took. Fails after *patience*."""
        began = self.clock.now()
        while not done():
            deadline = self.world.next_deadline()
            assert deadline is not None, "nothing will ever happen"
            assert deadline <= began + patience, f"not done after {show(patience)}"
            self.clock.wait(deadline)
            self.world.wake(deadline)
        return self.clock.now() - began

    def _mac(self) -> MacAddress:
        return MacAddress(b"\x02\xad\xa9\x00\x00" + bytes([next(self._macs)]))


def awake(profile: VehicleProfile | str, **tables) -> VehicleProfile:
    """The same car, wide awake: its first request 100 ms after the 5 %."""
    if isinstance(profile, str):
        profile = vehicle(profile)
    at_once = Spread(100_000_000, 100_000_000, 100_000_000, 0, "for a test")
    return replace(profile, pilot=replace(profile.pilot, pwm_on_to_parm_req=at_once), **tables)


def intervals(times: list[Ns]) -> list[Ns]:
    return [later - earlier for earlier, later in pairwise(times)]
