"""Two adapters, both stations ours: from the match to SDP, and what becomes of it when something is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.analysis.verdict import Profile
from bench.errors import demand
from bench.ids import MacAddress, Nmk
from bench.limits import AFTER_MATCH
from bench.machine import Ignored
from bench.mme import CmSlacMatchCnf, CmSlacParmReq
from bench.net import Ipv6Frame, SdpRequest, SdpResponse, V2gtp, link_local, sdp_request
from bench.rig import Rig, Setup
from bench.rig.measuring import intervals_of
from bench.sdp.events import Answered, Discovered, NotDiscovered
from bench.sdp.timers import MOST_REQUESTS
from bench.station import EvseStation, PevStation
from bench.units import ms, s
from hil_tests.checks import carrying, demand_intervals

pytestmark = [pytest.mark.needs("pair"), pytest.mark.sdp]


def whys(station: EvseStation | PevStation, what: str) -> list[str]:
    """Why *station* ignored it."""
    return [event.why for event in station.happened(Ignored) if event.what == what]


def test_the_car_finds_the_station_it_was_matched_with(pair_in_b2: Setup) -> None:
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev

    found = pev.wait_discovered(sut="our EVSE")
    asked = evse.wait_asked(sut="our PEV")

    demand(found.secc.secc_address == evse.sdp.address, "the car found another station", rule="SDP response")
    demand(asked.src == pev.mac, "another car asked", rule="SDP request")


@pytest.mark.timing
@pytest.mark.parametrize("side", ["pev", "evse"])
def test_from_the_match_to_sdp_they_keep_the_strict_limits(pair_in_b2: Setup, rig: Rig, side: str) -> None:
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    pev.wait_discovered(sut="our EVSE")

    witness = evse if side == "pev" else pev
    demand_intervals(
        [interval for interval in intervals_of(witness) if interval.name in AFTER_MATCH],
        side,
        who=f"our {side.upper()}",
        profile=Profile.STRICT,
        uncertainty=rig.uncertainty,
    )


@pytest.mark.negative
def test_a_silent_station_is_asked_50_times_and_given_up(pair_in_b2: Setup) -> None:
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    evse.wire.withhold(SdpResponse)
    pev.wait_link(sut="our EVSE")

    pair_in_b2.pump.run(lambda: bool(pev.happened(NotDiscovered)), pev.now() + s(20))

    requests = evse.wire.seen(SdpRequest)
    demand(pev.happened(NotDiscovered), "our PEV asks for ever", rule="SDP: 50 requests")
    demand(len(requests) == MOST_REQUESTS, f"our PEV asked {len(requests)} times", rule="SDP: 50 requests")


@pytest.mark.negative
def test_an_answer_that_comes_late_is_taken(pair_in_b2: Setup) -> None:
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    evse.wire.delay(SdpResponse, ms(400))

    found = pev.wait_discovered(sut="our EVSE")

    demand(found.requests == 2, f"our PEV asked {found.requests} times in 400 ms", rule="SDP: again after 250 ms")


@pytest.mark.negative
def test_an_answer_from_a_wrong_address_is_refused_and_said(pair_in_b2: Setup) -> None:
    """It names another host than the one it comes from."""
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev

    def names_another(frame: Ipv6Frame) -> Ipv6Frame:
        assert isinstance(frame.message, SdpResponse)
        return carrying(frame, V2gtp(replace(frame.message, secc_address=link_local(pev.mac))))

    evse.wire.alter(SdpResponse, names_another)
    pev.wait_link(sut="our EVSE")
    pair_in_b2.run_for(s(3))

    demand(not pev.happened(Discovered), "our PEV took the answer", rule="SDP: the SECC names its own address")
    demand(
        any("comes from" in why for why in whys(pev, "SDP response")),
        f"our PEV did not say why: {whys(pev, 'SDP response')}",
        rule="diagnosis",
    )


@pytest.mark.negative
def test_with_a_wrong_key_nobody_asks(pair_in_b2: Setup) -> None:
    """There is no network to ask in."""
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    evse.wire.alter(CmSlacMatchCnf, lambda f: replace(f, mme=replace(f.mme, nmk=Nmk(b"\x5a" * 16))))
    pev.wait_matched(sut="our EVSE")

    pair_in_b2.run_for(s(10))

    sent = [entry for entry in pev.trace.frames() if entry.port == pev.wire.port.name and entry.packet is not None]
    demand(not sent, f"our PEV sent a {sent[0].name if sent else ''} without a network", rule="link before SDP")


@pytest.mark.negative
def test_sdp_before_the_match_is_not_answered(setup: Setup) -> None:
    """Both adapters in one network already: the key alone makes no match."""
    evse, pev = setup.own_evse, setup.own_pev
    pev.wire.withhold(CmSlacParmReq)
    pev.adapter.set_key(evse.network)
    evse.pilot.set_duty_cycle_pct(5.0)
    pev.plug_in()
    setup.run_for(s(1))

    pev.wire.send(sdp_request(pev.mac, pev.sdp.address, pev.sdp.settings.port), pev.now())
    setup.run_for(s(1))

    demand(evse.wire.seen(SdpRequest), "the request did not arrive: this proves nothing", rule="one network")
    demand(not pev.wire.seen(SdpResponse), "our EVSE answered a car it was not matched with", rule="SDP after SLAC")
    demand(whys(evse, "SDP request"), "our EVSE did not say why", rule="diagnosis")


@pytest.mark.negative
def test_a_car_of_a_neighbours_network_is_not_answered(pair_in_b2: Setup) -> None:
    """Where stations never change their key their networks are one, and a neighbour's car is heard here."""
    evse, pev = pair_in_b2.own_evse, pair_in_b2.own_pev
    pev.wait_discovered(sut="our EVSE")
    neighbour = MacAddress(pev.mac[:5] + b"\x77")

    pev.wire.send(sdp_request(neighbour, link_local(neighbour), port=50077), pev.now())
    pair_in_b2.run_for(s(1))

    asked = evse.wire.seen(SdpRequest, where=lambda seen: seen.src == neighbour)
    demand(asked, "the request did not arrive: this proves nothing", rule="one network")
    answered = [event for event in evse.happened(Answered) if event.evcc_mac == neighbour]
    demand(not answered, "our EVSE answered a car that it was not matched with", rule="SDP: only the own car")
    demand(whys(evse, "SDP request"), "our EVSE did not say why", rule="diagnosis")
