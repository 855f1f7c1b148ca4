"""How a quirk changes a simulated station: the vocabulary of the `EFFECTS` tables.

A station behaves as its *conduct* says, a frozen record of its profile, of rules, and of edits to what it sends. An
effect makes another conduct of one; an edit makes another message of one that is about to be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeAlias, TypeVar

from bench.ids import RunId
from bench.mme import Mme
from bench.profiles import ChargerProfile, Spread, VehicleProfile
from bench.units import Ns

Edit: TypeAlias = Callable[[Mme, int], Mme | None]
"""(message, how often it was sent before) -> what is sent instead, None for nothing"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """*edits* apply in order to every message that is sent; what is in *deaf_to* is not heard."""

    profile: Any
    edits: tuple[Edit, ...] = ()
    deaf_to: frozenset[type[Mme]] = field(default_factory=frozenset)


AnyConduct = TypeVar("AnyConduct", bound=Conduct)
Quirk = TypeVar("Quirk", bound=Enum)
Effect: TypeAlias = Callable[[AnyConduct], AnyConduct]


def with_quirks(
    conduct: AnyConduct,
    quirks: Collection[Quirk],
    effects: Mapping[Quirk, Callable[[AnyConduct], AnyConduct]],
) -> AnyConduct:
    """The conduct that *quirks* make of *conduct*, in the order of the table and not of the collection."""
    for quirk, effect in effects.items():
        if quirk in quirks:
            conduct = effect(conduct)
    return conduct


def rule(**values: Any) -> Callable[[AnyConduct], AnyConduct]:
    """Other values of the conduct's own fields."""
    return lambda conduct: replace(conduct, **values)


def tables(**values: Any) -> Callable[[AnyConduct], AnyConduct]:
    """Other tables in place of the profile's."""
    return lambda conduct: replace(conduct, profile=replace(conduct.profile, **values))


def habit(table: str, **values: Any) -> Callable[[AnyConduct], AnyConduct]:
    """Other figures in one table of the profile."""

    def effect(conduct: AnyConduct) -> AnyConduct:
        changed: Any = replace(getattr(conduct.profile, table), **values)
        return replace(conduct, profile=replace(conduct.profile, **{table: changed}))

    return effect


def sends(edit: Edit) -> Callable[[AnyConduct], AnyConduct]:
    """One more edit to what is sent."""
    return lambda conduct: replace(conduct, edits=(*conduct.edits, edit))


def both(*effects: Callable[[AnyConduct], AnyConduct]) -> Callable[[AnyConduct], AnyConduct]:
    """Effects one after the other."""

    def effect(conduct: AnyConduct) -> AnyConduct:
        for one in effects:
            conduct = one(conduct)
        return conduct

    return effect


def always(value: Ns) -> Spread:
    """A duration that does not scatter."""
    return Spread(value, value, value, 0, "a fault of the simulated station")


def changes(message: type[Mme], **values: Any) -> Edit:
    """Gives fields of *message* other values; a value may be a function of the message."""

    def edit(mme: Mme, _: int) -> Mme:
        if not isinstance(mme, message):
            return mme
        return replace(mme, **{name: value(mme) if callable(value) else value for name, value in values.items()})

    return edit


def withholds(message: type[Mme], when: Callable[[Any], bool] = lambda _: True) -> Edit:
    """Keeps *message* back, or those of its kind that *when* selects."""

    def edit(mme: Mme, _: int) -> Mme | None:
        return None if isinstance(mme, message) and when(mme) else mme

    return edit


def gives_other_run_id(message: type[Mme]) -> Edit:
    """A RunID in *message* that is not the session's."""
    return changes(message, run_id=lambda mme: RunId(bytes(octet ^ 0xFF for octet in mme.run_id)))


RecordedProfile: TypeAlias = VehicleProfile | ChargerProfile


def recorded_at_evse(profile: RecordedProfile) -> bool:
    """Whether the figures of *profile* were taken at the computer of the charging station."""
    return "EVSE host" in profile.evidence.seen_from
