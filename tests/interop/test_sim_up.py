"""`bench sim up`: other people's tools see our modems, frames cross the powerline, and nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from bench.clock import SystemClock
from bench.drivers.namespace import KEEPER, Namespace
from bench.drivers.tap_port import Tap, TapJack
from bench.errors import PortError
from bench.ids import MacAddress
from bench.pump import Pump
from bench.rig.simulated import EVSE_HOST, PEV_HOST
from bench.units import s
from conftest import BENCH, Running, interfaces, namespaces, require, run, unique, wait_until

HOST = MacAddress(bytes.fromhex("020000000001"))
UP = "Ctrl-C ends it."


@pytest.fixture
def interface():
    return unique("t")


@pytest.fixture
def two_taps(start):
    """Two adapters from the box, each in a namespace of the interface's name."""
    near, far = unique("t"), unique("t")
    start(*BENCH, "sim", "up", "--evse", near, "--pev", far, "--netns").wait_for(UP)
    return near, far


@pytest.mark.parametrize(
    ("adapter", "modem", "firmware"),
    [
        ("qca7005-evse", "02:70:05:00:00:E5", "QCA7005 MAC-QCA7005-1.2.5.3207-00-20180927-CS"),
        ("tplink-tlpa4010p", "98:48:27:00:00:E5", "QCA7420 MAC-QCA7420-1.4.0.20-00-20171027-CS"),
        ("devolo-dlan200avplus", "02:D2:00:00:00:E5", "INT6000 INT6000-MAC-4-4-4405-00-4497-20101201-FINAL-B"),
    ],
)
def test_debians_tools_see_the_modem(start, interface, adapter, modem, firmware):
    """SUT: bench sim up. int6klist finds its address, plctool reads family and firmware."""
    require("int6klist", "plctool")
    start(*BENCH, "sim", "up", "--evse", f"{interface}:{adapter}").wait_for(UP)

    found = run("int6klist", "-i", interface)
    version = run("plctool", "-i", interface, "-r")

    assert (found.returncode, found.stdout.split()) == (0, [modem])
    assert version.stdout.strip() == f"{interface} {modem} {firmware}"


def test_it_says_what_is_attached_and_what_to_type(start, interface):
    """SUT: bench sim up. What it prints as the command to try next is tried, word for word."""
    require("int6klist")
    said = start(*BENCH, "sim", "up", "--evse", interface, "--netns").wait_for(UP)
    command = re.search(r"try +(.*)", said).group(1)

    found = run(*command.split())

    assert interface in command
    assert found.stdout.split() == [re.search(r"modem +(\S+)", said).group(1).upper()]


def test_ping_crosses_the_powerline(two_taps):
    """SUT: bench sim up. IPv6 between two namespaces, neighbour discovery included, at the powerline's pace."""
    require("ping")
    near, far = two_taps
    wait_until(lambda: usable(near) and usable(far), "both link-local addresses")

    answer = run("ping", "-6", "-c", "1", "-W", "5", f"{link_local(far)}%{near}", netns=near)

    assert " 0% packet loss" in answer.stdout, answer.stdout
    assert float(re.search(r"time=([\d.]+)", answer.stdout).group(1)) >= 5.0


@pytest.mark.parametrize("option", [("--own-keys",), ("--loss", "1"), ("--attenuation-db", "95")])
def test_ping_does_not_cross_what_is_not_connected(start, option):
    """SUT: bench sim up. No common key, everything lost, or too weak to be heard: no neighbour."""
    require("ping")
    near, far = unique("t"), unique("t")
    start(*BENCH, "sim", "up", "--evse", near, "--pev", far, "--netns", *option).wait_for(UP)
    wait_until(lambda: usable(near) and usable(far), "both link-local addresses")

    answer = run("ping", "-6", "-c", "1", "-W", "1", f"{link_local(far)}%{near}", netns=near)

    assert " 100% packet loss" in answer.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_it_and_leaves_nothing(start, number):
    """SUT: bench sim up. Status 0, no traceback, no interface, no namespace."""
    near, far = unique("t"), unique("t")
    bench = start(*BENCH, "sim", "up", "--evse", near, "--pev", far, "--netns")
    bench.wait_for(UP)
    assert {near, far} <= namespaces()

    bench.signal(number)

    assert bench.wait() == 0
    assert "Traceback" not in bench.text
    assert not {near, far} & namespaces()


