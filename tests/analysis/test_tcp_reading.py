"""What is read of the car's way to the offered TCP port in made-up exchanges, and what is said of it."""

from __future__ import annotations

import pytest
from slac_exchange import AT_EVSE, AT_LISTENER, AT_PEV, EVSE, OTHER_EVSE, PEV, Steps, analysis, ip, shifted, the_attempt
from test_sdp_reading import CAR_IP, STATION_IP, answer, ask, frame
from way_steps import (
    CAR_PORT,
    MATCHED,
    PORT,
    ack,
    from_station,
    handshake,
    rst,
    segment,
    syn,
    syn_ack,
    syn_to,
)

from bench.analysis import AttemptTcp, Recorder, tcp_watch
from bench.analysis.tcp_watch import KNOCKING_PORT
from bench.analysis.tcp_words import CONNECT_TIME
from bench.net import ACK, PSH, RST, SYN, link_local, sdp_request, sdp_response
from bench.units import to_ms

ANSWERED = [*MATCHED, ask(4000), answer(4010)]
WATCHED = [ip(60_000, src=OTHER_EVSE)]
"""The capture goes on, with nothing that matters."""
OTHER_PORT = 15118


def tcp(steps: Steps) -> AttemptTcp:
    found = the_attempt(steps).tcp
    assert found is not None
    return found


def at(found_t: int | None) -> float | None:
    """As the steps count: milliseconds since the beginning."""
    return None if found_t is None else to_ms(found_t - the_attempt(MATCHED).t_start)


# what is read ---------------------------------------------------------------------------------------------------------


def test_a_handshake_is_syn_syn_ack_and_ack() -> None:
    """From the car's first SYN to its ACK; data before or after is none of it."""
    found = tcp([*ANSWERED, *handshake(4500), segment(4600, PSH | ACK)]).offered

    assert found is not None
    assert (found.port, found.syns, found.answered, found.was_refused) == (PORT, 1, True, False)
    assert (at(found.syn_t), at(found.established_t)) == (4500, 4510)
    assert (found.syn_frame, found.established_frame) == (len(ANSWERED) + 1, len(ANSWERED) + 3)


def test_an_ack_without_a_syn_ack_establishes_nothing() -> None:
    """Nor does the SYN-ACK alone, nor an ACK of another connection."""
    for steps in (
        [syn(4500), ack(4510)],
        [syn(4500), syn_ack(4501)],
        [syn(4500), syn_ack(4501), ack(4510, car_port=CAR_PORT + 1)],
        [syn(4500), syn_ack(4501, car_port=CAR_PORT + 1), ack(4510)],
        [syn(4500), syn(4500.1, car_port=50_000), syn_ack(4501, car_port=50_000), ack(4510)],
    ):
        found = tcp([*ANSWERED, *steps]).offered
        assert found is not None
        assert not found.is_established


def test_a_syn_that_is_repeated_counts_from_the_first() -> None:
    found = tcp([*ANSWERED, syn(4500), syn(5500), *handshake(7500)]).offered

    assert found is not None
    assert (found.syns, at(found.syn_t), at(found.established_t)) == (3, 4500, 7510)


def test_what_follows_an_established_connection_changes_nothing() -> None:
    """A second connection, refused or not, is another story."""
    found = tcp([*ANSWERED, *handshake(4500), syn(9000, car_port=50_000), rst(9001, car_port=50_000)]).offered

    assert found is not None
    assert (found.syns, found.refused_t, at(found.established_t)) == (1, None, 4510)


def test_a_reset_of_the_car_is_no_refusal() -> None:
    """Two makes reset their own first handshake and repeat the SYN from the same port."""
    found = tcp([*ANSWERED, syn(4500), syn_ack(4501), segment(4505, RST), *handshake(4520)]).offered

    assert found is not None
    assert (found.refused_t, found.syns, at(found.established_t)) == (None, 2, 4530)


def test_only_a_reset_in_answer_to_a_syn_refuses() -> None:
    """One of a connection that was never asked for is not told."""
    found = tcp([*ANSWERED, syn(4500), rst(4501, car_port=CAR_PORT + 1)]).offered

    assert found is not None
    assert found.refused_t is None


