"""A `Screen` without a terminal: what stays the same whoever looks at it and presses the keys."""

from __future__ import annotations

import os


class PaperScreen:
    """*columns* by *lines*. Subclasses type and look; nothing wakes the console before its time."""

    def __init__(self, columns: int, lines: int) -> None:
        self._size = columns, lines
        self._read, self._write = os.pipe()

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)

    def fileno(self) -> int:
        return self._read

    def size(self) -> tuple[int, int]:
        return self._size

    def pressed(self) -> bool:
        return False
