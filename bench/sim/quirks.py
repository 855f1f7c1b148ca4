"""What real stations do differently, and what none should: names for it, to be given to a simulated station.

    SimCar(world, vehicle("seres-3"), adapter, line.pev, quirks={CarQuirk.NO_ATTEN_RSP})

A *quirk* was seen in a real station; its source stands in the text. A *fault* is invented, each to make one check of a
suite for SLAC and SDP fail. The text says what the station does; `bench.sim.car.conduct` and
`bench.sim.charger.conduct` say how.
"""

from __future__ import annotations

import enum


class CarQuirk(enum.Enum):
    """Of a simulated car. The value is the whole behaviour in one sentence."""

    # Before the first answer
    NEVER_STARTS = "fault: sends no CM_SLAC_PARM.REQ at all"
    STARTS_WITHOUT_OFFER = "fault for a DC car: begins as soon as it is plugged in, whatever the duty cycle"
    LATE_PARM_REQ = "fault: sends its first CM_SLAC_PARM.REQ 60 s after the 5 %, past TT_EVSE_SLAC_init"
    SLOW_PARM_REQ = "quirk: 11.2 s until the first CM_SLAC_PARM.REQ, past TP_EV_SLAC_init (Taycan)"
    NO_RETRY = "fault: repeats neither CM_SLAC_PARM.REQ nor CM_SLAC_MATCH.REQ"
    ENDLESS_RETRY = "fault: repeats an unanswered request for ever instead of twice"
    EARLY_RETRY = "fault: repeats after 80 ms instead of waiting TT_match_response (200 ms)"
    LATE_TIMEOUTS = "fault: every waiting time of the standard is three times as long"
    RUN_ID_CHANGES_ON_REPEAT = "quirk: another RunID in a repeated CM_SLAC_PARM.REQ (Scudo, 2024-02-20)"
    KEEPS_RUN_ID = "quirk: the same RunID in every attempt (Tesla 'TESLA EV', Hyundai MAC + 0000)"
    RESTARTS_AT_ONCE = "fault: no TT_matching_rate (400 ms) between a failed attempt and the next"
    IGNORES_PARAM_CNF = "fault: goes on asking as if nobody had answered"
    ACCEPTS_FOREIGN_RUN_ID = "fault: goes on after a CM_SLAC_PARM.CNF for another RunID; a Taycan does not"
    APPLICATION_TYPE_1 = "fault: application type 1 in CM_SLAC_PARM.REQ"

    # Sounding
    LATE_START = "fault: 500 ms from CM_SLAC_PARM.CNF to CM_START_ATTEN_CHAR.IND, past TT_match_sequence"
    ONE_START = "quirk: one CM_START_ATTEN_CHAR.IND instead of three (Debian's pev)"
    WRONG_RUN_ID_IN_START = "fault: another RunID in CM_START_ATTEN_CHAR.IND than was confirmed"
    TIME_OUT_10_IN_START = "quirk: time-out 1000 ms in CM_START_ATTEN_CHAR.IND (pyPLC until 2022-11)"
    WRONG_FORWARDING_STA = "fault: CM_START_ATTEN_CHAR.IND asks for the results to be sent to another station"
    NO_SOUNDS = "fault: announces sounds and sends none"
    NINE_SOUNDS = "fault: leaves out one of the sounds it announced"
    EIGHT_SOUNDS = "fault: leaves out two of the sounds it announced"
    SLOW_SOUNDS = "quirk: 55 ms between START and sounds, past TP_EV_batch_msg_interval (Seres 3)"
    TOO_SLOW_SOUNDS = "fault: 90 ms between sounds, so that ten do not fit into TT_EVSE_match_MNBC"
    FAST_SOUNDS = "fault: 5 ms between START and sounds"
    COUNTS_UP = "quirk: Cnt of the sounds goes 0..9 (Seres 3)"
    RANDOM_SENDER_ID = "quirk: 17 octets of letters in the ids that ISO 15118-3 wants zero (qca/open-plc-utils)"

    # Attenuation
    NO_ATTEN_RSP = "fault: does not answer CM_ATTEN_CHAR.IND"
    LATE_ATTEN_RSP = "fault: answers CM_ATTEN_CHAR.IND after 250 ms, past TT_match_response"
    SLOW_ATTEN_RSP = "fault: answers CM_ATTEN_CHAR.IND after 150 ms, past TP_match_response"
    REFUSES_ATTEN_CHAR = "fault: result 1 in CM_ATTEN_CHAR.RSP"
    WRONG_RUN_ID_IN_RSP = "fault: another RunID in CM_ATTEN_CHAR.RSP"
    ZERO_ATTENUATION_MEANS_DEFECT = "quirk: takes an indication of 0 dB for a defect and stays silent (Ioniq)"
    CHOOSES_FARTHEST = "fault: matches the station with the highest attenuation"
    ANSWERS_FOREIGN_IND = "fault: answers indications that are meant for another car"

    # Match
    MATCHES_WITHOUT_REPORT = "fault: CM_SLAC_MATCH.REQ to a station that confirmed and never reported"
    NO_MATCH_REQ = "fault: answers the indication and sends no CM_SLAC_MATCH.REQ"
    LATE_MATCH_REQ = "fault: CM_SLAC_MATCH.REQ 11 s after CM_ATTEN_CHAR.RSP, past TT_EVSE_match_session"
    SLOW_MATCH_REQ = "quirk: 975 ms from CM_ATTEN_CHAR.RSP to CM_SLAC_MATCH.REQ, past TP_EV_match_session (pyPLC)"
    WRONG_EVSE_MAC_IN_MATCH_REQ = "fault: CM_SLAC_MATCH.REQ names another station"
    WRONG_RUN_ID_IN_MATCH_REQ = "fault: another RunID in CM_SLAC_MATCH.REQ"
    WRONG_MVF_LENGTH = "fault: length field 0x003D in CM_SLAC_MATCH.REQ"

    # Network
    WRONG_KEY = "fault: sets another NMK than it was given"
    HASTY_JOIN = "fault: gives a new network 3 s instead of TT_match_join (12 s) and starts again"
    NEVER_JOINS = "fault: does not set the key it was given"
    KEEPS_KEY_AFTER_UNPLUG = "fault: stays in the network when the plug comes out, past TP_match_leave"

    # SDP
    NEVER_ASKS_SDP = "fault: joins the network and sends no SDP request"
    SDP_ONCE = "fault: asks by SDP once and does not listen any more after 250 ms"
    SDP_HASTY = "fault: 100 ms between unanswered SDP requests instead of 250 ms"
    SDP_ENDLESS = "fault: repeats an unanswered SDP request for ever instead of 50 times"
    SDP_LATE = "fault: first SDP request 40 s after CM_SLAC_MATCH.CNF; real cars need 0.36 to 11.1 s"
    SDP_WRONG_VERSION = "fault: version 2 in the V2GTP header of its SDP requests"
    SDP_WRONG_CHECKSUM = "quirk: a wrong UDP checksum in the first SDP request (pyPLC as car, 2022-11 to 2023-03)"
    SDP_BORROWED_ADDRESS = "fault: the IPv6 address it uses is the one that belongs to another host's MAC address"
    SDP_TO_ONE_HOST = "fault: sends its SDP requests to the station it matched instead of ff02::1"
    INSISTS_ON_TLS = (
        "fault: asks for TLS only and never takes the answer 'no TLS'; an Audi Q4 gave way after 50 requests"
    )
    TAKES_ANY_SDP_ANSWER = (
        "fault: connects to whatever an SDP answer names, even one for another host or not link-local"
    )

    # Control pilot
    IGNORES_UNPLUG = "fault: goes on sending when the plug is out"
    IGNORES_STATE_E = "fault: goes on sending in state E or F"
    STAYS_SILENT_AFTER_E = "fault: does not begin again when the 5 % comes back after E or F"
    IGNORES_LOSS_OF_5_PCT = "fault for a DC car: goes on when the 5 % ends; an AC car must (ISO 15118-3, V2G3-M06-06)"


