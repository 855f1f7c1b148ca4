"""Dieter, an Arduino with two analogue inputs and three outputs, as its public program behaves.

Opening its port restarts it. Every 500 ms it prints both readings; it obeys when the last seven octets are `do`, four
octets that C's atoi makes a number of, and LF. It echoes any number, and acts on those below 256.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bench.sim.boards.firmware import Firmware
from bench.units import Ns, ms

BOOTS = ms(30)
"""Until `Starte...`. A real one spends a second or two in its boot loader."""
READINGS_EVERY = ms(500)
FRAME = 7


@dataclass(frozen=True, slots=True)
class DieterOutput:
    state_c: bool
    relay_1: bool
    relay_2: bool


class DieterBoard(Firmware):
    """*adc*: what its two inputs read, 0..1023. *resets*: whether it has the capacitor that restarts it."""

    model = "dieter"
    baud = 19200

    def __init__(
        self, *, adc: tuple[int, int] = (0, 0), readings_every: Ns = READINGS_EVERY, resets: bool = True, **rest: Any
    ) -> None:
        super().__init__(**rest)
        self.adc = adc
        self.resets_when_opened = resets
        self._every = readings_every
        self._value = 0
        self._fifo = b" " * FRAME
        self._running_at: Ns = 0
        self._next: Ns = 0
        self._greeted = False

    @property
    def output(self) -> DieterOutput:
        return DieterOutput(*(bool(self._value >> bit & 1) for bit in range(3)))

    def receive(self, now: Ns, octets: bytes) -> None:
        if now < self._running_at:
            return
        for octet in octets:
            self._fifo = self._fifo[1:] + bytes([octet])
            if octet == 0x0A:
                frame, self._fifo = self._fifo, b" " * FRAME
                if frame.startswith(b"do"):
                    self._heard(now, frame)

    def start(self, now: Ns) -> None:
        self._running_at = now + BOOTS
        self._next = self._running_at + self._every
        super().start(now)

    def _boot(self) -> None:
        self._value, self._greeted = 0, False
        self._fifo = b" " * FRAME

    def _own_deadline(self) -> Ns:
        return self._next if self._greeted else self._running_at

    def _wake(self, now: Ns, /) -> None:
        if now < self._running_at:
            return
        if not self._greeted:
            self._greeted = True
            self._say(now, b"Starte...\r\n")
        if now >= self._next:
            self._next += self._every
            self._say(now, b"A0=%04d\r\nA1=%04d\r\n" % self.adc)

    def _obey(self, command: bytes, acts: bool) -> bytes:
        number = re.match(rb"\s*[+-]?\d+", command[2:6])
        value = int(number[0]) & 0xFFFF if number else 0
        if value < 256 and acts:
            self._value = value
        return b"I received value: %d\r\n" % value
