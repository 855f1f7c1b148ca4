"""The rig file: TOML in, typed values out, every mistake at once with its table, its key and what to write instead."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from bench.adapter import QUIET_AFTER_KEY
from bench.errors import ConfigError, did_you_mean
from bench.profiles import PibLayout, adapters, chargers, vehicles
from bench.rig.hardware import (
    SIMULATED,
    AssumedDuty,
    ContactorTable,
    DeadManTable,
    DeviceTable,
    DutyTable,
    LevelTable,
    LoadTable,
    Mcp3xxxProximity,
    PilotTable,
    PowerTable,
    RelaysTable,
    SimulatedLoad,
    SimulatedPilot,
    StopTable,
    Table,
    ToldLevel,
    wiring_mistakes,
)
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.units import Ns, ms, s, to_s, us

SutKind = Literal["pev", "evse", "pair"]


def _one_of(known: Callable[[], Iterable[str]]) -> AfterValidator:
    """A name out of those that exist; they are looked up when a file is read, not when this module is."""

    def check(name: str) -> str:
        names = list(known())
        if name not in names:
            raise ValueError(f"there is no {name!r}{did_you_mean(name, names)}")
        return name

    return AfterValidator(check)


Vehicle = Annotated[str, _one_of(vehicles)]
Charger = Annotated[str, _one_of(chargers)]
Adapter = Annotated[str, _one_of(adapters)]
CarFault = Annotated[str, _one_of(lambda: (quirk.name.lower() for quirk in CarQuirk))]
InterfaceName = Annotated[str, Field(min_length=1)]
ChargerFault = Annotated[str, _one_of(lambda: (quirk.name.lower() for quirk in ChargerQuirk))]


class RigTable(Table):
    """[rig]: what this bench is and what is connected to it.

    driver                 `sim`: everything is simulated, on a virtual clock; `tap`: the same in real time, with the
                           adapters on TAP interfaces of the kernel (Linux, root); `pcap`: adapters on real interfaces
    sut                    what is tested; `all`: the simulated bench offers every car, every charger and the pair
    seed                   of everything random in the simulation; two runs with one seed are identical
    transmission_delay_ms  the rig's allowance where the bench waits for a repetition of the station under test
    uncertainty_us         of one measured interval, where it is known to be more than the bench measures at its start;
                           verdicts nearer to a limit than three times that are inconclusive
    key_settles_s          how long after a new key an adapter that goes on answering may still restart for it
    """

    name: str = "sim"
    driver: Literal["sim", "tap", "pcap"] = "sim"
    sut: Literal["pev", "evse", "pair", "all"] = "all"
    seed: int = 0
    transmission_delay_ms: float = 50.0
    uncertainty_us: float = Field(default=0.0, ge=0.0)
    key_settles_s: float = Field(default=to_s(QUIET_AFTER_KEY), ge=0.0)


class PevTable(Table):
    """[pev]: the car's end.

    vehicles   profiles of the cars under test; none: all of them
    quirks     what is wrong with them, by the names of `bench.sim.quirks.CarQuirk`
    adapter    model of the bench's adapter, where it is simulated and the bench plays the car
    interface  network interface of the bench's adapter; with driver `tap` the name of the one that is made
    power      what switches the adapter's supply, see `bench.rig.hardware`
    load       what makes the car's end of the pilot where the bench plays the car; duty: what measures its PWM
    plug       of a real car under test: `operator`, a person is asked to put it in and out; `stays`: it is in
    """

    vehicles: list[Vehicle] = Field(default_factory=list)
    quirks: list[CarFault] = Field(default_factory=list)
    adapter: Adapter = "qca7005-car"
    interface: InterfaceName | None = None
    power: PowerTable | None = None
    load: LoadTable = SimulatedLoad()
    duty: DutyTable = AssumedDuty()
    plug: Literal["operator", "stays"] = "operator"


class EvseTable(Table):
    """[evse]: the charging station's end; `chargers`, `quirks`, `adapter`, `interface`, `power` as in [pev].

    pilot  what makes the control pilot where the bench plays the station, see `bench.rig.hardware`
    level  what measures it there
    """

    chargers: list[Charger] = Field(default_factory=list)
    quirks: list[ChargerFault] = Field(default_factory=list)
    adapter: Adapter = "qca7005-evse"
    interface: InterfaceName | None = None
    pilot: PilotTable = SimulatedPilot()
    level: LevelTable = ToldLevel()
    power: PowerTable | None = None


class NeighbourTable(Table):
    """[neighbour]: another station of the bench, for what cross-talk does. Simulated; *interface* as in [pev]."""

    interface: InterfaceName | None = None


class ListenerTable(Table):
    """[listener]: the adapter with which `bench live` listens to a simulated car and charging station.

    adapter  its family; the usual one shows both sides
    role     what it is set up as, and so whose messages it shows, for a family that can be either; none: a car's
    """

    adapter: Adapter = "devolo-dlan200avplus"
    role: Literal["evse", "pev"] | None = None


ROLE_BY_FAMILY: dict[str, Literal["evse", "pev"]] = {"qca7005-car": "pev", "qca7005-evse": "evse"}
"""One chip, recorded in either role and described once for each."""


def knows_no_role(family: str) -> bool:
    """Whether the parameter block of this family of adapters says nothing of SLAC (INT6000)."""
    return adapters()[family].pib.layout is PibLayout.FLAT


def why_not_in_role(family: str, role: str | None) -> str:
    """Empty: an adapter of this family can be set up as *role*; None: as whatever it usually is."""
    if role is None:
        return ""
    if knows_no_role(family):
        return f"a {family} shows both sides whatever it is set up as; leave the role out, or take another family"
    if ROLE_BY_FAMILY.get(family, role) == role:
        return ""
    others = [other for other, known in ROLE_BY_FAMILY.items() if known == role]
    return f"a {family} is set up as {ROLE_BY_FAMILY[family]}; for {role} take {' or '.join(others)}"


class LineTable(Table):
    """[line]: the simulated powerline. attenuation_db: the car's own path; none: what was measured for that car."""

    attenuation_db: float | None = None
    loss: float = Field(default=0.0, ge=0.0, le=1.0)


