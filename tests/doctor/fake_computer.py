"""Another computer: a folder that stands for /, and what its programs would say."""

from __future__ import annotations

from pathlib import Path

from bench.doctor.system import GpioChip, System, User
from bench.drivers.interfaces import Interface
from bench.ids import MacAddress

MAC = MacAddress.parse("02:00:00:00:00:07")


PI_4, PI_5 = "Raspberry Pi 4 Model B Rev 1.4", "Raspberry Pi 5 Model B Rev 1.0"
GIB = 1 << 30


class FakeSystem(System):
    """What is no file and no program, as the computer of the test has it. Nothing is asked of the real one."""

    def __init__(self, computer: FakeComputer) -> None:
        super().__init__(computer.root, lambda command: computer.programs.get(" ".join(command)))
        self.computer = computer

    def may_use(self, path: str) -> bool:
        return self.may_write(path) and path not in self.computer.write_only

    def may_write(self, path: str) -> bool:
        return self.exists(path) and path not in self.computer.barred

    def group_of(self, path: str) -> str:
        return self.computer.barred.get(path, "")

    def installed(self, program: str) -> bool:
        return program in {command.split()[0] for command in self.computer.programs} | self.computer.silent_programs

    def package(self, name: str) -> str | None:
        return self.computer.packages.get(name)

    def free(self, path: str) -> int | None:
        return self.computer.free if self.exists(path) else None

    def user(self) -> User:
        return self.computer.user

    def environment(self, name: str) -> str:
        return self.computer.environment.get(name, "")

    def here(self) -> str:
        return "home/ann"

    def gpio_chip(self, path: str) -> GpioChip | None:
        return None if path in self.computer.barred else self.computer.gpio.get(path)


class FakeComputer:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.programs: dict[str, str] = {}
        """Command line -> what it prints; others are not installed."""
        self.interfaces: dict[str, Interface] = {}
        self.silent_programs: set[str] = set()
        """Installed, and fail."""
        self.barred: dict[str, str] = {}
        """Paths this user may not use -> the group that may; empty: root alone."""
        self.write_only: set[str] = set()
        """Attributes that nobody can read."""
        self.user = User("ann", False, frozenset({"ann"}), frozenset({"ann"}))
        self.packages: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.gpio: dict[str, GpioChip] = {}
        self.free = 20 * GIB

    @property
    def system(self) -> System:
        return FakeSystem(self)

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

    # boards

    def usb(
        self,
        place: str,
        vendor: str,
        product: str,
        *,
        tty: str = "",
        by_path: str | None = None,
        serial_number: str = "",
        device_class: str = "00",
    ) -> None:
        """A USB device, with its serial port. by_path: None: as udev names it; empty: udev does not run."""
        device = f"sys/devices/pci0000:00/usb1/{place}"
        told = {"idVendor": vendor, "idProduct": product, "bDeviceClass": device_class, "busnum": "1", "devnum": "7"}
        for name, value in told.items():
            self.file(f"{device}/{name}", f"{value}\n")
        if serial_number:
            self.file(f"{device}/serial", f"{serial_number}\n")
        self.link(f"sys/bus/usb/devices/{place}", f"../../../devices/pci0000:00/usb1/{place}")
        if not tty:
            return
        self.folder(f"{device}/{place}:1.0/{tty}")
        self.link(f"sys/class/tty/{tty}/device", f"../../../devices/pci0000:00/usb1/{place}/{place}:1.0/{tty}")
        self.file(f"dev/{tty}")
        name = f"pci-0000:00:14.0-usb-0:{place[2:]}:1.0-port0" if by_path is None else by_path
        if name:
            self.link(f"dev/serial/by-path/{name}", f"../../{tty}")

    def lock(self, path: str, pid: int) -> None:
        """The process has locked the file, says the kernel."""
        line = f"1: FLOCK  ADVISORY  WRITE {pid} {self.system.file_id(path)} 0 EOF\n"
        before = self.system.read("proc/locks") or ""
        self.file("proc/locks", f"{before}\n{line}".lstrip())

    def pi(self, model: str = PI_4, *, config: str | None = "") -> None:
        """A Raspberry Pi: its name, config.txt, GPIO with the header's chip first."""
        self.file("proc/device-tree/model", f"{model}\0")
        if config is not None:
            self.file("boot/firmware/config.txt", config)
        self.chip("gpiochip0", "pinctrl-rp1" if model == PI_5 else "pinctrl-bcm2711", 54)

    def chip(self, name: str, label: str, lines: int) -> None:
        self.file(f"dev/{name}")
        self.gpio[f"dev/{name}"] = GpioChip(label, lines)

    def pwm(self, number: int, device: str, channels: int) -> str:
        """A PWM chip; gives its folder."""
        folder = f"sys/class/pwm/pwmchip{number}"
        self.folder(f"sys/devices/platform/{device}")
        self.link(f"{folder}/device", f"../../../devices/platform/{device}")
        self.file(f"{folder}/npwm", f"{channels}\n")
        self.file(f"{folder}/export")
        self.write_only.add(f"{folder}/export")
        return folder

    def pwm_runs(self, folder: str, channel: int, *, period: int = 1_000_000, pulse: int, enable: int = 1) -> str:
        for name, value in {"period": period, "duty_cycle": pulse, "enable": enable}.items():
            self.file(f"{folder}/pwm{channel}/{name}", f"{value}\n")
        return f"{folder}/pwm{channel}/enable"
