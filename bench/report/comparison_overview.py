"""All intervals of a comparison on one page: each on an axis of its own, before above now.

svg = overview_svg("recipe qca7005/evse", "30 of 30 matches before, 30 of 30 now", stations)
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.baseline.comparing import REGRESSIONS, Change, Comparison, size_ms
from bench.baseline.measured import StationComparison
from bench.report.svg import BAD, FAINT, GOOD, INK, MUTED, PAPER, SERIES, UNSURE, Drawing, n, shortened
from bench.units import Ns

WIDTH, LEFT, RIGHT = 900.0, 470.0, 800.0
TOP, ROW, DOT = 92.0, 46.0, 2.4
MARKS = {Change.SLOWER: "▲", Change.FASTER: "▼", Change.SCATTERED: "◆", Change.UNCHANGED: "=", Change.SMALL: "≈"}
"""Nothing is told by colour alone."""


def overview_svg(title: str, verdict: str, stations: Sequence[StationComparison], *, bad: bool = False) -> str:
    """An SVG document, 900 pixels wide, a row per interval."""
    d = Drawing("ccs-overview", STYLE)
    d.text(16, 28, shortened(title, WIDTH - 32, 15), "title")
    d.text(16, 50, shortened(verdict, WIDTH - 32, 12), "verdict bad" if bad else "verdict good")
    d.circle(LEFT + 6, 70, DOT, "dot", stroke=SERIES[0])
    d.text(LEFT + 16, 74, "before (upper row)", "small")
    d.circle(LEFT + 136, 70, DOT, "dot", stroke=SERIES[1])
    d.text(LEFT + 146, 74, "now (lower row)", "small")
    y = TOP
    for station in stations:
        d.text(16, y + 4, station.after.conditions.who, "strong")
        y += 20
        for one in station.comparisons:
            _row(d, one, y)
            y += ROW
        y += 6
    return d.document(WIDTH, y + 10, f"{title}: {verdict}")


def _row(d: Drawing, one: Comparison, y: float) -> None:
    tone = _tone(one.change)
    d.path(f"M16 {n(y + ROW - 8)}H{n(WIDTH - 16)}", "grid")
    d.text(24, y + 10, MARKS.get(one.change, "?"), f"mark {tone}")
    d.text(42, y + 10, shortened(one.name, LEFT - 66, 11))
    d.text(42, y + 25, shortened(one.sentence, LEFT - 66, 10), f"small {tone}")
    values = [*one.samples.before, *one.samples.after]
    if not values:
        return
    low, high = min(values), max(values)
    span = high - low or 1
    d.text(LEFT - 6, y + 16, f"{size_ms(low)} ms", "small r")
    if high > low:
        d.text(RIGHT + 8, y + 16, f"{size_ms(high)} ms", "small")
    for place, (name, sample) in enumerate((("before", one.samples.before), ("now", one.samples.after))):
        d.open("sample", f"{name}: {len(sample)} values")
        for x in sorted({_x(value, low, span) for value in sample}):
            d.circle(x, y + 7 + 14 * place, DOT, "dot", stroke=SERIES[place])
        d.close()


def _x(value: Ns, low: Ns, span: Ns) -> float:
    """To the pixel: dots that would lie on one another are drawn once."""
    return float(round(LEFT + 4 + (value - low) * (RIGHT - LEFT - 8) / span))


def _tone(change: Change) -> str:
    if change in REGRESSIONS:
        return "bad"
    return "unsure" if change in (Change.NOT_SHOWN, Change.TOO_FEW) else "good"


STYLE = f"""
text {{fill:{INK};font-size:11px}}
.r {{text-anchor:end}}
.title {{font-size:15px;font-weight:600}}
.verdict {{font-size:12px}}
.strong {{font-weight:700}}
.small {{font-size:10px;fill:{MUTED}}}
.mark {{font-size:12px;font-weight:700}}
text.bad {{fill:{BAD};font-weight:600}}
text.good {{fill:{GOOD}}}
text.unsure {{fill:{UNSURE}}}
.grid {{stroke:{FAINT};stroke-width:1;fill:none}}
.dot {{fill:{PAPER};fill-opacity:.6;stroke-width:1.4}}
"""
