"""Rank statistics against brute force, published tables and a worked example."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.baseline.ranks import (
    EXACT_PAIRS,
    _cumulative,
    _normal,
    holm,
    mann_whitney,
    shift,
    shift_interval,
    smallest_p,
    superiority,
    u_statistic,
)

CRITICAL_5_PERCENT = [2, 5, 8, 13, 17, 23, 30, 37, 45, 55, 64, 75, 87, 99, 113, 127]
CRITICAL_1_PERCENT = [0, 2, 4, 7, 11, 16, 21, 27, 34, 42, 51, 60, 70, 81, 93, 105]
"""Greatest U that is significant, two-sided, for 5 and 5 to 20 and 20 values: the tables of any textbook."""

samples = st.lists(st.integers(-50, 50), min_size=1, max_size=8)
"""Small numbers, so that many are equal."""


def by_hand(before: list[int], after: list[int]) -> float:
    """U by its definition."""
    return sum((y > x) + 0.5 * (y == x) for x in before for y in after)


def by_enumeration(before: list[int], after: list[int]) -> float:
    """p: among all ways to deal the pooled values, those at least as far from the middle."""
    pooled, pairs = [*before, *after], len(before) * len(after)
    seen = abs(by_hand(before, after) - pairs / 2)
    extreme = total = 0
    for chosen in combinations(range(len(pooled)), len(after)):
        dealt = [value for place, value in enumerate(pooled) if place in chosen]
        rest = [value for place, value in enumerate(pooled) if place not in chosen]
        total += 1
        extreme += abs(by_hand(rest, dealt) - pairs / 2) >= seen
    return extreme / total


@given(samples, samples)
def test_u_is_what_its_definition_says(before, after):
    assert u_statistic(before, after) == by_hand(before, after)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=5), st.lists(st.integers(-5, 5), min_size=1, max_size=5))
def test_p_with_equal_values_is_what_enumeration_says(before, after):
    assert mann_whitney(before, after) == pytest.approx(by_enumeration(before, after))


@pytest.mark.parametrize("seed", range(20))
def test_p_without_equal_values_is_what_enumeration_says(seed):
    rng = random.Random(seed)
    values = rng.sample(range(100), rng.randint(4, 11))
    cut = rng.randint(1, len(values) - 1)

    assert mann_whitney(values[:cut], values[cut:]) == pytest.approx(by_enumeration(values[:cut], values[cut:]))


@pytest.mark.parametrize(("level", "table"), [(0.05, CRITICAL_5_PERCENT), (0.01, CRITICAL_1_PERCENT)])
def test_critical_values_are_those_of_the_published_tables(level, table):
    for n, critical in enumerate(table, 5):
        below = _cumulative(n, n)
        assert 2 * below[critical] / below[-1] <= level < 2 * below[critical + 1] / below[-1]


def test_worked_example_of_hollander_and_wolfe():
    """Water through the human chorioamnion (table 4.1, units of 1e-6): W = 35, one-sided p 0.127, shift -0.305,
    96 % interval -0.76 to 0.15."""
    at_term = [80, 83, 189, 104, 145, 138, 191, 164, 73, 146]
    at_12_to_26_weeks = [115, 88, 90, 74, 121]

    assert u_statistic(at_12_to_26_weeks, at_term) == 35
    assert mann_whitney(at_term, at_12_to_26_weeks) / 2 == pytest.approx(0.1272, abs=1e-4)
    assert shift(at_term, at_12_to_26_weeks) == -31  # -30.5, rounded down
    assert shift_interval(at_term, at_12_to_26_weeks, 0.96) == (-76, 15)


@pytest.mark.parametrize("moved", [0, 5, 20, 60])
def test_normal_distribution_takes_over_where_counting_ends(moved):
    """At 50 and 50 values both say nearly the same."""
    rng = random.Random(moved)
    before = rng.sample(range(0, 2000, 2), 50)
    after = [value + 5 * moved + 1 for value in rng.sample(range(0, 2000, 2), 50)]
    assert len(before) * len(after) == EXACT_PAIRS

    exact, approximate = mann_whitney(before, after), _normal(before, after, u_statistic(before, after))

    assert approximate == pytest.approx(exact, abs=0.003)


def test_normal_distribution_with_ties_agrees_with_a_shuffle():
    """200 and 150 values on a raster of ten, against 2,000 random dealings."""
    rng = random.Random(1)
    before = [rng.randrange(0, 100, 10) for _ in range(200)]
    after = [rng.randrange(0, 110, 10) for _ in range(150)]
    pooled, middle = [*before, *after], 200 * 150 / 2
    seen = abs(u_statistic(before, after) - middle)
    extreme = 0
    for _ in range(2000):
        rng.shuffle(pooled)
        extreme += abs(u_statistic(pooled[:200], pooled[200:]) - middle) >= seen

    assert mann_whitney(before, after) == pytest.approx(extreme / 2000, abs=0.02)


@pytest.mark.parametrize("size", [1, 5, 30, 80])
def test_samples_that_are_all_the_same_say_nothing(size):
    assert mann_whitney([7] * size, [7] * size) == 1


@given(samples, samples)
def test_shift_is_the_median_of_all_differences(before, after):
    differences = sorted(y - x for x in before for y in after)
    middle = len(differences) // 2
    median = differences[middle] if len(differences) % 2 else (differences[middle - 1] + differences[middle]) // 2

    assert shift(before, after) == median


@given(samples, samples)
def test_swapping_the_samples_turns_everything_round(before, after):
    low, high = shift_interval(before, after, 0.95)

    assert shift_interval(after, before, 0.95) == (-high, -low)
    assert shift(after, before) in (-shift(before, after), -shift(before, after) - 1)  # rounded down, both
    assert superiority(after, before) == pytest.approx(1 - superiority(before, after))
    assert mann_whitney(after, before) == pytest.approx(mann_whitney(before, after))


@given(samples, samples, st.integers(-(10**12), 10**12))
def test_what_both_samples_have_in_common_does_not_matter(before, after, offset):
    moved = [x + offset for x in before], [y + offset for y in after]

    assert shift(*moved) == shift(before, after)
    assert shift_interval(*moved, 0.95) == shift_interval(before, after, 0.95)
    assert mann_whitney(*moved) == mann_whitney(before, after)


@given(samples, samples, st.integers(-(10**9), 10**9))
def test_a_shift_of_one_sample_moves_estimate_and_interval_by_just_that(before, after, offset):
    moved = [y + offset for y in after]
    low, high = shift_interval(before, after, 0.95)

    assert shift(before, moved) == shift(before, after) + offset
    assert shift_interval(before, moved, 0.95) == (low + offset, high + offset)


@pytest.mark.parametrize("sizes", [(8, 8), (30, 30), (24, 8), (60, 50)], ids=str)
@pytest.mark.parametrize("kind", ["normal", "skewed", "two humps", "raster"])
def test_interval_covers_the_true_shift(kind, sizes):
    """95 % is promised; in 1,000 cases at least 94 % are demanded, whatever the distribution."""
    draw = {
        "normal": lambda rng: round(rng.gauss(40e6, 2e6)),
        "skewed": lambda rng: round(rng.expovariate(1 / 8e6)),
        "two humps": lambda rng: round(rng.choice((45e6, 240e6)) + rng.gauss(0, 1e5)),
        "raster": lambda rng: 10_000_000 * rng.randint(1, 6),
    }[kind]
    rng, true = random.Random(f"{kind} {sizes}"), 7_000_000

    covered = 0
    for _ in range(1000):
        before, after = ([draw(rng) for _ in range(size)] for size in sizes)
        low, high = shift_interval(before, [value + true for value in after], 0.95)
        covered += low <= true <= high

    assert covered >= 940


@pytest.mark.parametrize(("m", "n"), [(3, 3), (5, 30), (30, 30), (8, 24)])
def test_smallest_p_is_that_of_samples_that_do_not_overlap(m, n):
    assert smallest_p(m, n) == pytest.approx(mann_whitney(range(m), range(100, 100 + n)))


def test_holm_on_his_example():
    """Raw 0.01, 0.02, 0.03, 0.04: times 4, 3, 2, 1, and never less than the one before."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
