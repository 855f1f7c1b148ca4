"""What a virtual HomePlug adapter does: one `AdapterProfile` per family.

Every group of fields is a table of `adapters/<id>.toml` under the same name. A `Spread` named `joined_as_cco` is the
key `joined_as_cco_ms` there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bench.profiles.spread import Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class SwVer:
    """VS_SW_VER.CNF.

    device_class   octet that names the chip family
    version        text, without the filler
    filler         octet that fills the rest of the version field
    ident          chip ident in the tail; None: the family's answer has no tail
    tail           octets after the ident, where known
    length         octets of the whole Ethernet frame
    """

    device_class: int
    version: str
    filler: int
    length: int
    ident: int | None = None
    tail: bytes | None = None


class PibLayout(Enum):
    """How the parameter block is stored, and with it which messages read and write it."""

    CHAIN = "chain"
    FLAT = "flat"


class PibMessages(Enum):
    """The family of messages that reads and writes the parameter block."""

    MODULE_OPERATION = "VS_MODULE_OPERATION"
    RD_MOD_WR_MOD = "VS_RD_MOD, VS_WR_MOD, VS_MOD_NVM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pib:
    """image_octets is the parameter block alone, file_octets what a tool reads from the adapter."""

    layout: PibLayout
    messages: PibMessages
    image_octets: int
    file_octets: int
    assumed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Request -> answer: over Ethernet, and through the powerline from a partner in the same AVLN."""

    local: Spread
    remote: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """What the adapter hands to its Ethernet port.

    forwards_both_directions   SLAC frames of PEVs and of EVSEs, whatever its role
    sends_profiles             as EVSE, CM_ATTEN_PROFILE.IND and VS_ATTEN_CHAR.IND (0xA14E) after every sound
    num_groups                 groups in those profiles: 58, or 0 where the firmware leaves them empty
    a14e_oui_zero              the vendor id of its 0xA14E is zero
    a14e_on_powerline          as EVSE, its 0xA14E goes to everybody in earshot and not to its own host alone
    a14e_of_evse_visible       as PEV, it hands on the 0xA14E of the EVSE's modem
    """

    forwards_both_directions: bool
    sends_profiles: bool
    num_groups: int
    a14e_oui_zero: bool
    a14e_on_powerline: bool
    a14e_of_evse_visible: bool
    assumed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetKey:
    """CM_SET_KEY. All times count from the request; setting the key it already has changes nothing.

    confirm             -> CM_SET_KEY.CNF
    result              of the confirmation; Qualcomm firmware says 1 for "accepted"
    silent_from         the restart begins; None: no silence seen
    silent_until        it answers its Ethernet port again
    joined_as_cco       its partner is reachable in the AVLN, when this one is the coordinator
    joined_as_station   the same, when it is not
    """

    confirm: Spread
    result: int
    joined_as_cco: Spread
    joined_as_station: Spread
    silent_from: Spread | None = None
    silent_until: Spread | None = None

    def __post_init__(self) -> None:
        if (self.silent_from is None) != (self.silent_until is None):
            raise ValueError("silent_from_ms and silent_until_ms go together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """after_reset   VS_RS_DEV or power -> the adapter answers again."""

    after_reset: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """write    a commit of a parameter block -> all of it is in the flash. Power that fails meanwhile leaves half of it
    loader   version text of what runs while parameter block or firmware is damaged
    """

    write: Spread
    loader: str
    assumed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """What vendor messages tell of the hardware.

    hardware        VS_OP_ATTRIBUTES.CNF from the SDRAM type on, as long as the family's data
    ethernet_link   VS_ENET_SETTINGS.CNF to control 0x10: status, speed, duplex, link, flow control
    obeys_partners  a partner of the same network may restart it and reset it to factory defaults
    """

    hardware: bytes
    ethernet_link: bytes
    obeys_partners: bool
    assumed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterProfile:
    """One family of HomePlug adapters.

    names         what people call it
    mac_prefix    the first octets of an address; the rest is the simulation's choice
    nw_info_mmv   message versions of VS_NW_INFO it answers
    """

    id: str
    names: tuple[str, ...]
    chip: str
    mac_prefix: bytes
    nw_info_mmv: tuple[int, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()
    sw_ver: SwVer
    vendor: Vendor
    pib: Pib
    latency: Latency
    forwarding: Forwarding
    set_key: SetKey
    boot: Boot
    flash: Flash
