"""celeron55's device: a car's end of the pilot that confirms what it was told, and says what duty cycle it sees.

    with Celeron55("/dev/serial/by-path/...") as load:
        load.set_load(CarLoad.C)
        load.duty_cycle_pct()       # 5.0

It is told `cp=0` (B) or `cp=1` (C) and prints lines of `key=integer`, among them `cp_output_state`, which must come to
agree. It also drives a contactor, which stays open here.

Source: the one public program that drives it; no description of the device was found, nothing is verified on one. That
`cp_pwm` is in percent is an assumption.
"""

from __future__ import annotations

import re

from bench.devices import CarLoad
from bench.drivers.serial_board import SerialBoard, alone
from bench.drivers.serial_line import SerialLine, no_answer, spelt
from bench.errors import PortError
from bench.units import Ns, ms

BAUD = 19200
TRIES = 3

BETWEEN = ms(10)
WITHIN = ms(800)
"""How often it prints its lines is not known."""

CONFIRMS = "cp_output_state"
CONTACTOR = "ccs_contactor_wanted_closed"
_VALUES = {CarLoad.B: 0, CarLoad.C: 1}
_LINE = re.compile(rb"^([a-z0-9_]+)=(-?\d+)\r?\n", re.MULTILINE)


def last_value(heard: bytes, key: str) -> int | None:
    """The newest value of *key* in what was heard; a line that is not complete yet does not count.

    >>> last_value(b"cp_pwm=5\\ncp_pwm=6\\ncp_pwm=7", "cp_pwm"), last_value(b"inlet_v=0\\n", "cp_pwm")
    (6, None)
    """
    values = [int(value) for name, value in _LINE.findall(heard) if name.decode() == key]
    return values[-1] if values else None


class Celeron55(SerialBoard):
    """celeron55's device; a `bench.devices.PilotLoad` that can be B and C.

    port     path of the serial port
    baud     as configured in the device
    within   limit for a line to come
    """

    def __init__(self, port: str, *, baud: int = BAUD, within: Ns = WITHIN) -> None:
        super().__init__(SerialLine(port, baud=baud, name="celeron55 device", gap=BETWEEN))
        self._within = within

    @property
    def loads(self) -> frozenset[CarLoad]:
        return frozenset(_VALUES)

    @alone
    def set_load(self, load: CarLoad) -> None:
        if load not in _VALUES:
            raise ValueError(f"{self.name} makes B and C only, not {load.name}")
        self._tell(_VALUES[load])

    @alone
    def make_safe(self) -> None:
        """Contactor open, state B."""
        self._line.write(b"contactor=0\n")
        heard = self._tell(0)
        if last_value(heard, CONTACTOR) == 1:
            raise PortError(f"{self.name} was told contactor=0, and still wants its contactor closed: cut its power")

    @alone
    def duty_cycle_pct(self) -> float:
        """What it sees on the pilot, from the next line it prints. PortError where none comes, or none it can be."""
        self._line.discard()
        heard = self._line.listen(
            quiet=self._within, within=self._within, enough=lambda heard: last_value(heard, "cp_pwm") is not None
        )
        if (duty := last_value(heard, "cp_pwm")) is None:
            raise no_answer(self._line, "nothing", heard, self._within, "A line with cp_pwm was expected")
        if not 0 <= duty <= 100:
            raise PortError(f"{self.name} printed cp_pwm={duty}, which is no duty cycle in percent")
        return float(duty)

    def _begin(self) -> None:
        self.make_safe()

    def _tell(self, value: int) -> bytes:
        """Returns what was heard until it agreed. Lines printed before it obeyed may still say otherwise."""
        octets, heard = b"cp=%d\n" % value, b""
        for _ in range(TRIES):
            heard = self._line.ask(
                octets,
                quiet=self._within,
                within=self._within,
                enough=lambda heard: last_value(heard, CONFIRMS) == value,
            )
            if last_value(heard, CONFIRMS) == value:
                return heard
        raise no_answer(
            self._line, f"{spelt(octets)} {TRIES} times", heard, self._within, f"{CONFIRMS}={value} was expected"
        )
