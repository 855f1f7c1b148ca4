"""The rig: its file, and `open_rig()`, which alone builds the objects of a bench.

rig = open_rig("rigs/tap.toml")             # ConfigError: every mistake in the file
with rig.in_use("nightly run"):             # locked; on real interfaces the bench measures itself
    with rig.setup(next(rig.suts())) as setup:
        setup.own_pev.plug_in()
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

from bench.errors import AdapterError, BenchError, PibError
from bench.profiles import chargers, vehicles
from bench.rig.config import RigConfig, load_rig_config
from bench.rig.setup import EvseUnderTest, PevUnderTest, Settings, Setup, SutChoice
from bench.units import Ns

if TYPE_CHECKING:
    from bench.operator import OperatorAt
    from bench.pump import Pump
    from bench.rig.devices import RigDevices
    from bench.rig.self_measurement import SelfMeasurement
    from bench.trace import Trace

    Watched: TypeAlias = Callable[[Pump, Trace], None]


class Rig:
    """A bench and what is connected to it. `suts()` says what can be tested on it, `setup()` makes the arrangement for
    one test.

    measured  what the bench found out about itself; None before, and on the virtual clock, which is exact
    """

    def __init__(self, config: RigConfig) -> None:
        self.config = config
        self.measured: SelfMeasurement | None = None
        self.devices: RigDevices | None = None
        self.driven_by: list[str] = []
        """What drives pilot, cable and power, in a line each; nothing where they are simulated."""
        self._configurations: dict[str, str] | None = None

    @property
    def name(self) -> str:
        return self.config.rig.name

    @property
    def uncertainty(self) -> Ns:
        """Of one interval measured on this rig: what it measured, or what its file says if that is more.

        A simulated station in real time is no better than this computer's timers, so they count there.
        """
        measured = 0
        if self.measured is not None:
            measured = self.measured.uncertainty
            if self.config.rig.driver != "pcap":
                measured += self.measured.wake_up.p99
        return max(measured, self.config.uncertainty)

    @property
    def configurations(self) -> dict[str, str]:
        """`configuration_digest` of the parameter block of each of the bench's own adapters, by role.

        Read once, when the bench measures itself or when first asked for; an adapter that does not let its block be
        read is left out. Changes since are not seen.
        """
        if self._configurations is None:
            with self.setup(self._most_own(), case="configurations") as setup:
                self._configurations = _configurations_of(setup)
        return self._configurations

    @contextmanager
    def in_use(self, purpose: str, *, energise: bool = False) -> Iterator[None]:
        """Keep other programs from the same hardware, open its devices, and measure the bench itself. Nothing to do
        for `sim`.

        energise  contactors may be closed

        Raises RigBusy, and whatever keeps the first arrangement from being made.
        """
        if not self.config.real:
            yield
            return
        from bench.lock import RigLock
        from bench.rig.devices import RigDevices, locks_of

        names = locks_of(self.config)
        with ExitStack() as opened:
            if self.config.devices():
                # The locks are the guardian's: it keeps them until the bench is safe, whatever becomes of this program.
                self.devices = opened.enter_context(RigDevices(self.config, names, purpose, energise=energise))
                self.driven_by = self.devices.lines()
                opened.callback(self._without_devices)
            else:
                opened.callback(RigLock(names, purpose).close)
            self._measure()
            yield

    def _without_devices(self) -> None:
        self.devices = None

    def _measure(self) -> None:
        from bench.rig.kernel_ports import ear_of
        from bench.rig.self_measurement import measure_bench

        with self.setup(self._most_own(), case="self-measurement") as setup:
            self.measured = measure_bench(setup, ear_of)
            self._configurations = _configurations_of(setup)

    def _most_own(self) -> SutChoice:
        """With both ends the bench's own there is most to learn."""
        return min(self.suts(), key=lambda choice: choice.kind != "pair")

    def suts(self) -> Iterator[SutChoice]:
        config = self.config
        if config.rig.driver == "pcap":
            yield self._connected()
            return
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

    def _connected(self) -> SutChoice:
        """The one station at a real rig; `car` or `charger` where its profile is not known."""
        match self.config.rig.sut:
            case "pev":
                for name in self.config.pev.vehicles:
                    return SutChoice("pev", name, vehicles()[name].markers)
                return SutChoice("pev", "car", ())
            case "evse":
                for name in self.config.evse.chargers:
                    return SutChoice("evse", name, ("charger", *chargers()[name].markers))
                return SutChoice("evse", "charger", ("charger",))
        return SutChoice("pair", "pair", ("two_adapters",))

    def setup(
        self,
        choice: SutChoice,
        settings: Settings | None = None,
        *,
        case: str = "",
        watched: Watched | None = None,
        operator_at: OperatorAt | None = None,
    ) -> Setup:
        """A fresh arrangement with *choice* under test: adapters ready, keys set, pilot at rest, plug out.

        *case* names the test: what is random in a simulation differs from case to case and not from run to run.
        *watched*: somebody looks on. A simulation runs in real time then, and this is told pump and record before the
        adapters are asked anything. *operator_at*: where a person is asked, if not in the terminal.
        """
        if self.devices is None and self.config.devices():
            raise BenchError(f"the devices of the rig {self.name} are opened by in_use(), and it is not in use")
        if self.config.rig.driver == "pcap":
            from bench.operator import TerminalOperator
            from bench.rig.real import RealBench

            person = operator_at or TerminalOperator
            real = RealBench(self.config, choice, settings or Settings(), case, self.devices, person)
            if watched is not None:
                watched(real.pump, real.trace)
            return real.setup()
        from bench.rig.simulated import SimulatedBench

        simulated = SimulatedBench(
            self.config, choice, settings or Settings(), case, self.devices, real_time=watched is not None
        )
        if watched is not None:
            watched(simulated.pump, simulated.trace)
        return simulated.setup()


def _configurations_of(setup: Setup) -> dict[str, str]:
    found = {}
    for station in setup.own_stations:
        with suppress(AdapterError, PibError):
            found[station.name] = station.adapter.read_pib().configuration_digest
    return found


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
