"""A real network interface as a `FramePort`, through libpcap.

    with PcapPort("plc0") as port:          # PortError with the remedy
        clock.watch(port.fileno())          # readable when frames wait
        port.send(octets)
        for t, octets in port.receive(): ...
        port.drops()                        # anything but zero: timings are not to be trusted

pcap-ct (PyPI) brings libpcap for Python; it is asked for when the first port opens, nothing else needs it
(`pip install pcap-ct`). Its class `pcap.pcap` hides why an interface could not be opened, takes warnings
for failures, reads a file that happens to be called like the interface, and does not tell that reading failed; so this
module calls the C functions of `libpcap`, the layer below it, and nobody else does.

Frames are stamped by the kernel, in ns where it can, and converted to the rig's clock. While the interface is down
nothing comes in and sending is a PortError; when it is up again the port goes on. An interface that was taken away
(USB) is gone for good: PortError.

Linux is what this was run on. Only reasoned and not run: on macOS the same calls work on /dev/bpf, which must be
readable, and stamps are in µs; on Windows (Npcap) the handle cannot be polled, so a thread reads it and `fileno()` is a
socket's, the direction cannot be chosen, so own frames are recognised by comparing, and stamps are in µs. Neither
tells the host's address, which must be given. The reading thread and the comparing are proved on Linux.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.drivers.interfaces import ask_interface, interface_names
from bench.drivers.reading_thread import ReadingThread
from bench.drivers.stamps import StampConverter
from bench.errors import InterfaceDown, PortError
from bench.ids import MacAddress
from bench.ports import Drops, Stamped
from bench.units import Ns

HEADER = 14
SHORTEST, LONGEST = 60, 1514
"""Ethernet frames without check sequence: network cards pad shorter ones and refuse longer ones."""

HOMEPLUG_AND_IPV6 = "ether proto 0x88e1 or ip6"
EVERYTHING = ""

SNAP_LENGTH = 2048
"""Longest frame kept whole. libpcap gives each frame of its ring so much room, so more would mean fewer frames."""
RING_OCTETS = 32 << 20
"""Between kernel and port: half a second of 20,000 frames/s."""
MOST_AT_ONCE = 2048
"""Frames given by one `receive`, so that a flood does not keep the rig from its timers; the rest comes next time."""
THREAD_WAIT_MS = 20
"""How long the reading thread waits at most for a frame where libpcap can bound that; Linux waits until interrupted."""
REMEMBERED = 256
"""Frames sent and not yet heard back, where the direction cannot be chosen."""


class PcapPort:
    """The network interface *interface* of this computer.

    name        of the port, in traces and messages; the interface's if not given
    mac         the host's address on it; asked from the kernel on Linux, must be given elsewhere
    listen_to   a filter in libpcap's language; the kernel drops everything else before it costs anything
    now         the rig's clock
    turn        changes with every wait of the clock: frames are read once per turn, so that in a flood the rig comes to
                its timers between two readings; None: with every `receive`
    own_frames  hear what this computer sends on the interface, and nothing else; for measuring when it really left
    threaded    read in a thread of the port's own, for systems on which the handle cannot be polled

    Raises PortError, in one sentence with the remedy: pcap-ct or libpcap missing, no such interface, interface down,
    not Ethernet, no permission.
    """

    def __init__(
        self,
        interface: str,
        *,
        name: str | None = None,
        mac: MacAddress | None = None,
        listen_to: str = HOMEPLUG_AND_IPV6,
        now: Callable[[], Ns] = time.monotonic_ns,
        turn: Callable[[], int] | None = None,
        own_frames: bool = False,
        threaded: bool = sys.platform == "win32",
    ) -> None:
        self.interface = interface
        self.name = name or interface
        self.now = now
        self._turn, self._read_in = turn, -1
        # A misspelt name is told before a library is missed.
        self.mac = self._mac_of_interface() if mac is None else mac
        self._lib = load_libpcap()
        self._handle: Any = None
        self._thread: ReadingThread[tuple[Ns, bytes]] | None = None
        self._header = ctypes.POINTER(self._lib.pkthdr)()
        self._octets = ctypes.POINTER(ctypes.c_ubyte)()
        self._open(listen_to, threaded, own_frames)
        self._stamps = StampConverter(now)
        if threaded:
            self._thread = ReadingThread(
                self._read, partial(self._lib.breakloop, self._handle), name=f"reads {interface}"
            )

    def __repr__(self) -> str:
        return f"<{self.name} {self.mac} on {self.interface}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """A descriptor that is readable while frames wait, for a selector."""
        handle = self._checked()
        return self._thread.fileno() if self._thread else int(self._lib.get_selectable_fd(handle))

    def send(self, octets: bytes) -> Ns:
        handle = self._checked()
        if not HEADER <= len(octets) <= LONGEST:
            raise PortError(f"{self.name}: an Ethernet frame has {HEADER} to {LONGEST} octets, got {len(octets)}")
        frame = octets.ljust(SHORTEST, b"\0")
        buffer = ctypes.cast(ctypes.c_char_p(frame), ctypes.POINTER(ctypes.c_ubyte))
        # The kernel tells an interface's going down once, to whatever call comes next; by then it may be up again.
        for _ in range(2):
            t = self.now()
            if self._lib.sendpacket(handle, buffer, len(frame)) == 0:
                if self._echoes is not None:
                    self._echoes.append(frame)
                return t
        raise self._trouble("cannot send")

    def receive(self) -> list[Stamped]:
        self._checked()
        if self._turn is not None:
            if self._read_in == (turn := self._turn()):
                return []
            self._read_in = turn
        found: list[tuple[Ns, bytes]] = []
        if self._thread:
            found = self._thread.take(MOST_AT_ONCE)
        else:
            read = self._read
            while len(found) < MOST_AT_ONCE and (frame := read()) is not None:
                found.append(frame)
        if self._echoes:
            found = [frame for frame in found if not self._is_echo(frame[1])]
        if not found:
            return []
        converted = self._stamps.convert([stamp for stamp, _ in found])
        return [Stamped(t, octets) for t, (_, octets) in zip(converted, found, strict=True)]

    @property
    def stamp_resolution(self) -> Ns:
        """Of one stamp: what the kernel counts in, and how closely its clock was compared with the rig's."""
        return self._fraction + self._stamps.width

    def drops(self) -> Drops:
        """Frames lost so far. What the filter keeps out is not lost."""
        handle = self._checked()
        counted = self._lib.stat()
        if self._lib.stats(handle, ctypes.byref(counted)) != 0:
            raise self._trouble("cannot count lost frames")
        return Drops(counted.ps_drop, counted.ps_ifdrop)

    def close(self) -> None:
        """Idempotent."""
        if self._handle is None:
            return
        if self._thread:
            self._thread.end()
        self._lib.close(self._handle)
        self._handle = None

    # opening --------------------------------------------------------------------------------------------------------

    def _mac_of_interface(self) -> MacAddress:
        if sys.platform != "linux":
            raise PortError(f"{self.interface}: this system does not tell the interface's address; give it (mac)")
        found = ask_interface(self.interface)
        if found is None:
            raise missing(self.interface)
        if found.mac is None:
            raise not_ethernet(self.interface)
        return found.mac

    def _open(self, listen_to: str, threaded: bool, own_frames: bool) -> None:
        lib = self._lib
        reason = ctypes.create_string_buffer(lib.PCAP_ERRBUF_SIZE)
        handle = lib.create(self.interface.encode(), reason)
        if not handle:
            raise PortError(f"{self.interface}: libpcap cannot begin: {text(reason.value)}")
        self._handle = handle
        try:
            lib.set_snaplen(handle, SNAP_LENGTH)
            lib.set_promisc(handle, 1)
            lib.set_immediate_mode(handle, 1)
            lib.set_timeout(handle, THREAD_WAIT_MS)
            lib.set_buffer_size(handle, RING_OCTETS)
            lib.set_tstamp_precision(handle, lib.PCAP_TSTAMP_PRECISION_NANO)
            status = lib.activate(handle)
            if status < 0:
                raise refused(self.interface, lib, status, text(lib.geterr(handle)))
            if lib.datalink(handle) != lib.DLT_EN10MB:
                raise not_ethernet(self.interface)
            nano = lib.get_tstamp_precision(handle) == lib.PCAP_TSTAMP_PRECISION_NANO
            self._fraction = 1 if nano else 1_000
            self._filter(listen_to)
            chosen = lib.setdirection(handle, lib.PCAP_D_OUT if own_frames else lib.PCAP_D_IN) == 0
            if own_frames and not chosen:
                raise PortError(f"{self.interface}: this system does not tell which frames are the computer's own")
            self._echoes: deque[bytes] | None = None if chosen else deque(maxlen=REMEMBERED)
            if not threaded and lib.setnonblock(handle, 1, reason) != 0:
                raise PortError(f"{self.interface}: cannot be read without waiting: {text(reason.value)}")
        except BaseException:
            self.close()
            raise

    def _filter(self, listen_to: str) -> None:
        lib = self._lib
        program = lib.bpf_program()
        if lib.compile(self._handle, ctypes.byref(program), listen_to.encode(), 1, lib.PCAP_NETMASK_UNKNOWN) != 0:
            raise PortError(f"{self.interface}: the filter {listen_to!r} is wrong: {text(lib.geterr(self._handle))}")
        try:
            if lib.setfilter(self._handle, ctypes.byref(program)) != 0:
                raise PortError(f"{self.interface}: takes no filter: {text(lib.geterr(self._handle))}")
        finally:
            lib.freecode(ctypes.byref(program))

    # reading --------------------------------------------------------------------------------------------------------

    def _read(self) -> tuple[Ns, bytes] | None:
        """One frame with its civil stamp. None: there is none now, also while the interface is down."""
        header = self._header
        status = self._lib.next_ex(self._handle, ctypes.byref(header), ctypes.byref(self._octets))
        if status == 1:
            seen = header.contents
            stamp = seen.ts.tv_sec * 1_000_000_000 + seen.ts.tv_usec * self._fraction
            return stamp, ctypes.string_at(self._octets, seen.caplen)
        if status < 0 and status != self._lib.PCAP_ERROR_BREAK:
            raise self._trouble("cannot be read")
        return None

    def _is_echo(self, octets: bytes) -> bool:
        assert self._echoes is not None
        if octets not in self._echoes:
            return False
        self._echoes.remove(octets)
        return True

    def _checked(self) -> Any:
        if self._handle is None:
            raise PortError(f"{self.name}: the port is closed")
        return self._handle

    def _trouble(self, what: str) -> PortError:
        """Why libpcap has failed just now: mostly the interface has gone or is down."""
        said = text(self._lib.geterr(self._handle))
        if sys.platform == "linux":
            found = ask_interface(self.interface)
            if found is None:
                return PortError(f"{self.name}: the interface {self.interface} has gone; plug it in and start again")
            if not found.up:
                return is_down(self.interface)
        return PortError(f"{self.name}: {what}: {said}; check the cable and `ip -s link show {self.interface}`")


