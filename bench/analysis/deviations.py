"""Deviation codes: a table of rules, each looking at one attempt and saying what is wrong with it, or nothing.

Limits are those of `limits`; the meaning of each code is that of the ground truth beside the real captures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bench.analysis.conversation import Conversation, Heard
from bench.analysis.limits import (
    ATTEN_RESULTS,
    BATCH_TOLERANCE,
    C_EV_MATCH_MNBC,
    C_EV_START_ATTEN_CHAR_INDS,
    MVF_LENGTH_CNF,
    MVF_LENGTH_REQ,
    REQUEST_TWICE,
    START_TO_SOUND,
    TIME_OUT,
    TP_EV_BATCH_MSG_INTERVAL,
    TT_MATCH_RESPONSE,
)
from bench.analysis.model import Attenuation, Candidate, Finding, Hearer, Key, Outcome, Profile, Timings
from bench.analysis.stations import Stations
from bench.units import Ns, show, to_ms


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the rules look at.

    quantum   real resolution of the stamps; widens the limits of short intervals
    """

    talk: Conversation
    stations: Stations
    timings: Timings
    outcome: Outcome
    candidates: tuple[Candidate, ...]
    reported: Attenuation | None
    profiles: tuple[Profile, ...]
    hearers: tuple[Hearer, ...]
    key: Key | None
    quantum: Ns


Said = tuple[str, Sequence[int]]
"""(sentence, frame numbers)"""
Rule = Callable[[Case], Said | None]


def findings_of(case: Case) -> tuple[Finding, ...]:
    """All deviations, in the order of the exchange."""
    found = []
    for code, rule in RULES:
        said = rule(case)
        if said is not None:
            found.append(Finding(code, said[0], tuple(said[1])))
    return tuple(found)


def _numbers(heard: Sequence[Heard[Any]]) -> list[int]:
    return [h.number for h in heard]


def _run_id_mismatch(name: str, pick: Callable[[Case], Sequence[Heard[Any]]]) -> Rule:
    def rule(case: Case) -> Said | None:
        expected = case.stations.run_id
        wrong = [h for h in pick(case) if h.mme.run_id != expected]
        if not wrong:
            return None
        return f"{name} carries RunID {wrong[0].mme.run_id}, the attempt has {expected}", _numbers(wrong)

    return rule


def _answered_by_other_evse(case: Case) -> Said | None:
    if case.outcome is not Outcome.ANSWERED_BY_OTHER_EVSE:
        return None
    who = f" ({case.stations.evse})" if case.stations.evse else ""
    first = case.talk.first
    text = f"the car goes on although no answer to it is in the capture: another EVSE{who} answers it"
    return text, [first.number] if first else []


def _param_req_unanswered(case: Case) -> Said | None:
    requests = case.talk.param_reqs
    if not requests or case.talk.param_cnfs or case.outcome is Outcome.ANSWERED_BY_OTHER_EVSE:
        return None
    return f"{len(requests)} CM_SLAC_PARM.REQ, none answered", _numbers(requests)


def _param_req_retries(case: Case) -> Said | None:
    pairs = case.stations.pairs
    missing = [pair.req_frame for pair in pairs if pair.cnf_frame is None]
    if not missing or len(missing) == len(pairs):
        return None
    return f"{len(missing)} of {len(pairs)} CM_SLAC_PARM.REQ unanswered", missing


def _param_response_slow(case: Case) -> Said | None:
    pair = case.stations.answered
    if pair is None or pair.latency is None or pair.latency <= TT_MATCH_RESPONSE:
        return None
    frames = [pair.req_frame, pair.cnf_frame or pair.req_frame]
    return f"CM_SLAC_PARM.CNF came {show(pair.latency)} after its request, limit 200 ms", frames


def _close_requests(case: Case) -> list[int]:
    return [
        number
        for earlier, later in pairwise(case.talk.param_reqs)
        if later.t - earlier.t < REQUEST_TWICE
        for number in (earlier.number, later.number)
    ]


