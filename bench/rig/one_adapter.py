"""One adapter on a network interface, for commands that want nothing else of a bench.

with adapter_at("plc0", "bench pib show") as adapter:      # PortError, RigBusy, AdapterError with the remedy
    adapter.identify()
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.adapter import PlcAdapter
from bench.clock import SystemClock
from bench.lock import RigLock
from bench.pump import Pump
from bench.rig.kernel_ports import open_port
from bench.trace import Trace
from bench.units import Ns
from bench.wire import Wire


class _Listener:
    """The participant who reads the wire; what came is looked at by whoever asked."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def next_deadline(self) -> Ns | None:
        return self._wire.next_deadline()

    def busy(self) -> bool:
        return self._wire.arrived()

    def wake(self, now: Ns) -> None:
        self._wire.take()
        self._wire.wake(now)


@contextmanager
def adapter_at(interface: str, purpose: str, *, locked: bool = True) -> Iterator[PlcAdapter]:
    """The adapter directly on *interface*, which is locked meanwhile: *purpose* is what others are told.

    locked  False where the caller has the lock already
    """
    with ExitStack() as opened:
        if locked:
            opened.callback(RigLock([f"interface {interface}"], purpose).close)
        clock = SystemClock(time.monotonic_ns())
        pump = Pump(clock)
        wire = Wire(open_port(interface, interface, clock, opened), Trace(), pump)
        pump.participants.append(_Listener(wire))
        yield PlcAdapter(wire, interface)
