"""Every field of a PIB somebody has named: where it is, what it means, and how sure that is.

Offsets count from the start of the image: of the file in a flat PIB, of the PIB image in a chain. The tables stand in
the order of reference pib.md, 3 and 4.3, whose certainty they carry over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType

from bench.ids import SecretKey
from bench.pib.values import (
    DAK,
    H32,
    HFID,
    MAC,
    NID,
    NMK,
    SECRET,
    U8,
    U16,
    U32,
    CcoMode,
    FieldType,
    Fixed,
    Number,
    Raw,
    SlacEnable,
    Text,
    Value,
    YesNo,
)


class Certainty(Enum):
    """How sure it is that a field is there and means this."""

    OBSERVED = "seen in real PIBs"
    DOCUMENTED = "only in documentation, scripts or source"
    GUESSED = "position or extent guessed"


class Role(Enum):
    """What a field is for, and with it who may change it."""

    SETTING = "how the adapter behaves"
    NETWORK = "which network it belongs to"
    DEVICE = "which one of its kind it is"
    MODEL = "which kind of adapter it is; an adapter refuses a PIB of another kind"
    FILE = "derived from the rest of the file"


OBSERVED, DOCUMENTED, GUESSED = Certainty.OBSERVED, Certainty.DOCUMENTED, Certainty.GUESSED
NETWORK, DEVICE, MODEL, FILE = Role.NETWORK, Role.DEVICE, Role.MODEL, Role.FILE

REAL = "seven real PIBs (uhi22/pyPLC, uhi22/Ioniq28Investigations)"
OPEN_PLC = "qca/open-plc-utils, documented field list"
PIB_H = "qca/open-plc-utils pib/pib.h"
SCRIPTS = "qca/open-plc-utils slac/evse.sh, slac/pev.sh"
INT6400 = "qca/open-plc-utils, field list of INT6400-class PIB 3.8"
DEF_CON = "DEF CON 33 material, not verified"


@dataclass(frozen=True, slots=True)
class Field:
    """One named field.

    offset   from the start of the image
    type     size and values, see `bench.pib.values`
    source   who says so
    """

    name: str
    offset: int
    type: FieldType
    meaning: str
    certainty: Certainty
    source: str
    role: Role = Role.SETTING

    @property
    def size(self) -> int:
        return self.type.size

    @property
    def end(self) -> int:
        return self.offset + self.size

    @property
    def span(self) -> slice:
        return slice(self.offset, self.end)

    @property
    def identity(self) -> bool:
        """No recipe may change it: it says which adapter, or which kind of adapter, this is."""
        return self.role in (Role.DEVICE, Role.MODEL)

    @property
    def secret(self) -> bool:
        """It is masked wherever it is printed."""
        return isinstance(self.type, Fixed) and issubclass(self.type.kind, SecretKey)

    @property
    def opaque(self) -> bool:
        """Longer than a line and without known inner order: changes show as ranges."""
        return isinstance(self.type, Raw) and self.size > 16

    def read(self, image: bytes) -> Value:
        """The field's value in *image*, which is long enough."""
        return self.type.read(image[self.span])

    def text(self, value: Value, *, show_keys: bool = False) -> str:
        """*value* for a person: a name where it has one, keys masked unless they are to be shown."""
        if isinstance(value, Enum):
            return f"{int(value)} {value.name}"
        if isinstance(value, SecretKey):
            return value.hex() if show_keys else str(value)
        if isinstance(value, bytes):
            return str(value) if isinstance(self.type, Fixed) else value.hex(" ")
        if isinstance(value, str):
            return repr(value)
        return f"0x{value:X}" if isinstance(self.type, Number) and self.type.hexadecimal else str(value)


FLAT_HEADER = (
    Field("firmware_major", 0x000, U8, "major version of the firmware it is for, 3 to 5", DOCUMENTED, PIB_H, FILE),
    Field("pib_minor", 0x001, U8, "minor version of the PIB", DOCUMENTED, PIB_H, FILE),
    Field("length", 0x004, U16, "octets of the whole file", DOCUMENTED, PIB_H, FILE),
    Field("checksum", 0x008, H32, "of the whole file, with this field 0", DOCUMENTED, PIB_H, FILE),
)

