"""SUT: a charging station. The bench's car falls silent, sends wrong messages or is pulled out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from bench.analysis.verdict import Profile
from bench.errors import demand
from bench.ids import BROADCAST, RunId
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    Frame,
    encode,
)
from bench.rig import Setup
from bench.slac.timers import C_EV_MATCH_MNBC, C_EV_MATCH_RETRY, TIMERS
from bench.station import PevStation
from bench.units import ms, s, show
from fixtures.stations import Allowance

pytestmark = [pytest.mark.needs("evse"), pytest.mark.slac, pytest.mark.negative]

FOREIGN_RUN = RunId(b"\x5a" * 8)
BEGINS_WITHIN = s(60)


def in_another_run(frame: Frame) -> Frame:
    return replace(frame, mme=replace(frame.mme, run_id=FOREIGN_RUN))


def confirmed(setup: Setup) -> PevStation:
    """Run until the station has confirmed the car's parameters."""
    setup.own_pev.wire.expect(CmSlacParmCnf, within=BEGINS_WITHIN, who=setup.sut, rule="TP_match_response", after=0)
    return setup.own_pev


def test_it_repeats_its_report_until_it_is_answered(
    pev_plugged_in: Setup, verdict_profile: Profile, allowance: Allowance
) -> None:
    """Without CM_ATTEN_CHAR.RSP the report comes again after TT_match_response, three times in all.

    Field: EVerest does not repeat, Alpitronic and Compleo repeat until they are answered.
    """
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wire.withhold(CmAttenCharRsp)
    pev.wire.withhold(CmSlacMatchReq)
    first = pev.wire.expect(CmAttenCharInd, within=BEGINS_WITHIN, who=sut, rule="TP_EVSE_avg_atten_calc")

    run = first.mme.run_id
    pev.wire.collect(CmAttenCharInd, until=lambda: False, within=s(1))
    reports = pev.wire.seen(CmAttenCharInd, since=first.t, where=lambda seen: seen.mme.run_id == run)

    if verdict_profile is Profile.STRICT:
        demand(
            len(reports) == 1 + C_EV_MATCH_RETRY,
            f"{sut} sent its report {len(reports)} times, not {1 + C_EV_MATCH_RETRY}",
            rule="C_EV_match_retry",
        )
    for earlier, later in pairwise(reports):
        gap = later.t - earlier.t
        demand(
            allowance.earliest(TIMERS.tt_match_response) <= gap <= allowance.latest(TIMERS.tt_match_response),
            f"{sut} repeated its report after {show(gap)}",
            rule="TT_match_response",
        )
    demand(len({seen.mme.aag for seen in reports}) == 1, f"{sut} repeated another report", rule="slac-15118-3 7")


def test_it_gives_no_network_to_a_car_that_did_not_answer_its_report(pev_plugged_in: Setup) -> None:
    """No CM_ATTEN_CHAR.RSP, no CM_SLAC_MATCH.REQ: no CM_SLAC_MATCH.CNF either."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wire.withhold(CmAttenCharRsp)
    pev.wire.withhold(CmSlacMatchReq)
    pev.wire.expect(CmAttenCharInd, within=BEGINS_WITHIN, who=sut, rule="TP_EVSE_avg_atten_calc")

    pev.wire.expect_none(CmSlacMatchCnf, during=s(3), who=sut, rule="slac-15118-3 7")


def test_it_reports_how_many_sounds_it_heard(pev_plugged_in: Setup, verdict_profile: Profile) -> None:
    """Two sounds lost: the report comes at the end of its window and says eight, or it does not come at all.

    Field: pyPLC says ten whatever it heard, and cars match.
    """
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wire.alter(CmMnbcSoundInd, lambda frame: None if frame.mme.cnt in (3, 4) else frame)
    confirmed(pev_plugged_in)

    reports = pev.wire.collect(CmAttenCharInd, until=lambda: pev.wire.seen(CmAttenCharInd), within=s(2))

    if reports:
        demand(
            reports[0].mme.num_sounds == 8
            or (verdict_profile is Profile.FIELD and reports[0].mme.num_sounds == C_EV_MATCH_MNBC),
            f"{sut} says it averaged {reports[0].mme.num_sounds} sounds, 8 were sent",
            rule="CM_ATTEN_CHAR.IND, num_sounds",
        )


def test_it_makes_no_report_of_sounds_it_did_not_hear(pev_plugged_in: Setup) -> None:
    """Sounds announced and none sent: no report of ten sounds, and nobody is matched."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wire.withhold(CmMnbcSoundInd)
    confirmed(pev_plugged_in)

    reports = pev.wire.collect(CmAttenCharInd, until=lambda: pev.wire.seen(CmAttenCharInd), within=s(2))

    demand(
        all(seen.mme.num_sounds == 0 for seen in reports),
        f"{sut} reports sounds that nobody sent",
        rule="CM_ATTEN_CHAR.IND, num_sounds",
        saw=str(reports[0].mme) if reports else "",
    )


