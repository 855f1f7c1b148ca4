"""Time that is set, never added to."""

from __future__ import annotations

import pytest

from bench.clock import VirtualClock
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
