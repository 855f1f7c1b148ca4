"""Which Raspberry Pi this is, and what its config.txt says."""

from __future__ import annotations

from dataclasses import dataclass

from bench.doctor.system import System

MODEL = "proc/device-tree/model"
CONFIGS = ("boot/firmware/config.txt", "boot/config.txt")
"""Since Debian 12, and before."""
FILTERS = {
    "pi0": "Raspberry Pi Zero",
    "pi1": "Raspberry Pi Model",
    "pi2": "Raspberry Pi 2",
    "pi3": "Raspberry Pi 3",
    "pi4": "Raspberry Pi 4",
    "pi5": "Raspberry Pi 5",
    "cm4": "Raspberry Pi Compute Module 4",
    "cm5": "Raspberry Pi Compute Module 5",
}
"""Sections of config.txt that are for one family. As commonly described; not tried on a board."""


def pi_model(system: System) -> str:
    """E.g. "Raspberry Pi 5 Model B Rev 1.0"; empty for any other computer."""
    model = (system.read(MODEL) or "").strip("\0 \n")
    return model if model.startswith("Raspberry Pi") else ""


@dataclass(frozen=True, slots=True)
class BootConfig:
    """What config.txt says for this model. Files that it includes are not read.

    path   of the file, with its first slash
    lines  those in effect, in order
    """

    path: str
    lines: tuple[str, ...]

    def parameter(self, name: str) -> str:
        """The last `dtparam` of that name: "on" where it has no value, empty where there is none.

        >>> BootConfig("/boot/config.txt", ("dtparam=i2c_arm=on,spi", "dtparam=audio=off")).parameter("spi")
        'on'
        """
        found = ""
        for line in self.lines:
            key, _, rest = line.partition("=")
            if key.strip() not in ("dtparam", "device_tree_param"):
                continue
            for word in rest.split(","):
                said, _, value = word.strip().partition("=")
                if said == name:
                    found = value.strip() or "on"
        return found

    def switched_on(self, name: str) -> bool:
        return self.parameter(name) in ("on", "true", "yes", "1")


def boot_config(system: System) -> BootConfig | None:
    """None: it cannot be read."""
    model = pi_model(system)
    for path in CONFIGS:
        text = system.read(path)
        if text is not None:
            return BootConfig(f"/{path}", tuple(lines_in_effect(text, model)))
    return None


def lines_in_effect(text: str, model: str) -> list[str]:
    """Without comments, and without sections for other models. A section that is not known here does not count.

    A comment is a line of its own: what follows a value belongs to the value.
    """
    lines: list[str] = []
    counts = True
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            name = line[1:-1].strip().lower()
            counts = name == "all" or (name in FILTERS and model.startswith(FILTERS[name]))
        elif line and not line.startswith("#") and counts:
            lines.append(line)
    return lines


def write_to_config(*lines: str) -> str:
    """What a person types to add *lines*, and for them to take effect."""
    path = f"/{CONFIGS[0]}"
    if len(lines) == 1:
        return f"echo {lines[0]} | sudo tee -a {path}; sudo reboot"
    return f"printf '%s\\n' {' '.join(lines)} | sudo tee -a {path}; sudo reboot"
