"""`bench live` as somebody at a terminal has it: the real command, keys pressed, the screen looked at."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "bench.cli", "live"]
PATIENCE_S = 30.0
"""Far more than is needed; a busy computer starts Python slowly."""
ALTERNATE, NORMAL = b"\x1b[?1049h", b"\x1b[?1049l"
HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"


class Terminal:
    """A terminal of 80 by 24 with `bench live` on it."""

    def __init__(self, place: Path, *options: str, **environment: str) -> None:
        self.said = b""
        # A shell's end of the terminal stays open, so that what the command leaves behind can be looked at.
        self.master, self._slave = pty.openpty()
        self.resize(80, 24)
        self.before = termios.tcgetattr(self._slave)
        own = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment}
        own.pop("NO_COLOR", None) if "NO_COLOR" not in environment else None
        self.process = subprocess.Popen(
            [*COMMAND, *options],
            cwd=place,
            env=own,
            stdin=self._slave,
            stdout=self._slave,
            stderr=subprocess.PIPE,
            preexec_fn=self._own_session,
        )

    def _own_session(self) -> None:
        os.setsid()
        ioctl(self._slave, termios.TIOCSCTTY, 0)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        for fd in (self.master, self._slave):
            os.close(fd)

    def resize(self, columns: int, lines: int) -> None:
        ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait_for(self, text: str) -> None:
        """Until the command has drawn *text*, which has been looked for from the last key on."""
        end = time.monotonic() + PATIENCE_S
        while text not in plain(self.said):
            if time.monotonic() > end or not self._read():
                raise AssertionError(f"{text!r} was never shown:\n{plain(self.said)[-3000:]}")

    def press(self, keys: str) -> None:
        self.said = b""
        os.write(self.master, keys.encode())

    def ended(self) -> int:
        """The exit status, once it has ended."""
        end = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < end:
            self._read()
        while select.select([self.master], [], [], 0.05)[0]:
            self._read()
        return self.process.wait(1)

    def _read(self) -> bool:
        """False once there is nothing more to come."""
        if select.select([self.master], [], [], 0.1)[0]:
            self.said += os.read(self.master, 65536)
            return True
        return self.process.poll() is None

    @property
    def suspends_with(self) -> object:
        """The character, which is Ctrl-Z as a rule."""
        return termios.tcgetattr(self._slave)[6][termios.VSUSP]

    def is_as_before(self) -> bool:
        """Cursor, screen and settings."""
        shown = self.said.rfind(SHOW) > self.said.rfind(HIDE)
        normal = self.said.rfind(NORMAL) > self.said.rfind(ALTERNATE)
        return shown and normal and termios.tcgetattr(self._slave) == self.before


def plain(said: bytes) -> str:
    """Without colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "\n", said.decode(errors="replace"))


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


def test_from_one_key_to_a_match_and_a_capture_that_can_be_analyzed(opens: Opens, tmp_path: Path) -> None:
    """E, and everything else comes by itself; C records it."""
    terminal = opens()
    terminal.wait_for("Press P, E or L")
    terminal.press("e")
    terminal.wait_for("plugs in by itself")
    terminal.press("c")
    terminal.wait_for("CM_SLAC_MATCH.CNF")

    terminal.press("x")

    assert terminal.ended() == 0
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
