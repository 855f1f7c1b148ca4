"""Chip families by what VS_SW_VER.CNF says. Source: open-plc-utils, by way of what plctool and int6k print."""

from __future__ import annotations

from bench.ids import LOCAL_DEVICE, MacAddress

OLD_CLASSES = range(0x01, 0x06)
"""INT6000 to AR6405: they tell their network in message version 0 only."""

IDENTS = {
    0x00000042: "INT6000",
    0x00006300: "INT6300",
    0x00006400: "INT6400",
    0x00007400: "AR7400",
    0x001B587C: "QCA7005",
    0x001B589C: "QCA7000",
    0x001B58AC: "QCA7006AQ",
    0x001B58BC: "QCA6411",
    0x001B58DC: "QCA7000",
    0x001B58EC: "QCA6410",
    0x001CFC00: "QCA7420",
    0x001CFCFC: "QCA7420",
    0x001D4C00: "QCA7500",
    0x0E001D1A: "QCA7451",
    0x0F001D1A: "QCA7450",
}
CLASSES = {
    0x01: "INT6000",
    0x02: "INT6300",
    0x03: "INT6400",
    0x04: "AR7400",
    0x05: "AR6405",
    0x20: "QCA7420",
    0x21: "QCA6410/6411/7006AQ",
    0x22: "QCA7000/7005",
    0x30: "QCA7500",
}
DEFAULT_MACS = {LOCAL_DEVICE, MacAddress.parse("00:b0:52:00:00:02"), MacAddress.parse("00:b0:52:00:00:03")}
"""Of a chip whose parameters are missing, damaged or of no device in particular."""


def chip_name(device_class: int, ident: int | None) -> str:
    """The class decides unless it stands for several chips; then the ident of the chip does, where it is told."""
    by_class = CLASSES.get(device_class)
    by_ident = IDENTS.get(ident or 0)
    if by_class is None or "/" in by_class:
        return by_ident or by_class or f"unknown chip (class 0x{device_class:02x})"
    return by_class


def waits_for_image(version: str) -> bool:
    """Whether this is the text of a loader: the chip runs without firmware and refuses most messages."""
    return "BootLoader" in version or "SoftLoader" in version
