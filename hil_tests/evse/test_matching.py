"""SUT: a charging station. The bench is the car and does everything right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.analysis.verdict import Profile
from bench.errors import demand
from bench.ids import BROADCAST, RunId, nid_from_nmk
from bench.mme import CmAttenCharInd, CmSlacMatchCnf, CmSlacParmCnf, CmSlacParmReq, Context, Frame
from bench.rig import Rig, Setup
from bench.rig.measuring import intervals_of
from bench.slac.events import Matched
from bench.slac.timers import C_EV_MATCH_MNBC, TIMERS
from bench.station import EvseStation
from bench.units import s
from hil_tests.checks import demand_intervals, demand_lawful, run_until_decided

pytestmark = [pytest.mark.needs("evse"), pytest.mark.slac]


def test_it_matches_a_car_and_lets_it_join(pev_plugged_in: Setup) -> None:
    """It offers 5 %, answers, reports, gives its network, and the car's modem finds it there in TT_match_join."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut

    match = pev.wait_matched(sut=sut)
    link = pev.wait_link(sut=sut)

    demand(
        match.sounds_heard == C_EV_MATCH_MNBC,
        f"{sut} reported {match.sounds_heard} sounds, {C_EV_MATCH_MNBC} were sent",
        rule="CM_ATTEN_CHAR.IND, num_sounds",
    )
    demand(link.after <= TIMERS.tt_match_join, f"{sut} let the car wait", rule="TT_match_join")


def test_each_of_its_messages_keeps_the_rules(pev_plugged_in: Setup, verdict_profile: Profile) -> None:
    """No message that a car would have to reject: types, addresses, RunID, ids, groups, lengths."""
    pev = pev_plugged_in.own_pev
    run_until_decided(pev_plugged_in, pev)

    confirmations = pev.wire.seen(CmSlacParmCnf)
    demand(confirmations, f"{pev_plugged_in.sut} answered nothing", rule="TP_match_response")
    known = Context(pev_mac=pev.mac, evse_mac=confirmations[0].frame.src)
    demand_lawful(pev_plugged_in, pev, who=pev_plugged_in.sut, known=known, profile=verdict_profile)


def test_what_it_tells_the_car_about_sounding_is_usual(
    pev_plugged_in: Setup, matched_evse: Matched, verdict_profile: Profile
) -> None:
    """CM_SLAC_PARM.CNF asks for ten sounds in 600 ms, results to the car. Field: resp_type is not looked at."""
    cnf = pev_plugged_in.own_pev.wire.seen(CmSlacParmCnf, where=lambda seen: seen.frame.src == matched_evse.evse_mac)[0]

    strict = verdict_profile is Profile.STRICT
    demand(
        (cnf.mme.num_sounds, cnf.mme.time_out) == (C_EV_MATCH_MNBC, TIMERS.tt_evse_match_mnbc // 100_000_000)
        and (cnf.mme.resp_type == 1 or not strict),
        f"{pev_plugged_in.sut} asks for something else than ten sounds in 600 ms",
        rule="CM_SLAC_PARM.CNF",
        saw=str(cnf.mme),
    )


@pytest.mark.timing
@pytest.mark.usefixtures("matched_evse")
def test_its_intervals_keep_their_limits(pev_plugged_in: Setup, verdict_profile: Profile, rig: Rig) -> None:
    """Every interval of table A.1 that the station answers for, by the chosen limits."""
    demand_intervals(
        intervals_of(pev_plugged_in.own_pev),
        "evse",
        who=pev_plugged_in.sut,
        profile=verdict_profile,
        uncertainty=rig.uncertainty,
    )


def test_its_network_id_follows_from_its_key(
    pev_plugged_in: Setup, matched_evse: Matched, verdict_profile: Profile
) -> None:
    """NID is the five-fold SHA-256 of the NMK. Field: pyPLC and dSPACE invent one and cars take it."""
    network = matched_evse.network

    demand(
        network.nid == nid_from_nmk(network.nmk) or verdict_profile is Profile.FIELD,
        f"{pev_plugged_in.sut} gives a NID that is no hash of its NMK",
        rule="slac-15118-3 2.2",
        saw=f"NID {network.nid}",
    )


@pytest.mark.usefixtures("matched_evse")
def test_it_answers_a_repeated_match_req_with_the_same_confirmation(pev_plugged_in: Setup) -> None:
    """If CM_SLAC_MATCH.CNF got lost, the car asks again and must get the same network."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    asked = [
        entry
        for entry in pev.trace.frames()
        if entry.port == "pev" and entry.mme and entry.mme.name == "CM_SLAC_MATCH.REQ"
    ][-1]
    first = pev.wire.seen(CmSlacMatchCnf)[-1]
    assert asked.frame is not None

    pev.wire.send(asked.frame, pev.now())
    second = pev.wire.expect(
        CmSlacMatchCnf,
        within=TIMERS.tt_match_response,
        who=sut,
        rule="slac-15118-3 7: a repeated request is answered again",
    )

    demand(second.mme == first.mme, f"{sut} confirmed the same match with another network", rule="slac-15118-3 7")


@pytest.mark.usefixtures("matched_evse")
def test_it_answers_no_other_car_once_it_is_matched(pev_plugged_in: Setup, verdict_profile: Profile) -> None:
    """Matched and linked, it does not answer CM_SLAC_PARM.REQ. Field: only that its own car keeps its link."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wait_link(sut=sut)
    stranger = type(pev.mac)(bytes.fromhex("0200000000aa"))

    pev.wire.send(Frame(BROADCAST, stranger, CmSlacParmReq(run_id=RunId(b"stranger"))), pev.now())

    if verdict_profile is Profile.STRICT:
        pev.wire.expect_none(CmSlacParmCnf, during=s(1), who=sut, rule="slac-15118-3 7: matched, no answer")
    else:
        pev_plugged_in.run_for(s(5))
    demand(pev.adapter.link_up_at is not None, f"{sut} lost its own car's link", rule="slac-15118-3 7")


def test_it_claims_no_less_attenuation_than_it_measures(
    setup: Setup, neighbour: Callable[[float], EvseStation]
) -> None:
    """Another station hears the car with 5 dB, which no station at the end of a cable does: it must win."""
    near = neighbour(5.0)
    setup.own_pev.plug_in()

    match = setup.own_pev.wait_matched(sut=setup.sut)

    reports = {
        str(seen.frame.src): seen.mme.average_db for seen in setup.own_pev.wire.seen(CmAttenCharInd) if seen.frame
    }
    demand(
        match.evse_mac == near.mac,
        f"{setup.sut} reported less attenuation than a station with 5 dB",
        rule="slac-15118-3 5: lowest mean wins",
        saw=", ".join(reports),
    )
