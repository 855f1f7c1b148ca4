"""The transition table of the EVSE, to be read beside ISO 15118-3 annex A.9.

A row: in this state, on this happening, be in that state (None: stay; the same: anew), then do this (a method of
`EvseSlac`), by this rule. Rows that only say why nothing happens are made by `ignore`; every pair of state and
happening has its row. `docs/slac-states.md` shows the same as matrices and a diagram.
"""

from __future__ import annotations

import enum

from bench.machine import Row, Table, TimersOf, ignore, table


class EvseState(enum.Enum):
    # the station
    IDLE = "idle"
    READY = "waiting for CM_SLAC_PARM.REQ"
    SERVING = "serving"
    MATCHED = "matched"
    STEP_EF = "signalling E"
    GAVE_UP = "gave up"
    # a session
    NO_SESSION = "no session"
    PARM_CONFIRMED = "parameters confirmed"
    SOUNDING = "sounding"
    AVERAGING = "averaging"
    WAIT_RSP = "waiting for CM_ATTEN_CHAR.RSP"
    WAIT_MATCH = "waiting for CM_SLAC_MATCH.REQ"
    JOINING = "joining"
    LINKED = "linked"


S = EvseState
STATION_STATES = (S.IDLE, S.READY, S.SERVING, S.MATCHED, S.STEP_EF, S.GAVE_UP)
SESSION_STATES = (S.PARM_CONFIRMED, S.SOUNDING, S.AVERAGING, S.WAIT_RSP, S.WAIT_MATCH, S.JOINING, S.LINKED)


class EvseOn(enum.Enum):
    """What can happen. T_… are timers; the others are messages, the pilot, the link and what follows from them."""

    PARM_REQ = "CM_SLAC_PARM.REQ"
    ONE_TOO_MANY = "CM_SLAC_PARM.REQ beyond C_EVSE_match_parallel"
    NEW_RUN = "CM_SLAC_PARM.REQ of the same PEV with another RunID"
    START = "CM_START_ATTEN_CHAR.IND"
    SOUND = "CM_MNBC_SOUND.IND"
    ALL_SOUNDS = "the last sound announced"
    PROFILE = "CM_ATTEN_PROFILE.IND"
    REPORT_READY = "an average to report"
    NOTHING_HEARD = "nothing to report"
    RSP = "CM_ATTEN_CHAR.RSP"
    VALIDATE_REQ = "CM_VALIDATE.REQ"
    MATCH_REQ = "CM_SLAC_MATCH.REQ"
    STRAY = "a SLAC message without a session"
    LINK_UP = "link up"
    LINK_DOWN = "link down"
    SESSION_LINKED = "the link of a session"
    OTHER_LINKED = "the link of another PEV"
    ALL_ENDED = "the end of the last session"
    LEAVE = "the pilot leaving B, C, D"
    CP_OFFER = "CP B/C/D with an offer to talk"
    CP_PLUGGED = "CP B/C/D without an offer to talk"
    CP_A = "CP A"
    CP_EF = "CP E or F"
    T_SLAC_INIT = "TT_EVSE_SLAC_init"
    T_SLAC_INIT_STEP = "TT_EVSE_SLAC_init, E/F steps left"
    T_SLAC_INIT_X1 = "TT_EVSE_SLAC_init, no E/F steps left"
    T_STEP_EF = "T_step_EF"
    T_MATCH_SEQUENCE = "TT_match_sequence"
    T_MNBC = "TT_EVSE_match_MNBC"
    T_AVERAGE = "TP_EVSE_avg_atten_calc"
    T_RESPONSE = "TT_match_response"
    T_RESPONSE_LAST = "TT_match_response after the last repetition"
    T_MATCH_SESSION = "TT_EVSE_match_session"
    T_JOIN = "TT_match_join"


ON = EvseOn
STATION_ONS = (
    ON.PARM_REQ,
    ON.ONE_TOO_MANY,
    ON.STRAY,
    ON.LINK_UP,
    ON.LINK_DOWN,
    ON.SESSION_LINKED,
    ON.ALL_ENDED,
    ON.CP_OFFER,
    ON.CP_PLUGGED,
    ON.CP_A,
    ON.CP_EF,
    ON.T_SLAC_INIT,
    ON.T_SLAC_INIT_STEP,
    ON.T_SLAC_INIT_X1,
    ON.T_STEP_EF,
)
SESSION_ONS = (
    ON.PARM_REQ,
    ON.NEW_RUN,
    ON.START,
    ON.SOUND,
    ON.ALL_SOUNDS,
    ON.PROFILE,
    ON.REPORT_READY,
    ON.NOTHING_HEARD,
    ON.RSP,
    ON.VALIDATE_REQ,
    ON.MATCH_REQ,
    ON.LINK_UP,
    ON.LINK_DOWN,
    ON.OTHER_LINKED,
    ON.LEAVE,
    ON.T_MATCH_SEQUENCE,
    ON.T_MNBC,
    ON.T_AVERAGE,
    ON.T_RESPONSE,
    ON.T_RESPONSE_LAST,
    ON.T_MATCH_SESSION,
    ON.T_JOIN,
)

