"""Switching a USB port through uhubctl, on a program of that name that answers as version 2.5 does."""

from __future__ import annotations

import json
import os
import stat

import pytest

from bench.drivers.power.uhubctl import Uhubctl, board_model, ganged_with, parse_status
from bench.errors import PortError
from bench.units import ms

USB2 = "0424:2514 Example USB2.0 Hub, USB 2.00, 4 ports, ppps"
USB3 = "0424:5514 Example USB3.0 Hub, USB 3.00, 4 ports, ppps"

ANSWER = """\
Current status for hub 2-1.4 [0424:5514 Example USB3.0 Hub, USB 3.00, 4 ports, ppps]
  Port 2: 02a0 power 5gbps Rx.Detect
Current status for hub 1-1.4 [0424:2514 Example USB2.0 Hub, USB 2.00, 4 ports, ppps]
  Port 2: 0103 power enable connect [0bda:8153 Maker power brick, off-grid 00E04C]
Sent power off request
New status for hub 1-1.4 [0424:2514 Example USB2.0 Hub, USB 2.00, 4 ports, ppps]
  Port 2: 0000 off
New status for hub 2-1.4 [0424:5514 Example USB3.0 Hub, USB 3.00, 4 ports, ppps]
  Port 2: 0080 off
"""
"""A USB 3 hub is two; the order and the words are those of the program's source."""

PROGRAM = """\
import json, sys
from pathlib import Path

here = Path(__file__).parent
world = json.loads((here / "world.json").read_text())
with (here / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
asked = dict(zip(sys.argv[1::2], sys.argv[2::2]))
hubs = {at: hub for at, hub in world["hubs"].items() if at == asked["-l"] or hub.get("dual_of") == asked["-l"]}
if world.get("says"):
    print(world["says"])
    sys.exit(0)
if not hubs:
    print(f"No compatible devices detected at location {asked['-l']}!", file=sys.stderr)
    sys.exit(1)

def show(word):
    for at, hub in hubs.items():
        print(f"{word} status for hub {at} [{hub['description']}]")
        if asked["-p"] in hub["ports"]:
            state = "0103 power enable connect [dev]" if hub["ports"][asked["-p"]] else "0000 off"
            print(f"  Port {asked['-p']}: {state}")

show("Current")
if "-a" in asked:
    for hub in hubs.values():
        if not hub.get("deaf"):
            hub["ports"][asked["-p"]] = asked["-a"] == "on"
    print(f"Sent power {asked['-a']} request")
    show("New")
    (here / "world.json").write_text(json.dumps(world))
"""


@pytest.fixture
def usb(tmp_path, monkeypatch):
    """Hubs behind a uhubctl that comes first in PATH."""
    return FakeUsb(tmp_path, monkeypatch)


