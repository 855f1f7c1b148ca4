"""What is said of drivers is what docs/hardware-status.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.doctor import proven
from bench.doctor.findings import Level
from bench.doctor.proven import NO_HARDWARE_OF_THEIR_OWN, STATUS, check_proven
from bench.guardian.spec import DRIVERS

PAGE = Path(__file__).parents[2] / "docs" / "hardware-status.md"


def rows():
    """First column to second, of the page's table."""
    cells = [line.split("|")[1:-1] for line in PAGE.read_text().splitlines() if line.startswith("|")]
    return {first.strip(): second.strip() for first, second, *_ in cells[2:]}


@pytest.mark.parametrize("driver", STATUS)
def test_the_page_says_the_same(driver):
    """A row that begins with none or no names no hardware of its kind."""
    row, run = STATUS[driver]

    assert run is not rows()[row].startswith(("none", "no "))


def test_only_drivers_that_exist_are_listed():
    assert STATUS.keys() - {"pcap"} <= DRIVERS.keys()
    assert NO_HARDWARE_OF_THEIR_OWN - {"manual"} <= DRIVERS.keys()


def test_a_driver_that_the_page_does_not_have_counts_as_not_run():
    (finding,) = check_proven(["brand-new"])

    assert finding.level is Level.NOTE
    assert finding.reason.startswith("brand-new: not run")


def test_a_driver_that_met_hardware_is_told_apart(monkeypatch):
    monkeypatch.setitem(proven.STATUS, "lcus", ("LCUS, Numato, ICSE relays", True))

    met, not_met = check_proven(["xy-lpwm", "lcus", "manual"])

    assert (met.level, met.reason) == (Level.OK, "lcus: run on real hardware")
    assert not_met.reason.startswith("xy-lpwm: not run")


def test_nothing_is_said_of_a_person():
    assert check_proven(["manual", "relay-supply"]) == []
