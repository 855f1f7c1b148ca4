"""SUT: a car. The bench is the charging station and does everything right."""

from __future__ import annotations

import pytest

from bench.analysis.verdict import Profile
from bench.errors import demand
from bench.mme import CmMnbcSoundInd, CmSlacParmReq, CmStartAttenCharInd, Context
from bench.rig import Rig, Setup
from bench.rig.measuring import intervals_of
from bench.slac.events import Matched
from bench.slac.timers import C_EV_MATCH_MNBC, C_EV_START_ATTEN_CHAR_INDS, TIMERS
from bench.units import s
from hil_tests.checks import demand_intervals, demand_lawful, in_run, run_until_decided

pytestmark = [pytest.mark.needs("pev"), pytest.mark.slac]


def test_it_is_matched_and_joins_the_network(pev_in_b2: Setup, verdict_profile: Profile) -> None:
    """Plugged in at 5 %, it sounds, is matched and joins within TT_match_join. ISO 15118-3, A.9.

    Field: TT_EVSE_match_MNBC cuts a slow car off after nine sounds (Seres 3, 55 ms apart), and it charges.
    """
    evse, sut = pev_in_b2.own_evse, pev_in_b2.sut

    match = evse.wait_matched(sut=sut)
    link = evse.wait_link(sut=sut)

    fewest = C_EV_MATCH_MNBC if verdict_profile is Profile.STRICT else C_EV_MATCH_MNBC - 1
    demand(
        match.sounds_heard >= fewest,
        f"{sut} was heard {match.sounds_heard} times, not {C_EV_MATCH_MNBC}",
        rule="C_EV_match_MNBC",
    )
    demand(link.after <= TIMERS.tt_match_join, f"{sut} joined too late", rule="TT_match_join")


def test_it_announces_its_sounds_three_times_and_sends_all_of_them(pev_in_b2: Setup, matched_pev: Matched) -> None:
    """Three CM_START_ATTEN_CHAR.IND, ten CM_MNBC_SOUND.IND, a counter that misses no value."""
    wire, sut = pev_in_b2.own_evse.wire, pev_in_b2.sut

    starts = wire.seen(CmStartAttenCharInd, where=in_run(matched_pev.run_id))
    counters = [seen.mme.cnt for seen in wire.seen(CmMnbcSoundInd, where=in_run(matched_pev.run_id))]

    demand(
        len(starts) == C_EV_START_ATTEN_CHAR_INDS,
        f"{sut} announced its sounds {len(starts)} times, not {C_EV_START_ATTEN_CHAR_INDS}",
        rule="C_EV_start_atten_char_inds",
    )
    demand(
        sorted(counters) == list(range(C_EV_MATCH_MNBC)),
        f"{sut} did not send each of its {C_EV_MATCH_MNBC} sounds once",
        rule="C_EV_match_MNBC",
        saw=f"counters {counters}",
    )


def test_its_sounds_count_down(pev_in_b2: Setup, matched_pev: Matched, verdict_profile: Profile) -> None:
    """The counter says how many are still to come: 9 ... 0. Field: Seres 3 counts upwards and charges."""
    sounds = pev_in_b2.own_evse.wire.seen(CmMnbcSoundInd, where=in_run(matched_pev.run_id))
    counters = [seen.mme.cnt for seen in sounds]

    down = counters == sorted(counters, reverse=True)
    up = counters == sorted(counters)
    demand(
        down or (up and verdict_profile is Profile.FIELD),
        f"{pev_in_b2.sut} does not count its sounds down",
        rule="CM_MNBC_SOUND.IND, Cnt",
        saw=f"counters {counters}",
    )


def test_each_of_its_messages_keeps_the_rules(pev_in_b2: Setup, verdict_profile: Profile) -> None:
    """No message that a station would have to reject: types, addresses, RunID, ids, lengths, results."""
    run_until_decided(pev_in_b2, pev_in_b2.own_evse)

    requests = pev_in_b2.own_evse.wire.seen(CmSlacParmReq)
    demand(requests, f"{pev_in_b2.sut} sent nothing", rule="TT_EVSE_SLAC_init")
    known = Context(pev_mac=requests[0].frame.src, evse_mac=pev_in_b2.own_evse.mac)
    demand_lawful(pev_in_b2, pev_in_b2.own_evse, who=pev_in_b2.sut, known=known, profile=verdict_profile)


@pytest.mark.timing
@pytest.mark.usefixtures("matched_pev")
def test_its_intervals_keep_their_limits(pev_in_b2: Setup, verdict_profile: Profile, rig: Rig) -> None:
    """Every interval of table A.1 that the car answers for, by the chosen limits."""
    pev_in_b2.own_evse.wait_link(sut=pev_in_b2.sut)

    demand_intervals(
        intervals_of(pev_in_b2.own_evse),
        "pev",
        who=pev_in_b2.sut,
        profile=verdict_profile,
        uncertainty=rig.uncertainty,
    )


@pytest.mark.timing
def test_it_leaves_the_network_in_state_f(
    pev_in_b2: Setup, matched_pev: Matched, verdict_profile: Profile, rig: Rig
) -> None:
    """Once it has joined, F makes it leave within TP_match_leave. V2G3-M07-34."""
    evse = pev_in_b2.own_evse
    evse.wait_link(sut=pev_in_b2.sut)

    changed = evse.offer(0.0)
    pev_in_b2.pump.run(lambda: bool(evse.left), changed + s(5))

    demand(
        evse.left,
        f"{pev_in_b2.sut} is still in the network of {matched_pev.evse_mac} 5 s after state F",
        rule="ISO 15118-3 table A.1, TP_match_leave",
        look="ladder.svg and trace.pcapng (attached)",
    )
    leaving = [interval for interval in intervals_of(evse) if interval.name == "TP_match_leave"]
    demand_intervals(leaving, "pev", who=pev_in_b2.sut, profile=verdict_profile, uncertainty=rig.uncertainty)
