"""What a rig file names, looked for on another computer. Nothing of it is opened."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fake_computer import PI_4, PI_5, FakeComputer

from bench.doctor.board import pi_model
from bench.doctor.findings import Level
from bench.doctor.holders import lock_file
from bench.doctor.rig_file import Looked, check_rig_file, locks_of
from bench.doctor.serial_ports import serial_ports
from bench.drivers.interfaces import interface_names
from bench.rig import Rig, load_rig_config

RIGS = Path(__file__).parents[2] / "rigs"
BY_PATH, NAME = "/dev/serial/by-path", "pci-0000:00:14.0-usb-0:1.2:1.0-port0"
BOARD = f"{BY_PATH}/{NAME}"
CAR = '[rig]\nname = "lab 3"\ndriver = "pcap"\nsut = "pev"\n[evse]\ninterface = "plc0"\n'
CHARGER = '[rig]\nname = "lab 3"\ndriver = "pcap"\nsut = "evse"\n[pev]\ninterface = "plc0"\n'
SERIAL_PILOT = CAR + f'[evse.pilot]\ndriver = "xy-lpwm"\nport = "{BOARD}"\n'
SYSFS_PILOT = CAR + '[evse.pilot]\ndriver = "sysfs-pwm"\nchip = "fe20c000.pwm"\nchannel = 0\n'
GPIO_PILOT = CAR + '[evse.pilot]\ndriver = "gpio-pwm"\npin = 18\n'
MANUAL_PILOT = CAR + '[evse.pilot]\ndriver = "manual"\n'
LEVEL = MANUAL_PILOT + '[evse.level]\ndriver = "mcp3xxx"\nchannel = 0\nslope = 0.1\noffset_v = 1.65\n'
HUB = MANUAL_PILOT + '[evse.power]\ndriver = "uhubctl"\nlocation = "1-1.4"\nport = 2\n'
COMMAND = MANUAL_PILOT + '[evse.power]\ndriver = "command"\non = ["plug", "1"]\noff = ["plug", "0"]\n'
EDGES = CHARGER + (
    '[pev.load]\ndriver = "manual"\n'
    '[pev.duty]\ndriver = "edges"\nchip = "/dev/gpiochip0"\nrising_line = 23\nfalling_line = 24\n'
)
PPPS = """Current status for hub 1-1.4 [2109:2811 Hub, USB 2.10, 4 ports, ppps]
  Port 1: 0100 power
  Port 2: 0100 power
