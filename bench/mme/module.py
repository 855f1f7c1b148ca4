"""Messages that read and write what an adapter keeps in flash: its parameter block (PIB) and its firmware.

Two families of them. VS_MODULE_OPERATION (QCA7000, QCA7005, QCA7420) is one message with an operation in it, whose own
fields are a record of this module:

    VsModuleOperationReq.of(ReadModule(PIB, length=1400, offset=0))
    match confirmation.record():
        case ModuleRead(offset=offset, data=data): ...

VS_RD_MOD, VS_WR_MOD and VS_MOD_NVM (INT6x00) have a message for each deed. Module numbers differ, too.

What is read and written holds keys, so the octets do not show in the text of a message.

Evidence: *exchanged* with plctool and int6k of Debian's plc-utils 0.0.6, reads *captured* from a QCA7420 as well; the
answers to write sessions are from source, and plctool takes them so (mme.md 5.4 and 6).
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Annotated, Any, ClassVar, Self, TypeAlias

from bench.errors import MalformedMme
from bench.mme.generate import Reader
from bench.mme.record import Mme, Record, message, record
from bench.mme.wire import U8, U16, U32, Count, Fixed, Groups, Many, Oct3, Oct16

FIRMWARE, PIB, SOFTLOADER = 0x7001, 0x7002, 0x7003
"""Modules of VS_MODULE_OPERATION."""
OLD_FIRMWARE, OLD_PIB, OLD_FORCE = 0x01, 0x02, 0x10
"""Modules of VS_RD_MOD and VS_WR_MOD; bits of VS_MOD_NVM, where force is one more."""

READ_MEMORY, READ_FLASH, START, WRITE, COMMIT = 0x00, 0x01, 0x10, 0x11, 0x12
"""Operations of VS_MODULE_OPERATION."""

COMMIT_FORCE, COMMIT_NO_RESET, COMMIT_FACTORY = 1 << 0, 1 << 1, 1 << 31
"""Bits of a commit code; the last stores the block as the one that a factory reset restores, too. Source."""

BLOCK, OLD_BLOCK = 1400, 1024
"""Octets read or written by one message."""
START_FRAME = 158
"""Octets of the frame in which plctool starts a session, however few modules it names; zeros fill it."""

NOT_AVAILABLE = 0x32
"""VS_MODULE_OPERATION.CNF: this module cannot be read; the answer to reading firmware."""


@record
class ReadModule(Record):
    """*length* octets of *module* from *offset* on."""

    module: U16 = PIB
    sub_id: U16 = 0
    length: U16 = BLOCK
    offset: U32 = 0


@record
class ModuleRead(Record):
    """Fewer octets than asked for, or none: the module ends here."""

    module: U16 = PIB
    sub_id: U16 = 0
    length: ClassVar[Count] = Count("data", "H")
    offset: U32 = 0
    data: Annotated[bytes, Groups()] = field(default=b"", repr=False)


@record
class ModuleAnnounced(Record):
    """One module of a write session: its whole length, and the `bench.pib` checksum over it."""

    module: U16 = PIB
    sub_id: U16 = 0
    length: U32 = 0
    checksum: U32 = 0


@record
class StartWriting(Record):
    """*session* is the host's choice and comes back in every confirmation."""

    session: U32 = 0
    count: ClassVar[Count] = Count("modules")
    modules: Annotated[tuple[ModuleAnnounced, ...], Many(ModuleAnnounced)] = ()


@record
class ModuleStatus(Record):
    status: U16 = 0
    error: U16 = 0


@record
class WritingStarted(Record):
    session: U32 = 0
    count: ClassVar[Count] = Count("modules")
    modules: Annotated[tuple[ModuleStatus, ...], Many(ModuleStatus)] = ()


@record
class WriteModule(Record):
    """*length* octets of *data*, which is always BLOCK octets long; *index* of the module in the session."""

    session: U32 = 0
    index: U8 = 0
    module: U16 = PIB
    sub_id: U16 = 0
    length: U16 = 0
    offset: U32 = 0
    data: Annotated[bytes, Fixed(f"{BLOCK}s")] = field(default=bytes(BLOCK), repr=False)


