"""A trace as a chart needs it: each message once with who said it to whom, states, pilot and notes.

Where both ends of a message are ports of the bench, the trace holds it twice; here it is one `Arrow`, whose targets
it reached or did not reach.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bench.ids import MacAddress
from bench.mme import CmSlacMatchCnf, Mme, RawMme, is_homeplug
from bench.net import Ipv6Frame
from bench.pilot.model import PilotReading
from bench.report.lanes import Lane, Lanes, find_lanes
from bench.report.messages import is_matching, is_sdp, opens_connection
from bench.trace import Direction, FrameSeen, Note, PilotSeen, StateSeen, Trace
from bench.units import Ns, ms

ETHERNET_HEADER = 14
SDP = "sdp"
"""Behind the slash in the name of a station's SDP machine, where a SLAC session has the other side and the run."""
ON_ITS_WAY: Ns = ms(100)
"""No frame takes longer. What was sent later than this before the trace ends may still arrive."""
TROUBLE = re.compile(r"\b(failed|gave up|malformed|error|discovered no station)\b")
"""Words of a note that make it bad news."""


@dataclass(eq=False, slots=True)
class Arrow:
    """One message.

    arrived   targets that are ports of the bench, and when it came in there
    lost      targets it did not reach although the bench listened there
    also      another message that told the same and is not drawn
    first     whether it is the car's first frame in the network that it was matched into
    """

    t: Ns
    seen: FrameSeen
    source: Lane
    targets: list[Lane]
    arrived: dict[Lane, Ns] = field(default_factory=dict)
    lost: list[Lane] = field(default_factory=list)
    also: str = ""
    first: bool = False

    @property
    def mme(self) -> Mme | RawMme | None:
        return self.seen.mme

    @property
    def packet(self) -> Ipv6Frame | None:
        return self.seen.packet

    @property
    def name(self) -> str:
        if said := self.seen.name:
            return said
        octets = self.seen.octets
        return "malformed message" if is_homeplug(octets) else f"Ethernet 0x{octets[12:14].hex()}"

    @property
    def local(self) -> bool:
        """Between a host and its modem."""
        return self.source.modem or any(lane.modem for lane in self.targets)

    @property
    def matching(self) -> bool:
        mme = self.mme
        return mme is not None and not self.local and is_matching(mme)

    @property
    def sdp(self) -> bool:
        return self.packet is not None and is_sdp(self.packet)

    @property
    def housekeeping(self) -> bool:
        """IPv6 that is no step of the story: neighbour discovery, multicast reports, whatever else a kernel sends."""
        return self.packet is not None and not self.sdp and not self.first and not opens_connection(self.packet)

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes two messages look the same in a chart."""
        return self.name, self.source, tuple(self.targets), bool(self.lost)


@dataclass(frozen=True, slots=True)
class State:
    """*lane*'s machine, or its session *actor*, is in *state* from now on."""

    t: Ns
    lane: Lane
    actor: str
    state: str
    why: str

    @property
    def sdp(self) -> bool:
        """Of the SDP machine, which runs beside the sessions of SLAC."""
        return self.actor == SDP

    @property
    def kind(self) -> tuple[object, ...]:
        return self.lane, self.actor, self.state


@dataclass(frozen=True, slots=True)
class Pilot:
    t: Ns
    station: str
    reading: PilotReading

    @property
    def kind(self) -> tuple[object, ...]:
        return self.station, self.reading


@dataclass(frozen=True, slots=True)
class Remark:
    """A note of the trace; *lane* is None for whoever has none."""

    t: Ns
    lane: Lane | None
    who: str
    text: str

    @property
    def bad(self) -> bool:
        return TROUBLE.search(self.text) is not None

    @property
    def good(self) -> bool:
        return self.text.startswith(("matched ", "link up ", "discovered the station "))

    @property
    def aside(self) -> bool:
        """Why a machine took no notice of something: worth a word beside the message, not a line."""
        return self.lane is not None and self.text.startswith("ignored ")

    @property
    def kind(self) -> tuple[object, ...]:
        return self.who, self.text


Item: TypeAlias = Arrow | State | Pilot | Remark


@dataclass(frozen=True, slots=True)
class Reading:
    """others   IPv6 frames of hosts that are neither car nor charging station, by address; they are no items"""

    lanes: Lanes
    items: list[Item]
    others: Counter[MacAddress] = field(default_factory=Counter)

    def arrows(self) -> list[Arrow]:
        return [item for item in self.items if isinstance(item, Arrow)]


