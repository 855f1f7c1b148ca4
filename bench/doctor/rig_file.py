"""What a rig file names: is it there, may this user use it, does nobody else. Nothing is opened or switched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.doctor.board import write_to_config
from bench.doctor.capture import CAP_NET_ADMIN, capabilities
from bench.doctor.computer import LOCKS
from bench.doctor.findings import Finding, Part
from bench.doctor.gpio import (
    DEFAULT_GPIO,
    INSTALL,
    gpio_chips,
    header_block,
    header_chip,
    overlays,
    pwm_chips,
)
from bench.doctor.holders import lock_file, locked_by, users_of
from bench.doctor.interfaces import Ask, look_at
from bench.doctor.proven import check_proven
from bench.doctor.rights import Barred, barred, way_in
from bench.doctor.serial_ports import BY_PATH, SerialPort
from bench.doctor.system import System
from bench.drivers.interfaces import ask_interface, interface_names
from bench.drivers.power.uhubctl import ganged_with, parse_status
from bench.rig.config import RigConfig
from bench.rig.devices import locks_of
from bench.rig.hardware import (
    SIMULATED,
    CommandPower,
    DeviceTable,
    EdgeDuty,
    GpioPilot,
    GpioRelays,
    Mcp3xxxLevel,
    SysfsPilot,
    UsbPower,
)

RIG = Part("rig")
ELSEWHERE = "run this rig on its Raspberry Pi, or take a board on USB"
PLUG_IN = "plug the board in, and write what is then below /dev/serial/by-path into the rig file"


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found out about this computer before the rig file was opened."""

    system: System
    model: str
    ports: Sequence[SerialPort]


def check_rig_file(looked: Looked, config: RigConfig, ask: Ask = ask_interface) -> list[Finding]:
    driver, devices = config.rig.driver, config.devices()
    if not config.real:
        return [RIG.ok("file", f"{config.rig.name}: all of it is simulated, it needs nothing of this computer")]
    found = [RIG.ok("file", f"{config.rig.name}: driver {driver}, under test: {config.rig.sut}")]
    found += check_interfaces_of(looked.system, config, ask)
    for where, table in devices.items():
        found += check_table(looked, where, table)
    found += check_free(looked.system, config)
    found.append(check_xdist(looked.system))
    if config.asks_a_person:
        found.append(
            RIG.note("operator", "this rig asks a person", "run it in a terminal, not from a timer or a service")
        )
    drivers = [table.driver for table in devices.values() if getattr(table, "port", "") != SIMULATED]
    return [*found, *check_proven([*(["pcap"] if driver == "pcap" else []), *drivers])]


def check_interfaces_of(system: System, config: RigConfig, ask: Ask) -> Iterator[Finding]:
    """That they exist, or for TAP that they can be made; the rest is told under `interfaces`."""
    driver = config.rig.driver
    for who, name in config.interfaces().items():
        there = look_at(system, name, ask) is not None
        if driver == "pcap" and not there:
            known = ", ".join(interface_names()) or "none"
            yield RIG.error(
                f"{who}.interface", f"there is no {name}; there are {known}", "write one of them into the rig file"
            )
        elif driver == "tap" and there:
            yield RIG.error(
                f"{who}.interface",
                f"{name} is there already, and the rig makes one of that name",
                f"sudo ip link delete {name}, or write another name into the rig file",
            )
    if driver == "tap":
        held = capabilities(system)
        able = held is not None and held >> CAP_NET_ADMIN & 1
        if not system.exists("dev/net/tun"):
            yield RIG.error(
                "TAP", "there is no /dev/net/tun", "sudo modprobe tun; in a container: --device /dev/net/tun"
            )
        elif not able:
            yield RIG.error("TAP", "CAP_NET_ADMIN missing: no interface can be made", "run it with sudo")
        else:
            yield RIG.ok("TAP", "interfaces can be made")


def check_free(system: System, config: RigConfig) -> Iterator[Finding]:
    held = {name: locked_by(system, f"{LOCKS}/{lock_file(name)}") for name in locks_of(config)}
    for name, holder in held.items():
        if holder is not None:
            said = system.read(f"{LOCKS}/{lock_file(name)}")
            reason = f"{name}: by {holder}" + (f" ({said})" if said else "")
            yield RIG.error("in use", reason, f"wait for its end, or: kill {holder.pid}")
    if not any(held.values()):
        yield RIG.ok("in use", "by nobody else")


def check_xdist(system: System) -> Finding:
    """A bench has one of everything, so a real rig is refused together with `-n`."""
    if re.search(r"(^|\s)(-n|--numprocesses)", told := system.environment("PYTEST_ADDOPTS")):
        return RIG.error("xdist", f"PYTEST_ADDOPTS is {told!r}: a real rig is refused with -n", "unset PYTEST_ADDOPTS")
    return RIG.ok("xdist", "not asked for in PYTEST_ADDOPTS; leave -n out")


