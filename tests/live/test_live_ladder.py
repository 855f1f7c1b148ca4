"""What the console says of the messages that go by."""

from __future__ import annotations

import pytest

from bench.ids import BROADCAST, LOCAL_DEVICE, MacAddress, Nid, Nmk, RunId
from bench.live.ladder import Ladder
from bench.live.state import Step, Tone
from bench.mme import (
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    CmSlacParmReq,
    Frame,
    Mme,
    VsAttenCharInd,
    VsNwInfoReq,
    VsSwVerReq,
    encode,
)
from bench.net import (
    SYN,
    Ipv6,
    Ipv6Frame,
    Security,
    Tcp,
    address_claim,
    link_local,
    neighbour_advertisement,
    neighbour_solicitation,
    sdp_request,
    sdp_response,
    tcp_refusal,
)
from bench.net import encode as encode_ipv6
from bench.pilot.model import CpState, PilotReading
from bench.trace import Direction, Trace
from bench.trace import PilotSeen as Pilot
from bench.units import Ns, ms, s

CAR, STATION = MacAddress(b"\2car-1"), MacAddress(b"\2evse1")
KEY = Nmk(bytes(range(16)))


class Heard:
    """A trace with a ladder, and an easy way to let a message go by."""

    def __init__(self) -> None:
        self.ladder, self.trace = Ladder(), Trace()
        self.trace.listeners.append(self.ladder.hear)

    def goes_by(self, t: Ns, mme: Mme, direction: Direction = Direction.IN) -> None:
        self.trace.frame(t, "evse", direction, encode(Frame(BROADCAST, CAR, mme)))

    def packet(self, t: Ns, frame: Ipv6Frame, direction: Direction = Direction.IN) -> None:
        self.trace.frame(t, "evse", direction, encode_ipv6(frame))

    def matched(self, run: bytes = b"12345678", at: Ns = 0) -> None:
        """The car, by us."""
        self.goes_by(at, CmSlacParmReq(run_id=RunId(run)))
        confirmation = Frame(CAR, STATION, CmSlacMatchCnf(nmk=KEY))
        self.trace.frame(at + ms(1), "evse", Direction.OUT, encode(confirmation))

    @property
    def after_match(self) -> list[Step]:
        names = [step.name for step in self.steps]
        return list(self.steps[names.index("CM_SLAC_MATCH.CNF") + 1 :])

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.ladder.steps()


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_time_counts_from_the_request_of_the_attempt(heard: Heard) -> None:
    heard.goes_by(s(5), CmSlacParmReq(run_id=RunId(b"12345678")))
    heard.goes_by(s(5) + ms(200), CmSlacMatchCnf(nmk=KEY))

    assert [step.time for step in heard.steps] == ["0.0000", "0.2000"]


def test_a_request_that_is_repeated_goes_on_with_its_time_and_a_new_run_begins_anew(heard: Heard) -> None:
    heard.goes_by(s(5), CmSlacParmReq(run_id=RunId(b"12345678")))
    heard.goes_by(s(5) + ms(250), CmSlacParmReq(run_id=RunId(b"12345678")))
    heard.goes_by(s(9), CmSlacParmReq(run_id=RunId(b"abcdefgh")))

    assert [step.time for step in heard.steps] == ["0.0000", "0.2500", "0.0000"]


def test_a_run_that_begins_again_after_a_later_message_is_another_attempt(heard: Heard) -> None:
    """Some cars keep their RunID until the plug is pulled."""
    heard.goes_by(s(5), CmSlacParmReq(run_id=RunId(b"12345678")))
    heard.goes_by(s(5) + ms(300), CmMnbcSoundInd(cnt=9))
    heard.goes_by(s(9), CmSlacParmReq(run_id=RunId(b"12345678")))
    heard.goes_by(s(9) + ms(10), CmSlacParmCnf(run_id=RunId(b"12345678")))

    assert [step.time for step in heard.steps] == ["0.0000", "0.3000", "0.0000", "0.0100"]


def test_where_only_answers_are_heard_time_counts_from_the_first_of_them(heard: Heard) -> None:
    for begun, run in ((s(5), b"12345678"), (s(9), b"12345678"), (s(20), b"abcdefgh")):
        heard.goes_by(begun, CmSlacParmCnf(run_id=RunId(run)))
        heard.goes_by(begun + ms(200), CmSlacMatchCnf(nmk=KEY))

    assert [step.time for step in heard.steps] == ["0.0000", "0.2000"] * 3


def test_a_late_answer_to_a_request_that_was_heard_begins_nothing(heard: Heard) -> None:
    heard.goes_by(s(5), CmSlacParmReq(run_id=RunId(b"12345678")))
    heard.goes_by(s(5) + ms(300), CmMnbcSoundInd(cnt=9))
    heard.goes_by(s(5) + ms(350), CmSlacParmCnf(run_id=RunId(b"12345678")))

    assert heard.steps[-1].time == "0.3500"


