"""Dieter (uhi22's Arduino box): R2 is always in the car, a transistor adds R3. And two voltages are measured.

    with Dieter("/dev/serial/by-path/...") as load:
        load.set_load(CarLoad.C)
        load.readings()             # Readings(t=..., a0=512, a1=0), counts of 0..1023

It cannot unplug, nor make D or a fault: B is the least it can do. Its firmware has no watchdog: the last command stays
until power-off or reset. The confirmation is an echo of the number it was told, no look at the output.

Commands are exactly seven octets, `do`, four decimal digits, LF; bit 0 of the number is state C, bits 1 and 2 are
relays, which stay released here. Every 500 ms it prints `A0=dddd` and `A1=dddd`. Opening the port restarts an Arduino
with the usual capacitor, after which it prints `Starte...`.

Source: the firmware's public text, and the program it belongs to; not verified on a board.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from bench.devices import CarLoad
from bench.drivers.serial_board import SerialBoard, alone
from bench.drivers.serial_line import SerialLine, no_answer, spelt
from bench.errors import PortError
from bench.units import Ns, ms, s

BAUD = 19200
STATE_C = 1
TRIES = 3

RESET_TAKES = s(2.5)
"""From opening the port to `Starte...`, at most: an Arduino's boot loader takes a second or two (common practice)."""
BETWEEN = ms(10)
QUIET = ms(50)
WITHIN = ms(300)
READINGS_WITHIN = ms(1500)
"""Two of the periods in which it prints them, and half."""

GREETING = b"Starte..."
_VALUES = {CarLoad.B: 0, CarLoad.C: STATE_C}
_ECHO = re.compile(rb"I received value: (\d+)\r?\n")
_A0, _A1 = re.compile(rb"A0=(\d{4})\r?\n"), re.compile(rb"A1=(\d{4})\r?\n")


@dataclass(frozen=True, slots=True)
class Readings:
    """Both analogue inputs, 0..1023 counts of the 1.1 V reference. *t*: when the second was heard."""

    t: Ns
    a0: int
    a1: int


def command(value: int) -> bytes:
    """The seven octets for an output value. ValueError beyond a byte, which the firmware ignores.

    >>> command(3)
    b'do0003\\n'
    """
    if not 0 <= value <= 255:
        raise ValueError(f"Dieter takes values 0..255, not {value}")
    return b"do%04d\n" % value


class Dieter(SerialBoard):
    """A DieterLV; a `bench.devices.PilotLoad` that can be B and C.

    port          path of the serial port
    reset_takes   how long to wait for its greeting after the port is opened; one that does not restart has none
    quiet         ends an answer
    within        limit of one echo
    """

    def __init__(self, port: str, *, reset_takes: Ns = RESET_TAKES, quiet: Ns = QUIET, within: Ns = WITHIN) -> None:
        super().__init__(SerialLine(port, baud=BAUD, name="Dieter", gap=BETWEEN))
        self._reset_takes, self._quiet, self._within = reset_takes, quiet, within

    @property
    def loads(self) -> frozenset[CarLoad]:
        return frozenset(_VALUES)

    @alone
    def set_load(self, load: CarLoad) -> None:
        if load not in _VALUES:
            raise ValueError(f"{self.name} makes B and C only, not {load.name}: it has no relay for that")
        self._tell(_VALUES[load])

    @alone
    def make_safe(self) -> None:
        """State B, its relays released."""
        self._tell(0)

    @alone
    def readings(self, within: Ns = READINGS_WITHIN) -> Readings:
        """The next pair it prints, nothing older than the question. PortError where none comes, or none it can be."""
        self._line.discard()
        heard = self._line.listen(quiet=within, within=within, enough=lambda heard: bool(pair_in(heard)))
        if (pair := pair_in(heard)) is None:
            raise no_answer(self._line, "nothing", heard, within, "It prints A0 and A1 every 500 ms while it runs")
        if max(pair) > 1023:
            raise PortError(
                f"{self.name} printed {pair[0]} and {pair[1]}: ten bits give 1023 at most. Is the line disturbed?"
            )
        return Readings(time.monotonic_ns(), *pair)

    def _begin(self) -> None:
        self._line.listen(
            quiet=self._reset_takes, within=self._reset_takes, enough=lambda heard: GREETING + b"\r\n" in heard
        )
        self.make_safe()

    def _tell(self, value: int) -> None:
        octets, answer = command(value), b""
        for _ in range(TRIES):
            answer = self._line.ask(octets, quiet=self._quiet, within=self._within, enough=has_echo)
            echoes = _ECHO.findall(answer)
            if echoes and int(echoes[-1]) == value:
                return
        raise no_answer(
            self._line,
            f"{spelt(octets)} {TRIES} times",
            answer,
            self._within,
            f"`I received value: {value}` was expected. Is it a Dieter, and does its receiving optocoupler work?",
        )


def has_echo(heard: bytes) -> bool:
    return _ECHO.search(heard) is not None


def pair_in(heard: bytes) -> tuple[int, int] | None:
    """A0 and A1 in what was heard, in that order.

    >>> pair_in(b"A1=0007\\r\\nA0=0512\\r\\nA1=0008\\r\\n")
    (512, 8)
    """
    if (first := _A0.search(heard)) is None or (second := _A1.search(heard, first.end())) is None:
        return None
    return int(first[1]), int(second[1])
