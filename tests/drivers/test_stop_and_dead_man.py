"""Emergency stop and dead man on mock pins."""

from __future__ import annotations

import pytest
from mock_pins import mock_pins

from bench.drivers.safety.gpio import GpioDeadMan, GpioStop
from bench.errors import PortError


@pytest.fixture
def pins():
    with mock_pins() as made:
        yield made


@pytest.fixture
def stop(pins):  # noqa: ARG001 - the pins are there while it is open
    made = GpioStop(17, factory="mock")
    made.open()
    yield made
    made.close()


@pytest.fixture
def dead_man(pins):
    made = GpioDeadMan(27, factory="mock")
    made.open()
    pins.record.clear()
    yield made
    made.close()


def test_a_closed_contact_is_no_stop(pins, stop):
    pins[17].drive_low()

    assert not stop.pressed()


def test_an_open_contact_is_a_stop_and_so_is_a_broken_wire(pins, stop):
    """Pulled up, it reads high whenever nothing holds it low."""
    assert stop.pressed()
    pins[17].drive_low()
    pins[17].drive_high()
    assert stop.pressed()


def test_it_toggles_with_every_beat_and_ends_low(pins, dead_man):
    for _ in range(5):
        dead_man.beat()
    dead_man.close()

    assert pins.record == [(27, True), (27, False), (27, True), (27, False), (27, True), (27, False)]


def test_made_safe_it_is_low_until_the_next_beat(pins, dead_man):
    dead_man.beat()

    dead_man.make_safe()
    assert pins[27].state is False
    dead_man.beat()
    assert pins[27].state is True


@pytest.mark.parametrize("kind", [GpioStop, GpioDeadMan])
def test_pins_that_toggle_at_boot_are_refused(kind):
    with pytest.raises(ValueError, match="toggles at every start"):
        kind(1)


def test_a_pin_that_does_not_obey_is_an_error(pins, dead_man):
    pins.dead.add(27)

    with pytest.raises(PortError, match="dead man on GPIO 27"):
        dead_man.beat()


def test_closed_they_can_be_neither_asked_nor_beaten():
    with pytest.raises(PortError, match="not open"):
        GpioStop(17, factory="mock").pressed()
    with pytest.raises(PortError, match="not open"):
        GpioDeadMan(27, factory="mock").beat()
