"""Whole frames made of what a station knows: lawful, and as other stacks make them."""

from __future__ import annotations

import pytest
from scapy.layers.inet import TCP
from scapy.layers.inet6 import ICMPv6ND_NA as ScapyAdvertisement
from scapy.layers.inet6 import ICMPv6ND_NS as ScapySolicitation
from scapy.layers.inet6 import ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import Ether

from bench.ids import MacAddress
from bench.net import (
    ACK,
    RST,
    SYN,
    Ipv6,
    Ipv6Frame,
    Tcp,
    address_claim,
    decode,
    encode,
    link_local,
    neighbour_advertisement,
    neighbour_solicitation,
    sdp_request,
    sdp_response,
    tcp_refusal,
    violations,
)
from bench.net.words import name_of

CAR, STATION = MacAddress.parse("02:00:00:00:0e:01"), MacAddress.parse("02:00:00:00:05:01")
CAR6, STATION6 = link_local(CAR), link_local(STATION)
CLAIM = address_claim(CAR, CAR6)
QUESTION = neighbour_solicitation(CAR, CAR6, STATION6)
ANSWER = neighbour_advertisement(QUESTION, STATION, STATION6)
OBJECTION = neighbour_advertisement(CLAIM, STATION, CAR6)
KNOCK = Ipv6Frame(STATION, CAR, Ipv6(CAR6, STATION6, Tcp(49153, 61118, seq=0xFFFF_FFFF, flags=SYN, window=4000)))
REFUSAL = tcp_refusal(KNOCK, STATION)
REQUEST = sdp_request(CAR, CAR6, 49152)
RESPONSE = sdp_response(REQUEST, STATION, STATION6, 61118)
ALL = {
    "address claim": CLAIM,
    "neighbour solicitation": QUESTION,
    "neighbour advertisement": ANSWER,
    "objection to a claim": OBJECTION,
    "TCP SYN": KNOCK,
    "TCP refusal": REFUSAL,
    "SDP request": REQUEST,
    "SDP response": RESPONSE,
}


@pytest.mark.parametrize("what", ALL)
def test_it_is_lawful_and_survives_the_wire(what):
    assert not violations(ALL[what])
    assert decode(encode(ALL[what])) == ALL[what]


def ether(src: MacAddress, dst: str) -> Ether:
    return Ether(src=str(src), dst=dst)


def test_scapy_makes_the_same_solicitations():
    claim = (
        ether(CAR, "33:33:ff:00:0e:01")
        / IPv6(src="::", dst="ff02::1:ff00:e01", hlim=255)
        / ScapySolicitation(tgt=str(CAR6))
    )
    question = (
        ether(CAR, "33:33:ff:00:05:01")
        / IPv6(src=str(CAR6), dst="ff02::1:ff00:501", hlim=255)
        / ScapySolicitation(tgt=str(STATION6))
        / ICMPv6NDOptSrcLLAddr(lladdr=str(CAR))
    )

    assert encode(CLAIM) == bytes(claim)
    assert encode(QUESTION) == bytes(question)


def test_scapy_makes_the_same_advertisements():
    """A host that only claims an address has none: it is told through all nodes, and without "solicited"."""
    to_the_car = (
        ether(STATION, str(CAR))
        / IPv6(src=str(STATION6), dst=str(CAR6), hlim=255)
        / ScapyAdvertisement(tgt=str(STATION6), R=0, S=1, O=1)
        / ICMPv6NDOptDstLLAddr(lladdr=str(STATION))
    )
    to_everybody = (
        ether(STATION, "33:33:00:00:00:01")
        / IPv6(src=str(CAR6), dst="ff02::1", hlim=255)
        / ScapyAdvertisement(tgt=str(CAR6), R=0, S=0, O=1)
        / ICMPv6NDOptDstLLAddr(lladdr=str(STATION))
    )

    assert encode(ANSWER) == bytes(to_the_car)
    assert encode(OBJECTION) == bytes(to_everybody)


def test_scapy_makes_the_same_refusal():
    """The sequence number wraps."""
    refusal = (
        ether(STATION, str(CAR))
        / IPv6(src=str(STATION6), dst=str(CAR6), hlim=64)
        / TCP(sport=61118, dport=49153, seq=0, ack=0, flags="RA", window=0)
    )

    assert REFUSAL.message == Tcp(61118, 49153, ack=0, flags=RST | ACK)
    assert encode(REFUSAL) == bytes(refusal)


@pytest.mark.parametrize(
    "make", [lambda: tcp_refusal(REQUEST, STATION), lambda: sdp_response(KNOCK, STATION, STATION6, 1)]
)
def test_only_what_can_be_answered_is(make):
    with pytest.raises(ValueError, match="only a"):
        make()


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (REQUEST, "SDP request"),
        (RESPONSE, "SDP response"),
        (CLAIM, "neighbour solicitation"),
        (ANSWER, "neighbour advertisement"),
        (KNOCK, "TCP SYN"),
        (REFUSAL, "TCP RST+ACK"),
    ],
)
def test_a_frame_has_a_name_for_readers(frame, name):
    assert name_of(frame) == name
