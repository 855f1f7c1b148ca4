"""Run tests of the suite inside a test, on a rig with a faulty station, and see which fail and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.errors import Deviation

ROOT = Path(__file__).resolve().parents[2]


@dataclass(eq=False)
class Outcomes:
    """Outcome per test function of an inner run; a function with several cases failed if one of them did."""

    passed: set[str] = field(default_factory=set)
    deviated: set[str] = field(default_factory=set)
    said: dict[str, str] = field(default_factory=dict)
    """What those deviations were, of each test the last."""
    broken: dict[str, str] = field(default_factory=dict)
    """Failed with anything else than a Deviation: the bench could not judge, or the test itself is wrong."""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]):
        outcome = yield
        report = outcome.get_result()
        name = function_name(item)
        if report.failed:
            assert call.excinfo is not None
            if call.excinfo.errisinstance(Deviation):
                self.deviated.add(name)
                self.said[name] = str(call.excinfo.value)
            else:
                self.broken[name] = str(call.excinfo.value)
        elif report.when == "call":
            self.passed.add(name)


@dataclass(eq=False)
class Collected:
    """The tests of a run that is not carried out."""

    names: set[str] = field(default_factory=set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.names.update(function_name(item) for item in session.items)


def function_name(item: pytest.Item) -> str:
    """`pev/test_pilot.py::test_it_stops_in_state_e`, without the case in brackets."""
    return item.nodeid.removeprefix("hil_tests/").split("[")[0]


def run_suite(rig: Path | str, tests: Iterable[str] = ("",), *options: str) -> Outcomes:
    """Run the named tests (all if none are) with the station of *rig*."""
    outcomes = Outcomes()
    _pytest(rig, tests, outcomes, *options)
    return outcomes


def collect_suite() -> set[str]:
    collected = Collected()
    _pytest("sim", ("",), collected, "--collect-only")
    return collected.names


def _pytest(rig: Path | str, tests: Iterable[str], plugin: object, *options: str) -> None:
    paths = [str(ROOT / "hil_tests" / test) for test in tests]
    quiet = ["--rootdir", str(ROOT), "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:terminal", "--timings="]
    status = pytest.main([*paths, "--rig", str(rig), *quiet, *options], plugins=[plugin])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"the inner run did not run: {status!r}")
