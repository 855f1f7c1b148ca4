"""The intervals of table A.1 that the frames, the pilot and the link of a match show.

One reading for the suite's verdicts, the timing tables and the statistics; `bench.slac.limits.LIMITS` says from
where to where each interval runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from bench.ids import MacAddress, RunId
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
)
from bench.slac.limits import LIMITS, Limit
from bench.slac.timers import C_EV_MATCH_MNBC, TIMERS
from bench.units import Ns


@dataclass(frozen=True, slots=True)
class Interval:
    """One measured interval: *value* from *start* to *start + value*, against its *limit*."""

    limit: Limit
    start: Ns
    value: Ns

    @property
    def name(self) -> str:
        return self.limit.name


@dataclass
class _Attempt:
    """The frames of one matching attempt, by kind, as (t, frame)."""

    pev_mac: MacAddress
    run_id: RunId
    parm_req: list[Ns] = field(default_factory=list)
    parm_cnf: list[Ns] = field(default_factory=list)
    start: list[Ns] = field(default_factory=list)
    sound: list[Ns] = field(default_factory=list)
    ind: list[Ns] = field(default_factory=list)
    rsp: list[Ns] = field(default_factory=list)
    match_req: list[Ns] = field(default_factory=list)
    match_cnf: list[Ns] = field(default_factory=list)
    last: Ns = 0

    @property
    def progressed(self) -> bool:
        return bool(self.start or self.sound or self.ind or self.match_req)


_KINDS = {
    CmSlacParmReq: "parm_req",
    CmSlacParmCnf: "parm_cnf",
    CmStartAttenCharInd: "start",
    CmMnbcSoundInd: "sound",
    CmAttenCharInd: "ind",
    CmAttenCharRsp: "rsp",
    CmSlacMatchReq: "match_req",
    CmSlacMatchCnf: "match_cnf",
}
DUPLICATE: Ns = 50_000_000
"""Two requests closer than this are one request sent twice (Hyundai), not a repetition after a time-out."""


def measure(
    frames: Iterable[tuple[Ns, Frame]],
    *,
    pev_mac: MacAddress,
    evse_mac: MacAddress | None = None,
    offer_at: Ns | None = None,
    link_at: Ns | None = None,
) -> list[Interval]:
    """Intervals of every attempt of *pev_mac*, in order of time.

    frames    management messages with their stamps, oldest first; others' are skipped
    evse_mac  only this EVSE's answers count (None: all answers)
    offer_at  when the pilot first offered 5 % to the plugged-in car
    link_at   when the link of the last match was seen
    """
    found: list[Interval] = []
    before: _Attempt | None = None
    for attempt in _attempts(frames, pev_mac, evse_mac):
        if before is None and offer_at is not None and attempt.parm_req:
            found.append(_interval("TP_EV_SLAC_init", offer_at, attempt.parm_req[0]))
            found.append(_interval("TT_EVSE_SLAC_init", offer_at, attempt.parm_req[0]))
        if before is not None and attempt.parm_req:
            found.append(_interval("TT_matching_rate", before.last, attempt.parm_req[0]))
        found += _of(attempt)
        before = attempt
    if before is not None and link_at is not None and before.match_cnf:
        found.append(_interval("TT_match_join", before.match_cnf[-1], link_at))
    return sorted(found, key=lambda interval: (interval.start, interval.name))


def _interval(name: str, start: Ns, end: Ns) -> Interval:
    """0 where a station acted before its time began to count, as cars do that do not wait for further stations."""
    return Interval(LIMITS[name], start, max(0, end - start))


def _attempts(
    frames: Iterable[tuple[Ns, Frame]], pev_mac: MacAddress, evse_mac: MacAddress | None
) -> Iterable[_Attempt]:
    current: _Attempt | None = None
    for t, frame in frames:
        kind = _KINDS.get(type(frame.mme))
        if kind is None or pev_mac not in (frame.src, frame.dst):
            continue
        from_pev = frame.src == pev_mac
        if not from_pev and evse_mac is not None and frame.src != evse_mac:
            continue
        if isinstance(frame.mme, CmSlacParmReq) and (
            current is None or current.progressed or current.run_id != frame.mme.run_id
        ):
            if current is not None:
                yield current
            current = _Attempt(pev_mac, frame.mme.run_id)
        if current is not None:
            getattr(current, kind).append(t)
            if from_pev:
                current.last = t
    if current is not None:
        yield current


def _of(a: _Attempt) -> Iterable[Interval]:
    """The intervals within one attempt; whatever is missing is left out.

    Answers count from the first time they were asked for: a repetition does not excuse a late answer.
    """
    answered = [(req, next((cnf for cnf in a.parm_cnf if cnf >= req), None)) for req in a.parm_req]
    for (req, cnf), (following, _) in zip(answered, [*answered[1:], (None, None)], strict=True):
        if cnf is not None and (following is None or cnf < following or following - req < DUPLICATE):
            yield _interval("TP_match_response (CM_SLAC_PARM)", req, cnf)
        elif following is not None and following - req >= DUPLICATE:
            yield _interval("TT_match_response (CM_SLAC_PARM)", req, following)
    if a.parm_cnf and a.start:
        request = max((req for req in a.parm_req if req <= a.parm_cnf[-1]), default=None)
        if request is not None:
            yield _interval("TP_match_sequence", request + TIMERS.tt_match_response, a.start[0])
        yield _interval("TT_match_sequence", a.parm_cnf[-1], a.start[0])
    for earlier, later in pairwise(a.start):
        yield _interval("TP_EV_batch_msg_interval (START)", earlier, later)
    if a.start and a.sound:
        yield _interval("TP_EV_batch_msg_interval (START to sound)", a.start[-1], a.sound[0])
    for earlier, later in pairwise(a.sound):
        yield _interval("TP_EV_batch_msg_interval (sound)", earlier, later)
    if a.start and a.ind:
        window_ends = a.start[0] + TIMERS.tt_evse_match_mnbc
        heard_all = len(a.sound) >= C_EV_MATCH_MNBC
        yield _interval("TP_EVSE_avg_atten_calc", min(a.sound[-1], window_ends) if heard_all else window_ends, a.ind[0])
        yield _interval("TT_EV_atten_results", a.start[0], a.ind[0])
    if a.ind and a.rsp:
        yield _interval("TP_match_response (CM_ATTEN_CHAR)", a.ind[0], a.rsp[0])
    if a.rsp and a.match_req:
        rsp = max((t for t in a.rsp if t <= a.match_req[0]), default=a.rsp[0])
        results_over = a.start[0] + TIMERS.tt_ev_atten_results if a.start else rsp
        yield _interval("TP_EV_match_session", max(rsp, results_over), a.match_req[0])
        yield _interval("TT_EVSE_match_session", rsp, a.match_req[0])
    if a.match_req and a.match_cnf:
        yield _interval("TP_match_response (CM_SLAC_MATCH)", a.match_req[0], a.match_cnf[0])
