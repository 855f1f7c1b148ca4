"""The XY-LPWM's firmware, as programs that drive the board describe it, and its clones.

A command ends when the line has been silent for a while, or at CR LF with clones that want it; so two commands written
back to back are one wrong one. Frequency and duty cycle survive without power.

Assumed, because nobody has recorded it: that everything else than the grammar is answered with FALL; that nothing is
answered to a terminator alone; that a report ends its two fields with CR LF each; how long the silence is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bench.sim.boards.firmware import Firmware, Mood
from bench.units import Ns, ms

SILENCE = ms(20)
LONG_SILENCE = ms(60)
"""In the mood MERGES."""

FREQUENCY = re.compile(r"\d{3}|\d\.\d\d|\d\d\.\d|\d\.\d\.\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Clone:
    """How this one differs.

    asked_with   the command that makes it report
    terminator   what ends a command; empty: silence does
    prefix       of a frequency, in commands and reports
    yes, no      its words for done and refused
    """

    asked_with: str = "read"
    terminator: bytes = b""
    prefix: str = "F"
    yes: str = "DOWN"
    no: str = "FALL"


@dataclass(frozen=True, slots=True)
class SquareWave:
    """What is on the output pin: 0 and 100 % are steady."""

    frequency_hz: int
    duty_cycle_pct: int


class XyLpwmBoard(Firmware):
    """One board.

    frequency_hz, duty_cycle_pct   as somebody left it
    silence                        that ends a command
    """

    model = "xy-lpwm"
    baud = 9600

    def __init__(
        self,
        *,
        frequency_hz: int = 1000,
        duty_cycle_pct: int = 50,
        clone: Clone | None = None,
        silence: Ns = SILENCE,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)
        self.clone = clone or Clone()
        self.silence = silence
        self._frequency = frequency_text(frequency_hz)
        self._duty = duty_cycle_pct
        self._buffer = b""
        self._silent_at: Ns | None = None

    @property
    def output(self) -> SquareWave | ThreeWaves:
        return SquareWave(frequency_of(self._frequency), self._duty)

    def turn_keys(self, now: Ns, duty_cycle_pct: int) -> None:
        """Somebody presses the front keys."""
        self._duty = duty_cycle_pct
        self._report(now)

    def receive(self, now: Ns, octets: bytes) -> None:
        self._buffer += octets
        end = self.clone.terminator
        if not end:
            self._silent_at = now + (LONG_SILENCE if self.mood is Mood.MERGES else self.silence)
            return
        while end in self._buffer:
            command, _, self._buffer = self._buffer.partition(end)
            self._heard(now, command)

    def _boot(self) -> None:
        self._buffer, self._silent_at = b"", None

    def _own_deadline(self) -> Ns | None:
        return self._silent_at

    def _wake(self, now: Ns, /) -> None:
        if self._silent_at is not None and now >= self._silent_at:
            command, self._buffer, self._silent_at = self._buffer, b"", None
            self._heard(now, command)

    def _obey(self, command: bytes, acts: bool) -> bytes:
        text = command.decode("latin-1")
        clone = self.clone
        if text == clone.asked_with:
            return f"{clone.prefix}{self._frequency}\r\nD{self._duty:03d}\r\n".encode()
        if text.startswith(clone.prefix) and FREQUENCY.fullmatch(text[1:]) and in_range(text[1:]):
            if acts:
                self._frequency = text[1:]
        elif re.fullmatch(r"[Dd]\d{3}", text, re.ASCII) and int(text[1:]) <= 100:
            if acts:
                self._duty = int(text[1:])
        else:
            return f"{clone.no}\r\n".encode()
        return f"{clone.yes}\r\n".encode()


@dataclass(frozen=True, slots=True)
class ThreeWaves:
    """What is on the three output pins, the first one first."""

    frequency_hz: int
    duty_cycle_pct: tuple[int, int, int]


class XyLpwm3Board(XyLpwmBoard):
    """The one with three outputs: `D2:050`, and all three in its report, separated by commas.

    In the first report after a change of the frequency three letters I stand in its place, as a program that drives the
    board notes. Assumed: that it is only in the first one.
    """

    model = "xy-lpwm-3"

    def __init__(self, *, duty_cycle_pct: tuple[int, int, int] = (50, 50, 50), **rest: Any) -> None:
        super().__init__(**rest)
        self._duties = list(duty_cycle_pct)
        self._frequency_is_new = False

    @property
    def output(self) -> ThreeWaves:
        first, second, third = self._duties
        return ThreeWaves(frequency_of(self._frequency), (first, second, third))

    def _obey(self, command: bytes, acts: bool) -> bytes:
        text = command.decode("latin-1")
        if text == self.clone.asked_with:
            frequency = "III" if self._frequency_is_new else self._frequency
            self._frequency_is_new = False
            duties = "".join(f"D{n}:{duty:03d}," for n, duty in enumerate(self._duties, 1))
            return f"{self.clone.prefix}{frequency},{duties}\r\n".encode()
        if text.startswith(self.clone.prefix):
            self._frequency_is_new = True
            return super()._obey(command, acts)
        found = re.fullmatch(r"D([123]):(\d{3})", text, re.ASCII)
        if not found or int(found[2]) > 100:
            return f"{self.clone.no}\r\n".encode()
        if acts:
            self._duties[int(found[1]) - 1] = int(found[2])
        return f"{self.clone.yes}\r\n".encode()


def frequency_of(text: str) -> int:
    """Hz of a frequency field, which has one or two points, or none.

    >>> frequency_of("101"), frequency_of("1.05"), frequency_of("10.5"), frequency_of("1.0.5")
    (101, 1050, 10500, 105000)
    """
    digits = int(text.replace(".", ""))
    if text.count(".") == 2:
        return digits * 1_000
    if text.count(".") == 1:
        return digits * (10 if text[1] == "." else 100)
    return digits


def frequency_text(frequency_hz: int) -> str:
    """The field for a frequency below 10 kHz. ValueError for another.

    >>> frequency_text(50), frequency_text(1000)
    ('050', '1.00')
    """
    if 1 <= frequency_hz <= 999:
        return f"{frequency_hz:03d}"
    if 1_000 <= frequency_hz <= 9_990 and frequency_hz % 10 == 0:
        return f"{frequency_hz / 1_000:.2f}"
    raise ValueError(f"a board is left at 1 to 999 Hz or at 1.00 to 9.99 kHz, not at {frequency_hz} Hz")


def in_range(text: str) -> bool:
    """Whether a field is one the board takes: no leading zero where there is a point, 150 kHz at most, not 0."""
    if text.count(".") == 2:
        return 100_000 <= frequency_of(text) <= 150_000
    if "." in text:
        return text[0] != "0"
    return text != "000"
