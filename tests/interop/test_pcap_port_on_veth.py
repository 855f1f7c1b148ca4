"""`PcapPort` on interfaces of the kernel, beyond what every port promises."""

from __future__ import annotations

import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest
from veth import Veth, veth

from bench.clock import SystemClock
from bench.drivers import pcap_port
from bench.drivers.pcap_port import EVERYTHING, Drops, PcapPort
from bench.errors import PortError
from bench.ids import BROADCAST
from bench.ports import Stamped
from bench.units import ms, s, to_s
from conftest import require, run, unique, wait_until

HOMEPLUG, IPV6, IPV4, LOCAL = b"\x88\xe1", b"\x86\xdd", b"\x08\x00", b"\x88\xb5"


class Cable(NamedTuple):
    pair: Veth
    near: PcapPort
    far: PcapPort


@pytest.fixture(params=[False, True], ids=["polled", "reading thread"])
def threaded(request) -> bool:
    return request.param


@pytest.fixture
def cable(threaded) -> Iterator[Cable]:
    with (
        veth() as pair,
        PcapPort(pair.near, name="evse", threaded=threaded) as near,
        PcapPort(pair.far, name="pev", threaded=threaded) as far,
    ):
        yield Cable(pair, near, far)


def frame(port: PcapPort, content: bytes = b"", ethertype: bytes = HOMEPLUG) -> bytes:
    return (BROADCAST + port.mac + ethertype + content).ljust(60, b"\0")


def arrived(port: PcapPort, count: int = 1) -> list[Stamped]:
    """At least *count* frames, waited for at the port's descriptor."""
    frames: list[Stamped] = []
    while len(frames) < count:
        readable, _, _ = select.select([port], [], [], 2)
        assert readable, f"{len(frames)} of {count} frames in 2 s"
        frames += port.receive()
    return frames


def silent(port: PcapPort) -> bool:
    """Whether nothing comes for 50 ms."""
    select.select([port], [], [], 0.05)
    return port.receive() == []


def test_address_is_the_interfaces_own(cable):
    shown = run("ip", "-br", "link", "show", cable.pair.near).stdout

    assert str(cable.near.mac).lower() in shown.lower()


