"""The timing table of one test: every interval against what the standard and the field allow."""

from __future__ import annotations

from collections.abc import Iterable

from bench.analysis.intervals import Interval
from bench.analysis.verdict import INCONCLUSIVE_WITHIN, Profile, Verdict
from bench.report.svg import BAD, FAINT, FONT, GOOD, INK, MUTED, UNSURE, plain
from bench.report.timing import SIGNS, Judged, Timing, bounds, mark, ms_text, parted, timings_of
from bench.units import Ns, show

NOTHING = "no interval was seen"
MARKS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCONCLUSIVE: "?"}


def timing_table_html(intervals: Iterable[Interval], *, uncertainty: Ns = 0, title: str = "Timing") -> str:
    """The table as an HTML page of its own.

    uncertainty   of one measured interval on this bench; shown when it is not 0
    """
    timings = timings_of(intervals, uncertainty)
    body = _html_rows(timings) or f'<tr><td colspan="{len(HEADS)}" class="none">{NOTHING}</td></tr>'
    why = [
        f"<li><b>{plain(timing.limit.name)}</b>: {plain(timing.limit.field_why)}</li>"
        for timing in timings
        if timing.limit.field_why and timing.judged(Profile.STRICT).verdict is not Verdict.PASS
    ]
    notes = f"<p>Why the field limits are wider:</p><ul>{''.join(why)}</ul>" if why else ""
    heads = "".join(f"<th{cls}>{text}</th>" for text, cls in HEADS)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{plain(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{plain(title)}</h1>{_uncertainty_html(uncertainty)}"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{notes}</body></html>\n"
    )


HEADS = (
    ("interval", ""),
    ("of", ""),
    ("n", ' class="n"'),
    ("min, ms", ' class="n"'),
    ("median, ms", ' class="n"'),
    ("max, ms", ' class="n"'),
    ("standard", ""),
    ("margin, ms", ' class="n"'),
    ("verdict", ""),
    ("field", ""),
    ("verdict", ""),
)


def _uncertainty_html(uncertainty: Ns) -> str:
    return f"<p>{plain(_uncertainty_text(uncertainty))}</p>" if uncertainty else ""


def _uncertainty_text(uncertainty: Ns) -> str:
    return (
        f"uncertainty of one interval: {show(uncertainty)}; "
        f"a margin below {INCONCLUSIVE_WITHIN} times that decides nothing"
    )


def _html_rows(timings: list[Timing]) -> str:
    """SLAC and SDP under heads of their own, where both are there."""
    by_name = {timing.limit.name: timing for timing in timings}
    parts = parted(by_name)
    rows: list[str] = []
    for head, names in parts:
        if len(parts) > 1:
            rows.append(f'<tr class="part"><td colspan="{len(HEADS)}">{plain(head)}</td></tr>')
        rows += [_html_row(by_name[name]) for name in names]
    return "".join(rows)


def _html_row(timing: Timing) -> str:
    limit = timing.limit
    strict, field = timing.judged(Profile.STRICT), timing.judged(Profile.FIELD)
    values = [timing.minimum, timing.median, timing.maximum] if len(timing.values) > 1 else [None, timing.median, None]
    cells = [
        f'<td title="from {plain(limit.starts)} to {plain(limit.stops)}">{plain(limit.name)}</td>',
        f"<td>{plain(limit.side.upper())}</td>",
        f'<td class="n">{len(timing.values)}</td>',
        *(f'<td class="n">{"" if value is None else ms_text(value)}</td>' for value in values),
        f"<td>{bounds(limit, Profile.STRICT)}</td>",
        f'<td class="n">{_margin(strict)}</td>',
        _verdict_cell(strict),
        f"<td>{bounds(limit, Profile.FIELD)}</td>",
        _verdict_cell(field),
    ]
    return f'<tr class="{strict.verdict.value}">{"".join(cells)}</tr>'


def _margin(judged: Judged) -> str:
    return "" if judged.margin is None else ms_text(judged.margin)


def _verdict_cell(judged: Judged) -> str:
    total, bad = judged.counts.total(), judged.counts[judged.verdict]
    often = f" ({bad} of {total})" if judged.verdict is not Verdict.PASS and total > 1 else ""
    verdict = judged.verdict
    return f'<td class="{verdict.value}">{MARKS[verdict]} {SIGNS[verdict]}{often}</td>'


def timing_table_lines(timings: Iterable[Timing], *, narrow: bool = False) -> list[str]:
    """The same figures as lines of at most 120 columns, without limits of at most 80 (*narrow*); values in ms."""
    columns, text_row = (NARROW_COLUMNS, _narrow_row) if narrow else (COLUMNS, _text_row)
    heads = NARROW_HEADS if narrow else TEXT_HEADS
    by_name = {timing.limit.name: timing for timing in timings}
    parts = parted(by_name)
    lines = [columns.format(*heads).rstrip()]
    for head, names in parts:
        if len(parts) > 1:
            lines.append(f"- {head}")
        lines += [text_row(by_name[name]) for name in names]
    return lines


COLUMNS = "{:<41} {:<4} {:>3} {:>8} {:>8} {:>8} {:>10} {:>11} {:>8} {:>4} {:>5}"
TEXT_HEADS = ("interval (ms)", "of", "n", "min", "median", "max", "standard", "field", "margin", "std", "field")
NARROW_COLUMNS = "{:<41} {:>3} {:>8} {:>8} {:>8} {}"
NARROW_HEADS = ("interval (ms)", "n", "min", "median", "max", "")
SHORT = {Verdict.PASS: "ok", Verdict.FAIL: "FAIL", Verdict.INCONCLUSIVE: "?"}


def _text_row(timing: Timing) -> str:
    limit = timing.limit
    strict, field = timing.judged(Profile.STRICT), timing.judged(Profile.FIELD)
    several = len(timing.values) > 1
    return COLUMNS.format(
        limit.name,
        limit.side,
        len(timing.values),
        ms_text(timing.minimum) if several else "",
        ms_text(timing.median),
        ms_text(timing.maximum) if several else "",
        bounds(limit, Profile.STRICT),
        bounds(limit, Profile.FIELD),
        _margin(strict),
        SHORT[strict.verdict],
        SHORT[field.verdict],
    )


def _narrow_row(timing: Timing) -> str:
    several = len(timing.values) > 1
    return NARROW_COLUMNS.format(
        timing.limit.name,
        len(timing.values),
        ms_text(timing.minimum) if several else "",
        ms_text(timing.median),
        ms_text(timing.maximum) if several else "",
        mark(timing),
    ).rstrip()


STYLE = f"""
body {{font:13px/1.45 {FONT};color:{INK};background:#fff;margin:16px}}
h1 {{font-size:16px}}
table {{border-collapse:collapse}}
th,td {{padding:3px 9px;text-align:left;border-bottom:1px solid {FAINT};white-space:nowrap}}
th {{border-bottom:2px solid {MUTED};font-weight:600}}
.n {{text-align:right;font-variant-numeric:tabular-nums}}
tr.part td {{color:{MUTED};font-weight:600;padding-top:12px}}
td.pass {{color:{GOOD}}}
td.fail {{color:{BAD};font-weight:700}}
td.inconclusive {{color:{UNSURE};font-weight:600}}
.none,li,p {{color:{MUTED}}}
"""
