"""`bench live` on an interface of the kernel, a simulated car at the far end of it, in another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pseudo_terminal import NORMAL, Terminal, plain

from conftest import BENCH, Start, require, unique

CAR = "hyundai-ioniq28"


@pytest.fixture
def interface() -> str:
    require("ip")
    return unique("lv")


Opens = Callable[[str, str], Terminal]


@pytest.fixture
def opens(tmp_path: Path, interface: str) -> Iterator[Opens]:
    """`opens(pilot, plug)`: the console on a rig with that pilot, at its first screen."""
    terminals: list[Terminal] = []

    def open_it(pilot: str, plug: str) -> Terminal:
        rig = tmp_path / "garage.toml"
        rig.write_text(
            f'[rig]\nname = "{interface}"\ndriver = "pcap"\nsut = "pev"\nkey_settles_s = 0.5\n'
            f'[evse]\ninterface = "{interface}"\n[evse.pilot]\n{pilot}\n[pev]\nvehicles = ["{CAR}"]\nplug = "{plug}"\n',
            encoding="utf-8",
        )
        terminals.append(Terminal(tmp_path, "--rig", str(rig)))
        terminals[-1].wait_for("Press P, E or L")
        return terminals[-1]

    yield open_it
    for terminal in terminals:
        terminal.close()


def test_a_car_is_matched_and_x_leaves_the_board_at_rest(
    start: Start, opens: Opens, interface: str, tmp_path: Path
) -> None:
    """SUT: bench live. E, and all else comes by itself: the board makes 5 %, and only then does the car begin."""
    board = tmp_path / "board"
    world = start(*BENCH, "sim", "up", "--evse", interface, "--car", CAR, "--pilot-board", str(board), "--own-keys")
    world.wait_for("Ctrl-C ends it.")
    terminal = opens(f'driver = "xy-lpwm"\nport = "{board}"', "stays")

    terminal.press("e")
    terminal.wait_for("evse: matched 02:")
    terminal.wait_for("timings by field limits, known to")
    seen = plain(terminal.said)
    terminal.press("x")

    assert terminal.ended() == 0
    assert terminal.is_as_before()
    assert "B2, plugged in, 5 %" in seen
    for message in ("CM_SLAC_PARM.REQ", "CM_SLAC_PARM.CNF", "CM_MNBC_SOUND.IND", "CM_SLAC_MATCH.CNF"):
        assert message in seen
    world.wait_for("in an attempt", "plugged in, no 5 %")


def test_a_person_who_works_the_pilot_is_asked_on_the_screen_and_the_car_finds_the_station(
    start: Start, opens: Opens, interface: str
) -> None:
    """U says that the plug is in; Enter, that the generator stands at 5 %, and in the end at 100 % again."""
    start(*BENCH, "sim", "up", "--evse", interface, "--car", CAR, "--own-keys").wait_for("Ctrl-C ends it.")
    terminal = opens('driver = "manual"', "operator")

    terminal.press("e")
    terminal.wait_for("put the connector into the car and press U")
    terminal.press("u")
    terminal.wait_for(">>> set the pilot generator to 5 % at 1 kHz, then press Enter")
    terminal.press("\n")
    terminal.wait_for("evse: matched 02:")
    terminal.wait_for(", asked by SDP for no TLS and answered")
    terminal.wait_for("refused: there is no V2G session yet")
    terminal.wait_for("match to SDP")
    seen = plain(terminal.said)
    terminal.press("x")
    terminal.wait_for(">>> set the pilot generator to 100 % (steady +12 V), then press Enter")
    terminal.press("\n")

    assert terminal.ended() == 0
    assert terminal.is_as_before()
    assert "TP_EV_SLAC_init" not in seen, "the person says some time later that it was set"


def test_a_person_who_does_not_put_the_generator_at_rest_is_told_of_it(
    start: Start, opens: Opens, interface: str
) -> None:
    start(*BENCH, "sim", "up", "--evse", interface, "--car", CAR, "--own-keys").wait_for("Ctrl-C ends it.")
    terminal = opens('driver = "manual"', "operator")
    terminal.press("e")
    terminal.wait_for("and press U")
    terminal.press("5")
    terminal.wait_for(">>> set the pilot generator to 5 %")
    terminal.press("\n")
    terminal.wait_for("pilot set to 5 %")

    terminal.press("x")
    terminal.wait_for(">>> set the pilot generator to 100 %")
    terminal.press("x")

    assert terminal.ended() == 2
    assert terminal.is_as_before()
    assert terminal.process.stderr is not None
    said = terminal.process.stderr.read().decode()
    assert said == "bench live: the operator gave up: set the pilot generator to 100 % (steady +12 V)\n"
    assert NORMAL in terminal.said
