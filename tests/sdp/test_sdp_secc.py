"""The SECC side of SDP: whom it answers, and what it leaves unanswered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sdp_stage import CAR, CAR_PORT, OTHER_CAR, STATION, SeccOnStage, carrying, request, to

from bench.net import (
    ACK,
    ALL_NODES,
    RST,
    SDP_PORT,
    SYN,
    Ipv6,
    Ipv6Address,
    Ipv6Frame,
    NeighbourAdvertisement,
    SdpRequest,
    SdpResponse,
    Security,
    Tcp,
    Transport,
    Udp,
    V2gtp,
    address_claim,
    link_local,
    multicast_mac,
    neighbour_solicitation,
    violations,
)
from bench.net.icmpv6 import OVERRIDE
from bench.sdp.events import Answered
from bench.sdp.secc import SeccSettings
from bench.sdp.secc_table import SeccState
from bench.units import ms


@pytest.fixture
def secc() -> SeccOnStage:
    return SeccOnStage(SeccSettings(port=50001))


@pytest.fixture
def matched(secc: SeccOnStage) -> SeccOnStage:
    secc.matches()
    return secc


def test_the_car_that_was_matched_is_answered_at_once(matched):
    matched.hears(request())

    ((t, answer),) = matched.responses
    assert t == 0
    assert answer.message == SdpResponse(matched.machine.address, 50001, Security.NO_TLS, Transport.TCP)
    assert (answer.dst, answer.packet.dst) == (CAR, link_local(CAR))
    assert (answer.packet.payload.src_port, answer.packet.payload.dst_port) == (SDP_PORT, CAR_PORT)
    assert not violations(answer)
    assert matched.told(Answered) == [Answered(0, CAR, SdpRequest(), 1)]


def test_every_request_of_the_car_is_answered(matched):
    for n in range(3):
        matched.now = ms(250) * n
        matched.hears(request())

    assert [t for t, _ in matched.responses] == [0, ms(250), ms(500)]
    assert [answered.times for answered in matched.told(Answered)] == [1, 2, 3]
    assert matched.machine.state is SeccState.ANSWERED


def test_who_asks_for_tls_is_told_that_there_is_none(matched):
    """As every recorded station does."""
    matched.hears(request(security=Security.TLS))

    assert [answer.message.security for _, answer in matched.responses] == [Security.NO_TLS]


def test_before_a_match_nobody_is_answered(secc):
    secc.hears(request())

    assert not secc.responses
    assert secc.whys == ["answered only in a network that a match led into"]


def test_after_the_match_nobody_is_answered(matched):
    matched.ends()
    matched.hears(request())

    assert not matched.responses
    assert matched.machine.state is SeccState.NO_NETWORK


def test_a_car_of_a_neighbours_network_is_not_answered(matched):
    """Stations that never change their key share one network, and hear each other's cars."""
    matched.hears(request(OTHER_CAR))

    assert not matched.responses
    assert matched.whys == ["not the car that was matched here"]


def test_after_another_match_the_other_car_is_answered_and_counted_anew(matched):
    matched.hears(request())
    matched.matches(OTHER_CAR)
    matched.hears(request())
    matched.hears(request(OTHER_CAR))

    assert [(answered.evcc_mac, answered.times) for answered in matched.told(Answered)] == [(CAR, 1), (OTHER_CAR, 1)]


