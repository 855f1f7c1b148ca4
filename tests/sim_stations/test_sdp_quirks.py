"""Each quirk of SDP, of cars and of stations, shows what it names, and the others do not see it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from station_yard import EarAdapter, Station, Yard, awake, intervals

from bench.ids import MacAddress, nid_from_nmk, nmk_from_password
from bench.mme import CmSlacMatchCnf
from bench.net import (
    ALL_NODES,
    Ipv6,
    Ipv6Address,
    Ipv6Frame,
    NeighbourSolicitation,
    SdpRequest,
    SdpResponse,
    Security,
    Tcp,
    Udp,
    V2gtp,
    address_claim,
    encode,
    link_local,
    mac_of,
    multicast_mac,
    sdp_request,
    sdp_response,
    violations,
)
from bench.profiles import adapter
from bench.sim.adapter import ModemRole
from bench.sim.car import CarState
from bench.sim.car.conduct import OTHER_STATION
from bench.sim.charger.conduct import OTHER_CAR
from bench.sim.effects import breaks_checksum, changes_header, changes_sdp, withholds_sdp
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.units import ms, s

CAR = "vw-id3"
STATION = "everest-evsev2g-2023-04"
STRANGER = MacAddress(bytes.fromhex("02aaaaaaaaaa"))


def scene(*quirks: CarQuirk | ChargerQuirk, car_id: str = CAR, duration=s(10)) -> tuple[Yard, Station, Station]:
    """Car and station, each with those of *quirks* that are its own, from plug-in on."""
    yard = Yard()
    station = yard.charger(STATION, quirks={quirk for quirk in quirks if isinstance(quirk, ChargerQuirk)})
    car = yard.car(awake(car_id), station, quirks={quirk for quirk in quirks if isinstance(quirk, CarQuirk)})
    car.sim.plug_in()
    yard.run(duration)
    return yard, car, station


def wrong_in(frames: list) -> set[str]:
    """Fields of the frames that break a rule."""
    return {violation.field for _, frame in frames for violation in violations(frame)}


def first_request(car: Station) -> Ipv6Frame:
    return car.packets(SdpRequest, sent=True)[0][1]


def first_answer(station: Station) -> Ipv6Frame:
    return station.packets(SdpResponse, sent=True)[0][1]


@pytest.mark.parametrize(
    "edit",
    [
        changes_sdp(SdpResponse, security=Security.TLS),
        changes_header(SdpResponse, version=2),
        breaks_checksum(SdpResponse),
        withholds_sdp(SdpResponse),
    ],
)
def test_an_edit_of_answers_leaves_all_other_frames_alone(edit):
    request = sdp_request(STRANGER, link_local(STRANGER), 50000)
    answer = sdp_response(request, STRANGER, link_local(STRANGER), 61341)
    claim = address_claim(STRANGER, link_local(STRANGER))

    assert edit(request, 0) is request
    assert edit(claim, 0) is claim
    assert edit(answer, 0) != answer


# Cars


def test_never_asks_sdp():
    """It claims its address like every car, and then nothing comes."""
    _, car, station = scene(CarQuirk.NEVER_ASKS_SDP, duration=s(60))

    assert [type(frame.message) for _, frame in station.packets()] == [NeighbourSolicitation]
    assert car.sim.state is CarState.JOINED


def test_sdp_once_asks_once_and_is_deaf_after_250_ms():
    """Nobody answers in time; the answer that comes later finds nobody who listens."""
    _, car, _ = scene(CarQuirk.SDP_ONCE, ChargerQuirk.SDP_LATE)

    assert len(car.sdp(SdpRequest)) == len(car.sdp(SdpResponse)) == 1
    assert car.sim.state is CarState.UNSERVED
    assert car.notes("does not listen to the SDP answer")
    assert car.packets(Tcp) == []


def test_sdp_once_takes_an_answer_in_time():
    _, car, _ = scene(CarQuirk.SDP_ONCE)

    assert car.sim.state is CarState.FOUND


@pytest.mark.parametrize(("quirks", "pause"), [([], ms(250)), ([CarQuirk.SDP_HASTY], ms(100))], ids=str)
def test_sdp_hasty(quirks, pause):
    _, car, _ = scene(*quirks, ChargerQuirk.SDP_SILENT, duration=s(30))

    assert set(intervals(car.sdp(SdpRequest))) == {pause}
    assert len(car.sdp(SdpRequest)) == 50


def test_sdp_endless():
    _, car, _ = scene(CarQuirk.SDP_ENDLESS, ChargerQuirk.SDP_SILENT, duration=s(60))

    assert len(car.sdp(SdpRequest)) > 200
    assert car.sim.state is CarState.DISCOVERING


@pytest.mark.parametrize("car_id", ["vw-id3", "tesla-modely"])
def test_sdp_late(car_id):
    """40 s after CM_SLAC_MATCH.CNF, as the station sees it; where the car has a first frame, that comes as usual."""
    _, car, station = scene(CarQuirk.SDP_LATE, car_id=car_id, duration=s(60))
    confirmed = station.times(CmSlacMatchCnf)[-1]
    first = station.packets()[0][0] - confirmed

    assert station.sdp(SdpRequest)[0] - confirmed == s(40)
    assert (first < s(3)) is (car_id == "vw-id3")
    assert car.sim.state is CarState.FOUND


def test_sdp_wrong_version_of_a_car_is_not_answered():
    _, _, station = scene(CarQuirk.SDP_WRONG_VERSION)

    assert wrong_in(station.packets(SdpRequest)) == {"V2gtp.version", "V2gtp.inverse_version"}
    assert station.sdp(SdpResponse) == []
    assert station.notes("version or length of V2GTP is wrong")


@pytest.mark.parametrize("station_id", [STATION, "abb-terra53"])
def test_sdp_wrong_checksum_is_in_the_first_request_only(station_id):
    """pyPLC as car; most stations answer its second request, the Terra 53 the first."""
    yard = Yard()
    station = yard.charger(station_id)
    car = yard.car(awake("sim-pyplc"), station, quirks={CarQuirk.SDP_WRONG_CHECKSUM})
    car.sim.plug_in()
    yard.run_until(lambda: car.sim.state is CarState.FOUND)
    first, *others = station.packets(SdpRequest)

    assert wrong_in([first]) == {"Udp.checksum"}
    assert wrong_in(others) == set()
    assert len(others) == (0 if station_id == "abb-terra53" else 1)


def test_sdp_wrong_checksum_is_pyplc_s_own():
    """0x929D instead of 0x8367."""
    _, car, _ = scene(CarQuirk.SDP_WRONG_CHECKSUM)
    sent = first_request(car)
    right = replace(sent, packet=replace(sent.packet, payload=replace(sent.packet.payload, checksum=None)))
    difference = int.from_bytes(encode(sent)[60:62]) ^ int.from_bytes(encode(right)[60:62])

    assert difference == 0x929D ^ 0x8367


def test_sdp_borrowed_address():
    """All it says in IPv6 comes from the address of another station's MAC; it hears what is sent there."""
    _, car, station = scene(CarQuirk.SDP_BORROWED_ADDRESS)
    request = first_request(car)

    assert (request.src, mac_of(request.packet.src)) == (car.sim.mac, OTHER_STATION)
    assert wrong_in(car.packets(sent=True)) == set()
    assert station.sim.sdp.knocks == 1


