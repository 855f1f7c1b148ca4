"""gpiozero's mock pins, set up for one test and gone afterwards, with one record over all pins in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin


class Pins:
    """*record*: (GPIO, level) in the order they changed, over all pins. *stuck*: GPIO that do not follow."""

    def __init__(self) -> None:
        self.record: list[tuple[int, float]] = []
        self.stuck: set[int] = set()
        self.dead: set[int] = set()
        self.factory: MockFactory | None = None

    def __getitem__(self, gpio: int) -> MockPin:
        return self.factory.pin(gpio)


def _recording(pins: Pins, base: type[MockPin]) -> type[MockPin]:
    class RecordingPin(base):
        def _change_state(self, value):
            gpio = int(self.info.name.removeprefix("GPIO"))
            if gpio in pins.dead:
                raise OSError(5, "Input/output error")
            if gpio in pins.stuck:
                return False
            changed = super()._change_state(value)
            if changed and self._function == "output":
                pins.record.append((gpio, value))
            return changed

    return RecordingPin


@contextmanager
def mock_pins(*, pwm: bool = False) -> Iterator[Pins]:
    pins = Pins()
    before = Device.pin_factory
    pins.factory = Device.pin_factory = MockFactory(pin_class=_recording(pins, MockPWMPin if pwm else MockPin))
    try:
        yield pins
    finally:
        pins.dead.clear()
        pins.stuck.clear()
        pins.factory.reset()
        Device.pin_factory = before
