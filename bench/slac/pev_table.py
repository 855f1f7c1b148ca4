"""The transition table of the PEV, to be read beside ISO 15118-3 annex A.9.

A row: in this state, on this happening, be in that state (None: stay; the same: anew), then do this (a method of
`PevSlac`), by this rule. Rows that only say why nothing happens are made by `ignore`; every pair of state and
happening has its row. `docs/slac-states.md` shows the same as a matrix and a diagram.
"""

from __future__ import annotations

import enum

from bench.machine import Row, Table, TimersOf, ignore, table


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
    ATTEN_CHAR_IND_AGAIN = "CM_ATTEN_CHAR.IND, answered before"
    ALL_RESULTS = "the last report expected"
    CHOSEN = "a choice"
    NONE_FOUND = "no EVSE to choose"
    MATCH_CNF = "CM_SLAC_MATCH.CNF"
    MATCH_CNF_OF_OTHER = "CM_SLAC_MATCH.CNF of an EVSE that was not chosen"
    LINK_UP = "link up"
    LINK_DOWN = "link down"
    CP_OFFER = "CP B/C/D with an offer to talk"
    CP_NO_OFFER = "CP B/C/D without an offer to talk"
    CP_A = "CP A"
    CP_EF = "CP E or F"
    T_RESPONSE = "TT_match_response"
    T_RESPONSE_ANSWERED = "TT_match_response with confirmations"
    T_RESPONSE_LAST = "TT_match_response after the last repetition"
    T_BATCH = "TP_EV_batch_msg_interval"
    T_BATCH_LAST = "TP_EV_batch_msg_interval before the last sound"
    T_ATTEN_RESULTS = "TT_EV_atten_results"
    T_JOIN = "TT_match_join"
    T_RATE = "TT_matching_rate"
    T_RATE_OVER = "TT_matching_rate after TT_matching_repetition"
    T_REPETITION = "TT_matching_repetition"


ON = PevOn

TIMERS_OF: TimersOf[PevState, PevOn] = {
    S.WAIT_CNF: {ON.T_RESPONSE: "tt_match_response"},
    S.SOUNDING: {ON.T_BATCH: "tp_ev_batch_msg_interval", ON.T_ATTEN_RESULTS: "tt_ev_atten_results"},
    S.WAIT_MATCH_CNF: {ON.T_RESPONSE: "tt_match_response"},
    S.JOINING: {ON.T_JOIN: "tt_match_join"},
    S.PAUSE: {ON.T_RATE: "tt_matching_rate"},
}
"""The timers that start when a state is entered, by their name in `Timers`. The trigger starts T_REPETITION."""

ATTEMPT = (S.WAIT_CNF, S.SOUNDING, S.WAIT_RESULTS, S.WAIT_MATCH_CNF, S.JOINING)
"""The states of a running attempt."""

LASTING = {
    ON.T_ATTEN_RESULTS: (S.SOUNDING, S.WAIT_RESULTS),
    ON.T_REPETITION: (*ATTEMPT, S.PAUSE),
}
"""Timers that outlive the state they were started in: the results window, and the time for all attempts."""


def _states_but(*states: PevState) -> list[PevState]:
    return [state for state in PevState if state not in states]


