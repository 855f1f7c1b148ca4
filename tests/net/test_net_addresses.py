"""Addresses by EUI-64 and back, groups and their MACs; the examples are of real cars and stations."""

from __future__ import annotations

import pytest
from hypothesis import given
from packet_strategies import addresses, macs

from bench.ids import MacAddress
from bench.net import (
    ALL_MLDV2_ROUTERS,
    ALL_NODES,
    UNSPECIFIED,
    Ipv6Address,
    link_local,
    mac_of,
    multicast_mac,
    solicited_node,
)


@pytest.mark.parametrize(
    ("mac", "address"),
    [
        ("e0:0e:e1:ff:d3:e2", "fe80::e20e:e1ff:feff:d3e2"),
        ("04:65:65:00:64:c3", "fe80::665:65ff:fe00:64c3"),
        ("52:ad:92:07:32:8b", "fe80::50ad:92ff:fe07:328b"),
        ("00:18:23:8e:b0:d1", "fe80::218:23ff:fe8e:b0d1"),
    ],
)
def test_a_link_local_address_follows_from_the_mac(mac: str, address: str) -> None:
    """Universal and locally administered addresses alike: the bit is inverted, not set."""
    assert str(link_local(MacAddress.parse(mac))) == address
    assert mac_of(Ipv6Address.parse(address)) == MacAddress.parse(mac)


@given(macs)
def test_every_mac_comes_back(mac: MacAddress) -> None:
    assert mac_of(link_local(mac)) == mac
    assert link_local(mac).is_link_local


@pytest.mark.parametrize("address", ["fe80::c690:83f3:fbcb:980e", "::", "ff02::1:ff00:fe00:1", "ff02::ff:fe00:1"])
def test_an_address_of_another_making_has_no_mac(address: str) -> None:
    """pyPLC's on Windows is random; a group belongs to nobody."""
    assert mac_of(Ipv6Address.parse(address)) is None


def test_groups_have_their_macs() -> None:
    assert str(multicast_mac(ALL_NODES)) == "33:33:00:00:00:01"
    assert str(multicast_mac(ALL_MLDV2_ROUTERS)) == "33:33:00:00:00:16"
    group = solicited_node(Ipv6Address.parse("fe80::c690:83f3:fbcb:980e"))
    assert (str(group), str(multicast_mac(group))) == ("ff02::1:ffcb:980e", "33:33:ff:cb:98:0e")
    with pytest.raises(ValueError, match="no multicast address"):
        multicast_mac(UNSPECIFIED)


@given(addresses)
def test_text_and_octets_agree(address: Ipv6Address) -> None:
    assert Ipv6Address.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "fe80::1%eth0", "192.168.1.1", "fe80::12345", "e0:0e:e1:ff:d3:e2"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an IPv6 address"):
        Ipv6Address.parse(text)


@pytest.mark.parametrize(("text", "local"), [("fe80::1", True), ("febf::1", True), ("fec0::1", False), ("::1", False)])
def test_link_local_is_a_prefix_of_ten_bits(text: str, local: bool) -> None:
    assert Ipv6Address.parse(text).is_link_local is local
