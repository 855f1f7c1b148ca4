"""The way from the match to the session in lines, and the control pilot beside it on the same axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.analysis import Attempt, Milestone, WayStep, longest_of, way_of
from bench.analysis.pilot_model import PilotEdge, PilotKind
from bench.units import Ns, show

MAX_EDGES = 20
"""Edges of the pilot shown around one attempt."""

WORDS = {
    Milestone.SET_KEY: "CM_SET_KEY.REQ",
    Milestone.SET_KEY_CONFIRMED: "CM_SET_KEY.CNF",
    Milestone.MODEM_SILENT: "the recorder's modem gives no answer",
    Milestone.MODEM_BACK: "it answers again",
    Milestone.NETWORK: "network up",
    Milestone.FIRST_FRAME: "first frame of the car",
    Milestone.SDP_REQUEST: "first SDP request",
    Milestone.SDP_RESPONSE: "SDP response",
    Milestone.TCP_ESTABLISHED: "TCP established",
}
EDGES = {
    PilotKind.CAR_CONNECTED: "plugged in",
    PilotKind.CAR_UNPLUGGED: "unplugged",
    PilotKind.PWM_OFF: "PWM off",
    PilotKind.STATE_A: "state A, no car",
    PilotKind.STATE_B: "state B",
    PilotKind.STATE_C: "state C, the car asks for power",
    PilotKind.STATE_D: "state D, the car asks for power and air",
    PilotKind.STATE_E: "state E",
    PilotKind.STATE_F: "state F, the station is not available",
    PilotKind.ENTERED_BCD: "state B, C or D",
    PilotKind.LEFT_BCD: "no longer in state B, C or D",
}


@dataclass(frozen=True, slots=True)
class WayLine:
    """since    the zero of the block; None for a line of words only
    took     since the line of the way before it
    longest  where most of the time went
    """

    label: str
    since: Ns | None = None
    took: Ns | None = None
    longest: bool = False

    @property
    def texts(self) -> tuple[str, str]:
        return ("" if self.since is None else show(self.since)), ("" if self.took is None else show(self.took))


def way_lines(attempt: Attempt) -> tuple[str, list[WayLine]]:
    """What the times count from, and the lines: the way, with the edges of the pilot where they fall."""
    way, pilot = way_of(attempt), attempt.pilot
    edges = list(_changes(pilot.edges)) if pilot else []
    if not edges and not way:
        return "", []
    zero, zero_name = attempt.t_start, "first frame"
    if attempt.sdp is not None:
        zero, zero_name = attempt.sdp.matched_t, "MATCH.CNF"
    timed = [(t, line) for t, line in _way(attempt, way)]
    more = len(edges) - MAX_EDGES
    timed += [(edge.t, WayLine(label, edge.t - zero)) for edge, label in edges[:MAX_EDGES]]
    if pilot is not None:
        timed += [(t, WayLine(label, t - zero)) for t, label in _anchors(attempt)]
    if pilot is not None:  # without one the order of the frames holds, even where the clock was set back
        timed.sort(key=lambda pair: pair[0])
    lines = [line for _, line in timed]
    if more > 0:
        lines.append(WayLine(f"and {more} more changes of the pilot"))
    return zero_name, lines


def _anchors(attempt: Attempt) -> Iterator[tuple[Ns, str]]:
    """Where SLAC lies between the edges."""
    yield attempt.t_start, "CM_SLAC_PARM.REQ" if attempt.counts["param_req"] else "first frame of SLAC"
    if attempt.sdp is not None:
        yield attempt.sdp.matched_t, "CM_SLAC_MATCH.CNF"
    elif attempt.t_end > attempt.t_start:
        yield attempt.t_end, "last frame of SLAC"


def _way(attempt: Attempt, way: tuple[WayStep, ...]) -> Iterator[tuple[Ns, WayLine]]:
    """One line for each frame: an SDP request may be the car's first frame and prove the network."""
    longest, at = longest_of(way), 0
    while at < len(way):
        same = [step for step in way[at:] if step.frame == way[at].frame]
        at += len(same)
        first = same[0]
        seen = {step.milestone: _word(step, attempt) for step in same}
        if Milestone.SDP_REQUEST in seen:
            seen.pop(Milestone.FIRST_FRAME, None)
        label = ", ".join(seen.values())
        yield first.t, WayLine(label, first.after_match, first.took, longest=first is longest)


def _word(step: WayStep, attempt: Attempt) -> str:
    if step.milestone is not Milestone.TCP_SYN:
        return WORDS[step.milestone]
    target = attempt.tcp.target if attempt.tcp else None
    if target is None:
        return "TCP SYN"
    tries = "TCP SYN" if target.syns == 1 else f"first of {target.syns} TCP SYN"
    refused = ", refused" if target.was_refused else ""
    return f"{tries} to port {target.port}{refused}"


def _changes(edges: tuple[PilotEdge, ...]) -> Iterator[tuple[PilotEdge, str]]:
    """Without what a station says twice."""
    duty: float | None = -1.0
    in_c = False
    for edge in edges:
        if edge.note is not None:
            continue
        if edge.kind is PilotKind.PWM_ON:
            if edge.duty_pct != duty:
                yield edge, "PWM on" if edge.duty_pct is None else f"{edge.duty_pct:g} % on"
            duty = edge.duty_pct
            continue
        if edge.kind is PilotKind.PWM_OFF:
            if duty != 0.0:
                yield edge, EDGES[edge.kind]
            duty = 0.0
            continue
        yield edge, "back to state B" if edge.kind is PilotKind.STATE_B and in_c else EDGES[edge.kind]
        in_c = edge.kind in (PilotKind.STATE_C, PilotKind.STATE_D)
