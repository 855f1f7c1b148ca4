"""What a station of the bench saw of one match, as intervals."""

from __future__ import annotations

from bench.analysis.intervals import Interval, measure
from bench.analysis.sdp_intervals import measure_sdp
from bench.mme import CmSlacParmReq
from bench.rig.setup import Setup
from bench.slac.events import LinkUp
from bench.station import EvseStation, PevStation
from bench.trace import PilotSeen
from bench.units import Ns


def offer_at(station: EvseStation | PevStation, since: Ns = 0) -> Ns | None:
    """When the plugged-in car was first offered 5 %, as *station* saw it."""
    for entry in station.trace.entries:
        if (
            entry.t >= since
            and isinstance(entry, PilotSeen)
            and entry.station == station.name
            and entry.reading.digital
        ):
            return entry.t
    return None


def intervals_of(station: EvseStation | PevStation, since: Ns = 0) -> list[Interval]:
    """Every interval of table A.1 and of SDP that *station* saw, both sides'; none if no car ever asked.

    since  where one match of several begins
    """
    frames = [
        (entry.t, entry.frame)
        for entry in station.trace.frames()
        if entry.t >= since and entry.port == station.wire.port.name and entry.frame is not None
    ]
    match = station.matched()
    if match is not None and match.t < since:
        match = None
    asking = next((frame.src for _, frame in frames if isinstance(frame.mme, CmSlacParmReq)), None)
    pev_mac = match.pev_mac if match else asking
    if pev_mac is None:
        return []
    links = station.happened(LinkUp, since=since)
    found = measure(
        frames,
        pev_mac=pev_mac,
        evse_mac=match.evse_mac if match else None,
        offer_at=offer_at(station, since),
        link_at=links[0].t if links else None,
        left=[(leave, t) for leave, t in station.left if leave >= since],
        pilot=[
            (entry.t, entry.reading)
            for entry in station.trace.entries
            if isinstance(entry, PilotSeen) and entry.station == station.name and entry.t >= since
        ]
        if isinstance(station, PevStation)
        else (),
    )
    if match is None:
        return found
    packets = [
        (entry.t, entry.packet)
        for entry in station.trace.frames()
        if entry.t >= match.t and entry.port == station.wire.port.name and entry.packet is not None
    ]
    link_at = next((link.t for link in links if link.t >= match.t), None)
    return found + measure_sdp(packets, pev_mac=match.pev_mac, matched_at=match.t, link_at=link_at)


def intervals_of_setup(setup: Setup, since: Ns = 0) -> list[Interval]:
    """Of both sides. Where both stations are the bench's own, each side is measured at the other one's port, as a
    station under test would be."""
    stations = setup.own_stations
    if len(stations) == 1:
        return intervals_of(stations[0], since)
    return [
        interval
        for station in stations
        for interval in intervals_of(station, since)
        if interval.limit.side != station.name
    ]
