"""What a measurement was made under, and whether two may be compared.

Some things have to agree, or the difference of two runs says nothing about the station: who was measured, on which
rig, with which model of adapter, by which clock and limits. Firmware and parameter block may differ: to see what a
change of theirs does is what baselines are for, so that is said and not refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NOT_READ = "not read"
DIGITS = 12
"""Of a digest, where a person reads it; enough to tell two apart."""


@dataclass(frozen=True, slots=True, order=True)
class AdapterState:
    """An adapter of the bench while it measured.

    role       whose it is: evse or pev
    model      profile of a simulated one, chip of a real one
    firmware   text of VS_SW_VER.CNF
    pib        digest of its configuration; empty: not read. Neither address nor keys go into it
    """

    role: str
    model: str
    firmware: str
    pib: str = ""


@dataclass(frozen=True, slots=True)
class RunConditions:
    """Of a whole run.

    rig, driver   name and driver of the rig file
    clock         virtual or real
    verdict       profile of limits: strict or field
    commit        of the bench, by `git describe`
    """

    rig: str
    driver: str
    clock: str
    verdict: str
    commit: str = ""

    def as_dict(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in RUN_KEYS}


RUN_KEYS = ("rig", "driver", "clock", "verdict", "commit")


@dataclass(frozen=True, slots=True)
class Conditions:
    """Of one station in a run. *role*: pev or evse; *station*: a profile's id, or `bench` for the bench's own."""

    run: RunConditions
    role: str
    station: str
    adapters: tuple[AdapterState, ...] = ()

    @property
    def who(self) -> str:
        return f"{self.role} {self.station}"

    def obstacles(self, other: Conditions) -> list[str]:
        """What differs that must not, each as `what: mine, yours`; empty if the two may be compared."""
        pairs = {
            "station": (self.who, other.who),
            "rig": (self.run.rig, other.run.rig),
            "driver": (self.run.driver, other.run.driver),
            "clock": (self.run.clock, other.run.clock),
            "verdict profile": (self.run.verdict, other.run.verdict),
        }
        return [*_told(pairs), *self._adapters_differ(other, "model")]

    def changes(self, other: Conditions) -> list[str]:
        """What differs and may: firmware and parameter block of the adapters."""
        return [*self._adapters_differ(other, "firmware"), *self._adapters_differ(other, "pib")]

    def _adapters_differ(self, other: Conditions, what: str) -> list[str]:
        """Of the roles that both runs had an adapter in: cases with the other one are in one run only, and left out."""
        roles = sorted({one.role for one in self.adapters} & {one.role for one in other.adapters})
        if not roles and self.adapters != other.adapters and what == "model":
            return [f"adapters: {_roles(self.adapters)}, {_roles(other.adapters)}"]
        named = {"model": "adapter", "firmware": "firmware", "pib": "parameter block"}[what]
        return _told({f"{role}'s {named}": (self._of(role, what), other._of(role, what)) for role in roles})

    def _of(self, role: str, what: str) -> str:
        shown = DIGITS if what == "pib" else None
        values = sorted({getattr(one, what)[:shown] or NOT_READ for one in self.adapters if one.role == role})
        return " and ".join(values)


def _roles(adapters: Iterable[AdapterState]) -> str:
    return " and ".join(f"{one.role}'s {one.model}" for one in adapters) or "none"


def _told(pairs: dict[str, tuple[str, str]]) -> list[str]:
    return [f"{what}: {mine}, {yours}" for what, (mine, yours) in pairs.items() if mine != yours]
