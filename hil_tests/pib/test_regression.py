"""SUT: a recipe. Matches before it and with it are measured on the same bench, one after the other, and compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.adapter import PlcAdapter
from bench.adapter.flash import Pib
from bench.baseline.conditions import AdapterState
from bench.baseline.measured import Measured
from bench.change import Store
from bench.errors import Deviation, Inconclusive, demand
from bench.pib import Recipe, RecipeRefused, recipes
from bench.regression import Regression, Series, blame, changed, judge, measure_matches
from bench.rig import Rig, Setup
from bench.units import Ns
from fixtures.regression import RECIPE
from fixtures.report import adapters_of, run_conditions

pytestmark = [pytest.mark.needs("pair"), pytest.mark.pib, pytest.mark.writes_flash]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Once for each end of the cable, or for the one that --recipe is for."""
    chosen = metafunc.config.stash.get(RECIPE, None)
    metafunc.parametrize("end", [chosen.role] if chosen else ["evse", "pev"])


@pytest.fixture
def adapter(setup: Setup, end: str) -> PlcAdapter:
    return (setup.own_evse if end == "evse" else setup.own_pev).adapter


@pytest.fixture
def recipe(pytestconfig: pytest.Config, adapter: PlcAdapter, end: str) -> Recipe:
    """The one of --recipe, else the one for this adapter and end."""
    version, pib = adapter.identify().version, adapter.read_pib()
    if chosen := pytestconfig.stash.get(RECIPE, None):
        if refusals := chosen.check(pib, version):
            raise RecipeRefused(f"recipe {chosen.name}", refusals)
        return chosen
    for each in recipes().values():
        if each.role == end and not each.check(pib, version):
            return each
    pytest.skip(f"no recipe for {adapter.identity} as {end}; firmware_pib/ has room for one")


@pytest.fixture
def measured(
    request: pytest.FixtureRequest,
    pytestconfig: pytest.Config,
    rig: Rig,
    setup: Setup,
    end: str,
    progress: Callable[[str], Callable[[int, int], None]],
) -> Callable[[str, Pib], Series]:
    """Measures the matches asked for; the block is the one that the adapter of this end has meanwhile."""

    def measure(what: str, block: Pib) -> Series:
        count = pytestconfig.getoption("--matches")
        matches = measure_matches(setup, count, progress=progress(what))
        adapters = [of_end(state, end, block) for state in adapters_of(pytestconfig, setup)]
        return Series(matches, request.node.nodeid, run_conditions(pytestconfig), adapters, rig.uncertainty)

    return measure


def of_end(state: AdapterState, end: str, block: Pib) -> AdapterState:
    return replace(state, pib=block.configuration_digest) if state.role == end else state


def test_no_match_is_lost_and_no_interval_longer_with_the_recipe(
    pytestconfig: pytest.Config,
    setup: Setup,
    adapter: PlcAdapter,
    recipe: Recipe,
    end: str,
    measured: Callable[[str, Pib], Series],
    baselines: list[Measured],
    tolerance: Ns | None,
    keep_timings: Callable[[Series], None],
    tell: Callable[[Regression], None],
    tmp_path: Path,
) -> None:
    """Before, with the recipe, and the adapter gets back what it had. With --bisect the field to blame is named."""
    store, power, title = Store(tmp_path / "adapters"), setup.power.get(end), f"recipe {recipe.name}"
    present = adapter.read_pib()
    wanted = recipe.applied_to(present)
    if wanted.octets == present.octets:
        title += ", which the adapter has already"
    before = measured("before", present)
    keep_timings(before)

    def judged(block: Pib, what: str) -> Regression:
        with changed(adapter, replaced_key(block, adapter), what, store, power=power):
            after = measured(what, block)
        return judge(title, before, after, baselines=baselines, tolerance=tolerance)

    found = judged(wanted, title)
    if found.found and pytestconfig.getoption("--bisect"):
        named = blame(present, wanted, lambda block, what: judged(block, what).found)
        found = replace(found, blamed=named.guilty)
    tell(found)

    demand(before.successes.done, f"no match without the recipe either: {before.why}", rule="a bench that matches")
    if found.found:
        raise Deviation(
            f"{title} makes matching worse: {next(found.lines())}",
            rule=f"compared with {found.before.of} matches before it, all intervals together",
            saw="; ".join(found.lines()),
            look="regression.svg (attached)" + ("" if found.blamed else "; --bisect finds the field to blame"),
        )
    if not found.decided:
        raise Inconclusive(f"{found.before.of} matches show nothing; --matches {found.fewest} would do")


def replaced_key(block: Pib, adapter: PlcAdapter) -> Pib:
    """*block* with the key that the adapter has now: it keeps the key of every match in its block."""
    now = adapter.read_pib()
    return block.with_values({"nmk": now.nmk, "nid": now.nid})
