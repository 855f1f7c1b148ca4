"""Every IPv6 frame of the real captures is read and written again octet for octet, and nearly all are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_captures import CAPTURES, capture, needs_captures

from bench.capture import open_capture
from bench.net import (
    ACK,
    SYN,
    Icmpv6,
    Ipv6Frame,
    RawPayload,
    SdpRequest,
    SdpResponse,
    Tcp,
    Udp,
    V2gtp,
    decode,
    encode,
    is_ipv6,
    violations,
)

pytestmark = needs_captures

SENT_BY_RECORDER = {"dc:0e:a1:11:67:08", "e4:5f:01:26:e5:d7"}
"""Hosts whose network card computes checksums after the frame was recorded; and pyPLC's SDP request has a wrong one."""


def ipv6_frames(path: Path) -> Iterator[tuple[bytes, Ipv6Frame]]:
    with open_capture(path) as opened:
        for record in opened.records():
            if is_ipv6(record.octets):
                yield record.octets, decode(record.octets)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_frames_are_written_as_they_were_read(path: Path) -> None:
    for octets, frame in ipv6_frames(path):
        assert encode(frame) == octets


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_only_checksums_of_the_recorder_s_own_host_are_wrong(path: Path) -> None:
    """Lengths, hop limits, groups, V2GTP headers and SDP fields of 24,000 frames say nothing."""
    for _, frame in ipv6_frames(path):
        for violation in violations(frame):
            assert violation.field in ("Udp.checksum", "Tcp.checksum"), violation
            assert str(frame.src) in SENT_BY_RECORDER, violation


def test_segments_are_read_with_their_fields() -> None:
    """The first connection of the Ioniq to the Compleo, its handshake as annotated: frames 40 to 42, port 51181."""
    wanted = {40: SYN, 41: SYN | ACK, 42: ACK}
    with open_capture(capture("ccm_spi_ioniq")) as opened:
        frames = {r.number: decode(r.octets).packet.payload for r in opened.records() if r.number in wanted}
    opening, answer, last = (frames[number] for number in wanted)

    assert isinstance(opening, Tcp)
    assert isinstance(answer, Tcp)
    assert isinstance(last, Tcp)
    assert {number: frame.flags for number, frame in frames.items() if isinstance(frame, Tcp)} == wanted
    assert (opening.src_port, opening.dst_port, opening.opens, answer.opens) == (50088, 51181, True, False)
    assert (answer.ack, last.seq, last.ack) == (opening.seq + 1, opening.seq + 1, answer.seq + 1)


def test_the_captures_hold_what_is_read_here() -> None:
    """So that the tests above have something to be wrong about: each message type that cars and stations use."""
    seen: Counter[str] = Counter()
    for path in CAPTURES:
        for _, frame in ipv6_frames(path):
            match frame.packet.payload:
                case Icmpv6(message=message):
                    seen[type(message).__name__] += 1
                case Udp(payload=V2gtp(payload=SdpRequest() | SdpResponse() as message)):
                    seen[type(message).__name__] += 1
                case RawPayload(next_header=6):
                    seen["TCP unread"] += 1
                case other:
                    seen[type(other).__name__] += 1

    assert seen["SdpRequest"] >= 20
    assert seen["SdpResponse"] >= 18
    assert seen["Tcp"] > 20_000
    assert "TCP unread" not in seen
    expected = {"NeighbourSolicitation", "NeighbourAdvertisement", "RouterSolicitation", "Mldv2Report", "RawIcmpv6"}
    assert expected <= seen.keys()
