"""Debian's `pev` and `evse`, and pyslac, against our stations and each other, through our powerline, in real time.

`pev` and `evse` are the demonstration programs of the modems' maker, pyslac is a station in Python; they share no line
with us.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cable_yard import EVSE_HOST, PEV_HOST, Yard

from bench.slac.events import Matched
from bench.slac.timers import C_EV_MATCH_MNBC
from bench.units import s
from conftest import Start, require


@pytest.fixture
def yard(tmp_path: Path, start: Start) -> Iterator[Yard]:
    require("pev", "evse", "ip")
    made = Yard(tmp_path, start)
    yield made
    made.close()


def test_debians_pev_is_matched_by_our_evse(yard: Yard) -> None:
    """One START, ten sounds of 64 octets, ids and all: our EVSE hears them and gives it the network."""
    evse = yard.our_evse()
    evse.prepare()
    evse.pilot.set_duty_cycle_pct(5.0)
    yard.pilot.pev.plug_in()

    pev = yard.foreign("pev", PEV_HOST, charge_time_s=6)
    match = evse.wait_matched(within=s(20), sut="Debian's pev")
    evse.wait_link(sut="Debian's pev")
    yard.run_until_ended(pev)

    assert (match.pev_mac, match.sounds_heard) == (PEV_HOST, C_EV_MATCH_MNBC)
    assert pev.process.returncode == 0, pev.text
    assert "MatchedState" in pev.text


def test_our_pev_is_matched_by_debians_evse(yard: Yard) -> None:
    """A report of 326 octets, ids of letters: our PEV takes them and joins the network it is given."""
    pev = yard.our_pev()
    pev.prepare()
    evse = yard.foreign("evse", EVSE_HOST, "-l", charge_time_s=8)
    yard.pump.run(lambda: "Waiting" in evse.read() or "Unoccupied" in evse.read(), yard.clock.now() + s(10))
    yard.pilot.evse.set_duty_cycle_pct(5.0)

    pev.plug_in()
    match: Matched = pev.wait_matched(within=s(20), sut="Debian's evse")
    pev.wait_link(sut="Debian's evse")
    yard.run_until_ended(evse)

    assert evse.process.returncode == 0, evse.text
    assert match.evse_mac == EVSE_HOST
    assert match.network.nid.hex() == "026bcba5354e08"
    assert match.average_db is not None
    assert 20 < match.average_db < 30


def test_debians_pev_and_evse_match_through_our_powerline(yard: Yard) -> None:
    """Both ends foreign: only the modems and the powerline between them are ours."""
    evse = yard.foreign("evse", EVSE_HOST, "-l")
    yard.pump.run(lambda: "Waiting" in evse.read() or "Unoccupied" in evse.read(), yard.clock.now() + s(10))

    pev = yard.foreign("pev", PEV_HOST, charge_time_s=8)
    joined = yard.pump.run(lambda: bool(yard.modems["pev"].joined_to()), yard.clock.now() + s(30))
    assert joined, (pev.text, evse.text)
    yard.run_until_ended(pev, evse)

    assert "MatchedState" in pev.text
    assert (pev.process.returncode, evse.process.returncode) == (0, 0), (pev.text, evse.text)


def test_debians_pev_refuses_an_attenuation_above_its_limit(tmp_path: Path, start: Start) -> None:
    """55 dB on the powerline, 40 dB its threshold: it says so and does not ask to be matched."""
    require("pev", "ip")
    yard = Yard(tmp_path, start, db=55.0)
    evse = yard.our_evse()
    evse.prepare()
    evse.pilot.set_duty_cycle_pct(5.0)
    yard.pilot.pev.plug_in()
    try:
        pev = yard.foreign("pev", PEV_HOST)
        refused = yard.pump.run(lambda: "more than limit" in pev.read(), yard.clock.now() + s(20))
        assert refused, pev.text
        assert "(55)" in pev.text
        assert evse.matched() is None
    finally:
        yard.close()


def test_debians_evse_with_a_tp_link_has_nothing_to_report(tmp_path: Path, start: Start) -> None:
    """Profiles of zero groups become a mean of 0, and Debian's pev finds nothing to analyse."""
    require("pev", "evse", "ip")
    yard = Yard(tmp_path, start, evse_modem="tplink-tlpa4010p")
    try:
        evse = yard.foreign("evse", EVSE_HOST)
        yard.pump.run(lambda: "Waiting" in evse.read() or "Unoccupied" in evse.read(), yard.clock.now() + s(10))
        yard.pump.run_for(s(7))
        pev = yard.foreign("pev", PEV_HOST)
        said = yard.pump.run(lambda: "Nothing to analyse" in pev.read(), yard.clock.now() + s(20))
        assert said, (pev.text, evse.text)
    finally:
        yard.close()


def test_our_pev_is_matched_by_pyslacs_evse(yard: Yard) -> None:
    """The Python station that others run in the field: it waits for our car, reports and gives its network."""
    python = Path(__file__).parents[2] / ".venv-pyslac" / "bin" / "python"
    assert python.exists(), "pyslac is not installed: `make interop` does it"
    pev = yard.our_pev()
    pev.prepare()
    station = yard.program("evse", EVSE_HOST, str(python), str(Path(__file__).with_name("pyslac_evse.py")))
    assert yard.pump.run(lambda: "key set" in station.read(), yard.clock.now() + s(25)), station.text
    yard.pilot.evse.set_duty_cycle_pct(5.0)

    pev.plug_in()
    match = pev.wait_matched(within=s(20), sut="pyslac")
    pev.wait_link(sut="pyslac")
    yard.run_until_ended(station)

    assert "matched" in station.text.splitlines()[-1], station.text
    assert match.evse_mac == EVSE_HOST
    assert match.sounds_heard == C_EV_MATCH_MNBC
    assert f"key set {match.network.nid.hex()}" in station.text
