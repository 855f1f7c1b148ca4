"""The files of a recording: whole, numbered, the oldest gone, and never one that somebody else made."""

from __future__ import annotations

import pytest

from bench.capture import open_capture
from bench.errors import ConfigError
from bench.sniff.files import SMALLEST, CaptureFiles

FRAME = bytes(range(256)) * 4
PER_FILE = SMALLEST // (len(FRAME) + 48)


def fill(files: CaptureFiles, count: int, first: int = 0) -> None:
    for t in range(first, first + count):
        files.write(t, FRAME, outgoing=False)


def times(path):
    with open_capture(path) as capture:
        return [record.t for record in capture.records()]


def test_one_file_holds_stamps_to_the_nanosecond_and_directions(tmp_path):
    with CaptureFiles(tmp_path / "a.pcapng", "plc0") as files:
        files.write(1_700_000_000_123_456_789, FRAME, outgoing=True)
        files.write(1_700_000_000_123_456_790, FRAME, outgoing=False)

    with open_capture(tmp_path / "a.pcapng") as capture:
        found = [(record.t, record.outgoing) for record in capture.records()]
        assert capture.facts.interfaces[0] == "plc0"
    assert found == [(1_700_000_000_123_456_789, True), (1_700_000_000_123_456_790, False)]


def test_numbered_files_hold_every_frame_once_and_none_is_too_large(tmp_path):
    with CaptureFiles(tmp_path / "night.pcapng", "plc0", limit=SMALLEST) as files:
        fill(files, 5 * PER_FILE)

    made = sorted(tmp_path.iterdir())
    assert made == files.made
    assert [path.name for path in made][:2] == ["night-0001.pcapng", "night-0002.pcapng"]
    assert [t for path in made for t in times(path)] == list(range(5 * PER_FILE))
    assert all(path.stat().st_size <= SMALLEST for path in made)
    assert len(made) <= 6


@pytest.mark.parametrize("octets", range(60, 75))
def test_no_file_is_larger_than_wished_whatever_the_frames(tmp_path, octets):
    with CaptureFiles(tmp_path / "night.pcapng", "plc0", limit=SMALLEST) as files:
        for t in range(200):
            files.write(t, bytes(octets), outgoing=True)

    assert max(path.stat().st_size for path in files.made) <= SMALLEST


def test_only_the_newest_are_kept(tmp_path):
    with CaptureFiles(tmp_path / "night.pcapng", "plc0", limit=SMALLEST, keep=2) as files:
        fill(files, 5 * PER_FILE)

    there = sorted(tmp_path.iterdir())
    assert there == files.made[-2:]
    assert files.removed == len(files.made) - 2
    assert times(there[-1])[-1] == 5 * PER_FILE - 1


def test_files_of_another_run_are_neither_overwritten_nor_removed(tmp_path):
    others = [tmp_path / "night-0001.pcapng", tmp_path / "night-0007.pcapng", tmp_path / "night-0009.pcapng.txt"]
    for other in others:
        other.write_text("of another run")

    with CaptureFiles(tmp_path / "night.pcapng", "plc0", limit=SMALLEST, keep=1) as files:
        fill(files, 3 * PER_FILE)

    assert files.made[0].name == "night-0008.pcapng"
    assert all(other.read_text() == "of another run" for other in others)


def test_a_file_that_appears_meanwhile_is_stepped_over(tmp_path):
    with CaptureFiles(tmp_path / "night.pcapng", "plc0", limit=SMALLEST) as files:
        (tmp_path / "night-0002.pcapng").write_text("of another run")
        fill(files, 2 * PER_FILE)

    assert (tmp_path / "night-0002.pcapng").read_text() == "of another run"
    assert (tmp_path / "night-0003.pcapng") in files.made


def test_a_file_that_is_there_is_refused(tmp_path):
    path = tmp_path / "a.pcapng"
    path.write_text("precious")

    with pytest.raises(ConfigError, match="is there already and is not overwritten"):
        CaptureFiles(path, "plc0")

    assert path.read_text() == "precious"


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        CaptureFiles(tmp_path / "nowhere" / "a.pcapng", "plc0", limit=SMALLEST)


def test_what_was_flushed_can_be_read_while_it_goes_on(tmp_path):
    with CaptureFiles(tmp_path / "a.pcapng", "plc0") as files:
        fill(files, 3)
        files.flush()

        assert times(tmp_path / "a.pcapng") == [0, 1, 2]


def test_a_recording_that_could_not_begin_leaves_no_file(tmp_path):
    with pytest.raises(RuntimeError), CaptureFiles(tmp_path / "a.pcapng", "plc0"):
        raise RuntimeError

    assert list(tmp_path.iterdir()) == []


def breaks_off(path):
    with CaptureFiles(path, "plc0") as files:
        fill(files, 1)
        raise RuntimeError


def test_a_recording_that_broke_off_keeps_its_file(tmp_path):
    with pytest.raises(RuntimeError):
        breaks_off(tmp_path / "a.pcapng")

    assert times(tmp_path / "a.pcapng") == [0]


@pytest.mark.parametrize("wrong", [{"keep": 2}, {"keep": 0, "limit": SMALLEST}, {"limit": SMALLEST - 1}])
def test_limits_that_make_no_sense_are_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="at least"):
        CaptureFiles(tmp_path / "a.pcapng", "plc0", **wrong)

    assert list(tmp_path.iterdir()) == []