TIMERS_OF: TimersOf[EvseState, EvseOn] = {
    S.READY: {ON.T_SLAC_INIT: "tt_evse_slac_init"},
    S.STEP_EF: {ON.T_STEP_EF: "t_step_ef"},
    S.PARM_CONFIRMED: {ON.T_MATCH_SEQUENCE: "tt_match_sequence"},
    S.SOUNDING: {ON.T_MNBC: "tt_evse_match_mnbc"},
    S.AVERAGING: {ON.T_AVERAGE: "tp_evse_avg_atten_calc"},
    S.WAIT_RSP: {ON.T_RESPONSE: "tt_match_response"},
    S.WAIT_MATCH: {ON.T_MATCH_SESSION: "tt_evse_match_session"},
    S.JOINING: {ON.T_JOIN: "tt_match_join"},
}
"""The timers that start when a state is entered, by their name in `Timers`."""


def _states_but(*states: EvseState) -> list[EvseState]:
    """The other states of the same actor."""
    among = STATION_STATES if states[0] in STATION_STATES else SESSION_STATES
    return [state for state in among if state not in states]


STATION_TABLE: Table[EvseState, EvseOn] = table(
    STATION_STATES,
    STATION_ONS,
    # state         on                   to         action            rule
    Row(S.IDLE, ON.CP_OFFER, S.READY, "plugged_in", "car plugged in and asked to talk"),
    ignore([S.IDLE], [ON.CP_PLUGGED], "plugged in, but matching starts with 5 %"),
    ignore([S.IDLE], [ON.PARM_REQ, ON.STRAY], "matching runs only in B, C and D with an offer to talk"),
    ignore([S.IDLE], [ON.CP_A, ON.CP_EF], "nothing is running"),
    # nobody has asked yet
    Row(S.READY, ON.PARM_REQ, S.SERVING, "open_session", "first CM_SLAC_PARM.REQ stops TT_EVSE_SLAC_init"),
    Row(S.READY, ON.T_SLAC_INIT, S.GAVE_UP, "give_up", "nobody asked in TT_EVSE_SLAC_init: matching failed"),
    Row(S.READY, ON.T_SLAC_INIT_STEP, S.STEP_EF, "step_to_e", "AC: E, then 5 % again (V2G3-M06-07)"),
    Row(S.READY, ON.T_SLAC_INIT_X1, S.GAVE_UP, "fall_back_to_x1", "AC: X1 after C_sequ_retry steps (V2G3-M06-07)"),
    ignore([S.READY], [ON.STRAY], "no session: CM_SLAC_PARM.REQ comes first"),
    Row(S.STEP_EF, ON.T_STEP_EF, S.READY, "back_to_5_pct", "E lasted T_step_EF (V2G3-M06-09)"),
    ignore([S.STEP_EF], [ON.PARM_REQ, ON.STRAY], "matching does not run in E"),
    ignore([S.STEP_EF], [ON.CP_EF, ON.CP_PLUGGED, ON.CP_OFFER], "the E is our own signal"),
    ignore([S.GAVE_UP], [ON.PARM_REQ, ON.STRAY], "TT_EVSE_SLAC_init is over: plug in again"),
    ignore([S.GAVE_UP], [ON.CP_OFFER, ON.CP_PLUGGED], "TT_EVSE_SLAC_init is over: plug in again"),
    # serving
    Row(S.SERVING, ON.PARM_REQ, None, "open_session", "another PEV asks, or one begins a new run"),
    Row(S.SERVING, ON.ALL_ENDED, S.READY, None, "no session left: TT_EVSE_SLAC_init starts anew"),
    Row(S.SERVING, ON.SESSION_LINKED, S.MATCHED, "end_others", "link up"),
    ignore([S.SERVING], [ON.ONE_TOO_MANY], "C_EVSE_match_parallel sessions are running"),
    ignore([S.SERVING], [ON.STRAY], "no session with this address and RunID"),
    Row(S.MATCHED, ON.ALL_ENDED, S.READY, None, "the link is gone: a new matching may follow"),
    ignore([S.MATCHED], [ON.PARM_REQ], "matched: CM_SLAC_PARM.REQ is not answered"),
    ignore([S.MATCHED], [ON.STRAY], "matched with another address or RunID"),
    # the pilot
    ignore(
        [S.READY, S.SERVING, S.MATCHED],
        [ON.CP_OFFER, ON.CP_PLUGGED],
        "a change of the duty cycle disturbs neither matching nor link",
    ),
    [Row(s, ON.CP_A, S.IDLE, None, "unplugged") for s in (S.READY, S.STEP_EF, S.GAVE_UP)],
    [Row(s, ON.CP_A, S.IDLE, "end_all", "unplugged") for s in (S.SERVING, S.MATCHED)],
    [Row(s, ON.CP_EF, S.IDLE, None, "CP E or F ends matching") for s in (S.READY, S.GAVE_UP)],
    [Row(s, ON.CP_EF, S.IDLE, "end_all", "CP E or F ends matching") for s in (S.SERVING, S.MATCHED)],
    # what cannot be
    ignore(_states_but(S.SERVING), [ON.ONE_TOO_MANY, ON.SESSION_LINKED], "sessions run only while serving"),
    ignore(_states_but(S.SERVING, S.MATCHED), [ON.ALL_ENDED], "no session is running"),
    ignore(STATION_STATES, [ON.LINK_UP, ON.LINK_DOWN], "no PEV was given a key"),
    ignore(
        _states_but(S.READY),
        [ON.T_SLAC_INIT, ON.T_SLAC_INIT_STEP, ON.T_SLAC_INIT_X1],
        "the timer runs only while waiting for the first request",
    ),
    ignore(_states_but(S.STEP_EF), [ON.T_STEP_EF], "the timer runs only in E"),
)

