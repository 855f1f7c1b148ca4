"""The transition table of the PEV, to be read beside ISO 15118-3 annex A.9.

A row: in this state, on this happening, do this (a method of `PevSlac`), then be in that state (None: stay), by this
rule. Rows that only say why nothing happens are made by `ignore`; every pair of state and happening has its row.
"""

from __future__ import annotations

import enum

from bench.slac.machine import Row, ignore, table


class PevState(enum.Enum):
    IDLE = "idle"
    WAIT_CNF = "waiting for CM_SLAC_PARM.CNF"
    SOUNDING = "sounding"
    WAIT_RESULTS = "waiting for CM_ATTEN_CHAR.IND"
    WAIT_MATCH_CNF = "waiting for CM_SLAC_MATCH.CNF"
    JOINING = "joining"
    MATCHED = "matched"
    PAUSE = "pausing before the next attempt"
    UNMATCHED = "unmatched"


S = PevState


class PevOn(enum.Enum):
    """What can happen. T_… are timers; the others are messages, the pilot, the link and what follows from them."""

    PARM_CNF = "CM_SLAC_PARM.CNF"
    ATTEN_CHAR_IND = "CM_ATTEN_CHAR.IND"
    ALL_RESULTS = "the last report expected"
    CHOSEN = "a choice"
    NONE_FOUND = "no EVSE to choose"
    MATCH_CNF = "CM_SLAC_MATCH.CNF"
    LINK_UP = "link up"
    LINK_DOWN = "link down"
    CP_OFFER = "CP B/C/D with 5 % PWM"
    CP_NO_OFFER = "CP B/C/D without 5 % PWM"
    CP_A = "CP A"
    CP_EF = "CP E or F"
    T_RESPONSE = "TT_match_response"
    T_RESPONSE_ANSWERED = "TT_match_response with confirmations"
    T_RESPONSE_LAST = "TT_match_response after the last repetition"
    T_BATCH = "TP_EV_batch_msg_interval"
    SOUNDS_SENT = "the last sound sent"
    T_ATTEN_RESULTS = "TT_EV_atten_results"
    T_JOIN = "TT_match_join"
    T_RATE = "TT_matching_rate"
    T_RATE_OVER = "TT_matching_rate after TT_matching_repetition"
    T_REPETITION = "TT_matching_repetition"


ON = PevOn

TIMERS_OF: dict[PevState, dict[PevOn, str]] = {
    S.SOUNDING: {ON.T_ATTEN_RESULTS: "tt_ev_atten_results"},
    S.WAIT_CNF: {ON.T_RESPONSE: "tt_match_response"},
    S.WAIT_MATCH_CNF: {ON.T_RESPONSE: "tt_match_response"},
    S.JOINING: {ON.T_JOIN: "tt_match_join"},
    S.PAUSE: {ON.T_RATE: "tt_matching_rate"},
}
"""Timers that start when the state is entered, by their name in `Timers`."""

LASTING = {
    ON.T_ATTEN_RESULTS: {S.WAIT_RESULTS},
    ON.T_REPETITION: {S.WAIT_CNF, S.SOUNDING, S.WAIT_RESULTS, S.WAIT_MATCH_CNF, S.JOINING, S.PAUSE},
}
"""Timers that outlive the state they were started in: the results window, and the time for all attempts."""

