"""What `PcapPort` is made of, as far as it needs no interface: stamps, error texts, the reading thread."""

from __future__ import annotations

import importlib
import select
import sys
import threading
from collections import deque
from types import SimpleNamespace

import pytest

from bench.drivers import pcap_port
from bench.drivers.interfaces import ask_interface, interface_names
from bench.drivers.pcap_port import PcapPort, is_down, load_libpcap, missing, no_permission, not_ethernet, refused
from bench.drivers.reading_thread import ReadingThread
from bench.drivers.stamps import StampConverter
from bench.errors import PortError
from bench.units import Ns, ms, s, us

CIVIL = s(1_700_000_000)


class Clocks:
    """A rig's clock and civil time, which goes CIVIL ahead of it and can be set."""

    def __init__(self) -> None:
        self.t = s(5)
        self.ahead = CIVIL

    def now(self) -> Ns:
        return self.t

    def civil(self) -> Ns:
        return self.t + self.ahead


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def stamps(clocks) -> StampConverter:
    return StampConverter(clocks.now, clocks.civil)


def test_civil_stamp_becomes_the_rigs_time(clocks, stamps):
    clocks.t += ms(10)

    assert stamps.convert([CIVIL + s(5) + ms(1), CIVIL + s(5) + ms(7)]) == [s(5) + ms(1), s(5) + ms(7)]


def test_slewed_civil_time_is_followed(clocks, stamps):
    """NTP makes civil time faster by 500 ppm: after each second the distance is measured again."""
    for second in range(1, 10):
        clocks.t += s(1)
        clocks.ahead += us(500)
        (t,) = stamps.convert([clocks.civil() - ms(3)])

        assert t == clocks.t - ms(3)
        assert stamps.distance == CIVIL + second * us(500)


@pytest.mark.parametrize("step", [-s(3600), -ms(20), ms(20), s(3600)], ids=["-1 h", "-20 ms", "+20 ms", "+1 h"])
def test_frames_from_before_and_after_a_set_clock_both_keep_their_place(clocks, stamps, step):
    clocks.t += ms(10)
    before = clocks.civil()
    clocks.ahead += step
    clocks.t += ms(4)
    after = clocks.civil()
    clocks.t += ms(1)

    assert stamps.convert([before, after]) == [s(5) + ms(10), s(5) + ms(14)]


def test_no_stamp_lies_in_the_future(clocks, stamps):
    assert stamps.convert([clocks.civil() + us(300)]) == [clocks.t]


def test_stamps_never_fall(clocks, stamps):
    clocks.t += ms(10)
    first = stamps.convert([clocks.civil() - ms(2), clocks.civil() - ms(3)])

    assert first == [clocks.t - ms(2)] * 2
    assert stamps.convert([clocks.civil() - ms(5)]) == [clocks.t - ms(2)]


def test_disturbed_reading_of_the_clocks_does_not_count(clocks):
    """Of three readings the one without an interruption between its two ends is believed."""
    pauses = deque([ms(5), 0, ms(9)])

    def interrupted() -> Ns:
        civil = clocks.civil()
        clocks.t += pauses.popleft()
        return civil

    assert StampConverter(clocks.now, interrupted).distance == CIVIL


# error texts ----------------------------------------------------------------------------------------------------------

CODES = SimpleNamespace(
    PCAP_ERROR_NO_SUCH_DEVICE=-5,
    PCAP_ERROR_PERM_DENIED=-8,
    PCAP_ERROR_IFACE_NOT_UP=-9,
    PCAP_ERROR_PROMISC_PERM_DENIED=-11,
    statustostr=lambda status: f"status {status}".encode(),
)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (-5, "plc0: no such interface; there are "),
        (-8, "plc0: no permission to capture; "),
        (-9, "plc0: the interface is down; switch it on: sudo ip link set plc0 up"),
        (-11, "plc0: no permission to capture; "),
        (-13, "plc0: cannot be opened: status -13 (no packet sockets)"),
    ],
)
def test_refusal_is_told_in_one_sentence(monkeypatch, status, remedy):
    monkeypatch.setattr(pcap_port, "interface_names", lambda: ["eth0", "eth1"])
    monkeypatch.setattr(sys, "platform", "linux")
    said = str(refused("plc0", CODES, status, "no packet sockets"))

    assert said.startswith(remedy)
    assert "\n" not in said


