"""Sound files made from nothing: no octet of a vendor's is in them, and yet the tools take them for real.

What is set is what reference pib.md, 4.3 and 6, lists as seen in real PIBs; the rest is zero. So an adapter would lack
its prescalers and LED tables: these files are for simulated adapters and tests and are never written to a real one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.ids import Dak, MacAddress, Nmk, dak_from_password, nid_from_nmk, nmk_from_password
from bench.pib import flat
from bench.pib.chain import Plan, assemble
from bench.pib.chained import IMAGE_SIZES, ChainPib
from bench.pib.checksum import WORD
from bench.pib.fields import Field, chain_fields, flat_fields
from bench.pib.flat import FlatPib
from bench.pib.header import ImageType
from bench.pib.image import SMALLEST, Family
from bench.pib.manifest import SIGNATURE, SIZE, ChainType, Entry, Manifest, Tag
from bench.pib.nvm import NvmFile, NvmForm, OldPlan, assemble_old
from bench.pib.values import CcoMode, Value, YesNo

DEFAULT_KEY = "HomePlugAV"
"""The password every adapter leaves its factory with."""

FLAT_SIZE = 0x2008
LOAD_ADDRESS = 0x0020_0000
"""Where a QCA chip keeps its PIB."""

FIRMWARE_LOAD_ADDRESS = 0x002C_F9C0
MINIMAL_SIZE = 512

FLAT_VALUES: dict[str, Value] = {
    "firmware_major": 5,
    "pib_minor": 0,
    "avln_membership": 1,
    "simple_connect_timeout_s": 0x78,
    "led_low_threshold_mbps": 0x50,
    "led_high_threshold_mbps": 0x64,
}

CHAIN_VALUES: dict[str, Value] = {
    "avln_membership": YesNo.YES,
    "priority_unicast": 1,
    "priority_multicast": 1,
    "priority_igmp": 3,
    "priority_av_stream": 2,
    "packet_lifetime_0_us": 2_000_000,
    "packet_lifetime_1_us": 2_000_000,
    "packet_lifetime_2_us": 300_000,
    "packet_lifetime_3_us": 300_000,
    "packet_lifetime_management_us": 300_000,
    "nek_rotation": 1,
    "link_status_duration_cco_s": 20,
    "link_status_duration_station_s": 5,
    "default_link_status": 1,
    "led_low_threshold_kbps": 10_240,
    "led_high_threshold_kbps": 102_400,
}

SPI_VALUES: dict[str, Value] = {
    "board_type": 3,
    "host_interface_override": 1,
    "spi_slave_enable": 1,
    "robo_unicast": 7,
    "robo_broadcast": 5,
    "robo_management": 7,
    "dbc_enable": 1,
}

FAMILY_VALUES: Mapping[Family, Mapping[str, Value]] = {
    Family.INT6X00: FLAT_VALUES,
    Family.QCA7000: CHAIN_VALUES | SPI_VALUES | {"product": "QCA7000", "chip_signature": 0x001B_58DC},
    Family.QCA7005: CHAIN_VALUES | SPI_VALUES | {"product": "QCA7005", "chip_signature": 0x001B_587C},
    Family.QCA7420: CHAIN_VALUES
    | {
        "product": "QCA7420",
        "chip_signature": 0x001C_FCFC,
        "board_type": 1,
        "robo_unicast": 3,
        "robo_broadcast": 1,
        "robo_management": 3,
        "background_har": 255,
        "power_saving_flags": 0x800,
        "ethernet_phy_type": 2,
    },
}
"""Settings as seen in the families. The role in SLAC is off and CCo selection automatic: those are for recipes to set.

