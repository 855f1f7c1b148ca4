"""An adapter's flash, read and written in messages, as either family wants it.

Writing is two steps. Blocks go into the adapter's memory and hurt nobody; the commit erases and writes the flash. Up
to the commit every failure leaves the flash as it was, and the errors say so. What became of a commit that was not
answered, only reading it back can tell.

Blocks may be asked for again, because reading is harmless; a block that was written is never sent twice, because nobody
knows what adapters make of that.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar

from bench.errors import (
    AdapterAmbiguous,
    AdapterError,
    AdapterRefused,
    AdapterRestarted,
    AdapterSilent,
    MalformedMme,
    PibError,
)
from bench.ids import MacAddress
from bench.mme import (
    Frame,
    Mme,
    VsModNvmCnf,
    VsModNvmReq,
    VsModuleOperationCnf,
    VsModuleOperationReq,
    VsRdModCnf,
    VsRdModReq,
    VsSwVerCnf,
    VsSwVerReq,
    VsWrModCnf,
    VsWrModReq,
)
from bench.mme.module import (
    BLOCK,
    COMMIT_NO_RESET,
    OLD_BLOCK,
    OLD_PIB,
    PIB,
    CommitModules,
    Confirmation,
    ModuleAnnounced,
    ModuleRead,
    ModulesCommitted,
    ModuleWritten,
    ReadModule,
    StartWriting,
    WriteModule,
    WritingStarted,
)
from bench.pib import ChainPib, FlatPib, checksum32, parse
from bench.units import Ns, ms, s, show

if TYPE_CHECKING:
    from bench.wire import Wire

Pib: TypeAlias = FlatPib | ChainPib
Progress: TypeAlias = Callable[[int, int], None]
"""(octets done, octets in all)"""


def no_progress(_done: int, _total: int) -> None:
    """For whoever does not want to know."""


C = TypeVar("C", bound=Mme)
R = TypeVar("R")
Step: TypeAlias = StartWriting | WriteModule | CommitModules
S = TypeVar("S", WritingStarted, ModuleWritten, ModulesCommitted)

BLOCK_WITHIN: Ns = ms(500)
"""A block is answered within 10 ms, over SPI as well."""
COMMIT_WITHIN: Ns = s(60)
"""Erasing and writing the flash; open-plc-utils waits no longer either."""
COMES_BACK_WITHIN: Ns = s(10)
PROBE_WITHIN: Ns = ms(250)
"""An adapter that restarts is silent for 1 to 5 s."""
READ_TRIES = 3
LARGEST = 1 << 20
"""Octets. No PIB is near it; an adapter that goes on and on is not believed."""

MEANINGS = {
    0x10: "bad number of operations, or bad module",
    0x11: "bad operation",
    0x12: "bad session, or bad length",
    0x14: "module not found, or bad checksum",
    0x15: "bad length",
    0x16: "bad index",
    0x17: "bad data length",
    0x18: "unexpected offset",
    0x19: "bad commit code",
    0x1A: "blocked by a commit",
    0x1C: "bad module",
    0x20: "bad offset, or flash trouble",
    0x30: "bad checksum of the module",
    0x32: "this module cannot be read or written",
    0x40: "bad header, or blocked",
    0x44: "bad checksum of the PIB",
    0x46: "DAK is not zero",
    0x48: "MAC or version does not fit",
    0x50: "the PIB is not valid",
    0x51: "DAK is not zero",
    0x52: "MAC of another adapter",
    0x53: "DAK of another adapter",
    0x54: "manufacturer's text of another adapter",
}
"""Of both families, mme.md 5.4 and 6; where one number means two things, both."""


class AdapterFlash(ABC):
    """The flash of the adapter *mac* on this Ethernet. *name* is for messages."""

    RESTARTS_ITSELF: ClassVar[bool]
    """Whether the adapter restarts after a commit without being told to."""

    def __init__(self, wire: Wire, mac: MacAddress, name: str) -> None:
        self.wire, self.mac, self.name = wire, mac, name

    def read_pib(self, progress: Progress = no_progress) -> Pib:
        """The parameter block it has. AdapterError; a block that is damaged is one, too."""
        octets = self.read_octets(progress)
        try:
            pib = parse(octets)
        except PibError as error:
            raise AdapterError(f"{self.name}: the parameter block it gives is damaged: {error}") from None
        if not isinstance(pib, FlatPib | ChainPib):
            raise AdapterError(f"{self.name}: it gives firmware where its parameter block is asked for")
        return pib

    @abstractmethod
    def read_octets(self, progress: Progress = no_progress) -> bytes:
        """The same as octets, whatever they are worth."""

    @abstractmethod
    def stage(self, octets: bytes, progress: Progress = no_progress) -> None:
        """Send a parameter block into the adapter's memory. Its flash stays as it is."""

    @abstractmethod
    def commit(self) -> None:
        """Write what was staged into the flash.

        AdapterRefused: nothing was written. AdapterSilent: nobody knows; read it back.
        """

    # asking -----------------------------------------------------------------------------------------------------

    def _send(self, mme: Mme) -> int:
        """Returns how many frames had come in before."""
        after = len(self.wire.received)
        self.wire.send(Frame(self.mac, self.wire.port.mac, mme), self.wire.pump.clock.now())
        return after

    def _answer(self, request: Mme, kind: type[C], pick: Callable[[C], R | None], within: Ns, what: str) -> R:
        """What *pick* makes of the answer to *request*; it gives None for an answer to something else.

        One deadline for everything. AdapterSilent without an answer, AdapterAmbiguous if another adapter gives it.
        """
        after = self._send(request)
        found: list[R] = []
        looked_at = after

        def here() -> bool:
            nonlocal looked_at
            for seen in self.wire.seen(kind, after=looked_at):
                assert isinstance(seen.mme, kind)
                assert seen.frame is not None
                picked = pick(seen.mme)
                if picked is None:
                    continue
                if seen.frame.src != self.mac:
                    raise AdapterAmbiguous(
                        f"{self.name}: {what} was answered by {seen.frame.src}, not by {self.mac}; "
                        "leave one adapter on this Ethernet"
                    )
                found.append(picked)
            looked_at = len(self.wire.received)
            return bool(found)

        if not self.wire.pump.run(here, self.wire.pump.clock.now() + within):
            raise AdapterSilent(f"{self.name}: no answer to {what} within {show(within)}")
        return found[0]

    def _ask_again(self, ask: Callable[[], R]) -> R:
        """For questions that change nothing: a lost frame is no reason to give up."""
        for _ in range(READ_TRIES - 1):
            try:
                return ask()
            except AdapterSilent:
                continue
        return ask()

    def _in_a_write(self, step: Callable[[], R]) -> R:
        """A step of a write that is not to be repeated. Where no answer comes, it is found out what has happened."""
        try:
            return step()
        except AdapterSilent as silent:
            raise self._explained(silent) from None

    def _explained(self, silent: AdapterSilent) -> AdapterSilent:
        start = self.wire.pump.clock.now()
        asked = 0
        while self.wire.pump.clock.now() < start + COMES_BACK_WITHIN:
            asked += 1
            try:
                self._answer(VsSwVerReq(), VsSwVerCnf, lambda cnf: cnf, PROBE_WITHIN, "VS_SW_VER")
            except AdapterSilent:
                continue
            if asked == 1:
                return AdapterSilent(f"{silent}; it still answers other questions, so one message got lost")
            gone = show(self.wire.pump.clock.now() - start)
            return AdapterRestarted(
                f"{silent}; it was silent for {gone} and answers again: it has restarted by itself. Check its supply"
            )
        return silent

    def _refused(self, what: str, status: int) -> AdapterRefused:
        return AdapterRefused(f"{self.name}: refused {what}: 0x{status:02X}, {MEANINGS.get(status, 'unknown')}", status)


