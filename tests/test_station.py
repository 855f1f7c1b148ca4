"""The bench's stations: pilot, adapter and machine under one name, against each other through the simulated world."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from paper_port import PEER, PaperPort
from station_pair import CABLE_DB, EVSE_HOST, PEV_HOST, Pair

from bench.adapter import PROBE_EVERY
from bench.adapter.plc_adapter import LEAVES_WITHIN
from bench.clock import VirtualClock
from bench.errors import Deviation
from bench.mme import (
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
    VsNwInfoReq,
    encode,
)
from bench.pilot.model import CpState, PilotReading
from bench.pump import Pump
from bench.sim.adapter.network import NetworkKey
from bench.sim.pilot import PilotFault
from bench.sim.powerline import ONE_WAY
from bench.slac.events import AttemptFailed, GaveUp, LinkLost, LinkUp
from bench.slac.evse import EvseSettings
from bench.slac.evse_table import EvseState
from bench.slac.pev import PevSettings
from bench.slac.pev_table import PevState
from bench.slac.timers import TIMERS
from bench.station import PevStation, new_network
from bench.trace import Direction, Note, PilotSeen, StateSeen, Trace
from bench.units import Ns, ms, s
from bench.wire import Wire


def sent(pair: Pair, station, kind) -> list[Ns]:
    return [
        entry.t
        for entry in pair.trace.frames()
        if entry.port == station.wire.port.name and entry.direction is Direction.OUT and isinstance(entry.mme, kind)
    ]


# from the plug to the link


def test_pair_matches_and_joins_one_network():
    """Both ends tell the same match, and the modems find each other within TT_match_join."""
    pair = Pair()
    pair.plug_in()

    given, taken = pair.evse.wait_matched(), pair.pev.wait_matched()
    of_evse, of_pev = pair.evse.wait_link(), pair.pev.wait_link()

    assert (given.pev_mac, given.evse_mac, given.sounds_heard) == (PEV_HOST, EVSE_HOST, 10)
    assert taken == replace(given, t=taken.t)
    assert given.average_db == pytest.approx(CABLE_DB, abs=1.0)
    assert given.network == pair.evse.network
    assert pair.pev_modem.joined_to() == {pair.evse_modem}
    assert 0 < of_evse.after <= TIMERS.tt_match_join
    assert 0 < of_pev.after <= TIMERS.tt_match_join


def test_match_takes_as_long_as_timers_and_powerline_add_up_to():
    """On the virtual clock every instant is exact."""
    pair = Pair()
    plugged_at = pair.plug_in()

    given, taken = pair.evse.wait_matched(), pair.pev.wait_matched()

    batch = 12 * TIMERS.tp_ev_batch_msg_interval
    reported_at = plugged_at + TIMERS.tt_match_response + batch + ONE_WAY + TIMERS.tp_evse_avg_atten_calc
    assert sent(pair, pair.pev, CmSlacParmReq) == [plugged_at]
    assert sent(pair, pair.evse, CmSlacParmCnf) == [plugged_at + ONE_WAY]
    assert sent(pair, pair.pev, CmStartAttenCharInd)[0] == plugged_at + TIMERS.tt_match_response
    assert sent(pair, pair.pev, CmMnbcSoundInd)[-1] == plugged_at + TIMERS.tt_match_response + batch
    assert sent(pair, pair.pev, CmAttenCharRsp) == [reported_at + ONE_WAY]
    assert given.t == reported_at + 2 * ONE_WAY
    assert taken.t == reported_at + 3 * ONE_WAY


def test_link_is_seen_at_the_first_probe_after_the_modems_joined():
    """The measured time is that much too long at most, and says so in its name."""
    pair = Pair()
    pair.plug_in()

    taken, link = pair.pev.wait_matched(), pair.pev.wait_link()

    joined_at = pair.pev_modem.associates_at
    assert 0 <= link.t - joined_at <= PROBE_EVERY + ms(10)
    assert link.after == link.t - taken.t


@pytest.mark.parametrize("evse_adapter", ["qca7005-evse", "tplink-tlpa4010p"])
@pytest.mark.parametrize("pev_adapter", ["qca7005-car", "tplink-tlpa4010p"])
def test_every_pair_of_adapters_matches_and_joins(evse_adapter, pev_adapter):
    """A TP-Link as EVSE measures nothing and restarts late; the rest is the same."""
    pair = Pair(evse_adapter=evse_adapter, pev_adapter=pev_adapter)
    pair.plug_in()

    match = pair.pev.wait_matched()
    pair.evse.wait_link()
    pair.pev.wait_link()

    measured = evse_adapter == "qca7005-evse"
    assert match.average_db == pytest.approx(CABLE_DB if measured else EvseSettings().synthetic_db, abs=1.0)
    assert match.sounds_heard == 10


def test_two_runs_leave_identical_traces():
    """Seeds and a virtual clock: nothing is left to chance."""

    def record():
        pair = Pair(loss=0.05, seed=7)
        pair.plug_in()
        pair.pump.run_for(s(30))
        return pair.trace.entries

    assert record() == record()


def test_pair_matches_on_a_line_that_loses_frames():
    """Repetitions and attempts are there for it."""
    pair = Pair(loss=0.15, seed=3)
    pair.plug_in()

    pair.pev.wait_matched()
    pair.pev.wait_link()
    pair.evse.wait_link()

    assert pair.line.loss
    assert pair.evse.machine.state is EvseState.MATCHED


def test_prepared_stations_know_their_adapters():
    """Who they are, and, at the charging station, that its key is set before a car comes."""
    pair = Pair()

    for station, modem in ((pair.evse, pair.evse_modem), (pair.pev, pair.pev_modem)):
        assert station.adapter.identity is not None
        assert station.adapter.identity.mac == modem.mac
        assert station.mac == station.wire.port.mac
    assert pair.evse.adapter.holds(pair.evse.network)


def test_message_held_back_by_the_test_leaves_the_station_that_much_later():
    """The station wakes for it although its machine waits for nothing then."""
    pair = Pair()
    pair.evse.wire.delay(CmSlacParmCnf, ms(55))
    plugged_at = pair.plug_in()

    pair.pev.wait_matched()

    assert sent(pair, pair.evse, CmSlacParmCnf) == [plugged_at + ONE_WAY + ms(55)]


# what the record says


def test_trace_tells_the_story_of_a_match():
    """Pilot as each station sees it, each state with its reason, match and link."""
    pair = Pair()
    pair.plug_in()
    pair.pev.wait_matched()
    pair.pev.wait_link()

    entries = pair.trace.entries
    states = [entry.state for entry in entries if isinstance(entry, StateSeen) and entry.station == "pev"]
    assert states == [
        "waiting for CM_SLAC_PARM.CNF",
        "sounding",
        "waiting for CM_ATTEN_CHAR.IND",
        "waiting for CM_SLAC_MATCH.CNF",
        "joining",
        "matched",
    ]
    assert any(isinstance(entry, StateSeen) and entry.station.startswith(f"evse/{PEV_HOST} run") for entry in entries)
    assert {(entry.station, entry.reading.label) for entry in entries if isinstance(entry, PilotSeen)} >= {
        ("evse", "B2"),
        ("pev", "B2"),
    }
    notes = [(entry.who, entry.text) for entry in entries if isinstance(entry, Note)]
    assert ("pev", f"matched {PEV_HOST} with {EVSE_HOST}") in notes
    assert any(who == "pev" and text.startswith("link up ") for who, text in notes)
    assert [entry.t for entry in entries] == sorted(entry.t for entry in entries)


def test_what_a_machine_ignores_is_in_the_record_with_its_reason():
    """A silent machine cannot be diagnosed."""
    pair = Pair()
    pair.evse.wire.alter(CmSlacParmCnf, lambda frame: replace(frame, mme=replace(frame.mme, forwarding_sta=EVSE_HOST)))
    pair.plug_in()
    pair.pump.run_for(s(1))

    notes = [entry.text for entry in pair.trace.entries if isinstance(entry, Note) and entry.who == "pev"]
    assert any(text.startswith(f"ignored CM_SLAC_PARM.CNF from {EVSE_HOST}: forwarding_sta is") for text in notes)


def notes_of(pair: Pair, who: str) -> list[str]:
    return [entry.text for entry in pair.trace.entries if isinstance(entry, Note) and entry.who == who]


def test_record_says_why_attempts_failed_and_why_there_are_no_more():
    """For both stations: the car is never answered, the station never asked."""
    pair = Pair(evse=EvseSettings(ac=True))
    pair.pev.wire.withhold(CmSlacParmReq)
    pair.plug_in()
    pair.pump.run(pair.evse.gave_up, pair.clock.now() + s(300))

    run = pair.pev.machine.pev.run_id
    failed = f"attempt of run {run} failed: no CM_SLAC_PARM.CNF after C_EV_match_retry repetitions"
    assert failed in notes_of(pair, "pev")
    assert "gave up: TT_matching_repetition is over" in notes_of(pair, "pev")
    assert notes_of(pair, "evse")[-2:] == [
        "pilot to 100.0 %: no request after C_sequ_retry steps",
        "gave up: AC: X1 after C_sequ_retry steps (V2G3-M06-07)",
    ]
    assert "pilot to E: no request, step 1 of C_sequ_retry" in notes_of(pair, "evse")
    assert "pilot to 5.0 %: T_step_EF is over" in notes_of(pair, "evse")


def test_record_says_that_a_link_was_lost_and_whose():
    """Plug out after the match, as each station names it."""
    pair = Pair()
    pair.plug_in()
    match = pair.pev.wait_matched()
    pair.evse.wait_link()
    pair.pev.wait_link()
    pair.unplug()
    pair.pump.run_for(ms(1))

    assert notes_of(pair, "pev")[-1] == f"link of run {match.run_id} lost: unplugged"
    assert notes_of(pair, "evse")[-1] == f"link of {PEV_HOST} run {match.run_id} lost: the pilot left B, C, D"


def test_network_key_is_not_in_clear_in_any_text_of_the_record():
    """Notes and states may be printed anywhere."""
    pair = Pair()
    pair.plug_in()
    pair.pev.wait_matched()

    key = pair.evse.network.nmk.hex()
    texts = [str(entry) for entry in pair.trace.entries if not hasattr(entry, "octets")]
    assert not any(key in text for text in texts)


# waiting


def test_wait_matched_names_the_reason_when_no_match_comes():
    """Who, why by the analyser's and by the machine's account, what was heard, from when to when."""
    pair = Pair()
    pair.evse.wire.withhold(CmSlacParmCnf)
    start = pair.plug_in()

    with pytest.raises(Deviation) as raised:
        pair.pev.wait_matched(sut="the charger")

    assert raised.value.what.startswith("the charger was not matched: ")
    assert "CM_SLAC_PARM.REQ" in raised.value.what
    assert raised.value.saw == "no message at all; our pev: TT_matching_repetition is over"
    assert raised.value.waited.startswith(f"{start / 1e9:.3f} s ... ")
    assert pair.pev.gave_up()


def test_wait_matched_says_where_a_machine_stands_that_has_not_failed_yet():
    """Its patience may be shorter than the machine's."""
    pair = Pair()
    pair.evse.wire.withhold(CmSlacParmCnf)
    pair.plug_in()

    with pytest.raises(Deviation, match=r"still waiting for CM_SLAC_PARM\.CNF \(5 % PWM starts matching\)"):
        pair.pev.wait_matched(within=ms(300))


