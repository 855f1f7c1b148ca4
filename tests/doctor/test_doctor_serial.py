"""Boards on USB: what they may be, under which name they stay, who takes them away."""

from __future__ import annotations

import pytest

from bench.doctor.findings import Level
from bench.doctor.serial_ports import check_serial, serial_ports
from bench.doctor.services import processes
from bench.doctor.system import System

CH340, PL2303, CP210X = ("1a86", "7523"), ("067b", "2303"), ("10c4", "ea60")


def checked(computer, **more):
    system = computer.system
    return check_serial(system, serial_ports(system), list(processes(system)), **more)


def by_subject(computer, **more):
    return {finding.subject: finding for finding in checked(computer, **more)}


def test_no_board_is_one_note_and_with_a_rig_file_none(computer):
    computer.process(20, "ModemManager")
    computer.process(21, "brltty")
    computer.file("dev/ttyS0")

    (finding,) = checked(computer)

    assert (finding.level, finding.subject) == (Level.NOTE, "ports")
    assert checked(computer, needed=False) == []


@pytest.mark.parametrize(
    ("ident", "tty", "words"),
    [
        (CH340, "ttyUSB0", "CH340 (1a86:7523), an LCUS relay board, a PWM board"),
        (PL2303, "ttyUSB0", "PL2303 (067b:2303), an ICSE relay board"),
        (CP210X, "ttyUSB0", "CP210x (10c4:ea60), a USB adapter"),
        (("2341", "0043"), "ttyACM0", "Arduino (2341:0043), Dieter"),
        (("2a19", "0c01"), "ttyACM0", "Numato (2a19:0c01), a Numato relay board"),
        (("abcd", "0001"), "ttyACM3", "unknown chip (abcd:0001)"),
    ],
)
def test_a_board_is_told_by_its_chip_with_the_name_that_stays(computer, ident, tty, words):
    computer.usb("1-1.2", *ident, tty=tty)

    finding = by_subject(computer)[tty]

    assert finding.level is Level.OK
    assert finding.reason.startswith(words)
    assert "may be opened" in finding.reason
    assert finding.reason.endswith("in /dev/serial: by-path/pci-0000:00:14.0-usb-0:1.2:1.0-port0")


def test_a_port_behind_no_usb_that_can_be_seen_is_an_unknown_board(computer):
    """As in a container with a bare /dev."""
    computer.file("dev/ttyUSB0")

    assert by_subject(computer)["ttyUSB0"].reason.startswith("unknown board")


def test_a_port_without_a_name_that_stays_is_a_warning(computer):
    computer.usb("1-1.2", *CH340, tty="ttyUSB0", by_path="")

    finding = by_subject(computer)["ttyUSB0"]

    assert finding.level is Level.WARNING
    assert finding.fix.startswith("sudo udevadm trigger --subsystem-match=tty")


def test_a_name_by_serial_number_is_as_good(computer):
    computer.usb("1-1.2", *CP210X, tty="ttyUSB0", by_path="", serial_number="0001")
    computer.link("dev/serial/by-id/usb-Silicon_Labs_CP2102_0001-if00-port0", "../../ttyUSB0")

    finding = by_subject(computer)["ttyUSB0"]

    assert finding.level is Level.OK
    assert finding.reason.endswith("by-id/usb-Silicon_Labs_CP2102_0001-if00-port0")


def test_of_two_names_by_path_the_shorter_one_is_told(computer):
    computer.usb("1-1.2", *CH340, tty="ttyUSB0", by_path="pci-usbv2-0:1.2:1.0-port0")
    computer.link("dev/serial/by-path/pci-usb-0:1.2:1.0-port0", "../../ttyUSB0")

    assert by_subject(computer)["ttyUSB0"].reason.endswith("by-path/pci-usb-0:1.2:1.0-port0")


@pytest.mark.parametrize(("serial_numbers", "twins"), [(("", ""), True), (("1", "2"), False), (("", "2"), False)])
def test_two_boards_on_one_chip_are_told_apart_by_their_sockets_alone(computer, serial_numbers, twins):
    for number, its in enumerate(serial_numbers):
        computer.usb(f"1-1.{number}", *CH340, tty=f"ttyUSB{number}", serial_number=its)

    found = by_subject(computer)

    assert ("names" in found) is twins
    if twins:
        assert found["names"].level is Level.NOTE
        assert "ttyUSB0, ttyUSB1" in found["names"].reason


