"""Serial ports of boards on USB: which chip, under which name they stay, who may open them, who takes them away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.doctor.findings import Finding, Part
from bench.doctor.holders import users_of
from bench.doctor.rights import Barred, barred, check_modes
from bench.doctor.services import Process
from bench.doctor.system import System
from bench.doctor.usb import BRAILLE_TOO, HID_RELAYS, UsbDevice, device_at, usb_devices

SERIAL = Part("serial")
BY_PATH, BY_ID = "dev/serial/by-path", "dev/serial/by-id"
RULES = ("etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")


@dataclass(frozen=True, slots=True)
class SerialPort:
    """name     as the kernel numbers it: ttyUSB0
    by_path  name of its link in /dev/serial/by-path, which stays as long as the board is in the same socket
    by_id    the same in by-id, which says which board it is, if the board has a serial number
    usb      None: that cannot be seen
    """

    name: str
    by_path: str
    by_id: str
    usb: UsbDevice | None

    @property
    def path(self) -> str:
        return f"/dev/{self.name}"

    @property
    def what(self) -> str:
        """Chip, and what it may be."""
        if self.usb is None:
            return "unknown board"
        chip = self.usb.chip
        return f"{self.usb.shown}, {chip.may_be}" if chip else self.usb.shown


def serial_ports(system: System) -> list[SerialPort]:
    by_path, by_id = names_of_ports(system, BY_PATH), names_of_ports(system, BY_ID)
    return [
        SerialPort(name, by_path.get(name, ""), by_id.get(name, ""), device_at(system, f"sys/class/tty/{name}/device"))
        for name in system.children("dev")
        if re.fullmatch(r"tty(USB|ACM)\d+", name)
    ]


def names_of_ports(system: System, folder: str) -> dict[str, str]:
    """Kernel's name to the name of its link; of several the shortest."""
    found: dict[str, str] = {}
    for link in sorted(system.children(folder), key=len):
        port = (system.link(f"{folder}/{link}") or "").rpartition("/")[2]
        found.setdefault(port, link)
    return found


def check_serial(
    system: System, ports: Sequence[SerialPort], running: Sequence[Process], *, needed: bool = True
) -> list[Finding]:
    """*needed*: whether it is worth a word that there is none."""
    devices = list(usb_devices(system))
    kept_out = barred(system, [port.path for port in ports])
    found = [check_port(port, kept_out) for port in ports]
    found += check_twins(ports)
    found += check_modes(SERIAL, kept_out)
    found += check_in_use(system, ports)
    orphans = without_a_port(devices, ports)
    found += check_orphans(system, orphans, running)
    found += [
        SERIAL.note(
            f"USB {device.place}",
            f"{HID_RELAYS[device.ident]} ({device.vendor}:{device.product}): the bench has no driver for it",
            "use a relay board with a serial port: LCUS, Numato or ICSE",
        )
        for device in devices
        if device.ident in HID_RELAYS
    ]
    if needed and not ports and not found:
        found.append(
            SERIAL.note(
                "ports",
                "no board on USB; two adapters alone need none",
                "for a pilot or relays of your own plug a board in: docs/build-a-bench.md",
            )
        )
    if ports:
        found += check_modem_manager(system, ports, running)
        found += check_brltty(ports, running)
    return found


def check_port(port: SerialPort, kept_out: Sequence[Barred]) -> Finding:
    if not port.by_path and not port.by_id:
        return SERIAL.warning(
            port.name,
            f"{port.what}; it has no name that stays: nothing in /dev/serial",
            "sudo udevadm trigger --subsystem-match=tty; in a container bind /dev/serial as well",
        )
    may = "" if any(one.path == port.path for one in kept_out) else "; may be opened"
    where = f"by-path/{port.by_path}" if port.by_path else f"by-id/{port.by_id}"
    return SERIAL.ok(port.name, f"{port.what}{may}; in /dev/serial: {where}")


def check_twins(ports: Sequence[SerialPort]) -> list[Finding]:
    """Boards that only their socket tells apart."""
    kinds = Counter(port.usb.ident for port in ports if port.usb and not port.usb.serial_number)
    return [
        SERIAL.note(
            "names",
            f"{', '.join(port.name for port in ports if port.usb and port.usb.ident == ident)} are on one kind of chip "
            "without serial numbers: after the next start their numbers may be swapped",
            "write their names in /dev/serial/by-path into the rig file, and mark plugs and sockets",
        )
        for ident, count in kinds.items()
        if count > 1
    ]


def check_in_use(system: System, ports: Sequence[SerialPort]) -> list[Finding]:
    return [
        SERIAL.warning(
            path.rpartition("/")[2],
            f"is open in {', '.join(map(str, holders))}",
            f"end that first: kill {' '.join(holder.pid for holder in holders)}",
        )
        for path, holders in users_of(system, [port.path for port in ports]).items()
    ]


def without_a_port(devices: Sequence[UsbDevice], ports: Sequence[SerialPort]) -> list[UsbDevice]:
    """Boards that are plugged in and should have a serial port."""
    with_port = {port.usb.path for port in ports if port.usb}
    return [device for device in devices if device.chip and device.path not in with_port]


def check_orphans(system: System, orphans: Sequence[UsbDevice], running: Sequence[Process]) -> list[Finding]:
    found = []
    for device in orphans:
        assert device.chip is not None
        if device.ident in BRAILLE_TOO and brltty_is_here(system, running):
            reason = "brltty has taken it for a Braille display, so it has no serial port"
            fix = "if nobody here needs brltty: sudo apt remove brltty; then plug the board out and in"
        else:
            reason = "is plugged in and has no serial port: no driver has taken it"
            fix = f"sudo modprobe {device.chip.module}; then see: sudo dmesg | tail"
        found.append(SERIAL.warning(f"USB {device.place}", f"{device.shown} {reason}", fix))
    return found


def brltty_is_here(system: System, running: Sequence[Process]) -> bool:
    """It need not run: a rule of udev starts it when such a board is plugged in."""
    if any(process.name == "brltty" for process in running):
        return True
    return any("brltty" in name for folder in RULES for name in system.children(folder))


def check_brltty(ports: Sequence[SerialPort], running: Sequence[Process]) -> list[Finding]:
    at_risk = [port.name for port in ports if port.usb and port.usb.ident in BRAILLE_TOO]
    if not at_risk or not any(process.name == "brltty" for process in running):
        return []
    return [
        SERIAL.warning(
            "brltty",
            f"runs, and takes boards on the chip of {', '.join(at_risk)} for Braille displays",
            "if nobody here needs it: sudo apt remove brltty",
        )
    ]


def check_modem_manager(system: System, ports: Sequence[SerialPort], running: Sequence[Process]) -> list[Finding]:
    """It tries out every new serial port with the commands of a telephone modem."""
    if not any(process.name == "ModemManager" for process in running):
        return []
    rules = "\n".join(
        line
        for folder in RULES[:2]
        for name in system.children(folder)
        for line in (system.read(f"{folder}/{name}") or "").splitlines()
        if "ID_MM_DEVICE_IGNORE" in line or "ID_MM_PORT_IGNORE" in line
    )
    pestered = [port.name for port in ports if not (port.usb and f'"{port.usb.vendor}"' in rules.lower())]
    if not pestered:
        return [SERIAL.ok("ModemManager", "runs, but a rule of udev keeps it from the boards")]
    return [
        SERIAL.warning(
            "ModemManager",
            f"runs: it sends a modem's commands to {', '.join(pestered)}, and a PWM or relay board obeys what it can",
            "sudo systemctl disable --now ModemManager, if nobody here needs a mobile modem",
        )
    ]
