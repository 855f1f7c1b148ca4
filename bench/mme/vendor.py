"""Vendor messages (VS, OUI 00:B0:52) and the one manufacturer message (MS) that manage a modem.

All are MMV 0 where a class does not say otherwise. Parameter block and firmware have messages of their own and are not
here. Reserved octets and fields nobody needs to tell apart are kept as octets, so that frames come back as they were.

Evidence, by class: *captured* from real modems; *exchanged* with Debian's tools (plc-utils 0.0.6), or placed where
tshark 4.0 reads it; *source*: open-plc-utils, never seen on a wire.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from bench.ids import Dak, Nmk
from bench.mme.network import NO_MAC
from bench.mme.record import Mme, message
from bench.mme.wire import (
    U8,
    U16,
    U32,
    Count,
    DeviceKey,
    Groups,
    Key,
    Mac,
    Oct2,
    Oct3,
    Oct8,
    Oct12,
    Oct16,
    UpTo,
)

STATUS_OK = 0

PEKS_LOCAL, PEKS_REMOTE = 0x0F, 0x00
"""VS_SET_KEY.REQ: for the modem that gets the request, or for a third one that is shown its DAK."""

JOIN, LEAVE, MEMBERSHIP = 1, 2, 3
"""Actions of MS_PB_ENC.REQ."""


def text_of(octets: bytes) -> str:
    """A text field of constant size, without its zeros."""
    return octets.split(b"\0")[0].decode("ascii", "replace")


@message(0x8000, mmv=0)
class MsPbEncReq(Mme):
    """Simple connect, the button of an adapter. No OUI. Exchanged."""

    action: U8 = MEMBERSHIP


@message(0x8001, mmv=0)
class MsPbEncCnf(Mme):
    """avln_status  what plctool prints as "Membership Status". Exchanged."""

    status: U8 = STATUS_OK
    avln_status: U8 = 0


@message(0xA010, mmv=0)
class VsGetNvmReq(Mme):
    """Exchanged."""


@message(0xA011, mmv=0)
class VsGetNvmCnf(Mme):
    """The flash chip: type 0x14 is an M25P16; sizes in octets. Exchanged."""

    status: U8 = STATUS_OK
    nvm_type: U32 = 0
    page_size: U32 = 0
    block_size: U32 = 0
    total_size: U32 = 0


@message(0xA01C, mmv=0)
class VsRsDevReq(Mme):
    """Exchanged."""


@message(0xA01D, mmv=0)
class VsRsDevCnf(Mme):
    """status 0 it will restart now, 1 it failed, 2 it is busy. Exchanged."""

    status: U8 = STATUS_OK


@message(0xA02C, mmv=0)
class VsWdRptReq(Mme):
    """Watchdog report. plctool's session is 32 bits wide and runs over *clear* and two octets more. Exchanged."""

    session: U16 = 0
    clear: U8 = 0


@message(0xA02E, mmv=0)
class VsWdRptInd(Mme):
    """One part of the report, or its only one. tshark reads it so; plctool refuses every session."""

    status: U8 = STATUS_OK
    session: U16 = 0
    num_parts: U8 = 1
    current_part: U8 = 1
    data_length: ClassVar[Count] = Count("data", "H")
    data_offset: U8 = 0
    data: Annotated[bytes, Groups()] = b""


@message(0xA050, mmv=0)
class VsSetKeyReq(Mme):
    """Give a modem its NMK: the local one, or with *peks* 0 the one at *remote_mac* that has this DAK. Exchanged."""

    eks: U8 = 1
    nmk: Key = Nmk(bytes(16))
    peks: U8 = PEKS_LOCAL
    remote_mac: Mac = NO_MAC
    dak: DeviceKey = Dak(bytes(16))


@message(0xA051, mmv=0)
class VsSetKeyCnf(Mme):
    """status 0 accepted, 0x10 bad PEKS, 0x11 bad parameter block, 0x12 ... 0x15 the remote one was not reached.
    Exchanged; figures: source.
    """

    status: U8 = STATUS_OK


@message(0xA054, mmv=0)
class VsMfgStringReq(Mme):
    """tshark."""


@message(0xA055, mmv=0)
class VsMfgStringCnf(Mme):
    """text_field  the manufacturer's text and zeros; 88 octets in all. tshark."""

    status: U8 = STATUS_OK
    text_length: U8 = 0
    text_field: Annotated[bytes, UpTo(66)] = bytes(66)

    @property
    def text(self) -> str:
        return text_of(self.text_field[: self.text_length])