def test_a_port_this_user_may_not_open_is_not_called_open(computer):
    """A group that helps is told with the groups of all devices."""
    computer.usb("1-1.2", *CH340, tty="ttyUSB0")
    computer.barred["dev/ttyUSB0"] = "dialout"

    (finding,) = checked(computer)

    assert "may be opened" not in finding.reason


def test_a_port_that_is_roots_alone_is_a_warning(computer):
    computer.usb("1-1.2", *CH340, tty="ttyUSB0")
    computer.barred["dev/ttyUSB0"] = ""

    assert by_subject(computer)["rights"].level is Level.WARNING


def test_a_port_that_another_program_has_open(computer):
    computer.usb("1-1.2", *CH340, tty="ttyUSB0")
    computer.process(20, "minicom")
    computer.link("proc/20/fd/5", "/dev/ttyUSB0")

    first, second = checked(computer)

    assert first.level is Level.OK
    assert (second.level, second.subject) == (Level.WARNING, "ttyUSB0")
    assert "minicom (process 20)" in second.reason
    assert second.fix.endswith("kill 20")


@pytest.mark.parametrize(("ident", "module"), [(CH340, "ch341"), (PL2303, "pl2303"), (("2341", "0043"), "cdc_acm")])
def test_a_board_that_no_driver_has_taken(computer, ident, module):
    computer.usb("1-1.2", *ident)

    (finding,) = checked(computer)

    assert (finding.level, finding.subject) == (Level.WARNING, "USB 1-1.2")
    assert finding.fix.startswith(f"sudo modprobe {module};")


@pytest.mark.parametrize("where", ["etc/udev/rules.d/85-brltty.rules", "usr/lib/udev/rules.d/90-brltty-device.rules"])
@pytest.mark.parametrize("runs", [True, False])
def test_a_board_that_brltty_has_taken(computer, where, runs):
    """It takes the port away; its rule of udev is enough for that."""
    computer.usb("1-1.2", *CH340)
    if runs:
        computer.process(21, "brltty")
    else:
        computer.file(where)

    (finding,) = checked(computer)

    assert finding.level is Level.WARNING
    assert "brltty" in finding.reason
    assert "sudo apt remove brltty" in finding.fix


def test_brltty_is_not_to_blame_for_a_chip_no_braille_display_uses(computer):
    computer.usb("1-1.2", *PL2303)
    computer.process(21, "brltty")

    (finding,) = checked(computer)

    assert finding.fix.startswith("sudo modprobe pl2303")


@pytest.mark.parametrize(("ident", "warned"), [(CH340, True), (CP210X, True), (PL2303, False)])
def test_brltty_that_runs_beside_a_board_it_would_take(computer, ident, warned):
    computer.usb("1-1.2", *ident, tty="ttyUSB0")
    computer.process(21, "brltty")

    assert ("brltty" in by_subject(computer)) is warned


def test_modem_manager_pesters_every_board(computer):
    computer.usb("1-1.2", *CH340, tty="ttyUSB0")
    computer.process(20, "ModemManager")

    finding = by_subject(computer)["ModemManager"]

    assert finding.level is Level.WARNING
    assert "ttyUSB0" in finding.reason
    assert finding.fix.startswith("sudo systemctl disable --now ModemManager")


@pytest.mark.parametrize(("vendor", "level"), [("1a86", Level.OK), ("1A86", Level.OK), ("0403", Level.WARNING)])
def test_a_rule_of_udev_keeps_modem_manager_away(computer, vendor, level):
    computer.usb("1-1.2", *CH340, tty="ttyUSB0")
    computer.process(20, "ModemManager")
    rule = f'ATTRS{{idVendor}}=="{vendor}", ENV{{ID_MM_DEVICE_IGNORE}}="1"\n'
    computer.file("etc/udev/rules.d/99-boards.rules", f'ATTRS{{idVendor}}=="1a86", MODE="0666"\n{rule}')

    assert by_subject(computer)["ModemManager"].level is level


@pytest.mark.parametrize("ident", [("5131", "2007"), ("16c0", "05df")])
def test_a_relay_board_without_a_serial_port_cannot_be_driven(computer, ident):
    computer.usb("1-1.4", *ident)

    (finding,) = checked(computer)

    assert finding.level is Level.NOTE
    assert "HID" in finding.reason
    assert "LCUS, Numato or ICSE" in finding.fix


def test_other_usb_devices_are_nobodys_concern(computer):
    computer.usb("1-1.3", "046d", "c52b")

    assert [finding.subject for finding in checked(computer)] == ["ports"]


def test_ports_of_this_computer_are_read_without_an_error():
    system = System()

    assert isinstance(check_serial(system, serial_ports(system), []), list)
