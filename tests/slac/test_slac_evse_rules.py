"""What an EVSE must check (slac-15118-3.md 3.1): a message that breaks a rule is as good as not received."""

from __future__ import annotations

from dataclasses import replace

import pytest
from slac_stage import EVSE, FAR_EVSE, OTHER_PEV, OTHER_RUN, PEV, RUN, EvseOnStage

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

PARM_REQ = CmSlacParmReq(run_id=RUN)
START = CmStartAttenCharInd(forwarding_sta=PEV, run_id=RUN)
SOUND = CmMnbcSoundInd(cnt=9, run_id=RUN)
RSP = CmAttenCharRsp(source_address=PEV, run_id=RUN)
VALIDATE = CmValidateReq()
MATCH_REQ = CmSlacMatchReq(pev_mac=PEV, evse_mac=EVSE, run_id=RUN)
LETTERS = StationId(b"a station of QCA ")

BEFORE = {
    CmSlacParmReq: None,
    CmStartAttenCharInd: "PARM_CONFIRMED",
    CmMnbcSoundInd: "SOUNDING",
    CmAttenCharRsp: "WAIT_RSP",
    CmValidateReq: "WAIT_MATCH",
    CmSlacMatchReq: "WAIT_MATCH",
}
"""The state in which the message is expected."""

REJECTED = [
    (PARM_REQ, "application_type", 1),
    (PARM_REQ, "security_type", 1),
    (START, "application_type", 1),
    (START, "security_type", 1),
    (START, "num_sounds", 0),
    (START, "time_out", 0),
    (START, "run_id", OTHER_RUN),
    (SOUND, "application_type", 1),
    (SOUND, "security_type", 1),
    (SOUND, "run_id", OTHER_RUN),
    (RSP, "application_type", 1),
    (RSP, "security_type", 1),
    (RSP, "source_address", OTHER_PEV),
    (RSP, "run_id", OTHER_RUN),
    (RSP, "source_id", LETTERS),
    (RSP, "resp_id", LETTERS),
    (RSP, "result", 1),
    (VALIDATE, "signal_type", 1),
    (VALIDATE, "result", 3),
    (MATCH_REQ, "application_type", 1),
    (MATCH_REQ, "security_type", 1),
    (MATCH_REQ, "mvf_length", 0x56),
    (MATCH_REQ, "pev_mac", OTHER_PEV),
    (MATCH_REQ, "evse_mac", FAR_EVSE),
    (MATCH_REQ, "run_id", OTHER_RUN),
]

TOLERATED = [
    (START, "resp_type", 0),
    (START, "time_out", 10),
    (SOUND, "sender_id", LETTERS),
    (SOUND, "reserved", b""),
    (MATCH_REQ, "pev_id", LETTERS),
    (MATCH_REQ, "evse_id", LETTERS),
]
"""Departures that real stations are known for: Debian's pev and pyPLC."""


def named(case) -> str:
    mme, field, value = case
    return f"{mme.name} {field} {value}"


def expecting(mme) -> EvseOnStage:
    evse = EvseOnStage()
    if (state := BEFORE[type(mme)]) is None:
        evse.plug_in()
    else:
        evse.in_session(state)
    evse.forget()
    return evse


def picture(evse: EvseOnStage) -> tuple:
    """Everything but what was said."""
    sessions = [(session.state, session.timers, session.sounds) for session in evse.machine.sessions.values()]
    return evse.state, repr(sessions), list(evse.frames)


@pytest.mark.parametrize("case", REJECTED, ids=named)
def test_message_that_breaks_a_rule_changes_nothing(case):
    """Nothing is answered, no timer stopped, no state left; the report names what was wrong."""
    mme, field, value = case
    evse = expecting(mme)
    before = picture(evse)

    evse.hears(replace(mme, **{field: value}), dst=BROADCAST)

    assert picture(evse) == before
    (ignored,) = evse.said(Ignored)
    assert (ignored.who, ignored.what) == (str(PEV), mme.name)
    assert field in ignored.why or value is OTHER_RUN


@pytest.mark.parametrize("mme", [PARM_REQ, START, SOUND, RSP, VALIDATE, MATCH_REQ], ids=lambda mme: mme.name)
def test_lawful_message_changes_something(mme):
    """The same messages, unspoilt, are acted on."""
    evse = expecting(mme)
    before = picture(evse)

    evse.hears(mme, dst=BROADCAST)

    assert picture(evse) != before
    assert not evse.said(Ignored)


@pytest.mark.parametrize("case", TOLERATED, ids=named)
def test_departure_that_real_cars_are_known_for_is_put_up_with(case):
    """It is acted on like the lawful message."""
    mme, field, value = case
    evse = expecting(mme)
    before = picture(evse)

    evse.hears(replace(mme, **{field: value}), dst=BROADCAST)

    assert picture(evse) != before


