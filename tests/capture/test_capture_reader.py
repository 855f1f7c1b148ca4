"""Reading: every format a recorder writes gives the same frames at the same nanoseconds."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from capture_files import (
    OPT_END,
    epb,
    idb,
    option,
    pcap_header,
    pcap_record,
    pcapng,
    shb,
    sll,
    sll2,
    spb,
)
from hypothesis import given
from hypothesis import strategies as st
from real_captures import CAPTURES

from bench.capture import UNKNOWN_ADDRESS, CaptureFile, Record, open_capture
from bench.errors import CaptureError

FRAME = bytes.fromhex("ffffffffffff 02005e000001 88e1") + bytes(46)
OTHER = bytes.fromhex("02005e000001 02005e000002 86dd") + bytes(range(61))
T = 1_700_000_000_123_456_789
"""Ns; a microsecond file can hold all but the last three digits."""

WriteFile = Callable[[bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> WriteFile:
    def write(octets: bytes) -> Path:
        path = tmp_path / "capture"
        path.write_bytes(octets)
        return path

    return write


def read(path: Path) -> tuple[list[Record], CaptureFile]:
    with open_capture(path) as capture:
        return list(capture.records()), capture


@pytest.mark.parametrize("order", "<>")
def test_microsecond_pcap_gives_whole_microseconds(written: WriteFile, order: str) -> None:
    """pcap, magic a1b2c3d4, in either byte order."""
    path = written(pcap_header(order, 1000) + pcap_record(order, T, 1000, FRAME) + pcap_record(order, T, 1000, OTHER))

    records, capture = read(path)

    assert records == [Record(1, T // 1000 * 1000, FRAME), Record(2, T // 1000 * 1000, OTHER)]
    assert (capture.facts.format, capture.facts.link_type, capture.facts.resolution_ns) == ("pcap", 1, 1000)


@pytest.mark.parametrize("order", "<>")
def test_nanosecond_pcap_keeps_every_nanosecond(written: WriteFile, order: str) -> None:
    """pcap, magic a1b23c4d, in either byte order."""
    records, capture = read(written(pcap_header(order, 1) + pcap_record(order, T, 1, FRAME)))

    assert [record.t for record in records] == [T]
    assert capture.facts.resolution_ns == 1


@pytest.mark.parametrize("order", "<>")
def test_pcapng_enhanced_packets(written: WriteFile, order: str) -> None:
    """pcapng in either byte order, default resolution of a microsecond."""
    path = written(shb(order) + idb(order) + epb(order, T // 1000, FRAME) + epb(order, T // 1000 + 1, OTHER))

    records, capture = read(path)

    assert [(record.number, record.t, record.octets) for record in records] == [
        (1, T // 1000 * 1000, FRAME),
        (2, T // 1000 * 1000 + 1000, OTHER),
    ]
    assert (capture.facts.format, capture.facts.link_type, capture.facts.resolution_ns) == ("pcapng", 1, 1000)


@pytest.mark.parametrize(
    ("resolution", "ticks", "expected"),
    [
        (0, 1_700_000_000, 1_700_000_000 * 10**9),
        (3, 1_700_000_000_123, 1_700_000_000_123 * 10**6),
        (9, T, T),
        (12, 5_000_000_123_999, 5_000_000_123),
        (0x80 | 10, 5 * 1024 + 512, 5_500_000_000),
        (0x80 | 30, 3 << 30, 3_000_000_000),
    ],
)
def test_if_tsresol_scales_the_stamps(written: WriteFile, resolution: int, ticks: int, expected: int) -> None:
    """pcapng if_tsresol: powers of ten, and of two with the top bit set; finer than a nanosecond is rounded down."""
    path = written(shb("<") + idb("<", [option("<", 9, bytes([resolution]))]) + epb("<", ticks, FRAME))

    assert [record.t for record in read(path)[0]] == [expected]


def test_if_tsoffset_is_added_in_seconds(written: WriteFile) -> None:
    """pcapng if_tsoffset: a signed number of seconds."""
    offsets = [option("<", 14, struct.pack("<q", -60))]

    records, _ = read(written(shb("<") + idb("<", offsets) + epb("<", 100_000_000, FRAME)))

    assert records[0].t == 40_000_000_000


def test_interfaces_keep_their_own_clocks(written: WriteFile) -> None:
    """Two interfaces of one section, microseconds and nanoseconds, mixed."""
    path = written(
        shb("<")
        + idb("<", [option("<", 2, b"plc0")])
        + idb("<", [option("<", 2, b"plc1"), option("<", 9, b"\x09")])
        + epb("<", 7, FRAME, which=0)
        + epb("<", 7, OTHER, which=1)
    )

    records, capture = read(path)

    assert [record.t for record in records] == [7000, 7]
    assert capture.facts.interfaces == ["plc0", "plc1"]


def test_a_new_section_forgets_the_interfaces_of_the_last(written: WriteFile) -> None:
    """Sections in different byte orders; frame numbers run on."""
    first = shb("<") + idb("<") + epb("<", 1, FRAME)
    second = shb(">") + idb(">", [option(">", 9, b"\x09")]) + epb(">", 1, OTHER)

    records, _ = read(written(first + second))

    assert [(record.number, record.t, record.octets) for record in records] == [(1, 1000, FRAME), (2, 1, OTHER)]


def test_a_section_without_interfaces_cannot_hold_packets(written: WriteFile) -> None:
    """A packet of an interface that its own section does not describe is damage."""
    records, capture = read(written(shb("<") + idb("<") + epb("<", 1, FRAME) + shb("<") + epb("<", 2, OTHER)))

    assert len(records) == 1
    assert "interface 0, which is not described" in (capture.facts.damage or "")


def test_simple_packets_take_the_time_before_them(written: WriteFile) -> None:
    """A simple packet block has no stamp; it is counted as such."""
    records, capture = read(written(shb("<") + idb("<") + epb("<", 5, FRAME) + spb("<", OTHER)))

    assert [(record.t, record.octets) for record in records] == [(5000, FRAME), (5000, OTHER)]
    assert capture.facts.unstamped_frames == 1


def test_obsolete_packet_blocks_are_read(written: WriteFile) -> None:
    """Block type 2 of the first drafts, on its interface's clock."""
    body = struct.pack("<HHIIII", 0, 0, 0, 9, len(FRAME), len(FRAME)) + FRAME
    offset = [option("<", 14, struct.pack("<q", 1))]

    records, _ = read(written(shb("<") + idb("<", offset) + pcapng("<", 2, body)))

    assert records == [Record(1, 1_000_009_000, FRAME)]


