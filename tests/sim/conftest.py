"""A world on a virtual clock and the few things most tests of it need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

import pytest

from bench.clock import VirtualClock
from bench.ids import Dak, MacAddress, Nid, Nmk
from bench.mme import Frame, Mme, RawMme, decode, encode
from bench.profiles import AdapterProfile, adapter
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.port import SimPort
from bench.sim.powerline import ONE_WAY, Powerline
from bench.sim.world import World
from bench.units import Ns

EVSE_MODEM = MacAddress.parse("98:48:27:5a:3c:e4")
PEV_MODEM = MacAddress.parse("98:48:27:5a:3c:e6")
EVSE_HOST = MacAddress.parse("62:57:25:18:44:be")
PEV_HOST = MacAddress.parse("dc:0e:a1:11:67:08")


class Heard(NamedTuple):
    t: Ns
    frame: Frame

    @property
    def mme(self) -> Mme | RawMme:
        return self.frame.mme


class Stand:
    """One world, one powerline; adapters with a host each are added by name."""

    def __init__(self, *, seed: int = 0, delay: Ns = ONE_WAY, noise_db: float = 0.0, loss: float = 0.0) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, seed=seed)
        self.line = Powerline(self.world, delay=delay, noise_db=noise_db, loss=loss)
        self._addresses = count(1)

    def run_until(self, t: Ns) -> None:
        """Let everything happen that is due up to *t*, each thing at its own instant."""
        while (deadline := self.world.next_deadline()) is not None and deadline <= t:
            self.clock.wait(max(deadline, self.clock.now()))
            self.world.wake(self.clock.now())
        self.clock.wait(t)

    def run_for(self, duration: Ns) -> None:
        self.run_until(self.clock.now() + duration)

    def say(self, port: SimPort, dst: MacAddress, mme: Mme | RawMme) -> Ns:
        """Send a management message; the instant it left."""
        return port.send(encode(Frame(dst, port.mac, mme)))

    def heard(self, port: SimPort) -> list[Heard]:
        """The management messages that came in at *port*, decoded."""
        return [Heard(t, decode(octets)) for t, octets in port.receive()]

    def adapter(
        self,
        role: ModemRole,
        *,
        profile: str | AdapterProfile = "tplink-tlpa4010p",
        name: str | None = None,
        mac: MacAddress | None = None,
        nmk: Nmk | None = None,
        nid: Nid | None = None,
        dak: Dak | None = None,
        scatter: bool = False,
    ) -> VirtualAdapter:
        number = next(self._addresses)
        return VirtualAdapter(
            self.world,
            self.line,
            adapter(profile) if isinstance(profile, str) else profile,
            mac=mac or MacAddress(bytes([2, 0xAD, 0, 0, 0, number])),
            role=role,
            name=name or f"{role.value} modem {number}",
            nmk=nmk,
            nid=nid,
            dak=dak,
            scatter=scatter,
        )

    def host(self, modem: VirtualAdapter, mac: MacAddress | None = None) -> SimPort:
        return SimPort(
            self.world, modem, name=f"host of {modem.name}", mac=mac or MacAddress(b"\x02\xe0" + modem.mac[2:])
        )


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def make_stand() -> type[Stand]:
    return Stand


class Pair:
    """An EVSE's and a PEV's modem on one cable, a host at each."""

    def __init__(self, stand: Stand, *, nmk: Nmk | None = None) -> None:
        self.stand = stand
        self.evse = stand.adapter(ModemRole.EVSE, name="evse modem", mac=EVSE_MODEM, nmk=nmk)
        self.pev = stand.adapter(ModemRole.PEV, name="pev modem", mac=PEV_MODEM, nmk=nmk)
        stand.line.set_attenuation(self.evse, self.pev)
        self.evse_host = stand.host(self.evse, EVSE_HOST)
        self.pev_host = stand.host(self.pev, PEV_HOST)


@pytest.fixture
def pair(stand: Stand) -> Pair:
    """Two TL-PA4010P with keys of their own: they hear each other and are in no network."""
    return Pair(stand)


@pytest.fixture
def joined_pair(stand: Stand) -> Pair:
    """The same two with one key."""
    return Pair(stand, nmk=Nmk(bytes(range(16))))


@pytest.fixture
def from_dump() -> Callable[[str], bytes]:
    """Octets of a hex dump: lines of `offset  octets`, and `length n` where zeros fill the frame up to it."""

    def parse(dump: str) -> bytes:
        octets = b"".join(bytes.fromhex(line) for line in _dump_lines(dump))
        if length := re.search(r"length (\d+)", dump):
            octets = octets.ljust(int(length[1]), b"\0")
        return octets

    return parse


def _dump_lines(dump: str) -> Iterator[str]:
    for line in dump.splitlines():
        if match := re.match(r"\s*[0-9a-f]{4}  ((?:[0-9a-f]{2} ?)+)", line):
            yield match[1]
