"""The rig: its file, and `open_rig()`, which alone builds the objects of a bench.

Today every rig is simulated; real drivers come behind the same `Setup`.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.profiles import chargers, vehicles
from bench.rig.config import RigConfig, load_rig_config
from bench.rig.setup import EvseUnderTest, PevUnderTest, Settings, Setup, SutChoice


class Rig:
    """An opened rig. `suts()` says what can be tested on it, `setup()` makes the arrangement for one test."""

    def __init__(self, config: RigConfig) -> None:
        self.config = config

    @property
    def name(self) -> str:
        return self.config.rig.name

    def suts(self) -> Iterator[SutChoice]:
        config = self.config
        if config.offers("pev"):
            for name, vehicle in vehicles().items():
                if not config.pev.vehicles or name in config.pev.vehicles:
                    yield SutChoice("pev", name, vehicle.markers)
        if config.offers("evse"):
            for name, charger in chargers().items():
                if not config.evse.chargers or name in config.evse.chargers:
                    yield SutChoice("evse", name, ("charger", *charger.markers))
        if config.offers("pair"):
            yield SutChoice("pair", "pair", ("two_adapters",))

    def setup(self, choice: SutChoice, settings: Settings | None = None, *, case: str = "") -> Setup:
        """A fresh arrangement with *choice* under test: adapters ready, keys set, pilot at rest, plug out.

        *case* names the test: what is random in a simulation differs from case to case and not from run to run.
        """
        from bench.rig.simulated import SimulatedBench

        return SimulatedBench(self.config, choice, settings or Settings(), case).setup()


def open_rig(source: str = "sim") -> Rig:
    """`sim`, or the path of a rig file. Raises ConfigError."""
    return Rig(load_rig_config(source))


__all__ = [
    "EvseUnderTest",
    "PevUnderTest",
    "Rig",
    "RigConfig",
    "Settings",
    "Setup",
    "SutChoice",
    "load_rig_config",
    "open_rig",
]
