"""What a test works with: the two ends of one charging cable, and the pump that makes them run."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from bench.clock import Clock
from bench.ids import MacAddress
from bench.pilot.model import PilotReading
from bench.power import GuardedSwitch
from bench.pump import Pump
from bench.sdp.evcc import EvccSettings
from bench.sdp.secc import SeccSettings
from bench.slac.evse import EvseSettings
from bench.slac.pev import PevSettings
from bench.station import EvseStation, PevStation
from bench.trace import Trace
from bench.units import Ns


class PevUnderTest(Protocol):
    """A car the bench does not control beyond its plug: simulated, or a real one that a person plugs in."""

    name: str

    @property
    def mac(self) -> MacAddress: ...

    def plug_in(self) -> None: ...

    def unplug(self) -> None: ...


class EvseUnderTest(Protocol):
    """A charging station the bench does not control at all."""

    name: str

    @property
    def mac(self) -> MacAddress: ...


@dataclass
class Setup:
    """One arrangement for one test.

    evse, pev   the two ends; the bench's own ones are `EvseStation` and `PevStation`
    sut         name of the station under test, for messages
    rng         for whatever the bench draws: keys, RunIDs, sounds
    neighbour   adds another charging station of the bench at this attenuation from the car (cross-talk);
                None where the rig has no adapter for it
    """

    sut: str
    evse: EvseStation | EvseUnderTest
    pev: PevStation | PevUnderTest
    pump: Pump
    trace: Trace
    clock: Clock
    rng: random.Random
    pilot_reading: Callable[[], PilotReading]
    neighbour: Callable[[float], EvseStation] | None = None
    power: dict[str, GuardedSwitch] = field(default_factory=dict)
    """Of the bench's own adapters, by the station's name, as far as the rig can switch it."""
    firmware: dict[str, str] = field(default_factory=dict)
    """Adapter name to version text, as far as the bench asked."""
    prompt: bool = False
    """Whether the bench goes before ordinary programs; on the virtual clock there is no need to."""
    opened: ExitStack = field(default_factory=ExitStack)
    """What is to be closed, last opened first."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Pilot at rest, adapters powered, ports closed. Idempotent. The trace stays."""
        self.opened.close()

    @property
    def own_evse(self) -> EvseStation:
        assert isinstance(self.evse, EvseStation)
        return self.evse

    @property
    def own_pev(self) -> PevStation:
        assert isinstance(self.pev, PevStation)
        return self.pev

    @property
    def pev_name(self) -> str:
        """The car's profile, or `bench`."""
        return "bench" if isinstance(self.pev, PevStation) else self.sut

    @property
    def evse_name(self) -> str:
        """The station's profile, or `bench`."""
        return "bench" if isinstance(self.evse, EvseStation) else self.sut

    @property
    def own_stations(self) -> list[EvseStation | PevStation]:
        return [station for station in (self.evse, self.pev) if isinstance(station, EvseStation | PevStation)]

    def doubts(self) -> list[str]:
        """Why the bench may not have seen everything; nothing as long as all is well."""
        return [doubt for station in self.own_stations for doubt in station.wire.doubts()]

    def now(self) -> Ns:
        return self.clock.now()

    def run_for(self, duration: Ns) -> None:
        self.pump.run_for(duration)


@dataclass(frozen=True, slots=True)
class SutChoice:
    """One station under test that a rig offers.

    kind     pev, evse or pair
    name     profile id; "pair" for the pair
    markers  pytest markers that select it
    """

    kind: str
    name: str
    markers: tuple[str, ...]

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Settings:
    """How the bench's own machines behave, where a test wants it otherwise."""

    evse: EvseSettings | None = None
    pev: PevSettings | None = None
    secc: SeccSettings | None = None
    evcc: EvccSettings | None = None