def test_wait_matched_on_a_bench_where_nothing_happens_says_so():
    """No plug, no event."""
    pair = Pair()

    with pytest.raises(Deviation, match="not matched: nothing ever happened"):
        pair.pev.wait_matched(within=s(1))


def test_wait_matched_returns_the_same_match_while_it_stands():
    """A test may ask as often as it likes."""
    pair = Pair()
    pair.plug_in()

    first = pair.evse.wait_matched()
    pair.evse.wait_link()

    assert pair.evse.wait_matched() is first


def test_wait_matched_waits_for_the_next_match_when_the_last_one_is_over():
    """Unplugged and plugged in again: the old match is no answer."""
    pair = Pair()
    pair.plug_in()
    first = pair.evse.wait_matched()
    pair.pev.wait_link()
    pair.unplug()
    pair.pump.run_for(s(1))
    plugged_at = pair.plug_in()

    second_of_evse, second_of_pev = pair.evse.wait_matched(), pair.pev.wait_matched()

    assert second_of_evse.t > plugged_at
    assert second_of_evse.run_id == second_of_pev.run_id != first.run_id
    assert pair.pev.wait_link().t > second_of_pev.t


def test_pev_that_gave_up_is_waited_for_again_after_a_new_trigger():
    """Its giving up belongs to the plug-in before."""
    pair = Pair()
    with pair.evse.wire.altered(CmSlacParmCnf, lambda _: None):
        pair.plug_in()
        pair.pump.run(pair.pev.gave_up, s(60))
    pair.unplug()
    pair.pump.run_for(s(1))
    pair.plug_in()

    assert pair.pev.wait_matched()
    assert not pair.pev.gave_up()