class RigConfig(Table):
    rig: RigTable = Field(default_factory=RigTable)
    pev: PevTable = Field(default_factory=PevTable)
    evse: EvseTable = Field(default_factory=EvseTable)
    neighbour: NeighbourTable = Field(default_factory=NeighbourTable)
    line: LineTable = Field(default_factory=LineTable)
    listener: ListenerTable = Field(default_factory=ListenerTable)
    relays: dict[str, RelaysTable] = Field(default_factory=dict)
    proximity: Mcp3xxxProximity | None = None
    emergency_stop: StopTable | None = None
    dead_man: DeadManTable | None = None
    contactors: dict[str, ContactorTable] = Field(default_factory=dict)

    def offers(self, kind: SutKind) -> bool:
        return self.rig.sut in (kind, "all")

    @property
    def transmission_delay(self) -> Ns:
        return ms(self.rig.transmission_delay_ms)

    @property
    def uncertainty(self) -> Ns:
        return us(self.rig.uncertainty_us)

    @property
    def key_settles(self) -> Ns:
        return s(self.rig.key_settles_s)

    @property
    def real(self) -> bool:
        """Whether it runs in real time: it has interfaces of the kernel, or devices."""
        return self.rig.driver != "sim" or bool(self.devices())

    @property
    def plug_stays(self) -> bool:
        """Whether the real car under test cannot be unplugged in a run."""
        return self.rig.driver == "pcap" and self.rig.sut == "pev" and self.pev.plug == "stays"

    @property
    def asks_a_person(self) -> bool:
        """Whether nothing goes on this rig without a person who answers."""
        return "manual" in (self.evse.pilot.driver, self.pev.load.driver)

    @property
    def makes_state_e(self) -> bool:
        """Whether the bench's own charging station can put its pilot at 0 V."""
        return self.evse.pilot.driver in ("simulated", "manual")

    def devices(self) -> dict[str, DeviceTable]:
        """What a guardian has to open, by the name of its table."""
        named: dict[str, DeviceTable | None] = {
            "evse.pilot": None if isinstance(self.evse.pilot, SimulatedPilot) else self.evse.pilot,
            "evse.level": None if isinstance(self.evse.level, ToldLevel) else self.evse.level,
            "pev.load": None if isinstance(self.pev.load, SimulatedLoad) else self.pev.load,
            "pev.duty": None if isinstance(self.pev.duty, AssumedDuty) else self.pev.duty,
            **{f"relays.{name}": board for name, board in self.relays.items()},
            "proximity": self.proximity,
            "emergency_stop": self.emergency_stop,
            "dead_man": self.dead_man,
            "evse.power": self.evse.power,
            "pev.power": self.pev.power,
        }
        return {name: table for name, table in named.items() if table is not None}

    def interfaces(self) -> dict[str, str]:
        """By whose they are: evse, pev, neighbour."""
        named = {"evse": self.evse.interface, "pev": self.pev.interface, "neighbour": self.neighbour.interface}
        return {who: interface for who, interface in named.items() if interface is not None}

    def mistakes(self) -> Iterator[str]:
        """What does not go together."""
        interfaces, driver = self.interfaces(), self.rig.driver
        yield from wiring_mistakes(self.devices(), self.contactors)
        if driver != "pcap":
            yield from self._not_for_simulated_cables()
        if driver != "sim" and self.listener != ListenerTable():
            yield 'listener: belongs to a simulation without interfaces, driver = "sim"'
        if why := why_not_in_role(self.listener.adapter, self.listener.role):
            yield f"listener.role: {why}"
        if driver == "sim":
            for who, interface in interfaces.items():
                yield f'{who}.interface: {interface!r} needs driver = "tap" or "pcap" in [rig]'
            return
        for who, other in (("evse", "pev"), ("pev", "evse")):
            if who not in interfaces and self.rig.sut != who:
                yield f"{who}.interface: missing; the bench's own {who} needs one with driver = {driver!r}"
            if who in interfaces and self.rig.sut == who:
                yield f"{who}.interface: the {who} is under test; the bench needs {other}.interface"
        if len(set(interfaces.values())) < len(interfaces):
            yield f"two ends have one interface: {', '.join(f'{who} {name}' for who, name in interfaces.items())}"
        if driver == "pcap":
            yield from self._not_for_real_adapters()

    def _not_for_simulated_cables(self) -> Iterator[str]:
        """A simulated cable follows simulated boards, and nothing that is outside this computer."""
        boards = {name for name, board in self.relays.items() if getattr(board, "port", "") == SIMULATED}
        for where, table in self.devices().items():
            through = getattr(table, "board", None)
            if getattr(table, "port", "") == SIMULATED or through in boards:
                continue
            yield (
                f"{where}: {table.driver} works a real cable or adapter, those of driver = {self.rig.driver!r} are "
                'simulated; take a board with port = "simulated", or driver = "pcap"'
            )

    def _not_for_real_adapters(self) -> Iterator[str]:
        match self.rig.sut:
            case "all":
                yield "rig.sut: say what is connected: pev (a car), evse (a charging station) or pair (two adapters)"
            case "pev" if isinstance(self.evse.pilot, SimulatedPilot):
                yield "evse.pilot: missing; a car needs a pilot (driver xy-lpwm, sysfs-pwm, gpio-pwm or manual)"
            case "evse" if isinstance(self.pev.load, SimulatedLoad):
                yield "pev.load: missing; a charging station needs a car's resistors (relay-load, dieter, manual ...)"
        for key, named in (("pev.vehicles", self.pev.vehicles), ("evse.chargers", self.evse.chargers)):
            if len(named) > 1:
                yield f"{key}: name the one that is connected, not {len(named)}"
        for where, table in self.devices().items():
            if getattr(table, "port", "") == SIMULATED:
                yield f'{where}.port: "simulated" belongs to a simulation, driver = "sim" or "tap"'
        simulated = {
            "pev.vehicles": self.pev.vehicles and self.rig.sut != "pev",
            "pev.quirks": self.pev.quirks,
            "evse.chargers": self.evse.chargers and self.rig.sut != "evse",
            "evse.quirks": self.evse.quirks,
            "neighbour.interface": self.neighbour.interface,
            "line": self.line != LineTable(),
            "pev.adapter": "adapter" in self.pev.model_fields_set,
            "evse.adapter": "adapter" in self.evse.model_fields_set,
        }
        for key, value in simulated.items():
            if value:
                yield f'{key}: belongs to a simulation, driver = "sim" or "tap"'


