"""GPIO pins of a Raspberry Pi through gpiozero: one factory for the whole process, chosen by name.

Left to itself gpiozero tries one factory after the other and only warns; which one it ends with decides how good its
PWM is and what becomes of the pins when the program ends. So the factory is named here and nothing else will do.

There is one for the process, gpiozero's own: a second one of the same kind would share its pins with the first, and
close them all when it is closed. It is never closed here; gpiozero does that at the end of the program.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from bench.errors import PortError

FACTORIES = {
    "lgpio": ("gpiozero.pins.lgpio", "LGPIOFactory"),
    "pigpio": ("gpiozero.pins.pigpio", "PiGPIOFactory"),
    "rpigpio": ("gpiozero.pins.rpigpio", "RPiGPIOFactory"),
    "mock": ("gpiozero.pins.mock", "MockFactory"),
}
"""`lgpio` alone works on a Raspberry Pi 5. `mock` is for tests. gpiozero's `native` is left out: it has no PWM and
protects nothing."""

BOOT_PINS = frozenset({0, 1})
"""The firmware looks for the memory of a HAT there and makes them toggle at every start."""
HIGHEST_PIN = 27


def pin_factory(name: str) -> Any:
    """gpiozero's factory of that name, made at the first call.

    ValueError for a name not in `FACTORIES`. PortError: its library is missing, this is no Raspberry Pi, or the process
    has another factory already.
    """
    if name not in FACTORIES:
        raise ValueError(f"{name!r} is no pin factory: choose among {', '.join(FACTORIES)}")
    from gpiozero import Device

    module, factory_class = FACTORIES[name]
    present = Device.pin_factory
    if present is not None:
        wanted = f"{module}.{factory_class}"
        if wanted not in (f"{base.__module__}.{base.__name__}" for base in type(present).__mro__):
            raise PortError(
                f"GPIO: this program uses the pin factory {type(present).__name__} already, and {name} was asked for: "
                "let all devices of a bench use the same one"
            )
        return present
    try:
        Device.pin_factory = getattr(importlib.import_module(module), factory_class)()
    except ImportError as error:
        raise PortError(
            f"GPIO: the pin factory {name} needs a library that is missing ({error}): "
            "pip install ccs-bench[raspberry-pi], which brings lgpio; others install by hand"
        ) from error
    except Exception as error:  # Its libraries raise what they like, some of it derived from nothing of use.
        raise PortError(
            f"GPIO: the pin factory {name} does not work here: {describe(error)}. Is this a Raspberry Pi, and may this "
            "user open /dev/gpiochip0 (group gpio)?"
        ) from error
    return Device.pin_factory


def check_pins(pins: Collection[int], *, taken: Collection[int] = ()) -> None:
    """ValueError for GPIO numbers that no output of a bench may have.

    taken  what something else uses: the PWM, the ADC
    """
    seen: set[int] = set()
    for pin in pins:
        if not isinstance(pin, int) or not 0 <= pin <= HIGHEST_PIN:
            raise ValueError(f"{pin!r} is no GPIO: write the number after GPIO, 2 to {HIGHEST_PIN}")
        if pin in BOOT_PINS:
            raise ValueError(f"GPIO {pin} toggles at every start of a Raspberry Pi: use another")
        if pin in seen:
            raise ValueError(f"GPIO {pin} is named twice")
        if pin in taken:
            raise ValueError(f"GPIO {pin} is used by something else of this bench")
        seen.add(pin)


@contextmanager
def errors_of(who: str, remedy: str) -> Iterator[None]:
    """Within the block whatever gpiozero or its library raises, or warns of as a fallback, is a PortError."""
    from gpiozero import GPIOPinInUse, PinFactoryFallback, PWMSoftwareFallback, SPISoftwareFallback

    with warnings.catch_warnings():
        for fallback in (PinFactoryFallback, PWMSoftwareFallback, SPISoftwareFallback):
            warnings.simplefilter("error", fallback)
        try:
            yield
        except PortError:
            raise
        except GPIOPinInUse as error:
            raise PortError(f"{who}: {error}; two devices of this bench are on one pin") from error
        except SPISoftwareFallback as error:
            raise PortError(
                f"{who}: no hardware SPI ({error}): write dtparam=spi=on into /boot/firmware/config.txt and restart"
            ) from error
        except Exception as error:  # lgpio.error is derived from Exception alone.
            raise PortError(f"{who}: {describe(error)}: {remedy}") from error


def describe(error: Exception) -> str:
    return str(error).strip("'\" ") or type(error).__name__
