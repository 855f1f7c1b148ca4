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
    CmSlacParmReq,
    Frame,
    Mme,
    VsAttenCharInd,
    VsNwInfoReq,
    VsSwVerReq,
    encode,
)
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
