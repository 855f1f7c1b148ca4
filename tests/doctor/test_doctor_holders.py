"""Who has a device open or a lock taken; with the real kernel as well."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.doctor.holders import Holder, lock_file, locked_by, users_of
from bench.doctor.system import System
from bench.lock import RigLock


@pytest.mark.parametrize("name", ["rig lab 3", "interface plc0", "rig über/alles"])
def test_a_lock_of_the_bench_is_found_by_its_name_and_leads_to_its_holder(tmp_path, name):
    """Taken for real, and read in this computer's /proc."""
    path = str(tmp_path / lock_file(name)).lstrip("/")

    lock = RigLock([name], "a test", tmp_path)
    held = locked_by(System(), path)
    lock.close()

    assert held is not None
    assert held.pid == str(os.getpid())
    assert locked_by(System(), path) is None


def test_a_lock_file_that_does_not_exist_is_held_by_nobody(computer):
    assert locked_by(computer.system, "run/lock/ccs-bench-rig-x.lock") is None


def test_a_lock_on_another_file_does_not_count(computer):
    computer.file("run/lock/a")
    computer.file("run/lock/b")
    computer.lock("run/lock/a", 4300)

    assert locked_by(computer.system, "run/lock/a") == Holder("4300", "")
    assert locked_by(computer.system, "run/lock/b") is None


@pytest.mark.parametrize(("opened", "held"), [("a", True), ("b", False)])
def test_where_the_kernel_writes_another_device_it_counts_who_has_the_file_open(computer, opened, held):
    """As on btrfs."""
    for name in ("a", "b"):
        computer.file(f"run/lock/{name}")
    inode = computer.system.file_id("run/lock/a").rpartition(":")[2]
    computer.file("proc/locks", f"1: FLOCK  ADVISORY  WRITE 4300 ff:ff:{inode} 0 EOF\n")
    computer.link("proc/4300/fd/7", str((computer.root / "run/lock" / opened).resolve()))

    assert (locked_by(computer.system, "run/lock/a") is not None) is held
    assert locked_by(computer.system, "run/lock/b") is None


def test_who_waits_for_a_lock_does_not_hold_it(computer):
    computer.file("run/lock/a")
    computer.file("proc/locks", f"1: -> FLOCK  ADVISORY  WRITE 4301 {computer.system.file_id('run/lock/a')} 0 EOF\n")

    assert locked_by(computer.system, "run/lock/a") is None


def test_a_program_that_has_a_port_open_is_named(computer):
    computer.process(20, "minicom")
    computer.link("proc/20/fd/5", "/dev/ttyUSB0")
    computer.process(21, "bash")
    computer.link("proc/21/fd/0", "/dev/pts/0")

    assert users_of(computer.system, ["/dev/ttyUSB0", "/dev/ttyUSB1"]) == {"/dev/ttyUSB0": [Holder("20", "minicom")]}
    assert str(Holder("20", "minicom")) == "minicom (process 20)"


def test_a_file_that_this_process_has_open_is_seen_in_the_real_proc(tmp_path):
    path = tmp_path / "port"
    with path.open("w"):
        found = users_of(System(), [str(path)])

    assert [holder.pid for holder in found[str(path)]] == [str(os.getpid())]
    assert users_of(System(), [str(Path(path))]) == {}
