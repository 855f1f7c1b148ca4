"""SUT: a car. In the network of its match it looks for its station by SDP, and connects to where it is told."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest

from bench.analysis.verdict import Profile
from bench.errors import demand
from bench.limits import AFTER_MATCH, SDP_AGAIN
from bench.net import (
    Ipv6Address,
    Ipv6Frame,
    SdpRequest,
    SdpResponse,
    Tcp,
    V2gtp,
    link_local,
    mac_of,
    violations,
)
from bench.rig import Rig, Setup
from bench.rig.measuring import intervals_of
from bench.sdp.timers import MOST_REQUESTS
from bench.station import EvseStation
from bench.trace import FrameSeen
from bench.units import Ns, ms, s, show
from bench.wire import Matches
from hil_tests.checks import carrying, demand_intervals

pytestmark = [pytest.mark.needs("pev"), pytest.mark.sdp]

SILENT_FOR: Ns = s(2)
"""A car that has not asked again for so long asks no more: real ones do after 250 to 500 ms."""
MOST_ASKING: Ns = s(40)
BEYOND_THE_LINK = Ipv6Address.parse("2001:db8::1")


def from_the_car(evse: EvseStation) -> Matches:
    """Packets of the matched car; where networks are one, a neighbour's is heard too."""
    match = evse.matched()
    assert match is not None
    return lambda seen: seen.packet is not None and seen.src == match.pev_mac


def of_the_car(evse: EvseStation, kind: type) -> list[FrameSeen]:
    """Messages of *kind* that the matched car sent."""
    return evse.wire.seen(kind, where=from_the_car(evse))


def ask_until_it_stops(evse: EvseStation) -> list[FrameSeen]:
    """Run until the car has not asked for SILENT_FOR, at most MOST_ASKING; its requests."""
    end, own = evse.now() + MOST_ASKING, from_the_car(evse)
    while evse.now() < end and evse.wire.first(SdpRequest, within=SILENT_FOR, where=own) is not None:
        pass
    return of_the_car(evse, SdpRequest)


def test_it_finds_its_station_and_connects(pev_in_b2: Setup) -> None:
    """SDP request within the time for the communication set-up, then TCP to the address and port of the answer."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut

    evse.wait_asked(sut=sut)
    evse.wait_connection(sut=sut)


def test_what_it_sends_in_the_network_keeps_the_rules(pev_in_b2: Setup) -> None:
    """Checksums, lengths, hop limits, link-local addresses, ff02::1; and its address is no other host's."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut
    evse.wait_link(sut=sut)
    pev_in_b2.pump.run(lambda: bool(of_the_car(evse, Tcp)), evse.now() + s(20))

    sent = of_the_car(evse, object)
    demand(sent, f"{sut} joined the network and said nothing in it", rule="ISO 15118-2, 7.10.1: the EVCC asks by SDP")
    for seen in sent:
        assert seen.packet is not None
        broken = violations(seen.packet)
        demand(
            not broken,
            f"{sut} sent a wrong {seen.name}: {broken[0] if broken else ''}",
            rule=broken[0].rule if broken else "",
            saw=f"{seen.message} at {show(seen.t)}",
            look="trace.pcapng (attached)",
        )
        owner = mac_of(seen.packet.packet.src)
        demand(
            owner in (None, seen.packet.src),
            f"{sut}, {seen.packet.src}, uses {seen.packet.packet.src}, which is the address of {owner}",
            rule="RFC 4291, appendix A: the interface part is made of the host's own MAC address",
        )


@pytest.mark.timing
def test_from_the_match_to_sdp_it_keeps_its_limits(pev_in_b2: Setup, verdict_profile: Profile, rig: Rig) -> None:
    """First request within the time for the communication set-up; `test_matching` has the network."""
    evse = pev_in_b2.own_evse
    evse.wait_asked(sut=pev_in_b2.sut)

    way = [interval for interval in intervals_of(evse) if interval.name in AFTER_MATCH]
    demand_intervals(way, "pev", who=pev_in_b2.sut, profile=verdict_profile, uncertainty=rig.uncertainty)


@pytest.mark.timing
@pytest.mark.negative
def test_it_asks_a_silent_station_again(pev_in_b2: Setup, verdict_profile: Profile, rig: Rig) -> None:
    """Every 250 ms, by the strict limits at most 50 times with each security. Nobody answers here."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut
    evse.wire.withhold(SdpResponse)
    evse.wait_asked(sut=sut)

    requests = ask_until_it_stops(evse)

    demand(len(requests) > 1, f"{sut} asked once, and not again", rule="SDP: an unanswered request is repeated")
    repeated = [interval for interval in intervals_of(evse) if interval.name == SDP_AGAIN]
    demand_intervals(repeated, "pev", who=sut, profile=verdict_profile, uncertainty=rig.uncertainty)
    most = max(len(list(same)) for _, same in groupby(requests, key=lambda seen: seen.message))
    demand(
        most <= MOST_REQUESTS or verdict_profile is Profile.FIELD,
        f"{sut} asked {most} times with the same security",
        rule=f"SDP: at most {MOST_REQUESTS} requests",
    )


@pytest.mark.negative
def test_it_takes_an_answer_that_comes_late(pev_in_b2: Setup) -> None:
    """400 ms after the request it has asked again; the answer is as good as before."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut
    evse.wire.delay(SdpResponse, ms(400))
    evse.wait_asked(sut=sut)

    evse.wait_connection(sut=sut)


@pytest.mark.negative
@pytest.mark.parametrize("answer", ["is for another host", "names an address beyond the link"])
def test_it_does_not_connect_after_an_answer_that(pev_in_b2: Setup, answer: str) -> None:
    """What is not meant for the car, or leads out of its link, it must not take."""
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut

    def changed(frame: Ipv6Frame) -> Ipv6Frame:
        assert isinstance(frame.message, SdpResponse)
        if answer == "is for another host":
            return replace(frame, packet=replace(frame.packet, dst=link_local(evse.mac)))
        return carrying(frame, V2gtp(replace(frame.message, secc_address=BEYOND_THE_LINK)))

    evse.wire.alter(SdpResponse, changed)
    evse.wait_asked(sut=sut)
    own = from_the_car(evse)

    evse.wire.expect_none(
        Tcp,
        during=s(6),
        who=sut,
        rule="ISO 15118-2, 7.10.1: an SDP answer is for the car that asked, and names a link-local address",
        where=lambda seen: own(seen) and isinstance(seen.message, Tcp) and seen.message.opens,
    )
