"""Every IPv6 frame of the real captures is read and written again octet for octet, and nearly all are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_captures import CAPTURES, needs_captures

from bench.capture import open_capture
from bench.net import (
    Icmpv6,
    Ipv6Frame,
    RawPayload,
    SdpRequest,
    SdpResponse,
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
            assert (violation.field, str(frame.src) in SENT_BY_RECORDER) == ("Udp.checksum", True), violation


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
                    seen["TCP"] += 1
                case other:
                    seen[type(other).__name__] += 1

    assert seen["SdpRequest"] >= 20
    assert seen["SdpResponse"] >= 18
    expected = {"NeighbourSolicitation", "NeighbourAdvertisement", "RouterSolicitation", "Mldv2Report", "RawIcmpv6"}
    assert expected <= seen.keys()
