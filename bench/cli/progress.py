"""How far a long file has been read: one line on stderr, only for a person, only where it takes a while."""

from __future__ import annotations

import sys

LARGE = 32 * 1024 * 1024
"""Octets; a smaller file is read before one could look."""
WIDTH = 30


class Progress:
    """A bar that is drawn over itself and wiped off before anything else is printed.

    size   of the file, None if it is not known; then nothing is shown
    """

    def __init__(self, size: int | None) -> None:
        self._size = size or 0
        self._active = self._size >= LARGE and sys.stderr.isatty()
        self._drawn: tuple[str, int] | None = None

    def looking(self, done: int) -> None:
        """*done* octets read in search of the recorder."""
        self._draw("who recorded?", done)

    def reading(self, done: int) -> None:
        self._draw("analysing", done)

    def clear(self) -> None:
        if self._drawn is not None:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = None

    def _draw(self, what: str, done: int) -> None:
        if not self._active:
            return
        percent = min(100, 100 * done // self._size)
        if self._drawn != (what, percent):
            bar = "█" * (WIDTH * percent // 100)
            sys.stderr.write(f"\r{what:<14}{bar:░<{WIDTH}} {percent:3} %")
            sys.stderr.flush()
            self._drawn = what, percent
