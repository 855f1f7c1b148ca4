"""The messages as they happen, a line each; what comes in rows is one line that counts.

ladder = Ladder()
trace.listeners.append(ladder.hear)
ladder.steps()
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from bench.ids import MacAddress, Nid, RunId
from bench.live.state import Step, Tone
from bench.mme import (
    CmAttenProfileInd,
    CmGetKeyCnf,
    CmGetKeyReq,
    CmMnbcSoundInd,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Mme,
    RawMme,
    VsAttenCharInd,
    VsNwInfoCnf,
    VsNwInfoCnfV0,
    VsNwInfoReq,
    VsNwInfoReqV0,
    VsSwVerCnf,
    VsSwVerReq,
)
from bench.report.messages import details, is_matching
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
PROBES = (VsSwVerReq, VsSwVerCnf)
"""What it asks while it waits for its adapter."""
ARROWS = {Direction.OUT: "→", Direction.IN: "←"}
NEWS = ("matched ", "link up", "link of", "attempt of", "gave up", "the car has left", "malformed")
"""How notes begin that a person who watches wants to see."""
TROUBLE = ("link of", "attempt of", "gave up", "malformed")


@dataclass(slots=True)
class _Rung:
    t: Ns
    mark: str
    name: str
    details: str
    tone: Tone
    zero: Ns | None
    count: int = 1
    row: tuple[type, str] | None = None

    def step(self) -> Step:
        time = "" if self.zero is None else seconds(self.t - self.zero)
        name = self.name if self.count == 1 else f"{self.name} x{self.count}"
        return Step(time, self.mark, name, self.details, self.tone)


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
        self._run: RunId | None = None
        self._zero: Ns | None = None

    def steps(self) -> tuple[Step, ...]:
        return tuple(rung.step() for rung in self._rungs)

    def hear(self, entry: Entry) -> None:
        """A listener of the trace."""
        match entry:
            case FrameSeen(mme=Mme() | RawMme()):
                self._message(entry)
            case PilotSeen(t, station, reading):
                self.changed += 1
                where = "station" if station == "evse" else "car"
                self._rungs.append(_Rung(t, "·", f"pilot at the {where}: {reading}", "", Tone.PLAIN, self._zero))
            case StateSeen(station=station):
                self.changed += 1
                self.states[station] = entry
            case Note(t, who, text) if text.startswith(NEWS):
                self.changed += 1
                tone = Tone.BAD if text.startswith(TROUBLE) else Tone.GOOD
                self._rungs.append(_Rung(t, "·", f"{who}: {text}", "", tone, self._zero))
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
        if isinstance(mme, CmSlacParmReq) and mme.run_id != self._run:
            self._run, self._zero = mme.run_id, seen.t
        if is_matching(mme):
            self.changed += 1
            self.matching_at = seen.t
        says, mark = details(mme), ARROWS[seen.direction]
        row = (type(mme), mark) if isinstance(mme, IN_ROWS) else None
        if row is not None:
            for rung in list(self._rungs)[-ROW_WITHIN:]:
                if rung.row == row and rung.zero == self._zero:
                    rung.count += 1
                    until = "" if self._zero is None else f", until {seconds(seen.t - self._zero)}"
                    rung.details = f"{says}{until}"
                    return
        self._rungs.append(_Rung(seen.t, mark, mme.name, says, tone_of(mme), self._zero, row=row))


def tone_of(mme: Mme | RawMme) -> Tone:
    """Who says it, for messages of a matching."""
    if not is_matching(mme):
        return Tone.PLAIN
    return Tone.CAR if mme.name in FROM_CAR else Tone.STATION


def seconds(t: Ns) -> str:
    """To a tenth of a millisecond while that means something.

    >>> seconds(208_812_345), seconds(3_600_000_000_000)
    ('0.2088', '3600.0')
    """
    return f"{to_s(t):.4f}" if t < s(1000) else f"{to_s(t):.1f}"
