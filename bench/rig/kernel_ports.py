"""Ports of the kernel for a rig: opened on its clock, closed with the arrangement."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, ExitStack

from bench.clock import SystemClock
from bench.drivers.pcap_port import PcapPort
from bench.drivers.tap_port import Tap, TapJack
from bench.ids import MacAddress
from bench.ports import FramePort
from bench.pump import Pump
from bench.sim.adapter import VirtualAdapter
from bench.sim.port import SimEar, SimPort


def open_port(interface: str, name: str, clock: SystemClock, opened: ExitStack) -> PcapPort:
    """The frame port *name* on *interface*, read once per turn of *clock*. PortError with the remedy."""
    port = PcapPort(interface, name=name, now=clock.now, turn=lambda: clock.turn)
    opened.callback(port.close)
    fd = port.fileno()
    clock.watch(fd)
    opened.callback(clock.unwatch, fd)
    return port


class TapPlugs:
    """Plugs the bench's computers into virtual adapters by way of the kernel: modem, TAP interface, libpcap.

    interfaces  name of the interface to make, by the name of the port
    """

    def __init__(self, interfaces: dict[str, str], clock: SystemClock, pump: Pump, opened: ExitStack) -> None:
        self._interfaces, self._clock, self._pump, self._opened = interfaces, clock, pump, opened

    def __call__(self, modem: VirtualAdapter, name: str, mac: MacAddress) -> FramePort:
        interface = self._interfaces[name]
        tap = Tap(interface, mac)
        self._opened.callback(tap.close)
        jack = TapJack(tap, modem, self._clock)
        self._opened.callback(jack.close)
        self._pump.participants.append(jack)
        return open_port(interface, name, self._clock, self._opened)


def ear_of(port: FramePort) -> AbstractContextManager[PcapPort | SimEar] | None:
    """Hears the frames that leave through *port*, stamped on its clock. None where no system call can."""
    if isinstance(port, SimPort):
        return port.ear()
    if not isinstance(port, PcapPort) or sys.platform != "linux":
        return None
    return PcapPort(port.interface, name=f"{port.name} ear", mac=port.mac, now=port.now, own_frames=True)
