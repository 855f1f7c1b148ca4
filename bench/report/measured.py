"""From a run's timings to what `bench.baseline` compares, and either kind of file from its path."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from bench.baseline.conditions import RUN_KEYS, Conditions, RunConditions
from bench.baseline.measured import Measured
from bench.baseline.store import FORMAT as BASELINE
from bench.baseline.store import from_json, read_text
from bench.errors import ConfigError
from bench.report.collection import FORMAT as TIMINGS
from bench.report.collection import Collection
from bench.units import Ns


def measured_of(collection: Collection, run: RunConditions, uncertainty: Ns = 0) -> list[Measured]:
    """Every station of a run, cars first."""
    return [
        Measured(Conditions(run, *station, collection.adapters(station)), uncertainty, collection.one_per_case(station))
        for station in collection.stations()
    ]


def measured_in(text: str) -> list[Measured]:
    """Of a baseline its one station, of a file of timings all of them. Raises ConfigError for another file."""
    try:
        document = json.loads(text)
        kind = document.get("format")
    except (AttributeError, ValueError):
        kind = None
    if kind == BASELINE:
        return [from_json(text)]
    if kind != TIMINGS:
        raise ConfigError("neither a baseline nor the timings of a run (pytest --timings FILE)")
    collection, said = Collection.from_json(text), document.get("metadata", {})
    if missing := [key for key in RUN_KEYS if key not in said]:
        raise ConfigError(f"timings that do not say how they were made ({', '.join(missing)}): run pytest again")
    run = RunConditions(**{key: str(said[key]) for key in RUN_KEYS})
    return measured_of(collection, run, int(document["uncertainty_ns"]))


def load_measured(path: Path) -> list[Measured]:
    """`measured_in` of a file. Raises ConfigError naming it."""
    text = read_text(path)
    try:
        return measured_in(text)
    except ConfigError as error:
        raise ConfigError(*(f"{path}: {mistake}" for mistake in error.mistakes)) from None


def dated(measured: Measured, date: str) -> Measured:
    return replace(measured, created=date)
