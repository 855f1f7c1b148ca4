"""The limits an attempt is judged by, and the windows that cut a capture into attempts.

Source: `bench.slac.timers` for what ISO 15118-3 names; the rest are the rules by which the real captures were
annotated. Allowances are those of captures: a recorder adds its own delays.
"""

from bench.slac.timers import C_EV_MATCH_MNBC as C_EV_MATCH_MNBC
from bench.slac.timers import C_EV_START_ATTEN_CHAR_INDS as C_EV_START_ATTEN_CHAR_INDS
from bench.slac.timers import TIME_OUT_UNIT, TIMERS
from bench.units import ms, s, us

RECORDER_DUPLICATE = us(500)
"""An identical frame less than this later was recorded twice, not sent twice."""
CLOCK_STEP = s(1)
"""A stamp set back by more than this is a clock that was set, not jitter."""

ATTEMPT_GAP = s(3)
"""A request this long after the last CM_SLAC_PARM message is a new attempt."""
REQUEST_TWICE = ms(50)
"""Two requests closer than this are one request sent twice."""
CAPTURE_END = ms(700)
"""An attempt whose last frame is this close to the end of the capture may have gone on."""
SET_KEY_WINDOW = s(10)
"""A CM_SET_KEY.REQ this soon after CM_SLAC_MATCH.CNF belongs to the match."""
SET_KEY_CNF_WINDOW = s(2)

TT_MATCH_RESPONSE = TIMERS.tt_match_response
TT_EV_ATTEN_RESULTS = TIMERS.tt_ev_atten_results
TT_MATCH_JOIN = TIMERS.tt_match_join
TP_EV_BATCH_MSG_INTERVAL = (ms(20), ms(50))
BATCH_TOLERANCE = ms(1)
START_TO_SOUND = ms(100)
"""TP_match_sequence: what the PEV may take between two steps."""
ATTEN_RESULTS = ms(1000)
"""From the first CM_START_ATTEN_CHAR.IND to CM_ATTEN_CHAR.IND: 600 ms of sounds, 100 ms to calculate, and a reserve."""

TIME_OUT = TIMERS.tt_evse_match_mnbc // TIME_OUT_UNIT
"""The Time_Out field of CM_START_ATTEN_CHAR.IND: 6."""
MVF_LENGTH_REQ, MVF_LENGTH_CNF = 62, 86
