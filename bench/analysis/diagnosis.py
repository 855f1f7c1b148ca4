"""One sentence per attempt: what happened and why.

`EXPLANATIONS` is the table: for each outcome, conditions from the most telling cause to the least, and the sentence
for the first that holds. The last row of each outcome holds always. `sdp_words` and `tcp_words` add what is remarkable
about the way from a match to its session; `pilot_words` tells what a log of the control pilot knows.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.analysis.limits import ATTEN_RESULTS, C_EV_MATCH_MNBC, TT_EV_ATTEN_RESULTS, TT_MATCH_JOIN
from bench.analysis.model import Attempt, Outcome, Role
from bench.analysis.pilot_words import pilot_tells, why_unanswered
from bench.analysis.sdp_words import sdp_remarks
from bench.analysis.tcp_words import tcp_remarks
from bench.units import Ns, show

Condition = Callable[[Attempt], bool]
Sentence = Callable[[Attempt], str]


def diagnose(attempt: Attempt) -> str:
    """The sentence for *attempt*; never empty."""
    for condition, sentence in EXPLANATIONS[attempt.outcome]:
        if condition(attempt):
            said = sentence(attempt).removesuffix(".")
            return "; ".join([said, *sdp_remarks(attempt), *tcp_remarks(attempt)]) + "."
    raise AssertionError(f"no sentence for {attempt.outcome}")


# Conditions


def always(_: Attempt) -> bool:
    return True


def has(code: str) -> Condition:
    return lambda attempt: code in attempt.codes


def report_too_late(attempt: Attempt) -> bool:
    """The car had stopped waiting for the attenuation when it came."""
    took = attempt.timings.start_to_atten_char_ind
    return took is not None and took > TT_EV_ATTEN_RESULTS


def sounds_lost(attempt: Attempt) -> bool:
    reported = attempt.attenuation_reported
    return reported is not None and reported.num_sounds < C_EV_MATCH_MNBC


def no_groups_reported(attempt: Attempt) -> bool:
    return attempt.attenuation_reported is not None and not attempt.attenuation_reported.groups_db


def report_acknowledged(attempt: Attempt) -> bool:
    return attempt.counts["atten_char_rsp"] > 0


def key_never_set(attempt: Attempt) -> bool:
    """The recorder's own modem was not told the key, though the recorder should have done it."""
    waits = attempt.recorder.plays_car or attempt.recorder.role is Role.LISTENER
    return waits and attempt.set_key_after_match is None


def watched_too_short(attempt: Attempt) -> bool:
    return 0 <= watched(attempt) < TT_MATCH_JOIN


def modem_never_back(attempt: Attempt) -> bool:
    """The recorder's own modem began to restart with the key and did not come back."""
    return attempt.restart is not None and attempt.restart.back_t is None


def recorded_by(role: Role) -> Condition:
    return lambda attempt: attempt.recorder.role is role


def recorded_in_car(attempt: Attempt) -> bool:
    return attempt.recorder.plays_car


# Words


def watched(attempt: Attempt) -> Ns:
    """How long the network was looked for after the attempt."""
    return attempt.observed_until - attempt.t_end


def all_that_followed(attempt: Attempt) -> str:
    """`the 12.500 s that followed`."""
    length = watched(attempt)
    return (
        "all that followed (the recorder's clock was set back)" if length < 0 else f"the {show(length)} that followed"
    )


def matched_in(attempt: Attempt) -> str:
    """`Matched in 1.463 s from the car's request`, and how many requests went unanswered before."""
    timings, unanswered = attempt.timings, attempt.unanswered_requests
    if timings.total_answered_req_to_match_cnf is not None:
        text = f"Matched in {show(timings.total_answered_req_to_match_cnf)} from the car's request"
        if not unanswered:
            return text
        requests = [pair.req_frame for pair in attempt.param_pairs]
        nth = requests.index(attempt.answered_req_frame) + 1 if attempt.answered_req_frame in requests else 1
        return f"{text} no. {nth} ({unanswered} of {len(requests)} unanswered)"
    if timings.param_cnf_to_match_cnf is not None:
        return f"Matched {show(timings.param_cnf_to_match_cnf)} after CM_SLAC_PARM.CNF, the car's side unheard"
    return "Matched, the beginning unheard"


