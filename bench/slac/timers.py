"""The timers, limits and counts of SLAC matching, each under its own name.

Values are those of ISO 15118-3 table 3 and annex table A.1 as at least two public sources repeat them; the
standard itself was not at hand. TT_ is a waiting time, TP_ a limit for the one who must act, C_ a count.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.units import Ns, ms, s


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """Every time a SLAC machine waits for. A test may `dataclasses.replace` one; machines never hold a literal."""

    tt_evse_slac_init: Ns = s(50)
    """TT_EVSE_SLAC_init, 20..50 s: EVSE, from CP B/C/D with PWM to the first CM_SLAC_PARM.REQ."""
    tt_match_response: Ns = ms(200)
    """TT_match_response: both, from a request (or indication) to its answer; then it is repeated."""
    tt_match_sequence: Ns = ms(400)
    """TT_match_sequence: EVSE, from its own answer to the next request of the PEV."""
    tt_matching_repetition: Ns = s(10)
    """TT_matching_repetition: PEV, from the trigger; no attempt begins after it."""
    tt_matching_rate: Ns = ms(400)
    """TT_matching_rate: PEV, least pause between a failed attempt and the next."""
    tp_ev_batch_msg_interval: Ns = ms(30)
    """TP_EV_batch_msg_interval, 20..50 ms: PEV, between START_ATTEN_CHAR and sounds. The middle of the range."""
    tt_ev_atten_results: Ns = ms(1200)
    """TT_EV_atten_results: PEV, from the first CM_START_ATTEN_CHAR.IND; it decides with what has come."""
    tt_evse_match_mnbc: Ns = ms(600)
    """TT_EVSE_match_MNBC: EVSE, from the first CM_START_ATTEN_CHAR.IND; it averages what it heard."""
    tp_evse_avg_atten_calc: Ns = ms(20)
    """TP_EVSE_avg_atten_calc, at most 100 ms: EVSE, from the last sound to CM_ATTEN_CHAR.IND.

    Not at once: the modem's profile of the last sound comes after the sound itself."""
    tt_evse_match_session: Ns = s(10)
    """TT_EVSE_match_session: EVSE, from CM_ATTEN_CHAR.RSP to CM_VALIDATE.REQ or CM_SLAC_MATCH.REQ.

    The table's text counts from the end of TT_EVSE_match_MNBC; implementations and test suites from the RSP."""
    tt_match_join: Ns = s(12)
    """TT_match_join: both, from CM_SLAC_MATCH.CNF to the link."""
    t_step_ef: Ns = s(4)
    """T_step_EF, at least 4 s: EVSE, shortest state E or F used as a signal."""


TIMERS = Timers()

C_EV_MATCH_RETRY = 2
"""C_EV_match_retry: repetitions after the first send, so three sends."""
C_EV_START_ATTEN_CHAR_INDS = 3
"""C_EV_start_atten_char_inds"""
C_EV_MATCH_MNBC = 10
"""C_EV_match_MNBC: sounds."""
C_EVSE_MATCH_PARALLEL = 5
"""C_EVSE_match_parallel: sessions an EVSE must handle at once."""
C_SEQU_RETRY = 2
"""C_sequ_retry: E/F steps before an AC EVSE falls back to X1."""
C_CONN_MAX_MATCH = 3
"""C_conn_max_match: attempts that must fit into TT_matching_repetition."""
C_EV_MATCH_SIGNALATTN_DIRECT_DB = 10
"""C_EV_match_signalattn_direct: "EVSE found". One copy of the table seen; confidence is medium."""
C_EV_MATCH_SIGNALATTN_INDIRECT_DB = 20
"""C_EV_match_signalattn_indirect: "EVSE potentially found"."""
TIME_OUT_UNIT: Ns = ms(100)
"""Unit of the time_out fields."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What the standard allows for one interval. None: no bound on that side.

    *field_minimum*, *field_maximum* widen it to what stations in the field do and get away with
    (124 captures, reference `vehicles.md`); None: as the standard.
    """

    name: str
    side: str
    starts: str
    stops: str
    minimum: Ns | None = None
    maximum: Ns | None = None
    field_minimum: Ns | None = None
    field_maximum: Ns | None = None
    field_why: str = ""

    def bounds(self, field: bool) -> tuple[Ns | None, Ns | None]:
        low, high = self.minimum, self.maximum
        if field:
            low = self.field_minimum if self.field_minimum is not None else low
            high = self.field_maximum if self.field_maximum is not None else high
        return low, high