@pytest.mark.parametrize("mme", [START, SOUND, RSP, VALIDATE, MATCH_REQ], ids=lambda mme: mme.name)
def test_message_of_an_unknown_pev_is_a_stray(mme):
    """No session with this address: nothing is answered."""
    evse = expecting(mme)
    before = picture(evse)
    spoken_by_other = {
        name: OTHER_PEV for name in ("forwarding_sta", "source_address", "pev_mac") if hasattr(mme, name)
    }

    evse.hears(replace(mme, **spoken_by_other), src=OTHER_PEV, dst=BROADCAST)

    assert picture(evse) == before
    assert evse.last_ignored.why == "no session with this address and RunID"


@pytest.mark.parametrize("mme", [RSP, VALIDATE, MATCH_REQ], ids=lambda mme: mme.name)
def test_message_addressed_to_another_evse_is_not_ours(mme):
    """A modem hands over what is meant for others; CM_ATTEN_CHAR.RSP and CM_VALIDATE.REQ name no EVSE in themselves."""
    evse = expecting(mme)
    before = picture(evse)

    evse.hears(mme, dst=FAR_EVSE)

    assert picture(evse) == before
    assert evse.last_ignored.why == f"addressed to {FAR_EVSE}"


@pytest.mark.parametrize(
    "mme", [CmSlacParmCnf(), CmAttenCharInd(), CmValidateCnf(), CmSlacMatchCnf()], ids=lambda mme: mme.name
)
def test_message_of_another_evse_is_said_to_be_none_for_an_evse(mme):
    """A neighbour's confirmation is in the report, with the reason why nothing follows."""
    evse = expecting(SOUND)
    before = picture(evse)

    evse.hears(mme, src=FAR_EVSE, dst=PEV)

    assert picture(evse) == before
    assert evse.last_ignored.why == "what an EVSE sends is not for an EVSE"


@pytest.mark.parametrize("mme", [CmNwInfoCnf(), RawMme(0x1234, b"")], ids=lambda mme: mme.name)
def test_message_outside_slac_is_the_adapters_business(mme):
    """It is neither acted on nor remarked on."""
    evse = expecting(SOUND)
    before = picture(evse)

    evse.hears(mme)

    assert picture(evse) == before
    assert not evse.events


def test_parm_req_is_not_answered_without_a_plug():
    """CP not in B, C or D: not answered."""
    evse = EvseOnStage()

    evse.is_asked()

    assert not evse.frames
    assert evse.last_ignored.why == "matching runs only in B, C and D with an offer to talk"


def test_parm_req_is_not_answered_after_tt_evse_slac_init():
    """Too late is too late: the plug has to come out first."""
    evse = EvseOnStage()
    evse.plug_in()
    evse.run_for(evse.machine.timers.tt_evse_slac_init)

    evse.is_asked()

    assert not evse.frames
    assert evse.last_ignored.why == "TT_EVSE_SLAC_init is over: plug in again"


def test_parm_req_is_not_answered_when_matched():
    """By the PEV that has the link, in its old run or a new one, or by another."""
    evse = EvseOnStage()
    evse.in_session("LINKED")
    evse.forget()

    evse.is_asked()
    evse.is_asked(run_id=OTHER_RUN)
    evse.is_asked(by=OTHER_PEV)

    assert not evse.frames
    assert {event.why for event in evse.said(Ignored)} == {"matched: CM_SLAC_PARM.REQ is not answered"}
    assert len(evse.said(Ignored)) == 3


def test_start_after_tt_match_sequence_is_a_stray():
    """TT_match_sequence over: there is no session any more."""
    evse = EvseOnStage()
    evse.in_session("PARM_CONFIRMED")
    evse.run_for(evse.machine.timers.tt_match_sequence)

    evse.is_told_to_listen()

    assert evse.last_ignored.why == "no session: CM_SLAC_PARM.REQ comes first"


def test_late_answer_and_late_match_request_are_not_accepted():
    """After the last repetition of CM_ATTEN_CHAR.IND is over, neither RSP nor CM_SLAC_MATCH.REQ is accepted."""
    evse = EvseOnStage()
    evse.in_session("WAIT_RSP")
    evse.run_for(3 * evse.machine.timers.tt_match_response)
    evse.forget()

    evse.is_answered()
    evse.is_chosen()

    assert not evse.frames
    assert [event.why for event in evse.said(Ignored)] == ["no session: CM_SLAC_PARM.REQ comes first"] * 2


def test_match_request_before_the_answer_waits_for_it():
    """CM_ATTEN_CHAR.RSP comes first; once it is here, the repeated request is confirmed."""
    evse = EvseOnStage()
    evse.in_session("WAIT_RSP")

    evse.is_chosen()
    assert evse.last_ignored.why == "CM_ATTEN_CHAR.RSP comes first"
    evse.is_answered()
    evse.is_chosen()

    assert len(evse.sent(CmSlacMatchCnf)) == 1


def test_request_for_validation_is_answered_with_not_required():
    """This EVSE does not validate: result 4, and the session goes on waiting for CM_SLAC_MATCH.REQ."""
    evse = EvseOnStage()
    evse.in_session("WAIT_MATCH")
    deadline = evse.machine.next_deadline()

    evse.hears(VALIDATE)

    (cnf,) = evse.sent(CmValidateCnf)
    assert (cnf.mme.result, cnf.mme.toggle_num, cnf.dst) == (4, 0, PEV)
    assert evse.machine.next_deadline() == deadline
