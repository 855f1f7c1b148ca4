"""Programs that put frames of their own on an adapter's interface, or switch it on and off.

They are found by their names in /proc, no matter who starts them. Each knows a way to keep its hands off an interface;
where it can be seen that it does so already, all is well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import TypeAlias

from bench.doctor.findings import Finding, Level
from bench.doctor.holders import users_of
from bench.doctor.system import System
from bench.net import SDP_PORT

COMM = 15
"""Characters of a program's name that the kernel keeps."""
SDP_SOCKET = f":{SDP_PORT:04X}"
"""The end of an address in /proc/net/udp6."""


@dataclass(frozen=True, slots=True)
class Process:
    name: str
    arguments: tuple[str, ...] = ()


HandsOff: TypeAlias = Callable[[System, Process, str], "bool | None"]
"""Whether it is set to leave an interface alone; None: that cannot be seen."""


@dataclass(frozen=True, slots=True)
class Service:
    """comm  names of its processes
    why      what it does to an adapter's interface
    fix      with {IF} for the interface
    """

    name: str
    comm: tuple[str, ...]
    why: str
    fix: str
    hands_off: HandsOff


def processes(system: System) -> Iterator[Process]:
    """Those that live in this process's network namespace, as far as that can be seen."""
    here = system.link("proc/self/ns/net")
    for pid in system.children("proc"):
        if not pid.isdigit() or not (name := system.read(f"proc/{pid}/comm")):
            continue
        there = system.link(f"proc/{pid}/ns/net")
        if here and there and here != there:
            continue
        arguments = (system.read(f"proc/{pid}/cmdline") or "").strip("\0").split("\0")
        yield Process(name, tuple(arguments[1:]))


# How each is told to leave an interface alone


def unmanaged_by_network_manager(system: System, _process: Process, interface: str) -> bool | None:
    shown = system.run("nmcli", "-t", "-f", "DEVICE,STATE", "device")
    if shown is None:
        return None
    for line in shown.splitlines():
        device, _, state = line.rpartition(":")
        if device.replace("\\:", ":") == interface:
            return state == "unmanaged"
    return True


def unmanaged_by_networkd(system: System, _process: Process, interface: str) -> bool | None:
    index = system.read(f"sys/class/net/{interface}/ifindex")
    state = system.read(f"run/systemd/netif/links/{index}") if index else None
    return None if state is None else "ADMIN_STATE=unmanaged" in state.splitlines()


def denied_in_avahi(system: System, _process: Process, interface: str) -> bool | None:
    told = settings(system.read("etc/avahi/avahi-daemon.conf"), "=")
    if told is None:
        return None
    if interface in words(told.get("deny-interfaces")):
        return True
    allowed = words(told.get("allow-interfaces"))
    return bool(allowed) and interface not in allowed


def denied_in_dhcpcd(system: System, process: Process, interface: str) -> bool | None:
    named = interfaces_named(process)
    if named:
        return interface not in named
    told = settings(system.read("etc/dhcpcd.conf"), " ")
    if told is None:
        return None
    if matches(interface, words(told.get("denyinterfaces"))):
        return True
    allowed = words(told.get("allowinterfaces"))
    return bool(allowed) and not matches(interface, allowed)


def not_among_arguments(_system: System, process: Process, interface: str) -> bool | None:
    """For programs that are started for certain interfaces, or else take all."""
    named = interfaces_named(process)
    return interface not in named if named else None


def not_wired_supplicant(_system: System, process: Process, interface: str) -> bool | None:
    """wpa_supplicant without an interface waits to be given one by NetworkManager, which is asked itself."""
    return interface not in process.arguments and f"-i{interface}" not in process.arguments


def interfaces_named(process: Process) -> list[str]:
    """Arguments that could be interfaces: neither options nor paths nor what looks like a value of an option."""
    plain: list[str] = []
    before = ""
    for argument in process.arguments:
        if not argument.startswith("-") and "/" not in argument and before not in TAKE_A_VALUE:
            plain.append(argument)
        before = argument
    return plain


TAKE_A_VALUE = {
    "-pf",
    "-lf",
    "-cf",
    "-sf",
    "-df",
    "-e",
    "-g",
    "-s",
    "-p",
    "-D",
    "-I",
    "-H",
    "-F",
    "-V",
    "-f",
    "-t",
    "-c",
}
"""Options of dhclient and dhcpcd that are followed by something that is no interface."""


def settings(text: str | None, between: str) -> dict[str, str] | None:
    """Names and values of a file of settings, those of a repeated name joined; None: there is no such file."""
    if text is None:
        return None
    told: dict[str, str] = {}
    for line in map(str.strip, text.splitlines()):
        if line and line[0] not in "#;[":
            name, _, value = line.partition(between)
            told[name.strip()] = f"{told.get(name.strip(), '')} {value}".strip()
    return told


def matches(interface: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(interface, pattern) for pattern in patterns)


def words(text: str | None) -> list[str]:
    return (text or "").replace(",", " ").split()


