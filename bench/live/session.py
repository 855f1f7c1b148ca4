"""The rig in one of its modes: the bench as the car, as the charging station, or as a listener.

    session = opened(Mode.EVSE, wishes, watched)      # a simulation runs in real time
    while ...: session.pump.run(session.has_to_act, ...); session.act()
    session.close()                                   # pilot at rest, ports closed

What a mode cannot do it says by `can`; what the rig refuses is a BenchError.
"""

from __future__ import annotations

import enum
import random
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import ExitStack

from bench.adapter import PlcAdapter
from bench.adapter.plc_adapter import INT6000_CLASSES
from bench.analysis.intervals import Interval, measure
from bench.errors import BenchError
from bench.guardian.told import ToldPilot
from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress
from bench.live.listening import Ear, SimulatedScene, what_it_shows
from bench.mme import CmSlacParmCnf, CmSlacParmReq, Frame, VsNwInfoReq, VsNwInfoReqV0, VsSwVerReq
from bench.pilot.model import DIGITAL_DUTY_PCT, PilotReading
from bench.pump import Pump
from bench.rig import Setup
from bench.rig.manual import ManualPilot
from bench.rig.measuring import intervals_of_setup
from bench.sniff.hearing import BEFORE_JOINING, Statement
from bench.station import EvseStation, PevStation, new_network
from bench.trace import Trace
from bench.units import Ns, ms, s, show, to_s
from bench.wire import Wire

PLUGS_IN_AFTER: Ns = s(1)
OFFERS_AFTER: Ns = ms(1500)
"""After the plug is in: time to read that 5 % comes by itself."""
AT_REST_PCT = 100.0
FROM_THE_OFFER = ("TP_EV_SLAC_init", "TT_EVSE_SLAC_init")
"""Intervals that begin when the pilot shows 5 %."""


class Mode(enum.Enum):
    """What the bench is."""

    PEV = "the bench is the CAR"
    EVSE = "the bench is the STATION"
    LISTEN = "the bench LISTENS"


class Can(enum.Enum):
    """What depends on the mode and the rig."""

    DUTY = "set the duty cycle"
    PLUG = "plug in and out"
    ADAPTER = "speak to an adapter"


class Session(ABC):
    """One mode, from its opening to its end.

    other        who is at the other end of the cable
    uncertainty  of one interval that is measured here
    simulated    whether the other end is part of this program, and late when it is
    """

    def __init__(self, mode: Mode, pump: Pump, trace: Trace, other: str) -> None:
        self.mode, self.pump, self.trace, self.other = mode, pump, trace, other
        self.uncertainty: Ns = 0
        self.simulated = False
        self.since: Ns = self.now()
        """When what is measured now began."""
        self.doubts: list[str] = []
        """Why not everything was seen, or sent; looked for whenever the adapters are asked for their network."""

    def now(self) -> Ns:
        return self.pump.clock.now()

    @property
    @abstractmethod
    def adapters(self) -> list[PlcAdapter]: ...

    @abstractmethod
    def can(self, what: Can) -> bool: ...

    @abstractmethod
    def intervals(self) -> list[Interval]:
        """Of the matching that goes on, or of the last one."""

    @abstractmethod
    def close(self) -> None:
        """Pilot at rest, ports closed. Idempotent."""

    def held_up(self, duration: Ns) -> None:
        """Whoever works in the pump tells how long that took: simulated stations stood still meanwhile.

        Frames from real interfaces carry the kernel's stamps, which nothing here delays.
        """
        if self.simulated:
            self.uncertainty = max(self.uncertainty, duration)

    def pilot(self) -> PilotReading | None:
        """None where the bench does not see it."""
        return None

    def coming(self) -> str:
        """What the session is going to do by itself; empty: nothing."""
        return ""

    def opening_words(self) -> str:
        """What to know of this mode once it is open; empty: nothing."""
        return ""

    @abstractmethod
    def begin(self) -> None:
        """From now on what comes by itself comes."""

    @abstractmethod
    def has_to_act(self) -> bool:
        """Whether something is due."""

    @abstractmethod
    def act(self) -> None:
        """Do what is due by itself."""

    def plug(self) -> str:
        raise BenchError("there is no plug here")

    def duty(self, pct: float) -> str:
        raise BenchError(f"{pct:g} %: the bench does not make the pilot here")

    def test_frame(self) -> str:
        """Ask every adapter that hears it for its version; nothing is waited for."""
        for adapter in self.adapters:
            adapter.wire.send(Frame(BROADCAST, adapter.host_mac, VsSwVerReq()), self.now())
        return "test frame sent: VS_SW_VER.REQ to everybody; answers stand above"

    def ask_network(self) -> None:
        """Ask each adapter that nobody asks meanwhile in which network it is; the answer is seen in the trace."""
        self.doubts = [doubt for adapter in self.adapters for doubt in adapter.wire.doubts()]
        for adapter in self.adapters:
            if adapter.next_deadline() is None and adapter.identity is not None:
                old = adapter.identity.device_class in INT6000_CLASSES
                mme = VsNwInfoReqV0() if old else VsNwInfoReq()
                adapter.wire.send(Frame(LOCAL_DEVICE, adapter.host_mac, mme), self.now())

    def restart(self) -> str:
        """Restart each adapter and wait until it is ready."""
        begun = self.now()
        for adapter in self.adapters:
            adapter.restart()
        return f"restarted, ready again after {show(self.now() - begun)}"

    def new_key(self) -> str:
        """Give each adapter a new random key, which takes it out of every network."""
        network = new_network(random.Random(secrets.randbits(64)))
        for adapter in self.adapters:
            adapter.set_key(network)
        return f"new key {network.nmk}, network {network.nid}"


