"""Linux hardware PWM through /sys/class/pwm: the pilot from a Raspberry Pi's own PWM block.

    generator = SysfsPwm.of_pi("Raspberry Pi 5", gpio=18)      # or SysfsPwm("1f00098000.pwm", channel=2)
    with generator:
        generator.set_duty_cycle_pct(5)

The pin makes 0 V and 3.3 V; what makes +12/-12 V behind 1 kOhm of it is a driver stage of the bench.

Theory of operation. The kernel checks each write: no period of 0, no duty cycle longer than the period. So the period
of a channel that has none comes first, and before a shorter period comes a shorter pulse. The channel stays enabled:
0 % is a pulse of nothing and 100 % one as long as the period, because the output of a disabled PWM is undefined. All
three files are read back after each setting; they tell what was asked for, not what the pin does.

The hardware goes on without any program. **After a crash the last duty cycle stays on the pilot** until somebody writes
to the channel or power goes. `close` leaves 100 % running, because releasing the channel would leave the pin undefined.

Source: the kernel's documentation of PWM and its drivers, as read. Not verified on a Raspberry Pi, nor that a pulse as
long as the period is a level without gaps.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.devices import DutyAccuracy
from bench.drivers.opening import Opening
from bench.errors import DeviceGone, PortError
from bench.pilot.steps import whole_steps
from bench.units import Ns, ms, s, to_s

SYSFS = Path("/sys/class/pwm")
PERIOD: Ns = ms(1)
STEP_PCT = 100 / PERIOD
SAFE_PCT = 100.0
WRITABLE_WITHIN = s(1)
"""After the export the rights of the new files are set by udev, a moment later."""
LOOK_AGAIN = ms(10)

ACCURACY = DutyAccuracy(
    STEP_PCT,
    0.5,
    "at the pin below 0.1 points, as read in the kernel's drivers (they round to the PWM clock, tens of ns); the rest "
    "is for unequal edges of the pilot's driver stage; not measured",
)


@dataclass(frozen=True, slots=True)
class PwmBlock:
    """Where a Raspberry Pi has the PWM of its header.

    model     how /proc/device-tree/model begins
    chip      name of the device in sysfs
    channels  channel by GPIO
    source    and whether it was verified
    """

    model: str
    chip: str
    channels: dict[int, int]
    source: str


_BCM_CHANNELS = {12: 0, 18: 0, 13: 1, 19: 1}
_COMMON = "commonly given address; not verified"

PWM_BLOCKS = (
    PwmBlock(
        "Raspberry Pi 5",
        "1f00098000.pwm",
        {12: 0, 13: 1, 18: 2, 19: 3},
        "as read in issues of the kernel's repository; not verified on a board",
    ),
    PwmBlock("Raspberry Pi 4", "fe20c000.pwm", _BCM_CHANNELS, _COMMON),
    PwmBlock("Raspberry Pi 3", "3f20c000.pwm", _BCM_CHANNELS, _COMMON),
    PwmBlock("Raspberry Pi 2", "3f20c000.pwm", _BCM_CHANNELS, _COMMON),
    PwmBlock("Raspberry Pi Zero 2", "3f20c000.pwm", _BCM_CHANNELS, _COMMON),
    PwmBlock("Raspberry Pi Zero", "2020c000.pwm", _BCM_CHANNELS, _COMMON),
    PwmBlock("Raspberry Pi Model", "2020c000.pwm", _BCM_CHANNELS, _COMMON),
)
"""By model. The first whose *model* fits counts, so longer names come first. A Raspberry Pi 5 has other PWM chips, for
its fan and inside its processor: not the bench's."""

OVERLAY_FUNCTION = {12: 4, 13: 4, 18: 2, 19: 2}
"""What `func` of the overlay `pwm` wants for each GPIO, on a Raspberry Pi 5 too. As said by its makers."""


def pwm_block(model: str) -> PwmBlock:
    """ValueError for a model that is not in the table."""
    for block in PWM_BLOCKS:
        if model.startswith(block.model):
            return block
    known = ", ".join(block.model for block in PWM_BLOCKS)
    raise ValueError(f"no PWM is known for {model!r} (known: {known}): name chip and channel instead")


def overlay_line(gpio: int) -> str:
    """What makes the PWM appear on that pin, for config.txt.

    >>> overlay_line(18)
    'dtoverlay=pwm,pin=18,func=2'
    """
    return f"dtoverlay=pwm,pin={gpio},func={OVERLAY_FUNCTION[gpio]}"


