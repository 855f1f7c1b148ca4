"""Resistors of the proximity pilot to cables. Ranges as read in those programs, or as quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.pilot.proximity import AS_QUOTED, BETWEEN, CABLES, EVEREST, NO_PLUG, SHORTED, TINKERFORGE, PullUp

TABLES = {"as quoted": AS_QUOTED, "EVerest": EVEREST, "Tinkerforge": TINKERFORGE}
OPEN = float("inf")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
@pytest.mark.parametrize("cable", CABLES, ids=lambda cable: f"{cable.ampere} A")
@pytest.mark.parametrize("tolerance", [0.95, 1.0, 1.05])
def test_every_table_knows_the_nominal_resistors_with_their_tolerance(table, cable, tolerance):
    assert table.coding(cable.nominal_ohm * tolerance) is cable


@pytest.mark.parametrize(
    ("ohm", "quoted", "everest", "tinkerforge"),
    [
        (40, None, None, 63),
        (60, 63, None, 63),
        (145, 63, 32, 63),
        (320, 32, 20, 32),
        (950, 20, 13, 20),
        (2400, None, 13, 13),
        (3000, None, None, 13),
    ],
)
def test_tables_differ_where_programs_do(ohm, quoted, everest, tinkerforge):
    found = [table.coding(ohm).ampere for table in (AS_QUOTED, EVEREST, TINKERFORGE)]

    assert found == [quoted, everest, tinkerforge]


def test_default_table_tells_a_short_a_bad_contact_and_an_open_plug_apart():
    assert AS_QUOTED.coding(0) is AS_QUOTED.coding(49) is SHORTED
    assert AS_QUOTED.coding(3000) is BETWEEN
    assert AS_QUOTED.coding(4500) is AS_QUOTED.coding(OPEN) is NO_PLUG


@pytest.mark.parametrize("wrong", [-1, float("nan")])
def test_a_negative_resistance_is_refused(wrong):
    with pytest.raises(ValueError, match="0 or more"):
        AS_QUOTED.coding(wrong)


@given(st.floats(10, 10_000), st.sampled_from([None, 2700.0, 10_000.0]))
def test_voltage_at_the_pull_up_gives_the_plugs_resistor_back(ohm, parallel_ohm):
    pull_up = PullUp(supply_v=5, pull_up_ohm=330, parallel_ohm=parallel_ohm)
    load = ohm if parallel_ohm is None else 1 / (1 / ohm + 1 / parallel_ohm)

    assert pull_up.plug_ohm(5 * load / (330 + load)) == pytest.approx(ohm, rel=1e-6)


def test_an_open_plug_is_infinite_and_a_short_is_0():
    """With the car's own 2.7 kOhm to PE an open type 1 inlet shows 4.46 V."""
    assert PullUp(3.3, 1000).plug_ohm(3.3) == OPEN
    assert PullUp(5, 330, 2700).plug_ohm(4.46) > 100_000
    assert PullUp(3.3, 1000).plug_ohm(0) == 0


@pytest.mark.parametrize("wrong", [{"supply_v": 0}, {"pull_up_ohm": -1}, {"parallel_ohm": 0}])
def test_impossible_resistors_are_refused_by_name(wrong):
    right = {"supply_v": 3.3, "pull_up_ohm": 1000}

    with pytest.raises(ValueError, match=next(iter(wrong))):
        PullUp(**right | wrong)
