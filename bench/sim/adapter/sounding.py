"""What the modem of an EVSE tells its host, and some modems everybody, about each sound it hears."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bench.ids import BROADCAST, MacAddress
from bench.mme import CmAttenProfileInd, Frame, Header, VsAttenCharInd, encode
from bench.mme.frame import A14E_WITHOUT_OUI
from bench.profiles import Forwarding
from bench.units import Ns, us

MEASURED_AFTER: Ns = us(450)
"""Sound -> profile, from a modem that measures: 0.45 to 0.57 ms in the captures of EVerest stations (I2SE QCA7000). A
TL-PA4010P, which reports no groups, sends its empty profile together with the sound."""
A14E_ON_LINE_AFTER: Ns = us(2250)
"""Sound -> 0xA14E on the powerline, so that it reaches the car's host 7.3 ms after the car sounded: median of ten at a
Supercharger (uhi22/pyPLC, capture of 2023-03-02), which scatter from 6.4 to 10.7 ms."""


@dataclass(frozen=True, slots=True)
class SoundReport:
    """The two frames of one sound, in the order they leave the modem."""

    vendor: bytes
    profile: bytes


@lru_cache(maxsize=64)
def report(modem_mac: MacAddress, pev_mac: MacAddress, aag: bytes, a14e_oui_zero: bool) -> SoundReport:
    """Kept for the next sound, because without noise all sounds of one car measure the same."""
    header = Header(VsAttenCharInd.mmv, A14E_WITHOUT_OUI) if a14e_oui_zero else None
    vendor = Frame(BROADCAST, modem_mac, VsAttenCharInd(pev_mac=pev_mac, aag=aag), header)
    profile = Frame(BROADCAST, modem_mac, CmAttenProfileInd(pev_mac=pev_mac, aag=aag))
    return SoundReport(encode(vendor), encode(profile))


def measured_after(forwarding: Forwarding) -> Ns:
    return MEASURED_AFTER if forwarding.num_groups else 0