def test_stamps_rise_and_lie_within_2_ms_behind_sending(cable):
    sent, stamps = [], []
    for number in range(50):
        sent.append(cable.near.send(frame(cable.near, bytes([number]))))
        stamps += [stamped.t for stamped in arrived(cable.far)]

    delays = [there - here for here, there in zip(sent, stamps, strict=True)]
    assert all(later > earlier for earlier, later in pairwise(stamps))
    assert min(delays) > -ms(0.05)
    assert sorted(delays)[len(delays) * 9 // 10] < ms(2)


def test_stamps_are_the_kernels_and_not_the_readers(cable):
    """A frame that waits 100 ms to be read has the stamp of its arrival, in ns."""
    sent = cable.near.send(frame(cable.near))
    select.select([], [], [], 0.1)
    (stamped,) = arrived(cable.far)

    assert stamped.t - sent < ms(50)


def test_stamps_have_a_resolution_of_nanoseconds(cable):
    for number in range(20):
        cable.near.send(frame(cable.near, bytes([number])))

    assert len({stamped.t % 1000 for stamped in arrived(cable.far, 20)}) > 3


def test_stamps_in_microseconds_are_converted_too(monkeypatch):
    """As on macOS and Windows, where libpcap has no finer ones."""
    monkeypatch.setattr(pcap_port.load_libpcap(), "set_tstamp_precision", lambda *_: -12)
    with veth() as pair, PcapPort(pair.near) as near, PcapPort(pair.far) as far:
        for number in range(20):
            sent = near.send(frame(near, bytes([number])))
            select.select([], [], [], 0.003)
            (stamped,) = arrived(far)
            assert -ms(0.05) < stamped.t - sent < ms(2.5)


def test_frame_can_be_read_at_once_and_not_when_a_buffer_is_full(cable):
    delays = []
    for number in range(21):
        sent = cable.near.send(frame(cable.near, bytes([number])))
        arrived(cable.far)
        delays.append(time.monotonic_ns() - sent)

    assert sorted(delays)[10] < ms(5)


def test_frames_for_other_stations_are_heard(cable):
    """What an adapter passes on to its host is for the bench to see, whomever it is for."""
    elsewhere = bytes.fromhex("02000000abcd")
    cable.near.send(elsewhere + frame(cable.near)[6:])

    assert [octets[:6] for _, octets in arrived(cable.far)] == [elsewhere]
    assert "promiscuity 1" in run("ip", "-d", "link", "show", cable.pair.far).stdout


def test_own_frames_are_not_heard_and_neither_are_those_of_other_programs_beside_us(cable):
    with PcapPort(cable.pair.near) as other:
        other.send(frame(other))
        cable.near.send(frame(cable.near))

        assert len(arrived(cable.far, 2)) == 2
        assert silent(cable.near)


def test_own_frames_are_told_apart_where_the_direction_cannot_be_chosen(monkeypatch, threaded):
    """As on Windows: libpcap refuses, the port hears what it has sent and takes it out.

    Linux never gives a socket its own frames, so here they leave through another handle of the same interface.
    """
    libpcap = pcap_port.load_libpcap()
    send = libpcap.sendpacket
    monkeypatch.setattr(libpcap, "setdirection", lambda *_: -1)
    with (
        veth() as pair,
        PcapPort(pair.near, threaded=threaded) as near,
        PcapPort(pair.near) as other,
        PcapPort(pair.far, threaded=threaded) as far,
    ):
        with monkeypatch.context() as patched:
            patched.setattr(libpcap, "sendpacket", lambda _, *what: send(other._handle, *what))
            for number in range(3):
                near.send(frame(near, bytes([number])))
        other.send(frame(other, b"another's"))
        far.send(frame(far, b"far"))

        assert len(arrived(far, 4)) == 4
        assert [octets[14:17] for _, octets in arrived(near, 2)] == [b"ano", b"far"]
        assert silent(near)
        other.send(frame(near, bytes([0])))
        assert len(arrived(near)) == 1  # Each echo is taken out once.


def test_only_homeplug_and_ipv6_come_in(cable):
    for ethertype in (IPV4, HOMEPLUG, LOCAL, IPV6):
        cable.near.send(frame(cable.near, ethertype=ethertype))

    heard = [octets[12:14] for _, octets in arrived(cable.far, 2)]
    assert heard == [HOMEPLUG, IPV6]
    assert silent(cable.far)


def test_wrong_filter_is_told():
    with veth() as pair, pytest.raises(PortError, match="the filter 'ether prato' is wrong"):
        PcapPort(pair.near, listen_to="ether prato")


def test_frame_ends_the_wait_of_the_system_clock(cable):
    clock = SystemClock()
    clock.watch(cable.far.fileno())
    cable.near.send(frame(cable.near))
    before = clock.now()
    clock.wait(before + s(2))

    assert clock.now() - before < s(1)
    assert len(cable.far.receive()) == 1


def test_port_survives_its_interface_going_down_and_up(cable):
    """Nothing comes while it is down, nothing spins, sending says what to do; afterwards all is as before."""
    cable.near.send(frame(cable.near, b"before"))
    arrived(cable.far)

    cable.pair.set(cable.far.interface, "down")
    assert silent(cable.far)
    assert select.select([cable.far], [], [], 0.02) == ([], [], [])
    with pytest.raises(PortError, match=f"the interface is down; switch it on: sudo ip link set {cable.pair.far} up"):
        cable.far.send(frame(cable.far))

    cable.pair.set(cable.far.interface, "up")
    wait_until(lambda: "LOWER_UP" in run("ip", "link", "show", cable.pair.far).stdout, "the carrier")
    cable.near.send(frame(cable.near, b"after"))
    cable.far.send(frame(cable.far, b"back"))

    assert [octets[14:19] for _, octets in arrived(cable.far)] == [b"after"]
    assert [octets[14:18] for _, octets in arrived(cable.near)] == [b"back"]


def test_port_survives_the_other_end_going_down_and_up(cable):
    """As when an adapter loses its power: no carrier for a while."""
    cable.pair.set(cable.near.interface, "down")
    assert silent(cable.far)
    cable.pair.set(cable.near.interface, "up")
    wait_until(lambda: "LOWER_UP" in run("ip", "link", "show", cable.pair.far).stdout, "the carrier")

    cable.near.send(frame(cable.near))

    assert len(arrived(cable.far)) == 1


def test_interface_that_is_taken_away_is_an_error(cable):
    run("ip", "link", "delete", cable.pair.near).check_returncode()

    with pytest.raises(PortError, match=f"the interface {cable.pair.near} has gone; plug it in"):
        cable.near.send(b"\xff" * 60)
    readable, _, _ = select.select([cable.far], [], [], 2)
    assert readable
    with pytest.raises(PortError, match=f"the interface {cable.pair.far} has gone; plug it in"):
        cable.far.receive()


def test_nothing_is_dropped_while_the_port_is_read(cable):
    for number in range(1000):
        cable.near.send(frame(cable.near, number.to_bytes(2, "big")))

    assert len(arrived(cable.far, 1000)) == 1000
    assert cable.far.drops() == Drops(0, 0)


def test_lost_frames_are_counted(monkeypatch):
    """A flood that nobody reads: what is not received afterwards has been counted as dropped."""
    monkeypatch.setattr(pcap_port, "RING_OCTETS", 256 << 10)
    with veth() as pair, PcapPort(pair.near) as near, PcapPort(pair.far) as far:
        sent = 2000
        for number in range(sent):
            near.send(frame(near, number.to_bytes(2, "big")))
        received = 0
        while frames := far.receive():
            received += len(frames)

        lost = far.drops().ring
        assert 0 < lost < sent
        assert received + lost == sent


def test_one_receive_is_bounded_and_the_rest_comes_next(monkeypatch, cable):
    monkeypatch.setattr(pcap_port, "MOST_AT_ONCE", 10)
    for number in range(25):
        cable.near.send(frame(cable.near, bytes([number])))
    frames: list[Stamped] = []
    while len(frames) < 25:
        assert select.select([cable.far], [], [], 2)[0]
        some = cable.far.receive()
        assert len(some) <= 10
        frames += some

    assert [octets[14] for _, octets in frames] == list(range(25))


# what cannot be opened ----------------------------------------------------------------------------------------------


def test_missing_interface_is_told_with_those_there_are():
    with veth() as pair, pytest.raises(PortError) as refused:
        PcapPort("nosuchif0")

    said = str(refused.value)
    assert said.startswith("nosuchif0: no such interface; there are ")
    assert pair.near in said
    assert pair.far in said


def test_interface_that_is_down_is_told():
    with veth() as pair:
        pair.set(pair.near, "down")
        with pytest.raises(PortError, match=f"{pair.near}: the interface is down; .*ip link set {pair.near} up"):
            PcapPort(pair.near)


def test_loop_back_is_no_ethernet():
    with pytest.raises(PortError, match="lo: is no Ethernet interface"):
        PcapPort("lo")


def test_tunnel_is_no_ethernet():
    require("ip")
    name = unique("tu")
    run("ip", "tuntap", "add", name, "mode", "tun").check_returncode()
    try:
        run("ip", "link", "set", name, "up").check_returncode()
        with pytest.raises(PortError, match=f"{name}: is no Ethernet interface"):
            PcapPort(name)
    finally:
        run("ip", "link", "delete", name)


def test_without_permission_the_exact_command_is_told():
    """In a process without CAP_NET_RAW and CAP_NET_ADMIN."""
    require("setpriv")
    program = "import sys; from bench.drivers.pcap_port import PcapPort; PcapPort(sys.argv[1])"
    with veth() as pair:
        done = subprocess.run(
            [
                *("setpriv", "--bounding-set=-net_raw,-net_admin", "--inh-caps=-net_raw,-net_admin"),
                *(sys.executable, "-c", program, pair.near),
            ],
            capture_output=True,
            text=True,
            timeout=20,
        )

    last = done.stderr.splitlines()[-1]
    assert f"{pair.near}: no permission to capture; run with sudo, or once: sudo setcap cap_net_raw" in last
    assert re.search(r"=eip /\S+python[\d.]*$", last)


# how fast -----------------------------------------------------------------------------------------------------------


def test_twenty_thousand_frames_a_second_are_received_without_a_drop():
    """A second of them, sent by another process as fast as it can and read here as they come."""
    program = (
        "import sys; from bench.drivers.pcap_port import PcapPort\n"
        "port = PcapPort(sys.argv[1]); octets = b'\\xff' * 6 + port.mac + b'\\x88\\xe1'\n"
        "for n in range(20_000): port.send(octets + n.to_bytes(4, 'big'))"
    )
    with veth() as pair, PcapPort(pair.far) as far:
        sender = subprocess.Popen([sys.executable, "-c", program, pair.near])
        try:
            frames = arrived(far, 20_000)
        finally:
            sender.kill()
            sender.wait(5)

        assert [int.from_bytes(octets[14:18], "big") for _, octets in frames] == list(range(20_000))
        assert far.drops() == Drops(0, 0)


def test_closing_is_quick_and_frees_the_descriptor(threaded):
    with veth() as pair:
        port = PcapPort(pair.near, listen_to=EVERYTHING, threaded=threaded)
        before = time.monotonic_ns()
        port.close()

        assert to_s(time.monotonic_ns() - before) < 0.5
        with pytest.raises(PortError, match="the port is closed"):
            port.fileno()