def test_sdp_to_one_host():
    """A station answers it all the same; that the request is for ff02::1 is the car's duty."""
    _, car, station = scene(CarQuirk.SDP_TO_ONE_HOST)
    request = first_request(car)

    assert (request.dst, request.packet.dst) == (station.sim.mac, link_local(station.sim.mac))
    assert wrong_in(car.packets(SdpRequest)) == {"Ipv6.dst"}
    assert car.sim.state is CarState.FOUND


@pytest.mark.parametrize("car_id", [CAR, "vw-idbuzz"])
def test_insists_on_tls(car_id):
    """50 requests, 50 times "no TLS", and it gives up."""
    _, car, _ = scene(CarQuirk.INSISTS_ON_TLS, car_id=car_id, duration=s(40))

    assert {frame.message.security for _, frame in car.packets(SdpRequest)} == {Security.TLS}
    assert len(car.sdp(SdpRequest)) == len(car.sdp(SdpResponse)) == 50
    assert (car.sim.state, car.packets(Tcp)) == (CarState.UNSERVED, [])


GLOBAL = Ipv6Address.parse("2001:db8::1")


def strange_answers(car: Station) -> dict[str, Ipv6Frame]:
    """No car may take these: for another address, for another computer, an address beyond the link, other security."""
    answer = SdpResponse(link_local(STRANGER), 4711)
    to_car = Ipv6(
        link_local(STRANGER), link_local(car.sim.mac), Udp(15118, first_request(car).packet.payload.src_port, b"")
    )

    def frame(dst_mac: MacAddress, dst: Ipv6Address, response: SdpResponse) -> Ipv6Frame:
        udp = replace(to_car.payload, payload=V2gtp(response))
        return Ipv6Frame(dst_mac, STRANGER, replace(to_car, dst=dst, payload=udp))

    own = link_local(car.sim.mac)
    return {
        "another address": frame(car.sim.mac, link_local(OTHER_CAR), answer),
        "another computer": frame(OTHER_CAR, link_local(OTHER_CAR), answer),
        "everybody": frame(multicast_mac(ALL_NODES), ALL_NODES, answer),
        "not link-local": frame(car.sim.mac, own, replace(answer, secc_address=GLOBAL)),
        "reserved security": frame(car.sim.mac, own, replace(answer, security=Security(0x42))),
        "port 0": frame(car.sim.mac, own, replace(answer, secc_port=0)),
    }


