"""A run of pytest tells at its end, and in Allure, where a slow plug-in waits: real runs, read back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.profiles import vehicle
from bench.report.after_match import TITLE
from bench.units import to_s

CHECKOUT = Path(__file__).resolve().parents[2]
TESTS = {
    "pev": """
import pytest
from bench.units import s

@pytest.mark.needs("pev")
def test_it_asks(setup):
    setup.pev.plug_in()
    setup.own_evse.pilot.set_duty_cycle_pct(5.0)
    setup.own_evse.wait_link()
    setup.run_for(s(3))
""",
    "pair": """
import pytest
from bench.units import s

@pytest.mark.needs("pair")
def test_they_discover_each_other(setup):
    setup.own_evse.pilot.set_duty_cycle_pct(5.0)
    setup.own_pev.plug_in()
    setup.own_pev.wait_link()
    setup.run_for(s(3))
""",
}


def run(project: Path, kind: str, *options: str) -> list[str]:
    """Lines of the terminal of a run of one test, with the suite's own fixtures."""
    folder = project / "hil_tests" / kind
    folder.mkdir(parents=True)
    (folder / "test_inner.py").write_text(TESTS[kind])
    pytest_with_fixtures = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "conftest", "-c", "pytest.ini"]
    ended = subprocess.run(
        [sys.executable, *pytest_with_fixtures, "--rootdir", str(project), str(folder), *options],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.splitlines()


def section(lines: list[str]) -> list[str]:
    """What stands under the title, up to the next one."""
    start = next(i for i, line in enumerate(lines) if TITLE in line)
    ends = [i for i, line in enumerate(lines) if i > start and line.startswith("===")]
    return lines[start + 1 : min(ends, default=len(lines))]


def test_the_simulated_ioniq_needs_what_the_recorded_one_needed(tmp_path):
    recorded = vehicle("hyundai-ioniq28").after_match.sdp.median

    lines = run(tmp_path, "pev", "--vehicle", "hyundai-ioniq28", "--timings", "timings.json")
    cells = next(line.split() for line in section(lines) if line.startswith("hyundai-ioniq28 "))

    here, beside, off = (float(cell) for cell in cells[7:10])
    assert here == pytest.approx(to_s(recorded), rel=0.01)
    assert beside == pytest.approx(to_s(recorded), abs=0.001)
    assert abs(off) < 1


def test_two_runs_leave_the_same_file_of_timings(tmp_path):
    for name in ("first", "second"):
        run(tmp_path / name, "pev", "--vehicle", "hyundai-ioniq28", "--timings", "timings.json")

    first, second = ((tmp_path / name / "timings.json").read_bytes() for name in ("first", "second"))

    assert first == second
    assert b"match to SDP" in first


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_page_is_in_the_report_of_the_test_and_in_one_of_its_own(tmp_path, workers):
    results = tmp_path / "results"

    lines = run(tmp_path, "pair", "--alluredir", str(results), "--timings", "", "-n", workers)

    found = {
        result["name"]: {attached["name"]: attached["source"] for attached in result["attachments"]}
        for result in (json.loads(path.read_text()) for path in results.glob("*-result.json"))
    }
    (test,) = (name for name in found if name != TITLE)
    assert any(line.split()[:1] == ["bench"] for line in section(lines))
    for name in (test, TITLE):
        assert TITLE in (results / found[name]["after-match.html"]).read_text()
    assert "ladder.svg" in found[test]
