"""scapy, written by others, reads what we encode and encodes what we read: lengths, checksums and every field."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from packet_strategies import frames
from real_captures import CAPTURES, needs_captures

from bench.capture import open_capture
from bench.ids import MacAddress
from bench.net import (
    ALL_NODES,
    Icmpv6,
    Ipv6,
    Ipv6Frame,
    NdOption,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    RawPayload,
    RouterSolicitation,
    Tcp,
    Udp,
    decode,
    encode,
    is_ipv6,
    link_local,
    sdp_request,
    sdp_response,
    solicited_node,
)

logging.getLogger("scapy").setLevel(logging.ERROR)
inet6 = pytest.importorskip("scapy.layers.inet6", reason="scapy is not installed")
UDP = pytest.importorskip("scapy.layers.inet", reason="scapy is not installed").UDP
TCP = pytest.importorskip("scapy.layers.inet", reason="scapy is not installed").TCP
Ether = pytest.importorskip("scapy.layers.l2", reason="scapy is not installed").Ether
Raw = pytest.importorskip("scapy.packet", reason="scapy is not installed").Raw

CAR, STATION = MacAddress.parse("02:00:00:00:0e:01"), MacAddress.parse("02:00:00:00:05:01")
CAR_IP, STATION_IP = link_local(CAR), link_local(STATION)
REQUEST = sdp_request(CAR, CAR_IP, 49152)


def checksum_of(octets: bytes, packet: Ipv6) -> tuple[int, int]:
    """The checksum that an untagged frame of *packet* carries, and the one that scapy computes for it."""
    begin = 54 + (len(packet.hop_by_hop) + 2 if packet.hop_by_hop else 0)
    theirs = Ether(octets)[inet6.IPv6]
    upper = octets[begin : 54 + theirs.plen]
    next_header, at = {Udp: (17, 6), Tcp: (6, 16), Icmpv6: (58, 2)}[type(packet.payload)]
    pseudo = inet6.IPv6(src=str(packet.src), dst=str(packet.dst))
    computed = inet6.in6_chksum(next_header, pseudo, upper[:at] + b"\0\0" + upper[at + 2 :])
    return int.from_bytes(upper[at : at + 2], "big"), computed


def ours_of(tcp: Tcp) -> tuple[int, ...]:
    return tcp.src_port, tcp.dst_port, tcp.seq, tcp.ack, tcp.flags, tcp.window, tcp.urgent, 5 + len(tcp.options) // 4


def theirs_of(segment: Any) -> tuple[int, ...]:
    """The same fields as scapy reads them; its flags hold the bit above the octet, too."""
    flags = int(segment.flags) & 0xFF
    return (
        segment.sport,
        segment.dport,
        segment.seq,
        segment.ack,
        flags,
        segment.window,
        segment.urgptr,
        segment.dataofs,
    )


def sdp(src: Any, dst: Any, hosts: tuple[MacAddress, MacAddress], ports: tuple[int, int], body: str) -> bytes:
    """An SDP frame put together by scapy; V2GTP, which it does not know, by hand."""
    ether = Ether(src=str(hosts[0]), dst=str(hosts[1]))
    ip = inet6.IPv6(src=str(src), dst=str(dst), hlim=64)
    return bytes(ether / ip / UDP(sport=ports[0], dport=ports[1]) / Raw(bytes.fromhex(body)))


def test_sdp_frames_are_those_of_scapy() -> None:
    """Octet for octet, checksums included; scapy fills in the Ethernet and IPv6 headers alike."""
    response = sdp_response(REQUEST, STATION, STATION_IP, 61341)

    assert encode(REQUEST) == sdp(CAR_IP, ALL_NODES, (CAR, REQUEST.dst), (49152, 15118), "01fe9000000000021000")
    expected = "01fe900100000014" + STATION_IP.hex() + "ef9d1000"
    assert encode(response) == sdp(STATION_IP, CAR_IP, (STATION, CAR), (15118, 49152), expected)


@pytest.mark.parametrize(
    ("message", "theirs"),
    [
        (
            NeighbourSolicitation(target=STATION_IP, options=(NdOption(1, CAR),)),
            inet6.ICMPv6ND_NS(tgt=str(STATION_IP)) / inet6.ICMPv6NDOptSrcLLAddr(lladdr=str(CAR)),
        ),
        (
            NeighbourAdvertisement(0x6000_0000, STATION_IP, (NdOption(2, STATION),)),
            inet6.ICMPv6ND_NA(tgt=str(STATION_IP), R=0, S=1, O=1) / inet6.ICMPv6NDOptDstLLAddr(lladdr=str(STATION)),
        ),
        (RouterSolicitation(), inet6.ICMPv6ND_RS()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_neighbour_discovery_is_that_of_scapy(message: Any, theirs: Any) -> None:
    group = solicited_node(STATION_IP)
    ours = Ipv6Frame(STATION, CAR, Ipv6(CAR_IP, group, Icmpv6(message), hop_limit=255))

    ip = inet6.IPv6(src=str(CAR_IP), dst=str(group), hlim=255)
    assert encode(ours) == bytes(Ether(src=str(CAR), dst=str(STATION)) / ip / theirs)


@given(frames.filter(lambda frame: not frame.tag and not isinstance(frame.packet.payload, RawPayload)))
@settings(max_examples=60, deadline=None)
def test_scapy_computes_our_checksums(frame: Ipv6Frame) -> None:
    """For any datagram and any message of ICMPv6, with the length that scapy reads."""
    found, computed = checksum_of(encode(frame), frame.packet)

    assert found == computed or (found, computed) == (0xFFFF, 0)


@needs_captures
def test_scapy_reads_the_same_fields_of_captured_frames() -> None:
    """Addresses, hop limit, ports, lengths and whether the checksum is right."""
    compared = 0
    for path in CAPTURES:
        with open_capture(path) as opened:
            for octets in (record.octets for record in opened.records() if is_ipv6(record.octets)):
                packet = decode(octets).packet
                if isinstance(packet.payload, RawPayload):
                    continue
                compared += 1
                theirs = Ether(octets)[inet6.IPv6]
                assert (theirs.src, theirs.dst, theirs.hlim, theirs.fl) == (
                    str(packet.src),
                    str(packet.dst),
                    packet.hop_limit,
                    packet.flow_label,
                )
                if isinstance(packet.payload, Udp):
                    assert (theirs[UDP].sport, theirs[UDP].dport) == (packet.payload.src_port, packet.payload.dst_port)
                if isinstance(packet.payload, Tcp):
                    assert theirs_of(theirs[TCP]) == ours_of(packet.payload)
                found, computed = checksum_of(octets, packet)
                assert packet.payload.checksum == (None if found == computed else found)
    assert compared > 20_000
