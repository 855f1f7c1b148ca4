"""Whether frames can be captured and sent here, and how exactly they are stamped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bench.doctor.findings import Finding, Level
from bench.doctor.system import System
from bench.drivers.libpcap_facts import StampFacts, libpcap_version, stamp_facts
from bench.drivers.pcap_port import PcapPort, no_permission
from bench.errors import PortError

CAP_NET_ADMIN, CAP_NET_RAW = 12, 13

Try: TypeAlias = Callable[[str], None]
"""Opens an interface for capturing and closes it again. PortError if it cannot."""


def try_pcap(interface: str) -> None:
    PcapPort(interface).close()


@dataclass(frozen=True, slots=True)
class Libpcap:
    """The three things asked of libpcap; each may raise PortError."""

    version: Callable[[], str] = libpcap_version
    stamps: Callable[[str], StampFacts | None] = stamp_facts
    open: Try = try_pcap


def check_capture(system: System, interfaces: Sequence[str], libpcap: Libpcap | None = None) -> list[Finding]:
    """*interfaces*: those to be opened, all of them switched on. Without the right to, none is tried."""
    libpcap = libpcap or Libpcap()
    rights = check_rights(system)
    try:
        version = libpcap.version()
    except PortError as error:
        reason, fix = remedy_apart(error)
        return [Finding(Level.ERROR, "capture", "libpcap", reason, fix), rights]
    found = [Finding(Level.OK, "capture", "libpcap", version), rights]
    for interface in interfaces:
        if rights.level is not Level.ERROR:
            found.append(check_opening(interface, libpcap.open))
        found.append(check_stamps(interface, libpcap.stamps))
    return found


def check_rights(system: System) -> Finding:
    """What this process may do, from its effective capabilities."""
    held = capabilities(system)
    subject = "permission"
    if held is None:
        return Finding(
            Level.NOTE, "capture", subject, "unknown: /proc/self/status cannot be read", "run with sudo if in doubt"
        )
    names = {CAP_NET_RAW: "CAP_NET_RAW", CAP_NET_ADMIN: "CAP_NET_ADMIN"}
    missing = [name for bit, name in names.items() if not held >> bit & 1]
    if not missing:
        return Finding(Level.OK, "capture", subject, "CAP_NET_RAW and CAP_NET_ADMIN are there")
    reason = f"{' and '.join(missing)} missing"
    if "CAP_NET_RAW" in missing:
        return Finding(
            Level.ERROR, "capture", subject, f"{reason}: no frames can be captured or sent", set_capabilities()
        )
    return Finding(
        Level.NOTE,
        "capture",
        subject,
        f"{reason}: frames can be captured, but no interface switched on",
        set_capabilities(),
    )


def capabilities(system: System) -> int | None:
    """The mask of this process; None: unknown."""
    for line in (system.read("proc/self/status") or "").splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff":
            try:
                return int(value.strip(), 16)
            except ValueError:
                return None
    return None


def set_capabilities() -> str:
    """The remedy of the port, in its words."""
    return remedy_apart(no_permission(""))[1]


def remedy_apart(error: PortError) -> tuple[str, str]:
    """Reason and remedy of one of the port's sentences."""
    reason, _, fix = str(error).partition("; ")
    return reason, fix or "put right what the reason says"


def check_opening(interface: str, open_it: Try) -> Finding:
    try:
        open_it(interface)
    except PortError as error:
        reason, fix = remedy_apart(error)
        return Finding(Level.ERROR, "capture", interface, reason.removeprefix(f"{interface}: "), fix)
    return Finding(Level.OK, "capture", interface, "can be opened for capturing and sending")


def check_stamps(interface: str, ask: Callable[[str], StampFacts | None]) -> Finding:
    subject = f"{interface} stamps"
    try:
        facts = ask(interface)
    except PortError as error:
        reason, fix = remedy_apart(error)
        return Finding(Level.NOTE, "capture", subject, f"unknown: {reason}", fix)
    if facts is None:
        return Finding(Level.NOTE, "capture", subject, "unknown: libpcap does not say", "judge no timing on it before")
    card = [source for source in facts.sources if source.startswith("adapter")]
    cards = f"; its card could stamp too ({', '.join(card)}), which the bench does not use" if card else ""
    if facts.nanoseconds:
        return Finding(Level.OK, "capture", subject, f"by the kernel, in ns{cards}")
    return Finding(
        Level.WARNING,
        "capture",
        subject,
        f"by the kernel, in µs only{cards}",
        "install libpcap 1.5 or later (apt install libpcap0.8); intervals are good to some µs until then",
    )
