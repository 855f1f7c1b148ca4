"""What travels between car and station once they share a network: IPv6, UDP, ICMPv6, V2GTP and SDP.

    frame = decode(octets)                        # Ipv6Frame; MalformedPacket for octets that are none
    frame.packet.payload.payload.payload          # SdpRequest(security=<Security.NO_TLS: 16>, ...)
    encode(sdp_request(mac, link_local(mac), port=49152))
    violations(frame)                             # what is wrong with it, each with its rule

Bytes in, values out; nothing here sends or waits. TCP and what it carries stay octets.
"""

from bench.net.address import (
    ALL_MLDV2_ROUTERS,
    ALL_NODES,
    ALL_ROUTERS,
    UNSPECIFIED,
    Ipv6Address,
    link_local,
    mac_of,
    multicast_mac,
    solicited_node,
)
from bench.net.compose import sdp_request, sdp_response
from bench.net.frame import Ipv6, Ipv6Frame, RawPayload, Udp, decode, encode, is_ipv6, right_checksum
from bench.net.icmpv6 import (
    GroupRecord,
    Icmpv6,
    Mldv2Report,
    NdOption,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    RawIcmpv6,
    RouterAdvertisement,
    RouterSolicitation,
)
from bench.net.malformed import MalformedPacket
from bench.net.rules import Violation, violations
from bench.net.sdp import SDP_PORT, SdpRequest, SdpResponse, Security, Transport
from bench.net.v2gtp import EXI_MESSAGE, V2gtp

__all__ = [
    "ALL_MLDV2_ROUTERS",
    "ALL_NODES",
    "ALL_ROUTERS",
    "EXI_MESSAGE",
    "SDP_PORT",
    "UNSPECIFIED",
    "GroupRecord",
    "Icmpv6",
    "Ipv6",
    "Ipv6Address",
    "Ipv6Frame",
    "MalformedPacket",
    "Mldv2Report",
    "NdOption",
    "NeighbourAdvertisement",
    "NeighbourSolicitation",
    "RawIcmpv6",
    "RawPayload",
    "RouterAdvertisement",
    "RouterSolicitation",
    "SdpRequest",
    "SdpResponse",
    "Security",
    "Transport",
    "Udp",
    "V2gtp",
    "Violation",
    "decode",
    "encode",
    "is_ipv6",
    "link_local",
    "mac_of",
    "multicast_mac",
    "right_checksum",
    "sdp_request",
    "sdp_response",
    "solicited_node",
    "violations",
]
