"""Vendor messages that tell what a modem is and make it restart, forget or take a key.

Same shape as `answers`, which lists these functions with its own. Figures of a family are in its profile, table
`[vendor]`; a request of another family is passed over in silence, as adapters.md 10 has it.
"""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from bench.ids import nid_from_nmk
from bench.mme import (
    Mme,
    MsPbEncCnf,
    MsPbEncReq,
    RxCounters,
    TxCounters,
    VsEmIdTableCnf,
    VsEmIdTableReq,
    VsEnetSettingsCnf,
    VsEnetSettingsReq,
    VsFacDefaultsCnf,
    VsFacDefaultsReq,
    VsFrLbkCnf,
    VsFrLbkReq,
    VsGetNvmCnf,
    VsGetNvmReq,
    VsGetPropertyCnf,
    VsGetPropertyReq,
    VsLbkStatCnf,
    VsLbkStatReq,
    VsLnkStatsCnf,
    VsLnkStatsReq,
    VsMfgStringCnf,
    VsMfgStringReq,
    VsModNvmReq,
    VsModuleOperationReq,
    VsOpAttributesCnf,
    VsOpAttributesReq,
    VsPlLinkStatusCnf,
    VsPlLinkStatusReq,
    VsRdModReq,
    VsRsDevCnf,
    VsRsDevReq,
    VsSetKeyCnf,
    VsSetKeyReq,
    VsToneMapCnf,
    VsToneMapCnfV0,
    VsToneMapReq,
    VsToneMapReqV0,
    VsWdRptInd,
    VsWdRptReq,
    VsWrModReq,
)
from bench.mme.link import DIRECTION_NONE, DIRECTION_RX, DIRECTION_TX, LINK_ALL_CSMA, LINK_PEER, MMV1_TONE_MAP_FIXED
from bench.mme.vendor import JOIN, LEAVE, MEMBERSHIP, PEKS_LOCAL, PEKS_REMOTE, STATUS_OK
from bench.profiles import AdapterProfile, PibMessages
from bench.sim.adapter.network import NetworkKey, network
from bench.sim.adapter.reply import Answer, Reply
from bench.units import s

if TYPE_CHECKING:
    from bench.sim.adapter.modem import VirtualAdapter

VERSION = re.compile(r"(?<=-)(?P<words>\d[\d.-]*)-(?P<date>\d{8})-(?P<release>.+)")

M25P16 = VsGetNvmCnf(nvm_type=0x14, page_size=0x100, block_size=0x10000, total_size=0x200000)
"""The flash chip the Debian tools were tried with; which one a family really has is not known."""

GREEN_PHY_CARRIERS = 917
ROBUST_MODULATION = 2
"""Of every carrier of a Green PHY link (mme.md 5.13)."""

FAILED = 1
BUSY = 2
BAD_ACTION = 1
READ, CLEAR = 0, 1
BAD_CONTROL, BAD_DIRECTION, BAD_LINK, BAD_MAC = 1, 2, 0x10, 0x20
UNKNOWN_PEER, BAD_SLOT = 1, 2
BAD_PEKS, REMOTE_FAILED = 0x10, 0x12

READ_SETTINGS, READ_LINK = 0x00, 0x10
"""Controls of VS_ENET_SETTINGS.REQ that were seen."""
MFG_FIELD = 66
SETTINGS = VsEnetSettingsCnf(link=1, flow_control=3)
"""From every modem captured."""


# What it is


def op_attributes(adapter: VirtualAdapter, request: VsOpAttributesReq, _local: bool) -> Mme:
    return replace(attributes(adapter.profile), cookie=request.cookie)


@lru_cache(maxsize=64)
def attributes(profile: AdapterProfile) -> VsOpAttributesCnf:
    """Chip, the words of the version text, and the rest as the profile has it.

    In `1.1.0.730-04-20140815-CS` the last word is 730 and the one before it 04 (mme.md 5.11); in the INT6000's
    `4-4-4405-00-4497-20101201-FINAL-B` they are taken to stand in order.
    """
    data = profile.chip.encode().ljust(16, b"\0") + b"MAC".ljust(16, b"\0")
    if found := VERSION.search(profile.sw_ver.version):
        words = [int(word) for word in re.split("[.-]", found["words"])]
        if "." in found["words"]:
            words[3:] = reversed(words[3:])
        data += struct.pack("<5I8s12s", *words, found["date"].encode(), found["release"].encode())
    else:
        data = data.ljust(72, b"\0")
    data += profile.vendor.hardware
    none = VsOpAttributesCnf(data_length=len(data))
    octets = VsOpAttributesCnf._write(none)
    octets = octets[:ATTRIBUTES_HEAD] + data + octets[ATTRIBUTES_HEAD + len(data) :]
    made: VsOpAttributesCnf = VsOpAttributesCnf._read(octets, 0, len(octets))[0]
    return made