def test_missing_interface_lists_those_there_are(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(pcap_port, "interface_names", lambda: ["eth0", "plc1"])
    assert "there are eth0, plc1; take one of them or plug the adapter in" in str(missing("plc0"))

    monkeypatch.setattr(pcap_port, "interface_names", list)
    assert "there is none at all or plug the adapter in" in str(missing("plc0"))


@pytest.mark.parametrize(
    ("platform", "remedy"),
    [("linux", "sudo setcap cap_net_raw,cap_net_admin=eip /"), ("darwin", "/dev/bpf"), ("win32", "administrator")],
)
def test_missing_permission_names_the_systems_own_remedy(monkeypatch, platform, remedy):
    monkeypatch.setattr(sys, "platform", platform)

    assert remedy in str(no_permission("plc0"))


def test_interface_of_another_kind_is_told():
    assert str(not_ethernet("wwan0")).startswith("wwan0: is no Ethernet interface; take ")
    assert str(is_down("plc0")).endswith("sudo ip link set plc0 up")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ImportError("libpcap"), "install it: pip install pcap-ct"),
        (OSError("Cannot find libpcap.so library"), "apt install libpcap0.8"),
    ],
)
def test_missing_library_names_its_package(monkeypatch, error, remedy):
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(importlib, "import_module", fail)

    with pytest.raises(PortError) as raised:
        load_libpcap()
    assert remedy in str(raised.value)


def test_system_that_does_not_tell_the_address_asks_for_it(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(pcap_port, "load_libpcap", lambda: CODES)

    with pytest.raises(PortError, match="give it"):
        PcapPort("eth0")


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_kernel_is_asked_about_interfaces():
    loop_back = ask_interface("lo")

    assert loop_back is not None
    assert not loop_back.ethernet
    assert loop_back.mac is None
    assert ask_interface("nosuchif0") is None
    assert ask_interface("a name longer than a kernel allows") is None
    assert "lo" not in interface_names()


# the reading thread ---------------------------------------------------------------------------------------------------


class Source:
    """What a reading thread reads: things put in by the test; `None` stands for an interrupted wait."""

    def __init__(self) -> None:
        self._things: deque[object] = deque()
        self._changed = threading.Condition()

    def put(self, *things: object) -> None:
        with self._changed:
            self._things.extend(things)
            self._changed.notify()

    def read(self) -> object:
        with self._changed:
            assert self._changed.wait_for(lambda: self._things, 5)
            thing = self._things.popleft()
        if isinstance(thing, Exception):
            raise thing
        return thing

    def interrupt(self) -> None:
        self.put(None)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def thread(source):
    made = ReadingThread(source.read, source.interrupt, "reads a source")
    yield made
    made.end()


def ready(thread: ReadingThread[object], wait_s: float = 5.0) -> bool:
    return bool(select.select([thread], [], [], wait_s)[0])


def test_thread_gives_things_once_in_order_and_its_descriptor_tells(source, thread):
    assert thread.take(10) == []
    assert not ready(thread, 0)

    source.put(1, 2, 3)
    taken: list[object] = []
    while len(taken) < 3:
        assert ready(thread)
        taken += thread.take(2)

    assert taken == [1, 2, 3]
    assert not ready(thread, 0)
    assert thread.take(10) == []


def test_error_comes_after_the_things_before_it_and_stays(source, thread):
    source.put(1, PortError("the interface has gone"))
    assert ready(thread)
    assert thread.take(10) == [1]
    for _ in range(2):
        assert ready(thread)
        with pytest.raises(PortError, match="has gone"):
            thread.take(10)


def test_ended_thread_is_gone(source):
    thread = ReadingThread(source.read, source.interrupt, "to be ended")
    thread.end()

    assert "to be ended" not in {running.name for running in threading.enumerate()}