def load_libpcap() -> Any:
    """The module `libpcap` of pcap-ct. Untyped, because it declares its functions while it is imported."""
    try:
        return importlib.import_module("libpcap")
    except ImportError:
        raise PortError("real interfaces need pcap-ct; install it: pip install pcap-ct") from None
    except OSError as error:
        library = "Npcap (npcap.com)" if sys.platform == "win32" else "libpcap (apt install libpcap0.8)"
        raise PortError(f"real interfaces need the C library {library}: {error}") from None


def text(said: bytes | None) -> str:
    return (said or b"").decode(errors="replace")


def refused(interface: str, lib: Any, status: int, said: str) -> PortError:
    """Why libpcap would not open *interface*, from the status of `pcap_activate`, with what to do about it."""
    if status == lib.PCAP_ERROR_NO_SUCH_DEVICE:
        return missing(interface)
    if status == lib.PCAP_ERROR_IFACE_NOT_UP:
        return is_down(interface)
    if status in (lib.PCAP_ERROR_PERM_DENIED, lib.PCAP_ERROR_PROMISC_PERM_DENIED):
        return no_permission(interface)
    return PortError(f"{interface}: cannot be opened: {text(lib.statustostr(status))}" + (f" ({said})" if said else ""))


def missing(interface: str) -> PortError:
    names = interface_names() if sys.platform == "linux" else importlib.import_module("pcap").findalldevs()
    there = f"there are {', '.join(names)}; take one of them" if names else "there is none at all"
    return PortError(f"{interface}: no such interface; {there} or plug the adapter in")


def is_down(interface: str) -> InterfaceDown:
    return InterfaceDown(f"{interface}: the interface is down; switch it on: sudo ip link set {interface} up")


def not_ethernet(interface: str) -> PortError:
    return PortError(f"{interface}: is no Ethernet interface; take the one the adapter's cable is plugged into")


def no_permission(interface: str) -> PortError:
    if sys.platform == "win32":
        remedy = "run as administrator, or install Npcap without restricting it to administrators"
    elif sys.platform == "darwin":
        remedy = "run with sudo, or let your group read /dev/bpf* (Wireshark's ChmodBPF does)"
    else:
        python = Path(sys.executable).resolve()
        remedy = f"run with sudo, or once: sudo setcap cap_net_raw,cap_net_admin=eip {python}"
    return PortError(f"{interface}: no permission to capture; {remedy}")
