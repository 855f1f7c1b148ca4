"""The intervals of table A.1 that the frames, the pilot and the link of a match show.

One reading for the suite's verdicts, the timing tables and the statistics; `bench.limits.LIMITS` says from
where to where each interval runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from bench.analysis.conversation import SLAC_MESSAGES, Conversation, Heard, opens_attempt
from bench.ids import MacAddress
from bench.limits import LIMITS, Limit
from bench.mme import Frame
from bench.pilot.model import CpState, PilotReading
from bench.slac.timers import C_EV_MATCH_MNBC, TIMERS
from bench.units import Ns, ms


@dataclass(frozen=True, slots=True)
class Interval:
    """One measured interval: *value* from *start* to *start + value*, against its *limit*."""

    limit: Limit
    start: Ns
    value: Ns

    @property
    def name(self) -> str:
        return self.limit.name


DUPLICATE: Ns = ms(50)
"""Two requests closer than this are one request sent twice (Hyundai), not a repetition after a time-out."""


def measure(
    frames: Iterable[tuple[Ns, Frame]],
    *,
    pev_mac: MacAddress,
    evse_mac: MacAddress | None = None,
    offer_at: Ns | None = None,
    link_at: Ns | None = None,
    left: Iterable[tuple[Ns, Ns]] = (),
    pilot: Iterable[tuple[Ns, PilotReading]] = (),
) -> list[Interval]:
    """Intervals of every attempt of *pev_mac*, in order of time.

    frames    management messages with their stamps, oldest first; others' are skipped
    evse_mac  only this EVSE's answers count (None: all answers)
    offer_at  when the pilot first offered 5 % to the plugged-in car
    link_at   when the link of the last match was seen
    left      when the car had to leave the network, and when it had
    pilot     what the car's end saw of it, oldest first
    """
    found: list[Interval] = []
    before: Conversation | None = None
    for attempt in _attempts(frames, pev_mac, evse_mac):
        requests = _times(attempt.param_reqs)
        if before is None and offer_at is not None and requests:
            found.append(_interval("TP_EV_SLAC_init", offer_at, requests[0]))
            found.append(_interval("TT_EVSE_SLAC_init", offer_at, requests[0]))
        if before is not None and requests and (last := _last_of(before, pev_mac)) is not None:
            found.append(_interval("TT_matching_rate", last, requests[0]))
        found += _of(attempt)
        before = attempt
    if before is not None and link_at is not None and before.match_cnfs:
        found.append(_interval("TT_match_join", before.match_cnfs[-1].t, link_at))
    found += [_interval("TP_match_leave", since, t) for since, t in left]
    found += [_interval("T_step_EF", begun, ended) for begun, ended in _steps_to_e_or_f(pilot)]
    return sorted(found, key=lambda interval: (interval.start, interval.name))


def _interval(name: str, start: Ns, end: Ns) -> Interval:
    """0 where a station acted before its time began to count, as cars do that do not wait for further stations."""
    return Interval(LIMITS[name], start, max(0, end - start))


def _attempts(
    frames: Iterable[tuple[Ns, Frame]], pev_mac: MacAddress, evse_mac: MacAddress | None
) -> Iterable[Conversation]:
    current: Conversation | None = None
    for number, (t, frame) in enumerate(frames, 1):
        mme = frame.mme
        if not isinstance(mme, SLAC_MESSAGES) or pev_mac not in (frame.src, frame.dst):
            continue
        if frame.src != pev_mac and evse_mac not in (None, frame.src):
            continue
        heard = Heard(number, t, frame.dst, frame.src, mme)
        if opens_attempt(current, heard):
            if current is not None:
                yield current
            current = Conversation(current.index + 1 if current else 1, None)
        assert current is not None
        current.add(heard)
    if current is not None:
        yield current


def _steps_to_e_or_f(pilot: Iterable[tuple[Ns, PilotReading]]) -> Iterable[tuple[Ns, Ns]]:
    """From the first E or F in a row to whatever comes next."""
    begun: Ns | None = None
    for t, reading in pilot:
        if reading.state in (CpState.E, CpState.F):
            begun = t if begun is None else begun
        elif begun is not None:
            yield begun, t
            begun = None


def _times(heard: Iterable[Heard[object]]) -> list[Ns]:
    return [one.t for one in heard]


def _last_of(attempt: Conversation, pev_mac: MacAddress) -> Ns | None:
    """When the PEV was last heard in *attempt*; None: only the other side was."""
    sent = (attempt.param_reqs, attempt.starts, attempt.sounds, attempt.atten_rsps, attempt.match_reqs)
    return max((one.t for messages in sent for one in messages if one.src == pev_mac), default=None)


def _of(a: Conversation) -> Iterable[Interval]:
    """The intervals within one attempt; whatever is missing is left out.

    Answers count from the first time they were asked for: a repetition does not excuse a late answer.
    """
    yield from _of_requests(_times(a.param_reqs), _times(a.param_cnfs), _times(a.starts))
    yield from _of_sounding(a)
    ind, rsp, match_req = _times(a.atten_inds), _times(a.atten_rsps), _times(a.match_reqs)
    start = a.starts[0].t if a.starts else None
    if ind and rsp:
        yield _interval("TP_match_response (CM_ATTEN_CHAR)", ind[0], rsp[0])
    if rsp and match_req:
        answered = max((t for t in rsp if t <= match_req[0]), default=rsp[0])
        results_over = answered if start is None else start + TIMERS.tt_ev_atten_results
        yield _interval("TP_EV_match_session", max(answered, results_over), match_req[0])
        yield _interval("TT_EVSE_match_session", answered, match_req[0])
    if match_req and a.match_cnfs:
        yield _interval("TP_match_response (CM_SLAC_MATCH)", match_req[0], a.match_cnfs[0].t)


def _of_requests(req: list[Ns], cnf: list[Ns], start: list[Ns]) -> Iterable[Interval]:
    """CM_SLAC_PARM: answered or repeated; and how the PEV goes on."""
    answers = [next((t for t in cnf if t >= asked), None) for asked in req]
    # A listener may have heard no request at all, only the answers.
    for asked, answer, following in zip(req, answers, [*req[1:], None][: len(req)], strict=True):
        if answer is not None and (following is None or answer < following or following - asked < DUPLICATE):
            yield _interval("TP_match_response (CM_SLAC_PARM)", asked, answer)
        elif following is not None and following - asked >= DUPLICATE:
            yield _interval("TT_match_response (CM_SLAC_PARM)", asked, following)
    if cnf and start:
        answered = max((t for t in req if t <= cnf[-1]), default=None)
        if answered is not None:
            yield _interval("TP_match_sequence", answered + TIMERS.tt_match_response, start[0])
        yield _interval("TT_match_sequence", cnf[-1], start[0])


def _of_sounding(a: Conversation) -> Iterable[Interval]:
    """START, sounds and the report. Where a sound is missing there is no interval: it may have been lost on the way."""
    for before, after in pairwise(a.starts):
        yield _interval("TP_EV_batch_msg_interval (START)", before.t, after.t)
    if a.starts and a.sounds and a.sounds[0].mme.cnt in (0, a.starts[0].mme.num_sounds - 1):
        yield _interval("TP_EV_batch_msg_interval (START to sound)", a.starts[-1].t, a.sounds[0].t)
    for one, next_one in pairwise(a.sounds):
        if abs(one.mme.cnt - next_one.mme.cnt) == 1:
            yield _interval("TP_EV_batch_msg_interval (sound)", one.t, next_one.t)
    if a.starts and a.atten_inds:
        start, reported = a.starts[0].t, a.atten_inds[0].t
        over = start + TIMERS.tt_evse_match_mnbc
        if len(a.sounds) >= C_EV_MATCH_MNBC:
            over = min(over, a.sounds[-1].t)
        yield _interval("TP_EVSE_avg_atten_calc", over, reported)
        yield _interval("TT_EV_atten_results", start, reported)
