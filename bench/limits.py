"""How the intervals of other stations are judged: from where to where, by the standard and by the field.

The standard's bounds come from `bench.slac.standard` and `bench.sdp.timers`; the field's are what stations do and get
away with, seen in 124 captures (reference `vehicles.md`, `chargers.csv`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bench.sdp.timers import COMMUNICATION_SETUP, SDP_TIMERS
from bench.slac.standard import ALLOWED, TABLE_A1
from bench.slac.timers import TIMERS
from bench.units import Ns, ms, s

Bounds: TypeAlias = tuple[Ns | None, Ns | None]
"""Least and greatest value; None: no bound on that side."""

REPEAT_ALLOWANCE: Ns = ms(250)
"""What the test suites add where they wait for a repetition of the station under test (par_CMN_Transmission_Delay)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is allowed for one interval of the station on *side*.

    field_bounds   None: as the standard; where only one side is given, the other is the standard's
    field_why      who was seen to need it
    """

    name: str
    side: str
    starts: str
    stops: str
    strict_bounds: Bounds
    field_bounds: Bounds | None = None
    field_why: str = ""

    def bounds(self, field: bool) -> Bounds:
        low, high = self.strict_bounds
        if field and self.field_bounds is not None:
            field_low, field_high = self.field_bounds
            return (low if field_low is None else field_low), (high if field_high is None else field_high)
        return low, high


def _allowed(name: str) -> Bounds:
    return ALLOWED[name].minimum, ALLOWED[name].maximum


def _before(name: str) -> Bounds:
    """For who must act before the other side's timer *name* runs out."""
    return None, TABLE_A1[name].maximum


def _repetition(name: str) -> Bounds:
    """For who repeats when the timer *name* has run out."""
    waits = TABLE_A1[name].minimum
    assert waits is not None
    return waits, waits + REPEAT_ALLOWANCE


PARM_REQ, PARM_CNF = "CM_SLAC_PARM.REQ", "CM_SLAC_PARM.CNF"
START, SOUND = "CM_START_ATTEN_CHAR.IND", "CM_MNBC_SOUND.IND"
IND, RSP = "CM_ATTEN_CHAR.IND", "CM_ATTEN_CHAR.RSP"
MATCH_REQ, MATCH_CNF = "CM_SLAC_MATCH.REQ", "CM_SLAC_MATCH.CNF"
OFFER = "CP B/C/D with 5 % PWM"
SDP_REQUEST, SDP_RESPONSE = "SDP request", "SDP response"
TO_SDP = "match to SDP"
"""The interval that people feel as a slow plug-in."""
FIRST_FRAME = "match to first frame"
NETWORK_TO_SDP = "network to SDP"
SDP_ANSWER = "SDP response"
SDP_AGAIN = "SDP repetition"
AFTER_MATCH = frozenset({FIRST_FRAME, NETWORK_TO_SDP, TO_SDP, SDP_ANSWER, SDP_AGAIN})
"""What is not SLAC any more."""
SDP_BEGUN: Ns = TIMERS.tt_match_join + COMMUNICATION_SETUP
"""After so long the network and the V2G session it is for must be there; SDP stands between the two."""

