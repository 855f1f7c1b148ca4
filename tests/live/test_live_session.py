"""The bench in one of its modes, without a screen and on the virtual clock: what comes by itself, and what keys do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.analysis.verdict import Profile
from bench.clock import SystemClock
from bench.errors import BenchError, ConfigError
from bench.ids import BROADCAST
from bench.live.console import forget
from bench.live.ladder import Ladder
from bench.live.opening import modes_of, opened, rig_to_watch, wishes_for
from bench.live.reading import facts_of, keys_for, pilot_text, timings_shown
from bench.live.session import Can, ListeningSession, Mode, StationSession
from bench.live.state import Tone
from bench.mme import CmSetKeyReq, VsSwVerCnf
from bench.pilot.model import CpState, PilotReading
from bench.pump import Pump
from bench.rig import Rig, RigConfig, open_rig
from bench.slac.events import Network
from bench.trace import Trace
from bench.units import ms, s

Opens = Callable[[Mode], tuple[StationSession, Ladder]]
NAMES = {Mode.EVSE: "hyundai-ioniq28", Mode.PEV: "alpitronic"}


@pytest.fixture
def opens() -> Iterator[Opens]:
    """On the simulated rig and its virtual clock, with a ladder that hears everything."""
    sessions: list[StationSession] = []

    def open_it(mode: Mode) -> tuple[StationSession, Ladder]:
        rig, ladder = open_rig("sim"), Ladder()
        choice = next(sut for sut in rig.suts() if sut.name == NAMES[mode])
        setup = rig.setup(choice, case="live")
        setup.trace.listeners.append(ladder.hear)
        session = StationSession(mode, setup, real_car=False)
        session.begin()
        sessions.append(session)
        return session, ladder

    yield open_it
    for session in sessions:
        session.close()


def nobody_watches(*_: object) -> None:
    pass


def link_ups(ladder: Ladder) -> int:
    return sum(step.name.startswith("evse: link up") for step in ladder.steps())


def passes(session: StationSession, seconds: float) -> None:
    """That much time, with whatever comes by itself."""
    end = session.now() + s(seconds)
    for _ in range(2000):
        if session.now() >= end:
            return
        session.pump.run(session.has_to_act, min(end, session.now() + ms(50)))
        if session.has_to_act():
            session.act()
    raise AssertionError("something is due for ever")


def test_as_the_station_the_plug_goes_in_and_5_percent_follow_by_themselves(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)

    assert session.coming() == "plugs in by itself in 1.0 s"
    passes(session, 1.1)
    assert session.pilot().label == "B1"
    assert session.coming() == "offers 5 % by itself in 1.4 s"
    passes(session, 1.5)
    assert session.pilot().digital
    assert session.coming() == ""


def test_as_the_station_the_bench_is_matched_and_linked_without_another_key(opens: Opens) -> None:
    session, ladder = opens(Mode.EVSE)

    passes(session, 12)
    session.ask_network()
    passes(session, 0.1)

    pilot, station, link, adapter = facts_of(session, ladder)
    assert (pilot.label, pilot.text) == (
        "pilot",
        "B2, plugged in, 5 %: high-level communication required (+9.0 V)",
    )
    assert (station.label, station.tone) == ("station", Tone.GOOD)
    assert station.text.startswith("matched, session ")
    assert link_ups(ladder) == 1
    assert (link.label, link.tone) == ("link", Tone.GOOD)
    assert adapter.text.startswith("with 1 other in ")


def test_as_the_car_the_bench_is_matched_by_a_station_that_offers_5_percent_itself(opens: Opens) -> None:
    session, ladder = opens(Mode.PEV)

    passes(session, 12)

    _, car, link, _ = facts_of(session, ladder)
    assert (car.label, car.text) == ("car", "matched: the modem is in the EVSE's network")
    assert (link.label, link.tone) == ("link", Tone.GOOD)
    assert not session.can(Can.DUTY)


def test_whoever_sets_the_duty_cycle_is_not_overruled(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)
    passes(session, 1.1)

    session.duty(100.0)
    passes(session, 10)

    assert session.pilot().label == "B1"


def test_a_plug_that_is_pulled_takes_5_percent_with_it_and_begins_again_when_it_is_put_in(opens: Opens) -> None:
    session, ladder = opens(Mode.EVSE)
    passes(session, 12)

    assert session.plug() == "unplugged, pilot at 100 %"
    passes(session, 5)
    assert session.pilot() == PilotReading(CpState.A, 100.0, 12.0, 12.0)

    assert session.plug() == "plugged in"
    passes(session, 12)
    assert link_ups(ladder) == 2


def test_a_plug_that_is_pulled_in_the_pause_gets_no_5_percent(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)
    passes(session, 1.2)

    session.plug()
    passes(session, 5)

    assert session.pilot().duty_cycle_pct == 100


def test_timings_are_those_of_the_last_plugging_in(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)
    passes(session, 12)
    first = {interval.start for interval in session.intervals()}
    session.plug()
    passes(session, 5)
    session.plug()
    passes(session, 12)

    second = {interval.start for interval in session.intervals()}

    assert first
    assert second
    assert max(first) < min(second)


def test_a_new_key_is_refused_while_a_car_is_there(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)
    passes(session, 12)

    with pytest.raises(BenchError, match=r"not while a car is there: pull the plug first"):
        session.new_key()


def test_a_new_key_is_that_of_the_next_match_and_is_told_masked(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)
    before = session.setup.own_evse.network

    said = session.new_key()

    network = session.setup.own_evse.network
    assert network != before
    assert session.setup.own_evse.adapter.holds(network)
    assert network.nmk.hex() not in said
    assert str(network.nid) in said


def test_a_new_key_of_the_bench_as_the_car_is_in_its_adapter(opens: Opens) -> None:
    session, _ = opens(Mode.PEV)

    said = session.new_key()

    (request,) = [seen.mme for seen in session.trace.frames() if isinstance(seen.mme, CmSetKeyReq)]
    assert str(request.nid) in said
    assert session.setup.own_pev.adapter.holds(Network(request.nid, request.nmk))


def test_a_restarted_adapter_is_waited_for(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)

    said = session.restart()

    assert said.startswith("restarted, ready again after ")
    session.setup.own_evse.adapter.identify()


def test_a_test_frame_goes_to_everybody_and_is_answered(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)
    wire = session.setup.own_evse.wire
    after = len(wire.received)

    session.test_frame()
    passes(session, 0.5)

    sent = [seen for seen in session.trace.frames() if seen.frame is not None and seen.frame.dst == BROADCAST]
    assert sent
    assert wire.seen(VsSwVerCnf, after=after)


def test_what_happened_while_the_bench_stood_still_is_uncertain_where_it_is_simulated(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)

    session.held_up(ms(7))
    assert session.uncertainty == 0, "the kernel stamps what comes from a real interface"

    session.simulated = True
    session.held_up(ms(7))
    session.held_up(ms(3))
    assert session.uncertainty == ms(7)


def test_a_margin_within_the_uncertainty_is_too_close_to_say(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)
    passes(session, 12)

    exact = {one.name: one.word for one in timings_shown(session.intervals(), 0, Profile.STRICT)}
    vague = {one.name: one.word for one in timings_shown(session.intervals(), ms(100), Profile.STRICT)}

    sounds = "TP_EV_batch_msg_interval (sound)"
    assert (exact[sounds], vague[sounds]) == ("outside", "too close")
    assert exact["TT_match_join"] == vague["TT_match_join"] == "ok"


def test_limits_of_the_field_are_wider_than_those_of_the_standard(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)
    passes(session, 12)

    strict, field = (
        {one.name: (one.limit, one.word) for one in timings_shown(session.intervals(), 0, profile)}
        for profile in Profile
    )

    sounds = "TP_EV_batch_msg_interval (sound)"
    assert strict[sounds] == ("20…50 ms", "outside")
    assert field[sounds] == ("1…160 ms", "ok")


def test_of_several_values_the_one_that_is_nearest_to_its_limit_is_shown(opens: Opens) -> None:
    session, _ = opens(Mode.EVSE)
    passes(session, 12)

    (sounds,) = [one for one in timings_shown(session.intervals(), 0) if "(sound)" in one.name]

    values = [interval.value for interval in session.intervals() if interval.name == sounds.name]
    assert sounds.value == f"{min(values) / 1e6:.2f} ms", "20 ms is the limit that these come near to"


def test_keys_that_do_nothing_are_not_offered(opens: Opens) -> None:
    car, _ = opens(Mode.PEV)

    def offered(session: StationSession | None, modes: frozenset[Mode] = frozenset(Mode)) -> str:
        return "".join(key.name for key in keys_for(modes, session) if key.works)

    assert offered(None) == "PEL?x"
    assert offered(car) == "PELUSRTC?x"
    assert offered(opens(Mode.EVSE)[0]) == "PEL5XFUSRTC?x"
    assert offered(None, frozenset({Mode.EVSE})) == "E?x"


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (PilotReading(CpState.A, 100.0, 12.0, 12.0), "A1, unplugged, 100 %: X1, no offer (+12.0 V)"),
        (PilotReading(CpState.F, 0.0, -12.0, -12.0), "F, 0 %: state F, not available (-12.0 V)"),
        (PilotReading(CpState.E, None, 0.0, 0.0), "E, 0 V (+0.0 V)"),
        (PilotReading(CpState.C, 53.3, 6.0, -12.0), "C2, ready to charge, 53.3 %: current offer (+6.0 V)"),
    ],
)
def test_the_pilot_in_words(reading: PilotReading, text: str) -> None:
    assert pilot_text(reading) == text


# which rig, which ends ----------------------------------------------------------------------------------------


def test_an_unknown_car_or_charger_is_refused() -> None:
    rig = rig_to_watch("sim")

    with pytest.raises(ConfigError, match="ioniq"):
        wishes_for(rig, "ioniq", None)
    with pytest.raises(ConfigError, match="alpi"):
        wishes_for(rig, None, "alpi")


@pytest.mark.parametrize(
    ("sut", "modes"),
    [
        ("pev", {Mode.EVSE, Mode.LISTEN}),
        ("evse", {Mode.PEV, Mode.LISTEN}),
        ("pair", {Mode.PEV, Mode.EVSE, Mode.LISTEN}),
        ("all", {Mode.PEV, Mode.EVSE, Mode.LISTEN}),
    ],
)
def test_what_the_bench_can_be_follows_from_what_is_connected(sut: str, modes: set[Mode]) -> None:
    assert modes_of(RigConfig.model_validate({"rig": {"sut": sut}})) == modes


def test_a_mode_the_rig_is_not_made_for_is_refused() -> None:
    rig = Rig(RigConfig.model_validate({"rig": {"name": "garage", "sut": "pev"}}))

    with pytest.raises(BenchError, match="the rig garage is not made for this: the bench is the CAR"):
        opened(Mode.PEV, wishes_for(rig, None, None), nobody_watches)


def test_the_named_car_and_charger_are_those_that_are_listened_to() -> None:
    wishes = wishes_for(rig_to_watch("sim"), "tesla-modely", "compleo-cito")

    session = opened(Mode.LISTEN, wishes, nobody_watches)

    assert isinstance(session, ListeningSession)
    assert session.other == "tesla-modely at compleo-cito"
    session.close()


def test_a_rig_with_one_kind_of_station_can_be_listened_to_all_the_same() -> None:
    rig = Rig(RigConfig.model_validate({"rig": {"sut": "pev"}, "pev": {"vehicles": ["tesla-modely"]}}))

    session = opened(Mode.LISTEN, wishes_for(rig, None, None), nobody_watches)

    assert session.other == "tesla-modely at alpitronic"
    session.close()


def test_a_car_that_the_rig_does_not_have_is_refused() -> None:
    rig = Rig(RigConfig.model_validate({"rig": {"name": "lab"}, "pev": {"vehicles": ["tesla-modely"]}}))

    with pytest.raises(ConfigError, match="--vehicle: the rig lab has tesla-modely, not kia-ev6"):
        wishes_for(rig, "kia-ev6", None)


def test_a_simulated_car_cannot_be_wished_for_at_a_real_bench() -> None:
    rig = rig_to_watch(str(Path(__file__).parents[2] / "rigs" / "raspberry-pi.toml"))

    with pytest.raises(ConfigError, match=r"--vehicle is who is simulated, and the rig .* is a real one"):
        wishes_for(rig, "kia-ev6", None)


def test_a_rig_that_is_watched_runs_in_real_time_and_is_seen_from_its_first_question_on() -> None:
    rig = rig_to_watch("sim")
    before: list[int] = []

    def watch(pump: Pump, trace: Trace) -> None:
        assert isinstance(pump.clock, SystemClock)
        before.append(len(trace.entries))

    with rig.setup(next(rig.suts()), watched=watch) as setup:
        assert setup.clock is setup.pump.clock
        assert len(setup.trace.entries) > 0

    assert before == [0]


def test_a_long_record_loses_its_oldest_only() -> None:
    entries = list(range(30_000))

    forget(entries)

    assert entries == list(range(25_000, 30_000))
