"""What became of a match, in one line, and the rest of the screen beside it, on the virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bench.live.ladder import Ladder
from bench.live.reading import facts_of, state_tone, timings_shown
from bench.live.session import Mode, StationSession
from bench.live.state import Fact, State, Tone
from bench.live.view import screen, text_of
from bench.net import Security
from bench.rig import Rig, RigConfig, Settings
from bench.sdp.evcc import EvccSettings
from bench.sdp.secc import SeccSettings
from bench.units import Ns, ms, s

IONIQ, TESLA, ALPITRONIC = "hyundai-ioniq28", "tesla-modely", "alpitronic"
CAR = "02:86:a9:11:bc:16"
NARROW = 70
"""Columns of a fact on a screen of 80."""


class Bench:
    """A session on a simulated rig whose simulated end has *quirks*, with a ladder that hears everything."""

    def __init__(self, mode: Mode, name: str, quirks: tuple[str, ...], settings: Settings | None) -> None:
        end = "pev" if mode is Mode.EVSE else "evse"
        rig = Rig(RigConfig.model_validate({end: {"quirks": list(quirks)}}))
        setup = rig.setup(next(sut for sut in rig.suts() if sut.name == name), settings, case="live")
        self.ladder = Ladder()
        setup.trace.listeners.append(self.ladder.hear)
        self.session = StationSession(mode, setup, real_car=False)
        self.session.begin()

    def passes(self, seconds: float) -> None:
        """That much time, with whatever comes by itself."""
        end = self.session.now() + s(seconds)
        while self.session.now() < end:
            self.session.pump.run(self.session.has_to_act, min(end, self.session.now() + ms(50)))
            if self.session.has_to_act():
                self.session.act()

    def until(self, text: str, *, within: Ns = s(60)) -> Fact:
        """Runs until the link says so."""
        end = self.session.now() + within
        while text not in self.link.text:
            assert self.session.now() < end, f"the link still says {self.link.text!r}"
            self.passes(0.05)
        return self.link

    @property
    def link(self) -> Fact:
        return self.fact("link")

    def fact(self, label: str) -> Fact:
        return next(fact for fact in facts_of(self.session, self.ladder) if fact.label == label)


Opens = Callable[..., Bench]


@pytest.fixture
def opens() -> Iterator[Opens]:
    benches: list[Bench] = []

    def open_it(mode: Mode, name: str, *quirks: str, settings: Settings | None = None) -> Bench:
        benches.append(Bench(mode, name, quirks, settings))
        return benches[-1]

    yield open_it
    for bench in benches:
        bench.session.close()


# the station's end --------------------------------------------------------------------------------------------


def test_before_a_match_there_is_no_link(opens: Opens) -> None:
    bench = opens(Mode.EVSE, IONIQ)

    assert bench.link == Fact("link", "none yet", Tone.FAINT, whole=True)


def test_after_the_match_it_says_how_long_joining_takes_and_may_take(opens: Opens) -> None:
    bench = opens(Mode.EVSE, IONIQ)

    bench.until("joining (2.1 s of 12 s)")

    assert bench.link.tone is Tone.PLAIN


def test_in_the_network_the_station_waits_for_the_question(opens: Opens) -> None:
    bench = opens(Mode.EVSE, IONIQ)

    assert bench.until("up, ").text == "up, waiting for the car's SDP request (0.0 s of 20 s)"


def test_a_car_that_never_asks_is_said_to_be_overdue(opens: Opens) -> None:
    bench = opens(Mode.EVSE, IONIQ, "never_asks_sdp")

    bench.until("up, waiting for the car's SDP request (19.9 s of 20 s)")
    bench.passes(1)

    assert bench.link.text == "up, no SDP request of the car for 20.9 s"
    assert bench.link.tone is Tone.BAD


@pytest.mark.parametrize("car", [IONIQ, TESLA])
def test_a_car_that_asked_was_answered(opens: Opens, car: str) -> None:
    bench = opens(Mode.EVSE, car)

    fact = bench.until("asked by SDP")

    assert fact.text.startswith("up with 02:")
    assert fact.text.endswith(", asked by SDP for no TLS and answered")
    assert fact.tone is Tone.GOOD


def test_a_car_that_was_answered_something_else_than_it_asked_for_is_said_to_be(opens: Opens) -> None:
    """SUT: our station, which offers TLS here, to a car that asks for none."""
    bench = opens(Mode.EVSE, IONIQ, settings=Settings(secc=SeccSettings(security=Security.TLS)))

    fact = bench.until("asked by SDP")

    assert fact.text == f"up with {CAR}, asked by SDP for no TLS, answered: TLS"


def test_a_match_that_leads_nowhere_says_why(opens: Opens) -> None:
    bench = opens(Mode.EVSE, IONIQ, "never_joins")

    fact = bench.until("not joined")

    assert fact.text == "not joined: no link in TT_match_join"
    assert fact.tone is Tone.BAD


def test_0_percent_ends_network_and_discovery_and_the_next_attempt_begins_without(opens: Opens) -> None:
    """F, then 5."""
    bench = opens(Mode.EVSE, IONIQ)
    bench.until("up, ")

    bench.session.duty(0.0)
    bench.passes(0.2)
    assert (bench.link.text, bench.link.tone) == ("over: the pilot left B, C, D", Tone.PLAIN)
    bench.passes(5)
    bench.session.duty(5.0)
    bench.passes(1)
    assert bench.link.text == "none yet"
    bench.until("asked by SDP")


def test_a_plug_that_is_pulled_ends_the_link_and_put_in_again_there_is_none_yet(opens: Opens) -> None:
    """U, then U."""
    bench = opens(Mode.EVSE, IONIQ)
    bench.until("asked by SDP")

    bench.session.plug()
    bench.passes(0.2)
    assert bench.link.text == "over: the pilot left B, C, D"
    bench.session.plug()
    assert bench.link.text == "none yet"


def test_a_restarted_adapter_ends_link_and_discovery(opens: Opens) -> None:
    """R, while the car has its address already: it asks later, and is not answered."""
    bench = opens(Mode.EVSE, IONIQ)
    bench.until("(0.4 s of 20 s)")

    bench.session.restart()
    assert bench.link.text == "over: the link is gone"
    bench.passes(10)

    assert bench.link.text == "over: the link is gone"
    assert any("ignored SDP request" in step.name for step in bench.ladder.steps())


def test_a_car_that_is_matched_again_after_a_restart_has_a_link_again(opens: Opens) -> None:
    """R, before it was in the network for long: it begins with SLAC again."""
    bench = opens(Mode.EVSE, IONIQ)
    bench.until("up, ")

    bench.session.restart()
    assert bench.link.text == "over: the link is gone"

    bench.until("none yet")
    bench.until("asked by SDP")


def test_the_station_still_says_where_its_session_stands(opens: Opens) -> None:
    """The newest state is that of SDP, which is no session."""
    bench = opens(Mode.EVSE, IONIQ)

    bench.until("asked by SDP")

    assert bench.fact("station").text == "matched, session linked: the PEV's modem is in the network"


# the car's end ------------------------------------------------------------------------------------------------


def test_the_car_claims_its_address_first(opens: Opens) -> None:
    bench = opens(Mode.PEV, ALPITRONIC)

    bench.until("joining (1.0 s of 12 s)")
    assert bench.until("up, ").text == "up, claiming its IPv6 address"


def test_the_car_says_how_often_it_has_asked(opens: Opens) -> None:
    bench = opens(Mode.PEV, ALPITRONIC, "sdp_silent")

    bench.until("up, asking by SDP for no TLS: 3 of 50 requests, no answer yet")


def test_a_station_that_answers_is_discovered_and_where_it_listens_is_not_cut_off(opens: Opens) -> None:
    bench = opens(Mode.PEV, ALPITRONIC)

    fact = bench.until("station discovered")

    assert fact.text == "up, station discovered at [fe80::f4:c8ff:fed5:c339]:51110, no TLS"
    assert fact.tone is Tone.GOOD
    longest = "up, station discovered at [fe80::d862:ccef:1cca:18bf]:61118, no TLS"
    assert len(longest) <= NARROW


def test_a_station_that_never_answers_is_not_discovered(opens: Opens) -> None:
    bench = opens(Mode.PEV, ALPITRONIC, "sdp_silent")

    fact = bench.until("discovered")

    assert fact.text == "up, no station discovered in 50 requests"
    assert fact.tone is Tone.BAD


def test_answers_that_no_car_may_take_are_the_reason(opens: Opens) -> None:
    bench = opens(Mode.PEV, ALPITRONIC, "sdp_foreign_security")

    bench.until("up, asking by SDP for no TLS: 2 of 50 requests, answers refused")
    fact = bench.until("no station discovered")

    assert fact.text.startswith("up, no station discovered in 50 requests: ")
    assert "66" in fact.text or "0x42" in fact.text


def test_with_two_securities_it_is_said_which_one_is_asked_for(opens: Opens) -> None:
    evcc = EvccSettings(securities=(Security.TLS, Security.NO_TLS), requests=4)
    bench = opens(Mode.PEV, ALPITRONIC, "sdp_silent", settings=Settings(evcc=evcc))

    bench.until("asking by SDP for TLS: 4 of 4 requests")
    bench.until("asking by SDP for no TLS: 2 of 4 requests")
    bench.until("no station discovered in 8 requests")


def test_a_new_key_takes_the_car_out_of_the_network_and_ends_its_search(opens: Opens) -> None:
    """S, while it asks."""
    bench = opens(Mode.PEV, ALPITRONIC, "sdp_silent")
    bench.until("asking by SDP")

    bench.session.new_key()
    asked = bench.session.setup.own_pev.sdp.evcc.requests
    bench.passes(5)

    assert bench.link.text.startswith("over: the link is gone")
    assert bench.session.setup.own_pev.sdp.evcc.requests == asked


def test_a_plug_that_the_car_pulls_ends_its_link_and_its_search(opens: Opens) -> None:
    """U, while it asks."""
    bench = opens(Mode.PEV, ALPITRONIC, "sdp_silent")
    bench.until("asking by SDP")

    bench.session.plug()
    bench.passes(0.2)

    assert (bench.link.text, bench.link.tone) == ("over: unplugged", Tone.PLAIN)


def test_a_car_that_lost_its_link_does_not_look_matched() -> None:
    assert state_tone("unmatched: the link is gone (option A: wait for a new trigger)") is Tone.PLAIN
    assert state_tone("matched: the modem is in the EVSE's network") is Tone.GOOD
    assert state_tone("matched, session linked: the PEV's modem is in the network") is Tone.GOOD


def test_a_bench_that_is_both_ends_says_what_the_one_sees_that_was_asked_for(opens: Opens) -> None:
    opens(Mode.EVSE, "pair").until("asked by SDP for no TLS and answered")
    opens(Mode.PEV, "pair").until("station discovered at [fe80::")


# the rest of the screen ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "name", "text"),
    [
        (Mode.EVSE, IONIQ, "asked by SDP"),
        (Mode.PEV, ALPITRONIC, "station discovered"),
        (Mode.PEV, "pair", "discovered"),
    ],
)
def test_a_discovered_link_pushes_no_fact_off_80_by_24_and_shows_what_people_feel(
    opens: Opens, mode: Mode, name: str, text: str
) -> None:
    bench = opens(mode, name)
    bench.until(text)
    facts = facts_of(bench.session, bench.ladder)
    timings = timings_shown(bench.session.intervals(), ms(1))

    shown = text_of(
        screen(State("sim", "", facts, bench.ladder.steps(), timings, "a", notice="b"), 80, 24)
    ).splitlines()

    assert [line.split()[0] for line in shown[1 : 1 + len(facts)]] == [fact.label for fact in facts]
    assert len(timings) > 10
    assert any(line.startswith(" match to SDP ") and line.rstrip().endswith("ok") for line in shown)


def test_the_intervals_of_sdp_have_their_limits_and_are_what_is_shown_where_not_all_fit(opens: Opens) -> None:
    bench = opens(Mode.EVSE, IONIQ)
    bench.until("asked by SDP")

    timings = {one.name: one for one in timings_shown(bench.session.intervals(), ms(1))}

    after = [name for name, one in timings.items() if one.after_match]
    assert after == ["match to first frame", "network to SDP", "match to SDP", "SDP response"]
    assert [name for name, one in timings.items() if one.felt] == ["match to SDP"]
    assert timings["match to SDP"].limit == "≤ 52 s"
    assert timings["match to SDP"].value.startswith("411")
