"""The sequence ladder of a test: both stations, their modems, what they said, in which state, and the pilot.

    svg = ladder_svg(trace, {"pev": "hyundai-ioniq28", "evse": "bench"}, title="...", judgements=judged)

Left to right: instants, the pilot strip, PEV, modems, EVSE. Violated limits are red brackets with a number, listed
under the chart.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from itertools import pairwise, zip_longest

from bench.analysis.verdict import Judgement, Verdict, bounds_text
from bench.mme import CmMnbcSoundInd, CmSlacParmReq
from bench.pilot.model import PilotReading
from bench.report import svg
from bench.report.folding import Fold, fold
from bench.report.lanes import Lane, Role
from bench.report.masking import Redactor
from bench.report.messages import details
from bench.report.palette import PATTERNS, STATE_STYLE, STYLE, pilot_class, state_class
from bench.report.reading import Arrow, Pilot, Reading, Remark, State, read
from bench.report.rows import Layout, Row, is_profile, lay_out
from bench.report.svg import Drawing, n, shortened
from bench.trace import Trace
from bench.units import Ns, show, to_s

TIME_RIGHT = 60.0
STRIP, STRIP_WIDTH = 72.0, 15.0
STRIP_TEXT = 92.0
STRIP_TEXT_WIDTH = 84.0
STATES_WIDTH = 186.0
PLAIN_MARGIN = 52.0
"""Beside a lane without states: half of its title."""
HOST_PITCH = 600.0
"""Between the PEV and the EVSE; every further host takes EXTRA_PITCH more."""
EXTRA_PITCH = 190.0
MODEM_BESIDE = 62.0
BAR = 9.0
STATE_TEXT = 10.0
HEAD_LINE = 16.0


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
    """The ladder of *trace* as an SVG document, about 1160 pixels wide.

    stations    names to show, by role or port: {"pev": ..., "evse": ...}
    t0          zero of the time axis; None: the first offer of 5 %, else the first matching message
    show_keys   keys in clear
    judgements  of intervals; those that fail (or are inconclusive) are marked
    verdict     a sentence for the head, red when *failed*
    """
    reading = read(trace, stations)
    marks = [j for j in judgements if j.verdict is not Verdict.PASS]
    zero, zero_is = (t0, "") if t0 is not None else zero_of(reading)
    return _Ladder(reading, zero, Redactor(trace, show_keys), show_keys, marks).draw(title, zero_is, verdict, failed)


def zero_of(reading: Reading) -> tuple[Ns, str]:
    """Where a reader starts counting, and what that is."""
    for item in reading.items:
        if isinstance(item, Pilot) and item.reading.digital:
            return item.t, "0 = first offer of 5 % to the plugged-in car"
    for item in reading.items:
        if isinstance(item, Arrow) and item.matching:
            return item.t, f"0 = first {item.name}"
    return (reading.items[0].t, "0 = first entry") if reading.items else (0, "")


class _Ladder:
    """One drawing under way."""

    def __init__(self, reading: Reading, zero: Ns, redact: Redactor, show_keys: bool, marks: list[Judgement]) -> None:
        self.reading, self.zero, self.redact, self.show_keys, self.marks = reading, zero, redact, show_keys, marks
        self.lines = fold(reading.items, show_keys)
        self.lanes = reading.lanes.order()
        self.pilot_station = _pilot_station(reading)
        self.actors = _actors(reading)
        spoken = {lane for lane, _ in self.actors} | {
            i.lane for i in reading.items if isinstance(i, Remark) and i.aside
        }
        left = STRIP_TEXT + STRIP_TEXT_WIDTH if self.pilot_station else STRIP
        left += STATES_WIDTH if self.lanes[0] in spoken else PLAIN_MARGIN
        self.x = _lane_positions(self.lanes, left)
        self.width = self.x[self.lanes[-1]] + (STATES_WIDTH + 10 if self.lanes[-1] in spoken else PLAIN_MARGIN + 10)
        self.runs: set[bytes] = set()
        self.said = ""
        self.drawing = Drawing("ccs-ladder", STYLE + STATE_STYLE, PATTERNS)

    def draw(self, title: str, zero_is: str, verdict: str, failed: bool) -> str:
        top = self._head(title, zero_is, verdict, failed)
        layout = lay_out(self.lines, top + 8)
        bottom = layout.bottom + 6
        self._lane_lines(top, bottom)
        self._state_bars(layout, bottom)
        self._pilot_strip(layout, bottom)
        self._cuts(layout)
        marked = self._brackets(layout)
        for row in layout.rows:
            self._row(row)
        height = self._foot(bottom, marked)
        return self.drawing.document(self.width, height, title or "sequence ladder")

    # head and foot ------------------------------------------------------------------------------------------

    def _head(self, title: str, zero_is: str, verdict: str, failed: bool) -> float:
        d = self.drawing
        y = 12.0
        if title:
            y += HEAD_LINE
            d.text(16, y, shortened(title, self.width - 32, 16), "title")
        if verdict:
            for line in textwrap.wrap(self.redact(verdict), int((self.width - 32) / (12 * svg.CHARACTER_WIDTH))):
                y += HEAD_LINE
                d.text(16, y, line, "verdict bad" if failed else "verdict")
        about = [zero_is] if zero_is else []
        if self.pilot_station:
            about.append(f"pilot as the {self.pilot_station.upper()} sees it")
        if about:
            y += HEAD_LINE
            d.text(16, y, "; ".join(about), "muted")
        y += 26
        for lane in self.lanes:
            x = self.x[lane]
            d.open("head", f"{lane.title} {lane.name} {lane.mac or ''}")
            if lane.modem:
                d.text(x, y, "modem", "small muted m")
            else:
                d.text(x, y, lane.title, f"role {lane.role.value.lower()} m")
                d.text(x, y + 14, shortened(lane.name, 170, 11), "m")
                d.text(x, y + 27, str(lane.mac or "silent"), "mac m")
            d.close()
        d.text(TIME_RIGHT, y + 27, "s", "small muted r")
        if self.pilot_station:
            d.text(STRIP, y + 27, "pilot", "small muted")
        return y + 38

    def _foot(self, bottom: float, marked: list[tuple[int, Judgement, int]]) -> float:
        d = self.drawing
        y = bottom + 8
        for number, judgement, times in marked:
            y += 17
            fails = judgement.verdict is Verdict.FAIL
            cls = "bad" if fails else "unsure"
            d.circle(23, y - 4, 7.5, f"badge {cls}")
            d.text(23, y - 0.6, str(number), "number m")
            d.text(38, y, _mark_text(judgement, times), f"mark {cls}")
        y += 20
        d.text(16, y, "time between lines is not to scale; silences above 300 ms are cut", "small muted")
        return y + 12

    # the background -----------------------------------------------------------------------------------------

    def _lane_lines(self, top: float, bottom: float) -> None:
        for lane in self.lanes:
            cls = "lane modem" if lane.modem else "lane"
            self.drawing.path(f"M{n(self.x[lane])} {n(top)}V{n(bottom)}", cls)

    def _state_bars(self, layout: Layout, bottom: float) -> None:
        d = self.drawing
        for (lane, actor), states in self.actors.items():
            x = self._bar_x(lane, actor)
            for state, following in zip_longest(states, states[1:]):
                y = layout.y(state.t)
                end = layout.y(following.t) if following else bottom
                if end > y:
                    d.open("bar", self.redact(f"{actor or lane.key}: {state.state} ({state.why})"))
                    d.rect(x - BAR / 2, y, BAR, end - y, f"state {state_class(state.state)}")
                    d.close()

    def _bar_x(self, lane: Lane, actor: str) -> float:
        column = [a for host, a in self.actors if host is lane].index(actor)
        return self.x[lane] + self._outward(lane) * column * (BAR + 1.5)

    def _outward(self, lane: Lane) -> int:
        return -1 if lane is self.lanes[0] else 1

    def _pilot_strip(self, layout: Layout, bottom: float) -> None:
        d = self.drawing
        changes = [i for i in self.reading.items if isinstance(i, Pilot) and i.station == self.pilot_station]
        for change, following in zip_longest(changes, changes[1:]):
            y = layout.y(change.t)
            end = layout.y(following.t) if following else bottom
            reading = change.reading
            d.open("pilot", f"{show(change.t - self.zero)}: {reading}")
            d.rect(STRIP, y, STRIP_WIDTH, end - y, f"cp {pilot_class(reading.state)}")
            if reading.pwm:
                d.rect(STRIP, y, STRIP_WIDTH, end - y, "pwm")
            if end - y >= 11:
                d.text(STRIP + STRIP_WIDTH / 2, min(y + 12, end - 2), _letter(reading), "letter m")
            d.close()
            d.text(STRIP_TEXT, y + 4, _pilot_text(reading), "small")

    def _cuts(self, layout: Layout) -> None:
        d = self.drawing
        spans = [(x - 8, x + 8) for x in self.x.values()]
        for lane, actor in self.actors:
            x = self._bar_x(lane, actor)
            spans.append((x - 8, x + 8))
        if self.pilot_station:
            spans.append((STRIP - 3, STRIP + STRIP_WIDTH + 3))
        middle = (self.x[self.lanes[0]] + self.x[self.lanes[-1]]) / 2
        for cut in layout.cuts:
            y = cut.y
            d.open("cut", f"nothing for {show(cut.length)}")
            for left, right in sorted(spans):
                d.path(f"M{n(left)} {n(y - 1)}L{n(right)} {n(y - 6)}V{n(y + 1)}L{n(left)} {n(y + 6)}Z", "tear")
                d.path(
                    f"M{n(left)} {n(y - 1)}L{n(right)} {n(y - 6)}M{n(left)} {n(y + 6)}L{n(right)} {n(y + 1)}", "edge"
                )
            d.text(middle, y + 3.5, show(cut.length), "gap m")
            d.close()

    # the lines ----------------------------------------------------------------------------------------------

    def _row(self, row: Row) -> None:
        d = self.drawing
        profile = isinstance(row.main, Arrow) and is_profile(row.main)
        stamp = _stamp(row.t - self.zero)
        if not profile and stamp != self.said:
            d.text(TIME_RIGHT, row.y + 3.5, stamp, "time r")
            d.path(f"M{n(TIME_RIGHT + 4)} {n(row.y)}h5", "tick")
            self.said = stamp
        self._state_texts(row)
        match row.main:
            case Arrow() as arrow:
                d.open("message", self._arrow_title(arrow))
                self._arrow(arrow, row.y)
                d.close()
            case Fold() as folded:
                self._fold(folded, row.y)
            case Remark() as remark:
                self._remark(remark, row.y)
            case None:
                pass

    def _state_texts(self, row: Row) -> None:
        by_lane: dict[Lane, list[str]] = {}
        for state in row.states:
            by_lane.setdefault(state.lane, []).append(state.state)
        for lane, states in by_lane.items():
            trouble = state_class(states[-1]) == "trouble"
            self._outside(lane, row.y, " → ".join(states), "state-name bad" if trouble else "state-name")
        for aside in row.asides:
            if aside.lane is not None and aside.lane not in by_lane:
                self._outside(aside.lane, row.y, f"ignored: {aside.text.partition(': ')[2]}", "state-name aside")

    def _outside(self, lane: Lane, y: float, text: str, cls: str) -> None:
        """A word beside a lane's bars, away from the messages."""
        outward = self._outward(lane)
        columns = sum(host is lane for host, _ in self.actors)
        x = self.x[lane] + outward * (BAR / 2 + max(0, columns - 1) * (BAR + 1.5) + 5)
        text = self.redact(text)
        y += 3.5 if lane in (self.lanes[0], self.lanes[-1]) else 12  # below what passes on its way to another lane
        self.drawing.open("outside", text)
        self.drawing.text(x, y, shortened(text, STATES_WIDTH - 12, STATE_TEXT), f"{cls} {'r' if outward < 0 else 'l'}")
        self.drawing.close()

    def _arrow(self, arrow: Arrow, y: float) -> None:
        d = self.drawing
        sender = arrow.source.role.value.lower()
        cls = f"arrow {'local' if arrow.local else sender}"
        x = self.x[arrow.source]
        reached = [lane for lane in arrow.targets if lane not in arrow.lost]
        for lane in reached:
            to = self.x[lane]
            if to != x:
                d.path(_arrow_path(x, to, y, small=is_profile(arrow)), cls)
        for lane in arrow.lost:
            to = self.x[lane]
            end = x + (to - x) * 0.68
            d.path(f"M{n(x)} {n(y)}H{n(end)}M{n(end - 4)} {n(y - 4)}l8 8m-8 0l8 -8", "arrow lost")
        self._arrow_text(arrow, x, y)

    def _arrow_text(self, arrow: Arrow, x: float, y: float) -> None:
        d = self.drawing
        mme = arrow.mme
        says = details(mme, self.show_keys) if mme else ""
        if is_profile(arrow):
            self._beside(arrow, y, [(says, "")], "tiny muted")
            return
        spans = [(arrow.name, "")]
        if says:
            spans.append((f"  {says}", "detail"))
        if isinstance(mme, CmSlacParmReq):
            self.runs.add(mme.run_id)
        elif (run := getattr(mme, "run_id", None)) is not None and run not in self.runs:
            spans.append((f"  other run {run}", "bad"))
        if arrow.lost:
            spans.append(("  lost", "bad"))
        if arrow.local:
            self._beside(arrow, y, spans, "")
            return
        ends = [self.x[lane] for lane in arrow.targets] or [x]
        far = max(ends, key=lambda end: abs(end - x))
        again = isinstance(mme, CmMnbcSoundInd) and mme.cnt != 9
        d.spans((x + far) / 2, y - 4, spans, "label m" + (" again" if again else ""))

    def _beside(self, arrow: Arrow, y: float, spans: list[tuple[str, str]], cls: str) -> None:
        """The text of a message between host and modem stands on the modem's free side."""
        modem = arrow.source if arrow.source.modem else next((t for t in arrow.targets if t.modem), arrow.source)
        right = modem.role is Role.PEV
        self.drawing.spans(self.x[modem] + (8 if right else -8), y + 3.5, spans, f"label {cls} {'l' if right else 'r'}")

    def _arrow_title(self, arrow: Arrow) -> str:
        octets = arrow.seen.octets
        lines = [
            f"{arrow.name} {details(arrow.mme, self.show_keys) if arrow.mme else ''}".rstrip(),
            f"{octets[6:12].hex(':')} → {octets[:6].hex(':')}, {len(octets)} octets at port {arrow.seen.port}",
            f"at {show(arrow.t - self.zero)}",
        ]
        lines += [f"{lane.key} had it {show(t - arrow.t)} later" for lane, t in arrow.arrived.items() if t != arrow.t]
        lines += [f"{arrow.also} told the same"] if arrow.also else []
        lines += [f"{lane.key} never had it" for lane in arrow.lost]
        return "\n".join(lines)

    def _fold(self, folded: Fold, y: float) -> None:
        d = self.drawing
        first, last = self.x[self.lanes[0]], self.x[self.lanes[-1]]
        a = self.x[folded.source] if folded.source in self.x and folded.source else first
        b = self.x[folded.target] if folded.target in self.x and folded.target else last
        low, high = min(a, b), max(a, b)
        bottom = y + 15
        until = f"until {_stamp(folded.t_end - self.zero)} s"
        d.open("fold", f"{folded.count} lines: {folded.text}, {until}")
        d.path(f"M{n(low)} {n(y)}H{n(high)}M{n(low)} {n(bottom)}H{n(high)}", "arrow local dotted")
        for step in range(1, 4):
            d.path(f"M{n(low + 3)} {n(y + step * 3.8)}H{n(high - 3)}", "arrow haze")
        room = abs(self.x[self.lanes[-1]] - self.x[self.lanes[0]]) - MODEM_BESIDE - 24
        text = shortened(f"{folded.text}, {until}", room, 11)
        if folded.target is not None and folded.target.modem:
            right = folded.target.role is Role.PEV
            x = self.x[folded.target] + (8 if right else -8)
            d.text(x, y + 11, self.redact(text), f"label detail {'l' if right else 'r'}")
        else:
            d.text((low + high) / 2, y + 11, self.redact(text), "label detail m")
        d.close()

    def _remark(self, remark: Remark, y: float) -> None:
        text = self.redact(remark.text if remark.lane else f"{remark.who}: {remark.text}")
        x, side = (self.x[self.lanes[0]] + self.x[self.lanes[-1]]) / 2, "m"
        if remark.lane is not None:
            right = self._outward(remark.lane) < 0
            x, side = self.x[remark.lane] + (14 if right else -14), "l" if right else "r"
        room = self.x[self.lanes[-1]] - self.x[self.lanes[0]] - 28
        cls = f"remark {side}{' bad' if remark.bad else ' good' if remark.good else ''}"
        self.drawing.open("note", text)
        self.drawing.text(x, y + 3.5, shortened(text, room, 10.5), cls)
        self.drawing.close()

    # violated limits ----------------------------------------------------------------------------------------

    def _brackets(self, layout: Layout) -> list[tuple[int, Judgement, int]]:
        """Draw a bracket for every marked interval; returns (number, worst, how often) for the list below."""
        by_name: dict[tuple[str, Verdict], list[Judgement]] = {}
        for mark in self.marks:
            by_name.setdefault((mark.interval.name, mark.verdict), []).append(mark)
        marked = []
        for number, same in enumerate(by_name.values(), 1):
            for judgement in same:
                self._bracket(judgement, number, layout)
            marked.append((number, min(same, key=lambda j: j.margin or 0), len(same)))
        return marked

    def _bracket(self, judgement: Judgement, number: int, layout: Layout) -> None:
        interval = judgement.interval
        role = Role.PEV if interval.limit.side == "pev" else Role.EVSE
        lane = self.reading.lanes.of(role)[0]
        inward = -self._outward(lane)
        x = self.x[lane] + inward * (13 + 9 * ((number - 1) % 4))
        y, end = layout.y(interval.start), layout.y(interval.start + interval.value)
        end = max(end, y + 3)
        cls = "bad" if judgement.verdict is Verdict.FAIL else "unsure"
        d = self.drawing
        d.open("limit", _mark_text(judgement, 1))
        d.path(f"M{n(x - 4 * inward)} {n(y)}H{n(x)}V{n(end)}H{n(x - 4 * inward)}", f"bracket {cls}")
        d.circle(x, (y + end) / 2, 6.5, f"badge {cls}")
        d.text(x, (y + end) / 2 + 3.2, str(number), "number m")
        d.close()


