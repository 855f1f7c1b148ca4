"""SUT: recipes on the bench's own adapters. Every test gives the adapter back the block it had, octet by octet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.adapter import PlcAdapter
from bench.adapter.flash import Pib
from bench.change import Plan, PlanRefused, Store, apply_change, plan_change, restore
from bench.errors import BenchError, demand
from bench.pib import CcoMode, Recipe, RecipeRefused, SlacEnable, compare, recipes
from bench.rig import Setup
from bench.station import EvseStation, PevStation
from bench.units import s

pytestmark = [pytest.mark.needs("pair"), pytest.mark.pib, pytest.mark.writes_flash]

KEYS = {"nmk", "nid"}
"""The adapter changes these itself when it is given a key."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Backups of this test; a person's own are left alone."""
    return Store(tmp_path / "adapters")


@contextmanager
def preserved(adapter: PlcAdapter, store: Store) -> Iterator[Pib]:
    """Within the block the adapter may be changed; afterwards it has the block it had, its keys too."""
    adapter.identify()
    original = adapter.read_pib()
    backup = store.keep(original)
    try:
        yield original
    finally:
        if adapter.read_pib().octets != original.octets:
            restore(adapter, backup, store)


def planned(adapter: PlcAdapter, new: Pib, title: str) -> Plan:
    assert adapter.identity is not None
    return plan_change(adapter.identity, adapter.read_pib(), new, title)


def recipe_for(adapter: PlcAdapter, role: str) -> Recipe:
    """The recipe of this role for the adapter as it is. Skips where nobody has written one."""
    assert adapter.identity is not None
    pib = adapter.read_pib()
    for recipe in recipes().values():
        if recipe.role == role and not recipe.check(pib, adapter.identity.version):
            return recipe
    pytest.skip(f"no recipe for {adapter.identity} as {role}; firmware_pib/ has room for one")


def applied(adapter: PlcAdapter, recipe: Recipe, store: Store) -> None:
    new = recipe.applied_to(adapter.read_pib())
    apply_change(adapter, planned(adapter, new, f"recipe {recipe.name}"), store)


def neutral(adapter: PlcAdapter, store: Store) -> None:
    """As from the box: no part in SLAC, whoever comes coordinates."""
    new = adapter.read_pib().with_values({"slac_enable": SlacEnable.OFF, "cco_mode": CcoMode.AUTO})
    apply_change(adapter, planned(adapter, new, "as from the box"), store)


def stations(setup: Setup) -> tuple[EvseStation, PevStation]:
    return setup.own_evse, setup.own_pev


@pytest.mark.parametrize("end", ["evse", "pev"])
def test_a_recipe_changes_only_what_it_names_and_survives_a_restart(setup: Setup, store: Store, end: str) -> None:
    adapter = setup.own_evse.adapter if end == "evse" else setup.own_pev.adapter
    other = "pev" if end == "evse" else "evse"
    with preserved(adapter, store) as original:
        recipe = recipe_for(adapter, other)
        applied(adapter, recipe, store)
        adapter.restart()
        written = adapter.read_pib()
        changed = set(compare(original, written).names)

    demand(
        changed <= recipe.fields | KEYS,
        f"recipe {recipe.name} changed more than it names: {', '.join(sorted(changed - recipe.fields))}",
        rule="a recipe edits named fields",
    )
    demand(changed & recipe.fields, f"recipe {recipe.name} changed nothing", rule="it was written")
    demand(
        (written.mac, written.dak) == (original.mac, original.dak),
        "the adapter has lost its identity",
        rule="MAC and DAK stay",
    )


def test_restore_gives_back_the_very_octets(setup: Setup, store: Store) -> None:
    adapter = setup.own_evse.adapter
    with preserved(adapter, store) as original:
        applied(adapter, recipe_for(adapter, "pev"), store)
        backup = next(kept for kept in store.backups(original.mac) if kept.octets() == original.octets)

        restore(adapter, backup, store)

        demand(
            adapter.read_pib().octets == original.octets,
            "the restored block is not the one that was kept",
            rule="octet by octet",
        )


def test_a_recipe_for_another_model_is_refused_and_nothing_is_written(setup: Setup, store: Store) -> None:
    adapter = setup.own_evse.adapter
    with preserved(adapter, store) as original:
        assert adapter.identity is not None
        foreign = [each for each in recipes().values() if each.check(original, adapter.identity.version)]
        demand(foreign, "there is no recipe of another model to try with", rule="firmware_pib has several")
        for recipe in foreign:
            said = ""
            try:
                new = recipe.applied_to(original)
                wrong = recipe.check(original, adapter.identity.version)
                if wrong:
                    raise RecipeRefused(recipe.name, wrong)
                apply_change(adapter, planned(adapter, new, recipe.name), store)
            except (RecipeRefused, PlanRefused) as refused:
                said = str(refused)
            demand(said, f"recipe {recipe.name} was not refused", rule="unknown firmware is refused")

        demand(adapter.read_pib().octets == original.octets, "something was written", rule="refused is untouched")


@pytest.mark.slac
@pytest.mark.negative
def test_adapters_as_from_the_box_match_once_recipes_have_made_them_evse_and_pev(setup: Setup, store: Store) -> None:
    """Neutral, nobody hears the sounds and there is no match; with the recipes the two match and join."""
    evse, pev = stations(setup)
    with preserved(evse.adapter, store), preserved(pev.adapter, store):
        neutral(evse.adapter, store)
        neutral(pev.adapter, store)
        evse.pilot.set_duty_cycle_pct(5.0)
        pev.plug_in()
        setup.run_for(s(8))
        before = evse.matched()
        pev.unplug()
        evse.pilot.set_duty_cycle_pct(100.0)
        setup.run_for(s(2))

        applied(evse.adapter, recipe_for(evse.adapter, "evse"), store)
        applied(pev.adapter, recipe_for(pev.adapter, "pev"), store)
        evse.prepare()
        evse.pilot.set_duty_cycle_pct(5.0)
        pev.plug_in()
        given = evse.wait_matched(sut="the adapters after their recipes")
        link = pev.wait_link(sut="the adapters after their recipes")

    if before is not None:
        raise BenchError("the adapters matched before they were made EVSE and PEV; nothing is proved")
    demand(given.sounds_heard > 0, "no sound was heard", rule="slac_enable EVSE reports sounds")
    demand(link.t >= given.t, "the link is older than the match", rule="TT_match_join")
