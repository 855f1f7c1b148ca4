"""What is drawn from a spread: within the extremes, about the median, the same for the same seed."""

import random
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from bench.profiles import LevelSpread, Spread
from bench.profiles.spread import Figure
from bench.units import ms, s

spreads = st.tuples(st.integers(0, s(20)), st.integers(0, s(20)), st.integers(0, s(20))).map(
    lambda values: Spread(sorted(values)[1], min(values), max(values), n=3)
)


@given(spread=spreads, seed=st.integers())
def test_a_draw_stays_within_what_was_seen(spread, seed):
    rng = random.Random(seed)

    assert all(spread.min <= spread.draw(rng) <= spread.max for _ in range(20))


@given(spread=spreads, seed=st.integers())
def test_the_same_seed_draws_the_same_values(spread, seed):
    first, second = random.Random(seed), random.Random(seed)

    assert [spread.draw(first) for _ in range(5)] == [spread.draw(second) for _ in range(5)]


def test_a_draw_is_whole_nanoseconds():
    assert type(Spread(ms(20), ms(19), ms(21), n=9).draw(random.Random(1))) is int


def test_a_single_value_is_drawn_as_it_is():
    assert Spread(ms(20), ms(20), ms(20), n=1).draw(random.Random(1)) == ms(20)


def test_skew_does_not_move_the_median():
    """A late extreme makes some draws late; half of them stay below the median all the same."""
    skewed = Spread(ms(71.3), ms(22.3), ms(900), n=7)
    rng = random.Random(1)

    drawn = median(skewed.draw(rng) for _ in range(2001))

    assert abs(drawn - skewed.median) < ms(5)


def test_draws_scatter_on_both_sides():
    spread = Spread(ms(40), ms(37), ms(43), n=54)
    rng = random.Random(1)
    drawn = [spread.draw(rng) for _ in range(200)]

    assert min(drawn) < ms(38)
    assert max(drawn) > ms(42)


def test_an_extreme_with_a_cause_of_its_own_is_not_drawn():
    """One sound of an Ampera-e was 115 ms late; the other intervals keep to 40 ms."""
    spread = Spread.of(Figure(median=40.0, min=1.8, max=155.4, n=63, usual=(39.8, 40.2)))
    rng = random.Random(1)

    assert all(ms(39.8) <= spread.draw(rng) <= ms(40.2) for _ in range(200))
    assert spread.max == ms(155.4)


def test_an_assumed_range_scatters_too():
    spread = Spread.of(Figure(median=6500, min=6300, max=6600, assumed="count not stated"))
    rng = random.Random(1)

    assert len({spread.draw(rng) for _ in range(10)}) > 1
    assert spread.n == 0


def test_a_level_is_drawn_in_db():
    level = LevelSpread(median=28.6, min=25.2, max=29.1, n=3)
    rng = random.Random(1)

    assert all(25.2 <= level.draw(rng) <= 29.1 for _ in range(200))
    assert LevelSpread(9.55, 9.55, 9.55, n=16).draw(rng) == 9.55
