"""Fewer matches than before: how improbable that is by chance."""

from __future__ import annotations

from itertools import product
from math import comb

import pytest

from bench.baseline.successes import Successes, fewer, lost


def test_the_lady_who_tastes_tea():
    """Fisher's own example, 1935: of 8 cups all 4 told right, 1 in 70."""
    assert fewer(Successes(4, 4), Successes(0, 4)) == pytest.approx(1 / 70)
    assert fewer(Successes(4, 4), Successes(1, 4)) == pytest.approx(1 / 14)


@pytest.mark.parametrize("after", range(13))
def test_it_is_the_share_of_all_arrangements_at_least_as_bad(after):
    """Counted one by one: which of 12 + 12 matches fail, if all arrangements are alike."""
    before, failed = Successes(12, 12), 12 - after
    at_least_as_bad = sum(comb(12, late) * comb(12, failed - late) for late in range(failed, min(failed, 12) + 1))

    assert fewer(before, Successes(after, 12)) == pytest.approx(at_least_as_bad / comb(24, failed))


def test_what_has_not_become_worse_is_never_lost():
    for done, of in product(range(1, 8), range(8, 12)):
        assert not lost(Successes(done, of), Successes(done + 1, of))
        assert not lost(Successes(done, of), Successes(done, of))


def test_all_of_thirty_gone_is_lost_and_one_of_thirty_is_not():
    assert lost(Successes(30, 30), Successes(0, 30))
    assert not lost(Successes(30, 30), Successes(29, 30))


def test_a_chance_of_one_half_raises_hardly_any_alarm():
    """Over all outcomes of two runs of 30 matches, each succeeding as often as not."""
    chance = [comb(30, done) / 2**30 for done in range(31)]

    alarms = sum(
        chance[one] * chance[other]
        for one, other in product(range(31), repeat=2)
        if lost(Successes(one, 30), Successes(other, 30))
    )

    assert alarms <= 0.005


def test_more_successes_than_matches_is_refused():
    with pytest.raises(ValueError, match="31 of 30"):
        Successes(31, 30)
