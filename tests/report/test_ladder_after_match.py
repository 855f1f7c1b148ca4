"""The ladder goes on after the match: SDP is told word for word, everything else of IPv6 in passing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from station_pair import Pair
from trace_story import (
    EVSE,
    EVSE_ADDRESS,
    PEV,
    PEV_ADDRESS,
    RUN,
    Arrow,
    Chart,
    Story,
    answers,
    asks,
    poll,
    tell_discovery,
    tell_match,
)

from bench.ids import MacAddress
from bench.net import (
    ACK,
    SYN,
    Ipv6,
    Ipv6Frame,
    SdpResponse,
    Security,
    Tcp,
    address_claim,
    link_local,
    neighbour_advertisement,
    neighbour_solicitation,
    sdp_response,
)
from bench.report.ladder import ladder_svg
from bench.report.palette import state_class
from bench.sdp.evcc_table import EvccState
from bench.sdp.secc_table import SeccState
from bench.units import ms, s

STRANGER = MacAddress.parse("00:11:22:33:44:55")


def drawn(story: Story) -> Chart:
    return Chart(ladder_svg(story.trace))


def starting(chart: Chart, name: str) -> list[Arrow]:
    return [arrow for arrow in chart.arrows() if arrow.hint.startswith(name)]


def segment(src_port: int, flags: int, *, of_car: bool = True) -> Ipv6Frame:
    src, dst = (PEV, EVSE) if of_car else (EVSE, PEV)
    return Ipv6Frame(dst, src, Ipv6(link_local(src), link_local(dst), Tcp(src_port, 61118, flags=flags)))


# SDP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ports", [("evse",), ("pev",), ("evse", "pev")], ids="+".join)
def test_question_and_answer_are_one_arrow_each_whoever_recorded_them(ports):
    chart = drawn(tell_discovery(*ports))

    (request,), (response,) = starting(chart, "SDP request"), starting(chart, "SDP response")

    assert request.label == "SDP request  no TLS"
    assert response.label == f"SDP response  [{EVSE_ADDRESS}]:61118, no TLS"
    assert (request.start, request.ends) == (chart.lane_x("PEV"), [chart.lane_x("EVSE") - 1.5])
    assert (response.start, response.ends) == (chart.lane_x("EVSE"), [chart.lane_x("PEV") + 1.5])


def test_the_security_that_was_asked_for_is_told():
    (request,) = starting(drawn(tell_match().sends("pev", asks(Security.TLS))), "SDP request")

    assert request.label.startswith("SDP request  TLS")


def test_what_is_wrong_with_an_answer_is_red():
    answer = answers()
    udp = answer.packet.payload
    wrong = replace(answer, packet=replace(answer.packet, payload=replace(udp, checksum=0x929D)))

    (response,) = starting(drawn(tell_discovery(answered=False).sends("evse", wrong)), "SDP response")
    (right,) = starting(drawn(tell_discovery()), "SDP response")

    assert "Udp.checksum" in response.red[0]
    assert not right.red


def test_octets_at_the_sdp_port_that_are_no_sdp_are_shown_as_wrong_and_not_as_housekeeping():
    request = asks()
    udp = request.packet.payload
    garbage = replace(request, packet=replace(request.packet, payload=replace(udp, payload=b"\1\2\3")))

    (arrow,) = starting(drawn(tell_discovery(requests=0, answered=False).sends("pev", garbage)), "UDP to port 15118")

    assert arrow.red
    assert not arrow.thin


def test_fifty_requests_without_an_answer_are_folded_and_the_last_is_drawn():
    story = tell_discovery(requests=50, answered=False)

    chart = drawn(story)

    assert len(starting(chart, "SDP request")) == 3
    assert "SDP request, 47 times more, every 250 ms" in "".join(chart.of("g", "fold")[0].itertext())


def test_polling_between_the_requests_does_not_keep_them_from_being_folded():
    story = tell_match()
    for _ in range(50):
        story.sends("pev", asks())
        poll(story, "evse", 1)

    chart = drawn(story)

    assert len(starting(chart, "SDP request")) == 3
    assert "SDP request, 47 times more, every 250 ms, 92 lines between" in "".join(chart.of("g", "fold")[0].itertext())


def test_an_answer_that_never_arrives_is_lost_and_one_to_a_stranger_is_not():
    """Where an answer goes that is for nobody of the two, the bench cannot tell."""
    story = tell_discovery("evse", "pev", answered=False).sends("evse", answers(), arrives=False).wait(s(1))
    story.sends("evse", sdp_response(replace(asks(), src=STRANGER), EVSE, EVSE_ADDRESS, 61118), arrives=False)
    story.wait(s(1)).note("evse", "the end")

    responses = starting(drawn(story), "SDP response")

    assert [arrow.lost for arrow in responses] == [True, False]


def test_another_host_that_answers_has_a_lane_of_its_own():
    """Whoever answers for a charging station is part of the story."""
    story = tell_discovery(answered=False).sends("evse", sdp_response(asks(), STRANGER, link_local(STRANGER), 61118))

    chart = drawn(story)

    assert chart.texts("role").count("EVSE") == 2
    assert starting(chart, "SDP response")[0].start > chart.lane_x("EVSE")


def test_stations_of_a_trace_without_slac_are_known_by_what_they_ask_and_answer():
    chart = drawn(Story("evse").sends("pev", asks()).wait(ms(20)).sends("evse", answers()))

    assert {str(PEV), str(EVSE)} <= set(chart.texts())
    assert [arrow.hint.split()[1] for arrow in chart.arrows()] == ["request", "response"]


# other IPv6 -----------------------------------------------------------------------------------------------------


def test_the_first_frame_of_the_car_is_told_as_such_and_only_once():
    story = tell_discovery().sends("pev", address_claim(PEV, PEV_ADDRESS))

    told = [arrow.label for arrow in drawn(story).arrows() if "the car's first frame" in arrow.label]

    assert told == ["neighbour solicitation  the car's first frame"]


def test_ipv6_before_the_match_is_not_the_first_frame_of_the_car():
    """Some cars shout into the network they were in before; `match to first frame` does not count that either."""
    before = Story("evse").sends("pev", address_claim(PEV, PEV_ADDRESS)).wait(ms(10))
    story = tell_match()
    story.trace.entries = [*before.trace.entries, *story.trace.entries]
    story.sends("pev", asks())

    told = [arrow.label for arrow in drawn(story).arrows() if "the car's first frame" in arrow.label]

    assert told == ["SDP request  no TLS  the car's first frame"]


def test_a_single_neighbour_solicitation_is_a_thin_arrow():
    question = neighbour_solicitation(EVSE, EVSE_ADDRESS, PEV_ADDRESS)

    (arrow,) = starting(drawn(tell_discovery().sends("evse", question)), "neighbour solicitation")[1:]

    assert arrow.thin
    assert not starting(drawn(tell_discovery()), "SDP request")[0].thin


def test_housekeeping_of_a_host_is_one_thin_mark_that_counts_it():
    """A hundred neighbour solicitations are not a hundred labels."""
    story = tell_discovery()
    for _ in range(100):
        question = neighbour_solicitation(PEV, PEV_ADDRESS, EVSE_ADDRESS)
        story.sends("pev", question).wait(ms(5)).sends("evse", neighbour_advertisement(question, EVSE, EVSE_ADDRESS))
        story.wait(ms(5))

    chart = drawn(story)
    marks = ["".join(fold.itertext()) for fold in chart.of("g", "fold")]

    assert ["neighbour solicitation ×100" in marks[0], "neighbour advertisement ×100" in marks[1]] == [True, True]
    assert len(marks) == 2
    assert len(chart.arrows()) == len(drawn(tell_discovery()).arrows())


def test_housekeeping_does_not_break_up_the_polling_of_a_modem():
    story = tell_discovery()
    for _ in range(12):
        poll(story, "evse", 1).sends("evse", neighbour_solicitation(EVSE, EVSE_ADDRESS, PEV_ADDRESS))

    texts = ["".join(fold.itertext()) for fold in drawn(story).of("g", "fold")]

    assert len(texts) == 2
    assert any("VS_NW_INFO ×12" in text for text in texts)


def test_the_chatter_of_other_hosts_is_counted_and_not_drawn():
    story = tell_discovery()
    before = len(drawn(story).arrows())
    for _ in range(37):
        story.sends("pev", address_claim(STRANGER, link_local(STRANGER))).wait(ms(10))

    chart = drawn(story)

    assert len(chart.arrows()) == before
    assert not chart.of("g", "fold")
    assert chart.texts("small")[-1].endswith("37 IPv6 frames of 1 other host not drawn; see the capture")
    assert "other host" not in drawn(tell_discovery()).texts("small")[-1]


def test_a_stranger_does_not_become_a_modem():
    story = Story("pev").sends("evse", asks()).sends("evse", address_claim(STRANGER, link_local(STRANGER)))

    assert "modem" not in drawn(story).texts()


def test_the_knock_at_the_port_is_told_and_what_tcp_does_then_is_not():
    story = tell_discovery().sends("pev", segment(50000, SYN)).wait(ms(1))
    for _ in range(20):
        story.sends("evse", segment(61118, ACK, of_car=False)).wait(ms(1))

    chart = drawn(story)
    (syn,) = starting(chart, "TCP SYN")

    assert (syn.label, syn.thin) == ("TCP SYN  port 61118", False)
    assert not starting(chart, "TCP ACK")
    assert "TCP ACK ×20" in "".join(chart.of("g", "fold")[-1].itertext())


# time and states ------------------------------------------------------------------------------------------------


def test_the_quiet_stretch_between_match_and_sdp_is_cut():
    gaps = drawn(tell_discovery()).texts("gap")

    assert gaps == ["4.000 s", "850.000 ms"]


def in_sdp() -> Story:
    session = f"evse/{PEV} run {RUN}"
    story = tell_match().state("evse/sdp", SeccState.LISTENING.value).wait(ms(850)).sends("pev", asks())
    story.sends("evse", answers()).state("evse/sdp", SeccState.ANSWERED.value).state(session, "linked").wait(s(1))
    return story.note("evse", "the end")


def test_sdp_has_a_narrow_bar_outside_those_of_slac():
    def place(bar):
        return float(bar.get("x", "nan")) + float(bar.get("width", "nan")) / 2

    widths = {float(bar.get("width", "nan")): place(bar) for bar in drawn(in_sdp()).of("rect", "state")}
    slac = [place(bar) for bar in drawn(tell_match()).of("rect", "state")]

    assert set(widths) == {4.0, 9.0}
    assert widths[4.0] > max(slac)


def test_bars_of_slac_stand_where_they_stand_without_sdp():
    """Also those of a session that begins when SDP has begun long ago."""
    story, plain = in_sdp(), tell_match().wait(ms(850))
    for one in (story, plain):
        one.state("evse/the next session", "sounding").wait(s(1)).note("evse", "the end")

    def slac_bars(one):
        bars = drawn(one).of("rect", "state")
        return sorted({float(bar.get("x", "nan")) for bar in bars if bar.get("width") == "9"})

    assert slac_bars(story) == slac_bars(plain)


def test_states_of_slac_and_sdp_that_change_at_once_do_not_read_as_one_chain():
    names = drawn(in_sdp()).texts("state-name")

    assert "linked; has answered SDP" in names


def test_every_state_of_discovery_has_its_colour():
    assert {state for state in (*EvccState, *SeccState) if state_class(state.value) == "trouble"} == {
        EvccState.NOT_DISCOVERED
    }
    assert {state for state in (*EvccState, *SeccState) if state_class(state.value) == "linked"} == {
        EvccState.DISCOVERED,
        SeccState.ANSWERED,
    }


def test_without_a_network_discovery_has_no_bar():
    story = in_sdp().state("evse/sdp", "no network").wait(s(2)).note("evse", "later")

    ends = [float(b.get("y", "0")) + float(b.get("height", "0")) for b in drawn(story).of("rect", "state")]
    sdp = [
        float(b.get("y", "0")) + float(b.get("height", "0"))
        for b in drawn(story).of("rect", "state")
        if b.get("width") == "4"
    ]

    assert max(sdp) < max(ends)


# the bench's own stations ---------------------------------------------------------------------------------------


def test_a_discovery_of_both_stations_of_the_bench_is_told_to_the_end():
    pair = Pair()
    pair.trace.clear()
    pair.plug_in()
    pair.evse.wait_link()
    pair.pump.run_for(s(3))

    chart = Chart(ladder_svg(pair.trace))

    assert [arrow.hint.split()[:2] for arrow in chart.arrows()][-3:] == [
        ["neighbour", "solicitation"],
        ["SDP", "request"],
        ["SDP", "response"],
    ]
    assert any(text.startswith("discovered the station of ") for text in chart.texts("remark", "good"))


def test_a_discovery_in_vain_is_red():
    pair = Pair()
    pair.evse.wire.withhold(SdpResponse)
    pair.plug_in()
    pair.evse.wait_link()
    pair.pump.run_for(s(16))

    chart = Chart(ladder_svg(pair.trace))

    assert any(text.startswith("discovered no station in 50 requests") for text in chart.texts("remark", "bad"))
    assert EvccState.NOT_DISCOVERED.value in chart.texts("state-name", "bad")
    assert len(starting(chart, "SDP request")) == 4  # the first one, with the EVSE's state, is no repetition
