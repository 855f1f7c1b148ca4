"""The columns of a ladder: where each lane, bar and strip stands. Rows are the business of `rows.py`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from bench.report.lanes import Lane, Role
from bench.report.reading import SDP, Pilot, Reading, Remark, State

TIME_RIGHT = 60.0
STRIP, STRIP_WIDTH = 72.0, 15.0
STRIP_TEXT, STRIP_TEXT_WIDTH = 92.0, 84.0
STATES_WIDTH = 186.0
PLAIN_MARGIN = 52.0
"""Beside a lane without states: half of its title."""
HOST_PITCH = 600.0
"""Between the PEV and the EVSE; every further host takes EXTRA_PITCH more."""
EXTRA_PITCH = 190.0
MODEM_BESIDE = 62.0
BAR, SDP_BAR, BAR_PITCH = 9.0, 4.0, 10.5

Actor = tuple[Lane, str]
"""A host and the name of one of its sessions; "" is the station itself."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Columns of one chart, in pixels.

    lanes           from left to right
    x               of each lane's line
    actors          whoever has states, in the order they appear; SDP machines last
    pilot_station   whose view of the pilot is drawn; "" for none
    """

    lanes: list[Lane]
    x: dict[Lane, float]
    actors: dict[Actor, list[State]]
    pilot_station: str
    width: float

    @property
    def left(self) -> float:
        return self.x[self.lanes[0]]

    @property
    def right(self) -> float:
        return self.x[self.lanes[-1]]

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    def outward(self, lane: Lane) -> int:
        """Where a lane's free side is: -1 left, 1 right."""
        return -1 if lane.role is Role.PEV else 1

    def outermost(self, lane: Lane) -> bool:
        return lane in (self.lanes[0], self.lanes[-1])

    def bar_width(self, actor: Actor) -> float:
        return SDP_BAR if actor[1] == SDP else BAR

    def bar_x(self, actor: Actor) -> float:
        """Bars of sessions stand beside that of their station."""
        lane = actor[0]
        column = [other for other in self.actors if other[0] is lane].index(actor)
        return self.x[lane] + self.outward(lane) * column * BAR_PITCH

    def beside_bars(self, lane: Lane) -> float:
        bars = sum(host is lane for host, _ in self.actors)
        return self.x[lane] + self.outward(lane) * (BAR / 2 + max(0, bars - 1) * BAR_PITCH + 5)


def set_stage(reading: Reading) -> Stage:
    """The columns that *reading* needs: no strip without a pilot, no room for states where there are none."""
    lanes = reading.lanes.order()
    actors: dict[Actor, list[State]] = {}
    telling: set[Lane] = set()
    pilots: dict[str, None] = {}
    for item in reading.items:
        match item:
            case State(_, lane, actor):
                actors.setdefault((lane, actor), []).append(item)
                telling.add(lane)
            case Remark(lane=Lane() as lane, aside=True):
                telling.add(lane)
            case Pilot(_, station):
                pilots[station] = None
            case _:
                pass
    # Outermost, however many sessions there are.
    actors = {actor: actors[actor] for actor in sorted(actors, key=lambda actor: actor[1] == SDP)}
    pilot_station = "evse" if "evse" in pilots else next(iter(pilots), "")
    left = STRIP_TEXT + STRIP_TEXT_WIDTH if pilot_station else STRIP
    left += STATES_WIDTH if lanes[0] in telling else PLAIN_MARGIN
    x = _positions(lanes, left)
    width = x[lanes[-1]] + (STATES_WIDTH if lanes[-1] in telling else PLAIN_MARGIN) + 10
    return Stage(lanes, x, actors, pilot_station, width)


def _positions(lanes: list[Lane], x: float) -> dict[Lane, float]:
    """Hosts from *x* on; modems beside their hosts, on the inner side."""
    hosts = [lane for lane in lanes if not lane.modem]
    pevs = [lane for lane in hosts if lane.role is Role.PEV]
    at: dict[Lane, float] = {hosts[0]: x}
    for before, lane in pairwise(hosts):
        x += HOST_PITCH if before is pevs[-1] else EXTRA_PITCH
        at[lane] = x
    for lane in lanes:
        if lane.modem:
            host = next(host for host in hosts if host.key == lane.key and host.role is lane.role)
            at[lane] = at[host] + (MODEM_BESIDE if lane.role is Role.PEV else -MODEM_BESIDE)
    return at
