"""SUT: a charging station. In the network of the match it tells the bench's car by SDP where it listens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.analysis.verdict import Profile
from bench.errors import demand
from bench.ids import nid_from_nmk, nmk_from_password
from bench.limits import SDP_ANSWER
from bench.mme import CmSetKeyReq, CmSlacParmReq
from bench.net import SdpRequest, SdpResponse, Security, V2gtp, sdp_request
from bench.rig import Rig, Settings, Setup
from bench.rig.measuring import intervals_of
from bench.sdp.evcc import EvccSettings
from bench.sdp.timers import MOST_REQUESTS
from bench.slac.events import Network
from bench.station import PevStation
from bench.units import ms, s
from hil_tests.checks import carrying, demand_intervals

pytestmark = [pytest.mark.needs("evse"), pytest.mark.sdp]

OF_THE_BOX = nmk_from_password("HomePlugAV")
FACTORY_NETWORK = Network(nid_from_nmk(OF_THE_BOX), OF_THE_BOX)
"""Where every adapter is that nobody has given a key."""
OUTSIDE = "slac-15118-3 10: SDP belongs into the network that the match led into"

TLS_FIRST = EvccSettings(securities=(Security.TLS, Security.NO_TLS), accepts=frozenset({Security.TLS, Security.NO_TLS}))
"""As the cars of Volkswagen and Audi ask."""


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    """How the bench's car asks; a test may want it otherwise."""
    chosen: Settings = getattr(request, "param", Settings())
    return chosen


def ask(pev: PevStation) -> None:
    """One SDP request, whatever the bench's own machine thinks of it."""
    pev.wire.send(sdp_request(pev.mac, pev.sdp.address, pev.sdp.settings.port), pev.now())


def demand_no_answer(setup: Setup, rule: str) -> None:
    """After each of three requests."""
    for _ in range(3):
        ask(setup.own_pev)
        setup.own_pev.wire.expect_none(SdpResponse, during=ms(500), who=setup.sut, rule=rule)


def test_it_tells_the_car_where_it_listens(pev_plugged_in: Setup) -> None:
    """An answer that a car may take: to the car that asked, from the address it names, with a port; lawful in all."""
    pev = pev_plugged_in.own_pev

    found = pev.wait_discovered(sut=pev_plugged_in.sut)

    match = pev.matched()
    demand(
        match is not None and found.secc_mac == match.evse_mac,
        f"{found.secc_mac} answered SDP, not {pev_plugged_in.sut}, {match.evse_mac if match else ''}",
        rule="the car was matched with another station",
    )


@pytest.mark.timing
def test_its_answer_comes_in_time(pev_plugged_in: Setup, verdict_profile: Profile, rig: Rig) -> None:
    """250 ms after the request a car asks again."""
    pev = pev_plugged_in.own_pev
    pev.wait_discovered(sut=pev_plugged_in.sut)

    answers = [interval for interval in intervals_of(pev) if interval.name == SDP_ANSWER]
    demand_intervals(answers, "evse", who=pev_plugged_in.sut, profile=verdict_profile, uncertainty=rig.uncertainty)


@pytest.mark.parametrize("settings", [Settings(evcc=TLS_FIRST)], indirect=True, ids=["TLS first"])
def test_it_answers_a_car_that_asks_for_tls(pev_plugged_in: Setup) -> None:
    """With TLS, or with what it has instead: silence costs a car that asks for TLS first 50 requests, 12.5 s."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut

    found = pev.wait_discovered(sut=sut)

    demand(
        found.requests < MOST_REQUESTS,
        f"{sut} did not answer {found.requests - 1} requests for TLS, and the first one without",
        rule="ISO 15118-2, 7.10.1: the SECC answers with the security that it offers",
    )


WRONG: dict[str, V2gtp | bytes] = {
    "another version": V2gtp(SdpRequest(), version=2),
    "another length": V2gtp(b"\x10\x00\x00", payload_type=SdpRequest.payload_type),
    "another payload type": V2gtp(b"\x10\x00", payload_type=0x9002),
}


@pytest.mark.negative
@pytest.mark.parametrize("of", WRONG)
def test_it_does_not_answer_a_request_of(pev_plugged_in: Setup, of: str) -> None:
    """What it cannot understand it leaves alone; a lawful request is answered afterwards."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wait_link(sut=sut)

    with pev.wire.altered(SdpRequest, lambda frame: carrying(frame, WRONG[of])):
        pev.wire.expect_none(SdpResponse, during=s(3), who=sut, rule="ISO 15118-2, 7.8.3: V2GTP header")

    pev.wait_discovered(sut=sut)


@pytest.mark.negative
def test_it_is_not_found_before_the_match(pev_plugged_in: Setup) -> None:
    """An adapter with the key of the box, and no SLAC: nobody may answer there."""
    pev = pev_plugged_in.own_pev
    pev.wire.withhold(CmSlacParmReq)
    pev.adapter.set_key(FACTORY_NETWORK)

    demand_no_answer(pev_plugged_in, OUTSIDE)


@pytest.mark.negative
def test_it_is_not_found_with_another_key(pev_plugged_in: Setup) -> None:
    """Matched, but with the key of the box instead of the one it was given."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wire.alter(CmSetKeyReq, lambda f: replace(f, mme=replace(f.mme, nid=FACTORY_NETWORK.nid, nmk=OF_THE_BOX)))
    pev.wait_matched(sut=sut)
    pev_plugged_in.run_for(s(10))

    demand_no_answer(pev_plugged_in, OUTSIDE)