TABLE: Table[PevState, PevOn] = table(
    PevState,
    PevOn,
    # state             on                      to                action               rule
    Row(S.IDLE, ON.CP_OFFER, S.WAIT_CNF, "triggered", "5 % PWM starts matching"),
    ignore([S.IDLE], [ON.CP_NO_OFFER], "matching starts with 5 %"),
    ignore([S.IDLE], [ON.CP_A, ON.CP_EF], "nothing is running"),
    # who is there?
    Row(S.WAIT_CNF, ON.PARM_CNF, None, "note_evse", "collect the EVSEs that hear us until TT_match_response"),
    Row(S.WAIT_CNF, ON.T_RESPONSE, S.WAIT_CNF, "ask", "no answer in TT_match_response: again"),
    Row(S.WAIT_CNF, ON.T_RESPONSE_LAST, S.PAUSE, "fail", "no CM_SLAC_PARM.CNF after C_EV_match_retry repetitions"),
    Row(S.WAIT_CNF, ON.T_RESPONSE_ANSWERED, S.SOUNDING, "next_of_batch", "at least one EVSE hears us"),
    ignore(
        [S.WAIT_CNF],
        [ON.ATTEN_CHAR_IND, ON.ATTEN_CHAR_IND_AGAIN, ON.MATCH_CNF, ON.MATCH_CNF_OF_OTHER],
        "nothing was sounded yet",
    ),
    # sounding and reports
    Row(S.SOUNDING, ON.T_BATCH, S.SOUNDING, "next_of_batch", "the next START or sound"),
    Row(S.SOUNDING, ON.T_BATCH_LAST, S.WAIT_RESULTS, "last_of_batch", "the last sound"),
    [
        Row(s, on, None, "answer_report", "every report in time is answered")
        for s in (S.SOUNDING, S.WAIT_RESULTS)
        for on in (ON.ATTEN_CHAR_IND, ON.ATTEN_CHAR_IND_AGAIN)
    ],
    Row(S.WAIT_RESULTS, ON.ALL_RESULTS, None, "decide", "every EVSE that confirmed has reported"),
    [
        Row(s, ON.T_ATTEN_RESULTS, None, "decide", "TT_EV_atten_results over: decide with what has come")
        for s in (S.SOUNDING, S.WAIT_RESULTS)
    ],
    [
        Row(s, ON.CHOSEN, S.WAIT_MATCH_CNF, "ask_first_match", "the EVSE with the lowest attenuation")
        for s in (S.SOUNDING, S.WAIT_RESULTS)
    ],
    [
        Row(s, ON.NONE_FOUND, S.PAUSE, "fail", "no EVSE reported, or none is near enough")
        for s in (S.SOUNDING, S.WAIT_RESULTS)
    ],
    ignore([S.SOUNDING, S.WAIT_RESULTS], [ON.PARM_CNF], "too late: the EVSEs are known"),
    ignore([S.SOUNDING, S.WAIT_RESULTS], [ON.MATCH_CNF, ON.MATCH_CNF_OF_OTHER], "no match was asked for yet"),
    # matching
    Row(S.WAIT_MATCH_CNF, ON.MATCH_CNF, S.JOINING, "confirmed", "the EVSE gave us its network"),
    Row(S.WAIT_MATCH_CNF, ON.T_RESPONSE, S.WAIT_MATCH_CNF, "ask_match", "no answer in TT_match_response: again"),
    Row(
        S.WAIT_MATCH_CNF,
        ON.T_RESPONSE_LAST,
        S.PAUSE,
        "fail",
        "no CM_SLAC_MATCH.CNF after C_EV_match_retry repetitions",
    ),
    Row(S.WAIT_MATCH_CNF, ON.ATTEN_CHAR_IND_AGAIN, None, "answer_again", "our answer was lost: it is given again"),
    ignore([S.WAIT_MATCH_CNF], [ON.ATTEN_CHAR_IND], "too late: the choice is made"),
    ignore([S.WAIT_MATCH_CNF, S.JOINING, S.MATCHED], [ON.MATCH_CNF_OF_OTHER], "another EVSE was chosen"),
    # joining
    Row(S.JOINING, ON.LINK_UP, S.MATCHED, "linked", "the modem is in the EVSE's network"),
    Row(S.JOINING, ON.T_JOIN, S.PAUSE, "fail", "no link in TT_match_join"),
    ignore([S.JOINING, S.MATCHED], [ON.MATCH_CNF], "the confirmation is already here"),
    ignore([S.JOINING, S.MATCHED], [ON.ATTEN_CHAR_IND, ON.ATTEN_CHAR_IND_AGAIN], "too late: the match is made"),
    Row(S.MATCHED, ON.LINK_DOWN, S.UNMATCHED, "lose_link", "the link is gone (option A: wait for a new trigger)"),
    # between attempts
    Row(S.PAUSE, ON.T_RATE, S.WAIT_CNF, "begin_attempt", "next attempt, new RunID"),
    Row(S.PAUSE, ON.T_RATE_OVER, S.UNMATCHED, "give_up", "TT_matching_repetition is over"),
    # the pilot
    [Row(s, ON.CP_A, S.IDLE, "fail", "unplugged") for s in ATTEMPT],
    [Row(s, ON.CP_EF, S.IDLE, "fail", "CP E or F ends matching") for s in ATTEMPT],
    Row(S.MATCHED, ON.CP_A, S.IDLE, "leave", "unplugged"),
    Row(S.MATCHED, ON.CP_EF, S.IDLE, "leave", "CP E or F ends the match"),
    [Row(s, ON.CP_A, S.IDLE, None, "unplugged") for s in (S.PAUSE, S.UNMATCHED)],
    [Row(s, ON.CP_EF, S.IDLE, None, "CP E or F ends matching") for s in (S.PAUSE, S.UNMATCHED)],
    ignore(
        [*ATTEMPT, S.PAUSE, S.MATCHED],
        [ON.CP_OFFER, ON.CP_NO_OFFER],
        "a change of the duty cycle disturbs neither matching nor link",
    ),
    ignore([S.UNMATCHED], [ON.CP_OFFER, ON.CP_NO_OFFER], "a new trigger comes after A, E or F"),
    # the time for all attempts
    ignore([*ATTEMPT, S.PAUSE], [ON.T_REPETITION], "no further attempt begins"),
    ignore([S.IDLE, S.MATCHED, S.UNMATCHED], [ON.T_REPETITION], "no matching is running"),
    # what cannot be, or comes too late
    ignore(
        [S.IDLE, S.PAUSE, S.UNMATCHED],
        [ON.PARM_CNF, ON.ATTEN_CHAR_IND, ON.ATTEN_CHAR_IND_AGAIN, ON.MATCH_CNF, ON.MATCH_CNF_OF_OTHER],
        "no attempt is running",
    ),
    ignore([S.WAIT_MATCH_CNF, S.JOINING, S.MATCHED], [ON.PARM_CNF], "too late: the choice is made"),
    ignore(_states_but(S.JOINING), [ON.LINK_UP], "no network is being joined"),
    ignore(_states_but(S.MATCHED), [ON.LINK_DOWN], "there is no link"),
    ignore(
        _states_but(S.SOUNDING, S.WAIT_RESULTS),
        [ON.T_ATTEN_RESULTS, ON.CHOSEN, ON.NONE_FOUND],
        "no reports are awaited",
    ),
    ignore(_states_but(S.WAIT_RESULTS), [ON.ALL_RESULTS], "no reports are awaited"),
    ignore(_states_but(S.SOUNDING), [ON.T_BATCH, ON.T_BATCH_LAST], "not sounding"),
    ignore(_states_but(S.WAIT_CNF), [ON.T_RESPONSE_ANSWERED], "no request is open"),
    ignore(_states_but(S.WAIT_CNF, S.WAIT_MATCH_CNF), [ON.T_RESPONSE, ON.T_RESPONSE_LAST], "no request is open"),
    ignore(_states_but(S.JOINING), [ON.T_JOIN], "no network is being joined"),
    ignore(_states_but(S.PAUSE), [ON.T_RATE, ON.T_RATE_OVER], "not between attempts"),
)