def test_wait_link_waits_for_the_match_first():
    """Asked right after the plug."""
    pair = Pair()
    pair.plug_in()

    link = pair.pev.wait_link()

    assert link == pair.pev.happened(LinkUp)[0]


def test_wait_link_names_the_limit_when_nobody_joins():
    """The car was given another key than the network has."""
    pair = Pair()
    wrong = new_network(pair.world.rng("wrong"))
    pair.evse.wire.alter(CmSlacMatchCnf, lambda frame: replace(frame, mme=replace(frame.mme, nmk=wrong.nmk)))
    pair.plug_in()
    match = pair.evse.wait_matched()

    with pytest.raises(Deviation, match=r"the car did not join the network within TT_match_join \(12\.000 s\)"):
        pair.evse.wait_link(sut="the car")

    assert pair.clock.now() == match.t + TIMERS.tt_match_join
    assert any(failed.why == "no link in TT_match_join" for failed in pair.evse.happened(AttemptFailed))
    assert pair.evse.failed()


def test_happened_looks_back_by_kind_and_time():
    """The machine's events, oldest first."""
    pair = Pair()
    pair.plug_in()
    link = pair.pev.wait_link()

    assert pair.pev.happened(LinkUp) == [link]
    assert pair.pev.happened(LinkUp, since=link.t + 1) == []
    assert not pair.pev.failed()


