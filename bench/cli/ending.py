"""How a command that runs until it is stopped gets to know that it should end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """Ctrl-C, a signal to end, or the end of the parent. No error, so `except Exception` lets it pass."""


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Within the block SIGINT, SIGTERM and SIGHUP raise `Stopped`, once; gives a function that raises it if the process
    that started this one has ended, to be called now and then.

    While the block is left these signals are ignored: what was made is taken away undisturbed.
    """
    # Asked, because the kernel's own notice (PR_SET_PDEATHSIG) also comes when a mere thread of the parent ends.
    parent = os.getppid()
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # Not under nohup.
        signals.append(signal.SIGHUP)

    def ignore() -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)

    def stop(number: int, _: FrameType | None) -> None:
        ignore()
        raise Stopped(signal.Signals(number).name)

    def check_parent() -> None:
        if os.getppid() != parent:
            ignore()
            raise Stopped("the process that started this one has ended")

    before = {each: signal.signal(each, stop) for each in signals}
    try:
        yield check_parent
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