SESSION_TABLE: Table[EvseState, EvseOn] = table(
    [S.NO_SESSION],
    [ON.PARM_REQ],
    Row(S.NO_SESSION, ON.PARM_REQ, S.PARM_CONFIRMED, "confirm_parameters", "a PEV asks who hears it"),
) | table(
    SESSION_STATES,
    SESSION_ONS,
    # state             on                    to                action                rule
    # CM_SLAC_PARM: a request repeated or sent twice is answered again; later, it starts the session again
    Row(S.PARM_CONFIRMED, ON.PARM_REQ, S.PARM_CONFIRMED, "confirm_parameters", "every request is answered"),
    [
        Row(s, ON.PARM_REQ, S.PARM_CONFIRMED, "begin_again", "the PEV starts again (V2G3-A09-16)")
        for s in _states_but(S.PARM_CONFIRMED, S.LINKED)
    ],
    ignore([S.LINKED], [ON.PARM_REQ], "matched: CM_SLAC_PARM.REQ is not answered"),
    [
        Row(s, ON.NEW_RUN, S.NO_SESSION, "fail", "the PEV starts again with another RunID (V2G3-A09-16)")
        for s in _states_but(S.LINKED)
    ],
    ignore([S.LINKED], [ON.NEW_RUN], "matched: CM_SLAC_PARM.REQ is not answered"),
    # sounding
    Row(S.PARM_CONFIRMED, ON.START, S.SOUNDING, "expect_sounds", "TT_EVSE_match_MNBC runs from the first START"),
    Row(S.PARM_CONFIRMED, ON.T_MATCH_SEQUENCE, S.NO_SESSION, "fail", "no CM_START_ATTEN_CHAR.IND in TT_match_sequence"),
    ignore([S.PARM_CONFIRMED], [ON.SOUND, ON.PROFILE], "sounds count from CM_START_ATTEN_CHAR.IND on"),
    ignore([S.SOUNDING], [ON.START], "the window runs from the first of the three"),
    Row(S.SOUNDING, ON.SOUND, None, "hear_sound", "one of the sounds announced"),
    Row(S.SOUNDING, ON.PROFILE, None, "keep_profile", "the modem measured a sound"),
    Row(S.SOUNDING, ON.ALL_SOUNDS, S.AVERAGING, None, "all sounds heard"),
    Row(S.SOUNDING, ON.T_MNBC, S.AVERAGING, None, "TT_EVSE_match_MNBC over: go on with what was heard"),
    ignore([S.AVERAGING], [ON.START, ON.SOUND], "sounding is over"),
    # reporting
    Row(S.AVERAGING, ON.PROFILE, None, "keep_profile", "the profile of the last sound follows it"),
    Row(S.AVERAGING, ON.T_AVERAGE, None, "average", "report within TP_EVSE_avg_atten_calc"),
    Row(S.AVERAGING, ON.REPORT_READY, S.WAIT_RSP, "report_attenuation", "the mean of each group"),
    Row(S.AVERAGING, ON.NOTHING_HEARD, S.NO_SESSION, "fail", "nothing heard, nothing to report"),
    Row(S.WAIT_RSP, ON.T_RESPONSE, S.WAIT_RSP, "report_attenuation", "no answer in TT_match_response: again"),
    Row(S.WAIT_RSP, ON.T_RESPONSE_LAST, S.NO_SESSION, "fail", "no CM_ATTEN_CHAR.RSP to C_EV_match_retry repetitions"),
    Row(S.WAIT_RSP, ON.RSP, S.WAIT_MATCH, None, "the PEV has the report"),
    ignore([S.WAIT_RSP], [ON.MATCH_REQ, ON.VALIDATE_REQ], "CM_ATTEN_CHAR.RSP comes first"),
    # matching
    Row(S.WAIT_MATCH, ON.VALIDATE_REQ, None, "validation_not_required", "validation is not required here"),
    Row(S.WAIT_MATCH, ON.MATCH_REQ, S.JOINING, "confirm_match", "the PEV chose this EVSE"),
    Row(S.WAIT_MATCH, ON.T_MATCH_SESSION, S.NO_SESSION, "fail", "no CM_SLAC_MATCH.REQ in TT_EVSE_match_session"),
    ignore([S.WAIT_MATCH, S.JOINING, S.LINKED], [ON.RSP], "the answer is already here"),
    # joining
    Row(S.JOINING, ON.MATCH_REQ, S.JOINING, "confirm_match_again", "a repeated request gets the same confirmation"),
    Row(S.JOINING, ON.LINK_UP, S.LINKED, "linked", "the PEV's modem is in the network"),
    Row(S.JOINING, ON.T_JOIN, S.NO_SESSION, "fail", "no link in TT_match_join"),
    Row(S.LINKED, ON.MATCH_REQ, None, "confirm_match_again", "a repeated request gets the same confirmation"),
    Row(S.LINKED, ON.LINK_DOWN, S.NO_SESSION, "lose_link", "the link is gone"),
    ignore([S.JOINING, S.LINKED], [ON.VALIDATE_REQ], "matched: nothing to validate"),
    # whatever the state
    [Row(s, ON.LEAVE, S.NO_SESSION, "fail", "the pilot left B, C, D") for s in _states_but(S.LINKED)],
    Row(S.LINKED, ON.LEAVE, S.NO_SESSION, "lose_link", "the pilot left B, C, D"),
    [Row(s, ON.OTHER_LINKED, S.NO_SESSION, "fail", "another PEV has the link") for s in _states_but(S.LINKED)],
    ignore([S.LINKED], [ON.OTHER_LINKED], "the link is ours"),
    ignore(
        [S.PARM_CONFIRMED, S.SOUNDING, S.AVERAGING],
        [ON.RSP, ON.VALIDATE_REQ, ON.MATCH_REQ],
        "nothing was reported yet",
    ),
    ignore([S.WAIT_RSP, S.WAIT_MATCH, S.JOINING, S.LINKED], [ON.START, ON.SOUND, ON.PROFILE], "sounding is over"),
    # what cannot be
    ignore(_states_but(S.JOINING), [ON.LINK_UP], "this PEV is not joining"),
    ignore(_states_but(S.LINKED), [ON.LINK_DOWN], "there is no link yet"),
    ignore(_states_but(S.SOUNDING), [ON.ALL_SOUNDS, ON.T_MNBC], "not sounding"),
    ignore(_states_but(S.AVERAGING), [ON.REPORT_READY, ON.NOTHING_HEARD, ON.T_AVERAGE], "not averaging"),
    ignore(_states_but(S.PARM_CONFIRMED), [ON.T_MATCH_SEQUENCE], "the PEV went on"),
    ignore(_states_but(S.WAIT_RSP), [ON.T_RESPONSE, ON.T_RESPONSE_LAST], "no report is unanswered"),
    ignore(_states_but(S.WAIT_MATCH), [ON.T_MATCH_SESSION], "not waiting for a match"),
    ignore(_states_but(S.JOINING), [ON.T_JOIN], "not joining"),
)

TABLE: Table[EvseState, EvseOn] = STATION_TABLE | SESSION_TABLE
