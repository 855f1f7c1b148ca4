"""What a change of an adapter's parameter block does to matching: measured before, measured after, put back, compared.

with changed(adapter, new, "recipe x", store):
    after = measure_matches(setup, 30)
found = judge(before, after, ...)
"""

from bench.regression.blame import Blame, blame
from bench.regression.judging import Regression, Series, judge
from bench.regression.matches import MatchSeen, measure_matches
from bench.regression.trial import changed

__all__ = ["Blame", "MatchSeen", "Regression", "Series", "blame", "changed", "judge", "measure_matches"]
