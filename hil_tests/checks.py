"""Checks that more than one folder makes, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bench.analysis.intervals import Interval
from bench.analysis.verdict import Judgement, Profile, Verdict, judge_all
from bench.errors import Deviation, TooClose
from bench.ids import RunId
from bench.limits import AFTER_MATCH
from bench.mme import CmSlacParmReq, Context, Mme, violations
from bench.net import Ipv6Frame, Udp, V2gtp
from bench.rig import Setup
from bench.slac.events import LinkUp
from bench.station import PATIENCE, EvseStation, PevStation
from bench.trace import Direction, FrameSeen
from bench.units import Ns, show
from bench.wire import Matches

MOST_TOLD = 5
"""Intervals that a deviation spells out; all are in timings.html."""


def in_run(run_id: RunId) -> Matches:
    """For `Wire.seen(..., where=in_run(...))`: messages of one matching attempt."""
    return lambda seen: seen.mme.run_id == run_id


def frames_of(setup: Setup, station: EvseStation | PevStation, *, direction: Direction) -> list[FrameSeen]:
    """Management messages at the bench's station, in or out."""
    return [
        entry
        for entry in setup.trace.frames()
        if entry.port == station.wire.port.name and entry.direction is direction and isinstance(entry.mme, Mme)
    ]


def carrying(frame: Ipv6Frame, payload: V2gtp | bytes) -> Ipv6Frame:
    """*frame* with another payload of its datagram, for `Wire.alter` and `Wire.altered`."""
    datagram = frame.packet.payload
    assert isinstance(datagram, Udp)
    return replace(frame, packet=replace(frame.packet, payload=replace(datagram, payload=payload)))


def demand_intervals(intervals: Iterable[Interval], side: str, *, who: str, profile: Profile, uncertainty: Ns) -> None:
    """Deviation if an interval of *side* is outside its limits, TooClose if the bench cannot tell."""
    judged = judge_all([i for i in intervals if i.limit.side == side], profile, uncertainty)
    wrong = [j for j in judged if j.verdict is Verdict.FAIL]
    if wrong:
        name = wrong[0].interval.name
        standard = "ISO 15118-2 (SDP)" if name in AFTER_MATCH else "ISO 15118-3 table A.1"
        saw = [f"{j} (from {show(j.interval.start)})" for j in wrong[:MOST_TOLD]]
        more = [f"and {len(wrong) - MOST_TOLD} more"] if len(wrong) > MOST_TOLD else []
        raise Deviation(
            f"{who} is outside {len({j.interval.name for j in wrong})} limit(s): {wrong[0]}",
            rule=f"{standard}, {name}, {profile.value} limits",
            saw="; ".join(saw + more),
            look="timings.html (attached)",
        )
    unsure = [j for j in judged if j.verdict is Verdict.INCONCLUSIVE]
    if unsure:
        raise TooClose(f"{_names(unsure)}: the margin is below three times the uncertainty of {show(uncertainty)}")


def _names(judged: Iterable[Judgement]) -> str:
    return ", ".join(sorted({j.interval.name for j in judged}))


def demand_lawful(
    setup: Setup, station: EvseStation | PevStation, *, who: str, known: Context, profile: Profile
) -> None:
    """Deviation for the first message of the other side that a receiver must reject.

    known    addresses; the RunID is that of the last CM_SLAC_PARM.REQ before the message
    profile  STRICT rejects what receivers are known to put up with, too
    """
    sender = known.pev_mac if isinstance(station, EvseStation) else known.evse_mac
    run_id = None
    for entry in setup.trace.frames():
        if entry.port != station.wire.port.name or entry.frame is None:
            continue
        if isinstance(entry.mme, CmSlacParmReq):
            run_id = entry.mme.run_id
        if entry.direction is Direction.OUT or entry.frame.src != sender:
            continue
        found = violations(entry.frame.mme, replace(known, run_id=run_id, src=entry.frame.src, dst=entry.frame.dst))
        broken = [v for v in found if v.reject or (v.tolerated and profile is Profile.STRICT)]
        if broken:
            raise Deviation(
                f"{who} sent a {entry.frame.mme.name} that receivers must reject: {broken[0]}",
                rule=broken[0].rule,
                saw=f"{entry.frame.mme} at {show(entry.t)}",
                look="trace.pcapng (attached)",
            )


def run_until_decided(setup: Setup, station: EvseStation | PevStation) -> None:
    """Until the first attempt led to a link or failed; whether it should have is not this function's business."""
    setup.pump.run(lambda: bool(station.happened(LinkUp)) or station.failed(), setup.now() + PATIENCE)
