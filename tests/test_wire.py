"""The wire: what goes out and comes in is recorded; tests hold back, change and delay, expect and collect."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from paper_port import HOST, PEER, Desk

from bench.errors import Deviation
from bench.ids import RunId
from bench.mme import CmMnbcSoundInd, CmSlacMatchCnf, CmSlacParmCnf, CmSlacParmReq, decode, encode
from bench.net import NeighbourSolicitation, SdpRequest, address_claim, link_local, sdp_request
from bench.net import encode as encode_ipv6
from bench.ports import Drops
from bench.trace import Direction, FrameSeen, Note
from bench.units import ms, s

RUN, OTHER_RUN = RunId(b"11111111"), RunId(b"22222222")
PARM_CNF = CmSlacParmCnf(forwarding_sta=PEER, run_id=RUN)
SOUND = CmMnbcSoundInd(run_id=RUN)
WAIT = {"who": "the PEV aa:bb", "rule": "C_EV_match_MNBC"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def sent(desk: Desk) -> list:
    return [(stamped.t, decode(stamped.octets).mme) for stamped in desk.port.sent]


def notes(desk: Desk) -> list[str]:
    return [entry.text for entry in desk.trace.entries if isinstance(entry, Note)]


def run_new(frame):
    return replace(frame, mme=replace(frame.mme, run_id=OTHER_RUN))


# the record


def test_what_goes_out_is_recorded_with_the_instant_it_left(desk):
    """Octets and message, at the port's stamp."""
    desk.pump.run_for(ms(5))

    frame = desk.sends(SOUND)

    (entry,) = desk.trace.frames()
    assert entry == FrameSeen(ms(5), "paper0", Direction.OUT, encode(frame), frame)


def test_what_comes_in_is_recorded_with_the_instant_it_came(desk):
    """And handed to whoever reads, once."""
    desk.comes(SOUND, at=ms(5))

    desk.pump.run_for(ms(10))

    (entry,) = desk.trace.frames()
    assert (entry.t, entry.direction, entry.mme) == (ms(5), Direction.IN, SOUND)
    assert desk.taken == [entry] == desk.wire.received
    assert desk.wire.take() == []


def test_malformed_message_is_recorded_with_what_is_wrong_with_it(desk):
    """A sound cut off in its RunID: the octets are kept, the message is None, a note says why."""
    desk.port.arrives(ms(1), encode(desk.sends(SOUND))[:44])

    desk.pump.run_for(ms(2))

    (seen,) = desk.taken
    assert seen.frame is None
    assert seen.mme is None
    assert any("CmMnbcSoundInd" in text for text in notes(desk))


def test_frame_that_is_no_management_message_is_recorded_as_it_is(desk):
    """IPv4 is none of our business, but it is on the wire."""
    octets = HOST + PEER + b"\x08\x00" + bytes(60)
    desk.port.arrives(ms(1), octets)

    desk.pump.run_for(ms(2))

    assert [(seen.octets, seen.message) for seen in desk.taken] == [(octets, None)]
    assert notes(desk) == []


def test_packet_is_seen_by_its_message(desk):
    """IPv6 comes in as what it carries."""
    request = sdp_request(PEER, link_local(PEER), port=50000)
    desk.port.arrives(ms(1), encode_ipv6(request))

    desk.pump.run_for(ms(2))

    (seen,) = desk.wire.seen(SdpRequest)
    assert (seen.packet, seen.frame, seen.name) == (request, None, "SDP request")
    assert desk.wire.account() == "1 x SDP request (last at 1.000 ms)"


def test_packet_that_cannot_be_read_is_recorded_with_what_is_wrong_with_it(desk):
    desk.port.arrives(ms(1), HOST + PEER + b"\x86\xdd" + bytes(60))

    desk.pump.run_for(ms(2))

    assert [seen.message for seen in desk.taken] == [None]
    assert notes(desk) == ["malformed IPv6 packet in: IPv6 header: octet 14: version 0 is not 6"]


@pytest.mark.parametrize("kind", [SdpRequest, NeighbourSolicitation])
def test_packets_can_be_withheld_by_their_message(desk, kind):
    claim, request = address_claim(HOST, link_local(HOST)), sdp_request(HOST, link_local(HOST), port=50000)
    desk.wire.withhold(kind)

    for frame in (claim, request):
        desk.wire.send(frame, desk.pump.clock.now())

    assert [seen.packet for seen in desk.trace.frames()] == [claim if kind is SdpRequest else request]


