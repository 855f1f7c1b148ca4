"""A recording, from the first question to the summary.

What it sends, all of it to the adapter at this interface and nowhere else: VS_SW_VER.REQ twice, the questions that read
its parameter block once, VS_NW_INFO.REQ once a second; to join, CM_SET_KEY.REQ, and CM_GET_KEY.REQ when the old key
goes back.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bench.adapter import Identity, PlcAdapter
from bench.adapter.flash import Pib
from bench.adapter.plc_adapter import INT6000_CLASSES
from bench.analysis import Attempt, Engine, Recorder
from bench.analysis.model import Role as RecorderRole
from bench.capture import Record
from bench.clock import SystemClock
from bench.doctor.chips import chip_name
from bench.drivers.pcap_port import PcapPort
from bench.errors import AdapterAmbiguous, AdapterError, AdapterSilent, BenchError, PibError, PortError
from bench.ids import MacAddress
from bench.mme import CmSlacMatchCnf, Frame, Mme, VsNwInfoCnf, VsNwInfoCnfV0, VsNwInfoReq, VsNwInfoReqV0, VsSwVerCnf
from bench.ports import Drops
from bench.report.messages import is_matching
from bench.report.pcapng import IN_CLEAR, MASKED
from bench.rig.one_adapter import adapter_at
from bench.slac.events import Network
from bench.sniff.ears import Ears
from bench.sniff.events import Event, Watcher
from bench.sniff.files import CaptureFiles
from bench.sniff.hearing import CHIPS, MESSAGES, Role, RoleRead, Side, Statement, role_of, shows, statements
from bench.sniff.joining import BorrowedKey, why_not_borrowed
from bench.sniff.masking import KeyMask
from bench.sniff.stopping import StopSign
from bench.sniff.tally import Tally
from bench.sniff.telling import Announcement, Summary, Telling, drops_text
from bench.trace import Direction, FrameSeen, Note
from bench.units import Ns, ms, s, show

LOOK_EVERY: Ns = ms(200)
"""Whether somebody wants it to end."""
ASK_EVERY: Ns = s(1)
"""For its network; so late may a change be told."""
DECIDED_AFTER: Ns = s(2)
"""A program here that has not answered the first message of SLAC so much later takes no part in it."""
MOST_UNDECIDED = 10_000
"""Frames held for an analysis that does not know yet who records."""
SILENT_ASKS = 2
"""So many questions without an answer, and it is told that the adapter is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """within   end after so long; None: when asked to
    limit, keep  of the files, see `CaptureFiles`
    """

    interface: str
    path: Path | None = None
    limit: int | None = None
    keep: int | None = None
    until_matched: bool = False
    within: Ns | None = None
    join: bool = False
    show_keys: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """matched: a CM_SLAC_MATCH.CNF was seen. *trouble*: empty if all went well."""

    matched: bool
    trouble: str


def record(wishes: Wishes, stop: StopSign, telling: Callable[[Ns], Telling], civil: Callable[[], Ns]) -> Ended:
    """Record until *stop* is shown, time is over or what was waited for has come.

    telling   makes what tells, from the distance between civil time and the rig's clock
    civil     ns since 1970

    Raises BenchError where it cannot begin, before anything was changed. What goes wrong later is in `Ended`.
    """
    with ExitStack() as opened:
        adapter = opened.enter_context(adapter_at(wishes.interface, "bench sniff"))
        clock = adapter.wire.pump.clock
        assert isinstance(clock, SystemClock)
        own = own_ear(wishes.interface, clock, opened)
        distance = civil() - clock.now()
        files = None
        if wishes.path is not None:
            comment = f"bench sniff on {wishes.interface}. {IN_CLEAR if wishes.show_keys else MASKED}"
            files = CaptureFiles(wishes.path, wishes.interface, limit=wishes.limit, keep=wishes.keep, comment=comment)
            opened.enter_context(files)
        return Recording(wishes, adapter, own, files, distance, stop, telling(distance)).run()


def own_ear(interface: str, clock: SystemClock, opened: ExitStack) -> PcapPort | None:
    """A port that hears what this computer sends. None on a system that does not tell these frames apart."""
    if sys.platform != "linux":
        return None
    ear = PcapPort(interface, name=interface, now=clock.now, turn=lambda: clock.turn, own_frames=True)
    opened.callback(ear.close)
    clock.watch(ear.fileno())
    opened.callback(clock.unwatch, ear.fileno())
    return ear


