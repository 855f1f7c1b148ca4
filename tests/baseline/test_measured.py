"""What counts as one value, and which values are held against each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from baseline_makers import CNF, SOUND, measured, other_adapter, other_run

from bench.analysis.intervals import Interval
from bench.baseline import Change, RunConditions, compare_measured, merged, one_value
from bench.baseline.measured import same_run, samples_of
from bench.errors import ConfigError
from bench.limits import LIMITS
from bench.report.collection import Collection
from bench.report.measured import measured_in, measured_of
from bench.units import ms, us

RUN = RunConditions("sim", "sim", "virtual", "field", "abc")


def test_ten_sounds_of_a_match_are_one_value():
    """Their median; n counts matches."""
    collection = Collection()
    sounds = [Interval(LIMITS[SOUND], i, ms(value)) for i, value in enumerate((20, 21, 19, 150, 22))]
    collection.add("test_a", sounds, pev="ioniq", evse="bench")

    (station,) = measured_of(collection, RUN)

    assert station.values == {SOUND: {"test_a": (ms(21),)}}


@pytest.mark.parametrize(("values", "one"), [([3], 3), ([1, 9], 1), ([1, 2, 9], 2)])
def test_the_one_value_was_measured(values, one):
    assert one_value(values) == one


def test_a_regression_is_found_and_the_tolerance_comes_from_the_benches():
    (station,) = compare_measured([(measured(), measured(ms(12), seed=2))])

    (slower,) = station.regressions
    assert slower.change is Change.SLOWER
    assert slower.samples.tolerance == us(600)
    assert len(slower.samples.before) == 30


def test_a_tolerance_of_ones_own():
    (station,) = compare_measured([(measured(), measured(ms(12), seed=2))], tolerance=ms(15))

    assert station.regressions == []


def test_only_test_cases_that_both_have_are_compared():
    before, after = measured(cases=10), measured(seed=2, cases=12)

    (station,) = compare_measured([(before, after)])

    assert (station.only_before, station.only_after) == (0, 2)
    assert [len(side) for side in (station.comparisons[0].samples.before, station.comparisons[0].samples.after)] == [
        30,
        30,
    ]


def test_nothing_in_common_is_nothing_compared():
    before = measured()
    after = replace(before, values={CNF: {"hil_tests/test_b.py::test": (ms(20),)}})

    (station,) = compare_measured([(before, after)])

    assert (station.decided, station.comparisons) == (False, [])
    assert samples_of(before, after) == []


def test_runs_put_together_have_the_values_of_all():
    one, other = measured(runs=1), replace(measured(seed=2, runs=2), uncertainty=us(300))

    whole = merged([one, other])

    assert whole.runs == 3
    assert whole.uncertainty == us(300)
    case = "hil_tests/test_a.py::test_0"
    assert whole.values[CNF][case] == one.values[CNF][case] + other.values[CNF][case]


def test_runs_put_together_name_every_commit():
    whole = merged([measured(), measured(seed=2, conditions=other_run("commit", "ffb45ce")), measured(seed=3)])

    assert whole.conditions.run.commit == "44a8913, ffb45ce"


@pytest.mark.parametrize(
    "other", [other_run("rig", "lab"), other_adapter("firmware", "other"), other_adapter("pib", "other")]
)
def test_runs_that_do_not_belong_together_are_not_put_together(other):
    with pytest.raises(ConfigError, match="evse bench: the runs do not belong together: "):
        merged([measured(), measured(seed=2, conditions=other)])


def test_a_run_given_twice_is_recognised():
    assert same_run([measured()], [measured()])
    assert not same_run([measured()], [measured(seed=2)])


def test_timings_of_a_run_say_how_they_were_made():
    collection = Collection()
    collection.add("test_a", [Interval(LIMITS[CNF], 0, ms(5))], pev="ioniq", evse="bench", adapters=ADAPTERS)

    (station,) = measured_in(collection.to_json(uncertainty=us(7), metadata=RUN.as_dict()))

    assert station.conditions.run == RUN
    assert station.conditions.who == "evse bench"
    assert station.conditions.adapters == ADAPTERS
    assert station.uncertainty == us(7)
    assert station.values == {CNF: {"test_a": (ms(5),)}}


def test_adapters_of_several_workers_are_put_together():
    one, other = Collection(), Collection()
    for collection, adapter in ((one, ADAPTERS[0]), (other, ADAPTERS[1])):
        collection.add("test_a", [Interval(LIMITS[CNF], 0, ms(5))], pev="a", evse="bench", adapters=[adapter])

    one.merge(Collection.from_json(other.to_json()))

    assert one.adapters(("evse", "bench")) == ADAPTERS


ADAPTERS = other_run("rig", "sim").adapters


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "neither a baseline nor the timings of a run"),
        ("[]", "neither a baseline nor the timings of a run"),
        ('{"format": "slac-v2g-analysis"}', "neither a baseline nor the timings of a run"),
        (
            Collection().to_json(),
            r"do not say how they were made \(rig, driver, clock, verdict, commit\): run pytest again",
        ),
    ],
)
def test_another_file_is_refused_with_the_remedy(text, says):
    with pytest.raises(ConfigError, match=says):
        measured_in(text)