class StationSession(Session):
    """The bench at one end of the cable, or at both: a `Setup`."""

    def __init__(self, mode: Mode, setup: Setup, *, real_car: bool) -> None:
        super().__init__(mode, setup.pump, setup.trace, setup.sut)
        self.setup = setup
        self._real_car = real_car
        self._in = False
        self._plugs_in_at: Ns | None = None
        self._will_offer = self.can(Can.DUTY)
        self._offers_at: Ns | None = None

    @property
    def adapters(self) -> list[PlcAdapter]:
        return [station.adapter for station in self.setup.own_stations]

    def end(self) -> EvseStation | PevStation:
        """The end of the cable that the bench is in this mode; of a rig that is both, too."""
        return self.setup.own_evse if self.mode is Mode.EVSE else self.setup.own_pev

    def can(self, what: Can) -> bool:
        match what:
            case Can.DUTY:
                return isinstance(self.setup.evse, EvseStation)
            case Can.PLUG:
                return not self._real_car or isinstance(self.setup.own_evse.pilot, ToldPilot | ManualPilot)
        return True

    def intervals(self) -> list[Interval]:
        """What counts from 5 % is left out where a person sets it, and says so some time later."""
        by_hand = isinstance(self.setup.evse, EvseStation) and isinstance(self.setup.evse.pilot, ManualPilot)
        found = intervals_of_setup(self.setup, self.since)
        return [one for one in found if not (by_hand and one.name in FROM_THE_OFFER)]

    def pilot(self) -> PilotReading:
        return self.setup.pilot_reading()

    def close(self) -> None:
        self.setup.close()

    @property
    def plugged(self) -> bool:
        return self.pilot().state.plugged if self._real_car else self._in

    # by itself ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        if not self._real_car:
            self._plugs_in_at = self.now() + PLUGS_IN_AFTER

    def coming(self) -> str:
        if self._plugs_in_at is not None:
            return f"plugs in by itself in {_seconds(self._plugs_in_at - self.now())}"
        if self._offers_at is not None:
            return f"offers 5 % by itself in {_seconds(self._offers_at - self.now())}"
        if self._will_offer and not self.plugged:
            return self._asked_for() if self._real_car else ""
        return ""

    def _asked_for(self) -> str:
        """Of whoever stands beside a real car; where nothing measures the pilot, U says that it is done."""
        told = " and press U" if self.can(Can.PLUG) else ""
        return f"put the connector into the car{told}; 5 % follows by itself"

    def has_to_act(self) -> bool:
        now = self.now()
        if self._plugs_in_at is not None and now >= self._plugs_in_at:
            return True
        if self._offers_at is not None:
            return now >= self._offers_at or not self.plugged
        return self._will_offer and self.plugged

    def act(self) -> None:
        now = self.now()
        if self._plugs_in_at is not None and now >= self._plugs_in_at:
            self._put(True)
        if not self.plugged:
            self._offers_at = None
        elif self._will_offer and self._offers_at is None:
            self._offers_at = now + OFFERS_AFTER
        elif self._offers_at is not None and now >= self._offers_at:
            self.duty(DIGITAL_DUTY_PCT)

    # by key ---------------------------------------------------------------------------------------------------

    def duty(self, pct: float) -> str:
        self._will_offer, self._offers_at = False, None
        self.setup.own_evse.pilot.set_duty_cycle_pct(pct)
        return f"pilot set to {pct:g} %"

    def plug(self) -> str:
        put_in = not self.plugged
        self._put(put_in)
        return "plugged in" if put_in else "unplugged, pilot at 100 %" if self.can(Can.DUTY) else "unplugged"

    def _put(self, put_in: bool) -> None:
        self._plugs_in_at = self._offers_at = None
        if put_in:
            self.since = self.now()
        elif self.can(Can.DUTY):
            self.setup.own_evse.pilot.set_duty_cycle_pct(AT_REST_PCT)
        self._will_offer = put_in and self.can(Can.DUTY)
        self._in = put_in
        if self._real_car:
            pilot = self.setup.own_evse.pilot
            assert isinstance(pilot, ToldPilot | ManualPilot)
            pilot.told(self.now(), put_in)
        elif put_in:
            self.setup.pev.plug_in()
        else:
            self.setup.pev.unplug()

    def new_key(self) -> str:
        """The station's own network changes with it. BenchError while a car is there."""
        for station in self.setup.own_stations:
            if not isinstance(station, EvseStation):
                continue
            if station.machine.sessions:
                raise BenchError("not while a car is there: pull the plug first (U), then S")
            station.use(new_network(self.setup.rng))
            station.prepare()
            return f"new key {station.network.nmk}, network {station.network.nid}"
        return super().new_key()


