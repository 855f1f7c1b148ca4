"""The limits an attempt is judged by, and the windows that cut a capture into attempts.

Source: ISO 15118-3 table A.1 for the timers; the windows are the rules by which the real captures were annotated.
"""

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

TT_MATCH_RESPONSE = ms(200)
TP_EV_BATCH_MSG_INTERVAL = (ms(20), ms(50))
BATCH_TOLERANCE = ms(1)
START_TO_SOUND = ms(100)
"""TP_match_sequence: what the PEV may take between two steps."""
ATTEN_RESULTS = ms(1000)
"""From the first CM_START_ATTEN_CHAR.IND to CM_ATTEN_CHAR.IND: sounds 600 ms, calculation 100 ms, and the rest in hand."""
TT_EV_ATTEN_RESULTS = ms(1200)
TT_MATCH_JOIN = s(12)

C_EV_START_ATTEN_CHAR_INDS = 3
C_EV_MATCH_MNBC = 10
TIME_OUT_100MS = 6
"""TT_EVSE_match_MNBC as CM_START_ATTEN_CHAR.IND carries it."""
MVF_LENGTH_REQ, MVF_LENGTH_CNF = 62, 86