def _param_req_duplicated(case: Case) -> Said | None:
    close = _close_requests(case)
    if not close:
        return None
    return "CM_SLAC_PARM.REQ sent twice within 50 ms", list(dict.fromkeys(close))


def _param_req_repeated_after_cnf(case: Case) -> Said | None:
    cnfs = case.stations.param_cnfs
    if len(cnfs) < 2 or not case.talk.starts or _close_requests(case):
        return None
    late = [r.number for r in case.talk.param_reqs if r.number > cnfs[0].number]
    return ("the car repeats CM_SLAC_PARM.REQ although it was answered", late) if late else None


def _start_atten_char_count(case: Case) -> Said | None:
    starts = case.talk.starts
    if not starts or len(starts) == C_EV_START_ATTEN_CHAR_INDS:
        return None
    return f"{len(starts)} CM_START_ATTEN_CHAR.IND instead of 3", _numbers(starts)


def _start_atten_char_timeout(case: Case) -> Said | None:
    wrong = [start for start in case.talk.starts if start.mme.time_out != TIME_OUT]
    if not wrong:
        return None
    return f"Time_Out of CM_START_ATTEN_CHAR.IND is {wrong[0].mme.time_out} x 100 ms instead of 6", _numbers(wrong)


def _start_to_sound_slow(case: Case) -> Said | None:
    took = case.timings.last_start_to_first_sound
    if took is None or took <= START_TO_SOUND:
        return None
    return (
        f"first sound {show(took)} after the last CM_START_ATTEN_CHAR.IND, limit 100 ms",
        [case.talk.sounds[0].number],
    )


def _sound_counter(case: Case) -> Said | None:
    counters = [sound.mme.cnt for sound in case.talk.sounds]
    if counters == list(range(len(counters) - 1, -1, -1)) or _unfinished(case):
        return None
    return f"Cnt of the sounds runs {', '.join(map(str, counters))}", _numbers(case.talk.sounds)


def _sound_count(case: Case) -> Said | None:
    sounds = case.talk.sounds
    if not sounds or len(sounds) == C_EV_MATCH_MNBC or _unfinished(case):
        return None
    return f"{len(sounds)} CM_MNBC_SOUND.IND instead of 10", _numbers(sounds)


def _sound_interval(case: Case) -> Said | None:
    shortest = TP_EV_BATCH_MSG_INTERVAL[0] - BATCH_TOLERANCE - case.quantum
    longest = TP_EV_BATCH_MSG_INTERVAL[1] + BATCH_TOLERANCE + case.quantum
    wrong = [
        (interval, sound.number)
        for interval, sound in zip(case.timings.sound_intervals, case.talk.sounds[1:], strict=True)
        if not shortest <= interval <= longest
    ]
    if not wrong:
        return None
    listed = ", ".join(f"{to_ms(interval):.1f}" for interval, _ in wrong)
    return f"sounds {listed} ms apart instead of 20 to 50 ms", [number for _, number in wrong]


def _several_evses_answer(case: Case) -> Said | None:
    if len(case.candidates) < 2:
        return None
    answers = (*case.talk.param_cnfs, *case.talk.atten_inds, *case.talk.match_cnfs)
    first = [min(a.number for a in answers if a.src == c.evse_mac) for c in case.candidates]
    names = ", ".join(str(c.evse_mac) for c in case.candidates)
    return f"{len(case.candidates)} EVSEs answer: {names}", first


def _several_modems_hear_sounds(case: Case) -> Said | None:
    remote = [hearer for hearer in case.hearers if not hearer.local]
    if len(remote) < 2:
        return None
    names = ", ".join(f"{hearer.mac} at {hearer.average_db:.1f} dB" for hearer in remote)
    macs = {hearer.mac for hearer in remote}
    frames = [profile.frames[0] for profile in case.profiles if profile.source_mac in macs]
    return f"{len(remote)} remote modems hear the sounds: {names}", frames