# devices --------------------------------------------------------------------------------------------------------


def check_table(looked: Looked, where: str, table: DeviceTable) -> Iterator[Finding]:
    port = getattr(table, "port", "")
    if isinstance(table, UsbPower):
        yield check_usb_port(looked, where, table)
    elif isinstance(table, SysfsPilot):
        yield check_pwm_of(looked, where, table)
    elif isinstance(table, EdgeDuty):
        yield check_edges(looked, where, table)
    elif isinstance(table, Mcp3xxxLevel):
        yield check_adc(looked, where, table)
    elif isinstance(table, GpioPilot | GpioRelays):
        yield check_pins_of(looked, where, table)
    elif isinstance(table, CommandPower):
        yield check_commands(looked, where, table)
    elif port == SIMULATED:
        yield RIG.ok(where, f"{table.driver}, simulated")
    elif port:
        yield from check_port_of(looked, where, table.driver, port)


def shut_out(
    system: System, where: str, driver: str, paths: Sequence[str], *, write_only: bool = False
) -> Finding | None:
    """An error for the first of *paths* that this user may not use."""
    for one in barred(system, paths, write_only=write_only):
        return RIG.error(where, f"{driver}: this user may not use {one.path}{_whose(one)}", way_in(one, system.user()))
    return None


def _whose(one: Barred) -> str:
    return f", which is for group {one.group}" if one.group else ""


def check_port_of(looked: Looked, where: str, driver: str, path: str) -> Iterator[Finding]:
    system = looked.system
    at = path.lstrip("/")
    if not system.exists(at):
        names = [port.by_path or port.name for port in looked.ports]
        there = f"there are {', '.join(names)}" if names else "no board is plugged in"
        folder, _, missing = path.rpartition("/")
        yield RIG.error(where, f"{driver}: in {folder} there is no {missing}; {there}", PLUG_IN)
        return
    kernel = f"/{system.resolved(at) or at}"
    name = kernel.removeprefix("/dev/")
    if name in {line.split()[0] for line in (system.read("proc/consoles") or "").splitlines() if line.strip()}:
        yield RIG.error(
            where,
            f"{driver}: Linux writes its own messages to {name}",
            "sudo raspi-config nonint do_serial_cons 1; sudo reboot",
        )
        return
    if (finding := shut_out(system, where, driver, [kernel])) is not None:
        yield finding
        return
    if holders := users_of(system, [kernel]).get(kernel):
        yield RIG.error(
            where,
            f"{driver}: {path} is open in {', '.join(map(str, holders))}",
            f"kill {' '.join(holder.pid for holder in holders)}",
        )
        return
    port = next((port for port in looked.ports if port.name == name), None)
    yield RIG.ok(where, f"{driver}: {port.what if port else name}; there, and free")
    if re.fullmatch(r"/dev/tty(USB|ACM)\d+", path):
        stays = port.by_path if port and port.by_path else "its name"
        yield RIG.warning(
            where,
            f"{path} is another board's after the next start",
            f"write into the rig file instead, below /{BY_PATH}: {stays}",
        )


def check_pwm_of(looked: Looked, where: str, table: SysfsPilot) -> Finding:
    system = looked.system
    chips = pwm_chips(system, table.root.strip("/")) if table.root else pwm_chips(system)
    chip = next((chip for chip in chips if chip.device == table.chip), None)
    if chip is None:
        there = ", ".join(chip.device for chip in chips) or "none"
        reason = f"{table.driver}: there is no chip {table.chip}; there are: {there}"
        return RIG.error(where, reason, _overlay_for(looked.model, table))
    if table.channel >= chip.channels:
        return RIG.error(
            where,
            f"{table.driver}: {table.chip} has channels 0 to {chip.channels - 1}, not {table.channel}",
            "write another channel into the rig file",
        )
    if (finding := shut_out(system, where, table.driver, [chip.export], write_only=True)) is not None:
        return finding
    if holder := locked_by(system, f"{chip.folder}/pwm{table.channel}/enable"):
        return RIG.error(
            where, f"{table.driver}: channel {table.channel} is driven by {holder}", f"wait, or: kill {holder.pid}"
        )
    return RIG.ok(where, f"{table.driver}: {table.chip} is {chip.number}, channel {table.channel} of {chip.channels}")


