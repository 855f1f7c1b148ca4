"""Frames come out as they went in, both ways; what is wrong is kept and what does not fit is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packet_strategies import frames

from bench.ids import MacAddress
from bench.net import (
    ACK,
    ALL_NODES,
    EXI_MESSAGE,
    PSH,
    SYN,
    Icmpv6,
    Ipv6,
    Ipv6Address,
    Ipv6Frame,
    MalformedPacket,
    Mldv2Report,
    NdOption,
    NeighbourSolicitation,
    RawIcmpv6,
    RawPayload,
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
    right_checksum,
    sdp_request,
    sdp_response,
)
from bench.net.checksum import internet_checksum

CAR = MacAddress.parse("e0:0e:e1:ff:d3:e2")
STATION = MacAddress.parse("80:1f:12:e8:e6:47")
REQUEST = sdp_request(CAR, link_local(CAR), 50011, Security.NO_TLS)
RESPONSE = sdp_response(REQUEST, STATION, link_local(STATION), 51181)
QUESTION = Ipv6Frame(STATION, CAR, Ipv6(link_local(CAR), ALL_NODES, Icmpv6(NeighbourSolicitation())))


@given(frames)
def test_a_frame_is_decoded_as_it_was_encoded(frame: Ipv6Frame) -> None:
    """Every message, option and tag; lengths and checksums are right, so they come back as None."""
    assert decode(encode(frame)) == frame


@given(frames, st.data())
def test_a_damaged_frame_is_encoded_as_it_was(frame: Ipv6Frame, data: st.DataObject) -> None:
    """One octet changed behind the EtherType, or the end cut off: it decodes to the same octets or is malformed."""
    octets = bytearray(encode(frame))
    octets[data.draw(st.integers(20, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    damaged = bytes(octets[: data.draw(st.integers(60, len(octets)))])

    try:
        found = decode(damaged)
    except MalformedPacket:
        return
    assert encode(found) == damaged


@given(st.binary(max_size=120))
def test_any_octets_are_a_frame_or_malformed(octets: bytes) -> None:
    """No other exception, even behind a right EtherType."""
    for given_octets in (octets, bytes(12) + b"\x86\xdd" + octets, bytes(12) + b"\x86\xdd\x60" + octets):
        try:
            assert encode(decode(given_octets)) == given_octets
        except MalformedPacket:
            continue


def test_a_request_is_as_the_ioniq_sends_it() -> None:
    """Octet for octet, without the checksum that no hand has computed: the compleo capture's frame 36."""
    assert encode(REQUEST)[:20].hex() == "333300000001e00ee1ffd3e286dd600000000012"
    assert encode(REQUEST)[54:60].hex() == "c35b3b0e0012"
    assert encode(REQUEST)[62:].hex() == "01fe9000000000021000"


def test_a_response_goes_back_to_the_port_that_asked() -> None:
    """From the station's SDP port to the car's, with the address and port to connect to."""
    datagram = RESPONSE.packet.payload
    assert isinstance(datagram, Udp)
    assert (datagram.src_port, datagram.dst_port) == (15118, 50011)
    assert (RESPONSE.dst, RESPONSE.packet.dst) == (CAR, link_local(CAR))
    assert datagram.payload == V2gtp(SdpResponse(link_local(STATION), 51181, Security.NO_TLS, Transport.TCP))


def test_a_segment_is_as_rfc_9293_draws_it() -> None:
    """Ports, sequence, acknowledgement, header length in words, flags, window; options and what it carries behind."""
    segment = Tcp(50088, 51181, 0x01020304, 0x05060708, PSH | ACK, 0x1000, 0, bytes.fromhex("020405a0"), b"\x01\xfe")
    octets = encode(Ipv6Frame(STATION, CAR, Ipv6(link_local(CAR), link_local(STATION), segment)))

    assert octets[20] == 6
    assert octets[54:70].hex() == "c3a8c7ed01020304050607086018" + "1000"
    assert octets[72:].hex() == "0000" + "020405a0" + "01fe"


@pytest.mark.parametrize(("flags", "opens"), [(SYN, True), (SYN | ACK, False), (ACK, False), (SYN | PSH, True)])
def test_only_a_syn_without_ack_asks_for_a_connection(flags: int, opens: bool) -> None:
    assert Tcp(1, 2, flags=flags).opens is opens