@pytest.mark.parametrize(
    "what",
    ["another address", "another computer", "everybody", "not link-local", "reserved security", "port 0"],
)
@pytest.mark.parametrize("quirks", [[], [CarQuirk.TAKES_ANY_SDP_ANSWER]], ids=["a good car", "this car"])
def test_takes_any_sdp_answer(what, quirks):
    yard, car, _ = scene(*quirks, ChargerQuirk.SDP_SILENT, duration=s(6))
    assert car.sim.state is CarState.DISCOVERING
    strange = strange_answers(car)[what]
    car.modem._receive(encode(strange))
    yard.run(s(2))
    segments = car.packets(Tcp, sent=True)

    if not quirks:
        assert (car.sim.station, segments) == (None, [])
        return
    named = strange.message
    assert {(frame.dst, frame.packet.dst, frame.message.dst_port) for _, frame in segments} == {
        (STRANGER, named.secc_address, named.secc_port)
    }


# Stations


def test_sdp_silent():
    _, car, station = scene(ChargerQuirk.SDP_SILENT)

    assert station.sdp(SdpResponse) == []
    assert station.sim.sdp.answered == 0
    assert len(car.sdp(SdpRequest)) > 10


def test_sdp_ignores_tls():
    """A car that asks for TLS first is answered when it asks without."""
    _, car, station = scene(ChargerQuirk.SDP_IGNORES_TLS, car_id="audi-q4-2026", duration=s(60))

    asked = [frame.message.security for _, frame in car.packets(SdpRequest, sent=True)]
    assert asked[-1] is Security.NO_TLS
    assert asked[:-1] == [Security.TLS] * 50
    assert station.sim.sdp.answered == 1


@pytest.mark.parametrize(
    ("quirk", "latency"), [(ChargerQuirk.SDP_LATE, ms(400)), (ChargerQuirk.SDP_SLOW, ms(428.8))], ids=lambda v: str(v)
)
def test_sdp_late_and_slow(quirk, latency):
    """A car has asked again by then; it takes the answer to its first request."""
    _, car, station = scene(quirk)
    asked, answered = station.sdp(SdpRequest), station.sdp(SdpResponse)

    assert answered[0] - asked[0] == latency
    assert len(asked) == 2
    assert car.sim.state is CarState.FOUND


def test_sdp_wrong_address():
    """The car looks for a host that is not there."""
    _, car, station = scene(ChargerQuirk.SDP_WRONG_ADDRESS)

    assert first_answer(station).message.secc_address == link_local(OTHER_CAR)
    assert first_answer(station).packet.src == link_local(station.sim.mac)
    assert car.notes("nobody has the address")
    assert car.packets(Tcp) == []


