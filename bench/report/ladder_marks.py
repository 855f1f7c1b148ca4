"""Intervals outside their limits, marked in a ladder: a bracket with a number, and a line under the chart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.analysis.verdict import Judgement, Verdict, bounds_text
from bench.report.lanes import Lane
from bench.report.rows import Layout
from bench.report.stage import Stage
from bench.report.svg import Drawing, n
from bench.units import show

SHORTEST = 3.0
COLUMNS = 4
"""Brackets of different intervals stand side by side in so many columns."""


@dataclass(frozen=True, slots=True)
class Mark:
    """All intervals of one name with one verdict, under one *number*; the *worst* first."""

    number: int
    judgements: list[Judgement]

    @property
    def worst(self) -> Judgement:
        return min(self.judgements, key=lambda judgement: judgement.margin or 0)

    @property
    def tone(self) -> str:
        return "bad" if self.worst.verdict is Verdict.FAIL else "unsure"

    def __str__(self) -> str:
        often = f"; worst of {len(self.judgements)}" if len(self.judgements) > 1 else ""
        return judgement_text(self.worst) + often


def judgement_text(judgement: Judgement) -> str:
    interval = judgement.interval
    bounds = bounds_text(judgement.minimum, judgement.maximum)
    return (
        f"{interval.name} of the {interval.limit.side.upper()}: {show(interval.value)}, allowed {bounds} "
        f"({judgement.profile.value}): {judgement.verdict.value}"
    )


def marks_of(judgements: Iterable[Judgement]) -> list[Mark]:
    """What does not pass, numbered in order of time."""
    by_name: dict[tuple[str, Verdict], list[Judgement]] = {}
    for judgement in sorted(judgements, key=lambda j: j.interval.start):
        if judgement.verdict is not Verdict.PASS:
            by_name.setdefault((judgement.interval.name, judgement.verdict), []).append(judgement)
    return [Mark(number, same) for number, same in enumerate(by_name.values(), 1)]


def draw_brackets(drawing: Drawing, stage: Stage, layout: Layout, marks: Iterable[Mark], side: dict[str, Lane]) -> None:
    """A bracket from start to end of every marked interval, at the lane of whose doing it was.

    side   `pev` and `evse` -> lane
    """
    for mark in marks:
        before = 0.0
        for judgement in mark.judgements:
            interval = judgement.interval
            lane = side[interval.limit.side]
            inward = -stage.outward(lane)
            x = stage.x[lane] + inward * (13 + 9 * ((mark.number - 1) % COLUMNS))
            y, end = layout.after(interval.start), layout.y(interval.start + interval.value)
            end = max(end, y + SHORTEST)
            if end < before + SHORTEST:
                continue  # within a fold, on top of the one before
            before = end
            drawing.open("limit", judgement_text(judgement))
            drawing.path(f"M{n(x - 4 * inward)} {n(y)}H{n(x)}V{n(end)}H{n(x - 4 * inward)}", f"bracket {mark.tone}")
            drawing.circle(x, (y + end) / 2, 6.5, f"badge {mark.tone}")
            drawing.text(x, (y + end) / 2 + 3.2, str(mark.number), "number m")
            drawing.close()


def draw_list(drawing: Drawing, marks: Iterable[Mark], y: float) -> float:
    """The marks in words, from *y* downwards; returns where they end."""
    for mark in marks:
        y += 17
        drawing.circle(23, y - 4, 7.5, f"badge {mark.tone}")
        drawing.text(23, y - 0.6, str(mark.number), "number m")
        drawing.text(38, y, str(mark), f"mark {mark.tone}")
    return y
