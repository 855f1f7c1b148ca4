"""What makes the bench safe when its program cannot."""

from __future__ import annotations

import pytest

from bench.doctor.findings import Level
from bench.doctor.guarding import check_boot_unit, check_guardian, check_watchdog, start_guardian
from bench.errors import PortError
from bench.units import ms, s

ASKED = "systemctl show -p RuntimeWatchdogUSec"


def test_a_guardian_starts_and_answers_on_this_computer():
    """The real one, with nothing to guard."""
    assert 0 < start_guardian() < s(20)


def test_how_long_it_took_is_told():
    finding = check_guardian(lambda: ms(400))

    assert (finding.level, finding.reason) == (Level.OK, "starts and answers within 0.4 s")


@pytest.mark.parametrize("error", [PortError("the guardian of doctor has gone"), PermissionError(13, "not allowed")])
def test_a_guardian_that_cannot_be_started_is_an_error(error):
    def start():
        raise error

    finding = check_guardian(start)

    assert finding.level is Level.ERROR
    assert str(error) in finding.reason
    assert finding.fix.startswith("python -m bench.guardian")


def test_without_a_unit_it_is_told_where_to_find_one(computer):
    finding = check_boot_unit(computer.system)

    assert finding.level is Level.NOTE
    assert "docs/raspberry-pi.md" in finding.fix


def test_a_unit_that_is_not_switched_on(computer):
    computer.file("etc/systemd/system/bench-safe.service")
    computer.link("etc/systemd/system/multi-user.target.wants/ssh.service", "/lib/systemd/system/ssh.service")

    finding = check_boot_unit(computer.system)

    assert (finding.level, finding.fix) == (Level.WARNING, "sudo systemctl enable bench-safe")


def test_a_unit_that_is_switched_on(computer):
    """Its link may lead to another root than the test's."""
    at = "etc/systemd/system"
    computer.file(f"{at}/bench-safe.service")
    computer.link(f"{at}/multi-user.target.wants/bench-safe.service", f"/{at}/bench-safe.service")

    assert check_boot_unit(computer.system).level is Level.OK


def test_a_computer_without_a_watchdog(computer):
    finding = check_watchdog(computer.system)

    assert (finding.level, finding.fix) == (Level.NOTE, "sudo modprobe bcm2835_wdt")


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("RuntimeWatchdogUSec=10s\n", Level.OK),
        ("RuntimeWatchdogUSec=1min\n", Level.OK),
        ("RuntimeWatchdogUSec=0\n", Level.NOTE),
        ("RuntimeWatchdogUSec=infinity\n", Level.NOTE),
        ("\n", Level.NOTE),
    ],
)
def test_systemd_says_whether_it_feeds_the_watchdog(computer, said, level):
    computer.file("dev/watchdog0")
    computer.programs[ASKED] = said

    finding = check_watchdog(computer.system)

    assert finding.level is level
    assert level is Level.OK or "RuntimeWatchdogSec=10" in finding.fix


@pytest.mark.parametrize(
    ("files", "level"),
    [
        ({}, Level.NOTE),
        ({"system.conf": "[Manager]\n#RuntimeWatchdogSec=10\n"}, Level.NOTE),
        ({"system.conf": "[Manager]\nRuntimeWatchdogSec=10\n"}, Level.OK),
        ({"system.conf.d/bench.conf": "[Manager]\nRuntimeWatchdogSec = 10\n"}, Level.OK),
        ({"system.conf": "RuntimeWatchdogSec=10", "system.conf.d/off.conf": "RuntimeWatchdogSec=off"}, Level.NOTE),
    ],
)
def test_its_files_say_so_where_it_cannot_be_asked(computer, files, level):
    computer.file("dev/watchdog")
    for name, text in files.items():
        computer.file(f"etc/systemd/{name}", text)

    assert check_watchdog(computer.system).level is level
