"""VS_RD_MOD, VS_WR_MOD and VS_MOD_NVM: how INT6000 and its relatives let their flash be read and written.

Same shape as `answers`. Status codes and frames: mme.md 5.4.

Assumed, because no such adapter was seen: that its firmware can be read; what a partner on the powerline may do, which
is as with the newer chips; that a module named by VS_MOD_NVM of which nothing was sent is left as it is, as `int6k -P
FILE -F` needs it; that VS_MOD_NVM stores no PIB as the factory's; that nothing answers a second VS_MOD_NVM while the
first is being written.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING

from bench.mme import (
    Mme,
    VsModNvmCnf,
    VsModNvmReq,
    VsRdModCnf,
    VsRdModReq,
    VsWrModCnf,
    VsWrModReq,
)
from bench.mme.module import OLD_BLOCK, OLD_FIRMWARE, OLD_FORCE, OLD_PIB
from bench.pib import checksum32
from bench.sim.adapter.commit_checks import Wrong, firmware_wrong, for_partners, from_partner, pib_wrong
from bench.sim.adapter.flash import ERASED, SIZE, Slot
from bench.sim.adapter.flash_faults import flipped
from bench.sim.adapter.reply import Reply

if TYPE_CHECKING:
    from bench.sim.adapter.modem import VirtualAdapter

RD_MOD_FRAME = 1060
"""Octets of VS_RD_MOD.CNF, however many of them are data."""
MODULES = (OLD_FIRMWARE, OLD_PIB)


class BlockRefusal(IntEnum):
    """Status of VS_RD_MOD.CNF and VS_WR_MOD.CNF where it is not 0."""

    MODULE = 0x10
    LENGTH = 0x12
    CHECKSUM = 0x14
    OFFSET = 0x20
    BLOCKED = 0x40


class NvmRefusal(IntEnum):
    """Status of VS_MOD_NVM.CNF where it is not 0."""

    MODULE = 0x10
    TOO_LITTLE_FLASH = 0x18
    HEADER_CHECKSUM = 0x1C
    IMAGE_CHECKSUM = 0x20
    BAD_PIB = 0x24
    FIRMWARE_TOO_LARGE = 0x2C
    FIRMWARE_WITHOUT_PIB = 0x42
    PIB_CHECKSUM = 0x44
    DAK_NOT_ZERO = 0x46
    MAC_MISMATCH = 0x48
    MANUFACTURER_MISMATCH = 0x50


REFUSALS = {
    Wrong.PIB: NvmRefusal.BAD_PIB,
    Wrong.PIB_CHECKSUM: NvmRefusal.PIB_CHECKSUM,
    Wrong.PIB_TOO_LONG: NvmRefusal.TOO_LITTLE_FLASH,
    Wrong.MAC: NvmRefusal.MAC_MISMATCH,
    # No code is known for another DAK than its own, so it is taken.
    Wrong.DAK: 0,
    Wrong.DAK_NOT_ZERO: NvmRefusal.DAK_NOT_ZERO,
    Wrong.MANUFACTURER: NvmRefusal.MANUFACTURER_MISMATCH,
    Wrong.FIRMWARE_HEADER: NvmRefusal.HEADER_CHECKSUM,
    Wrong.FIRMWARE_IMAGE: NvmRefusal.IMAGE_CHECKSUM,
}


def rd_mod(adapter: VirtualAdapter, request: VsRdModReq, local: bool) -> Mme | Reply:
    def answer(data: bytes, status: int = 0) -> Reply:
        confirmation = VsRdModCnf(
            status=status, module=request.module, offset=request.offset, checksum=checksum32(data), data=data
        )
        return Reply(confirmation, frame_octets=RD_MOD_FRAME)

    if request.module not in MODULES:
        return answer(b"", BlockRefusal.MODULE)
    if not 0 < request.length <= OLD_BLOCK:
        return answer(b"", BlockRefusal.LENGTH)
    octets = adapter.flash.in_use if request.module == OLD_PIB else adapter.flash.firmware
    if octets is None or adapter.loader:
        return answer(b"", BlockRefusal.MODULE)
    if request.module == OLD_PIB and not local:
        octets = for_partners(octets, adapter.profile)
    if request.offset >= len(octets):
        return answer(b"", BlockRefusal.OFFSET)
    # int6k takes no block that is shorter than the one it asked for: the chip goes on reading behind the end.
    octets = octets.ljust(request.offset + request.length, ERASED)
    return answer(octets[request.offset : request.offset + request.length])


def wr_mod(adapter: VirtualAdapter, request: VsWrModReq, local: bool) -> Mme | None:
    if not (local or adapter.profile.vendor.obeys_partners):
        return None
    status = _put(adapter, request)
    if status is None:
        return None
    return VsWrModCnf(status=status, module=request.module, length=request.length, offset=request.offset)


def _put(adapter: VirtualAdapter, request: VsWrModReq) -> int | None:
    """Into RAM. The status, None where there is no answer."""
    if adapter.flash.busy:
        return BlockRefusal.BLOCKED
    scratch = adapter.flash.scratch
    scratch.blocks += 1
    fault = adapter.flash.faults.of_block(scratch.blocks)
    if fault.lost:
        return None
    if fault.status is not None:
        return fault.status
    if request.module not in MODULES:
        return BlockRefusal.MODULE
    if not 0 < request.length <= OLD_BLOCK:
        return BlockRefusal.LENGTH
    octets = request.data[: request.length]
    if checksum32(octets) != request.checksum:
        return BlockRefusal.CHECKSUM
    if fault.flip_bit is not None:
        octets = flipped(octets, fault.flip_bit)
    return 0 if scratch.put(request.module, request.offset, octets) else BlockRefusal.OFFSET


def mod_nvm(adapter: VirtualAdapter, request: VsModNvmReq, local: bool) -> Mme | Reply | None:
    """Confirmed first, then written, then restarted: the tools see it answer, fall silent, and answer again."""
    if adapter.flash.busy or not (local or adapter.profile.vendor.obeys_partners):
        return None
    status, parts = _judged(adapter, request.modules, local)
    adapter.flash.scratch.blocks = 0
    status = adapter.flash.faults.of_commit() or status
    confirmation = VsModNvmCnf(status=status, modules=request.modules)
    if status:
        return confirmation
    write = partial(adapter.flash.write, parts, lasting=adapter.writing_time(), as_factory=False, then=adapter.restart)
    return Reply(confirmation, then=write)


def _judged(adapter: VirtualAdapter, modules: int, local: bool) -> tuple[int, list[tuple[Slot, bytes]]]:
    """(status, what to write)"""
    if modules & ~(OLD_FIRMWARE | OLD_PIB | OLD_FORCE) or not modules & (OLD_FIRMWARE | OLD_PIB):
        return NvmRefusal.MODULE, []
    if not modules & OLD_PIB:
        return NvmRefusal.FIRMWARE_WITHOUT_PIB, []
    own = adapter.own_settings
    parts: list[tuple[Slot, bytes]] = []
    if (pib := adapter.flash.scratch[OLD_PIB]) is not None:
        wrong = pib_wrong(pib, adapter.profile, own, forced=bool(modules & OLD_FORCE), local=local)
        if wrong is not None and (status := REFUSALS[wrong]):
            return status, []
        parts.append((Slot.PIB, pib if local else from_partner(pib, adapter.profile, own)))
    if modules & OLD_FIRMWARE and (firmware := adapter.flash.scratch[OLD_FIRMWARE]) is not None:
        if len(firmware) > SIZE:
            return NvmRefusal.FIRMWARE_TOO_LARGE, []
        if (wrong := firmware_wrong(firmware)) is not None:
            return REFUSALS[wrong], []
        parts.append((Slot.FIRMWARE, firmware))
    return (0, parts) if parts else (NvmRefusal.BAD_PIB, [])