class ModuleFlash(AdapterFlash):
    """VS_MODULE_OPERATION: QCA7000, QCA7005, QCA7420. Sources: mme.md 6, adapters.md 4 and 5.

    Committed without force, so that the adapter itself checks MAC, DAK and manufacturer, and not as the factory's
    block, so that a factory reset still helps. plctool sets both bits; without them no real adapter was tried.
    """

    RESTARTS_ITSELF = False
    CODE = COMMIT_NO_RESET

    def __init__(self, wire: Wire, mac: MacAddress, name: str) -> None:
        super().__init__(wire, mac, name)
        self._session: int | None = None

    def read_octets(self, progress: Progress = no_progress) -> bytes:
        octets = b""
        while True:
            block = self._ask_again(partial(self._read, len(octets)))
            octets += block
            progress(len(octets), len(octets))
            if len(block) < BLOCK:
                return octets
            if len(octets) > LARGEST:
                raise AdapterError(f"{self.name}: its parameter block has no end, {len(octets)} octets so far")

    def stage(self, octets: bytes, progress: Progress = no_progress) -> None:
        self._session = session = secrets.randbits(32)
        announced = ModuleAnnounced(PIB, 0, len(octets), checksum32(octets))
        what = "the beginning of a write session (its flash is as it was)"
        started = self._operate(StartWriting(session, (announced,)), WritingStarted, BLOCK_WITHIN, what)
        if bad := next((each.status for each in started.modules if each.status), 0):
            raise self._refused(what, bad)
        for offset, block in blocks(octets, BLOCK):
            self._write(session, offset, block)
            progress(offset + len(block), len(octets))

    def commit(self) -> None:
        if self._session is None:
            raise ValueError("nothing was staged")
        session, self._session = self._session, None
        what = "to write its flash"
        done = self._operate(CommitModules(session, self.CODE), ModulesCommitted, COMMIT_WITHIN, what)
        if bad := next((each.status for each in done.modules if each.status), 0):
            raise self._refused(what, bad)

    def _read(self, offset: int) -> bytes:
        what = f"reading its parameter block at 0x{offset:X}"

        def pick(cnf: VsModuleOperationCnf) -> tuple[int, bytes] | None:
            held = held_by(cnf)
            if not isinstance(held, ModuleRead) or (held.module, held.offset) != (PIB, offset):
                return None
            return cnf.status, held.data

        request = VsModuleOperationReq.of(ReadModule(PIB, 0, BLOCK, offset))
        status, data = self._answer(request, VsModuleOperationCnf, pick, BLOCK_WITHIN, what)
        if status:
            raise self._refused(what, status)
        return data

    def _write(self, session: int, offset: int, block: bytes) -> None:
        what = f"a block at 0x{offset:X} (its flash is as it was)"
        request = WriteModule(session, 0, PIB, 0, len(block), offset, block.ljust(BLOCK, b"\0"))
        written = self._in_a_write(partial(self._operate, request, ModuleWritten, BLOCK_WITHIN, what))
        if (written.offset, written.length) != (offset, len(block)):
            raise AdapterError(
                f"{self.name}: sent {what}, and it confirmed 0x{written.length:X} octets at 0x{written.offset:X}"
            )

    def _operate(self, request: Step, kind: type[S], within: Ns, what: str) -> S:
        """A step of a write session."""

        def pick(cnf: VsModuleOperationCnf) -> tuple[int, S] | None:
            held = held_by(cnf)
            return (cnf.status, held) if isinstance(held, kind) and held.session == request.session else None

        status, held = self._answer(VsModuleOperationReq.of(request), VsModuleOperationCnf, pick, within, what)
        if status:
            raise self._refused(what, status)
        return held


