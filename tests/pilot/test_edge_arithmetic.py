"""Edges to frequency and duty cycle: late stamps, lost edges, steady levels, and lines that do not belong together."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.pilot.edges import (
    LATENCY_PCT,
    LEAST_PULSES,
    MorePulses,
    PulseTrain,
    UnusableEdges,
    missing_numbers,
    pulse_train,
)
from bench.units import ms, us


def edges(duty_pct, n=LEAST_PULSES + 1, *, period=ms(1), late=lambda: 0, start=ms(7)):
    """Stamps of *n* pulses, each late by what *late* says."""
    rising, falling = [], []
    for i in range(n):
        rising.append(start + i * period + late())
        falling.append(start + i * period + round(period * duty_pct / 100) + late())
    return sorted(rising), sorted(falling)


def latency(seed, most_us):
    rng = random.Random(seed)
    return lambda: us(rng.uniform(3, most_us))


@given(duty_pct=st.floats(3, 97), hertz=st.floats(900, 1100))
def test_exact_edges_give_exactly_their_frequency_and_duty_cycle(duty_pct, hertz):
    train = pulse_train(*edges(duty_pct, period=round(1e9 / hertz)))

    assert train.frequency_hz == pytest.approx(hertz, rel=1e-5)
    assert train.duty_cycle_pct == pytest.approx(duty_pct, abs=1e-3)
    assert train.pulses == LEAST_PULSES
    assert (train.spread_pct, train.lost) == (0, 0)


@given(duty_pct=st.floats(5, 90), most_us=st.floats(4, 30), seed=st.integers(0, 2**32))
def test_late_stamps_scatter_the_pulses_but_hardly_the_median(duty_pct, most_us, seed):
    """Interrupt latency up to 30 us: a single pulse is wrong by points, the median stays within its uncertainty."""
    train = pulse_train(*edges(duty_pct, 400, late=latency(seed, most_us)))

    assert abs(train.duty_cycle_pct - duty_pct) <= train.uncertainty_pct
    assert train.frequency_hz == pytest.approx(1000, rel=0.005)


def test_spread_is_what_half_of_the_pulses_stay_within():
    """Pulses of 4, 5 and 6 % by turns: half of them are within 1 point of 5."""
    rising = [ms(i) for i in range(301)]
    falling = [ms(i) + us(40 + 10 * (i % 3)) for i in range(301)]

    assert pulse_train(rising, falling).spread_pct == pytest.approx(1.0)


def test_uncertainty_shrinks_with_more_pulses_but_not_below_the_latency_of_two_lines():
    few = pulse_train(*edges(5, 201, late=latency(1, 40)))
    many = pulse_train(*edges(5, 3201, late=latency(1, 40)))
    exact = pulse_train(*edges(5), latency_pct=0.1)

    assert few.uncertainty_pct - LATENCY_PCT == pytest.approx(4 * (many.uncertainty_pct - LATENCY_PCT), rel=0.3)
    assert many.uncertainty_pct > LATENCY_PCT
    assert exact.uncertainty_pct == 0.1


def test_the_instant_is_that_of_the_last_edge():
    rising, falling = edges(5)

    assert pulse_train(rising, falling).t == falling[-1]


# Lost edges


@given(
    lost_rising=st.sets(st.integers(1, 249), max_size=20),
    lost_falling=st.sets(st.integers(1, 249), max_size=20),
    duty_pct=st.sampled_from([5.0, 50.0, 96.0]),
)
def test_lost_edges_are_counted_and_do_not_move_the_result(lost_rising, lost_falling, duty_pct):
    rising, falling = edges(duty_pct, 260)
    kept_rising = [t for i, t in enumerate(rising) if i not in lost_rising]
    kept_falling = [t for i, t in enumerate(falling) if i not in lost_falling]

    train = pulse_train(kept_rising, kept_falling)

    assert train.lost == len(lost_rising) + len(lost_falling)
    assert train.duty_cycle_pct == pytest.approx(duty_pct)
    assert train.frequency_hz == pytest.approx(1000)


@pytest.mark.parametrize(("missing", "lost"), [(0, 2), (1, 2), (5, 5)])
def test_an_edge_known_lost_by_number_and_by_gap_counts_once(missing, lost):
    rising, falling = edges(5, 250)
    del rising[20], falling[60]

    assert pulse_train(rising, falling, missing=missing).lost == lost


def test_numbers_left_out_are_missing_edges():
    assert missing_numbers([]) == missing_numbers([4]) == missing_numbers([4, 5, 6]) == 0
    assert missing_numbers([1, 2, 5, 6, 8]) == 3


def test_too_many_lost_edges_are_no_measurement():
    rising, falling = edges(5, 400)

    with pytest.raises(UnusableEdges, match="too busy"):
        pulse_train(rising, falling, missing=200)


def test_a_comparator_that_chatters_at_slow_edges_is_put_up_with():
    """Every third rising edge comes twice, 2 us apart."""
    rising, falling = edges(5, 301)

    train = pulse_train(sorted(rising + [t + us(2) for t in rising[::3]]), falling)

    assert train.duty_cycle_pct == pytest.approx(5, abs=0.25)
    assert (train.pulses, train.lost) == (300, 0)


# Steady, or not enough


@pytest.mark.parametrize(("rising", "falling"), [([], []), ([5], []), ([], [5]), ([5], [9])])
def test_a_pilot_without_edges_is_steady(rising, falling):
    """0 and 100 %, or the one edge of a switch between them."""
    assert pulse_train(rising, falling) is None


def test_a_few_pulses_are_not_judged():
    assert pulse_train(*edges(5, 100)) == MorePulses(99)


def test_exactly_enough_pulses_are_judged():
    assert pulse_train(*edges(5, LEAST_PULSES)) == MorePulses(LEAST_PULSES - 1)
    assert isinstance(pulse_train(*edges(5, LEAST_PULSES + 1)), PulseTrain)


# What no pilot gives


@pytest.mark.parametrize("swap", [False, True])
def test_a_line_that_is_not_connected_is_named(swap):
    lines = {"rising": [ms(i) for i in range(300)], "falling": []}
    if swap:
        lines = {"rising": [], "falling": lines["rising"]}

    with pytest.raises(UnusableEdges, match="line for rising" if swap else "line for falling"):
        pulse_train(**lines)


def test_falling_edges_of_another_pilot_are_found_out():
    """Two to a period."""
    rising, _ = edges(5)
    falling = [ms(7) + us(300) + i * us(500) for i in range(400)]

    with pytest.raises(UnusableEdges, match="have one falling edge"):
        pulse_train(rising, falling)


def test_a_clock_that_stands_still_is_found_out():
    with pytest.raises(UnusableEdges, match="stands still"):
        pulse_train([5] * 300, [5] * 300)


def test_stamps_out_of_order_are_refused():
    with pytest.raises(ValueError, match="falling edges are not in the order"):
        pulse_train([1, 2, 3], [1, 3, 2])
