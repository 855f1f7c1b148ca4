"""How a recording gets to know that it should end: between two frames, never within one.

So the last block of the file is whole, the analysis hears that it is over, and an adapter gets its old key back
undisturbed, however often somebody presses Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopSign:
    """*why* is empty as long as nobody has asked to stop.

    with_parent  whether the end of the process that started this one counts
    """

    def __init__(self, *, with_parent: bool = True) -> None:
        self.why = ""
        self._parent = os.getppid() if with_parent else None

    def __bool__(self) -> bool:
        if not self.why and self._parent is not None and os.getppid() != self._parent:
            self.why = "the process that started this one has ended"
        return bool(self.why)

    def show(self, number: int, _: FrameType | None = None) -> None:
        self.why = self.why or signal.Signals(number).name


@contextmanager
def stop_sign() -> Iterator[StopSign]:
    """Within the block SIGINT, SIGTERM and SIGHUP only show the sign; so does the end of the parent, but for nohup."""
    signals = [signal.SIGINT, signal.SIGTERM]
    stays = sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    if sys.platform != "win32" and not stays:
        signals.append(signal.SIGHUP)
    sign = StopSign(with_parent=not stays)
    before = {each: signal.signal(each, sign.show) for each in signals}
    try:
        yield sign
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
