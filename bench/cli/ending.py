"""How a command that runs until it is stopped gets to know that it should end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PR_SET_PDEATHSIG = 1
"""linux/prctl.h: the signal the kernel sends when the parent process ends."""


class Stopped(BaseException):
    """Ctrl-C, a signal to end, or the end of the parent. No error, so `except Exception` lets it pass."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Within the block SIGINT, SIGTERM and SIGHUP raise `Stopped`, once; so does, on Linux, the end of the parent.

    While the block is left these signals are ignored: what was made is taken away undisturbed.
    """
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # Not under nohup.
        signals.append(signal.SIGHUP)

    def stop(number: int, _: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    before = {each: signal.signal(each, stop) for each in signals}
    try:
        if sys.platform == "linux":
            end_with_parent()
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def end_with_parent() -> None:
    """Let the kernel send SIGTERM when the parent ends, even by SIGKILL. `Stopped` if it has ended already."""
    import ctypes

    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise Stopped("the parent has ended")
