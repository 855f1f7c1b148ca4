"""/sys/class/pwm in a temporary folder, with a kernel that refuses what the real one refuses.

Rules as read in the kernel's PWM core: EBUSY for a second export, EINVAL for a period of 0 or a pulse longer than the
period, EBUSY for a polarity changed while enabled. A channel appears at its export; its rights a moment later.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path


class FakeSysfs:
    """Reading is reading the folder; writing goes through `write`, which a driver is given in place of its own.

    writes          what was written, in order: ("export", "2"), ("pwm2/period", "1000000")
    refused         of them, those that the kernel refused
    unwritable_for  so many writes to channels come before udev has given the right to
    deaf            attributes that take a write and stay as they are
    """

    def __init__(self, root: Path) -> None:
        self.root = root / "class" / "pwm"
        self.root.mkdir(parents=True)
        self._devices = root / "devices"
        self.writes: list[tuple[str, str]] = []
        self.refused: list[tuple[str, str]] = []
        self.unwritable_for = 0
        self.deaf: set[str] = set()

    def add_chip(self, number: int, device: str, channels: int) -> Path:
        """Behind pwmchip*number*; the link `device` leads to a folder of the device's name."""
        chip = self.root / f"pwmchip{number}"
        chip.mkdir()
        target = self._devices / "platform" / device
        target.mkdir(parents=True)
        os.symlink(target, chip / "device")
        (chip / "npwm").write_text(f"{channels}\n")
        for name in ("export", "unexport"):
            (chip / name).write_text("")
        return chip

    def preset(self, chip: Path, channel: int, *, period: int, duty_cycle: int, enable: int, polarity="normal") -> Path:
        """A channel that somebody has exported and set before."""
        folder = chip / f"pwm{channel}"
        folder.mkdir()
        values = {"period": period, "duty_cycle": duty_cycle, "enable": enable, "polarity": polarity}
        for name, value in values.items():
            (folder / name).write_text(f"{value}\n")
        return folder

    def remove(self, chip: Path, channel: int) -> None:
        shutil.rmtree(chip / f"pwm{channel}")

    def write(self, path: Path, text: str) -> None:
        what = str(path.relative_to(self.root)).split("/", 1)[1]
        self.writes.append((what, text))
        if not path.exists():
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        if path.parent.name.startswith("pwm") and not path.parent.name.startswith("pwmchip") and self.unwritable_for:
            self.unwritable_for -= 1
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        refusal = self._refusal(path, text)
        if refusal is not None:
            self.refused.append((what, text))
            raise OSError(refusal, os.strerror(refusal))
        if path.name == "export":
            self.preset(path.parent, int(text), period=0, duty_cycle=0, enable=0)
        elif path.name == "unexport":
            self.remove(path.parent, int(text))
        elif path.name not in self.deaf:
            path.write_text(f"{text}\n")

    def _refusal(self, path: Path, text: str) -> int | None:
        if path.name == "export":
            if int(text) >= int((path.parent / "npwm").read_text()):
                return errno.ENODEV
            return errno.EBUSY if (path.parent / f"pwm{text}").exists() else None
        if path.name == "unexport":
            return None if (path.parent / f"pwm{text}").exists() else errno.ENODEV
        folder = path.parent
        period, pulse = int((folder / "period").read_text()), int((folder / "duty_cycle").read_text())
        if path.name == "period":
            period = int(text)
        if path.name == "duty_cycle":
            pulse = int(text)
        if path.name in ("period", "duty_cycle", "enable") and (period <= 0 or pulse > period):
            return errno.EINVAL
        if path.name == "polarity" and (folder / "enable").read_text().strip() == "1":
            return errno.EBUSY
        return None