COMMON = (
    Field("mac", 0x00C, MAC, "address of the adapter", OBSERVED, REAL, DEVICE),
    Field("dak", 0x012, DAK, "device access key", OBSERVED, REAL, DEVICE),
    Field("manufacturer_hfid", 0x024, HFID, "manufacturer's text; a commit checks it", OBSERVED, REAL, MODEL),
    Field("nmk", 0x064, NMK, "network membership key", OBSERVED, REAL, NETWORK),
    Field("user_hfid", 0x074, HFID, "user's text; decides nothing", OBSERVED, REAL),
    Field("network_hfid", 0x0B4, HFID, "network's text; decides nothing", OBSERVED, REAL),
    Field("cco_mode", 0x0F4, Number(1, CcoMode), "whether it becomes coordinator", OBSERVED, REAL),
    Field("coexistence_mode", 0x0F5, U8, "coexistence with other power line systems", DOCUMENTED, PIB_H),
    Field("mains_frequency", 0x0F6, U8, "power line frequency", DOCUMENTED, PIB_H),
    Field("nid", 0x0F8, NID, "network identifier; bits 4-5 of its last octet: security level", OBSERVED, REAL, NETWORK),
    Field("mdu_configuration", 0x100, U8, "multi-dwelling unit: configuration", DOCUMENTED, PIB_H),
    Field("mdu_role", 0x101, U8, "multi-dwelling unit: role", DOCUMENTED, PIB_H),
    Field("sniffer_enable", 0x102, U8, "no visible effect on a TL-PA4010P", DOCUMENTED, OPEN_PLC),
    Field("sniffer_return_mac", 0x103, MAC, "who receives what is sniffed", DOCUMENTED, OPEN_PLC),
)
"""The same in flat PIBs and in chains."""

FLAT = (
    *FLAT_HEADER,
    *COMMON,
    Field("firmware_upgradeable", 0x0FF, U8, "whether firmware may be upgraded", DOCUMENTED, PIB_H),
    Field("static_network_enable", 0x10C, U8, "fixed network without coordinator election", DOCUMENTED, OPEN_PLC),
    Field("static_network_tei", 0x10D, U8, "own terminal equipment identifier", DOCUMENTED, INT6400),
    Field("static_network_cco_mac", 0x10E, MAC, "coordinator", DOCUMENTED, INT6400),
    Field("static_network_snid", 0x114, U8, "short network identifier", DOCUMENTED, INT6400),
    Field("static_network_peers", 0x115, Raw(2), "peer nodes", GUESSED, INT6400),
    # From here on an INT6400-class 3.8 layout: other flat PIBs may differ.
    Field("priority_unicast", 0x20C, U8, "channel access priority of unicast", DOCUMENTED, PIB_H),
    Field("priority_multicast", 0x20D, U8, "of multicast", DOCUMENTED, PIB_H),
    Field("priority_igmp", 0x20E, U8, "of IGMP", DOCUMENTED, PIB_H),
    Field("priority_av_stream", 0x20F, U8, "of audio and video streams", DOCUMENTED, PIB_H),
    Field("packet_lifetime_0_us", 0x210, U32, "longest wait of a packet of priority 0", DOCUMENTED, PIB_H),
    Field("packet_lifetime_1_us", 0x214, U32, "of priority 1", DOCUMENTED, PIB_H),
    Field("packet_lifetime_2_us", 0x218, U32, "of priority 2", DOCUMENTED, PIB_H),
    Field("packet_lifetime_3_us", 0x21C, U32, "of priority 3", DOCUMENTED, PIB_H),
    Field("tone_mask_type", 0xA0C, U32, "which tone mask", DOCUMENTED, INT6400),
    Field("prescalers", 0xA10, Raw(1155 * 4), "transmit level per carrier, 1155 words", DOCUMENTED, INT6400),
    Field("nek_settings", 0x1E0C, Raw(8), "NEK rotation and local override", GUESSED, INT6400),
    Field("avln_membership", 0x1E8C, U32, "whether it belongs to a network", DOCUMENTED, PIB_H),
    Field("simple_connect_timeout_s", 0x1E90, U32, "patience of the push button, seconds", DOCUMENTED, PIB_H),
    Field("led_throughput_enable", 0x1E94, U8, "LED shows throughput", DOCUMENTED, PIB_H),
    Field("led_low_threshold_mbps", 0x1E95, U8, "LED: from slow to medium, Mbit/s", DOCUMENTED, PIB_H),
    Field("led_high_threshold_mbps", 0x1E96, U8, "LED: from medium to fast, Mbit/s", DOCUMENTED, PIB_H),
    Field("led_control", 0x1EFA, Raw(32), "behaviour of the LEDs", DOCUMENTED, INT6400),
    Field("uplink_limit", 0x1F40, U32, "limit of traffic to the network", DOCUMENTED, INT6400),
    Field("downlink_limit", 0x1F44, U32, "limit of traffic from the network", DOCUMENTED, INT6400),
    Field("power_saving", 0x1F4C, Raw(64), "isolation, mitigation, power saving; extent guessed", GUESSED, INT6400),
    Field("default_tone_mask_flags", 0x1F8C, H32, "which built-in tone masks apply", DOCUMENTED, INT6400),
)

