"""A rig's ports on interfaces of the kernel: read once per turn, so that no flood holds the bench; and the ear."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from veth import veth

from bench.clock import SystemClock
from bench.drivers.pcap_port import PcapPort
from bench.ids import BROADCAST, LOCAL_DEVICE
from bench.mme import Frame, VsSwVerReq, encode
from bench.pump import Pump
from bench.rig.kernel_ports import ear_of, open_port
from bench.trace import FrameSeen, Trace
from bench.units import ms, s
from bench.wire import Wire
from conftest import Start

FLOOD = """
import socket, sys
door = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
door.bind((sys.argv[1], 0))
frame = bytes.fromhex("ffffffffffff0200000000cc88e100b0a0") + bytes(43)
print("flooding", flush=True)
while True:
    door.send(frame)
"""


class Reader:
    """A participant who reads its wire and does nothing about it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.taken: list[FrameSeen] = []

    def next_deadline(self) -> None:
        return None

    def busy(self) -> bool:
        return self.wire.arrived()

    def wake(self, _: int) -> None:
        self.taken += self.wire.take()


class Bench:
    def __init__(self, interface: str, opened: ExitStack) -> None:
        self.clock = SystemClock()
        self.pump = Pump(self.clock)
        self.port: PcapPort = open_port(interface, "evse", self.clock, opened)
        self.reader = Reader(Wire(self.port, Trace(), self.pump))
        self.pump.participants.append(self.reader)


@pytest.fixture
def ends() -> Iterator[tuple[Bench, Bench]]:
    with veth() as pair, ExitStack() as opened:
        yield Bench(pair.near, opened), Bench(pair.far, opened)


def test_what_comes_after_the_first_look_is_found_in_the_next_turn(ends: tuple[Bench, Bench]) -> None:
    near, far = ends
    near.port.receive()
    near_turn = near.clock.turn
    far.port.send(encode(Frame(BROADCAST, far.port.mac, VsSwVerReq())))

    assert near.port.receive() == []
    assert near.clock.turn == near_turn
    near.pump.run_for(ms(20))
    assert len(near.reader.taken) == 1


def test_a_flood_does_not_hold_the_bench(start: Start) -> None:
    """As many frames as a process can send: time goes on, timers come to their turn, what was lost is told."""
    with veth() as pair, ExitStack() as opened:
        bench = Bench(pair.near, opened)
        flood = start(sys.executable, "-c", FLOOD, pair.far)
        flood.wait_for("flooding")
        began = bench.clock.now()

        bench.pump.run_for(ms(500))

        assert ms(500) <= bench.clock.now() - began < s(5)
        assert len(bench.reader.taken) > 1000
        lost = any(bench.port.drops())
        assert bool(bench.reader.wire.doubts()) == lost


def test_the_ear_hears_own_frames_and_nothing_else(ends: tuple[Bench, Bench]) -> None:
    near, far = ends
    ear = ear_of(near.port)
    assert ear is not None
    with ear:
        own = encode(Frame(LOCAL_DEVICE, near.port.mac, VsSwVerReq()))
        sent = near.port.send(own)
        far.port.send(encode(Frame(BROADCAST, far.port.mac, VsSwVerReq())))
        near.pump.run_for(ms(20))

        (heard,) = ear.receive()

    assert heard.octets[: len(own)] == own
    assert 0 <= heard.t - sent < ms(20)
    assert len(near.reader.taken) == 1
