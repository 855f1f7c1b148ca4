"""What was found out about this computer, and what to do about it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Level(enum.Enum):
    """ERROR keeps this computer from being a bench; WARNING spoils what it measures; NOTE is worth knowing."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """check  the part of the examination: interfaces, capture, adapters, services, serial, timing ...
    subject   the thing looked at: eth0, NetworkManager
    reason    what was found, and why it matters
    fix       the command or deed; only an OK needs none
    """

    level: Level
    check: str
    subject: str
    reason: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.level is not Level.OK and not self.fix:
            raise ValueError(f"{self.subject}: a finding that is not ok says what to do")


@dataclass(frozen=True, slots=True)
class Part:
    """Makes the findings of one part of the examination."""

    check: str

    def ok(self, subject: str, reason: str) -> Finding:
        return Finding(Level.OK, self.check, subject, reason)

    def note(self, subject: str, reason: str, fix: str) -> Finding:
        return Finding(Level.NOTE, self.check, subject, reason, fix)

    def warning(self, subject: str, reason: str, fix: str) -> Finding:
        return Finding(Level.WARNING, self.check, subject, reason, fix)

    def error(self, subject: str, reason: str, fix: str) -> Finding:
        return Finding(Level.ERROR, self.check, subject, reason, fix)


def fit(findings: Iterable[Finding]) -> bool:
    """Whether nothing keeps the computer from being a bench."""
    return all(finding.level is not Level.ERROR for finding in findings)
