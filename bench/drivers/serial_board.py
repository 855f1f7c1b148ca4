"""What all boards on a serial line share: how they are opened and let go of, and that they do one thing at a time."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from bench.drivers.opening import Opening
from bench.drivers.serial_line import Exchange, SerialLine
from bench.errors import DeviceGone

P = ParamSpec("P")
T = TypeVar("T")
Board = TypeVar("Board", bound="SerialBoard")


def alone(method: Callable[Concatenate[Board, P], T]) -> Callable[Concatenate[Board, P], T]:
    """A method that another thread's call of such a method waits for: a command and its answer belong together."""

    @wraps(method)
    def waiting(self: Board, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._lock:
            return method(self, *args, **kwargs)

    return waiting


class SerialBoard(Opening):
    """A `bench.devices.Device` at the end of a serial line. Every use of it is `alone`."""

    def __init__(self, line: SerialLine) -> None:
        self._line = line
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._line!r}>"

    @property
    def name(self) -> str:
        return self._line.name

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The last of what was said and heard, oldest first."""
        return self._line.exchanges

    @alone
    def open(self) -> None:
        """Take the port, find out what is at its other end, make it safe. PortError, and nothing is left open."""
        if self._line.is_open:
            return
        self._line.open()
        try:
            self._begin()
        except BaseException:
            self._line.close()
            raise

    @alone
    def close(self) -> None:
        """Make safe and let go of the port, in that order. PortError only where the board is there and disobeys."""
        if not self._line.is_open:
            return
        try:
            self.make_safe()
        except DeviceGone:
            pass  # nothing left to make safe
        finally:
            self._line.close()

    @abstractmethod
    def make_safe(self) -> None: ...

    @abstractmethod
    def _begin(self) -> None:
        """On a port just opened: is it the right board? Then make it safe."""
