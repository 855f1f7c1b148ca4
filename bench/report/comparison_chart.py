"""One interval of two runs on one axis: every value a dot, the middle half a box, and the shift with its interval.

svg = comparison_svg(comparison, "pev hyundai-ioniq28")
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from statistics import quantiles
from typing import TypeAlias

from bench.baseline.comparing import REGRESSIONS, Change, Comparison, signed_ms, size_ms
from bench.report.svg import BAD, FAINT, GOOD, INK, MUTED, PAPER, SERIES, UNSURE, Drawing, n, shortened
from bench.units import Ns, to_ms

WIDTH, LEFT, RIGHT = 760.0, 86.0, 736.0
ROW, TOP = 78.0, 78.0
DOT = 2.6
HALF_BOX = 17.0
SHIFT_HEIGHT = 34.0
BINS = 130
"""Columns that dots fall into, and are piled up in."""

Scale: TypeAlias = Callable[[float], float]
"""Nanoseconds to pixels."""


def comparison_svg(one: Comparison, station: str = "") -> str:
    """An SVG document, 760 pixels wide. Both samples have at least one value."""
    d = Drawing("ccs-comparison", STYLE)
    title = f"{one.name}, {station}" if station else one.name
    d.text(16, 28, shortened(title, WIDTH - 32, 15), "title")
    d.text(16, 48, shortened(one.sentence, WIDTH - 32, 12), f"verdict {_tone(one.change)}")
    before, after = one.samples.before, one.samples.after
    low, high = _range([*before, *after])
    x_of = _scale(low, high)
    bottom = TOP + 2 * ROW
    for tick in _ticks(low, high):
        d.path(f"M{n(x_of(tick))} {n(TOP)}V{n(bottom)}", "grid")
        d.text(x_of(tick), bottom + 14, _tick_text(tick, high - low), "small m")
    d.path(f"M{n(LEFT)} {n(bottom)}H{n(RIGHT)}", "axis")
    d.text(LEFT - 8, bottom + 14, "ms", "small r")
    for place, (name, values) in enumerate((("before", before), ("now", after))):
        _row(d, name, values, TOP + (place + 0.5) * ROW, SERIES[place], x_of)
    height = bottom + 26
    if one.shift is not None and one.low is not None and one.high is not None:
        _shift(d, one, one.shift, one.low, one.high, height)
        height += SHIFT_HEIGHT + 44
    return d.document(WIDTH, height, f"{title}: {one.sentence}")


def _tone(change: Change) -> str:
    if change in REGRESSIONS:
        return "bad"
    return "unsure" if change in (Change.NOT_SHOWN, Change.TOO_FEW) else "good"


def _range(values: list[Ns]) -> tuple[float, float]:
    """With room at both ends, also around values that are all the same."""
    low, high = min(values), max(values)
    room = (high - low) * 0.04 or max(abs(high) * 0.02, 50_000)
    return low - room, high + room


def _scale(low: float, high: float) -> Scale:
    return lambda value: LEFT + (value - low) * (RIGHT - LEFT) / (high - low)


def _ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Round values, in steps of 1, 2 or 5."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _tick_text(value: float, span: float) -> str:
    """With as many decimals as the span asks for."""
    decimals = max(0, 1 - math.floor(math.log10(to_ms(round(span)))))
    return f"{value / 1e6:.{min(decimals, 4)}f}".replace("-", "−")


def _row(d: Drawing, name: str, values: tuple[Ns, ...], y: float, colour: str, x_of: Scale) -> None:
    d.text(LEFT - 8, y, name, "strong r")
    d.text(LEFT - 8, y + 13, f"n = {len(values)}", "small r")
    d.open("sample", f"{name}: {len(values)} values, {size_ms(min(values))} to {size_ms(max(values))} ms")
    if len(values) > 1:
        first, middle, third = quantiles(values, n=4, method="inclusive")
        width = max(2.0, x_of(third) - x_of(first))
        d.rect(x_of(first), y - HALF_BOX, width, 2 * HALF_BOX, f"box {name}")
    for x, lift in _piled(values, x_of):
        d.circle(x, y + lift, DOT, "dot", stroke=colour)
    if len(values) > 1:
        d.path(f"M{n(x_of(middle))} {n(y - HALF_BOX)}v{n(2 * HALF_BOX)}", "middle", stroke=colour)
    d.close()


def _piled(values: tuple[Ns, ...], x_of: Scale) -> list[tuple[float, float]]:
    """A place for every dot: those that would cover each other alternate up and down, closer the more there are."""
    width = (RIGHT - LEFT) / BINS
    bins = [round((x_of(value) - LEFT) / width) for value in sorted(values)]
    heights = Counter(bins)
    pitch = min(2 * DOT, (ROW - 12) / max(heights.values()))
    seen: Counter[int] = Counter()
    placed = []
    for value, column in zip(sorted(values), bins, strict=True):
        place = seen[column]
        seen[column] += 1
        placed.append((x_of(value), pitch * ((place + 1) // 2) * (1 if place % 2 else -1)))
    return placed


def _shift(d: Drawing, one: Comparison, shift: Ns, low: Ns, high: Ns, top: float) -> None:
    """The shift on an axis of its own, beside nothing (0) and what is too little to matter."""
    tolerance = one.samples.tolerance
    reach = max(abs(low), abs(high), tolerance, 1_000) * 1.15
    x_of = _scale(-reach, reach)
    y, bottom = top + SHIFT_HEIGHT / 2, top + SHIFT_HEIGHT
    if tolerance:
        d.rect(x_of(-tolerance), top, x_of(tolerance) - x_of(-tolerance), SHIFT_HEIGHT, "tolerance")
    for tick in _ticks(-reach, reach):
        d.path(f"M{n(x_of(tick))} {n(bottom)}v4", "axis")
        d.text(x_of(tick), bottom + 14, _tick_text(tick, 2 * reach), "small m")
    d.path(f"M{n(LEFT)} {n(bottom)}H{n(RIGHT)}", "axis")
    d.path(f"M{n(x_of(0))} {n(top)}V{n(bottom)}", "zero")
    tone = _tone(one.change)
    d.path(f"M{n(x_of(low))} {n(y - 6)}v12M{n(x_of(low))} {n(y)}H{n(x_of(high))}M{n(x_of(high))} {n(y - 6)}v12", "ci")
    d.circle(x_of(shift), y, 4.5, f"shift {tone}")
    d.text(LEFT - 8, y, "shift", "strong r")
    d.text(LEFT - 8, y + 13, "ms", "small r")
    within = f"; grey: too little to matter (±{size_ms(tolerance)} ms)" if tolerance else ""
    text = f"shift {signed_ms(shift)} ms, 95 % interval {signed_ms(low)} to {signed_ms(high)} ms{within}"
    d.text((LEFT + RIGHT) / 2, bottom + 31, text, "small m")


STYLE = f"""
text {{fill:{INK};font-size:11px}}
.m {{text-anchor:middle}}
.r {{text-anchor:end}}
.title {{font-size:15px;font-weight:600}}
.verdict {{font-size:12px}}
.strong {{font-weight:700}}
.small {{font-size:10px;fill:{MUTED}}}
text.bad {{fill:{BAD};font-weight:600}}
text.good {{fill:{GOOD}}}
text.unsure {{fill:{UNSURE}}}
.axis {{stroke:{INK};stroke-width:1;fill:none}}
.grid {{stroke:{FAINT};stroke-width:1;fill:none}}
.zero {{stroke:{MUTED};stroke-width:1;stroke-dasharray:4 4;fill:none}}
.box {{fill-opacity:.14}}
.box.before {{fill:{SERIES[0]}}}
.box.now {{fill:{SERIES[1]}}}
.middle {{stroke-width:2;fill:none}}
.dot {{fill:{PAPER};fill-opacity:.6;stroke-width:1.2}}
.tolerance {{fill:{FAINT};fill-opacity:.6}}
.ci {{stroke:{INK};stroke-width:1.6;fill:none}}
.shift {{fill:{GOOD}}}
.shift.bad {{fill:{BAD}}}
.shift.unsure {{fill:{UNSURE}}}
"""
