"""The adapter as a device: Ethernet jack, powerline, power."""

from __future__ import annotations

import enum
from collections.abc import Callable

from bench.ids import MacAddress, Nid, Nmk
from bench.profiles.adapter import AdapterProfile
from bench.sim.powerline import Powerline
from bench.sim.world import World


class ModemRole(enum.Enum):
    """How the parameter block configures it: CCo selection and SLAC mode."""

    EVSE = "evse"  # CCo 2, SLAC 2: coordinates the AVLN
    PEV = "pev"  # CCo 1, SLAC 1: joins as a station


class VirtualAdapter:
    """*nmk* None: a key that no other adapter has, as left over from an earlier session; *nid* None: derived from nmk.

    scatter   draw durations from the spreads of the profile instead of taking their medians
    """

    name: str
    mac: MacAddress
    role: ModemRole
    profile: AdapterProfile
    nmk: Nmk
    nid: Nid

    def __init__(
        self,
        world: World,
        line: Powerline,
        profile: AdapterProfile,
        *,
        mac: MacAddress,
        role: ModemRole,
        name: str,
        nmk: Nmk | None = None,
        nid: Nid | None = None,
        scatter: bool = False,
    ) -> None: ...

    def attach_host(self, receive: Callable[[bytes], None]) -> None:
        """Plug a computer into the Ethernet jack; *receive* gets every frame that comes out of it."""
        ...

    def from_host(self, octets: bytes) -> None:
        """A frame goes into the Ethernet jack."""
        ...

    def power(self, on: bool) -> None:
        """Cut or restore the mains. Booting takes the profile's time; keys survive."""
        ...

    @property
    def ready(self) -> bool:
        """Whether it is powered, booted and not restarting: answers its host."""
        ...

    def joined_to(self) -> set[VirtualAdapter]:
        """The other adapters in the same AVLN."""
        ...
