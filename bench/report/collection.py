"""Timings of a whole run: who took how long for what, and the one file that holds it all.

Each worker of a parallel run fills a `Collection`; `merge` puts them together. The file depends on what was measured
and on nothing else: no clock, no order of workers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bench.analysis.intervals import Interval
from bench.analysis.verdict import Profile, Verdict
from bench.baseline.conditions import AdapterState
from bench.baseline.measured import Values, one_value
from bench.baseline.store import adapters_from_json, adapters_to_json
from bench.errors import ConfigError
from bench.limits import LIMITS
from bench.report.timing import ORDER, Timing
from bench.units import Ns, to_ms

FORMAT, VERSION = "ccs-bench-timings", 1
Station = tuple[str, str]
"""Role, `pev` or `evse`, and id of a station."""


class Collection:
    """Every interval of a run, by station, interval and test case."""

    def __init__(self) -> None:
        self._values: dict[Station, dict[str, dict[str, list[Ns]]]] = {}
        self._adapters: dict[Station, set[AdapterState]] = {}

    def add(
        self,
        case: str,
        intervals: Iterable[Interval],
        *,
        pev: str,
        evse: str,
        adapters: Iterable[AdapterState] = (),
    ) -> None:
        """Book each interval on the station whose doing it was.

        case        id of the test
        pev, evse   ids of the stations of this match: a profile's, or `bench` for the bench's own
        adapters    of the bench, in this match
        """
        station_of = {"pev": ("pev", pev), "evse": ("evse", evse)}
        known = set(adapters)
        for interval in sorted(intervals, key=lambda i: i.start):
            station = station_of[interval.limit.side]
            by_name = self._values.setdefault(station, {})
            by_name.setdefault(interval.name, {}).setdefault(case, []).append(interval.value)
            self._adapters.setdefault(station, set()).update(known)

    def merge(self, other: Collection) -> None:
        """Take over what *other* holds; values of a case that both know are put one after the other."""
        for station, by_name in other._values.items():
            for name, by_case in by_name.items():
                mine = self._values.setdefault(station, {}).setdefault(name, {})
                for case, values in by_case.items():
                    mine.setdefault(case, []).extend(values)
        for station, adapters in other._adapters.items():
            self._adapters.setdefault(station, set()).update(adapters)

    def __bool__(self) -> bool:
        return bool(self._values)

    def stations(self) -> list[Station]:
        """PEVs first, each role by id."""
        return sorted(self._values, key=lambda station: (station[0] != "pev", station[1]))

    def cases(self, station: Station) -> int:
        """In how many test cases the station was measured."""
        return len({case for by_case in self._values[station].values() for case in by_case})

    def by_case(self, station: Station, name: str) -> dict[str, tuple[Ns, ...]]:
        """Values of the interval *name* of *station*, by test case; empty where there are none."""
        by_case = self._values.get(station, {}).get(name, {})
        return {case: tuple(by_case[case]) for case in sorted(by_case)}

    def timings(self, station: Station, uncertainty: Ns = 0) -> list[Timing]:
        """All values of each interval of *station*, in the order of `LIMITS`."""
        by_name = self._values[station]
        return [
            Timing(LIMITS[name], tuple(v for case in sorted(by_name[name]) for v in by_name[name][case]), uncertainty)
            for name in sorted(by_name, key=ORDER.__getitem__)
        ]

    def adapters(self, station: Station) -> tuple[AdapterState, ...]:
        """The bench's own in the matches of *station*, as far as they are known."""
        return tuple(sorted(self._adapters.get(station, ())))

    def one_per_case(self, station: Station) -> Values:
        """One value per interval and test case of *station*, as `bench.baseline` counts them."""
        return {
            name: {case: (one_value(values),) for case, values in by_case.items()}
            for name, by_case in self._values[station].items()
        }

    def to_json(self, *, uncertainty: Ns = 0, metadata: Mapping[str, str] | None = None) -> str:
        """The run as a file, one line per station and interval.

        format, version   "ccs-bench-timings", 1
        metadata          whatever the caller wants to say; `pytest` writes rig, driver, clock, verdict and commit.
                          Nothing else in the file differs between two runs that measured the same
        uncertainty_ns    of one interval
        limits            interval name -> side whose doing it is, where it starts and stops, and limits_ms.strict and
                          .field, each with minimum and maximum (null: no bound)
        stations[]        role, station, cases (how many), adapters[] if known, intervals[]
        adapters[]        the bench's own: role, model, firmware, pib (digest of its configuration; empty: not read)
        intervals[]       name; statistics_ms with n, minimum, median, maximum; verdicts.strict and .field: how many
                          of pass, fail, inconclusive; values_ns: test case -> values in order of time
        """
        stations = [self._station_json(station, uncertainty) for station in self.stations()]
        names = sorted({name for by_name in self._values.values() for name in by_name}, key=ORDER.__getitem__)
        head = {"format": FORMAT, "version": VERSION, "uncertainty_ns": uncertainty}
        parts = [f'"{key}": {_dumped(value)}' for key, value in head.items()]
        if metadata:
            parts.insert(2, f'"metadata": {_dumped(dict(sorted(metadata.items())))}')
        limits = ",\n  ".join(f"{_dumped(name)}: {_dumped(_limit_json(name))}" for name in names)
        parts.append(f'"limits": {{\n  {limits}\n }}')
        parts.append('"stations": [\n  ' + ",\n  ".join(stations) + "\n ]")
        return "{\n " + ",\n ".join(parts) + "\n}\n"

    def _station_json(self, station: Station, uncertainty: Ns) -> str:
        role, name = station
        head: dict[str, Any] = {"role": role, "station": name, "cases": self.cases(station)}
        if adapters := self.adapters(station):
            head["adapters"] = adapters_to_json(adapters)
        about = _dumped(head)
        intervals = [_dumped(self._interval_json(station, timing)) for timing in self.timings(station, uncertainty)]
        return about[:-1] + ', "intervals": [\n   ' + ",\n   ".join(intervals) + "\n  ]}"

    def _interval_json(self, station: Station, timing: Timing) -> dict[str, Any]:
        by_case = self._values[station][timing.limit.name]
        return {
            "name": timing.limit.name,
            "statistics_ms": {
                "n": len(timing.values),
                "minimum": to_ms(timing.minimum),
                "median": to_ms(timing.median),
                "maximum": to_ms(timing.maximum),
            },
            "verdicts": {
                profile.value: {verdict.value: timing.judged(profile).counts[verdict] for verdict in Verdict}
                for profile in Profile
            },
            "values_ns": {case: by_case[case] for case in sorted(by_case)},
        }

    @classmethod
    def from_json(cls, text: str) -> Collection:
        """Read what `to_json` wrote. Raises ConfigError for anything else."""
        try:
            document = json.loads(text)
            if (document["format"], document["version"]) != (FORMAT, VERSION):
                raise ConfigError(f"not {FORMAT} version {VERSION}: {document['format']} {document['version']}")
            made = cls()
            for station in document["stations"]:
                key = (station["role"], station["station"])
                by_name = made._values.setdefault(key, {})
                if adapters := adapters_from_json(station.get("adapters", ())):
                    made._adapters[key] = set(adapters)
                for interval in station["intervals"]:
                    by_name[LIMITS[interval["name"]].name] = {
                        case: [int(value) for value in values] for case, values in interval["values_ns"].items()
                    }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"not a file of timings: {type(error).__name__} {error}") from None
        return made


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _limit_json(name: str) -> dict[str, Any]:
    limit = LIMITS[name]
    return {
        "side": limit.side,
        "starts": limit.starts,
        "stops": limit.stops,
        "limits_ms": {profile.value: _bounds_json(limit.bounds(profile is Profile.FIELD)) for profile in Profile},
    }


def _bounds_json(limits: tuple[Ns | None, Ns | None]) -> dict[str, float | None]:
    low, high = limits
    return {"minimum": None if low is None else to_ms(low), "maximum": None if high is None else to_ms(high)}
