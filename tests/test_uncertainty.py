"""A bench that knows it measures badly does not judge what it cannot see, and says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.errors import Missed
from bench.ports import Drops
from bench.sim.port import SimPort
from tests.mutants.suite_run import run_suite
from tests.mutants.table import CAR

INTERVALS = "pev/test_matching.py::test_its_intervals_keep_their_limits"
MATCHES = "pev/test_matching.py::test_it_is_matched_and_joins_the_network"
STRICT = ("--verdict", "strict")


def rig_file(folder: Path, *, uncertainty_us: float = 0.0, quirks: str = "") -> Path:
    path = folder / "rig.toml"
    path.write_text(
        f'[rig]\nsut = "pev"\nuncertainty_us = {uncertainty_us}\n[pev]\nvehicles = ["{CAR}"]\nquirks = [{quirks}]\n',
        encoding="utf-8",
    )
    return path


def test_a_good_clock_passes_what_a_bad_one_cannot_decide(tmp_path: Path) -> None:
    """Sounds 20 to 50 ms apart: with 6 ms of uncertainty nothing in that range is 18 ms from both its ends."""
    assert run_suite(rig_file(tmp_path), {INTERVALS}, *STRICT).passed

    bad = run_suite(rig_file(tmp_path, uncertainty_us=6000.0), {INTERVALS}, *STRICT)

    assert not bad.deviated
    assert not bad.passed
    assert "the margin is below three times the uncertainty of 6.000 ms" in bad.broken[INTERVALS]
    assert "TP_EV_batch_msg_interval (sound)" in bad.broken[INTERVALS]


def test_what_does_not_depend_on_time_is_judged_as_ever(tmp_path: Path) -> None:
    outcomes = run_suite(rig_file(tmp_path, uncertainty_us=6000.0), {MATCHES})

    assert outcomes.passed == {MATCHES}


def test_a_gross_deviation_stays_one(tmp_path: Path) -> None:
    """A car that answers far too late is wrong by more than the bench's uncertainty."""
    outcomes = run_suite(rig_file(tmp_path, uncertainty_us=1000.0, quirks='"late_atten_rsp"'), {INTERVALS})

    assert outcomes.deviated == {INTERVALS}


def test_the_report_says_that_it_was_too_close_to_call(tmp_path: Path) -> None:
    """Allure: broken, with the sentence; the timing table: inconclusive; the run's file: the uncertainty."""
    results, timings = tmp_path / "allure", tmp_path / "timings.json"

    run_suite(
        rig_file(tmp_path, uncertainty_us=6000.0),
        {INTERVALS},
        *STRICT,
        "--alluredir",
        str(results),
        f"--timings={timings}",
    )

    (told,) = (json.loads(path.read_text()) for path in results.glob("*-result.json"))
    assert told["status"] == "broken"
    assert "the margin is below three times" in told["statusDetails"]["message"]
    (table,) = (
        path.read_text() for path in results.glob("*-attachment.html") if "TP_EV_batch_msg_interval" in path.read_text()
    )
    assert "? inconclusive" in table
    assert "uncertainty of one interval" in table
    assert "Uncertainty=6000.0 us" in (results / "environment.properties").read_text()
    assert '"uncertainty_ns": 6000000' in timings.read_text()


@pytest.mark.parametrize("quirks", ["", '"never_starts"'], ids=["a car that matches", "a car that does not"])
def test_a_bench_that_lost_frames_neither_blames_nor_acquits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quirks: str
) -> None:
    """What was lost might have been the answer, or the mistake."""
    monkeypatch.setattr(SimPort, "drops", lambda _: Drops(3, 1))

    outcomes = run_suite(rig_file(tmp_path, quirks=quirks), {MATCHES})

    assert not outcomes.deviated
    assert not outcomes.passed
    assert "evse: frames were lost, 3 because the bench was too slow, 1 in the network card" in outcomes.broken[MATCHES]


def test_what_was_seen_all_the_same_is_told() -> None:
    """So that a person can guess, where the bench does not."""
    from bench.errors import Deviation
    from fixtures.report import _judged

    class Outcome:
        excinfo = (Deviation, Deviation("the car fell silent", rule="any"), None)
        forced: BaseException | None = None

        def force_exception(self, error: BaseException) -> None:
            self.forced = error

    class Arranged:
        def doubts(self) -> list[str]:
            return ["evse: the interface was down"]

    outcome = Outcome()
    error = _judged(outcome, Arranged())  # type: ignore[arg-type]

    assert isinstance(error, Missed)
    assert outcome.forced is error
    assert str(error) == "evse: the interface was down; what it saw: the car fell silent"
