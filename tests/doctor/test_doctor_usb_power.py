"""Hubs that switch their ports, and whether this user may."""

from __future__ import annotations

import pytest
from fake_computer import PI_4

from bench.doctor.findings import Level
from bench.doctor.usb_power import check_usb_power

PPPS = """Current status for hub 1-1.4 [2109:2811 VIA Labs USB2.0 Hub, USB 2.10, 4 ports, ppps]
  Port 1: 0100 power
  Port 2: 0000 off
"""
GANGED = PPPS.replace("ppps", "ganged")
ON_BOARD = """Current status for hub 1-1 [2109:3431 USB2.0 Hub, USB 2.10, 4 ports, ppps]
  Port 1: 0100 power
"""


def test_without_uhubctl_a_laptop_hears_nothing(computer):
    assert check_usb_power(computer.system, "") == []


def test_without_uhubctl_a_pi_is_told_how_to_get_it(computer):
    (finding,) = check_usb_power(computer.system, PI_4)

    assert (finding.level, finding.fix) == (Level.NOTE, "sudo apt install uhubctl")


@pytest.mark.parametrize(
    ("said", "level", "words"),
    [
        (PPPS, Level.OK, "1-1.4 (2 ports) say that they switch each port"),
        (GANGED, Level.NOTE, "1-1.4: all sockets hang on one switch"),
        (ON_BOARD, Level.NOTE, "1-1: all sockets hang on one switch"),
        (ON_BOARD + PPPS, Level.OK, "1-1.4 (2 ports)"),
        ("", Level.NOTE, "uhubctl finds none"),
    ],
)
def test_hubs_as_uhubctl_lists_them(computer, said, level, words):
    """Sockets of a Pi's board share one switch, whatever their hub says of itself."""
    computer.programs["uhubctl"] = said

    (finding,) = check_usb_power(computer.system, PI_4)

    assert finding.level is level
    assert finding.reason.startswith(words)


def test_uhubctl_that_fails_has_found_none(computer):
    computer.silent_programs.add("uhubctl")

    (finding,) = check_usb_power(computer.system, "")

    assert finding.reason.startswith("uhubctl finds none")


def test_a_hub_of_another_computer_with_that_place_is_no_pis(computer):
    computer.programs["uhubctl"] = ON_BOARD

    assert check_usb_power(computer.system, "")[0].level is Level.OK


@pytest.mark.parametrize(("may", "level"), [(True, Level.OK), (False, Level.NOTE)])
def test_hubs_that_this_user_may_not_switch(computer, may, level):
    computer.programs["uhubctl"] = PPPS
    computer.usb("1-1.4", "2109", "2811", device_class="09")
    computer.usb("1-1.4.1", "1a86", "7523", device_class="ff")
    computer.file("dev/bus/usb/001/007")
    if not may:
        computer.barred["dev/bus/usb/001/007"] = ""

    (finding,) = check_usb_power(computer.system, "")

    assert finding.level is level
    assert may or "1-1.4" in finding.reason.split(", ")[0]
    assert may or "/etc/udev/rules.d/52-usb.rules" in finding.fix
