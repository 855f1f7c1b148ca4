"""What the kernel says about network interfaces. Linux; elsewhere libpcap's list is all there is."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from bench.ids import MacAddress

SIOCGIFFLAGS = 0x8913
SIOCGIFHWADDR = 0x8927
IFF_UP = 0x1
IFF_RUNNING = 0x40
ARPHRD_ETHER = 1
LONGEST_NAME = 15


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface, seen from the network namespace this thread is in.

    up        switched on
    carrier   something is at the other end of the cable
    ethernet  carries Ethernet frames; the loop-back interface and tunnels do not
    mac       its hardware address; None where it is not Ethernet
    """

    name: str
    up: bool
    carrier: bool
    ethernet: bool
    mac: MacAddress | None


def ask_interface(name: str) -> Interface | None:
    """What the kernel says of *name*; None if there is no such interface.

    Asked by ioctl and not in /sys, which shows the namespace it was mounted in.
    """
    # Linux only, like the requests.
    from fcntl import ioctl

    if len(name.encode()) > LONGEST_NAME:
        return None
    asked = struct.pack("16s24x", name.encode())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        try:
            (flags,) = struct.unpack_from("H", ioctl(door, SIOCGIFFLAGS, asked), 16)
            family, address = struct.unpack_from("H6s", ioctl(door, SIOCGIFHWADDR, asked), 16)
        except OSError:
            return None
    ethernet = family == ARPHRD_ETHER
    return Interface(
        name, bool(flags & IFF_UP), bool(flags & IFF_RUNNING), ethernet, MacAddress(address) if ethernet else None
    )


def interface_names() -> list[str]:
    """The interfaces there are, without the loop-back interface."""
    return sorted(name for _, name in socket.if_nameindex() if name != "lo")
