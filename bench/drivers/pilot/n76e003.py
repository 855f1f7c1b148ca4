"""An XY-LPWM or clone with the open firmware for its N76E003 controller: a terminal at 38400 baud.

    with N76e003("/dev/serial/by-path/...") as generator:
        generator.set_duty_cycle_pct(5)

It is told lines: `duty 5`, `freq 1k00`, `out on`, `out direct`, each echoed and followed by a prompt. `pwm` makes it
report: `on freq: 1k00, duty: 5 direct`. A wrong argument is answered with `Invalid argument`, but a duty cycle beyond
255 is taken modulo 256; none such is sent. It stores every setting in its flash at once and starts with it: **left at
5 %, it makes 5 % as soon as it has power.** For three seconds after power-up it hears nothing.

Each setting wears the flash, so a duty cycle that is set already is not set again, but by `make_safe`.

Source: the firmware's public text; not verified on a board.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bench.devices import DutyAccuracy
from bench.drivers.pilot.xy_lpwm import SAFE_PCT, whole_percent
from bench.drivers.serial_board import SerialBoard, alone
from bench.drivers.serial_line import SerialLine, no_answer, spelt
from bench.errors import PortError
from bench.units import Ns, ms

BAUD = 38400
PROMPT = b"> "
TRIES = 3

BETWEEN = ms(20)
QUIET = ms(100)
WITHIN = ms(400)

_REPORT = re.compile(r"(on|off) freq: ([0-9k]{4}), duty: (\d{1,3}) (direct|negative)")


@dataclass(frozen=True, slots=True)
class Report:
    """What it says it makes. *frequency* as it spells it: `1k00` is 1.00 kHz."""

    on: bool
    frequency: str
    duty_cycle_pct: int
    direct: bool

    def __str__(self) -> str:
        return (
            f"{'on' if self.on else 'off'}, {self.frequency}, {self.duty_cycle_pct} %, "
            f"{'direct' if self.direct else 'negative'}"
        )


def parse_report(answer: bytes) -> Report | None:
    """The report in the answer to `pwm`; None where there is none, or more than one.

    >>> print(parse_report(b"pwm\\non freq: 1k00, duty: 50 negative\\n> "))
    on, 1k00, 50 %, negative
    """
    found = _REPORT.findall(answer.decode("latin-1"))
    if len(found) != 1 or int(found[0][2]) > 100:
        return None
    output, frequency, duty, polarity = found[0]
    return Report(output == "on", frequency, int(duty), polarity == "direct")


class N76e003(SerialBoard):
    """A board with that firmware; a `bench.devices.PilotGenerator`.

    port     path of the serial port
    between  two commands, at least
    quiet    ends an answer without a prompt
    within   limit of one answer
    """

    def __init__(self, port: str, *, between: Ns = BETWEEN, quiet: Ns = QUIET, within: Ns = WITHIN) -> None:
        super().__init__(SerialLine(port, baud=BAUD, name="PWM board with N76E003 firmware", gap=between))
        self._quiet, self._within = quiet, within

    @property
    def accuracy(self) -> DutyAccuracy:
        return DutyAccuracy(step_pct=1.0, error_pct=None, source="nobody states the error of the duty cycle")

    @property
    def makes_state_e(self) -> bool:
        return False

    @alone
    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None:
        duty = whole_percent(duty_cycle_pct)
        if self.report().duty_cycle_pct != duty:
            self._set_duty(duty)

    def set_state_e(self) -> None:
        raise PortError(
            f"{self.name} cannot put the pilot at 0 V: it makes +12 V, -12 V and PWM. "
            "State E needs a relay in the pilot"
        )

    def duty_cycle_pct(self) -> float:
        return float(self.report().duty_cycle_pct)

    @alone
    def report(self) -> Report:
        """What it says it makes, asked now. PortError where it does not say so three times running."""
        answer = b""
        for _ in range(TRIES):
            answer = self._say("pwm")
            if (report := parse_report(answer)) is not None:
                return report
        remedy = "Is it a board with the N76E003 firmware? It needs three seconds after power-up"
        raise no_answer(self._line, "`pwm`", answer, self._within, remedy)

    @alone
    def make_safe(self) -> None:
        """100 %, read back; told even if that is what it says."""
        self._set_duty(SAFE_PCT)

    def _begin(self) -> None:
        # What another program has left half typed is ended first.
        self._say("")
        self.report()
        self.make_safe()
        self._set("freq 1k00", lambda report: report.frequency == "1k00")
        self._set("out direct", lambda report: report.direct)
        self._set("out on", lambda report: report.on)
        if (report := self.report()) != (wanted := Report(True, "1k00", SAFE_PCT, True)):
            raise PortError(f"{self.name} was told {wanted}, and reports {report}: leave its keys alone meanwhile")

    def _set_duty(self, duty: int) -> None:
        self._set(f"duty {duty}", lambda report: report.duty_cycle_pct == duty)

    def _set(self, command: str, is_set: Callable[[Report], bool]) -> None:
        went = []
        for _ in range(TRIES):
            answer = self._say(command)
            report = parse_report(self._say("pwm"))
            if report is not None and is_set(report):
                return
            went.append(f"it answered {spelt(answer)} and reports {report or 'nothing'}")
        raise PortError(
            f"{self.name} was told `{command}` {TRIES} times, and it is not set: {'; '.join(went)}. "
            "Look at its display: if it shows something else, check the wires; if not, its power"
        )

    def _say(self, command: str) -> bytes:
        return self._line.ask(
            command.encode("ascii") + b"\r",
            quiet=self._quiet,
            within=self._within,
            enough=lambda heard: heard.endswith(b"\n" + PROMPT),
        )
