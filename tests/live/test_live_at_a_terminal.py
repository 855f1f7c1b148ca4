"""`bench live` as somebody at a terminal has it: the real command, keys pressed, the screen looked at."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pseudo_terminal import ALTERNATE, COMMAND, NORMAL, Terminal, plain

Opens = Callable[..., Terminal]


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Opens]:
    terminals: list[Terminal] = []

    def open_it(*options: str, **environment: str) -> Terminal:
        terminals.append(Terminal(tmp_path, *options, **environment))
        return terminals[-1]

    yield open_it
    for terminal in terminals:
        terminal.close()


def test_from_one_key_to_a_discovered_link_and_a_capture_that_can_be_analyzed(opens: Opens, tmp_path: Path) -> None:
    """E, and everything else comes by itself; C records it. This car asks by SDP half a second after the match."""
    terminal = opens("--vehicle", "tesla-modely")
    terminal.wait_for("Press P, E or L")
    terminal.press("e")
    terminal.wait_for("plugs in by itself")
    terminal.press("c")
    terminal.wait_for("joining (0.")
    terminal.wait_for(", asked by SDP for no TLS and answered")
    terminal.wait_for("refused: there is no V2G session yet")
    terminal.wait_for("match to SDP")
    seen = plain(terminal.said)

    terminal.press("x")

    assert terminal.ended() == 0
    for message in ("CM_SLAC_MATCH.CNF", "SDP request", "SDP response", "TCP SYN"):
        assert message in seen
    assert terminal.is_as_before()
    assert "frames written to" in plain(terminal.said.rpartition(NORMAL)[2]), "said where it stays to be read"
    (capture,) = tmp_path.glob("live-*.pcapng")
    done = subprocess.run(
        [sys.executable, "-m", "bench.cli", "analyze", str(capture), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    (attempt,) = json.loads(done.stdout)["slac"]["attempts"]
    assert attempt["outcome"].startswith("matched")
    assert attempt["counts"]["mnbc_sound"] == 10


def test_from_one_key_to_a_discovered_station(opens: Opens) -> None:
    """P, and nothing else."""
    terminal = opens()
    terminal.wait_for("Press P, E or L")
    terminal.press("p")
    terminal.wait_for("up, claiming its IPv6 address")
    terminal.wait_for("up, station discovered at [fe80::")
    terminal.wait_for("match to SDP")
    seen = plain(terminal.said)

    terminal.press("x")

    assert terminal.ended() == 0
    assert terminal.is_as_before()
    assert "SDP response" in seen


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_as_x_does(opens: Opens, number: signal.Signals) -> None:
    terminal = opens()
    terminal.wait_for("Press P, E or L")
    terminal.press("e")
    terminal.wait_for("asking the adapters")

    terminal.process.send_signal(number)

    assert terminal.ended() == 0
    assert terminal.is_as_before()


def test_ctrl_c_leaves_and_ctrl_z_and_ctrl_s_do_nothing(opens: Opens) -> None:
    """A bench that offers 5 % must not stand still because of a slip of the finger."""
    terminal = opens()
    terminal.wait_for("Press P, E or L")
    assert terminal.suspends_with == b"\0", "a session of its own would not be suspended, so the setting is looked at"
    terminal.press("\x1a\x13\x1c?")
    terminal.press("l")
    terminal.wait_for("the bench LISTENS")

    terminal.press("\x03")

    assert terminal.ended() == 0
    assert terminal.is_as_before()


def test_a_terminal_that_is_resized_is_filled_again(opens: Opens) -> None:
    terminal = opens()
    terminal.wait_for("─" * 70)

    terminal.resize(140, 40)
    terminal.wait_for("─" * 130)
    terminal.resize(40, 10)
    terminal.wait_for("bench live needs 60 columns")

    terminal.press("x")
    assert terminal.ended() == 0


def test_without_colours_and_unicode_everything_is_said_in_plain_characters(opens: Opens) -> None:
    terminal = opens(NO_COLOR="1", PYTHONIOENCODING="ascii")
    terminal.wait_for("Press P, E or L")
    said = terminal.said

    terminal.press("x")

    assert terminal.ended() == 0
    assert not re.search(rb"\x1b\[[0-9;]*3[0-7]m", said)
    assert said.isascii()
    assert "-- help ---" in plain(said)
    assert "the bench is the charging station" in plain(said)


@pytest.mark.parametrize(("options", "said"), [([], "field"), (["--verdict", "strict"], "strict")])
def test_the_timings_say_by_which_limits_they_are_judged(opens: Opens, options: list[str], said: str) -> None:
    terminal = opens(*options)
    terminal.wait_for("Press P, E or L")
    terminal.press("l")
    terminal.wait_for("CM_MNBC_SOUND.IND")
    terminal.wait_for(f"timings by {said} limits, known to")

    terminal.press("x")

    assert terminal.ended() == 0


def test_a_listener_of_another_family_says_what_it_shows_and_shows_it(opens: Opens) -> None:
    terminal = opens("--listener", "tplink-tlpa4010p")
    terminal.wait_for("Press P, E or L")
    terminal.press("l")
    terminal.wait_for("messages of charging stations, attenuation profiles of other modems")
    terminal.wait_for("CM_SLAC_MATCH.CNF")
    heard = plain(terminal.said)

    terminal.press("x")

    assert terminal.ended() == 0
    assert "CM_SLAC_PARM.CNF" in heard
    assert "CM_SLAC_PARM.REQ" not in heard
    assert "CM_MNBC_SOUND" not in heard


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--listener", "qca7005-cra"],
            b"--listener: there is no 'qca7005-cra'; did you mean qca7005-car?\n",
        ),
        (["--verdict", "fuzzy"], b"'fuzzy' is not one of 'strict', 'field'"),
    ],
)
def test_a_wrong_option_is_told_before_the_screen_is_touched(opens: Opens, options: list[str], said: bytes) -> None:
    terminal = opens(*options)

    assert terminal.ended() == 2
    assert terminal.process.stderr is not None
    assert said in terminal.process.stderr.read()
    assert ALTERNATE not in terminal.said


def test_arrow_keys_are_no_letters(opens: Opens) -> None:
    """The left arrow ends in D and up in A; a function key may end in P."""
    terminal = opens()
    terminal.wait_for("Press P, E or L")

    terminal.press("\x1bOP")
    time.sleep(0.2)  # else both are read at once, and count for nothing
    terminal.press("?")
    terminal.press("x")

    assert terminal.ended() == 0
    assert "CAR" not in plain(terminal.said)


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_place_the_cursor_is_refused_in_one_sentence(opens: Opens, term: str) -> None:
    terminal = opens(TERM=term)

    assert terminal.ended() == 2
    assert terminal.process.stderr is not None
    assert terminal.process.stderr.read() == (
        b"bench live: this terminal cannot place the cursor (TERM=dumb, or TERM is not set)\n"
    )
    assert terminal.said == b""


def test_a_pipe_is_no_screen() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

    assert done.returncode == 2
    assert done.stderr == "bench live: standard input and output must be a terminal: it is a screen to look at\n"


def test_a_rig_file_with_mistakes_is_told_before_the_screen_is_touched(opens: Opens, tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text("[rig]\nnaem = 1\n", encoding="utf-8")

    terminal = opens("--rig", str(path))

    assert terminal.ended() == 2
    assert terminal.process.stderr is not None
    assert b"lab.toml: rig.naem: unknown key; did you mean name?" in terminal.process.stderr.read()
    assert ALTERNATE not in terminal.said