@record
class ModuleWritten(Record):
    session: U32 = 0
    index: U8 = 0
    module: U16 = PIB
    sub_id: U16 = 0
    length: U16 = 0
    offset: U32 = 0


@record
class CommitModules(Record):
    """Erase and write the flash now. 61 octets of frame; plctool leaves out the last, see `read_cut_commit`."""

    session: U32 = 0
    code: U32 = COMMIT_FORCE | COMMIT_NO_RESET | COMMIT_FACTORY
    reserved: Annotated[bytes, Fixed("20s")] = bytes(20)


@record
class ModulesCommitted(Record):
    session: U32 = 0
    code: U32 = 0
    count: ClassVar[Count] = Count("modules")
    modules: Annotated[tuple[ModuleStatus, ...], Many(ModuleStatus)] = ()


Request: TypeAlias = ReadModule | StartWriting | WriteModule | CommitModules
Confirmation: TypeAlias = ModuleRead | WritingStarted | ModuleWritten | ModulesCommitted

REQUESTS: dict[int, type[Record]] = {
    READ_MEMORY: ReadModule,
    READ_FLASH: ReadModule,
    START: StartWriting,
    WRITE: WriteModule,
    COMMIT: CommitModules,
}
CONFIRMATIONS: dict[int, type[Record]] = {
    READ_MEMORY: ModuleRead,
    READ_FLASH: ModuleRead,
    START: WritingStarted,
    WRITE: ModuleWritten,
    COMMIT: ModulesCommitted,
}
OPERATION_HEAD = 8
"""Octets of operation, length and reserved, which the length counts."""


def _operation_of(made: Record, kinds: dict[int, type[Record]]) -> int:
    return next(operation for operation, kind in kinds.items() if isinstance(made, kind))


def _record_in(kinds: dict[int, type[Record]], operation: int, body: bytes, name: str) -> Any:
    kind = kinds.get(operation)
    if kind is None:
        raise MalformedMme(f"{name}.operation", 0, f"there is no operation 0x{operation:02x}")
    return kind._read(body, 0, len(body))[0]


@message(0xA0B0, mmv=0)
class VsModuleOperationReq(Mme):
    """One operation. Built by `of`, read by `record`. Exchanged; reads captured."""

    reserved: U32 = 0
    operations: U8 = 1
    operation: U16 = READ_MEMORY
    length: ClassVar[Count] = Count("body", "H", more=OPERATION_HEAD)
    reserved2: U32 = 0
    body: Annotated[bytes, Groups()] = field(default=b"", repr=False)

    @classmethod
    def of(cls, request: Request) -> Self:
        return cls(operation=_operation_of(request, REQUESTS), body=type(request)._write(request))

    def record(self) -> Request:
        """Raises MalformedMme for an unknown operation or a body too short for it."""
        made: Request = _record_in(REQUESTS, self.operation, self.body, self.name)
        return made


def read_cut_commit(read: Reader) -> Reader:
    """A reader that forgives a commit its missing last octet.

    plctool announces 36 octets of operation (20 of them reserved), which need a frame of 61, and sends one of 60. Seen
    with Debian's plc-utils 0.0.6; qca/open-plc-utils plc/ModuleCommit.c has the reason, a fixed packet size. The octet
    is reserved and read as zero, so encoding such a message again gives 61 octets.
    """

    def read_request(octets: bytes, at: int, end: int) -> tuple[Any, int]:
        operation, length = octets[at + OPERATION_AT : at + LENGTH_AT], octets[at + LENGTH_AT : at + LENGTH_AT + 2]
        cut = at + OPERATION_AT + int.from_bytes(length, "little") == end + 1
        if cut and int.from_bytes(operation, "little") == COMMIT:
            made, _ = read(octets[:end] + b"\0", at, end + 1)
            return made, end
        return read(octets, at, end)

    return read_request


OPERATION_AT, LENGTH_AT = 5, 7
"""Offsets in a VS_MODULE_OPERATION.REQ, behind the OUI."""

