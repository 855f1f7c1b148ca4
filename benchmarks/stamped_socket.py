"""What passes an interface in both directions, stamped by the kernel: a raw socket with SO_TIMESTAMPNS.

`PcapPort` stamps only what comes in. The time from a request to its answer needs both ends from one clock, so a second
socket listens to the interface; it sees what the first one sends as the kernel hands it to the driver.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import NamedTuple

from bench.mme.frame import ETHERTYPE_HOMEPLUG
from bench.units import Ns, to_s

ETH_P_ALL = 3
SO_TIMESTAMPNS = 35
"""Linux, not in Python's module; the control message has the same number."""
TIMESPEC = struct.Struct("@ll")
LONGEST = 1518
BUFFER_OCTETS = 4 << 20


class Passed(NamedTuple):
    """t: ns since 1970, by the kernel."""

    t: Ns
    outgoing: bool
    octets: bytes


class StampedSocket:
    """On *interface*, in the namespace this thread is in. HomePlug only. Its stamps are civil time."""

    def __init__(self, interface: str) -> None:
        self._sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._sender.bind((interface, 0))
        self._ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._ear.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_OCTETS)
        self._ear.setblocking(False)
        # ETH_P_ALL, because only such sockets are shown what the host itself sends.
        self._ear.bind((interface, ETH_P_ALL))

    def send(self, octets: bytes) -> None:
        self._sender.send(octets)

    def next(self, deadline: Ns) -> Passed | None:
        """The next HomePlug frame either way; None: none until *deadline* of the monotonic clock."""
        while True:
            try:
                octets, control, _, address = self._ear.recvmsg(LONGEST, 64)
            except BlockingIOError:
                remaining = deadline - time.monotonic_ns()
                if remaining <= 0:
                    return None
                select.select([self._ear], [], [], to_s(remaining))
                continue
            if address[1] == ETHERTYPE_HOMEPLUG:
                seconds, fraction = TIMESPEC.unpack(control[0][2])
                return Passed(seconds * 1_000_000_000 + fraction, address[2] == socket.PACKET_OUTGOING, octets)

    def close(self) -> None:
        self._sender.close()
        self._ear.close()
