"""Which CM_SLAC_PARM.CNF answers which CM_SLAC_PARM.REQ."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.conversation import Heard
from bench.analysis.limits import REQUEST_TWICE
from bench.analysis.model import Pair
from bench.mme import CmSlacParmCnf, CmSlacParmReq, CmStartAttenCharInd


def pair_up(
    requests: Sequence[Heard[CmSlacParmReq]], confirmations: Sequence[Heard[CmSlacParmCnf]]
) -> tuple[Pair, ...]:
    """One pair per request, in order.

    A request takes the first unused confirmation after it, if that comes before the next request. A request sent
    twice in a row (a car that doubles its first message) takes one too, if there is one left for the second.
    """
    pairs = []
    used = 0
    for i, request in enumerate(requests):
        while used < len(confirmations) and confirmations[used].number < request.number:
            used += 1
        following = requests[i + 1] if i + 1 < len(requests) else None
        left = len(confirmations) - used
        if left and (
            following is None
            or confirmations[used].number < following.number
            or (following.t - request.t < REQUEST_TWICE and left >= 2)
        ):
            answer = confirmations[used]
            used += 1
            pairs.append(Pair(request.number, answer.number, answer.t - request.t))
        else:
            pairs.append(Pair(request.number))
    return tuple(pairs)


def answered(pairs: Sequence[Pair], starts: Sequence[Heard[CmStartAttenCharInd]]) -> Pair | None:
    """The pair the car went on from: the last one whose confirmation precedes the first CM_START_ATTEN_CHAR.IND."""
    end = starts[0].number if starts else None
    for pair in reversed(pairs):
        if pair.cnf_frame is not None and (end is None or pair.cnf_frame < end):
            return pair
    return None
