"""EVSE and PEV machines against each other: on a perfect medium, and on one that does its worst."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slac_air import JOIN, PROMPT, Air

from bench.ids import RunId
from bench.mme import CmSlacMatchCnf, CmSlacMatchReq, CmSlacParmReq
from bench.slac.events import AttemptFailed, LinkUp, Matched
from bench.slac.evse import EvseSettings
from bench.slac.evse_table import EvseState
from bench.slac.pev import PevSettings
from bench.slac.pev_table import PevState
from bench.slac.timers import C_EV_MATCH_RETRY, TIMERS
from bench.units import ms, s

ONE_WAY = PROMPT[0]
BATCH = 12 * TIMERS.tp_ev_batch_msg_interval
"""Three START and ten sounds."""


def only(events, kind):
    return [event for event in events if isinstance(event, kind)]


# a perfect medium


def test_pair_matches_in_the_time_the_timers_add_up_to():
    """Confirmation window, sounds, averaging and three round trips: nothing else takes time."""
    air = Air()
    evse, pev = air.add_evse(), air.add_pev()

    air.run()

    (of_evse,) = only(air.events[evse.mac], Matched)
    (of_pev,) = only(air.events[pev.mac], Matched)
    report_at = TIMERS.tt_match_response + BATCH + ONE_WAY + TIMERS.tp_evse_avg_atten_calc
    assert of_pev.t == report_at + 3 * ONE_WAY
    assert of_pev == replace(of_evse, t=of_pev.t)
    assert of_pev.network == evse.network
    assert (of_pev.sounds_heard, of_pev.average_db) == (10, 30.0)
    assert [up.after for up in only(air.events[pev.mac], LinkUp)] == [JOIN]
    assert (evse.state, pev.state) == (EvseState.MATCHED, PevState.MATCHED)


def test_pair_matches_without_any_failed_attempt_or_repetition():
    """Eight kinds of messages, each as often as the standard says."""
    air = Air()
    air.add_evse()
    air.add_pev()

    air.run()

    names = [frame.mme.name for _, frame in air.carried]
    assert {name: names.count(name) for name in names} == {
        "CM_SLAC_PARM.REQ": 1,
        "CM_SLAC_PARM.CNF": 1,
        "CM_START_ATTEN_CHAR.IND": 3,
        "CM_MNBC_SOUND.IND": 10,
        "CM_ATTEN_CHAR.IND": 1,
        "CM_ATTEN_CHAR.RSP": 1,
        "CM_SLAC_MATCH.REQ": 1,
        "CM_SLAC_MATCH.CNF": 1,
    }
    assert not any(only(events, AttemptFailed) for events in air.events.values())


def test_two_runs_are_identical():
    """No clock, no hidden randomness: the same frames at the same instants."""

    def history():
        air = Air()
        air.add_evse()
        air.add_pev()
        air.run()
        return air.carried, air.events

    assert history() == history()


@pytest.mark.parametrize("near_first", [True, False])
def test_near_one_of_two_evses_wins(near_first):
    """Both confirm, both report, the one with the lower attenuation is asked; the other drops its session."""
    air = Air()
    evses = (
        [air.add_evse(1, db=30), air.add_evse(2, db=62)]
        if near_first
        else [
            air.add_evse(2, db=62),
            air.add_evse(1, db=30),
        ]
    )
    near, far = sorted(evses, key=lambda evse: evse.mac)
    air.add_pev()

    air.run(limit=s(20))

    assert near.state is EvseState.MATCHED
    assert not only(air.events[far.mac], Matched)
    assert [frame.dst for _, frame in air.carried if isinstance(frame.mme, CmSlacMatchReq)] == [near.mac]
    assert [failed.why for failed in only(air.events[far.mac], AttemptFailed)] == [
        "no CM_SLAC_MATCH.REQ in TT_EVSE_match_session"
    ]


def test_five_pevs_are_served_by_one_evse_and_the_sixth_later():
    """C_EVSE_match_parallel: five get a confirmation at once; the sixth asks on and gets its turn or gives up."""
    air = Air()
    evse = air.add_evse()
    pevs = [air.add_pev(number) for number in range(1, 7)]

    air.run(until=lambda: air.now > TIMERS.tt_match_response)

    assert len(evse.sessions) == 5
    confirmed = [pev for pev in pevs if pev.state is PevState.SOUNDING]
    assert len(confirmed) == 5


def test_two_teslas_with_one_run_id_are_matched_each_by_its_own_evse():
    """RunID "TESLA EV" on both; what tells them apart are addresses and attenuation."""
    air = Air()
    evse = air.add_evse()
    teslas = [air.add_pev(number, run_id=RunId(b"TESLA EV")) for number in (1, 2)]

    air.run(until=lambda: len(only(air.events[evse.mac], Matched)) == 2, limit=s(5))

    assert {match.pev_mac for match in only(air.events[evse.mac], Matched)} == {pev.mac for pev in teslas}


def test_pev_with_a_constant_run_id_matches_in_its_second_attempt():
    """Ioniq: the first CM_SLAC_MATCH.CNFs are lost, the new attempt has the old RunID."""
    first_three = iter(range(1 + C_EV_MATCH_RETRY))
    air = Air(loses=lambda frame: isinstance(frame.mme, CmSlacMatchCnf) and next(first_three, None) is not None)
    evse, pev = air.add_evse(), air.add_pev(run_id=RunId(b"\xdc\x0e\xa1\x11\x67\x08\0\0"))

    air.run()

    assert pev.state is PevState.MATCHED
    assert evse.state is EvseState.MATCHED
    assert len(only(air.events[pev.mac], AttemptFailed)) == 1
    assert len({frame.mme.run_id for _, frame in air.carried if isinstance(frame.mme, CmSlacParmReq)}) == 1


# a medium that does its worst

SHORT = st.integers(0, ms(90))
LONG = st.integers(0, s(3))


def fates(delay: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, ...]]:
    """Lost, prompt, late, doubled; delayed copies overtake each other."""
    return st.one_of(st.just(PROMPT), st.just(PROMPT), st.just(()), st.tuples(delay), st.tuples(delay, delay))


def demand_agreement(air: Air) -> None:
    """Whatever a PEV takes for a match its EVSE has confirmed before: the same run, the same network."""
    for mac in air.pevs:
        for match in only(air.events[mac], Matched):
            confirmed = only(air.events[match.evse_mac], Matched)
            assert any(
                (theirs.pev_mac, theirs.run_id, theirs.network) == (mac, match.run_id, match.network)
                and theirs.t <= match.t
                for theirs in confirmed
            ), match


def demand_rest(air: Air) -> None:
    """Nobody waits for anything any more, and every machine is in a state where that is right."""
    for evse in air.evses.values():
        assert evse.next_deadline() is None
        assert evse.state in (EvseState.MATCHED, EvseState.GAVE_UP)
    for pev in air.pevs.values():
        assert pev.next_deadline() is None
        assert pev.state in (PevState.MATCHED, PevState.UNMATCHED)


@settings(max_examples=150)
@given(st.lists(fates(SHORT), max_size=120), st.booleans(), st.booleans())
def test_pair_ends_in_agreement_whatever_is_lost_doubled_or_late(history, constant_run, wait_for_all):
    """Delays below 100 ms: both end matched or both end without, and they agree on run and network."""
    air = Air(iter(history))
    evse = air.add_evse()
    pev = air.add_pev(run_id=RunId(bytes(8)) if constant_run else None, settings=PevSettings(wait_for_all=wait_for_all))

    air.run()

    demand_agreement(air)
    demand_rest(air)
    assert (evse.state is EvseState.MATCHED) == (pev.state is PevState.MATCHED)


@settings(max_examples=100)
@given(st.lists(fates(LONG), max_size=120), st.booleans())
def test_nothing_breaks_when_frames_are_seconds_late(history, constant_run):
    """Frames of attempts long past: no exception, no match of one side alone, everybody comes to rest."""
    air = Air(iter(history))
    air.add_evse()
    air.add_pev(run_id=RunId(bytes(8)) if constant_run else None)

    air.run()

    demand_agreement(air)
    demand_rest(air)


@settings(max_examples=60)
@given(
    st.lists(fates(SHORT), max_size=250),
    st.integers(1, 3),
    st.integers(1, 6),
    st.booleans(),
)
def test_crowd_comes_to_rest_and_agrees(history, evses, pevs, same_run):
    """Several stations and cars at once, all in earshot, with one RunID for all cars or one for each."""
    air = Air(iter(history))
    for number in range(1, evses + 1):
        air.add_evse(number, db=25 + 5 * number, settings=EvseSettings(ac=False))
    for number in range(1, pevs + 1):
        air.add_pev(number, run_id=RunId(b"TESLA EV") if same_run else None)

    air.run()

    demand_agreement(air)
    demand_rest(air)
    for evse in air.evses.values():
        assert len(evse.sessions) == (evse.state is EvseState.MATCHED)


@settings(max_examples=60)
@given(st.lists(fates(SHORT), max_size=120))
def test_confirmations_of_one_match_are_all_the_same(history):
    """However often CM_SLAC_MATCH.REQ is repeated or doubled, one run is given one network."""
    air = Air(iter(history))
    air.add_evse()
    air.add_pev()

    air.run()

    confirmations = [frame.mme for _, frame in air.carried if isinstance(frame.mme, CmSlacMatchCnf)]
    assert len({(cnf.run_id, cnf) for cnf in confirmations}) == len({cnf.run_id for cnf in confirmations})
