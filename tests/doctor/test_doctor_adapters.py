"""Chips by name, pairs of adapters by what both say."""

from __future__ import annotations

import pytest

from bench.doctor.adapters import Adapter, Asked, Membership, Peer, Survey, pairs_of, relation
from bench.doctor.chips import chip_name, waits_for_image
from bench.ids import MacAddress, Nid
from bench.profiles import adapters

A, B, C = (MacAddress.parse(f"02:00:00:00:00:0{number}") for number in "abc")
ONE, OTHER = Nid(bytes([1] * 7)), Nid(bytes([2] * 7))


def in_network(nid, *peers):
    return Membership(nid, 1, 1, 2, A, tuple(Peer(mac, 2, 9, 9) for mac in peers))


def found(mac, *networks, interface="plc0", local=True, tells=True):
    return Adapter(interface, mac, local, "QCA7005", 0x22, "MAC-QCA7005", networks if tells else None)


@pytest.mark.parametrize(
    ("a", "b", "together", "reason"),
    [
        (found(A, in_network(ONE, B)), found(B, in_network(ONE, A)), True, "NID 01010101010101"),
        (found(A, in_network(ONE, B)), found(B, in_network(ONE)), True, "NID 01010101010101"),
        (found(A, in_network(ONE)), found(B, in_network(ONE, A)), True, "NID 01010101010101"),
        (found(A, in_network(ONE)), found(B, in_network(ONE)), False, "same NID 01010101010101, but neither lists"),
        (found(A, in_network(ONE, C)), found(B, in_network(OTHER, C)), False, "different networks, NID 01"),
        (found(A, in_network(ONE, B)), found(B, in_network(OTHER, A)), False, "different networks, NID 01"),
        (found(A, in_network(ONE, B)), found(B), False, "02:00:00:00:00:0b is in no network"),
        (found(A), found(B), False, "02:00:00:00:00:0a is in no network"),
        (found(A, tells=False), found(B, in_network(ONE)), None, "02:00:00:00:00:0a does not tell"),
        (found(A, in_network(ONE)), found(B, tells=False), None, "02:00:00:00:00:0b does not tell"),
        (found(A, in_network(OTHER, C), in_network(ONE, B)), found(B, in_network(ONE, A)), True, "NID 01010101010101"),
    ],
)
def test_two_adapters_are_in_one_network_if_the_nid_is_the_same_and_one_lists_the_other(a, b, together, reason):
    verdict, said = relation(a, b)

    assert verdict is together
    assert said.startswith(reason)


def test_pairs_are_those_plugged_into_this_computer():
    """Not those behind the powerline, and each adapter once, however many interfaces see it."""
    survey = Survey(
        (
            Asked("plc0", (found(A), found(B, local=False), found(C, local=False))),
            Asked("plc1", (found(B, interface="plc1"), found(A, interface="plc1", local=False))),
        )
    )

    assert [(pair.a.mac, pair.b.mac) for pair in survey.pairs()] == [(A, B)]


def test_three_adapters_are_three_pairs():
    assert len(pairs_of([found(A), found(B), found(C)])) == 3


@pytest.mark.parametrize(
    ("device_class", "ident", "name"),
    [
        (0x22, 0x001B587C, "QCA7005"),
        (0x22, 0x001B589C, "QCA7000"),
        (0x22, 0x001B58DC, "QCA7000"),
        (0x22, None, "QCA7000/7005"),
        (0x22, 0x12345678, "QCA7000/7005"),
        (0x21, 0x001B58BC, "QCA6411"),
        (0x20, 0x001CFCFC, "QCA7420"),
        (0x01, 0, "INT6000"),
        (0x07, 0x0F001D1A, "QCA7450"),
        (0x99, None, "unknown chip (class 0x99)"),
        (0x99, 0, "unknown chip (class 0x99)"),
    ],
)
def test_chip_is_named_by_class_and_ident(device_class, ident, name):
    assert chip_name(device_class, ident) == name


@pytest.mark.parametrize("profile", adapters().values(), ids=lambda profile: profile.id)
def test_chips_of_all_profiles_are_known(profile):
    assert chip_name(profile.sw_ver.device_class, profile.sw_ver.ident) == profile.chip
    assert not waits_for_image(profile.sw_ver.version)
