"""Vendor messages about a modem's links: to its peers on the powerline and to its host.

Same conventions and evidence labels as `bench.mme.vendor`; MMV 0 where a class does not say otherwise.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from bench.mme.network import NO_MAC
from bench.mme.record import Mme, Record, message, record
from bench.mme.vendor import STATUS_OK
from bench.mme.wire import U8, U16, U64, Count, Fixed, Groups, Mac, Oct1, Oct3, Oct4, Packed4, UpTo

DIRECTION_TX, DIRECTION_RX, DIRECTION_BOTH, DIRECTION_NONE = 0, 1, 2, 3
LINK_PEER, LINK_ALL_CSMA = 0xF8, 0xFC
"""VS_LNK_STATS: what is told, and of which links; plcstat -C clears with direction 3."""

MMV1_TONE_MAP_FIXED = 18
"""Octets that the data length of VS_TONE_MAP.CNF counts in front of the map."""


@message(0xA030, mmv=0)
class VsLnkStatsReq(Mme):
    """control 1 clears after reading. Source, and captured as part of a whole exchange."""

    control: U8 = 0
    direction: U8 = DIRECTION_BOTH
    link_id: U8 = LINK_ALL_CSMA
    peer: Mac = NO_MAC


@record
class TxCounters(Record):
    """What was sent: MPDUs, and physical blocks (PB) in them."""

    mpdu_acked: U64 = 0
    mpdu_collided: U64 = 0
    mpdu_failed: U64 = 0
    pb_passed: U64 = 0
    pb_failed: U64 = 0


@record
class RxCounters(Record):
    """What was heard; bit errors are those of the turbo decoder in passed and in failed blocks.

    intervals  six slots of 33 octets: rate, blocks passed and failed, bit errors of both; num_intervals are in use
    """

    mpdu_acked: U64 = 0
    mpdu_failed: U64 = 0
    pb_passed: U64 = 0
    pb_failed: U64 = 0
    bit_errors_passed: U64 = 0
    bit_errors_failed: U64 = 0
    num_intervals: U8 = 0
    intervals: Annotated[bytes, Fixed("198s")] = bytes(198)


@message(0xA031, mmv=0)
class VsLnkStatsCnf(Mme):
    """status 1 bad control, 2 bad direction, 0x10 bad link, 0x20 bad MAC.

    counters  sent, heard, or sent and then heard, as *direction* says; read them with `tx` and `rx`

    Both directions: captured, 311 octets. One direction: exchanged with plcstat.
    """

    status: U8 = STATUS_OK
    direction: U8 = DIRECTION_BOTH
    link_id: U8 = LINK_ALL_CSMA
    tei: U8 = 0
    counters: Annotated[bytes, UpTo(287)] = bytes(287)

    @classmethod
    def of(cls, tx: TxCounters | None, rx: RxCounters | None, *, link_id: int, tei: int) -> VsLnkStatsCnf:
        """A confirmation of one direction, the other being None, or of both."""
        direction = DIRECTION_RX if tx is None else DIRECTION_TX if rx is None else DIRECTION_BOTH
        octets = b"" if tx is None else TxCounters._write(tx)
        octets += b"" if rx is None else RxCounters._write(rx)
        return cls(direction=direction, link_id=link_id, tei=tei, counters=octets)

    @property
    def tx(self) -> TxCounters | None:
        """None if they are not told."""
        return self._part(TxCounters, 0) if self.direction in (DIRECTION_TX, DIRECTION_BOTH) else None

    @property
    def rx(self) -> RxCounters | None:
        at = TX_OCTETS if self.direction == DIRECTION_BOTH else 0
        return self._part(RxCounters, at) if self.direction in (DIRECTION_RX, DIRECTION_BOTH) else None

    def _part(self, kind: type[Any], at: int) -> Any:
        size = TX_OCTETS if kind is TxCounters else RX_OCTETS
        if self.status != STATUS_OK or len(self.counters) < at + size:
            return None
        return kind._read(self.counters, at, len(self.counters))[0]


TX_OCTETS, RX_OCTETS = 40, 247


@message(0xA048, mmv=0)
class VsFrLbkReq(Mme):
    """Send *frame* in a loop for *duration* seconds. Captured; tshark takes its length for big endian."""

    duration: U8 = 1
    reserved: Oct1 = b"\0"
    length: ClassVar[Count] = Count("frame", "H")
    frame: Annotated[bytes, Groups()] = b""


@message(0xA049, mmv=0)
class VsFrLbkCnf(Mme):
    """Captured from a QCA7420."""

    status: U8 = STATUS_OK
    duration: U8 = 0
    length: U16 = 0


@message(0xA04C, mmv=0)
class VsLbkStatReq(Mme):
    """tshark."""


@message(0xA04D, mmv=0)
class VsLbkStatCnf(Mme):
    """state 1 looping, 0 not. tshark."""

    status: U8 = STATUS_OK
    state: U8 = 0


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


@message(0xA0B8, mmv=0)
class VsPlLinkStatusReq(Mme):
    """Exchanged."""


@message(0xA0B9, mmv=0)
class VsPlLinkStatusCnf(Mme):
    """link 1 up, 0 down. Exchanged."""

    status: U8 = STATUS_OK
    link: U8 = 0