def _empty_attenuation_profile(case: Case) -> Said | None:
    empty = [profile for profile in case.profiles if profile.num_groups == 0]
    if not empty:
        return None
    macs = ", ".join(dict.fromkeys(str(profile.source_mac) for profile in empty))
    return f"the modem {macs} reports profiles with 0 groups", list(empty[0].frames)


def _atten_char_ind_missing(case: Case) -> Said | None:
    sounds = case.talk.sounds
    if not sounds or case.talk.atten_inds or not case.stations.visibility.evse_frames or _unfinished(case):
        return None
    return f"no CM_ATTEN_CHAR.IND although {len(sounds)} sounds were sent", [sounds[-1].number]


def _atten_char_ind_num_sounds(case: Case) -> Said | None:
    sent = len(case.talk.sounds)
    if case.reported is None or not sent or case.reported.num_sounds == sent:
        return None
    text = f"CM_ATTEN_CHAR.IND reports {case.reported.num_sounds} sounds, {sent} were sent"
    return text, [case.stations.atten_inds[0].number]


def _atten_char_ind_repeated(case: Case) -> Said | None:
    reports = case.stations.atten_inds
    return (f"CM_ATTEN_CHAR.IND sent {len(reports)} times", _numbers(reports)) if len(reports) > 1 else None


def _atten_char_ind_late(case: Case) -> Said | None:
    took = case.timings.start_to_atten_char_ind
    if took is None or took <= ATTEN_RESULTS:
        return None
    text = f"CM_ATTEN_CHAR.IND came {show(took)} after the first CM_START_ATTEN_CHAR.IND, limit 1000 ms"
    return text, [case.stations.atten_inds[0].number]


def _sound_after_atten_char_ind(case: Case) -> Said | None:
    if not case.stations.atten_inds:
        return None
    first = case.stations.atten_inds[0].number
    late = [sound.number for sound in case.talk.sounds if sound.number > first]
    return (f"{len(late)} sounds after CM_ATTEN_CHAR.IND", late) if late else None


def _synthetic_attenuation(case: Case) -> Said | None:
    if case.reported is None or not case.reported.synthetic:
        return None
    return "the EVSE reports an invented attenuation profile", [case.stations.atten_inds[0].number]


def _atten_char_rsp_slow(case: Case) -> Said | None:
    took = case.timings.atten_char_rsp_latency_from_first_ind
    if took is None or took <= TT_MATCH_RESPONSE:
        return None
    text = f"CM_ATTEN_CHAR.RSP came {show(took)} after CM_ATTEN_CHAR.IND, limit 200 ms"
    return text, [case.stations.atten_inds[0].number, case.stations.atten_rsps[0].number]


def _mvf_length(
    name: str, expected: int, pick: Callable[[Conversation], Sequence[Heard[Any]]]
) -> Callable[[Case], Said | None]:
    def rule(case: Case) -> Said | None:
        wrong = [h for h in pick(case.talk) if h.mme.mvf_length != expected]
        if not wrong:
            return None
        return f"MVFLength of {name} is {wrong[0].mme.mvf_length} instead of {expected}", _numbers(wrong)

    return rule


def _match_cnf_slow(case: Case) -> Said | None:
    took = case.timings.match_cnf_latency
    if took is None or took <= TT_MATCH_RESPONSE:
        return None
    text = f"CM_SLAC_MATCH.CNF came {show(took)} after CM_SLAC_MATCH.REQ, limit 200 ms"
    return text, [case.talk.match_cnfs[0].number]


def _nid_not_derived_from_nmk(case: Case) -> Said | None:
    if case.key is None or case.key.nid_is_hash_of_nmk:
        return None
    return "the NID is not the hash of the NMK (security level 0)", [case.key.frame]


def _set_key_nmk_differs(case: Case) -> Said | None:
    request = case.talk.set_key_after
    if request is None or case.key is None or request.nmk == case.key.nmk:
        return None
    return "CM_SET_KEY.REQ sets another NMK than CM_SLAC_MATCH.CNF gave", [case.key.frame, request.frame]