def test_direction_and_comment_of_a_packet(written: WriteFile) -> None:
    """epb_flags: 1 inbound, 2 outbound; opt_comment is text."""
    out = [option("<", 1, b"sent"), option("<", 2, struct.pack("<I", 2)), OPT_END]
    into = [option("<", 2, struct.pack("<I", 1)), OPT_END]
    path = written(shb("<") + idb("<") + epb("<", 1, FRAME, options=out) + epb("<", 2, FRAME, options=into))

    records, _ = read(path)

    assert [(record.outgoing, record.comment) for record in records] == [(True, "sent"), (False, "")]


def test_unknown_blocks_are_skipped(written: WriteFile) -> None:
    """Name resolution, statistics and whatever comes later stand between packets."""
    path = written(shb("<") + idb("<") + pcapng("<", 4, bytes(8)) + pcapng("<", 0x0BAD, bytes(40)) + epb("<", 1, FRAME))

    assert len(read(path)[0]) == 1


def test_what_the_recorder_says_of_itself(written: WriteFile) -> None:
    """Section options: comment, operating system, software."""
    about = [option("<", 1, b"garage, left"), option("<", 3, b"Debian"), option("<", 4, b"Dumpcap"), OPT_END]

    _, capture = read(written(shb("<", about) + idb("<")))

    assert (capture.facts.comments, capture.facts.os, capture.facts.software) == (["garage, left"], "Debian", "Dumpcap")