def test_packet_can_be_altered_and_delayed(desk):
    request = sdp_request(HOST, link_local(HOST), port=50000)
    desk.wire.alter(SdpRequest, lambda frame: replace(frame, dst=PEER))
    desk.wire.delay(SdpRequest, ms(3))

    desk.wire.send(request, desk.pump.clock.now())
    desk.pump.run_for(ms(4))

    (seen,) = desk.trace.frames()
    assert (seen.t, seen.packet) == (ms(3), replace(request, dst=PEER))


# leaning on what goes out


def test_withheld_messages_are_not_sent_and_the_record_says_so(desk):
    """Of one kind; others pass."""
    desk.wire.withhold(CmSlacParmCnf)

    desk.sends(PARM_CNF)
    desk.sends(SOUND)

    assert sent(desk) == [(0, SOUND)]
    assert notes(desk) == ["CM_SLAC_PARM.CNF withheld by the test"]


def test_altered_messages_are_sent_as_the_test_wants_them(desk):
    """Octets and record show what was really sent."""
    desk.wire.alter(CmSlacParmCnf, run_new)

    desk.sends(PARM_CNF)

    assert sent(desk) == [(0, replace(PARM_CNF, run_id=OTHER_RUN))]
    assert [entry.mme.run_id for entry in desk.trace.frames()] == [OTHER_RUN]
    assert notes(desk) == ["CM_SLAC_PARM.CNF altered by the test"]


def test_alteration_that_changes_nothing_leaves_no_note(desk):
    """A test may alter the third message only."""
    desk.wire.alter(CmSlacParmCnf, lambda frame: frame)

    desk.sends(PARM_CNF)

    assert sent(desk) == [(0, PARM_CNF)]
    assert notes(desk) == []


def test_altering_to_none_withholds(desk):
    """The one thing `alter` and `withhold` share."""
    desk.wire.alter(CmMnbcSoundInd, lambda frame: None if frame.mme.cnt == 5 else frame)

    desk.sends(replace(SOUND, cnt=5))
    desk.sends(replace(SOUND, cnt=4))

    assert [mme.cnt for _, mme in sent(desk)] == [4]


def test_delayed_messages_leave_exactly_so_much_later(desk):
    """And not a nanosecond earlier."""
    desk.pump.run_for(ms(100))
    desk.wire.delay(CmSlacParmCnf, ms(250))
    desk.sends(PARM_CNF)

    desk.pump.run_for(ms(250) - 1)
    assert sent(desk) == []
    desk.pump.run_for(1)

    assert sent(desk) == [(ms(350), PARM_CNF)]
    assert notes(desk) == ["CM_SLAC_PARM.CNF held back for 250.000 ms by the test"]


def test_messages_delayed_differently_leave_in_the_order_of_their_time(desk):
    """A later message may overtake; of two for one instant the first stays first."""
    desk.wire.delay(CmSlacParmCnf, ms(20))
    desk.sends(PARM_CNF)
    desk.sends(replace(PARM_CNF, run_id=OTHER_RUN))
    desk.sends(SOUND)

    desk.pump.run_for(ms(20))

    assert sent(desk) == [(0, SOUND), (ms(20), PARM_CNF), (ms(20), replace(PARM_CNF, run_id=OTHER_RUN))]


def test_alteration_and_delay_of_one_kind_add_up(desk):
    """Whatever the order they were asked for in."""
    desk.wire.delay(CmSlacParmCnf, ms(20))
    desk.wire.alter(CmSlacParmCnf, run_new)

    desk.sends(PARM_CNF)
    desk.pump.run_for(ms(20))

    assert sent(desk) == [(ms(20), replace(PARM_CNF, run_id=OTHER_RUN))]


def test_altered_holds_within_its_block_only(desk):
    """Afterwards the station is honest again, even if the block raised."""
    with suppress(RuntimeError), desk.wire.altered(CmSlacParmCnf, run_new, delay=ms(1)):
        desk.sends(PARM_CNF)
        desk.pump.run_for(ms(1))
        raise RuntimeError

    desk.sends(PARM_CNF)

    assert sent(desk) == [(ms(1), replace(PARM_CNF, run_id=OTHER_RUN)), (ms(1), PARM_CNF)]


