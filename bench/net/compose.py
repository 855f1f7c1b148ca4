"""Whole SDP frames from what a station knows; every field can be replaced afterwards."""

from __future__ import annotations

from bench.ids import MacAddress
from bench.net.address import ALL_NODES, Ipv6Address, multicast_mac
from bench.net.frame import Ipv6, Ipv6Frame, Udp
from bench.net.sdp import SDP_PORT, SdpRequest, SdpResponse, Security, Transport
from bench.net.v2gtp import V2gtp


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
