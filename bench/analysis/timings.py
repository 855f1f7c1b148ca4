"""The intervals of an attempt. Order is that of the frames, not of the stamps: a recorder's clock may jump."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from bench.analysis.conversation import Conversation, Heard
from bench.analysis.model import Timings
from bench.analysis.stations import Stations
from bench.units import Ns

AnyHeard = Heard[Any]


def timings_of(talk: Conversation, stations: Stations) -> Timings:
    reqs, starts, sounds = talk.param_reqs, talk.starts, talk.sounds
    cnfs, inds, rsps = stations.param_cnfs, stations.atten_inds, stations.atten_rsps
    first_ind, first_rsp = _first(inds), _first(rsps)
    match_req, match_cnf = _first(talk.match_reqs), _first(talk.match_cnfs)
    first_start, first_sound = _first(starts), _first(sounds)
    latencies = tuple(pair.latency for pair in stations.pairs if pair.latency is not None)
    answered = next((r for r in reqs if stations.answered and r.number == stations.answered.req_frame), None)
    one_sided = not stations.visibility.pev_frames
    set_key = talk.set_key_after
    return Timings(
        param_response=stations.answered.latency if stations.answered else None,
        param_first_req_to_cnf=_span(_first(reqs), _first(cnfs)),
        param_responses=latencies if len(latencies) > 1 else (),
        param_req_intervals=_intervals(reqs),
        param_cnf_to_start=_span(_last_before(cnfs, first_start), first_start),
        start_intervals=_intervals(starts),
        start_to_first_sound=_span(first_start, first_sound),
        last_start_to_first_sound=_span(_last_before(starts, first_sound), first_sound),
        sound_intervals=_intervals(sounds),
        last_sound_to_atten_char_ind=_span(_last_before(sounds, first_ind), first_ind),
        sounds_sent_before_atten_char_ind=_count_before(sounds, first_ind),
        start_to_atten_char_ind=_span(first_start, first_ind),
        last_start_to_atten_char_ind=_span(_last_before(starts, first_ind), first_ind),
        first_sound_to_atten_char_ind=_span(first_sound, first_ind),
        atten_char_rsp_latency=_span(_last_before(inds, first_rsp), first_rsp),
        atten_char_rsp_latency_from_first_ind=_span(first_ind, first_rsp),
        match_req_delay=_span(_last_before(rsps, match_req), match_req),
        atten_char_ind_to_match_req=_span(first_ind, match_req),
        start_to_match_req=_span(first_start, match_req),
        match_cnf_latency=_span(_last_before(talk.match_reqs, match_cnf), match_cnf),
        param_cnf_to_atten_char_ind=_span(_first(cnfs), first_ind),
        atten_char_ind_to_match_cnf=_span(first_ind, match_cnf) if one_sided else None,
        param_cnf_to_match_cnf=_span(_first(cnfs), match_cnf) if one_sided else None,
        total_first_req_to_match_cnf=_span(_first(reqs), match_cnf),
        total_answered_req_to_match_cnf=_span(answered, match_cnf),
        match_cnf_to_set_key=set_key.t - match_cnf.t if set_key and match_cnf else None,
        set_key_cnf_latency=set_key.confirmations[0].latency if set_key and set_key.confirmations else None,
    )


def _first(heard: Sequence[AnyHeard]) -> AnyHeard | None:
    return heard[0] if heard else None


def _last_before(heard: Sequence[AnyHeard], end: AnyHeard | None) -> AnyHeard | None:
    if end is None:
        return None
    return next((h for h in reversed(heard) if h.number < end.number), None)


def _count_before(heard: Sequence[AnyHeard], end: AnyHeard | None) -> int | None:
    """How many precede *end*; None where there is nothing to count."""
    return sum(h.number < end.number for h in heard) if heard and end else None


def _span(begin: AnyHeard | None, end: AnyHeard | None) -> Ns | None:
    """From *begin* to *end*; None unless both are there, in this order."""
    return end.t - begin.t if begin and end and begin.number < end.number else None


def _intervals(heard: Sequence[AnyHeard]) -> tuple[Ns, ...]:
    return tuple(later.t - earlier.t for earlier, later in pairwise(heard))
