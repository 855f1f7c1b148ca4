"""Debian's `pev` and `evse`, and pyslac, against our stations and each other, through our powerline, in real time.

`pev` and `evse` are the demonstration programs of the modems' maker, pyslac is a station in Python; they share no line
with us.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.clock import SystemClock
from bench.drivers.namespace import Namespace
from bench.drivers.tap_port import Tap, TapJack
from bench.ids import MacAddress
from bench.profiles import adapter
from bench.pump import Pump
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.pilot import PilotLine
from bench.sim.port import SimPort
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.slac.events import Matched
from bench.slac.timers import C_EV_MATCH_MNBC
from bench.station import EvseStation, PevStation, new_network
from bench.trace import Trace
from bench.units import s
from bench.wire import Wire
from conftest import Running, Start, require, unique

EVSE_HOST, PEV_HOST = MacAddress(b"\x02\0\0\0\xe5\xe1"), MacAddress(b"\x02\0\0\0\x0e\x51")
INI = {
    "pev": "[default]\nsettle time = 0\ncharge time = {charge_time_s}\nmsound pause = 20\nattenuation threshold = 40\n"
    "network membership key = 50D3E4933F855B7040784DF815AA8DB7\nnetwork identifier = B0F2E695666B03\n"
    "vehicle identifier = 0000000000000000000000000000000000\n",
    "evse": "[default]\nsettle time = 0\ncharge time = {charge_time_s}\n"
    "response type = 1\nnumber of sounds = 10\ntime to sound = 6\n"
    "network membership key = B59319D7E8157BA001B018669CCEE30D\nnetwork identifier = 026BCBA5354E08\n"
    "station identifier = 0000000000000000000000000000000000\n",
}


class Yard:
    """One cable on the system clock; each end is one of our stations or a TAP interface in a namespace of its own."""

    def __init__(self, tmp_path: Path, start: Start, *, db: float = 25.0, evse_modem: str = "qca7005-evse") -> None:
        self.tmp_path, self.start = tmp_path, start
        self.clock = SystemClock()
        self.world = World(self.clock, seed=1)
        self.pump = Pump(self.clock)
        self.pump.participants.append(self.world)
        self.trace = Trace()
        self.pilot = PilotLine(self.world)
        line = Powerline(self.world)
        self.modems = {
            "evse": self._modem(line, evse_modem, ModemRole.EVSE, b"\xe5"),
            "pev": self._modem(line, "qca7005-car", ModemRole.PEV, b"\x0e"),
        }
        line.set_attenuation(self.modems["evse"], self.modems["pev"], db)
        self.jacks: list[TapJack] = []
        self.namespaces: list[Namespace] = []

    def _modem(self, line: Powerline, profile: str, role: ModemRole, last: bytes) -> VirtualAdapter:
        data = adapter(profile)
        mac = MacAddress((data.mac_prefix + b"\1\2\3\4\5\6")[:5] + last)
        return VirtualAdapter(self.world, line, data, mac=mac, role=role, name=f"{role.value} modem")

    def _wire(self, role: str, host: MacAddress) -> Wire:
        port = SimPort(self.world, self.modems[role], name=role, mac=host)
        return Wire(port, self.trace, self.pump)

    def our_evse(self) -> EvseStation:
        station = EvseStation(self._wire("evse", EVSE_HOST), self.pilot.evse, new_network(random.Random(1)))
        self.pump.participants.append(station)
        return station

    def our_pev(self) -> PevStation:
        station = PevStation(self._wire("pev", PEV_HOST), self.pilot.pev, random.Random(2))
        self.pump.participants.append(station)
        return station

    def foreign(self, role: str, mac: MacAddress, *options: str, charge_time_s: int = 0) -> Running:
        """Debian's program of this role, on a TAP interface that leads to our virtual modem.

        It stays in the network for *charge_time_s*, then it takes its old key back.
        """
        ini = self.tmp_path / f"{role}.ini"
        ini.write_text(INI[role].format(charge_time_s=charge_time_s))
        return self._start(role, mac, lambda interface: (role, "-i", interface, "-p", str(ini), *options))

    def program(self, role: str, mac: MacAddress, *command: str) -> Running:
        """Any program that takes the interface as its last argument."""
        return self._start(role, mac, lambda interface: (*command, interface))

    def _start(self, role: str, mac: MacAddress, command: Callable[[str], tuple[str, ...]]) -> Running:
        namespace, name = Namespace(unique("ns")), unique("plc")
        self.namespaces.append(namespace)
        jack = TapJack(Tap(name, mac, namespace), self.modems[role], self.clock)
        self.jacks.append(jack)
        self.pump.participants.append(jack)
        return self.start(*command(name), netns=namespace.name)

    def run_until_ended(self, *programs: Running, within: float = 25) -> None:
        def ended() -> bool:
            return all((program.read(), program.process.poll())[1] is not None for program in programs)

        assert self.pump.run(ended, self.clock.now() + s(within)), [program.text for program in programs]

    def close(self) -> None:
        for jack in self.jacks:
            jack.close()
        for namespace in self.namespaces:
            namespace.close()


@pytest.fixture
def yard(tmp_path: Path, start: Start) -> Iterator[Yard]:
    require("pev", "evse", "ip")
    made = Yard(tmp_path, start)
    yield made
    made.close()


def test_debians_pev_is_matched_by_our_evse(yard: Yard) -> None:
    """One START, ten sounds of 64 octets, ids and all: our EVSE hears them and gives it the network."""
    evse = yard.our_evse()
    evse.prepare()
    evse.pilot.set_duty_cycle_pct(5.0)
    yard.pilot.pev.plug_in()

    pev = yard.foreign("pev", PEV_HOST, charge_time_s=6)
    match = evse.wait_matched(within=s(20), sut="Debian's pev")
    evse.wait_link(sut="Debian's pev")
    yard.run_until_ended(pev)

    assert (match.pev_mac, match.sounds_heard) == (PEV_HOST, C_EV_MATCH_MNBC)
    assert pev.process.returncode == 0, pev.text
    assert "MatchedState" in pev.text


def test_our_pev_is_matched_by_debians_evse(yard: Yard) -> None:
    """A report of 326 octets, ids of letters: our PEV takes them and joins the network it is given."""
    pev = yard.our_pev()
    pev.prepare()
    evse = yard.foreign("evse", EVSE_HOST, "-l", charge_time_s=8)
    yard.pump.run(lambda: "Waiting" in evse.read() or "Unoccupied" in evse.read(), yard.clock.now() + s(10))
    yard.pilot.evse.set_duty_cycle_pct(5.0)

    pev.plug_in()
    match: Matched = pev.wait_matched(within=s(20), sut="Debian's evse")
    pev.wait_link(sut="Debian's evse")
    yard.run_until_ended(evse)

    assert evse.process.returncode == 0, evse.text
    assert match.evse_mac == EVSE_HOST
    assert match.network.nid.hex() == "026bcba5354e08"
    assert match.average_db is not None
    assert 20 < match.average_db < 30


def test_debians_pev_and_evse_match_through_our_powerline(yard: Yard) -> None:
    """Both ends foreign: only the modems and the powerline between them are ours."""
    evse = yard.foreign("evse", EVSE_HOST, "-l")
    yard.pump.run(lambda: "Waiting" in evse.read() or "Unoccupied" in evse.read(), yard.clock.now() + s(10))

    pev = yard.foreign("pev", PEV_HOST, charge_time_s=8)
    joined = yard.pump.run(lambda: bool(yard.modems["pev"].joined_to()), yard.clock.now() + s(30))
    assert joined, (pev.text, evse.text)
    yard.run_until_ended(pev, evse)

    assert "MatchedState" in pev.text
    assert (pev.process.returncode, evse.process.returncode) == (0, 0), (pev.text, evse.text)


def test_debians_pev_refuses_an_attenuation_above_its_limit(tmp_path: Path, start: Start) -> None:
    """55 dB on the powerline, 40 dB its threshold: it says so and does not ask to be matched."""
    require("pev", "ip")
    yard = Yard(tmp_path, start, db=55.0)
    evse = yard.our_evse()
    evse.prepare()
    evse.pilot.set_duty_cycle_pct(5.0)
    yard.pilot.pev.plug_in()
    try:
        pev = yard.foreign("pev", PEV_HOST)
        refused = yard.pump.run(lambda: "more than limit" in pev.read(), yard.clock.now() + s(20))
        assert refused, pev.text
        assert "(55)" in pev.text
        assert evse.matched() is None
    finally:
        yard.close()


def test_debians_evse_with_a_tp_link_has_nothing_to_report(tmp_path: Path, start: Start) -> None:
    """Profiles of zero groups become a mean of 0, and Debian's pev finds nothing to analyse."""
    require("pev", "evse", "ip")
    yard = Yard(tmp_path, start, evse_modem="tplink-tlpa4010p")
    try:
        evse = yard.foreign("evse", EVSE_HOST)
        yard.pump.run(lambda: "Waiting" in evse.read() or "Unoccupied" in evse.read(), yard.clock.now() + s(10))
        yard.pump.run_for(s(7))
        pev = yard.foreign("pev", PEV_HOST)
        said = yard.pump.run(lambda: "Nothing to analyse" in pev.read(), yard.clock.now() + s(20))
        assert said, (pev.text, evse.text)
    finally:
        yard.close()


def test_our_pev_is_matched_by_pyslacs_evse(yard: Yard) -> None:
    """The Python station that others run in the field: it waits for our car, reports and gives its network."""
    python = Path(__file__).parents[2] / ".venv-pyslac" / "bin" / "python"
    assert python.exists(), "pyslac is not installed: `make interop` does it"
    pev = yard.our_pev()
    pev.prepare()
    station = yard.program("evse", EVSE_HOST, str(python), str(Path(__file__).with_name("pyslac_evse.py")))
    assert yard.pump.run(lambda: "key set" in station.read(), yard.clock.now() + s(25)), station.text
    yard.pilot.evse.set_duty_cycle_pct(5.0)

    pev.plug_in()
    match = pev.wait_matched(within=s(20), sut="pyslac")
    pev.wait_link(sut="pyslac")
    yard.run_until_ended(station)

    assert "matched" in station.text.splitlines()[-1], station.text
    assert match.evse_mac == EVSE_HOST
    assert match.sounds_heard == C_EV_MATCH_MNBC
    assert f"key set {match.network.nid.hex()}" in station.text
