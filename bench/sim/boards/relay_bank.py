"""What relay boards put out: which relays are closed."""

from __future__ import annotations

from typing import Any, TypeAlias

from bench.sim.boards.firmware import Firmware
from bench.units import Ns

Closed: TypeAlias = frozenset[int]
"""Channels, 1 first, whose relays are closed."""


class RelayBank(Firmware):
    """*channels* relays, all released at power-up; *closed*: those somebody left closed without cutting the power."""

    def __init__(self, *, channels: int, closed: Closed = frozenset(), **rest: Any) -> None:
        super().__init__(**rest)
        self.channels = channels
        self._left = closed
        self._closed: Closed = closed

    @property
    def output(self) -> Closed:
        return self._closed

    def _boot(self) -> None:
        self._closed, self._left = self._left, frozenset()
        self._forget()

    def _forget(self) -> None:
        """Half a command is lost with the power."""

    def _wake(self, _now: Ns, /) -> None:
        """A relay board does nothing by itself."""

    def _own_deadline(self) -> Ns | None:
        return None

    def switch(self, channel: int, closed: bool) -> None:
        self._closed = self._closed | {channel} if closed else self._closed - {channel}
