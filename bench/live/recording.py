"""What happens from one key to the next, into a capture."""

from __future__ import annotations

import time
from pathlib import Path

from bench.report.pcapng import trace_pcapng
from bench.trace import Trace


class Recording:
    """Of *trace*, from the constructor to `finish`. The file is there from the beginning, so that its place is known
    to be writable; what is in it is written at the end. OSError.

    Network keys in it are replaced.
    """

    def __init__(self, trace: Trace, folder: Path) -> None:
        self._trace, self._heard = trace, Trace()
        self.path = _unused(folder)
        self.path.touch(exist_ok=False)
        trace.listeners.append(self._heard.add)

    def finish(self) -> str:
        """Write it; what became of it, in words. Nothing is left where no frame was heard. OSError."""
        self._trace.listeners.remove(self._heard.add)
        frames = sum(1 for _ in self._heard.frames())
        if not frames:
            self.path.unlink()
            return "no frame came while it recorded: nothing was written"
        self.path.write_bytes(trace_pcapng(self._heard, comment="recorded by bench live"))
        return f"{frames} frames written to {self.path}"


def _unused(folder: Path) -> Path:
    """A name by the time, and a number where two recordings begin within one second."""
    stem = time.strftime("live-%Y%m%d-%H%M%S")
    names = (folder / f"{stem}{'' if n == 1 else f'-{n}'}.pcapng" for n in range(1, 1000))
    return next(path for path in names if not path.exists())