LIMITS: dict[str, Limit] = {
    limit.name: limit
    for limit in (
        Limit(
            "TP_EV_SLAC_init",
            "pev",
            "CP B/C/D with 5 % PWM",
            "first CM_SLAC_PARM.REQ",
            maximum=s(10),
            field_maximum=s(25),
            field_why="Taycan 10.2..11.9 s, Mokka-e and Scudo up to 23 s after waking up",
        ),
        Limit(
            "TT_EVSE_SLAC_init",
            "pev",
            "CP B/C/D with 5 % PWM",
            "first CM_SLAC_PARM.REQ",
            maximum=s(50),
        ),
        Limit(
            "TP_match_response (CM_SLAC_PARM)",
            "evse",
            "CM_SLAC_PARM.REQ",
            "CM_SLAC_PARM.CNF",
            maximum=ms(100),
            field_maximum=ms(200),
            field_why="cars wait TT_match_response; pyPLC answers after 14..180 ms",
        ),
        Limit(
            "TT_match_response (CM_SLAC_PARM)",
            "pev",
            "CM_SLAC_PARM.REQ without answer",
            "the same CM_SLAC_PARM.REQ again",
            minimum=ms(200),
            maximum=ms(450),
            field_maximum=ms(1300),
            field_why="cars repeat after 204..221 ms, Stellantis in pairs 207 and 1253 ms apart",
        ),
        Limit(
            "TP_match_sequence",
            "pev",
            "TT_match_response after the answered CM_SLAC_PARM.REQ",
            "first CM_START_ATTEN_CHAR.IND",
            maximum=ms(100),
            field_maximum=ms(200),
            field_why="the first START comes 12..240 ms after the confirmation",
        ),
        Limit(
            "TT_match_sequence",
            "pev",
            "CM_SLAC_PARM.CNF",
            "first CM_START_ATTEN_CHAR.IND",
            maximum=ms(400),
        ),
        Limit(
            "TP_EV_batch_msg_interval (START)",
            "pev",
            "CM_START_ATTEN_CHAR.IND",
            "next CM_START_ATTEN_CHAR.IND",
            minimum=ms(20),
            maximum=ms(50),
            field_minimum=ms(18),
            field_maximum=ms(60),
            field_why="Ioniq 5 18.9..21 ms; Seres 3 54..56 ms and charges",
        ),
        Limit(
            "TP_EV_batch_msg_interval (START to sound)",
            "pev",
            "last CM_START_ATTEN_CHAR.IND",
            "first CM_MNBC_SOUND.IND",
            minimum=ms(20),
            maximum=ms(50),
            field_minimum=ms(5),
            field_maximum=ms(120),
            field_why="Seres 3 8..10 ms, BYD 15 ms, MG4 109 ms",
        ),
        Limit(
            "TP_EV_batch_msg_interval (sound)",
            "pev",
            "CM_MNBC_SOUND.IND",
            "next CM_MNBC_SOUND.IND",
            minimum=ms(20),
            maximum=ms(50),
            field_minimum=ms(1),
            field_maximum=ms(160),
            field_why="Seres 3 54..56 ms; Ampera-e one sound after 155 ms and the next 2 ms later; all charge",
        ),
        Limit(
            "TP_EVSE_avg_atten_calc",
            "evse",
            "last CM_MNBC_SOUND.IND or end of TT_EVSE_match_MNBC",
            "CM_ATTEN_CHAR.IND",
            maximum=ms(100),
            field_maximum=ms(850),
            field_why="Compleo waits for its timer, ABB until 1045 ms after the first START; cars wait 1200 ms",
        ),
        Limit(
            "TT_EV_atten_results",
            "evse",
            "first CM_START_ATTEN_CHAR.IND",
            "CM_ATTEN_CHAR.IND",
            maximum=ms(1200),
        ),
        Limit(
            "TP_match_response (CM_ATTEN_CHAR)",
            "pev",
            "CM_ATTEN_CHAR.IND",
            "CM_ATTEN_CHAR.RSP",
            maximum=ms(100),
            field_maximum=ms(200),
            field_why="cars answer after 4.6..90 ms; a station repeats after TT_match_response",
        ),
        Limit(
            "TP_EV_match_session",
            "pev",
            "CM_ATTEN_CHAR.RSP or end of TT_EV_atten_results, whichever is later",
            "CM_SLAC_MATCH.REQ",
            maximum=ms(500),
            field_maximum=s(1.5),
            field_why="pyPLC as car: 958..1469 ms after its response; stations wait TT_EVSE_match_session",
        ),
        Limit(
            "TT_EVSE_match_session",
            "pev",
            "CM_ATTEN_CHAR.RSP",
            "CM_SLAC_MATCH.REQ",
            maximum=s(10),
        ),
        Limit(
            "TP_match_response (CM_SLAC_MATCH)",
            "evse",
            "CM_SLAC_MATCH.REQ",
            "CM_SLAC_MATCH.CNF",
            maximum=ms(100),
            field_maximum=ms(200),
            field_why="cars wait TT_match_response; pyPLC answers after 22..167 ms",
        ),
        Limit(
            "TT_match_join",
            "pev",
            "CM_SLAC_MATCH.CNF",
            "link up",
            maximum=s(12),
        ),
        Limit(
            "TT_matching_rate",
            "pev",
            "last message of a failed attempt",
            "first CM_SLAC_PARM.REQ of the next",
            minimum=ms(400),
        ),
    )
}
"""Every interval of table A.1 that frames and pilot of one match can show."""