def test_sigkill_leaves_nothing(start):
    """SUT: bench sim up. It cannot clean up itself; the kernel takes the interface, the keeper the namespace."""
    here, inside = unique("t"), unique("t")
    bench = start(*BENCH, "sim", "up", "--evse", here)
    other = start(*BENCH, "sim", "up", "--evse", inside, "--netns")
    bench.wait_for(UP)
    other.wait_for(UP)
    assert here in interfaces()
    assert inside in namespaces()

    bench.signal(signal.SIGKILL)
    other.signal(signal.SIGKILL)

    wait_until(lambda: here not in interfaces(), "the interface to disappear")
    wait_until(lambda: inside not in namespaces(), "the namespace to disappear")


def test_sigkill_of_its_parent_ends_it(start):
    """SUT: bench sim up. Whoever started it cannot tell it to end any more."""
    here, inside = unique("t"), unique("t")
    command = " ".join(BENCH) + " sim up --evse"
    parent = start("sh", "-c", f"{command} {here} & {command} {inside} --netns & wait")
    wait_until(lambda: parent.read().count(UP) == 2, "both to be up")
    assert here in interfaces()
    assert inside in namespaces()

    parent.signal(signal.SIGKILL)

    wait_until(lambda: here not in interfaces(), "the interface to disappear")
    wait_until(lambda: inside not in namespaces(), "the namespace to disappear")


def test_it_ends_by_itself(interface):
    """SUT: bench sim up --for: a process of a script that needs no kill."""
    done = run(*BENCH, "sim", "up", "--evse", interface, "--for", "0.1")

    assert done.returncode == 0
    assert UP in done.stdout
    assert done.stderr == ""


PEV_INI = """[default]
vehicle identifier = 0000000000000000000000000000000000
network membership key = 50D3E4933F855B7040784DF815AA8DB7
network identifier = B0F2E695666B03
attenuation threshold = 40
msound pause = 20
charge time = 0
settle time = 6
"""
EVSE_INI = """[default]
station identifier = 0000000000000000000000000000000000
network membership key = B59319D7E8157BA001B018669CCEE30D
network identifier = 026BCBA5354E08
number of sounds = 10
time to sound = 6
response type = 1
charge time = 0
settle time = 0
"""


def test_debians_pev_joins_the_network_of_a_simulated_charger(start, interface, tmp_path):
    """SUT: bench sim up --charger. Matched, key set, and joined within the six seconds pev lets the modems settle."""
    require("pev")
    (tmp_path / "pev.ini").write_text(PEV_INI)
    bench = start(*BENCH, "sim", "up", "--pev", interface, "--charger", "alpitronic")
    bench.wait_for("alpitronic: a car is plugged in")

    pev = start("pev", "-i", interface, "-p", "pev.ini", cwd=tmp_path)

    bench.wait_for("joined; alpitronic: matched")
    assert "MatchedState: Connecting" in pev.read()


def test_simulated_car_comes_again_after_its_stay(start, interface, tmp_path):
    """SUT: bench sim up --car --stay. Debian's evse, which listens for the next car, is given one."""
    require("evse")
    (tmp_path / "evse.ini").write_text(EVSE_INI)
    bench = start(*BENCH, "sim", "up", "--evse", interface, "--car", "hyundai-ioniq28", "--stay", "3")
    bench.wait_for(UP)

    start("evse", "-i", interface, "-p", "evse.ini", cwd=tmp_path)

    bench.wait_for("in the network", ": unplugged", "in an attempt", timeout_s=40)


def test_car_that_finds_no_charger_is_plugged_in_again(start, interface):
    """SUT: bench sim up --car. Nobody answers; it gives up, and whoever starts a station later still gets a car."""
    bench = start(*BENCH, "sim", "up", "--evse", interface, "--car", "hyundai-ioniq28", "--quirk", "no_retry")

    bench.wait_for("in an attempt", ": unplugged", "in an attempt")


