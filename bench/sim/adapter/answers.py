"""Management messages an adapter answers, and with what.

One function per request, in `ANSWERS`. It is given the adapter, the request and whether it came from the adapter's own
host, and returns the confirmation. When and to whom that goes is the adapter's business. A request that is not listed
here gets no answer, as from a real modem of another family.

Vendor messages beyond version and network are in `vendor_answers`, those that read and write parameter block and
firmware in `module_answers` and `old_module_answers`. A loader answers what is in `LOADER_ANSWERS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.ids import MacAddress, Nmk
from bench.mme import (
    BridgedStation,
    CmBrgInfoCnf,
    CmBrgInfoReq,
    CmGetKeyCnf,
    CmGetKeyReq,
    CmNwStatsCnf,
    CmNwStatsReq,
    CmSetKeyCnf,
    CmSetKeyReq,
    Mme,
    NwInfoNetwork,
    NwInfoNetworkV0,
    NwInfoStation,
    NwInfoStationV0,
    StationRate,
    VsModNvmReq,
    VsModuleOperationReq,
    VsNwInfoCnf,
    VsNwInfoCnfV0,
    VsNwInfoReq,
    VsNwInfoReqV0,
    VsRdModReq,
    VsRsDevReq,
    VsSwVerCnf,
    VsSwVerReq,
    VsWrModReq,
)
from bench.mme.key import KEY_TYPE_NMK
from bench.mme.network import ROLE_CCO, ROLE_STATION
from bench.profiles import SwVer
from bench.sim.adapter.module_answers import module_operation
from bench.sim.adapter.network import Member, NetworkKey, coordinator, network, snid
from bench.sim.adapter.old_module_answers import mod_nvm, rd_mod, wr_mod
from bench.sim.adapter.reply import Answer
from bench.sim.adapter.vendor_answers import VENDOR_ANSWERS

if TYPE_CHECKING:
    from bench.sim.adapter.modem import VirtualAdapter

VERSION_FIELD = 254
VERSION_FILLED = 45
"""Octets of the version field that carry text or filler; the rest is zero."""
SW_VER_FIXED = 277
"""Octets of VS_SW_VER.CNF in front of the chip ident."""

REFUSED_KEY_RESULT = 0
"""CM_SET_KEY.CNF of a modem that does not take the key: seen once, from a remote modem (mme.md 4.2)."""
GREEN_PHY_MBIT_S = 9


def set_key(adapter: VirtualAdapter, request: CmSetKeyReq, local: bool) -> Mme:
    """Only the own host sets a key. That a remote modem's key stays is an assumption; only its answer was seen."""
    accepted = local and request.key_type == KEY_TYPE_NMK
    if accepted:
        adapter.take_key(NetworkKey(request.nmk, request.nid))
    return CmSetKeyCnf(
        result=adapter.profile.set_key.result if accepted else REFUSED_KEY_RESULT,
        my_nonce=adapter.nonce(),
        your_nonce=request.my_nonce,
    )


def get_key(adapter: VirtualAdapter, request: CmGetKeyReq, local: bool) -> Mme:
    """The NMK, for a host of its own that knows the NID; everybody else learns the NID only."""
    granted = local and request.nid == adapter.nid and request.key_type == KEY_TYPE_NMK
    return CmGetKeyCnf(
        result=0 if granted else 1,
        key_type=request.key_type,
        my_nonce=adapter.nonce(),
        your_nonce=request.my_nonce,
        nid=adapter.nid,
        eks=1 if granted else 0,
        # FF in every granted, 0 in every refused confirmation captured, local or remote.
        pmn=0xFF if granted else 0,
        key=adapter.nmk if granted else Nmk(bytes(Nmk.SIZE)),
    )


def sw_ver(adapter: VirtualAdapter, _request: VsSwVerReq, _local: bool) -> Mme:
    """A loader says that it is one, and which chip it is on."""
    version = adapter.profile.sw_ver
    text = (adapter.profile.flash.loader if adapter.loader else version.version).encode("ascii") + b"\0"
    return VsSwVerCnf(
        device_class=version.device_class,
        version_length=len(text),
        version_field=text.ljust(VERSION_FILLED, bytes([version.filler])).ljust(VERSION_FIELD, b"\0"),
        tail=_sw_ver_tail(version),
    )


def _sw_ver_tail(version: SwVer) -> bytes:
    """Chip ident and what follows it; an old chip has two zeros instead."""
    octets = b"" if version.ident is None else version.ident.to_bytes(4, "little") + (version.tail or b"")
    return octets.ljust(version.length - SW_VER_FIXED, b"\0")