_LIMITS = (
    Limit(
        "TP_EV_SLAC_init",
        *("pev", OFFER, f"first {PARM_REQ}"),
        _allowed("TP_EV_SLAC_init"),
        (None, s(25)),
        "Taycan 10.2..11.9 s, Mokka-e and Scudo up to 23 s after waking up",
    ),
    Limit("TT_EVSE_SLAC_init", "pev", OFFER, f"first {PARM_REQ}", _before("TT_EVSE_SLAC_init")),
    Limit(
        "TP_match_response (CM_SLAC_PARM)",
        *("evse", PARM_REQ, PARM_CNF),
        _allowed("TP_match_response"),
        (None, ms(200)),
        "cars wait TT_match_response; pyPLC answers after 14..180 ms",
    ),
    Limit(
        "TT_match_response (CM_SLAC_PARM)",
        *("pev", f"{PARM_REQ} without answer", f"the same {PARM_REQ} again"),
        _repetition("TT_match_response"),
        (None, ms(1300)),
        "cars repeat after 204..221 ms, Stellantis in pairs 207 and 1253 ms apart",
    ),
    Limit(
        "TP_match_sequence",
        *("pev", f"TT_match_response after the answered {PARM_REQ}", f"first {START}"),
        _allowed("TP_match_sequence"),
        (None, ms(200)),
        "the first START comes 12..240 ms after the confirmation",
    ),
    Limit("TT_match_sequence", "pev", PARM_CNF, f"first {START}", _before("TT_match_sequence")),
    Limit(
        "TP_EV_batch_msg_interval (START)",
        *("pev", START, f"next {START}"),
        _allowed("TP_EV_batch_msg_interval"),
        (ms(18), ms(60)),
        "Ioniq 5 18.9..21 ms; Seres 3 54..56 ms and charges",
    ),
    Limit(
        "TP_EV_batch_msg_interval (START to sound)",
        *("pev", f"last {START}", f"first {SOUND}"),
        _allowed("TP_EV_batch_msg_interval"),
        (ms(5), ms(120)),
        "Seres 3 8..10 ms, BYD 15 ms, MG4 109 ms",
    ),
    Limit(
        "TP_EV_batch_msg_interval (sound)",
        *("pev", SOUND, f"next {SOUND}"),
        _allowed("TP_EV_batch_msg_interval"),
        (ms(1), ms(160)),
        "Seres 3 54..56 ms; Ampera-e one sound after 155 ms and the next 2 ms later; all charge",
    ),
    Limit(
        "TP_EVSE_avg_atten_calc",
        *("evse", f"last {SOUND} or end of TT_EVSE_match_MNBC", IND),
        _allowed("TP_EVSE_avg_atten_calc"),
        (None, ms(850)),
        "Compleo waits for its timer, ABB until 1045 ms after the first START; cars wait 1200 ms",
    ),
    Limit("TT_EV_atten_results", "evse", f"first {START}", IND, _before("TT_EV_atten_results")),
    Limit(
        "TP_match_response (CM_ATTEN_CHAR)",
        *("pev", IND, RSP),
        _allowed("TP_match_response"),
        (None, ms(200)),
        "cars answer after 4.6..90 ms; a station repeats after TT_match_response",
    ),
    Limit(
        "TP_EV_match_session",
        *("pev", f"{RSP} or end of TT_EV_atten_results, whichever is later", MATCH_REQ),
        _allowed("TP_EV_match_session"),
        (None, s(1.5)),
        "pyPLC as car: 958..1469 ms after its response; stations wait TT_EVSE_match_session",
    ),
    Limit("TT_EVSE_match_session", "pev", RSP, MATCH_REQ, _before("TT_EVSE_match_session")),
    Limit(
        "TP_match_response (CM_SLAC_MATCH)",
        *("evse", MATCH_REQ, MATCH_CNF),
        _allowed("TP_match_response"),
        (None, ms(200)),
        "cars wait TT_match_response; pyPLC answers after 22..167 ms",
    ),
    Limit("TT_match_join", "pev", MATCH_CNF, "link up", _before("TT_match_join")),
    Limit(FIRST_FRAME, "pev", MATCH_CNF, "first IPv6 frame of the car", (None, SDP_BEGUN)),
    Limit(
        NETWORK_TO_SDP,
        *("pev", "link up", f"first {SDP_REQUEST}"),
        (None, COMMUNICATION_SETUP),
        (None, 2 * COMMUNICATION_SETUP),
        "pyPLC as car, once 41 s after the match; real cars within 11.1 s of it",
    ),
    Limit(
        TO_SDP,
        *("pev", MATCH_CNF, f"first {SDP_REQUEST}"),
        (None, SDP_BEGUN),
        (None, SDP_BEGUN + COMMUNICATION_SETUP),
        "pyPLC as car, once 41 s after the match; real cars 0.36 to 11.1 s",
    ),
    Limit(
        SDP_ANSWER,
        *("evse", SDP_REQUEST, SDP_RESPONSE),
        (None, SDP_TIMERS.t_response),
        (None, s(1)),
        "ABB Terra 53 429 ms, Compleo up to 256 ms, both as seen at the car; cars ask again and take the answer",
    ),
    Limit(
        SDP_AGAIN,
        *("pev", f"{SDP_REQUEST} without answer", f"the next {SDP_REQUEST}"),
        (SDP_TIMERS.t_response, SDP_TIMERS.t_response + REPEAT_ALLOWANCE),
        (ms(240), s(1.3)),
        "Q4 e-tron every 250 ms, to a millisecond or two; programs that play a car 412 to 500 ms",
    ),
    Limit(
        "TP_match_leave",
        *("pev", "CP A, E or F while in the network", "left the network"),
        _allowed("TP_match_leave"),
        (None, s(5)),
        "a TL-PA4010P takes a new key 3.5 s after it was told (pyPLC as car); the test suites allow 1.25 s",
    ),
    Limit("T_step_EF", "evse", "CP E or F", "the next CP state", _allowed("T_step_EF")),
    Limit(
        "TT_matching_rate",
        *("pev", "last message of a failed attempt", f"first {PARM_REQ} of the next"),
        _allowed("TT_matching_rate"),
    ),
)
LIMITS: dict[str, Limit] = {limit.name: limit for limit in _LIMITS}
"""Every interval that frames and pilot of one match can show, in its order: SLAC, SDP, how it ends."""
