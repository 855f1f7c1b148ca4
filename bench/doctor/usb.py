"""USB devices: which chip, and what board of a bench that may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.doctor.system import System

DEVICES = "sys/bus/usb/devices"
HUB_CLASS = "09"


@dataclass(frozen=True, slots=True)
class UsbChip:
    """name    of the chip
    may_be   which board of a bench it may sit on
    module   of the kernel that makes a serial port of it; empty: it is in any kernel
    """

    name: str
    may_be: str
    module: str = ""


ARDUINO = UsbChip("Arduino", "Dieter", "cdc_acm")
CHIPS: dict[tuple[str, str], UsbChip] = {
    ("1a86", "7523"): UsbChip("CH340", "an LCUS relay board, a PWM board or an Arduino clone", "ch341"),
    ("1a86", "5523"): UsbChip("CH341", "a USB adapter of a PWM board", "ch341"),
    ("1a86", "55d4"): UsbChip("CH9102", "a USB adapter of a PWM board or an ESP32", "cdc_acm"),
    ("067b", "2303"): UsbChip("PL2303", "an ICSE relay board or a USB adapter of a PWM board", "pl2303"),
    ("10c4", "ea60"): UsbChip("CP210x", "a USB adapter of a PWM board or an ESP32", "cp210x"),
    ("0403", "6001"): UsbChip("FT232R", "a USB adapter of a PWM board", "ftdi_sio"),
    ("0403", "6015"): UsbChip("FT231X", "a USB adapter of a PWM board", "ftdi_sio"),
}
"""By vendor and product, as read in programs that drive the boards and as commonly listed; not verified. Boards change
without notice, and many are on the same chip."""
VENDORS = {"2341": ARDUINO, "2a03": ARDUINO, "2a19": UsbChip("Numato", "a Numato relay board", "cdc_acm")}
HID_RELAYS = {
    ("5131", "2007"): "LC-US8 relay board, HID",
    ("16c0", "05df"): "USBRelay board, HID",
    ("0416", "5020"): "SainSmart relay board, HID",
}
"""Relay boards without a serial port. The bench has no driver for them. As read in programs that drive them."""
BRAILLE_TOO = {("1a86", "7523"), ("10c4", "ea60"), ("0403", "6001")}
"""Chips that Braille displays use as well, so brltty takes them all. As commonly reported."""


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """path  under the root, e.g. sys/devices/.../1-1.2
    serial_number  empty where it has none
    """

    path: str
    vendor: str
    product: str
    serial_number: str = ""
    device_class: str = ""

    @property
    def place(self) -> str:
        """Bus and ports on the way, e.g. 1-1.2."""
        return self.path.rpartition("/")[2]

    @property
    def ident(self) -> tuple[str, str]:
        return self.vendor, self.product

    @property
    def chip(self) -> UsbChip | None:
        return CHIPS.get(self.ident) or VENDORS.get(self.vendor)

    @property
    def shown(self) -> str:
        return f"{self.chip.name if self.chip else 'unknown chip'} ({self.vendor}:{self.product})"


def device_at(system: System, path: str) -> UsbDevice | None:
    """The USB device that *path* belongs to: itself or above it."""
    folder = system.above(path, "idVendor")
    if folder is None:
        return None
    said = {name: (system.read(f"{folder}/{name}") or "").lower() for name in ("idVendor", "idProduct", "bDeviceClass")}
    number = system.read(f"{folder}/serial") or ""
    return UsbDevice(folder, said["idVendor"], said["idProduct"], number, said["bDeviceClass"])


def usb_devices(system: System) -> Iterator[UsbDevice]:
    for name in system.children(DEVICES):
        if ":" not in name and (found := device_at(system, f"{DEVICES}/{name}")) is not None:
            yield found
