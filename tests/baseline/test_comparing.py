"""What is said of an interval: every verdict has a case, and every sentence is read."""

from __future__ import annotations

import random

import pytest

from bench.baseline.comparing import (
    ALPHA,
    FEWEST,
    Change,
    Comparison,
    Samples,
    compare,
    regressions,
    tolerance_of,
)
from bench.units import Ns, ms, us

CNF = "TP_match_response (CM_SLAC_PARM)"


def drawn(middle: float, scatter: float, n: int = 30, seed: int = 1) -> tuple[Ns, ...]:
    rng = random.Random(f"{middle} {scatter} {seed}")
    return tuple(ms(rng.gauss(middle, scatter)) for _ in range(n))


def compared(before: tuple[Ns, ...], after: tuple[Ns, ...], tolerance: Ns = 0) -> Comparison:
    (one,) = compare([Samples(CNF, before, after, tolerance)])
    return one


def test_slower_with_its_size_and_how_sure_that_is():
    one = compared(drawn(20, 5), drawn(32, 5))

    assert one.change is Change.SLOWER
    assert one.regressed
    assert str(one) == f"{CNF}: slower by 11.3 ms (7.8 to 14.4), n = 30"
    assert one.low <= ms(12) <= one.high
    assert one.cliffs_delta == pytest.approx(2 * one.superiority - 1)
    assert one.p_adjusted <= ALPHA


def test_faster_is_no_regression():
    slower = compared(drawn(20, 5), drawn(32, 5))
    one = compared(slower.samples.after, slower.samples.before)

    assert one.change is Change.FASTER
    assert not one.regressed
    assert one.sentence == slower.sentence.replace("slower", "faster")
    assert one.shift < 0


def test_unchanged_within_what_the_interval_says():
    one = compared(drawn(20, 0.5), drawn(20, 0.5, seed=2), ms(3))

    assert one.change is Change.UNCHANGED
    assert one.sentence == f"unchanged within {max(-one.low, one.high) / 1e6:.2g} ms, n = 30"


def test_no_change_shown_says_what_can_be_excluded():
    """Too much scatter to say "unchanged"."""
    one = compared(drawn(20, 9, 12), drawn(20, 9, 14, seed=2), us(700))

    assert one.change is Change.NOT_SHOWN
    bound = max(-one.low, one.high) / 1e6
    assert one.sentence == f"no change shown; one above {bound:.1f} ms can be excluded, n = 12 and 14"


def test_more_scattered_around_the_same_middle_is_a_regression():
    one = compared(drawn(50, 2), drawn(50, 15), ms(3))

    assert one.change is Change.SCATTERED
    assert one.regressed
    assert one.sentence.startswith("more scattered: typically ")
    assert one.scatter > ms(3)


def test_less_scattered_is_no_regression():
    assert not compared(drawn(50, 15), drawn(50, 2), ms(3)).regressed


@pytest.mark.parametrize(("before", "after"), [(30, FEWEST - 1), (FEWEST - 1, 30), (0, 30), (30, 0), (4, 4)])
def test_too_few_values_decide_nothing_however_clear_it_looks(before, after):
    one = compared((ms(5),) * before, (ms(500),) * after)

    assert one.change is Change.TOO_FEW
    assert not one.regressed
    assert "too few values to decide, n = " in one.sentence


def test_more_are_needed_where_more_is_asked_at_once():
    """Six values of each are enough for one interval, not for a hundred."""
    alone = [Samples(CNF, drawn(5, 1, 6), drawn(50, 1, 6))]
    crowd = [Samples(CNF, drawn(5, 1, 6, seed), drawn(50, 1, 6, seed)) for seed in range(100)]

    assert compare(alone)[0].change is Change.SLOWER
    among = compare(crowd)
    assert {one.change for one in among} == {Change.TOO_FEW}
    assert among[0].sentence == "too few values to decide, n = 6; 10 of each would do among 100 intervals"


def test_few_values_can_be_held_against_many():
    """One pass of the suite against a baseline of several."""
    samples = [Samples(CNF, drawn(20, 2, 30, seed), drawn(40, 2, 6, seed)) for seed in range(20)]

    assert {one.change for one in compare(samples)} == {Change.SLOWER}