def load_rig_config(source: str) -> RigConfig:
    """`sim`, or the path of a rig file. Raises ConfigError with every mistake found."""
    if source == "sim":
        return RigConfig()
    path = Path(source)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{source}: no such rig file; --rig sim needs none") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not TOML: {error}") from None
    try:
        config = RigConfig.model_validate(table)
    except ValidationError as error:
        raise ConfigError(*(_mistake(path.name, detail) for detail in error.errors())) from None
    if mistakes := list(config.mistakes()):
        raise ConfigError(*(f"{path.name}: {mistake}" for mistake in mistakes))
    return config


def _mistake(file: str, detail: Any) -> str:
    parts, known = _place(detail["loc"])
    where = f"{file}: {'.'.join(parts)}"
    match detail["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key{did_you_mean(parts[-1], known)}"
        case "missing":
            return f"{where}: missing"
        case "union_tag_not_found":
            return f"{where}.driver: missing; known are {', '.join(known)}"
        case "union_tag_invalid":
            tag = detail["ctx"]["tag"]
            return f"{where}.driver: there is no {tag!r}{did_you_mean(tag, known)}"
        case "value_error":
            return f"{where}: {detail['ctx']['error']}"
    return f"{where}: {detail['msg'][:1].lower()}{detail['msg'][1:]}, got {detail['input']!r}"


def _place(loc: tuple[Any, ...]) -> tuple[list[str], list[str]]:
    """Where in the file a mistake is, as a person says it, and what may stand there: keys of the table, or drivers.

    pydantic also names the driver of a table on the way, which is no key.
    """
    shown: list[str] = []
    kind: Any = RigConfig
    known: list[str] = list(RigConfig.model_fields)
    for part in loc:
        members = _drivers(kind)
        if members and part in members:
            kind = members[part]
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            shown.append(str(part))
            field = kind.model_fields.get(part)
            kind = None if field is None else field.annotation
        else:
            if isinstance(part, str):
                shown.append(part)
            kind = get_args(kind)[-1] if get_origin(kind) is dict else None
        if members := _drivers(kind):
            known = list(members)
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            known = list(kind.model_fields)
    return shown, known


def _drivers(kind: Any) -> dict[str, type[BaseModel]]:
    """The tables of a union, by the drivers they are for; of anything else nothing."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    tables = [one for one in get_args(kind) if isinstance(one, type) and issubclass(one, BaseModel)]
    if get_origin(kind) not in (Union, UnionType) or len(tables) < 2:
        return {}
    return {driver: table for table in tables for driver in get_args(table.model_fields["driver"].annotation)}
