"""SUT: a car. The control pilot starts and ends matching."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.errors import demand
from bench.mme import CmMnbcSoundInd, CmSlacMatchReq, CmSlacParmReq, CmStartAttenCharInd
from bench.rig import Setup
from bench.slac.timers import TIMERS
from bench.station import EvseStation
from bench.trace import Direction
from bench.units import Ns, ms, s, show
from hil_tests.checks import frames_of

pytestmark = [pytest.mark.needs("pev"), pytest.mark.slac, pytest.mark.negative]

REACTION: Ns = ms(100)
"""What is already in a modem or on its way when the pilot changes may still arrive."""


def demand_silence(setup: Setup, evse: EvseStation, since: Ns, during: Ns, rule: str) -> None:
    setup.run_for(during)
    late = [
        entry
        for entry in frames_of(setup, evse, direction=Direction.IN)
        if entry.t > since + REACTION and entry.frame is not None and entry.frame.src == setup.pev.mac
    ]
    demand(
        not late,
        f"{setup.sut} goes on: {late[0].mme.name if late and late[0].mme else ''} "
        f"{show(late[0].t - since) if late else ''} after the pilot changed",
        rule=rule,
    )


def sounding(setup: Setup) -> EvseStation:
    """Run until the second sound is heard."""
    evse = setup.own_evse
    evse.wire.expect(CmMnbcSoundInd, within=s(60), who=setup.sut, rule="C_EV_match_MNBC")
    return evse


def test_it_is_silent_without_an_offer(setup: Setup) -> None:
    """Plugged in at X1 (no PWM) it does not begin: a DC station always asks with 5 %."""
    setup.pev.plug_in()
    setup.own_evse.pilot.set_duty_cycle_pct(100.0)

    setup.own_evse.wire.expect_none(
        CmSlacParmReq, during=s(15), who=setup.sut, rule="slac-15118-3 6: 5 % starts matching"
    )


@pytest.mark.unplugs
def test_it_stops_when_it_is_unplugged(pev_in_b2: Setup) -> None:
    """Plug out in the middle of sounding: nothing more is sent. Matching runs only in B, C and D."""
    evse = sounding(pev_in_b2)

    pev_in_b2.pev.unplug()

    demand_silence(pev_in_b2, evse, evse.now(), s(3), "slac-15118-3 6: matching runs only in B, C, D")
    demand(evse.matched() is None, f"{pev_in_b2.sut} was matched without a plug", rule="slac-15118-3 6")


@pytest.mark.state_e
def test_it_stops_in_state_e(pev_in_b2: Setup) -> None:
    """State E in the middle of sounding ends the matching."""
    evse = sounding(pev_in_b2)

    changed = evse.offer(None)

    demand_silence(pev_in_b2, evse, changed, TIMERS.t_step_ef, "slac-15118-3 6: matching runs only in B, C, D")


def test_it_stops_in_state_f(pev_in_b2: Setup) -> None:
    """So does F, steady -12 V."""
    evse = sounding(pev_in_b2)

    changed = evse.offer(0.0)

    demand_silence(pev_in_b2, evse, changed, TIMERS.t_step_ef, "slac-15118-3 6: matching runs only in B, C, D")


@pytest.mark.state_e
def test_it_begins_again_after_state_e(pev_in_b2: Setup) -> None:
    """E for T_step_EF, then 5 % again: a new matching."""
    evse = sounding(pev_in_b2)
    evse.pilot.set_state_e()
    pev_in_b2.run_for(TIMERS.t_step_ef)

    evse.pilot.set_duty_cycle_pct(5.0)

    evse.wire.expect(
        CmSlacParmReq,
        within=TIMERS.tt_evse_slac_init,
        who=pev_in_b2.sut,
        rule="slac-15118-3 6: E/F, then PWM, starts matching",
    )
    assert evse.wire.seen(CmStartAttenCharInd)


@pytest.mark.slac
def test_it_chooses_the_station_it_is_plugged_into(setup: Setup, neighbour: Callable[[float], EvseStation]) -> None:
    """Two stations hear it, one through cross-talk 32 dB weaker: the near one must win."""
    far = neighbour(62.0)
    setup.pev.plug_in()
    setup.own_evse.pilot.set_duty_cycle_pct(5.0)

    setup.own_evse.wait_matched(sut=setup.sut)

    demand(
        not far.wire.seen(CmSlacMatchReq, where=lambda seen: seen.frame.dst == far.mac) and far.matched() is None,
        f"{setup.sut} asked the neighbour's station, which reported {62} dB",
        rule="slac-15118-3 5: sorted by attenuation, lowest first",
    )
