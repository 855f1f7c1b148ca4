"""The transition table of the EVSE, to be read beside ISO 15118-3 annex A.9.

A row: in this state, on this happening, do this (a method of `EvseSlac`), then be in that state (None: stay), by this
rule. Rows that only say why nothing happens are made by `ignore`; every pair of state and happening has its row.
"""

from __future__ import annotations

import enum

from bench.slac.machine import Row, ignore, table


class EvseState(enum.Enum):
    # the station
    UNPLUGGED = "unplugged"
    READY = "waiting for CM_SLAC_PARM.REQ"
    SERVING = "serving"
    MATCHED = "matched"
    STEP_EF = "signalling E"
    GAVE_UP = "gave up"
    # a session
    PARM_CONFIRMED = "parameters confirmed"
    SOUNDING = "sounding"
    AVERAGING = "averaging"
    WAIT_RSP = "waiting for CM_ATTEN_CHAR.RSP"
    WAIT_MATCH = "waiting for CM_SLAC_MATCH.REQ"
    JOINING = "joining"
    LINKED = "linked"
    ENDED = "ended"


S = EvseState
STATION_STATES = (S.UNPLUGGED, S.READY, S.SERVING, S.MATCHED, S.STEP_EF, S.GAVE_UP)
SESSION_STATES = (S.PARM_CONFIRMED, S.SOUNDING, S.AVERAGING, S.WAIT_RSP, S.WAIT_MATCH, S.JOINING, S.LINKED)


class EvseOn(enum.Enum):
    """What can happen. T_… are timers; the others are messages, the pilot, the link and what follows from them."""

    PARM_REQ = "CM_SLAC_PARM.REQ"
    START = "CM_START_ATTEN_CHAR.IND"
    SOUND = "CM_MNBC_SOUND.IND"
    ALL_SOUNDS = "the last sound announced"
    PROFILE = "CM_ATTEN_PROFILE.IND"
    NOTHING_HEARD = "the end of sounding without anything to report"
    RSP = "CM_ATTEN_CHAR.RSP"
    VALIDATE_REQ = "CM_VALIDATE.REQ"
    MATCH_REQ = "CM_SLAC_MATCH.REQ"
    LINK_UP = "link up"
    LINK_DOWN = "link down"
    LEAVE = "leaving the pilot states B, C, D"
    STRAY = "a SLAC message without a session"
    SESSION_LINKED = "a session reaching its link"
    ALL_ENDED = "the end of the last session"
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
    ON.STRAY,
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
    ON.START,
    ON.SOUND,
    ON.ALL_SOUNDS,
    ON.PROFILE,
    ON.NOTHING_HEARD,
    ON.RSP,
    ON.VALIDATE_REQ,
    ON.MATCH_REQ,
    ON.LINK_UP,
    ON.LINK_DOWN,
    ON.LEAVE,
    ON.T_MATCH_SEQUENCE,
    ON.T_MNBC,
    ON.T_AVERAGE,
    ON.T_RESPONSE,
    ON.T_RESPONSE_LAST,
    ON.T_MATCH_SESSION,
    ON.T_JOIN,
)

TIMERS_OF: dict[EvseState, dict[EvseOn, str]] = {
    S.READY: {ON.T_SLAC_INIT: "tt_evse_slac_init"},
    S.STEP_EF: {ON.T_STEP_EF: "t_step_ef"},
    S.PARM_CONFIRMED: {ON.T_MATCH_SEQUENCE: "tt_match_sequence"},
    S.SOUNDING: {ON.T_MNBC: "tt_evse_match_mnbc"},
    S.AVERAGING: {ON.T_AVERAGE: "tp_evse_avg_atten_calc"},
    S.WAIT_RSP: {ON.T_RESPONSE: "tt_match_response"},
    S.WAIT_MATCH: {ON.T_MATCH_SESSION: "tt_evse_match_session"},
    S.JOINING: {ON.T_JOIN: "tt_match_join"},
}
"""Timers that start when the state is entered, by their name in `Timers`."""

