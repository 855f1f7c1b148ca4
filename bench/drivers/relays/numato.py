"""Numato USB relay modules: text commands on a CDC-ACM port.

    with Numato("/dev/serial/by-path/...", channels=4) as relays:
        relays.set(1, closed=True)      # the module calls it relay 0

A command ends with CR. The module echoes it, answers and prompts: `relay read 0`, LF CR, `off`, LF CR, `>`. Its relays
count from 0, those from the eleventh on with letters: A, B, C and on beyond F.

Source: the maker's samples and public programs that drive the modules; not verified on a module.
"""

from __future__ import annotations

import re

from bench.drivers.relays.board import RelayBoard, named
from bench.drivers.serial_board import alone
from bench.drivers.serial_line import SerialLine, no_answer
from bench.errors import PortError
from bench.units import Ns, ms

BAUD = 19200
"""As in the maker's samples; on USB any will do."""
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
PROMPT = b">"
TRIES = 3

BETWEEN = ms(10)
QUIET = ms(100)
WITHIN = ms(500)


def parse_answer(answer: bytes, told: str) -> str | None:
    """What stands between echo and prompt, empty for a command that is just done; None where one of them is missing.

    >>> parse_answer(b"relay read 0\\n\\roff\\n\\r>", "relay read 0"), parse_answer(b"relay on 0\\n\\r>", "relay on 0")
    ('off', '')
    """
    if not answer.endswith(PROMPT):
        return None
    lines = [line for line in re.split(r"[\r\n]+", answer[: -len(PROMPT)].decode("latin-1")) if line]
    if not lines or not lines[0].endswith(told):
        return None
    return " ".join(lines[1:]).strip()


class Numato(RelayBoard):
    """A Numato module; a `bench.devices.Relays`.

    port      path of the serial port
    channels  how many relays it has, 1 to 32
    between   two commands, at least
    quiet     ends an answer without a prompt
    within    limit of one answer

    Every relay is read back; one that is not as it was told is told twice more, then it is a PortError.
    """

    confirms = True

    def __init__(
        self, port: str, *, channels: int, between: Ns = BETWEEN, quiet: Ns = QUIET, within: Ns = WITHIN
    ) -> None:
        if not 1 <= channels <= len(DIGITS):
            raise ValueError(f"a Numato module has 1 to {len(DIGITS)} relays, not {channels}")
        super().__init__(SerialLine(port, baud=BAUD, name="Numato relays", gap=between), channels)
        self._quiet, self._within = quiet, within

    @alone
    def set(self, channel: int, closed: bool) -> None:
        self.check(channel)
        went: list[str] = []
        for _ in range(TRIES):
            self._tell(channel, closed)
            if (found := self._read(channel)) == ("on" if closed else "off"):
                return
            went.append(f"`{found}`" if found else "nothing it should answer")
        raise PortError(
            f"{self.name} was told {TRIES} times to {'close' if closed else 'release'} {named([channel])}, and "
            f"answered when asked: {', '.join(went)}. Has it {len(self.channels)} relays, and the supply for them?"
        )

    @alone
    def closed(self, channel: int) -> bool:
        self.check(channel)
        for _ in range(TRIES):
            if found := self._read(channel):
                return found == "on"
        raise self._no_answer(command(channel, "read"))

    @alone
    def make_safe(self) -> None:
        """Releases all before the first is read back. A module that says nothing is not waited for each time."""
        answers = True
        for channel in self.channels:
            if answers:
                answers = self._tell(channel, closed=False)
            else:
                self._line.write(command(channel, "off").encode() + b"\r")
        self._line.settle(self._quiet)
        if still_closed := [channel for channel in self.channels if self.closed(channel)]:
            troubles = []
            for channel in still_closed:
                try:
                    self.set(channel, closed=False)
                except PortError as error:
                    troubles.append(str(error))
            if troubles:
                raise PortError("\n".join(troubles))

    def _begin(self) -> None:
        # What another program has left half typed is ended first.
        self._line.ask(b"\r", quiet=self._quiet, within=self._within, enough=prompted)
        if not any(self._say("ver") for _ in range(TRIES)):
            raise self._no_answer("ver")
        self.make_safe()

    def _tell(self, channel: int, closed: bool) -> bool:
        """Returns whether it answered as it should."""
        return self._say(command(channel, "on" if closed else "off")) is not None

    def _read(self, channel: int) -> str:
        """`on`, `off`, or empty where it says neither."""
        found = self._say(command(channel, "read"))
        return found if found in ("on", "off") else ""

    def _say(self, told: str) -> str | None:
        octets = told.encode() + b"\r"
        return parse_answer(self._line.ask(octets, quiet=self._quiet, within=self._within, enough=prompted), told)

    def _no_answer(self, told: str) -> PortError:
        last = self.exchanges[-1].received if self.exchanges else b""
        return no_answer(
            self._line, f"`{told}`", last, self._within, f"Is it a Numato module with {len(self.channels)} relays?"
        )


def command(channel: int, verb: str) -> str:
    """*verb* is on, off or read.

    >>> command(1, "on"), command(17, "read")
    ('relay on 0', 'relay read G')
    """
    return f"relay {verb} {DIGITS[channel - 1]}"


def prompted(heard: bytes) -> bool:
    return heard.endswith(PROMPT)
