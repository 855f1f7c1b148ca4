"""Time that is set, never added to; and real time, whose deadlines are instants."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.clock import SystemClock, VirtualClock
from bench.units import ms, s


def test_time_passes_only_when_somebody_waits():
    """Reading it changes nothing."""
    clock = VirtualClock()

    assert [clock.now(), clock.now()] == [0, 0]


def test_waiting_sets_the_time_to_the_deadline_exactly():
    """So that a timer fires at its instant, however often one waited before."""
    clock = VirtualClock(start=s(5))

    for n in range(1, 1001):
        clock.wait(s(5) + n * 333_333_333)

    assert clock.now() == s(5) + 333_333_333_000


def test_waiting_for_now_is_no_wait():
    """A deadline that has come is met."""
    clock = VirtualClock(start=ms(1))

    clock.wait(ms(1))

    assert clock.now() == ms(1)


def test_time_does_not_go_back():
    """Whoever asks for it has a deadline in the past: a mistake to be found, not hidden."""
    clock = VirtualClock(start=ms(2))

    with pytest.raises(ValueError, match="time cannot go back"):
        clock.wait(ms(2) - 1)


@pytest.fixture
def pipe():
    """(readable end, writable end)"""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_system_clock_returns_at_the_deadline_and_not_before():
    """Nothing is watched, so only the time ends the wait."""
    clock = SystemClock()
    deadline = clock.now() + ms(5)

    clock.wait(deadline)

    assert deadline <= clock.now() < deadline + s(1)


def test_system_clock_does_not_drift():
    """A wait that ended late shortens the next one: after 50 deadlines as late as after one, not 50 times as late."""
    clock = SystemClock()
    start = clock.now()

    lateness = []
    for n in range(1, 51):
        clock.wait(start + n * ms(1))
        lateness.append(clock.now() - (start + n * ms(1)))

    assert min(lateness) >= 0
    assert min(lateness[25:]) < ms(1)


def test_system_clock_does_not_wait_for_what_is_over():
    """A deadline in the past is met: real time does not stand still while the pump works."""
    clock = SystemClock()
    before = clock.now()

    clock.wait(before - s(10))

    assert clock.now() - before < s(1)


def test_readable_port_ends_the_wait_early(pipe):
    """A frame is not kept waiting for somebody's next timer."""
    clock = SystemClock()
    clock.watch(pipe[0])
    before = clock.now()

    os.write(pipe[1], b"frame")
    clock.wait(before + s(30))

    assert clock.now() - before < s(10)


def test_port_that_becomes_readable_during_the_wait_ends_it(pipe):
    clock = SystemClock()
    clock.watch(pipe[0])
    before = clock.now()

    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(lambda: (SystemClock().wait(before + ms(20)), os.write(pipe[1], b"frame")))
        clock.wait(before + s(30))

    assert ms(20) <= clock.now() - before < s(10)


def test_silent_port_does_not_end_the_wait(pipe):
    clock = SystemClock()
    clock.watch(pipe[0])
    deadline = clock.now() + ms(5)

    clock.wait(deadline)

    assert clock.now() >= deadline


def test_port_that_is_no_longer_watched_does_not_end_the_wait(pipe):
    """Its driver unwatches it before it closes the descriptor, and may do so twice."""
    clock = SystemClock()
    clock.watch(pipe[0])
    os.write(pipe[1], b"frame")
    clock.unwatch(pipe[0])
    clock.unwatch(pipe[0])
    deadline = clock.now() + ms(5)

    clock.wait(deadline)

    assert clock.now() >= deadline


def test_every_wait_is_a_new_turn():
    """Also one that does not wait: ports read a bounded number of frames per turn."""
    clock = SystemClock()

    clock.wait(clock.now() + ms(1))
    clock.wait(clock.now() - ms(1))

    assert clock.turn == 2


def test_one_descriptor_belongs_to_one_port(pipe):
    """Two drivers with the same descriptor: one of them has kept a number that is no longer its own."""
    clock = SystemClock()
    clock.watch(pipe[0])

    with pytest.raises(ValueError, match="watched already"):
        clock.watch(pipe[0])


def test_closed_descriptor_cannot_be_watched():
    """It is refused where the mistake is, not in the next wait of the pump."""
    readable, writable = os.pipe()
    os.close(readable)
    os.close(writable)

    with pytest.raises(OSError, match="Bad file descriptor"):
        SystemClock().watch(readable)


def test_system_clock_counts_from_its_origin():
    """So that instants in a report are seconds of this run, not of the computer's life."""
    clock = SystemClock(time.monotonic_ns())

    assert 0 <= clock.now() < s(1)