@pytest.mark.parametrize(("link", "cooked"), [(113, sll), (276, sll2)])
def test_cooked_frames_in_ethernet_form(written: WriteFile, link: int, cooked: Callable[..., bytes]) -> None:
    """Linux cooked v1 and v2: the sender is known, the destination only of broadcasts and of frames to a known self."""
    sender, payload = FRAME[6:12], FRAME[14:]
    frames = [
        cooked(0, sender, b"\x88\xe1", payload),  # to us, before we sent anything
        cooked(1, sender, b"\x88\xe1", payload),  # broadcast
        cooked(4, OTHER[6:12], b"\x88\xe1", payload),  # sent by us
        cooked(0, sender, b"\x88\xe1", payload),  # to us again
        cooked(3, sender, b"\x88\xe1", payload),  # to somebody else
    ]
    path = written(pcap_header("<", 1, link) + b"".join(pcap_record("<", T, 1, frame) for frame in frames))

    records, capture = read(path)

    assert [record.octets[:6] for record in records] == [
        UNKNOWN_ADDRESS,
        b"\xff" * 6,
        UNKNOWN_ADDRESS,
        OTHER[6:12],
        UNKNOWN_ADDRESS,
    ]
    assert [record.outgoing for record in records] == [False, False, True, False, False]
    assert all(record.octets[12:] == FRAME[12:] for record in records)
    assert capture.facts.link_type == link


def test_cooked_multicast_of_ipv6_gets_its_group_address(written: WriteFile) -> None:
    """RFC 2464: 33:33 and the last four octets of the destination."""
    ip = bytes(24) + bytes.fromhex("ff020000000000000000000000000001")
    path = written(pcap_header("<", 1, 113) + pcap_record("<", T, 1, sll(2, FRAME[6:12], b"\x86\xdd", ip)))

    assert read(path)[0][0].octets[:6] == bytes.fromhex("333300000001")


def test_a_cut_last_record_is_no_frame(written: WriteFile) -> None:
    """The recorder was killed: octets of the last record are told, the record is not."""
    whole = pcap_header("<", 1) + pcap_record("<", T, 1, FRAME)
    path = written(whole + pcap_record("<", T, 1, OTHER)[:-1])

    records, capture = read(path)

    assert len(records) == 1
    assert capture.facts.truncated_tail_bytes == 16 + len(OTHER) - 1
    assert capture.facts.damage is None


def test_a_whole_file_has_no_tail(written: WriteFile) -> None:
    """The near miss of the above."""
    _, capture = read(written(pcap_header("<", 1) + pcap_record("<", T, 1, FRAME)))

    assert (capture.facts.truncated_tail_bytes, capture.facts.damage) == (0, None)


def test_a_cut_pcapng_block_is_no_frame(written: WriteFile) -> None:
    """The same for pcapng."""
    last = epb("<", 2, OTHER)
    path = written(shb("<") + idb("<") + epb("<", 1, FRAME) + last[:-5])

    records, capture = read(path)

    assert len(records) == 1
    assert capture.facts.truncated_tail_bytes == len(last) - 5


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (struct.pack("<IIII", 0, 0, 0, 0), "zeros instead of a record"),
        (struct.pack("<IIII", 1, 0, 262_145, 262_145), "262145 octets"),
        (struct.pack("<IIII", 1, 1_000_000, 60, 60), "fraction of a second"),
    ],
)
def test_reading_stops_at_an_unreadable_record(written: WriteFile, record: bytes, why: str) -> None:
    """What precedes the damage counts; the damage is told with frame and octet."""
    path = written(pcap_header("<", 1000) + pcap_record("<", T, 1000, FRAME) + record + bytes(300_000))

    records, capture = read(path)

    assert len(records) == 1
    assert why in (capture.facts.damage or "")
    assert f"octet {24 + 16 + len(FRAME)}, where frame 2 should be" in (capture.facts.damage or "")


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (struct.pack("<III", 6, 11, 11), "a block of 11 octets"),
        (struct.pack("<II", 6, 1 << 25), "a block of 33554432 octets"),
        (struct.pack("<IIII", 6, 16, 0, 20), "two lengths of a block differ"),
        (pcapng("<", 6, struct.pack("<IIIII", 0, 0, 1, 99, 99)), "99 octets in a block"),
        (pcapng("<", 0x0A0D0D0A, b"abcd" + bytes(12)), "byte order mark"),
        (pcapng("<", 1, bytes(4)), "interface description"),
    ],
)
def test_reading_stops_at_an_unreadable_block(written: WriteFile, block: bytes, why: str) -> None:
    """The same for pcapng."""
    path = written(shb("<") + idb("<") + epb("<", 1, FRAME) + block + epb("<", 2, OTHER))

    records, capture = read(path)

    assert len(records) == 1
    assert why in (capture.facts.damage or "")


