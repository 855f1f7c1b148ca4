"""Two samples compared by ranks: no assumption about how the values scatter, exact where the samples are small.

Values are integers; *before* and *after* hold at least one each, in any order. Ours rather than scipy's: 40 MB and no
wheel for a 32-bit Raspberry Pi are much for one test, and it is judged by brute force and published tables in
`tests/baseline/test_ranks.py`.

Sources: Mann and Whitney 1947 (U and its exact distribution), Hodges and Lehmann 1963 (the shift), Hollander, Wolfe and
Chicken, Nonparametric Statistical Methods, 3rd ed., 4.1 to 4.3 (ties, the interval), Holm 1979.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist

from bench.units import Ns

EXACT_PAIRS = 2500
"""Up to so many pairs of values (50 of each) the distribution of U is counted; beyond, it is normal."""
EXACT_TIED_PAIRS = 225
"""The same for values some of which are equal, which takes longer: 15 of each."""


def u_statistic(before: Sequence[Ns], after: Sequence[Ns]) -> float:
    """In how many of all pairs the value of *after* is the greater one; an equal pair counts half.

    >>> u_statistic([1, 2, 3], [2, 5])
    4.5
    """
    ordered = sorted(before)
    return sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in after) / 2


def mann_whitney(before: Sequence[Ns], after: Sequence[Ns]) -> float:
    """How probable it is that samples of one and the same distribution differ this much or more; two-sided.

    >>> round(mann_whitney([1, 2, 3], [4, 5, 6]), 3)
    0.1
    """
    u, pairs = u_statistic(before, after), len(before) * len(after)
    tied = len({*before, *after}) < len(before) + len(after)
    if not tied and pairs <= EXACT_PAIRS:
        below = _cumulative(len(before), len(after))
        return min(1.0, 2 * below[int(min(u, pairs - u))] / below[-1])
    if tied and pairs <= EXACT_TIED_PAIRS:
        return _exact_with_ties(before, after, u)
    return _normal(before, after, u)


@lru_cache(maxsize=256)
def _cumulative(m: int, n: int) -> tuple[int, ...]:
    """How many of all orders of m + n different values have U <= 0, 1, ... m * n.

    Their number per U are the coefficients of the Gaussian binomial: the product of (1 - q^(n + i)) / (1 - q^i).
    """
    counts = [1] + [0] * (m * n)
    for i in range(1, m + 1):
        for u in range(m * n, n + i - 1, -1):
            counts[u] -= counts[u - n - i]
        for u in range(i, m * n + 1):
            counts[u] += counts[u - i]
    return tuple(accumulate(counts))


def _exact_with_ties(before: Sequence[Ns], after: Sequence[Ns], u: float) -> float:
    """Over all ways to choose which of the pooled values are *after*'s. Ranks count double, so that they are whole."""
    pooled = sorted([*before, *after])
    ranks = [bisect_left(pooled, value) + bisect_right(pooled, value) + 1 for value in pooled]
    ways: list[Counter[int]] = [Counter({0: 1}), *(Counter() for _ in after)]
    for rank in ranks:
        for chosen in range(len(after), 0, -1):
            for total, count in ways[chosen - 1].items():
                ways[chosen][total + rank] += count
    mean = len(after) * (len(pooled) + 1)
    distance = abs(2 * u - len(before) * len(after))
    extreme = sum(count for total, count in ways[-1].items() if abs(total - mean) >= distance)
    return extreme / math.comb(len(pooled), len(after))


def _normal(before: Sequence[Ns], after: Sequence[Ns], u: float) -> float:
    """With the corrections for ties and for continuity."""
    pairs, total = len(before) * len(after), len(before) + len(after)
    ties = sum(t**3 - t for t in Counter([*before, *after]).values())
    variance = pairs / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    return min(1.0, 2 * NormalDist().cdf(-max(0.0, abs(u - pairs / 2) - 0.5) / math.sqrt(variance)))


def smallest_p(n_before: int, n_after: int) -> float:
    """What `mann_whitney` says of samples that do not overlap at all: nothing so small shows less.

    >>> round(smallest_p(3, 3), 3)
    0.1
    """
    return 2 / math.comb(n_before + n_after, n_before)


def shift(before: Sequence[Ns], after: Sequence[Ns]) -> Ns:
    """By how much *after* is greater: the median of all differences (Hodges and Lehmann), rounded down.

    >>> shift([10, 11, 12], [20, 22, 24])
    11
    """
    pairs = len(before) * len(after)
    upper = _difference(before, after, pairs // 2 + 1)
    return upper if pairs % 2 else (_difference(before, after, pairs // 2) + upper) // 2


def shift_interval(before: Sequence[Ns], after: Sequence[Ns], confidence: float) -> tuple[Ns, Ns]:
    """Where the shift lies, with at least this *confidence* if the samples differ in nothing else.

    Of samples too small for that confidence, the least and the greatest difference.

    >>> shift_interval(range(10), range(100, 110), 0.95)
    (97, 103)
    """
    pairs = len(before) * len(after)
    left_out = _left_out(len(before), len(after), (1 - confidence) / 2)
    return _difference(before, after, left_out + 1), _difference(before, after, pairs - left_out)


def _left_out(m: int, n: int, tail: float) -> int:
    """How many differences lie outside the interval at each end: U is that or less with probability *tail* at most."""
    if m * n <= EXACT_PAIRS:
        below = _cumulative(m, n)
        return max(0, bisect_right(below, tail * below[-1]) - 1)
    deviation = math.sqrt(m * n * (m + n + 1) / 12)
    return max(0, math.floor(m * n / 2 - 0.5 + NormalDist().inv_cdf(tail) * deviation))


def _difference(before: Sequence[Ns], after: Sequence[Ns], k: int) -> Ns:
    """The k-th smallest (from 1) of all differences, found by halving: the list of them may be long."""
    ordered = sorted(after)
    low, high = ordered[0] - max(before), ordered[-1] - min(before)
    while low < high:
        middle = (low + high) // 2
        if sum(bisect_right(ordered, value + middle) for value in before) >= k:
            high = middle
        else:
            low = middle + 1
    return low


def superiority(before: Sequence[Ns], after: Sequence[Ns]) -> float:
    """Probability that a value of *after* is greater than one of *before*; 0.5 where neither is.

    >>> superiority([1, 2], [3, 4])
    1.0
    """
    return u_statistic(before, after) / (len(before) * len(after))


def holm(p_values: Sequence[float]) -> list[float]:
    """*p_values* of tests made together, adjusted: below alpha with probability alpha at most if nothing differs.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, so_far = [0.0] * len(p_values), 0.0
    for place, which in enumerate(order):
        so_far = max(so_far, min(1.0, (len(p_values) - place) * p_values[which]))
        adjusted[which] = so_far
    return adjusted
