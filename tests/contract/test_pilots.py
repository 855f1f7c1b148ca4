"""What every `EvsePilot` and `PevPilot` promises, proved on every back end.

A new back end is one line in BACK_ENDS: a context manager that gives a `Cable`, one pilot of each kind at its ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

import pytest

from bench.clock import VirtualClock
from bench.errors import PortError
from bench.pilot.model import CpState
from bench.ports import EvsePilot, PevPilot
from bench.sim.pilot import PilotLine
from bench.sim.world import World
from bench.units import Ns, ms


class Cable(NamedTuple):
    """Both ends of one control pilot, at rest, and the rig's clock."""

    evse: EvsePilot
    pev: PevPilot
    now: Callable[[], Ns]
    wait: Callable[[Ns], None]


def _simulated(settle: Ns) -> Iterator[Cable]:
    clock = VirtualClock()
    world = World(clock)
    line = PilotLine(world, settle=settle)

    def wait(duration: Ns) -> None:
        end = clock.now() + duration
        while (deadline := world.next_deadline()) is not None and deadline <= end:
            clock.wait(deadline)
            world.wake(deadline)
        clock.wait(end)

    yield Cable(line.evse, line.pev, clock.now, wait)
    line.evse.close()
    line.pev.close()


@contextmanager
def simulated() -> Iterator[Cable]:
    yield from _simulated(settle=0)


@contextmanager
def simulated_settling() -> Iterator[Cable]:
    """A simulated cable whose ends debounce."""
    yield from _simulated(settle=ms(10))


BACK_ENDS: dict[str, Callable[[], AbstractContextManager[Cable]]] = {
    "simulated": simulated,
    "simulated, settling": simulated_settling,
}

SETTLED = ms(100)
"""Longer than relays bounce and drivers debounce."""
DUTY_TOLERANCE_PCT = 0.5
LEVEL_TOLERANCE_V = 0.6
"""Worst case of all component tolerances, control-pilot.md section 1."""


@pytest.fixture(params=BACK_ENDS.values(), ids=BACK_ENDS.keys())
def cable(request):
    with request.param() as made:
        yield made


@pytest.fixture
def in_b2(cable):
    """Plugged in, 5 %, everything settled and read."""
    cable.pev.plug_in()
    cable.evse.set_duty_cycle_pct(5.0)
    cable.wait(SETTLED)
    cable.evse.changes()
    cable.pev.changes()
    return cable


def labels(pilot):
    return [reading.label for _, reading in pilot.changes()]


def test_cable_at_rest_is_unplugged_with_plus_12_v_at_the_station(cable):
    reading = cable.evse.read()

    assert reading.label == "A1"
    assert reading.high_v == pytest.approx(12.0, abs=LEVEL_TOLERANCE_V)
    assert cable.pev.read().state is CpState.A


def test_plugging_in_is_b1_at_both_ends(cable):
    cable.pev.plug_in()
    cable.wait(SETTLED)

    assert cable.evse.read().label == cable.pev.read().label == "B1"


def test_pwm_is_seen_with_its_duty_cycle_at_both_ends(in_b2):
    for end in (in_b2.evse, in_b2.pev):
        reading = end.read()
        assert reading.label == "B2"
        assert reading.duty_cycle_pct == pytest.approx(5.0, abs=DUTY_TOLERANCE_PCT)
        assert reading.high_v == pytest.approx(9.0, abs=LEVEL_TOLERANCE_V)
        assert reading.low_v == pytest.approx(-12.0, abs=LEVEL_TOLERANCE_V)
        assert reading.digital


@pytest.mark.parametrize("duty_cycle_pct", [3.0, 7.0, 10.0, 53.3, 96.0])
def test_car_reads_the_duty_cycle_the_station_makes(in_b2, duty_cycle_pct):
    in_b2.evse.set_duty_cycle_pct(duty_cycle_pct)
    in_b2.wait(SETTLED)

    assert in_b2.pev.read().duty_cycle_pct == pytest.approx(duty_cycle_pct, abs=DUTY_TOLERANCE_PCT)