ATTRIBUTES_HEAD = 9
"""Octets of VS_OP_ATTRIBUTES.CNF in front of its data."""


def get_nvm(_adapter: VirtualAdapter, _request: VsGetNvmReq, _local: bool) -> Mme:
    return M25P16


def wd_rpt(_adapter: VirtualAdapter, request: VsWdRptReq, _local: bool) -> Mme:
    """A virtual watchdog never has anything to report."""
    return VsWdRptInd(session=request.session)


def enet_settings(adapter: VirtualAdapter, request: VsEnetSettingsReq, _local: bool) -> Mme:
    if request.control == READ_SETTINGS:
        return SETTINGS
    if request.control == READ_LINK:
        return VsEnetSettingsCnf(*adapter.profile.vendor.ethernet_link)
    return VsEnetSettingsCnf(status=BAD_CONTROL)


def get_property(_adapter: VirtualAdapter, request: VsGetPropertyReq, _local: bool) -> Mme:
    """A failure, as the Ioniq's QCA7005 says of property 0x69. No property of any modem is known."""
    return VsGetPropertyCnf(status=FAILED, cookie=request.cookie)


def mfg_string(adapter: VirtualAdapter, _request: VsMfgStringReq, _local: bool) -> Mme:
    """As the PIB in use has it."""
    text = adapter.settings.manufacturer.encode()[: MFG_FIELD - 2] + b"\0"
    return VsMfgStringCnf(text_length=len(text), text_field=text.ljust(MFG_FIELD, b"\0"))


def em_id_table(_adapter: VirtualAdapter, _request: VsEmIdTableReq, _local: bool) -> Mme:
    """There is no table."""
    return VsEmIdTableCnf()


# Where it is


def pl_link_status(adapter: VirtualAdapter, _request: VsPlLinkStatusReq, _local: bool) -> Mme:
    return VsPlLinkStatusCnf(link=int(_joined(adapter)))


def lnk_stats(adapter: VirtualAdapter, request: VsLnkStatsReq, _local: bool) -> Mme:
    """Frames on the powerline, one MPDU of one block each; nothing collides there."""
    status, tei = _judged(adapter, request)
    if status != STATUS_OK:
        return VsLnkStatsCnf(status=status, direction=request.direction, link_id=request.link_id, counters=b"")
    sent, heard = adapter.traffic.sent, adapter.traffic.heard
    if request.control == CLEAR:
        adapter.traffic.clear()
    if request.direction == DIRECTION_NONE:
        return VsLnkStatsCnf(direction=DIRECTION_NONE, link_id=request.link_id, tei=tei, counters=b"")
    tx = TxCounters(mpdu_acked=sent, pb_passed=sent) if request.direction != DIRECTION_RX else None
    rx = RxCounters(mpdu_acked=heard, pb_passed=heard) if request.direction != DIRECTION_TX else None
    return VsLnkStatsCnf.of(tx, rx, link_id=request.link_id, tei=tei)


def _judged(adapter: VirtualAdapter, request: VsLnkStatsReq) -> tuple[int, int]:
    """(status, TEI of the peer asked about)"""
    if request.control not in (READ, CLEAR):
        return BAD_CONTROL, 0
    if request.direction > DIRECTION_NONE or (request.direction == DIRECTION_NONE and request.control != CLEAR):
        return BAD_DIRECTION, 0
    if request.link_id == LINK_ALL_CSMA:
        return STATUS_OK, 0
    if request.link_id != LINK_PEER:
        return BAD_LINK, 0
    members = network(adapter, adapter.now())
    peers = (member for member in members if member.adapter is not adapter)
    tei = next((peer.tei for peer in peers if peer.adapter.mac == request.peer), None)
    return (BAD_MAC, 0) if tei is None else (STATUS_OK, tei)


def fr_lbk(adapter: VirtualAdapter, request: VsFrLbkReq, _local: bool) -> Mme:
    """Echo duration and length, as a QCA7420 does. Nothing is sent: the loop ends inside the modem."""
    adapter.loopback_until = adapter.now() + s(request.duration)
    return VsFrLbkCnf(duration=request.duration, length=len(request.frame))


def lbk_stat(adapter: VirtualAdapter, _request: VsLbkStatReq, _local: bool) -> Mme:
    return VsLbkStatCnf(state=int(adapter.now() < adapter.loopback_until))


def tone_map(adapter: VirtualAdapter, request: VsToneMapReq, _local: bool) -> Mme:
    members = network(adapter, adapter.now())
    if all(member.adapter is adapter or member.adapter.mac != request.peer for member in members):
        return VsToneMapCnf(status=UNKNOWN_PEER, peer=request.peer)
    carriers = bytes([ROBUST_MODULATION]) * GREEN_PHY_CARRIERS
    return VsToneMapCnf(
        data_length=MMV1_TONE_MAP_FIXED + (len(carriers) + 1) // 2,
        peer=request.peer,
        slot=request.slot,
        coupling=request.coupling,
        num_tone_maps=1,
        # The odd one stands alone in its octet.
        carriers=carriers,
    )


