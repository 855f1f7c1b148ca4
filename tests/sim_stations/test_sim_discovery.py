"""From the match to TCP's SYN: what a simulated car says in its network, and what a simulated station answers."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import pytest
from real_captures import capture, needs_captures
from station_yard import Station, Yard, awake, intervals

from bench.capture import open_capture
from bench.ids import MacAddress
from bench.mme import CmSetKeyReq, CmSlacMatchCnf
from bench.net import (
    ACK,
    ALL_NODES,
    RST,
    SYN,
    Ipv6,
    Ipv6Address,
    Ipv6Frame,
    NdOption,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    SdpRequest,
    SdpResponse,
    Security,
    Tcp,
    Transport,
    Udp,
    V2gtp,
    decode,
    encode,
    is_ipv6,
    link_local,
    neighbour_advertisement,
    neighbour_solicitation,
    sdp_request,
    violations,
)
from bench.profiles import NewPortPerStart, chargers, vehicles
from bench.sim.car import CarState
from bench.sim.effects import recorded_at_evse
from bench.sim.powerline import ONE_WAY, Transit
from bench.sim.quirks import CarQuirk, ChargerQuirk
from bench.units import Ns, ms, s

QUICK_STATION = "everest-evsev2g-2023-04"
CAR = "vw-id3"
STRANGER = MacAddress(bytes.fromhex("02aaaaaaaaaa"))

every_vehicle = pytest.mark.parametrize("vehicle_id", sorted(vehicles()))
every_charger = pytest.mark.parametrize("charger_id", sorted(chargers()))


def plugged_in(
    car_id: str = CAR, station_id: str = QUICK_STATION, *, seed: int = 0, quirks=(), car_quirks=()
) -> tuple[Yard, Station, Station]:
    yard = Yard(seed)
    station = yard.charger(station_id, quirks=quirks)
    car = yard.car(awake(car_id), station, quirks=car_quirks)
    car.sim.plug_in()
    return yard, car, station


def knocked(*args, **kwargs) -> tuple[Yard, Station, Station]:
    """A car from plug-in until the station has refused its TCP connection."""
    yard, car, station = plugged_in(*args, **kwargs)
    yard.run_until(lambda: bool(station.sim.sdp.knocks))
    yard.run(ms(10))
    return yard, car, station


def asking(*args, **kwargs) -> tuple[Yard, Station, Station]:
    """A car that has just sent its first SDP request."""
    yard, car, station = plugged_in(*args, **kwargs)
    yard.run_until(lambda: car.sim.state is CarState.DISCOVERING)
    return yard, car, station


def to(station: Station, frame: Ipv6Frame) -> None:
    """*frame* comes out of the modem of *station*."""
    station.modem._receive(encode(frame))


def request_of(station: Station) -> Ipv6Frame:
    return station.packets(SdpRequest)[0][1]


# The whole way


@every_vehicle
def test_every_car_finds_its_station_and_knocks(vehicle_id):
    """Request, answer, question for the address, SYN, RST; every frame as any host accepts it."""
    _, car, station = knocked(vehicle_id)
    found = car.sim.station
    [(_, syn), (_, rst)] = station.packets(Tcp)

    assert car.sim.state is CarState.FOUND
    assert (found.mac, found.sender, found.address) == (
        station.sim.mac,
        link_local(station.sim.mac),
        link_local(station.sim.mac),
    )
    assert (found.port, found.security) == (61341, Security.NO_TLS)
    assert (syn.packet.dst, syn.message.dst_port, syn.message.flags) == (found.address, found.port, SYN)
    assert (rst.packet.dst, rst.message.ack, rst.message.flags) == (
        link_local(car.sim.mac),
        syn.message.seq + 1,
        RST | ACK,
    )
    assert car.sim.discovery.refused
    for _, frame in (*car.packets(sent=True), *station.packets(sent=True)):
        assert violations(frame) == []
    assert {frame.packet.src for _, frame in car.packets(SdpRequest)} == {link_local(car.sim.mac)}
    assert {frame.packet.hop_limit for _, frame in car.packets(SdpRequest)} == {car.sim.profile.sdp.hop_limit}


@every_vehicle
@pytest.mark.parametrize("seed", range(3))
def test_syn_follows_the_answer_as_recorded(vehicle_id, seed):
    """Seen from where the recorder sat."""
    _, car, station = knocked(vehicle_id, seed=seed)
    ear = station if recorded_at_evse(car.sim.profile) else car
    [*_, answered], [(syn, _), _] = ear.sdp(SdpResponse), ear.packets(Tcp)
    spread = car.sim.profile.sdp.answer_to_syn

    assert spread.min <= syn - answered <= spread.max


@every_charger
@pytest.mark.parametrize("seed", range(3))
def test_every_station_answers_as_late_as_recorded_and_at_its_port(charger_id, seed):
    _, car, station = knocked(CAR, charger_id, seed=seed)
    ear = station if recorded_at_evse(station.sim.profile) else car
    [asked, *_], [(answered, answer), *_] = ear.sdp(SdpRequest), ear.packets(SdpResponse)
    sdp = station.sim.profile.sdp

    assert sdp.latency.min <= answered - asked <= sdp.latency.max
    assert answer.message.secc_port == station.sim.sdp.port
    assert answer.message.secc_address == link_local(station.sim.mac)


def test_the_ioniq_asks_4_1186_s_after_the_match():
    """Hyundai Ioniq at the computer of the station: median of eight 4118.6 ms, 4115.0 to 4123.8."""
    seen: list[Ns] = []
    for seed in range(20):
        _, _, station = asking("hyundai-ioniq28", seed=seed)
        seen.append(station.modem.world.now() + ONE_WAY - station.times(CmSlacMatchCnf)[-1])

    assert median(seen) == pytest.approx(ms(4118.6), rel=0.01)
    assert min(seen) >= ms(4115.0)
    assert max(seen) <= ms(4123.8)
    assert len(set(seen)) > 10


@needs_captures
def test_the_request_of_the_simulated_ioniq_is_that_of_the_real_one():
    """Octet by octet, but for addresses and port (2023-05-24, pyPLC as station)."""
    with open_capture(capture("2023-05-24_pyPlc_with_Ioniq93prcSoc")) as recording:
        frames = [decode(record.octets) for record in recording.records() if is_ipv6(record.octets)]
    real = next(frame for frame in frames if isinstance(frame.message, SdpRequest))
    _, car, _ = knocked("hyundai-ioniq28")
    request = request_of(car)
    lent = replace(
        real,
        src=request.src,
        packet=replace(
            real.packet,
            src=request.packet.src,
            payload=replace(real.packet.payload, src_port=request.packet.payload.src_port),
        ),
    )

    assert real.packet.src == link_local(real.src)
    assert encode(request) == encode(lent)


def test_a_station_takes_another_port_at_each_start_where_a_real_one_does():
    """EVerest with Josev: 50768 to 64663, and the same as long as it runs. Alpitronic has two."""
    station_id = "everest-josev-2022-2023"
    rule = chargers()[station_id].sdp.tcp_port
    assert isinstance(rule, NewPortPerStart)
    ports = set()
    for seed in range(5):
        yard, car, station = knocked(CAR, station_id, seed=seed)
        first = car.sim.station.port
        car.sim.unplug()
        yard.run(s(10))
        car.sim.plug_in()
        yard.run_until(lambda station=station: station.sim.sdp.knocks == 2)
        assert car.sim.station.port == first
        ports.add(first)
    assert len(ports) > 2
    assert all(rule.lowest <= port <= rule.highest for port in ports)

    both = {knocked(CAR, "alpitronic-seen-inside-car", seed=seed)[1].sim.station.port for seed in range(8)}
    assert both == {51110, 51111}


# When


def test_a_car_that_was_heard_before_sdp_claims_its_address_first():
    """VW ID.3: a neighbour solicitation for its own address, 1.01 s before the SDP request."""
    _, car, _ = knocked("vw-id3")
    (first, claim), (asked, _) = car.packets()[:2]

    assert claim.message == NeighbourSolicitation(target=link_local(car.sim.mac))
    assert ms(1009.1) <= asked - first <= ms(1010.0)


def test_the_first_frame_of_a_car_that_was_not_heard_before_is_its_sdp_request():
    """Tesla Model Y."""
    _, car, _ = knocked("tesla-modely")

    assert isinstance(car.packets()[0][1].message, SdpRequest)


@pytest.mark.parametrize("car_id", ["vw-id3", "hyundai-ioniq28", "tesla-modely"])
def test_a_network_that_comes_late_shifts_everything(car_id):
    """Two seconds too late for the first frame: the SDP request is as late, and what lies between stays."""
    times = {}
    for late in (False, True):
        yard, car, station = plugged_in(car_id)
        yard.run_until(lambda car=car: car.sim.state is CarState.JOINING)
        if late:
            yard.line.disconnect(car.modem, station.modem)
            yard.run(s(5.5))
            yard.line.set_attenuation(car.modem, station.modem, 30.0)
        yard.run_until(lambda station=station: bool(station.sdp(SdpRequest)))
        joined = car.packets()[0][0]
        times[late] = (joined - car.times(CmSlacMatchCnf)[0], car.sdp(SdpRequest)[0] - joined)

    (usual, gap), (shifted, gap_then) = times[False], times[True]
    assert shifted > s(5.5) > usual
    assert gap_then == gap


def test_a_network_that_comes_too_late_leads_to_no_request():
    yard, car, station = plugged_in()
    yard.run_until(lambda: car.sim.state is CarState.JOINING)
    yard.line.disconnect(car.modem, station.modem)
    yard.run(s(11.9))

    assert car.packets() == []
    assert car.sim.state is CarState.JOINING


# Securities


def test_a_car_that_asks_for_tls_takes_no_tls_at_once():
    """VW ID. Buzz at a station of EVerest."""
    _, car, _ = knocked("vw-idbuzz")
    [(_, request)] = car.packets(SdpRequest)

    assert request.message.security == Security.TLS
    assert car.sim.station.security == Security.NO_TLS


def test_the_q4_asks_for_tls_50_times_and_once_without():
    """Audi Q4 e-tron, 2026-02: every 250 ms, answered "no TLS" each time, before it asks for that and takes it."""
    _, car, _ = knocked("audi-q4-2026")
    requests = car.packets(SdpRequest)

    assert [frame.message.security for _, frame in requests] == [Security.TLS] * 50 + [Security.NO_TLS]
    assert set(intervals(car.sdp(SdpRequest))) == {ms(250)}
    assert len({frame.packet.payload.src_port for _, frame in requests}) == 1
    assert len(car.sdp(SdpResponse)) == 51
    assert len(car.notes("ignores the SDP answer")) == 50


# Silence


@pytest.mark.parametrize(("car_id", "securities"), [("vw-id3", 1), ("vw-idbuzz", 2), ("sim-pyplc", 1)])
def test_a_car_that_nobody_answers_asks_50_times_for_each_security_and_stops(car_id, securities):
    """It stays in the network and says nothing more."""
    yard, car, _ = plugged_in(car_id, quirks={ChargerQuirk.SDP_SILENT})
    yard.run_until(lambda: car.sim.state is CarState.UNSERVED, s(120))
    asked = car.sdp(SdpRequest)
    yard.run(s(30))
    spread = car.sim.profile.sdp.interval

    assert car.sdp(SdpRequest) == asked
    assert len(asked) == 50 * securities
    assert all(spread.min <= interval <= spread.max for interval in intervals(asked))
    assert car.sim.station is None
    assert car.sim.state.in_network
    assert car.modem.joined_to()


def test_the_second_request_is_answered_where_the_first_was_lost():
    yard, car, _ = plugged_in()
    yard.line.drop(lambda transit: isinstance(sdp_in(transit), SdpRequest), which={1})
    yard.run_until(lambda: car.sim.state is CarState.FOUND)

    assert len(car.sdp(SdpRequest)) == 2


def test_unplugging_ends_the_asking_and_the_network():
    yard, car, _ = plugged_in(quirks={ChargerQuirk.SDP_SILENT})
    yard.run_until(lambda: len(car.sdp(SdpRequest)) == 3)
    car.sim.unplug()
    yard.run(s(5))

    assert len(car.sdp(SdpRequest)) == 3
    assert (car.sim.state, car.sim.matched, car.sim.discovery) == (CarState.UNPLUGGED, None, None)
    assert len(car.times(CmSetKeyReq)) == 2


def test_an_answer_after_the_plug_came_out_is_not_heard():
    yard, car, station = asking(quirks={ChargerQuirk.SDP_SILENT})
    answer = answer_to(car, station)
    car.sim.unplug()
    yard.run(ms(10))
    to(car, answer)
    yard.run(s(1))

    assert not car.notes("SDP:")
    assert car.packets(Tcp) == []


def test_the_end_of_the_5_pct_does_not_end_the_asking():
    """The link outlives it (V2G3-M06-06), and SDP with it."""
    yard, car, _ = plugged_in(quirks={ChargerQuirk.SDP_SILENT})
    yard.run_until(lambda: len(car.sdp(SdpRequest)) == 3)
    car.cable.evse.set_duty_cycle_pct(100)
    yard.run(s(1))

    assert len(car.sdp(SdpRequest)) == 7
    assert car.sim.state is CarState.DISCOVERING


def test_an_answer_that_is_due_is_not_sent_after_the_plug_came_out():
    """The Terra 53 needs 429 ms; unplugged in between, nothing comes."""
    yard, car, station = plugged_in(station_id="abb-terra53")
    yard.run_until(lambda: bool(station.sdp(SdpRequest)))
    car.sim.unplug()
    yard.run(s(2))

    assert station.sdp(SdpResponse) == []


def test_a_second_session_asks_again_from_another_port():
    yard, car, station = knocked()
    car.sim.unplug()
    yard.run(s(10))
    car.sim.plug_in()
    yard.run_until(lambda: station.sim.sdp.knocks == 2)
    first, second = (frame.packet.payload.src_port for _, frame in car.packets(SdpRequest))

    assert first != second


# Which answers a car takes


def answer_to(car: Station, station: Station, **response) -> Ipv6Frame:
    """A good answer of *station* to the first request of *car*, with other fields if wanted."""
    fields = {"secc_address": link_local(station.sim.mac), "secc_port": 61341} | response
    udp = Udp(15118, request_of(car).packet.payload.src_port, V2gtp(SdpResponse(**fields)))
    return Ipv6Frame(car.sim.mac, station.sim.mac, Ipv6(link_local(station.sim.mac), link_local(car.sim.mac), udp))


def with_payload(frame: Ipv6Frame, **values) -> Ipv6Frame:
    return replace(frame, packet=replace(frame.packet, payload=replace(frame.packet.payload, **values)))


def with_header(frame: Ipv6Frame, **values) -> Ipv6Frame:
    return with_payload(frame, payload=replace(frame.packet.payload.payload, **values))


NOT_TAKEN = {
    "for another address": lambda good: replace(good, packet=replace(good.packet, dst=link_local(STRANGER))),
    "for everybody": lambda good: replace(good, packet=replace(good.packet, dst=ALL_NODES)),
    "for another computer": lambda good: replace(good, dst=STRANGER),
    "for another port": lambda good: with_payload(good, dst_port=good.packet.payload.dst_port ^ 1),
    "wrong checksum": lambda good: with_payload(good, checksum=0x1234),
    "wrong UDP length": lambda good: with_payload(good, length=9),
    "version 2": lambda good: with_header(good, version=2, inverse_version=0xFD),
    "inverse version": lambda good: with_header(good, inverse_version=0xFF),
    "length": lambda good: with_header(good, length=19),
    "payload type": lambda good: with_header(
        good, payload=good.packet.payload.payload.payload.write(), payload_type=0x8001
    ),
    "a request": lambda good: with_header(good, payload=SdpRequest()),
    "too short": lambda good: with_header(good, payload=b"\0" * 19, payload_type=0x9001),
    "no V2GTP": lambda good: with_payload(good, payload=b"hello"),
}
REFUSED = {
    "port 0": {"secc_port": 0},
    "not link-local": {"secc_address": Ipv6Address.parse("2001:db8::1")},
    "reserved security": {"security": Security(0x42)},
    "TLS, which was not asked for": {"security": Security.TLS},
    "UDP": {"transport": Transport.UDP},
}


def test_a_good_answer_is_taken():
    """The bad ones below differ from this in one thing."""
    yard, car, station = asking(quirks={ChargerQuirk.SDP_SILENT})
    to(car, answer_to(car, station))
    yard.run(0)

    assert car.sim.state is CarState.FOUND


@pytest.mark.parametrize("what", NOT_TAKEN)
def test_an_answer_that_is_not_for_this_car_or_not_well_formed_is_not_taken(what):
    yard, car, station = asking(quirks={ChargerQuirk.SDP_SILENT})
    to(car, NOT_TAKEN[what](answer_to(car, station)))
    yard.run(s(1))

    assert car.sim.station is None
    assert len(car.sdp(SdpRequest, sent=True)) == 5


@pytest.mark.parametrize("what", REFUSED)
def test_an_answer_that_leads_nowhere_is_not_taken(what):
    yard, car, station = asking(quirks={ChargerQuirk.SDP_SILENT})
    to(car, answer_to(car, station, **REFUSED[what]))
    yard.run(s(1))

    assert car.sim.station is None
    assert len(car.notes("ignores the SDP answer")) == 1
    assert len(car.sdp(SdpRequest)) == 5


def test_only_the_first_answer_counts():
    yard, car, station = asking(quirks={ChargerQuirk.SDP_SILENT})
    to(car, answer_to(car, station))
    to(car, answer_to(car, station, secc_port=1))
    yard.run(s(1))

    assert car.sim.station.port == 61341


# Neighbours and TCP


@pytest.mark.parametrize("whose", ["car", "station"])
def test_who_is_asked_for_answers(whose):
    """With its MAC address, to the asker; and to all nodes where somebody else claims the address."""
    yard, car, station = knocked()
    asked = car if whose == "car" else station
    target = link_local(asked.sim.mac)
    question = neighbour_solicitation(STRANGER, link_local(STRANGER), target)
    to(asked, question)
    to(asked, replace(question, packet=replace(question.packet, src=Ipv6Address(bytes(16)))))
    to(asked, neighbour_solicitation(STRANGER, link_local(STRANGER), link_local(STRANGER)))
    to(asked, with_payload(question, checksum=0x1234))
    yard.run(ms(10))
    answers = [frame for _, frame in asked.packets(NeighbourAdvertisement, sent=True)][-2:]

    assert [frame.message.target for frame in answers] == [target, target]
    assert [frame.message.options[0].body for frame in answers] == [asked.sim.mac, asked.sim.mac]
    assert [frame.packet.dst for frame in answers] == [link_local(STRANGER), ALL_NODES]
    assert answers[0].dst == STRANGER
    assert len(asked.packets(NeighbourAdvertisement, sent=True)) == (2 if whose == "car" else 3)


def test_a_car_asks_for_the_address_before_it_knocks():
    """Ten milliseconds before SYN, which comes to the MAC address that was named."""
    _, car, station = knocked()
    [(asked, question)] = [
        (t, frame)
        for t, frame in car.packets(NeighbourSolicitation, sent=True)
        if frame.message.target == link_local(station.sim.mac)
    ]
    [(syn, segment), _] = car.packets(Tcp)

    assert question.message.options == (NdOption(1, bytes(car.sim.mac)),)
    assert syn - asked == ms(10)
    assert segment.dst == station.sim.mac


def test_a_car_that_was_asked_knows_who_asked():
    """A station that looks for the car says where it is itself: no question before SYN (Ioniq 5 at EVerest)."""
    yard, car, station = asking()
    to(car, neighbour_solicitation(station.sim.mac, link_local(station.sim.mac), link_local(car.sim.mac)))
    yard.run_until(lambda: bool(station.sim.sdp.knocks))
    targets = {frame.message.target for _, frame in car.packets(NeighbourSolicitation, sent=True)}

    assert targets == {link_local(car.sim.mac)}


def test_a_new_network_is_a_new_neighbourhood():
    """Plugged in again, the car asks again where its station is."""
    yard, car, station = knocked()
    car.sim.unplug()
    yard.run(s(10))
    car.sim.plug_in()
    yard.run_until(lambda: station.sim.sdp.knocks == 2)
    targets = [frame.message.target for _, frame in car.packets(NeighbourSolicitation, sent=True)]

    assert targets.count(link_local(station.sim.mac)) == 2


NOT_LEARNED = {
    "wrong checksum": lambda told: with_payload(told, checksum=0x1234),
    "the option is another's": lambda told: with_payload(
        told, message=replace(told.message, options=(NdOption(1, bytes(STRANGER)),))
    ),
    "the option is too long": lambda told: with_payload(
        told, message=replace(told.message, options=(NdOption(2, bytes(14)),))
    ),
}


@pytest.mark.parametrize("what", NOT_LEARNED)
def test_a_neighbour_that_does_not_say_where_it_is_stays_unknown(what):
    """An advertisement is believed if its checksum is right and it has the option that is its own."""
    yard, car, station = asking(quirks={ChargerQuirk.SDP_SILENT})
    wanted = link_local(STRANGER)
    question = neighbour_solicitation(car.sim.mac, link_local(car.sim.mac), wanted)
    told = neighbour_advertisement(question, STRANGER, wanted)
    to(car, answer_to(car, station, secc_address=wanted))
    to(car, NOT_LEARNED[what](told))
    yard.run(ms(500))
    assert car.packets(Tcp) == []

    to(car, told)
    yard.run(ms(500))
    assert [frame.dst for _, frame in car.packets(Tcp)] == [STRANGER]


def test_an_address_that_nobody_has_is_asked_for_three_times():
    """RFC 4861, 10: a second apart. No SYN."""
    yard, car, station = asking(quirks={ChargerQuirk.SDP_SILENT})
    to(car, answer_to(car, station, secc_address=link_local(STRANGER)))
    yard.run(s(10))
    asked = [
        t for t, frame in car.packets(NeighbourSolicitation, sent=True) if frame.message.target == link_local(STRANGER)
    ]

    assert intervals(asked) == [s(1), s(1)]
    assert car.packets(Tcp) == []
    assert car.notes("nobody has the address")


def test_syn_is_repeated_one_and_then_two_seconds_later():
    yard, car, station = plugged_in()
    yard.line.drop(lambda transit: tcp_in(transit) and transit.sender is station.modem)
    yard.run_until(lambda: len(car.packets(Tcp)) == 3)
    yard.run(s(30))
    sent = car.packets(Tcp)

    assert intervals([t for t, _ in sent]) == [s(1), s(2)]
    assert len({encode(frame) for _, frame in sent}) == 1
    assert car.notes("nobody answers TCP")


NO_REFUSAL = {
    "from another address": lambda rst: replace(rst, packet=replace(rst.packet, src=link_local(STRANGER))),
    "for another address": lambda rst: replace(rst, packet=replace(rst.packet, dst=link_local(STRANGER))),
    "for another port": lambda rst: with_payload(rst, dst_port=rst.message.dst_port ^ 1),
    "wrong checksum": lambda rst: with_payload(rst, checksum=0x1234),
}


@pytest.mark.parametrize("what", NO_REFUSAL)
def test_a_reset_that_is_not_for_this_connection_refuses_nothing(what):
    yard, car, station = plugged_in()
    yard.line.drop(lambda transit: tcp_in(transit) and transit.sender is station.modem)
    yard.run_until(lambda: bool(car.packets(Tcp)))
    [(_, syn)] = car.packets(Tcp)
    asked = syn.message
    reset = Tcp(asked.dst_port, asked.src_port, ack=asked.seq + 1, flags=RST | ACK)
    good = Ipv6Frame(car.sim.mac, station.sim.mac, Ipv6(syn.packet.dst, syn.packet.src, reset))
    to(car, NO_REFUSAL[what](good))
    assert not car.sim.discovery.refused

    to(car, good)
    assert car.sim.discovery.refused


def test_a_refused_car_does_not_knock_again():
    yard, car, _ = knocked()
    yard.run(s(30))

    assert len(car.packets(Tcp, sent=True)) == 1


def test_a_car_that_is_let_in_says_good_bye():
    """Another station than a simulated one accepts the connection; there is nothing the car could say in it."""
    yard, car, station = plugged_in()
    yard.line.drop(lambda transit: tcp_in(transit) and transit.sender is station.modem)
    yard.run_until(lambda: bool(car.packets(Tcp)))
    [(_, syn)] = car.packets(Tcp)
    asked = syn.message
    accepted = Tcp(asked.dst_port, asked.src_port, seq=1000, ack=asked.seq + 1, flags=SYN | ACK)
    packet = Ipv6(syn.packet.dst, syn.packet.src, accepted)
    to(car, Ipv6Frame(car.sim.mac, station.sim.mac, packet))
    yard.run(s(30))
    _, (_, reset) = car.packets(Tcp, sent=True)

    assert (reset.message.flags, reset.message.seq) == (RST, asked.seq + 1)
    assert car.sim.discovery.accepted
    assert violations(reset) == []


# Which requests a station answers


def request_from(car: Station) -> Ipv6Frame:
    return sdp_request(car.sim.mac, link_local(car.sim.mac), 50000)


NOT_ANSWERED = {
    "version 2": (lambda good: with_header(good, version=2, inverse_version=0xFD), "version or length of V2GTP"),
    "length": (lambda good: with_header(good, length=3), "version or length of V2GTP"),
    "too long": (
        lambda good: with_header(good, payload=b"\x10\0\0", payload_type=0x9000),
        "version or length of V2GTP",
    ),
    "payload type": (lambda good: with_header(good, payload=b"\x10\0", payload_type=0x9002), "payload type 0x9002"),
    "an answer": (lambda good: with_header(good, payload=SdpResponse()), "payload type 0x9001"),
    "wrong checksum": (lambda good: with_payload(good, checksum=0x929D), "UDP checksum"),
    "no V2GTP": (lambda good: with_payload(good, payload=b"hello"), "no V2GTP"),
}


@pytest.mark.parametrize("what", NOT_ANSWERED)
def test_a_request_that_no_station_understands_is_noted_and_not_answered(what):
    yard, car, station = knocked()
    bad, why = NOT_ANSWERED[what]
    to(station, bad(request_from(car)))
    yard.run(s(1))

    assert len(station.sdp(SdpResponse, sent=True)) == 1
    assert station.notes(f"ignores the SDP request of {link_local(car.sim.mac)}: {why}")


def test_every_further_request_of_the_car_is_answered():
    """To its address and port, also if it asks the station alone."""
    yard, car, station = knocked()
    good = request_from(car)
    to(station, good)
    to(station, replace(good, dst=station.sim.mac, packet=replace(good.packet, dst=link_local(station.sim.mac))))
    yard.run(s(1))
    answers = [frame for _, frame in station.packets(SdpResponse)]

    assert len(answers) == station.sim.sdp.answered == 3
    assert [frame.packet.payload.dst_port for frame in answers[1:]] == [50000, 50000]
    assert {(frame.dst, frame.packet.dst) for frame in answers} == {(car.sim.mac, link_local(car.sim.mac))}


def test_another_port_than_that_of_sdp_is_not_answered():
    yard, car, station = knocked()
    to(station, with_payload(request_from(car), dst_port=15119))
    yard.run(s(1))

    assert len(station.sdp(SdpResponse)) == 1
    assert not station.notes("ignores the SDP request")


def test_a_request_to_another_address_is_not_answered():
    yard, car, station = knocked()
    good = request_from(car)
    to(station, replace(good, dst=station.sim.mac, packet=replace(good.packet, dst=link_local(STRANGER))))
    yard.run(s(1))

    assert len(station.sdp(SdpResponse)) == 1


def test_a_station_whose_car_has_not_joined_yet_does_not_answer():
    yard, car, station = plugged_in()
    yard.run_until(lambda: station.sim.matched is not None)
    to(station, request_from(car))
    yard.run(ms(100))

    assert station.sdp(SdpResponse) == []
    assert station.notes("no car is matched and in the network")


def test_a_car_that_stays_in_the_network_without_a_match_is_not_answered():
    """pyPLC never changes its key, so a car that was unplugged and kept it is still there."""
    yard, car, station = knocked(station_id="pyplc-tplink", car_quirks={CarQuirk.KEEPS_KEY_AFTER_UNPLUG})
    car.sim.unplug()
    yard.run(s(1))
    before = len(station.sdp(SdpResponse))
    car.modem.from_host(encode(request_from(car)))
    yard.run(s(1))

    assert car.modem.joined_to() == {station.modem}
    assert len(station.sdp(SdpRequest)) > before
    assert len(station.sdp(SdpResponse)) == before


def test_a_station_refuses_nothing_but_the_opening_of_a_connection():
    """A segment that asks for nothing is not answered."""
    yard, car, station = knocked()
    packet = Ipv6(link_local(car.sim.mac), link_local(station.sim.mac), Tcp(50000, 61341, flags=ACK))
    to(station, Ipv6Frame(station.sim.mac, car.sim.mac, packet))
    yard.run(s(1))

    assert station.sim.sdp.knocks == 1
    assert len(station.packets(Tcp, sent=True)) == 1


def test_a_frame_that_is_no_ipv6_does_no_harm():
    yard, car, station = knocked()
    for one in (car, station):
        one.modem._receive(bytes(one.sim.mac) + bytes(STRANGER) + b"\x86\xdd" + b"\x60\0\0")
    yard.run(s(1))

    assert car.sim.state is CarState.FOUND


def test_a_station_without_a_match_does_not_answer():
    yard, car, station = plugged_in()
    to(station, request_from(car))
    yard.run(ms(300))

    assert station.sdp(SdpResponse) == []
    assert station.notes("no car is matched")


def test_a_station_that_lost_its_car_does_not_answer_any_more():
    yard, car, station = knocked()
    car.sim.unplug()
    yard.run(ms(10))
    to(station, request_from(car))
    yard.run(s(1))

    assert len(station.sdp(SdpResponse)) == 1


def test_the_abb_answers_a_request_with_a_wrong_checksum():
    """Terra 53, 2022-11-25: the only request of pyPLC had UDP checksum 0x929D instead of 0x8367."""
    yard, car, station = knocked(CAR, "abb-terra53")
    yard.run(s(1))
    before = len(station.sdp(SdpResponse))
    to(station, with_payload(request_from(car), checksum=0x929D))
    yard.run(s(1))

    assert len(station.sdp(SdpResponse)) == before + 1


def test_a_station_that_serves_one_security_only_is_silent_to_the_other():
    """No such station was seen; one day there will be one that speaks TLS only."""
    only = chargers()[QUICK_STATION]
    only = replace(only, sdp=replace(only.sdp, answers_other_security=False))
    yard = Yard()
    station = yard.charger(only)
    car = yard.car(awake("vw-idbuzz"), station)
    car.sim.plug_in()
    yard.run_until(lambda: bool(station.sim.sdp.knocks))

    assert [frame.message.security for _, frame in car.packets(SdpRequest)] == [Security.TLS] * 50 + [Security.NO_TLS]
    assert len(station.notes("it asks for TLS")) == 50


# Helpers


def packet_in(transit: Transit) -> Ipv6Frame | None:
    return decode(transit.octets) if is_ipv6(transit.octets) else None


def sdp_in(transit: Transit) -> object:
    frame = packet_in(transit)
    return None if frame is None else frame.message


def tcp_in(transit: Transit) -> bool:
    return isinstance(sdp_in(transit), Tcp)
