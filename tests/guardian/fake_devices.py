"""A bench of devices on paper: what they are told stands in one list, and each can be in a bad mood.

    bench = FakeBench()
    devices = bench.devices()
    devices.generator.set_duty_cycle_pct(5)
    bench.told                              # [("generator", "5 %")]
    bench.generator.mood = Mood.RAISES

Nothing here waits but a device that hangs, until `bench.let_go`.
"""

from __future__ import annotations

import enum
import threading
from dataclasses import replace

from bench.devices import CarLoad, DutyAccuracy, DutyMeasured, LevelMeasured
from bench.errors import PortError
from bench.guardian.devices import Devices
from bench.guardian.spec import DRIVERS, BenchSpec, DeviceSpec
from bench.units import s

LEVELS_V = {
    CarLoad.UNPLUGGED: (12.0, -12.0),
    CarLoad.B: (9.0, -12.0),
    CarLoad.C: (6.0, -12.0),
    CarLoad.D: (3.0, -12.0),
    CarLoad.DIODE_SHORTED: (8.8, -8.8),
    CarLoad.SHORTED_TO_PE: (0.0, 0.0),
    CarLoad.PE_OPEN: (12.0, -12.0),
}
"""Of the two phases, with each load."""


class Mood(enum.Enum):
    WELL = "as it should be"
    RAISES = "fails at whatever it is told or asked"
    BREAKS = "fails with what no driver should let out"
    HANGS = "returns from nothing"
    ACCEPTS_WITHOUT_ACTING = "does not do what it is told, and does not say so"
    STALE = "gives the reading of long ago"


class FakeBench:
    """told   (device, what) of every command, oldest first; questions are in `asked`
    t      the instant, for all of them
    """

    def __init__(self):
        self.t = s(1000)
        self.told = []
        self.asked = []
        self._let_go = threading.Event()
        self.generator = FakeGenerator(self)
        self.level = FakeLevelMeter(self)
        self.load = FakeLoad(self)
        self.duty = FakeDutyMeter(self)
        self.boards = {"first": FakeRelays(self, "first board"), "second": FakeRelays(self, "second board")}
        self.supplies = {"evse": FakeSupply(self, "evse's supply"), "pev": FakeSupply(self, "pev's supply")}

    def now(self):
        return self.t

    def let_go(self):
        self._let_go.set()

    def wait_for_ever(self):
        self._let_go.wait(60)

    def every(self):
        return [*self.boards.values(), self.generator, self.load, self.level, self.duty, *self.supplies.values()]

    def spec(self, **changed):
        """Of a bench with all of them."""
        spec = BenchSpec(
            "paper",
            generator=_of(self.generator),
            level=_of(self.level),
            load=_of(self.load),
            duty=_of(self.duty),
            boards={name: _of(board) for name, board in self.boards.items()},
            supplies={who: _of(supply) for who, supply in self.supplies.items()},
            contactors={"main": ("first", 1), "precharge": ("second", 3)},
            energise=True,
        )
        return replace(spec, **changed)

    def devices(self, **changed):
        DRIVERS.setdefault("on paper", (__name__, "the_same"))
        return Devices(self.spec(**changed))


def the_same(device):
    """The driver "on paper" is a device that is there already."""
    return device


def _of(device):
    return DeviceSpec("on paper", {"device": device})


class FakeDevice:
    def __init__(self, bench, name):
        self.bench, self.name = bench, name
        self.mood = Mood.WELL
        self.is_open = False

    def open(self):
        self._obey("open")
        self.make_safe()
        self.is_open = True

    def close(self):
        self._obey("close")
        self.is_open = False

    def make_safe(self):
        self._obey("safe")

    def _obey(self, what):
        """Note it, and be in the mood. Returns whether to act."""
        self.bench.told.append((self.name, what))
        self._be_moody(what)
        return self.mood is not Mood.ACCEPTS_WITHOUT_ACTING

    def _answer(self, what):
        self.bench.asked.append((self.name, what))
        self._be_moody(what)

    def _be_moody(self, what):
        if self.mood is Mood.RAISES:
            raise PortError(f"{self.name} is gone; it was told {what}")
        if self.mood is Mood.BREAKS:
            raise OSError(5, f"input/output error of {self.name}")
        if self.mood is Mood.HANGS:
            self.bench.wait_for_ever()