def test_records_longer_than_a_piece_are_read(written: WriteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces end anywhere: in a header, in a frame, before the last octet."""
    path = written(pcap_header("<", 1) + b"".join(pcap_record("<", T + i, 1, OTHER) for i in range(20)))
    whole, _ = read(path)

    for size in (1, 7, 16, 64, 129):
        monkeypatch.setattr("bench.capture.reader.CHUNK", size)
        assert read(path)[0] == whole


def test_records_can_be_read_again(written: WriteFile) -> None:
    """A file is rewound for a second look."""
    with open_capture(written(pcap_header("<", 1) + pcap_record("<", T, 1, FRAME))) as capture:
        assert list(capture.records()) == list(capture.records())


def test_progress_counts_octets(written: WriteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The callback hears how far the file has been read."""
    path = written(pcap_header("<", 1) + pcap_record("<", T, 1, FRAME) * 3)
    monkeypatch.setattr("bench.capture.reader.CHUNK", 100)
    heard: list[int] = []

    with open_capture(path) as capture:
        list(capture.records(heard.append))

    assert heard == sorted(heard)
    assert heard[-1] == path.stat().st_size


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "is empty"),
        (b"\xd4\xc3\xb2", "ends inside the file header"),
        (pcap_header("<", 1)[:20], "ends inside the file header"),
        (shb("<")[:12], "ends inside the section header"),
        (b"\x0a\x0d\x0d\x0a" + bytes(40), "byte order mark"),
        (b"\x1f\x8b" + bytes(40), "gunzip"),
        (b"GIF89a and more of it", "neither pcap nor pcapng"),
        (pcap_header("<", 1, link=220), "link type 220"),
        (pcap_header("<", 1)[:4] + b"\x03\x00" + bytes(18), "version 3"),
    ],
)
def test_what_is_no_capture_says_why(written: WriteFile, octets: bytes, why: str) -> None:
    """One line with the file's name and what to do."""
    path = written(octets)

    with pytest.raises(CaptureError, match=why) as error:
        open_capture(path)

    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_folder_say_why(tmp_path: Path) -> None:
    """The same for paths that are no files."""
    with pytest.raises(CaptureError, match="no such file"):
        open_capture(tmp_path / "missing")
    with pytest.raises(CaptureError, match="is a directory"):
        open_capture(tmp_path)


def test_packets_of_foreign_link_types_only_are_an_error(written: WriteFile) -> None:
    """pcapng tells link types by interface, so it shows with the first packet."""
    path = written(shb("<") + idb("<", link=220) + epb("<", 1, FRAME))

    with pytest.raises(CaptureError, match="link type 220"):
        read(path)


def test_packets_of_one_foreign_interface_are_counted(written: WriteFile) -> None:
    """Beside a readable interface they keep their frame numbers and nothing else."""
    path = written(shb("<") + idb("<") + idb("<", link=220) + epb("<", 1, OTHER, which=1) + epb("<", 2, FRAME))

    records, capture = read(path)

    assert [(record.number, record.octets) for record in records] == [(1, b""), (2, FRAME)]
    assert capture.facts.foreign_frames == 1


@given(
    st.binary(max_size=400), st.sampled_from([b"", pcap_header("<", 1), pcap_header(">", 1000), shb("<") + idb("<")])
)
def test_no_octets_raise_anything_but_capture_error(
    tmp_path_factory: pytest.TempPathFactory, octets: bytes, head: bytes
) -> None:
    """Random octets, alone and behind a sound header."""
    path = tmp_path_factory.mktemp("noise") / "capture"
    path.write_bytes(head + octets)

    try:
        records, _ = read(path)
    except CaptureError:
        return
    assert [record.number for record in records] == list(range(1, len(records) + 1))


@given(st.data())
def test_a_damaged_capture_gives_frames_or_capture_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Octets of a sound file changed anywhere."""
    sound = shb("<") + idb("<", [option("<", 9, b"\x09")]) + epb("<", T, FRAME) + spb("<", OTHER) + epb("<", T, OTHER)
    octets = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damage") / "capture"
    path.write_bytes(octets)

    try:
        records, _ = read(path)
    except CaptureError:
        return
    assert len(records) <= 3


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_real_captures_are_read_whole(path: Path) -> None:
    """Real recorders' files: all frames, no damage. Their ground truth is compared in tests/analysis."""
    records, capture = read(path)

    assert records
    assert all(len(record.octets) >= 14 for record in records)
    assert capture.facts.damage is None