def test_it_ignores_sounds_of_another_run(pev_plugged_in: Setup) -> None:
    """START and sounds with a foreign RunID belong to no session of this station."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wire.alter(CmStartAttenCharInd, in_another_run)
    pev.wire.alter(CmMnbcSoundInd, in_another_run)
    confirmed(pev_plugged_in)

    pev.wire.expect_none(CmAttenCharInd, during=s(2), who=sut, rule="slac-15118-3 3.1: RunID unknown")


def test_it_ignores_a_match_req_of_another_run(pev_plugged_in: Setup) -> None:
    """CM_SLAC_MATCH.REQ with a foreign RunID is not confirmed."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wire.alter(CmSlacMatchReq, in_another_run)
    confirmed(pev_plugged_in)

    pev.wire.expect_none(CmSlacMatchCnf, during=s(4), who=sut, rule="slac-15118-3 3.1: RunID unknown")


def test_it_ignores_a_match_req_for_another_station(pev_plugged_in: Setup) -> None:
    """CM_SLAC_MATCH.REQ that names another EVSE MAC is not confirmed."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    other = type(pev.mac)(bytes.fromhex("0200000000bb"))
    pev.wire.alter(CmSlacMatchReq, lambda frame: replace(frame, mme=replace(frame.mme, evse_mac=other)))
    confirmed(pev_plugged_in)

    pev.wire.expect_none(CmSlacMatchCnf, during=s(4), who=sut, rule="slac-15118-3 3.1: evse_mac wrong")


def test_it_answers_every_request_of_a_car_that_asks_twice(pev_plugged_in: Setup) -> None:
    """Hyundai cars send CM_SLAC_PARM.REQ twice within 20 ms; both are answered."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    confirmed(pev_plugged_in)
    run = pev.machine.pev.run_id
    before = len(pev.wire.seen(CmSlacParmCnf))

    pev.wire.send(Frame(BROADCAST, pev.mac, CmSlacParmReq(run_id=run)), pev.now())
    pev.pump.run_for(TIMERS.tt_match_response)

    demand(
        len(pev.wire.seen(CmSlacParmCnf)) > before,
        f"{sut} did not answer the second request",
        rule="slac-15118-3 7: a new request restarts the session (V2G3-A09-16)",
    )


def test_it_is_silent_while_no_car_is_plugged_in(setup: Setup) -> None:
    """In state A nothing is answered, however well a car can be heard through cross-talk."""
    pev, sut = setup.own_pev, setup.sut

    pev.wire.send(Frame(BROADCAST, pev.mac, CmSlacParmReq(run_id=FOREIGN_RUN)), pev.now())

    pev.wire.expect_none(CmSlacParmCnf, during=s(1), who=sut, rule="slac-15118-3 3.1: CP not in B, C or D")


@pytest.mark.unplugs
def test_it_ends_the_session_when_the_car_is_unplugged(pev_plugged_in: Setup) -> None:
    """Plug out before CM_SLAC_MATCH.REQ: the session is gone, the request is not confirmed."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wire.withhold(CmSlacMatchReq)
    report = pev.wire.expect(CmAttenCharInd, within=BEGINS_WITHIN, who=sut, rule="TP_EVSE_avg_atten_calc")
    assert report.frame is not None
    pev.pump.run_for(ms(100))
    request = CmSlacMatchReq(pev_mac=pev.mac, evse_mac=report.frame.src, run_id=report.mme.run_id)

    pev.unplug()
    pev.pump.run_for(s(1))
    pev.wire.port.send(encode(Frame(report.frame.src, pev.mac, request)))

    pev.wire.expect_none(CmSlacMatchCnf, during=s(1), who=sut, rule="slac-15118-3 6: a running matching ends in A")


@pytest.mark.unplugs
def test_it_offers_nothing_before_it_has_seen_the_car(pev_plugged_in: Setup) -> None:
    """Unplugged and plugged in again, the car finds a steady +12 V first, then 5 %: no PWM in state A."""
    pev, sut = pev_plugged_in.own_pev, pev_plugged_in.sut
    pev.wait_matched(sut=sut)
    pev.unplug()
    pev.pump.run_for(s(5))

    pev.plug_in()

    reading = pev_plugged_in.pilot_reading()
    demand(not reading.pwm, f"{sut} shows {reading} to nobody", rule="control-pilot 2: steady +12 V in state A")
