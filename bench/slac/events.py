"""What a SLAC machine reports: values, in the order things happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bench.ids import MacAddress, Nid, Nmk, RunId
from bench.machine import Ignored, StateChanged
from bench.units import Ns


@dataclass(frozen=True, slots=True)
class Network:
    """The logical network (AVLN) a match leads into."""

    nid: Nid
    nmk: Nmk


def run_name(run_id: RunId, pev_mac: MacAddress | None = None) -> str:
    """What an attempt is called in *who*: an EVSE says whose it is."""
    return f"run {run_id}" if pev_mac is None else f"{pev_mac} run {run_id}"


@dataclass(frozen=True, slots=True)
class Matched:
    """CM_SLAC_MATCH.CNF was sent (EVSE) or received (PEV); the link is still to come.

    sounds_heard  num_sounds of CM_ATTEN_CHAR.IND: the sounds its average stands for
    average_db    mean over the groups of CM_ATTEN_CHAR.IND; None if it has none
    """

    t: Ns
    pev_mac: MacAddress
    evse_mac: MacAddress
    run_id: RunId
    sounds_heard: int
    average_db: float | None
    network: Network


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The modems see each other in the new network. *after*: since CM_SLAC_MATCH.CNF."""

    t: Ns
    after: Ns


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The network of a match is gone, or the pilot says that it is to be left."""

    t: Ns
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """One matching attempt is over without a link. The machine may go on with another."""

    t: Ns
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Nothing more will be tried until a new trigger on the pilot."""

    t: Ns
    why: str


@dataclass(frozen=True, slots=True)
class PilotWanted:
    """An EVSE asks its pilot for this duty cycle; None is state E. (AC EVSE without a request, V2G3-M06-07)"""

    t: Ns
    duty_cycle_pct: float | None
    why: str


Event: TypeAlias = StateChanged | Ignored | Matched | LinkUp | LinkLost | AttemptFailed | GaveUp | PilotWanted