class ListeningSession(Session):
    """Nothing is said but what a person asks for. *scene*: what there is to listen to on a simulated rig.

    shows  what each adapter will show, by its name, once `ask_what_it_shows` has asked it
    """

    def __init__(
        self, pump: Pump, trace: Trace, wires: Iterable[Wire], opened: ExitStack, scene: SimulatedScene | None
    ) -> None:
        other = "whoever is near" if scene is None else f"{scene.car.name} at {scene.choice.name}"
        super().__init__(Mode.LISTEN, pump, trace, other)
        self.scene, self._opened = scene, opened
        self._adapters = [PlcAdapter(wire, f"{wire.port.name}.adapter") for wire in wires]
        pump.participants += [Ear(adapter.wire) for adapter in self._adapters]
        self.shows: dict[str, list[Statement]] = {}
        self._in = False
        self._plugs_in_at: Ns | None = None

    @property
    def adapters(self) -> list[PlcAdapter]:
        return self._adapters

    def ask_what_it_shows(self) -> None:
        """AdapterError: an adapter does not even say what it is."""
        self.shows = {adapter.name: what_it_shows(adapter) for adapter in self._adapters}

    def opening_words(self) -> str:
        return BEFORE_JOINING

    def can(self, what: Can) -> bool:
        match what:
            case Can.DUTY:
                return False
            case Can.PLUG:
                return self.scene is not None
        return True

    def intervals(self) -> list[Interval]:
        frames = [
            (seen.t, seen.frame)
            for seen in self.trace.frames()
            if seen.t >= self.since and seen.port == self._adapters[0].wire.port.name and seen.frame is not None
        ]
        car = next((_car_of(frame) for _, frame in reversed(frames) if _car_of(frame) is not None), None)
        return [] if car is None else measure(frames, pev_mac=car)

    def close(self) -> None:
        self._opened.close()

    def begin(self) -> None:
        if self.scene is not None:
            self._plugs_in_at = self.now() + PLUGS_IN_AFTER

    def coming(self) -> str:
        if self._plugs_in_at is None:
            return ""
        return f"the simulated car is plugged in by itself in {_seconds(self._plugs_in_at - self.now())}"

    def has_to_act(self) -> bool:
        return self._plugs_in_at is not None and self.now() >= self._plugs_in_at

    def act(self) -> None:
        if self.has_to_act():
            self.plug()

    def plug(self) -> str:
        if self.scene is None:
            return super().plug()
        self._plugs_in_at, self._in = None, not self._in
        if self._in:
            self.since = self.now()
            self.scene.car.plug_in()
            return "the simulated car is plugged in"
        self.scene.car.unplug()
        return "the simulated car is unplugged"


def _car_of(frame: Frame) -> MacAddress | None:
    match frame.mme:
        case CmSlacParmReq():
            return frame.src
        case CmSlacParmCnf():
            return frame.dst
    return None


def _seconds(t: Ns) -> str:
    return f"{max(0.0, to_s(t)):.1f} s"
