"""Where in a ladder everything stands: lines of the chart, and the map from time to pixels that they make.

Lines never overlap, so time is not to scale between them; it is monotone, and long silences are cut.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest

from bench.mme import CmAttenProfileInd, VsAttenCharInd
from bench.report.folding import Fold, Line
from bench.report.reading import Arrow, Pilot, Remark, State
from bench.units import Ns, ms, to_ms

LONG_SILENCE: Ns = ms(300)
"""A longer one is drawn as a cut with its length."""
SAME_LINE: Ns = ms(1)
"""A state or pilot change this close to a message stands on its line."""
PX_PER_MS = 0.2
CUT_HEIGHT = 30.0
FOLD_HEIGHT, THIN_FOLD_HEIGHT = 15.0, 4.0


@dataclass(eq=False, slots=True)
class Row:
    """One line of the chart at *y*: at most one arrow, fold or remark, and what changed with it."""

    t: Ns
    y: float = 0.0
    main: Arrow | Fold | Remark | None = None
    states: list[State] = field(default_factory=list)
    pilots: list[Pilot] = field(default_factory=list)
    asides: list[Remark] = field(default_factory=list)

    @property
    def t_end(self) -> Ns:
        return self.main.t_end if isinstance(self.main, Fold) else self.t

    @property
    def room(self) -> tuple[float, float]:
        """Pixels needed above and below y."""
        match self.main:
            case Arrow() as arrow if is_profile(arrow):
                return 6.0, 5.0
            case Fold(thin=True) | Arrow(housekeeping=True):
                return 10.0, 5.0
            case Arrow(local=True):
                return 8.0, 7.0
            case Arrow():
                return 14.0, 5.0
            case Fold():
                return 9.0, FOLD_HEIGHT + 7.0
            case _:
                return 8.0, 6.0


def fold_height(row: Row) -> float:
    return THIN_FOLD_HEIGHT if isinstance(row.main, Fold) and row.main.thin else FOLD_HEIGHT


def is_profile(arrow: Arrow) -> bool:
    """What a modem measured, told to its host: drawn small, under the sound it belongs to."""
    return isinstance(arrow.mme, CmAttenProfileInd | VsAttenCharInd)


@dataclass(frozen=True, slots=True)
class Cut:
    """A silence of *length* between two lines; *y* is its middle."""

    y: float
    length: Ns


@dataclass(frozen=True, slots=True)
class Layout:
    rows: list[Row]
    cuts: list[Cut]
    bottom: float
    _instants: list[Ns]
    _heights: list[float]
    _lines: dict[int, float]
    """id of a state or pilot change -> y of the line it is told on."""

    def of(self, change: State | Pilot) -> float:
        """Where *change* is told; where that is not drawn, its instant."""
        line = self._lines.get(id(change))
        return self.y(change.t) if line is None else line

    def after(self, t: Ns) -> float:
        """As `y`, but of several lines at *t* the last: what begins then begins there."""
        return max((row.y for row in self.rows if row.t == t), default=self.y(t))

    def y(self, t: Ns) -> float:
        """Where instant *t* lies, between its neighbours in proportion."""
        instants, heights = self._instants, self._heights
        if not instants:
            return self.bottom
        i = bisect_right(instants, t)
        if i == 0:
            return heights[0]
        if i == len(instants) or instants[i - 1] == t:
            return heights[i - 1]
        before, after = instants[i - 1], instants[i]
        share = (t - before) / (after - before)
        return heights[i - 1] + share * (heights[i] - heights[i - 1])


def lay_out(lines: Iterable[Line], top: float) -> Layout:
    """Rows from *top* downwards."""
    rows = _rows(lines)
    cuts: list[Cut] = []
    y = top
    busy_until: Ns | None = None
    below = 0.0
    for row in rows:
        above, next_below = row.room
        pitch = below + above
        if busy_until is not None:
            silence = row.t - busy_until
            if silence > LONG_SILENCE:
                cuts.append(Cut(y + below + CUT_HEIGHT / 2 - 1, silence))
                pitch += CUT_HEIGHT
            else:
                pitch = max(pitch, to_ms(silence) * PX_PER_MS)
        y += pitch
        row.y = y
        below = next_below
        busy_until = row.t_end if busy_until is None else max(busy_until, row.t_end)
    instants: list[Ns] = []
    heights: list[float] = []
    for row, following in zip_longest(rows, rows[1:]):
        if not instants or row.t > instants[-1]:
            instants.append(row.t)
            heights.append(row.y)
        end = row.t_end
        if end > instants[-1] and (following is None or end < following.t):
            instants.append(end)
            heights.append(row.y + fold_height(row))
    told = {id(change): row.y for row in rows for change in (*row.states, *row.pilots)}
    return Layout(rows, cuts, y + below, instants, heights, told)


def _rows(lines: Iterable[Line]) -> list[Row]:
    rows: list[Row] = []
    for line in lines:
        row = rows[-1] if rows and _beside(line, rows[-1]) else None
        match line:
            case State():
                row = row or _added(rows, line)
                row.states.append(line)
            case Remark(aside=True):
                row = row or _added(rows, line)
                row.asides.append(line)
            case Pilot():
                if row is None or any(pilot.station == line.station for pilot in row.pilots):
                    row = _added(rows, line)
                row.pilots.append(line)
            case _:
                if row is None or row.main is not None:
                    row = _added(rows, line)
                row.main = line
    return rows


def _added(rows: list[Row], line: Line) -> Row:
    rows.append(Row(line.t))
    return rows[-1]


def _beside(line: Line, row: Row) -> bool:
    """Whether *line* happened together with *row*, or where its message arrived."""
    if isinstance(row.main, Fold):
        return False
    if line.t - row.t <= SAME_LINE:
        return True
    if isinstance(row.main, Arrow) and isinstance(line, State | Remark) and line.lane is not None:
        arrival = row.main.arrived.get(line.lane)
        return arrival is not None and abs(line.t - arrival) <= SAME_LINE
    return False