CHAIN = (
    *COMMON,
    Field("avln_membership", 0x0FF, Number(1, YesNo), "whether it belongs to a network", OBSERVED, REAL),
    Field("memory_profile", 0x109, U8, "scripts call it media: 0 power line, 1 coax only", OBSERVED, REAL),
    Field("nvm_authorisation_key", 0x10C, SECRET, "unlocks writing of the NVM", DOCUMENTED, OPEN_PLC, DEVICE),
    Field("pib_read_cookie", 0x11C, H32, "for reading the PIB", DOCUMENTED, OPEN_PLC, DEVICE),
    Field("chip_signature", 0x120, H32, "chip the PIB is for; 0x1B58DC in a QCA7000's", OBSERVED, REAL, MODEL),
    Field("product", 0x124, Text(16), "chip by name, e.g. QCA7005", OBSERVED, REAL, MODEL),
    Field("board_type", 0x134, U8, "3 for QCA7000 and QCA7005, 1 for QCA7420", OBSERVED, REAL, MODEL),
    Field("board_revision", 0x135, U8, "revision of the board", DOCUMENTED, OPEN_PLC, MODEL),
    Field("ports", 0x280, Raw(0x3C8 - 0x280), "number and description of ports; extent guessed", GUESSED, OPEN_PLC),
    Field("host_interface_override", 0x3C8, U8, "the next three decide, not the pins; 1 with SPI", OBSERVED, REAL),
    Field("ethernet_enable", 0x3C9, U8, "host talks Ethernet; 0 with SPI", OBSERVED, REAL),
    Field("spi_slave_enable", 0x3CA, U8, "host talks SPI; 1 with SPI", OBSERVED, REAL),
    Field("uart_enable", 0x3CB, U8, "host talks UART; 0 with SPI", OBSERVED, REAL),
    Field("priority_unicast", 0x700, U8, "channel access priority of unicast; 1", OBSERVED, REAL),
    Field("priority_multicast", 0x701, U8, "of multicast; 1", OBSERVED, REAL),
    Field("priority_igmp", 0x702, U8, "of IGMP; 3", OBSERVED, REAL),
    Field("priority_av_stream", 0x703, U8, "of audio and video streams; 2", OBSERVED, REAL),
    Field("packet_lifetime_0_us", 0x704, U32, "longest wait of a packet of priority 0; 2000000", OBSERVED, REAL),
    Field("packet_lifetime_1_us", 0x708, U32, "of priority 1; 2000000", OBSERVED, REAL),
    Field("packet_lifetime_2_us", 0x70C, U32, "of priority 2; 300000", OBSERVED, REAL),
    Field("packet_lifetime_3_us", 0x710, U32, "of priority 3; 300000", OBSERVED, REAL),
    Field("packet_lifetime_management_us", 0x714, U32, "of management messages; 300000", OBSERVED, REAL),
    Field("tone_mask_type", 0xF00, U32, "which tone mask", DOCUMENTED, OPEN_PLC),
    Field("tone_mask_enable", 0xF04, U32, "whether the tone mask applies", DOCUMENTED, OPEN_PLC),
    Field("psd_index", 0xF1C, U32, "power spectral density limit", DOCUMENTED, OPEN_PLC),
    Field("prescaler_type", 0xF24, U32, "how the prescalers are coded", DOCUMENTED, OPEN_PLC),
    Field("prescalers", 0xF28, Raw(1348), "transmit level per carrier, 337 words", DOCUMENTED, OPEN_PLC),
    Field("robo_override", 0x164F, U8, "whether the next three apply; 0", OBSERVED, REAL),
    Field("robo_unicast", 0x1650, U8, "robustness of unicast; 7 with SPI, 3 in a QCA7420", OBSERVED, REAL),
    Field("robo_broadcast", 0x1651, U8, "of broadcast; 5 with SPI, 1 in a QCA7420", OBSERVED, REAL),
    Field("robo_management", 0x1652, U8, "of management messages; 7 with SPI, 3 in a QCA7420", OBSERVED, REAL),
    Field("slac_enable", 0x1653, Number(1, SlacEnable), "side of SLAC the modem takes", OBSERVED, REAL),
    Field("gain_low_attenuation", 0x1654, Raw(4), "transmit gain at low attenuation", DOCUMENTED, OPEN_PLC),
    Field("gain_high_attenuation", 0x1658, Raw(40), "transmit gain at high attenuation", DOCUMENTED, OPEN_PLC),
    Field("nek_rotation", 0x1690, U8, "whether the network encryption key changes; 1", OBSERVED, REAL),
    Field("button_hold_time", 0x16AA, U16, "of the push button", DOCUMENTED, OPEN_PLC),
    Field("local_mac_limit", 0x16D1, U8, "most addresses behind this adapter", DOCUMENTED, OPEN_PLC),
    Field(
        "background_har", 0x16D2, U8, "scripts: background host action requests; 0, 1, 255 seen", DOCUMENTED, SCRIPTS
    ),
    Field("fast_avln_associate", 0x16D3, U8, "scripts: joins faster; 1 in an Ioniq", DOCUMENTED, SCRIPTS),
    Field("led_behaviour_count", 0x1782, U8, "behaviours in led_behaviours", DOCUMENTED, OPEN_PLC),
    Field("led_event_count", 0x1783, U8, "events in led_behaviours", DOCUMENTED, OPEN_PLC),
    Field("led_behaviours", 0x1784, Raw(0x1C84 - 0x1784), "behaviours and events; extent guessed", GUESSED, OPEN_PLC),
    Field("pin_to_gpio_map", 0x1C84, Raw(6), "pins to general purpose inputs and outputs", DOCUMENTED, OPEN_PLC),
    Field("link_status_duration_cco_s", 0x1C94, U8, "coordinator: link status holds, seconds; 20", OBSERVED, REAL),
    Field("link_status_duration_station_s", 0x1C95, U8, "station: link status holds, seconds; 5", OBSERVED, REAL),
    Field("default_link_status", 0x1C96, U8, "before anything is known; 1", OBSERVED, REAL),
    Field("led_low_threshold_kbps", 0x1C98, U32, "link LED: from slow to medium, kbit/s; 10240", OBSERVED, REAL),
    Field("led_high_threshold_kbps", 0x1C9C, U32, "link LED: from medium to fast, kbit/s; 102400", OBSERVED, REAL),
    Field("push_button", 0x1CA1, Raw(0x1D80 - 0x1CA1), "timing and pins; extent guessed", GUESSED, OPEN_PLC),
    Field("power_saving_flags", 0x1D80, H32, "stand-by; 0x800 in a QCA7420, size guessed", GUESSED, REAL),
    Field("power_saving", 0x1D84, Raw(0x1EB2 - 0x1D84), "stand-by; extent guessed", GUESSED, OPEN_PLC),
    Field("ethernet_phy_type", 0x1EB2, U8, "0 or 2 seen", OBSERVED, REAL),
    Field("static_network", 0x1F00, Raw(32), "fixed network; zeros seen, extent guessed", GUESSED, REAL),
    Field("mme_debug", 0x1F20, H32, "debugging of management messages; 0", OBSERVED, REAL),
    Field("dbc_enable", 0x1F80, U8, "DBC in the scripts; 1 in QCA7000 and QCA7005, 0 in QCA7420", OBSERVED, REAL),
    Field("remote_write_protect", 0x1F84, Raw(12), "said to protect against writing from remote", GUESSED, DEF_CON),
    Field("simple_qos", 0x2030, U8, "scripts: simple quality of service; 0, only in long images", OBSERVED, SCRIPTS),
)


@cache
def flat_fields(image_size: int) -> Mapping[str, Field]:
    """The fields of a flat PIB of this size, by name and in order of offset."""
    return _by_name(FLAT, image_size)


@cache
def chain_fields(image_size: int) -> Mapping[str, Field]:
    """The fields of a chain's PIB image of this size, by name and in order of offset."""
    return _by_name(CHAIN, image_size)


def _by_name(table: tuple[Field, ...], image_size: int) -> Mapping[str, Field]:
    present = sorted((field for field in table if field.end <= image_size), key=lambda field: field.offset)
    return MappingProxyType({field.name: field for field in present})
