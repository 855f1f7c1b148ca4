"""The bench's stations after the match: the link, the question, the answer, and what tests wait for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from station_pair import EVSE_HOST, PEV_HOST, Pair

from bench.errors import Deviation
from bench.ids import MacAddress
from bench.mme import VsNwInfoReq
from bench.net import SdpRequest, SdpResponse, Security, Tcp, V2gtp, link_local, neighbour_solicitation, sdp_request
from bench.sdp.evcc_table import EvccState
from bench.sdp.events import Answered, Discovered
from bench.sdp.secc_table import SeccState
from bench.slac.events import LinkUp
from bench.trace import Note, StateSeen
from bench.units import ms, s


@pytest.fixture
def pair() -> Pair:
    """Plugged in at 5 %."""
    pair = Pair()
    pair.plug_in()
    return pair


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
    stranger = MacAddress.parse("02:00:00:00:00:99")
    pair.evse.adapter.wire.port._arrived(_octets(sdp_request(stranger, link_local(stranger), port=50000)))
    pair.pump.run_for(ms(1))

    assert not pair.evse.happened(LinkUp)


def _octets(frame):
    from bench.net import encode

    return encode(frame)


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


def test_a_connection_is_seen_also_when_it_came_before_it_is_waited_for(pair):
    pair.pev.wait_discovered()
    evse, pev = pair.evse, pair.pev
    pev.wire.send(neighbour_solicitation(PEV_HOST, pev.sdp.address, evse.sdp.address), pev.now())
    syn = replace(
        sdp_request(PEV_HOST, pev.sdp.address, 50000),
        dst=EVSE_HOST,
    )
    segment = Tcp(50000, evse.sdp.settings.port, flags=2)
    pev.wire.send(replace(syn, packet=replace(syn.packet, dst=evse.sdp.address, payload=segment)), pev.now())
    pair.pump.run_for(s(1))

    seen = evse.wait_connection(sut="ioniq")

    assert seen.message == segment
    refusals = [answer for answer in pev.wire.seen(Tcp) if answer.packet.packet.src == evse.sdp.address]
    assert len(refusals) == 1