class Recording:
    """One run. *own*: hears what this computer sends."""

    def __init__(
        self,
        wishes: Wishes,
        adapter: PlcAdapter,
        own: PcapPort | None,
        files: CaptureFiles | None,
        distance: Ns,
        stop: StopSign,
        telling: Telling,
    ) -> None:
        self._wishes, self._adapter, self._files, self._stop, self._tell = wishes, adapter, files, stop, telling
        self._distance = distance
        self._wire, self._pump = adapter.wire, adapter.wire.pump
        self._began = self._pump.clock.now()
        self._mask = KeyMask(show_keys=wishes.show_keys)
        self._watcher = Watcher(None, show_keys=wishes.show_keys)
        self._tally = Tally(None)
        self._early: list[FrameSeen | Note] | None = []
        """What came before it was told what will come; None: that has been told."""
        self._records: deque[Record] = deque()
        self._number = 0
        self._ears = Ears(self._wire.trace, own, self._heard)
        self._pump.participants.append(self._ears)
        self._statements: list[Statement] = []
        self._borrowed: BorrowedKey | None = None
        self._overheard: Network | None = None
        self._matched = False
        self._role = RecorderRole.LISTENER
        self._slac_since: Ns | None = None
        self._attempts = self._attempts_matched = 0
        self._next_ask: Ns | None = None
        self._unanswered = 0
        self._drops = Drops(0, 0)
        self._ended = self._trouble = self._last_note = ""

    def run(self) -> Ended:
        identity = self._begin()
        incoming = self._incoming()
        try:
            # The analysis must know who records before it begins, so it gets the first frames late.
            first: list[Record] = []
            for each in incoming:
                first.append(each)
                if self._knows_its_role() or len(first) >= MOST_UNDECIDED:
                    break
            recorder = Recorder(self._role, self._wire.port.mac, None if identity is None else identity.mac)
            for item in Engine(recorder).run(chain(first, incoming)):
                if isinstance(item, Attempt):
                    self._attempts += 1
                    self._attempts_matched += item.outcome.matched
                    self._tell.attempt(item)
        finally:
            self._give_back()
        self._tell.summary(self._summary())
        return Ended(self._matched, self._trouble)

    def _knows_its_role(self) -> bool:
        """Whether a program here takes part in SLAC, and as what, or it can be taken for granted that none does."""
        if self._role is not RecorderRole.LISTENER:
            return True
        return self._slac_since is not None and self._pump.clock.now() > self._slac_since + DECIDED_AFTER

    # the beginning ------------------------------------------------------------------------------------------------

    def _begin(self) -> Identity | None:
        """Ask the adapter what it is, say what it will show."""
        doubts: list[str] = []
        identity, role, pib, chip = self._ask_who(doubts)
        self._watcher.modem = self._tally.modem = None if identity is None else identity.mac
        if identity is not None and role is not None:
            self._statements = statements(identity.device_class, identity.version, role)
            self._next_ask = self._pump.clock.now()
        doubts += self._doubts(role)
        if self._wishes.join:
            doubts.append(
                f"its settings are kept, should this be killed: {self._prepare_to_join(identity, pib).backup}"
            )
        wishes = self._wishes
        path = None if self._files is None else self._files.path_now
        self._tell.announce(
            Announcement(wishes.interface, identity, chip, role, self._statements, doubts, path, wishes.show_keys)
        )
        early, self._early = self._early or [], None
        for entry in early:
            self._heard(entry)
        self._forget()
        return identity

    def _ask_who(self, doubts: list[str]) -> tuple[Identity | None, RoleRead | None, Pib | None, str]:
        adapter = self._adapter
        try:
            identity = adapter.identify()
        except AdapterSilent as error:
            if self._wishes.join:
                raise
            doubts.append(str(error))
            return None, None, None, ""
        answers = self._wire.seen(VsSwVerCnf)
        ident = next((seen.mme.chip_ident for seen in answers if isinstance(seen.mme, VsSwVerCnf)), None)
        chip = CHIPS.get(identity.device_class) or chip_name(identity.device_class, ident)
        try:
            adapter.check_alone()
        except AdapterAmbiguous as error:
            if self._wishes.join:
                raise
            doubts.append(f"{error}; this tells of {identity.mac}")
        try:
            pib = adapter.read_pib()
        except (AdapterError, PibError) as error:
            if self._wishes.join:
                raise AdapterError(why_not_borrowed(error)) from None
            return identity, RoleRead(Role.UNREAD, f"its parameters were not read: {error}"), None, chip
        return identity, role_of(pib), pib, chip

    def _doubts(self, role: RoleRead | None) -> list[str]:
        stations = shows(self._statements, Side.STATION)
        found = []
        if role is not None and role.odd:
            found.append(role.odd)
        if stations is False and (self._wishes.until_matched or self._wishes.join):
            found.append(
                "CM_SLAC_MATCH.CNF of other stations is not shown by this adapter, so no match will be noticed unless "
                "a program on this computer makes it; take an adapter that is set up as car"
            )
        return found

    def _prepare_to_join(self, identity: Identity | None, pib: Pib | None) -> BorrowedKey:
        assert identity is not None
        assert pib is not None
        try:
            self._borrowed = borrowed = BorrowedKey.of(self._adapter, pib)
        except (BenchError, OSError) as error:
            raise AdapterError(why_not_borrowed(error)) from None
        return borrowed

    # frames -------------------------------------------------------------------------------------------------------

    def _incoming(self) -> Iterator[Record]:
        """Every frame, for the analysis; meanwhile everything else happens. It ends when the recording does."""
        try:
            while not self._over():
                while self._records:
                    yield self._records.popleft()
                wake = self._pump.clock.now() + LOOK_EVERY
                if self._wishes.within is not None:
                    wake = min(wake, self._began + self._wishes.within)
                self._pump.run(lambda: bool(self._records), wake)
                self._forget()
                self._look()
        except BenchError as error:
            self._fail(str(error))
        self._flush()
        yield from self._records
        self._records.clear()

    def _over(self) -> bool:
        wishes = self._wishes
        if self._trouble:
            self._ended = "it could not go on"
        elif wishes.until_matched and self._matched:
            self._ended = "matched"
        elif self._stop:
            self._ended = self._stop.why
        elif self._tell.gone:
            self._ended = "nobody reads what it prints any more"
        elif wishes.within is not None and self._pump.clock.now() >= self._began + wishes.within:
            self._ended = "time is over"
        return bool(self._ended)

    def _forget(self) -> None:
        """The wire keeps what came in for whoever asks; nobody will ask for this any more."""
        self._wire.received.clear()
        self._wire.trace.clear()
        self._wire.unsent.clear()
        self._flush_file()

    def _heard(self, entry: FrameSeen | Note) -> None:
        """A frame, or something that went wrong, in its turn. Never raises: an old key may have to go back."""
        if self._early is not None:
            self._early.append(entry)
            return
        if isinstance(entry, Note):
            # While the interface is down the same is to be said every second.
            if entry.text != self._last_note:
                self._event(Event(entry.t, "malformed" if "malformed" in entry.text else "note", entry.text))
            self._last_note = entry.text
            return
        self._last_note = ""
        self._number += 1
        self._keep(entry)
        self._tally.count(entry)
        for event in self._watcher.events(entry):
            self._event(event)
        self._understand(entry)
        self._records.append(Record(self._number, entry.t + self._distance, entry.octets))

    def _keep(self, seen: FrameSeen) -> None:
        if self._files is None or self._trouble:
            return
        try:
            self._files.write(seen.t + self._distance, self._mask(seen), outgoing=seen.direction is Direction.OUT)
        except OSError as error:
            self._fail_to_write(self._files, error)

    def _flush_file(self) -> None:
        if self._files is None or self._trouble:
            return
        try:
            self._files.flush()
        except OSError as error:
            self._fail_to_write(self._files, error)

    def _fail_to_write(self, files: CaptureFiles, error: OSError) -> None:
        self._fail(f"{files.path_now}: cannot be written any more: {error.strerror}; make room on the disk")

    def _understand(self, seen: FrameSeen) -> None:
        mme, frame = seen.mme, seen.frame
        if mme is not None and is_matching(mme):
            self._slac_since = seen.t if self._slac_since is None else self._slac_since
            if seen.direction is Direction.OUT and self._role is RecorderRole.LISTENER:
                of_car = mme.name in MESSAGES[Side.CAR]
                self._role = RecorderRole.PEV if of_car else RecorderRole.EVSE
        if isinstance(mme, VsNwInfoCnf | VsNwInfoCnfV0) and frame is not None and frame.src == self._watcher.modem:
            if self._unanswered > SILENT_ASKS:
                self._event(Event(seen.t, "adapter", "the adapter answers again"))
            self._unanswered = 0
            if (borrowed := self._borrowed) is not None:
                borrowed.in_networks(network.nid for network in mme.networks)
        elif isinstance(mme, CmSlacMatchCnf) and frame is not None:
            self._matched = True
            # One for this computer is for the program here that plays the car, which joins by itself.
            for_others = seen.direction is Direction.IN and frame.dst != self._wire.port.mac
            if self._wishes.join and for_others and any(mme.nmk):
                self._overheard = Network(nid=mme.nid, nmk=mme.nmk)

    # now and then -------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._overheard is not None:
            network, self._overheard = self._overheard, None
            self._join(network)
        now = self._pump.clock.now()
        if self._next_ask is not None and now >= self._next_ask:
            self._next_ask = now + ASK_EVERY
            self._ask_for_network(now)
            self._count_drops(now)

    def _join(self, network: Network) -> None:
        borrowed = self._borrowed
        assert borrowed is not None
        if network == borrowed.taken:
            return
        mac = borrowed.mac
        text = f"joining: the overheard key of network NID {network.nid} goes to {mac}, the adapter here"
        self._event(Event(self._pump.clock.now(), "join", text, {"nid": str(network.nid), "mac": str(mac)}))
        if not borrowed.take(network):
            text = f"{mac} has not confirmed the key"
            self._event(Event(self._pump.clock.now(), "join", text, {"mac": str(mac)}))

    def _ask_for_network(self, now: Ns) -> None:
        identity = self._adapter.identity
        assert identity is not None
        self._unanswered += 1
        if self._unanswered == SILENT_ASKS + 1:
            self._event(
                Event(now, "adapter", "the adapter does not answer: it restarts, or has lost its power or cable")
            )
        old = identity.device_class in INT6000_CLASSES
        self._send(identity.mac, VsNwInfoReqV0() if old else VsNwInfoReq(), now)

    def _send(self, mac: MacAddress, request: Mme, now: Ns) -> None:
        self._wire.send(Frame(mac, self._wire.port.mac, request), now)

    def _count_drops(self, now: Ns) -> None:
        drops = self._wire.port.drops()
        if drops != self._drops:
            self._drops = drops
            self._event(Event(now, "drops", f"lost so far: {drops_text(drops)}", drops._asdict()))

    def _event(self, event: Event) -> None:
        self._tell.event(event)

    def _fail(self, why: str) -> None:
        self._trouble = self._trouble or why

    # the end ------------------------------------------------------------------------------------------------------

    def _give_back(self) -> None:
        borrowed = self._borrowed
        if borrowed is None or borrowed.taken is None:
            return
        start = self._pump.clock.now()
        self._event(Event(start, "join", f"giving {borrowed.mac} its old key back", {"mac": str(borrowed.mac)}))
        try:
            borrowed.give_back()
        except BenchError as error:
            self._fail(str(error))
            self._event(Event(self._pump.clock.now(), "join", str(error)))
        else:
            now = self._pump.clock.now()
            text = f"{borrowed.mac} has its old key again, {show(now - start)} later"
            self._flush()
            self._event(Event(now, "join", text, {"mac": str(borrowed.mac)}))

    def _flush(self) -> None:
        try:
            self._ears.flush()
        except BenchError as error:
            self._fail(str(error))
        self._flush_file()

    def _summary(self) -> Summary:
        self._flush()
        try:
            drops: Drops | None = self._wire.port.drops()
        except PortError:
            drops = None
        files = self._files
        return Summary(
            duration=self._pump.clock.now() - self._began,
            frames=self._tally.frames,
            rows=self._tally.rows(),
            ipv6=self._tally.ipv6_heard,
            attempts=self._attempts,
            matched=self._attempts_matched,
            missing=self._tally.missing(self._statements),
            surprises=[each.text for each in self._tally.surprises(self._statements)],
            drops=drops,
            files=[] if files is None else [path for path in files.made if path.exists()],
            removed=0 if files is None else files.removed,
            ended=self._ended or "it could not go on",
            trouble=self._trouble,
        )
