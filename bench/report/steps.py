"""What happened in a test, in the domain's words: one step after the other, with the time each took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bench.limits import SDP_BEGUN
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateReq,
)
from bench.net import SdpRequest, SdpResponse
from bench.pilot.model import CpState, PilotReading
from bench.report.lanes import Lane, Role
from bench.report.masking import Redactor
from bench.report.messages import average_text, opens_connection, packet_details, shown, where
from bench.report.reading import Arrow, Pilot, Reading, Remark, State, read, zero_of
from bench.slac.evse_table import EvseState
from bench.slac.pev_table import PevState
from bench.trace import Trace
from bench.units import Ns, show

UP = frozenset({EvseState.LINKED.value, PevState.MATCHED.value})
"""States of a session or a PEV in which the modems see each other."""


MOST_STEPS = 60


class Step(NamedTuple):
    """*title* from *start* to *end*, counted from the ladder's zero; *bad* where a station or the bench gave up."""

    title: str
    start: Ns
    end: Ns
    bad: bool = False


def steps_from_trace(trace: Trace, stations: Mapping[str, str] | None = None, *, show_keys: bool = False) -> list[Step]:
    """The steps of *trace* in order of time; *stations* named as for the ladder."""
    return steps_of(read(trace, stations), Redactor(trace, show_keys), show_keys)


def steps_of(reading: Reading, redact: Redactor, show_keys: bool = False) -> list[Step]:
    teller = _Teller(reading, show_keys)
    for item in reading.items:
        match item:
            case Arrow():
                teller.message(item)
            case Pilot():
                teller.pilot(item)
            case State():
                teller.state(item)
            case Remark():
                teller.remark(item)
    if reading.items:
        teller.finish(reading.items[-1].t)
    zero, _ = zero_of(reading)
    return [Step(redact(step.title), step.start - zero, step.end - zero, step.bad) for step in _shortened(teller.steps)]


def _shortened(steps: list[Step]) -> list[Step]:
    """A car that tries for an hour must not fill the report; its first and last attempts are enough."""
    if len(steps) <= MOST_STEPS:
        return steps
    half = MOST_STEPS // 2
    hidden = steps[half:-half]
    return [
        *steps[:half],
        Step(f"{len(hidden)} steps more", hidden[0].start, hidden[-1].end),
        *steps[-half:],
    ]


@dataclass(slots=True)
class _Counted:
    """The step at place *at*, which may still grow: *title* by *lane*, so far *count* times."""

    title: str
    lane: Lane | None
    at: int
    first: str = ""
    count: int = 1


