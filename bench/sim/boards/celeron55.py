"""celeron55's device: lines in, lines of `key=integer` out, some of which confirm what it was told.

As read in the program that drives it. Assumed: that it prints all its lines regularly, how often, that it prints the
confirmation of a command at once, and that `cp_pwm` is in percent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.sim.boards.firmware import Firmware
from bench.units import Ns, ms

LINES_EVERY = ms(100)
COMMANDS = {"cp": "cp_output_state", "contactor": "ccs_contactor_wanted_closed"}


@dataclass(frozen=True, slots=True)
class Celeron55Output:
    state_c: bool
    contactor: bool


class Celeron55Board(Firmware):
    """*cp_pwm*: the duty cycle that it measures, percent; None: it does not print one."""

    model = "celeron55"
    baud = 19200

    def __init__(self, *, cp_pwm: int | None = 5, lines_every: Ns = LINES_EVERY, **rest: Any) -> None:
        super().__init__(**rest)
        self.cp_pwm = cp_pwm
        self._every = lines_every
        self._on = {"cp": 0, "contactor": 0}
        self._buffer = b""
        self._next: Ns = 0

    @property
    def output(self) -> Celeron55Output:
        return Celeron55Output(bool(self._on["cp"]), bool(self._on["contactor"]))

    def receive(self, now: Ns, octets: bytes) -> None:
        self._buffer += octets
        while b"\n" in self._buffer:
            command, _, self._buffer = self._buffer.partition(b"\n")
            self._heard(now, command)

    def start(self, now: Ns) -> None:
        self._next = now + self._every
        super().start(now)

    def _boot(self) -> None:
        self._on = {"cp": 0, "contactor": 0}
        self._buffer = b""

    def _own_deadline(self) -> Ns:
        return self._next

    def _wake(self, now: Ns, /) -> None:
        while now >= self._next:
            self._next += self._every
            lines = ["inlet_v=0", f"{COMMANDS['cp']}={self._on['cp']}"]
            if self.cp_pwm is not None:
                lines.insert(1, f"cp_pwm={self.cp_pwm}")
            self._answer(now, "".join(f"{line}\r\n" for line in lines).encode())

    def _obey(self, command: bytes, acts: bool) -> bytes:
        key, _, value = command.decode("latin-1").partition("=")
        if key not in COMMANDS or value not in ("0", "1"):
            return b""
        if acts:
            self._on[key] = int(value)
        return f"{COMMANDS[key]}={self._on[key]}\r\n".encode()
