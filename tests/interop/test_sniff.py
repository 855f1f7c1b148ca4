"""`bench sniff` on interfaces of the kernel: what a listener hears, files that tshark reads, a key that comes back."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.clock import SystemClock
from bench.drivers.namespace import Namespace
from bench.drivers.tap_port import Tap, TapJack
from bench.ids import BROADCAST, MacAddress, Nmk
from bench.mme import CmSetKeyReq, Frame, decode, is_homeplug
from bench.profiles import Spread, adapter, charger, vehicle
from bench.pump import Pump
from bench.sim.adapter import ModemRole, VirtualAdapter
from bench.sim.car import SimCar
from bench.sim.charger import SimCharger, first_key
from bench.sim.pilot import PilotLine
from bench.sim.powerline import Powerline
from bench.sim.world import World
from bench.units import ms, s
from conftest import BENCH, Running, Start, require, run, unique

HOST = MacAddress(b"\x02\0\0\0\x05\x0f")
OWN_NMK = Nmk(bytes.fromhex("0f1e2d3c4b5a69788796a5b4c3d2e1f0"))
SOON = Spread(ms(500), ms(500), ms(500), 0, "so that the test is short")
"""From a new key to the network."""
READY = "Ctrl-C ends it."
CAR = {"0x6064", "0x606a", "0x6076", "0x606f", "0x607c"}
STATION = {"0x6065", "0x606e", "0x607d"}
PROFILES = {"0x6086", "0xa14e"}
"""MMTYPEs, as tshark prints them."""
EVSE_INI = """[default]
station identifier = 0000000000000000000000000000000000
network membership key = B59319D7E8157BA001B018669CCEE30D
network identifier = 026BCBA5354E08
number of sounds = 10
time to sound = 6
response type = 1
charge time = 0
settle time = 0
"""


class Street:
    """A simulated car at a simulated station, and a third adapter whose jack is a TAP interface."""

    def __init__(self, start: Start, role: ModemRole, profile: str = "qca7005-evse") -> None:
        self.start = start
        self.clock = SystemClock()
        self.world = World(self.clock, seed=5)
        self.pump = Pump(self.clock)
        self.pump.participants.append(self.world)
        line, cable = Powerline(self.world), PilotLine(self.world)
        station_data, car_data = charger("alpitronic"), vehicle("hyundai-ioniq28")
        self.nmk, _ = first_key(self.world, station_data)
        modems = [
            self._modem(line, station_data.modem, ModemRole.EVSE, 0xE5, self.nmk),
            self._modem(line, car_data.modem, ModemRole.PEV, 0x0E),
            self._modem(line, profile, role, 0x1F, OWN_NMK),
        ]
        station_modem, car_modem, self.modem = modems
        for a, b in ((0, 1), (0, 2), (1, 2)):
            line.set_attenuation(modems[a], modems[b], 30.0)
        SimCharger(self.world, station_data, station_modem, cable.evse)
        self.car = SimCar(self.world, car_data, car_modem, cable.pev)
        self.sent: list[Frame] = []
        self._listen_to_the_jack()
        self.namespace, self.interface = Namespace(unique("ns")), unique("sn")
        self.jack = TapJack(Tap(self.interface, HOST, self.namespace), self.modem, self.clock)
        self.pump.participants.append(self.jack)

    def _modem(
        self, line: Powerline, profile: str, role: ModemRole, last: int, nmk: Nmk | None = None
    ) -> VirtualAdapter:
        data = adapter(profile)
        data = replace(data, set_key=replace(data.set_key, joined_as_station=SOON, joined_as_cco=SOON))
        mac = MacAddress((data.mac_prefix + b"\1\2\3\4\5\6")[:5] + bytes([last]))
        return VirtualAdapter(self.world, line, data, mac=mac, role=role, name=f"modem {last:x}", nmk=nmk)

    def _listen_to_the_jack(self) -> None:
        """Every management message that reaches the adapter, whatever the recording says."""
        into = self.modem.from_host

        def noted(octets: bytes) -> None:
            if is_homeplug(octets):
                self.sent.append(decode(octets))
            into(octets)

        self.modem.from_host = noted  # type: ignore[method-assign]

    def sniff(self, *options: str) -> Running:
        running = self.start(*BENCH, "sniff", "-i", self.interface, *options, netns=self.namespace.name)
        self.until(lambda: READY in running.read() or '"announced"' in running.read(), running)
        return running

    def until(self, holds, running: Running, within: float = 20) -> None:
        assert self.pump.run(lambda: bool(holds()), self.clock.now() + s(within)), running.read()

    def ended(self, running: Running) -> int:
        self.until(lambda: (running.read(), running.process.poll())[1] is not None, running)
        return running.wait()

    def close(self) -> None:
        self.jack.close()
        self.namespace.close()


@pytest.fixture
def street(start: Start, monkeypatch, tmp_path) -> Iterator:
    """`street(ModemRole.PEV)`"""
    require("tshark", "ip")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    made: list[Street] = []

    def make(role: ModemRole, *profile: str) -> Street:
        made.append(Street(start, role, *profile))
        return made[-1]

    yield make
    for each in made:
        each.close()


class Seen(NamedTuple):
    """A frame as tshark reads it; *malformed* is empty if it could."""

    time: str
    src: str
    dst: str
    mmtype: str
    malformed: str


FIELDS = ("frame.time_epoch", "eth.src", "eth.dst", "homeplug_av.mmhdr.mmtype", "_ws.malformed")


def tshark(*files: Path) -> list[Seen]:
    """Every frame of *files*."""
    chosen = [word for field in FIELDS for word in ("-e", field)]
    found = []
    for path in files:
        done = run("tshark", "-r", str(path), "-T", "fields", *chosen)
        assert done.returncode == 0, done.stderr
        found += [Seen(*line.split("\t")) for line in done.stdout.splitlines()]
    return found


def types_heard(frames: list[Seen]) -> set[str]:
    """MMTYPEs of SLAC in frames that this computer did not send."""
    return {frame.mmtype for frame in frames if frame.src != str(HOST)} & (CAR | STATION | PROFILES)


def objects(running: Running) -> list[dict]:
    return [json.loads(line) for line in running.read().splitlines()]


def test_an_evse_configured_listener_hears_the_car_and_its_own_modem(street, tmp_path):
    """SUT: bench sniff. What it announced, what it tells in the end and what tshark finds in its files are one."""
    here = street(ModemRole.EVSE)
    sniff = here.sniff("-w", str(tmp_path / "night.pcapng"), "--rotate-mb", "0.015", "--json")
    here.car.plug_in()
    here.until(lambda: here.car.matched, sniff)
    here.pump.run_for(ms(300))

    sniff.signal(signal.SIGTERM)

    assert here.ended(sniff) == 0
    told = objects(sniff)
    begin, end = told[0], told[-1]
    assert begin["role"] == "evse"
    assert {each["side"] for each in begin["statements"] if each["shown"]} == {"car", "own_modem"}
    assert (end["ended"], end["announced_not_seen"], end["seen_not_announced"]) == ("SIGTERM", [], [])
    assert (end["drops"], end["attempts"]) == ({"ring": 0, "interface": 0}, 1)
    assert {str(frame.dst) for frame in here.sent} == {str(here.modem.mac), "00:b0:52:00:00:01"}
    assert not any(isinstance(frame.mme, CmSetKeyReq) for frame in here.sent)
    files = sorted(tmp_path.glob("night-*.pcapng"))
    assert (end["files"], len(files) >= 2) == ([str(path) for path in files], True)
    frames = tshark(*files)
    assert types_heard(frames) == CAR | PROFILES
    times = [frame.time for frame in frames]
    assert (len(times), times) == (end["frames"], sorted(times))
    assert any(not each.endswith("000") for each in times)
    assert not any(frame.malformed for frame in frames)


def test_a_pev_configured_listener_hears_the_station_until_the_match(street, tmp_path):
    """SUT: bench sniff --until matched. The confirmation for somebody else ends it with 0; no key is in clear."""
    path = tmp_path / "a.pcapng"
    here = street(ModemRole.PEV, "tplink-tlpa4010p")
    sniff = here.sniff("-w", str(path), "--until", "matched", "--until", "30")
    here.car.plug_in()

    assert here.ended(sniff) == 0
    assert types_heard(tshark(path)) == STATION | {"0xa14e"}
    assert "set up as car: slac_enable 1 (pev), cco_mode 1 (never)" in sniff.text
    assert "Ended after" in sniff.text
    assert here.nmk.hex() not in sniff.text
    assert bytes(here.nmk) not in path.read_bytes()
    assert bytes(OWN_NMK) not in path.read_bytes()


def test_join_makes_the_listener_a_member_and_sigterm_gives_the_old_key_back(street, tmp_path):
    """SUT: bench sniff --join. The key goes to the own adapter by its address; nothing is ever sent to everybody."""
    path = tmp_path / "a.pcapng"
    here = street(ModemRole.PEV)
    sniff = here.sniff("-w", str(path), "--join")
    here.car.plug_in()
    here.until(lambda: len(here.modem.joined_to()) == 2, sniff)
    here.until(lambda: "this adapter is now in network NID" in sniff.read(), sniff)
    assert here.modem.nmk == here.nmk

    sniff.signal(signal.SIGTERM)

    assert here.ended(sniff) == 0
    assert here.modem.nmk == OWN_NMK
    assert f"{here.modem.mac} has its old key again" in sniff.text
    keys = [frame for frame in here.sent if isinstance(frame.mme, CmSetKeyReq)]
    assert [(frame.dst, frame.mme.nmk) for frame in keys] == [
        (here.modem.mac, here.nmk),
        (here.modem.mac, OWN_NMK),
    ]
    assert BROADCAST not in {frame.dst for frame in here.sent}
    written = [frame.dst for frame in tshark(path) if frame.mmtype == "0x6008"]
    assert written == [str(here.modem.mac)] * 2


def test_a_program_on_this_computer_is_recorded_with_both_directions(start, tmp_path):
    """SUT: bench sniff beside Debian's evse. The match is whole, and bench analyze sees the station's side of it."""
    require("evse")
    path, interface = tmp_path / "a.pcapng", unique("sn")
    (tmp_path / "evse.ini").write_text(EVSE_INI)
    start(*BENCH, "sim", "up", "--evse", interface, "--car", "hyundai-ioniq28").wait_for(READY)
    sniff = start(*BENCH, "sniff", "-i", interface, "-w", str(path), "--until", "matched", "--until", "20")
    sniff.wait_for(READY)

    start("evse", "-i", interface, "-p", "evse.ini", cwd=tmp_path)

    assert sniff.wait() == 0
    assert "CM_SLAC_MATCH.CNF, sent by this computer" in sniff.text
    analysed = json.loads(run(*BENCH, "analyze", str(path), "--json").stdout)
    (attempt,) = [each for each in analysed["slac"]["attempts"] if each["counts"]["match_cnf"]]
    assert attempt["visibility"] == {"pev_frames": True, "evse_frames": True}
    assert attempt["counts"]["mnbc_sound"] == 10


def test_no_match_is_status_1_and_a_second_recording_is_refused(start, tmp_path):
    """SUT: bench sniff. One interface, one recording; a file that is there stays as it is."""
    interface, path = unique("sn"), tmp_path / "a.pcapng"
    path.write_text("precious")
    start(*BENCH, "sim", "up", "--pev", interface).wait_for(READY)
    first = start(*BENCH, "sniff", "-i", interface, "--until", "matched", "--until", "600")
    first.wait_for(READY)

    second = run(*BENCH, "sniff", "-i", interface)

    assert (second.returncode, second.stdout) == (2, "")
    assert "is in use by another program" in second.stderr
    assert second.stderr.count("\n") == 1
    first.signal(signal.SIGTERM)
    assert first.wait() == 1
    third = run(*BENCH, "sniff", "-i", interface, "-w", str(path))
    assert (third.returncode, path.read_text()) == (2, "precious")
    assert third.stderr == f"bench sniff: {path}: is there already and is not overwritten; give another name\n"


def test_a_reader_that_goes_ends_it_quietly(start):
    """SUT: bench sniff | head."""
    interface = unique("sn")
    start(*BENCH, "sim", "up", "--pev", interface).wait_for(READY)

    done = run("sh", "-c", f"{' '.join(BENCH)} sniff -i {interface} | head -1", timeout_s=20)

    assert done.stdout.startswith(f"{interface}: QCA7000/7005")
    assert done.stderr == ""