def test_closing_s2_is_c2_and_opening_it_b2(in_b2):
    in_b2.pev.set_charge_ready(True)
    in_b2.wait(SETTLED)
    in_c2 = in_b2.evse.read()
    in_b2.pev.set_charge_ready(False)
    in_b2.wait(SETTLED)

    assert in_c2.label == "C2"
    assert in_c2.high_v == pytest.approx(6.0, abs=LEVEL_TOLERANCE_V)
    assert labels(in_b2.evse) == labels(in_b2.pev) == ["C2", "B2"]


def test_x1_is_a_steady_positive_level(in_b2):
    in_b2.evse.set_duty_cycle_pct(100)
    in_b2.wait(SETTLED)

    for end in (in_b2.evse, in_b2.pev):
        assert end.read().label == "B1"
        assert end.read().duty_cycle_pct == 100
        assert not end.read().pwm


def test_state_f_is_minus_12_v_at_both_ends(in_b2):
    in_b2.evse.set_duty_cycle_pct(0)
    in_b2.wait(SETTLED)

    for end in (in_b2.evse, in_b2.pev):
        assert end.read().label == "F"
        assert end.read().high_v == pytest.approx(-12.0, abs=LEVEL_TOLERANCE_V)


def test_state_e_is_0_v_at_both_ends(in_b2):
    in_b2.evse.set_state_e()
    in_b2.wait(SETTLED)

    for end in (in_b2.evse, in_b2.pev):
        assert end.read().label == "E"
        assert end.read().duty_cycle_pct is None
        assert end.read().high_v == pytest.approx(0.0, abs=LEVEL_TOLERANCE_V)


def test_unplugging_is_a_at_both_ends(in_b2):
    in_b2.pev.unplug()
    in_b2.wait(SETTLED)

    assert in_b2.evse.read().label == "A2"
    assert in_b2.pev.read().state is CpState.A


@pytest.mark.parametrize("wrong", [-1, 100.5, float("nan")])
def test_impossible_duty_cycle_is_refused_and_changes_nothing(in_b2, wrong):
    with pytest.raises(ValueError, match="duty cycle"):
        in_b2.evse.set_duty_cycle_pct(wrong)
    in_b2.wait(SETTLED)

    assert labels(in_b2.pev) == []


def test_changes_come_once_oldest_first(in_b2):
    in_b2.evse.set_duty_cycle_pct(100)
    in_b2.wait(SETTLED)
    in_b2.evse.set_duty_cycle_pct(5)
    in_b2.wait(SETTLED)

    assert labels(in_b2.pev) == ["B1", "B2"]
    assert labels(in_b2.pev) == []


def test_changes_are_stamped_on_the_rigs_clock_when_they_happened(in_b2):
    """Both ends agree on the instant, and it is not the instant of asking."""
    before = in_b2.now()
    in_b2.pev.set_charge_ready(True)
    in_b2.wait(SETTLED)

    ((at_evse, _),) = in_b2.evse.changes()
    ((at_pev, _),) = in_b2.pev.changes()
    for stamp in (at_evse, at_pev):
        assert before <= stamp < before + SETTLED / 2
    assert abs(at_evse - at_pev) < ms(10)


def test_repeating_what_is_set_makes_no_change(in_b2):
    in_b2.evse.set_duty_cycle_pct(5)
    in_b2.pev.plug_in()
    in_b2.pev.set_charge_ready(False)
    in_b2.wait(SETTLED)

    assert labels(in_b2.evse) == labels(in_b2.pev) == []


def test_closing_the_station_leaves_the_pilot_at_plus_12_v(in_b2):
    """Whatever it did before, a bench that goes away offers nothing."""
    in_b2.evse.set_duty_cycle_pct(0)
    in_b2.evse.close()
    in_b2.evse.close()
    in_b2.wait(SETTLED)

    assert in_b2.pev.read().label == "B1"
    with pytest.raises(PortError):
        in_b2.evse.read()


def test_closing_the_car_leaves_the_cable_unplugged(in_b2):
    in_b2.pev.set_charge_ready(True)
    in_b2.pev.close()
    in_b2.pev.close()
    in_b2.wait(SETTLED)

    assert in_b2.evse.read().state is CpState.A
    with pytest.raises(PortError):
        in_b2.pev.plug_in()
