"""Hypothesis strategies for packets that say nothing wrong about themselves: what is None is right."""

from __future__ import annotations

from hypothesis import strategies as st

from bench.ids import MacAddress
from bench.net import (
    EXI_MESSAGE,
    SDP_PORT,
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
    RawPayload,
    RouterAdvertisement,
    RouterSolicitation,
    SdpRequest,
    SdpResponse,
    Security,
    Tcp,
    Transport,
    Udp,
    V2gtp,
)

u8, u16, u32 = (st.integers(0, 256**size - 1) for size in (1, 2, 4))
macs = st.binary(min_size=6, max_size=6).map(MacAddress)
addresses = st.binary(min_size=16, max_size=16).map(Ipv6Address)
octets = st.binary(max_size=80)
securities, transports = u8.map(Security), u8.map(Transport)

options = st.lists(
    st.builds(NdOption, u8, st.integers(0, 3).flatmap(lambda n: st.binary(min_size=6 + 8 * n, max_size=6 + 8 * n))),
    max_size=3,
).map(tuple)
groups = st.lists(
    st.builds(
        GroupRecord,
        u8,
        addresses,
        st.lists(addresses, max_size=2).map(tuple),
        st.integers(0, 2).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n)),
    ),
    max_size=3,
).map(tuple)
unlisted = u8.filter(lambda kind: kind not in (133, 134, 135, 136, 143))
icmpv6_messages = st.one_of(
    st.builds(RouterSolicitation, u32, options),
    st.builds(RouterAdvertisement, u8, u8, u16, u32, u32, options),
    st.builds(NeighbourSolicitation, u32, addresses, options),
    st.builds(NeighbourAdvertisement, u32, addresses, options),
    st.builds(Mldv2Report, u16, groups),
    st.builds(RawIcmpv6, unlisted, octets),
)
sdp_messages = st.one_of(
    st.builds(SdpRequest, securities, transports), st.builds(SdpResponse, addresses, u16, securities, transports)
)
v2gtp = st.one_of(
    st.builds(V2gtp, sdp_messages, st.none(), u8, u8), st.builds(V2gtp, octets, st.just(EXI_MESSAGE), u8, u8)
)
other_ports = u16.filter(lambda port: port != SDP_PORT)
segments = st.builds(
    Tcp,
    u16,
    u16,
    u32,
    u32,
    u8,
    u16,
    u16,
    st.integers(0, 10).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words)),
    octets,
    st.integers(0, 15),
)
payloads = st.one_of(
    segments,
    st.builds(Udp, u16, st.just(SDP_PORT), v2gtp),
    st.builds(Udp, st.just(SDP_PORT), u16, v2gtp),
    st.builds(Udp, other_ports, other_ports, octets),
    st.builds(Icmpv6, icmpv6_messages, u8),
    st.builds(RawPayload, st.sampled_from([43, 59, 89]), octets),
)
packets = st.builds(
    Ipv6,
    addresses,
    addresses,
    payloads,
    u8,
    u8,
    st.integers(0, 0xFFFFF),
    st.sampled_from([b"", bytes(6), bytes.fromhex("050200000100"), bytes(14)]),
)
frames = st.builds(Ipv6Frame, macs, macs, packets, st.none(), st.sampled_from([b"", bytes.fromhex("81000001")]))
