"""What makes the bench safe when its program cannot: guardian, unit at boot, hardware watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from bench.doctor.findings import Finding, Part
from bench.doctor.system import System
from bench.errors import BenchError
from bench.units import Ns, to_s

GUARDIAN = Part("guardian")
UNIT = "bench-safe.service"
UNITS = "etc/systemd/system"
LONGEST_WATCHDOG_S = 15
"""The Pi's counter goes no further; as commonly found."""

Start: TypeAlias = Callable[[], Ns]
"""Starts a guardian, has it answer and ends it; returns how long that took. BenchError."""


def start_guardian() -> Ns:
    """One that has nothing to guard, so no device is touched."""
    from bench.guardian import BenchSpec, Guardian

    began = time.monotonic_ns()
    with Guardian(BenchSpec("doctor")) as guardian:
        guardian.begin("doctor")
        return time.monotonic_ns() - began


def check_guardian(start: Start = start_guardian) -> Finding:
    try:
        took = start()
    except (BenchError, OSError) as error:
        return GUARDIAN.error("process", f"cannot be started: {error}", "python -m bench.guardian < /dev/null; echo $?")
    return GUARDIAN.ok("process", f"starts and answers within {to_s(took):.1f} s")


def check_boot_unit(system: System) -> Finding:
    """The unit that makes the bench safe before anything else uses it: a PWM board may start at 5 %."""
    enabled = any(
        system.link(f"{UNITS}/{folder}/{UNIT}") is not None
        for folder in system.children(UNITS)
        if folder.endswith((".wants", ".requires"))
    )
    if enabled:
        return GUARDIAN.ok("at boot", f"{UNIT} makes the bench safe")
    if system.exists(f"{UNITS}/{UNIT}"):
        return GUARDIAN.warning(
            "at boot", f"{UNIT} is there, but not switched on", f"sudo systemctl enable {UNIT.removesuffix('.service')}"
        )
    return GUARDIAN.note(
        "at boot",
        f"no {UNIT}: a PWM board that was left at 5 % starts with 5 %",
        f"write /{UNITS}/{UNIT} as docs/raspberry-pi.md shows, "
        f"then: sudo systemctl enable {UNIT.removesuffix('.service')}",
    )


def check_watchdog(system: System) -> Finding:
    """The computer's own, which restarts it when it hangs."""
    if not system.exists("dev/watchdog") and not system.exists("dev/watchdog0"):
        return GUARDIAN.note(
            "watchdog", "this computer shows none: who restarts it when it hangs?", "sudo modprobe bcm2835_wdt"
        )
    set_to = watchdog_set_to(system)
    if set_to:
        return GUARDIAN.ok("watchdog", f"systemd feeds it (RuntimeWatchdogSec {set_to})")
    return GUARDIAN.note(
        "watchdog",
        "nobody feeds it, so a computer that hangs stays as it is, the pilot and relays too",
        "sudo mkdir -p /etc/systemd/system.conf.d; printf '[Manager]\\nRuntimeWatchdogSec=10\\n' | sudo tee "
        f"/etc/systemd/system.conf.d/bench.conf; sudo systemctl daemon-reexec (at most {LONGEST_WATCHDOG_S})",
    )


def watchdog_set_to(system: System) -> str:
    """Empty: not set. systemd's own word counts; its files do where it cannot be asked."""
    said = system.run("systemctl", "show", "-p", "RuntimeWatchdogUSec")
    if said is not None:
        value = said.strip().partition("=")[2]
        return "" if value in ("", "0", "infinity") else value
    found = ""
    folder = "etc/systemd/system.conf.d"
    for path in ("etc/systemd/system.conf", *(f"{folder}/{name}" for name in system.children(folder))):
        for line in (system.read(path) or "").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "RuntimeWatchdogSec":
                found = value.strip()
    return "" if found in ("0", "off", "infinity") else found
