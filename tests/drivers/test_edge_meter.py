"""The edge meter on a stand-in for gpiod 2 (`fake_gpiod`): a comparator on two lines, late interrupts, lost edges."""

from __future__ import annotations

import errno
import sys
from types import ModuleType

import pytest
from fake_gpiod import Bias, Clock, Comparator, Edge, FakeGpiod, interrupts
from hypothesis import given
from hypothesis import strategies as st

from bench.drivers.sense.edges import EdgeMeter
from bench.errors import PortError
from bench.pilot.edges import LEAST_PULSES
from bench.units import s

CHIP = "/dev/gpiochip0"


@pytest.fixture
def comparator():
    return Comparator()


@pytest.fixture
def gpiod(monkeypatch, comparator):
    fake = FakeGpiod(comparator)
    monkeypatch.setitem(sys.modules, "gpiod", fake)
    return fake


@pytest.fixture
def meter(gpiod):
    with EdgeMeter(CHIP, 23, 24) as opened:
        assert len(gpiod.requests) == 1
        yield opened


def test_a_5_percent_pilot_is_measured(comparator, meter):
    comparator.latency = interrupts(1, 20)

    found = meter.measure()

    assert found.frequency_hz == pytest.approx(1000, rel=0.005)
    assert abs(found.duty_cycle_pct - 5) <= found.uncertainty_pct < 1
    assert found.pulses >= LEAST_PULSES
    assert found.lost == 0
    assert found.spread_pct > 0.1


@given(duty_pct=st.floats(5, 96), hertz=st.floats(980, 1020), most_us=st.floats(4, 25), seed=st.integers(0, 2**32))
def test_any_pilot_is_measured_within_its_uncertainty(duty_pct, hertz, most_us, seed):
    comparator = Comparator(duty_pct=duty_pct, hertz=hertz, latency=interrupts(seed, most_us))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "gpiod", FakeGpiod(comparator))
        with EdgeMeter(CHIP, 23, 24) as meter:
            found = meter.measure()

    assert found.frequency_hz == pytest.approx(hertz, rel=0.005)
    assert abs(found.duty_cycle_pct - duty_pct) <= found.uncertainty_pct


@pytest.mark.parametrize("duty_pct", [0, 100])
def test_a_steady_pilot_has_no_duty_cycle(comparator, meter, duty_pct):
    comparator.duty_pct = duty_pct

    assert meter.measure() is None


def test_a_pilot_that_becomes_steady_is_steady(comparator, meter):
    comparator.stops_after = 100

    assert meter.measure() is None


def test_a_single_switch_is_no_pwm(comparator, meter):
    comparator.stops_after = 1

    assert meter.measure() is None