# pilot


def test_plug_out_ends_both_sides_and_the_watch_on_the_link():
    """The station looks for a while whether the car leaves; then nothing is asked of the adapters any more."""
    pair = Pair()
    pair.plug_in()
    pair.pev.wait_link()
    pair.pump.run_for(s(1))

    pair.unplug()
    pair.pump.run_for(LEAVES_WITHIN + ms(100))
    quiet_from = pair.clock.now()
    pair.pump.run_for(s(5))

    assert pair.evse.machine.state is EvseState.IDLE
    assert pair.pev.machine.state is PevState.IDLE
    assert len(pair.evse.happened(LinkLost)) == len(pair.pev.happened(LinkLost)) == 1
    for station in (pair.evse, pair.pev):
        assert not [t for t in sent(pair, station, VsNwInfoReq) if t >= quiet_from]
        assert station.adapter.link_up_at is None
        assert station.next_deadline() is None


def test_e_of_the_station_ends_matching_in_the_car():
    """And the car begins again when 5 % come back."""
    pair = Pair()
    pair.plug_in()
    pair.pump.run_for(ms(500))
    assert pair.pev.machine.state is PevState.SOUNDING

    pair.evse.pilot.set_state_e()
    pair.pump.run_for(s(4))
    assert pair.pev.machine.state is PevState.IDLE
    pair.evse.pilot.set_duty_cycle_pct(5.0)

    assert pair.pev.wait_matched()


