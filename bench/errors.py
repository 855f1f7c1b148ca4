"""Two families, because Allure shows two reds.

`Deviation` is an AssertionError: the station under test did something wrong (Allure: failed).
`BenchError` is everything that keeps the bench from judging (Allure: broken).
`MalformedMme` says that octets are no message; what that means is for the caller to decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class Deviation(AssertionError):
    """The station under test departs from a rule.

    what   who did what, in one line
    rule   the clause or table that says otherwise
    saw    what was seen instead
    look   where to look: a frame number, an attachment
    """

    def __init__(self, what: str, *, rule: str, saw: str = "", waited: str = "", look: str = "") -> None:
        self.what, self.rule, self.saw, self.waited, self.look = what, rule, saw, waited, look
        lines = [what]
        for name in ("rule", "waited", "saw", "look"):
            if value := getattr(self, name):
                lines.append(f"  {name:<7} {value}")
        super().__init__("\n".join(lines))


class BenchError(Exception):
    """The bench itself cannot go on; the station under test is not to blame."""


class ConfigError(BenchError):
    """A rig file, profile or option is wrong. Carries every mistake found, not only the first."""

    def __init__(self, *mistakes: str) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


class PortError(BenchError):
    """A frame port, pilot or power switch does not work."""


class DeviceGone(PortError):
    """A device that was there is not any more: pulled out, or without power. It does not come back by itself."""


class InterfaceDown(PortError):
    """A network interface is down for now. What is sent is lost; it may be up again later."""


class AdapterError(BenchError):
    """An adapter does not answer, refuses or is not what the rig file says."""


class AdapterSilent(AdapterError):
    """It does not answer: no power, no cable, restarting, or it does not know the question."""


class AdapterRestarted(AdapterSilent):
    """It fell silent in the middle of something and answers again: it has restarted without being told to."""


class AdapterRefused(AdapterError):
    """It answered no. *status* is its reason, in the numbers of the message."""

    def __init__(self, what: str, status: int) -> None:
        self.status = status
        super().__init__(what)


class AdapterAmbiguous(AdapterError):
    """More than one adapter answers where one was asked."""


class RigBroken(BenchError):
    """The rig failed its self-check; nothing measured on it would mean anything."""


class RigBusy(BenchError):
    """Another program uses the rig, or a part of it."""


class Inconclusive(BenchError):
    """The bench saw the station under test, but not well enough to decide."""


class TooClose(Inconclusive):
    """The margin to a limit is within the bench's uncertainty."""


class Missed(Inconclusive):
    """Frames were lost on the bench's side."""


class CaptureError(BenchError):
    """A capture file cannot be read."""


class PibError(BenchError):
    """Octets that are no sound PIB or NVM file: *what* was being read, *where* (file offset), *why* it is refused."""

    def __init__(self, what: str, where: int, why: str) -> None:
        self.what, self.where, self.why = what, where, why
        super().__init__(f"{what} at 0x{where:X}: {why}")


class MalformedMme(ValueError):
    """Octets that are no management message: *what* was being read, *where* (octet), *why* it failed."""

    def __init__(self, what: str, where: int, why: str) -> None:
        self.what, self.where, self.why = what, where, why
        super().__init__(f"{what}: octet {where}: {why}")


def did_you_mean(word: str, known: Iterable[str], *, else_all: bool = True) -> str:
    """The end of a message about a name that does not exist.

    >>> did_you_mean("offsett", ["offset", "old"]), did_you_mean("x", ["offset", "old"])
    ('; did you mean offset?', '; known are offset, old')
    """
    names = sorted(known)
    if near := get_close_matches(word, names, n=1):
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(names)}" if else_all else ""


def demand(holds: object, what: str, *, rule: str, saw: str = "", look: str = "") -> None:
    """Raise `Deviation(what)` unless *holds*; a check that says in words what it checks."""
    if not holds:
        raise Deviation(what, rule=rule, saw=saw, look=look or "ladder.svg and trace.pcapng (attached)")
