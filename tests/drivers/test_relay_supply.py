"""The supply of an adapter through a relay: safe is on, whichever way it is wired."""

from __future__ import annotations

import pytest
from paper_relays import PaperRelays

from bench.drivers.power.relay import RelaySupply
from bench.errors import PortError


@pytest.fixture
def relays():
    return PaperRelays(4)


@pytest.mark.parametrize(("on_when", "on", "off"), [("closed", {3}, set()), ("released", set(), {3})])
def test_power_is_where_the_wiring_says(relays, on_when, on, off):
    with RelaySupply(relays, 3, on_when=on_when) as supply:
        assert relays.now == on
        supply.set(False)
        assert relays.now == off
        supply.set(True)
        assert relays.now == on
        supply.set(False)
        supply.make_safe()
        assert relays.now == on
        supply.set(False)

    assert relays.now == on


def test_one_that_is_not_open_says_so_and_touches_nothing(relays):
    supply = RelaySupply(relays, 3, on_when="closed")
    with pytest.raises(PortError, match="not open"):
        supply.set(True)

    supply.close()
    assert relays.told == []


def test_relay_that_disobeys_is_an_error_in_closing_too(relays):
    supply = RelaySupply(relays, 3, on_when="closed")
    supply.open()
    relays.stuck = {3}
    with pytest.raises(PortError, match="sticks"):
        supply.set(False)
    with pytest.raises(PortError, match="sticks"):
        supply.close()
    supply.close()


def test_one_that_could_not_be_switched_on_is_not_open(relays):
    relays.stuck = {3}
    supply = RelaySupply(relays, 3, on_when="closed")
    with pytest.raises(PortError, match="sticks"):
        supply.open()
    with pytest.raises(PortError, match="not open"):
        supply.set(False)


def test_closing_when_the_board_is_gone_is_no_error(relays):
    supply = RelaySupply(relays, 3, on_when="closed")
    supply.open()
    relays.gone = True
    supply.close()


@pytest.mark.parametrize("channel", [0, 5, True, "3"])
def test_channel_the_board_does_not_have_is_refused(relays, channel):
    with pytest.raises(ValueError, match="no relay"):
        RelaySupply(relays, channel, on_when="closed")


def test_other_word_is_refused(relays):
    with pytest.raises(ValueError, match="closed or released"):
        RelaySupply(relays, 3, on_when="open")
