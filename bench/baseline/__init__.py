"""Timing baselines: what a station needed at a time it was known to be well, and whether it still does.

`ranks` compares two samples, `comparing` says what that means, `conditions` whether two runs may be compared,
`measured` compares all of a station's intervals, `store` keeps them as files.
"""

from bench.baseline.comparing import ALPHA, FEWEST, Change, Comparison, Samples, compare, tolerance_of
from bench.baseline.conditions import AdapterState, Conditions, RunConditions
from bench.baseline.measured import Measured, StationComparison, compare_measured, merged, one_value

__all__ = [
    "ALPHA",
    "FEWEST",
    "AdapterState",
    "Change",
    "Comparison",
    "Conditions",
    "Measured",
    "RunConditions",
    "Samples",
    "StationComparison",
    "compare",
    "compare_measured",
    "merged",
    "one_value",
    "tolerance_of",
]
