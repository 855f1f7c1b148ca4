"""Who takes part in an attempt, and which frames therefore count."""

from __future__ import annotations

from dataclasses import dataclass

from bench.analysis.conversation import Conversation, Heard, addressee, is_station
from bench.analysis.model import Candidate, Pair, Visibility
from bench.analysis.pairs import answered, pair_up
from bench.ids import MacAddress, RunId
from bench.mme import CmAttenCharInd, CmAttenCharRsp, CmSlacParmCnf


@dataclass(frozen=True, slots=True)
class Stations:
    """The two stations of an attempt and what they said to each other.

    param_cnfs, atten_inds, atten_rsps   of the chosen EVSE; those of others show in `candidates` only
    """

    pev: MacAddress | None
    evse: MacAddress | None
    run_id: RunId | None
    visibility: Visibility
    param_cnfs: list[Heard[CmSlacParmCnf]]
    atten_inds: list[Heard[CmAttenCharInd]]
    atten_rsps: list[Heard[CmAttenCharRsp]]
    pairs: tuple[Pair, ...]
    answered: Pair | None


def stations_of(talk: Conversation) -> Stations:
    evse = evse_of(talk)
    cnfs = [cnf for cnf in talk.param_cnfs if cnf.src == evse]
    pairs = pair_up(talk.param_reqs, cnfs)
    return Stations(
        pev=pev_of(talk),
        evse=evse,
        run_id=run_id_of(talk),
        visibility=Visibility(
            pev_frames=bool(talk.param_reqs or talk.goes_on or talk.validate_reqs),
            evse_frames=bool(talk.param_cnfs or talk.atten_inds or talk.match_cnfs or talk.validate_cnfs),
        ),
        param_cnfs=cnfs,
        atten_inds=[ind for ind in talk.atten_inds if ind.src == evse],
        atten_rsps=[rsp for rsp in talk.atten_rsps if rsp.dst == evse or not is_station(rsp.dst)],
        pairs=pairs,
        answered=answered(pairs, talk.starts),
    )


def pev_of(talk: Conversation) -> MacAddress | None:
    """Sender of the requests, else whom a confirmation addresses, else who sounds or goes on.

    Where none of these was heard, whom CM_ATTEN_CHAR.IND or CM_SLAC_MATCH.CNF names.
    """
    if talk.param_reqs:
        return talk.param_reqs[0].src
    if talk.param_cnfs:
        return addressee(talk.param_cnfs[0])
    for heard in (talk.sounds, talk.starts, talk.atten_rsps, talk.match_reqs):
        if heard:
            return heard[0].src
    if talk.atten_inds:
        return talk.atten_inds[0].mme.source_address
    if talk.match_cnfs:
        return talk.match_cnfs[0].mme.pev_mac
    return None


def evse_of(talk: Conversation) -> MacAddress | None:
    """Sender of CM_SLAC_MATCH.CNF, else whom CM_SLAC_MATCH.REQ addresses, else who reported, else who confirmed.

    Where the EVSE was not heard at all, whom CM_ATTEN_CHAR.RSP addresses.
    """
    if talk.match_cnfs:
        return talk.match_cnfs[0].src
    if talk.match_reqs:
        request = talk.match_reqs[0]
        return request.dst if is_station(request.dst) else request.mme.evse_mac
    if talk.atten_inds:
        return talk.atten_inds[0].src
    if talk.param_cnfs:
        return talk.param_cnfs[0].src
    return next((rsp.dst for rsp in talk.atten_rsps if is_station(rsp.dst)), None)


def run_id_of(talk: Conversation) -> RunId | None:
    """The RunID every later message has to echo."""
    for heard in (
        talk.param_reqs,
        talk.param_cnfs,
        talk.starts,
        talk.sounds,
        talk.atten_rsps,
        talk.match_reqs,
        talk.atten_inds,
        talk.match_cnfs,
    ):
        if heard:
            return heard[0].mme.run_id
    return None


def candidates_of(talk: Conversation) -> tuple[Candidate, ...]:
    """Every EVSE that answered, in the order of its first answer."""
    answers = sorted((h.number, h.src) for h in (*talk.param_cnfs, *talk.atten_inds, *talk.match_cnfs))
    chosen = evse_of(talk)
    return tuple(_candidate(talk, evse, evse == chosen) for evse in dict.fromkeys(src for _, src in answers))


def _candidate(talk: Conversation, evse: MacAddress, chosen: bool) -> Candidate:
    cnfs = [cnf for cnf in talk.param_cnfs if cnf.src == evse]
    reports = [ind for ind in talk.atten_inds if ind.src == evse]
    pair = answered(pair_up(talk.param_reqs, cnfs), talk.starts)
    return Candidate(
        evse_mac=evse,
        param_cnf=len(cnfs),
        param_response=pair.latency if pair else None,
        atten_char_ind=len(reports),
        reported_average_db=reports[0].mme.average_db if reports else None,
        atten_char_rsp=sum(rsp.dst == evse or (chosen and not is_station(rsp.dst)) for rsp in talk.atten_rsps),
        matched=any(cnf.src == evse for cnf in talk.match_cnfs),
    )
