"""Emergency stop and dead man on GPIO pins of a Raspberry Pi, through gpiozero. Not verified on a board.

Wiring: docs/build-a-bench.md. The emergency stop is a normally closed contact from the pin to ground; the pin is pulled
up, so a broken wire is a pressed button. The dead man is a pin that toggles for as long as the guardian is alive and
well; a retriggerable monostable behind it holds the supply of pilot driver and relays.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from bench.drivers.pins import check_pins, errors_of, pin_factory
from bench.errors import PortError


class GpioStop:
    """An emergency stop. *pin*: GPIO number; *factory*: gpiozero's pin factory, by name."""

    def __init__(self, pin: int, *, factory: str = "lgpio") -> None:
        check_pins([pin])
        self._pin, self._factory = pin, factory
        self._device: Any = None

    @property
    def name(self) -> str:
        return f"emergency stop on GPIO {self._pin}"

    def open(self) -> None:
        if self._device is not None:
            return
        factory = pin_factory(self._factory)
        from gpiozero import DigitalInputDevice

        with errors_of(self.name, "is the pin used by another program?"):
            self._device = DigitalInputDevice(self._pin, pull_up=True, pin_factory=factory)

    def pressed(self) -> bool:
        """Also where its wire is broken."""
        if self._device is None:
            raise PortError(f"{self.name}: it is not open: open it first")
        with errors_of(self.name, "is the pin used by another program?"):
            return not self._device.is_active

    def make_safe(self) -> None:
        """It is an input: there is nothing to make safe."""

    def close(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.close()


class GpioDeadMan:
    """A pin that toggles. Still, low at the end, is what hardware takes for death."""

    def __init__(self, pin: int, *, factory: str = "lgpio") -> None:
        check_pins([pin])
        self._pin, self._factory = pin, factory
        self._device: Any = None

    @property
    def name(self) -> str:
        return f"dead man on GPIO {self._pin}"

    def open(self) -> None:
        if self._device is not None:
            return
        factory = pin_factory(self._factory)
        from gpiozero import DigitalOutputDevice

        with errors_of(self.name, "is the pin used by another program?"):
            self._device = DigitalOutputDevice(self._pin, pin_factory=factory)

    def beat(self) -> None:
        """One edge."""
        if self._device is None:
            raise PortError(f"{self.name}: it is not open: open it first")
        with errors_of(self.name, "is the pin used by another program?"):
            self._device.toggle()

    def make_safe(self) -> None:
        """Low. It stays so until the next beat."""
        if self._device is not None:
            with errors_of(self.name, "pull the plug of the bench's supply"):
                self._device.off()

    def close(self) -> None:
        """Low, then let go of the pin."""
        device, self._device = self._device, None
        if device is not None:
            with suppress(Exception):  # A pin that is gone cannot be let go of, and gives no sign of life either.
                device.off()
                device.close()
