"""Writing: what the writer writes, readers read back, ours and an independent one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.utils import RawPcapNgReader

from bench.capture import PcapngWriter, Record, open_capture

FRAME = bytes.fromhex("ffffffffffff 02005e000001 88e1") + bytes(46)
T = 1_700_000_000_123_456_789


def test_frames_come_back_with_time_direction_and_comment(tmp_path: Path) -> None:
    """Nanoseconds, interface names, direction and comment survive."""
    path = tmp_path / "trace.pcapng"
    with PcapngWriter.open(path, comment="simulated") as writer:
        evse, pev = writer.add_interface("evse"), writer.add_interface("pev")
        writer.write(T, FRAME, evse, outgoing=True, comment="CM_SLAC_PARM.REQ")
        writer.write(T + 1, FRAME[:-1], pev, outgoing=False)
        writer.write(T + 2, FRAME[:-2], pev)

    with open_capture(path) as capture:
        records = list(capture.records())

    assert records == [
        Record(1, T, FRAME, True, "CM_SLAC_PARM.REQ"),
        Record(2, T + 1, FRAME[:-1], False),
        Record(3, T + 2, FRAME[:-2], None),
    ]
    assert capture.facts.interfaces == ["evse", "pev"]
    assert capture.facts.comments == ["simulated"]
    assert capture.facts.resolution_ns == 1


def test_an_independent_reader_agrees(tmp_path: Path) -> None:
    """scapy reads the same octets at the same nanoseconds, and the interface's name."""
    path = tmp_path / "trace.pcapng"
    with PcapngWriter.open(path) as writer:
        writer.add_interface("evse")
        writer.write(T, FRAME, outgoing=True, comment="one")
        writer.write(T + 5, FRAME[:61], outgoing=False)

    with RawPcapNgReader(str(path)) as reader:
        packets = list(reader)

    assert [packet for packet, _ in packets] == [FRAME, FRAME[:61]]
    assert [(meta.tshigh << 32 | meta.tslow) for _, meta in packets] == [T, T + 5]
    assert {meta.tsresol for _, meta in packets} == {10**9}
    assert {meta.ifname for _, meta in packets} == {b"evse"}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**63), st.binary(max_size=200), st.sampled_from([None, True, False]), st.text(max_size=20)
        )
    )
)
def test_anything_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, frames: list[tuple[int, bytes, bool | None, str]]
) -> None:
    """Any stamp, length, direction and text. NULs at the end of a text are the format's own padding."""
    path = tmp_path_factory.mktemp("written") / "trace.pcapng"
    with PcapngWriter.open(path) as writer:
        writer.add_interface("any")
        for t, octets, outgoing, comment in frames:
            writer.write(t, octets, outgoing=outgoing, comment=comment)

    with open_capture(path) as capture:
        records = list(capture.records())

    assert [(r.t, r.octets, r.outgoing, r.comment) for r in records] == [
        (t, octets, outgoing, comment.rstrip("\0")) for t, octets, outgoing, comment in frames
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"interface": 1}, "interface 1 was not added"),
        ({"t": -1}, "does not fit a stamp"),
        ({"octets": bytes(262_145)}, "262145 octets"),
        ({"comment": "x" * 70_000}, "does not fit an option"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, change: dict[str, object], why: str) -> None:
    """A wrong argument is a ValueError, not a broken file."""
    with PcapngWriter.open(tmp_path / "trace.pcapng") as writer:
        writer.add_interface("only")
        arguments = {"t": T, "octets": FRAME, "interface": 0, "comment": ""} | change
        with pytest.raises(ValueError, match=why):
            writer.write(**arguments)