# looking at what comes in


def test_seen_finds_messages_by_kind_time_and_condition(desk):
    """Oldest first."""
    for cnt in (9, 8, 7):
        desk.comes(replace(SOUND, cnt=cnt), at=ms(30 * (10 - cnt)))
    desk.comes(PARM_CNF, at=ms(60))
    desk.pump.run_for(s(1))

    def counters(**how):
        return [seen.mme.cnt for seen in desk.wire.seen(CmMnbcSoundInd, **how)]

    assert counters() == [9, 8, 7]
    assert counters(since=ms(60)) == [8, 7]
    assert counters(after=2) == [7]
    assert counters(where=lambda seen: seen.mme.cnt == 9) == [9]


def test_expect_returns_the_first_message_of_its_kind(desk):
    """As soon as it is here; the clock stands at its arrival."""
    desk.comes(PARM_CNF, at=ms(10))
    desk.comes(replace(SOUND, cnt=9), at=ms(20))
    desk.comes(replace(SOUND, cnt=8), at=ms(50))

    found = desk.wire.expect(CmMnbcSoundInd, within=s(1), **WAIT)

    assert (found.t, found.mme.cnt) == (ms(20), 9)
    assert desk.clock.now() == ms(20)


def test_expect_counts_a_message_at_the_very_deadline(desk):
    """A limit is kept by what comes exactly at its end."""
    desk.comes(SOUND, at=ms(200))

    assert desk.wire.expect(CmMnbcSoundInd, within=ms(200), **WAIT).t == ms(200)


def test_expect_has_one_deadline_that_unrelated_frames_do_not_renew(desk):
    """A frame every 50 ms keeps nobody waiting beyond 200 ms."""
    for n in range(1, 20):
        desk.comes(PARM_CNF, at=ms(50 * n))
    desk.comes(SOUND, at=ms(200) + 1)

    with pytest.raises(Deviation):
        desk.wire.expect(CmMnbcSoundInd, within=ms(200), **WAIT)

    assert desk.clock.now() == ms(200)


def test_failed_expectation_tells_the_story(desk):
    """Who, what, by which rule, from when to when, what came instead, where to look."""
    desk.pump.run_for(s(1))
    desk.comes(PARM_CNF, at=s(1) + ms(10))
    desk.comes(PARM_CNF, at=s(1) + ms(30))

    with pytest.raises(Deviation) as raised:
        desk.wire.expect(CmMnbcSoundInd, within=ms(600), **WAIT)

    assert str(raised.value).splitlines() == [
        "the PEV aa:bb sent no CM_MNBC_SOUND.IND within 600.000 ms",
        "  rule    C_EV_match_MNBC",
        "  waited  1.000 s ... 1.600 s",
        "  saw     2 x CM_SLAC_PARM.CNF (last at 1.030 s)",
        "  look    trace.pcapng and ladder.svg (attached)",
    ]


def test_expectation_in_silence_says_that_nothing_came(desk):
    """Instead of an empty line."""
    with pytest.raises(Deviation, match="no message at all"):
        desk.wire.expect(CmMnbcSoundInd, within=ms(600), **WAIT)


def test_expect_looks_only_at_what_comes_from_now_on(desk):
    """Also at the instant the last one came: it was the answer to another question."""
    desk.comes(replace(SOUND, cnt=9), at=ms(20))
    desk.comes(replace(SOUND, cnt=8), at=ms(50))
    desk.wire.expect(CmMnbcSoundInd, within=s(1), **WAIT)

    assert desk.wire.expect(CmMnbcSoundInd, within=s(1), **WAIT).mme.cnt == 8


def test_expect_may_look_back(desk):
    """*after* frames received: from the beginning with 0."""
    desk.comes(SOUND, at=ms(20))
    desk.pump.run_for(s(1))

    assert desk.wire.expect(CmMnbcSoundInd, within=ms(1), after=0, **WAIT).t == ms(20)


def test_expect_takes_only_what_meets_its_condition(desk):
    """The sound with counter 8, not the one before."""
    desk.comes(replace(SOUND, cnt=9), at=ms(20))
    desk.comes(replace(SOUND, cnt=8), at=ms(50))

    found = desk.wire.expect(CmMnbcSoundInd, within=s(1), where=lambda seen: seen.mme.cnt == 8, **WAIT)

    assert found.t == ms(50)


