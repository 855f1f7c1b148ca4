"""Matches of the bench's own pair, one after the other, each from plug in to plug out with a key of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.analysis.intervals import Interval
from bench.rig import Setup
from bench.rig.measuring import intervals_of_setup
from bench.slac.events import AttemptFailed, GaveUp, LinkUp
from bench.station import PATIENCE, new_network
from bench.units import s

APART = s(2)
"""Between plug out and the next plug in; longer than either machine needs to come to rest."""


@dataclass(frozen=True, slots=True)
class MatchSeen:
    """One match.

    joined     whether the first attempt led to a network; what comes of later attempts is not waited for
    why        what the car's machine says of a match that failed
    intervals  of table A.1, both sides'
    """

    joined: bool
    why: str
    intervals: tuple[Interval, ...]


def measure_matches(
    setup: Setup, count: int, *, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> list[MatchSeen]:
    """So many matches. *progress*: (done, of), after each.

    The trace is emptied before each, so that it holds the last one in the end. Raises what keeps the bench from
    measuring; a match that fails is a value.
    """
    found = []
    for number in range(1, count + 1):
        found.append(_one(setup))
        progress(number, count)
    return found


def _one(setup: Setup) -> MatchSeen:
    evse, pev = setup.own_evse, setup.own_pev
    # A modem that has the key already joins at once: that would measure nothing.
    evse.use(new_network(setup.rng))
    evse.prepare()
    setup.trace.clear()
    start = setup.now()
    evse.pilot.set_duty_cycle_pct(5.0)
    pev.plug_in()

    def joined() -> bool:
        """Seen at both ends: each measures the other one."""
        return all(station.happened(LinkUp, since=start) for station in (evse, pev))

    def failed() -> bool:
        return any(pev.happened(end, since=start) for end in (AttemptFailed, GaveUp))

    setup.pump.run(lambda: joined() or failed(), start + PATIENCE)
    why = "" if joined() else pev.last_word()
    seen = MatchSeen(joined(), why, tuple(intervals_of_setup(setup, start)))
    pev.unplug()
    evse.pilot.set_duty_cycle_pct(100.0)
    setup.run_for(APART)
    return seen
