"""Relays on GPIO pins of a Raspberry Pi, through gpiozero.

    with GpioRelays([23, 24, 25]) as relays:
        relays.set(1, True)                       # channel 1 is GPIO 23

What becomes of them: after `close` a pin is a floating input, so each relay input needs a pull resistor of its own
(10 kOhm; the chip's own 50 kOhm are too weak against an LED). After a kill a Raspberry Pi's kernel leaves outputs as
they are, relays closed, unless `dtparam=strict_gpiod` is in config.txt. As read in gpiozero and in what Raspberry Pi
publish; not verified on a board.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from bench.drivers.opening import Opening
from bench.drivers.pins import check_pins, errors_of, pin_factory
from bench.errors import PortError

PULLED_UP_AT_RESET = range(9)
PULLED_UP = "GPIO {pins}: pulled up from power-on until the bench opens them, so relays there may close; use 9 to 27"
CLICKS = (
    "relays that close on a low level click when they are opened on lgpio, because it makes a pin a low output before "
    "it sets its level (as read, not measured): nothing that must not close for a moment may hang on them"
)


class GpioRelays(Opening):
    """A board of relays on GPIO pins; a `bench.devices.Relays`. Safe is all released.

    pins         GPIO of each channel, channel 1 first
    active_high  False for boards whose relays close on a low level
    factory      gpiozero's pin factory, by name
    taken        GPIO that something else of the bench uses: the PWM, the ADC

    ValueError for GPIO 0 and 1, a pin named twice or taken.
    """

    def __init__(
        self,
        pins: Sequence[int],
        *,
        active_high: bool = True,
        factory: str = "lgpio",
        taken: Collection[int] = (),
    ) -> None:
        if not pins:
            raise ValueError("a relay board has one channel or more: name their GPIO")
        check_pins(pins, taken=taken)
        self._pins = tuple(pins)
        self._active_high = active_high
        self._factory = factory
        self._devices: list[Any] = []

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self._devices else ', closed'}>"

    @property
    def name(self) -> str:
        return f"relays on GPIO {', '.join(map(str, self._pins))}"

    @property
    def channels(self) -> range:
        return range(1, len(self._pins) + 1)

    @property
    def confirms(self) -> bool:
        """False: a pin can be read back, and is, but not the relay behind it."""
        return False

    @property
    def cautions(self) -> tuple[str, ...]:
        """What whoever sets the bench up should be told about this wiring."""
        found = []
        if not self._active_high and self._factory == "lgpio":
            found.append(f"{self.name}: {CLICKS}")
        early = [pin for pin in self._pins if pin in PULLED_UP_AT_RESET]
        if early and self._active_high:
            found.append(PULLED_UP.format(pins=", ".join(map(str, early))))
        return tuple(found)

    def open(self) -> None:
        """Take all pins, released from the first moment on."""
        if self._devices:
            return
        factory = pin_factory(self._factory)
        from gpiozero import DigitalOutputDevice

        opened: list[Any] = []
        try:
            for pin in self._pins:
                with errors_of(f"relay on GPIO {pin}", "is the pin used by another program?"):
                    opened.append(DigitalOutputDevice(pin, active_high=self._active_high, pin_factory=factory))
            self._devices = opened
            self.make_safe()
        except BaseException:
            self._devices = []
            for device in opened:
                with suppress(Exception):  # The error that counts is on its way already.
                    device.close()
            raise

    def make_safe(self) -> None:
        """Release all, the last channel first. One that fails keeps no other from it."""
        self._check_open()
        failed: list[str] = []
        for channel in reversed(self.channels):
            try:
                self.set(channel, False)
            except PortError as error:
                failed.append(str(error))
        if failed:
            raise PortError("; ".join(failed))

    def set(self, channel: int, closed: bool) -> None:
        """ValueError for a channel it does not have. PortError where the pin does not follow."""
        device = self._device(channel)
        if not isinstance(closed, bool):
            raise ValueError(f"a relay is closed or not, True or False, got {closed!r}")
        pin = self._pins[channel - 1]
        with errors_of(f"relay {channel} on GPIO {pin}", "cut the supply of the relays, and open the board again"):
            device.value = closed
            followed = bool(device.value) == closed
        if not followed:
            raise PortError(
                f"relay {channel} on GPIO {pin} was told to {'close' if closed else 'release'} and the pin does not "
                "follow: it is shorted, or another program drives it; cut the supply of the relays"
            )

    def closed(self, channel: int) -> None:
        """None: the relay cannot be asked. ValueError for a channel it does not have."""
        self._device(channel)

    def close(self) -> None:
        """Release all, then let go of the pins. PortError where one could not be released."""
        if not self._devices:
            return
        try:
            self.make_safe()
        finally:
            devices, self._devices = self._devices, []
            for device in reversed(devices):
                with suppress(Exception):  # Released already; a pin that is gone cannot be let go of.
                    device.close()

    def _device(self, channel: int) -> Any:
        if isinstance(channel, bool) or channel not in self.channels:
            raise ValueError(f"{self.name}: there is no channel {channel!r}, only 1 to {len(self._pins)}")
        self._check_open()
        return self._devices[channel - 1]

    def _check_open(self) -> None:
        if not self._devices:
            raise PortError(f"{self.name}: they are not open: open them first")