def _lane_positions(lanes: list[Lane], x: float) -> dict[Lane, float]:
    """Hosts from *x* on; modems beside their hosts, on the inner side."""
    hosts = [lane for lane in lanes if not lane.modem]
    pevs = [lane for lane in hosts if lane.role is Role.PEV]
    at: dict[Lane, float] = {}
    for before, lane in pairwise([None, *hosts]):
        assert lane is not None
        if before is not None:
            x += HOST_PITCH if before is pevs[-1] else EXTRA_PITCH
        at[lane] = x
    for lane in lanes:
        if lane.modem:
            host = next(host for host in hosts if host.key == lane.key and host.role is lane.role)
            at[lane] = at[host] + (MODEM_BESIDE if lane.role is Role.PEV else -MODEM_BESIDE)
    return at


def _pilot_station(reading: Reading) -> str:
    """Whose view of the pilot is drawn: the EVSE's, which makes it, where it is known."""
    stations = list(dict.fromkeys(item.station for item in reading.items if isinstance(item, Pilot)))
    return "evse" if "evse" in stations else stations[0] if stations else ""


def _actors(reading: Reading) -> dict[tuple[Lane, str], list[State]]:
    """Station and sessions of each lane, in the order they appear, with their states."""
    actors: dict[tuple[Lane, str], list[State]] = {}
    for item in reading.items:
        if isinstance(item, State):
            actors.setdefault((item.lane, item.actor), []).append(item)
    return actors


