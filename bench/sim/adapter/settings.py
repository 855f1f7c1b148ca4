"""What an adapter's firmware takes from its parameter block (PIB) when it starts, and a PIB made from that.

    settings = Settings.of(image)          # what the firmware sees in a PIB
    image = settings.as_pib(profile)       # a PIB of this family in which it would see that

`as_pib` takes a millisecond and a simulated adapter that nobody asks for its PIB never needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from bench.ids import Dak, MacAddress, Nid, Nmk
from bench.pib import CcoMode, ChainPib, Family, FlatPib, SlacEnable, Value, synthesise
from bench.pib import flat as flat_pib
from bench.pib import header as chain_header
from bench.pib.chained import IMAGE_SIZES
from bench.profiles import AdapterProfile, PibLayout
from bench.sim.adapter.forwarding import ModemRole

CCO_OF = {ModemRole.EVSE: CcoMode.ALWAYS, ModemRole.PEV: CcoMode.NEVER, ModemRole.NEITHER: CcoMode.AUTO}
SLAC_OF = {ModemRole.EVSE: SlacEnable.EVSE, ModemRole.PEV: SlacEnable.PEV, ModemRole.NEITHER: SlacEnable.OFF}
ROLE_OF_SLAC = {SlacEnable.EVSE: ModemRole.EVSE, SlacEnable.PEV: ModemRole.PEV}
ROLE_OF_CCO = {CcoMode.ALWAYS: ModemRole.EVSE, CcoMode.NEVER: ModemRole.PEV}

MANUFACTURER = "synthetic"
NETWORK = "ccs-bench"
"""Texts of a PIB that were not seen anywhere."""


@dataclass(frozen=True, slots=True)
class Settings:
    """cco_mode  ALWAYS, NEVER or AUTO; "user assigned" (3) counts as ALWAYS, a number without a meaning as AUTO
    slac         None: this family's PIB knows no such setting; a number without a meaning counts as OFF
    sniffer      SnifferEnable; it has no effect that anybody has seen
    """

    mac: MacAddress
    dak: Dak
    nmk: Nmk
    nid: Nid
    cco_mode: CcoMode
    slac: SlacEnable | None
    sniffer: bool = False
    manufacturer: str = MANUFACTURER
    user: str = ""
    network: str = ""

    @classmethod
    def of(cls, pib: FlatPib | ChainPib) -> Self:
        slac = pib.read("slac_enable") if "slac_enable" in pib.fields else None
        return cls(
            mac=pib.mac,
            dak=pib.dak,
            nmk=pib.nmk,
            nid=pib.nid,
            cco_mode=_cco_mode(pib.read("cco_mode")),
            slac=None if slac is None else slac if isinstance(slac, SlacEnable) else SlacEnable.OFF,
            sniffer=bool(pib.read("sniffer_enable")),
            manufacturer=str(pib.read("manufacturer_hfid")),
            user=str(pib.read("user_hfid")),
            network=str(pib.read("network_hfid")),
        )

    @classmethod
    def for_role(
        cls, profile: AdapterProfile, role: ModemRole, *, mac: MacAddress, dak: Dak, nmk: Nmk, nid: Nid
    ) -> Self:
        """As pyPLC sets up a modem for CCS (pib.md 4.4); NEITHER: as it left its factory."""
        user = "" if role is ModemRole.NEITHER else role.name
        slac = SLAC_OF[role] if profile.pib.layout is PibLayout.CHAIN else None
        return cls(mac, dak, nmk, nid, CCO_OF[role], slac, user=user, network=NETWORK)

    @property
    def role(self) -> ModemRole:
        """Which side of SLAC the modem takes.

        Where the PIB has no setting for SLAC, the coordinator's side counts as the EVSE's.
        """
        if self.slac is None:
            return ROLE_OF_CCO.get(self.cco_mode, ModemRole.NEITHER)
        return ROLE_OF_SLAC.get(self.slac, ModemRole.NEITHER)

    def as_pib(self, profile: AdapterProfile) -> FlatPib | ChainPib:
        """A synthetic PIB of the profile's family. ValueError if no family has such an image."""
        return _as_pib(self, profile)


@lru_cache(maxsize=32)
def _as_pib(settings: Settings, profile: AdapterProfile) -> FlatPib | ChainPib:
    values: dict[str, Value] = {
        "nid": settings.nid,
        "cco_mode": settings.cco_mode,
        "sniffer_enable": int(settings.sniffer),
        "manufacturer_hfid": settings.manufacturer,
        "user_hfid": settings.user,
        "network_hfid": settings.network,
    }
    if settings.slac is not None:
        values["slac_enable"] = settings.slac
    family = family_of(profile)
    size = profile.pib.image_octets
    return synthesise(family, mac=settings.mac, dak=settings.dak, nmk=settings.nmk, values=values, size=size)


def family_of(profile: AdapterProfile) -> Family:
    """The family whose PIBs look as the profile's table `[pib]` says. ValueError if there is none."""
    if profile.pib.layout is PibLayout.FLAT:
        return Family.INT6X00
    fitting = [family for family, size in IMAGE_SIZES.items() if size == profile.pib.image_octets]
    if not fitting:
        raise ValueError(f"{profile.id}: no family has a PIB image of {profile.pib.image_octets} octets")
    return next((family for family in fitting if family.value == profile.chip), fitting[0])


def with_field(pib: FlatPib | ChainPib, name: str, octets: bytes) -> FlatPib | ChainPib:
    """*pib* with other octets in a field, identity included, checksums right: what an adapter may do to its own."""
    field = pib.field(name)
    image = pib.image[: field.offset] + octets + pib.image[field.end :]
    if isinstance(pib, FlatPib):
        return FlatPib(flat_pib.sealed(image))
    part = pib.pib_part
    head = chain_header.sealed(part.header, image).encode()
    return ChainPib(pib.octets[: part.position] + head + image + pib.octets[part.end :])


def _cco_mode(value: Value) -> CcoMode:
    if value == CcoMode.USER_ASSIGNED:
        return CcoMode.ALWAYS
    return value if isinstance(value, CcoMode) else CcoMode.AUTO
