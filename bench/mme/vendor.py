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
from bench.mme.record import Mme, Record, message, record
from bench.mme.wire import (
    U8,
    U16,
    U32,
    U64,
    Count,
    DeviceKey,
    Fixed,
    Groups,
    Key,
    Mac,
    Oct1,
    Oct2,
    Oct3,
    Oct4,
    Oct8,
    Oct12,
    Oct16,
    Packed4,
    UpTo,
)

STATUS_OK = 0

PEKS_LOCAL, PEKS_REMOTE = 0x0F, 0x00
"""VS_SET_KEY.REQ: for the modem that gets the request, or for a third one that is shown its DAK."""

JOIN, LEAVE, MEMBERSHIP = 1, 2, 3
"""Actions of MS_PB_ENC.REQ."""

DIRECTION_TX, DIRECTION_RX, DIRECTION_BOTH = 0, 1, 2
LINK_PEER, LINK_ALL_CSMA = 0xF8, 0xFC
"""VS_LNK_STATS: what is counted, and on which links."""

MMV1_TONE_MAP_FIXED = 18
"""Octets that the data length of VS_TONE_MAP.CNF counts in front of the map."""


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


@message(0xA030, mmv=0)
class VsLnkStatsReq(Mme):
    """control 1 clears after reading. Source, and captured as part of a whole exchange."""

    control: U8 = 0
    direction: U8 = DIRECTION_BOTH
    link_id: U8 = LINK_ALL_CSMA
    peer: Mac = NO_MAC


@record
class LinkStatistics(Record):
    """Counters of both directions: MPDUs, and physical blocks (PB) in them. Captured."""

    tx_mpdu_acked: U64 = 0
    tx_mpdu_collided: U64 = 0
    tx_mpdu_failed: U64 = 0
    tx_pb_passed: U64 = 0
    tx_pb_failed: U64 = 0
    rx_mpdu_acked: U64 = 0
    rx_mpdu_failed: U64 = 0
    rx_pb_passed: U64 = 0
    rx_pb_failed: U64 = 0
    rx_turbo_bit_errors_passed: U64 = 0
    rx_turbo_bit_errors_failed: U64 = 0
    num_intervals: U8 = 0
    intervals: Annotated[bytes, Fixed("198s")] = bytes(198)


@message(0xA031, mmv=0)
class VsLnkStatsCnf(Mme):
    """status 1 bad control, 2 bad direction, 0x10 bad link, 0x20 bad MAC; 311 octets for both directions. Captured.

    The layout of *counters* is known for both directions only.
    """

    status: U8 = STATUS_OK
    direction: U8 = DIRECTION_BOTH
    link_id: U8 = LINK_ALL_CSMA
    tei: U8 = 0
    counters: Annotated[bytes, UpTo(287)] = bytes(287)

    @classmethod
    def of(cls, statistics: LinkStatistics, *, link_id: int = LINK_ALL_CSMA, tei: int = 0) -> VsLnkStatsCnf:
        return cls(link_id=link_id, tei=tei, counters=LinkStatistics._write(statistics))

    @property
    def statistics(self) -> LinkStatistics | None:
        """None if this confirmation does not count both directions."""
        if self.status != STATUS_OK or self.direction != DIRECTION_BOTH or len(self.counters) < 287:
            return None
        found: LinkStatistics = LinkStatistics._read(self.counters, 0, len(self.counters))[0]
        return found


@message(0xA048, mmv=0)
class VsFrLbkReq(Mme):
    """Send *frame* in a loop for *duration* seconds. tshark, whose length is big endian by mistake."""

    duration: U8 = 1
    reserved: Oct1 = b"\0"
    length: ClassVar[Count] = Count("frame", "H")
    frame: Annotated[bytes, Groups()] = b""


@message(0xA049, mmv=0)
class VsFrLbkCnf(Mme):
    """tshark."""

    status: U8 = STATUS_OK
    duration: U8 = 0
    length: U16 = 0


