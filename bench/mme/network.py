"""Messages that ask a modem who and where it is in the logical network (AVLN)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from bench.ids import BROADCAST, MacAddress, Nid
from bench.mme.record import Mme, Record, message, record
from bench.mme.wire import (
    U8,
    U16,
    U32,
    Count,
    Groups,
    Mac,
    Many,
    NetId,
    Oct1,
    Oct2,
    Oct3,
    Oct4,
    Oct5,
    Packed4,
    UpTo,
)

NO_MAC = MacAddress(bytes(6))
NO_NID = Nid(bytes(7))

ROLE_STATION, ROLE_PROXY_CCO, ROLE_CCO = 0, 1, 2


@record
class DiscoveredStation(Record):
    mac: Mac = NO_MAC
    tei: U8 = 0
    same_network: U8 = 1
    snid: U8 = 0
    cco_capability: U8 = 0
    signal_level: U8 = 0
    average_ble: U8 = 0


@record
class DiscoveredNetwork(Record):
    nid: NetId = NO_NID
    snid: U8 = 0
    hybrid_mode: U8 = 0
    beacon_slots: U8 = 0
    cco_status: U8 = 0
    beacon_offset: U16 = 0


@message(0x0014)
class CcDiscoverListReq(Mme):
    pass


@message(0x0015)
class CcDiscoverListCnf(Mme):
    num_stations: ClassVar[Count] = Count("stations")
    stations: Annotated[tuple[DiscoveredStation, ...], Many(DiscoveredStation)] = ()
    num_networks: ClassVar[Count] = Count("networks")
    networks: Annotated[tuple[DiscoveredNetwork, ...], Many(DiscoveredNetwork)] = ()


@message(0x6002)
class CmUnassociatedStaInd(Mme):
    nid: NetId = NO_NID
    cco_capability: U8 = 0


@message(0x601C)
class CmAmpMapReq(Mme):
    """Power reduction per carrier, 4 bits each, even carrier in the low half. From source only, not captured."""

    amlen: ClassVar[Count] = Count("amdata", "H")
    amdata: Annotated[bytes, Packed4()] = b""


@message(0x601D)
class CmAmpMapCnf(Mme):
    """result 0 = success."""

    result: U8 = 0


@record
class BridgedStation(Record):
    mac: Mac = NO_MAC


@message(0x6020)
class CmBrgInfoReq(Mme):
    pass


@message(0x6021)
class CmBrgInfoCnf(Mme):
    bridging: U8 = 1
    tei: U8 = 0
    num_bridged: ClassVar[Count] = Count("bridged")
    bridged: Annotated[tuple[BridgedStation, ...], Many(BridgedStation)] = ()


@message(0x6034)
class CmStaCapReq(Mme):
    pass


@message(0x6035)
class CmStaCapCnf(Mme):
    """Layout from source only."""

    av_version: U8 = 1
    mac: Mac = NO_MAC
    vendor_oui: Oct3 = bytes.fromhex("00b052")
    auto_connect: U8 = 0
    smoothing: U8 = 0
    cco_capability: U8 = 0
    proxy_capability: U8 = 0
    backup_cco_capability: U8 = 0
    soft_handover: U8 = 0
    two_symbol_frame_control: U8 = 0
    max_frame_length: U16 = 0
    homeplug_1_1: U8 = 0
    homeplug_1_0_1: U8 = 0
    regulatory_capability: U8 = 0
    bidirectional_burst: U8 = 0
    implementation_version: U16 = 0


@record
class Network(Record):
    nid: NetId = NO_NID
    snid: U8 = 0
    tei: U8 = 0
    role: U8 = ROLE_STATION
    cco_mac: Mac = NO_MAC
    access: U8 = 0
    coordinating_networks: U8 = 0


@message(0x6038)
class CmNwInfoReq(Mme):
    pass


@message(0x6039)
class CmNwInfoCnf(Mme):
    num_networks: ClassVar[Count] = Count("networks")
    networks: Annotated[tuple[Network, ...], Many(Network)] = ()


@record
class StationRate(Record):
    """tx and rx in Mbit/s."""

    mac: Mac = NO_MAC
    tx: U8 = 0
    rx: U8 = 0


@message(0x6048)
class CmNwStatsReq(Mme):
    pass


@message(0x6049)
class CmNwStatsCnf(Mme):
    """No stations means that the modem is in no network."""

    num_stations: ClassVar[Count] = Count("stations")
    stations: Annotated[tuple[StationRate, ...], Many(StationRate)] = ()


@message(0x6060)
class CmStaIdentifyReq(Mme):
    pass


@message(0x6061)
class CmStaIdentifyCnf(Mme):
    """Layout from source only. efl counts the octets of the extended fields."""

    green_phy: U8 = 1
    power_save: U8 = 0
    green_phy_preferred_allocation: U8 = 0
    repeating_and_routing: U8 = 0
    homeplug_version: U8 = 0
    efl: ClassVar[Count] = Count("extension")
    extension: Annotated[bytes, Groups()] = b""


@message(0xA000, mmv=0)
class VsSwVerReq(Mme):
    cookie: U32 = 0


@message(0xA001, mmv=0)
class VsSwVerCnf(Mme):
    """Chip class and firmware of a modem; 297 octets from new chips, 279 from an INT6000.

    device_class    01 INT6000 ... 20 QCA7420, 22 QCA7000/7005 (mme.md 5.1)
    version_length  of the text, including its NUL
    version_field   the text, its NUL and filler: FF or CC up to octet 68, then zeros
    tail            chip ident, step and three words of unknown use, 32 bits each; old chips have two octets
    """

    status: U8 = 0
    device_class: U8 = 0
    version_length: U8 = 0
    version_field: Annotated[bytes, UpTo(254)] = bytes(254)
    tail: Annotated[bytes, UpTo(20)] = bytes(20)

    @property
    def version(self) -> str:
        return self.version_field.split(b"\0")[0].decode("ascii", "replace")

    @property
    def chip_ident(self) -> int | None:
        return int.from_bytes(self.tail[:4], "little") if len(self.tail) >= 4 else None


@record
class NwInfoStation(Record):
    """A peer in the network; rates in Mbit/s, always 9 in a Green PHY network."""

    mac: Mac = NO_MAC
    tei: U8 = 0
    reserved: Oct3 = bytes(3)
    bridged_mac: Mac = BROADCAST
    tx: U16 = 9
    coupling: U8 = 0
    reserved2: Oct1 = b"\0"
    rx: U16 = 9
    reserved3: Oct2 = b"\0\0"


@record
class NwInfoNetwork(Record):
    nid: NetId = NO_NID
    reserved: Oct2 = b"\0\0"
    snid: U8 = 0
    tei: U8 = 0
    reserved2: Oct4 = bytes(4)
    role: U8 = ROLE_STATION
    cco_mac: Mac = NO_MAC
    cco_tei: U8 = 1
    reserved3: Oct3 = bytes(3)
    num_stations: ClassVar[Count] = Count("stations")
    reserved4: Oct5 = bytes(5)
    stations: Annotated[tuple[NwInfoStation, ...], Many(NwInfoStation)] = ()


@message(0xA038, mmv=1)
class VsNwInfoReq(Mme):
    sub_version: U8 = 0
    reserved: Oct3 = bytes(3)


@message(0xA039, mmv=1)
class VsNwInfoCnf(Mme):
    """The form QCA7000/7420 use. *data_length* counts what follows it; 2 when the modem is in no network."""

    sub_version: U8 = 0
    reserved: U8 = 0
    data_length: U16 = 2
    reserved2: U8 = 0
    num_networks: ClassVar[Count] = Count("networks")
    networks: Annotated[tuple[NwInfoNetwork, ...], Many(NwInfoNetwork)] = ()


@record
class NwInfoStationV0(Record):
    mac: Mac = NO_MAC
    tei: U8 = 0
    bridged_mac: Mac = BROADCAST
    tx: U8 = 9
    rx: U8 = 9


@record
class NwInfoNetworkV0(Record):
    nid: NetId = NO_NID
    snid: U8 = 0
    tei: U8 = 0
    role: U8 = ROLE_STATION
    cco_mac: Mac = NO_MAC
    cco_tei: U8 = 1
    num_stations: ClassVar[Count] = Count("stations")
    stations: Annotated[tuple[NwInfoStationV0, ...], Many(NwInfoStationV0)] = ()


@message(0xA038, mmv=0, name="VS_NW_INFO.REQ")
class VsNwInfoReqV0(Mme):
    pass


@message(0xA039, mmv=0, name="VS_NW_INFO.CNF")
class VsNwInfoCnfV0(Mme):
    """The form of INT6x00 chips; a QCA7420 answers it too."""

    num_networks: ClassVar[Count] = Count("networks")
    networks: Annotated[tuple[NwInfoNetworkV0, ...], Many(NwInfoNetworkV0)] = ()