class OldFlash(AdapterFlash):
    """VS_RD_MOD, VS_WR_MOD, VS_MOD_NVM: INT6000 and relatives. Sources: mme.md 5.4, adapters.md 4 and 5.

    The adapter restarts by itself after the commit.
    """

    RESTARTS_ITSELF = True
    LENGTH_AT = 4
    """Octets 4 and 5 of a flat PIB tell its length."""

    def read_octets(self, progress: Progress = no_progress) -> bytes:
        octets, total = b"", OLD_BLOCK
        while len(octets) < total:
            block = self._ask_again(partial(self._read, len(octets)))
            if not octets:
                total = int.from_bytes(block[self.LENGTH_AT : self.LENGTH_AT + 2], "little")
            if not block:
                raise AdapterError(f"{self.name}: its parameter block ends at 0x{len(octets):X}, of 0x{total:X}")
            octets += block
            progress(min(len(octets), total), total)
        return octets[:total]

    def stage(self, octets: bytes, progress: Progress = no_progress) -> None:
        for offset, block in blocks(octets, OLD_BLOCK):
            what = f"a block at 0x{offset:X} (its flash is as it was)"
            request = VsWrModReq(OLD_PIB, 0, len(block), offset, checksum32(block), block.ljust(OLD_BLOCK, b"\0"))

            def pick(cnf: VsWrModCnf, offset: int = offset) -> VsWrModCnf | None:
                return cnf if cnf.status or (cnf.module, cnf.offset) == (OLD_PIB, offset) else None

            cnf = self._in_a_write(partial(self._answer, request, VsWrModCnf, pick, BLOCK_WITHIN, what))
            if cnf.status:
                raise self._refused(what, cnf.status)
            progress(offset + len(block), len(octets))

    def commit(self) -> None:
        what = "to write its flash"
        cnf = self._answer(VsModNvmReq(OLD_PIB), VsModNvmCnf, lambda cnf: cnf, COMMIT_WITHIN, what)
        if cnf.status:
            raise self._refused(what, cnf.status)

    def _read(self, offset: int) -> bytes:
        what = f"reading its parameter block at 0x{offset:X}"

        def pick(cnf: VsRdModCnf) -> VsRdModCnf | None:
            return cnf if cnf.status or (cnf.module, cnf.offset) == (OLD_PIB, offset) else None

        cnf = self._answer(VsRdModReq(offset=offset), VsRdModCnf, pick, BLOCK_WITHIN, what)
        if cnf.status:
            raise self._refused(what, cnf.status)
        if checksum32(cnf.data) != cnf.checksum:
            raise AdapterError(f"{self.name}: the block at 0x{offset:X} has not the checksum it came with")
        return cnf.data


def held_by(cnf: VsModuleOperationCnf) -> Confirmation | None:
    """The operation in *cnf*; None for one that nobody knows."""
    try:
        return cnf.record()
    except MalformedMme:
        return None


def blocks(octets: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """(offset, block) of *octets*, *size* octets each but the last."""
    for offset in range(0, len(octets), size):
        yield offset, octets[offset : offset + size]
