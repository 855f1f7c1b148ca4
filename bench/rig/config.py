"""The rig file: TOML in, typed values out, every mistake at once with its table, its key and what to write instead."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bench.adapter import QUIET_AFTER_KEY
from bench.errors import ConfigError, did_you_mean
from bench.profiles import adapters, chargers, vehicles
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


class Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


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
    """

    vehicles: list[Vehicle] = Field(default_factory=list)
    quirks: list[CarFault] = Field(default_factory=list)
    adapter: Adapter = "qca7005-car"
    interface: InterfaceName | None = None


class EvseTable(Table):
    """[evse]: the charging station's end; `chargers`, `quirks`, `adapter`, `interface` as in [pev]."""

    chargers: list[Charger] = Field(default_factory=list)
    quirks: list[ChargerFault] = Field(default_factory=list)
    adapter: Adapter = "qca7005-evse"
    interface: InterfaceName | None = None


class NeighbourTable(Table):
    """[neighbour]: another station of the bench, for what cross-talk does. Simulated; *interface* as in [pev]."""

    interface: InterfaceName | None = None


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
        """Whether it has interfaces of the kernel, and therefore real time."""
        return self.rig.driver != "sim"

    def interfaces(self) -> dict[str, str]:
        """By whose they are: evse, pev, neighbour."""
        named = {"evse": self.evse.interface, "pev": self.pev.interface, "neighbour": self.neighbour.interface}
        return {who: interface for who, interface in named.items() if interface is not None}

    def mistakes(self) -> Iterator[str]:
        """What does not go together."""
        interfaces, driver = self.interfaces(), self.rig.driver
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

    def _not_for_real_adapters(self) -> Iterator[str]:
        if self.rig.sut != "pair":
            yield (
                f"rig.sut: {self.rig.sut!r} with driver = 'pcap' needs a pilot driver, and there is none yet; "
                'sut = "pair" tests two adapters with a simulated pilot'
            )
        simulated = {
            "pev.vehicles": self.pev.vehicles,
            "pev.quirks": self.pev.quirks,
            "evse.chargers": self.evse.chargers,
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
    where = ".".join(str(part) for part in detail["loc"] if isinstance(part, str))
    if detail["type"] == "extra_forbidden":
        return f"{file}: {where}: unknown key{did_you_mean(str(detail['loc'][-1]), _known_keys(detail['loc'][:-1]))}"
    if detail["type"] == "value_error":
        return f"{file}: {where}: {detail['ctx']['error']}"
    return f"{file}: {where}: {detail['msg'][:1].lower()}{detail['msg'][1:]}, got {detail['input']!r}"


def _known_keys(at: tuple[Any, ...]) -> list[str]:
    model: type[BaseModel] = RigConfig
    for part in at:
        annotation = model.model_fields[part].annotation
        assert isinstance(annotation, type)
        model = annotation
    return list(model.model_fields)
