"""Frames from two queues of the kernel come out in the order of their stamps."""

from __future__ import annotations

from paper_port import HOST, PEER, PaperPort

from bench.clock import VirtualClock
from bench.mme import CmSlacParmReq, Frame, VsSwVerReq, encode
from bench.pump import Pump
from bench.sniff.ears import HOLD, Ears
from bench.trace import Direction, FrameSeen, Trace
from bench.units import ms

REQUEST = encode(Frame(PEER, HOST, CmSlacParmReq()))


def test_an_older_frame_of_the_slower_queue_still_goes_first():
    clock, trace, heard = VirtualClock(), Trace(), []
    own = PaperPort(clock)
    pump = Pump(clock)
    pump.participants.append(Ears(trace, own, heard.append))
    # Stamped earlier than the frame below, and read later.
    own.planned.append((ms(10), 0, REQUEST))

    pump.run_for(ms(3))
    trace.frame(ms(2), "plc0", Direction.IN, REQUEST)
    trace.frame(ms(12), "plc0", Direction.IN, REQUEST)
    pump.run_for(ms(100))

    assert [(entry.t, entry.direction) for entry in heard] == [
        (ms(2), Direction.IN),
        (ms(10), Direction.OUT),
        (ms(12), Direction.IN),
    ]


def test_a_frame_is_told_soon_without_any_other():
    clock, trace, heard = VirtualClock(), Trace(), []
    pump = Pump(clock)
    pump.participants.append(Ears(trace, None, heard.append))
    trace.frame(ms(1), "plc0", Direction.IN, REQUEST)

    assert pump.run(lambda: bool(heard), ms(1) + HOLD)


def test_an_own_frame_is_told_soon_without_any_other():
    clock, heard = VirtualClock(), []
    own = PaperPort(clock)
    pump = Pump(clock)
    pump.participants.append(Ears(Trace(), own, heard.append))
    own.arrives(0, REQUEST)

    pump.run(lambda: bool(heard), ms(500))

    assert clock.now() == HOLD


def test_what_is_sent_counts_once():
    """The wire knows what it sends, and the kernel hears it: the kernel's stamp is the better one."""
    clock, trace, heard = VirtualClock(), Trace(), []
    own = PaperPort(clock)
    ears = Ears(trace, own, heard.append)
    octets = encode(Frame(PEER, HOST, VsSwVerReq()))
    trace.add(FrameSeen(ms(1), "plc0", Direction.OUT, octets, None))
    own.planned.append((0, 0, octets))

    ears.flush()

    assert [entry.t for entry in heard] == [0]


def test_nothing_is_lost_at_the_end():
    trace, heard = Trace(), []
    ears = Ears(trace, None, heard.append)
    trace.frame(ms(5), "plc0", Direction.IN, REQUEST)
    trace.frame(ms(4), "plc0", Direction.IN, REQUEST)

    ears.flush()

    assert [entry.t for entry in heard] == [ms(4), ms(5)]
