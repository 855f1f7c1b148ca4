"""The pcapng files a recording goes into: one, or a row of numbered ones of which the oldest may go.

    with CaptureFiles(Path("night.pcapng"), "plc0", limit=20_000_000, keep=10) as files:
        files.write(t, octets, outgoing=False)      # night-0001.pcapng, night-0002.pcapng, ...

A file that is there already is never overwritten and never removed: what another run made is another run's.
"""

from __future__ import annotations

import re
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from bench.capture.writer import PcapngWriter
from bench.errors import ConfigError
from bench.units import Ns

DIGITS = 4
SMALLEST = 10_000
"""Octets. With less, every other frame would be a file."""
PACKET_OVERHEAD = 48
"""Of a packet's block beside the frame: 32 octets, padding and the option that tells the direction."""


class CaptureFiles:
    """Open from the constructor to `close`.

    path       of the only file; with *limit* the numbered ones are called after it
    interface  name inside the files
    limit      octets of one file at most; None: one file
    keep       so many of this run's files stay, the oldest are removed; None: all

    Raises ConfigError where the file is there already or cannot be made. `write` and `flush` raise OSError.
    """

    def __init__(
        self, path: Path, interface: str, *, limit: int | None = None, keep: int | None = None, comment: str = ""
    ) -> None:
        if keep is not None and (limit is None or keep < 1):
            raise ValueError("keep is at least 1 and goes with limit")
        if limit is not None and limit < SMALLEST:
            raise ValueError(f"a file of {limit} octets; at least {SMALLEST}")
        self.path, self.interface = path, interface
        self._limit, self._keep, self._comment = limit, keep, comment
        self.made: list[Path] = []
        """All that this run has made, oldest first, the removed ones too."""
        self.removed = 0
        self.frames = 0
        self._there: deque[Path] = deque()
        self._number = 0 if limit is None else highest_number(path)
        try:
            self._begin()
        except FileExistsError:
            raise ConfigError(f"{path}: is there already and is not overwritten; give another name") from None
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}; choose a place you may write to") from None

    def write(self, t: Ns, octets: bytes, *, outgoing: bool) -> None:
        """t   ns since 1970"""
        if (
            self._limit is not None
            and self._in_file
            and self._stream.tell() + len(octets) + PACKET_OVERHEAD > self._limit
        ):
            self._stream.close()
            self._begin()
            self._remove_oldest()
        self._writer.write(t, octets, outgoing=outgoing)
        self._in_file += 1
        self.frames += 1

    def flush(self) -> None:
        """Let readers see what has been written so far."""
        self._stream.flush()

    def close(self) -> None:
        """Idempotent. What could not be written any more has been told by `write` or `flush`."""
        with suppress(OSError):
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is not None and not self.frames:
            self.path_now.unlink(missing_ok=True)  # Or the next try would find its name taken.

    @property
    def path_now(self) -> Path:
        """The file that is written to."""
        return self.made[-1]

    def _begin(self) -> None:
        while True:
            self._number += 1
            path = self.path if self._limit is None else numbered(self.path, self._number)
            try:
                self._stream: BinaryIO = path.open("xb")
                break
            except FileExistsError:
                if self._limit is None:
                    raise
        self.made.append(path)
        self._there.append(path)
        self._in_file = 0
        self._writer = PcapngWriter(self._stream, comment=self._comment)
        self._writer.add_interface(self.interface)

    def _remove_oldest(self) -> None:
        while self._keep is not None and len(self._there) > self._keep:
            self._there.popleft().unlink(missing_ok=True)
            self.removed += 1


def numbered(path: Path, number: int) -> Path:
    """
    >>> numbered(Path("night.pcapng"), 7).name
    'night-0007.pcapng'
    """
    return path.with_name(f"{path.stem}-{number:0{DIGITS}}{path.suffix}")


def highest_number(path: Path) -> int:
    """Of the files that are called after *path*; 0 if there are none. A new row goes on behind the old one."""
    pattern = re.compile(re.escape(path.stem) + rf"-(\d{{{DIGITS},}})" + re.escape(path.suffix))
    try:
        names = [each.name for each in path.parent.iterdir()]
    except OSError:
        return 0  # That it cannot be written to is said when the first file is made.
    return max((int(found[1]) for name in names if (found := pattern.fullmatch(name))), default=0)
