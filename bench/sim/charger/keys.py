"""The network keys a simulated charging station invents."""

from __future__ import annotations

import random
import string
from collections.abc import Collection

from bench.ids import Nid, Nmk, nid_from_nmk
from bench.profiles import ChargerProfile, NmkStyle
from bench.sim.adapter.network import FACTORY_KEY
from bench.sim.charger.conduct import conduct_of
from bench.sim.quirks import ChargerQuirk
from bench.sim.world import World

PRINTABLE = string.ascii_uppercase + string.digits
"""What EVerest's keys consist of."""
PYPLC_NID = Nid(bytes.fromhex("01020304050607"))
"""Of stations whose NID is no hash of their NMK."""


def first_key(
    world: World, profile: ChargerProfile, name: str | None = None, quirks: Collection[ChargerQuirk] = frozenset()
) -> tuple[Nmk, Nid]:
    """The key the station of that name sets at start. Give it to its adapter, and the modem has it already: a modem
    that gets a new key is away for some seconds, and a real station has long been switched on when a car comes."""
    return new_key(conduct_of(profile, quirks).profile, key_rng(world, name or profile.id))


def key_rng(world: World, name: str) -> random.Random:
    return world.rng(f"{name} key")


def new_key(profile: ChargerProfile, rng: random.Random) -> tuple[Nmk, Nid]:
    if profile.key.nmk is NmkStyle.FACTORY:
        return FACTORY_KEY.nmk, FACTORY_KEY.nid
    if profile.key.nmk_is_printable:
        nmk = Nmk("".join(rng.choices(PRINTABLE, k=Nmk.SIZE)).encode())
    else:
        nmk = Nmk(rng.randbytes(Nmk.SIZE))
    return nmk, nid_from_nmk(nmk) if profile.key.nid_is_hash_of_nmk else PYPLC_NID
