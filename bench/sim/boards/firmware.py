"""What all simulated boards share: octets and an instant in, octets out, and moods.

    board = XyLpwmBoard(duty_cycle_pct=5, on_output=lambda t, output: print(output))
    board.start(0)
    board.receive(ms(1), b"D010")
    board.wake(board.next_deadline())      # the line has been silent long enough
    board.transmit(board.next_deadline())  # b"DOWN\\r\\n"

A firmware never asks what time it is. Each tells a command it has framed to `_heard`, which obeys and answers by mood.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from bench.units import Ns, ms, s

NOISE = bytes.fromhex("00 ff 80 1b 5b")
"""What a line picks up; no letter, no digit."""


class Mood(enum.Enum):
    """What can be wrong with a board. Its commands take effect, unless the mood says otherwise."""

    WELL = "as it should be"
    LATE = "answers after a while"
    VERY_LATE = "answers when nobody waits any more"
    GARBAGE_FIRST = "noise before each answer"
    GARBAGE = "noise instead of each answer"
    SILENT = "answers nothing"
    ACCEPTS_WITHOUT_ACTING = "answers as if it had obeyed"
    ANSWERS_PREVIOUS = "answers each command with the answer to the one before"
    MERGES = "takes longer than others to see the end of a command, so that hasty ones run together"
    NO_LINE_END = "leaves the line end off its answers"
    VANISHES = "is pulled out of its socket at some command"


class Firmware(ABC):
    """One board, from power-up on.

    mood             what is wrong with it; may be changed at any time
    on_output        called with the instant and the new output whenever that changes, and at power-up
    on_command       called with the instant and each command as the board frames it
    late, very_late  after how long it answers in these moods
    vanishes_after   commands that it hears before it vanishes, in this mood
    """

    model: ClassVar[str]
    baud: ClassVar[int]
    resets_when_opened: bool = False
    """Whether opening its port restarts it, as with an Arduino."""

    def __init__(
        self,
        *,
        mood: Mood = Mood.WELL,
        on_output: Callable[[Ns, Any], None] | None = None,
        on_command: Callable[[Ns, bytes], None] | None = None,
        late: Ns = ms(150),
        very_late: Ns = s(3),
        vanishes_after: int = 0,
    ) -> None:
        self.mood = mood
        self.on_output = on_output
        self.on_command = on_command
        self.late, self.very_late = late, very_late
        self.vanishes_after = vanishes_after
        self.vanished = False
        self.commands_heard = 0
        self._previous_answer = b""
        self._due: list[tuple[Ns, bytes]] = []
        self._reported: object = None

    @property
    @abstractmethod
    def output(self) -> object:
        """What the board puts out now: a value that can be compared."""

    def start(self, now: Ns) -> None:
        """Power-up: what the board keeps without power is as it was, the rest begins anew."""
        self._due.clear()
        self._previous_answer = b""
        self._boot()
        self._reported = None
        self._report(now)

    @abstractmethod
    def receive(self, now: Ns, octets: bytes) -> None: ...

    def wake(self, now: Ns) -> None:
        """Do what was due by *now*."""
        self._wake(now)
        self._report(now)

    def transmit(self, now: Ns) -> bytes:
        """What the board has sent by *now*, once."""
        gone = [octets for due, octets in self._due if due <= now]
        self._due = [(due, octets) for due, octets in self._due if due > now]
        return b"".join(gone)

    def next_deadline(self) -> Ns | None:
        """When `wake` and `transmit` are next worth calling."""
        deadlines = [due for due, _ in self._due]
        if (own := self._own_deadline()) is not None:
            deadlines.append(own)
        return min(deadlines, default=None)

    @abstractmethod
    def _boot(self) -> None: ...

    @abstractmethod
    def _obey(self, command: bytes, acts: bool) -> bytes:
        """Carry out a command, unless it is not to act, and return the answer."""

    @abstractmethod
    def _wake(self, now: Ns, /) -> None:
        """What the board does by itself."""

    @abstractmethod
    def _own_deadline(self) -> Ns | None:
        """When it does it next."""

    def _heard(self, now: Ns, command: bytes) -> None:
        """A whole command has come."""
        if self.on_command is not None:
            self.on_command(now, command)
        self.commands_heard += 1
        if self.mood is Mood.VANISHES and self.commands_heard > self.vanishes_after:
            self.vanished = True
        if self.vanished:
            return
        answer = self._obey(command, acts=self.mood is not Mood.ACCEPTS_WITHOUT_ACTING)
        self._report(now)
        self._answer(now, answer)

    def _answer(self, now: Ns, answer: bytes) -> None:
        self._previous_answer, previous = answer, self._previous_answer
        delay = {Mood.LATE: self.late, Mood.VERY_LATE: self.very_late}.get(self.mood, 0)
        match self.mood:
            case Mood.SILENT:
                return
            case Mood.ANSWERS_PREVIOUS:
                answer = previous
            case Mood.GARBAGE:
                answer = NOISE
            case Mood.GARBAGE_FIRST:
                answer = NOISE + answer
            case Mood.NO_LINE_END:
                answer = answer.rstrip(b"\r\n")
        self._say(now + delay, answer)

    def _say(self, when: Ns, octets: bytes) -> None:
        if octets:
            self._due.append((when, octets))

    def _report(self, now: Ns) -> None:
        if self._reported != self.output:
            self._reported = self.output
            if self.on_output is not None:
                self.on_output(now, self.output)
