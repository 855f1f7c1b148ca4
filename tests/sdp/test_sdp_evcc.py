"""The EVCC side of SDP: when it asks, how often, and which answer it takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from sdp_stage import CAR, CAR_PORT, OTHER_CAR, OTHER_STATION, STATION, STATION_PORT, EvccOnStage, carrying, request, to

from bench.net import (
    ALL_NODES,
    UNSPECIFIED,
    Ipv6Address,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    SdpRequest,
    SdpResponse,
    Security,
    Transport,
    V2gtp,
    link_local,
    mac_of,
    multicast_mac,
    neighbour_solicitation,
    violations,
)
from bench.sdp.evcc import EvccSettings
from bench.sdp.evcc_table import EvccState
from bench.sdp.events import Discovered, NotDiscovered
from bench.sdp.machine import own_address
from bench.units import ms, s

TLS_FIRST = EvccSettings(securities=(Security.TLS, Security.NO_TLS), port=CAR_PORT)
INSISTS = EvccSettings(securities=(Security.TLS,), accepts=frozenset({Security.TLS}), port=CAR_PORT)


@pytest.fixture
def evcc() -> EvccOnStage:
    return EvccOnStage(EvccSettings(port=CAR_PORT))


@pytest.fixture
def asking(evcc: EvccOnStage) -> EvccOnStage:
    """One request is out."""
    evcc.joins()
    evcc.runs(s(1))
    return evcc


def test_without_a_network_it_says_nothing(evcc):
    evcc.runs(s(60))

    assert evcc.sent == []
    assert evcc.machine.state is EvccState.NO_NETWORK


def test_it_claims_its_address_and_asks_a_second_later(evcc):
    """Duplicate address detection first, as most cars do."""
    evcc.joins()
    evcc.runs(ms(1100))

    (claimed_at, claim), (asked_at, asked) = evcc.sent
    assert (claimed_at, asked_at) == (0, s(1))
    assert claim.message == NeighbourSolicitation(target=evcc.machine.address)
    assert claim.packet.src == UNSPECIFIED
    assert asked.message == SdpRequest(Security.NO_TLS, Transport.TCP)
    assert (asked.packet.dst, asked.dst) == (ALL_NODES, multicast_mac(ALL_NODES))
    assert not violations(claim)
    assert not violations(asked)


def test_its_address_is_link_local_and_not_the_kernels():
    """A kernel with IPv6 on the same interface has the EUI-64 address, and would answer for it."""
    address = own_address(CAR)

    assert address.is_link_local
    assert address != link_local(CAR)
    assert mac_of(address) is None
    assert address == own_address(CAR) != own_address(STATION)


def test_it_asks_again_every_250_ms_and_50_times_in_all(asking):
    asking.runs(s(60))

    times = [t for t, _ in asking.requests]
    assert len(times) == 50
    assert {after - before for before, after in pairwise(times)} == {ms(250)}
    assert asking.told(NotDiscovered) == [
        NotDiscovered(times[-1] + ms(250), 50, "no answer that may be taken, to the last request")
    ]


def test_it_asks_for_tls_first_and_then_without():
    """As real cars do."""
    evcc = EvccOnStage(TLS_FIRST)
    evcc.joins()
    evcc.runs(s(60))

    asked_for = [frame.message.security for _, frame in evcc.requests]
    assert asked_for == [Security.TLS] * 50 + [Security.NO_TLS] * 50
    assert {b - a for (a, _), (b, _) in pairwise(evcc.requests)} == {ms(250)}
    assert [event.requests for event in evcc.told(NotDiscovered)] == [100]


def test_the_first_answer_ends_the_search(asking):
    asking.runs(ms(30))
    asking.hears(asking.response())
    asking.runs(s(60))

    found = SdpResponse(link_local(STATION), STATION_PORT, Security.NO_TLS, Transport.TCP)
    assert asking.told(Discovered) == [Discovered(ms(1030), found, STATION, 1, ms(30))]
    assert len(asking.requests) == 1
    assert asking.machine.state is EvccState.DISCOVERED


def test_a_second_answer_changes_nothing(asking):
    asking.hears(asking.response())
    asking.hears(asking.response(secc_port=7))

    assert len(asking.told(Discovered)) == 1
    assert asking.whys == ["a station was discovered before"]


def test_an_answer_that_is_late_is_taken_all_the_same(asking):
    """It is the answer to the first of two requests, and says the same."""
    late = asking.response()
    asking.runs(ms(300))
    asking.hears(late)

    (found,) = asking.told(Discovered)
    assert (found.t, found.requests, found.after) == (ms(1300), 2, ms(50))


def test_an_answer_after_it_gave_up_is_ignored_and_said(asking):
    asking.runs(s(60))
    asking.hears(asking.response())

    assert not asking.told(Discovered)
    assert asking.whys == ["it asks no more"]


def test_it_takes_no_tls_for_an_answer_to_tls():
    """All recorded cars but one do."""
    evcc = EvccOnStage(TLS_FIRST)
    evcc.joins()
    evcc.runs(s(1))
    evcc.hears(evcc.response(security=Security.NO_TLS))

    assert [found.secc.security for found in evcc.told(Discovered)] == [Security.NO_TLS]


def test_it_may_insist_on_tls_and_asks_on():
    evcc = EvccOnStage(INSISTS)
    evcc.joins()
    evcc.runs(s(1))
    evcc.hears(evcc.response(security=Security.NO_TLS))
    evcc.runs(s(60))

    assert not evcc.told(Discovered)
    assert evcc.whys == ["it offers no TLS"]
    assert len(evcc.requests) == 50


OTHER_HOST = link_local(OTHER_CAR)

REFUSED = {
    "for another host": lambda e: to(replace(e.response(), dst=OTHER_CAR), dst=OTHER_HOST),
    "to the right address by a wrong MAC address": lambda e: replace(e.response(), dst=OTHER_CAR),
    "for another port": lambda e: carrying(e.response(), e.response().packet.payload.payload, dst_port=7),
    "from another port": lambda e: carrying(e.response(), e.response().packet.payload.payload, src_port=15119),
    "to all nodes": lambda e: to(replace(e.response(), dst=multicast_mac(ALL_NODES)), dst=ALL_NODES),
    "names an address it does not come from": lambda e: e.response(secc_address=link_local(OTHER_STATION)),
    "names an address that is not link-local": lambda e: e.response(secc_address=Ipv6Address.parse("2001:db8::1")),
    "names no port": lambda e: e.response(secc_port=0),
    "offers an unknown security": lambda e: e.response(security=Security(0x42)),
    "offers UDP": lambda e: e.response(transport=Transport.UDP),
    "of V2GTP version 2": lambda e: carrying(e.response(), V2gtp(e.response().message, version=2)),
    "with a wrong length": lambda e: carrying(e.response(), V2gtp(e.response().message, length=19)),
    "too short": lambda e: carrying(e.response(), V2gtp(bytes(19), payload_type=0x9001)),
    "with a wrong checksum": lambda e: carrying(e.response(), e.response().packet.payload.payload, checksum=0x1234),
    "with another payload type": lambda e: carrying(e.response(), V2gtp(bytes(20), payload_type=0x9002)),
}


@pytest.mark.parametrize("how", REFUSED)
def test_an_answer_that_may_not_be_taken_is_ignored_and_said_and_it_asks_on(asking, how):
    asking.hears(REFUSED[how](asking))
    asking.runs(ms(250))

    assert not asking.told(Discovered)
    assert len(asking.whys) == 1
    assert len(asking.requests) == 2


def test_a_lawful_answer_is_taken_after_all_of_these(asking):
    """Else the ones above would prove nothing."""
    for how in REFUSED.values():
        asking.hears(how(asking))
    asking.hears(asking.response())

    assert len(asking.told(Discovered)) == 1


def test_an_answer_from_another_port_is_said_to_be_one(asking):
    """A station that answers from a port of its own would else be called silent."""
    asking.hears(REFUSED["from another port"](asking))

    assert asking.whys == ["it comes from port 15119 instead of 15118"]


def test_datagrams_between_other_ports_are_none_of_its_business(asking):
    asking.hears(carrying(asking.response(), b"mdns", src_port=5353, dst_port=5353))
    asking.hears(to(carrying(asking.response(), b"mdns", src_port=5353), dst=ALL_NODES))

    assert asking.whys == []


def test_an_answer_before_anything_was_asked_is_ignored(evcc):
    evcc.joins()
    evcc.hears(EvccOnStage.response(_asked(EvccOnStage(EvccSettings(port=CAR_PORT)))))

    assert evcc.whys == ["nothing was asked yet"]


def test_an_answer_after_the_network_was_left_is_ignored_and_says_so(asking):
    """It was on its way when the plug was pulled."""
    late = asking.response()
    asking.leaves()
    asking.hears(late)

    assert not asking.told(Discovered)
    assert asking.whys == ["there is no network"]


def _asked(evcc: EvccOnStage) -> EvccOnStage:
    evcc.joins()
    evcc.runs(s(1))
    return evcc


def test_leaving_the_network_ends_the_search_and_a_new_one_begins_anew(asking):
    asking.runs(ms(250))
    asking.leaves()
    asking.runs(s(5))
    assert len(asking.requests) == 2

    asking.joins()
    asking.runs(s(60))

    assert len(asking.requests) == 2 + 50


def test_a_network_that_never_was_cannot_be_left(evcc):
    evcc.leaves()

    assert evcc.said == []


def test_it_answers_who_asks_for_its_address(asking):
    """Else the station could not reach it."""
    asking.hears(neighbour_solicitation(STATION, link_local(STATION), asking.machine.address))

    _, answer = asking.sent[-1]
    assert isinstance(answer.message, NeighbourAdvertisement)
    assert answer.message.target == asking.machine.address
    assert (answer.dst, answer.packet.dst) == (STATION, link_local(STATION))
    assert not violations(answer)


def test_it_does_not_answer_for_the_address_of_others(asking):
    before = len(asking.sent)
    asking.hears(neighbour_solicitation(STATION, link_local(STATION), link_local(CAR)))

    assert len(asking.sent) == before


def test_a_wrong_question_for_its_address_is_not_answered(asking):
    before = len(asking.sent)
    lawful = neighbour_solicitation(STATION, link_local(STATION), asking.machine.address)
    asking.hears(to(lawful, hop_limit=64))

    assert len(asking.sent) == before


def test_a_question_for_an_address_is_no_sdp(asking):
    asking.hears(neighbour_solicitation(STATION, link_local(STATION), asking.machine.address))

    assert asking.whys == []


def test_its_own_frames_are_nothing_to_it(asking):
    """A modem may give them back."""
    asking.hears(carrying(request(CAR), V2gtp(SdpRequest()), src_port=15118))

    assert asking.whys == []


def test_requests_of_other_cars_are_not_for_it(asking):
    asking.hears(carrying(request(OTHER_CAR), V2gtp(SdpRequest()), src_port=15118))

    assert asking.whys == ["what only an EVCC may send is never answered by an EVCC"]
