"""Every test of the suite has a faulty station that makes it fail, as a deviation of that station."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mutants.faulty_machines import PATCHES
from tests.mutants.table import CARS, CHARGERS, CHECKS_OF_THE_RIG, PAIRS

from tests.mutants.suite_run import collect_suite, run_suite

CAR, CHARGER = "hyundai-ioniq28", "everest-evsev2g-2023-04"


def rig_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mutant.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("quirk", CARS)
def test_a_faulty_car_fails_the_tests_that_are_there_for_it(quirk: str, tmp_path: Path) -> None:
    rig = rig_file(tmp_path, f'[rig]\nsut = "pev"\n[pev]\nvehicles = ["{CAR}"]\nquirks = ["{quirk}"]\n')
    expected, options = CARS[quirk]

    outcomes = run_suite(rig, expected, *options)

    assert outcomes.deviated == set(expected), outcomes


@pytest.mark.parametrize("quirk", CHARGERS)
def test_a_faulty_charger_fails_the_tests_that_are_there_for_it(quirk: str, tmp_path: Path) -> None:
    rig = rig_file(tmp_path, f'[rig]\nsut = "evse"\n[evse]\nchargers = ["{CHARGER}"]\nquirks = ["{quirk}"]\n')
    expected, options = CHARGERS[quirk]

    outcomes = run_suite(rig, expected, *options)

    assert outcomes.deviated == set(expected), outcomes


@pytest.mark.parametrize("fault", [*PAIRS, *CHECKS_OF_THE_RIG])
def test_a_fault_in_our_own_stations_fails_the_tests_of_the_pair(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = rig_file(tmp_path, '[rig]\nsut = "pair"\n')
    PATCHES[fault](monkeypatch)
    expected = PAIRS.get(fault) or CHECKS_OF_THE_RIG[fault]

    outcomes = run_suite(rig, expected)

    seen = outcomes.deviated if fault in PAIRS else set(outcomes.broken)
    assert seen == set(expected), outcomes


def test_without_a_fault_the_same_stations_pass(tmp_path: Path) -> None:
    """Else the tests above would prove nothing."""
    car = rig_file(tmp_path, f'[rig]\nsut = "pev"\n[pev]\nvehicles = ["{CAR}"]\n')
    from_car = run_suite(car)
    charger = rig_file(tmp_path, f'[rig]\nsut = "evse"\n[evse]\nchargers = ["{CHARGER}"]\n')
    from_charger = run_suite(charger)
    pair = rig_file(tmp_path, '[rig]\nsut = "pair"\n')
    from_pair = run_suite(pair)

    for outcomes in (from_car, from_charger, from_pair):
        assert outcomes.passed
        assert not outcomes.deviated
        assert not outcomes.broken


def test_no_test_of_the_suite_is_without_a_fault_that_makes_it_fail() -> None:
    killed = {test for table in (CARS, CHARGERS) for expected, _ in table.values() for test in expected} | {
        test for table in (PAIRS, CHECKS_OF_THE_RIG) for expected in table.values() for test in expected
    }

    assert collect_suite() == killed