IGNORED = {
    "of V2GTP version 2": carrying(request(), V2gtp(SdpRequest(), version=2)),
    "with a version that is not inverted": carrying(request(), V2gtp(SdpRequest(), inverse_version=0xFF)),
    "whose length field is too great": carrying(request(), V2gtp(SdpRequest(), length=3)),
    "one octet too short": carrying(request(), V2gtp(b"\x10", payload_type=0x9000)),
    "one octet too long": carrying(request(), V2gtp(b"\x10\x00\x00", payload_type=0x9000)),
    "of another payload type": carrying(request(), V2gtp(b"\x10\x00", payload_type=0x9002)),
    "an EXI message": carrying(request(), V2gtp(b"\x10\x00", payload_type=0x8001)),
    "shorter than a V2GTP header": carrying(request(), bytes(7)),
    "for UDP": carrying(request(), V2gtp(SdpRequest(transport=Transport.UDP))),
    "of an unknown security": carrying(request(), V2gtp(SdpRequest(security=Security(0x42)))),
    "with a wrong checksum": carrying(request(), V2gtp(SdpRequest()), checksum=0x929D),
    "to the station alone": to(replace(request(), dst=STATION), dst=link_local(STATION)),
    "a response": carrying(request(), V2gtp(SdpResponse(link_local(CAR), 50001))),
}


@pytest.mark.parametrize("how", IGNORED)
def test_what_is_no_lawful_request_is_ignored_and_said(matched, how):
    matched.hears(IGNORED[how])

    assert not matched.responses
    assert len(matched.whys) == 1


def test_a_lawful_request_is_answered_after_all_of_these(matched):
    """Else the ones above would prove nothing."""
    for frame in IGNORED.values():
        matched.hears(frame)
    matched.hears(request())

    assert len(matched.responses) == 1


def test_datagrams_to_other_ports_are_none_of_its_business(matched):
    matched.hears(carrying(request(), b"mdns", dst_port=5353))

    assert matched.sent == []
    assert matched.whys == []


def test_it_answers_who_asks_for_its_address_also_before_the_match(secc):
    secc.hears(neighbour_solicitation(CAR, link_local(CAR), secc.machine.address))

    ((_, answer),) = secc.sent
    assert isinstance(answer.message, NeighbourAdvertisement)
    assert not violations(answer)


def test_who_claims_its_address_is_told_through_all_nodes(secc):
    """The one who claims has no address to answer to yet."""
    secc.hears(address_claim(CAR, secc.machine.address))

    ((_, answer),) = secc.sent
    assert (answer.dst, answer.packet.dst) == (multicast_mac(ALL_NODES), ALL_NODES)
    assert answer.message.flags == OVERRIDE
    assert not violations(answer)


def syn(to: Ipv6Address, flags: int = SYN) -> Ipv6Frame:
    return Ipv6Frame(STATION, CAR, Ipv6(link_local(CAR), to, Tcp(49153, 50001, seq=0xFFFF_FFFF, flags=flags)))


def test_who_wants_to_connect_is_refused_at_once(matched):
    """There is no V2G session yet; a car that heard nothing would wait."""
    matched.hears(syn(matched.machine.address))

    ((_, answer),) = matched.sent
    assert answer.message == Tcp(50001, 49153, seq=0, ack=0, flags=RST | ACK)
    assert (answer.dst, answer.packet.src, answer.packet.dst) == (CAR, matched.machine.address, link_local(CAR))
    assert not violations(answer)
    assert matched.whys == ["there is no V2G session yet"]


def test_other_segments_and_those_for_others_are_not_answered(matched):
    matched.hears(syn(link_local(STATION)))
    matched.hears(syn(matched.machine.address, SYN | ACK))
    matched.hears(syn(matched.machine.address, RST))

    assert matched.sent == []


def test_a_segment_that_breaks_a_rule_is_not_refused(matched):
    wrong = syn(matched.machine.address)
    segment = wrong.packet.payload
    matched.hears(to(wrong, payload=replace(segment, checksum=0x1234)))

    assert matched.sent == []


def test_a_second_end_is_nothing(matched):
    """The attempt fails, and then the pilot is left."""
    matched.ends()
    matched.ends()

    assert matched.whys == []


def test_an_end_without_a_match_is_nothing(secc):
    secc.ends()

    assert secc.said == []


def test_its_port_is_one_that_the_standard_allows():
    assert 49152 <= SeccSettings().port <= 65535


def test_the_payload_of_these_requests_is_a_datagram():
    """What `carrying` relies on."""
    assert isinstance(request().packet.payload, Udp)
