"""`benchmarks/bench_baseline.py` in short: few false alarms, and 10 ms are found."""

from __future__ import annotations

import random

from benchmarks.bench_baseline import false_alarms, found_shifts, scatters


def test_unchanged_runs_raise_no_alarm_and_10_ms_are_found():
    """At the scatter of real cars, 30 matches each: at most 1 in 100 pairs, at least 95 %."""
    rng = random.Random(20)
    cars = scatters(rng)
    seen = {(one.car, one.name): one.resolved for measured in cars.values() for one in measured}

    alarms = false_alarms(cars, rng, pairs=200)
    found = found_shifts(cars, rng, repetitions=1)

    assert alarms <= 2
    resolved = [found[key] for key, can_be_seen in seen.items() if can_be_seen]
    assert len(resolved) > 150
    assert sum(resolved) >= 0.95 * len(resolved)