REFUSED = [
    (ChargerQuirk.SDP_PORT_0, {"SdpResponse.secc_port"}),
    (ChargerQuirk.SDP_WRONG_VERSION, {"V2gtp.version", "V2gtp.inverse_version"}),
    (ChargerQuirk.SDP_TO_EVERYBODY, {"Ipv6.dst"}),
    (ChargerQuirk.SDP_FOREIGN_SECURITY, {"SdpResponse.security"}),
]


@pytest.mark.parametrize(("quirk", "wrong"), REFUSED, ids=lambda value: getattr(value, "name", ""))
def test_one_thing_is_wrong_and_no_car_takes_the_answer(quirk, wrong):
    _, car, station = scene(quirk)

    assert wrong_in(station.packets(SdpResponse, sent=True)) == wrong
    assert car.sdp(SdpResponse)
    assert car.sim.station is None


def test_sdp_to_everybody_goes_to_ff02_1():
    _, _, station = scene(ChargerQuirk.SDP_TO_EVERYBODY)
    answer = first_answer(station)

    assert (answer.dst, answer.packet.dst) == (multicast_mac(ALL_NODES), ALL_NODES)


def spoilt(car: Station) -> list[Ipv6Frame]:
    """Requests of another version, length and payload type, and one without V2GTP."""
    good = sdp_request(car.sim.mac, link_local(car.sim.mac), 50000)
    v2gtp = good.packet.payload.payload
    payloads = (
        replace(v2gtp, version=2, inverse_version=0xFD),
        replace(v2gtp, length=3),
        V2gtp(b"\x10\0", 0x9002),
        b"hello",
    )
    return [
        replace(good, packet=replace(good.packet, payload=replace(good.packet.payload, payload=payload)))
        for payload in payloads
    ]


@pytest.mark.parametrize("quirks", [[], [ChargerQuirk.SDP_TAKES_ANYTHING]], ids=["a good station", "this station"])
def test_sdp_takes_anything(quirks):
    yard, car, station = scene(*quirks)
    before = len(station.sdp(SdpResponse))
    for request in spoilt(car):
        station.modem._receive(encode(request))
    yard.run(s(1))

    assert len(station.sdp(SdpResponse)) - before == (4 if quirks else 0)


def boxed(yard: Yard, station: Station) -> EarAdapter:
    """An adapter as it comes out of its box, beside *station*, with the computer of a stranger behind it."""
    modem = EarAdapter(
        yard.world,
        yard.line,
        adapter("tplink-tlpa4010p"),
        mac=MacAddress(bytes.fromhex("02bbbbbbbbbb")),
        role=ModemRole.PEV,
        name="from the box",
        nmk=nmk_from_password("HomePlugAV"),
    )
    modem.attach_host(lambda _: None)
    yard.line.set_attenuation(modem, station.modem, 50.0)
    return modem


@pytest.mark.parametrize("quirks", [[], [ChargerQuirk.FACTORY_KEY]], ids=["a good station", "this station"])
def test_factory_key(quirks):
    """Anybody with an adapter from a shop is in its network and gets an SDP answer, with no car plugged in."""
    yard = Yard()
    station = yard.charger(STATION, quirks=set(quirks))
    modem = boxed(yard, station)
    yard.run(s(20))
    modem.from_host(encode(sdp_request(STRANGER, link_local(STRANGER), 50000)))
    yard.run(s(1))
    answers = [one.packet for one in modem.heard if not one.sent and one.packet is not None]

    assert bool(modem.joined_to()) is bool(quirks)
    assert len(answers) == len(quirks)
    assert all(answer.message.secc_address == link_local(station.sim.mac) for answer in answers)


def test_factory_key_is_the_key_it_hands_out_for_good():
    """HomePlugAV, in the first session and in the next."""
    factory = nmk_from_password("HomePlugAV")
    yard, car, station = scene(ChargerQuirk.FACTORY_KEY)
    assert car.sim.state is CarState.FOUND
    car.sim.unplug()
    yard.run(s(10))
    car.sim.plug_in()
    yard.run(s(10))
    handed_out = {(cnf.nmk, cnf.nid) for _, cnf in station.heard(CmSlacMatchCnf)}

    assert handed_out == {(factory, nid_from_nmk(factory))}
    assert station.modem.nmk == factory
    assert station.sim.sdp.knocks == 2
