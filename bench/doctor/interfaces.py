"""Network interfaces: which of them an adapter's cable may be plugged into.

Up and carrier are asked by ioctl (`bench.drivers.interfaces`), the rest is read in /sys/class/net, which shows the
namespace it was mounted in; what it does not know of an interface is unknown.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from bench.doctor.findings import Finding, Level
from bench.doctor.system import System
from bench.drivers.interfaces import Interface, ask_interface
from bench.ids import MacAddress

Ask: TypeAlias = Callable[[str], "Interface | None"]

TUN_IS_TAP = 0x2
NET = "sys/class/net"


class Kind(enum.Enum):
    WIRED = "wired"
    USB = "wired, on USB"
    TAP = "virtual (TAP)"
    VETH = "virtual (veth)"
    VIRTUAL = "virtual"
    BRIDGE = "bridge"
    WIRELESS = "wireless"
    NOT_ETHERNET = "not Ethernet"
    UNKNOWN = "of unknown kind"


UNFIT = {
    Kind.BRIDGE: "tools that manage adapters do not work on bridges, and a bridge passes their frames on",
    Kind.WIRELESS: "no adapter's cable ends there",
    Kind.NOT_ETHERNET: "an adapter is reached by Ethernet frames",
}


@dataclass(frozen=True, slots=True)
class Nic:
    """One network interface.

    driver  of the kernel; empty where there is none or it is unknown
    bridge  the bridge or bond that has taken it, else empty
    ipv6    None: unknown
    """

    name: str
    kind: Kind
    driver: str
    up: bool
    carrier: bool
    mac: MacAddress | None
    bridge: str
    ipv6: bool | None

    @property
    def fit(self) -> bool:
        return self.kind not in UNFIT

    @property
    def ready(self) -> bool:
        """Whether it makes sense to ask for an adapter on it."""
        return self.fit and self.up and self.carrier


def look_at(system: System, name: str, ask: Ask = ask_interface) -> Nic | None:
    """None: there is no such interface."""
    interface = ask(name)
    if interface is None:
        return None
    disabled = system.read(f"proc/sys/net/ipv6/conf/{name}/disable_ipv6")
    return Nic(
        name,
        kind_of(system, interface),
        last_part(system.link(f"{NET}/{name}/device/driver")),
        interface.up,
        interface.up and interface.carrier,
        interface.mac,
        last_part(system.link(f"{NET}/{name}/master")),
        None if disabled is None else disabled == "0",
    )


def kind_of(system: System, interface: Interface) -> Kind:
    at = f"{NET}/{interface.name}"
    devtype = dict(line.split("=", 1) for line in (system.read(f"{at}/uevent") or "").splitlines() if "=" in line)
    match devtype.get("DEVTYPE"):
        case "bridge":
            return Kind.BRIDGE
        case "wlan":
            return Kind.WIRELESS
    if system.exists(f"{at}/bridge"):
        return Kind.BRIDGE
    if system.exists(f"{at}/wireless") or system.exists(f"{at}/phy80211"):
        return Kind.WIRELESS
    if not interface.ethernet:
        return Kind.NOT_ETHERNET
    if (flags := number(system.read(f"{at}/tun_flags"))) is not None:
        return Kind.TAP if flags & TUN_IS_TAP else Kind.NOT_ETHERNET
    if device := system.real(f"{at}/device"):
        return Kind.USB if "/usb" in device else Kind.WIRED
    own, peer = number(system.read(f"{at}/ifindex")), number(system.read(f"{at}/iflink"))
    if own is None or peer is None:
        return Kind.UNKNOWN
    return Kind.VETH if "DEVTYPE" not in devtype and own != peer else Kind.VIRTUAL


def number(text: str | None) -> int | None:
    try:
        return None if text is None else int(text, 0)
    except ValueError:
        return None


def last_part(path: str | None) -> str:
    return (path or "").rpartition("/")[2]


def check_interfaces(nics: Iterable[Nic], *, named: bool) -> list[Finding]:
    """*named*: the user asks about these, so what is unfit or down is not just worth a note."""
    nics = list(nics)
    found = [check_interface(nic, named=named) for nic in nics if named or nic.up or nic.kind is not Kind.VIRTUAL]
    found += [taken(nic) for nic in nics if nic.bridge]
    if not any(nic.fit for nic in nics):
        found.append(
            Finding(
                Level.ERROR,
                "interfaces",
                "Ethernet",
                "there is no Ethernet interface that an adapter could be plugged into",
                "plug in a USB-Ethernet adapter",
            )
        )
    return found


def check_interface(nic: Nic, *, named: bool) -> Finding:
    looks = ", ".join(filter(None, (nic.kind.value, nic.driver and f"driver {nic.driver}", str(nic.mac or ""))))
    if not nic.fit:
        return Finding(
            Level.ERROR if named else Level.NOTE,
            "interfaces",
            nic.name,
            f"{looks}: not for an adapter; {UNFIT[nic.kind]}",
            "take the interface that the adapter's cable is plugged into",
        )
    if not nic.up:
        return Finding(
            Level.ERROR if named else Level.NOTE,
            "interfaces",
            nic.name,
            f"{looks}: switched off",
            f"sudo ip link set {nic.name} up",
        )
    if not nic.carrier:
        return Finding(
            Level.WARNING if named else Level.NOTE,
            "interfaces",
            nic.name,
            f"{looks}: up, but without a link: nothing at the other end of the cable",
            "plug the adapter's cable in and give the adapter power",
        )
    return Finding(Level.OK, "interfaces", nic.name, f"{looks}: up, with a link")


def taken(nic: Nic) -> Finding:
    return Finding(
        Level.WARNING,
        "interfaces",
        nic.name,
        f"part of {nic.bridge}, which passes frames between it and other networks; an adapter must stand alone",
        f"if the adapter is here: sudo ip link set {nic.name} nomaster",
    )
