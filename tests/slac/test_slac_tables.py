"""The transition tables: complete, consistent with the machines, and walked through row by row."""

from __future__ import annotations

import enum
import inspect
import runpy
from dataclasses import fields
from pathlib import Path

import pytest
from slac_stage import (
    EVSE,
    EVSE_MODEM,
    OTHER_RUN,
    PEV,
    RUN,
    EvseOnStage,
    PevOnStage,
)

from bench.ids import BROADCAST
from bench.limits import LIMITS
from bench.machine import Ignored, Row, ignore, table
from bench.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateReq,
    Frame,
)
from bench.slac.evse import EvseSettings, EvseSlac
from bench.slac.evse_table import (
    SESSION_ONS,
    SESSION_STATES,
    SESSION_TABLE,
    STATION_ONS,
    STATION_STATES,
    STATION_TABLE,
    EvseOn,
    EvseState,
)
from bench.slac.pev import PevSlac
from bench.slac.pev_table import PevOn, PevState
from bench.slac.standard import ALLOWED
from bench.slac.timers import TIMERS, Timers
from bench.units import ms

MACHINES = [EvseSlac, PevSlac]
DOCS = Path(__file__).resolve().parents[2] / "docs"


class Light(enum.Enum):
    RED = "red"
    GREEN = "green"


class Press(enum.Enum):
    ONCE = "once"
    TWICE = "twice"


# what a table must be


def test_table_without_a_row_for_every_pair_is_refused():
    """A happening that a state does not mention would vanish: the table says which pair is missing."""
    rows = [Row(Light.RED, Press.ONCE, Light.GREEN, None, ""), *ignore(Light, [Press.TWICE], "")]

    with pytest.raises(ValueError, match=r"no row for Light\.GREEN on Press\.ONCE"):
        table(Light, Press, rows)


def test_table_with_two_rows_for_a_pair_is_refused():
    """Which of the two would count depended on their order."""
    rows = [*ignore(Light, Press, ""), Row(Light.RED, Press.ONCE, Light.GREEN, None, "")]

    with pytest.raises(ValueError, match=r"two rows for Light\.RED on Press\.ONCE"):
        table(Light, Press, rows)


def test_table_with_a_row_of_another_actor_is_refused():
    """A row for a state or happening that is not the table's is a mistake, not an extra."""
    with pytest.raises(ValueError, match=r"Light\.GREEN on Press\.ONCE, which this table does not have"):
        table([Light.RED], Press, ignore(Light, Press, ""))


def test_complete_table_gives_back_its_rows():
    """The happy case of the three above."""
    rows = [Row(Light.RED, Press.ONCE, Light.GREEN, "shine", "why not"), *ignore([Light.RED], [Press.TWICE], "no")]

    made = table([Light.RED], Press, rows)

    assert made[Light.RED, Press.ONCE] == rows[0]
    assert made[Light.RED, Press.TWICE].ignores
    assert not made[Light.RED, Press.ONCE].ignores


# the tables beside the machines


@pytest.mark.parametrize("machine", MACHINES)
def test_every_action_of_the_table_is_a_method(machine):
    """A misspelt action would be found by the first car that needs it."""
    for row in machine.TABLE.values():
        if row.action is not None:
            parameters = inspect.signature(getattr(machine, row.action)).parameters
            assert len(parameters) == 4, f"{row.action}(self, actor, now, frame)"


@pytest.mark.parametrize("machine", MACHINES)
def test_every_row_gives_its_rule(machine):
    """Whatever happens or does not happen is reported with its reason."""
    assert all(row.why for row in machine.TABLE.values())


@pytest.mark.parametrize("machine", MACHINES)
def test_every_timer_that_starts_has_a_row_that_does_something(machine):
    """A timer that runs out into an ignored row would leave the actor where it is for ever."""
    for state, timers in machine.TIMERS_OF.items():
        for on, name in timers.items():
            assert isinstance(getattr(TIMERS, name), int)
            assert not machine.TABLE[state, on].ignores, f"{on} in {state}"


@pytest.mark.parametrize("machine", MACHINES)
def test_every_lasting_timer_is_listed_for_the_state_it_starts_in(machine):
    """Otherwise entering that state anew would restart it."""
    for state, timers in machine.TIMERS_OF.items():
        for on in timers:
            assert on not in machine.LASTING or state in machine.LASTING[on]


@pytest.mark.parametrize(
    ("table", "start", "states"),
    [
        (STATION_TABLE, EvseState.IDLE, set(STATION_STATES)),
        (SESSION_TABLE, EvseState.NO_SESSION, {EvseState.NO_SESSION, *SESSION_STATES}),
        (PevSlac.TABLE, PevState.IDLE, set(PevState)),
    ],
    ids=["station", "session", "pev"],
)
def test_every_state_can_be_reached_and_left(table, start, states):
    """A state no row leads to is dead; one that does not lead back to the start is a trap."""
    leads_to = {state: {row.to for row in table.values() if row.state is state and row.to} for state in states}

    def reached_from(state):
        seen, new = set(), {state}
        while new:
            seen |= new
            new = {to for known in new for to in leads_to[known]} - seen
        return seen

    assert reached_from(start) == states
    assert all(start in reached_from(state) for state in states)