TABLE = table(
    PevState,
    PevOn,
    # state             on                     action               to                rule
    Row(S.IDLE, ON.CP_OFFER, "triggered", S.WAIT_CNF, "5 % PWM starts matching"),
    ignore([S.IDLE], [ON.CP_NO_OFFER], "matching starts with 5 %"),
    ignore([S.IDLE], [ON.CP_A, ON.CP_EF], "nothing is running"),
    # who is there?
    Row(S.WAIT_CNF, ON.PARM_CNF, "note_evse", None, "collect the EVSEs that hear us until TT_match_response"),
    Row(S.WAIT_CNF, ON.T_RESPONSE, "ask", None, "no answer in TT_match_response: again"),
    Row(S.WAIT_CNF, ON.T_RESPONSE_LAST, None, S.PAUSE, "no CM_SLAC_PARM.CNF after C_EV_match_retry repetitions"),
    Row(S.WAIT_CNF, ON.T_RESPONSE_ANSWERED, None, S.SOUNDING, "at least one EVSE hears us"),
    # sounding and reports
    Row(S.SOUNDING, ON.T_BATCH, "next_of_batch", None, "the next START or sound"),
    Row(S.SOUNDING, ON.SOUNDS_SENT, "sounds_sent", None, "sounding is over"),
    [
        Row(s, ON.ATTEN_CHAR_IND, "answer_report", None, "every report in time is answered")
        for s in (S.SOUNDING, S.WAIT_RESULTS)
    ],
    [
        Row(s, ON.T_ATTEN_RESULTS, "decide", None, "TT_EV_atten_results over: decide with what has come")
        for s in (S.SOUNDING, S.WAIT_RESULTS)
    ],
    Row(S.WAIT_RESULTS, ON.ALL_RESULTS, "decide", None, "every EVSE that confirmed has reported"),
    [
        Row(s, ON.CHOSEN, "first_match_request", S.WAIT_MATCH_CNF, "the EVSE with the lowest attenuation")
        for s in (S.SOUNDING, S.WAIT_RESULTS)
    ],
    [
        Row(s, ON.NONE_FOUND, None, S.PAUSE, "no EVSE reported, or none is near enough")
        for s in (S.SOUNDING, S.WAIT_RESULTS)
    ],
    ignore([S.SOUNDING, S.WAIT_RESULTS], [ON.PARM_CNF], "too late: the EVSEs are known"),
    # matching
    Row(S.WAIT_MATCH_CNF, ON.MATCH_CNF, "confirmed", None, "the EVSE gave us its network"),
    Row(S.WAIT_MATCH_CNF, ON.T_RESPONSE, "ask_match", None, "no answer in TT_match_response: again"),
    Row(
        S.WAIT_MATCH_CNF,
        ON.T_RESPONSE_LAST,
        None,
        S.PAUSE,
        "no CM_SLAC_MATCH.CNF after C_EV_match_retry repetitions",
    ),
    Row(S.WAIT_MATCH_CNF, ON.ATTEN_CHAR_IND, "answer_again", None, "a repeated report is answered again"),
    # joining
    Row(S.JOINING, ON.LINK_UP, "linked", S.MATCHED, "the modem is in the EVSE's network"),
    Row(S.JOINING, ON.T_JOIN, None, S.PAUSE, "no link in TT_match_join"),
    ignore([S.JOINING, S.MATCHED], [ON.MATCH_CNF], "the confirmation is already here"),
    Row(S.MATCHED, ON.LINK_DOWN, None, S.UNMATCHED, "the link is gone (option A: wait for a new trigger)"),
    # between attempts
    Row(S.PAUSE, ON.T_RATE, "begin_attempt", S.WAIT_CNF, "next attempt, new RunID"),
    Row(S.PAUSE, ON.T_RATE_OVER, None, S.UNMATCHED, "TT_matching_repetition is over"),
    # whatever the state
    [Row(s, ON.CP_A, None, S.IDLE, "unplugged") for s in PevState if s is not S.IDLE],
    [Row(s, ON.CP_EF, None, S.IDLE, "CP E or F ends matching") for s in PevState if s is not S.IDLE],
    ignore(
        [s for s in PevState if s is not S.IDLE],
        [ON.CP_OFFER, ON.CP_NO_OFFER],
        "a change of the duty cycle does not disturb matching",
    ),
    [
        Row(s, ON.T_REPETITION, "repetition_ends", None, "no new attempt after TT_matching_repetition")
        for s in (S.WAIT_CNF, S.SOUNDING, S.WAIT_RESULTS, S.WAIT_MATCH_CNF, S.JOINING, S.PAUSE)
    ],
    ignore([S.IDLE, S.MATCHED, S.UNMATCHED], [ON.T_REPETITION], "no matching is running"),
    ignore([S.IDLE, S.PAUSE, S.UNMATCHED], [ON.PARM_CNF, ON.ATTEN_CHAR_IND, ON.MATCH_CNF], "no attempt is running"),
    ignore([S.WAIT_CNF], [ON.ATTEN_CHAR_IND, ON.MATCH_CNF], "nothing was sounded yet"),
    ignore([S.SOUNDING, S.WAIT_RESULTS], [ON.MATCH_CNF], "no match was asked for yet"),
    ignore([S.WAIT_MATCH_CNF, S.JOINING, S.MATCHED], [ON.PARM_CNF], "too late: the choice is made"),
    ignore([S.JOINING, S.MATCHED], [ON.ATTEN_CHAR_IND], "too late: the choice is made"),
    ignore([s for s in PevState if s is not S.JOINING], [ON.LINK_UP], "no network is being joined"),
    ignore([s for s in PevState if s is not S.MATCHED], [ON.LINK_DOWN], "there is no link"),
    ignore(
        [s for s in PevState if s not in (S.SOUNDING, S.WAIT_RESULTS)],
        [ON.T_ATTEN_RESULTS, ON.CHOSEN, ON.NONE_FOUND],
        "no reports are awaited",
    ),
    ignore([s for s in PevState if s is not S.WAIT_RESULTS], [ON.ALL_RESULTS], "no reports are awaited"),
    ignore([s for s in PevState if s is not S.SOUNDING], [ON.T_BATCH, ON.SOUNDS_SENT], "not sounding"),
    ignore([s for s in PevState if s is not S.WAIT_CNF], [ON.T_RESPONSE_ANSWERED], "no request is open"),
    ignore(
        [s for s in PevState if s not in (S.WAIT_CNF, S.WAIT_MATCH_CNF)],
        [ON.T_RESPONSE, ON.T_RESPONSE_LAST],
        "no request is open",
    ),
    ignore([s for s in PevState if s is not S.JOINING], [ON.T_JOIN], "no network is being joined"),
    ignore([s for s in PevState if s is not S.PAUSE], [ON.T_RATE, ON.T_RATE_OVER], "not between attempts"),
)
