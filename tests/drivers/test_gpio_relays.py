"""Relays on GPIO pins, on mock pins."""

from __future__ import annotations

import pytest
from mock_pins import mock_pins

from bench.drivers.relays.gpio import GpioRelays
from bench.errors import PortError


@pytest.fixture
def pins():
    with mock_pins() as made:
        yield made


@pytest.fixture
def relays(pins):
    with GpioRelays([23, 24, 25], factory="mock") as opened:
        pins.record.clear()
        yield opened


def test_channel_1_is_the_first_pin(pins, relays):
    relays.set(1, True)
    relays.set(3, True)
    relays.set(1, False)

    assert pins.record == [(23, True), (25, True), (23, False)]
    assert list(relays.channels) == [1, 2, 3]


def test_a_relay_cannot_be_asked(relays):
    """The pin can, but the relay behind it may be without power."""
    relays.set(2, True)

    assert not relays.confirms
    assert relays.closed(2) is None


def test_opening_closes_no_relay(pins):
    with GpioRelays([23, 24], factory="mock"):
        assert [state.state for state in pins[23].states] == [False]


def test_a_board_that_closes_on_low_is_high_from_the_first_change_on(pins):
    with GpioRelays([23], active_high=False, factory="mock") as relays:
        assert [state.state for state in pins[23].states] == [False, True]
        relays.set(1, True)
        assert pins[23].state is False
        relays.make_safe()
        assert pins[23].state is True


def test_making_safe_releases_the_last_channel_first(pins, relays):
    for channel in relays.channels:
        relays.set(channel, True)
    pins.record.clear()

    relays.make_safe()
    relays.make_safe()

    assert pins.record == [(25, False), (24, False), (23, False)]


def test_one_relay_that_fails_keeps_no_other_from_being_released(pins, relays):
    for channel in relays.channels:
        relays.set(channel, True)
    pins.stuck.add(24)

    with pytest.raises(PortError, match="relay 2 on GPIO 24 was told to release"):
        relays.make_safe()
    assert (pins[25].state, pins[23].state) == (False, False)
    pins.stuck.clear()


def test_a_pin_that_does_not_follow_is_an_error(pins, relays):
    pins.stuck.add(23)

    with pytest.raises(PortError, match=r"told to close and the pin does not follow"):
        relays.set(1, True)


def test_a_pin_that_dies_is_an_error_and_not_one_of_its_library(pins, relays):
    relays.set(1, True)
    pins.dead.add(23)

    with pytest.raises(PortError, match=r"relay 1 on GPIO 23: .*Input/output error"):
        relays.set(1, False)
    pins.dead.clear()


def test_closing_releases_before_the_pins_are_let_go(pins, relays):
    relays.set(1, True)
    relays.close()
    relays.close()

    assert pins.record == [(23, True), (23, False)]
    assert pins[23].function == "input"
    with pytest.raises(PortError, match="not open"):
        relays.set(1, True)
    with pytest.raises(PortError, match="not open"):
        relays.make_safe()


def test_closing_with_a_dead_pin_releases_the_others_and_says_so(pins):
    relays = GpioRelays([23, 24], factory="mock")
    relays.open()
    relays.set(1, True)
    relays.set(2, True)
    pins.dead.add(24)

    with pytest.raises(PortError, match="GPIO 24"):
        relays.close()
    assert pins.record[-1] == (23, False)


def test_a_board_half_taken_is_let_go_again(pins):
    with GpioRelays([24], factory="mock"):
        with pytest.raises(PortError, match="on one pin"):
            GpioRelays([23, 24], factory="mock").open()
        assert pins[23].function == "input"


@pytest.mark.parametrize("channel", [0, 4, -1, True, "1"])
def test_a_channel_it_does_not_have_is_refused(relays, channel):
    for ask in (lambda: relays.set(channel, True), lambda: relays.closed(channel)):
        with pytest.raises(ValueError, match="no channel"):
            ask()


@pytest.mark.parametrize("wrong", ["off", 1, None])
def test_closed_or_not_is_no_matter_of_opinion(relays, wrong):
    """The text "off" would be true."""
    with pytest.raises(ValueError, match="True or False"):
        relays.set(1, wrong)


@pytest.mark.parametrize(
    ("pins", "taken", "why"),
    [
        ([0, 23], (), "GPIO 0 toggles at every start"),
        ([23, 1], (), "GPIO 1 toggles at every start"),
        ([23, 24, 23], (), "GPIO 23 is named twice"),
        ([18, 23], (12, 18), "GPIO 18 is used by something else"),
        ([28], (), "28 is no GPIO"),
        ([], (), "one channel or more"),
    ],
)
def test_wiring_that_cannot_be_right_is_refused(pins, taken, why):
    with pytest.raises(ValueError, match=why):
        GpioRelays(pins, taken=taken)


def test_a_board_that_closes_on_low_is_warned_about_on_lgpio():
    assert any("click" in caution for caution in GpioRelays([23], active_high=False).cautions)
    assert GpioRelays([23], active_high=False, factory="pigpio").cautions == ()
    assert GpioRelays([23]).cautions == ()


def test_pins_that_are_pulled_up_at_power_on_are_warned_about():
    assert GpioRelays([5, 23]).cautions == (
        "GPIO 5: pulled up from power-on until the bench opens them, so relays there may close; use 9 to 27",
    )
