"""The pilot's levels through an MCP3004, MCP3008, MCP3204 or MCP3208 on a Raspberry Pi's SPI.

    divider = Divider.of_resistors(pilot_ohm=100e3, ground_ohm=24.9e3, reference_ohm=20e3)
    with Mcp3xxx("MCP3008", 0, slope=divider.slope, offset_v=divider.offset_v) as meter:
        meter.measure()                        # 8.98 V and -12.0 V, 5 % high

Each conversion looks at the pilot for 3 us (at the 500 kHz gpiozero uses), so of a 5 % pilot one in twenty sees the
high phase. They come with random pauses between them: at a steady rate in step with 1 kHz the same few phases of the
pilot would be seen again and again, and maybe never the high one. A reading takes 100 ms or more: enough to follow
states, too slow to time a reaction.

Timing as calculated from the converter's data sheet and gpiozero's source; not measured on a board.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from bench.devices import LevelMeasured
from bench.drivers.opening import Opening
from bench.drivers.pins import errors_of, pin_factory
from bench.errors import PortError
from bench.pilot.divider import Divider
from bench.pilot.sampling import (
    CONSTANT_IS_BROKEN,
    LEAST_SAMPLES,
    ImplausibleSamples,
    Levels,
    MoreWanted,
    levels_of,
)
from bench.units import Ns, to_s, us

BITS = {"MCP3004": 10, "MCP3008": 10, "MCP3204": 12, "MCP3208": 12}
CHANNELS = {"MCP3004": 4, "MCP3008": 8, "MCP3204": 4, "MCP3208": 8}
LONGEST_PAUSE: Ns = us(500)
"""Half a period of the pilot: a few pauses are enough to be anywhere in it."""


class Mcp3xxxChannel:
    """One input of the converter: raw counts.

    chip     MCP3004 and 3008 have 10 bits, MCP3204 and 3208 12
    device   the chip select: 0 is GPIO 8, 1 is GPIO 7
    factory  gpiozero's pin factory, by name
    """

    def __init__(self, chip: str, channel: int, *, device: int = 0, factory: str = "lgpio") -> None:
        if chip not in BITS:
            raise ValueError(f"{chip!r} is no converter known here: choose among {', '.join(BITS)}")
        if isinstance(channel, bool) or not 0 <= channel < CHANNELS[chip]:
            raise ValueError(f"an {chip} has channels 0 to {CHANNELS[chip] - 1}, not {channel!r}")
        if device not in (0, 1):
            raise ValueError(f"the chip select is 0 (GPIO 8) or 1 (GPIO 7), got {device!r}")
        self.chip = chip
        self.channel = channel
        self.bits: int = BITS[chip]
        self._select = device
        self._factory = factory
        self._device: Any = None

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self._device else ', closed'}>"

    @property
    def name(self) -> str:
        return f"{self.chip} channel {self.channel} at SPI 0.{self._select}"

    def open(self) -> None:
        """PortError where there is only software SPI, which is too slow."""
        if self._device is not None:
            return
        factory = pin_factory(self._factory)
        import gpiozero

        with errors_of(self.name, "is SPI switched on (dtparam=spi=on), and may this user open it (group spi)?"):
            self._device = getattr(gpiozero, self.chip)(self.channel, port=0, device=self._select, pin_factory=factory)

    def sample(self) -> int:
        """One conversion, in counts."""
        if self._device is None:
            raise PortError(f"{self.name}: it is not open: open it first")
        try:
            return int(self._device.raw_value)
        except Exception as error:  # lgpio.error is derived from Exception alone.
            raise PortError(
                f"{self.name}: the conversion failed ({error}): check the SPI wires, then open again"
            ) from error

    def close(self) -> None:
        if self._device is not None:
            device, self._device = self._device, None
            device.close()


class Mcp3xxx(Opening):
    """The pilot behind a divider at such an input; a `bench.devices.LevelMeter`.

    chip, channel, device, factory   as of `Mcp3xxxChannel`
    slope, offset_v     of the divider between the pilot and the input, as of `bench.pilot.divider.Divider`
    reference_v         of the converter: what its highest count stands for
    constant_is_broken  so many samples without the least change are an error; None for a 10-bit converter that stands
                        still on a quiet, steady pilot
    sample              gives counts in place of the converter
    pause               waits so many seconds between two samples
    draw                random numbers from 0 to 1
    """

    def __init__(
        self,
        chip: str,
        channel: int,
        *,
        slope: float,
        offset_v: float,
        reference_v: float = 3.3,
        device: int = 0,
        factory: str = "lgpio",
        constant_is_broken: int | None = CONSTANT_IS_BROKEN,
        sample: Callable[[], int] | None = None,
        pause: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        if not reference_v > 0:
            raise ValueError(f"reference_v is above 0, got {reference_v}")
        self.divider = Divider(slope, offset_v)
        self._input = Mcp3xxxChannel(chip, channel, device=device, factory=factory)
        self._highest = 2**self._input.bits - 1
        self._count_v = float(reference_v / 2**self._input.bits)
        self._constant_is_broken = constant_is_broken
        self._injected = sample
        self._pause = pause
        self._draw = draw
        self._open = False

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self._open else ', closed'}>"

    @property
    def name(self) -> str:
        return f"pilot at {self._input.name}"

    def open(self) -> None:
        """Take the converter. A pilot is looked for by the first `measure`: whether there is one is for the bench."""
        if self._injected is None:
            self._input.open()
        self._open = True

    def make_safe(self) -> None:
        """There is nothing to make safe."""

    def measure(self) -> LevelMeasured:
        """From 300 samples where they suffice; `levels_of` asks for no more than 1200."""
        taken: list[float] = []
        while True:
            for _ in range(LEAST_SAMPLES):
                taken.append(self.adc_v())
                self._pause(self._draw() * to_s(LONGEST_PAUSE))
            found = self._levels(taken)
            if isinstance(found, Levels):
                return LevelMeasured(
                    time.monotonic_ns(), found.high_v, found.low_v, found.high_share, found.samples + found.spikes
                )

    def adc_v(self) -> float:
        """One conversion, in volts at the converter: for `Divider.calibrated`."""
        if not self._open:
            raise PortError(f"{self.name}: it is not open: open it first")
        count = self._input.sample() if self._injected is None else self._injected()
        if not 0 <= count <= self._highest:
            raise PortError(
                f"{self.name}: the converter says {count}, beyond its {self._input.bits} bits: is it another?"
            )
        return count * self._count_v

    def close(self) -> None:
        self._open = False
        self._input.close()

    def _levels(self, taken: list[float]) -> Levels | MoreWanted:
        try:
            return levels_of(
                taken,
                self.divider,
                full_scale_v=self._highest * self._count_v,
                constant_is_broken=self._constant_is_broken,
            )
        except ImplausibleSamples as error:
            raise PortError(
                f"{self.name}: {error}. This is no state of the pilot: check divider, reference and SPI wires"
            ) from error