class _Teller:
    """Joins messages of one kind into one step and remembers what later titles need."""

    def __init__(self, reading: Reading, show_keys: bool) -> None:
        self.steps: list[Step] = []
        self._show_keys = show_keys
        self._several = {role: len(reading.lanes.of(role)) > 1 for role in Role}
        self._pilot_station = next(
            (i.station for i in reading.items if isinstance(i, Pilot) and i.station == "evse"),
            next((i.station for i in reading.items if isinstance(i, Pilot)), ""),
        )
        self._pilot: PilotReading | None = None
        self._asked: dict[bytes, Ns] = {}
        self._matched_at: Ns | None = None
        self._by_sdp: dict[Lane, Ns] = {}
        """Who waits for an answer by SDP, and since when."""
        self._asks_from: Ns | None = None
        """When the car that is in the network and has not asked by SDP yet was matched."""
        self._counted: _Counted | None = None
        self._withheld: _Counted | None = None

    def say(self, title: str, start: Ns, end: Ns | None = None, *, bad: bool = False) -> None:
        self._counted = self._withheld = None
        self.steps.append(Step(title, start, start if end is None else end, bad))

    def who(self, lane: Lane) -> str:
        role = lane.role
        return f"{role.value} {lane.name or lane.mac or lane.key}" if self._several[role] else role.value

    # messages -----------------------------------------------------------------------------------------------

    def message(self, arrow: Arrow) -> None:
        if arrow.packet is not None:
            self._packet(arrow)
            return
        mme, who = arrow.mme, self.who(arrow.source)
        match mme:
            case CmSlacParmReq():
                self._repeated(arrow, f"{who} asks who hears it (CM_SLAC_PARM), run {mme.run_id}")
                self._asked[mme.run_id] = arrow.t
            case CmSlacParmCnf():
                asked = self._asked.get(mme.run_id)
                after = f" after {show(arrow.t - asked)}" if asked is not None else ", for a run that nobody asked for"
                self.say(f"{who} hears it and answers{after}", arrow.t if asked is None else asked, arrow.t)
            case CmStartAttenCharInd():
                self._repeated(arrow, f"{who} announces {mme.num_sounds} sounds")
            case CmMnbcSoundInd():
                self._repeated(arrow, f"{who} sounds", " {} times")
            case CmAttenCharInd():
                average = average_text(mme.aag)
                self._repeated(arrow, f"{who} reports {average} over {mme.num_sounds} sounds")
            case CmAttenCharRsp():
                refused = f", result {mme.result}" if mme.result else ""
                self._repeated(arrow, f"{who} takes note of the report{refused}")
            case CmValidateReq():
                self._repeated(arrow, f"{who} wants to validate by toggling the pilot")
            case CmSlacMatchReq():
                self._repeated(arrow, f"{who} asks to be matched")
            case CmSlacMatchCnf():
                self._matched_at = self._asks_from = arrow.t
                self._by_sdp.clear()
                self._repeated(arrow, f"Matched, run {mme.run_id}: {who} gives its network {mme.nid}")
            case CmSetKeyReq():
                key = shown(mme.nmk, self._show_keys)
                self._repeated(arrow, f"{who} sets the key {key} in its modem")
            case _:
                pass

    def _packet(self, arrow: Arrow) -> None:
        packet = arrow.packet
        assert packet is not None
        who, message = self.who(arrow.source), packet.message
        if arrow.first:
            self.say(f"{who} sends its first frame{self._after_match(arrow)}: {arrow.name}", arrow.t)
        match message:
            case SdpRequest(security=security):
                begun = self._after_match(arrow) if self._asks_from is not None else ""
                self._asks_from = None
                self._by_sdp.setdefault(arrow.source, arrow.t)
                self._repeated(arrow, f"{who} asks by SDP for the station, {security.text}", first=begun)
            case SdpResponse():
                asked = self._by_sdp.pop(arrow.targets[0], None) if arrow.targets else None
                start = arrow.t if asked is None else asked
                after = ", though nobody waits for it" if asked is None else f" after {show(arrow.t - start)}"
                self.say(f"{who} answers by SDP{after}: {where(message)}", start, arrow.t)
            case _ if arrow.sdp:
                self._repeated(arrow, f"{who} sends what is no SDP message ({arrow.name})")
            case _ if opens_connection(packet):
                self._repeated(arrow, f"{who} opens a connection (TCP SYN) to {packet_details(packet)}")
            case _:
                pass

    def _after_match(self, arrow: Arrow) -> str:
        return "" if self._matched_at is None else f" {show(arrow.t - self._matched_at)} after the match"

    def finish(self, end: Ns) -> None:
        """What did not happen although the time for it is over."""
        since = self._asks_from
        if since is not None and end - since > SDP_BEGUN:
            self.say(f"The car has not asked by SDP in the {show(end - since)} since the match", since, end, bad=True)

    def _repeated(self, arrow: Arrow, title: str, times: str = ", {} times", *, first: str = "") -> None:
        """A step that grows as long as the same sender goes on saying the same. *first*: when the first of them was."""
        if (counted := self._counted) is None or (counted.title, counted.lane) != (title, arrow.source):
            self.say(title + (f",{first}" if first else ""), arrow.t)
            self._counted = _Counted(title, arrow.source, len(self.steps) - 1, first)
        else:
            self._grow(counted, arrow.t, times)

    def _grow(self, counted: _Counted, t: Ns, times: str = ", {} times") -> None:
        counted.count += 1
        start = self.steps[counted.at].start
        first = f", first{counted.first}" if counted.first else ""
        self.steps[counted.at] = Step(counted.title + times.format(counted.count) + first, start, t)

    def _withholding(self, title: str, t: Ns) -> None:
        """An answer withheld between two equal requests does not part them, nor they it."""
        if (before := self._withheld) is not None and before.title == title:
            self._grow(before, t)
            return
        counted = self._counted
        self.say(title, t)
        self._counted, self._withheld = counted, _Counted(title, None, len(self.steps) - 1)

    # everything else ----------------------------------------------------------------------------------------

    def pilot(self, item: Pilot) -> None:
        if item.station != self._pilot_station:
            return
        reading, before = item.reading, self._pilot
        self._pilot = reading
        was_plugged = before is not None and before.state.plugged
        if not reading.state.plugged:
            self._asks_from = None  # it has left, or was told to
        if reading.state in (CpState.E, CpState.F):
            title = f"Pilot to state {reading}"
        elif before is not None and before.state in (CpState.E, CpState.F):
            title = f"Pilot back to {reading}"
        elif reading.state.plugged != was_plugged:
            title = f"Plugged in: pilot {reading}" if reading.state.plugged else f"Unplugged: pilot {reading}"
        elif not reading.state.plugged:
            return
        elif reading.digital and before is not None and not before.digital:
            title = "The EVSE asks to talk: 5 % duty"
        else:
            title = f"Pilot to {reading}"
        self.say(title, item.t)

    def state(self, item: State) -> None:
        linked = item.state in UP and (item.actor or item.lane.role is Role.PEV)
        if linked and self._matched_at is not None:
            who = self.who(item.lane)
            title = f"Network up: {who} sees the link after {show(item.t - self._matched_at)}"
            self.say(title, self._matched_at, item.t)

    def remark(self, item: Remark) -> None:
        discovered = item.text.startswith("discovered ")
        if "withheld" in item.text and item.lane is not None and not item.bad:
            self._withholding(f"{self.who(item.lane)}: {item.text}", item.t)
        elif item.bad or discovered or item.lane is None:
            who = self.who(item.lane) if item.lane else item.who
            self.say(f"{who} {item.text}" if discovered else f"{who}: {item.text}", item.t, bad=item.bad)