def nw_info(adapter: VirtualAdapter, _request: VsNwInfoReq, _local: bool) -> Mme | None:
    if VsNwInfoReq.mmv not in adapter.profile.nw_info_mmv:
        return None
    members = _members(adapter)
    if not members:
        return VsNwInfoCnf()
    stations = tuple(
        NwInfoStation(
            mac=member.adapter.mac,
            tei=member.tei,
            bridged_mac=member.adapter.bridged_mac,
            tx=GREEN_PHY_MBIT_S,
            rx=GREEN_PHY_MBIT_S,
        )
        for member in members
        if member.adapter is not adapter
    )
    info = NwInfoNetwork(stations=stations, **_where(adapter))
    # Count and its reserved octet, the network, its stations.
    return VsNwInfoCnf(data_length=2 + 32 + 24 * len(stations), networks=(info,))


def nw_info_v0(adapter: VirtualAdapter, _request: VsNwInfoReqV0, _local: bool) -> Mme | None:
    if VsNwInfoReqV0.mmv not in adapter.profile.nw_info_mmv:
        return None
    members = _members(adapter)
    if not members:
        return VsNwInfoCnfV0()
    stations = tuple(
        NwInfoStationV0(
            mac=member.adapter.mac,
            tei=member.tei,
            bridged_mac=member.adapter.bridged_mac,
            tx=GREEN_PHY_MBIT_S,
            rx=GREEN_PHY_MBIT_S,
        )
        for member in members
        if member.adapter is not adapter
    )
    return VsNwInfoCnfV0(networks=(NwInfoNetworkV0(stations=stations, **_where(adapter)),))


def _members(adapter: VirtualAdapter) -> list[Member]:
    """A coordinator has a network even while nobody has joined it: a TL-PA4010P alone told of one without stations.

    Source: five VS_NW_INFO.CNF of 98:48:27:5a:3c:e4, uhi22/pyPLC, capture of 2024-04-20.
    """
    now = adapter.now()
    return network(adapter, now) or ([Member(adapter, 1)] if coordinator(adapter, now) is adapter else [])


def _where(adapter: VirtualAdapter) -> dict[str, Any]:
    """The fields both forms of VS_NW_INFO.CNF share: the network, and *adapter*'s place in it."""
    members = _members(adapter)
    cco = members[0]
    return {
        "nid": adapter.nid,
        "snid": snid(adapter.nid),
        "tei": next(member.tei for member in members if member.adapter is adapter),
        "role": ROLE_CCO if cco.adapter is adapter else ROLE_STATION,
        "cco_mac": cco.adapter.mac,
        "cco_tei": cco.tei,
    }


def nw_stats(adapter: VirtualAdapter, _request: CmNwStatsReq, _local: bool) -> Mme:
    return CmNwStatsCnf(
        stations=tuple(
            StationRate(member.adapter.mac, GREEN_PHY_MBIT_S, GREEN_PHY_MBIT_S)
            for member in network(adapter, adapter.now())
            if member.adapter is not adapter
        )
    )


def brg_info(adapter: VirtualAdapter, _request: CmBrgInfoReq, _local: bool) -> Mme:
    bridged = tuple(BridgedStation(MacAddress(host)) for host in adapter.hosts)
    return CmBrgInfoCnf(bridging=1 if bridged else 0, tei=_own_tei(adapter), bridged=bridged)


def _own_tei(adapter: VirtualAdapter) -> int:
    """0 outside any network."""
    members = network(adapter, adapter.now())
    return next((member.tei for member in members if member.adapter is adapter), 0)


ANSWERS: dict[type[Mme], Answer] = {
    **VENDOR_ANSWERS,
    CmSetKeyReq: set_key,
    CmGetKeyReq: get_key,
    CmBrgInfoReq: brg_info,
    CmNwStatsReq: nw_stats,
    VsSwVerReq: sw_ver,
    VsNwInfoReq: nw_info,
    VsNwInfoReqV0: nw_info_v0,
    VsModuleOperationReq: module_operation,
    VsRdModReq: rd_mod,
    VsWrModReq: wr_mod,
    VsModNvmReq: mod_nvm,
}
LOADER_ANSWERS: dict[type[Mme], Answer] = {
    request: ANSWERS[request]
    for request in (VsSwVerReq, VsRsDevReq, VsModuleOperationReq, VsRdModReq, VsWrModReq, VsModNvmReq)
}
"""That a loader takes a PIB and firmware by the same messages as firmware does is an assumption."""
ANSWERED_TYPES = frozenset(request.mmtype for request in ANSWERS)