class FakeUsb:
    def __init__(self, folder, monkeypatch):
        self.folder = folder
        (folder / "program.py").write_text(PROGRAM)
        program = folder / "uhubctl"
        program.write_text(f'#!/bin/sh\nexec "{os.sys.executable}" -S -E "{folder}/program.py" "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        self.set({"1-1.4": {"description": USB2, "ports": {"1": True, "2": False}}})

    def set(self, hubs, **more):
        (self.folder / "world.json").write_text(json.dumps({"hubs": hubs, **more}))

    def port(self, location, port):
        return json.loads((self.folder / "world.json").read_text())["hubs"][location]["ports"][str(port)]

    @property
    def calls(self):
        return (self.folder / "calls").read_text().splitlines()


def supply_at(location="1-1.4", port=2, **changes):
    return Uhubctl(location, port, **({"model": ""} | changes))


def test_a_port_is_switched_off_and_on(usb):
    with supply_at() as supply:
        assert usb.port("1-1.4", 2)
        supply.set(False)
        assert not usb.port("1-1.4", 2)
        supply.set(True)
        assert usb.port("1-1.4", 2)

    assert usb.port("1-1.4", 1)


def test_uhubctl_is_told_a_hundred_times_and_asked_first(usb):
    """Linux 5 may switch a port on again by itself."""
    with supply_at() as supply:
        supply.set(False)

    assert usb.calls[0] == "-l 1-1.4 -p 2"
    assert usb.calls[1:3] == ["-l 1-1.4 -p 2 -a on -r 100", "-l 1-1.4 -p 2 -a off -r 100"]


def test_closing_leaves_the_port_on(usb):
    supply = supply_at()
    supply.open()
    supply.set(False)
    supply.close()
    supply.close()

    assert usb.port("1-1.4", 2)
    with pytest.raises(PortError, match="not open"):
        supply.set(False)


def test_both_halves_of_a_usb_3_hub_must_be_off(usb):
    halves = {
        "1-1.4": {"description": USB2, "ports": {"2": True}},
        "2-1.4": {"description": USB3, "ports": {"2": True}, "dual_of": "1-1.4", "deaf": True},
    }
    usb.set(halves)

    with supply_at() as supply, pytest.raises(PortError, match=r"told off and is still on at hub 2-1\.4"):
        supply.set(False)


@pytest.mark.parametrize("on", [True, False])
def test_a_hub_that_does_not_switch_is_an_error(usb, on):
    """uhubctl ends with status 0 all the same."""
    usb.set({"1-1.4": {"description": USB2, "ports": {"2": True}}})
    with supply_at() as supply:
        usb.set({"1-1.4": {"description": USB2, "ports": {"2": not on}, "deaf": True}})

        with pytest.raises(PortError, match=f"was told {'on' if on else 'off'} and is still {'off' if on else 'on'}"):
            supply.set(on)
        usb.set({"1-1.4": {"description": USB2, "ports": {"2": True}}})


def test_a_hub_that_is_not_there_is_an_error_with_what_uhubctl_said(usb):
    usb.set({})

    with pytest.raises(PortError, match=r"USB port 2 of hub 1-1\.4: .*status 1.*No compatible devices"):
        supply_at().open()


def test_a_port_the_hub_does_not_have_is_an_error(usb):
    with pytest.raises(PortError, match="knows no such port"):
        supply_at(port=7).open()
    assert "-a" not in " ".join(usb.calls)


def test_an_answer_without_the_new_state_is_an_error(usb):
    with supply_at() as supply:
        usb.set({}, says="Sent power off request")
        with pytest.raises(PortError, match="did not report the port afterwards"):
            supply.set(False)
        usb.set({"1-1.4": {"description": USB2, "ports": {"2": True}}})


def test_ganged_ports_are_refused_unless_wanted(usb):
    usb.set({"1-1.4": {"description": USB2.replace("ppps", "ganged"), "ports": {"2": True}}})

    with pytest.raises(PortError, match=r"switch is shared: all its ports.*external hub"):
        supply_at().open()
    assert usb.calls == ["-l 1-1.4 -p 2"]
    with supply_at(shared_is_ok=True) as supply:
        supply.set(False)
        assert not usb.port("1-1.4", 2)


def test_the_sockets_of_a_raspberry_pi_are_refused_although_its_hub_claims_each_port(usb):
    usb.set({"2": {"description": USB3, "ports": {"2": True}}})

    with pytest.raises(PortError, match="only when all are off"):
        supply_at("2", model="Raspberry Pi 5 Model B Rev 1.0").open()


@pytest.mark.parametrize(
    ("model", "location", "shared"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0", "4", True),
        ("Raspberry Pi 5 Model B Rev 1.0", "4-1", False),
        ("Raspberry Pi 4 Model B Rev 1.4", "1-1", True),
        ("Raspberry Pi 4 Model B Rev 1.4", "1-1.2", False),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", "1-1", True),
        ("", "1-1", False),
    ],
)
def test_an_external_hub_is_not_taken_for_the_boards_own(model, location, shared):
    assert (ganged_with(location, model) is not None) == shared


def test_the_model_is_read_as_the_device_tree_ends_its_text(tmp_path):
    (tmp_path / "model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")

    assert board_model(tmp_path / "model") == "Raspberry Pi 5 Model B Rev 1.0"
    assert board_model(tmp_path / "missing") == ""


def test_the_answer_is_read_by_its_words_and_not_by_a_devices_name():
    """The device calls itself a power brick, off-grid."""
    halves = parse_status(ANSWER)

    assert [(hub.new, hub.location, hub.powered) for hub in halves] == [
        (False, "2-1.4", {2: True}),
        (False, "1-1.4", {2: True}),
        (True, "1-1.4", {2: False}),
        (True, "2-1.4", {2: False}),
    ]
    assert parse_status("Current status for hub 1 [x]\n  Port 1: 0001 connect [0bda:8153 power brick]\n")[
        0
    ].powered == {1: False}


@pytest.mark.parametrize("location", ["", "1-1.4; reboot", "usb1", "-l"])
def test_a_location_that_is_none_is_refused(location):
    with pytest.raises(ValueError, match="no location"):
        Uhubctl(location, 1)


@pytest.mark.parametrize("port", [0, -1, True, "2"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(ValueError, match="port of a hub"):
        Uhubctl("1-1", port)


@pytest.mark.parametrize("wrong", ["off", 0, None])
def test_on_or_not_is_no_matter_of_opinion(usb, wrong):
    with supply_at() as supply, pytest.raises(ValueError, match="True or False"):
        supply.set(wrong)
    assert usb.port("1-1.4", 2)


def test_a_missing_program_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PortError, match="there is no program uhubctl: install it"):
        supply_at(within=ms(5000)).open()
