"""Signals that would end this program wait while an adapter's flash is written."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def signals_held() -> Iterator[None]:
    """Within the block SIGINT, SIGTERM and SIGHUP are remembered; afterwards they are delivered, each once.

    Against SIGKILL and a power cut only the journal helps. In a thread other than the first nothing is held, because
    Python delivers signals to the first.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        if number not in held:
            held.append(number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    before = {each: signal.signal(each, remember) for each in numbers}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in held:
            os.kill(os.getpid(), number)