def test_state_is_one_line_per_change_away_from_a_terminal(start, interface):
    """SUT: bench sim up. A key that a tool sets is a change, shown masked; frames alone are none."""
    require("plctool", "pev")
    bench = start(*BENCH, "sim", "up", "--evse", interface)
    bench.wait_for("factory key, alone")

    for _ in range(3):
        run("plctool", "-i", interface, "-r")
    run("plctool", "-i", interface, "-M", "-K", "B59319D7E8157BA001B018669CCEE30D")
    bench.wait_for("key b5…0d, alone")

    assert len(states(bench)) == 2, bench.text
    assert "b59319" not in bench.text.lower()


def test_state_is_one_live_line_on_a_terminal(interface):
    """SUT: bench sim up. The line is drawn over itself, here five times a second, and ended before the prompt."""
    require("script")
    command = f"{' '.join(BENCH)} sim up --evse {interface} --for 1"

    done = subprocess.run(
        ["script", "--quiet", "--return", "--command", command, "/dev/null"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
    )

    lines = done.stdout.split(b"\r\n")
    (live,) = [line for line in lines if b"frames:" in line]
    assert 3 <= live.count(b"\r\x1b[K") <= 7
    assert lines[-1] == b""


def states(bench: Running) -> list[str]:
    return [line for line in bench.read().splitlines() if re.match(r" +\d+\.\d s  ", line)]


# refusals -----------------------------------------------------------------------------------------------------


def test_taken_name_is_refused(start, interface):
    """SUT: bench sim up. The one that is there goes on undisturbed."""
    start(*BENCH, "sim", "up", "--evse", interface).wait_for(UP)

    second = run(*BENCH, "sim", "up", "--evse", interface)

    assert second.returncode == 2
    assert second.stderr == f"bench sim up: there is an interface {interface} already: choose another name\n"
    assert interface in interfaces()


def test_taken_namespace_is_refused_and_kept(netns):
    """SUT: bench sim up --netns. It removes what it made, never what it found."""
    second = run(*BENCH, "sim", "up", "--evse", netns, "--netns")

    assert second.returncode == 2
    assert f"there is a network namespace {netns} already" in second.stderr
    assert netns in namespaces()


@pytest.mark.parametrize(
    ("lacks", "option", "remedy"),
    [
        ("-net_admin", (), "no right to make the interface {0}: run as root, e.g. with sudo"),
        ("-sys_admin", ("--netns",), "no right to `ip netns add {0}`: run as root, e.g. with sudo"),
    ],
)
def test_missing_right_is_one_sentence_with_the_remedy(interface, lacks, option, remedy):
    """SUT: bench sim up without a capability it needs: status 2, no traceback."""
    require("setpriv")
    done = run("setpriv", "--bounding-set", lacks, *BENCH, "sim", "up", "--evse", interface, *option)

    assert done.returncode == 2
    assert done.stderr.startswith("bench sim up: " + remedy.format(interface))
    assert done.stderr.count("\n") == 1


def test_missing_tun_device_is_one_sentence_with_the_remedy(interface):
    """SUT: bench sim up where there is no /dev/net/tun, as in most containers; here an empty folder hides it."""
    done = run(
        "unshare", "--mount", "sh", "-c", f"mount -t tmpfs none /dev/net && {' '.join(BENCH)} sim up --evse {interface}"
    )

    assert done.returncode == 2
    assert "there is no /dev/net/tun: load it with `modprobe tun`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_ordinary_user_is_told_to_be_root(interface):
    """SUT: Tap. /dev/net/tun is closed to others on some systems, on others making the interface is refused."""
    os.seteuid(65534)
    try:
        with pytest.raises(PortError, match="run as root"):
            Tap(interface, HOST)
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ["", "a" * 16, "plc 0", "a/b", ".."])
def test_impossible_name_is_refused(name):
    """SUT: Tap. The kernel would cut it short or say EINVAL."""
    with pytest.raises(PortError, match="is no name for an interface"):
        Tap(name, HOST)


# TapJack and Namespace by themselves --------------------------------------------------------------------------


