"""Which Raspberry Pi it is, and what counts in its config.txt."""

from __future__ import annotations

import pytest
from fake_computer import PI_4, PI_5

from bench.doctor.board import boot_config, lines_in_effect, pi_model, write_to_config


def test_a_raspberry_pi_says_its_model(computer):
    computer.pi(PI_5)

    assert pi_model(computer.system) == PI_5


@pytest.mark.parametrize("model", [None, "", "BeagleBone Black"])
def test_any_other_computer_is_none(computer, model):
    if model is not None:
        computer.file("proc/device-tree/model", model)

    assert pi_model(computer.system) == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("dtparam=spi=on", "on"),
        ("dtparam=spi", "on"),
        ("dtparam=i2c_arm=on,spi=on", "on"),
        ("dtparam=spi=on\ndtparam=spi=off", "off"),
        ("#dtparam=spi=on", ""),
        ("dtparam=spi=on  # for the ADC", "on  # for the ADC"),
        ("dtoverlay=spi", ""),
        ("dtparam=spidev=on", ""),
        ("[pi5]\ndtparam=spi=on", ""),
        ("[pi4]\ndtparam=spi=on", "on"),
        ("[pi5]\n[all]\ndtparam=spi=on", "on"),
        ("[gpio4=1]\ndtparam=spi=on", ""),
    ],
)
def test_the_last_parameter_of_that_name_counts_in_sections_for_this_model(computer, text, value):
    computer.pi(PI_4, config=text)

    assert boot_config(computer.system).parameter("spi") == value
    assert boot_config(computer.system).switched_on("spi") is (value == "on")


def test_older_systems_have_it_elsewhere(computer):
    computer.file("boot/config.txt", "dtparam=audio=on")

    assert boot_config(computer.system).path == "/boot/config.txt"


def test_unreadable_config_is_none(computer):
    assert boot_config(computer.system) is None


def test_lines_keep_their_order():
    assert lines_in_effect("a\n\n  b\n  # why\n[none]\nc\n", PI_4) == ["a", "b"]


def test_what_a_person_types():
    one = "echo dtparam=spi=on | sudo tee -a /boot/firmware/config.txt; sudo reboot"
    assert write_to_config("dtparam=spi=on") == one
    assert write_to_config("a", "b").startswith(r"printf '%s\n' a b | sudo tee -a ")
