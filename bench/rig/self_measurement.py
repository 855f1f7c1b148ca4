"""How well this bench can measure, found out at the start of a run and printed.

    measured = measure_bench(setup)
    measured.uncertainty            of one interval
    print(*measured.lines(), sep="\\n")

Theory of operation. An interval has two ends. A frame that came in was stamped by the kernel; that stamp is as good as
the kernel counts and as the kernel's clock was compared with the rig's. A frame of our own is stamped just before it is
handed to the kernel, and leaves a little later: a second port on the same interface hears it leave, stamped by the
kernel. So the uncertainty is the stamp's resolution and what 99 of 100 own frames keep to. How late the bench wakes up,
how soon it has a frame in hand, how soon its adapter answers and how long a frame takes through both adapters do not
spoil an interval; they say how fast the bench itself can be, and are printed for that.

What each own frame is: VS_SW_VER.REQ to the own adapter, which every adapter answers and nobody else hears.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from bench.errors import AdapterError, BenchError
from bench.ids import BROADCAST, LOCAL_DEVICE, RunId
from bench.mme import CmSlacParmReq, Frame, VsSwVerCnf, VsSwVerReq, encode
from bench.ports import FramePort, Stamped
from bench.pump import Pump
from bench.rig.setup import Setup
from bench.station import EvseStation, PevStation
from bench.trace import Direction, FrameSeen
from bench.units import Ns, ms, show

QUESTIONS = 100
"""To each adapter; an answer takes about a millisecond, the pause between two of them another."""
WAKE_UPS = 400
"""Enough that a single hiccup of the computer is not taken for its habit."""
PAUSE: Ns = ms(1)
PATHS = 20
"""Frames from one end of the powerline to the other."""
REMEDY = "as root, or with CAP_SYS_NICE, its timers would be prompt on a busy computer too"
ANSWER_WITHIN: Ns = ms(500)
MOST_UNANSWERED = QUESTIONS // 4


class Ear(Protocol):
    """Hears the frames that leave on an interface, with the instants at which they did."""

    def receive(self) -> list[Stamped]: ...


OpenEar = Callable[[FramePort], "AbstractContextManager[Ear] | None"]
"""None where this system has no such ear."""


@dataclass(frozen=True, slots=True)
class Latency:
    """A duration measured *n* times."""

    n: int
    median: Ns
    p99: Ns
    worst: Ns

    @classmethod
    def of(cls, values: Sequence[Ns]) -> Latency | None:
        """None of no values. The 99th percentile is the least value that 99 of 100 do not exceed."""
        if not values:
            return None
        ordered = sorted(values)
        rank = -(-99 * len(ordered) // 100) - 1
        return cls(len(ordered), ordered[(len(ordered) - 1) // 2], ordered[rank], ordered[-1])

    def __str__(self) -> str:
        return f"median {show(self.median)}, 99 % {show(self.p99)}, worst {show(self.worst)} (n = {self.n})"


@dataclass(frozen=True, slots=True)
class PortMeasured:
    """One port.

    resolution  of a kernel stamp on the rig's clock
    leaving     from our stamp of an own frame to the kernel's of the same; None where it cannot be heard
    answer      from a question to the own adapter's answer, kernel stamp
    in_hand     from the kernel stamp of a frame to its being handed to a station
    """

    resolution: Ns
    leaving: Latency | None
    answer: Latency
    in_hand: Latency

    @property
    def uncertainty(self) -> Ns:
        """Where own frames cannot be heard leaving, they have certainly left before they are answered."""
        return self.resolution + (self.answer.p99 if self.leaving is None else self.leaving.p99)


@dataclass(frozen=True, slots=True)
class SelfMeasurement:
    """wake_up: how late the bench's timers fire. path: from the car's port through both adapters to the station's.

    prompt: whether it goes before ordinary programs, see `bench.drivers.priority`.
    """

    wake_up: Latency
    ports: dict[str, PortMeasured]
    path: Latency | None = None
    prompt: bool = False

    @property
    def uncertainty(self) -> Ns:
        """Of one interval measured on this bench."""
        return max(port.uncertainty for port in self.ports.values())

    def lines(self) -> list[str]:
        """For a person."""
        first = "goes before ordinary programs (SCHED_RR)" if self.prompt else f"is an ordinary program; {REMEDY}"
        found = [f"the bench {first}", f"timers wake up late by   {self.wake_up}"]
        for name, port in self.ports.items():
            found += [
                f"{name}: stamps are good to   {show_us(port.resolution)}",
                f"{name}: own frames leave after "
                + ("-, this system does not let them be heard" if port.leaving is None else f"{port.leaving}"),
                f"{name}: the adapter answers in {port.answer}",
                f"{name}: frames are in hand after {port.in_hand}",
            ]
        if self.path is not None:
            found.append(f"car to station through both adapters {self.path}")
        return [*found, f"uncertainty of an interval: {show_us(self.uncertainty)}"]


def show_us(value: Ns) -> str:
    return f"{value / 1000:.1f} us"


def measure_bench(setup: Setup, open_ear: OpenEar) -> SelfMeasurement:
    """Measure the bench's own ports in *setup*, which is at rest. AdapterError if an adapter hardly answers."""
    wake_up = Latency.of(_wake_ups(setup.pump))
    if wake_up is None:
        raise BenchError("the bench's timers never fired")
    ports = {station.name: _PortUnderStudy(station, open_ear).measured() for station in setup.own_stations}
    path = None
    if isinstance(setup.evse, EvseStation) and isinstance(setup.pev, PevStation):
        path = Latency.of(_paths(setup.pev, setup.evse))
    return SelfMeasurement(wake_up, ports, path, setup.prompt)


