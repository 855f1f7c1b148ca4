"""Each way in which a frame can be wrong is found, by name, and a right one has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.ids import MacAddress
from bench.net import (
    ALL_MLDV2_ROUTERS,
    ALL_NODES,
    UNSPECIFIED,
    GroupRecord,
    Icmpv6,
    Ipv6,
    Ipv6Address,
    Ipv6Frame,
    Mldv2Report,
    NdOption,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    RawIcmpv6,
    RouterSolicitation,
    SdpRequest,
    SdpResponse,
    Security,
    Tcp,
    Transport,
    Udp,
    V2gtp,
    decode,
    encode,
    link_local,
    multicast_mac,
    sdp_request,
    sdp_response,
    solicited_node,
    violations,
)
from bench.net.frame import ROUTER_ALERT

CAR = MacAddress.parse("02:00:00:00:0e:01")
STATION = MacAddress.parse("02:00:00:00:05:01")
GLOBAL = Ipv6Address.parse("2001:db8::1")
REQUEST = sdp_request(CAR, link_local(CAR), 49152, Security.TLS)
RESPONSE = sdp_response(REQUEST, STATION, link_local(STATION), 61341, Security.TLS)


def from_car(dst: Ipv6Address, message: object, **header: object) -> Ipv6Frame:
    packet = Ipv6(link_local(CAR), dst, Icmpv6(message), **header)  # type: ignore[arg-type]
    return Ipv6Frame(multicast_mac(dst), CAR, packet)


LOOKING = from_car(
    solicited_node(link_local(STATION)),
    NeighbourSolicitation(target=link_local(STATION), options=(NdOption(1, CAR),)),
    hop_limit=255,
)
SEGMENT = Ipv6Frame(STATION, CAR, Ipv6(link_local(CAR), link_local(STATION), Tcp(49153, 61341)))
REPORT = from_car(
    ALL_MLDV2_ROUTERS,
    Mldv2Report(groups=(GroupRecord(4, solicited_node(link_local(CAR))),)),
    hop_limit=1,
    hop_by_hop=ROUTER_ALERT,
)


def datagram(frame: Ipv6Frame, **fields: object) -> Ipv6Frame:
    assert isinstance(frame.packet.payload, Udp)
    return packet(frame, payload=replace(frame.packet.payload, **fields))


def v2gtp(frame: Ipv6Frame, **fields: object) -> Ipv6Frame:
    assert isinstance(frame.packet.payload, Udp)
    assert isinstance(frame.packet.payload.payload, V2gtp)
    return datagram(frame, payload=replace(frame.packet.payload.payload, **fields))


def packet(frame: Ipv6Frame, **fields: object) -> Ipv6Frame:
    return replace(frame, packet=replace(frame.packet, **fields))


def test_right_frames_have_no_violation() -> None:
    """SDP both ways, a segment, a neighbour's question, an answer, a router asked for and a listener's report."""
    answer = NeighbourAdvertisement(target=link_local(CAR))
    more = [from_car(ALL_NODES, answer, hop_limit=255), from_car(ALL_NODES, RouterSolicitation(), hop_limit=255)]

    for frame in (REQUEST, RESPONSE, SEGMENT, LOOKING, REPORT, packet(REPORT, src=UNSPECIFIED), *more):
        assert violations(decode(encode(frame))) == []


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        (packet(REQUEST, payload_length=99), "Ipv6.payload_length"),
        (packet(LOOKING, src=ALL_NODES), "Ipv6.src"),
        (packet(REQUEST, src=GLOBAL), "Ipv6.src"),
        (packet(REQUEST, dst=link_local(STATION)), "Ipv6.dst"),
        (replace(REQUEST, dst=STATION), "Ipv6Frame.dst"),
        (datagram(REQUEST, length=17), "Udp.length"),
        (datagram(REQUEST, checksum=0), "Udp.checksum"),
        (datagram(REQUEST, checksum=0x1234), "Udp.checksum"),
        (datagram(REQUEST, src_port=15118, dst_port=15119), "Udp.dst_port"),
        (v2gtp(REQUEST, version=2), "V2gtp.version"),
        (v2gtp(REQUEST, inverse_version=0xFF), "V2gtp.inverse_version"),
        (v2gtp(REQUEST, length=20), "V2gtp.length"),
        (v2gtp(REQUEST, payload=b"", payload_type=0x9099), "V2gtp.payload_type"),
        (v2gtp(REQUEST, payload=b"\x10\x00\x00", payload_type=0x9000), "V2gtp.payload"),
        (v2gtp(REQUEST, payload=SdpRequest(Security(0x42))), "SdpRequest.security"),
        (v2gtp(REQUEST, payload=SdpRequest(transport=Transport.UDP)), "SdpRequest.transport"),
        (packet(replace(RESPONSE, dst=multicast_mac(ALL_NODES)), dst=ALL_NODES), "Ipv6.dst"),
        (datagram(RESPONSE, src_port=15119, dst_port=15118), "Udp.src_port"),
        (v2gtp(RESPONSE, payload=SdpResponse(GLOBAL, 61341)), "SdpResponse.secc_address"),
        (v2gtp(RESPONSE, payload=SdpResponse(link_local(STATION), 0)), "SdpResponse.secc_port"),
        (packet(LOOKING, hop_limit=64), "Ipv6.hop_limit"),
        (packet(SEGMENT, payload=Tcp(1, 2, checksum=1)), "Tcp.checksum"),
        (packet(LOOKING, payload=Icmpv6(NeighbourSolicitation(), checksum=1)), "Icmpv6.checksum"),
        (packet(LOOKING, payload=Icmpv6(NeighbourSolicitation(), code=1)), "Icmpv6.code"),
        (packet(LOOKING, payload=Icmpv6(NeighbourSolicitation(target=ALL_NODES))), "NeighbourSolicitation.target"),
        (packet(LOOKING, payload=Icmpv6(RawIcmpv6(135, b"short"))), "RawIcmpv6.body"),
        (packet(REPORT, hop_limit=255), "Ipv6.hop_limit"),
        (packet(REPORT, hop_by_hop=b""), "Ipv6.hop_by_hop"),
        (packet(REPORT, src=GLOBAL), "Ipv6.src"),
    ],
)
def test_one_wrong_field_is_the_one_named(frame: Ipv6Frame, field: str) -> None:
    """Found before sending, and again by the receiver."""
    assert [violation.field for violation in violations(frame)] == [field]
    assert [violation.field for violation in violations(decode(encode(frame)))] == [field]


def test_a_right_checksum_given_by_hand_is_right() -> None:
    """What was computed elsewhere is compared, not suspected."""
    at = 60
    computed = int.from_bytes(encode(REQUEST)[at : at + 2], "big")

    assert violations(datagram(REQUEST, checksum=computed)) == []


def test_a_violation_says_what_is_wrong_and_by_which_rule() -> None:
    (found,) = violations(packet(LOOKING, hop_limit=64))

    assert str(found).startswith("Ipv6.hop_limit: 64 instead of 255")
    assert "RFC 4861" in str(found)