class ChargerQuirk(enum.Enum):
    """Of a simulated charging station. The value is the whole behaviour in one sentence."""

    # First answer
    NO_PWM = "fault: sees the car and never offers 5 %"
    SILENT = "fault: answers nothing"
    LATE_CNF = "fault: CM_SLAC_PARM.CNF after 250 ms, past TT_match_response"
    SLOW_CNF = "quirk: CM_SLAC_PARM.CNF after 137 ms, past TP_match_response (pyPLC with a TP-Link)"
    WRONG_RUN_ID_IN_CNF = "quirk: a RunID of its own in CM_SLAC_PARM.CNF (pyPLC at a Taycan, 2023-05-03)"
    RESP_TYPE_0 = "quirk: resp_type 0 in CM_SLAC_PARM.CNF (Debian's evse, not configured)"
    NO_TIME_OUT = "fault: time-out 0 in CM_SLAC_PARM.CNF"
    WRONG_FORWARDING_STA = "fault: forwarding station in CM_SLAC_PARM.CNF is not the car"
    ANSWERS_ONE_REQUEST_ONLY = "fault: does not answer a repeated CM_SLAC_PARM.REQ while it serves the car"
    IGNORES_RUN_ID = "fault: takes every message of a car it knows, whatever the RunID"
    SERVES_ONE_CAR_ONLY = "fault: leaves a second car unanswered while the first one is being matched"
    ANSWERS_WHEN_MATCHED = "fault: answers CM_SLAC_PARM.REQ although it is matched"
    ANSWERS_IN_STATE_A = "fault: answers cars although none is plugged in"
    ANSWERS_AFTER_SLAC_INIT = "fault: answers a first request that comes after TT_EVSE_SLAC_init"
    INSISTS_ON_TIME_OUT_6 = "quirk: ignores CM_START_ATTEN_CHAR.IND unless its time-out is 600 ms (met by pyPLC)"

    # Attenuation
    NO_ATTEN_CHAR_IND = "quirk: no CM_ATTEN_CHAR.IND after ten sounds (one attempt at a Supercharger, 2023-03-02)"
    LATE_ATTEN_CHAR_IND = "fault: CM_ATTEN_CHAR.IND 1300 ms after the first START, past TT_EV_atten_results"
    SLOW_ATTEN_CHAR_IND = "fault: CM_ATTEN_CHAR.IND 250 ms after the last sound, past TP_EVSE_avg_atten_calc"
    EARLY_ATTEN_CHAR_IND = "fault: CM_ATTEN_CHAR.IND after the fifth sound"
    DOES_NOT_REPEAT_IND = "quirk: does not repeat an unanswered CM_ATTEN_CHAR.IND (EVerest, station of 2023-10)"
    ENDLESS_IND_REPEAT = "quirk: repeats CM_ATTEN_CHAR.IND until it is answered (Alpitronic, Compleo)"
    IGNORES_ATTEN_RSP = "fault: repeats CM_ATTEN_CHAR.IND although it was answered"
    WRONG_NUM_GROUPS = "fault: 57 groups in CM_ATTEN_CHAR.IND"
    NO_GROUPS = "fault: hands on a profile of 0 groups, as a TP-Link measures it, with nothing in its place"
    ZERO_ATTENUATION = "fault: reports 0 dB in every group"
    WRONG_RUN_ID_IN_IND = "fault: another RunID in CM_ATTEN_CHAR.IND"
    WRONG_SOURCE_ADDRESS_IN_IND = "fault: CM_ATTEN_CHAR.IND names another car as the one that sounded"
    CLAIMS_TEN_SOUNDS = "fault: says it averaged ten sounds, however many it heard"
    REPORTS_UNHEARD_SOUNDS = "fault: reports ten sounds at the end of its window although none came"
    INVENTED_ATTENUATION = "fault: reports 3 dB, so that it wins although it is far away"

    # Match
    GIVES_KEY_UNASKED = "fault: CM_SLAC_MATCH.CNF 1 s after CM_START_ATTEN_CHAR.IND, without a request"
    NO_MATCH_CNF = "fault: does not answer CM_SLAC_MATCH.REQ"
    LATE_MATCH_CNF = "fault: CM_SLAC_MATCH.CNF after 250 ms, past TT_match_response"
    SLOW_MATCH_CNF = "fault: CM_SLAC_MATCH.CNF after 150 ms, past TP_match_response"
    IGNORES_REPEATED_MATCH_REQ = "fault: answers CM_SLAC_MATCH.REQ once only"
    DIFFERENT_CNF_ON_REPEAT = "fault: another NMK in a repeated CM_SLAC_MATCH.CNF"
    WRONG_RUN_ID_IN_MATCH_CNF = "fault: another RunID in CM_SLAC_MATCH.CNF"
    WRONG_MVF_LENGTH = "fault: length field 0x0055 in CM_SLAC_MATCH.CNF"
    ACCEPTS_FOREIGN_MATCH_REQ = "fault: confirms a CM_SLAC_MATCH.REQ that names another station"

    # Network
    WRONG_KEY = "fault: gives the car another NMK than its own modem has"
    NID_NOT_FROM_NMK = "quirk: a NID that is no hash of the NMK (pyPLC until 2025)"
    SAME_KEY_EVERY_SESSION = "quirk: never changes its NMK (pyPLC)"
    FACTORY_KEY = "fault: leaves the key of the box, HomePlugAV, in its modem, and answers SDP without a match"

    # SDP
    SDP_SILENT = "fault: does not answer SDP requests"
    SDP_LATE = "fault: answers SDP requests after 400 ms, when a car has asked again"
    SDP_SLOW = "quirk: answers the SDP request after 429 ms (ABB Terra 53, 2022-11-25)"
    SDP_WRONG_ADDRESS = "fault: the address in its SDP answer is not its own"
    SDP_PORT_0 = "fault: TCP port 0 in its SDP answer"
    SDP_WRONG_VERSION = "fault: version 2 in the V2GTP header of its SDP answers"
    SDP_TO_EVERYBODY = "fault: sends its SDP answers to ff02::1 instead of the car that asked"
    SDP_TAKES_ANYTHING = "fault: answers SDP requests of another version, length or payload type, too"
    SDP_IGNORES_TLS = "fault: does not answer SDP requests for TLS, instead of offering what it has"
    SDP_FOREIGN_SECURITY = "fault: offers security 0x42, a reserved value, in its SDP answer"

    # Control pilot
    KEEPS_SESSION_AFTER_UNPLUG = "fault: when the plug comes out it stays matched, with the same key"
    KEEPS_PWM_AFTER_UNPLUG = "fault: goes on showing 5 % in state A"