def _wake_ups(pump: Pump) -> list[Ns]:
    clock = pump.clock
    late = []
    for _ in range(WAKE_UPS):
        due = clock.now() + PAUSE
        pump.run(lambda: False, due)
        late.append(clock.now() - due)
    return late


@dataclass
class _PortUnderStudy:
    station: EvseStation | PevStation
    open_ear: OpenEar
    leaving: list[Ns] = field(default_factory=list)
    answers: list[Ns] = field(default_factory=list)
    in_hand: list[Ns] = field(default_factory=list)

    def measured(self) -> PortMeasured:
        wire = self.station.wire
        ear = self.open_ear(wire.port)
        if ear is None:
            self._ask(None)
        else:
            with ear as opened:
                self._ask(opened)
        answer, in_hand = Latency.of(self.answers), Latency.of(self.in_hand)
        if answer is None or in_hand is None or answer.n < QUESTIONS - MOST_UNANSWERED:
            raise AdapterError(
                f"{self.station.adapter.name}: answered {len(self.answers)} of {QUESTIONS} questions (VS_SW_VER) at "
                f"{wire.port.name}; is its Ethernet cable sound, and is it the only adapter there?"
            )
        return PortMeasured(wire.port.stamp_resolution, Latency.of(self.leaving), answer, in_hand)

    def _ask(self, ear: Ear | None) -> None:
        wire, clock = self.station.wire, self.station.pump.clock
        question = Frame(LOCAL_DEVICE, wire.port.mac, VsSwVerReq())
        octets = encode(question)
        for _ in range(QUESTIONS):
            after = len(wire.received)
            wire.send(question, clock.now())
            answer = wire.first(VsSwVerCnf, within=ANSWER_WITHIN, after=after)
            now = clock.now()
            sent = self._last_sent()
            if answer is not None and sent is not None:
                self.answers.append(answer.t - sent)
                self.in_hand.append(now - answer.t)
            self.station.pump.run_for(PAUSE)
            heard = [] if ear is None else [t for t, seen in ear.receive() if seen[: len(octets)] == octets]
            if sent is not None and len(heard) == 1:
                self.leaving.append(max(0, heard[0] - sent))

    def _last_sent(self) -> Ns | None:
        own = self.station.wire.port.name
        for entry in reversed(self.station.trace.entries):
            if isinstance(entry, FrameSeen) and entry.port == own and entry.direction is Direction.OUT:
                return entry.t
        return None


def _paths(pev: PevStation, evse: EvseStation) -> list[Ns]:
    """CM_SLAC_PARM.REQ is what adapters pass on without being in one network; a station without a car ignores it."""
    found = []
    for number in range(PATHS):
        run_id = RunId(b"measured"[:7] + bytes([number]))
        after = len(evse.wire.received)
        pev.wire.send(Frame(BROADCAST, pev.mac, CmSlacParmReq(run_id=run_id)), pev.now())
        sent = pev.trace.entries[-1].t
        heard = evse.wire.first(CmSlacParmReq, within=ms(100), after=after, where=partial(_is_run, run_id))
        if heard is not None:
            found.append(heard.t - sent)
    return found


def _is_run(run_id: RunId, seen: FrameSeen) -> bool:
    return isinstance(seen.mme, CmSlacParmReq) and seen.mme.run_id == run_id
