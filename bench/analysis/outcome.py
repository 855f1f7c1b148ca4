"""How an attempt ended, by what was seen last."""

from __future__ import annotations

from bench.analysis.conversation import Conversation
from bench.analysis.model import Outcome


def outcome_of(talk: Conversation, *, capture_ended: bool) -> Outcome:
    """capture_ended   whether the capture ends right behind the attempt's last frame"""
    heard_evse = talk.param_cnfs or talk.atten_inds or talk.match_cnfs
    if talk.goes_on and not heard_evse:
        return Outcome.ANSWERED_BY_OTHER_EVSE
    if capture_ended and talk.starts and not talk.match_reqs and not talk.match_cnfs:
        return Outcome.CAPTURE_ENDS_DURING_ATTEMPT
    if talk.param_reqs and not talk.param_cnfs:
        return Outcome.NO_PARAM_CNF
    if talk.match_cnfs:
        if talk.network_proof is not None:
            return Outcome.MATCHED_NETWORK_CONFIRMED
        return Outcome.MATCHED_NETWORK_NOT_CONFIRMED
    if talk.match_reqs:
        return Outcome.NO_MATCH_CNF
    if talk.atten_inds:
        return Outcome.NO_MATCH_REQ
    if talk.sounds:
        return Outcome.NO_ATTEN_CHAR_IND
    if talk.starts:
        return Outcome.NO_SOUNDS
    if talk.param_cnfs:
        return Outcome.STOPPED_AFTER_PARAM_CNF
    return Outcome.FRAGMENT