def test_shift_of_constants_is_a_shift():
    """On the virtual clock all values may be equal."""
    one = compared((ms(5),) * 8, (ms(5) + 1,) * 8)

    assert one.change is Change.SLOWER
    assert (one.shift, one.low, one.high, one.superiority) == (1, 1, 1, 1)
    assert one.sentence == "slower by 0.000001 ms (0.000001 to 0.000001), n = 8"


def test_equal_constants_are_unchanged():
    one = compared((ms(5),) * 8, (ms(5),) * 12)

    assert (one.change, one.shift, one.p) == (Change.UNCHANGED, 0, 1)
    assert one.sentence == "unchanged, n = 8 and 12"


def test_the_same_values_again_are_unchanged_whatever_their_scatter():
    """Two runs on the virtual clock with one seed."""
    values = drawn(40, 20)

    one = compared(values, tuple(reversed(values)))

    assert (one.change, one.low, one.high) == (Change.UNCHANGED, 0, 0)


@pytest.mark.parametrize(("moved", "change"), [(2.9, Change.UNCHANGED), (3.1, Change.SLOWER), (-3.1, Change.FASTER)])
def test_a_shift_up_to_the_tolerance_is_none(moved, change):
    """However surely it is there."""
    before = tuple(ms(20) + us(i) for i in range(30))

    assert compared(before, tuple(value + ms(moved) for value in before), ms(3)).change is change


def test_a_shift_that_is_there_but_too_small_to_matter_is_called_that():
    """Its interval reaches beyond the tolerance, so "unchanged" would say too much."""
    one = compared(drawn(20, 1), drawn(22.8, 1, seed=2), ms(3))

    assert one.change is Change.SMALL
    assert not one.regressed
    assert one.low < ms(3) < one.high
    assert one.sentence.startswith("shifted by 2.")
    assert one.sentence.endswith(", not more than the tolerance of 3.0 ms, n = 30")


def test_tolerance_is_three_times_the_greater_uncertainty():
    assert tolerance_of(us(200), us(300)) == us(900)
    assert tolerance_of(0, 0) == 0


def test_holm_keeps_a_chance_result_among_many_from_becoming_an_alarm():
    """p = 0.0008 alone is a finding, among 40 intervals it is what one of them does."""
    suspect = Samples(CNF, drawn(20, 5), drawn(24.5, 5))
    quiet = [Samples(f"quiet {seed}", drawn(20, 5, seed=seed), drawn(20, 5, seed=-seed)) for seed in range(2, 41)]

    alone, among = compare([suspect])[0], compare([suspect, *quiet])[0]

    assert alone.p == among.p < 0.0025
    assert (alone.change, among.change) == (Change.SLOWER, Change.NOT_SHOWN)


def test_results_come_in_the_order_they_were_asked_for():
    asked = [
        Samples("a", drawn(20, 5, 3), drawn(20, 5, 3)),
        Samples("b", drawn(20, 5), drawn(40, 5)),
        Samples("c", (), ()),
        Samples("d", drawn(20, 5), drawn(20, 5, seed=3)),
    ]

    found = compare(asked)

    assert [one.name for one in found] == ["a", "b", "c", "d"]
    assert [one.name for one in regressions(found)] == ["b"]
    assert compare([]) == []


@pytest.mark.parametrize("kind", ["normal", "skewed", "two humps", "raster"])
def test_the_level_is_kept_whatever_the_distribution(kind):
    """At 5 %, of 1,000 unchanged pairs at most 65 are called changed (two standard deviations), shift or scatter."""
    draw = {
        "normal": lambda rng: round(rng.gauss(40e6, 2e6)),
        "skewed": lambda rng: round(rng.expovariate(1 / 8e6)),
        "two humps": lambda rng: round(rng.choice((45e6, 240e6)) + rng.gauss(0, 1e5)),
        "raster": lambda rng: 10_000_000 * rng.randint(1, 6),
    }[kind]
    rng = random.Random(kind)
    called = 0
    for _ in range(1000):
        before, after = (tuple(draw(rng) for _ in range(30)) for _ in range(2))
        (one,) = compare([Samples(CNF, before, after)], alpha=0.05)
        called += one.change in (Change.SLOWER, Change.FASTER, Change.SCATTERED)

    assert called <= 65
