"""What serial relay boards share: channels that count from 1."""

from __future__ import annotations

from collections.abc import Sequence

from bench.drivers.serial_board import SerialBoard
from bench.drivers.serial_line import SerialLine


class RelayBoard(SerialBoard):
    """A `bench.devices.Relays` on a serial line, with *channels* relays."""

    def __init__(self, line: SerialLine, channels: int) -> None:
        super().__init__(line)
        self._channels = range(1, channels + 1)

    @property
    def channels(self) -> Sequence[int]:
        return self._channels

    def check(self, channel: int) -> int:
        """*channel*, or ValueError where the board has no such relay."""
        if isinstance(channel, bool) or channel not in self._channels:
            raise ValueError(f"{self.name} has relays 1 to {len(self._channels)}, no {channel!r}")
        return channel


def named(channels: Sequence[int]) -> str:
    """Channels as a message names them.

    >>> named([3]), named([1, 4])
    ('relay 3', 'relays 1, 4')
    """
    return f"relay{'s' if len(channels) > 1 else ''} {', '.join(map(str, channels))}"
