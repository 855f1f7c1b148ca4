"""`pytest --baseline DIR` from outside: what is printed, and with which status the run ends."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.baseline import Measured
from bench.baseline.store import save
from bench.report.measured import load_measured
from bench.units import Ns, ms

ROOT = Path(__file__).resolve().parents[2]
CAR = "hyundai-ioniq5"
SUITE = ["hil_tests/pev/test_matching.py", "--vehicle", CAR]


def suite(*options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *SUITE, "-q", "-p", "no:cacheprovider", *map(str, options)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> list[Measured]:
    """What the suite measures of one car and of the bench's own station, into a file outside the checkout."""
    path = tmp_path_factory.mktemp("run") / "timings.json"
    done = suite("--timings", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"every value: {path}" in done.stdout
    return load_measured(path)


def kept(measured: list[Measured], folder: Path, moved: Ns = 0, times: int = 6) -> Path:
    """Baselines in which every value was *moved* earlier, as if from *times* runs that differ by a microsecond."""
    for one in measured:
        values = {
            name: {
                case: tuple(value - moved + 1000 * i for value in found for i in range(times))
                for case, found in by_case.items()
            }
            for name, by_case in one.values.items()
        }
        save(replace(one, values=values, runs=times, created="2026-11-25"), folder)
    return folder


def test_a_run_like_its_baseline_passes(measured, tmp_path):
    done = suite("--timings=", "--baseline", kept(measured, tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"against the baselines in {tmp_path}" in done.stdout
    assert "intervals of 2 stations: " in done.stdout
    assert "REGRESSION" not in done.stdout
    assert "not compared" not in done.stdout


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_a_regression_fails_the_run_and_is_said(measured, tmp_path, workers):
    """Every test passes, and the status is 1 all the same; Allure gets charts."""
    results = tmp_path / "allure"

    folder = kept(measured, tmp_path / "kept", moved=ms(30))
    done = suite("--timings=", "--baseline", folder, "--alluredir", results, *workers)

    assert done.returncode == 1
    assert " failed" not in done.stdout
    assert "REGRESSION: TP_match_response (CM_ATTEN_CHAR): slower by 30.0 ms (" in done.stdout
    assert "worse than their baseline" in done.stdout
    found = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*-result.json")]
    (comparison,) = [one for one in found if one["name"] == "Timing against the baselines"]
    assert comparison["status"] == "failed"
    assert any(attachment["type"] == "image/svg+xml" for attachment in comparison["attachments"])


def test_a_tolerance_of_ones_own(measured, tmp_path):
    done = suite("--timings=", "--baseline", kept(measured, tmp_path, moved=ms(30)), "--baseline-tolerance", "35")

    assert done.returncode == 0, done.stdout


def test_without_a_baseline_that_fits_it_says_how_to_record_one(measured, tmp_path):
    """And does not fail: the first run on a new rig."""
    other = [replace(one, conditions=replace(one.conditions, run=on_a_real_clock(one))) for one in measured[:1]]

    done = suite("--timings=", "--baseline", kept(other, tmp_path))

    assert done.returncode == 0
    assert f"not compared: pev {CAR}: not comparable; clock: real, virtual; evse bench: no baseline" in done.stdout
    assert f"bench baseline record FILE --to {tmp_path}" in done.stdout


def on_a_real_clock(one: Measured):
    return replace(one.conditions.run, clock="real")


def test_a_baseline_of_other_test_cases_is_not_compared(measured, tmp_path):
    others = [replace(one, values={name: {"other": (1,)} for name in one.values}) for one in measured]

    done = suite("--timings=", "--baseline", kept(others, tmp_path))

    assert done.returncode == 0
    assert f"not compared: pev {CAR}: no test case in common; evse bench: no test case in common" in done.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--baseline", "{tmp}/none"], "no such folder"),
        (["--baseline", "{tmp}"], "bad.json: not a baseline"),
        (["--baseline-tolerance", "3"], "--baseline-tolerance goes with --baseline DIR"),
        (["--baseline", "{tmp}", "--baseline-tolerance", "-3"], "--baseline-tolerance is not negative, got -3"),
    ],
)
def test_wrong_usage_is_found_before_anything_runs(tmp_path, options, says):
    (tmp_path / "bad.json").write_text("{")

    done = suite("--timings=", *(option.format(tmp=tmp_path) for option in options))

    assert done.returncode == 4
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_two_runs_on_the_virtual_clock_write_the_same_file(tmp_path):
    """With conditions in it, too."""
    paths = [tmp_path / "one.json", tmp_path / "other.json"]
    for path, workers in zip(paths, ([], ["-n", "2"]), strict=True):
        suite("--timings", path, *workers)

    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert json.loads(paths[0].read_text())["metadata"].keys() == {"rig", "driver", "clock", "verdict", "commit"}