@message(0xA062, mmv=0)
class VsHostActionInd(Mme):
    """A modem that boots from its host asks it for something: action 0 ... 5 of mme.md 5.10. Source."""

    action: U8 = 0
    version_major: U8 = 0
    version_minor: U8 = 0


@message(0xA063, mmv=0)
class VsHostActionRsp(Mme):
    """The host will (0) or will not (1) do it; plctool -L and -H send it unasked. Exchanged."""

    status: U8 = STATUS_OK


@message(0xA068, mmv=0)
class VsOpAttributesReq(Mme):
    """Captured."""

    cookie: U32 = 0
    report_type: U8 = 0


@message(0xA069, mmv=0)
class VsOpAttributesCnf(Mme):
    """What the modem is; 1053 octets. Captured.

    data_length  what is data from *hardware* on: 118 octets from a QCA7420, 114 from QCA7000/7005
    version      five words: major, minor, sub, sustaining, build
    mains        bits 0-1 line frequency: 1 50 Hz, 2 60 Hz; bits 2-3 zero crossing: 0 not yet, 1 seen, 2 missing
    blocks       of RAM: receive, transmit, shared, and the same free
    rest         what a QCA7420 adds, then zeros
    """

    status: U16 = STATUS_OK
    cookie: U32 = 0
    report_type: U8 = 0
    data_length: U16 = 114
    hardware_field: Oct16 = bytes(16)
    software_field: Oct16 = bytes(16)
    major: U32 = 0
    minor: U32 = 0
    sub: U32 = 0
    sustaining: U32 = 0
    build: U32 = 0
    build_date: Oct8 = bytes(8)
    release_field: Oct12 = bytes(12)
    sdram_type: U8 = 0
    reserved: U8 = 0
    mains: U8 = 0
    dram_mb: U32 = 0
    rx_blocks: U32 = 0
    tx_blocks: U32 = 0
    shared_blocks: U32 = 0
    free_rx_blocks: U32 = 0
    free_tx_blocks: U32 = 0
    free_shared_blocks: U32 = 0
    snr_difference: U32 = 0
    dsp_register: U32 = 0
    tx_gain: U8 = 0
    authorisation_mode: U8 = 0
    diagnostics: U8 = 0
    rest: Annotated[bytes, UpTo(910)] = bytes(910)

    @property
    def hardware(self) -> str:
        return text_of(self.hardware_field)

    @property
    def software(self) -> str:
        return text_of(self.software_field)

    @property
    def version(self) -> tuple[int, int, int, int, int]:
        return self.major, self.minor, self.sub, self.sustaining, self.build


@message(0xA07C, mmv=0)
class VsFacDefaultsReq(Mme):
    """Exchanged."""


@message(0xA07D, mmv=0)
class VsFacDefaultsCnf(Mme):
    """Exchanged."""

    status: U8 = STATUS_OK


@message(0xA0DC, mmv=0)
class VsEmIdTableReq(Mme):
    """Source."""


@message(0xA0DD, mmv=0)
class VsEmIdTableCnf(Mme):
    """status 1: there is no table. What follows status is not known. Source."""

    status: U8 = 1


@message(0xA0F8, mmv=0)
class VsGetPropertyReq(Mme):
    """Ask for a property by number (property_format 1). Captured from an Ioniq, exchanged with plcget.

    data_format      how the asker will print it: 0 hexadecimal, 1 decimal, 2 binary, 3 ASCII
    property_length  of the number, 4; the Ioniq says 0x00400000
    """

    cookie: U32 = 0
    data_format: U8 = 0
    property_format: U8 = 1
    reserved: Oct2 = bytes(2)
    property_version: U32 = 0
    property_length: U32 = 4
    property_number: U32 = 0


@message(0xA0F9, mmv=0)
class VsGetPropertyCnf(Mme):
    """status 1 failure, 2 unsupported, 3 unsupported version. Captured as a failure."""

    status: U32 = STATUS_OK
    cookie: U32 = 0
    data_format: U8 = 0
    reserved: Oct3 = bytes(3)
    data_length: ClassVar[Count] = Count("data", "I")
    data: Annotated[bytes, Groups()] = b""
