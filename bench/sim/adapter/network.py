"""Key and association of one adapter: which AVLN it is in, since when, and who else is.

Theory of operation. Two adapters are in one AVLN when they share NMK and NID, hear each other, are up, and each has had
the time its family needs to associate. A coordinator (CCo selection "always") holds the network together: stations are
in it if they share it with the coordinator; two coordinators, or two stations ("never") without one, form none. Among
adapters left to themselves ("auto") the one with the lowest address coordinates where nobody must; how real ones agree
is not known.

A new key is kept aside and taken into use by the restart that follows it: until then a TL-PA4010P goes on handing out
its old key, as its CM_GET_KEY.CNF 2.6 s after CM_SET_KEY.REQ show in four captures of uhi22/pyPLC (2022-11 to 2023-03).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.ids import Nid, Nmk, nid_from_nmk, nmk_from_password
from bench.pib import CcoMode
from bench.units import Ns

if TYPE_CHECKING:
    from bench.sim.adapter.modem import VirtualAdapter


@dataclass(frozen=True, slots=True)
class NetworkKey:
    nmk: Nmk
    nid: Nid


FACTORY_NMK = nmk_from_password("HomePlugAV")
FACTORY_KEY = NetworkKey(FACTORY_NMK, nid_from_nmk(FACTORY_NMK))
"""Of an adapter that was never configured: the key Debian's tools take for granted."""


@dataclass(frozen=True, slots=True)
class Member:
    """One adapter of an AVLN, as everybody in it sees it. The coordinator has TEI 1."""

    adapter: VirtualAdapter
    tei: int


def associated(a: VirtualAdapter, b: VirtualAdapter, now: Ns) -> bool:
    """Whether two adapters that hear each other share a network."""
    if a.key != b.key or not (a.running and b.running) or now < a.associates_at or now < b.associates_at:
        return False
    heard_since = a.line.heard_since(a, b)
    return heard_since is None or now >= heard_since + max(a.association_time, b.association_time)


def coordinator(adapter: VirtualAdapter, now: Ns) -> VirtualAdapter | None:
    """The one whose network *adapter* is in; itself if it coordinates one. None: it is in no network."""
    mode = adapter.cco_mode
    if mode is CcoMode.ALWAYS:
        return adapter
    willing = [
        other
        for other in adapter.heard_adapters()
        if other.cco_mode is not CcoMode.NEVER and associated(adapter, other, now)
    ]
    if not willing:
        return adapter if mode is CcoMode.AUTO else None
    if len(willing) == 1 and willing[0].cco_mode is CcoMode.ALWAYS:
        return willing[0]
    if obliged := [other for other in willing if other.cco_mode is CcoMode.ALWAYS]:
        return min(obliged, key=lambda cco: adapter.line.attenuation_db(adapter, cco) or 0.0)
    if mode is CcoMode.AUTO:
        return min([adapter, *willing], key=lambda cco: cco.mac)
    elected = [other for other in willing if coordinator(other, now) is other]
    return min(elected, key=lambda cco: cco.mac, default=None)


def network(adapter: VirtualAdapter, now: Ns) -> list[Member]:
    """The AVLN *adapter* is in, itself included, coordinator first; empty if it is in none or alone in its own."""
    cco = coordinator(adapter, now)
    if cco is None:
        return []
    stations = [
        other
        for other in cco.heard_adapters()
        if other.cco_mode is not CcoMode.ALWAYS and coordinator(other, now) is cco
    ]
    return [Member(each, tei) for tei, each in enumerate([cco, *stations], 1)] if stations else []


def snid(nid: Nid) -> int:
    """A short network identifier. How coordinators choose theirs is not known; this one depends on the NID alone."""
    return sum(nid) % 15 + 1