Chip signatures: a QCA7000's as seen in its PIB, the others' as their chips answer VS_SW_VER.
"""


def synthesise(
    family: Family,
    *,
    mac: MacAddress,
    dak: Dak | None = None,
    nmk: Nmk | None = None,
    security_level: int = 0,
    values: Mapping[str, Value] | None = None,
    size: int | None = None,
) -> FlatPib | ChainPib:
    """A PIB as an adapter of *family* holds it.

    dak, nmk   of the password HomePlugAV unless given; the NID follows from the NMK
    values     named fields that are to differ from the family's defaults
    size       of a flat PIB in octets, 0x2008 unless given; the others have but one

    Raises ValueError for a size, name or value that does not fit.
    """
    if family not in FAMILY_VALUES:
        raise ValueError(f"{family.value}: no defaults are known; minimal_chain() makes a file without")
    if family is not Family.INT6X00 and size not in (None, IMAGE_SIZES[family]):
        raise ValueError(f"{family.value}: its image has {IMAGE_SIZES[family]} octets, not {size}")
    identity = _identity(mac, dak, nmk, security_level)
    if family is Family.INT6X00:
        return _flat(FLAT_SIZE if size is None else size, {**identity, **(values or {})})
    image = bytearray(IMAGE_SIZES[family])
    _put(image, chain_fields(len(image)), {**FAMILY_VALUES[family], **identity, **(values or {})})
    manifest = manifest_for(family, ChainType.PIB)
    return ChainPib(
        assemble(
            [Plan(ImageType.MANIFEST, manifest.encode()), Plan(ImageType.PIB, bytes(image), load_address=LOAD_ADDRESS)]
        )
    )


def minimal_chain(
    *,
    mac: MacAddress,
    dak: Dak | None = None,
    nmk: Nmk | None = None,
    security_level: int = 0,
    values: Mapping[str, Value] | None = None,
) -> ChainPib:
    """The shortest chain that all tools accept: one header and an image of 512 octets with a PEV's basic settings.

    Source: reference pib.md, 6.1.
    """
    image = bytearray(MINIMAL_SIZE)
    texts: dict[str, Value] = {"user_hfid": "PEV", "network_hfid": "test", "cco_mode": CcoMode.NEVER}
    identity = _identity(mac, dak, nmk, security_level)
    _put(image, chain_fields(len(image)), {**identity, **texts, **(values or {})})
    return ChainPib(assemble([Plan(ImageType.PIB, bytes(image), load_address=LOAD_ADDRESS)]))


def synthesise_nvm(form: NvmForm, images: Sequence[tuple[int, bytes]] | None = None) -> NvmFile:
    """A firmware file of either form.

    images   (image type, octets); unless given, memory control and firmware, full of a pattern. A manifest is put
             before the images of a chain

    Raises ValueError if an image is not a multiple of 4 octets.
    """
    parts = images if images is not None else ((ImageType.MEMORY_CONTROL, _pattern(0x400)), (4, _pattern(0x2000)))
    if form is NvmForm.OLD:
        return NvmFile(assemble_old([OldPlan(kind, image) for kind, image in parts]))
    manifest = manifest_for(Family.QCA7420, ChainType.FIRMWARE)
    plans = [Plan(kind, image, load_address=FIRMWARE_LOAD_ADDRESS) for kind, image in parts]
    return NvmFile(assemble([Plan(ImageType.MANIFEST, manifest.encode()), *plans]))


def manifest_for(family: Family, chain_type: ChainType) -> Manifest:
    """A manifest of 768 octets with the entries, their order and their sizes as in real files, and texts of our own."""
    filler = b"\xff" if family is Family.QCA7420 else b"\xcc"

    def number(tag: Tag, value: int) -> Entry:
        return Entry(tag, value.to_bytes(4, "little"))

    def text(tag: Tag, value: str, size: int) -> Entry:
        return Entry(tag, (value.encode() + b"\0").ljust(size, filler))

    entries = [
        number(Tag.SIGNATURE, SIGNATURE),
        number(Tag.HARDWARE_COMPATIBILITY, 1),
        number(Tag.CHAIN_VERSION_MAJOR, 1),
        number(Tag.CHAIN_VERSION_MINOR, 5 if family is Family.QCA7420 else 2),
        number(Tag.CHAIN_TYPE, chain_type),
        number(Tag.BUILD_VERSION_MAJOR, 1),
        number(Tag.BUILD_VERSION_MINOR, 4 if family is Family.QCA7420 else 1),
        number(Tag.BUILD_MAJOR_SUBVERSION, 0),
        number(Tag.SUSTAINING_RELEASE, 0),
        text(Tag.BUILD_TYPE, "SYNTHETIC", 12),
        number(Tag.MANIFEST_VERSION, 1),
        number(Tag.BUILD_NUMBER, 1),
        number(Tag.BUILD_DATE, 0x2026_0101),
        number(Tag.BUILD_TIME, 0x0012_0000),
        number(Tag.DEVICE_TYPE, 0x7420),
        text(Tag.HOST, "ccs-bench", 16),
        text(Tag.USER, "ccs-bench", 16),
        text(Tag.DESCRIPTION, f"{family.value}, synthetic", 164),
        text(Tag.VERSION, f"{chain_type.name}-{family.value}-synthetic", 156),
        number(Tag.GENERIC_IDENTIFIER_0, 0),
        number(Tag.GENERIC_IDENTIFIER_1, 0),
        number(Tag.SOFTLOADER_VERSION_MAJOR, 0),
        number(Tag.SOFTLOADER_VERSION_MINOR, 1),
    ]
    used = len(Manifest(tuple(entries)).encode())
    return Manifest((*entries, Entry(Tag.FREE_SPACE, filler * (SIZE - used - 2 * WORD))))


def _identity(mac: MacAddress, dak: Dak | None, nmk: Nmk | None, security_level: int) -> dict[str, Value]:
    nmk = nmk_from_password(DEFAULT_KEY) if nmk is None else nmk
    return {
        "mac": mac,
        "dak": dak_from_password(DEFAULT_KEY) if dak is None else dak,
        "manufacturer_hfid": "synthetic",
        "nmk": nmk,
        "nid": nid_from_nmk(nmk, security_level),
    }


def _flat(size: int, values: Mapping[str, Value]) -> FlatPib:
    if not SMALLEST <= size <= flat.LARGEST or size % WORD:
        raise ValueError(f"a flat PIB has {SMALLEST} to {flat.LARGEST} octets in steps of {WORD}, not {size}")
    image = bytearray(size)
    fields = flat_fields(size)
    defaults = {name: value for name, value in FLAT_VALUES.items() if name in fields}
    _put(image, fields, {**defaults, "length": size, **values})
    return FlatPib(flat.sealed(bytes(image)))


def _put(image: bytearray, fields: Mapping[str, Field], values: Mapping[str, Value]) -> None:
    for name, value in values.items():
        if name not in fields:
            raise ValueError(f"{name}: no such field in an image of {len(image)} octets")
        field = fields[name]
        if (why := field.type.misfit(value)) is not None:
            raise ValueError(f"{name}: {why}")
        image[field.span] = field.type.write(value)


def _pattern(size: int) -> bytes:
    """Octets without a meaning, no two words alike."""
    return b"".join((0x9E37_79B9 * number & 0xFFFF_FFFF).to_bytes(4, "little") for number in range(size // 4))