def test_what_came_before_any_request_has_no_time(heard: Heard) -> None:
    heard.trace.add(Pilot(s(1), "evse", PilotReading(CpState.B, 5.0, 9.0, -12.0)))

    assert heard.steps == (Step("", "·", "pilot at the station: B2 5.0 % (+9.0 V)", ""),)


def test_sounds_and_profiles_are_a_line_each_that_counts(heard: Heard) -> None:
    heard.goes_by(0, CmSlacParmReq(run_id=RunId(b"12345678")))
    for n in range(10):
        heard.goes_by(ms(300 + 20 * n), CmMnbcSoundInd(cnt=9 - n))
        heard.goes_by(ms(301 + 20 * n), VsAttenCharInd(aag=bytes([20])))

    assert [(step.name, step.details) for step in heard.steps[1:]] == [
        ("CM_MNBC_SOUND.IND x10", "cnt 0, until 0.4800"),
        ("VS_ATTEN_CHAR.IND x10", "20.0 dB, until 0.4810"),
    ]


def test_the_sounds_of_the_next_attempt_are_not_counted_with_those_of_the_last(heard: Heard) -> None:
    for n, run in enumerate((b"12345678", b"abcdefgh")):
        heard.goes_by(s(n), CmSlacParmReq(run_id=RunId(run)))
        heard.goes_by(s(n) + ms(300), CmMnbcSoundInd(cnt=9))

    assert [step.name for step in heard.steps].count("CM_MNBC_SOUND.IND") == 2


def test_a_key_is_never_shown(heard: Heard) -> None:
    heard.goes_by(0, CmSlacMatchCnf(nid=Nid(bytes(7)), nmk=KEY))
    heard.goes_by(1, CmSetKeyReq(nid=Nid(bytes(7)), nmk=KEY))

    text = repr(heard.steps)
    assert text.count("NMK 00…0f") == 2
    assert KEY.hex() not in text


def test_arrows_tell_who_sent_it(heard: Heard) -> None:
    heard.goes_by(0, CmSlacMatchCnf(), Direction.OUT)
    heard.goes_by(1, CmSlacParmReq(), Direction.IN)

    assert [(step.mark, step.tone) for step in heard.steps] == [("→", Tone.STATION), ("←", Tone.CAR)]


def test_what_the_bench_asks_its_adapter_all_the_time_is_left_out(heard: Heard) -> None:
    heard.trace.frame(0, "evse", Direction.OUT, encode(Frame(LOCAL_DEVICE, STATION, VsNwInfoReq())))

    assert heard.steps == ()


def test_while_an_adapter_is_waited_for_the_questions_to_it_are_left_out_and_keys_are_not(heard: Heard) -> None:
    heard.ladder.quiet = True
    heard.goes_by(0, VsSwVerReq(), Direction.OUT)
    heard.goes_by(1, CmSetKeyReq(nmk=KEY), Direction.OUT)
    heard.ladder.quiet = False
    heard.goes_by(2, VsSwVerReq(), Direction.OUT)

    assert [step.name for step in heard.steps] == ["CM_SET_KEY.REQ", "VS_SW_VER.REQ"]


def test_news_and_trouble_are_told_apart_and_small_talk_is_not_told(heard: Heard) -> None:
    heard.trace.note(0, "evse", "ignored CM_SLAC_PARM.REQ from somebody")
    heard.trace.note(1, "evse", "matched A with B")
    heard.trace.note(2, "evse", "attempt of run 1 failed: no sounds")

    assert [(step.name, step.tone) for step in heard.steps] == [
        ("evse: matched A with B", Tone.GOOD),
        ("evse: attempt of run 1 failed: no sounds", Tone.BAD),
    ]


def test_something_malformed_is_told(heard: Heard) -> None:
    whole = encode(Frame(BROADCAST, CAR, CmSlacMatchCnf()))

    heard.trace.frame(0, "evse", Direction.IN, whole[:40])

    assert heard.steps[0].name.startswith("evse: malformed management message")
    assert heard.steps[0].tone is Tone.BAD


# after the match ----------------------------------------------------------------------------------------------

ASKS = sdp_request(CAR, link_local(CAR), 50000, Security.NO_TLS)
CLAIMS = address_claim(CAR, link_local(CAR))
LOOKS = neighbour_solicitation(CAR, link_local(CAR), link_local(STATION))
KNOCKS = Ipv6Frame(STATION, CAR, Ipv6(link_local(CAR), link_local(STATION), Tcp(50001, 61118, flags=SYN)))
OTHER = MacAddress(b"\2other")


def test_question_and_answer_of_sdp_are_told_with_what_they_say(heard: Heard) -> None:
    heard.matched()
    heard.packet(s(1), CLAIMS)
    heard.packet(s(2), ASKS)
    answer = sdp_response(ASKS, STATION, link_local(STATION), 61118, Security.NO_TLS)
    heard.packet(s(2), answer, Direction.OUT)

    assert heard.after_match[1:] == [
        Step("2.0000", "←", "SDP request", "no TLS", Tone.CAR),
        Step("2.0000", "→", "SDP response", f"[{link_local(STATION)}]:61118, no TLS", Tone.STATION),
    ]