class FakeGenerator(FakeDevice):
    """output  what it makes, percent; None: state E
    lies    says it makes what it was told, whatever it does
    """

    makes_state_e = True

    def __init__(self, bench, step_pct=1.0):
        super().__init__(bench, "generator")
        self.accuracy = DutyAccuracy(step_pct, None, "paper")
        self.output = 100.0
        self.lies = False
        self._last_told = 100.0

    def set_duty_cycle_pct(self, duty_cycle_pct):
        if not 0 <= duty_cycle_pct <= 100 or duty_cycle_pct % self.accuracy.step_pct:
            raise ValueError(f"{self.name} makes whole percent, not {duty_cycle_pct} %")
        self._set(duty_cycle_pct, f"{duty_cycle_pct:g} %")

    def set_state_e(self):
        self._set(None, "E")

    def make_safe(self):
        self._set(100.0, "100 %")

    def duty_cycle_pct(self):
        self._answer("duty")
        return self._last_told if self.lies else self.output

    def _set(self, output, what):
        acts = self._obey(what)
        self._last_told = output
        if acts:
            self.output = output


class FakeLoad(FakeDevice):
    loads = frozenset(CarLoad) - {CarLoad.D}

    def __init__(self, bench):
        super().__init__(bench, "load")
        self.now = CarLoad.UNPLUGGED

    def set_load(self, load):
        if load not in self.loads:
            raise ValueError(f"{self.name} cannot be {load.name}")
        if self._obey(load.name):
            self.now = load

    def make_safe(self):
        self.set_load(CarLoad.UNPLUGGED)


class FakeLevelMeter(FakeDevice):
    """shows  high and low, instead of what the generator and the load make"""

    def __init__(self, bench):
        super().__init__(bench, "level meter")
        self.shows = None

    def make_safe(self): ...

    def measure(self):
        self._answer("level")
        high, low, share = self._seen()
        age = s(10) if self.mood is Mood.STALE else 0
        return LevelMeasured(self.bench.now() - age, high, low, share, 300)

    def _seen(self):
        output = self.bench.generator.output
        if self.shows is not None:
            return (*self.shows, 0.05)
        high, low = LEVELS_V[self.bench.load.now]
        if output is None:
            return 0.0, 0.0, 1.0
        if output in (0.0, 100.0):
            level = high if output else low
            return level, level, 1.0
        return high, low, output / 100


class FakeDutyMeter(FakeDevice):
    def __init__(self, bench):
        super().__init__(bench, "duty meter")

    def make_safe(self): ...

    def measure(self):
        self._answer("duty")
        output = self.bench.generator.output
        if output in (None, 0.0, 100.0):
            return None
        return DutyMeasured(self.bench.now(), 1000.0, output, 200, 0.1, 0.05)


class FakeRelays(FakeDevice):
    def __init__(self, bench, name, channels=4):
        super().__init__(bench, name)
        self.channels = range(1, channels + 1)
        self.confirms = True
        self.now = set()

    def set(self, channel, closed):
        if channel not in self.channels:
            raise ValueError(f"{self.name} has no relay {channel!r}")
        if self._obey(f"{channel} {'closed' if closed else 'open'}"):
            (self.now.add if closed else self.now.discard)(channel)

    def closed(self, channel):
        self._answer(f"{channel}?")
        return channel in self.now if self.confirms else None

    def make_safe(self):
        if self._obey("all open"):
            self.now.clear()


class FakeSupply(FakeDevice):
    def __init__(self, bench, name):
        super().__init__(bench, name)
        self.now = True

    def set(self, on):
        if self._obey("on" if on else "off"):
            self.now = on

    def make_safe(self):
        self.set(True)
