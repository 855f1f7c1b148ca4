"""A thread that reads what cannot be polled, and a descriptor that can.

It ends at a queue which the single-threaded rest of the bench empties; nothing else is shared.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from bench.errors import BenchError

T = TypeVar("T")

FULL = 1 << 16
"""Things in the queue at which the thread stops reading, so that the loss happens, and is counted, in the kernel."""


class ReadingThread(Generic[T]):
    """Calls *read* for ever and keeps what it returns.

    read       waits for a thing and returns it, None when it gave up waiting; a BenchError from it ends the thread and
               is raised by `take`, after the things that came before
    interrupt  makes *read* return, or the next one if none is waiting
    """

    def __init__(self, read: Callable[[], T | None], interrupt: Callable[[], None], name: str) -> None:
        self._read, self._interrupt = read, interrupt
        self._things: deque[T] = deque()
        self._error: BenchError | None = None
        self._ended = False
        self._changed = threading.Condition()
        self._bell, self._ring = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Of a socket that is readable while `take` has something to give."""
        return self._bell.fileno()

    def take(self, most: int) -> list[T]:
        """The oldest things, at most *most*. Never waits."""
        with self._changed:
            if not self._things and self._error is not None:
                raise self._error
            taken = [self._things.popleft() for _ in range(min(most, len(self._things)))]
            if taken and not self._things and self._error is None:
                self._bell.recv(1)
            self._changed.notify()
        return taken

    def end(self) -> None:
        """Returns when the thread does no longer read. Idempotent."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._interrupt()
        self._thread.join()
        self._bell.close()
        self._ring.close()

    def _run(self) -> None:
        while not self._ended:
            try:
                thing = self._read()
            except BenchError as error:
                with self._changed:
                    self._error = error
                    if not self._things:
                        self._ring.send(b"!")
                return
            if thing is None:
                continue
            with self._changed:
                if not self._things:
                    self._ring.send(b"!")
                self._things.append(thing)
                self._changed.wait_for(lambda: len(self._things) < FULL or self._ended)
