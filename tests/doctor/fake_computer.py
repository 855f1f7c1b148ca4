"""Another computer: a folder that stands for /, and what its programs would say."""

from __future__ import annotations

from pathlib import Path

from bench.doctor.system import System
from bench.drivers.interfaces import Interface
from bench.ids import MacAddress

MAC = MacAddress.parse("02:00:00:00:00:07")


class FakeComputer:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.programs: dict[str, str] = {}
        """Command line -> what it prints; others are not installed."""
        self.interfaces: dict[str, Interface] = {}

    @property
    def system(self) -> System:
        return System(self.root, lambda command: self.programs.get(" ".join(command)))

    def ask(self, name: str) -> Interface | None:
        return self.interfaces.get(name)

    def file(self, path: str, text: str = "") -> None:
        at = self.root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)

    def folder(self, path: str) -> None:
        (self.root / path).mkdir(parents=True, exist_ok=True)

    def link(self, path: str, target: str) -> None:
        at = self.root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.symlink_to(target)

    def interface(self, name: str, *, up: bool = True, carrier: bool = True, ethernet: bool = True) -> None:
        """What the ioctl says of it, and that /sys knows it."""
        self.interfaces[name] = Interface(name, up, carrier, ethernet, MAC if ethernet else None)
        number = len(self.interfaces)
        self.file(f"sys/class/net/{name}/uevent", f"INTERFACE={name}\nIFINDEX={number}\n")
        self.file(f"sys/class/net/{name}/ifindex", f"{number}\n")
        self.file(f"sys/class/net/{name}/iflink", f"{number}\n")

    def card(self, name: str, *, driver: str = "r8169", bus: str = "pci0000:00", **looks: bool) -> None:
        """A network card in hardware."""
        self.interface(name, **looks)
        self.folder(f"sys/devices/{bus}/card-{name}")
        self.folder(f"sys/bus/drivers/{driver}")
        self.link(f"sys/class/net/{name}/device", f"../../../devices/{bus}/card-{name}")
        self.link(f"sys/devices/{bus}/card-{name}/driver", f"../../../bus/drivers/{driver}")

    def process(self, number: int, name: str, *arguments: str, namespace: str = "net:[1]") -> None:
        self.file(f"proc/{number}/comm", f"{name[:15]}\n")
        self.file(f"proc/{number}/cmdline", "\0".join(["/usr/sbin/" + name, *arguments]) + "\0")
        self.link(f"proc/{number}/ns/net", namespace)