TABLE = table(
    STATION_STATES,
    STATION_ONS,
    # state         on               action            to           rule
    Row(S.UNPLUGGED, ON.CP_OFFER, "plugged", S.READY, "car plugged in and asked to talk"),
    ignore([S.UNPLUGGED], [ON.CP_PLUGGED], "plugged in, but matching starts with 5 %"),
    ignore([S.UNPLUGGED], [ON.PARM_REQ, ON.STRAY], "matching runs only in B, C and D with an offer to talk"),
    ignore([S.UNPLUGGED], [ON.CP_A, ON.CP_EF], "nothing is running"),
    Row(S.READY, ON.PARM_REQ, "open_session", S.SERVING, "first CM_SLAC_PARM.REQ stops TT_EVSE_SLAC_init"),
    Row(S.READY, ON.T_SLAC_INIT, None, S.GAVE_UP, "nobody asked: matching failed"),
    Row(S.READY, ON.T_SLAC_INIT_STEP, "step_to_e", S.STEP_EF, "AC: E/F, then 5 % again (V2G3-M06-07)"),
    Row(S.READY, ON.T_SLAC_INIT_X1, "fall_back_to_x1", S.GAVE_UP, "AC: X1 after C_sequ_retry steps (V2G3-M06-07)"),
    ignore([S.READY], [ON.STRAY], "no session: CM_SLAC_PARM.REQ comes first"),
    ignore([S.READY], [ON.CP_OFFER, ON.CP_PLUGGED], "a change of the duty cycle does not disturb matching"),
    Row(S.SERVING, ON.PARM_REQ, "open_session", None, "another PEV asks"),
    Row(S.SERVING, ON.ALL_ENDED, None, S.READY, "no session left: wait for the next request"),
    Row(S.SERVING, ON.SESSION_LINKED, None, S.MATCHED, "link up"),
    ignore([S.SERVING], [ON.STRAY], "no session with this address and RunID"),
    ignore([S.SERVING], [ON.CP_OFFER, ON.CP_PLUGGED], "a change of the duty cycle does not disturb matching"),
    Row(S.MATCHED, ON.ALL_ENDED, None, S.READY, "the link is gone: a new matching may follow"),
    ignore([S.MATCHED], [ON.PARM_REQ, ON.STRAY], "matched: CM_SLAC_PARM.REQ is not answered"),
    ignore([S.MATCHED], [ON.SESSION_LINKED], "already matched"),
    ignore([S.MATCHED], [ON.CP_OFFER, ON.CP_PLUGGED], "a change of the duty cycle does not disturb the link"),
    Row(S.STEP_EF, ON.T_STEP_EF, "back_to_5_pct", S.READY, "E lasted T_step_EF (V2G3-M06-09)"),
    ignore([S.STEP_EF], [ON.PARM_REQ, ON.STRAY], "matching does not run in E"),
    ignore([S.STEP_EF], [ON.CP_EF, ON.CP_PLUGGED, ON.CP_OFFER], "the E is our own signal"),
    ignore([S.GAVE_UP], [ON.PARM_REQ, ON.STRAY], "TT_EVSE_SLAC_init is over: plug in again"),
    ignore([S.GAVE_UP], [ON.CP_OFFER, ON.CP_PLUGGED], "TT_EVSE_SLAC_init is over: plug in again"),
    [Row(s, ON.CP_A, "end_all", S.UNPLUGGED, "unplugged") for s in STATION_STATES if s is not S.UNPLUGGED],
    [
        Row(s, ON.CP_EF, "end_all", S.UNPLUGGED, "CP E or F ends matching")
        for s in (S.READY, S.SERVING, S.MATCHED, S.GAVE_UP)
    ],
    ignore([S.UNPLUGGED, S.READY, S.STEP_EF, S.GAVE_UP], [ON.SESSION_LINKED, ON.ALL_ENDED], "no session is running"),
    ignore(
        [s for s in STATION_STATES if s is not S.READY],
        [ON.T_SLAC_INIT, ON.T_SLAC_INIT_STEP, ON.T_SLAC_INIT_X1],
        "the timer runs only while waiting for the first request",
    ),
    ignore([s for s in STATION_STATES if s is not S.STEP_EF], [ON.T_STEP_EF], "the timer runs only in E"),
) | table(
    SESSION_STATES,
    SESSION_ONS,
    # CM_SLAC_PARM: repeated or duplicated requests are answered again and restart the session (V2G3-A09-16)
    Row(S.PARM_CONFIRMED, ON.PARM_REQ, "confirm_parameters", None, "every request is answered"),
    [
        Row(s, ON.PARM_REQ, "confirm_parameters", S.PARM_CONFIRMED, "the PEV starts again (V2G3-A09-16)")
        for s in (S.SOUNDING, S.AVERAGING, S.WAIT_RSP, S.WAIT_MATCH, S.JOINING)
    ],
    ignore([S.LINKED], [ON.PARM_REQ], "matched: CM_SLAC_PARM.REQ is not answered"),
    # sounding
    Row(S.PARM_CONFIRMED, ON.START, None, S.SOUNDING, "TT_EVSE_match_MNBC runs from the first START"),
    Row(S.PARM_CONFIRMED, ON.T_MATCH_SEQUENCE, None, S.ENDED, "no CM_START_ATTEN_CHAR.IND in TT_match_sequence"),
    ignore([S.PARM_CONFIRMED], [ON.SOUND, ON.PROFILE], "sounds count from CM_START_ATTEN_CHAR.IND on"),
    ignore([S.SOUNDING], [ON.START], "the window runs from the first of the three"),
    Row(S.SOUNDING, ON.SOUND, "hear_sound", None, "one of the sounds announced"),
    Row(S.SOUNDING, ON.PROFILE, "keep_profile", None, "the modem measured a sound"),
    Row(S.SOUNDING, ON.ALL_SOUNDS, None, S.AVERAGING, "all sounds heard"),
    Row(S.SOUNDING, ON.T_MNBC, None, S.AVERAGING, "TT_EVSE_match_MNBC over: go on with what was heard"),
    ignore([S.AVERAGING], [ON.START, ON.SOUND], "sounding is over"),
    Row(S.AVERAGING, ON.PROFILE, "keep_profile", None, "the profile of the last sound follows it"),
    Row(S.AVERAGING, ON.T_AVERAGE, "average", None, "report within TP_EVSE_avg_atten_calc"),
    Row(S.AVERAGING, ON.NOTHING_HEARD, None, S.ENDED, "no sound heard: nothing to report"),
    # reporting
    Row(S.WAIT_RSP, ON.RSP, None, S.WAIT_MATCH, "the PEV has the report"),
    Row(S.WAIT_RSP, ON.T_RESPONSE, "report_attenuation", None, "no answer in TT_match_response: again"),
    Row(S.WAIT_RSP, ON.T_RESPONSE_LAST, None, S.ENDED, "no CM_ATTEN_CHAR.RSP after C_EV_match_retry repetitions"),
    ignore([S.WAIT_RSP], [ON.MATCH_REQ, ON.VALIDATE_REQ], "CM_ATTEN_CHAR.RSP comes first"),
    # matching
    Row(S.WAIT_MATCH, ON.MATCH_REQ, "confirm_match", S.JOINING, "the PEV chose this EVSE"),
    Row(S.WAIT_MATCH, ON.VALIDATE_REQ, "validation_not_required", None, "validation is not required here"),
    Row(S.WAIT_MATCH, ON.T_MATCH_SESSION, None, S.ENDED, "no CM_SLAC_MATCH.REQ in TT_EVSE_match_session"),
    ignore([S.WAIT_MATCH, S.JOINING, S.LINKED], [ON.RSP], "the answer is already here"),
    Row(S.JOINING, ON.MATCH_REQ, "confirm_match", None, "a repeated request gets the same confirmation"),
    Row(S.JOINING, ON.LINK_UP, "linked", S.LINKED, "the PEV's modem is in the network"),
    Row(S.JOINING, ON.T_JOIN, None, S.ENDED, "no link in TT_match_join"),
    Row(S.LINKED, ON.MATCH_REQ, "confirm_match", None, "a repeated request gets the same confirmation"),
    Row(S.LINKED, ON.LINK_DOWN, None, S.ENDED, "the link is gone"),
    ignore([S.JOINING, S.LINKED], [ON.VALIDATE_REQ], "matched: nothing to validate"),
    # whatever the state
    [Row(s, ON.LEAVE, None, S.ENDED, "the pilot left B, C, D") for s in SESSION_STATES],
    ignore(
        [S.PARM_CONFIRMED, S.SOUNDING, S.AVERAGING],
        [ON.RSP, ON.VALIDATE_REQ, ON.MATCH_REQ],
        "nothing was reported yet",
    ),
    ignore([S.WAIT_RSP, S.WAIT_MATCH, S.JOINING, S.LINKED], [ON.START, ON.SOUND, ON.PROFILE], "sounding is over"),
    ignore([s for s in SESSION_STATES if s is not S.JOINING], [ON.LINK_UP], "this PEV was not given a key"),
    ignore([s for s in SESSION_STATES if s is not S.LINKED], [ON.LINK_DOWN], "there is no link yet"),
    ignore([s for s in SESSION_STATES if s is not S.SOUNDING], [ON.ALL_SOUNDS, ON.T_MNBC], "not sounding"),
    ignore([s for s in SESSION_STATES if s is not S.AVERAGING], [ON.NOTHING_HEARD, ON.T_AVERAGE], "not averaging"),
    ignore([s for s in SESSION_STATES if s is not S.PARM_CONFIRMED], [ON.T_MATCH_SEQUENCE], "the PEV went on"),
    ignore([s for s in SESSION_STATES if s is not S.WAIT_RSP], [ON.T_RESPONSE, ON.T_RESPONSE_LAST], "answered"),
    ignore([s for s in SESSION_STATES if s is not S.WAIT_MATCH], [ON.T_MATCH_SESSION], "not waiting for a match"),
    ignore([s for s in SESSION_STATES if s is not S.JOINING], [ON.T_JOIN], "not joining"),
)
