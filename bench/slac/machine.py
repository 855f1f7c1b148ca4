"""The engine both SLAC sides share: a transition table, timers, and two lists that the outside empties.

A machine is pure: octets and a time go in, frames, events and a next deadline come out. A table has a row for
*every* state and every thing that can happen in it; what a state does not care about has a row that says why.
h11 is the model for events and tables, aioquic for the way time is passed in.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from bench.ids import MacAddress
from bench.mme import Frame, Mme
from bench.slac.events import Event, Ignored, StateChanged
from bench.units import Ns

State = TypeVar("State", bound=enum.Enum)
On = TypeVar("On", bound=enum.Enum)


class Row(NamedTuple):
    """In *state*, on this happening: call the action, then be in *to* (None: stay). *why* is the rule."""

    state: Any
    on: Any
    action: Callable[..., None] | None
    to: Any | None
    why: str


Table = dict[tuple[Any, Any], Row]


def table(states: Iterable[State], ons: Iterable[On], *rows: Row | list[Row]) -> Table:
    """Index *rows*; raises ValueError for a pair that is described twice or not at all."""
    made: Table = {}
    for row in (r for item in rows for r in (item if isinstance(item, list) else [item])):
        if (row.state, row.on) in made:
            raise ValueError(f"two rows for {row.state} on {row.on}")
        made[row.state, row.on] = row
    ons = list(ons)
    missing = [f"{state} on {on}" for state in states for on in ons if (state, on) not in made]
    if missing:
        raise ValueError("no row for " + ", ".join(missing))
    return made


def ignore(states: Iterable[State], ons: Iterable[On], why: str) -> list[Row]:
    """Rows that do nothing but say so."""
    ons = list(ons)
    return [Row(state, on, None, None, why) for state in states for on in ons]


class Actor(Generic[State, On]):
    """Somebody who is in a state and has timers: a PEV, an EVSE, or one session of an EVSE."""

    def __init__(self, state: State, who: str) -> None:
        self.state = state
        self.who = who
        self.timers: dict[On, Ns] = {}

    def next_deadline(self) -> Ns | None:
        return min(self.timers.values(), default=None)


class Machine(Generic[State, On]):
    """Runs actors over one table. Subclasses classify what comes in and supply the actions."""

    TABLE: Table

    def __init__(self, mac: MacAddress) -> None:
        self.mac = mac
        self.outbox: list[Frame] = []
        """Frames to send, oldest first; the pump empties it."""
        self.events: list[Event] = []
        """What happened, oldest first; the station empties it."""

    def send(self, dst: MacAddress, mme: Mme) -> None:
        self.outbox.append(Frame(dst, self.mac, mme))

    def fire(self, actor: Actor[State, On], on: On, now: Ns, frame: Frame | None = None) -> None:
        """Look the happening up in the table and do what the row says."""
        row: Row = self.TABLE[actor.state, on]
        if row.action is None and row.to is None:
            self.events.append(Ignored(now, actor.who, on.value, row.why))
            return
        if row.action is not None:
            row.action(self, actor, now, frame)
        if row.to is not None:
            self.enter(actor, row.to, now, row.why)

    def enter(self, actor: Actor[State, On], state: State, now: Ns, why: str) -> None:
        """Be in *state*; timers of the old state stop, those that span states are listed by `lasting`."""
        if actor.state is state:
            return
        old, actor.state = actor.state, state
        for on in [on for on in actor.timers if not self.lasting(on, state)]:
            del actor.timers[on]
        self.events.append(StateChanged(now, actor.who, old.value, state.value, why))
        self.entered(actor, now)

    def lasting(self, on: On, state: State) -> bool:
        """Whether timer *on* goes on running in *state*."""
        raise NotImplementedError

    def entered(self, actor: Actor[State, On], now: Ns) -> None:
        """Start the timers of the state the actor is in now."""
        raise NotImplementedError

    def actors(self) -> Iterable[Actor[State, On]]:
        raise NotImplementedError

    def next_deadline(self) -> Ns | None:
        """When `wake` wants to be called next; None: only when something comes in."""
        return min((t for actor in self.actors() if (t := actor.next_deadline()) is not None), default=None)

    def wake(self, now: Ns) -> None:
        """Fire every timer that is due, earliest first."""
        while True:
            due = [
                (deadline, order, on, actor)
                for order, actor in enumerate(self.actors())
                for on, deadline in actor.timers.items()
                if deadline <= now
            ]
            if not due:
                return
            deadline, _, on, actor = min(due, key=lambda item: item[:2])
            del actor.timers[on]
            self.expired(actor, on, now)

    def expired(self, actor: Actor[State, On], on: On, now: Ns) -> None:
        """A timer ran out; subclasses may turn it into a more exact happening."""
        self.fire(actor, on, now)
