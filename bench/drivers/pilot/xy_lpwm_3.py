"""The XY-LPWM with three outputs, one of which makes the pilot. The others are left as they are.

    with XyLpwm3("/dev/serial/by-path/...", output=1) as generator:
        generator.set_duty_cycle_pct(5)

It differs from the one with a single output in the duty cycle, `D1:005`, and in the report, `F1.00,D1:005,D2:050,
D3:050,`. The frequency is common. In the report after a change of it three letters I can stand in its place.

Source: one public program that drives it; not verified on a board. That it takes DOWN and FALL for answers, too, is an
assumption.
"""

from __future__ import annotations

import re
from typing import ClassVar

from bench.drivers.pilot.xy_lpwm import TRIES, Report, Variant, XyLpwm, frequency_hz
from bench.units import Ns

OUTPUTS = (1, 2, 3)
NEW_FREQUENCY = b"III"

_REPORT = re.compile(
    r"([FK])\s*([0-9.]+)[\s,;]*D1:([0-9]{3})[\s,;]*D2:([0-9]{3})[\s,;]*D3:([0-9]{3})(?![0-9])", re.IGNORECASE
)


def parse_report(answer: bytes, output: int) -> Report | None:
    """The report in an answer as far as it is about *output*; None where there is none, or more than one.

    >>> print(parse_report(b"F1.00,D1:005,D2:050,D3:100,", 2))
    1000 Hz, 50 %
    """
    found = _REPORT.findall(answer.decode("latin-1"))
    if len(found) != 1:
        return None
    letter, frequency, *duties = found[0]
    duty = int(duties[output - 1])
    try:
        return Report(frequency_hz(frequency), duty, letter.upper()) if duty <= 100 else None
    except ValueError:
        return None


class XyLpwm3(XyLpwm):
    """One output of such a board; a `bench.devices.PilotGenerator`. Arguments as of `XyLpwm`, and *output*, 1 to 3."""

    MODEL: ClassVar[str] = "XY-LPWM with three outputs"

    def __init__(
        self,
        port: str,
        *,
        output: int = 1,
        variant: Variant | None = None,
        settles: Ns | None = None,
        between: Ns | None = None,
        quiet: Ns | None = None,
        within: Ns | None = None,
    ) -> None:
        if output not in OUTPUTS or isinstance(output, bool):
            raise ValueError(f"the board has outputs 1 to 3, no {output!r}")
        given = {"settles": settles, "between": between, "quiet": quiet, "within": within}
        super().__init__(port, variant=variant, **{name: limit for name, limit in given.items() if limit is not None})
        self._output = output

    def _duty_command(self, duty: int) -> str:
        return f"D{self._output}:{duty:03d}"

    def _parse(self, answer: bytes) -> Report | None:
        return parse_report(answer, self._output)

    def _ask_report(self, variant: Variant) -> bytes:
        answer = b""
        for _ in range(TRIES):
            answer = super()._ask_report(variant)
            if NEW_FREQUENCY not in answer:
                break
        return answer
