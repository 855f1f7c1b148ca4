"""A terminal with `bench live` on it: the real command, keys pressed, the screen looked at."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

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