# the walk: every happening in every state of the real machine

SESSION_EXAMPLES = {
    EvseOn.PARM_REQ: CmSlacParmReq(run_id=RUN),
    EvseOn.NEW_RUN: CmSlacParmReq(run_id=OTHER_RUN),
    EvseOn.START: CmStartAttenCharInd(forwarding_sta=PEV, run_id=RUN),
    EvseOn.SOUND: CmMnbcSoundInd(cnt=3, run_id=RUN),
    EvseOn.PROFILE: CmAttenProfileInd(pev_mac=PEV, aag=bytes(58)),
    EvseOn.RSP: CmAttenCharRsp(source_address=PEV, run_id=RUN),
    EvseOn.VALIDATE_REQ: CmValidateReq(),
    EvseOn.MATCH_REQ: CmSlacMatchReq(pev_mac=PEV, evse_mac=EVSE, run_id=RUN),
}
STATION_EXAMPLES = {
    EvseOn.PARM_REQ: CmSlacParmReq(run_id=OTHER_RUN),
    EvseOn.ONE_TOO_MANY: CmSlacParmReq(run_id=OTHER_RUN),
    EvseOn.STRAY: CmMnbcSoundInd(run_id=OTHER_RUN),
}


def evse_in(state: EvseState) -> EvseOnStage:
    """The EVSE driven, by what comes from outside, until its station is in *state*."""
    evse = EvseOnStage(EvseSettings(ac=state is EvseState.STEP_EF))
    if state is not EvseState.IDLE:
        evse.plug_in()
    if state is EvseState.SERVING:
        evse.is_asked()
    elif state is EvseState.MATCHED:
        evse.in_session("LINKED")
    elif state in (EvseState.STEP_EF, EvseState.GAVE_UP):
        evse.run_for(TIMERS.tt_evse_slac_init)
    assert evse.state is state
    return evse


def frame_of(examples, on, src=PEV) -> Frame | None:
    mme = examples.get(on)
    return None if mme is None else Frame(BROADCAST, EVSE_MODEM if on is EvseOn.PROFILE else src, mme)


def demand_something_came_of_it(stage, before, row):
    """A frame, a change of state, an event, or at least another inner state; an ignored one says the row's reason."""
    said = stage.events
    if row.ignores:
        assert [type(event) for event in said] == [Ignored]
        assert said[0].why == row.why
    else:
        assert stage.frames or said or inner(stage.machine) != before, f"{row} leaves no trace"


def inner(machine) -> str:
    """All an actor knows, for comparison."""
    return repr([sorted(vars(actor).items()) for actor in machine.actors()])


@pytest.mark.parametrize("on", STATION_ONS, ids=lambda on: on.name)
@pytest.mark.parametrize("state", STATION_STATES, ids=lambda state: state.name)
def test_nothing_vanishes_at_the_evse_station(state, on):
    """Whatever happens to the station in whatever state: a frame, a change, a report, or an Ignored with the reason."""
    evse = evse_in(state)
    if on is EvseOn.SESSION_LINKED and state is EvseState.SERVING:
        evse.session().state = EvseState.LINKED
    before = inner(evse.machine)
    evse.forget()

    evse.machine.fire(evse.machine.station, on, evse.now, frame_of(STATION_EXAMPLES, on))
    evse.empty()

    row = STATION_TABLE[state, on]
    demand_something_came_of_it(evse, before, row)
    assert evse.state is (row.to or state)


@pytest.mark.parametrize("on", SESSION_ONS, ids=lambda on: on.name)
@pytest.mark.parametrize("state", SESSION_STATES, ids=lambda state: state.name)
def test_nothing_vanishes_in_a_session_of_the_evse(state, on):
    """The same for each state of a session."""
    evse = EvseOnStage()
    evse.in_session(state.name)
    session = evse.session()
    if on is EvseOn.REPORT_READY and state is EvseState.AVERAGING:
        session.report = CmAttenCharInd(source_address=PEV, run_id=RUN, aag=bytes(58))
    before = inner(evse.machine)
    evse.forget()

    evse.machine.fire(session, on, evse.now, frame_of(SESSION_EXAMPLES, on))
    evse.empty()

    row = SESSION_TABLE[state, on]
    demand_something_came_of_it(evse, before, row)
    if on is EvseOn.T_AVERAGE and not row.ignores:  # fires what it found out, with a row of its own
        assert session.state is EvseState.WAIT_RSP
    else:
        assert session.state is (row.to or state)


