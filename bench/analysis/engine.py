"""The streaming engine: records in, judged attempts out as soon as they are final.

Most frames of a long capture are no management messages; the loop in `run` is written so that those cost a few
comparisons. Memory holds the attempt under way, not the capture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bench.analysis.census import Census, is_power_supply_control
from bench.analysis.conversation import SLAC_MESSAGES, Conversation, Heard, SlacMme, opens_attempt
from bench.analysis.hygiene import VLAN, RecentFrames, is_artefact, note_set_back, untagged
from bench.analysis.judge import judge
from bench.analysis.keys import SetKeyLog
from bench.analysis.limits import (
    CAPTURE_END,
    CLOCK_STEP,
    RECORDER_DUPLICATE,
    SET_KEY_CNF_WINDOW,
    SET_KEY_WINDOW,
)
from bench.analysis.model import Attempt, CaptureNotes, Recorder, Role, SetKey
from bench.analysis.network import IP_ETHERTYPES, IPV6, PROVING_CONFIRMATIONS, NetworkWatch
from bench.analysis.pilot_model import PilotTrack
from bench.analysis.restart_watch import ASKING, RestartWatch
from bench.analysis.sdp_model import SdpLog
from bench.analysis.sdp_watch import SdpWatch
from bench.analysis.tcp_watch import FLAGS_AT, SYN_OR_RST, TcpWatch
from bench.capture import Record
from bench.errors import MalformedMme
from bench.ids import BROADCAST
from bench.mme import CmAttenCharInd, CmSetKeyCnf, CmSetKeyReq, Frame, RawMme, decode
from bench.net.tcp import TCP
from bench.units import Ns

HOMEPLUG = b"\x88\xe1"
SLAC_TYPES = frozenset(message.mmtype.to_bytes(2, "little") for message in SLAC_MESSAGES)
SW_VER_CNF = b"\x01\xa0"
DECODED_TYPES = SLAC_TYPES | {m.mmtype.to_bytes(2, "little") for m in (CmSetKeyReq, CmSetKeyCnf)}
MAX_MALFORMED = 100
_NOTHING = (b"", Frame(BROADCAST, BROADCAST, RawMme(0, b"")))


class Closed(NamedTuple):
    """An attempt that gains no more frames, until it can be judged.

    next_start  of the attempt that followed
    settled     from then on no frame can change the verdict
    """

    talk: Conversation
    next_start: Ns
    last: Ns
    settled: Ns


class Engine:
    """Analyses one recording.

    recorder  who recorded, see `survey`
    quantum   real resolution of the stamps, if coarser than the file says
    pilot     what a log of the station knows of the control pilot
    notes     about the recording, complete when `run` has ended, as is
    census    of the messages that are not SLAC
    """

    def __init__(self, recorder: Recorder, quantum: Ns = 0, pilot: PilotTrack | None = None) -> None:
        self.recorder = recorder
        self.pilot = pilot
        self.notes = CaptureNotes(quantum=quantum)
        self.census = Census()
        self._watch = NetworkWatch(recorder)
        self._sdp = SdpWatch(recorder)
        self._tcp = TcpWatch()
        self._restart = RestartWatch(recorder)
        self._keys = SetKeyLog()
        self._current: Conversation | None = None
        self._attempts = 0
        self._closed: deque[Closed] = deque()
        self._said: deque[Attempt | SetKey] = deque()
        self._decoded: dict[bytes, tuple[bytes, Frame]] = {}
        """The last frame of each type: stations say most things several times, octet for octet"""

    @property
    def sdp(self) -> SdpLog:
        """All of SDP, complete when `run` has ended."""
        return self._sdp.log

    def run(self, records: Iterable[Record]) -> Iterator[Attempt | SetKey]:
        """Everything in the order in which it becomes final; to be called once.

        A `SetKey` comes when no more confirmations can belong to it, an `Attempt` when no later frame can change
        it: as the next one begins, or up to 2 s later.
        """
        notes, watch, sdp, tcp, recent = self.notes, self._watch, self._sdp, self._tcp, RecentFrames()
        closed, said, ip = self._closed, self._said, IP_ETHERTYPES
        awaited, flags_at, opens_or_ends = tcp.awaited, FLAGS_AT, SYN_OR_RST
        frames, previous_t, previous, crowded = 0, 0, b"", False
        for number, t, octets, _, _ in records:
            frames += 1
            gap = t - previous_t
            if frames == 1:
                notes.first_t = t
            elif gap >= RECORDER_DUPLICATE:
                if crowded:
                    recent.forget()
                    crowded = False
            else:
                crowded = True
                if gap < 0:
                    note_set_back(notes, number, gap)
                recent.remember(previous_t, previous)
                if recent.holds(t, octets):
                    notes.recorder_duplicates += 1
                    previous_t, previous = t, octets
                    continue
            previous_t, previous = t, octets
            ethertype = octets[12:14]
            if ethertype == IPV6:
                if watch.senders and octets[6:12] in watch.senders:
                    watch.ip_frame(number, t, octets)
                if len(octets) > flags_at and octets[20] == TCP:
                    if octets[flags_at] & opens_or_ends or awaited:
                        tcp.segment(number, t, octets)
                elif len(octets) > 20 and octets[20] != TCP:
                    sdp.ipv6_frame(number, t, octets)
            elif ethertype in ip:
                if watch.senders and octets[6:12] in watch.senders:
                    watch.ip_frame(number, t, octets)
            elif ethertype == HOMEPLUG:
                self._homeplug(number, t, octets)
            else:
                self._uncommon(number, t, octets)
            if closed:
                self._judge_settled(t)
            if said:
                yield from self._final(t)
        notes.frames, notes.last_t = frames, previous_t
        if self._current is not None:
            self._close(self._current, previous_t)
        while closed:
            self._judge_first(closed.popleft(), ended=previous_t)
        yield from said
        said.clear()

    def _final(self, t: Ns) -> Iterator[Attempt | SetKey]:
        """What is final at *t*; a key waits for its confirmations, what was said after it waits with it."""
        said, last = self._said, self._keys.last
        while said:
            if said[0] is last and 0 <= t - last.t <= SET_KEY_CNF_WINDOW:
                return
            yield said.popleft()

    def _uncommon(self, number: int, t: Ns, octets: bytes) -> None:
        """Neither IP nor HomePlug at first sight: perhaps behind a VLAN tag, perhaps no frame at all."""
        if octets[12:14] == VLAN:
            self.notes.vlan_tagged += 1
            octets = untagged(octets)
            if octets[12:14] == HOMEPLUG:
                self._homeplug(number, t, octets)
            elif octets[12:14] in IP_ETHERTYPES:
                if octets[6:12] in self._watch.senders:
                    self._watch.ip_frame(number, t, octets)
                if octets[12:14] == IPV6 and len(octets) > FLAGS_AT and octets[20] == TCP:
                    self._tcp.segment(number, t, octets)
                elif octets[12:14] == IPV6 and len(octets) > 20 and octets[20] != TCP:
                    self._sdp.ipv6_frame(number, t, octets)
        elif octets and is_artefact(octets):
            self.notes.artefacts += 1

    def _homeplug(self, number: int, t: Ns, octets: bytes) -> None:
        self.notes.homeplug_frames += 1
        mmtype = octets[15:17]
        if mmtype in DECODED_TYPES:
            same, frame = self._decoded.get(mmtype, _NOTHING)
            if same != octets:
                try:
                    frame = decode(octets)
                except MalformedMme as why:
                    self._malformed(number, why)
                    return
                self._decoded[mmtype] = octets, frame
            mme = frame.mme
            if isinstance(mme, SLAC_MESSAGES):
                if isinstance(mme, CmAttenCharInd) and is_power_supply_control(frame.dst, mme):
                    self.census.power_supply(number, t, frame.src)
                else:
                    self._slac(Heard(number, t, frame.dst, frame.src, mme))
                return
            if isinstance(mme, CmSetKeyReq):
                self._set_key(Heard(number, t, frame.dst, frame.src, mme))
            elif isinstance(mme, CmSetKeyCnf):
                self._keys.confirmation(Heard(number, t, frame.dst, frame.src, mme))
        elif mmtype in ASKING:
            self._restart.question(number, t, octets)
        elif mmtype in PROVING_CONFIRMATIONS:
            self._restart.confirmation(number, t, octets)
            self._watch.confirmation(number, t, octets)
            if mmtype == SW_VER_CNF:
                self.census.version(number, t, octets)
        self.census.message(t, octets)

    def _malformed(self, number: int, why: MalformedMme) -> None:
        self.notes.malformed_count += 1
        if len(self.notes.malformed) < MAX_MALFORMED:
            self.notes.malformed.append((number, str(why)))

    def _slac(self, heard: Heard[SlacMme]) -> None:
        talk = self._current
        if talk is None or opens_attempt(talk, heard):
            if talk is not None:
                self._close(talk, heard.t)
            self._attempts += 1
            talk = self._current = Conversation(self._attempts, self._keys.last)
            self._watch.attempt_opened(talk)
            self._sdp.attempt_opened(talk)
            self._tcp.attempt_opened(talk)
            self._restart.attempt_opened(talk)
        talk.add(heard)
        self._watch.slac_frame(talk)
        self._sdp.slac_frame(talk)

    def _set_key(self, heard: Heard[CmSetKeyReq]) -> None:
        """On the PEV's side and a listener's the key of the match is set after it; an EVSE sets its own before."""
        request = self._keys.request(heard)
        self._said.append(request)
        talk = self._current
        if talk is None or not talk.match_cnfs or talk.set_key_after or self.recorder.role is Role.EVSE:
            return
        if 0 <= heard.t - talk.match_cnfs[0].t <= SET_KEY_WINDOW:
            talk.set_key_after = request
            self._watch.key_set()

    def _close(self, talk: Conversation, next_start: Ns) -> None:
        """Let *talk* wait until it is known whether the capture ends, and its key's confirmations are in."""
        assert talk.last is not None
        self._restart.attempt_closed(next_start)
        last = settled = talk.last.t
        if talk.starts and not talk.match_reqs and not talk.match_cnfs:
            settled = last + CAPTURE_END
        if talk.set_key_after is not None:
            settled = max(settled, talk.set_key_after.t + SET_KEY_CNF_WINDOW)
        self._closed.append(Closed(talk, next_start, last, settled))
        self._current = None

    def _judge_settled(self, t: Ns) -> None:
        """Judge what waits no longer. A clock that was set back ends the waiting."""
        closed = self._closed
        while closed and (t >= closed[0].settled or t < closed[0].last - CLOCK_STEP):
            self._judge_first(closed.popleft(), ended=None)

    def _judge_first(self, first: Closed, ended: Ns | None) -> None:
        """ended   time of the capture's last frame, None before it"""
        self._said.append(
            judge(
                first.talk,
                self.recorder,
                self.notes.quantum,
                observed_until=first.next_start,
                capture_ended=ended is not None and -CLOCK_STEP < ended - first.last < CAPTURE_END,
                pilot=self.pilot,
            )
        )
