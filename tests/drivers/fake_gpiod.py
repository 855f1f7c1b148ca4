"""The part of gpiod 2 that the edge meter uses, on lines that a simulated comparator drives. Names as of gpiod 2.5.

A line reports only the edges it was configured for, each with a number that counts on; more than the buffer holds are
lost, the oldest first, as in the kernel.
"""

from __future__ import annotations

import enum
import errno
import os
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace


class Edge(enum.Enum):
    NONE = 1
    RISING = 2
    FALLING = 3
    BOTH = 4


class Direction(enum.Enum):
    AS_IS = 1
    INPUT = 2
    OUTPUT = 3


class Bias(enum.Enum):
    AS_IS = 1
    UNKNOWN = 2
    DISABLED = 3
    PULL_UP = 4
    PULL_DOWN = 5


class Clock(enum.Enum):
    MONOTONIC = 1
    REALTIME = 2
    HTE = 3


@dataclass
class LineSettings:
    direction: Direction = Direction.AS_IS
    edge_detection: Edge = Edge.NONE
    bias: Bias = Bias.AS_IS
    event_clock: Clock = Clock.MONOTONIC


class EdgeEventType(enum.Enum):
    RISING_EDGE = 1
    FALLING_EDGE = 2


@dataclass(frozen=True)
class EdgeEvent:
    event_type: EdgeEventType
    timestamp_ns: int
    line_offset: int
    global_seqno: int
    line_seqno: int


def no_latency() -> int:
    return 0


@dataclass
class Comparator:
    """What is on the lines. *duty_pct* of 0 or 100 has no edges.

    latency  of the interrupt, ns, drawn for each edge
    lose     of an edge's number on its line: whether the kernel misses it
    """

    rising: int = 23
    falling: int = 24
    duty_pct: float = 5.0
    hertz: float = 1000.0
    latency: Callable[[], int] = no_latency
    lose: Callable[[int], bool] = field(default=lambda _number: False)
    begins_ns: int = 1_000_000_000
    stops_after: int | None = None
    """So many pulses."""
    unwired: set[int] = field(default_factory=set)

    def edges(self, first: int, n: int) -> list[tuple[int, int, EdgeEventType]]:
        """(stamp, line, kind) of *n* pulses from the *first* on."""
        if self.duty_pct in (0, 100):
            return []
        period = 1e9 / self.hertz
        found = []
        for i in range(first, first + n):
            if self.stops_after is not None and i >= self.stops_after:
                break
            up = self.begins_ns + i * period
            found.append((round(up) + self.latency(), self.rising, EdgeEventType.RISING_EDGE))
            down = round(up + period * self.duty_pct / 100)
            found.append((down + self.latency(), self.falling, EdgeEventType.FALLING_EDGE))
        return sorted((edge for edge in found if edge[1] not in self.unwired), key=lambda edge: edge[0])


PULSES_A_WAIT = 30


class LineRequest:
    def __init__(self, comparator: Comparator, config: dict[int, LineSettings], buffer: int) -> None:
        self.comparator = comparator
        self.config = dict(config)
        self.released = False
        self.waits: list[float | None] = []
        self.fails: int | None = None
        self._pulse = 0
        self._numbers: dict[int, int] = {}
        self._global = 0
        self._events: deque[EdgeEvent] = deque(maxlen=buffer)

    def pass_time(self, pulses: int) -> None:
        wanted = {Edge.RISING: EdgeEventType.RISING_EDGE, Edge.FALLING: EdgeEventType.FALLING_EDGE}
        for stamp, line, kind in self.comparator.edges(self._pulse, pulses):
            if line not in self.config or wanted.get(self.config[line].edge_detection) is not kind:
                continue
            number = self._numbers[line] = self._numbers.get(line, 0) + 1
            self._global += 1
            if not self.comparator.lose(number):
                self._events.append(EdgeEvent(kind, stamp, line, self._global, number))
        self._pulse += pulses

    def wait_edge_events(self, timeout: float | None = None) -> bool:
        self._check()
        self.waits.append(timeout)
        if timeout:
            self.pass_time(PULSES_A_WAIT)
        return bool(self._events)

    def read_edge_events(self, max_events: int | None = None) -> list[EdgeEvent]:
        self._check()
        n = len(self._events) if max_events is None else min(max_events, len(self._events))
        return [self._events.popleft() for _ in range(n)]

    def reconfigure_lines(self, config: dict[int, LineSettings]) -> None:
        self._check()
        self.config |= config

    def release(self) -> None:
        self.released = True

    def _check(self) -> None:
        if self.released:
            raise RuntimeError("GPIO lines have been released")
        if self.fails is not None:
            raise OSError(self.fails, os.strerror(self.fails))


class FakeGpiod(ModuleType):
    """Put it into `sys.modules` as gpiod. *requests*: what was asked for. *refuse*: errno of the next request."""

    def __init__(self, comparator: Comparator) -> None:
        super().__init__("gpiod")
        self.comparator = comparator
        self.requests: list[LineRequest] = []
        self.asked: list[dict] = []
        self.refuse: int | None = None
        self.line = SimpleNamespace(Edge=Edge, Direction=Direction, Bias=Bias, Clock=Clock)
        self.LineSettings = LineSettings

    def request_lines(self, path, config, consumer=None, event_buffer_size=None, output_values=None) -> LineRequest:
        assert output_values is None
        self.asked.append({"path": path, "consumer": consumer, "event_buffer_size": event_buffer_size})
        if self.refuse is not None:
            raise OSError(self.refuse, os.strerror(self.refuse))
        if any(settings.direction is not Direction.INPUT for settings in config.values()):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        request = LineRequest(self.comparator, config, event_buffer_size or 16)
        self.requests.append(request)
        return request


def interrupts(seed: int, most_us: float) -> Callable[[], int]:
    """Latencies from 3 us to *most_us*."""
    draw = random.Random(seed)
    return lambda: round(draw.uniform(3_000, most_us * 1_000))
