"""How often a comparison with a baseline raises a false alarm, and whether it finds a shift of 10 ms.

By simulation, with the scatter that real cars show (`bench/profiles/vehicles`, from 124 captures; min, median and max
of each interval). A pair is a whole comparison: every interval of one car, 30 matches before and 30 after, decided
together, with no tolerance for the bench's uncertainty, which would only help.

- *false alarms*: 1,000 pairs in which nothing has changed. An alarm is any interval said to be slower, faster or more
  scattered. At most 1 %.
- *found*: in each pair one interval of one car is 10 ms slower; it is found if just that is said. At least 95 %, over
  all cars and intervals in which 30 matches can show a shift of 10 ms at all. In an interval that varies by tens of
  milliseconds or by seconds from match to match (a car that wakes up) they cannot: these are listed with their
  scatter, and count in the second figure only.

    python -m benchmarks.bench_baseline
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.baseline import Change, Samples, compare
from bench.profiles import VehicleProfile, vehicles
from bench.profiles.spread import Spread
from bench.units import Ns, ms, to_ms

PAIRS, N, SHIFT = 1000, 30, ms(10)
FALSE_ALARMS, FOUND = 0.01, 0.95
REPETITIONS = 10
"""Of each car and interval with its shift."""
SEEN_FROM = 1.5
"""A shift of so many standard deviations is found in 95 % by theory: 30 and 30 values, normal, p below 0.005 / 20."""
ALARMS = {Change.SLOWER, Change.FASTER, Change.SCATTERED}


@dataclass(frozen=True)
class Scatter:
    """One interval of one car. *deviation*: standard deviation of what is drawn."""

    car: str
    name: str
    spread: Spread
    deviation: Ns

    @property
    def resolved(self) -> bool:
        return SEEN_FROM * self.deviation <= SHIFT


def spreads_of(car: VehicleProfile) -> Iterator[tuple[str, Spread]]:
    """What was measured more than once, by the interval of table A.1 it becomes."""
    measured = {
        "TP_EV_SLAC_init": car.pilot.pwm_on_to_parm_req,
        "TT_match_response (CM_SLAC_PARM)": car.parm_req.interval,
        "TT_match_sequence": car.start.cnf_to_start,
        "TP_EV_batch_msg_interval (START)": car.start.interval,
        "TP_EV_batch_msg_interval (START to sound)": car.sounds.after_last_start,
        "TP_EV_batch_msg_interval (sound)": car.sounds.interval,
        "TP_match_response (CM_ATTEN_CHAR)": car.atten_char_rsp.latency,
        "TT_EVSE_match_session": car.seen.rsp_to_match_req,
        "TT_match_join": car.after_match.joined,
    }
    for name, spread in measured.items():
        if spread is not None and spread.n > 1 and spread.min < spread.max:
            yield name, spread


def scatters(rng: random.Random) -> dict[str, list[Scatter]]:
    """Of every car with at least one such interval."""
    found = {
        car.id: [
            Scatter(car.id, name, spread, round(statistics.pstdev([spread.draw(rng) for _ in range(1000)])))
            for name, spread in spreads_of(car)
        ]
        for car in vehicles().values()
    }
    return {car: measured for car, measured in found.items() if measured}


def pair(measured: list[Scatter], rng: random.Random, shifted: str = "") -> dict[str, Change]:
    """What is said of each interval of one car, with *shifted* 10 ms later in the second run."""

    def drawn(one: Scatter, shift: Ns = 0) -> tuple[Ns, ...]:
        return tuple(one.spread.draw(rng) + shift for _ in range(N))

    samples = [Samples(one.name, drawn(one), drawn(one, SHIFT if one.name == shifted else 0)) for one in measured]
    return {comparison.name: comparison.change for comparison in compare(samples)}


def false_alarms(cars: dict[str, list[Scatter]], rng: random.Random, pairs: int = PAIRS) -> int:
    """In how many of *pairs* anything was said to have changed."""
    names = list(cars)
    return sum(not ALARMS.isdisjoint(pair(cars[names[i % len(names)]], rng).values()) for i in range(pairs))


def found_shifts(
    cars: dict[str, list[Scatter]], rng: random.Random, repetitions: int = REPETITIONS
) -> dict[tuple[str, str], int]:
    """How often the shift was found, by car and interval."""
    return {
        (car, one.name): sum(pair(measured, rng, one.name)[one.name] is Change.SLOWER for _ in range(repetitions))
        for car, measured in cars.items()
        for one in measured
    }


def main() -> int:
    start, rng = time.perf_counter(), random.Random(0)
    cars = scatters(rng)
    every = [one for measured in cars.values() for one in measured]
    alarms = false_alarms(cars, rng)
    print(f"{len(cars)} cars, {len(every)} intervals with measured scatter, n = {N} and {N}")
    print(f"false alarms   {alarms} of {PAIRS} unchanged pairs: {100 * alarms / PAIRS:.1f} %   target at most 1 %")
    found = found_shifts(cars, rng)

    def rate(of: list[Scatter]) -> float:
        return sum(found[one.car, one.name] for one in of) / (REPETITIONS * len(of))

    resolved = [one for one in every if one.resolved]
    limit = to_ms(SHIFT) / SEEN_FROM
    print(f"10 ms found    {100 * rate(resolved):.1f} % in {len(resolved)} intervals   target at least 95 %")
    print(
        f"               (those whose standard deviation is {limit:.1f} ms or less); {100 * rate(every):.1f} % in all"
    )
    for name in dict.fromkeys(one.name for one in every):
        same = [one for one in every if one.name == name]
        typical = to_ms(round(statistics.median(one.deviation for one in same)))
        clear = f"{sum(one.resolved for one in same)} of {len(same)} cars"
        print(f"  {name:<42} {100 * rate(same):5.1f} %   {clear}; typically ±{typical:.2f} ms")
    print("not to be seen with 30 matches, standard deviation:")
    for one in every:
        if not one.resolved:
            print(f"  {one.car:<24} {one.name:<42} ±{to_ms(one.deviation):.0f} ms")
    print(f"{time.perf_counter() - start:.0f} s")
    return 0 if alarms <= FALSE_ALARMS * PAIRS and rate(resolved) >= FOUND else 1


if __name__ == "__main__":
    sys.exit(main())