def test_ac_station_moves_the_pilot_as_its_machine_wants():
    """No request in TT_EVSE_SLAC_init: E for T_step_EF, 5 % again, twice; then X1. V2G3-M06-07."""
    pair = Pair(evse=EvseSettings(ac=True))
    pair.pev.wire.withhold(CmSlacParmReq)
    start = pair.plug_in()

    pair.pump.run(pair.evse.gave_up, start + s(300))
    pair.pump.run_for(ms(1))

    seen = [
        (entry.t - start, entry.reading.label)
        for entry in pair.trace.entries
        if isinstance(entry, PilotSeen) and entry.station == "pev"
    ]
    init, step = TIMERS.tt_evse_slac_init, TIMERS.t_step_ef
    assert seen == [
        (0, "B2"),
        (init, "E"),
        (init + step, "B2"),
        (2 * init + step, "E"),
        (2 * (init + step), "B2"),
        (3 * init + 2 * step, "B1"),
    ]


def test_broken_pilot_wire_ends_the_match_at_both_ends():
    """The station sees A, the car sees E: neither keeps its link."""
    pair = Pair()
    pair.plug_in()
    pair.pev.wait_link()

    pair.cable.set_fault(PilotFault.WIRE_OPEN)
    pair.pump.run_for(s(1))

    assert pair.evse.machine.state is EvseState.IDLE
    assert pair.pev.machine.state is PevState.IDLE


# link


def test_link_that_is_lost_is_noticed_by_both_and_a_new_matching_may_begin():
    """The car's modem takes another key; the station waits for requests again."""
    pair = Pair()
    pair.plug_in()
    pair.pev.wait_link()
    pair.evse.wait_link()
    other = new_network(pair.world.rng("other"))

    pair.pev_modem.key = NetworkKey(other.nmk, other.nid)
    pair.pump.run_for(s(1))

    assert pair.pev.machine.state is PevState.UNMATCHED
    assert pair.evse.machine.state is EvseState.READY
    ends = [type(event) for event in pair.pev.events if isinstance(event, LinkLost | GaveUp)]
    assert ends == [LinkLost, GaveUp]
    assert not pair.evse.failed()


def test_adapter_that_loses_its_power_is_noticed_by_both():
    """The station's own adapter says nothing, the car's shows no partner."""
    pair = Pair()
    pair.plug_in()
    pair.pev.wait_link()
    pair.evse.wait_link()

    pair.evse_modem.power(False)
    pair.pump.run_for(s(2))

    assert len(pair.evse.happened(LinkLost)) == len(pair.pev.happened(LinkLost)) == 1


def test_car_sets_the_key_it_was_given_at_once():
    """Without stopping for its modem."""
    pair = Pair()
    pair.plug_in()

    match = pair.pev.wait_matched()

    assert sent(pair, pair.pev, CmSetKeyReq) == [match.t]


# a clock that is late


class PaperPilot:
    """The car's end of a pilot cable, as read by somebody else."""

    def __init__(self) -> None:
        self.planned: list[tuple[Ns, PilotReading]] = []

    def changes(self) -> list[tuple[Ns, PilotReading]]:
        changes, self.planned = self.planned, []
        return changes


B2 = PilotReading(CpState.B, 5.0, 9.0, -12.0)
A1 = PilotReading(CpState.A, 100.0, 12.0, 12.0)


