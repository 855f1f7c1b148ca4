"""VS_MODULE_OPERATION: how QCA7000, QCA7005 and QCA7420 let their flash be read and written.

Same shape as `answers`. Status codes and frames: mme.md 6; names of the codes as plctool prints them.

Assumed, because no capture shows it: which of several codes a mistake gets; that a block may not come twice (0x18);
that a second session is refused with 0x12 until the first is committed, abandoned or the adapter restarted, while the
same session id begins it anew; that a refused commit ends the session unless its session or code was wrong; that the
answer to a commit comes when all is written; that a partner's write is passed over in silence by newer firmware.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from bench.errors import MalformedMme
from bench.mme import Mme, VsModuleOperationCnf, VsModuleOperationReq
from bench.mme.module import (
    BLOCK,
    COMMIT_FACTORY,
    COMMIT_FORCE,
    COMMIT_NO_RESET,
    FIRMWARE,
    PIB,
    READ_FLASH,
    REQUESTS,
    SOFTLOADER,
    CommitModules,
    ModuleRead,
    ModulesCommitted,
    ModuleStatus,
    ModuleWritten,
    ReadModule,
    StartWriting,
    WriteModule,
    WritingStarted,
)
from bench.sim.adapter.commit_checks import Wrong, firmware_wrong, for_partners, from_partner, pib_wrong
from bench.sim.adapter.flash import SIZE, Slot
from bench.sim.adapter.flash_faults import flipped
from bench.sim.adapter.reply import Reply
from bench.sim.adapter.sessions import WriteSession

if TYPE_CHECKING:
    from bench.sim.adapter.modem import VirtualAdapter

READABLE_OR_NOT = frozenset({0x7000, FIRMWARE, PIB, SOFTLOADER, 0x7005})
SLOTS = {PIB: Slot.PIB, FIRMWARE: Slot.FIRMWARE, SOFTLOADER: Slot.SOFTLOADER}
MOST_MODULES = 10
"""plctool's frame has room for no more."""
COMMIT_BITS = COMMIT_FORCE | COMMIT_NO_RESET | COMMIT_FACTORY


class Refusal(IntEnum):
    """Status of VS_MODULE_OPERATION.CNF where it is not 0."""

    NUMBER_OF_OPERATIONS = 0x10
    OPERATION = 0x11
    SESSION = 0x12
    OPERATION_DATA = 0x13
    MODULE_LENGTH = 0x15
    MODULE_INDEX = 0x16
    DATA_LENGTH = 0x17
    OFFSET = 0x18
    COMMIT_CODE = 0x19
    BLOCKED_BY_COMMIT = 0x1A
    DUPLICATE_MODULE = 0x1B
    MODULE_ID = 0x1C
    TOO_LITTLE_FLASH = 0x21
    MODULE_CHECKSUM = 0x30
    NOT_AVAILABLE = 0x32
    FIRMWARE_HEADER = 0x40
    FIRMWARE_IMAGE = 0x41
    FIRMWARE_WITHOUT_PIB = 0x46
    INVALID_PIB = 0x50
    DAK_NOT_ZERO = 0x51
    MAC_MISMATCH = 0x52
    DAK_MISMATCH = 0x53
    MANUFACTURER_MISMATCH = 0x54


REFUSALS = {
    Wrong.PIB: Refusal.INVALID_PIB,
    Wrong.PIB_CHECKSUM: Refusal.INVALID_PIB,
    Wrong.PIB_TOO_LONG: Refusal.INVALID_PIB,
    Wrong.MAC: Refusal.MAC_MISMATCH,
    Wrong.DAK: Refusal.DAK_MISMATCH,
    Wrong.DAK_NOT_ZERO: Refusal.DAK_NOT_ZERO,
    Wrong.MANUFACTURER: Refusal.MANUFACTURER_MISMATCH,
    Wrong.FIRMWARE_HEADER: Refusal.FIRMWARE_HEADER,
    Wrong.FIRMWARE_IMAGE: Refusal.FIRMWARE_IMAGE,
}


