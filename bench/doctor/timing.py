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
UNDERVOLTAGE_NOW, UNDERVOLTAGE_SINCE_BOOT = 1 << 0, 1 << 16
SLOWED_NOW, SLOWED_SINCE_BOOT = 0b1110, 0b1110 << 16
"""Frequency capped, throttled, soft temperature limit: bits of vcgencmd get_throttled, as commonly listed."""
OLDEST_PYTHON = (3, 11)


def check_timing(system: System, python: tuple[int, int, int] = sys.version_info[:3]) -> list[Finding]:
    return [check_clock(system), check_governor(system), *check_supply(system), check_python(python)]


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


def check_supply(system: System) -> list[Finding]:
    """Of a Raspberry Pi: undervoltage, and heat. Nothing where there is no vcgencmd."""
    if not system.installed("vcgencmd"):
        return []
    said = system.run("vcgencmd", "get_throttled")
    try:
        flags = int((said or "").strip().partition("=")[2], 16)
    except ValueError:
        what = "vcgencmd failed" if said is None else f"vcgencmd said {said.strip()!r}"
        return [Finding(Level.NOTE, "timing", "supply", f"unknown: {what}", "sudo vcgencmd get_throttled")]
    return [check_voltage(flags), check_heat(flags)]


def check_voltage(flags: int) -> Finding:
    since = "now" if flags & UNDERVOLTAGE_NOW else "since it was started" if flags & UNDERVOLTAGE_SINCE_BOOT else ""
    if not since:
        return Finding(Level.OK, "timing", "supply", "no undervoltage")
    return Finding(
        Level.WARNING,
        "timing",
        "supply",
        f"undervoltage {since} ({flags:#x}): slow, and USB may drop out; write no parameter blocks",
        "use a stronger supply and a short cable; power adapters and relays from another one",
    )


def check_heat(flags: int) -> Finding:
    since = "now" if flags & SLOWED_NOW else "since it was started" if flags & SLOWED_SINCE_BOOT else ""
    if not since:
        return Finding(Level.OK, "timing", "throttling", "none")
    return Finding(
        Level.WARNING,
        "timing",
        "throttling",
        f"slowed down {since} ({flags:#x}), for heat or undervoltage: the bench answers later",
        "see `vcgencmd measure_temp`; give it a fan or a heat sink, then restart it",
    )


def check_python(version: tuple[int, int, int]) -> Finding:
    shown = ".".join(map(str, version))
    if version[:2] >= OLDEST_PYTHON:
        return Finding(Level.OK, "timing", "Python", shown)
    return Finding(Level.ERROR, "timing", "Python", f"{shown} is too old", "install Python 3.11 or later")
