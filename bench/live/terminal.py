"""The terminal as keys in and lines out. It is given back as it was, whatever happens in between.

with Terminal() as terminal:
    terminal.draw(lines)
    terminal.typed()
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from bench.errors import BenchError
from bench.live.state import Tone
from bench.live.view import Line

ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
LEAVE = "\x1b[0m\x1b[2J\x1b[?25h\x1b[?1049l"
USUAL_SIZE = (80, 24)

COLOURS = {
    Tone.TITLE: "7",
    Tone.LABEL: "1",
    Tone.FAINT: "2",
    Tone.GOOD: "32",
    Tone.BAD: "1;31",
    Tone.DOUBTFUL: "33",
    Tone.KEY: "1;36",
    Tone.CAR: "36",
    Tone.STATION: "35",
}
"""Select Graphic Rendition, by tone."""
WITHOUT_COLOUR = {Tone.TITLE: "7", Tone.LABEL: "1", Tone.BAD: "1", Tone.KEY: "1"}
"""NO_COLOR asks for no colours; reverse and bold are none."""
IN_ASCII = str.maketrans({"→": ">", "←": "<", "·": "-", "─": "-", "…": "~", "≤": "<", "≥": ">"})


class Terminal:
    """Standard input and output, as one. BenchError with one sentence where they are no terminal to draw on.

    on_gone  called when nobody is there any more; must not return
    """

    def __init__(self, on_gone: Callable[[], None], environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        if sys.platform == "win32":
            raise BenchError("it draws on a Linux or macOS terminal; on Windows run it in WSL")
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise BenchError("standard input and output must be a terminal: it is a screen to look at")
        if environment.get("TERM", "") in ("", "dumb"):
            raise BenchError("this terminal cannot place the cursor (TERM=dumb, or TERM is not set)")
        self._on_gone = on_gone
        self._in, self._out = sys.stdin.fileno(), sys.stdout.fileno()
        self._sgr = WITHOUT_COLOUR if environment.get("NO_COLOR") else COLOURS
        self._ascii = "utf" not in (sys.stdout.encoding or "").lower()
        self._shown: list[str] = []
        self._size = (0, 0)

    def __enter__(self) -> Self:
        import termios

        self._before = termios.tcgetattr(self._in)
        mode = termios.tcgetattr(self._in)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        # A bench that offers 5 % must not be suspended, stand still, or end without a word: Ctrl-Z, Ctrl-S and Ctrl-\
        # do nothing.
        mode[0] &= ~termios.IXON
        never = os.fpathconf(self._in, "PC_VDISABLE").to_bytes(1, "little")
        for number in (termios.VSUSP, termios.VQUIT):
            mode[6][number] = never
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._in, termios.TCSANOW, mode)
        self._write(ENTER)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        import termios

        with suppress(OSError):
            self._write_all(LEAVE)
        with suppress(OSError, termios.error):
            termios.tcsetattr(self._in, termios.TCSANOW, self._before)

    def fileno(self) -> int:
        return self._in

    def size(self) -> tuple[int, int]:
        """Columns and lines, asked anew each time."""
        try:
            found = os.get_terminal_size(self._out)
        except OSError:
            return USUAL_SIZE
        return (found.columns, found.lines) if found.columns and found.lines else USUAL_SIZE

    def pressed(self) -> bool:
        return bool(select.select([self._in], [], [], 0)[0])

    def typed(self) -> str:
        """What was pressed. Arrows and function keys, which come as several characters, count for nothing."""
        if not self.pressed():
            return ""
        try:
            octets = os.read(self._in, 1024)
        except OSError:
            octets = b""
        if not octets:
            self._on_gone()
        return "" if octets.startswith(b"\x1b") else octets.decode(errors="ignore")

    def draw(self, lines: Sequence[Line], size: tuple[int, int]) -> None:
        """Put *lines* on the screen; only what has changed since the last time is sent."""
        if size != self._size:
            self._shown, self._size = [], size
        fresh = [self._coded(line) for line in lines]
        out = []
        for number, line in enumerate(fresh):
            if number >= len(self._shown) or self._shown[number] != line:
                out.append(f"\x1b[{number + 1};1H{line}")
        if not self._shown:
            out.insert(0, "\x1b[2J")
        if out:
            self._write("".join(out))
        self._shown = fresh

    def _coded(self, line: Line) -> str:
        pieces = []
        for text, tone in line:
            shown = text.translate(IN_ASCII) if self._ascii else text
            code = self._sgr.get(tone)
            pieces.append(f"\x1b[{code}m{shown}\x1b[0m" if code and shown else shown)
        return "".join(pieces)

    def _write(self, text: str) -> None:
        try:
            self._write_all(text)
        except OSError:
            self._on_gone()

    def _write_all(self, text: str) -> None:
        octets = text.encode("ascii" if self._ascii else "utf-8", errors="replace")
        while octets:
            octets = octets[os.write(self._out, octets) :]
