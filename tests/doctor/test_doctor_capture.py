"""The right to capture, libpcap, time stamps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.doctor.capture import Libpcap, check_capture
from bench.doctor.findings import Level
from bench.drivers.libpcap_facts import StampFacts
from bench.drivers.pcap_port import is_down, no_permission
from bench.errors import PortError

GOOD = Libpcap(lambda: "libpcap version 1.10.3", lambda _: StampFacts(True, ("host",)), lambda _: None)
ROOT, NOBODY, RAW_ONLY = "000001ffffffffff", "0000000000000000", "0000000000002000"


def status(computer, mask):
    computer.file("proc/self/status", f"Name:\tpython\nCapPrm:\t{ROOT}\nCapEff:\t{mask}\n")


def checked(computer, libpcap=GOOD, interfaces=("eth0",)):
    return {finding.subject: finding for finding in check_capture(computer.system, interfaces, libpcap)}


def raises(error):
    def call(*_):
        raise error

    return call


def test_all_is_well_for_root(computer):
    status(computer, ROOT)

    found = checked(computer)

    assert {finding.level for finding in found.values()} == {Level.OK}
    assert found["libpcap"].reason == "libpcap version 1.10.3"
    assert found["eth0 stamps"].reason == "by the kernel, in ns"


def test_ordinary_user_gets_the_ports_own_remedy_and_nothing_is_tried(computer):
    status(computer, NOBODY)

    found = checked(computer, replace(GOOD, open=raises(AssertionError)))

    assert found["permission"].level is Level.ERROR
    assert found["permission"].reason.startswith("CAP_NET_RAW and CAP_NET_ADMIN missing")
    assert f"eth0: no permission to capture; {found['permission'].fix}" == str(no_permission("eth0"))
    assert "sudo setcap cap_net_raw,cap_net_admin=eip /" in found["permission"].fix


def test_raw_alone_is_enough_to_capture(computer):
    status(computer, RAW_ONLY)

    found = checked(computer)

    assert found["permission"].level is Level.NOTE
    assert found["permission"].reason.startswith("CAP_NET_ADMIN missing")
    assert found["eth0"].level is Level.OK


@pytest.mark.parametrize("text", [None, "", "CapEff:\tnonsense\n", "Name:\tpython\n"])
def test_unreadable_status_is_unknown_and_the_interface_is_tried(computer, text):
    if text is not None:
        computer.file("proc/self/status", text)

    found = checked(computer)

    assert found["permission"].level is Level.NOTE
    assert found["permission"].reason.startswith("unknown")
    assert found["eth0"].level is Level.OK


def test_interface_that_cannot_be_opened(computer):
    """Whatever the capabilities say, the truth is in the opening."""
    status(computer, ROOT)

    found = checked(computer, replace(GOOD, open=raises(is_down("eth0"))))

    assert found["eth0"].level is Level.ERROR
    assert found["eth0"].reason == "the interface is down"
    assert found["eth0"].fix == "switch it on: sudo ip link set eth0 up"


def test_without_libpcap_it_says_how_to_get_it_and_the_rights_are_told_all_the_same(computer):
    status(computer, ROOT)
    missing = PortError("real interfaces need pcap-ct; install it: pip install pcap-ct")

    found = checked(computer, replace(GOOD, version=raises(missing)))

    assert found["libpcap"].level is Level.ERROR
    assert found["libpcap"].fix == "install it: pip install pcap-ct"
    assert found.keys() == {"libpcap", "permission"}


def test_stamps_in_microseconds_are_a_warning(computer):
    status(computer, ROOT)

    found = checked(computer, replace(GOOD, stamps=lambda _: StampFacts(False, ())))

    assert found["eth0 stamps"].level is Level.WARNING
    assert "in µs only" in found["eth0 stamps"].reason


def test_stamps_of_the_card_are_named(computer):
    status(computer, ROOT)

    found = checked(computer, replace(GOOD, stamps=lambda _: StampFacts(True, ("host", "adapter_unsynced"))))

    assert found["eth0 stamps"].reason == (
        "by the kernel, in ns; its card could stamp too (adapter_unsynced), which the bench does not use"
    )


@pytest.mark.parametrize("stamps", [lambda _: None, raises(PortError("libpcap is broken"))])
def test_unknown_stamps_are_a_note(computer, stamps):
    status(computer, ROOT)

    found = checked(computer, replace(GOOD, stamps=stamps))

    assert found["eth0 stamps"].level is Level.NOTE
    assert found["eth0 stamps"].reason.startswith("unknown")
