"""The bench's stations after the match: the link, the question, the answer, and what tests wait for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from station_pair import EVSE_HOST, PEV_HOST, Pair

from bench.errors import Deviation
from bench.ids import BROADCAST, MacAddress, RunId
from bench.mme import CmSlacParmReq, Frame, VsNwInfoCnf, VsNwInfoReq
from bench.mme import encode as encode_mme
from bench.net import (
    ACK,
    SYN,
    Ipv6,
    Ipv6Frame,
    NeighbourSolicitation,
    SdpRequest,
    SdpResponse,
    Security,
    Tcp,
    V2gtp,
    encode,
    link_local,
    neighbour_solicitation,
    sdp_request,
)
from bench.sdp.evcc_table import EvccState
from bench.sdp.events import Answered, Discovered
from bench.sdp.secc_table import SeccState
from bench.sdp.timers import SdpTimers
from bench.sim.powerline import ONE_WAY
from bench.slac.events import AttemptFailed, LinkLost, LinkUp
from bench.slac.timers import TIMERS
from bench.trace import Direction, Note, StateSeen
from bench.units import ms, s


@pytest.fixture
def pair() -> Pair:
    """Plugged in at 5 %."""
    pair = Pair()
    pair.plug_in()
    return pair


STRANGER = MacAddress.parse("02:00:00:00:00:99")
"""Another car, whose frames reach our EVSE."""


def hears(pair: Pair, frame: Frame | Ipv6Frame, station=None) -> None:
    """The EVSE does, or another *station*, as if it came from its adapter."""
    octets = encode_mme(frame) if isinstance(frame, Frame) else encode(frame)
    (station or pair.evse).wire.port._arrived(octets)
    pair.pump.run_for(ms(1))


def stranger_asks(pair: Pair) -> None:
    hears(pair, sdp_request(STRANGER, link_local(STRANGER), port=50000))


def stranger_begins_a_match(pair: Pair) -> None:
    hears(pair, Frame(BROADCAST, STRANGER, CmSlacParmReq(run_id=RunId(bytes(8)))))


def sends_segment(pair: Pair, flags: int = SYN, port: int | None = None) -> Tcp:
    """The car does, to where the EVSE listens or to another *port*."""
    tcp = Tcp(50000, pair.evse.sdp.settings.port if port is None else port, flags=flags)
    pev = pair.pev
    packet = Ipv6(pev.sdp.address, pair.evse.sdp.address, tcp)
    pev.wire.send(Ipv6Frame(EVSE_HOST, PEV_HOST, packet), pev.now())
    pair.pump.run_for(s(1))
    return tcp


def plugs_in_again(pair: Pair) -> None:
    pair.unplug()
    pair.pump.run_for(s(5))
    pair.plug_in()
    pair.pev.wait_matched()
    pair.evse.wait_matched()


def notes(pair: Pair) -> list[str]:
    return [entry.text for entry in pair.trace.entries if isinstance(entry, Note)]


def test_from_the_plug_to_the_discovered_station(pair):
    """Match, join, a claimed address, a request, an answer."""
    found = pair.pev.wait_discovered()
    asked = pair.evse.wait_asked()

    assert found.secc == SdpResponse(pair.evse.sdp.address, pair.evse.sdp.settings.port, Security.NO_TLS)
    assert (found.secc_mac, found.requests) == (EVSE_HOST, 1)
    assert asked.packet.src == PEV_HOST
    assert [event.evcc_mac for event in pair.evse.happened(Answered)] == [PEV_HOST]
    assert any(text.startswith("discovered the station of") for text in notes(pair))
    assert f"{PEV_HOST} asked by SDP for no TLS, and was answered" in notes(pair)


def test_its_states_stand_in_the_record_under_a_name_of_their_own(pair):
    pair.pev.wait_discovered()

    seen = {entry.station: entry.state for entry in pair.trace.entries if isinstance(entry, StateSeen)}
    assert seen["pev/sdp"] == EvccState.DISCOVERED.value
    assert seen["evse/sdp"] == SeccState.ANSWERED.value


def test_the_cars_first_frame_shows_the_link_before_the_modem_is_asked_again(pair):
    """The EVSE asks its modem every 250 ms; a frame of the car through the network is as good a proof."""
    pair.evse.wire.withhold(VsNwInfoReq)

    pair.pev.wait_link()
    pair.pump.run_for(ms(10))

    (link,) = pair.evse.happened(LinkUp)
    first = next(seen for seen in pair.evse.wire.received if seen.packet is not None)
    assert link.t == first.t


def test_a_frame_of_another_host_shows_no_link(pair):
    pair.evse.wait_matched()
    stranger_asks(pair)

    assert not pair.evse.happened(LinkUp)


def test_a_frame_of_a_car_whose_match_is_over_shows_no_link(pair):
    """Its modem may still have the key."""
    pair.pev.wait_discovered()
    pair.unplug()
    pair.pump.run_for(s(1))
    hears(pair, sdp_request(PEV_HOST, pair.pev.sdp.address, port=50000))

    assert len(pair.evse.happened(LinkUp)) == 1


def test_a_frame_of_the_station_shows_the_car_no_link_before_its_modem_has_the_key(pair):
    """The two may have had one network before, which its modem is about to leave."""
    pair.pev.wait_matched()
    hears(pair, sdp_request(EVSE_HOST, pair.evse.sdp.address, port=50000), pair.pev)
    assert not pair.pev.happened(LinkUp)

    pair.pev.wait_discovered()
    pair.pump.run_for(s(2))

    assert not pair.pev.happened(LinkLost)


def test_a_frame_of_the_station_keeps_a_link_that_the_modem_does_not_confirm(pair):
    """For half a second: it came through the network. A frame of somebody else does not."""
    pair.pev.wait_discovered()
    pair.pump.run_for(ms(100))
    no_partner = Frame(PEV_HOST, pair.pev_modem.mac, VsNwInfoCnf())
    hears(pair, sdp_request(EVSE_HOST, pair.evse.sdp.address, port=50000), pair.pev)
    hears(pair, no_partner, pair.pev)
    assert not pair.pev.happened(LinkLost)

    pair.pump.run_for(s(2))
    hears(pair, sdp_request(STRANGER, link_local(STRANGER), port=50000), pair.pev)
    hears(pair, no_partner, pair.pev)

    assert len(pair.pev.happened(LinkLost)) == 1


def test_where_the_first_frame_is_the_request_the_link_comes_before_the_answer(pair):
    """Lost was the claim of the address."""
    pair.evse.wire.withhold(VsNwInfoReq)
    pair.pev.wire.withhold(NeighbourSolicitation)
    pair.evse.wait_asked()

    order = [type(event) for event in pair.evse.events if isinstance(event, LinkUp | Answered)]
    assert order == [LinkUp, Answered]


def test_it_asks_at_its_instants_whenever_its_modem_is_asked(pair):
    """To the nanosecond; its times here are no multiple of PROBE_EVERY."""
    pair.evse.wire.withhold(SdpResponse)
    pair.pev.sdp.timers = SdpTimers(t_begin=ms(1030), t_response=ms(270))
    link = pair.pev.wait_link()
    pair.pump.run_for(ms(1600))

    asked_at = [
        entry.t
        for entry in pair.trace.frames()
        if entry.direction is Direction.OUT and isinstance(entry.message, SdpRequest)
    ]
    assert asked_at == [link.t + ms(1030) + n * ms(270) for n in range(3)]


def test_an_answer_at_the_very_deadline_is_in_time(pair):
    pair.evse.wire.delay(SdpResponse, ms(250) - 2 * ONE_WAY)

    found = pair.pev.wait_discovered()

    assert (found.requests, found.after) == (1, ms(250))


def test_another_cars_failed_attempt_ends_nothing(pair):
    """It began to match too; the network that stands is not its."""
    pair.evse.wait_matched()
    stranger_begins_a_match(pair)
    pair.pump.run(lambda: bool(pair.evse.happened(AttemptFailed)), pair.evse.now() + s(5))

    assert pair.evse.happened(AttemptFailed)
    assert pair.evse.sdp.state is SeccState.LISTENING
    assert pair.pev.wait_discovered()


def test_a_match_that_failed_is_over_for_sdp_though_another_car_is_matching(pair):
    match = pair.evse.wait_matched()
    pair.pev_modem.power(False)
    pair.pump.run_for(match.t + TIMERS.tt_match_join - ms(100) - pair.evse.now())
    stranger_begins_a_match(pair)
    assert pair.evse.sdp.state is SeccState.LISTENING

    pair.pump.run_for(ms(100))

    assert pair.evse.happened(AttemptFailed)
    assert pair.evse.machine.sessions
    assert pair.evse.sdp.state is SeccState.NO_NETWORK

    hears(pair, sdp_request(PEV_HOST, pair.pev.sdp.address, port=50000))

    assert pair.evse.adapter.link_up_at is None


def test_the_link_that_a_frame_showed_does_not_outlast_the_network(pair):
    """What the modem says counts again half a second later."""
    pair.pev.wait_link()
    pair.evse.wait_link()
    pair.pev_modem.power(False)

    pair.pump.run_for(s(2))

    assert pair.evse.sdp.state is SeccState.NO_NETWORK
    assert pair.pev.sdp.state is EvccState.NO_NETWORK


def test_pulling_the_plug_ends_sdp_on_both_sides(pair):
    pair.pev.wait_discovered()

    pair.pev.unplug()
    pair.pump.run_for(s(1))

    assert pair.evse.sdp.state is SeccState.NO_NETWORK
    assert pair.pev.sdp.state is EvccState.NO_NETWORK


def test_a_second_plug_in_is_a_second_discovery(pair):
    pair.pev.wait_discovered()
    pair.pev.unplug()
    pair.pump.run_for(s(5))
    pair.pev.plug_in()

    pair.pump.run(lambda: len(pair.pev.happened(Discovered)) == 2, pair.pev.now() + s(20))

    assert len(pair.pev.happened(Discovered)) == 2


def test_a_car_that_hears_no_answer_says_so_and_whose_fault_it_is(pair):
    pair.evse.wire.withhold(SdpResponse)

    with pytest.raises(Deviation) as raised:
        pair.pev.wait_discovered(sut="alpitronic")

    assert raised.value.what == "alpitronic did not answer SDP"
    assert raised.value.saw.startswith("50 requests")


def test_what_else_the_car_ignored_is_not_taken_for_an_answer(pair):
    pair.evse.wire.withhold(SdpResponse)
    pair.pev.wait_link()
    hears(pair, Frame(BROADCAST, STRANGER, CmSlacParmReq(run_id=RunId(bytes(8)))), pair.pev)

    with pytest.raises(Deviation, match="alpitronic did not answer SDP"):
        pair.pev.wait_discovered(sut="alpitronic")


def test_a_car_that_may_not_take_the_answer_says_why(pair):
    def of_version_2(frame):
        datagram = replace(frame.packet.payload, payload=V2gtp(frame.message, version=2))
        return replace(frame, packet=replace(frame.packet, payload=datagram))

    pair.evse.wire.alter(SdpResponse, of_version_2)

    with pytest.raises(Deviation, match=r"alpitronic answered SDP as no car may take it: V2gtp\.version"):
        pair.pev.wait_discovered(sut="alpitronic")


def test_a_station_that_is_not_asked_says_so(pair):
    pair.pev.wire.withhold(SdpRequest)

    with pytest.raises(Deviation, match=r"ioniq joined the network and did not ask by SDP within 60\.000 s"):
        pair.evse.wait_asked(sut="ioniq")


def test_a_station_that_is_asked_wrongly_says_what_is_wrong(pair):
    def with_a_wrong_checksum(frame):
        datagram = replace(frame.packet.payload, checksum=0x929D)
        return replace(frame, packet=replace(frame.packet, payload=datagram))

    pair.pev.wire.alter(SdpRequest, with_a_wrong_checksum)

    with pytest.raises(Deviation, match=r"ioniq joined the network and asked by SDP in vain: Udp\.checksum"):
        pair.evse.wait_asked(sut="ioniq")


def test_a_car_that_does_not_connect_is_told_where_it_should_have(pair):
    """Our own car does not: there is no V2G session yet."""
    with pytest.raises(Deviation, match=r"was told by SDP to connect to fe80::.*, port 61118, and did not within"):
        pair.evse.wait_connection(sut="ioniq")


def test_a_neighbours_car_that_asks_is_not_the_car(pair):
    """It is neither taken for its request nor blamed on it."""
    pair.evse.wait_matched()
    stranger_asks(pair)
    assert pair.evse.wait_asked().src == PEV_HOST


def test_a_car_that_does_not_ask_is_not_blamed_for_what_a_neighbours_asked(pair):
    pair.pev.wire.withhold(SdpRequest)
    pair.evse.wait_link()
    stranger_asks(pair)

    with pytest.raises(Deviation, match=r"ioniq joined the network and did not ask by SDP within"):
        pair.evse.wait_asked(sut="ioniq")


def test_a_car_that_sends_another_message_instead_asks_in_vain(pair):
    def of_another_type(frame):
        datagram = replace(frame.packet.payload, payload=V2gtp(b"\x10\x00", payload_type=0x8001))
        return replace(frame, packet=replace(frame.packet, payload=datagram))

    pair.pev.wire.alter(SdpRequest, of_another_type)

    with pytest.raises(Deviation, match=r"asked by SDP in vain: no SDP request: payload type 0x8001"):
        pair.evse.wait_asked(sut="ioniq")


def test_what_was_wrong_with_other_messages_is_not_the_requests_fault(pair):
    pair.pev.wire.withhold(SdpRequest)
    pair.evse.wait_link()
    sends_segment(pair)

    with pytest.raises(Deviation, match=r"did not ask by SDP within"):
        pair.evse.wait_asked(sut="ioniq")


def test_after_a_second_match_the_second_request_is_waited_for(pair):
    first = pair.evse.wait_asked()
    pair.pev.wait_discovered()
    plugs_in_again(pair)

    second = pair.evse.wait_asked()

    assert second.t > pair.evse.matched().t > first.t


def test_after_a_second_match_the_second_answer_is_waited_for(pair):
    first = pair.pev.wait_discovered()
    plugs_in_again(pair)

    assert pair.pev.wait_discovered().t > pair.pev.matched().t > first.t


def test_a_second_match_whose_answer_is_missing_is_not_answered_by_the_first(pair):
    pair.pev.wait_discovered()
    pair.evse.wire.withhold(SdpResponse)
    plugs_in_again(pair)

    with pytest.raises(Deviation, match="did not answer SDP"):
        pair.pev.wait_discovered()


def test_a_car_gives_up_waiting_when_it_has_asked_its_last(pair):
    """50 requests; the time for the communication set-up is longer."""
    pair.evse.wire.withhold(SdpResponse)
    link = pair.pev.wait_link()

    with pytest.raises(Deviation):
        pair.pev.wait_discovered()

    assert pair.pev.now() == link.t + s(1) + 50 * ms(250)


def test_who_waits_for_an_answer_says_how_long(pair):
    pair.evse.wire.withhold(SdpResponse)
    link = pair.pev.wait_link()

    with pytest.raises(Deviation):
        pair.pev.wait_discovered(within=s(2))

    assert pair.pev.now() == link.t + s(2)


def test_a_connection_is_seen_also_when_it_came_before_it_is_waited_for(pair):
    pair.pev.wait_discovered()
    evse, pev = pair.evse, pair.pev
    pev.wire.send(neighbour_solicitation(PEV_HOST, pev.sdp.address, evse.sdp.address), pev.now())
    segment = sends_segment(pair)

    seen = evse.wait_connection(sut="ioniq")

    assert seen.message == segment
    refusals = [answer for answer in pev.wire.seen(Tcp) if answer.packet.packet.src == evse.sdp.address]
    assert len(refusals) == 1


@pytest.mark.parametrize(("flags", "port"), [(ACK, None), (SYN, 443)], ids=["no SYN", "another port"])
def test_a_segment_that_opens_nothing_here_is_no_connection(pair, flags, port):
    pair.pev.wait_discovered()
    sends_segment(pair, flags, port)

    with pytest.raises(Deviation, match="and did not within"):
        pair.evse.wait_connection(sut="ioniq")


def test_a_connection_after_the_match_before_counts_no_more_and_the_time_runs_from_the_link(pair):
    pair.pev.wait_discovered()
    sends_segment(pair)
    plugs_in_again(pair)
    pair.pev.wait_discovered()

    with pytest.raises(Deviation, match="and did not within"):
        pair.evse.wait_connection(within=s(10))

    assert pair.evse.now() == pair.evse.wait_link().t + s(10)
