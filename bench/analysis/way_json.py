"""The JSON form of the way from a match to its session, and of a log of the control pilot.

`after_match` and `tcp` of an attempt are this project's own; `control_pilot` of a capture has the names of the ground
truth beside the real captures.
"""

from __future__ import annotations

from typing import Any

from bench.analysis.after_match import Milestone, WayStep, longest_of, way_of
from bench.analysis.model import Attempt
from bench.analysis.pilot_model import EVENT_LOG, LATE, PilotEdge, PilotTrack
from bench.analysis.sdp_json import Json, ToSeconds
from bench.analysis.tcp_model import AttemptTcp, TcpTarget
from bench.units import Ns, to_ms


def after_match_json(attempt: Attempt, time: ToSeconds) -> Json | None:
    """Every milestone, null for one that was not seen. None without a match."""
    if attempt.sdp is None:
        return None
    way = way_of(attempt)
    seen = {step.milestone: _step(step, time) for step in way}
    if attempt.restart is not None and attempt.restart.last_answer_t is not None:
        last = attempt.restart.last_answer_t - attempt.sdp.matched_t
        seen[Milestone.MODEM_SILENT]["last_answer_ms_after_match_cnf"] = _ms(last)
    longest = longest_of(way)
    return {
        "steps": {str(milestone): seen.get(milestone) for milestone in Milestone},
        "longest_step": str(longest.milestone) if longest else None,
    }


def tcp_json(found: AttemptTcp | None, time: ToSeconds) -> Json | None:
    """None where the car tried no port of a station that had answered SDP."""
    if found is None:
        return None
    return {"offered_port": _target(found.offered, time), "other_port": _target(found.elsewhere, time)}


def attempt_pilot_json(attempt: Attempt) -> Json | None:
    """None without a log. The two intervals have the names of the table of vehicles."""
    found = attempt.pilot
    if found is None:
        return None
    return {
        "car_plugged_in": found.before.plugged_in,
        "pwm_percent": found.before.duty_pct,
        "cp_connected_to_parm_req_ms": _ms(attempt.plugged_to_request),
        "cp_pwm_on_to_parm_req_ms": _ms(attempt.digital_to_request),
    }


def control_pilot_json(track: PilotTrack | None, time: ToSeconds) -> list[Json] | None:
    return None if track is None else [_edge(edge, time) for edge in track.edges]


def alignment_json(track: PilotTrack | None) -> Json | None:
    if track is None:
        return None
    return {
        "event_logs": [track.name],
        "format": track.form,
        "method": "the clock of the log is taken for that of the capture",
        "log_delay_ms": {"min": to_ms(LATE[0]), "max": to_ms(LATE[1])} if track.form == EVENT_LOG else None,
        "note": note_on_clock(track),
    }


def note_on_clock(track: PilotTrack) -> str:
    """What must be known to read the times of a log beside those of frames."""
    if track.form == EVENT_LOG:
        late = f"{to_ms(LATE[0]):.0f} to {to_ms(LATE[1]):.0f} ms"
        return f"the clock of the log is taken for that of the capture (UTC); such logs are late by {late}"
    return "the clock of the log is taken for that of the capture; how late it was written is not known"


def _step(step: WayStep, time: ToSeconds) -> Json:
    return {
        "t_s": time(step.t),
        "frame": step.frame,
        "ms_after_match_cnf": _ms(step.after_match),
        "ms_after_step_before": _ms(step.took),
        "step_before": str(step.before or "match_cnf"),
    }


def _target(target: TcpTarget | None, time: ToSeconds) -> Json | None:
    if target is None:
        return None
    return {
        "address": str(target.address),
        "port": target.port,
        "t_syn_s": time(target.syn_t),
        "frame_syn": target.syn_frame,
        "syn_count": target.syns,
        "syn_ack_seen": target.answered,
        "frame_refused": target.refused_frame,
        "t_established_s": None if target.established_t is None else time(target.established_t),
        "connect_ms": None if target.established_t is None else _ms(target.established_t - target.syn_t),
    }


def _edge(edge: PilotEdge, time: ToSeconds) -> Json:
    found: dict[str, Any] = {
        "t_s": round(time(edge.t), 3),
        "event": str(edge.kind),
        "state": edge.state,
        "pwm_percent": edge.duty_pct,
        "text": edge.text,
    }
    return found | {"note": edge.note} if edge.note else found


def _ms(value: Ns | None) -> float | None:
    return None if value is None else round(to_ms(value), 3)
