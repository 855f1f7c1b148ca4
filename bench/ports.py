"""The seam between the bench and the world: Ethernet frames, the control pilot, the adapter's power.

Everything above these protocols works on a simulated and on a real bench alike. Whatever crosses the seam is
stamped, in the driver, with the rig's monotonic clock.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from bench.ids import MacAddress
from bench.pilot.model import PilotReading
from bench.units import Ns


class Stamped(NamedTuple):
    """An Ethernet frame as it came in."""

    t: Ns
    octets: bytes


class Drops(NamedTuple):
    """Frames lost since a port was opened.

    ring       the port was not read in time
    interface  the network card or its driver lost them
    """

    ring: int
    interface: int


class FramePort(Protocol):
    """One Ethernet interface to the host side of one adapter. Non-blocking; own frames are not heard back."""

    name: str
    mac: MacAddress
    """The host's address on this interface."""

    def send(self, octets: bytes) -> Ns:
        """Put a frame on the wire; returns the instant it left.

        Raises InterfaceDown while the interface is down, PortError where it cannot send at all.
        """
        ...

    def receive(self) -> list[Stamped]:
        """The frames that have come in since the last call, oldest first."""
        ...

    @property
    def stamp_resolution(self) -> Ns:
        """How finely the instants that `receive` gives are known; 0: exactly."""
        ...

    def drops(self) -> Drops:
        """Frames lost so far. Anything but zero: timings seen here are not to be trusted."""
        ...

    def close(self) -> None: ...


class EvsePilot(Protocol):
    """The charging station's end of the control pilot: it makes the voltage and sees what the car makes of it."""

    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None:
        """0 is state F (steady -12 V), 100 is X1 (steady +12 V), between them 1 kHz PWM. ValueError outside 0..100."""
        ...

    def set_state_e(self) -> None:
        """Pilot at 0 V, oscillator off. PortError where the hardware cannot."""
        ...

    def read(self) -> PilotReading: ...

    def changes(self) -> list[tuple[Ns, PilotReading]]:
        """Changes since the last call, oldest first, each with the instant the line changed."""
        ...

    def close(self) -> None: ...


class PevPilot(Protocol):
    """The car's end of the control pilot: it loads the line with resistors and sees duty cycle and level."""

    def plug_in(self) -> None: ...

    def unplug(self) -> None: ...

    def set_charge_ready(self, ready: bool) -> None:
        """Close S2 (state C) or open it (state B)."""
        ...

    def read(self) -> PilotReading: ...

    def changes(self) -> list[tuple[Ns, PilotReading]]: ...

    def close(self) -> None: ...


class PowerSwitch(Protocol):
    """The supply of one adapter."""

    def off(self) -> None: ...

    def on(self) -> None: ...

    def hold(self, why: str) -> None:
        """It must not lose its power, whatever becomes of this program; *why* is empty when it may again."""
        ...

    def close(self) -> None:
        """Leave it on."""
        ...
