"""The cable between a TAP interface and an adapter, with an interface of paper: no root, no kernel."""

from __future__ import annotations

import os

import pytest

from bench.clock import SystemClock
from bench.drivers.tap_port import MOST_AT_ONCE, TapJack
from bench.ids import BROADCAST, MacAddress
from bench.pump import Pump
from bench.sim.world import World
from bench.units import ms, s

FRAME = (BROADCAST + MacAddress(bytes.fromhex("020000000001")) + b"\x88\xb5").ljust(60, b"\x55")


class PaperTap:
    """Has *frames* to read, and is readable for select all the time, as an interface in a flood is."""

    name = "paper0"

    def __init__(self, frames):
        self.frames = iter(frames)
        self.written = []
        self.up = True
        self._ends = os.pipe()
        os.write(self._ends[1], b"x")
        self.closed = False

    def fileno(self):
        return self._ends[0]

    def read(self):
        return next(self.frames, None)

    def write(self, octets):
        if self.up:
            self.written.append(octets)
        return self.up

    def close(self):
        for end in self._ends:
            os.close(end)
        self.closed = True


class PaperAdapter:
    name = "paper modem"

    def __init__(self):
        self.heard = []
        self.to_host = None

    def attach_host(self, receive):
        self.to_host = receive

    def detach_host(self):
        self.to_host = None

    def from_host(self, octets):
        self.heard.append(octets)


@pytest.fixture
def plug():
    """plug(frames) -> (jack, tap, adapter, pump)"""
    plugged = []

    def plug(frames=()):
        tap, adapter, clock = PaperTap(frames), PaperAdapter(), SystemClock()
        jack = TapJack(tap, adapter, clock)
        plugged.append(jack)
        pump = Pump(clock)
        pump.participants.append(jack)
        return jack, tap, adapter, pump

    yield plug
    for jack in plugged:
        jack.close()


def test_frames_reach_the_adapter_in_order_and_are_counted(plug):
    """More of them than are read in one turn."""
    sent = [FRAME + bytes([n % 256, n // 256]) for n in range(2 * MOST_AT_ONCE + 1)]
    jack, _, adapter, pump = plug(sent)

    pump.run(lambda: len(adapter.heard) == len(sent), pump.clock.now() + s(10))

    assert adapter.heard == sent
    assert jack.sent == len(sent)


def test_short_frame_is_padded(plug):
    """As a network card does it: 60 octets without check sequence."""
    _, _, adapter, pump = plug([FRAME[:20]])

    pump.run(lambda: bool(adapter.heard), pump.clock.now() + s(10))

    assert adapter.heard == [FRAME[:20] + bytes(40)]


def test_flood_does_not_keep_the_world_from_its_timers(plug):
    """There is always another frame, and time goes on all the same."""
    _, _, adapter, pump = plug(iter(lambda: FRAME, None))
    world = World(pump.clock)
    pump.participants.append(world)
    fired = []
    world.after(ms(20), lambda: fired.append(len(adapter.heard)))

    assert pump.run(lambda: bool(fired), pump.clock.now() + s(10))
    assert fired[0] >= MOST_AT_ONCE


def test_frames_of_the_adapter_arrive_or_are_counted_as_lost(plug):
    """Lost is what comes while the interface is down."""
    jack, tap, adapter, _ = plug()
    adapter.to_host(FRAME)
    tap.up = False
    adapter.to_host(FRAME)

    assert tap.written == [FRAME]
    assert (jack.received, jack.lost) == (1, 1)


def test_closing_pulls_the_cable_and_ends_the_watch(plug):
    """Twice is once; the clock does not look at a closed descriptor."""
    jack, tap, adapter, pump = plug()
    jack.close()
    jack.close()

    pump.participants.clear()
    pump.run_for(ms(1))

    assert tap.closed
    assert adapter.to_host is None
