"""What every `FramePort` promises, proved on every back end.

A new back end is one line in BACK_ENDS: a context manager that gives a `Segment`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import NamedTuple

import pytest

from bench.clock import VirtualClock
from bench.errors import PortError
from bench.ids import BROADCAST, MacAddress, Nmk
from bench.ports import FramePort
from bench.profiles import adapter
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.port import SimPort
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.units import Ns, ms


class Segment(NamedTuple):
    """Two ports whose modems are in one network, and the rig's clock."""

    near: FramePort
    far: FramePort
    now: Callable[[], Ns]
    wait: Callable[[Ns], None]


@contextmanager
def simulated() -> Iterator[Segment]:
    clock = VirtualClock()
    world = World(clock)
    line = Powerline(world)

    def port(role: ModemRole, number: int) -> SimPort:
        modem = VirtualAdapter(
            world,
            line,
            adapter("tplink-tlpa4010p"),
            mac=MacAddress(bytes([2, 0xAD, 0, 0, 0, number])),
            role=role,
            name=f"modem {number}",
            nmk=Nmk(bytes(16)),
        )
        return SimPort(world, modem, name=f"plc{number}", mac=MacAddress(bytes([2, 0xE0, 0, 0, 0, number])))

    def wait(duration: Ns) -> None:
        end = clock.now() + duration
        while (deadline := world.next_deadline()) is not None and deadline <= end:
            clock.wait(deadline)
            world.wake(deadline)
        clock.wait(end)

    near, far = port(ModemRole.EVSE, 0), port(ModemRole.PEV, 1)
    line.set_attenuation(*line.modems)
    yield Segment(near, far, clock.now, wait)
    near.close()
    far.close()


BACK_ENDS: dict[str, Callable[[], AbstractContextManager[Segment]]] = {
    "simulated": simulated,
}

PATIENCE = ms(200)
"""Longer than any back end needs from port to port."""


@pytest.fixture(params=BACK_ENDS.values(), ids=BACK_ENDS.keys())
def segment(request):
    with request.param() as made:
        yield made


def frame(dst: bytes, src: bytes, content: bytes = b"", ethertype: bytes = b"\x88\xb5") -> bytes:
    """Of the EtherType for local experiments, unless another is given."""
    return (dst + src + ethertype + content).ljust(60, b"\0")


def test_port_has_a_name_and_its_hosts_address(segment):
    for port in (segment.near, segment.far):
        assert port.name
        assert isinstance(port.mac, MacAddress)
        assert not port.mac[0] & 1
    assert segment.near.name != segment.far.name


@pytest.mark.parametrize("ethertype", [b"\x88\xe1", b"\x86\xdd", b"\x88\xb5"], ids=["HomePlug", "IPv6", "other"])
@pytest.mark.parametrize("size", [60, 71, 425, 1514])
def test_frame_arrives_as_it_was_sent(segment, size, ethertype):
    """Every octet of it, whatever its EtherType and length."""
    sent = frame(BROADCAST, segment.near.mac, bytes(range(256)), ethertype)[:size].ljust(size, b"\x55")
    segment.near.send(sent)
    segment.wait(PATIENCE)

    assert [stamped.octets for stamped in segment.far.receive()] == [sent]


def test_frames_arrive_in_both_directions(segment):
    there, back = frame(segment.far.mac, segment.near.mac), frame(segment.near.mac, segment.far.mac)
    segment.near.send(there)
    segment.wait(PATIENCE)
    segment.far.send(back)
    segment.wait(PATIENCE)

    assert [stamped.octets for stamped in segment.far.receive()] == [there]
    assert [stamped.octets for stamped in segment.near.receive()] == [back]


def test_frames_arrive_once_and_in_order(segment):
    sent = [frame(segment.far.mac, segment.near.mac, bytes([number])) for number in range(20)]
    for octets in sent:
        segment.near.send(octets)
    segment.wait(PATIENCE)

    assert [stamped.octets for stamped in segment.far.receive()] == sent


def test_receive_gives_each_frame_once_and_never_waits(segment):
    assert segment.far.receive() == []
    segment.near.send(frame(BROADCAST, segment.near.mac))
    segment.wait(PATIENCE)

    assert len(segment.far.receive()) == 1
    before = segment.now()
    assert segment.far.receive() == []
    assert segment.now() - before < ms(50)


def test_own_frames_are_not_heard_back(segment):
    segment.near.send(frame(BROADCAST, segment.near.mac))
    segment.wait(PATIENCE)

    assert segment.near.receive() == []


def test_stamps_lie_on_the_rigs_clock_in_order(segment):
    """Sent between before and after the call, received later than sent and earlier than now."""
    before = segment.now()
    sent = segment.near.send(frame(BROADCAST, segment.near.mac))
    after = segment.now()
    segment.wait(PATIENCE)
    (stamped,) = segment.far.receive()

    assert before <= sent <= after
    assert sent <= stamped.t <= segment.now()


def test_later_frame_has_a_later_stamp(segment):
    for _ in range(3):
        segment.near.send(frame(BROADCAST, segment.near.mac))
        segment.wait(ms(20))
    segment.wait(PATIENCE)

    stamps = [stamped.t for stamped in segment.far.receive()]
    assert len(stamps) == 3
    assert all(later - earlier > ms(10) for earlier, later in pairwise(stamps))


@pytest.mark.parametrize("octets", [b"", b"\xff" * 13, b"\xff" * 2000], ids=["nothing", "no header", "too long"])
def test_what_is_no_ethernet_frame_is_refused(segment, octets):
    with pytest.raises(PortError, match=segment.near.name):
        segment.near.send(octets)
    segment.wait(PATIENCE)

    assert segment.far.receive() == []


def test_closed_port_says_so(segment):
    segment.near.close()
    segment.near.close()

    with pytest.raises(PortError, match=segment.near.name):
        segment.near.send(frame(BROADCAST, segment.near.mac))
    with pytest.raises(PortError, match=segment.near.name):
        segment.near.receive()


def test_closing_one_port_leaves_the_other_working(segment):
    segment.near.close()

    segment.far.send(frame(BROADCAST, segment.far.mac))
    segment.wait(PATIENCE)
    assert segment.far.receive() == []