def test_a_tagged_segment_is_read_too() -> None:
    """Behind an 802.1Q tag."""
    assert tcp([*ANSWERED, syn(4500, tag="81000001")]) == tcp([*ANSWERED, syn(4500)])


@pytest.mark.parametrize(
    "steps",
    [
        [*ANSWERED, syn(3000)],
        [*MATCHED, ask(4000), syn(4500)],
        [*ANSWERED, syn_to(4500, link_local(OTHER_EVSE))],
        [*ANSWERED, segment(4500, ACK), segment(4501, RST), from_station(4502, SYN | ACK)],
        [syn(500_000)],
    ],
    ids=["before the response", "no response", "another host", "no SYN", "no attempt"],
)
def test_what_is_not_the_way_to_the_station_is_not_read(steps: Steps) -> None:
    """Only a SYN to an address that a response named, after it."""
    assert [attempt.tcp for attempt in analysis(steps).attempts] in ([None], [])


def test_a_segment_that_is_cut_off_is_passed_over() -> None:
    """Before its flags."""
    whole = syn(4500)
    cut = type(whole)("net", 4500, whole.src, whole.dst, payload=whole.payload[:55])

    assert the_attempt([*ANSWERED, cut]).tcp is None


def test_each_match_has_its_own_connection() -> None:
    """The next attempt begins anew, and its SYN is not the first one's."""
    first, second = analysis([*ANSWERED, syn(4500), *shifted([*ANSWERED, *handshake(4500)], 60_000)]).attempts

    assert first.tcp is not None
    assert first.tcp.offered is not None
    assert second.tcp is not None
    assert second.tcp.offered is not None
    assert (first.tcp.offered.syns, first.tcp.offered.is_established) == (1, False)
    assert at(second.tcp.offered.established_t) == 64_510


def test_a_handshake_that_the_next_attempt_interrupts_is_not_completed() -> None:
    """What is judged does not change any more."""
    again = shifted([*ANSWERED, syn(4500)], 5000)

    first, second = analysis([*ANSWERED, syn(4500), *again, syn_ack(9000), ack(9001)]).attempts

    assert [one.tcp.offered.is_established for one in (first, second) if one.tcp and one.tcp.offered] == [False, False]
    assert first.tcp is not None
    assert first.tcp.offered is not None
    assert not first.tcp.offered.answered


def test_the_port_of_a_later_response_is_an_offered_one_too() -> None:
    """Asked twice, answered with two ports: either is right."""
    request = sdp_request(PEV, CAR_IP, 49152)
    other = frame(4500, sdp_response(request, EVSE, STATION_IP, OTHER_PORT))

    both = tcp([*ANSWERED, ask(4400), other, *handshake(5000, OTHER_PORT)])
    one = tcp([*ANSWERED, ask(4400), *handshake(5000, OTHER_PORT)])

    first = tcp([*ANSWERED, ask(4400), other, *handshake(5000)])

    assert first.offered is not None
    assert (first.offered.port, first.elsewhere) == (PORT, None)
    assert both.offered is not None
    assert (both.offered.port, both.elsewhere, both.target) == (OTHER_PORT, None, both.offered)
    assert one.elsewhere is not None
    assert (one.offered, one.elsewhere.port, one.target) == (None, OTHER_PORT, one.elsewhere)


