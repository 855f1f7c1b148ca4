"""TAP interfaces: a network card of the kernel whose cable ends in this process.

    clock = SystemClock()
    tap = Tap("plc0", MacAddress.parse("02:00:00:00:e5:e1"))
    jack = TapJack(tap, modem, clock)          # what programs send on plc0 goes into the modem, and back
    pump.participants.append(jack)

The interface lives as long as its file descriptor: it disappears with `close`, and with the process whatever ends it.
Linux only. Source: the kernel's Documentation/networking/tuntap.rst.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Callable
from typing import Protocol

from bench.clock import SystemClock
from bench.drivers.namespace import Namespace, run_ip
from bench.errors import PortError
from bench.ids import MacAddress
from bench.units import Ns

TUN_DEVICE = "/dev/net/tun"
TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
"""No packet information before each frame."""
IFF_TUN_EXCL = 0x8000
"""Refuse an interface that is there already."""

LONGEST_NAME = 15
LONGEST_FRAME = 1518
"""1500 octets of content, header and a VLAN tag."""
SHORTEST_FRAME = 60
"""Network cards pad shorter ones."""
MOST_AT_ONCE = 256
"""Frames read per turn of the clock, so that a flood does not keep the world from its timers."""


class Jack(Protocol):
    """The Ethernet side of an adapter."""

    name: str

    def attach_host(self, receive: Callable[[bytes], None]) -> None: ...

    def detach_host(self) -> None: ...

    def from_host(self, octets: bytes) -> None: ...


class Tap:
    """One TAP interface, up.

    name       of the interface, at most 15 characters
    mac        its own address, the one programs send from
    namespace  where it is put; None: where this process is

    PortError with the remedy: no /dev/net/tun, no right to make interfaces, name taken or impossible.
    """

    def __init__(self, name: str, mac: MacAddress, namespace: Namespace | None = None) -> None:
        self.name = name
        self.mac = mac
        self.namespace = namespace
        self._fd: int | None = make_interface(name)
        try:
            run_ip("link", "set", "dev", name, "address", str(mac))
            where: tuple[str, ...] = ()
            if namespace is not None:
                run_ip("link", "set", "dev", name, "netns", namespace.name)
                where = ("-n", namespace.name)
            run_ip(*where, "link", "set", "dev", name, "up")
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<tap {self.name} {self.mac}>"

    @property
    def closed(self) -> bool:
        return self._fd is None

    def fileno(self) -> int:
        if self._fd is None:
            raise PortError(f"{self.name}: the interface is closed")
        return self._fd

    def read(self) -> bytes | None:
        """One frame that a program or the kernel sent on the interface; None: there is none now."""
        try:
            return os.read(self.fileno(), LONGEST_FRAME)
        except BlockingIOError:
            return None
        except OSError as error:
            raise self._gone(error) from None

    def write(self, octets: bytes) -> bool:
        """Let a frame arrive on the interface. False if it is lost: the interface is down or its queue full."""
        try:
            os.write(self.fileno(), octets)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno == errno.EIO:  # What the kernel says of an interface that is down.
                return False
            raise self._gone(error) from None
        return True

    def close(self) -> None:
        """Idempotent. Takes the interface away."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _gone(self, error: OSError) -> PortError:
        if error.errno == errno.EBADFD:
            return PortError(f"{self.name}: somebody has removed the interface; start again")
        return PortError(f"{self.name}: {error.strerror}")


class TapJack:
    """The cable between a `Tap` and an adapter's Ethernet jack; a participant of the pump.

    sent      frames that came from the interface and went into the adapter
    received  frames that came out of the adapter and arrived on the interface
    lost      frames that came out of the adapter while the interface was down or its queue full
    """

    def __init__(self, tap: Tap, adapter: Jack, clock: SystemClock) -> None:
        self.tap = tap
        self.sent = self.received = self.lost = 0
        self._adapter = adapter
        self._clock = clock
        self._queue: list[bytes] = []
        self._turn = -1
        adapter.attach_host(self._arrived)
        clock.watch(tap.fileno())

    def __repr__(self) -> str:
        return f"<{self.tap.name} to {self._adapter.name}>"

    def next_deadline(self) -> Ns | None:
        return None

    def busy(self) -> bool:
        if self._turn != self._clock.turn:
            self._turn = self._clock.turn
            read = self.tap.read
            while len(self._queue) < MOST_AT_ONCE and (octets := read()) is not None:
                self._queue.append(octets)
        return bool(self._queue)

    def wake(self, _: Ns) -> None:
        frames, self._queue = self._queue, []
        self.sent += len(frames)
        for octets in frames:
            self._adapter.from_host(octets.ljust(SHORTEST_FRAME, b"\0"))

    def close(self) -> None:
        """Pull the cable and take the interface away. Idempotent."""
        if not self.tap.closed:
            self._clock.unwatch(self.tap.fileno())
            self._adapter.detach_host()
            self.tap.close()

    def _arrived(self, octets: bytes) -> None:
        if self.tap.write(octets):
            self.received += 1
        else:
            self.lost += 1


def make_interface(name: str) -> int:
    """The non-blocking file descriptor of a new TAP interface. PortError with the remedy."""
    if sys.platform != "linux":
        raise PortError("TAP interfaces need Linux")
    if not 0 < len(os.fsencode(name)) <= LONGEST_NAME or name in (".", "..") or set(name) & set("/:% \t\n"):
        raise PortError(f"{name!r} is no name for an interface: write 1 to {LONGEST_NAME} characters, e.g. plc0")
    fd = open_tun()
    try:
        # Linux only, like the ioctl itself.
        from fcntl import ioctl

        ioctl(fd, TUNSETIFF, struct.pack("16sH22x", os.fsencode(name), IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL))
    except OSError as error:
        os.close(fd)
        if error.errno == errno.EPERM:
            raise PortError(
                f"no right to make the interface {name}: run as root, e.g. with sudo; "
                "in a container with --cap-add NET_ADMIN"
            ) from None
        if error.errno in (errno.EBUSY, errno.EEXIST, errno.EINVAL):
            raise PortError(f"there is an interface {name} already: choose another name") from None
        raise PortError(f"{name}: cannot make the interface: {error.strerror}") from None
    return fd


def open_tun() -> int:
    try:
        return os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise PortError(
            f"there is no {TUN_DEVICE}: load it with `modprobe tun`; in a container start it with --device {TUN_DEVICE}"
        ) from None
    except PermissionError:
        raise PortError(f"no right to open {TUN_DEVICE}: run as root, e.g. with sudo") from None
    except OSError as error:
        raise PortError(f"{TUN_DEVICE} does not work ({error.strerror}): load the module with `modprobe tun`") from None
