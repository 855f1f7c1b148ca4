"""One program per bench: the second is refused with the first one's name, and a killed one holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.errors import RigBusy
from bench.lock import RigLock

HOLDER = """
import sys
from pathlib import Path
from bench.lock import RigLock
lock = RigLock(sys.argv[2:], "a long run", Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(place: Path, *names: str) -> Iterator[subprocess.Popen[str]]:
    """Another program that holds the locks until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place), *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_second_program_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    with holder(tmp_path, "rig lab-3") as first, pytest.raises(RigBusy) as refused:
        RigLock(["rig lab-3"], "another run", tmp_path)

    said = str(refused.value)
    assert said.startswith(f"rig lab-3 is in use by another program (process {first.pid} of ")
    assert "a long run" in said
    assert str(tmp_path / "ccs-bench-rig-lab-3.lock") in said


def test_another_rig_on_the_same_interface_is_refused_too(tmp_path: Path) -> None:
    with holder(tmp_path, "rig lab-3", "interface plc0"), pytest.raises(RigBusy, match="interface plc0 is in use"):
        RigLock(["rig lab-4", "interface plc0"], "another run", tmp_path)

    RigLock(["rig lab-4"], "what was refused has left nothing locked", tmp_path).close()


def test_a_rig_beside_it_is_free(tmp_path: Path) -> None:
    with holder(tmp_path, "rig lab-3", "interface plc0"):
        RigLock(["rig lab-4", "interface plc1"], "another run", tmp_path).close()


def test_a_killed_program_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path, "rig lab-3") as first:
        first.send_signal(signal.SIGKILL)
        first.wait(10)

        lock = RigLock(["rig lab-3"], "the next run", tmp_path)

    lock.close()
    lock.close()


def test_closing_frees_the_lock_and_keeps_its_file(tmp_path: Path) -> None:
    RigLock(["rig lab-3"], "one", tmp_path).close()

    assert (tmp_path / "ccs-bench-rig-lab-3.lock").exists()
    RigLock(["rig lab-3"], "two", tmp_path).close()
    assert "two" in (tmp_path / "ccs-bench-rig-lab-3.lock").read_text()
    assert "one" not in (tmp_path / "ccs-bench-rig-lab-3.lock").read_text()


def test_a_child_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = RigLock(["rig lab-3"], "the parent", tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, close_fds=False
    ) as child:
        lock.close()
        RigLock(["rig lab-3"], "the next", tmp_path).close()
        child.kill()


def test_a_name_of_any_letters_becomes_a_file_in_its_place(tmp_path: Path) -> None:
    RigLock(["rig ../../garage / 2"], "odd", tmp_path).close()

    assert [path.name for path in tmp_path.iterdir()] == ["ccs-bench-rig-..-..-garage-2.lock"]


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(RigBusy, match="can be neither made nor opened"):
        RigLock(["rig lab-3"], "a run", tmp_path / "missing")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """In a directory of everybody's, a link would let somebody have a file of ours written over."""
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    os.symlink(precious, tmp_path / "ccs-bench-rig-lab-3.lock")

    with pytest.raises(RigBusy):
        RigLock(["rig lab-3"], "a run", tmp_path)

    assert precious.read_text() == "keep me"