def write_attribute(path: Path, text: str) -> None:
    """One write, as the kernel takes an attribute. OSError with what it has against it."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


class SysfsPwm(Opening):
    """One channel of a PWM chip; a `bench.devices.PilotGenerator`.

    chip       name of the chip's device, e.g. `1f00098000.pwm`; never its number, which changes with the kernel
    channel    of the chip
    adopt      take over a channel that is in use already, as a program that died leaves it. Without it only one that
               stands at 100 % is taken over, as `close` leaves it. Never one that a living bench program holds
    accuracy   of the pilot, where it was measured
    write      how an attribute is written
    """

    def __init__(
        self,
        chip: str,
        channel: int,
        *,
        root: Path = SYSFS,
        adopt: bool = False,
        accuracy: DutyAccuracy = ACCURACY,
        writable_within: Ns = WRITABLE_WITHIN,
        write: Callable[[Path, str], None] = write_attribute,
    ) -> None:
        if isinstance(channel, bool) or channel < 0:
            raise ValueError(f"a channel is 0 or more, got {channel!r}")
        if not chip or "/" in chip or chip.startswith("pwmchip"):
            raise ValueError(
                f"{chip!r} is no name of a device: write it as behind /sys/class/pwm/pwmchip*/device, "
                "e.g. 1f00098000.pwm; the number of a pwmchip changes with the kernel"
            )
        self._chip = chip
        self._channel = channel
        self._root = root
        self._adopt = adopt
        self._accuracy = accuracy
        self._writable_within = writable_within
        self._write_attribute = write
        self._folder: Path | None = None
        self._held: int | None = None
        self._writable_by = 0
        self._gone = False

    @classmethod
    def of_pi(cls, model: str, gpio: int, *, root: Path = SYSFS, adopt: bool = False) -> SysfsPwm:
        """The channel on that pin of a Raspberry Pi. ValueError for a model or pin that the table does not have."""
        block = pwm_block(model)
        if gpio not in block.channels:
            pins = ", ".join(map(str, block.channels))
            raise ValueError(f"GPIO {gpio} of a {block.model} has no hardware PWM: use one of {pins}")
        return cls(block.chip, block.channels[gpio], root=root, adopt=adopt)

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self._folder else ', closed'}>"

    @property
    def name(self) -> str:
        return f"PWM {self._chip} channel {self._channel}"

    @property
    def accuracy(self) -> DutyAccuracy:
        return self._accuracy

    @property
    def makes_state_e(self) -> bool:
        return False

    def open(self) -> None:
        """Find the chip, take the channel, and put it at 100 %."""
        if self._folder is not None:
            return
        chip = self._find_chip()
        folder = chip / f"pwm{self._channel}"
        exported = self._export(chip)
        self._gone = False
        self._folder = folder
        self._writable_by = time.monotonic_ns() + self._writable_within
        try:
            self._wait_for(folder)
            self._lock(folder)
            if not exported:
                self._take_over()
            self._check_polarity()
            self._apply(PERIOD)
        except BaseException:
            self._let_go()
            raise

    def make_safe(self) -> None:
        self.set_duty_cycle_pct(SAFE_PCT)

    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None:
        self._apply(whole_steps(duty_cycle_pct, STEP_PCT))

    def set_state_e(self) -> None:
        raise PortError(
            f"{self.name}: a PWM output has two levels and cannot put the pilot at 0 V: use a relay that shorts "
            "or opens the pilot"
        )

    def duty_cycle_pct(self) -> float:
        """By the channel's files: what was asked for. PortError where it is disabled, for then nobody knows."""
        enabled, period, pulse = self._read("enable"), self._read("period"), self._read("duty_cycle")
        if enabled != 1 or period <= 0:
            raise PortError(
                f"{self.name}: the channel is disabled, so its output is undefined: another program has changed it; "
                "close both and open this one again"
            )
        return 100 * pulse / period

    def close(self) -> None:
        """Leave 100 % running. The channel stays exported, because a released one has no defined output.

        PortError only where the channel is there and disobeys.
        """
        if self._folder is None:
            return
        try:
            self.make_safe()
        except DeviceGone:
            pass  # What is gone cannot be made safe from here; the wiring must.
        finally:
            self._let_go()

    def _find_chip(self) -> Path:
        found: dict[str, Path] = {}
        for chip in sorted(self._root.glob("pwmchip*")):
            found[Path(os.path.realpath(chip / "device")).name] = chip
        if self._chip not in found:
            raise PortError(
                f"{self.name}: there is no such chip under {self._root} (found: {', '.join(found) or 'none'}): "
                f"write {self._overlays()} into /boot/firmware/config.txt and restart; "
                "on models before the 5 dtparam=audio=off too, because analogue sound uses the same block"
            )
        chip = found[self._chip]
        try:
            channels = int((chip / "npwm").read_text())
        except (OSError, ValueError) as error:
            raise PortError(f"{self.name}: {chip / 'npwm'} cannot be read: {error}") from None
        if self._channel >= channels:
            raise PortError(
                f"{self.name}: the chip has channels 0 to {channels - 1}: use one of them, "
                f"or write {self._overlays()} into /boot/firmware/config.txt and restart"
            )
        return chip

    def _overlays(self) -> str:
        gpios = {
            gpio
            for block in PWM_BLOCKS
            if block.chip == self._chip
            for gpio, channel in block.channels.items()
            if channel == self._channel
        }
        return " or ".join(overlay_line(gpio) for gpio in sorted(gpios)) or "a dtoverlay=pwm,... line for it"

    def _export(self, chip: Path) -> bool:
        """False: somebody has the channel already."""
        try:
            self._write_attribute(chip / "export", str(self._channel))
        except PermissionError:
            raise PortError(
                f"{self.name}: no right to write {chip / 'export'}: put this user into the group gpio, or run as root"
            ) from None
        except OSError as error:
            if error.errno == errno.EBUSY:
                return False
            raise PortError(f"{self.name}: the kernel refuses the export: {error.strerror}; is it in use?") from None
        return True

    def _take_over(self) -> None:
        if self._adopt:
            return
        period, pulse, enabled = self._read("period"), self._read("duty_cycle"), self._read("enable")
        if not (enabled == 1 and period == pulse == PERIOD):
            raise PortError(
                f"{self.name}: the channel is in use already, with a pulse of {pulse} ns every {period} ns "
                f"({'enabled' if enabled else 'disabled'}): end the program that uses it; if it was left by one that "
                f"died, take it over with adopt, or write {self._channel} to unexport of its chip"
            )

    def _wait_for(self, folder: Path) -> None:
        while not (folder / "enable").exists():
            if time.monotonic_ns() >= self._writable_by:
                raise PortError(
                    f"{self.name}: {folder} did not appear after the export: see what dmesg says of the PWM"
                )
            time.sleep(to_s(LOOK_AGAIN))

    def _lock(self, folder: Path) -> None:
        """Among programs that use this driver: sysfs itself lets everybody write. Ends with the program."""
        # Linux only, like sysfs.
        import fcntl

        self._held = os.open(folder / "enable", os.O_RDONLY)
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PortError(f"{self.name}: it is taken: another bench program drives it now; end that first") from None

    def _let_go(self) -> None:
        self._folder = None
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _check_polarity(self) -> None:
        assert self._folder is not None
        try:
            polarity = (self._folder / "polarity").read_text().strip()
        except FileNotFoundError:
            return  # A chip without a choice of polarity.
        except OSError as error:
            raise self._failed(error, "polarity", "read") from None
        if polarity != "normal":
            raise PortError(
                f"{self.name}: its polarity is {polarity}, so 5 % would be 95 %: "
                f"write {self._channel} to unexport of its chip, and try again"
            )

    def _apply(self, pulse: Ns) -> None:
        """Pulse of a period of 1 ms, by the order the kernel accepts; then read back."""
        if self._read("period") != PERIOD:
            if self._read("duty_cycle") > PERIOD:
                self._write("duty_cycle", pulse)
            self._write("period", PERIOD)
        self._write("duty_cycle", pulse)
        if self._read("enable") != 1:
            self._write("enable", 1)
        told = {"period": PERIOD, "duty_cycle": pulse, "enable": 1}
        answered = {name: self._read(name) for name in told}
        if answered != told:
            raise PortError(
                f"{self.name}: was told {_listed(told)} and reads back {_listed(answered)}: another program writes to "
                "the channel, or the chip cannot do it"
            )

    def _write(self, attribute: str, value: int) -> None:
        path = self._open_folder() / attribute
        while True:
            try:
                return self._write_attribute(path, str(value))
            except PermissionError:
                if time.monotonic_ns() >= self._writable_by:
                    raise PortError(
                        f"{self.name}: no right to write {path}, {to_s(self._writable_within):g} s after the export: "
                        "put this user into the group gpio and see that udev runs, or run as root"
                    ) from None
                time.sleep(to_s(LOOK_AGAIN))
            except OSError as error:
                raise self._failed(error, attribute, f"write {value} to") from None

    def _read(self, attribute: str) -> int:
        path = self._open_folder() / attribute
        try:
            text = path.read_text()
        except OSError as error:
            raise self._failed(error, attribute, "read") from None
        try:
            return int(text)
        except ValueError:
            raise PortError(f"{self.name}: {path} says {text.strip()!r}, which is no number of ns") from None

    def _open_folder(self) -> Path:
        if self._folder is None:
            raise PortError(f"{self.name}: it is not open: open it first")
        if self._gone:
            raise DeviceGone(f"{self.name}: the channel is gone: open it again")
        return self._folder

    def _failed(self, error: OSError, attribute: str, verb: str) -> PortError:
        if error.errno in (errno.ENOENT, errno.ENODEV):
            self._gone = True
            return DeviceGone(
                f"{self.name}: the channel is gone: another program has released it, or the kernel its driver; "
                "open it again"
            )
        return PortError(f"{self.name}: cannot {verb} {attribute}: {error.strerror}")


def _listed(values: dict[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
