"""Numato relay modules: text commands ended by CR, each echoed, each answer ended by a prompt.

As read in programs that drive the modules: the answer to `relay read 0` is the echo, LF CR, `on` or `off`, LF CR, `>`.
Assumed: that a wrong command is answered with its echo and the prompt alone; that LF is ignored.
"""

from __future__ import annotations

import re
from typing import Any

from bench.sim.boards.relay_bank import RelayBank
from bench.units import Ns

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
END = b"\n\r"
PROMPT = b">"


class NumatoBoard(RelayBank):
    model = "numato"
    baud = 19200

    def __init__(self, *, channels: int = 4, **rest: Any) -> None:
        super().__init__(channels=channels, **rest)
        self._buffer = b""

    def receive(self, now: Ns, octets: bytes) -> None:
        self._buffer += octets.replace(b"\n", b"")
        while b"\r" in self._buffer:
            command, _, self._buffer = self._buffer.partition(b"\r")
            self._heard(now, command)

    def _forget(self) -> None:
        self._buffer = b""

    def _obey(self, command: bytes, acts: bool) -> bytes:
        body = self._body(command.decode("latin-1"), acts)
        return command + END + (body.encode() + END if body else b"") + PROMPT

    def _body(self, command: str, acts: bool) -> str:
        if command == "ver":
            return "00000008"
        found = re.fullmatch(r"relay (on|off|read) ([0-9A-V])", command)
        if not found or (index := DIGITS.index(found[2])) >= self.channels:
            return ""
        if found[1] == "read":
            return "on" if index + 1 in self._closed else "off"
        if acts:
            self.switch(index + 1, found[1] == "on")
        return ""
