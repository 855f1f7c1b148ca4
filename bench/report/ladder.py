"""The sequence ladder of a test: both stations, their modems, what they said, in which state, and the pilot.

    svg = ladder_svg(trace, {"pev": "hyundai-ioniq28", "evse": "bench"}, title="...", judgements=judged)

Left to right: instants, the pilot strip, PEV, modems, EVSE. Violated limits are red brackets with a number, listed
under the chart.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from itertools import zip_longest

from bench.analysis.verdict import Judgement
from bench.pilot.model import CpState, PilotReading
from bench.report.folding import fold
from bench.report.ladder_lines import Lines
from bench.report.ladder_marks import draw_brackets, draw_list, marks_of
from bench.report.lanes import Role
from bench.report.masking import Redactor
from bench.report.palette import PATTERNS, STATE_STYLE, STYLE, pilot_class, state_class
from bench.report.reading import Pilot, Reading, read, zero_of
from bench.report.rows import Layout, lay_out
from bench.report.stage import STRIP, STRIP_TEXT, STRIP_WIDTH, TIME_RIGHT, Stage, set_stage
from bench.report.svg import CHARACTER_WIDTH, Drawing, n, shortened
from bench.sdp.evcc_table import EvccState
from bench.trace import Trace
from bench.units import Ns, show

HEAD_LINE = 16.0
CUT_RULE = "silences above 300 ms are cut"
NO_NETWORK = EvccState.NO_NETWORK.value
"""SDP has nothing to do: no bar."""
THINNEST = 0.5
"""A state that lasts for less on paper is not painted; its name is said all the same."""


def ladder_svg(
    trace: Trace,
    stations: Mapping[str, str] | None = None,
    title: str = "",
    *,
    t0: Ns | None = None,
    show_keys: bool = False,
    judgements: Iterable[Judgement] = (),
    verdict: str = "",
    failed: bool = False,
) -> str:
    """The ladder of *trace* as an SVG document, about 1160 pixels wide with pilot and states of both stations.

    stations    names to show, by role or port: {"pev": ..., "evse": ...}
    t0          zero of the time axis; None: the first offer of 5 %, else the first matching message
    show_keys   keys in clear
    judgements  of intervals; those that fail (or are inconclusive) are marked
    verdict     a sentence for the head, red when *failed*
    """
    reading = read(trace, stations)
    redact = Redactor(trace, show_keys)
    stage = set_stage(reading)
    drawing = Drawing("ccs-ladder", STYLE + STATE_STYLE, PATTERNS)
    zero, zero_is = (t0, "") if t0 is not None else zero_of(reading)

    y = _head(drawing, stage, redact(title), redact(verdict), "bad" if failed else "")
    y = _about(drawing, stage, zero_is, y)
    top = _lane_heads(drawing, stage, y)
    layout = lay_out(fold(reading.items, show_keys), top + 8)
    bottom = layout.bottom + 6
    _lane_lines(drawing, stage, top, bottom)
    _state_bars(drawing, stage, layout, bottom, redact)
    _pilot_strip(drawing, stage, layout, bottom, reading, zero)
    _cuts(drawing, stage, layout)
    marks = marks_of(judgements)
    draw_brackets(drawing, stage, layout, marks, {role.value.lower(): reading.lanes.of(role)[0] for role in Role})
    lines = Lines(drawing, stage, zero, redact, show_keys)
    for row in layout.rows:
        lines.row(row)
    y = draw_list(drawing, marks, bottom + 8) + 20
    drawing.text(16, y, "; ".join(["time between lines is not to scale", CUT_RULE, *_others(reading)]), "small muted")
    return drawing.document(stage.width, y + 12, redact(title) or "sequence ladder")


def _others(reading: Reading) -> list[str]:
    """What is left out because neither car nor charging station sent it."""
    count = reading.others.total()
    if not count:
        return []
    hosts = len(reading.others)
    return [
        f"{count} IPv6 frame{'s' * (count > 1)} of {hosts} other host{'s' * (hosts > 1)} not drawn; see the capture"
    ]


# above the lines ------------------------------------------------------------------------------------------------


def _head(d: Drawing, stage: Stage, title: str, verdict: str, tone: str) -> float:
    y = 12.0
    if title:
        y += HEAD_LINE
        d.text(16, y, shortened(title, stage.width - 32, 16), "title")
    for line in textwrap.wrap(verdict, int((stage.width - 32) / (12 * CHARACTER_WIDTH))):
        y += HEAD_LINE
        d.text(16, y, line, f"verdict {tone}")
    return y


def _about(d: Drawing, stage: Stage, zero_is: str, y: float) -> float:
    about = [zero_is] if zero_is else []
    if stage.pilot_station:
        about.append(f"pilot as the {stage.pilot_station.upper()} sees it")
    if about:
        y += HEAD_LINE
        d.text(16, y, "; ".join(about), "muted")
    return y


def _lane_heads(d: Drawing, stage: Stage, y: float) -> float:
    y += 26
    for lane in stage.lanes:
        x = stage.x[lane]
        d.open("head", f"{lane.title} {lane.name} {lane.mac or ''}")
        if lane.modem:
            d.text(x, y, "modem", "small muted m")
        else:
            d.text(x, y, lane.title, f"role {lane.role.value.lower()} m")
            d.text(x, y + 14, shortened(lane.name, 170, 11), "m")
            d.text(x, y + 27, str(lane.mac or "silent"), "mac m")
        d.close()
    d.text(TIME_RIGHT, y + 27, "s", "small muted r")
    if stage.pilot_station:
        d.text(STRIP, y + 27, "pilot", "small muted")
    return y + 38


# behind the lines -----------------------------------------------------------------------------------------------


def _lane_lines(d: Drawing, stage: Stage, top: float, bottom: float) -> None:
    for lane in stage.lanes:
        d.path(f"M{n(stage.x[lane])} {n(top)}V{n(bottom)}", "lane modem" if lane.modem else "lane")


def _state_bars(d: Drawing, stage: Stage, layout: Layout, bottom: float, redact: Redactor) -> None:
    for (lane, actor), states in stage.actors.items():
        x = stage.bar_x((lane, actor))
        for state, following in zip_longest(states, states[1:]):
            y = layout.of(state)
            end = layout.of(following) if following else bottom
            if end - y >= THINNEST and state.state != NO_NETWORK:
                d.open("bar", redact(f"{actor or lane.key}: {state.state} ({state.why})"))
                width = stage.bar_width((lane, actor))
                d.rect(x - width / 2, y, width, end - y, f"state {state_class(state.state)}")
                d.close()


def _pilot_strip(d: Drawing, stage: Stage, layout: Layout, bottom: float, reading: Reading, zero: Ns) -> None:
    changes = [item for item in reading.items if isinstance(item, Pilot) and item.station == stage.pilot_station]
    for change, following in zip_longest(changes, changes[1:]):
        y = layout.of(change)
        end = max(y, layout.of(following) if following else bottom)
        seen = change.reading
        d.open("pilot", f"{show(change.t - zero)}: {seen}")
        d.rect(STRIP, y, STRIP_WIDTH, end - y, f"cp {pilot_class(seen.state)}")
        if seen.pwm:
            d.rect(STRIP, y, STRIP_WIDTH, end - y, "pwm")
        if end - y >= 11:
            letter = "!" if seen.state is CpState.FAULT else seen.state.value
            d.text(STRIP + STRIP_WIDTH / 2, min(y + 12, end - 2), letter, "letter m")
        d.close()
        d.text(STRIP_TEXT, y + 4, _pilot_text(seen), "small")


def _pilot_text(reading: PilotReading) -> str:
    """`B2 5 % +9.0 V`"""
    duty = f" {reading.duty_cycle_pct:g} %" if reading.pwm else ""
    return f"{reading.label}{duty} {reading.high_v:+.1f} V".replace("-", "−")


def _cuts(d: Drawing, stage: Stage, layout: Layout) -> None:
    """Every line, bar and strip is torn where a long silence is left out."""
    torn = {(x - 8, x + 8) for x in (*stage.x.values(), *map(stage.bar_x, stage.actors))}
    if stage.pilot_station:
        torn.add((STRIP - 3, STRIP + STRIP_WIDTH + 3))
    for cut in layout.cuts:
        y = cut.y
        d.open("cut", f"nothing for {show(cut.length)}")
        for left, right in sorted(torn):
            upper, lower = f"M{n(left)} {n(y - 1)}L{n(right)} {n(y - 6)}", f"L{n(left)} {n(y + 6)}"
            d.path(f"{upper}V{n(y + 1)}{lower}Z", "tear")
            d.path(f"{upper}M{n(right)} {n(y + 1)}{lower}", "edge")
        d.text(stage.middle, y + 3.5, show(cut.length), "gap m")
        d.close()
