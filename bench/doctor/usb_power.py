"""Switching the power of USB ports: uhubctl, hubs that can, and the right to."""

from __future__ import annotations

from collections.abc import Sequence

from bench.doctor.findings import Finding, Part
from bench.doctor.system import System
from bench.doctor.usb import HUB_CLASS, UsbDevice, usb_devices
from bench.drivers.power.uhubctl import HubStatus, ganged_with, parse_status

POWER = Part("power")
RULE = 'SUBSYSTEM=="usb", DRIVER=="hub|usb", MODE="0664", GROUP="dialout"'
"""As in the udev rule that comes with uhubctl; since Linux 6.0 that has a second part, for the ports' `disable`."""


def check_usb_power(system: System, model: str) -> list[Finding]:
    """Where uhubctl is not installed, it is worth a word on a Raspberry Pi only."""
    if not system.installed("uhubctl"):
        if not model:
            return []
        return [
            POWER.note(
                "uhubctl",
                "not installed; it switches adapters that are fed from a USB hub",
                "sudo apt install uhubctl",
            )
        ]
    devices = [device for device in usb_devices(system) if device.device_class == HUB_CLASS]
    if locked := [device for device in devices if not system.may_write(device_file(system, device))]:
        return [
            POWER.note(
                "uhubctl",
                f"this user may not switch the hubs {', '.join(device.place for device in locked)}",
                f"use sudo, or: echo '{RULE}' | sudo tee /etc/udev/rules.d/52-usb.rules; sudo udevadm trigger "
                "(Linux 6 wants uhubctl's whole 52-usb.rules)",
            )
        ]
    return [check_hubs(parse_status(system.run("uhubctl") or ""), model)]


def device_file(system: System, device: UsbDevice) -> str:
    """Under the root; where its numbers cannot be read, a file that does not exist."""
    numbers = [system.read(f"{device.path}/{name}") or "" for name in ("busnum", "devnum")]
    return "dev/bus/usb/" + "/".join(number.zfill(3) for number in numbers)


def check_hubs(hubs: Sequence[HubStatus], model: str) -> Finding:
    able = [hub for hub in hubs if "ganged" not in hub.description and not ganged_with(hub.location, model)]
    if able:
        shown = ", ".join(f"{hub.location} ({len(hub.powered)} ports)" for hub in able)
        return POWER.ok("hubs", f"{shown} say that they switch each port; try it with a lamp")
    if hubs:
        locations = ", ".join(hub.location for hub in hubs)
        return POWER.note(
            "hubs",
            f"{locations}: all sockets hang on one switch, so adapters go off together",
            "put each adapter behind an external hub that uhubctl lists with ppps",
        )
    return POWER.note(
        "hubs",
        "uhubctl finds none that can switch its ports",
        "use a hub from uhubctl's list, or a relay in the adapter's supply",
    )
