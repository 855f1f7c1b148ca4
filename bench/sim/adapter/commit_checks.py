"""What an adapter looks at before it writes a module into its flash.

Which of them "force" waives is not written down anywhere; here MAC, DAK and manufacturer's text of a PIB from the own
host. A damaged PIB or firmware is always refused.
"""

from __future__ import annotations

from enum import Enum, auto

from bench.errors import PibError
from bench.ids import Dak
from bench.pib import FlatPib, NvmFile, checksum32, faults, parse
from bench.profiles import AdapterProfile
from bench.sim.adapter.flash import pib_of
from bench.sim.adapter.settings import Settings, with_field

NO_DAK = Dak(bytes(Dak.SIZE))


class Wrong(Enum):
    """Why a module is not written."""

    PIB = auto()
    PIB_CHECKSUM = auto()
    PIB_TOO_LONG = auto()
    MAC = auto()
    DAK = auto()
    DAK_NOT_ZERO = auto()
    MANUFACTURER = auto()
    FIRMWARE_HEADER = auto()
    FIRMWARE_IMAGE = auto()


def pib_wrong(
    octets: bytes, profile: AdapterProfile, own: Settings | None, *, forced: bool, local: bool
) -> Wrong | None:
    """What keeps *octets* from becoming this adapter's PIB; None if nothing does.

    own     what it runs on; None: a loader, which has nothing to compare with
    local   from the own host; a partner must not know the DAK and sends zeros for it
    """
    try:
        pib = pib_of(octets, profile)
    except PibError:
        return _why_no_pib(octets, profile)
    if own is None:
        return None
    if not local and pib.dak != NO_DAK:
        return Wrong.DAK_NOT_ZERO
    if forced:
        return None
    if pib.mac != own.mac:
        return Wrong.MAC
    if pib.read("manufacturer_hfid") != own.manufacturer:
        return Wrong.MANUFACTURER
    if local and pib.dak != own.dak:
        return Wrong.DAK
    return None


def _why_no_pib(octets: bytes, profile: AdapterProfile) -> Wrong:
    try:
        pib = parse(octets)
    except PibError:
        length_is_right = len(octets) == int.from_bytes(octets[4:6], "little")
        return Wrong.PIB_CHECKSUM if length_is_right and checksum32(octets) else Wrong.PIB
    return Wrong.PIB_TOO_LONG if isinstance(pib, FlatPib) and len(octets) > profile.pib.file_octets else Wrong.PIB


def firmware_wrong(octets: bytes) -> Wrong | None:
    """Nobody looks into firmware: headers, lengths and checksums have to be right."""
    try:
        if isinstance(parse(octets), NvmFile):
            return None
    except PibError:
        if any(fault.what.startswith("image") for fault in faults(octets)[:1]):
            return Wrong.FIRMWARE_IMAGE
    return Wrong.FIRMWARE_HEADER


def for_partners(octets: bytes, profile: AdapterProfile) -> bytes:
    """A PIB as a partner on the powerline may read it: DAK zero, checksums right (that they are is assumed)."""
    return with_field(pib_of(octets, profile), "dak", NO_DAK).octets


def from_partner(octets: bytes, profile: AdapterProfile, own: Settings | None) -> bytes:
    """A PIB as it is stored that a partner has sent: the adapter keeps its own DAK."""
    return octets if own is None else with_field(pib_of(octets, profile), "dak", own.dak).octets