VsModuleOperationReq._read = staticmethod(read_cut_commit(VsModuleOperationReq._read))


@message(0xA0B1, mmv=0)
class VsModuleOperationCnf(Mme):
    """status and error_record  0 or a code of mme.md 6, NOT_AVAILABLE for one. Captured for reads, else from source."""

    status: U16 = 0
    error_record: U16 = 0
    reserved: U32 = 0
    operations: U8 = 1
    operation: U16 = READ_MEMORY
    length: ClassVar[Count] = Count("body", "H", more=OPERATION_HEAD)
    reserved2: U32 = 0
    body: Annotated[bytes, Groups()] = field(default=b"", repr=False)

    @classmethod
    def of(cls, confirmation: Confirmation, status: int = 0) -> Self:
        body = type(confirmation)._write(confirmation)
        return cls(status=status, operation=_operation_of(confirmation, CONFIRMATIONS), body=body)

    def record(self) -> Confirmation:
        """Raises MalformedMme for an unknown operation or a body too short for it."""
        made: Confirmation = _record_in(CONFIRMATIONS, self.operation, self.body, self.name)
        return made


# the older family -------------------------------------------------------------------------------------------------


@message(0xA020, mmv=0)
class VsWrModReq(Mme):
    """*length* octets of *data*, which is always OLD_BLOCK octets long; *checksum* over those *length*. Exchanged."""

    module: U8 = OLD_PIB
    reserved: U8 = 0
    length: U16 = 0
    offset: U32 = 0
    checksum: U32 = 0
    data: Annotated[bytes, Fixed(f"{OLD_BLOCK}s")] = field(default=bytes(OLD_BLOCK), repr=False)


@message(0xA021, mmv=0)
class VsWrModCnf(Mme):
    """status 0, or hexadecimal 10 bad module, 12 bad length, 14 bad checksum, 20 bad offset, 40 blocked. Exchanged."""

    status: U8 = 0
    module: U8 = OLD_PIB
    reserved: U8 = 0
    length: U16 = 0
    offset: U32 = 0


@message(0xA024, mmv=0)
class VsRdModReq(Mme):
    """Exchanged."""

    module: U8 = OLD_PIB
    access_level: U8 = 0
    length: U16 = OLD_BLOCK
    offset: U32 = 0
    secret: Oct16 = bytes(16)


@message(0xA025, mmv=0)
class VsRdModCnf(Mme):
    """*checksum* over the octets of this block alone. Exchanged."""

    status: U8 = 0
    reserved: Oct3 = bytes(3)
    module: U8 = OLD_PIB
    reserved2: U8 = 0
    length: ClassVar[Count] = Count("data", "H")
    offset: U32 = 0
    checksum: U32 = 0
    data: Annotated[bytes, Groups()] = field(default=b"", repr=False)


@message(0xA028, mmv=0)
class VsModNvmReq(Mme):
    """Write what was sent by VS_WR_MOD to the flash, and restart. *modules* is a sum of bits. Exchanged."""

    modules: U8 = OLD_PIB


@message(0xA029, mmv=0)
class VsModNvmCnf(Mme):
    """status 0, or a code of mme.md 5.4: 44 bad PIB checksum, 46 DAK not zero, 48 MAC mismatch. Exchanged."""

    status: U8 = 0
    modules: U8 = OLD_PIB


CONTENT = (VsModuleOperationReq, VsModuleOperationCnf, VsWrModReq, VsRdModCnf)
"""Messages that may hold what is in the flash, and so its keys."""


def without_content(mme: Mme) -> Mme:
    """*mme* with zeros in place of what is in the flash; any other message as it is."""
    match mme:
        case VsWrModReq() | VsRdModCnf():
            return replace(mme, data=bytes(len(mme.data)))
        case VsModuleOperationReq() | VsModuleOperationCnf():
            try:
                held = mme.record()
            except MalformedMme:
                return replace(mme, body=bytes(len(mme.body)))
            if isinstance(held, ModuleRead | WriteModule):
                blank = replace(held, data=bytes(len(held.data)))
                return replace(mme, body=type(blank)._write(blank))
    return mme