@message(0xA04C, mmv=0)
class VsLbkStatReq(Mme):
    """tshark."""


@message(0xA04D, mmv=0)
class VsLbkStatCnf(Mme):
    """tshark."""

    status: U8 = STATUS_OK
    state: U8 = 0


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
    mains        bits 0-1 line frequency 1 50 Hz, 2 60 Hz, 0 unknown; bits 2-3 zero crossing 0 not yet, 1 seen, 2 missing
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


@message(0xA06C, mmv=0)
class VsEnetSettingsReq(Mme):
    """Control 0 and 0x10 read: the settings, and with 0x10 what the link has become. Captured."""

    control: U8 = 0
    auto_negotiate: U8 = 0
    advertised: U8 = 0
    speed: U8 = 0
    duplex: U8 = 0
    flow_control: U8 = 0


@message(0xA06D, mmv=0)
class VsEnetSettingsCnf(Mme):
    """status 1 bad control, 2 written, 3 bad parameter, 4 not supported (host port is SPI). Captured.

    speed 0 10, 1 100, 2 1000 Mbit/s; duplex 1 full; link 1 off, 2 on; flow_control 0 off, 1 tx, 2 rx, 3 on
    """

    status: U8 = STATUS_OK
    speed: U8 = 0
    duplex: U8 = 0
    link: U8 = 0
    flow_control: U8 = 0


@message(0xA070, mmv=1)
class VsToneMapReq(Mme):
    """What is loaded on each carrier towards a peer. The form QCA7000/7420 use. Exchanged."""

    sub_version: U8 = 0
    reserved: Oct3 = bytes(3)
    peer: Mac = NO_MAC
    slot: U8 = 0
    coupling: U8 = 0


@message(0xA071, mmv=1)
class VsToneMapCnf(Mme):
    """carriers  modulation of each, 4 bits: 2 throughout on a Green PHY link; 503 octets. Captured from a QCA7420.

    data_length counts what follows it. Debian's plctone expects six octets more in front of the map.
    """

    status: U8 = STATUS_OK
    reserved: U8 = 0
    data_length: U16 = MMV1_TONE_MAP_FIXED
    sub_version: U8 = 0
    reserved2: U8 = 0
    peer: Mac = NO_MAC
    slot: U8 = 0
    coupling: U8 = 0
    num_tone_maps: U8 = 0
    reserved3: U8 = 0
    num_carriers: ClassVar[Count] = Count("carriers", "H")
    reserved4: Oct4 = bytes(4)
    carriers: Annotated[bytes, Packed4()] = b""


@message(0xA070, mmv=0, name="VS_TONE_MAP.REQ")
class VsToneMapReqV0(Mme):
    """Captured; the fields: tshark."""

    peer: Mac = NO_MAC
    slot: U8 = 0


@message(0xA071, mmv=0, name="VS_TONE_MAP.CNF")
class VsToneMapCnfV0(Mme):
    """status 2 bad slot, which is all a QCA7420 says. Captured; the fields behind status: tshark."""

    status: U8 = STATUS_OK
    slot: U8 = 0
    num_tone_maps: U8 = 0
    num_carriers: ClassVar[Count] = Count("carriers", "H")
    carriers: Annotated[bytes, Packed4()] = b""


@message(0xA07C, mmv=0)
class VsFacDefaultsReq(Mme):
    """Exchanged."""


@message(0xA07D, mmv=0)
class VsFacDefaultsCnf(Mme):
    """Exchanged."""

    status: U8 = STATUS_OK


@message(0xA0B8, mmv=0)
class VsPlLinkStatusReq(Mme):
    """Exchanged."""


@message(0xA0B9, mmv=0)
class VsPlLinkStatusCnf(Mme):
    """link 1 up, 0 down. Exchanged."""

    status: U8 = STATUS_OK
    link: U8 = 0


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
