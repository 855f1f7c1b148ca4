"""The intervals from the match to the answer of SDP, each from the frames that begin and end it."""

from __future__ import annotations

from bench.analysis.sdp_intervals import measure_sdp
from bench.ids import MacAddress
from bench.limits import FIRST_FRAME, NETWORK_TO_SDP, SDP_AGAIN, SDP_ANSWER, TO_SDP
from bench.net import Ipv6Frame, address_claim, link_local, sdp_request, sdp_response
from bench.units import Ns, ms, s

CAR = MacAddress.parse("02:86:a9:11:bc:16")
OTHER_CAR = MacAddress.parse("02:86:a9:11:bc:17")
STATION = MacAddress.parse("62:57:25:18:44:be")
MATCHED_AT: Ns = s(100)

Timed = tuple[Ns, Ipv6Frame]


def claim(after: Ns, car: MacAddress = CAR) -> Timed:
    """*after* the match, as the times of all of these."""
    return MATCHED_AT + after, address_claim(car, link_local(car))


def request(after: Ns, car: MacAddress = CAR) -> Timed:
    return MATCHED_AT + after, sdp_request(car, link_local(car), 49200)


def response(after: Ns, car: MacAddress = CAR) -> Timed:
    return MATCHED_AT + after, sdp_response(request(0, car)[1], STATION, link_local(STATION), 61000)


def measured(*packets: Timed, link: Ns | None = None) -> list[tuple[str, Ns, Ns]]:
    """Name, start and value of every interval, the start counted from the match; *link* too.

    Those that begin at the same instant stand in alphabetical order.
    """
    link_at = None if link is None else MATCHED_AT + link
    found = measure_sdp(packets, pev_mac=CAR, matched_at=MATCHED_AT, link_at=link_at)
    return [(interval.name, interval.start - MATCHED_AT, interval.value) for interval in found]


def of(name: str, *packets: Timed, link: Ns | None = None) -> list[tuple[Ns, Ns]]:
    """Start and value of the intervals of this name."""
    return [(start, value) for found, start, value in measured(*packets, link=link) if found == name]


def test_a_whole_discovery_shows_every_interval_but_the_repetition():
    assert measured(claim(s(2)), request(s(3)), response(s(3) + ms(5)), link=s(1)) == [
        (TO_SDP, 0, s(3)),
        (FIRST_FRAME, 0, s(2)),
        (NETWORK_TO_SDP, s(1), s(2)),
        (SDP_ANSWER, s(3), ms(5)),
    ]


def test_they_stand_in_order_of_time():
    starts = [start for _, start, _ in measured(claim(s(2)), request(s(3)), request(s(4)), response(s(5)), link=s(1))]

    assert starts == sorted(starts)


def test_without_a_packet_there_is_no_interval():
    assert measured(link=s(1)) == []


def test_a_request_before_the_match_belongs_to_another():
    """Nor is it the beginning of a repetition, nor what an answer after the match answers."""
    early = [claim(-s(3)), request(-s(2)), response(-s(1))]

    assert measured(*early) == []
    assert measured(request(-ms(1)), response(ms(1))) == []
    assert measured(*early, request(s(3))) == [(TO_SDP, 0, s(3)), (FIRST_FRAME, 0, s(3))]


def test_a_frame_at_the_instant_of_the_match_is_of_this_match():
    assert measured(request(0)) == [(TO_SDP, 0, 0), (FIRST_FRAME, 0, 0)]


def test_of_another_car_nothing_counts():
    """Neither its frames nor the answers to it."""
    others = [claim(s(1), OTHER_CAR), request(s(2), OTHER_CAR), response(s(2) + ms(5), OTHER_CAR)]

    assert measured(*others, link=s(1)) == []


def test_what_another_car_sends_between_changes_nothing():
    own = [claim(s(2)), request(s(3)), request(s(3) + ms(250)), response(s(3) + ms(255))]
    others = [claim(s(1), OTHER_CAR), request(s(3) + ms(100), OTHER_CAR), response(s(3) + ms(110), OTHER_CAR)]

    assert measured(*sorted(own + others, key=lambda timed: timed[0]), link=s(1)) == measured(*own, link=s(1))


def test_an_answer_to_another_car_is_no_answer_to_this_one():
    packets = request(s(3)), response(s(3) + ms(5), OTHER_CAR), response(s(3) + ms(90))

    assert of(SDP_ANSWER, *packets) == [(s(3), ms(90))]


def test_a_frame_of_the_station_is_no_first_frame():
    assert of(FIRST_FRAME, (MATCHED_AT + s(1), address_claim(STATION, link_local(STATION))), claim(s(2))) == [(0, s(2))]


def test_the_first_frame_may_be_the_request_itself():
    assert measured(request(s(3))) == [(TO_SDP, 0, s(3)), (FIRST_FRAME, 0, s(3))]


def test_only_the_first_request_ends_the_way_to_sdp():
    packets = [request(s(3) + n * ms(250)) for n in range(4)]

    assert of(TO_SDP, *packets, link=s(1)) == [(0, s(3))]
    assert of(NETWORK_TO_SDP, *packets, link=s(1)) == [(s(1), s(2))]
    assert of(FIRST_FRAME, *packets) == [(0, s(3))]


def test_every_request_without_an_answer_is_repeated_after_its_own_time():
    packets = request(s(3)), request(s(3) + ms(250)), request(s(3) + ms(510))

    assert of(SDP_AGAIN, *packets) == [(s(3), ms(250)), (s(3) + ms(250), ms(260))]


def test_a_request_after_an_answer_repeats_nothing():
    """The car asks anew, for whatever reason; it did not wait for an answer."""
    packets = request(s(3)), response(s(3) + ms(5)), request(s(9)), response(s(9) + ms(7))

    assert of(SDP_AGAIN, *packets) == []
    assert of(SDP_ANSWER, *packets) == [(s(3), ms(5)), (s(9), ms(7))]


def test_a_late_answer_counts_from_the_first_request():
    """Asking again does not excuse it."""
    packets = request(s(3)), request(s(3) + ms(250)), response(s(3) + ms(400))

    assert of(SDP_ANSWER, *packets) == [(s(3), ms(400))]
    assert of(SDP_AGAIN, *packets) == [(s(3), ms(250))]


def test_of_several_answers_the_first_counts():
    packets = request(s(3)), response(s(3) + ms(5)), response(s(3) + ms(600))

    assert of(SDP_ANSWER, *packets) == [(s(3), ms(5))]


def test_an_answer_that_nobody_asked_for_is_no_interval():
    assert measured(response(s(1)), request(s(3))) == [(TO_SDP, 0, s(3)), (FIRST_FRAME, 0, s(3))]


def test_without_a_link_that_was_seen_nothing_counts_from_it():
    assert of(NETWORK_TO_SDP, claim(s(2)), request(s(3))) == []


def test_a_link_seen_after_the_request_was_there_before():
    """The modem is asked every 250 ms; the request itself shows that the network was there."""
    assert of(NETWORK_TO_SDP, request(s(3)), link=s(3) + ms(200)) == [(s(3) + ms(200), 0)]
