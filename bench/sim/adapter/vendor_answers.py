"""Vendor messages that tell what a modem is and make it restart, forget or take a key.

Same shape as `answers`, which lists these functions with its own. Figures of a family are in its profile, table
`[vendor]`; a request of another family is passed over in silence, as adapters.md 10 has it.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from bench.ids import Nmk, nid_from_nmk
from bench.mme import (
    Mme,
    MsPbEncCnf,
    MsPbEncReq,
    VsEmIdTableCnf,
    VsEmIdTableReq,
    VsEnetSettingsCnf,
    VsEnetSettingsReq,
    VsFacDefaultsCnf,
    VsFacDefaultsReq,
    VsGetNvmCnf,
    VsGetNvmReq,
    VsGetPropertyCnf,
    VsGetPropertyReq,
    VsLnkStatsCnf,
    VsLnkStatsReq,
    VsOpAttributesCnf,
    VsOpAttributesReq,
    VsPlLinkStatusCnf,
    VsPlLinkStatusReq,
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
)
from bench.mme.vendor import (
    DIRECTION_BOTH,
    JOIN,
    LEAVE,
    LINK_ALL_CSMA,
    LINK_PEER,
    MEMBERSHIP,
    MMV1_TONE_MAP_FIXED,
    PEKS_LOCAL,
    PEKS_REMOTE,
    LinkStatistics,
)
from bench.profiles import PibMessages, Vendor
from bench.sim.adapter.network import NetworkKey, network
from bench.sim.adapter.reply import Answer, Reply

if TYPE_CHECKING:
    from bench.sim.adapter.modem import VirtualAdapter

VERSION_WORDS = re.compile(r"(?P<numbers>[\d.-]+?)-(?P<date>\d{8})-(?P<release>.+)")

GREEN_PHY_CARRIERS = 917
ROBUST_MODULATION = 2
"""Of every carrier of a Green PHY link (mme.md 5.13)."""

FAILED, BAD_CONTROL, BAD_DIRECTION, UNKNOWN_PEER = 1, 1, 2, 1
BAD_SLOT, NOT_SUPPORTED, BAD_LINK, BAD_MAC = 2, 4, 0x10, 0x20
BAD_PEKS, REMOTE_FAILED = 0x10, 0x12

READ_SETTINGS, READ_LINK = 0x00, 0x10
"""Controls of VS_ENET_SETTINGS.REQ that were seen."""


# What it is


def op_attributes(adapter: VirtualAdapter, request: VsOpAttributesReq, _local: bool) -> Mme:
    return _attributes(adapter.profile.sw_ver.version, adapter.profile.vendor, request.cookie)


@lru_cache(maxsize=64)
def _attributes(version: str, vendor: Vendor, cookie: int) -> VsOpAttributesCnf:
    """The words of the version text, and the rest as the profile has it.

    In `MAC-QCA7005-1.1.0.730-04-20140815-CS` 730 is the build and 04 the number before it (mme.md 5.11).
    """
    found = VERSION_WORDS.search(version)
    texts = version[: found.start()].strip("-").split("-") if found else [version]
    software, hardware = sorted(texts[:2], key=lambda text: text != "MAC")
    words = [int(word) for word in re.split("[.-]", found["numbers"])] if found else [0] * 5
    if "." in version:
        words[3:] = reversed(words[3:])
    data = struct.pack("<16s16s5I", hardware.encode(), software.encode(), *words)
    data += struct.pack("<8s12s", *((found["date"].encode(), found["release"].encode()) if found else (b"", b"")))
    data += vendor.hardware
    head = VsOpAttributesCnf(cookie=cookie, data_length=len(data))
    octets = VsOpAttributesCnf._write(head)
    fixed = octets[:ATTRIBUTES_HEAD] + data.ljust(len(octets) - ATTRIBUTES_HEAD, b"\0")
    attributes: VsOpAttributesCnf = VsOpAttributesCnf._read(fixed, 0, len(fixed))[0]
    return attributes


ATTRIBUTES_HEAD = 9
"""Octets of VS_OP_ATTRIBUTES.CNF in front of its data."""