def _overlay_for(model: str, table: SysfsPilot) -> str:
    """The line that makes it appear; for a chip that this computer cannot have, what to write instead."""
    if not model:
        return ELSEWHERE
    block = header_block(model)
    if block is None:
        return "ls -l /sys/class/pwm/pwmchip*/device, and write the name of the right one into the rig file"
    if block.chip != table.chip:
        return f'this is a {block.model}: write chip = "{block.chip}" and channel = {block.channels[DEFAULT_GPIO]}'
    # Of GPIO 12 and 18 on one channel the documents take 18.
    pins = [gpio for gpio, channel in block.channels.items() if channel == table.channel]
    return overlays(max(pins, default=DEFAULT_GPIO), model)


def check_edges(looked: Looked, where: str, table: EdgeDuty) -> Finding:
    system, driver = looked.system, table.driver
    if system.package("gpiod") is None:
        return RIG.error(where, f"{driver}: the library gpiod is missing", INSTALL)
    if not system.exists(table.chip.lstrip("/")):
        there = ", ".join(gpio_chips(system)) or "none"
        return RIG.error(
            where, f"{driver}: there is no {table.chip}; there are: {there}", "write one of them into the rig file"
        )
    if (finding := shut_out(system, where, driver, [table.chip])) is not None:
        return finding
    chip = system.gpio_chip(table.chip.lstrip("/"))
    if chip is not None and max(table.rising_line, table.falling_line) >= chip.lines:
        return RIG.error(
            where, f"{driver}: {table.chip} has lines 0 to {chip.lines - 1}", "write others into the rig file"
        )
    header = header_chip(gpio_chips(system))
    if header and system.real(header[1:]) != system.real(table.chip.lstrip("/")):
        return RIG.warning(
            where,
            f"{driver}: {table.chip} is not the header's, {header} is",
            f'write chip = "{header}" into the rig file',
        )
    return RIG.ok(where, f"{driver}: {table.chip}, lines {table.rising_line} and {table.falling_line}")


def check_pins_of(looked: Looked, where: str, table: GpioPilot | GpioRelays | Mcp3xxxLevel) -> Finding:
    system, driver = looked.system, table.driver
    if table.factory != "lgpio":
        return RIG.ok(where, f"{driver}: by pin factory {table.factory}, of which nothing is known here")
    if not looked.model:
        return RIG.error(where, f"{driver}: this computer is no Raspberry Pi", ELSEWHERE)
    if system.package("lgpio") is None:
        return RIG.error(where, f"{driver}: the library lgpio is missing", INSTALL)
    chips = gpio_chips(system)
    if not chips:
        return RIG.error(where, f"{driver}: there is no /dev/gpiochip*", "sudo apt full-upgrade")
    if (finding := shut_out(system, where, driver, list(chips))) is not None:
        return finding
    return RIG.ok(where, f"{driver}: by lgpio")


def check_adc(looked: Looked, where: str, table: Mcp3xxxLevel) -> Finding:
    pins = check_pins_of(looked, where, table)
    if pins.fix or table.factory != "lgpio":
        return pins
    node = f"/dev/spidev0.{table.device}"
    if not looked.system.exists(node[1:]):
        return RIG.error(where, f"{table.driver}: there is no {node}", write_to_config("dtparam=spi=on"))
    if (finding := shut_out(looked.system, where, table.driver, [node])) is not None:
        return finding
    return RIG.ok(where, f"{table.driver}: {table.chip} at {node}")


def check_usb_port(looked: Looked, where: str, table: UsbPower) -> Finding:
    system = looked.system
    if not system.installed("uhubctl"):
        return RIG.error(where, "uhubctl is not installed", "sudo apt install uhubctl")
    hubs = parse_status(system.run("uhubctl") or "")
    hub = next((hub for hub in hubs if hub.location == table.location), None)
    if hub is None or table.port not in hub.powered:
        there = ", ".join(f"{hub.location} with {len(hub.powered)} ports" for hub in hubs) or "none"
        return RIG.error(
            where,
            f"uhubctl finds no port {table.port} of hub {table.location}; it finds: {there}",
            "sudo uhubctl, and write what it lists into the rig file",
        )
    shared = "all its ports" if "ganged" in hub.description else ganged_with(table.location, looked.model)
    if shared and not table.shared_is_ok:
        fix = "put the adapter behind a hub that switches each port"
        return RIG.error(where, f"hub {table.location} has one switch: {shared}", fix)
    return RIG.ok(where, f"port {table.port} of hub {table.location}")


def check_commands(looked: Looked, where: str, table: CommandPower) -> Finding:
    programs = dict.fromkeys(words[0] for words in (table.on, table.off, table.check) if words)
    missing = [program for program in programs if not looked.system.installed(program)]
    if missing:
        return RIG.error(
            where, f"there is no program {', '.join(missing)}", "install it, or write its whole path into the rig file"
        )
    return RIG.ok(where, f"command: {', '.join(programs)}")
