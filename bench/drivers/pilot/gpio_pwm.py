"""Software PWM on any GPIO through gpiozero: the last resort, for trying out a bench without a car.

**Not for the pilot of a real car.** A thread sleeps until each edge is due and is late by what the scheduler makes of
it: the same technique on a two-core virtual machine made 6 to 40 % of the pulses of a 5 % pilot shorter than 30 or
longer than 70 us, some of them milliseconds (measured there; not measured on a Raspberry Pi). `SysfsPwm` has a timer in
hardware. So `accuracy.error_pct` is None, and no verdict may depend on this duty cycle.

What ends with the program: gpiozero stops the PWM and makes the pin a floating input, so the driver stage needs a pull
resistor that makes +12 V (or 0 V) of it. After a kill the level freezes, high or low. While it is opened the pin is
at 0 % for a moment, because gpiozero starts PWM there.

Source: gpiozero 2.0.1 and its lgpio, pigpio and mock pins, as read and run; none of it on a Raspberry Pi.
"""

from __future__ import annotations

import math
import time
from typing import Any

from bench.devices import DutyAccuracy
from bench.drivers.opening import Opening
from bench.drivers.pins import check_pins, errors_of, pin_factory
from bench.errors import PortError
from bench.pilot.steps import whole_steps
from bench.units import Ns, ms, to_s

PILOT_HZ = 1000
SAFE_PCT = 100.0
TWO_PERIODS: Ns = ms(2)
"""A new duty cycle begins with the next period: what is set has come out by then."""
ROUNDING = 1e-9

STEP_PCT = {"lgpio": 1.0, "mock": 1.0, "pigpio": 0.5, "rpigpio": 1.0}
"""Of each pin factory at 1 kHz. pigpio samples every 5 us by default, so it has 200 steps."""
TRUNCATING = frozenset({"lgpio", "mock"})
"""They cut the percentage to a whole number where others take it as it is; `mock` does not, but stands in for lgpio."""

WHY_NO_ACCURACY = (
    "software PWM: each edge is late by the scheduler's latency; 6 to 40 % of 50 us pulses were outside 30..70 us "
    "where it was measured (a two-core virtual machine; not a Raspberry Pi)"
)


def percent_to_value(percent: float, factory: str = "lgpio", *, active_high: bool = True) -> float:
    """What gpiozero must be given for *percent* to come out.

    lgpio cuts off: 0.29 * 100 is 28.999..., so 29 % would be 28. Half a percent more is cut off to the right one. The
    steady ends are exactly 0 and 1.

    >>> percent_to_value(29), percent_to_value(100), percent_to_value(34, active_high=False)
    (0.295, 1.0, 0.335)
    """
    if percent in (0, 100) or factory not in TRUNCATING:
        return percent / 100
    return (percent + 0.5) / 100 if active_high else (percent - 0.5) / 100


class GpioPwm(Opening):
    """A pilot by software PWM; a `bench.devices.PilotGenerator` without an accuracy.

    pin          GPIO by its number
    factory      gpiozero's pin factory, by name (`bench.drivers.pins.FACTORIES`)
    active_high  False where the driver stage makes -12 V of a high pin
    """

    def __init__(self, pin: int, *, factory: str = "lgpio", active_high: bool = True) -> None:
        check_pins([pin])
        if factory not in STEP_PCT:
            raise ValueError(f"{factory!r} is no pin factory with PWM: choose among {', '.join(STEP_PCT)}")
        self._pin = pin
        self._factory = factory
        self._active_high = active_high
        self._device: Any = None

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self._device else ', closed'}>"

    @property
    def name(self) -> str:
        return f"software PWM on GPIO {self._pin}"

    @property
    def accuracy(self) -> DutyAccuracy:
        return DutyAccuracy(STEP_PCT[self._factory], None, WHY_NO_ACCURACY)

    @property
    def makes_state_e(self) -> bool:
        return False

    def open(self) -> None:
        if self._device is not None:
            return
        factory = pin_factory(self._factory)
        from gpiozero import PWMOutputDevice

        with errors_of(self.name, "is the pin used by another program, or has this pin factory no PWM?"):
            self._device = PWMOutputDevice(
                self._pin,
                active_high=self._active_high,
                initial_value=1.0,
                frequency=PILOT_HZ,
                pin_factory=factory,
            )
        try:
            self.make_safe()
        except BaseException:
            self._device.close()
            self._device = None
            raise

    def make_safe(self) -> None:
        self.set_duty_cycle_pct(SAFE_PCT)

    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None:
        step = STEP_PCT[self._factory]
        percent = whole_steps(duty_cycle_pct, step) * step
        device = self._opened()
        with errors_of(self.name, "open it again"):
            device.value = percent_to_value(percent, self._factory, active_high=self._active_high)
        if (answered := self.duty_cycle_pct()) != percent:
            raise PortError(
                f"{self.name}: was told {percent:g} % and reads back {answered:g} %: another version of gpiozero or of "
                "its pin factory rounds differently; use hardware PWM"
            )

    def set_state_e(self) -> None:
        raise PortError(
            f"{self.name}: a GPIO has two levels and cannot put the pilot at 0 V: use a relay that shorts or opens it"
        )

    def duty_cycle_pct(self) -> float:
        """As the pin factory was told it. What the pin does is nobody's knowledge."""
        device = self._opened()
        with errors_of(self.name, "open it again"):
            if device.pin.frequency != PILOT_HZ:
                raise PortError(f"{self.name}: PWM runs at {device.pin.frequency} Hz, not {PILOT_HZ}: open it again")
            high_pct = 100 * float(device.pin.state)
        step = STEP_PCT[self._factory]
        steps = math.floor(high_pct / step + ROUNDING) if self._factory in TRUNCATING else round(high_pct / step)
        return steps * step if self._active_high else 100 - steps * step

    def close(self) -> None:
        """100 % for two periods, then the pin is a floating input. PortError where it could not be made safe."""
        if self._device is None:
            return
        try:
            self.make_safe()
            time.sleep(to_s(TWO_PERIODS))
        finally:
            device, self._device = self._device, None
            device.close()

    def _opened(self) -> Any:
        if self._device is None:
            raise PortError(f"{self.name}: it is not open: open it first")
        return self._device