class Late:
    """A PEV station on a computer that is busy elsewhere: it is woken only when the test says so."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.port = PaperPort(self.clock)
        self.trace = Trace()
        pump = Pump(self.clock)
        self.pilot = PaperPilot()
        self.station = PevStation(Wire(self.port, self.trace, pump), self.pilot, random.Random(1), PevSettings())
        self.pilot.planned.append((0, B2))
        self.wake_at(0)

    def wake_at(self, t: Ns) -> None:
        self.clock.wait(t)
        if self.station.busy() or self.station.next_deadline() is not None:
            self.station.wake(t)

    def confirmation_arrives(self, t: Ns) -> None:
        run_id = self.station.machine.pev.run_id
        cnf = CmSlacParmCnf(forwarding_sta=self.port.mac, run_id=run_id)
        self.port.arrives(t, encode(Frame(self.port.mac, PEER, cnf)))

    def requests(self) -> int:
        return sum(isinstance(entry.mme, CmSlacParmReq) for entry in self.trace.frames())


def test_frame_stamped_before_a_deadline_is_in_time_however_late_it_is_read():
    """Stamped at 199.9 ms, read at 203 ms: CM_SLAC_PARM.CNF within TT_match_response."""
    late = Late()
    late.confirmation_arrives(ms(199.9))

    late.wake_at(ms(203))

    assert late.requests() == 1
    assert late.station.machine.state is PevState.SOUNDING


def test_frame_stamped_after_a_deadline_is_late_even_if_it_is_read_with_it():
    """Stamped at 200.1 ms, read at 203 ms: the request is repeated first."""
    late = Late()
    late.confirmation_arrives(ms(200.1))

    late.wake_at(ms(203))

    assert late.requests() == 2
    assert late.station.machine.state is PevState.WAIT_CNF
    assert late.station.machine.pev.candidates


def test_pilot_and_frames_are_taken_in_the_order_they_happened():
    """A confirmation at 90 ms and the plug out at 100 ms, both read at 110 ms: it was noted before all ended."""
    late = Late()
    late.confirmation_arrives(ms(90))
    late.pilot.planned.append((ms(100), A1))

    late.wake_at(ms(110))

    assert late.station.machine.state is PevState.IDLE
    assert not [entry for entry in late.trace.entries if isinstance(entry, Note) and "ignored" in entry.text]


def test_frame_after_the_plug_came_out_is_not_acted_on():
    """The other way round."""
    late = Late()
    late.pilot.planned.append((ms(90), A1))
    late.confirmation_arrives(ms(100))

    late.wake_at(ms(110))

    assert not late.station.machine.pev.candidates
    assert [entry.text for entry in late.trace.entries if isinstance(entry, Note) and "ignored" in entry.text] == [
        f"ignored CM_SLAC_PARM.CNF from {PEER}: no attempt is running"
    ]


def test_a_car_that_left_before_a_slow_board_confirmed_the_change_has_left_in_time():
    """The wire changes when the board obeys, and the station knows when it has asked the board."""
    pair = Pair()
    pair.plug_in()
    pair.pev.wait_link()
    pair.evse.wait_link()
    station = pair.evse
    gone = station.now()
    station.adapter.unwatch()
    station.machine.link(False, gone)
    station._flush(gone)
    pair.pump.run_for(ms(200))

    pair.unplug()
    pair.pump.run_for(ms(1))

    ((since, left),) = station.left
    assert since == left
    assert since - gone == ms(200)


def test_a_link_that_broke_long_before_the_plug_came_out_is_no_leaving():
    pair = Pair()
    pair.plug_in()
    pair.pev.wait_link()
    pair.evse.wait_link()
    station = pair.evse
    station.adapter.unwatch()
    station.machine.link(False, station.now())
    station._flush(station.now())
    pair.pump.run_for(s(2))

    pair.unplug()
    pair.pump.run_for(ms(1))

    assert not station.left
