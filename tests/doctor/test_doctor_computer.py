"""Kernel, room, locks, time of day, priority."""

from __future__ import annotations

import pytest
from fake_computer import GIB, FakeComputer

from bench.doctor.computer import check_computer
from bench.doctor.findings import Level

SYNCHRONISED = "timedatectl show -p NTPSynchronized --value"


@pytest.fixture
def computer(computer: FakeComputer) -> FakeComputer:
    computer.file("proc/sys/kernel/osrelease", "6.12.25+rpt-rpi-v8\n")
    for folder in ("run/lock", "home/ann"):
        computer.folder(folder)
    return computer


def checked(computer, **more):
    return {finding.subject: finding for finding in check_computer(computer.system, **more)}


@pytest.mark.parametrize(
    ("release", "level"),
    [
        ("6.12.25+rpt-rpi-v8", Level.OK),
        ("5.10.0-30-amd64", Level.OK),
        ("5.4.0-150-generic", Level.WARNING),
        ("4.19.118-v7l+", Level.WARNING),
        ("", Level.NOTE),
    ],
)
def test_an_old_kernel_cannot_measure_edges(computer, release, level):
    computer.file("proc/sys/kernel/osrelease", release)

    assert checked(computer)["kernel"].level is level


@pytest.mark.parametrize(("free", "level"), [(20 * GIB, Level.OK), (GIB // 2, Level.WARNING), (10 << 20, Level.ERROR)])
def test_room_for_results(computer, free, level):
    computer.free = free

    finding = checked(computer)["room"]

    assert finding.level is level
    assert f"{free / GIB:.1f} GB free in /home/ann" in finding.reason


def test_a_folder_that_results_cannot_be_written_to(computer):
    assert "results" not in checked(computer)

    computer.barred["home/ann"] = ""

    assert checked(computer)["results"].level is Level.WARNING


def test_locks_have_their_place(computer):
    assert checked(computer)["locks"].level is Level.OK


@pytest.mark.parametrize(("there", "words"), [(True, "may not be written to"), (False, "is not there")])
def test_without_their_place_locks_go_where_they_may_be_cleared(computer, there, words):
    if there:
        computer.barred["run/lock"] = ""
    else:
        (computer.root / "run/lock").rmdir()

    finding = checked(computer)["locks"]

    assert finding.level is Level.WARNING
    assert words in finding.reason
    assert finding.fix == "sudo install -d -m 1777 /run/lock"


def test_a_bench_that_is_in_use_is_told_with_its_holder(computer):
    """What is found may be that program's doing."""
    for name in ("rig-lab-3", "rig-lab-4"):
        computer.file(f"run/lock/ccs-bench-{name}.lock")
    computer.process(4300, "pytest")
    computer.lock("run/lock/ccs-bench-rig-lab-3.lock", 4300)

    finding = checked(computer)["in use"]

    assert finding.level is Level.NOTE
    assert finding.reason.startswith("rig lab-3: by pytest (process 4300)")
    assert "in use" not in checked(computer, told=["ccs-bench-rig-lab-3.lock"])


def test_locks_of_other_programs_are_nobodys_concern(computer):
    computer.file("run/lock/LCK..ttyUSB0")
    computer.lock("run/lock/LCK..ttyUSB0", 4300)

    assert "in use" not in checked(computer)


@pytest.mark.parametrize(("said", "level"), [("yes\n", Level.OK), ("no\n", Level.NOTE), (None, None)])
def test_time_of_day_matters_to_dates_alone(computer, said, level):
    """Where it cannot be asked, as in a container, there is nothing to say."""
    if said is not None:
        computer.programs[SYNCHRONISED] = said
    computer.link("etc/localtime", "/usr/share/zoneinfo/Asia/Kathmandu")

    finding = checked(computer).get("time of day")

    assert (finding and finding.level) is level
    if finding is not None:
        assert "Asia/Kathmandu" in finding.reason


@pytest.mark.parametrize(
    ("capabilities", "limit", "level"),
    [
        ("0000000000800000", "0", Level.OK),
        ("0000000000000000", "1", Level.OK),
        ("0000000000000000", "unlimited", Level.OK),
        ("0000000000002000", "0", Level.NOTE),
        (None, None, Level.NOTE),
    ],
)
def test_the_right_to_go_before_other_programs(computer, capabilities, limit, level):
    if capabilities is not None:
        computer.file("proc/self/status", f"CapEff:\t{capabilities}\n")
        computer.file("proc/self/limits", f"Max nice priority    0    0\nMax realtime priority    {limit}    {limit}\n")

    finding = checked(computer)["priority"]

    assert finding.level is level
    assert level is Level.OK or "ann - rtprio 1" in finding.fix
