"""LCUS relay boards: frames of four octets, and FF for the state where the board answers it.

A frame with a wrong sum, operation or channel is ignored; so is anything between frames, such as CR LF.
"""

from __future__ import annotations

import enum
from typing import Any

from bench.sim.boards.relay_bank import RelayBank
from bench.units import Ns

START = 0xA0
STATUS = 0xFF


class Reply(enum.Enum):
    """What a board answers to FF."""

    NOTHING = "nothing"
    LINES = "a line of text per channel"
    OCTETS = "an octet per channel"


class LcusBoard(RelayBank):
    model = "lcus"
    baud = 9600

    def __init__(self, *, channels: int = 4, reply: Reply = Reply.LINES, **rest: Any) -> None:
        super().__init__(channels=channels, **rest)
        self.reply = reply
        self._buffer = b""

    def receive(self, now: Ns, octets: bytes) -> None:
        self._buffer += octets
        while self._buffer:
            if self._buffer[0] == STATUS:
                self._buffer = self._buffer[1:]
                self._heard(now, bytes([STATUS]))
            elif self._buffer[0] != START:
                self._buffer = self._buffer[1:]
            elif len(self._buffer) >= 4:
                frame, self._buffer = self._buffer[:4], self._buffer[4:]
                self._heard(now, frame)
            else:
                return

    def _forget(self) -> None:
        self._buffer = b""

    def _obey(self, command: bytes, acts: bool) -> bytes:
        if command == bytes([STATUS]):
            return self._status()
        _, channel, operation, check = command
        right = 1 <= channel <= self.channels and operation in (0, 1) and check == (START + channel + operation) & 0xFF
        if right and acts:
            self.switch(channel, operation == 1)
        return b""

    def _status(self) -> bytes:
        closed = [channel in self._closed for channel in range(1, self.channels + 1)]
        match self.reply:
            case Reply.NOTHING:
                return b""
            case Reply.OCTETS:
                return bytes(closed)
            case Reply.LINES:
                lines = (f"CH{channel}: {'ON' if on else 'OFF'} \r\n" for channel, on in enumerate(closed, 1))
                return "".join(lines).encode()
