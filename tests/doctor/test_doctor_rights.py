"""Devices this user may not use, and the one command that changes it."""

from __future__ import annotations

import pytest

from bench.doctor.findings import Level, Part
from bench.doctor.rights import Barred, barred, check_groups, check_modes, way_in
from bench.doctor.system import User

PORT, CHIP = Barred("/dev/ttyUSB0", "dialout"), Barred("/dev/gpiochip0", "gpio")


def ann(session=(), listed=()):
    return User("ann", False, frozenset(session), frozenset(listed))


def test_only_what_may_not_be_used_is_barred(computer):
    for name in ("ttyUSB0", "ttyUSB1"):
        computer.file(f"dev/{name}")
    computer.barred["dev/ttyUSB0"] = "dialout"

    assert barred(computer.system, ["/dev/ttyUSB0", "/dev/ttyUSB1"]) == [PORT]


def test_one_command_for_all_groups_that_are_missing():
    (finding,) = check_groups(ann(), [PORT, CHIP, Barred("/dev/ttyUSB1", "dialout")], devices=3)

    assert finding.level is Level.WARNING
    assert finding.fix == "sudo usermod -aG dialout,gpio ann, then log out and in again"
    assert "dialout (ttyUSB0, ttyUSB1); gpio (gpiochip0)" in finding.reason


def test_who_was_added_to_the_group_since_logging_in_has_to_log_in_again():
    user = ann(listed=["dialout"])

    (finding,) = check_groups(user, [PORT], devices=1)

    assert finding.level is Level.WARNING
    assert finding.fix == "log out and in again"
    assert way_in(PORT, user).startswith("log out and in again")


def test_a_group_that_is_there_already_is_not_asked_for_again():
    (finding,) = check_groups(ann(listed=["dialout"]), [PORT, CHIP], devices=2)

    assert finding.fix.startswith("sudo usermod -aG gpio ann")


@pytest.mark.parametrize(("devices", "count"), [(0, 0), (2, 1)])
def test_where_all_may_be_used_one_line_says_so_if_there_is_any(devices, count):
    found = check_groups(ann(), [], devices=devices)

    assert [finding.level for finding in found] == [Level.OK] * count


def test_what_no_group_helps_with_is_told_with_the_device():
    mine = Barred("/dev/ttyUSB0", "")

    (finding,) = check_modes(Part("serial"), [mine, CHIP])

    assert (finding.check, finding.level) == ("serial", Level.WARNING)
    assert finding.reason.startswith("/dev/ttyUSB0: root's alone")
    assert check_groups(ann(), [mine], devices=1)[0].level is Level.OK
    assert check_modes(Part("serial"), [CHIP]) == []
    assert "udevadm trigger" in way_in(mine, ann())


def test_what_can_only_be_written_is_not_barred_for_that(computer):
    export = f"/{computer.pwm(0, 'fe20c000.pwm', 2)}/export"

    assert barred(computer.system, [export], write_only=True) == []
    assert barred(computer.system, [export]) == [Barred(export, "")]


def test_root_needs_no_group():
    (finding,) = check_groups(User("root", True, frozenset(), frozenset()), [], devices=1)

    assert finding.reason == "root, who needs none"
    assert check_groups(ann(), [], devices=1)[0].reason.startswith("ann may use all devices")
