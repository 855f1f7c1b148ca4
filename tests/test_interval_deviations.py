"""What a deviation says of intervals outside their limits: whose, by which standard, and not all of a hundred."""

from __future__ import annotations

import pytest

from bench.analysis.intervals import Interval
from bench.analysis.verdict import Profile
from bench.errors import Deviation
from bench.limits import LIMITS, SDP_AGAIN
from bench.units import Ns, ms, s
from hil_tests.checks import MOST_TOLD, demand_intervals

SOUND = "TP_EV_batch_msg_interval (sound)"


def deviation(name: str, *values: Ns) -> Deviation:
    intervals = [Interval(LIMITS[name], s(at), value) for at, value in enumerate(values)]
    with pytest.raises(Deviation) as raised:
        demand_intervals(intervals, "pev", who="ioniq", profile=Profile.STRICT, uncertainty=0)
    return raised.value


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (SOUND, "ISO 15118-3 table A.1, TP_EV_batch_msg_interval (sound), strict limits"),
        (SDP_AGAIN, "ISO 15118-2 (SDP), SDP repetition, strict limits"),
    ],
)
def test_the_rule_is_that_of_the_interval(name, rule):
    assert deviation(name, ms(1)).rule == rule


@pytest.mark.parametrize(("wrong", "told"), [(1, 1), (MOST_TOLD, MOST_TOLD), (MOST_TOLD + 3, MOST_TOLD)])
def test_of_many_the_first_are_told_and_the_others_counted(wrong, told):
    saw = deviation(SDP_AGAIN, *[ms(100)] * wrong).saw

    assert saw.count("100.000 ms, allowed") == told
    assert saw.endswith("and 3 more") is (wrong > told)
