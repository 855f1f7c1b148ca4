"""The lines of a ladder: instants, messages, folds, remarks, and what was said of states beside them."""

from __future__ import annotations

from bench.mme import CmMnbcSoundInd, CmSlacParmReq, Mme, violations
from bench.net import SdpRequest, SdpResponse
from bench.net import violations as packet_violations
from bench.report.folding import Fold
from bench.report.lanes import Lane, Role
from bench.report.masking import Redactor
from bench.report.messages import details, packet_details
from bench.report.palette import state_class
from bench.report.reading import Arrow, Remark, State
from bench.report.rows import FOLD_HEIGHT, Row, is_profile
from bench.report.stage import MODEM_BESIDE, STATES_WIDTH, TIME_RIGHT, Stage
from bench.report.svg import Drawing, n, shortened
from bench.units import Ns, show, to_s

LOST_AT = 0.68
"""Where on its way a lost message ends; the real place nobody knows."""
CHARACTERS_OF_A_RULE = 60


class Lines:
    """Draws rows, from the first to the last; it remembers what was said to leave out what is said again."""

    def __init__(self, drawing: Drawing, stage: Stage, zero: Ns, redact: Redactor, show_keys: bool) -> None:
        self._drawing, self._stage, self._zero = drawing, stage, zero
        self._redact, self._show_keys = redact, show_keys
        self._runs: set[bytes] = set()
        """RunIDs that were announced by CM_SLAC_PARM.REQ."""
        self._stamp = ""

    def row(self, row: Row) -> None:
        d = self._drawing
        small = isinstance(row.main, Arrow) and is_profile(row.main)
        stamp = _seconds(row.t - self._zero)
        if not small and stamp != self._stamp:
            d.text(TIME_RIGHT, row.y + 3.5, stamp, "time r")
            d.path(f"M{n(TIME_RIGHT + 4)} {n(row.y)}h5", "tick")
            self._stamp = stamp
        self._states(row)
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

    # beside the lanes ---------------------------------------------------------------------------------------

    def _states(self, row: Row) -> None:
        by_lane: dict[Lane, list[State]] = {}
        for state in row.states:
            by_lane.setdefault(state.lane, []).append(state)
        for lane, states in by_lane.items():
            trouble = any(state_class(state.state) == "trouble" for state in states)
            # SDP runs beside SLAC: its states do not follow from those of a session.
            ways = ([s.state for s in states if not s.sdp], [s.state for s in states if s.sdp])
            text = "; ".join(" → ".join(way) for way in ways if way)
            self._outside(lane, row.y, text, "state-name bad" if trouble else "state-name")
        for aside in row.asides:
            if aside.lane is not None and aside.lane not in by_lane:
                self._outside(aside.lane, row.y, f"ignored: {aside.text.partition(': ')[2]}", "state-name aside")

    def _outside(self, lane: Lane, y: float, text: str, cls: str) -> None:
        """Words beside a lane's bars, away from the messages."""
        d, stage = self._drawing, self._stage
        text = self._redact(text)
        y += 3.5 if stage.outermost(lane) else 12  # below what passes on its way to another lane
        d.open("outside", text)
        side = "r" if stage.outward(lane) < 0 else "l"
        d.text(stage.beside_bars(lane), y, shortened(text, STATES_WIDTH - 12, 10), f"{cls} {side}")
        d.close()

    # messages -----------------------------------------------------------------------------------------------

    def _arrow(self, arrow: Arrow, y: float) -> None:
        d, at = self._drawing, self._stage.x
        cls = f"arrow {'thin' if arrow.housekeeping else 'local' if arrow.local else arrow.source.role.value.lower()}"
        x = at[arrow.source]
        for lane in arrow.targets:
            to = at[lane]
            if lane in arrow.lost:
                end = x + (to - x) * LOST_AT
                d.path(f"M{n(x)} {n(y)}H{n(end)}", "arrow lost")
                d.path(f"M{n(end - 4)} {n(y - 4)}l8 8m-8 0l8 -8", "cross")
            elif to != x:
                d.path(_arrow_path(x, to, y, small=is_profile(arrow) or arrow.housekeeping), cls)
        spans = self._arrow_text(arrow)
        if is_profile(arrow):
            self._beside_modem(arrow, y, spans, "tiny muted")
        elif arrow.local:
            self._beside_modem(arrow, y, spans, "")
        else:
            far = max((at[lane] for lane in arrow.targets), key=lambda end: abs(end - x), default=x)
            again = isinstance(arrow.mme, CmMnbcSoundInd) and arrow.mme.cnt != 9
            faint = " tiny muted" if arrow.housekeeping else " again" if again else ""
            d.spans((x + far) / 2, y - (3 if arrow.housekeeping else 4), spans, f"label m{faint}")

    def _arrow_text(self, arrow: Arrow) -> list[tuple[str, str]]:
        """(text, class) pieces: name, details, and in red what is wrong with it."""
        mme = arrow.mme
        says = self._details(arrow)
        if is_profile(arrow):
            return [(says, "")]
        spans = [(arrow.name, "")]
        if says:
            spans.append((f"  {says}", "detail"))
        if isinstance(mme, CmSlacParmReq):
            self._runs.add(mme.run_id)
        elif (run := getattr(mme, "run_id", None)) is not None and run not in self._runs:
            spans.append((f"  other run {run}", "bad"))
        if arrow.first:
            spans.append(("  the car's first frame", "detail"))
        if arrow.sdp and arrow.packet is not None:
            wrong = [str(v)[:CHARACTERS_OF_A_RULE] for v in packet_violations(arrow.packet)]
            if not isinstance(arrow.packet.message, SdpRequest | SdpResponse):
                wrong.append("no SDP message")
            spans += [(f"  ✗ {what}", "bad") for what in wrong[:1]]
        if isinstance(mme, Mme) and arrow.matching:
            spans += [(f"  ✗ {str(v)[:CHARACTERS_OF_A_RULE]}", "bad") for v in violations(mme) if v.reject][:1]
        if arrow.lost:
            spans.append(("  lost", "bad"))
        return spans

    def _details(self, arrow: Arrow) -> str:
        if arrow.packet is not None:
            return packet_details(arrow.packet)
        return details(arrow.mme, self._show_keys) if arrow.mme is not None else ""

    def _beside_modem(self, arrow: Arrow, y: float, spans: list[tuple[str, str]], cls: str) -> None:
        """The text of a message between host and modem stands on the modem's free side."""
        modem = next((lane for lane in (arrow.source, *arrow.targets) if lane.modem), arrow.source)
        x, side = self._free_side(modem)
        self._drawing.spans(x, y + 3.5, spans, f"label {cls} {side}")

    def _free_side(self, modem: Lane) -> tuple[float, str]:
        x = self._stage.x[modem]
        return (x + 8, "l") if modem.role is Role.PEV else (x - 8, "r")

    def _arrow_title(self, arrow: Arrow) -> str:
        octets = arrow.seen.octets
        lines = [
            f"{arrow.name} {self._details(arrow)}".rstrip(),
            f"{octets[6:12].hex(':')} → {octets[:6].hex(':')}, {len(octets)} octets at port {arrow.seen.port}",
            f"at {show(arrow.t - self._zero)}",
        ]
        lines += [f"{lane.key} had it {show(t - arrow.t)} later" for lane, t in arrow.arrived.items() if t != arrow.t]
        lines += [f"{arrow.also} told the same"] if arrow.also else []
        lines += [f"{lane.key} never had it" for lane in arrow.lost]
        return "\n".join(lines)

    # folds and remarks --------------------------------------------------------------------------------------

    def _fold(self, folded: Fold, y: float) -> None:
        d, stage = self._drawing, self._stage
        a = stage.left if folded.source is None else stage.x[folded.source]
        b = stage.right if folded.target is None else stage.x[folded.target]
        low, high = min(a, b), max(a, b)
        text = f"{folded.text}, until {_seconds(folded.t_end - self._zero)} s"
        d.open("fold", f"{folded.count} lines: {text}")
        if folded.thin:
            d.path(f"M{n(low)} {n(y)}H{n(high)}", "arrow thin dotted")
            d.text((low + high) / 2, y - 3, self._redact(shortened(text, high - low - 24, 9)), "label tiny muted m")
            d.close()
            return
        d.path(f"M{n(low)} {n(y)}H{n(high)}M{n(low)} {n(y + FOLD_HEIGHT)}H{n(high)}", "arrow local dotted")
        for quarter in (1, 2, 3):
            d.path(f"M{n(low + 3)} {n(y + quarter * FOLD_HEIGHT / 4)}H{n(high - 3)}", "arrow haze")
        text = self._redact(shortened(text, stage.right - stage.left - MODEM_BESIDE - 24, 11))
        if folded.target is not None and folded.target.modem:
            x, side = self._free_side(folded.target)
            d.text(x, y + 11, text, f"label detail {side}")
        else:
            d.text((low + high) / 2, y + 11, text, "label detail m")
        d.close()

    def _remark(self, remark: Remark, y: float) -> None:
        d, stage = self._drawing, self._stage
        text = self._redact(remark.text if remark.lane else f"{remark.who}: {remark.text}")
        x, side = stage.middle, "m"
        if remark.lane is not None:
            inward = -stage.outward(remark.lane)
            x, side = stage.x[remark.lane] + 14 * inward, "l" if inward > 0 else "r"
        tone = " bad" if remark.bad else " good" if remark.good else ""
        d.open("note", text)
        d.text(x, y + 3.5, shortened(text, stage.right - stage.left - 28, 10.5), f"remark {side}{tone}")
        d.close()


def _seconds(t: Ns) -> str:
    """To a tenth of a millisecond."""
    return f"{to_s(t):.4f}".replace("-", "−")


def _arrow_path(x: float, to: float, y: float, *, small: bool) -> str:
    """A line with a filled head that ends just before the lane."""
    way = 1 if to > x else -1
    tip = to - way * 1.5
    length, half = (4.0, 2.2) if small else (7.0, 3.4)
    back = tip - way * length
    return f"M{n(x)} {n(y)}H{n(back)}M{n(tip)} {n(y)}L{n(back)} {n(y - half)}V{n(y + half)}Z"
