"""The bench as a listener on a simulated rig: a car, a charging station, and an adapter beside them.

What that adapter hands to its computer is its family's and its role's business (`bench.sim.adapter.forwarding`), as it
would be with a real one.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.adapter import PlcAdapter
from bench.errors import AdapterError, ConfigError, PibError, did_you_mean
from bench.ids import MacAddress
from bench.profiles import adapter as adapter_profile
from bench.profiles import adapters
from bench.rig.config import ROLE_BY_FAMILY, ListenerTable, RigConfig, knows_no_role, why_not_in_role
from bench.rig.setup import Settings, SutChoice
from bench.rig.simulated import SimulatedBench
from bench.sim.adapter import ModemRole
from bench.sim.car import SimCar
from bench.sniff.hearing import Role, RoleRead, Statement, role_of, statements
from bench.units import Ns
from bench.wire import Wire

USUAL_ROLE = "pev"
"""Of a family that can be either: who listens wants the station's answers, the key among them."""
ROLES = {"evse": ModemRole.EVSE, "pev": ModemRole.PEV}
LISTENER_HOST = MacAddress(bytes.fromhex("020000000115"))
LISTENER_MODEM = bytes([0, 2, 0x15])
BESIDE_DB = 45.0
"""From the listener to either of the two. Assumed; a listener near a charging car hears it well."""


@dataclass(frozen=True, slots=True)
class Listener:
    """The simulated adapter of the listener. *role* NEITHER: as it left its factory, where its family knows no role."""

    family: str
    role: ModemRole


def listener_for(table: ListenerTable, family: str | None = None, role: str | None = None) -> Listener:
    """What the rig file says, unless the options *family* and *role* say otherwise. ConfigError."""
    if family is not None and family not in adapters():
        raise ConfigError(f"--listener: there is no {family!r}{did_you_mean(family, adapters())}")
    if role is not None and role not in ROLES:
        raise ConfigError(f"--listener-role: there is no {role!r}{did_you_mean(role, ROLES)}")
    chosen = family or table.adapter
    if why := why_not_in_role(chosen, role):
        raise ConfigError(f"--listener-role: {why}")
    if knows_no_role(chosen):
        return Listener(chosen, ModemRole.NEITHER)
    # A role in the file belongs to the family in the file.
    in_file = table.role if chosen == table.adapter else None
    usual: str = ROLE_BY_FAMILY.get(chosen) or USUAL_ROLE
    return Listener(chosen, ROLES[role or in_file or usual])


class SimulatedScene(SimulatedBench):
    """A car at a charging station, both simulated; *wire* is all the bench has of them.

    car        its plug is a person's
    real_time  False: on the virtual clock, where nobody watches
    """

    def __init__(
        self, config: RigConfig, vehicle: str, charger: str, listener: Listener, *, real_time: bool = True
    ) -> None:
        super().__init__(config, SutChoice("pev", vehicle, ()), Settings(), "listening", real_time=real_time)
        self.car: SimCar = self._car()
        self.choice = SutChoice("evse", charger, ())
        self._charger()
        self._couple_by_the_cable()
        profile = adapter_profile(listener.family)
        self.listener_modem = self._adapter(profile, LISTENER_MODEM, listener.role, "listener.adapter")
        for other in (self.evse_modem, self.pev_modem):
            self.line.set_attenuation(self.listener_modem, other, BESIDE_DB)
        self.wire = Wire(self._in_memory(self.listener_modem, "listener", LISTENER_HOST), self.trace, self.pump)


def what_it_shows(adapter: PlcAdapter) -> list[Statement]:
    """Ask *adapter* what it is and what it is set up as. AdapterError: it does not say what it is."""
    identity = adapter.identify()
    try:
        role = role_of(adapter.read_pib())
    except (AdapterError, PibError) as error:
        role = RoleRead(Role.UNREAD, f"its parameters were not read: {error}")
    return statements(identity.device_class, identity.version, role)


class Ear:
    """The participant who reads a wire. What came stands in the trace, and is told to whoever asked."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def next_deadline(self) -> Ns | None:
        return self._wire.next_deadline()

    def busy(self) -> bool:
        return self._wire.arrived()

    def wake(self, now: Ns) -> None:
        self._wire.take()
        self._wire.wake(now)