def tone_map_v0(_adapter: VirtualAdapter, _request: VsToneMapReqV0, _local: bool) -> Mme:
    """All a QCA7420 says to this form; of an INT6000 it is an assumption."""
    return VsToneMapCnfV0(status=BAD_SLOT)


def _joined(adapter: VirtualAdapter) -> bool:
    return bool(network(adapter, adapter.now()))


# What changes it


def rs_dev(adapter: VirtualAdapter, _request: VsRsDevReq, local: bool) -> Mme | Reply | None:
    """While it writes its flash it is busy. Assumed; the code is from source."""
    if not _obeys(adapter, local):
        return None
    return VsRsDevCnf(status=BUSY) if adapter.flash.busy else Reply(VsRsDevCnf(), then=adapter.restart)


def fac_defaults(adapter: VirtualAdapter, _request: VsFacDefaultsReq, local: bool) -> Mme | Reply | None:
    if adapter.flash.busy and _obeys(adapter, local):
        return VsFacDefaultsCnf(status=FAILED)
    return Reply(VsFacDefaultsCnf(), then=adapter.restore_factory) if _obeys(adapter, local) else None


def vs_set_key(adapter: VirtualAdapter, request: VsSetKeyReq, local: bool) -> Mme | Reply | None:
    """For the modem itself, or for another one in earshot whose DAK the request shows."""
    if not local:
        return None
    key = NetworkKey(request.nmk, nid_from_nmk(request.nmk))
    if request.peks == PEKS_LOCAL:
        return Reply(VsSetKeyCnf(), then=partial(adapter.take_key, key))
    if request.peks != PEKS_REMOTE:
        return VsSetKeyCnf(status=BAD_PEKS)
    for other in adapter.heard_adapters():
        if other.running and other.mac == request.remote_mac and other.dak == request.dak:
            return Reply(VsSetKeyCnf(), then=partial(other.take_key, key))
    return VsSetKeyCnf(status=REMOTE_FAILED)


def pb_enc(adapter: VirtualAdapter, request: MsPbEncReq, local: bool) -> Mme | Reply | None:
    """The button. That AVLN status 1 means a network with somebody in it is an assumption."""
    if not local:
        return None
    if request.action not in (JOIN, LEAVE, MEMBERSHIP):
        return MsPbEncCnf(status=BAD_ACTION)
    confirmation = MsPbEncCnf(avln_status=int(_joined(adapter)))
    if request.action == JOIN:
        return Reply(confirmation, then=adapter.press_button)
    if request.action == LEAVE:
        return Reply(confirmation, then=adapter.leave_network)
    return confirmation


def _obeys(adapter: VirtualAdapter, local: bool) -> bool:
    """A partner on the powerline may restart only modems of old firmware; the others are taken to be silent."""
    return local or adapter.profile.vendor.obeys_partners


VENDOR_ANSWERS: dict[type[Mme], Answer] = {
    MsPbEncReq: pb_enc,
    VsEmIdTableReq: em_id_table,
    VsEnetSettingsReq: enet_settings,
    VsFacDefaultsReq: fac_defaults,
    VsFrLbkReq: fr_lbk,
    VsGetNvmReq: get_nvm,
    VsGetPropertyReq: get_property,
    VsLbkStatReq: lbk_stat,
    VsLnkStatsReq: lnk_stats,
    VsMfgStringReq: mfg_string,
    VsOpAttributesReq: op_attributes,
    VsPlLinkStatusReq: pl_link_status,
    VsRsDevReq: rs_dev,
    VsSetKeyReq: vs_set_key,
    VsToneMapReq: tone_map,
    VsToneMapReqV0: tone_map_v0,
    VsWdRptReq: wd_rpt,
}

UNKNOWN_TO_INT6000 = frozenset(
    {VsEmIdTableReq, VsGetPropertyReq, VsModuleOperationReq, VsPlLinkStatusReq, VsToneMapReq}
)
"""Requests that only the tools of the newer chips (plctool, plcget, plctone) send. Source: open-plc-utils."""
KNOWN_TO_INT6000_ONLY = frozenset({VsRdModReq, VsWrModReq, VsModNvmReq})
"""Requests of int6k that plctool has another one for. That newer chips do not answer them: adapters.md 10."""


def knows(profile: AdapterProfile, request: type[Mme]) -> bool:
    """Whether an adapter of this family has ever heard of *request*."""
    if profile.pib.messages is PibMessages.MODULE_OPERATION:
        return request not in KNOWN_TO_INT6000_ONLY
    return request not in UNKNOWN_TO_INT6000
