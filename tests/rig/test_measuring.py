"""Which frames of the record are measured: of this station's port, of this match, each side as the other one saw it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from station_pair import Pair

from bench.limits import AFTER_MATCH, FIRST_FRAME, NETWORK_TO_SDP, SDP_ANSWER, TO_SDP
from bench.mme import CmSlacMatchReq, VsNwInfoReq
from bench.net import SdpRequest, SdpResponse
from bench.rig.measuring import intervals_of, intervals_of_setup
from bench.sim.powerline import ONE_WAY
from bench.units import ms, s


@pytest.fixture
def pair() -> Pair:
    """The car has found its station."""
    pair = Pair()
    pair.plug_in()
    pair.pev.wait_discovered()
    return pair


def after_match(station, since=0):
    return {interval.name: interval for interval in intervals_of(station, since) if interval.name in AFTER_MATCH}


def plugs_in_again(pair: Pair) -> int:
    """Returns when."""
    pair.unplug()
    pair.pump.run_for(s(5))
    return pair.plug_in()


def test_each_station_measures_at_its_own_port(pair):
    """The answer leaves the EVSE at once; the car has it two ways through the powerline after it asked."""
    assert after_match(pair.evse)[SDP_ANSWER].value == 0
    assert after_match(pair.pev)[SDP_ANSWER].value == 2 * ONE_WAY


def test_from_the_match_to_sdp_is_measured_from_the_match(pair):
    match, link = pair.evse.matched(), pair.evse.wait_link()
    (request,) = pair.evse.wire.seen(SdpRequest)

    found = after_match(pair.evse)

    assert (found[TO_SDP].start, found[TO_SDP].value) == (match.t, request.t - match.t)
    assert (found[NETWORK_TO_SDP].start, found[NETWORK_TO_SDP].value) == (link.t, request.t - link.t)
    assert found[FIRST_FRAME].start + found[FIRST_FRAME].value < request.t


def test_of_two_matches_the_last_is_measured(pair):
    plugs_in_again(pair)
    pair.pev.wait_matched()
    pair.pump.run_for(s(8))
    match = pair.evse.matched()

    found = after_match(pair.evse)

    assert {interval.start for name, interval in found.items() if name in (TO_SDP, FIRST_FRAME)} == {match.t}
    assert found[NETWORK_TO_SDP].start == pair.evse.wait_link().t > match.t


def test_of_a_match_without_a_link_no_link_of_an_earlier_one_is_measured(pair):
    """The link of the match before says nothing of this one's network."""
    plugs_in_again(pair)
    pair.evse.wait_matched()
    pair.evse.wire.withhold(VsNwInfoReq)
    pair.evse.wire.withhold(SdpResponse)
    pair.evse.adapter.unwatch()
    pair.pump.run_for(s(8))

    found = after_match(pair.evse)

    assert TO_SDP in found
    assert NETWORK_TO_SDP not in found


def test_a_match_before_the_time_asked_for_is_not_measured(pair):
    """A second plug-in that comes to no match has no intervals after one."""
    pair.pev.wire.withhold(CmSlacMatchReq)
    since = plugs_in_again(pair)
    pair.pump.run_for(s(8))

    found = intervals_of(pair.evse, since)

    assert found
    assert not {interval.name for interval in found} & AFTER_MATCH
    assert all(interval.start >= since for interval in found)


def test_of_two_own_stations_each_side_is_measured_at_the_other_ones_port(pair):
    setup = SimpleNamespace(own_stations=[pair.evse, pair.pev])

    found = {interval.name: interval for interval in intervals_of_setup(setup)}

    assert found[SDP_ANSWER].value == 2 * ONE_WAY
    assert found[TO_SDP].start == pair.evse.matched().t
    assert len([i for i in intervals_of_setup(setup) if i.name in (SDP_ANSWER, TO_SDP)]) == 2


def test_of_one_own_station_both_sides_are_measured_there(pair):
    assert intervals_of_setup(SimpleNamespace(own_stations=[pair.evse])) == intervals_of(pair.evse)


def test_before_anybody_asked_there_is_nothing_to_measure():
    pair = Pair()
    pair.pump.run_for(ms(100))

    assert intervals_of(pair.evse) == []