def test_only_a_datagram_can_be_answered() -> None:
    """A neighbour's question has no port to answer to."""
    with pytest.raises(ValueError, match="UDP"):
        sdp_response(QUESTION, STATION, link_local(STATION), 51181)


@pytest.mark.parametrize("value", [0x00, 0x10, 0x42, 0xFF])
def test_an_unknown_security_is_kept(value: int) -> None:
    """Equal, hashable and the same each time, named or not."""
    found = decode(encode(replace(REQUEST, packet=with_message(SdpRequest(Security(value))))))

    assert isinstance(found.packet.payload, Udp)
    assert isinstance(found.packet.payload.payload, V2gtp)
    message = found.packet.payload.payload.payload
    assert isinstance(message, SdpRequest)
    assert message.security is Security(value)
    assert message.security == value
    assert message.security.text == {0x00: "TLS", 0x10: "no TLS"}.get(value, f"0x{value:02x}")


@pytest.mark.parametrize("value", [-1, 256, "TLS"])
def test_a_security_is_one_octet(value: object) -> None:
    with pytest.raises(ValueError, match="not a valid Security"):
        Security(value)


def with_message(message: SdpRequest | SdpResponse | bytes, **header: int) -> Ipv6:
    return replace(REQUEST.packet, payload=Udp(50011, 15118, V2gtp(message, **header)))


@pytest.mark.parametrize(
    "wrong",
    [
        with_message(SdpRequest(), version=2, inverse_version=0xFD),
        with_message(SdpRequest(), length=3),
        with_message(b"\x10\x00\x00", payload_type=0x9000),
        with_message(b"\x10", payload_type=EXI_MESSAGE),
        Ipv6(link_local(CAR), ALL_NODES, Udp(1, 15118, V2gtp(SdpResponse())), hop_limit=0),
        replace(REQUEST.packet, payload=Udp(1, 2, b"abc", length=7)),
        replace(REQUEST.packet, payload=Udp(1, 2, b"abc", checksum=0)),
        replace(REQUEST.packet, payload=Udp(1, 15118, b"short")),
        replace(REQUEST.packet, payload=Icmpv6(NeighbourSolicitation(), checksum=0xBEEF)),
        replace(REQUEST.packet, payload=Icmpv6(RawIcmpv6(135, b"short"))),
        replace(REQUEST.packet, payload=Icmpv6(RawIcmpv6(143, bytes(4) + b"behind the last record"))),
        replace(REQUEST.packet, payload=Tcp(1, 2, flags=SYN, payload=b"abc", checksum=0)),
        replace(REQUEST.packet, payload=Tcp(1, 2, flags=0xFF, reserved=0xF, checksum=0xBEEF)),
        replace(REQUEST.packet, payload=RawPayload(6, bytes(19))),
        replace(REQUEST.packet, payload=RawPayload(6, bytes(12) + b"\x40" + bytes(7))),
        replace(REQUEST.packet, payload=RawPayload(6, bytes(12) + b"\x60" + bytes(10))),
        replace(REQUEST.packet, payload=RawPayload(58, b"cut")),
        replace(REQUEST.packet, payload=RawPayload(17, b"cut off")),
        replace(REQUEST.packet, payload=RawPayload(0, bytes.fromhex("3aff050200000100"))),
        replace(REQUEST.packet, payload_length=1000),
    ],
)
def test_what_is_wrong_is_sent_and_read_back(wrong: Ipv6) -> None:
    """Illegal values, lying lengths and wrong checksums survive both directions."""
    frame = replace(REQUEST, packet=wrong)

    assert decode(encode(frame)) == frame


def test_a_packet_shorter_than_its_frame_leaves_a_trailer() -> None:
    """Octets behind the announced length are kept, padding alone is not."""
    small = Ipv6Frame(CAR, STATION, Ipv6(link_local(STATION), link_local(CAR), RawPayload(59, b"")))

    assert len(encode(small)) == 60
    assert decode(encode(small)).trailer is None
    assert decode(encode(small)[:54]).trailer == b""
    assert decode(encode(REQUEST) + b"rest").trailer == b"rest"