class Listener:
    """An adapter that keeps what it is given."""

    name = "listener"

    def __init__(self):
        self.heard = []

    def attach_host(self, receive):
        self.to_interface = receive

    def detach_host(self):
        self.to_interface = None

    def from_host(self, octets):
        self.heard.append(octets)


@contextmanager
def plugged():
    """An interface in a namespace of its own, its jack and the adapter at the other end."""
    namespace = Namespace(unique("n"))
    try:
        tap = Tap(unique("t"), HOST, namespace)
        clock, adapter = SystemClock(), Listener()
        jack = TapJack(tap, adapter, clock)
        yield jack, adapter, clock
        jack.close()
    finally:
        namespace.close()


def test_interface_that_is_down_loses_frames_and_comes_back():
    """SUT: TapJack. As a pulled cable; the loss is counted."""
    with plugged() as (jack, adapter, _):
        name, inside = jack.tap.name, jack.tap.namespace.name
        frame = bytes(HOST) + bytes.fromhex("020000000002 88b5") + bytes(46)

        run("ip", "-n", inside, "link", "set", name, "down").check_returncode()
        adapter.to_interface(frame)
        run("ip", "-n", inside, "link", "set", name, "up").check_returncode()
        adapter.to_interface(frame)

        assert (jack.lost, jack.received) == (1, 1)


def test_interface_that_somebody_removed_is_named():
    """SUT: TapJack. No endless loop on a descriptor that is always readable."""
    with plugged() as (jack, _, clock):
        run("ip", "-n", jack.tap.namespace.name, "link", "delete", jack.tap.name).check_returncode()

        pump = Pump(clock)
        pump.participants.append(jack)

        with pytest.raises(PortError, match=f"{jack.tap.name}: somebody has removed the interface"):
            pump.run_for(s(5))


def test_frames_of_a_program_reach_the_adapter_padded():
    """SUT: TapJack. Network cards pad what is shorter than 60 octets; a TAP interface does not."""

    def of_ours(octets: bytes) -> bool:
        return octets[12:14] == b"\x88\xb5"

    with plugged() as (jack, adapter, clock):
        asking = subprocess.Popen(
            ["ip", "netns", "exec", jack.tap.namespace.name, sys.executable, "-c", SEND_SHORT, jack.tap.name]
        )
        pump = Pump(clock)
        pump.participants.append(jack)
        pump.run(lambda: any(map(of_ours, adapter.heard)), clock.now() + s(10))

        assert asking.wait(10) == 0
        assert list(filter(of_ours, adapter.heard)) == [(b"\xff" * 6 + bytes(HOST) + b"\x88\xb5short").ljust(60, b"\0")]


SEND_SHORT = """
import socket, sys
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind((sys.argv[1], 0))
sender.send(bytes.fromhex("ffffffffffff 020000000001 88b5") + b"short")
"""


def test_namespace_closes_twice_and_is_gone():
    """SUT: Namespace."""
    namespace = Namespace(unique("n"))
    assert namespace.name in namespaces()

    namespace.close()
    namespace.close()

    assert namespace.name not in namespaces()


def test_namespace_of_a_process_that_died_at_once_is_gone():
    """SUT: Namespace. Its keeper finds nobody to tell that it is made."""
    name = unique("n")
    keeper = subprocess.Popen(["/bin/sh", "-c", KEEPER, "sh", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    try:
        keeper.stdout.close()
        wait_until(lambda: name in namespaces(), "the namespace to appear")
        keeper.stdin.close()

        assert keeper.wait(10) == 0
        assert name not in namespaces()
    finally:
        run("ip", "netns", "delete", name)


def link_local(interface: str) -> str:
    mac = {0: EVSE_HOST, 1: PEV_HOST}[0 if EVSE_HOST.hex(":") in run("ip", "-n", interface, "link").stdout else 1]
    return f"fe80::{mac[0] ^ 2:02x}{mac[1]:02x}:{mac[2]:02x}ff:fe{mac[3]:02x}:{mac[4]:02x}{mac[5]:02x}"


def usable(interface: str) -> bool:
    """Whether its link-local address has passed duplicate address detection."""
    shown = run("ip", "-n", interface, "-6", "addr", "show", "dev", interface).stdout
    return "scope link" in shown and "tentative" not in shown
