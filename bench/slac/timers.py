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