def test_a_checksum_of_zero_is_sent_as_ones() -> None:
    """Zero would mean that none was computed. UDP only."""
    wanted = next(
        packet
        for packet in (replace(REQUEST.packet, payload=Udp(1, 2, n.to_bytes(2, "big"))) for n in range(0x10000))
        if right_checksum(packet) == 0xFFFF
    )

    assert encode(replace(REQUEST, packet=wanted))[60:62] == b"\xff\xff"


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "86dd"),
        (bytes(12) + b"\x08\x00" + bytes(46), "86dd"),
        (encode(REQUEST)[:53], "ends inside the header"),
        (encode(REQUEST)[:14] + b"\x40" + encode(REQUEST)[15:], "version 4"),
        (encode(REQUEST) + bytes(1500), "more than a frame"),
    ],
    ids=["nothing", "IPv4", "cut", "version 4", "too long"],
)
def test_what_is_no_ipv6_frame_is_malformed(octets: bytes, why: str) -> None:
    with pytest.raises(MalformedPacket, match=why):
        decode(octets)


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (replace(REQUEST, packet=with_message(SdpResponse(secc_port=70_000))), "SdpResponse.secc_port"),
        (replace(REQUEST, packet=with_message(SdpResponse(secc_address=Ipv6Address.parse("::1")[:4]))), "secc_address"),  # type: ignore[arg-type]
        (replace(REQUEST, packet=with_message(b"octets")), "payload_type"),
        (replace(REQUEST, packet=with_message(SdpRequest(), version=300)), "V2gtp"),
        (replace(REQUEST, packet=replace(REQUEST.packet, payload=Udp(1, 70_000, b""))), "Udp"),
        (replace(REQUEST, packet=replace(REQUEST.packet, payload=Tcp(1, 70_000))), "Tcp"),
        (replace(REQUEST, packet=replace(REQUEST.packet, payload=Tcp(1, 2, seq=1 << 32))), "Tcp"),
        (replace(REQUEST, packet=replace(REQUEST.packet, payload=Tcp(1, 2, options=b"123"))), "Tcp.options"),
        (replace(REQUEST, packet=replace(REQUEST.packet, payload=Tcp(1, 2, options=bytes(44)))), "Tcp.options"),
        (replace(REQUEST, packet=replace(REQUEST.packet, payload=Tcp(1, 2, reserved=16))), "Tcp.reserved"),
        (replace(REQUEST, packet=replace(REQUEST.packet, payload=Icmpv6(Mldv2Report(), code=300))), "Icmpv6"),
        (replace(REQUEST, packet=replace(REQUEST.packet, hop_limit=256)), "Ipv6"),
        (replace(REQUEST, packet=replace(REQUEST.packet, flow_label=1 << 20)), "flow label"),
        (replace(REQUEST, packet=replace(REQUEST.packet, hop_by_hop=b"12345")), "hop_by_hop"),
        (replace(REQUEST, packet=replace(REQUEST.packet, hop_by_hop=bytes(8 * 257 - 2))), "hop_by_hop"),
        (replace(REQUEST, packet=replace(REQUEST.packet, payload=RawPayload(6, bytes(1500)))), "1518"),
        (
            replace(
                REQUEST,
                packet=replace(REQUEST.packet, payload=Icmpv6(NeighbourSolicitation(options=(NdOption(1, b"12"),)))),
            ),
            "NdOption",
        ),
        (replace(REQUEST, tag=b"\x81\x00"), "tag"),
    ],
)
def test_a_value_that_does_not_fit_is_named(frame: Ipv6Frame, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        encode(frame)


@pytest.mark.parametrize(
    ("header", "well_formed"),
    [({}, True), ({"version": 2}, False), ({"inverse_version": 0xFF}, False), ({"length": 3}, False)],
)
def test_a_v2gtp_header_is_well_formed_or_not(header: dict[str, int], well_formed: bool) -> None:
    """Version, inverse and length; the receiver goes by these."""
    assert V2gtp(SdpRequest(), **header).well_formed is well_formed


@pytest.mark.parametrize(
    ("octets", "checksum"), [("0001f203f4f5f6f7", 0x220D), ("ffff", 0), ("fffe0001", 0), ("0000", 0xFFFF), ("ff", 0xFF)]
)
def test_the_sum_is_that_of_ones_complement(octets: str, checksum: int) -> None:
    """The first example is that of RFC 1071; all ones is another zero than none; an odd octet is a high half."""
    assert internet_checksum(bytes.fromhex(octets)) == checksum
