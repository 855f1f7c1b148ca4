"""The open firmware for XY-LPWM boards with an N76E003 controller, as its public text behaves.

A terminal: every printable octet is echoed, CR or LF ends a command, a prompt follows. Settings are stored at once.
Not modelled: escape sequences and history; and the three seconds after power-up in which the real one hears nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bench.sim.boards.firmware import Firmware, Mood
from bench.units import Ns

PROMPT = b"> "
LONGEST = 32
"""Octets of a command; with the last of them the firmware forgets it all."""


@dataclass(frozen=True, slots=True)
class N76e003Output:
    """*frequency* as the board spells it."""

    on: bool
    frequency: str
    duty_cycle_pct: int
    direct: bool


class N76e003Board(Firmware):
    """One board, as somebody left it."""

    model = "n76e003"
    baud = 38400

    def __init__(
        self,
        *,
        on: bool = True,
        frequency: str = "1k00",
        duty_cycle_pct: int = 50,
        direct: bool = True,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)
        self._on, self._frequency, self._duty, self._direct = on, frequency, duty_cycle_pct, direct
        self._buffer = b""

    @property
    def output(self) -> N76e003Output:
        return N76e003Output(self._on, self._frequency, self._duty, self._direct)

    def receive(self, now: Ns, octets: bytes) -> None:
        for octet in octets.replace(b"\r\n", b"\r"):
            if octet in b"\r\n":
                command, self._buffer = self._buffer, b""
                self._heard(now, command)
            elif octet >= 0x20:
                self._echo(now, octet)
                self._buffer += bytes([octet])
                if len(self._buffer) == LONGEST:
                    self._buffer = b""

    def _echo(self, now: Ns, octet: int) -> None:
        if self.mood not in (Mood.SILENT, Mood.GARBAGE, Mood.VERY_LATE):
            self._say(now, bytes([octet]))

    def _boot(self) -> None:
        self._buffer = b""

    def _wake(self, _now: Ns, /) -> None:
        """It does nothing by itself."""

    def _own_deadline(self) -> Ns | None:
        return None

    def _obey(self, command: bytes, acts: bool) -> bytes:
        return b"\n" + self._carry_out(command.decode("latin-1"), acts).encode() + PROMPT

    def _carry_out(self, command: str, acts: bool) -> str:
        word, _, argument = command.partition(" ")
        argument = argument.strip()
        if command == "":
            return ""
        if word == "pwm":
            polarity = "direct" if self._direct else "negative"
            return f"{'on' if self._on else 'off'} freq: {self._frequency}, duty: {self._duty} {polarity}\n"
        if word == "duty":
            number = re.match(r"\d+", argument)
            duty = int(number[0]) % 256 if number else 0
            if duty > 100:
                return "Invalid argument\n"
            self._duty = duty if acts else self._duty
        elif word == "freq":
            if not re.fullmatch(r"(?=.{4}$)\d*k\d*", argument):
                return "Invalid argument\n"
            self._frequency = argument if acts else self._frequency
        elif word == "out" and argument in ("on", "off"):
            self._on = argument == "on" if acts else self._on
        elif word == "out" and argument in ("negative", "direct"):
            self._direct = argument == "direct" if acts else self._direct
        else:
            return "Unknown command\n"
        return ""
