"""What a PEV must check (slac-15118-3.md 3.1): a message that breaks a rule is as good as not received."""

from __future__ import annotations

from dataclasses import replace

import pytest
from slac_stage import (
    EVSE,
    FAR_EVSE,
    GROUPS,
    NEAR_DB,
    NETWORK,
    OTHER_NETWORK,
    OTHER_PEV,
    OTHER_RUN,
    PEV,
    PevOnStage,
)

from bench.ids import BROADCAST, StationId
from bench.machine import Ignored
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmMnbcSoundInd,
    CmNwInfoCnf,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    RawMme,
)
from bench.slac.pev_table import PevState

PARM_CNF = CmSlacParmCnf(forwarding_sta=PEV)
REPORT = CmAttenCharInd(source_address=PEV, aag=bytes([NEAR_DB]) * GROUPS)
MATCH_CNF = CmSlacMatchCnf(pev_mac=PEV, evse_mac=EVSE, nid=NETWORK.nid, nmk=NETWORK.nmk)
LETTERS = StationId(b"a station of QCA ")

BEFORE = {CmSlacParmCnf: "WAIT_CNF", CmAttenCharInd: "WAIT_RESULTS", CmSlacMatchCnf: "WAIT_MATCH_CNF"}

REJECTED = [
    (PARM_CNF, "application_type", 1),
    (PARM_CNF, "security_type", 1),
    (PARM_CNF, "m_sound_target", OTHER_PEV),
    (PARM_CNF, "time_out", 0),
    (PARM_CNF, "forwarding_sta", OTHER_PEV),
    (PARM_CNF, "run_id", OTHER_RUN),
    (REPORT, "application_type", 1),
    (REPORT, "security_type", 1),
    (REPORT, "source_address", OTHER_PEV),
    (REPORT, "run_id", OTHER_RUN),
    (REPORT, "source_id", LETTERS),
    (REPORT, "resp_id", LETTERS),
    (REPORT, "num_sounds", 0),
    (REPORT, "aag", bytes(57)),
    (REPORT, "aag", b""),
    (MATCH_CNF, "application_type", 1),
    (MATCH_CNF, "security_type", 1),
    (MATCH_CNF, "mvf_length", 0x3E),
    (MATCH_CNF, "pev_mac", OTHER_PEV),
    (MATCH_CNF, "evse_mac", FAR_EVSE),
    (MATCH_CNF, "run_id", OTHER_RUN),
]
TOLERATED = [
    (PARM_CNF, "resp_type", 0),
    (PARM_CNF, "num_sounds", 8),
    (PARM_CNF, "time_out", 10),
    (MATCH_CNF, "pev_id", LETTERS),
    (MATCH_CNF, "evse_id", LETTERS),
    (MATCH_CNF, "nid", OTHER_NETWORK.nid),
]
"""Departures of real stations: Debian's evse does not set resp_type, pyPLC's NID is no hash of its key."""


def named(case) -> str:
    mme, field, value = case
    return f"{mme.name} {field} {len(value) if field == 'aag' else value}"


def expecting(mme) -> PevOnStage:
    pev = PevOnStage()
    pev.in_state(BEFORE[type(mme)])
    pev.forget()
    return pev


def picture(pev: PevOnStage) -> tuple:
    """Everything but what was said."""
    actor = pev.machine.pev
    return pev.state, dict(actor.timers), repr(actor.candidates), list(pev.frames)


@pytest.mark.parametrize("case", REJECTED, ids=named)
def test_message_that_breaks_a_rule_changes_nothing(case):
    """Nothing is answered, no timer stopped, no state left; the report names what was wrong."""
    mme, field, value = case
    pev = expecting(mme)
    before = picture(pev)

    pev.hears(replace(replace(mme, run_id=pev.run_id), **{field: value}))

    assert picture(pev) == before
    (ignored,) = pev.said(Ignored)
    assert (ignored.who, ignored.what) == (str(EVSE), mme.name)
    assert ("num_groups" if field == "aag" else field) in ignored.why


@pytest.mark.parametrize("mme", [PARM_CNF, REPORT, MATCH_CNF], ids=lambda mme: mme.name)
def test_lawful_message_changes_something(mme):
    """The same messages, unspoilt, are acted on."""
    pev = expecting(mme)
    before = picture(pev)

    pev.hears(replace(mme, run_id=pev.run_id))

    assert picture(pev) != before
    assert not pev.said(Ignored)


@pytest.mark.parametrize("case", TOLERATED, ids=named)
def test_departure_that_real_stations_are_known_for_is_put_up_with(case):
    """It is acted on like the lawful message."""
    mme, field, value = case
    pev = expecting(mme)
    before = picture(pev)

    pev.hears(replace(replace(mme, run_id=pev.run_id), **{field: value}))

    assert picture(pev) != before
    assert not pev.said(Ignored)


def test_invalid_confirmations_count_as_none():
    """A RunID of the station's own making, as pyPLC sent a Taycan on 2023-05-03: the PEV asks on."""
    pev = PevOnStage()
    pev.plug_in()

    for _ in range(3):
        pev.hears(replace(PARM_CNF, run_id=OTHER_RUN))
        pev.run_for(pev.machine.timers.tt_match_response)

    assert len(pev.sent(CmSlacParmReq)) == 3
    assert not pev.sent(CmStartAttenCharInd)
    assert pev.state is PevState.PAUSE


@pytest.mark.parametrize("mme", [PARM_CNF, REPORT, MATCH_CNF], ids=lambda mme: mme.name)
def test_message_addressed_to_another_pev_is_not_ours(mme):
    """A modem in PEV mode near a charging car hands over what the station sends to that car."""
    pev = expecting(mme)
    before = picture(pev)

    pev.hears(replace(mme, run_id=pev.run_id), dst=OTHER_PEV)

    assert picture(pev) == before
    assert pev.last_ignored.why == f"addressed to {OTHER_PEV}"


@pytest.mark.parametrize("state", list(PevState), ids=lambda state: state.name)
@pytest.mark.parametrize(
    "mme",
    [
        CmSlacParmReq(),
        CmStartAttenCharInd(),
        CmMnbcSoundInd(),
        CmAttenCharRsp(),
        CmValidateReq(),
        CmSlacMatchReq(),
    ],
    ids=lambda mme: mme.name,
)
def test_what_only_a_pev_may_send_is_never_answered_by_a_pev(mme, state):
    """Section 7, whatever the state; that it was heard is in the report."""
    pev = PevOnStage()
    pev.in_state(state.name)
    before = picture(pev)

    pev.hears(replace(mme, run_id=pev.run_id) if hasattr(mme, "run_id") else mme, src=OTHER_PEV, dst=BROADCAST)

    assert picture(pev) == before
    assert pev.last_ignored.why == "what only a PEV may send is never answered by a PEV"


def test_validation_nobody_asked_for_is_said_aloud():
    """CM_VALIDATE.CNF without request."""
    pev = PevOnStage()
    pev.in_state("WAIT_MATCH_CNF")

    pev.hears(CmValidateCnf())

    assert pev.last_ignored.why == "no validation was asked for"


@pytest.mark.parametrize("mme", [CmNwInfoCnf(), RawMme(0x1234, b"")], ids=lambda mme: mme.name)
def test_message_outside_slac_is_the_adapters_business(mme):
    """It is neither acted on nor remarked on."""
    pev = expecting(REPORT)
    before = picture(pev)

    pev.hears(mme)

    assert picture(pev) == before
    assert not pev.events
