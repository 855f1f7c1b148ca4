"""Details of the simulated frame port; what every frame port promises is in tests/contract/."""

from __future__ import annotations

import pytest

from bench.errors import PortError
from bench.ids import BROADCAST
from bench.units import ms


def frame(pair, size):
    return (BROADCAST + pair.pev_host.mac + b"\x88\xe1\x01\x64\x60").ljust(size, b"\0")


def test_frames_carry_the_instant_they_came_in(stand, pair):
    stand.run_until(ms(100))
    sent = pair.pev_host.send(frame(pair, 60))
    stand.run_until(ms(200))

    assert sent == ms(100)
    assert [stamped.t for stamped in pair.evse_host.receive()] == [ms(102.5)]


def test_short_frame_is_padded_as_a_network_card_does(stand, pair):
    pair.pev_host.send(frame(pair, 20))
    stand.run_until(ms(10))

    assert [stamped.octets for stamped in pair.evse_host.receive()] == [frame(pair, 60)]


@pytest.mark.parametrize("size", [0, 13, 1515])
def test_what_is_no_ethernet_frame_is_refused(pair, size):
    with pytest.raises(PortError, match="Ethernet frame"):
        pair.pev_host.send(bytes(size))


def test_longest_frame_passes(stand, pair):
    pair.pev_host.send(frame(pair, 1514))
    stand.run_until(ms(10))

    assert [len(stamped.octets) for stamped in pair.evse_host.receive()] == [1514]


def test_frame_to_an_adapter_without_power_is_lost_without_complaint(stand, pair):
    pair.pev.power(False)
    pair.pev_host.send(frame(pair, 60))
    stand.run_until(ms(10))

    assert pair.evse_host.receive() == []
