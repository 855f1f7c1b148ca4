"""From the frames of an attempt to the judged attempt."""

from __future__ import annotations

from dataclasses import replace

from bench.analysis.attenuation import attenuation_of, hearers_of, profiles_of
from bench.analysis.conversation import Conversation
from bench.analysis.deviations import Case, findings_of
from bench.analysis.diagnosis import diagnose
from bench.analysis.keys import key_of
from bench.analysis.model import Attempt, Recorder
from bench.analysis.outcome import outcome_of
from bench.analysis.pilot_model import PilotTrack
from bench.analysis.stations import candidates_of, stations_of
from bench.analysis.timings import timings_of
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    VsAttenCharInd,
)
from bench.units import Ns

COUNT_NAMES: dict[type[object], str] = {
    CmSlacParmReq: "param_req",
    CmSlacParmCnf: "param_cnf",
    CmStartAttenCharInd: "start_atten_char",
    CmMnbcSoundInd: "mnbc_sound",
    CmAttenProfileInd: "atten_profile",
    VsAttenCharInd: "vs_atten_char",
    CmAttenCharInd: "atten_char_ind",
    CmAttenCharRsp: "atten_char_rsp",
    CmValidateReq: "validate_req",
    CmValidateCnf: "validate_cnf",
    CmSlacMatchReq: "match_req",
    CmSlacMatchCnf: "match_cnf",
}


def judge(
    talk: Conversation,
    recorder: Recorder,
    quantum: Ns,
    *,
    observed_until: Ns,
    capture_ended: bool,
    pilot: PilotTrack | None = None,
) -> Attempt:
    """What happened in *talk*, which must hold at least one frame.

    observed_until  start of the next attempt, or the last frame of the capture
    capture_ended   whether the capture ends less than 0.7 s after the attempt's last frame
    pilot           what is known of the control pilot
    """
    assert talk.first is not None
    assert talk.last is not None
    stations = stations_of(talk)
    timings = timings_of(talk, stations)
    outcome = outcome_of(talk, capture_ended=capture_ended)
    candidates = candidates_of(talk)
    reported = attenuation_of(stations.atten_inds)
    profiles = profiles_of(talk, reported)
    hearers = hearers_of(profiles, recorder)
    key = key_of(talk.match_cnfs[0]) if talk.match_cnfs else None
    case = Case(talk, stations, timings, outcome, candidates, reported, profiles, hearers, key, quantum)
    counts = {COUNT_NAMES[kind]: count for kind, count in talk.counts.items()}
    counts |= {
        "param_cnf": len(stations.param_cnfs),
        "atten_char_ind": len(stations.atten_inds),
        "atten_char_rsp": len(stations.atten_rsps),
    }
    attempt = Attempt(
        index=talk.index,
        t_start=talk.first.t,
        t_end=talk.last.t,
        observed_until=observed_until,
        first_frame=talk.first.number,
        last_frame=talk.last.number,
        pev_mac=stations.pev,
        evse_mac=stations.evse,
        run_id=stations.run_id,
        run_ids_in_param_cnf=tuple(dict.fromkeys(cnf.mme.run_id for cnf in stations.param_cnfs)),
        visibility=stations.visibility,
        counts=counts,
        evse_candidates=candidates,
        param_pairs=stations.pairs,
        answered_req_frame=stations.answered.req_frame if stations.answered else None,
        attenuation_reported=reported,
        profiles=profiles,
        modems_hearing_sounds=hearers,
        key=key,
        set_key_before=talk.set_key_before,
        set_key_after_match=talk.set_key_after,
        network_proof=talk.network_proof,
        timings=timings,
        outcome=outcome,
        deviations=findings_of(case),
        recorder=recorder,
        sdp=talk.sdp,
        tcp=talk.tcp,
        restart=talk.restart,
        pilot=pilot.of_attempt(talk.first.t, talk.last.t, observed_until) if pilot else None,
    )
    return replace(attempt, diagnosis=diagnose(attempt))
