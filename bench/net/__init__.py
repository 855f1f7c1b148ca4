"""What travels between car and station once they share a network: IPv6, UDP, TCP, ICMPv6, V2GTP and SDP.

    frame = decode(octets)                        # Ipv6Frame; MalformedPacket for octets that are none
    frame.packet.payload.payload.payload          # SdpRequest(security=<Security.NO_TLS: 16>, ...)
    encode(sdp_request(mac, link_local(mac), port=49152))
    violations(frame)                             # what is wrong with it, each with its rule

Bytes in, values out; nothing here sends or waits. What TCP carries stays octets.
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
from bench.net.compose import (
    address_claim,
    neighbour_advertisement,
    neighbour_solicitation,
    sdp_request,
    sdp_response,
    tcp_refusal,
)
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
from bench.net.tcp import ACK, FIN, PSH, RST, SYN, Tcp
from bench.net.v2gtp import EXI_MESSAGE, V2gtp

__all__ = [
    "ACK",
    "ALL_MLDV2_ROUTERS",
    "ALL_NODES",
    "ALL_ROUTERS",
    "EXI_MESSAGE",
    "FIN",
    "PSH",
    "RST",
    "SDP_PORT",
    "SYN",
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
    "Tcp",
    "Transport",
    "Udp",
    "V2gtp",
    "Violation",
    "address_claim",
    "decode",
    "encode",
    "is_ipv6",
    "link_local",
    "mac_of",
    "multicast_mac",
    "neighbour_advertisement",
    "neighbour_solicitation",
    "right_checksum",
    "sdp_request",
    "sdp_response",
    "solicited_node",
    "tcp_refusal",
    "violations",
]
