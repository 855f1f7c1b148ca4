"""The engine of every protocol machine: a transition table, timers, and two lists that the outside empties.

A machine is pure: octets and a time go in, frames, events and a next deadline come out. A table has a row for
*every* state and every thing that can happen in it; what a state does not care about has a row that says why.
h11 is the model for events and tables, aioquic for the way time is passed in.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from bench.ids import MacAddress
from bench.units import Ns

StateT = TypeVar("StateT", bound=enum.Enum)
OnT = TypeVar("OnT", bound=enum.Enum)


@dataclass(frozen=True, slots=True)
class StateChanged:
    """*who* is the actor: the station, or one of its sessions."""

    t: Ns
    who: str
    old: str
    new: str
    why: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something came that changes nothing here. Said aloud, because a silent machine cannot be diagnosed."""

    t: Ns
    who: str
    what: str
    why: str


class Row(NamedTuple, Generic[StateT, OnT]):
    """In *state*, on this happening: be in *to*, then call the method *action*. *why* is the rule.

    to      None: stay, timers go on running. The state the actor is in already: enter it anew, its timers start again
    action  None: nothing to do. May make further things happen; they meet the new state
    """

    state: StateT
    on: OnT
    to: StateT | None
    action: str | None
    why: str

    @property
    def ignores(self) -> bool:
        return self.to is None and self.action is None


Table: TypeAlias = dict[tuple[StateT, OnT], Row[StateT, OnT]]
TimersOf: TypeAlias = Mapping[StateT, Mapping[OnT, str]]
"""State -> the timers that start when it is entered, by their name in the machine's timers."""


def table(
    states: Iterable[StateT], ons: Iterable[OnT], *rows: Row[StateT, OnT] | list[Row[StateT, OnT]]
) -> Table[StateT, OnT]:
    """Index *rows*. Raises ValueError for a pair that is described twice, not at all, or is none of the table's."""
    states, ons = list(states), list(ons)
    made: Table[StateT, OnT] = {}
    for row in (row for item in rows for row in (item if isinstance(item, list) else [item])):
        if row.state not in states or row.on not in ons:
            raise ValueError(f"a row for {row.state} on {row.on}, which this table does not have")
        if (row.state, row.on) in made:
            raise ValueError(f"two rows for {row.state} on {row.on}")
        made[row.state, row.on] = row
    missing = [f"{state} on {on}" for state in states for on in ons if (state, on) not in made]
    if missing:
        raise ValueError("no row for " + ", ".join(missing))
    return made


def ignore(states: Iterable[StateT], ons: Iterable[OnT], why: str) -> list[Row[StateT, OnT]]:
    """Rows that do nothing but say so."""
    ons = list(ons)
    return [Row(state, on, None, None, why) for state in states for on in ons]


class Actor(Generic[StateT, OnT]):
    """Somebody who is in a state and has timers: a station, or one of its sessions."""

    def __init__(self, state: StateT, who: str) -> None:
        self.state = state
        self.who = who
        self.why = ""
        """The rule that led into the state."""
        self.timers: dict[OnT, Ns] = {}


class Machine(ABC, Generic[StateT, OnT]):
    """Runs actors over one table. Subclasses classify what comes in and supply the actions."""

    TABLE: Table[StateT, OnT]
    TIMERS_OF: TimersOf[StateT, OnT]
    LASTING: Mapping[OnT, Collection[StateT]] = {}
    """Timers that outlive the state they were started in, and the states in which they go on running."""

    def __init__(self, mac: MacAddress, timers: Any) -> None:
        self.mac = mac
        self.timers = timers
        self.outbox: list[Any] = []
        """Frames to send, oldest first; the pump empties it."""
        self.events: list[Any] = []
        """What happened, oldest first; the station empties it."""
        self._next_deadline: Ns | None = None
        self._deadline_known = False
        """It is asked for far more often than it changes."""

    # doing --------------------------------------------------------------------------------------------------

    def fire(self, actor: Actor[StateT, OnT], on: OnT, now: Ns, frame: Any = None) -> None:
        """Look the happening up in the table and do what the row says."""
        row = self.TABLE[actor.state, on]
        if row.ignores:
            if frame is None:
                self.ignored(now, actor.who, on.value, row.why)
            else:
                self.ignored(now, *self.said(frame), row.why)
            return
        self._deadline_known = False
        if row.to is not None:
            self._enter(actor, row.to, now, row.why)
        if row.action is not None:
            getattr(self, row.action)(actor, now, frame)

    def ignored(self, now: Ns, who: str, what: str, why: str) -> None:
        self.events.append(Ignored(now, who, what, why))

    def _enter(self, actor: Actor[StateT, OnT], state: StateT, now: Ns, why: str) -> None:
        """Be in *state*: its timers start, those of the old state stop unless they are `LASTING`."""
        timers = actor.timers
        for on in [on for on in timers if state not in self.LASTING.get(on, ())]:
            del timers[on]
        for on, name in self.TIMERS_OF.get(state, {}).items():
            timers.setdefault(on, now + getattr(self.timers, name))
        old, actor.state, actor.why = actor.state, state, why
        if old is not state:
            self.events.append(StateChanged(now, actor.who, old.value, state.value, why))

    @staticmethod
    @abstractmethod
    def said(frame: Any) -> tuple[str, str]:
        """Who sent *frame*, and what it is called."""

    # time ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def actors(self) -> Iterable[Actor[StateT, OnT]]: ...

    def next_deadline(self) -> Ns | None:
        """When `wake` wants to be called next; None: only when something comes in."""
        if not self._deadline_known:
            self._next_deadline = min((t for actor in self.actors() for t in actor.timers.values()), default=None)
            self._deadline_known = True
        return self._next_deadline

    def wake(self, now: Ns) -> None:
        """Fire every timer that is due, earliest first; of two of one actor the one that was started first."""
        while (due := self.next_deadline()) is not None and due <= now:
            actor, on = next((a, on) for a in self.actors() for on, t in a.timers.items() if t == due)
            del actor.timers[on]
            self._deadline_known = False
            self.expired(actor, on, now)

    def expired(self, actor: Actor[StateT, OnT], on: OnT, now: Ns) -> None:
        """A timer ran out; subclasses may turn it into a more exact happening."""
        self.fire(actor, on, now)
