"""The messages as they happen, a line each; what comes in rows is one line that counts.

ladder = Ladder()
trace.listeners.append(ladder.hear)
ladder.steps()
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from bench.ids import MacAddress, Nid, RunId
from bench.live.state import Step, Tone
from bench.mme import (
    CmAttenProfileInd,
    CmGetKeyCnf,
    CmGetKeyReq,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Mme,
    RawMme,
    VsAttenCharInd,
    VsModuleOperationCnf,
    VsModuleOperationReq,
    VsNwInfoCnf,
    VsNwInfoCnfV0,
    VsNwInfoReq,
    VsNwInfoReqV0,
    VsRdModCnf,
    VsRdModReq,
    VsSwVerCnf,
    VsSwVerReq,
)
from bench.net import RST, Ipv6Frame, NeighbourAdvertisement, NeighbourSolicitation, SdpRequest, SdpResponse, Tcp
from bench.report.messages import details, is_matching, is_sdp, opens_connection, packet_details
from bench.trace import Direction, Entry, FrameSeen, Note, PilotSeen, StateSeen
from bench.units import Ns, s, to_s

KEPT = 500
IN_ROWS = (CmMnbcSoundInd, CmAttenProfileInd, VsAttenCharInd, CmStartAttenCharInd)
"""Repeated within one attempt; a line each would push everything else off the screen."""
ROW_WITHIN = 3
"""So many lines back a row is taken up again: profiles come between sounds."""
ASKED_AGAIN_AND_AGAIN = (VsNwInfoReq, VsNwInfoReqV0, VsNwInfoCnf, VsNwInfoCnfV0, CmGetKeyReq, CmGetKeyCnf)
"""What the bench asks its own adapter to know how it stands."""
FROM_CAR = frozenset(
    {
        "CM_SLAC_PARM.REQ",
        "CM_START_ATTEN_CHAR.IND",
        "CM_MNBC_SOUND.IND",
        "CM_ATTEN_CHAR.RSP",
        "CM_VALIDATE.REQ",
        "CM_SLAC_MATCH.REQ",
    }
)
PROBES = (
    VsSwVerReq,
    VsSwVerCnf,
    VsModuleOperationReq,
    VsModuleOperationCnf,
    VsRdModReq,
    VsRdModCnf,
)
"""What it asks its adapter while that is waited for, and while it is opened."""
ARROWS = {Direction.OUT: "→", Direction.IN: "←"}
NEWS = ("matched ", "link up", "discovered the station", "the car has left")
TROUBLE = ("link of", "attempt of", "gave up", "malformed", "discovered no station")
ASIDE = ("ignored SDP",)
"""How notes begin that a person who watches wants to see: good, bad, and neither."""
OTHER_IPV6 = "other IPv6"
HOUSEKEEPING = "IPv6 by itself"
"""What every IPv6 host sends, for a row of its own."""
DISCOVERS_NEIGHBOURS = (NeighbourSolicitation, NeighbourAdvertisement)
NO_SESSION = "refused: there is no V2G session yet"


@dataclass(slots=True)
class _Rung:
    t: Ns
    mark: str
    name: str
    details: str
    tone: Tone
    zero: Ns | None
    count: int = 1
    row: Hashable = None
    """Those of one row are one line."""
    kinds: Counter[str] = field(default_factory=Counter)
    """What was counted, where a row is of several kinds."""

    def take(self, other: _Rung) -> None:
        """One more of the same row."""
        self.count += 1
        self.kinds += other.kinds
        if self.name != other.name:
            self.name = OTHER_IPV6
        says = other.details
        if self.name == OTHER_IPV6:
            says = ", ".join(f"{kind} x{n}" if n > 1 else kind for kind, n in self.kinds.items())
        until = "" if self.zero is None else f"until {seconds(other.t - self.zero)}"
        self.details = ", ".join(filter(None, [says, until]))

    def step(self) -> Step:
        time = "" if self.zero is None else seconds(self.t - self.zero)
        name = self.name if self.count == 1 else f"{self.name} x{self.count}"
        return Step(time, self.mark, name, self.details, self.tone)


@dataclass(slots=True)
class _Partner:
    """Who was matched at a port, in the attempt that began at *zero*. *heard*: it has sent an IPv6 frame since."""

    mac: MacAddress
    who: str
    zero: Ns | None
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """The network an adapter said it is in; *stations*: how many others are."""

    nid: Nid
    stations: int


class Ladder:
    """What was heard at all ports, and what the adapters behind them said of their network.

    changed    counts whatever may change a timing
    answered   who answered a test frame: address to firmware, last one last
    """

    def __init__(self) -> None:
        self.networks: dict[str, Membership | None] = {}
        self.answered: dict[MacAddress, str] = {}
        self.changed = 0
        self.states: dict[str, StateSeen] = {}
        """The last of each machine, and of each session of a charging station."""
        self.matching_at: Ns | None = None
        """When the last message of a matching went by."""
        self.quiet = False
        """While an adapter is waited for nobody wants to see each question."""
        self._rungs: deque[_Rung] = deque(maxlen=KEPT)
        self._runs: deque[RunId] = deque(maxlen=KEPT)
        """Of the attempts so far. A listener may hear the answers of a station only, so those begin an attempt, too."""
        self._begun_with: type = CmSlacParmReq
        self._beyond_parm = False
        self._zero: Ns | None = None
        self._partners: dict[str, _Partner] = {}
        """By port."""

    def steps(self) -> tuple[Step, ...]:
        return tuple(rung.step() for rung in self._rungs)

    def hear(self, entry: Entry) -> None:
        """A listener of the trace."""
        match entry:
            case FrameSeen(mme=Mme() | RawMme()):
                self._message(entry)
            case FrameSeen(packet=Ipv6Frame() as packet):
                self._packet(entry, packet)
            case PilotSeen(t, station, reading):
                self.changed += 1
                where = "station" if station == "evse" else "car"
                self._rungs.append(_Rung(t, "·", f"pilot at the {where}: {reading}", "", Tone.PLAIN, self._zero))
            case StateSeen(station=station):
                self.changed += 1
                self.states[station] = entry
            case Note(t, who, text) if text.startswith((*NEWS, *TROUBLE)):
                self.changed += 1
                tone = Tone.BAD if text.startswith(TROUBLE) else Tone.GOOD
                self._rungs.append(_Rung(t, "·", f"{who}: {text}", "", tone, self._zero))
            case Note(t, who, text) if text.startswith(ASIDE):
                said = f"{who}: {text}"
                self._add(_Rung(t, "·", said, "", Tone.PLAIN, self._zero, row=said))
            case _:
                pass

    def _message(self, seen: FrameSeen) -> None:
        mme = seen.mme
        assert mme is not None
        assert seen.frame is not None
        if isinstance(mme, VsNwInfoCnf | VsNwInfoCnfV0):
            first = mme.networks[0] if mme.networks else None
            self.networks[seen.port] = None if first is None else Membership(first.nid, len(first.stations))
        if isinstance(mme, ASKED_AGAIN_AND_AGAIN) or (self.quiet and isinstance(mme, PROBES)):
            return
        if isinstance(mme, VsSwVerCnf):
            self.answered.pop(seen.frame.src, None)
            self.answered[seen.frame.src] = mme.version
        if self._begins_an_attempt(mme):
            self._zero = seen.t
        if is_matching(mme):
            self._beyond_parm = not isinstance(mme, CmSlacParmReq | CmSlacParmCnf)
            self.changed += 1
            self.matching_at = seen.t
        if isinstance(mme, CmSlacMatchCnf):
            self._matched(seen)
        says, mark = details(mme), ARROWS[seen.direction]
        row = (type(mme), mark) if isinstance(mme, IN_ROWS) else None
        self._add(_Rung(seen.t, mark, mme.name, says, tone_of(mme), self._zero, row=row))

    def _matched(self, seen: FrameSeen) -> None:
        """Whose first frame is worth a word from now on; a confirmation that is sent again changes nothing."""
        assert seen.frame is not None
        sent = seen.direction is Direction.OUT
        mac, who = (seen.frame.dst, "car") if sent else (seen.frame.src, "station")
        before = self._partners.get(seen.port)
        if before is None or (before.mac, before.zero) != (mac, self._zero):
            self._partners[seen.port] = _Partner(mac, who, self._zero)

    def _packet(self, seen: FrameSeen, packet: Ipv6Frame) -> None:
        partner = self._partners.get(seen.port) if seen.direction is Direction.IN else None
        says = [packet_says(seen, packet)]
        if partner is not None and packet.src == partner.mac and not partner.heard:
            partner.heard = True
            if not isinstance(seen.message, SdpResponse):  # which has more to say
                says.append(f"first IPv6 frame of the {partner.who}")
        elif not is_step(seen, packet):
            self._housekeeping(seen)
            return
        if partner is not None and packet.src != partner.mac:
            says.append(f"of {packet.src}")
        self.changed += 1
        said, mark = ", ".join(filter(None, says)), ARROWS[seen.direction]
        row = (seen.name, mark, packet.src)
        self._add(_Rung(seen.t, mark, seen.name, said, packet_tone(packet), self._zero, row=row))

    def _housekeeping(self, seen: FrameSeen) -> None:
        """Both directions are one line."""
        neighbours = isinstance(seen.message, DISCOVERS_NEIGHBOURS)
        name, says = ("neighbour discovery", "") if neighbours else (OTHER_IPV6, seen.name)
        kinds = Counter([seen.name])
        self._add(_Rung(seen.t, "·", name, says, Tone.PLAIN, self._zero, row=HOUSEKEEPING, kinds=kinds))

    def _add(self, rung: _Rung) -> None:
        """A line more, or one more of a row that has one."""
        if rung.row is not None:
            for old in list(self._rungs)[-ROW_WITHIN:]:
                if old.row == rung.row and old.zero == rung.zero:
                    old.take(rung)
                    return
        self._rungs.append(rung)

    def _begins_an_attempt(self, mme: Mme | RawMme) -> bool:
        """The first CM_SLAC_PARM of a run; of the same run again, as some cars do it, after a later message."""
        if not isinstance(mme, CmSlacParmReq | CmSlacParmCnf):
            return False
        if mme.run_id not in self._runs:
            self._runs.append(mme.run_id)
            self._begun_with = type(mme)
            return True
        return self._beyond_parm and mme.run_id == self._runs[-1] and type(mme) is self._begun_with


def tone_of(mme: Mme | RawMme) -> Tone:
    """Who says it, for messages of a matching."""
    if not is_matching(mme):
        return Tone.PLAIN
    return Tone.CAR if mme.name in FROM_CAR else Tone.STATION


def is_step(seen: FrameSeen, packet: Ipv6Frame) -> bool:
    """Whether a person who watches wants to see it: SDP, a car that knocks, and the bench that does not open."""
    return is_sdp(packet) or opens_connection(packet) or refuses(seen)


def refuses(seen: FrameSeen) -> bool:
    """Whether the bench shuts the door on somebody who wants to connect."""
    return seen.direction is Direction.OUT and isinstance(seen.message, Tcp) and bool(seen.message.flags & RST)


def packet_says(seen: FrameSeen, packet: Ipv6Frame) -> str:
    return NO_SESSION if refuses(seen) else packet_details(packet)


def packet_tone(packet: Ipv6Frame) -> Tone:
    """Who says it."""
    if isinstance(packet.message, SdpRequest) or opens_connection(packet):
        return Tone.CAR
    return Tone.STATION if isinstance(packet.message, SdpResponse | Tcp) else Tone.PLAIN


def seconds(t: Ns) -> str:
    """To a tenth of a millisecond while that means something.

    >>> seconds(208_812_345), seconds(3_600_000_000_000)
    ('0.2088', '3600.0')
    """
    return f"{to_s(t):.4f}" if t < s(1000) else f"{to_s(t):.1f}"
