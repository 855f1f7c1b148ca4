"""The rig file: TOML in, typed values out, every mistake at once with its table, its key and what to write instead."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bench.errors import ConfigError
from bench.profiles import adapters, chargers, vehicles
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.units import Ns, ms, us

SutKind = Literal["pev", "evse", "pair"]


def _one_of(known: Callable[[], Iterable[str]]) -> AfterValidator:
    """A name out of those that exist; they are looked up when a file is read, not when this module is."""

    def check(name: str) -> str:
        names = list(known())
        if name not in names:
            raise ValueError(f"there is no {name!r}{_suggestion(name, names)}")
        return name

    return AfterValidator(check)


Vehicle = Annotated[str, _one_of(vehicles)]
Charger = Annotated[str, _one_of(chargers)]
Adapter = Annotated[str, _one_of(adapters)]
CarFault = Annotated[str, _one_of(lambda: (quirk.name.lower() for quirk in CarQuirk))]
ChargerFault = Annotated[str, _one_of(lambda: (quirk.name.lower() for quirk in ChargerQuirk))]


class Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class RigTable(Table):
    """[rig]: what this bench is and what is connected to it.

    driver                 `sim`: everything is simulated
    sut                    what is tested; `all`: the simulated bench offers every car, every charger and the pair
    seed                   of everything random in the simulation; two runs with one seed are identical
    transmission_delay_ms  the rig's allowance where the bench waits for a repetition of the station under test
    uncertainty_us         of one measured interval; verdicts nearer to a limit than three times that are inconclusive
    """

    name: str = "sim"
    driver: Literal["sim"] = "sim"
    sut: Literal["pev", "evse", "pair", "all"] = "all"
    seed: int = 0
    transmission_delay_ms: float = 50.0
    uncertainty_us: float = 0.0


class PevTable(Table):
    """[pev]: the car's end.

    vehicles  profiles of the cars under test; none: all of them
    quirks    what is wrong with them, by the names of `bench.sim.quirks.CarQuirk`
    adapter   the bench's adapter when the bench plays the car
    """

    vehicles: list[Vehicle] = Field(default_factory=list)
    quirks: list[CarFault] = Field(default_factory=list)
    adapter: Adapter = "qca7005-car"


class EvseTable(Table):
    """[evse]: the charging station's end; `chargers`, `quirks`, `adapter` as in [pev]."""

    chargers: list[Charger] = Field(default_factory=list)
    quirks: list[ChargerFault] = Field(default_factory=list)
    adapter: Adapter = "qca7005-evse"


class LineTable(Table):
    """[line]: the simulated powerline. attenuation_db: the car's own path; none: what was measured for that car."""

    attenuation_db: float | None = None
    loss: float = Field(default=0.0, ge=0.0, le=1.0)


class RigConfig(Table):
    rig: RigTable = Field(default_factory=RigTable)
    pev: PevTable = Field(default_factory=PevTable)
    evse: EvseTable = Field(default_factory=EvseTable)
    line: LineTable = Field(default_factory=LineTable)

    def offers(self, kind: SutKind) -> bool:
        return self.rig.sut in (kind, "all")

    @property
    def transmission_delay(self) -> Ns:
        return ms(self.rig.transmission_delay_ms)

    @property
    def uncertainty(self) -> Ns:
        return us(self.rig.uncertainty_us)


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
        return RigConfig.model_validate(table)
    except ValidationError as error:
        raise ConfigError(*(_mistake(path.name, detail) for detail in error.errors())) from None


def _mistake(file: str, detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"] if isinstance(part, str))
    if detail["type"] == "extra_forbidden":
        return f"{file}: {where}: unknown key{_suggestion(str(detail['loc'][-1]), _known_keys(detail['loc'][:-1]))}"
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


def _suggestion(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known))}"