def _stamp(t: Ns) -> str:
    """Seconds, to a tenth of a millisecond."""
    return f"{to_s(t):.4f}".replace("-", "−")


def _letter(reading: PilotReading) -> str:
    return "!" if reading.state.value == "fault" else reading.state.value


def _pilot_text(reading: PilotReading) -> str:
    """`B2  5 %  +9.0 V`"""
    duty = f"  {reading.duty_cycle_pct:g} %" if reading.pwm else ""
    return f"{reading.label}{duty}  {reading.high_v:+.1f} V"


def _mark_text(judgement: Judgement, times: int) -> str:
    interval = judgement.interval
    bounds = bounds_text(judgement.minimum, judgement.maximum)
    often = f"; worst of {times}" if times > 1 else ""
    return (
        f"{interval.name} of the {interval.limit.side.upper()}: {show(interval.value)}, allowed {bounds} "
        f"({judgement.profile.value}): {judgement.verdict.value}{often}"
    )


def _arrow_path(x: float, to: float, y: float, *, small: bool) -> str:
    """A line with a filled head that ends just before the lane."""
    way = 1 if to > x else -1
    tip = to - way * 1.5
    length, half = (4.0, 2.2) if small else (7.0, 3.4)
    back = tip - way * length
    return f"M{n(x)} {n(y)}H{n(back)}M{n(tip)} {n(y)}L{n(back)} {n(y - half)}V{n(y + half)}Z"
