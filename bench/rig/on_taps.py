"""The simulated world in real time: adapters whose Ethernet sides are TAP interfaces, for other people's programs.

    with TapBench(TapWishes(evse=TapEnd("plc0", "qca7005-evse"), car="hyundai-ioniq28")) as bench:
        bench.pump.run_for(s(60))

On one end of the powerline or on both there is an adapter on a TAP interface; on the other end there may be a simulated
car or charging station, with its pilot cable.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from bench.clock import SystemClock
from bench.drivers.namespace import Namespace
from bench.drivers.priority import prompt
from bench.drivers.tap_port import Tap, TapJack
from bench.errors import ConfigError, did_you_mean
from bench.ids import MacAddress
from bench.pilot.model import DIGITAL_DUTY_PCT
from bench.profiles import AdapterProfile
from bench.profiles import adapter as adapter_profile
from bench.profiles import charger as charger_profile
from bench.profiles import vehicle as vehicle_profile
from bench.pump import Pump
from bench.rig.boards import SimulatedBoard, place_of
from bench.rig.hardware import SerialPilot
from bench.rig.simulated import EVSE_HOST, EVSE_MODEM, PEV_HOST, PEV_MODEM, UNPLUGGED_DB
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.adapter.network import FACTORY_KEY, NetworkKey
from bench.sim.car import CarState, SimCar, modem_of
from bench.sim.charger import ChargerState, SimCharger, first_key
from bench.sim.charger.charger import PWM_DELAY
from bench.sim.pilot import STEADY_POSITIVE_PCT, PilotLine
from bench.sim.powerline import CABLE_DB, Powerline
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.sim.world import World
from bench.units import Ns, ms, s

PLUG_IN_AFTER = s(1)
UNPLUGGED_FOR = s(3)
LOOK_EVERY = ms(200)

Quirk = TypeVar("Quirk", CarQuirk, ChargerQuirk)


@dataclass(frozen=True, slots=True)
class TapEnd:
    """An adapter on a TAP interface.

    interface  its name; a namespace of its own has the same one
    adapter    id of the profile
    """

    interface: str
    adapter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TapWishes:
    """At least one of *evse* and *pev*; *car* beside *evse* alone, *charger* beside *pev* alone.

    attenuation_db  None: what was measured for that car, else CABLE_DB
    own_keys        every adapter has a key of its own, instead of the factory's
    namespaces      each TAP interface in a network namespace of its own
    stay            how long a car stays in the network before its plug is pulled; None: as long as there is one
    quirks          of the car or charger, by the names of `bench.sim.quirks`
    pilot_board     where to put a link to the terminal of a simulated XY-LPWM board, which makes the car's pilot then
    """

    evse: TapEnd | None = None
    pev: TapEnd | None = None
    car: str | None = None
    charger: str | None = None
    attenuation_db: float | None = None
    loss: float = 0.0
    seed: int = 0
    own_keys: bool = False
    namespaces: bool = False
    stay: Ns | None = None
    quirks: Sequence[str] = ()
    pilot_board: Path | None = None

    def mistakes(self) -> list[str]:
        """All that is wrong with them, in the words of the command line."""
        found: list[str] = []
        if self.evse is None and self.pev is None:
            found.append("nothing to attach: give --evse IF or --pev IF")
        if self.car is not None and (self.pev is not None or self.charger is not None or self.evse is None):
            found.append("--car is the other end of --evse, without --pev and --charger")
        if self.charger is not None and (self.evse is not None or self.car is not None or self.pev is None):
            found.append("--charger is the other end of --pev, without --evse and --car")
        if self.evse is not None and self.pev is not None and self.evse.interface == self.pev.interface:
            found.append(f"--evse and --pev are both {self.evse.interface}: give them two names")
        if self.quirks and self.car is None and self.charger is None:
            found.append("--quirk belongs to a --car or a --charger")
        if self.stay is not None and self.car is None and self.charger is None:
            found.append("--stay belongs to a --car or a --charger")
        if self.pilot_board is not None and self.car is None:
            found.append("--pilot-board makes the pilot of a --car")
        if self.attenuation_db is not None and self.attenuation_db < 0:
            found.append(f"--attenuation-db is not negative, got {self.attenuation_db:g}")
        if not 0 <= self.loss <= 1:
            found.append(f"--loss is a probability, 0 to 1, got {self.loss:g}")
        for look_up in self._names():
            try:
                look_up()
            except ConfigError as error:
                found += error.mistakes
        return found

    def _names(self) -> Iterator[Callable[[], object]]:
        """Looks up everything that is named."""
        for end in (self.evse, self.pev):
            if end is not None:
                yield partial(adapter_profile, end.adapter)
        if self.car is not None:
            yield partial(vehicle_profile, self.car)
            yield partial(quirks_named, CarQuirk, self.quirks)
        if self.charger is not None:
            yield partial(charger_profile, self.charger)
            yield partial(quirks_named, ChargerQuirk, self.quirks)


class TapBench:
    """Built and running when the constructor returns; `close` takes every interface and namespace away.

    jacks    one per TAP interface, by its modem
    station  the simulated car or charging station, with its visit; None: there is none

    ConfigError for contradictory wishes and unknown names, PortError for what the kernel refuses.
    """

    def __init__(self, wishes: TapWishes) -> None:
        if mistakes := wishes.mistakes():
            raise ConfigError(*mistakes)
        self.wishes = wishes
        self.clock = SystemClock()
        self.world = World(self.clock, seed=wishes.seed)
        self.pump = Pump(self.clock)
        self.pump.participants.append(self.world)
        self.line = Powerline(self.world, loss=wishes.loss)
        self.pilot = PilotLine(self.world)
        self.path_db = CABLE_DB
        self.jacks: dict[VirtualAdapter, TapJack] = {}
        self.station: SimCar | SimCharger | None = None
        self.visit: Visit | None = None
        self._open = ExitStack()
        self._open.enter_context(prompt())
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Idempotent."""
        self._open.close()

    def _build(self) -> None:
        wishes = self.wishes
        modems = []
        for end, role, mac in ((wishes.evse, ModemRole.EVSE, EVSE_HOST), (wishes.pev, ModemRole.PEV, PEV_HOST)):
            if end is not None:
                key = None if wishes.own_keys else FACTORY_KEY
                modem = self._modem(adapter_profile(end.adapter), role, end.interface, key)
                self._plug_into(modem, end.interface, mac)
                modems.append(modem)
        if wishes.car is not None:
            modems.append(self._car(wishes.car))
        if wishes.charger is not None:
            modems.append(self._charger(wishes.charger))
        if wishes.pilot_board is not None:
            self._follow_a_board(wishes.pilot_board)
        if wishes.attenuation_db is not None:
            self.path_db = wishes.attenuation_db
        if len(modems) == 2:
            self._couple(*modems)

    def _follow_a_board(self, link: Path) -> None:
        table = SerialPilot(driver="xy-lpwm", port="simulated")
        board = SimulatedBoard("pilot-board", table, place_of(f"sim-{os.getpid()}"), link)
        self._open.callback(board.close)
        self.clock.watch(board.fileno())
        self._open.callback(self.clock.unwatch, board.fileno())
        self.pump.participants.append(board)
        board.on_output = lambda output: self.pilot.evse.set_duty_cycle_pct(output["duty_cycle_pct"])
        self.pilot.evse.set_duty_cycle_pct(board.output["duty_cycle_pct"])

    def _plug_into(self, modem: VirtualAdapter, interface: str, mac: MacAddress) -> None:
        namespace = None
        if self.wishes.namespaces:
            namespace = Namespace(interface)
            self._open.callback(namespace.close)
        tap = Tap(interface, mac, namespace)
        self._open.callback(tap.close)
        jack = TapJack(tap, modem, self.clock)
        self._open.callback(jack.close)
        self.pump.participants.append(jack)
        self.jacks[modem] = jack

    def _modem(
        self, profile: AdapterProfile, role: ModemRole, name: str, key: NetworkKey | None = None
    ) -> VirtualAdapter:
        """With a key of its own, unless *key* is given."""
        octets = EVSE_MODEM if role is ModemRole.EVSE else PEV_MODEM
        mac = MacAddress((profile.mac_prefix + octets)[:6].ljust(6, b"\1"))
        nmk, nid = (None, None) if key is None else (key.nmk, key.nid)
        return VirtualAdapter(self.world, self.line, profile, mac=mac, role=role, name=name, nmk=nmk, nid=nid)

    def _car(self, name: str) -> VirtualAdapter:
        profile = vehicle_profile(name)
        modem = self._modem(modem_of(profile), ModemRole.PEV, f"{name} modem")
        quirks = quirks_named(CarQuirk, self.wishes.quirks)
        self.station = car = SimCar(self.world, profile, modem, self.pilot.pev, quirks=quirks)
        self.path_db = profile.attenuation.path_db.median
        self.visit = Visit(self, modem, car.plug_in, car.unplug, lambda: car.state is CarState.GAVE_UP)
        return modem

    def _charger(self, name: str) -> VirtualAdapter:
        profile = charger_profile(name)
        quirks = quirks_named(ChargerQuirk, self.wishes.quirks)
        key = NetworkKey(*first_key(self.world, profile, quirks=quirks))
        modem = self._modem(adapter_profile(profile.modem), ModemRole.EVSE, f"{name} modem", key)
        self.station = charger = SimCharger(self.world, profile, modem, self.pilot.evse, quirks=quirks)
        car_end = self.pilot.pev
        self.visit = Visit(self, modem, car_end.plug_in, car_end.unplug, lambda: charger.state is ChargerState.FAILED)
        return modem

    def _couple(self, a: VirtualAdapter, b: VirtualAdapter) -> None:
        """Two TAPs: for good. With a simulated station: by the pilot wire, and still a little without it."""
        if self.visit is None:
            self.line.set_attenuation(a, b, self.path_db)
            return

        def follow(conducts: bool) -> None:
            self.line.set_attenuation(a, b, self.path_db if conducts else max(UNPLUGGED_DB, self.path_db))

        follow(self.pilot.conducts)
        self.pilot.on_conducts(follow)


