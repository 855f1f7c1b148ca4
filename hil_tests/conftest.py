"""Places between tests: what is already true when a test of the suite begins."""

from __future__ import annotations

import pytest

from bench.rig import Setup
from bench.slac.events import Matched


@pytest.fixture
def pev_in_b2(setup: Setup) -> Setup:
    """SUT: PEV. Plugged in, and the bench asks it to talk."""
    setup.pev.plug_in()
    setup.own_evse.pilot.set_duty_cycle_pct(5.0)
    return setup


@pytest.fixture
def matched_pev(pev_in_b2: Setup) -> Matched:
    """SUT: PEV. It was given the network of the bench."""
    return pev_in_b2.own_evse.wait_matched(sut=pev_in_b2.sut)


@pytest.fixture
def pev_plugged_in(setup: Setup) -> Setup:
    """SUT: EVSE. The bench's car is plugged in; what the pilot does now is the station's business."""
    setup.own_pev.plug_in()
    return setup


@pytest.fixture
def matched_evse(pev_plugged_in: Setup) -> Matched:
    """SUT: EVSE. It gave the bench's car its network."""
    return pev_plugged_in.own_pev.wait_matched(sut=pev_plugged_in.sut)


@pytest.fixture
def pair_in_b2(setup: Setup) -> Setup:
    """Both ours: plugged in at 5 %."""
    setup.own_evse.pilot.set_duty_cycle_pct(5.0)
    setup.own_pev.plug_in()
    return setup