"""


@pytest.fixture
def computer(computer: FakeComputer) -> FakeComputer:
    computer.card("plc0")
    return computer


@pytest.fixture
def checked(computer, tmp_path_factory):
    """The findings about a rig file of that text; where it is a name, about the one in rigs/."""

    def check(text: str):
        path = RIGS / text
        if "\n" in text:
            path = tmp_path_factory.mktemp("rig") / "lab.toml"
            path.write_text(text)
        looked = Looked(computer.system, pi_model(computer.system), serial_ports(computer.system))
        return check_rig_file(looked, load_rig_config(str(path)), computer.ask)

    return check


def about(findings, subject):
    """Level and reason of the first finding about it, with what to do."""
    return next((one.level, one.reason, one.fix) for one in findings if one.subject == subject)


def test_a_simulated_rig_needs_nothing_of_this_computer(checked):
    (finding,) = checked("ioniq.toml")

    assert (finding.level, finding.subject) == (Level.OK, "file")
    assert "one Ioniq" in finding.reason


def test_simulated_boards_need_nothing_either_and_are_not_called_unproven(checked):
    found = checked("laptop-serial.toml")

    assert {finding.level for finding in found} == {Level.OK}
    assert about(found, "evse.pilot")[1] == "xy-lpwm, simulated"
    assert "drivers" not in {finding.subject for finding in found}


@pytest.mark.parametrize("rig", sorted(RIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_rig_of_the_project_can_be_looked_at_and_no_error_lacks_a_remedy(checked, rig):
    assert all(finding.fix for finding in checked(rig.name) if finding.level is not Level.OK)


def test_locks_are_those_the_rig_takes(tmp_path, monkeypatch):
    """As another program would see it that uses the rig."""
    path = tmp_path / "lab.toml"
    path.write_text(SERIAL_PILOT)
    rig = Rig(load_rig_config(str(path)))
    taken = []

    def devices(_config, names, _purpose, **_):
        taken.extend(names)
        raise InterruptedError

    monkeypatch.setattr("bench.rig.devices.RigDevices", devices)
    with pytest.raises(InterruptedError), rig.in_use("a test"):
        pass

    assert list(locks_of(rig.config)) == taken == ["rig lab 3", "interface plc0"]


@pytest.mark.parametrize("name", ["rig lab 3", "interface plc0"])
def test_a_rig_that_somebody_else_uses(computer, checked, name):
    path = f"run/lock/{lock_file(name)}"
    computer.file(path, "process 4300 of bob, since 2026-11-25 16:45:56: nightly\n")
    computer.lock(path, 4300)
    computer.process(4300, "pytest")

    level, reason, fix = about(checked(MANUAL_PILOT), "in use")

    assert level is Level.ERROR
    assert reason.startswith(f"{name}: by pytest (process 4300) (process 4300 of bob")
    assert fix.endswith("kill 4300")


def test_a_rig_that_nobody_uses(checked):
    assert about(checked(MANUAL_PILOT), "in use")[0] is Level.OK


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ("", Level.OK),
        ("-q --no-header", Level.OK),
        ("-n 4", Level.ERROR),
        ("-q -nauto", Level.ERROR),
        ("--numprocesses=2", Level.ERROR),
    ],
)
def test_a_real_rig_and_several_processes_do_not_go_together(computer, checked, options, level):
    computer.environment["PYTEST_ADDOPTS"] = options

    assert about(checked(MANUAL_PILOT), "xdist")[0] is level


def test_a_rig_that_asks_a_person_wants_a_terminal(checked):
    assert about(checked(MANUAL_PILOT), "operator")[0] is Level.NOTE
    assert "operator" not in {finding.subject for finding in checked(SERIAL_PILOT)}


# interfaces


def test_an_interface_that_does_not_exist(checked):
    level, reason, _ = about(checked(MANUAL_PILOT.replace("plc0", "plc7")), "evse.interface")

    assert level is Level.ERROR
    assert reason == f"there is no plc7; there are {', '.join(interface_names())}"


def test_an_interface_that_exists_is_told_elsewhere(checked):
    assert "evse.interface" not in {finding.subject for finding in checked(MANUAL_PILOT)}


@pytest.mark.parametrize(
    ("tun", "capabilities", "level", "words"),
    [
        (True, "0000000000001000", Level.OK, "interfaces can be made"),
        (True, "0000000000002000", Level.ERROR, "CAP_NET_ADMIN missing"),
        (True, None, Level.ERROR, "CAP_NET_ADMIN missing"),
        (False, "0000000000001000", Level.ERROR, "there is no /dev/net/tun"),
    ],
)
def test_interfaces_that_the_rig_makes(computer, checked, tun, capabilities, level, words):
    if tun:
        computer.file("dev/net/tun")
    if capabilities:
        computer.file("proc/self/status", f"CapEff:\t{capabilities}\n")

    seen, reason, _ = about(checked("tap.toml"), "TAP")

    assert (seen, reason.startswith(words)) == (level, True)


def test_an_interface_that_is_in_the_way(computer, checked):
    computer.interface("ccs-evse")

    level, _, fix = about(checked("tap.toml"), "evse.interface")

    assert level is Level.ERROR
    assert fix.startswith("sudo ip link delete ccs-evse")


# serial boards


def test_a_board_that_is_there_and_free(computer, checked):
    computer.usb("1-1.2", "1a86", "7523", tty="ttyUSB0")

    level, reason, _ = about(checked(SERIAL_PILOT), "evse.pilot")

    assert level is Level.OK
    assert reason.startswith("xy-lpwm: CH340 (1a86:7523)")


def test_a_board_that_is_not_plugged_in(checked):
    level, reason, fix = about(checked(SERIAL_PILOT), "evse.pilot")

    assert level is Level.ERROR
    assert reason == f"xy-lpwm: in {BY_PATH} there is no {NAME}; no board is plugged in"
    assert "/dev/serial/by-path" in fix


def test_a_board_in_another_socket_is_told_with_its_name(computer, checked):
    computer.usb("1-1.3", "1a86", "7523", tty="ttyUSB0")

    assert about(checked(SERIAL_PILOT), "evse.pilot")[1].endswith("there are pci-0000:00:14.0-usb-0:1.3:1.0-port0")


def test_a_board_without_a_name_that_stays_is_told_by_its_number(computer, checked):
    computer.usb("1-1.3", "1a86", "7523", tty="ttyUSB4", by_path="")

    assert about(checked(SERIAL_PILOT), "evse.pilot")[1].endswith("there are ttyUSB4")


@pytest.mark.parametrize(
    ("listed", "fix"),
    [([], "sudo usermod -aG dialout ann, then log out and in again"), (["dialout"], "log out and in again: this user")],
)
def test_a_board_that_this_user_may_not_open(computer, checked, listed, fix):
    computer.usb("1-1.2", "1a86", "7523", tty="ttyUSB0")
    computer.barred["dev/ttyUSB0"] = "dialout"
    computer.user = type(computer.user)("ann", False, frozenset(), frozenset(listed))

    level, reason, told = about(checked(SERIAL_PILOT), "evse.pilot")

    assert level is Level.ERROR
    assert reason == "xy-lpwm: this user may not use /dev/ttyUSB0, which is for group dialout"
    assert told.startswith(fix)


def test_a_board_that_another_program_has_open(computer, checked):
    """It was opened by the name that stays, and the kernel tells the other one."""
    computer.usb("1-1.2", "1a86", "7523", tty="ttyUSB0")
    computer.process(20, "minicom")
    computer.link("proc/20/fd/5", "/dev/ttyUSB0")

    level, reason, fix = about(checked(SERIAL_PILOT), "evse.pilot")

    assert (level, fix) == (Level.ERROR, "kill 20")
    assert "is open in minicom (process 20)" in reason


def test_a_name_that_changes_is_a_warning_with_the_one_that_stays(computer, checked):
    computer.usb("1-1.2", "1a86", "7523", tty="ttyUSB0")
    found = [one for one in checked(SERIAL_PILOT.replace(BOARD, "/dev/ttyUSB0")) if one.subject == "evse.pilot"]

    assert [one.level for one in found] == [Level.OK, Level.WARNING]
    assert found[1].fix.endswith(f"below {BY_PATH}: {NAME}")


def test_the_port_that_linux_writes_its_messages_to(computer, checked):
    """The serial console of a Pi."""
    computer.file("dev/ttyAMA0")
    computer.link("dev/serial0", "ttyAMA0")
    computer.file("proc/consoles", "ttyAMA0              -W- (EC  p a)  204:64\ntty1  -WU (E)  4:1\n")

    level, reason, fix = about(checked(SERIAL_PILOT.replace(BOARD, "/dev/serial0")), "evse.pilot")

    assert level is Level.ERROR
    assert reason.endswith("messages to ttyAMA0")
    assert fix.startswith("sudo raspi-config nonint do_serial_cons 1")


# a Pi's own


def test_the_pwm_chip_that_the_rig_names(computer, checked):
    computer.pi()
    computer.pwm(2, "fe20c000.pwm", 2)

    assert about(checked(SYSFS_PILOT), "evse.pilot")[:2] == (
        Level.OK,
        "sysfs-pwm: fe20c000.pwm is pwmchip2, channel 0 of 2",
    )


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (PI_4, r"printf '%s\n' dtoverlay=pwm,pin=18,func=2 dtparam=audio=off |"),
        (PI_5, 'this is a Raspberry Pi 5: write chip = "1f00098000.pwm" and channel = 2'),
        ("Raspberry Pi Compute Module 4 Rev 1.0", "ls -l /sys/class/pwm/pwmchip*/device"),
        ("", "run this rig on its Raspberry Pi"),
    ],
)
def test_a_pwm_chip_that_is_not_there(computer, checked, model, words):
    """The remedy depends on what computer this is."""
    if model:
        computer.pi(model)
    computer.pwm(0, "107d517a80.pwm", 2)

    level, reason, fix = about(checked(SYSFS_PILOT), "evse.pilot")

    assert level is Level.ERROR
    assert reason.endswith("there is no chip fe20c000.pwm; there are: 107d517a80.pwm")
    assert fix.startswith(words)


def test_a_computer_without_any_chip(computer, checked):
    computer.packages["gpiod"] = "2.5.0"

    assert about(checked(SYSFS_PILOT), "evse.pilot")[1].endswith("there are: none")
    assert about(checked(EDGES), "pev.duty")[1].endswith("there are: none")


def test_a_channel_that_the_chip_does_not_have(computer, checked):
    computer.pi()
    computer.pwm(0, "fe20c000.pwm", 2)

    level, reason, _ = about(checked(SYSFS_PILOT.replace("channel = 0", "channel = 2")), "evse.pilot")

    assert level is Level.ERROR
    assert reason.endswith("has channels 0 to 1, not 2")


def test_a_pwm_that_this_user_may_not_export(computer, checked):
    computer.pi()
    computer.barred[f"{computer.pwm(0, 'fe20c000.pwm', 2)}/export"] = "gpio"

    assert about(checked(SYSFS_PILOT), "evse.pilot")[2].startswith("sudo usermod -aG gpio ann")


def test_a_pwm_that_another_bench_program_drives(computer, checked):
    computer.pi()
    enable = computer.pwm_runs(computer.pwm(0, "fe20c000.pwm", 2), 0, pulse=50_000)
    computer.lock(enable, 4300)

    level, reason, _ = about(checked(SYSFS_PILOT), "evse.pilot")

    assert level is Level.ERROR
    assert "channel 0 is driven by a program (process 4300)" in reason


@pytest.mark.parametrize(
    ("prepare", "level", "words"),
    [
        (lambda _: None, Level.ERROR, "gpio-pwm: this computer is no Raspberry Pi"),
        (lambda pi: pi.pi(), Level.ERROR, "gpio-pwm: the library lgpio is missing"),
        (lambda pi: (pi.pi(), pi.packages.update(lgpio="1")), Level.OK, "gpio-pwm: by lgpio"),
        (
            lambda pi: (pi.pi(), pi.packages.update(lgpio="1"), pi.barred.update({"dev/gpiochip0": "gpio"})),
            Level.ERROR,
            "gpio-pwm: this user may not use /dev/gpiochip0",
        ),
        (
            lambda pi: (pi.file("proc/device-tree/model", PI_4), pi.packages.update(lgpio="1")),
            Level.ERROR,
            "gpio-pwm: there is no /dev/gpiochip*",
        ),
    ],
)
def test_pins_of_the_pi(computer, checked, prepare, level, words):
    prepare(computer)

    seen, reason, _ = about(checked(GPIO_PILOT), "evse.pilot")

    assert (seen, reason.startswith(words)) == (level, True)


def test_pins_by_another_library_are_left_to_it(checked):
    level, reason, _ = about(checked(GPIO_PILOT + 'factory = "pigpio"\n'), "evse.pilot")

    assert level is Level.OK
    assert "pigpio" in reason


@pytest.mark.parametrize(
    ("node", "barred", "level", "words"),
    [
        (None, {}, Level.ERROR, "mcp3xxx: there is no /dev/spidev0.0"),
        ("spidev0.0", {}, Level.OK, "mcp3xxx: MCP3008 at /dev/spidev0.0"),
        ("spidev0.0", {"dev/spidev0.0": "spi"}, Level.ERROR, "mcp3xxx: this user may not use /dev/spidev0.0"),
        ("spidev0.1", {}, Level.ERROR, "mcp3xxx: there is no /dev/spidev0.0"),
    ],
)
def test_the_adc(computer, checked, node, barred, level, words):
    computer.pi()
    computer.packages["lgpio"] = "0.2.2.0"
    if node:
        computer.file(f"dev/{node}")
    computer.barred.update(barred)

    seen, reason, _ = about(checked(LEVEL), "evse.level")

    assert (seen, reason.startswith(words)) == (level, True)


def test_the_adc_wants_what_pins_want(checked):
    assert about(checked(LEVEL), "evse.level")[1] == "mcp3xxx: this computer is no Raspberry Pi"


@pytest.mark.parametrize(
    ("prepare", "level", "words"),
    [
        (lambda pi: pi.packages.clear(), Level.ERROR, "edges: the library gpiod is missing"),
        (lambda _: None, Level.OK, "edges: /dev/gpiochip0, lines 23 and 24"),
        (lambda pi: pi.barred.update({"dev/gpiochip0": "gpio"}), Level.ERROR, "edges: this user may not use"),
        (
            lambda pi: pi.chip("gpiochip0", "pinctrl-bcm2711", 24),
            Level.ERROR,
            "edges: /dev/gpiochip0 has lines 0 to 23",
        ),
        (
            lambda pi: (pi.chip("gpiochip0", "exp-gpio", 54), pi.chip("gpiochip1", "pinctrl-rp1", 54)),
            Level.WARNING,
            "edges: /dev/gpiochip0 is not the header's, /dev/gpiochip1 is",
        ),
        (
            lambda pi: (pi.root / "dev/gpiochip0").rename(pi.root / "dev/gpiochip4"),
            Level.ERROR,
            "edges: there is no /dev/gpiochip0; there are: /dev/gpiochip4",
        ),
    ],
)
def test_the_lines_of_edges(computer, checked, prepare, level, words):
    computer.pi()
    computer.packages["gpiod"] = "2.5.0"
    prepare(computer)

    seen, reason, _ = about(checked(EDGES), "pev.duty")

    assert (seen, reason.startswith(words)) == (level, True)


def test_another_name_of_the_headers_chip_is_as_good(computer, checked):
    computer.pi()
    computer.packages["gpiod"] = "2.5.0"
    computer.link("dev/gpiochip4", "gpiochip0")

    assert about(checked(EDGES.replace("gpiochip0", "gpiochip4")), "pev.duty")[0] is Level.OK


# power


@pytest.mark.parametrize(
    ("said", "level", "words"),
    [
        (None, Level.ERROR, "uhubctl is not installed"),
        (PPPS, Level.OK, "port 2 of hub 1-1.4"),
        ("", Level.ERROR, "uhubctl finds no port 2 of hub 1-1.4; it finds: none"),
        (PPPS.replace("1-1.4", "1-2"), Level.ERROR, "uhubctl finds no port 2 of hub 1-1.4; it finds: 1-2 with 2 ports"),
        (PPPS.replace("  Port 2: 0100 power\n", ""), Level.ERROR, "uhubctl finds no port 2"),
        (PPPS.replace("ppps", "ganged"), Level.ERROR, "hub 1-1.4 has one switch: all its ports"),
    ],
)
def test_the_hub_that_switches_an_adapter(computer, checked, said, level, words):
    if said is not None:
        computer.programs["uhubctl"] = said

    seen, reason, _ = about(checked(HUB), "evse.power")

    assert (seen, reason.startswith(words)) == (level, True)


def test_sockets_of_a_pis_board_hang_together_unless_that_is_wanted(computer, checked):
    computer.pi()
    computer.programs["uhubctl"] = PPPS.replace("1-1.4", "1-1")
    own = HUB.replace("1-1.4", "1-1")

    assert about(checked(own), "evse.power")[0] is Level.ERROR
    assert about(checked(own + "shared_is_ok = true\n"), "evse.power")[0] is Level.OK


@pytest.mark.parametrize(("installed", "level"), [(True, Level.OK), (False, Level.ERROR)])
def test_programs_that_switch_an_adapter(computer, checked, installed, level):
    if installed:
        computer.silent_programs.add("plug")

    seen, reason, _ = about(checked(COMMAND), "evse.power")

    assert seen is level
    assert reason == ("command: plug" if installed else "there is no program plug")


# drivers


def test_drivers_that_never_met_hardware_are_named_once(checked):
    relays = '[relays.r]\ndriver = "lcus"\nport = "{}"\nchannels = 2\n'
    power = '[evse.power]\ndriver = "relay-supply"\nboard = "r"\nchannel = 1\non_when = "released"\n'

    level, reason, fix = about(checked(SERIAL_PILOT + power + relays.format(BOARD)), "drivers")

    assert level is Level.NOTE
    assert reason.startswith("pcap, xy-lpwm, lcus: not run on real hardware yet")
    assert "acceptance sheet" in fix


def test_looking_at_a_rig_opens_nothing(computer, checked, monkeypatch):
    """No port, no guardian, no process."""
    computer.usb("1-1.2", "1a86", "7523", tty="ttyUSB0")
    for name in ("subprocess.Popen", "serial.Serial"):
        monkeypatch.setattr(name, lambda *_, **__: pytest.fail("was opened"))

    assert checked(SERIAL_PILOT)
    assert "lgpio" not in sys.modules