def module_operation(adapter: VirtualAdapter, request: VsModuleOperationReq, local: bool) -> Mme | Reply | None:
    if request.operation not in REQUESTS:
        return _refused(request, Refusal.OPERATION)
    if request.operations != 1:
        return _refused(request, Refusal.NUMBER_OF_OPERATIONS)
    try:
        asked: Any = request.record()
    except MalformedMme:
        return _refused(request, Refusal.OPERATION_DATA)
    if isinstance(asked, ReadModule):
        return _read(adapter, request, asked, local)
    if not (local or adapter.profile.vendor.obeys_partners):
        return None
    match asked:
        case StartWriting():
            return _start(adapter, asked, local)
        case WriteModule():
            return _write(adapter, asked)
        case _:
            return _commit(adapter, asked)


def _refused(request: VsModuleOperationReq, status: int) -> Mme:
    """An operation whose own fields cannot be made out."""
    return VsModuleOperationCnf(status=status, operation=request.operation)


# Reading


def _read(adapter: VirtualAdapter, request: VsModuleOperationReq, asked: ReadModule, local: bool) -> Mme:
    def answer(data: bytes, status: int = 0) -> Mme:
        made = VsModuleOperationCnf.of(ModuleRead(asked.module, asked.sub_id, asked.offset, data), status)
        return VsModuleOperationCnf(status=status, operation=request.operation, body=made.body)

    if asked.module not in READABLE_OR_NOT or asked.sub_id:
        return answer(b"", Refusal.MODULE_ID)
    if not 0 < asked.length <= BLOCK:
        return answer(b"", Refusal.DATA_LENGTH)
    if asked.module != PIB:
        return answer(b"", Refusal.NOT_AVAILABLE)
    flash = adapter.flash
    from_flash = request.operation == READ_FLASH
    if from_flash and flash.busy:
        return answer(b"", Refusal.BLOCKED_BY_COMMIT)
    octets = flash.stored if from_flash else flash.in_use
    if octets is None or adapter.loader:
        return answer(b"", Refusal.NOT_AVAILABLE)
    if not local:
        octets = for_partners(octets, adapter.profile)
    return answer(octets[asked.offset : asked.offset + asked.length])


# A write session


def _start(adapter: VirtualAdapter, asked: StartWriting, local: bool) -> Mme:
    flash, now = adapter.flash, adapter.now()
    statuses = _module_refusals(asked)
    status = next((status for status in statuses if status), 0)
    if flash.busy:
        status = Refusal.BLOCKED_BY_COMMIT
    elif not 0 < len(asked.modules) <= MOST_MODULES:
        status = Refusal.OPERATION_DATA
    elif (session := flash.session) and session.number != asked.session and not session.abandoned(now):
        status = Refusal.SESSION
    elif not status and sum(module.length for module in asked.modules) > SIZE:
        status = Refusal.TOO_LITTLE_FLASH
    if not status:
        flash.session = WriteSession(asked.session, local, tuple(asked.modules), now)
    modules = tuple(ModuleStatus(each or status) for each in statuses)
    return VsModuleOperationCnf.of(WritingStarted(asked.session, modules), status)


def _module_refusals(asked: StartWriting) -> list[int]:
    """A status for each module announced."""
    seen: set[int] = set()
    statuses: list[int] = []
    for module in asked.modules:
        if module.module not in SLOTS or module.sub_id:
            statuses.append(Refusal.MODULE_ID)
        elif module.module in seen:
            statuses.append(Refusal.DUPLICATE_MODULE)
        elif module.length == 0 or module.length % 4:
            statuses.append(Refusal.MODULE_LENGTH)
        else:
            statuses.append(0)
        seen.add(module.module)
    return statuses


