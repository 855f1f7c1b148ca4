"""A computer that reads and writes the flash of the adapter it is plugged into, one frame after the other."""

from __future__ import annotations

from collections.abc import Sequence

from bench.ids import LOCAL_DEVICE, MacAddress
from bench.mme import (
    Mme,
    VsModNvmReq,
    VsModuleOperationReq,
    VsRdModReq,
    VsRsDevReq,
    VsSwVerReq,
    VsWrModReq,
)
from bench.mme.module import (
    BLOCK,
    COMMIT_FACTORY,
    COMMIT_FORCE,
    COMMIT_NO_RESET,
    FIRMWARE,
    OLD_BLOCK,
    OLD_FIRMWARE,
    OLD_FORCE,
    OLD_PIB,
    PIB,
    READ_MEMORY,
    CommitModules,
    ModuleAnnounced,
    ReadModule,
    StartWriting,
    WriteModule,
)
from bench.pib import checksum32
from bench.profiles import AdapterProfile, PibMessages
from bench.units import Ns, ms, s

SESSION = 0x5A4C8EC7
AS_PLCTOOL = COMMIT_FORCE | COMMIT_NO_RESET | COMMIT_FACTORY
OLD_NAMES = {PIB: OLD_PIB, FIRMWARE: OLD_FIRMWARE}


class FlashHost:
    """*partner*: whom it talks to through the powerline, instead of its own adapter."""

    def __init__(self, stand, port, modem, partner: MacAddress | None = None) -> None:
        self.stand, self.port, self.modem = stand, port, modem
        self.to = partner or LOCAL_DEVICE

    def ask(self, request: Mme, within: Ns = s(12)):
        """The next message that comes in; None if there is none."""
        self.port.receive()
        self.stand.say(self.port, self.to, request)
        return self.wait(within)

    def wait(self, within: Ns):
        limit = self.stand.clock.now() + within
        while not (heard := self.stand.heard(self.port)):
            due = self.stand.world.next_deadline()
            if due is None or due > limit:
                self.stand.run_until(limit)
                return None
            self.stand.run_until(due)
        return heard[0].mme

    def operate(self, operation, within: Ns = s(12)):
        return self.ask(VsModuleOperationReq.of(operation), within)

    def status(self, request: Mme) -> int | None:
        answer = self.ask(request)
        return None if answer is None else answer.status

    def send_all(self, requests: Sequence[Mme]) -> list[int | None]:
        return [self.status(request) for request in requests]

    def version(self) -> str | None:
        answer = self.ask(VsSwVerReq(), ms(50))
        return None if answer is None else answer.version

    def boots(self) -> None:
        """Wait until whatever it is doing is done and it answers again."""
        for _ in range(400):
            self.stand.run_for(ms(50))
            if self.modem.ready and not self.modem.flash.busy:
                return
        raise AssertionError("it does not come back")

    def read_pib(self, operation: int = READ_MEMORY) -> bytes | None:
        """As the tools read it; None if it is refused or not answered."""
        return self._read_old() if is_old(self.modem.profile) else self._read_new(operation)

    def _read_new(self, operation: int) -> bytes | None:
        octets = b""
        while True:
            made = VsModuleOperationReq.of(ReadModule(offset=len(octets)))
            answer = self.ask(VsModuleOperationReq(operation=operation, body=made.body), ms(200))
            if answer is None or answer.status:
                return None
            octets += answer.record().data
            if len(answer.record().data) < BLOCK:
                return octets

    def _read_old(self) -> bytes | None:
        octets, size = b"", OLD_BLOCK
        while len(octets) < size:
            answer = self.ask(VsRdModReq(length=min(OLD_BLOCK, size - len(octets)), offset=len(octets)), ms(200))
            if answer is None or answer.status:
                return None
            octets += answer.data
            size = int.from_bytes(octets[4:6], "little")
        return octets


def is_old(profile: AdapterProfile) -> bool:
    return profile.pib.messages is PibMessages.RD_MOD_WR_MOD


def session(
    profile: AdapterProfile,
    pib: bytes | None,
    *,
    firmware: bytes | None = None,
    force: bool = True,
    reset: bool = False,
    as_factory: bool = False,
) -> list[Mme]:
    """All requests that write these, in order; the last one restarts the adapter, unless the commit does."""
    contents = [(PIB, pib)] if pib is not None else []
    contents += [(FIRMWARE, firmware)] if firmware is not None else []
    if is_old(profile):
        return _old_session(contents, force)
    code = force * COMMIT_FORCE | (not reset) * COMMIT_NO_RESET | as_factory * COMMIT_FACTORY
    return [start(*contents), *writes(*contents), commit(code), *([] if reset else [VsRsDevReq()])]


def start(*contents: tuple[int, bytes], number: int = SESSION) -> Mme:
    announced = tuple(ModuleAnnounced(module, 0, len(octets), checksum32(octets)) for module, octets in contents)
    return VsModuleOperationReq.of(StartWriting(number, announced))


def writes(*contents: tuple[int, bytes], number: int = SESSION) -> list[Mme]:
    return [
        write(index, module, at, octets[at : at + BLOCK], number=number)
        for index, (module, octets) in enumerate(contents)
        for at in range(0, len(octets), BLOCK)
    ]


def write(index: int, module: int, offset: int, octets: bytes, *, number: int = SESSION) -> Mme:
    made = WriteModule(number, index, module, 0, len(octets), offset, octets.ljust(BLOCK, b"\0")[:BLOCK])
    return VsModuleOperationReq.of(made)


def commit(code: int = AS_PLCTOOL, number: int = SESSION) -> Mme:
    return VsModuleOperationReq.of(CommitModules(number, code))


def old_write(module: int, offset: int, octets: bytes) -> Mme:
    return VsWrModReq(module, 0, len(octets), offset, checksum32(octets), octets.ljust(OLD_BLOCK, b"\0"))


def _old_session(contents: list[tuple[int, bytes]], force: bool) -> list[Mme]:
    blocks: list[Mme] = [
        old_write(OLD_NAMES[module], at, octets[at : at + OLD_BLOCK])
        for module, octets in contents
        for at in range(0, len(octets), OLD_BLOCK)
    ]
    modules = sum(OLD_NAMES[module] for module, _ in contents)
    return [*blocks, VsModNvmReq(modules | force * OLD_FORCE)]
