"""GPIO, hardware PWM and SPI of a Raspberry Pi. Every check is silent on a computer that is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.doctor.board import boot_config, write_to_config
from bench.doctor.findings import Finding, Part
from bench.doctor.holders import locked_by
from bench.doctor.rights import Barred, check_modes
from bench.doctor.system import GpioChip, System
from bench.drivers.pilot.sysfs_pwm import PWM_BLOCKS, PwmBlock, overlay_line, pwm_block

GPIO, PWM, SPI = Part("gpio"), Part("pwm"), Part("spi")

HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Labels of the chip whose lines are the pins of the header: Pi 5, 4, and those before. As read in gpiozero."""
LIBRARIES = ("gpiozero", "lgpio", "gpiod", "spidev")
INSTALL = "pip install ccs-bench[raspberry-pi]"
GPIOZERO_KNOWS_NEW_KERNELS = (2, 0, 1, 3)
"""2.0.1.post3. Those before always take gpiochip4 for the header of a Pi 5, which newer kernels call gpiochip0; as
read in its change log."""

PWM_CLASS = "sys/class/pwm"
NOT_THE_BENCHS = {"1f0009c000.pwm": "the fan's", "107d517a80.pwm": "inside the processor"}
"""Other PWM of a Pi 5; as read in issues of the kernel's repository."""
DEFAULT_GPIO = 18


# GPIO -----------------------------------------------------------------------------------------------------------


def gpio_chips(system: System) -> dict[str, GpioChip | None]:
    """By path; each once, however many names it has. None: it may not be opened."""
    found: dict[str, GpioChip | None] = {}
    for name in system.children("dev"):
        if re.fullmatch(r"gpiochip\d+", name) and system.link(f"dev/{name}") is None:
            found[f"/dev/{name}"] = system.gpio_chip(f"dev/{name}")
    return found


def header_chip(chips: dict[str, GpioChip | None]) -> str:
    """Path of the chip of the header; empty: none is known to be."""
    return next((path for path, chip in chips.items() if chip and chip.label in HEADER_LABELS), "")


def check_gpio(system: System, model: str, kept_out: Sequence[Barred]) -> list[Finding]:
    if not model:
        return []
    found = [check_header(gpio_chips(system))]
    found += check_modes(GPIO, kept_out)
    found += check_libraries(system, model)
    found.append(check_strict_gpiod(system))
    return found


def check_header(chips: dict[str, GpioChip | None]) -> Finding:
    if not chips:
        return GPIO.warning(
            "chips", "there is no /dev/gpiochip*", "sudo apt full-upgrade; in a container: --device /dev/gpiochip0"
        )
    shown = ", ".join(f"{path} {chip.label if chip else 'unknown'}" for path, chip in chips.items())
    header = chips.get(header_chip(chips))
    if header is not None:
        others = len(chips) - 1
        rest = f"; {others} other{'s' if others > 1 else ''} beside it" if others else ""
        return GPIO.ok("header", f"{header_chip(chips)} ({header.label}, {header.lines} lines){rest}")
    if None in chips.values():
        return GPIO.note(
            "header",
            f"unknown which chip it is, because this user may not ask: {shown}",
            "put right what stands under user, then again: bench doctor",
        )
    return GPIO.warning("header", f"no chip says that it is the header's: {shown}", "sudo apt full-upgrade")


def check_libraries(system: System, model: str) -> Iterator[Finding]:
    versions = {name: system.package(name) for name in LIBRARIES}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        yield GPIO.warning("libraries", f"{', '.join(missing)} missing: pins, edges or SPI cannot be driven", INSTALL)
    else:
        yield GPIO.ok("libraries", ", ".join(f"{name} {version}" for name, version in versions.items()))
    gpiozero = versions["gpiozero"]
    if gpiozero and model.startswith("Raspberry Pi 5") and numbers(gpiozero) < GPIOZERO_KNOWS_NEW_KERNELS:
        yield GPIO.warning(
            "gpiozero",
            f"{gpiozero} takes gpiochip4 for the header of a Pi 5, which kernels since 2024 call gpiochip0",
            "pip install 'gpiozero>=2.0.1.post3'",
        )


def numbers(version: str) -> tuple[int, ...]:
    """
    >>> numbers("2.0.1.post3")
    (2, 0, 1, 3)
    """
    return tuple(map(int, re.findall(r"\d+", version)))


def check_strict_gpiod(system: System) -> Finding:
    """Whether the kernel lets go of outputs when their program dies. As said in Raspberry Pi's paper on GPIO."""
    persist = system.read("sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs")
    told = "pinctrl_bcm2835.persist_gpio_outputs=n" in (system.read("proc/cmdline") or "").split()
    config = boot_config(system)
    if persist in ("N", "0") or told or (config and config.switched_on("strict_gpiod")):
        return GPIO.ok("after a crash", "outputs fall back to inputs (strict_gpiod)")
    if config is None:
        return GPIO.note(
            "after a crash",
            "unknown: config.txt cannot be read, so relays may stay closed when their program dies",
            "see that dtparam=strict_gpiod is in config.txt of the boot partition",
        )
    return GPIO.warning(
        "after a crash",
        "relays on GPIO stay closed when their program is killed: this kernel keeps outputs as they are",
        write_to_config("dtparam=strict_gpiod"),
    )