def zero_of(reading: Reading) -> tuple[Ns, str]:
    """Where a reader of a chart starts counting, and what that is."""
    for item in reading.items:
        if isinstance(item, Pilot) and item.reading.digital:
            return item.t, "0 = first offer of 5 % to the plugged-in car"
    for item in reading.items:
        if isinstance(item, Arrow) and item.matching:
            return item.t, f"0 = first {item.name}"
    return (reading.items[0].t, "0 = first entry") if reading.items else (0, "")


def read(trace: Trace, names: Mapping[str, str] | None = None) -> Reading:
    """Everything in *trace*, in order of time; *names* as `find_lanes` wants them.

    The last reading is kept: steps, ladder and attenuation of one test are made of the same.
    """
    entries = trace.entries
    wanted = (len(entries), entries[:1], entries[-1:], dict(names or {}))
    for kept, of, reading in _KEPT:
        if kept is trace and of == wanted:
            return reading
    reading = _read(trace, names)
    _KEPT[:] = [(trace, wanted, reading)]
    return reading


_KEPT: list[tuple[Trace, object, Reading]] = []


def _read(trace: Trace, names: Mapping[str, str] | None) -> Reading:
    lanes = find_lanes(trace, names)
    items: list[Item] = []
    others: Counter[MacAddress] = Counter()
    under_way: dict[bytes, list[Arrow]] = {}
    for entry in trace.entries:
        match entry:
            case FrameSeen(packet=Ipv6Frame(src=src)) if src not in lanes.by_mac:
                others[src] += 1
            case FrameSeen():
                arrow = _arrow(entry, lanes, under_way)
                if arrow is not None:
                    items.append(arrow)
            case StateSeen(t, station, state, why):
                if (lane := lanes.named(station)) is not None:
                    items.append(State(t, lane, station.partition("/")[2], state, why))
            case PilotSeen(t, station, reading):
                last = items[-1] if items else None
                if isinstance(last, Pilot) and (last.t, last.station) == (t, station):
                    items.pop()  # it lasted no time
                items.append(Pilot(t, station, reading))
            case Note(t, who, text):
                items.append(Remark(t, lanes.named(who), who, text))
    _find_lost(items, lanes)
    _find_first(items)
    return Reading(lanes, items, others)


def _arrow(seen: FrameSeen, lanes: Lanes, under_way: dict[bytes, list[Arrow]]) -> Arrow | None:
    """A new arrow, or None if *seen* is the arrival of one that is there already (or no frame at all)."""
    octets = seen.octets
    if len(octets) < ETHERNET_HEADER:
        return None
    src, dst = MacAddress(octets[6:12]), MacAddress(octets[:6])
    receiver = lanes.by_port.get(seen.port)
    if seen.direction is Direction.IN and receiver is not None:
        for sent in reversed(under_way.get(octets, ())):
            if seen.t - sent.t > ON_ITS_WAY:
                break
            if receiver not in sent.arrived and receiver is not sent.source:
                sent.arrived[receiver] = seen.t
                if receiver not in sent.targets and dst not in lanes.by_mac:
                    sent.targets.append(receiver)  # a broadcast
                return None
    source = lanes.source(src, dst, seen.port, seen.direction)
    if seen.packet is None:
        targets = lanes.targets(source, dst, seen.mme, seen.port, seen.direction)
    else:
        targets = lanes.hosts_at(source, dst)
    arrow = Arrow(seen.t, seen, source, targets)
    under_way.setdefault(octets, []).append(arrow)
    if seen.direction is Direction.IN and receiver is not None:
        arrow.arrived[receiver] = seen.t
    return arrow


def _find_lost(items: list[Item], lanes: Lanes) -> None:
    """Only the bench's own ports can tell that a message of another of its ports did not arrive."""
    listening = set(lanes.by_port.values())
    end = items[-1].t if items else 0
    for item in items:
        if not isinstance(item, Arrow) or (item.packet is not None and lanes.nobodys(item.packet.dst)):
            continue
        if item.seen.direction is Direction.OUT and item.t < end - ON_ITS_WAY:
            item.lost = [lane for lane in item.targets if lane in listening and lane not in item.arrived]


def _find_first(items: list[Item]) -> None:
    """After each match, as `bench.analysis.sdp_intervals` counts it."""
    matched: Lane | None = None
    for item in items:
        if not isinstance(item, Arrow):
            continue
        if isinstance(item.mme, CmSlacMatchCnf) and item.targets:
            matched = item.targets[0]
        elif item.packet is not None and item.source is matched:
            item.first, matched = True, None
