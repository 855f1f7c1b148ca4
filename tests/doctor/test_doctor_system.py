"""Reading another computer never raises."""

from __future__ import annotations

import socket
import sys

from bench.doctor import asking
from bench.doctor.survey import AT_ONCE, survey_everywhere, survey_of
from bench.doctor.system import System, run_program
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