class Visit:
    """The plug goes in, and the station end of the pilot shows 5 % soon after.

    It is pulled for a while and put in again when the simulated station has given up, when the network the two were in
    is gone, and when the car has stayed as long as it should: so the program under test can be started, ended and
    started again at any time.

    plug_ins  how often it went in
    """

    def __init__(
        self,
        bench: TapBench,
        modem: VirtualAdapter,
        plug_in: Callable[[], None],
        unplug: Callable[[], None],
        gave_up: Callable[[], bool],
    ) -> None:
        self.plug_ins = 0
        self._bench = bench
        self._world = bench.world
        self._modem = modem
        self._plug_in, self._unplug, self._gave_up = plug_in, unplug, gave_up
        self._joined_since: Ns | None = None
        self._world.after(PLUG_IN_AFTER, self._begin)

    def _begin(self) -> None:
        self.plug_ins += 1
        self._joined_since = None
        self._plug_in()
        if self._shows_pilot:
            self._world.after(PWM_DELAY, lambda: self._bench.pilot.evse.set_duty_cycle_pct(DIGITAL_DUTY_PCT))
        self._world.after(PWM_DELAY + LOOK_EVERY, self._look)

    @property
    def _shows_pilot(self) -> bool:
        """Whether 5 % is this class's business: a simulated charging station shows its own, a board the program's."""
        return isinstance(self._bench.station, SimCar) and self._bench.wishes.pilot_board is None

    def _look(self) -> None:
        if self._gave_up() or self._over():
            self._unplug()
            if self._shows_pilot:
                self._bench.pilot.evse.set_duty_cycle_pct(STEADY_POSITIVE_PCT)
            self._world.after(UNPLUGGED_FOR, self._begin)
        else:
            self._world.after(LOOK_EVERY, self._look)

    def _over(self) -> bool:
        """Whether there was a network that is gone, or the car has stayed long enough."""
        now, stay = self._world.now(), self._bench.wishes.stay
        if not self._modem.joined_to():
            return self._joined_since is not None
        if self._joined_since is None:
            self._joined_since = now
        return stay is not None and now - self._joined_since >= stay


def quirks_named(kind: type[Quirk], names: Sequence[str]) -> frozenset[Quirk]:
    """ConfigError for each name that does not exist."""
    known = {quirk.name.lower(): quirk for quirk in kind}
    mistakes = []
    for name in names:
        if name not in known:
            mistakes.append(f"--quirk: there is no {name!r}{did_you_mean(name, known)}")
    if mistakes:
        raise ConfigError(*mistakes)
    return frozenset(known[name] for name in names)
