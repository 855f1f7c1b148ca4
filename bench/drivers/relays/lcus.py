"""LCUS-1, -2, -4 and -8 (LC Technology): USB relay boards that look like a CH340 serial port.

    with Lcus("/dev/serial/by-path/...", channels=4) as relays:
        relays.set(2, closed=True)
        relays.closed(2)        # True, or None on a board that cannot be asked

A command is a frame of four octets: A0, channel from 1, 1 close or 0 release, low octet of their sum. There is none for
all channels at once. FF asks for the state; the single relay board and many others say nothing to it. Of those that
answer, one program expects a line of text per channel with ON or OFF, another an octet per channel: both will do here.

Source: vendor's frames, and public programs that drive the boards; not verified on a board. A CH340 has no serial
number: name the port by its path. The relays stay as they are when the program dies; they release without USB power.
"""

from __future__ import annotations

import re

from bench.drivers.relays.board import RelayBoard, named
from bench.drivers.serial_board import alone
from bench.drivers.serial_line import SerialLine, no_answer, spelt
from bench.errors import PortError
from bench.units import Ns, ms

BAUD = 9600
MODELS = (1, 2, 4, 8)
START = 0xA0
STATUS = b"\xff"
TRIES = 3

SETTLES = ms(50)
BETWEEN = ms(20)
"""Between two commands: programs leave 10 to 50 ms."""
QUIET = ms(50)
WITHIN = ms(300)


def frame(channel: int, closed: bool) -> bytes:
    """The command for one relay.

    >>> frame(1, True).hex(" "), frame(4, False).hex(" ")
    ('a0 01 01 a2', 'a0 04 00 a4')
    """
    octets = (START, channel, int(closed))
    return bytes((*octets, sum(octets) & 0xFF))


def parse_status(answer: bytes, channels: int) -> tuple[bool, ...] | None:
    """Which relays are closed by the answer to FF, channel 1 first; None where it does not tell for each channel.

    >>> parse_status(b"CH1: ON \\r\\nCH2: OFF \\r\\n", 2), parse_status(b"\\x00\\x01", 2), parse_status(b"\\x00", 2)
    ((True, False), (False, True), None)
    """
    if len(answer) == channels and set(answer) <= {0, 1}:
        return tuple(octet == 1 for octet in answer)
    lines = [line for line in re.split(r"[\r\n]+", answer.decode("latin-1").upper()) if line.strip()]
    words = [re.findall(r"\b(?:ON|OFF)\b", line) for line in lines]
    if len(words) != channels or any(len(of_line) != 1 for of_line in words):
        return None
    return tuple(of_line == ["ON"] for of_line in words)


class Lcus(RelayBoard):
    """An LCUS board; a `bench.devices.Relays`.

    port      path of the serial port
    channels  1, 2, 4 or 8
    answers   whether it can be asked; None: `open` finds out; True: then its silence is an error
    settles   what it gets to come to itself after the port is opened
    between   two commands, at least
    quiet     ends an answer
    within    limit of one answer

    A relay that is not found as it was told is told twice more, then it is a PortError.
    """

    def __init__(
        self,
        port: str,
        *,
        channels: int,
        answers: bool | None = None,
        settles: Ns = SETTLES,
        between: Ns = BETWEEN,
        quiet: Ns = QUIET,
        within: Ns = WITHIN,
    ) -> None:
        if channels not in MODELS:
            raise ValueError(f"an LCUS board has {', '.join(map(str, MODELS))} relays, not {channels}")
        super().__init__(SerialLine(port, baud=BAUD, name=f"LCUS-{channels}", gap=between), channels)
        self._given = answers
        self._confirms = bool(answers)
        self._settles, self._quiet, self._within = settles, quiet, within

    @property
    def confirms(self) -> bool:
        return self._confirms

    @alone
    def set(self, channel: int, closed: bool) -> None:
        self._switch([self.check(channel)], closed)

    @alone
    def closed(self, channel: int) -> bool | None:
        self.check(channel)
        if not self._confirms:
            self._line.check_open()
            return None
        answer = b""
        for _ in range(TRIES):
            answer = self._ask()
            if (states := parse_status(answer, len(self.channels))) is not None:
                return states[channel - 1]
        raise self._no_status(answer)

    @alone
    def make_safe(self) -> None:
        self._switch(list(self.channels), closed=False)

    def _begin(self) -> None:
        self._line.settle(self._settles)
        self._confirms = self._found_to_answer() if self._given is None else self._given
        self.make_safe()

    def _found_to_answer(self) -> bool:
        answers = []
        for _ in range(TRIES):
            answers.append(self._ask())
            if parse_status(answers[-1], len(self.channels)) is not None:
                return True
        if any(answers):
            raise self._no_status(max(answers, key=len))
        return False

    def _switch(self, channels: list[int], closed: bool) -> None:
        """Tell them all first, then ask once: releasing must not wait for answers."""
        wrong, answer = channels, b""
        for _ in range(TRIES):
            for channel in wrong:
                self._line.write(frame(channel, closed))
            if not self._confirms:
                return
            answer = self._ask()
            if (states := parse_status(answer, len(self.channels))) is not None:
                wrong = [channel for channel in channels if states[channel - 1] is not closed]
                if not wrong:
                    return
        if parse_status(answer, len(self.channels)) is None:
            raise self._no_status(answer)
        raise PortError(
            f"{self.name} was told {TRIES} times to {'close' if closed else 'release'} {named(wrong)}, and reports "
            f"{spelt(answer)}. Is the board's supply strong enough for its coils?"
        )

    def _ask(self) -> bytes:
        return self._line.ask(STATUS, quiet=self._quiet, within=self._within)

    def _no_status(self, answer: bytes) -> PortError:
        count = len(self.channels)
        return no_answer(
            self._line,
            spelt(STATUS),
            answer,
            self._within,
            f"A state of {count} relays was expected: is it an LCUS-{count}?",
        )
