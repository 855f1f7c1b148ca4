"""After a match with Debian's `pev` and `evse`: SDP between our stations and a program on the kernel's own sockets.

The kernel judges what tshark cannot: it drops what has a wrong checksum or comes for somebody else, and sends nothing
before neighbour discovery has found the other side.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cable_yard import EVSE_HOST, PEV_HOST, Yard

from bench.net import RouterSolicitation, Tcp, link_local
from bench.sdp.events import Answered
from bench.units import s
from conftest import Running, Start, require

KERNEL_SDP = str(Path(__file__).with_name("kernel_sdp.py"))


@pytest.fixture
def yard(tmp_path: Path, start: Start) -> Iterator[Yard]:
    require("pev", "evse", "ip")
    made = Yard(tmp_path, start)
    yield made
    made.close()


def beside(yard: Yard, role: str) -> Running:
    """The program on sockets, on the interface of the one that does SLAC."""
    (jack,), (namespace,) = yard.jacks, yard.namespaces
    return yard.start(sys.executable, KERNEL_SDP, role, jack.tap.name, netns=namespace.name)


def test_a_car_on_sockets_finds_our_station_and_is_refused_there(yard: Yard) -> None:
    """The answer passes the kernel's checks, our station answers its neighbour solicitation, and resets TCP."""
    evse = yard.our_evse()
    evse.prepare()
    evse.pilot.set_duty_cycle_pct(5.0)
    yard.pilot.pev.plug_in()
    yard.foreign("pev", PEV_HOST, charge_time_s=12)
    evse.wait_matched(within=s(20), sut="Debian's pev")

    car = beside(yard, "evcc")
    evse.wait_asked(sut="the car on sockets")
    yard.pump.run(lambda: "}" in car.read(), evse.now() + s(5))

    saw = json.loads(car.text)
    assert saw == {
        "requests": saw["requests"],
        "header": "01fe900100000014",
        "from": str(evse.sdp.address),
        "from_port": 15118,
        "address": str(evse.sdp.address),
        "port": evse.sdp.settings.port,
        "security": 0x10,
        "transport": 0,
        "connection": "refused",
    }
    assert {event.evcc_mac for event in evse.happened(Answered)} == {PEV_HOST}
    assert evse.wire.seen(Tcp)


def test_our_car_finds_a_station_on_sockets(yard: Yard) -> None:
    """The kernel hears our multicast, finds us by neighbour discovery, and its answer is taken."""
    pev = yard.our_pev()
    pev.prepare()
    evse = yard.foreign("evse", EVSE_HOST, "-l", charge_time_s=12)
    yard.pump.run(lambda: "Waiting" in evse.read() or "Unoccupied" in evse.read(), yard.clock.now() + s(10))
    yard.pilot.evse.set_duty_cycle_pct(5.0)
    pev.plug_in()
    pev.wait_matched(within=s(20), sut="Debian's evse")

    station = beside(yard, "secc")
    found = pev.wait_discovered(sut="the station on sockets")
    yard.pump.run(lambda: "}" in station.read(), pev.now() + s(2))

    saw = json.loads(station.text)
    assert saw == {
        "request": "01fe9000000000021000",
        "from": str(pev.sdp.address),
        "address": str(link_local(EVSE_HOST)),
    }
    assert (str(found.secc.secc_address), found.secc.secc_port, found.secc_mac) == (saw["address"], 61851, EVSE_HOST)


def test_what_the_kernel_says_by_itself_disturbs_nothing(yard: Yard) -> None:
    """Its router solicitations and listener reports come in among ours, and are no request."""
    evse = yard.our_evse()
    evse.prepare()
    evse.pilot.set_duty_cycle_pct(5.0)
    yard.pilot.pev.plug_in()
    yard.foreign("pev", PEV_HOST, charge_time_s=8)
    evse.wait_link(sut="Debian's pev")

    yard.pump.run(lambda: bool(evse.wire.seen(RouterSolicitation)), evse.now() + s(6))

    assert evse.wire.seen(RouterSolicitation)
    assert not evse.happened(Answered)


def test_a_simulated_car_finds_a_station_on_sockets_and_knocks_at_its_port(yard: Yard) -> None:
    """Nobody listens there: the kernel's reset ends it, after a connection that it would have taken."""
    evse = yard.foreign("evse", EVSE_HOST, "-l", charge_time_s=12)
    yard.pump.run(lambda: "Waiting" in evse.read() or "Unoccupied" in evse.read(), yard.clock.now() + s(10))
    yard.pilot.evse.set_duty_cycle_pct(5.0)
    car = yard.simulated_car("tesla-modely")
    car.plug_in()
    yard.pump.run(lambda: car.state.in_network, yard.clock.now() + s(20))

    station = beside(yard, "secc")
    yard.pump.run(lambda: car.discovery is not None and car.discovery.refused, yard.clock.now() + s(15))

    assert car.station is not None
    assert (car.station.mac, car.station.port) == (EVSE_HOST, 61851)
    assert car.discovery is not None
    assert car.discovery.refused
    assert json.loads(station.read())["from"] == str(link_local(PEV_HOST))


def test_a_car_on_sockets_finds_a_simulated_station(yard: Yard) -> None:
    """pyPLC's: port 15118, after its usual 58 ms and more."""
    charger = yard.simulated_charger("pyplc-foccci")
    yard.pump.run_for(s(8))
    yard.foreign("pev", PEV_HOST, charge_time_s=12)
    yard.pilot.pev.plug_in()
    yard.pump.run(lambda: charger.matched is not None and charger.adapter.joined_to() != [], yard.clock.now() + s(30))

    car = beside(yard, "evcc")
    yard.pump.run(lambda: "}" in car.read(), yard.clock.now() + s(8))

    saw = json.loads(car.text)
    assert (saw["address"], saw["from"]) == (str(link_local(EVSE_HOST)), str(link_local(EVSE_HOST)))
    assert (saw["port"], saw["connection"]) == (charger.sdp.port, "refused")
