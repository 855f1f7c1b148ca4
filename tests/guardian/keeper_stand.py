"""A keeper with a bench of paper and a clock that is set."""

from __future__ import annotations

import pytest
from fake_devices import FakeBench, Mood

from bench.devices import CarLoad
from bench.guardian import process
from bench.guardian.keeper import Keeper
from bench.guardian.spec import Limits
from bench.units import ms, s

LIMITS = Limits(silence=ms(1500), unanswered=s(60), pwm=s(310), fault=s(10), energised=s(30))
STEP = ms(50)
SAFE_COMMANDS = [
    ("first board", "1 open"),
    ("second board", "3 open"),
    ("generator", "100 %"),
    ("load", "UNPLUGGED"),
    ("evse's supply", "on"),
    ("pev's supply", "on"),
]
"""The shutdown sequence, on a bench of paper."""


class Stand:
    """A keeper of a bench on paper, both at rest."""

    def __init__(self, without=(), **spec):
        self.bench = FakeBench()
        spec = {"limits": LIMITS} | dict.fromkeys(without) | spec
        self.devices = self.bench.devices(**spec)
        self.keeper = Keeper(self.devices.spec, self.devices, self.bench.now)

    @property
    def told(self):
        return self.bench.told

    def do(self, verb, **arguments):
        return self.keeper.do({"do": verb, **arguments})

    def answer(self, verb, **arguments):
        """As the process does it. Returns what the program is told, the reply first."""
        said = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(process, "say", said.append)
            process._answer(self.keeper, {"id": 7, "do": verb, **arguments}, process.Log(""))
        return said

    def look(self):
        return list(self.keeper.look(self.bench.t))

    def go_on(self, duration, *, silent=False):
        """So long, with a look every now and then; *silent*: the program says nothing meanwhile."""
        events = []
        heard_at = self.bench.t
        for _ in range(duration // STEP):
            self.bench.t += STEP
            events += self.keeper.look(heard_at if silent else self.bench.t)
        return events

    def made_safe(self, events):
        """The reason, of the one event that says so."""
        (event,) = (event for event in events if event["event"] == "made safe")
        return event["why"]

    def is_safe(self):
        bench = self.bench
        return (
            bench.generator.output == 100.0
            and bench.load.now is CarLoad.UNPLUGGED
            and not any(board.now & {1, 3} for board in bench.boards.values())
            and all(supply.now for supply in bench.supplies.values())
        )

    def others_told(self):
        """What was told to those in a good mood."""
        lost = {device.name for device in self.bench.every() if device.mood is not Mood.WELL}
        return [entry for entry in self.told if entry[0] not in lost]