LOSES_THE_LINK = "takes the interface down when an adapter is power-cycled and its link goes"
SERVICES = (
    Service(
        "NetworkManager",
        ("NetworkManager",),
        f"asks for addresses on it, and {LOSES_THE_LINK}",
        "sudo nmcli device set {IF} managed no (for good: unmanaged-devices=interface-name:{IF} below [keyfile] in "
        "/etc/NetworkManager/conf.d/bench.conf)",
        unmanaged_by_network_manager,
    ),
    Service(
        "systemd-networkd",
        ("systemd-networkd"[:COMM],),
        f"may configure it, and {LOSES_THE_LINK}",
        "put [Match] Name={IF} and [Link] Unmanaged=yes into /etc/systemd/network/00-bench.network, "
        "then: sudo networkctl reload",
        unmanaged_by_networkd,
    ),
    Service(
        "dhcpcd",
        ("dhcpcd",),
        "asks for an address on it again and again, each time the link comes back",
        "put `denyinterfaces {IF}` into /etc/dhcpcd.conf, then: sudo systemctl restart dhcpcd",
        denied_in_dhcpcd,
    ),
    Service(
        "dhclient",
        ("dhclient",),
        "asks for an address on it again and again",
        "sudo dhclient -x {IF}, and take {IF} out of /etc/network/interfaces",
        not_among_arguments,
    ),
    Service(
        "connman",
        ("connmand",),
        f"asks for addresses on it, and {LOSES_THE_LINK}",
        "put {IF} into NetworkInterfaceBlacklist in /etc/connman/main.conf, then: sudo systemctl restart connman",
        lambda _system, _process, _interface: None,
    ),
    Service(
        "avahi-daemon",
        ("avahi-daemon",),
        "announces this computer on it by multicast, which the adapter carries to the car",
        "put deny-interfaces={IF} below [server] in /etc/avahi/avahi-daemon.conf, "
        "then: sudo systemctl restart avahi-daemon",
        denied_in_avahi,
    ),
    Service(
        "wpa_supplicant",
        ("wpa_supplicant",),
        "does 802.1X on it: frames that no adapter expects",
        "sudo systemctl disable --now wpa_supplicant-wired@{IF}",
        not_wired_supplicant,
    ),
)


def check_services(
    system: System,
    running: Sequence[Process],
    interfaces: Sequence[str],
    *,
    candidates: Sequence[str] = (),
    ipv6: Iterable[str] = (),
) -> list[Finding]:
    """running  all processes
    interfaces  those with an adapter, or that the user asks about
    candidates     where there is none: those an adapter could be plugged into; worth a note only
    ipv6           interfaces on which the kernel speaks IPv6
    """
    level = Level.WARNING if interfaces else Level.NOTE
    found: list[Finding] = []
    if not running:
        found.append(
            Finding(
                Level.NOTE,
                "services",
                "programs",
                "unknown: nothing can be read in /proc",
                "see that no NetworkManager, DHCP client or avahi-daemon works on the adapter's interface",
            )
        )
    for service in SERVICES:
        if its := [process for process in running if process.name in service.comm]:
            found += [
                check_service(level, service, interface, partial(hands_off, system, service, its, interface))
                for interface in interfaces or candidates
            ]
    found += speaks_ipv6(list(ipv6))
    found += answers_sdp(system, level)
    return found


def hands_off(system: System, service: Service, its: Sequence[Process], interface: str) -> bool | None:
    """Whether all processes of the service leave the interface alone."""
    said = {service.hands_off(system, process, interface) for process in its}
    return False if False in said else None if None in said else True


def check_service(level: Level, service: Service, interface: str, ask: Callable[[], bool | None]) -> Finding:
    away = ask()
    if away:
        return Finding(Level.OK, "services", service.name, f"runs, but leaves {interface} alone")
    runs = "runs" if away is False else "runs, perhaps"
    where = f"on {interface}"
    reason = f"{runs} {where}: it {service.why}"
    return Finding(level, "services", service.name, reason, service.fix.replace("{IF}", interface))


def speaks_ipv6(interfaces: Sequence[str]) -> list[Finding]:
    if not interfaces:
        return []
    return [
        Finding(
            Level.NOTE,
            "services",
            "IPv6",
            f"the kernel speaks it on {', '.join(interfaces)}: a few frames of its own whenever the link comes up",
            "nothing: the bench's stations have addresses of their own beside it. To have it quiet: "
            f"sudo sysctl -w net.ipv6.conf.{interfaces[0]}.disable_ipv6=1",
        )
    ]


def answers_sdp(system: System, level: Level) -> list[Finding]:
    """Whether another program waits on the port to which a car sends its SDP request. Only Linux shows that."""
    sockets = (system.read("proc/net/udp6") or "").splitlines()[1:]
    # sl local_address:port remote_address:port st tx:rx tr:when retrnsmt uid timeout inode ...
    inodes = [columns[9] for line in sockets if len(columns := line.split()) > 9 and columns[1].endswith(SDP_SOCKET)]
    if not inodes:
        return []
    users = users_of(system, {f"socket:[{inode}]" for inode in inodes})
    holders = sorted({str(holder) for found in users.values() for holder in found})
    who = ", ".join(holders) or "a program (root may see which)"
    return [
        Finding(
            level,
            "services",
            "SDP",
            f"{who} waits on UDP port {SDP_PORT}: it may answer a car beside the bench",
            "end it while the bench is the charging station",
        )
    ]
