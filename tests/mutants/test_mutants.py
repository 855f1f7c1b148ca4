"""Every test of the suite has a faulty station that makes it fail, as a deviation of that station."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.faulty_machines import PATCHES
from tests.mutants.suite_run import collect_suite, run_suite
from tests.mutants.table import CAR, CARS, CHARGER, CHARGERS, PAIRS, RIG_CHECKS


def rig_file(tmp_path: Path, sut: str, profile: str = "", quirk: str = "") -> Path:
    lines = ["[rig]", f'sut = "{sut}"']
    if profile:
        lines += [f"[{sut}]", f'{"vehicles" if sut == "pev" else "chargers"} = ["{profile}"]']
    if quirk:
        lines.append(f'quirks = ["{quirk}"]')
    path = tmp_path / "mutant.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("quirk", CARS)
def test_a_faulty_car_fails_the_tests_that_are_there_for_it(quirk: str, tmp_path: Path) -> None:
    fault = CARS[quirk]

    outcomes = run_suite(rig_file(tmp_path, "pev", fault.profile or CAR, quirk), fault.tests, *fault.options)

    assert outcomes.deviated == fault.tests, outcomes


@pytest.mark.parametrize("quirk", CHARGERS)
def test_a_faulty_charger_fails_the_tests_that_are_there_for_it(quirk: str, tmp_path: Path) -> None:
    fault = CHARGERS[quirk]

    outcomes = run_suite(rig_file(tmp_path, "evse", fault.profile or CHARGER, quirk), fault.tests, *fault.options)

    assert outcomes.deviated == fault.tests, outcomes


@pytest.mark.parametrize("fault", PAIRS)
def test_a_fault_in_our_own_machines_fails_the_tests_of_the_pair(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PATCHES[fault](monkeypatch)

    outcomes = run_suite(rig_file(tmp_path, "pair"), PAIRS[fault])

    assert outcomes.deviated == PAIRS[fault], outcomes


@pytest.mark.parametrize("fault", RIG_CHECKS)
def test_a_fault_of_the_bench_is_a_broken_bench_and_nobodys_deviation(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests, options, profile = RIG_CHECKS[fault]
    PATCHES[fault](monkeypatch)
    sut = {CAR: "pev", CHARGER: "evse"}.get(profile, "pair")

    outcomes = run_suite(rig_file(tmp_path, sut, profile), tests, *options)

    assert set(outcomes.broken) == tests, outcomes
    assert not outcomes.deviated


@pytest.mark.parametrize(("side", "profile"), [("pev", CAR), ("evse", CHARGER), ("pair", "")])
@pytest.mark.parametrize("verdict", ["field", "strict"])
def test_without_a_fault_the_same_stations_pass(side: str, profile: str, verdict: str, tmp_path: Path) -> None:
    """Else the tests above would prove nothing."""
    outcomes = run_suite(rig_file(tmp_path, side, profile), ("",), "--verdict", verdict)

    assert outcomes.passed
    assert not outcomes.deviated
    assert not outcomes.broken


def test_no_test_of_the_suite_is_without_a_fault_that_makes_it_fail() -> None:
    faults = [fault.tests for table in (CARS, CHARGERS, RIG_CHECKS) for fault in table.values()]

    assert collect_suite() == set().union(*faults, *PAIRS.values())
