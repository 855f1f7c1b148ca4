"""Open a capture file, or a pipe, and read it piece by piece: memory does not grow with the file."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.capture import pcap, pcapng
from bench.capture.record import CaptureFacts, Record
from bench.errors import CaptureError

CHUNK = 1 << 20
STDIN = "-"


def open_capture(path: str | Path) -> CaptureFile:
    """Open a pcap or pcapng file, a FIFO, or standard input for `-`.

    Raises CaptureError, with what to do about it, if there is nothing to read or it is no capture.
    """
    name = str(path)
    try:
        if name == STDIN:
            return CaptureFile("standard input", io.FileIO(0, closefd=False), owned=False)
        return CaptureFile(name, io.FileIO(name))
    except FileNotFoundError:
        raise CaptureError(f"{name}: no such file; check the path") from None
    except IsADirectoryError:
        raise CaptureError(f"{name}: is a directory; name the capture file inside it") from None
    except PermissionError:
        raise CaptureError(f"{name}: no permission to read it; run chmod +r or copy it") from None
    except (OSError, ValueError) as error:
        raise CaptureError(f"{name}: cannot be opened: {error}") from None


class CaptureFile:
    """An open capture. `records()` may be called again from the start where the file can be rewound."""

    facts: CaptureFacts

    def __init__(self, name: str, stream: io.RawIOBase, *, owned: bool = True) -> None:
        self.name = name
        self._stream = stream
        self._owned = owned
        self._started = False
        try:
            self.rewindable = stream.seekable()
            self.size: int | None = os.fstat(stream.fileno()).st_size if self.rewindable else None
            self._head = self._read_head()
            self.facts = self._read_header()
        except BaseException:
            self.close()
            raise

    def records(self, progress: Callable[[int], None] | None = None) -> Iterator[Record]:
        """All frames in order, from the first.

        progress   called with the number of octets read so far, once per piece

        Raises CaptureError if nothing in it can be read or, the second time, it cannot be rewound. A file that
        cannot be read to its end is damaged: what was read counts, `facts.damage` tells.
        """
        if self._started:
            if not self.rewindable:
                raise CaptureError(f"{self.name}: can be read only once")
            self._stream.seek(0)
            self._head = self._read_head()
            self.facts = self._read_header()
        self._started = True
        head, self._head = self._head, b""
        done = len(head)

        def read() -> bytes:
            nonlocal done
            try:
                piece = self._read(CHUNK)
            except CaptureError as error:
                self.facts.damage = f"at octet {done}: {error}"
                return b""
            done += len(piece)
            if progress is not None:
                progress(done)
            return piece

        reader = pcapng.read_records if self.facts.format == "pcapng" else pcap.read_records
        try:
            yield from reader(head, read, self.facts)
        except CaptureError as error:
            raise CaptureError(f"{self.name}: {error}") from None

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size) or b""
        except OSError as error:
            raise CaptureError(f"cannot be read on: {error.strerror}; copy the file to a sound disk") from None

    def _read_head(self) -> bytes:
        """The first piece, long enough for a file header even from a pipe that delivers octet by octet."""
        head = b""
        while len(head) < 64:
            try:
                piece = self._read(CHUNK)
            except CaptureError as error:
                raise CaptureError(f"{self.name}: {error}") from None
            if not piece:
                break
            head += piece
        return head

    def _read_header(self) -> CaptureFacts:
        head = self._head
        try:
            if not head:
                raise CaptureError("is empty; nothing was recorded")
            if head[:4] in pcap.MAGICS:
                return pcap.read_header(head)
            if head[:4] == pcapng.MAGIC:
                return pcapng.check_header(head)
            if any(magic.startswith(head) for magic in (*pcap.MAGICS, pcapng.MAGIC)):
                raise CaptureError(f"ends inside the file header, after {len(head)} octets")
            if head[:2] == b"\x1f\x8b":
                raise CaptureError("is compressed; unpack it with gunzip first")
            raise CaptureError(
                f"is neither pcap nor pcapng (begins with {head[:4].hex(' ')}); if it is a capture of another "
                "format, convert it: editcap FILE NEW.pcapng"
            )
        except CaptureError as error:
            raise CaptureError(f"{self.name}: {error}") from None

    def close(self) -> None:
        if self._owned:
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"CaptureFile({self.name!r}, {self.facts.format})"
