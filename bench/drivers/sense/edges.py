"""The pilot's duty cycle by the edges on two GPIO lines, through libgpiod 2.

    with EdgeMeter("/dev/gpiochip0", rising_line=23, falling_line=24) as meter:
        meter.measure()                        # 1000.0 Hz, 5.0 %, within 0.6 points

Wiring: the pilot through a divider into a comparator near 0 V, level-shifted to 3.3 V, into both lines. **Never the
pilot itself: it swings to -12 V.** One line reports rising edges and the other falling ones, because on a line that
reports both the kernel finds the direction of a short pulse's edges too late.

What it is good for: telling 5 % from 10 %, not 5.0 % from 5.5 %. Each stamp is late by the latency of its interrupt.

Stamps are the kernel's, on its monotonic clock, which is `time.monotonic_ns()`. Source: the kernel's gpiolib as read,
and the names of gpiod 2.5 as installed; not run on a board.
"""

from __future__ import annotations

import importlib
import time
from typing import Any

from bench.devices import DutyMeasured
from bench.drivers.opening import Opening
from bench.errors import PortError
from bench.pilot.edges import LATENCY_PCT, LEAST_PULSES, MorePulses, UnusableEdges, missing_numbers, pulse_train
from bench.units import Ns, ms, s, show, to_s

CONSUMER = "ccs-bench"
EVENT_BUFFER = 1000
READ_AT_ONCE = 256
STEADY_AFTER = ms(50)
"""Fifty periods without an edge."""
GIVE_UP_AFTER = s(2)
INSTALL = "pip install ccs-bench[raspberry-pi]"


class EdgeMeter(Opening):
    """A `bench.devices.DutyMeter`.

    chip          device file of the GPIO chip; on a Raspberry Pi 5 its number depends on the kernel (`gpiodetect`)
    rising_line   offset on the chip; on a Raspberry Pi the GPIO number
    falling_line  another one
    latency_pct   what the latencies of the two lines may differ by for good, points; part of every uncertainty
    """

    def __init__(
        self,
        chip: str,
        rising_line: int,
        falling_line: int,
        *,
        pulses: int = LEAST_PULSES,
        latency_pct: float = LATENCY_PCT,
        steady_after: Ns = STEADY_AFTER,
        give_up_after: Ns = GIVE_UP_AFTER,
    ) -> None:
        if rising_line == falling_line:
            raise ValueError(
                f"line {rising_line} is named for both edges: wire the comparator to two lines, one for each direction"
            )
        if pulses < LEAST_PULSES:
            raise ValueError(f"fewer than {LEAST_PULSES} pulses are no measurement, got {pulses}")
        self._chip = chip
        self._rising = rising_line
        self._falling = falling_line
        self._pulses = pulses
        self._latency_pct = latency_pct
        self._steady_after = steady_after
        self._give_up_after = give_up_after
        self._gpiod: Any = None
        self._request: Any = None

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self._request else ', closed'}>"

    @property
    def name(self) -> str:
        return f"edges on lines {self._rising} and {self._falling} of {self._chip}"

    def open(self) -> None:
        """Take both lines; edges are only listened to while `measure` runs."""
        if self._request is not None:
            return
        self._gpiod = _gpiod()
        try:
            self._request = self._gpiod.request_lines(
                self._chip, consumer=CONSUMER, config=self._config(listen=False), event_buffer_size=EVENT_BUFFER
            )
        except OSError as error:
            raise PortError(
                f"{self.name}: cannot take the lines: {error.strerror or error}; is the chip right (gpiodetect), are "
                "the lines free (gpioinfo), and may this user open it (group gpio)?"
            ) from error

    def make_safe(self) -> None:
        """There is nothing to make safe."""

    def measure(self) -> DutyMeasured | None:
        request = self._request
        if request is None:
            raise PortError(f"{self.name}: it is not open: open it first")
        try:
            self._drain()
            request.reconfigure_lines(config=self._config(listen=True))
            try:
                return self._listen()
            finally:
                request.reconfigure_lines(config=self._config(listen=False))
        except OSError as error:
            raise PortError(
                f"{self.name}: reading edges failed: {error.strerror or error}; has another program taken the lines? "
                "Open it again"
            ) from error

    def close(self) -> None:
        if self._request is not None:
            request, self._request = self._request, None
            request.release()

    def _listen(self) -> DutyMeasured | None:
        begun = time.monotonic_ns()
        stamps: dict[int, list[Ns]] = {self._rising: [], self._falling: []}
        numbers: dict[int, list[int]] = {self._rising: [], self._falling: []}
        while True:
            if not self._request.wait_edge_events(to_s(self._steady_after)):
                return None
            for event in self._request.read_edge_events(READ_AT_ONCE):
                stamps[event.line_offset].append(event.timestamp_ns)
                numbers[event.line_offset].append(event.line_seqno)
            enough = len(stamps[self._rising]) > self._pulses or len(stamps[self._falling]) > self._pulses
            late = time.monotonic_ns() - begun > self._give_up_after
            if not (enough or late):
                continue
            try:
                train = pulse_train(
                    stamps[self._rising],
                    stamps[self._falling],
                    missing=sum(map(missing_numbers, numbers.values())),
                    least_pulses=self._pulses,
                    latency_pct=self._latency_pct,
                )
            except UnusableEdges as error:
                raise PortError(f"{self.name}: {error}; check the comparator and both wires") from error
            if isinstance(train, MorePulses):
                if late:
                    raise PortError(
                        f"{self.name}: only {train.pulses} whole pulses in {show(self._give_up_after)}: the pilot "
                        "keeps changing, or it is no 1 kHz; look at it with a scope"
                    )
                continue
            if train is None:
                return None
            return DutyMeasured(
                train.t,
                train.frequency_hz,
                train.duty_cycle_pct,
                train.pulses,
                train.spread_pct,
                train.uncertainty_pct,
                train.lost,
            )

    def _drain(self) -> None:
        """Away with what is left from before."""
        while self._request.wait_edge_events(0):
            self._request.read_edge_events(READ_AT_ONCE)

    def _config(self, *, listen: bool) -> dict[int, Any]:
        line = self._gpiod.line
        none = line.Edge.NONE
        return {
            offset: self._gpiod.LineSettings(
                direction=line.Direction.INPUT,
                edge_detection=edge if listen else none,
                bias=line.Bias.DISABLED,
                event_clock=line.Clock.MONOTONIC,
            )
            for offset, edge in ((self._rising, line.Edge.RISING), (self._falling, line.Edge.FALLING))
        }


def _gpiod() -> Any:
    """The library, version 2. PortError with what to install."""
    try:
        gpiod = importlib.import_module("gpiod")
    except ImportError as error:
        raise PortError(f"edges on GPIO lines need the library gpiod, which is missing: {INSTALL}") from error
    if not hasattr(gpiod, "request_lines"):
        raise PortError(
            f"the library gpiod is of version 1, and 2 is needed: {INSTALL} (Debian's python3-libgpiod is 1)"
        )
    return gpiod