def _set_key_reached_remote_modem(case: Case) -> Said | None:
    request = case.talk.set_key_after
    if request is None:
        return None
    modems = dict.fromkeys(confirmation.src for confirmation in request.confirmations)
    if len(modems) < 2:
        return None
    frames = [request.frame, *(confirmation.frame for confirmation in request.confirmations)]
    return f"{len(modems)} modems confirm CM_SET_KEY.REQ: {', '.join(map(str, modems))}", frames


def _unfinished(case: Case) -> bool:
    """The capture ends in the middle: what is missing may have come afterwards."""
    return case.outcome is Outcome.CAPTURE_ENDS_DURING_ATTEMPT


RULES: tuple[tuple[str, Rule], ...] = (
    ("answered_by_other_evse", _answered_by_other_evse),
    ("param_req_unanswered", _param_req_unanswered),
    ("param_req_retries", _param_req_retries),
    ("param_req_duplicated", _param_req_duplicated),
    ("param_req_repeated_after_cnf", _param_req_repeated_after_cnf),
    ("param_response_slow", _param_response_slow),
    (
        "param_cnf_run_id_mismatch",
        _run_id_mismatch("CM_SLAC_PARM.CNF", lambda case: case.stations.param_cnfs),
    ),
    ("several_evses_answer", _several_evses_answer),
    ("start_atten_char_count", _start_atten_char_count),
    ("start_atten_char_timeout", _start_atten_char_timeout),
    (
        "start_atten_char_run_id_mismatch",
        _run_id_mismatch("CM_START_ATTEN_CHAR.IND", lambda case: case.talk.starts),
    ),
    ("start_to_sound_slow", _start_to_sound_slow),
    ("sound_counter", _sound_counter),
    ("sound_count", _sound_count),
    ("sound_interval", _sound_interval),
    ("mnbc_sound_run_id_mismatch", _run_id_mismatch("CM_MNBC_SOUND.IND", lambda case: case.talk.sounds)),
    ("several_modems_hear_sounds", _several_modems_hear_sounds),
    ("empty_attenuation_profile", _empty_attenuation_profile),
    ("atten_char_ind_missing", _atten_char_ind_missing),
    ("atten_char_ind_num_sounds", _atten_char_ind_num_sounds),
    ("atten_char_ind_repeated", _atten_char_ind_repeated),
    ("atten_char_ind_late", _atten_char_ind_late),
    ("sound_after_atten_char_ind", _sound_after_atten_char_ind),
    (
        "atten_char_ind_run_id_mismatch",
        _run_id_mismatch("CM_ATTEN_CHAR.IND", lambda case: case.stations.atten_inds),
    ),
    ("synthetic_attenuation", _synthetic_attenuation),
    ("atten_char_rsp_slow", _atten_char_rsp_slow),
    (
        "atten_char_rsp_run_id_mismatch",
        _run_id_mismatch("CM_ATTEN_CHAR.RSP", lambda case: case.stations.atten_rsps),
    ),
    (
        "match_req_mvf_length",
        _mvf_length("CM_SLAC_MATCH.REQ", MVF_LENGTH_REQ, lambda talk: talk.match_reqs),
    ),
    ("match_req_run_id_mismatch", _run_id_mismatch("CM_SLAC_MATCH.REQ", lambda case: case.talk.match_reqs)),
    ("match_cnf_slow", _match_cnf_slow),
    (
        "match_cnf_mvf_length",
        _mvf_length("CM_SLAC_MATCH.CNF", MVF_LENGTH_CNF, lambda talk: talk.match_cnfs),
    ),
    ("match_cnf_run_id_mismatch", _run_id_mismatch("CM_SLAC_MATCH.CNF", lambda case: case.talk.match_cnfs)),
    ("nid_not_derived_from_nmk", _nid_not_derived_from_nmk),
    ("set_key_nmk_differs", _set_key_nmk_differs),
    ("set_key_reached_remote_modem", _set_key_reached_remote_modem),
)
"""(code, rule), in the order of the exchange"""

CODES = frozenset(code for code, _ in RULES)
