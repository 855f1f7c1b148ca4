"""XY-LPWM and its clones (JZ-LPWM, VHM-800, unnamed): a square wave in whole percent, told over a serial line.

    with XyLpwm("/dev/serial/by-path/...") as generator:
        generator.set_duty_cycle_pct(5)

The board makes 0 V and its supply voltage; what makes +12/-12 V behind 1 kOhm of it is a driver stage of the bench.

Theory of operation. Commands have no length and mostly no end: the board takes what comes until it is silent for a
while. So it is one command, one reply, then the next. Replies are worth little, because clones differ; every setting
is read back, and only what the board then reports counts. It remembers its settings without power: **a board last left
at 5 % makes 5 % as soon as it has power, before any program runs.** So it is left at 100 %.

Source: the text that circulates with the board and public programs that drive it; no data sheet exists. Not verified on
a board. As read there: 9600 baud 8N1; `F1.00` is 1.00 kHz, `D005` 5 %, `read` reports both; DOWN is "done", FALL "fail"
(sic). A lone 03 has been seen to set both displays to 0000: no control character is ever sent, but for the CR LF of
those clones that want one.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Real
from typing import ClassVar

from bench.devices import DutyAccuracy
from bench.drivers.serial_board import SerialBoard, alone
from bench.drivers.serial_line import SerialLine, no_answer, spelt
from bench.errors import PortError
from bench.units import Ns, ms, show

BAUD = 9600
PILOT_HZ = 1000
SAFE_PCT = 100
TRIES = 3

SETTLES = ms(200)
"""After opening the port, before the first word."""
BETWEEN = ms(100)
"""Between two commands: public programs leave 100 to 200 ms."""
QUIET = ms(50)
WITHIN = ms(400)
"""At 9600 baud the longest answer takes 15 ms. With this a board that says nothing fails in about 2 s."""

ACCEPTED = frozenset({"DOWN", "DONE"})
REFUSED = frozenset({"FALL", "FAIL"})

_WORD = re.compile(r"(?<![A-Z])(DOWN|DONE|FALL|FAIL)(?![A-Z])", re.IGNORECASE)
_REPORT = re.compile(r"([FK])\s*([0-9.]+)[\s,;]*D\s*([0-9]{3})(?![0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Variant:
    """How one clone wants to be spoken to.

    ask          what makes it report: `read` or `READ`
    terminator   what ends a command: nothing, or CR LF
    prefix       of the frequency: F or K
    """

    ask: str = "read"
    terminator: str = ""
    prefix: str = "F"

    def __str__(self) -> str:
        end = "CR LF" if self.terminator else "no terminator"
        return f"{self.ask}, {end}, {self.prefix}{frequency_text(PILOT_HZ)}"


@dataclass(frozen=True, slots=True)
class Report:
    """What the board says it makes. *prefix*: the letter that it puts before the frequency."""

    frequency_hz: int
    duty_cycle_pct: int
    prefix: str = "F"

    def __str__(self) -> str:
        return f"{self.frequency_hz} Hz, {self.duty_cycle_pct} %"


def frequency_text(frequency_hz: int) -> str:
    """A frequency as the board is told it, without the letter before it. ValueError for one it cannot be told.

    >>> frequency_text(101), frequency_text(1000), frequency_text(10_500), frequency_text(105_000)
    ('101', '1.00', '10.5', '1.0.5')
    """
    for unit, below, text in (
        (1, 1_000, "{:03d}"),
        (10, 10_000, "{0[0]}.{0[1]}{0[2]}"),
        (100, 100_000, "{0[0]}{0[1]}.{0[2]}"),
        (1_000, 151_000, "{0[0]}.{0[1]}.{0[2]}"),
    ):
        if 0 < frequency_hz < below and frequency_hz % unit == 0:
            steps = frequency_hz // unit
            return text.format(steps if unit == 1 else f"{steps:03d}")
    raise ValueError(f"the board makes 1 Hz to 150 kHz in steps of three digits, not {frequency_hz} Hz")


def frequency_hz(text: str) -> int:
    """The other way round. ValueError for a text that is no frequency of the board.

    >>> frequency_hz("101"), frequency_hz("1.00"), frequency_hz("10.5"), frequency_hz("1.0.5")
    (101, 1000, 10500, 105000)
    """
    for pattern, unit in ((r"\d{3}", 1), (r"\d\.\d{2}", 10), (r"\d{2}\.\d", 100), (r"\d\.\d\.\d", 1_000)):
        if re.fullmatch(pattern, text):
            return int(text.replace(".", "")) * unit
    raise ValueError(f"{text!r} is no frequency")


def parse_report(answer: bytes) -> Report | None:
    """The report in an answer; None where there is none, or more than one."""
    found = _REPORT.findall(answer.decode("latin-1"))
    if len(found) != 1:
        return None
    try:
        letter, frequency, duty = found[0]
        report = Report(frequency_hz(frequency), int(duty), letter.upper())
    except ValueError:
        return None
    return report if report.duty_cycle_pct <= 100 else None


def parse_word(answer: bytes) -> str | None:
    """DOWN, DONE, FALL or FAIL, in capitals; None where the answer holds none of them, or several."""
    found: list[str] = _WORD.findall(answer.decode("latin-1"))
    return found[0].upper() if len(found) == 1 else None


def whole_percent(duty_cycle_pct: float) -> int:
    """ValueError for what is no whole number of percent from 0 to 100."""
    if isinstance(duty_cycle_pct, bool) or not isinstance(duty_cycle_pct, Real) or not math.isfinite(duty_cycle_pct):
        raise ValueError(f"a duty cycle is a number of percent, got {duty_cycle_pct!r}")
    if not 0 <= duty_cycle_pct <= 100:
        raise ValueError(f"a duty cycle is 0..100 %, got {duty_cycle_pct}")
    if duty_cycle_pct != int(duty_cycle_pct):
        raise ValueError(f"an XY-LPWM makes duty cycles in whole percent, not {duty_cycle_pct} %")
    return int(duty_cycle_pct)


class XyLpwm(SerialBoard):
    """A board of the XY-LPWM family; a `bench.devices.PilotGenerator`.

    port      path of the serial port
    variant   how this clone is spoken to; None: `open` finds out
    settles   what the board gets to come to itself after the port is opened
    between   two commands, at least
    quiet     ends a reply
    within    limit of one reply

    A setting that is refused, not answered or not found when read back is tried twice more, then it is a PortError.
    """

    MODEL: ClassVar[str] = "XY-LPWM"

    def __init__(
        self,
        port: str,
        *,
        variant: Variant | None = None,
        settles: Ns = SETTLES,
        between: Ns = BETWEEN,
        quiet: Ns = QUIET,
        within: Ns = WITHIN,
    ) -> None:
        super().__init__(SerialLine(port, baud=BAUD, name=self.MODEL, gap=between))
        self._given = variant
        self._variant = variant
        self._settles, self._quiet, self._within = settles, quiet, within

    @property
    def variant(self) -> Variant | None:
        """How it is spoken to: as given, or as found by `open`."""
        return self._variant

    @property
    def accuracy(self) -> DutyAccuracy:
        return DutyAccuracy(
            step_pct=1.0,
            error_pct=None,
            source="nobody states the error of the duty cycle; the vendor's 2 % of frequency is not verified",
        )

    @property
    def makes_state_e(self) -> bool:
        return False

    @alone
    def set_duty_cycle_pct(self, duty_cycle_pct: float) -> None:
        duty = whole_percent(duty_cycle_pct)
        self._set(self._duty_command(duty), lambda report: report.duty_cycle_pct == duty)

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
        variant = self._spoken()
        answer = b""
        for _ in range(TRIES):
            answer = self._ask_report(variant)
            if (report := self._parse(answer)) is not None:
                return report
        raise self._no_answer(spelt(variant.ask.encode()), answer)

    @alone
    def make_safe(self) -> None:
        """100 %, read back. Where that fails it is told once more, whatever it answers, and it is a PortError."""
        try:
            self.set_duty_cycle_pct(SAFE_PCT)
        except PortError as error:
            if self._line.is_open:
                self._ask(self._duty_command(SAFE_PCT), self._spoken())
                raise PortError(f"{error} It was told {SAFE_PCT} % once more, without believing it") from None
            raise

    def _begin(self) -> None:
        self._line.settle(self._settles)
        self._variant = self._given if self._given is not None else self._probed()
        if self._given is not None:
            self.report()
        self.make_safe()
        self._set_pilot_frequency()

    def _probed(self) -> Variant:
        heard = []
        # Twice each: a first command may follow upon what another program has left unfinished, and a board that waits
        # for CR LF has all that was sent without one before it.
        for terminator, ask in itertools.product(("", "", "\r\n", "\r\n"), ("read", "READ")):
            variant = Variant(ask, terminator)
            answer = self._ask_report(variant)
            if (report := self._parse(answer)) is not None:
                return replace(variant, prefix=report.prefix)
            heard.append(f"{spelt((ask + terminator).encode())}: {spelt(answer)}")
        raise PortError(
            f"{self.name} does not report frequency and duty cycle, so it is no board of this family, has no power or "
            f"is not reached ({BAUD} baud 8N1, TTL level, RX and TX crossed). Asked and answered: {'; '.join(heard)}"
        )

    def _set_pilot_frequency(self) -> None:
        """A clone that reports one letter may still want the other, so unless it is given both are tried."""
        reported = self._spoken().prefix
        prefixes = (reported,) if self._given is not None else (reported, "K" if reported == "F" else "F")
        for prefix in prefixes:
            self._variant = replace(self._spoken(), prefix=prefix)
            try:
                self._set(f"{prefix}{frequency_text(PILOT_HZ)}", lambda report: report.frequency_hz == PILOT_HZ)
            except PortError:
                if self._line.gone or prefix == prefixes[-1]:
                    raise
            else:
                break
        if (duty := self.report().duty_cycle_pct) != SAFE_PCT:
            raise PortError(
                f"{self.name} went from {SAFE_PCT} % to {duty} % when it was told {PILOT_HZ} Hz. "
                "Leave its keys alone while the bench runs; if nobody touched them, it is no board for this"
            )

    def _set(self, command: str, is_set: Callable[[Report], bool]) -> None:
        variant = self._spoken()
        went: list[str] = []
        for _ in range(TRIES):
            if not (wrong := self._try(command, is_set, variant)):
                return
            went.append(wrong)
        raise PortError(
            f"{self.name} was told {command} {TRIES} times, and it is not set. {'; '.join(went)}. "
            "Look at its display: if it shows something else, check the wires and the variant; if not, its power"
        )

    def _try(self, command: str, is_set: Callable[[Report], bool], variant: Variant) -> str:
        """One command and the question whether it is set. Returns what is wrong, empty where nothing is.

        A late answer to an earlier command can pass for the word of this one, not for its report as well.
        """
        answer = self._ask(command, variant)
        word = parse_word(answer)
        if word in REFUSED:
            return f"it refused ({word})"
        if word not in ACCEPTED:
            return f"it answered {spelt(answer)}" if answer else f"it said nothing within {show(self._within)}"
        report = self._parse(self._ask_report(variant))
        if report is None:
            return f"it said {word}, but does not report what it makes"
        return "" if is_set(report) else f"it said {word}, but reports {report}"

    def _duty_command(self, duty: int) -> str:
        return f"D{duty:03d}"

    def _parse(self, answer: bytes) -> Report | None:
        return parse_report(answer)

    def _ask_report(self, variant: Variant) -> bytes:
        return self._ask(variant.ask, variant)

    def _ask(self, command: str, variant: Variant) -> bytes:
        return self._line.ask(self._octets(command, variant), quiet=self._quiet, within=self._within)

    def _octets(self, command: str, variant: Variant) -> bytes:
        return (command + variant.terminator).encode("ascii")

    def _spoken(self) -> Variant:
        if self._variant is None:
            raise PortError(f"{self.name} is not open")
        return self._variant

    def _no_answer(self, told: str, answered: bytes) -> PortError:
        remedy = f"Frequency and duty cycle were expected, spoken to as {self._variant}. Check its power and its wires"
        return no_answer(self._line, told, answered, self._within, remedy)