def blemishes(attempt: Attempt) -> str:
    """What departs from the rules in an attempt that succeeded all the same."""
    found = [BLEMISHES[code](attempt) for code in BLEMISHES if code in attempt.codes]
    return f", although {' and '.join(found)}" if found else ""


def ms_of(value: Ns | None) -> str:
    return show(value) if value is not None else "an unknown time"


def mismatched(attempt: Attempt, code: str) -> str:
    """`RunID 0018… instead of 944d…`, as the deviation tells it."""
    text = next(finding.text for finding in attempt.deviations if finding.code == code)
    wrong = text.partition("RunID ")[2].partition(",")[0]
    return f"RunID {wrong} instead of {attempt.run_id}"


BLEMISHES: dict[str, Callable[[Attempt], str]] = {
    "sound_interval": lambda a: f"sounds came up to {ms_of(max(a.timings.sound_intervals))} apart",
    "sound_counter": lambda _: "the sounds do not count down to 0",
    "sound_count": lambda a: f"{a.counts['mnbc_sound']} of 10 sounds were heard",
    "atten_char_ind_late": lambda a: (
        f"CM_ATTEN_CHAR.IND took {ms_of(a.timings.start_to_atten_char_ind)} (limit {show(ATTEN_RESULTS)})"
    ),
    "param_response_slow": lambda a: f"CM_SLAC_PARM.CNF took {ms_of(a.timings.param_response)} (limit 200 ms)",
    "match_cnf_slow": lambda a: f"CM_SLAC_MATCH.CNF took {ms_of(a.timings.match_cnf_latency)} (limit 200 ms)",
    "several_evses_answer": lambda a: f"{len(a.evse_candidates)} EVSEs answered",
    "param_cnf_run_id_mismatch": lambda a: f"an answer carries {mismatched(a, 'param_cnf_run_id_mismatch')}",
}
"""Worth a clause in the sentence of a success; the others stand in the list of deviations only."""


# Sentences


def other_evse(attempt: Attempt) -> str:
    who = f"Another EVSE ({attempt.evse_mac})" if attempt.evse_mac else "Another EVSE"
    heard = min((h.average_db for h in attempt.modems_hearing_sounds), default=None)
    damped = f", {heard:.0f} dB down," if heard is not None else ""
    return (
        f"{who} answers this car, whose own frames alone are heard here{damped} so this is a neighbour's session "
        "and no failure of this station."
    )


def cut_off(attempt: Attempt) -> str:
    seen = "CM_ATTEN_CHAR.IND" if attempt.counts["atten_char_ind"] else f"{attempt.counts['mnbc_sound']} of 10 sounds"
    return f"The recording ends in the middle of this attempt, with {seen} seen, so its outcome is not known."


def requests_unheard(reason: str | Sentence) -> Sentence:
    """*reason*: the words, or what finds them."""

    def sentence(attempt: Attempt) -> str:
        count = attempt.counts["param_req"]
        span = f" in {show(attempt.t_end - attempt.t_start)}" if count > 1 else ""
        requests = f"{count} CM_SLAC_PARM.REQ" if count > 1 else "CM_SLAC_PARM.REQ"
        why = reason if isinstance(reason, str) else reason(attempt)
        return f"Nobody answered the car's {requests}{span}: {why}."

    return sentence


def wrong_param_run_id(attempt: Attempt) -> str:
    wrong = ", ".join(str(r) for r in attempt.run_ids_in_param_cnf if r != attempt.run_id)
    return (
        f"The EVSE answered CM_SLAC_PARM.REQ with RunID {wrong} instead of the car's {attempt.run_id}, "
        "so the car ignored the answer and gave up."
    )


def never_appeared(attempt: Attempt) -> str:
    other = "the EVSE" if attempt.recorder.plays_car else "the car"
    return (
        f"{matched_in(attempt)}, but the network never came up: {other} never appeared in it in "
        f"{all_that_followed(attempt)} (TT_match_join {show(TT_MATCH_JOIN)}); a modem did not join, or its "
        "host was silent."
    )


def never_back(attempt: Attempt) -> str:
    restart = attempt.restart
    since = show(restart.silent_t - attempt.set_key_after_match.t) if restart and attempt.set_key_after_match else ""
    return (
        f"{matched_in(attempt)}, but the network never came up: the recorder's own modem fell silent {since} after it "
        f"was told the key and never answered again in {all_that_followed(attempt)}."
    )