# hardware PWM ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PwmChip:
    """folder  under the root; the number in its name changes with the kernel
    device   name of the device behind it
    channels how many
    """

    folder: str
    device: str
    channels: int

    @property
    def number(self) -> str:
        return self.folder.rpartition("/")[2]

    @property
    def export(self) -> str:
        return f"/{self.folder}/export"


def pwm_chips(system: System, root: str = PWM_CLASS) -> list[PwmChip]:
    found = []
    for name in system.children(root):
        device = (system.real(f"{root}/{name}/device") or "").rpartition("/")[2]
        channels = system.read(f"{root}/{name}/npwm") or ""
        if name.startswith("pwmchip"):
            found.append(PwmChip(f"{root}/{name}", device, int(channels) if channels.isdigit() else 0))
    return found


def header_block(model: str) -> PwmBlock | None:
    """None for a model whose PWM is not known here."""
    try:
        return pwm_block(model)
    except ValueError:
        return None


def what_it_is(chip: PwmChip, model: str) -> str:
    block = header_block(model)
    if block is not None and chip.device == block.chip:
        channels = ", ".join(f"GPIO {gpio} is channel {channel}" for gpio, channel in sorted(block.channels.items()))
        return f"the header's: {channels}"
    if chip.device in NOT_THE_BENCHS:
        return f"{NOT_THE_BENCHS[chip.device]}, not for a pilot"
    if "pwm-gpio" in chip.device or "pwm_gpio" in chip.device:
        return "made by the kernel's timers on some pin; better than a program's, but no hardware"
    return "not known here"


def has_analogue_sound(model: str) -> bool:
    return not model.startswith(("Raspberry Pi 5", "Raspberry Pi Compute Module 5"))


def overlays(gpio: int, model: str) -> str:
    """What to type for hardware PWM on *gpio* of this model."""
    sound = ["dtparam=audio=off"] if has_analogue_sound(model) else []
    return write_to_config(overlay_line(gpio), *sound)


def check_pwm(system: System, model: str, kept_out: Sequence[Barred]) -> list[Finding]:
    if not model:
        return []
    chips = pwm_chips(system)
    known = {block.chip for block in PWM_BLOCKS}
    found = [PWM.ok(chip.number, f"{chip.device}: {what_it_is(chip, model)}") for chip in chips]
    headers = [chip for chip in chips if chip.device in known]
    if not headers:
        found.append(
            PWM.note(
                "header",
                "no hardware PWM on the pins; a pilot of the Pi's own wants it",
                overlays(DEFAULT_GPIO, model),
            )
        )
    for chip in headers:
        found += check_channels(system, chip)
        found += check_sound(system, model)
    found += check_modes(PWM, kept_out)
    return found


def check_channels(system: System, chip: PwmChip) -> Iterator[Finding]:
    """A PWM that runs goes on without any program: who left it?"""
    for channel in range(chip.channels):
        folder = f"{chip.folder}/pwm{channel}"
        enabled, period, pulse = (system.read(f"{folder}/{name}") for name in ("enable", "period", "duty_cycle"))
        if enabled != "1" or not period or not pulse or not (period + pulse).isdigit() or int(period) == int(pulse):
            continue
        share = 100 * int(pulse) / int(period) if int(period) else 0.0
        what = f"makes {share:g} % of {int(period) / 1e6:g} ms"
        if holder := locked_by(system, f"{folder}/enable"):
            yield PWM.ok(f"{chip.number} channel {channel}", f"{what} for {holder}")
            continue
        yield PWM.warning(
            f"{chip.number} channel {channel}",
            f"{what}, and no bench program holds it: left by one that died, or another program's",
            f"if nobody needs it: echo {period} | sudo tee /{folder}/duty_cycle",
        )


def check_sound(system: System, model: str) -> Iterator[Finding]:
    config = boot_config(system)
    if not has_analogue_sound(model) or config is None:
        return
    if not config.switched_on("audio"):
        yield PWM.ok("analogue sound", "off, so it leaves the PWM alone")
        return
    yield PWM.warning(
        "analogue sound",
        "on (dtparam=audio=on): it uses the same PWM block as the pilot",
        f"sudo sed -i 's/audio=on/audio=off/' {config.path}; sudo reboot",
    )


# SPI ------------------------------------------------------------------------------------------------------------


def spi_nodes(system: System) -> list[str]:
    return [f"/dev/{name}" for name in system.children("dev") if re.fullmatch(r"spidev0\.\d+", name)]


def check_spi(system: System, model: str, kept_out: Sequence[Barred]) -> list[Finding]:
    if not model:
        return []
    nodes = spi_nodes(system)
    if nodes:
        return [SPI.ok("header", ", ".join(nodes)), *check_modes(SPI, kept_out)]
    config = boot_config(system)
    if config is not None and config.switched_on("spi"):
        return [
            SPI.warning(
                "header",
                f"switched on in {config.path}, but there is no /dev/spidev0.*",
                "sudo reboot; if that does not help: sudo modprobe spidev",
            )
        ]
    return [
        SPI.note("header", "switched off; an ADC for the pilot's level wants it", write_to_config("dtparam=spi=on"))
    ]
