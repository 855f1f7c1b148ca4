"""Which drivers were run on real hardware: docs/hardware-status.md in short, for the drivers of a rig file."""

from __future__ import annotations

from collections.abc import Collection

from bench.doctor.findings import Finding, Part

PROVEN = Part("rig")

STATUS: dict[str, tuple[str, bool]] = {
    "pcap": ("libpcap port", False),
    "xy-lpwm": ("serial PWM boards: XY-LPWM, its sister with three outputs, N76E003 firmware", False),
    "xy-lpwm-3": ("serial PWM boards: XY-LPWM, its sister with three outputs, N76E003 firmware", False),
    "n76e003": ("serial PWM boards: XY-LPWM, its sister with three outputs, N76E003 firmware", False),
    "sysfs-pwm": ("hardware PWM, sysfs", False),
    "gpio-pwm": ("gpiozero PWM", False),
    "gpio-relays": ("GPIO relays", False),
    "lcus": ("LCUS, Numato, ICSE relays", False),
    "numato": ("LCUS, Numato, ICSE relays", False),
    "icse": ("LCUS, Numato, ICSE relays", False),
    "mcp3xxx": ("MCP3004/3008/3204/3208, levels and proximity", False),
    "edges": ("edge meter, gpiod", False),
    "dieter": ("Dieter", False),
    "celeron55": ("celeron55", False),
    "uhubctl": ("uhubctl", False),
    "command": ("external command", False),
}
"""By driver: its row of that page, and whether that names hardware of its kind. One without a row counts as not run."""
NO_HARDWARE_OF_THEIR_OWN = frozenset({"relay-load", "relay-supply", "manual"})
"""They work through a relay board that is listed itself, or are a person."""


def check_proven(drivers: Collection[str]) -> list[Finding]:
    listed = [driver for driver in dict.fromkeys(drivers) if driver not in NO_HARDWARE_OF_THEIR_OWN]
    run = [driver for driver in listed if driver in STATUS and STATUS[driver][1]]
    not_run = [driver for driver in listed if driver not in run]
    found = [PROVEN.ok("drivers", f"{', '.join(run)}: run on real hardware")] if run else []
    if not_run:
        found.append(
            PROVEN.note(
                "drivers",
                f"{', '.join(not_run)}: not run on real hardware yet, only on simulated boards and adapters "
                "(docs/hardware-status.md)",
                "fill in the acceptance sheet of docs/build-a-bench.md before a car is plugged in, and report what "
                "you saw",
            )
        )
    return found