def confirmed(attempt: Attempt) -> str:
    proof = attempt.network_proof
    up = f"; network up {show(proof.after_match_cnf)} later" if proof else ""
    if proof and proof.after_match_cnf < 0:
        up = "; network up, after a time that is not known because the recorder's clock was set back"
    return f"{matched_in(attempt)}{blemishes(attempt)}{up}."


def unassignable(code: str, what: str, effect: str) -> tuple[Condition, Sentence]:
    """A row for messages with a foreign RunID, which the other side must ignore."""
    return has(code), lambda a: f"{what} {mismatched(a, code)}, so {effect}."


EXPLANATIONS: dict[Outcome, tuple[tuple[Condition, Sentence], ...]] = {
    Outcome.ANSWERED_BY_OTHER_EVSE: ((always, other_evse),),
    Outcome.CAPTURE_ENDS_DURING_ATTEMPT: ((always, cut_off),),
    Outcome.NO_PARAM_CNF: (
        (pilot_tells, requests_unheard(why_unanswered)),
        (
            recorded_by(Role.EVSE),
            requests_unheard("this station was not waiting for a car, or the car is plugged in elsewhere"),
        ),
        (
            recorded_in_car,
            requests_unheard("no EVSE heard them or none was ready; check the pilot (5 %) and the modem's PEV setting"),
        ),
        (always, requests_unheard("no EVSE heard them, or its answers do not reach this recorder")),
    ),
    Outcome.STOPPED_AFTER_PARAM_CNF: (
        (has("param_cnf_run_id_mismatch"), wrong_param_run_id),
        (
            has("param_response_slow"),
            lambda a: (
                f"The EVSE took {ms_of(a.timings.param_response)} for CM_SLAC_PARM.CNF, the car waits 200 ms "
                "(TT_match_response) and had given up."
            ),
        ),
        (
            has("several_evses_answer"),
            lambda a: f"{len(a.evse_candidates)} EVSEs answered the car, but it started no sounds with any of them.",
        ),
        (
            always,
            lambda a: (
                f"The EVSE answered CM_SLAC_PARM.REQ in {ms_of(a.timings.param_response)}, but the car never began "
                "its sounds; the frames do not show why (look at the pilot)."
            ),
        ),
    ),
    Outcome.NO_SOUNDS: (
        unassignable(
            "start_atten_char_run_id_mismatch",
            "The car's CM_START_ATTEN_CHAR.IND carries",
            "the attempt went no further",
        ),
        (
            always,
            lambda a: (
                f"The car announced its sounds ({a.counts['start_atten_char']} CM_START_ATTEN_CHAR.IND), but not one "
                "CM_MNBC_SOUND.IND followed: the car broke off or the line went dead."
            ),
        ),
    ),
    Outcome.NO_ATTEN_CHAR_IND: (
        unassignable(
            "mnbc_sound_run_id_mismatch",
            "The car's sounds carry",
            "the EVSE could not assign them and reported nothing",
        ),
        unassignable(
            "start_atten_char_run_id_mismatch",
            "The car's CM_START_ATTEN_CHAR.IND carries",
            "the EVSE did not listen for its sounds",
        ),
        (
            has("start_atten_char_timeout"),
            lambda a: (
                f"The EVSE sent no CM_ATTEN_CHAR.IND after {a.counts['mnbc_sound']} sounds: the car asks for a "
                "Time_Out other than 6, which some stations refuse."
            ),
        ),
        (
            has("sound_count"),
            lambda a: f"Only {a.counts['mnbc_sound']} of 10 sounds were heard, and the EVSE sent no CM_ATTEN_CHAR.IND.",
        ),
        (
            has("empty_attenuation_profile"),
            lambda _: (
                "The EVSE's modem reports the sounds without a single attenuation group, "
                "and the EVSE sent no CM_ATTEN_CHAR.IND."
            ),
        ),
        (
            always,
            lambda a: (
                f"The EVSE answered CM_SLAC_PARM.REQ but sent no CM_ATTEN_CHAR.IND after {a.counts['mnbc_sound']} "
                "sounds: it lost the sounds or dropped the session."
            ),
        ),
    ),
    Outcome.NO_MATCH_REQ: (
        unassignable(
            "atten_char_ind_run_id_mismatch", "The EVSE's CM_ATTEN_CHAR.IND carries", "the car ignored it and gave up"
        ),
        unassignable(
            "atten_char_rsp_run_id_mismatch", "The car's CM_ATTEN_CHAR.RSP carries", "the exchange broke off there"
        ),
        (
            report_too_late,
            lambda a: (
                f"CM_ATTEN_CHAR.IND came {ms_of(a.timings.start_to_atten_char_ind)} after the first "
                f"CM_START_ATTEN_CHAR.IND; the car waits {show(TT_EV_ATTEN_RESULTS)} (TT_EV_atten_results) and "
                "had given up."
            ),
        ),
        (
            no_groups_reported,
            lambda _: "CM_ATTEN_CHAR.IND holds no attenuation group, so the car could not judge the line and gave up.",
        ),
        (
            sounds_lost,
            lambda a: (
                "Sounds were lost: the EVSE reported "
                f"{a.attenuation_reported.num_sounds if a.attenuation_reported else 0} of 10, "
                + (
                    "and the car asked for no match."
                    if report_acknowledged(a)
                    else "and the car did not answer the report."
                )
            ),
        ),
        (
            report_acknowledged,
            lambda a: (
                f"The car acknowledged the attenuation{average(a)} but asked for no match: "
                "it chose another EVSE or broke off."
            ),
        ),
        (
            always,
            lambda a: (
                f"The car did not answer CM_ATTEN_CHAR.IND{average(a)} and asked for no match: "
                "the report did not reach it, or it broke off."
            ),
        ),
    ),
    Outcome.NO_MATCH_CNF: (
        unassignable("match_req_run_id_mismatch", "The car's CM_SLAC_MATCH.REQ carries", "the EVSE did not answer it"),
        (
            has("match_req_mvf_length"),
            lambda a: f"The EVSE did not answer {a.counts['match_req']} CM_SLAC_MATCH.REQ, whose MVFLength is not 62.",
        ),
        (
            always,
            lambda a: (
                f"The EVSE answered none of {a.counts['match_req']} CM_SLAC_MATCH.REQ: it lost them, "
                "or had dropped the session (TT_EVSE_match_session)."
            ),
        ),
    ),
    Outcome.MATCHED_NETWORK_NOT_CONFIRMED: (
        (
            has("set_key_nmk_differs"),
            lambda a: (
                f"{matched_in(a)}, but the key set afterwards is not that of CM_SLAC_MATCH.CNF, "
                "so the modem went into another network."
            ),
        ),
        unassignable(
            "match_cnf_run_id_mismatch",
            "The EVSE's CM_SLAC_MATCH.CNF carries",
            "the car ignored it and never came into the network",
        ),
        (
            has("match_cnf_mvf_length"),
            lambda a: f"{matched_in(a)}, but MVFLength of CM_SLAC_MATCH.CNF is not 86 and the network never came up.",
        ),
        (
            key_never_set,
            lambda a: (
                f"{matched_in(a)}, but no CM_SET_KEY.REQ followed, so the recorder's modem never learned the key."
            ),
        ),
        (
            watched_too_short,
            lambda a: (
                f"{matched_in(a)}, but only {show(watched(a))} of what followed are recorded, too little to see the "
                f"network come up (TT_match_join {show(TT_MATCH_JOIN)})."
            ),
        ),
        (modem_never_back, never_back),
        (
            has("nid_not_derived_from_nmk"),
            lambda a: (
                f"{matched_in(a)}, but the network never showed; its NID is not derived from the NMK, "
                "which a modem may refuse."
            ),
        ),
        (always, never_appeared),
    ),
    Outcome.MATCHED_NETWORK_CONFIRMED: ((always, confirmed),),
    Outcome.FRAGMENT: (
        (
            always,
            lambda a: (
                f"Only {sum(a.counts.values())} frames of this attempt were recorded, and none that tells "
                "how it went: the recording began too late or hears one side only."
            ),
        ),
    ),
}


def average(attempt: Attempt) -> str:
    reported = attempt.attenuation_reported
    return f" ({reported.average_db:.1f} dB)" if reported and reported.average_db is not None else ""