PEV_EXAMPLES = {
    PevOn.PARM_CNF: CmSlacParmCnf(forwarding_sta=PEV),
    PevOn.ATTEN_CHAR_IND: CmAttenCharInd(source_address=PEV, aag=bytes(58)),
    PevOn.ATTEN_CHAR_IND_AGAIN: CmAttenCharInd(source_address=PEV, aag=bytes(58)),
    PevOn.MATCH_CNF: CmSlacMatchCnf(pev_mac=PEV, evse_mac=EVSE),
    PevOn.MATCH_CNF_OF_OTHER: CmSlacMatchCnf(pev_mac=PEV, evse_mac=EVSE_MODEM),
}
LEADS_ON = {
    PevOn.ATTEN_CHAR_IND: PevState.WAIT_MATCH_CNF,
    PevOn.ATTEN_CHAR_IND_AGAIN: PevState.WAIT_MATCH_CNF,
    PevOn.ALL_RESULTS: PevState.PAUSE,
    PevOn.T_ATTEN_RESULTS: PevState.PAUSE,
}
"""Happenings that let the PEV decide at once: with the report just come, or without any."""


@pytest.mark.parametrize("on", PevOn, ids=lambda on: on.name)
@pytest.mark.parametrize("state", PevState, ids=lambda state: state.name)
def test_nothing_vanishes_at_the_pev(state, on):
    """Whatever happens to the PEV in whatever state: a frame, a change, a report, or an Ignored with the reason."""
    pev = PevOnStage()
    pev.in_state(state.name)
    if on is PevOn.T_RESPONSE_ANSWERED and state is PevState.WAIT_CNF:
        pev.is_confirmed()
    elif on is PevOn.CHOSEN and pev.machine.pev.candidates:
        pev.machine.pev.chosen = pev.machine.pev.told
    before = inner(pev.machine)
    pev.forget()

    pev.machine.fire(pev.machine.pev, on, pev.now, frame_of(PEV_EXAMPLES, on, src=EVSE))
    pev.empty()

    row = PevSlac.TABLE[state, on]
    demand_something_came_of_it(pev, before, row)
    decides = on in LEADS_ON and not row.ignores and (state is PevState.WAIT_RESULTS or on is PevOn.T_ATTEN_RESULTS)
    assert pev.state is (LEADS_ON[on] if decides else row.to or state)


# the numbers


def test_every_time_a_machine_waits_is_within_the_standard():
    """Each of `Timers` has the name of a time of table A.1 or 3 and a value that the table permits."""
    named = {name.lower(): allowed for name, allowed in ALLOWED.items()}

    for field in fields(Timers):
        assert named[field.name].permits(getattr(TIMERS, field.name)), field.name


STRICT_MS = {
    "TP_EV_SLAC_init": (None, 10_000),
    "TT_EVSE_SLAC_init": (None, 50_000),
    "TP_match_response (CM_SLAC_PARM)": (None, 100),
    "TT_match_response (CM_SLAC_PARM)": (200, 450),
    "TP_match_sequence": (None, 100),
    "TT_match_sequence": (None, 400),
    "TP_EV_batch_msg_interval (START)": (20, 50),
    "TP_EV_batch_msg_interval (START to sound)": (20, 50),
    "TP_EV_batch_msg_interval (sound)": (20, 50),
    "TP_EVSE_avg_atten_calc": (None, 100),
    "TT_EV_atten_results": (None, 1200),
    "TP_match_response (CM_ATTEN_CHAR)": (None, 100),
    "TP_EV_match_session": (None, 500),
    "TT_EVSE_match_session": (None, 10_000),
    "TP_match_response (CM_SLAC_MATCH)": (None, 100),
    "TT_match_join": (None, 12_000),
    "match to first frame": (None, 32_000),
    "network to SDP": (None, 20_000),
    "match to SDP": (None, 32_000),
    "SDP response": (None, 250),
    "SDP repetition": (250, 500),
    "TP_match_leave": (None, 1000),
    "T_step_EF": (4000, None),
    "TT_matching_rate": (400, None),
}


def test_strict_limits_are_those_of_tables_a1_and_3_and_of_sdp():
    """As reference slac-15118-3.md 4.1 has them; a repetition has the 0.25 s of section 4.3 on top."""
    in_ns = {
        name: tuple(None if bound is None else ms(bound) for bound in bounds) for name, bounds in STRICT_MS.items()
    }

    assert {name: limit.bounds(field=False) for name, limit in LIMITS.items()} == in_ns


def test_field_limits_only_widen_the_standard():
    """What is lawful by the standard is lawful in the field."""
    for limit in LIMITS.values():
        low, high = limit.bounds(field=False)
        field_low, field_high = limit.bounds(field=True)
        assert low is None or (field_low is not None and field_low <= low)
        assert high is None or (field_high is not None and field_high >= high)
        assert (limit.bounds(field=True) == limit.bounds(field=False)) == (limit.field_why == "")


# the document


def test_document_of_the_tables_is_current():
    """docs/slac-states.md is made from the tables: python docs/make_state_tables.py"""
    made = runpy.run_path(str(DOCS / "make_state_tables.py"))["render"]()

    assert (DOCS / "slac-states.md").read_text(encoding="utf-8") == made