def test_many_tries_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are counted; what is remembered of them has an end."""
    monkeypatch.setattr(tcp_watch, "MAX_OPENING", 2)
    found = tcp(
        [*ANSWERED, *(syn(4500 + n, car_port=50_000 + n) for n in range(5)), rst(4600, car_port=50_004)]
    ).offered

    assert found is not None
    assert (found.syns, found.refused_t) == (5, None)


# what is said ---------------------------------------------------------------------------------------------------------


def diagnosis(steps: Steps, recorder: Recorder = AT_EVSE) -> str:
    return the_attempt(steps, recorder).diagnosis


def test_a_car_that_connects_is_not_worth_a_word() -> None:
    """Late, at the second try, or before the recording ends."""
    late = 4010 + to_ms(CONNECT_TIME) + 1000
    for steps in (handshake(4500), handshake(late), [syn(4500), rst(4501), *handshake(5000)], [syn(4500)]):
        assert diagnosis([*ANSWERED, *steps]).endswith("network up 2.690 s later.")


def test_a_car_that_never_connects_is_told() -> None:
    """SDP was answered, the recording went on, no SYN came: to which port, and for how long."""
    said = diagnosis([*ANSWERED, *WATCHED])

    assert said.endswith(
        "; SDP was answered, but the car never connected: no TCP SYN to port 61341 in the 55.990 s after it."
    )


def test_a_car_that_only_knocks_never_connects() -> None:
    """Some cars try port 60918 of any station; that is no way to the offered one."""
    assert "the car never connected" in diagnosis(
        [*ANSWERED, syn(5000, KNOCKING_PORT), rst(5001, KNOCKING_PORT), *WATCHED]
    )


@pytest.mark.parametrize(
    ("steps", "recorder"),
    [
        ([*ANSWERED, ip(4010 + to_ms(CONNECT_TIME) - 1, src=OTHER_EVSE)], AT_EVSE),
        ([*ANSWERED, *WATCHED], AT_LISTENER),
        ([step for step in ANSWERED if step.src == EVSE] + WATCHED, AT_EVSE),
        ([*MATCHED, ask(4000), *WATCHED], AT_EVSE),
    ],
    ids=["the recording ends", "a listener", "one side is heard", "no response"],
)
def test_nothing_is_said_of_a_connection_that_need_not_be_seen(steps: Steps, recorder: Recorder) -> None:
    assert "connected" not in diagnosis(steps, recorder)


def test_time_to_connect_is_counted_from_the_response() -> None:
    """At the limit itself it is said."""
    assert "never connected" in diagnosis([*ANSWERED, ip(4010 + to_ms(CONNECT_TIME), src=OTHER_EVSE)])


def test_a_connection_to_another_port_is_told() -> None:
    """With the port that was offered; established, refused, or nothing."""
    elsewhere = OTHER_PORT
    established, refused = handshake(4500, elsewhere), [syn(4500, elsewhere), rst(4501, elsewhere)]

    assert diagnosis([*ANSWERED, *established]).endswith(
        "; the car connected to TCP port 15118 instead of the offered 61341."
    )
    assert diagnosis([*ANSWERED, *refused]).endswith(
        "; the car tried TCP port 15118 instead of the offered 61341 and was refused (RST)."
    )
    assert diagnosis([*ANSWERED, syn(4500, elsewhere)]).endswith(
        "; the car tried TCP port 15118 instead of the offered 61341."
    )


def test_another_port_beside_the_offered_one_is_not_worth_a_word() -> None:
    steps = [syn(4500, OTHER_PORT), rst(4501, OTHER_PORT), *handshake(5000), syn(6000, OTHER_PORT)]

    assert diagnosis([*ANSWERED, *steps]).endswith("network up 2.690 s later.")


def test_a_refusal_at_the_offered_port_is_told() -> None:
    """If no later try succeeds."""
    said = diagnosis([*ANSWERED, syn(4500), rst(4501), syn(5000), rst(5001)])

    assert said.endswith("; the station refused the car at the TCP port it had offered, 61341 (RST).")
    assert "refused" not in diagnosis([*ANSWERED, syn(4500), rst(4501), syn(5000), syn_ack(5001)])


def test_a_syn_that_nobody_answers_is_told() -> None:
    """How many, if the answer would have been seen."""
    asked = [*ANSWERED, syn(4500), syn(5500), syn(7500)]

    assert diagnosis([*asked, *WATCHED]).endswith(
        "; nobody answered the car's 3 TCP SYN to port 61341, which the station had offered."
    )
    assert "the car's TCP SYN to port" in diagnosis([*ANSWERED, syn(4500), *WATCHED])
    assert "nobody" not in diagnosis([*asked, *WATCHED], AT_LISTENER)
    assert "nobody" not in diagnosis([*asked, ip(4500 + to_ms(CONNECT_TIME) - 1, src=OTHER_EVSE)])
    assert "nobody" not in diagnosis([*ANSWERED, syn(4500), syn_ack(4501), *WATCHED])
    assert diagnosis([*ANSWERED, syn(4500), *WATCHED], AT_PEV).endswith("which the station had offered.")
