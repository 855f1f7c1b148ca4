"""Reading another computer never raises."""

from __future__ import annotations

import socket
import sys
from types import SimpleNamespace

import pytest

from bench.doctor import asking
from bench.doctor.survey import AT_ONCE, survey_everywhere, survey_of
from bench.doctor.system import GpioChip, System, chip_of, run_program
from bench.errors import PortError
from bench.ids import MacAddress
from bench.units import ms


def test_what_is_there_is_read(tmp_path):
    (tmp_path / "a").write_text(" text\n")
    (tmp_path / "b").symlink_to("../somewhere/else")
    system = System(tmp_path)

    assert system.read("a") == "text"
    assert system.link("b") == "../somewhere/else"
    assert system.children("") == ["a", "b"]
    assert system.exists("a")


def test_what_is_not_there_is_none(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    system = System(tmp_path)

    for path in ("missing", "", "loop", "a\0b", "x" * 5000):
        assert system.read(path) is None
    for path in ("missing", "loop", "a\0b"):
        assert system.link("missing") is None
        assert system.real(path) is None
        assert system.children(path) == []
        assert not system.exists(path)


def test_program_that_prints():
    assert run_program((sys.executable, "-c", "print('plc0:unmanaged')")) == "plc0:unmanaged\n"


def test_program_that_fails_or_is_not_installed():
    assert run_program((sys.executable, "-c", "import sys; print(1); sys.exit(3)")) is None
    assert run_program(("no-such-program-at-all",)) is None


def test_program_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr("bench.doctor.system.PATIENCE_S", 0.2)

    assert run_program((sys.executable, "-c", "import time; time.sleep(60)")) is None


def test_interfaces_that_cannot_be_opened_are_told_in_order_and_once():
    def refuses(name):
        raise PortError(f"{name}: no permission")

    survey = survey_of(["b", "a", "b"], refuses)

    assert [(asked.interface, asked.trouble) for asked in survey.asked] == [
        ("b", "b: no permission"),
        ("a", "a: no permission"),
    ]


def test_nothing_to_ask():
    assert survey_everywhere([]).asked == ()


class SilentPort:
    """Real as far as a selector can tell. Counts how many of its kind are open."""

    now_open = most_open = 0

    def __init__(self, name):
        self.name, self.mac = name, MacAddress(bytes(6))
        self.ends = socket.socketpair()
        SilentPort.now_open += 1
        SilentPort.most_open = max(SilentPort.most_open, SilentPort.now_open)

    def fileno(self):
        return self.ends[0].fileno()

    def send(self, _octets):
        return 0

    def receive(self):
        return []

    def close(self):
        SilentPort.now_open -= 1
        for end in self.ends:
            end.close()


def test_many_interfaces_are_asked_some_at_a_time(monkeypatch):
    for constant in ("LOCAL_WITHIN", "EVERYBODY_WITHIN"):
        monkeypatch.setattr(asking, constant, ms(1))
    names = [f"veth{number}" for number in range(10)]

    survey = survey_of(names, SilentPort)

    assert [asked.interface for asked in survey.asked] == names
    assert not survey.troubles
    assert (SilentPort.most_open, SilentPort.now_open) == (AT_ONCE, 0)


def test_where_a_link_leads_is_a_path_under_the_root(tmp_path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/ttyUSB0").touch()
    (tmp_path / "dev/board").symlink_to("ttyUSB0")
    (tmp_path / "dev/outside").symlink_to("/")
    system = System(tmp_path)

    assert system.resolved("dev/board") == "dev/ttyUSB0"
    assert system.resolved("dev/outside") is None
    assert system.resolved("dev/missing") is None


def test_the_nearest_folder_above_that_has_an_entry(tmp_path):
    (tmp_path / "usb1/1-1/1-1:1.0/ttyUSB0").mkdir(parents=True)
    for folder in ("usb1", "usb1/1-1"):
        (tmp_path / folder / "idVendor").touch()
    (tmp_path / "port").symlink_to("usb1/1-1/1-1:1.0/ttyUSB0")
    system = System(tmp_path)

    assert system.above("port", "idVendor") == "usb1/1-1"
    assert system.above("port", "idNothing") is None
    assert system.above("missing", "idVendor") is None


def test_rights_room_and_packages_of_the_real_computer(tmp_path):
    """What a test's computer replaces, asked of this one."""
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(0o660)
    system = System(tmp_path)

    assert system.may_use("file")
    assert system.may_write("file")
    assert not system.may_use("missing")
    assert not system.may_write("missing")
    assert system.free("") > 0
    assert system.free("missing") is None
    assert system.installed(sys.executable)
    assert not system.installed("no-such-program-at-all")
    assert system.package("pyserial")
    assert system.package("no-such-package-at-all") is None
    assert system.user().name
    assert System().exists(system.here())


@pytest.mark.parametrize(("mode", "group"), [(0o660, "games"), (0o640, ""), (0o600, "")])
def test_a_group_helps_only_where_it_may_write(tmp_path, monkeypatch, mode, group):
    monkeypatch.setattr("grp.getgrgid", lambda _: SimpleNamespace(gr_name="games"))
    monkeypatch.setattr("pathlib.Path.stat", lambda *_, **__: SimpleNamespace(st_mode=mode, st_gid=60))

    assert System(tmp_path).group_of("port") == group


def test_to_be_in_roots_group_is_no_advice(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.stat", lambda *_, **__: SimpleNamespace(st_mode=0o660, st_gid=0))

    assert System(tmp_path).group_of("port") == ""


def test_gpio_chip_tells_its_label_and_lines():
    """The kernel's answer: name, label, number of lines."""
    answer = b"gpiochip0".ljust(32, b"\0") + b"pinctrl-rp1".ljust(32, b"\0") + (54).to_bytes(4, sys.byteorder)

    assert chip_of(answer) == GpioChip("pinctrl-rp1", 54)


@pytest.mark.parametrize("path", ["dev/null", "dev/no-such-chip"])
def test_what_is_no_gpio_chip_is_none(path):
    assert System().gpio_chip(path) is None
