"""Which interfaces an adapter may be plugged into."""

from __future__ import annotations

import pytest
from fake_computer import MAC, FakeComputer

from bench.doctor.findings import Finding, Level
from bench.doctor.interfaces import Kind, Nic, check_interface, check_interfaces, look_at
from bench.doctor.survey import why_not


def seen(computer: FakeComputer, name: str = "eth0") -> Nic:
    nic = look_at(computer.system, name, computer.ask)
    assert nic is not None
    return nic


def found(computer: FakeComputer, name: str = "eth0", *, named: bool = False) -> Finding:
    return check_interface(seen(computer, name), named=named)


def test_network_card_is_fit_and_told_with_its_driver(computer):
    computer.card("eth0", driver="r8169")

    assert seen(computer) == Nic("eth0", Kind.WIRED, "r8169", True, True, MAC, "", None)
    assert found(computer).level is Level.OK
    assert "driver r8169, 02:00:00:00:00:07" in found(computer).reason


def test_usb_card_is_fine(computer):
    computer.card("enx1", driver="ax88179", bus="pci0000:00/usb1/1-2")

    assert seen(computer, "enx1").kind is Kind.USB
    assert found(computer, "enx1").level is Level.OK


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("bridge/forward_delay", "0", Kind.BRIDGE),
        ("uevent", "DEVTYPE=bridge\n", Kind.BRIDGE),
        ("phy80211/index", "0", Kind.WIRELESS),
        ("uevent", "DEVTYPE=wlan\n", Kind.WIRELESS),
    ],
)
@pytest.mark.parametrize(("named", "level"), [(False, Level.NOTE), (True, Level.ERROR)])
def test_bridge_and_wireless_are_unfit(computer, path, text, kind, named, level):
    """An error where the user wants just that one."""
    computer.interface("br0")
    computer.file(f"sys/class/net/br0/{path}", text)

    assert seen(computer, "br0").kind is kind
    assert not seen(computer, "br0").ready
    assert found(computer, "br0", named=named).level is level
    assert why_not(seen(computer, "br0")).startswith(kind.value)


def test_tap_is_fit_and_tun_is_not(computer):
    for name, flags in (("plc0", "0x1002"), ("tun0", "0x1001")):
        computer.interface(name)
        computer.file(f"sys/class/net/{name}/tun_flags", flags)

    assert seen(computer, "plc0").kind is Kind.TAP
    assert seen(computer, "tun0").kind is Kind.NOT_ETHERNET


def test_veth_has_another_interface_at_its_other_end(computer):
    computer.interface("veth0")
    computer.file("sys/class/net/veth0/iflink", "77")
    computer.interface("dummy0")

    assert seen(computer, "veth0").kind is Kind.VETH
    assert seen(computer, "dummy0").kind is Kind.VIRTUAL


def test_tunnel_is_not_ethernet(computer):
    computer.interface("wg0", ethernet=False)

    assert seen(computer, "wg0").kind is Kind.NOT_ETHERNET
    assert seen(computer, "wg0").mac is None


def test_interface_that_sys_does_not_know_is_of_unknown_kind_and_may_be_tried(computer):
    """As in a network namespace that was entered without a /sys of its own."""
    computer.card("eth0")
    (computer.root / "sys").rename(computer.root / "elsewhere")

    assert seen(computer).kind is Kind.UNKNOWN
    assert seen(computer).ready


@pytest.mark.parametrize(("named", "level"), [(False, Level.NOTE), (True, Level.ERROR)])
def test_interface_that_is_switched_off(computer, named, level):
    computer.card("eth0", up=False, carrier=True)

    assert not seen(computer).carrier
    assert found(computer, named=named).level is level
    assert found(computer).fix == "sudo ip link set eth0 up"


@pytest.mark.parametrize(("named", "level"), [(False, Level.NOTE), (True, Level.WARNING)])
def test_interface_without_carrier(computer, named, level):
    computer.card("eth0", carrier=False)

    assert found(computer, named=named).level is level
    assert "nothing at the other end" in found(computer).reason
    assert why_not(seen(computer)) == "nothing at the other end of its cable"


def test_port_of_a_bridge_is_a_warning(computer):
    """An adapter must not be reached from the office."""
    computer.card("eth0")
    computer.link("sys/class/net/eth0/master", "../br0")

    _, warning = check_interfaces([seen(computer)], named=False)

    assert warning.level is Level.WARNING
    assert warning.reason.startswith("part of br0")
    assert warning.fix.endswith("sudo ip link set eth0 nomaster")


def test_virtual_interfaces_that_are_off_are_nobodys_concern(computer):
    computer.card("eth0")
    computer.interface("ifb0", up=False)
    nics = [seen(computer), seen(computer, "ifb0")]

    assert [finding.subject for finding in check_interfaces(nics, named=False)] == ["eth0"]
    assert [finding.subject for finding in check_interfaces(nics, named=True)] == ["eth0", "ifb0"]


def test_computer_without_any_ethernet_is_no_bench(computer):
    computer.interface("wlan0")
    computer.folder("sys/class/net/wlan0/wireless")

    *_, last = check_interfaces([seen(computer, "wlan0")], named=False)

    assert (last.level, last.fix) == (Level.ERROR, "plug in a USB-Ethernet adapter")


def test_no_such_interface(computer):
    assert look_at(computer.system, "eth9", computer.ask) is None


@pytest.mark.parametrize(("text", "ipv6"), [("0\n", True), ("1\n", False)])
def test_ipv6_on_an_interface(computer, text, ipv6):
    computer.card("eth0")
    computer.file("proc/sys/net/ipv6/conf/eth0/disable_ipv6", text)

    assert seen(computer).ipv6 is ipv6