def test_the_first_frame_of_the_other_side_is_told_and_its_next_are_not(heard: Heard) -> None:
    heard.matched()
    heard.packet(s(1), address_claim(STATION, link_local(STATION)), Direction.OUT)
    heard.packet(s(2), CLAIMS)
    heard.packet(s(3), LOOKS)

    firsts = [step for step in heard.after_match if "first" in step.details]

    assert firsts == [Step("2.0000", "←", "neighbour solicitation", "first IPv6 frame of the car")]


def test_a_question_that_is_the_first_frame_is_told_as_both(heard: Heard) -> None:
    heard.matched()

    heard.packet(s(1), ASKS)

    assert heard.after_match == [Step("1.0000", "←", "SDP request", "no TLS, first IPv6 frame of the car", Tone.CAR)]


def test_after_another_match_there_is_a_first_frame_again_and_after_a_repeated_confirmation_there_is_not(
    heard: Heard,
) -> None:
    heard.matched()
    heard.packet(s(1), CLAIMS)
    heard.trace.frame(s(2), "evse", Direction.OUT, encode(Frame(CAR, STATION, CmSlacMatchCnf(nmk=KEY))))
    heard.packet(s(3), CLAIMS)
    heard.matched(b"abcdefgh", s(10))
    heard.packet(s(11), CLAIMS)

    firsts = [(step.time, step.name) for step in heard.steps if "first IPv6 frame" in step.details]
    assert firsts == [("1.0000", "neighbour solicitation")] * 2


def test_neighbour_discovery_of_both_is_one_line_that_counts(heard: Heard) -> None:
    heard.matched()
    heard.packet(s(1), ASKS)
    for n in range(3):
        heard.packet(s(2 + n), LOOKS)
        heard.packet(s(2 + n), neighbour_advertisement(LOOKS, STATION, link_local(STATION)), Direction.OUT)

    assert heard.after_match[1:] == [Step("2.0000", "·", "neighbour discovery x6", "until 4.0000")]


def test_what_else_a_host_sends_is_one_line_that_says_what_it_was(heard: Heard) -> None:
    heard.matched()
    heard.packet(s(1), ASKS)
    heard.packet(s(2), LOOKS)
    segment = Tcp(1, 2)
    heard.packet(s(3), Ipv6Frame(STATION, CAR, Ipv6(link_local(CAR), link_local(STATION), segment)))
    heard.packet(s(4), LOOKS)

    (line,) = heard.after_match[1:]
    assert (line.mark, line.name) == ("·", "other IPv6 x3")
    assert line.details == "neighbour solicitation x2, TCP, until 4.0000"


def test_a_question_that_is_asked_again_is_one_line_that_counts(heard: Heard) -> None:
    heard.matched()
    heard.packet(s(1), CLAIMS)
    for n in range(50):
        heard.packet(s(2) + n * ms(250), ASKS)

    assert heard.after_match[1:] == [Step("2.0000", "←", "SDP request x50", "no TLS, until 14.2500", Tone.CAR)]


def test_a_car_that_knocks_is_refused_because_there_is_no_session_yet(heard: Heard) -> None:
    heard.matched()
    heard.packet(s(1), ASKS)
    heard.packet(s(2), KNOCKS)
    heard.packet(s(2), tcp_refusal(KNOCKS, STATION), Direction.OUT)

    assert heard.after_match[1:] == [
        Step("2.0000", "←", "TCP SYN", "port 61118", Tone.CAR),
        Step("2.0000", "→", "TCP RST+ACK", "refused: there is no V2G session yet", Tone.STATION),
    ]


def test_a_question_of_somebody_else_says_whose_it_is(heard: Heard) -> None:
    heard.matched()

    heard.packet(s(1), sdp_request(OTHER, link_local(OTHER), 50000, Security.NO_TLS))

    assert heard.after_match == [Step("1.0000", "←", "SDP request", f"no TLS, of {OTHER}", Tone.CAR)]


def test_discovery_is_news_its_failure_is_trouble_and_an_answer_that_is_not_taken_is_told_once(heard: Heard) -> None:
    heard.trace.note(0, "pev", "discovered the station of A at B port 1, no TLS (1 asked)")
    for n in range(50):
        heard.trace.note(n, "pev", "ignored SDP response from A: it offers TLS")
    heard.trace.note(60, "pev", "discovered no station in 50 requests: no answer that may be taken")

    assert [(step.name.split(" ", 2)[1], step.tone) for step in heard.steps] == [
        ("discovered", Tone.GOOD),
        ("ignored", Tone.PLAIN),
        ("discovered", Tone.BAD),
    ]
    assert heard.steps[1].name.endswith(" x50")


def test_whatever_may_change_a_timing_is_counted_and_housekeeping_is_not(heard: Heard) -> None:
    heard.matched()
    before = heard.ladder.changed

    heard.packet(s(1), CLAIMS)
    heard.packet(s(2), ASKS)
    assert heard.ladder.changed == before + 2
    heard.packet(s(3), LOOKS)
    assert heard.ladder.changed == before + 2
