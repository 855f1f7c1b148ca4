"""What spoils measured intervals: clock, processor, supply. And the Python that runs all of this."""

from __future__ import annotations

import re
import sys

from bench.doctor.findings import Finding, Level
from bench.doctor.system import System

GOOD_CLOCKS = re.compile(
    r"tsc|arch_sys_counter|riscv_clocksource|kvm-clock|xen|hyperv_clocksource.*|timebase|stp|tod|mct-frc"
)
"""Counters that are read in nanoseconds, not over a slow bus."""
SLOW_GOVERNORS = {"powersave", "ondemand", "conservative"}
DRIVERS_THAT_MEAN_WELL = {"intel_pstate", "amd-pstate-epp", "amd_pstate_epp"}
"""Their `powersave` follows the load at once."""
UNDERVOLTAGE_NOW, THROTTLED_NOW, UNDERVOLTAGE_SINCE_BOOT = 1 << 0, 1 << 2, 1 << 16
OLDEST_PYTHON = (3, 11)


def check_timing(system: System, python: tuple[int, int, int] = sys.version_info[:3]) -> list[Finding]:
    findings = [check_clock(system), check_governor(system), check_supply(system), check_python(python)]
    return [finding for finding in findings if finding is not None]


def check_clock(system: System) -> Finding:
    at = "sys/devices/system/clocksource/clocksource0"
    current = system.read(f"{at}/current_clocksource")
    if not current:
        return Finding(
            Level.NOTE, "timing", "clock source", f"unknown: /{at}/current_clocksource cannot be read", f"cat /{at}/*"
        )
    if GOOD_CLOCKS.fullmatch(current):
        return Finding(Level.OK, "timing", "clock source", current)
    others = (system.read(f"{at}/available_clocksource") or "").split()
    better = next((name for name in others if GOOD_CLOCKS.fullmatch(name)), None)
    fix = f"echo {better} | sudo tee /{at}/current_clocksource" if better else "measure on another computer"
    return Finding(Level.WARNING, "timing", "clock source", f"{current}: slow to read, so stamps are late", fix)


def check_governor(system: System) -> Finding:
    at = "sys/devices/system/cpu"
    cpus = [name for name in system.children(at) if re.fullmatch(r"cpu\d+", name)]
    governors = {system.read(f"{at}/{cpu}/cpufreq/scaling_governor") for cpu in cpus} - {None, ""}
    if not governors:
        return Finding(Level.OK, "timing", "processor speed", "not controlled by Linux here")
    names = ", ".join(sorted(filter(None, governors)))
    driver = system.read(f"{at}/cpu0/cpufreq/scaling_driver")
    if not governors & SLOW_GOVERNORS:
        return Finding(Level.OK, "timing", "processor speed", f"governor {names}")
    if driver in DRIVERS_THAT_MEAN_WELL and governors <= {"powersave", "performance"}:
        return Finding(Level.OK, "timing", "processor speed", f"governor {names} of {driver}")
    return Finding(
        Level.WARNING,
        "timing",
        "processor speed",
        f"governor {names}: the processor is slow when a frame comes, so the bench answers later",
        "sudo cpupower frequency-set -g performance, "
        f"or: echo performance | sudo tee /{at}/cpu*/cpufreq/scaling_governor",
    )


def check_supply(system: System) -> Finding | None:
    """Of a Raspberry Pi; None: no such computer."""
    said = system.run("vcgencmd", "get_throttled")
    if said is None:
        return None
    try:
        flags = int(said.strip().partition("=")[2], 16)
    except ValueError:
        return Finding(
            Level.NOTE, "timing", "supply", f"unknown: vcgencmd said {said.strip()!r}", "vcgencmd get_throttled"
        )
    fix = "use a stronger supply and a short cable; power adapters and relays from another one"
    if flags & (UNDERVOLTAGE_NOW | THROTTLED_NOW):
        return Finding(
            Level.WARNING,
            "timing",
            "supply",
            f"undervoltage or throttled now ({flags:#x}): slow, USB may drop out",
            fix,
        )
    if flags & UNDERVOLTAGE_SINCE_BOOT:
        return Finding(Level.WARNING, "timing", "supply", f"undervoltage since it was started ({flags:#x})", fix)
    return Finding(Level.OK, "timing", "supply", "no undervoltage")


def check_python(version: tuple[int, int, int]) -> Finding:
    shown = ".".join(map(str, version))
    if version[:2] >= OLDEST_PYTHON:
        return Finding(Level.OK, "timing", "Python", shown)
    return Finding(Level.ERROR, "timing", "Python", f"{shown} is too old", "install Python 3.11 or later")
