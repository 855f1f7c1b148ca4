"""The field that keeps a virtual adapter from matching is found among forty, by changing the adapter and matching."""

from __future__ import annotations

from pathlib import Path

from bench.change import Store, apply_change, plan_change
from bench.change.bisecting import Search, mixed, pieces_of
from bench.pib import Certainty, Role, SlacEnable
from bench.rig import Setup, open_rig
from bench.units import s

COUNT = 40


def arranged() -> Setup:
    rig = open_rig("sim")
    return rig.setup(next(choice for choice in rig.suts() if choice.kind == "pair"), case="bisect")


def spoilt(good, guilty: dict[str, object]):
    """*good* with forty fields changed, among them the guilty ones."""
    made = good.with_values(guilty)
    left = COUNT - len(guilty)
    for name, field in good.fields.items():
        free = field.role is Role.SETTING and field.certainty is not Certainty.GUESSED
        value = good.read(name)
        if not left or not free or name in guilty or name == "cco_mode" or type(value) is not int:
            continue
        try:
            made = made.with_values({name: value ^ 1})
        except ValueError:
            continue
        left -= 1
    return made


def test_the_guilty_field_among_forty_is_found_in_seven_trials(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with arranged() as setup:
        good = setup.own_evse.adapter.read_pib()
    bad = spoilt(good, {"slac_enable": SlacEnable.OFF})
    pieces = pieces_of(good, bad)
    assert len(pieces) == COUNT

    def is_bad(names: frozenset[str]) -> bool:
        with arranged() as setup:
            evse, pev = setup.own_evse, setup.own_pev
            assert evse.adapter.identity is not None
            new = mixed(good, (pieces[name] for name in names))
            apply_change(evse.adapter, plan_change(evse.adapter.identity, evse.adapter.read_pib(), new, "trial"), store)
            evse.prepare()
            evse.pilot.set_duty_cycle_pct(5.0)
            pev.plug_in()
            setup.pump.run(lambda: evse.matched() is not None or pev.gave_up(), setup.now() + s(20))
            return evse.matched() is None

    assert is_bad(frozenset(pieces))
    assert not is_bad(frozenset())
    search = Search(list(pieces), is_bad)

    assert search.guilty() == ["slac_enable"]
    assert search.trials <= 7