@pytest.mark.parametrize("every", [20, 51])
def test_lost_edges_are_counted_by_their_numbers(comparator, meter, every):
    comparator.lose = lambda number: number % every == 0

    found = meter.measure()

    assert found.lost >= 2 * (LEAST_PULSES // every) - 2 > 0
    assert found.duty_cycle_pct == pytest.approx(5, abs=0.01)


def test_both_edges_lost_of_one_pulse_leave_the_frequency_alone(comparator, meter):
    comparator.lose = lambda number: number in (50, 51, 52)

    found = meter.measure()

    assert found.lost == 6
    assert found.frequency_hz == pytest.approx(1000)


def test_each_line_listens_to_one_direction_and_only_while_measuring(gpiod, meter):
    """On a line that reports both, the kernel finds the direction too late."""
    (request,) = gpiod.requests
    seen = []
    request.wait_edge_events, usual = lambda t: seen.append(dict(request.config)) or usual(t), request.wait_edge_events

    meter.measure()

    assert {line: settings.edge_detection for line, settings in seen[-1].items()} == {23: Edge.RISING, 24: Edge.FALLING}
    assert {settings.edge_detection for settings in request.config.values()} == {Edge.NONE}
    assert {(settings.bias, settings.event_clock) for settings in seen[-1].values()} == {
        (Bias.DISABLED, Clock.MONOTONIC)
    }


def test_the_kernel_is_asked_for_a_buffer_that_holds_a_busy_moment(gpiod, meter):
    assert gpiod.asked == [{"path": CHIP, "consumer": "ccs-bench", "event_buffer_size": 1000}]
    assert meter.name == f"edges on lines 23 and 24 of {CHIP}"


def test_edges_left_from_before_do_not_count(gpiod, comparator, meter):
    """Three hundred pulses of 50 % in the buffer, then 5 %."""
    (request,) = gpiod.requests
    comparator.duty_pct = 50
    request.config[23].edge_detection, request.config[24].edge_detection = Edge.RISING, Edge.FALLING
    request.pass_time(300)
    comparator.duty_pct = 5

    found = meter.measure()

    assert found.duty_cycle_pct == pytest.approx(5)


@pytest.mark.parametrize(("line", "named"), [(23, "rising"), (24, "falling")])
def test_a_line_without_a_wire_is_named(comparator, meter, line, named):
    comparator.unwired = {line}

    with pytest.raises(PortError, match=f"the line for {named} ones is not connected.*check the comparator"):
        meter.measure()


def test_a_computer_that_loses_half_of_the_edges_measures_nothing(gpiod, comparator):
    """Every other pulse is lost whole, so it looks like 500 Hz and 2.5 %: only the numbers tell."""
    comparator.lose = lambda number: number % 2 == 0

    with EdgeMeter(CHIP, 23, 24) as meter, pytest.raises(PortError, match="too busy"):
        meter.measure()
    assert gpiod.requests[0].released


def test_giving_up_says_how_many_pulses_there_were(gpiod, monkeypatch):
    """One pulse to a wait, and the time is over at once."""
    monkeypatch.setattr("fake_gpiod.PULSES_A_WAIT", 4)

    with (
        EdgeMeter(CHIP, 23, 24, give_up_after=0) as meter,
        pytest.raises(PortError, match=r"only 3 whole pulses in 0\.0"),
    ):
        meter.measure()
    assert gpiod.requests[0].config[23].edge_detection is Edge.NONE


# Taking the lines


@pytest.mark.parametrize("refusal", [errno.EBUSY, errno.ENOENT, errno.EACCES])
def test_lines_that_cannot_be_taken_are_an_error_with_what_to_look_at(gpiod, refusal):
    gpiod.refuse = refusal
    meter = EdgeMeter(CHIP, 23, 24)

    with pytest.raises(PortError, match=r"gpiodetect.*gpioinfo.*group gpio"):
        meter.open()
    with pytest.raises(PortError, match="not open"):
        meter.measure()


def test_lines_that_fail_while_measuring_are_an_error(gpiod, meter):
    gpiod.requests[0].fails = errno.ENODEV

    with pytest.raises(PortError, match="reading edges failed: No such device"):
        meter.measure()


def test_closing_releases_the_lines(gpiod):
    meter = EdgeMeter(CHIP, 23, 24)
    meter.open()
    meter.open()
    meter.make_safe()
    meter.close()
    meter.close()

    assert [request.released for request in gpiod.requests] == [True]
    with pytest.raises(PortError, match="not open"):
        meter.measure()


def test_a_missing_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gpiod", None)

    with pytest.raises(PortError, match=r"pip install ccs-bench\[raspberry-pi\]"):
        EdgeMeter(CHIP, 23, 24).open()


def test_the_old_library_of_the_same_name_is_not_taken(monkeypatch):
    monkeypatch.setitem(sys.modules, "gpiod", ModuleType("gpiod"))

    with pytest.raises(PortError, match="version 1"):
        EdgeMeter(CHIP, 23, 24).open()


def test_no_constructor_touches_the_lines(gpiod):
    EdgeMeter(CHIP, 23, 24, give_up_after=s(1))

    assert gpiod.asked == []


@pytest.mark.parametrize(
    ("arguments", "why"), [({"falling_line": 23}, "two lines"), ({"pulses": LEAST_PULSES - 1}, "fewer than 200")]
)
def test_what_cannot_measure_is_refused(arguments, why):
    with pytest.raises(ValueError, match=why):
        EdgeMeter(**({"chip": CHIP, "rising_line": 23, "falling_line": 24} | arguments))