def test_first_returns_none_where_expect_raises(desk):
    """For callers with an error of their own."""
    assert desk.wire.first(CmMnbcSoundInd, within=ms(10)) is None


def test_expect_none_lets_silence_pass(desk):
    """The whole time, and other messages in it."""
    desk.comes(PARM_CNF, at=ms(10))

    desk.wire.expect_none(CmMnbcSoundInd, during=ms(500), **WAIT)

    assert desk.clock.now() == ms(500)


def test_expect_none_raises_as_soon_as_the_message_comes(desk):
    """And says which message it was and when."""
    desk.comes(replace(SOUND, cnt=3), at=ms(70))

    with pytest.raises(Deviation) as raised:
        desk.wire.expect_none(CmMnbcSoundInd, during=ms(500), **WAIT)

    assert desk.clock.now() == ms(70)
    first, rule, waited, saw, _ = str(raised.value).splitlines()
    assert first == "the PEV aa:bb sent CM_MNBC_SOUND.IND where it must be silent"
    assert rule == "  rule    C_EV_match_MNBC"
    assert waited == "  waited  0.000 ms ... 500.000 ms"
    assert "cnt=3" in saw
    assert "70.000 ms" in saw


def test_expect_none_is_not_disturbed_by_what_came_before(desk):
    """Silence from now on is all that is asked."""
    desk.comes(SOUND, at=ms(20))
    desk.wire.expect(CmMnbcSoundInd, within=s(1), **WAIT)

    desk.wire.expect_none(CmMnbcSoundInd, during=ms(500), **WAIT)


def test_collect_gathers_until_its_condition_is_met(desk):
    """Here: until three have come."""
    for n in range(1, 6):
        desk.comes(CmSlacParmReq(run_id=RUN), at=ms(200 * n))

    found = desk.wire.collect(CmSlacParmReq, until=lambda: len(desk.wire.received) == 3, within=s(10))

    assert [seen.t for seen in found] == [ms(200), ms(400), ms(600)]
    assert desk.clock.now() == ms(600)


def test_collect_ends_with_its_time(desk):
    """One deadline, counted from the call; what was there before does not count."""
    for n in range(1, 6):
        desk.comes(CmSlacParmReq(run_id=RUN), at=ms(200 * n))
    desk.pump.run_for(ms(200))

    found = desk.wire.collect(CmSlacParmReq, until=lambda: False, within=ms(400))

    assert [seen.t for seen in found] == [ms(400), ms(600)]
    assert desk.clock.now() == ms(600)


def test_account_counts_by_kind_with_the_last_instant(desk):
    """In one line, from any instant on."""
    desk.comes(PARM_CNF, at=ms(5))
    for cnt in range(10):
        desk.comes(replace(SOUND, cnt=cnt), at=ms(600 + 30 * cnt))
    desk.comes(CmSlacMatchCnf(), at=s(2))
    desk.pump.run_for(s(3))

    assert desk.wire.account(since=ms(6)) == (
        "10 x CM_MNBC_SOUND.IND (last at 870.000 ms), 1 x CM_SLAC_MATCH.CNF (last at 2.000 s)"
    )


# doubts


def test_a_message_that_could_not_be_sent_is_lost_and_told(desk):
    """To the station it is like a frame lost on the way; the record and the verdict know better."""
    desk.port.down = True
    desk.pump.run_for(ms(5))

    desk.sends(SOUND)
    desk.sends(SOUND)

    assert notes(desk) == ["CM_MNBC_SOUND.IND lost: paper0: the interface is down"] * 2
    assert list(desk.trace.frames()) == []
    (doubt,) = desk.wire.doubts()
    assert doubt == (
        "paper0: the interface was down, 2 message(s) of the bench were not sent, CM_MNBC_SOUND.IND at 5.000 ms first"
    )


def test_frames_lost_by_the_port_are_told(desk):
    desk.port.dropped = Drops(2, 0)

    (doubt,) = desk.wire.doubts()

    assert doubt.startswith("paper0: frames were lost, 2 because the bench was too slow")


def test_where_nothing_was_lost_there_is_no_doubt(desk):
    desk.sends(SOUND)

    assert desk.wire.doubts() == []