def _session(adapter: VirtualAdapter, number: int) -> WriteSession | int:
    """The session of that number, or why there is none."""
    if adapter.flash.busy:
        return Refusal.BLOCKED_BY_COMMIT
    session = adapter.flash.session
    if session is None or session.number != number or session.abandoned(adapter.now()):
        return Refusal.SESSION
    session.touched = adapter.now()
    return session


def _write(adapter: VirtualAdapter, asked: WriteModule) -> Mme | None:
    def answer(status: int) -> Mme:
        written = ModuleWritten(asked.session, asked.index, asked.module, asked.sub_id, asked.length, asked.offset)
        return VsModuleOperationCnf.of(written, status)

    session = _session(adapter, asked.session)
    if not isinstance(session, WriteSession):
        return answer(session)
    session.blocks += 1
    fault = adapter.flash.faults.of_block(session.blocks)
    if fault.lost:
        return None
    if fault.status is not None:
        return answer(fault.status)
    if asked.index >= len(session.announced):
        return answer(Refusal.MODULE_INDEX)
    announced, received = session.announced[asked.index], session.received[asked.index]
    if (asked.module, asked.sub_id) != (announced.module, announced.sub_id):
        return answer(Refusal.MODULE_ID)
    if asked.offset != len(received):
        return answer(Refusal.OFFSET)
    if not 0 < asked.length <= min(BLOCK, announced.length - asked.offset):
        return answer(Refusal.DATA_LENGTH)
    octets = asked.data[: asked.length]
    received += octets if fault.flip_bit is None else flipped(octets, fault.flip_bit)
    return answer(0)


def _commit(adapter: VirtualAdapter, asked: CommitModules) -> Mme | Reply:
    def answer(status: int, statuses: list[int]) -> Mme:
        modules = tuple(ModuleStatus(each) for each in statuses)
        return VsModuleOperationCnf.of(ModulesCommitted(asked.session, asked.code, modules), status)

    flash = adapter.flash
    session = _session(adapter, asked.session)
    if not isinstance(session, WriteSession):
        return answer(session, [])
    if asked.code & ~COMMIT_BITS:
        return answer(Refusal.COMMIT_CODE, [Refusal.COMMIT_CODE] * len(session.announced))
    flash.session = None
    statuses = _content_refusals(adapter, session, forced=bool(asked.code & COMMIT_FORCE))
    if (fault := flash.faults.of_commit()) is not None:
        return answer(fault, [fault] * len(statuses))
    if status := next((each for each in statuses if each), 0):
        return answer(status, statuses)
    contents = {
        module.module: bytes(octets) for module, octets in zip(session.announced, session.received, strict=True)
    }
    if PIB in contents and not session.local:
        contents[PIB] = from_partner(contents[PIB], adapter.profile, adapter.own_settings)
    lasting = adapter.writing_time()
    flash.write(
        [(SLOTS[module], octets) for module, octets in contents.items()],
        lasting=lasting,
        as_factory=bool(asked.code & COMMIT_FACTORY),
    )
    # Without a reset the new PIB waits for the next start.
    restart = None if asked.code & COMMIT_NO_RESET else adapter.restart
    return Reply(answer(0, statuses), then=restart, wait=lasting)


def _content_refusals(adapter: VirtualAdapter, session: WriteSession, *, forced: bool) -> list[int]:
    """A status for each module that was sent."""
    if not session.whole:
        return [Refusal.MODULE_CHECKSUM] * len(session.announced)
    sent = [module.module for module in session.announced]
    if FIRMWARE in sent and PIB not in sent:
        return [Refusal.FIRMWARE_WITHOUT_PIB] * len(sent)
    statuses: list[int] = []
    for module, octets in zip(session.announced, session.received, strict=True):
        if module.module == PIB:
            wrong = pib_wrong(bytes(octets), adapter.profile, adapter.own_settings, forced=forced, local=session.local)
        else:
            wrong = firmware_wrong(bytes(octets))
        statuses.append(0 if wrong is None else REFUSALS[wrong])
    return statuses
