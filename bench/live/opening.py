"""Which rig, who is on it, and its opening in one of the modes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from bench.clock import SystemClock
from bench.errors import BenchError, ConfigError
from bench.live.listening import Listener, SimulatedScene, listener_for
from bench.live.session import ListeningSession, Mode, StationSession
from bench.operator import OperatorAt
from bench.profiles import charger, vehicle
from bench.pump import Pump
from bench.rig import Rig, RigConfig, SutChoice, open_rig
from bench.rig.config import RigTable
from bench.rig.self_measurement import Latency
from bench.trace import Trace
from bench.units import Ns, ms
from bench.wire import Wire

Watch = Callable[[Pump, Trace], None]

USUAL_VEHICLE, USUAL_CHARGER = "hyundai-ioniq28", "alpitronic"
SIMULATED_KEY_SETTLES_S = 0.5
"""The simulated adapters of the bench do not restart late for a new key, and a person waits."""
WAKE_UPS = 100


@dataclass(frozen=True, slots=True)
class Wishes:
    """Which rig, and who is simulated on it. None: the usual one, or whoever the rig file names.

    listener  None: the rig is not one on which a listener is simulated
    """

    rig: Rig
    vehicle: str | None = None
    charger: str | None = None
    listener: Listener | None = None


def rig_to_watch(source: str) -> Rig:
    """`sim`, or the path of a rig file. ConfigError."""
    if source == "sim":
        return Rig(RigConfig(rig=RigTable(key_settles_s=SIMULATED_KEY_SETTLES_S)))
    return open_rig(source)


def wishes_for(
    rig: Rig,
    vehicle_name: str | None,
    charger_name: str | None,
    listener: str | None = None,
    listener_role: str | None = None,
) -> Wishes:
    """ConfigError for a profile that does not exist, or cannot be at the other end, or listen, on this rig."""
    config = rig.config
    for option, name, profile, named in (
        ("--vehicle", vehicle_name, vehicle, config.pev.vehicles),
        ("--charger", charger_name, charger, config.evse.chargers),
    ):
        if name is None:
            continue
        profile(name)
        if config.rig.driver == "pcap":
            raise ConfigError(f"{option} is who is simulated, and the rig {rig.name} is a real one; leave it out")
        if named and name not in named:
            raise ConfigError(f"{option}: the rig {rig.name} has {', '.join(named)}, not {name}")
    for option, value in (("--listener", listener), ("--listener-role", listener_role)):
        if value is not None and config.rig.driver != "sim":
            raise ConfigError(
                f"{option} is about a simulated listener, and the rig {rig.name} has interfaces "
                f"(driver {config.rig.driver}); leave it out"
            )
    simulated = listener_for(config.listener, listener, listener_role) if config.rig.driver == "sim" else None
    return Wishes(rig, vehicle_name, charger_name, simulated)


def modes_of(config: RigConfig) -> frozenset[Mode]:
    """What this bench can be."""
    found = {Mode.LISTEN}
    if config.offers("pev") or config.offers("pair"):
        found.add(Mode.EVSE)
    if config.offers("evse") or config.offers("pair"):
        found.add(Mode.PEV)
    if config.rig.driver == "tap":
        found.discard(Mode.LISTEN)
    return frozenset(found)


def opened(
    mode: Mode, wishes: Wishes, watch: Watch, operator_at: OperatorAt | None = None
) -> StationSession | ListeningSession:
    """The rig in this mode, with its adapters asked for their names. BenchError: it cannot be opened, nothing is left
    open then.

    watch        is told the pump and the record before anything happens
    operator_at  where a person is asked who works a part of this rig by hand
    """
    rig = wishes.rig
    if mode not in modes_of(rig.config):
        raise BenchError(f"the rig {rig.name} is not made for this: {mode.value}")
    session: StationSession | ListeningSession
    if mode is Mode.LISTEN:
        session = _listening(wishes, watch)
    else:
        choice = _choice(mode, wishes)
        setup = rig.setup(choice, case="live", watched=watch, operator_at=operator_at)
        real_car = rig.config.rig.driver == "pcap" and choice.kind == "pev"
        session = StationSession(mode, setup, real_car=real_car)
    try:
        session.uncertainty = rig.uncertainty
        session.simulated = rig.config.rig.driver != "pcap"
        if session.simulated:
            session.uncertainty = max(session.uncertainty, timers_late(session.pump))
        session.begin()
    except BaseException:
        session.close()
        raise
    return session


def _choice(mode: Mode, wishes: Wishes) -> SutChoice:
    """Who is at the other end."""
    config = wishes.rig.config
    if config.rig.sut == "pair" or config.rig.driver == "pcap":
        return next(wishes.rig.suts())
    kind, name = ("pev", _vehicle(wishes)) if mode is Mode.EVSE else ("evse", _charger(wishes))
    return next(choice for choice in wishes.rig.suts() if choice.kind == kind and choice.name == name)


def _vehicle(wishes: Wishes) -> str:
    return wishes.vehicle or _usual(USUAL_VEHICLE, wishes.rig.config.pev.vehicles)


def _charger(wishes: Wishes) -> str:
    return wishes.charger or _usual(USUAL_CHARGER, wishes.rig.config.evse.chargers)


def _usual(usual: str, named: list[str]) -> str:
    return usual if not named or usual in named else named[0]


def _listening(wishes: Wishes, watch: Watch) -> ListeningSession:
    config = wishes.rig.config
    if config.rig.driver == "sim":
        listener = wishes.listener or listener_for(config.listener)
        scene = SimulatedScene(config, _vehicle(wishes), _charger(wishes), listener)
        watch(scene.pump, scene.trace)
        session = ListeningSession(scene.pump, scene.trace, [scene.wire], scene.opened, scene)
    else:
        session = _on_interfaces(config, watch)
    try:
        session.ask_what_it_shows()
    except BaseException:
        session.close()
        raise
    return session


def _on_interfaces(config: RigConfig, watch: Watch) -> ListeningSession:
    from bench.rig.kernel_ports import open_port  # needs libpcap

    clock, trace = SystemClock(time.monotonic_ns()), Trace()
    pump, opened = Pump(clock), ExitStack()
    watch(pump, trace)
    try:
        wires = [
            Wire(open_port(interface, who, clock, opened), trace, pump)
            for who, interface in config.interfaces().items()
        ]
        return ListeningSession(pump, trace, wires, opened, None)
    except BaseException:
        opened.close()
        raise


def timers_late(pump: Pump) -> Ns:
    """How late 99 of 100 timers fire here: no interval of a simulation in real time is known better."""
    late = []
    for _ in range(WAKE_UPS):
        due = pump.clock.now() + ms(1)
        pump.run(lambda: False, due)
        late.append(pump.clock.now() - due)
    measured = Latency.of(late)
    assert measured is not None
    return measured.p99
