"""Whole frames from what a station knows: SDP, neighbours, TCP. Every field can be replaced afterwards."""

from __future__ import annotations

from bench.ids import MacAddress
from bench.net.address import ALL_NODES, UNSPECIFIED, Ipv6Address, multicast_mac, solicited_node
from bench.net.frame import Ipv6, Ipv6Frame, Udp
from bench.net.icmpv6 import (
    OVERRIDE,
    SOLICITED,
    SOURCE_LINK_LAYER_ADDRESS,
    TARGET_LINK_LAYER_ADDRESS,
    Icmpv6,
    NdOption,
    NeighbourAdvertisement,
    NeighbourSolicitation,
)
from bench.net.sdp import SDP_PORT, SdpRequest, SdpResponse, Security, Transport
from bench.net.tcp import ACK, RST, Tcp
from bench.net.v2gtp import V2gtp

ND_HOP_LIMIT = 255
"""Neighbour discovery with any other is ignored: it may have come from elsewhere (RFC 4861, 7.1)."""


def sdp_request(
    src_mac: MacAddress,
    src: Ipv6Address,
    port: int,
    security: Security = Security.NO_TLS,
    transport: Transport = Transport.TCP,
) -> Ipv6Frame:
    """A car's question to its link. *port*: UDP, where it waits for the answer."""
    message = V2gtp(SdpRequest(security, transport))
    return Ipv6Frame(multicast_mac(ALL_NODES), src_mac, Ipv6(src, ALL_NODES, Udp(port, SDP_PORT, message)))


def sdp_response(
    request: Ipv6Frame,
    src_mac: MacAddress,
    src: Ipv6Address,
    secc_port: int,
    security: Security = Security.NO_TLS,
    transport: Transport = Transport.TCP,
) -> Ipv6Frame:
    """A station's answer to *request*. *secc_port*: TCP, where it waits for the car.

    Raises ValueError if *request* is no UDP datagram.
    """
    asked = request.packet.payload
    if not isinstance(asked, Udp):
        raise ValueError("only a UDP datagram can be answered")
    message = V2gtp(SdpResponse(src, secc_port, security, transport))
    return Ipv6Frame(request.src, src_mac, Ipv6(src, request.packet.src, Udp(SDP_PORT, asked.src_port, message)))


def address_claim(mac: MacAddress, address: Ipv6Address) -> Ipv6Frame:
    """Does anybody have *address* already? What an IPv6 host asks before it uses one (RFC 4862, 5.4.2)."""
    group = solicited_node(address)
    question = Icmpv6(NeighbourSolicitation(target=address))
    return Ipv6Frame(multicast_mac(group), mac, Ipv6(UNSPECIFIED, group, question, hop_limit=ND_HOP_LIMIT))


def neighbour_solicitation(mac: MacAddress, address: Ipv6Address, target: Ipv6Address) -> Ipv6Frame:
    """Who has *target*? Asked by the host at *mac* and *address*."""
    group = solicited_node(target)
    question = NeighbourSolicitation(target=target, options=(NdOption(SOURCE_LINK_LAYER_ADDRESS, bytes(mac)),))
    return Ipv6Frame(multicast_mac(group), mac, Ipv6(address, group, Icmpv6(question), hop_limit=ND_HOP_LIMIT))


def neighbour_advertisement(solicitation: Ipv6Frame, mac: MacAddress, address: Ipv6Address) -> Ipv6Frame:
    """The answer of the host at *mac* that has *address*. A host that only claims it is told through all nodes."""
    asker = solicitation.packet.src
    claimed = asker == UNSPECIFIED
    answer = NeighbourAdvertisement(
        flags=OVERRIDE if claimed else SOLICITED | OVERRIDE,
        target=address,
        options=(NdOption(TARGET_LINK_LAYER_ADDRESS, bytes(mac)),),
    )
    to_mac, to = (multicast_mac(ALL_NODES), ALL_NODES) if claimed else (solicitation.src, asker)
    return Ipv6Frame(to_mac, mac, Ipv6(address, to, Icmpv6(answer), hop_limit=ND_HOP_LIMIT))


def tcp_refusal(syn: Ipv6Frame, mac: MacAddress) -> Ipv6Frame:
    """The answer of a host at *mac* where nobody waits for the connection that *syn* asks for (RFC 9293, 3.10.7.1).

    Raises ValueError if *syn* is no TCP segment.
    """
    asked = syn.packet.payload
    if not isinstance(asked, Tcp):
        raise ValueError("only a TCP segment can be refused")
    reset = Tcp(asked.dst_port, asked.src_port, ack=(asked.seq + 1) & 0xFFFF_FFFF, flags=RST | ACK)
    return Ipv6Frame(syn.src, mac, Ipv6(syn.packet.dst, syn.packet.src, reset))
