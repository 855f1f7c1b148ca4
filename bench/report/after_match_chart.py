"""The way from the match to the answer of SDP as bars, and the same figures as a page for the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.report.after_match import FIRST, TITLE, Seen, Split, after_match_text, compared, off_text
from bench.report.svg import EVSE, FAINT, FONT, GOOD, INK, MUTED, PEV, UNSURE, Drawing, n, plain, shortened
from bench.units import Ns, s, to_ms, to_s

LEFT, PLOT, RIGHT = 210.0, 600.0, 250.0
TOP, ROW, BAR = 58.0, 30.0, 12.0
SHORTEST = 1.5
"""An answer after 0.4 ms is to be seen all the same."""
STRETCHES = (
    ("match to network", "network"),
    ("to the car's first frame", "frame"),
    ("to its first SDP request", "request"),
    ("to the answer", "answer"),
)
STYLE = f"""
text {{fill:{INK};font-size:11px}}
.m {{text-anchor:middle}}
.r {{text-anchor:end}}
.muted {{fill:{MUTED}}}
.grid {{stroke:{FAINT};stroke-width:1}}
.network {{fill:#eccf86}}
.frame {{fill:#b4cfe6}}
.request {{fill:{PEV}}}
.answer {{fill:{EVSE}}}
.whisker {{stroke-width:1.6;fill:none}}
.whisker.recorded {{stroke:{GOOD}}}
.whisker.assumed {{stroke:{UNSURE};stroke-dasharray:2 2}}
.whisker.first {{stroke:{MUTED};stroke-width:1}}
"""


def after_match_svg(splits: Iterable[Split]) -> str:
    """A bar per station; whiskers under it from the least to the greatest recorded value, with the median."""
    found = list(splits)
    longest = max((_end(split) for split in found), default=s(1))
    drawing = Drawing("ccs-after-match", STYLE)
    bottom = TOP + ROW * len(found)
    _legend(drawing, {cls for split in found for cls, _, _ in _stretches(split)})
    _axis(drawing, longest, bottom)
    for i, split in enumerate(found):
        _row(drawing, split, TOP + ROW * i, longest)
    return drawing.document(LEFT + PLOT + RIGHT, bottom + 34, TITLE)


def _end(split: Split) -> Ns:
    ends = [start + length for _, start, length in _stretches(split)]
    recorded = [seen.recorded.max for _, seen in compared(split) if seen.recorded is not None]
    return max(*ends, *recorded, s(0.1))


def _stretches(split: Split) -> list[tuple[str, Ns, Ns]]:
    """(class, start, length); what was not seen is no stretch, and none begins before the last one ends."""
    if split.role == "evse":
        return [("answer", 0, split.answer.median)] if split.answer else []
    found: list[tuple[str, Ns, Ns]] = []
    at: Ns = 0
    for (_, cls), seen in zip(STRETCHES, (split.network, split.first_frame, split.sdp), strict=False):
        if seen is not None and seen.median > at:
            found.append((cls, at, seen.median - at))
            at = seen.median
    if split.sdp and split.answer:
        found.append(("answer", at, split.answer.median))
    return found


def _x(t: Ns, longest: Ns) -> float:
    return LEFT + PLOT * t / longest


def _legend(d: Drawing, used: set[str]) -> None:
    x = LEFT
    for text, cls in STRETCHES:
        if cls not in used:
            continue
        d.rect(x, 12, 12, 10, cls)
        d.text(x + 17, 21, text)
        x += 165
    x = LEFT
    whiskers = [("recorded", "recorded: least, median, greatest"), ("assumed", "assumed, not recorded")]
    if "frame" in used or "request" in used:
        whiskers.append(("recorded first", "recorded first frame"))
    for cls, text in whiskers:
        d.path(f"M{n(x)} 36h14M{n(x + 7)} 32v8", f"whisker {cls}")
        d.text(x + 20, 40, text, "muted")
        x += 220


def _axis(d: Drawing, longest: Ns, bottom: float) -> None:
    step = _step(longest)
    for t in range(0, longest + 1, step):
        x = _x(t, longest)
        d.path(f"M{n(x)} {n(TOP - 6)}V{n(bottom)}", "grid")
        d.text(x, bottom + 14, f"{to_s(t):g} s" if longest >= s(1) else f"{to_ms(t):g} ms", "muted m")


def _step(longest: Ns) -> Ns:
    """Round, and at most ten of them."""
    power = int(10 ** (len(str(longest)) - 2))
    return next(power * factor for factor in (1, 2, 5, 10) if longest <= 10 * power * factor)


def _row(d: Drawing, split: Split, y: float, longest: Ns) -> None:
    d.open("station", "; ".join(_in_words(split)))
    d.text(LEFT - 10, y + 10, shortened(split.name, LEFT - 20, 11), "r")
    for cls, start, length in _stretches(split):
        x = _x(start, longest)
        d.rect(x, y, max(SHORTEST, _x(start + length, longest) - x), BAR, cls)
    for what, seen in compared(split):
        _recorded(d, seen, y + BAR + 5, longest, "first" if what == FIRST else "")
    d.text(LEFT + PLOT + 10, y + 10, _beside(split))
    d.close()


def _recorded(d: Drawing, seen: Seen, y: float, longest: Ns, more: str) -> None:
    if (recorded := seen.recorded) is None:
        return
    low, middle, high = (_x(t, longest) for t in (recorded.min, recorded.median, recorded.max))
    cls = "assumed" if recorded.assumed else "recorded"
    d.path(f"M{n(low)} {n(y)}H{n(high)}M{n(middle)} {n(y - 4)}V{n(y + 4)}", f"whisker {cls} {more}".rstrip())


def _beside(split: Split) -> str:
    """`4.120 s, recorded 4.119 s (0.0 %)`"""
    parts = compared(split)
    if not parts:
        return ""
    _, seen = parts[-1]
    if seen.recorded is None:
        return _time(seen.median)
    return f"{_time(seen.median)}, recorded {_time(seen.recorded.median)} ({off_text(seen)})"


def _in_words(split: Split) -> list[str]:
    said = [f"{split.name}"]
    others = (("network", split.network), ("answer", split.answer)) if split.role == "pev" else ()
    for what, seen in (*others, *compared(split)):
        if seen is not None:
            said.append(f"{what} {_time(seen.median)}, n = {len(seen.values)}")
    return said


def _time(value: Ns) -> str:
    return f"{to_s(value):.3f} s" if value >= s(1) else f"{to_ms(value):.1f} ms"


def after_match_html(splits: Sequence[Split], title: str = "") -> str:
    """A page of its own: cars and charging stations, each with their chart, and the figures."""
    head = TITLE + (f": {title}" if title else "")
    charts = [after_match_svg(same) for role in ("pev", "evse") if (same := [x for x in splits if x.role == role])]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{plain(head)}</title><style>'
        f"body {{font:13px/1.45 {FONT};color:{INK};background:#fff;margin:16px}} h1 {{font-size:16px}}"
        f"</style></head><body><h1>{plain(head)}</h1>{''.join(charts)}"
        f"<pre>{plain(after_match_text(splits))}</pre></body></html>\n"
    )
