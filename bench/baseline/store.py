"""Baselines as files, one per station and conditions: `firmware_pib/baselines/*.json`.

    {"format": "ccs-bench-baseline", "version": 1, "created": "2026-11-25", "runs": 3,
     "role": "pev", "station": "hyundai-ioniq28",
     "run": {"rig": "garage", "driver": "pcap", "clock": "real", "verdict": "field", "commit": "44a8913"},
     "adapters": [{"role": "evse", "model": "QCA7420", "firmware": "MAC-QCA7420-...", "pib": "5f3a..."}],
     "uncertainty_ns": 242957,
     "intervals": {"TP_match_response (CM_SLAC_PARM)": {"hil_tests/...": [5000123, 5000321, 4998765]}}}

Values are nanoseconds, one per run and test case. No address, no key and no name of a computer goes into the file:
baselines are kept under version control. One line per interval, so that a diff shows which have changed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.baseline.conditions import RUN_KEYS, AdapterState, Conditions, RunConditions
from bench.baseline.measured import Measured
from bench.errors import ConfigError
from bench.limits import LIMITS

FORMAT, VERSION = "ccs-bench-baseline", 1


def to_json(measured: Measured) -> str:
    conditions = measured.conditions
    head = {
        "format": FORMAT,
        "version": VERSION,
        "created": measured.created,
        "runs": measured.runs,
        "role": conditions.role,
        "station": conditions.station,
        "run": conditions.run.as_dict(),
        "adapters": [_adapter_json(adapter) for adapter in conditions.adapters],
        "uncertainty_ns": measured.uncertainty,
    }
    lines = [f"{_dumped(key)}: {_dumped(value)}" for key, value in head.items()]
    by_name = {name: measured.values[name] for name in LIMITS if name in measured.values}
    intervals = ",\n  ".join(
        f"{_dumped(name)}: {_dumped({case: list(by_case[case]) for case in sorted(by_case)})}"
        for name, by_case in by_name.items()
    )
    return "{\n " + ",\n ".join(lines) + f',\n "intervals": {{\n  {intervals}\n }}\n}}\n'


def from_json(text: str) -> Measured:
    """Raises ConfigError for anything but a baseline of this version."""
    try:
        document = json.loads(text)
        if (document["format"], document["version"]) != (FORMAT, VERSION):
            raise ConfigError(f"not {FORMAT} version {VERSION}: {document['format']} {document['version']}")
        values = {
            LIMITS[name].name: {case: tuple(_whole(value) for value in found) for case, found in by_case.items()}
            for name, by_case in document["intervals"].items()
        }
        return Measured(
            Conditions(
                RunConditions(**{key: str(document["run"][key]) for key in RUN_KEYS}),
                str(document["role"]),
                str(document["station"]),
                adapters_from_json(document["adapters"]),
            ),
            _whole(document["uncertainty_ns"]),
            values,
            str(document["created"]),
            _whole(document["runs"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"not a baseline: {type(error).__name__} {error}") from None


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"not a whole number: {value!r}")
    return value


def _adapter_json(adapter: AdapterState) -> dict[str, str]:
    return {name: getattr(adapter, name) for name in ("role", "model", "firmware", "pib")}


def adapters_to_json(adapters: Iterable[AdapterState]) -> list[dict[str, str]]:
    return [_adapter_json(adapter) for adapter in sorted(adapters)]


def adapters_from_json(found: Any) -> tuple[AdapterState, ...]:
    """Raises KeyError or TypeError for something else."""
    return tuple(
        sorted(AdapterState(str(a["role"]), str(a["model"]), str(a["firmware"]), str(a["pib"])) for a in found)
    )


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


# files --------------------------------------------------------------------------------------------------------


def file_name(measured: Measured) -> str:
    """`garage-pev-hyundai-ioniq28-5f3a9c1b.json`: the same for the same conditions, whatever was measured and when."""
    c = measured.conditions
    told = [c.run.driver, c.run.clock, c.run.verdict, *(_dumped(_adapter_json(adapter)) for adapter in c.adapters)]
    digest = hashlib.sha256("\n".join([c.run.rig, c.role, c.station, *told]).encode()).hexdigest()[:8]
    return "-".join((*(_slug(part) for part in (c.run.rig, c.role, c.station)), digest)) + ".json"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def save(measured: Measured, folder: Path) -> Path:
    """Write it under its own name, in place of an older one. Raises ConfigError naming the file."""
    path = folder / file_name(measured)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(to_json(measured), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    return path


def read_text(path: Path) -> str:
    """Raises ConfigError naming the file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not text") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def load(path: Path) -> Measured:
    """Raises ConfigError naming the file."""
    try:
        return from_json(read_text(path))
    except ConfigError as error:
        raise error if str(error).startswith(str(path)) else ConfigError(f"{path}: {error}") from None


def load_all(folder: Path) -> dict[Path, Measured]:
    """Every baseline in *folder*, by file. Raises ConfigError with every file that is none, or for no folder."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder")
    found: dict[Path, Measured] = {}
    mistakes: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            found[path] = load(path)
        except ConfigError as error:
            mistakes += error.mistakes
    if mistakes:
        raise ConfigError(*mistakes)
    return found


def matching(baselines: Iterable[Measured], measured: Measured) -> Measured | None:
    """The baseline to compare *measured* with: of those that may be, one of the same firmware and parameter block if
    there is one, else the latest."""
    fit = [one for one in baselines if not one.conditions.obstacles(measured.conditions)]
    return max(fit, key=lambda one: (-len(one.conditions.changes(measured.conditions)), one.created), default=None)
