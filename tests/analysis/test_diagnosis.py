"""One sentence per attempt: each row of the table has an exchange that makes it speak."""

from __future__ import annotations

import pytest
from slac_exchange import (
    AT_EVSE,
    AT_LISTENER,
    AT_PEV,
    EVSE,
    KEY,
    OTHER_EVSE,
    OTHER_KEY,
    OTHER_RUN,
    PEV_MODEM,
    RUN,
    Steps,
    altered,
    analysis,
    atten_rsp,
    dropped,
    ip,
    match,
    match_req,
    moved,
    only,
    param_cnf,
    param_req,
    profile,
    set_key,
    sound,
    the_attempt,
    vendor_profile,
    without,
)
from test_pilot_story import with_log
from way_steps import question, reply

from bench.analysis import Outcome, Recorder
from bench.analysis.diagnosis import EXPLANATIONS
from bench.ids import Nid

MATCH = match()
LATER = [ip(60_000, src=OTHER_EVSE)]
"""The capture goes on, but with nothing that matters."""

UP_TO_SOUNDS = [*only(MATCH, "param_req", "param_cnf", "start", "sound"), *LATER]
UP_TO_REPORT = [*without(MATCH, "atten_rsp", "match_req", "match_cnf", "ip"), *LATER]
UP_TO_MATCH_REQ = [*without(MATCH, "match_cnf", "ip"), *LATER]
UNCONFIRMED = [*match(proof=False), *LATER]

CASES: list[tuple[Steps, Recorder, str]] = [
    (
        [*only(MATCH, "param_req", "start", "sound", "profile"), match_req(1300, dst=OTHER_EVSE), *LATER],
        AT_EVSE,
        f"Another EVSE ({OTHER_EVSE}) answers this car, whose own frames alone are heard here, 23 dB down, so this is "
        "a neighbour's session and no failure of this station.",
    ),
    (
        [step for step in MATCH if step.at < 300],
        AT_EVSE,
        "The recording ends in the middle of this attempt, with 6 of 10 sounds seen, so its outcome is not known.",
    ),
    (
        [step for step in MATCH if step.at < 400],
        AT_EVSE,
        "The recording ends in the middle of this attempt, with CM_ATTEN_CHAR.IND seen, so its outcome is not known.",
    ),
    (
        [param_req(0), param_req(200), param_req(400)],
        AT_EVSE,
        "Nobody answered the car's 3 CM_SLAC_PARM.REQ in 400.000 ms: this station was not waiting for a car, or the "
        "car is plugged in elsewhere.",
    ),
    ([param_req(0)], AT_PEV, "Nobody answered the car's CM_SLAC_PARM.REQ: no EVSE heard them or none was ready"),
    ([param_req(0)], AT_LISTENER, "or its answers do not reach this recorder."),
    (
        altered([param_req(0), param_cnf(5)], "param_cnf", run_id=OTHER_RUN),
        AT_EVSE,
        f"The EVSE answered CM_SLAC_PARM.REQ with RunID {OTHER_RUN} instead of the car's {RUN}, so the car ignored the "
        "answer and gave up.",
    ),
    ([param_req(0), param_cnf(312)], AT_EVSE, "The EVSE took 312.000 ms for CM_SLAC_PARM.CNF, the car waits 200 ms"),
    ([param_req(0), param_cnf(5), param_cnf(6, src=OTHER_EVSE)], AT_PEV, "2 EVSEs answered the car, but it started no"),
    (
        [param_req(0), param_cnf(5)],
        AT_EVSE,
        "answered CM_SLAC_PARM.REQ in 5.000 ms, but the car never began its",
    ),
    (
        altered([*only(MATCH, "param_req", "param_cnf", "start"), *LATER], "start", run_id=OTHER_RUN),
        AT_EVSE,
        f"CM_START_ATTEN_CHAR.IND carries RunID {OTHER_RUN} instead of {RUN}, so the attempt went no further.",
    ),
    ([*only(MATCH, "param_req", "param_cnf", "start"), *LATER], AT_EVSE, "The car announced its sounds (3 CM_START"),
    (
        altered(UP_TO_SOUNDS, "sound", run_id=OTHER_RUN),
        AT_PEV,
        "so the EVSE could not assign them and reported",
    ),
    (altered(UP_TO_SOUNDS, "start", run_id=OTHER_RUN), AT_PEV, "so the EVSE did not listen for its sounds."),
    (altered(UP_TO_SOUNDS, "start", time_out=10), AT_PEV, "the car asks for a Time_Out other than 6"),
    (dropped(UP_TO_SOUNDS, "sound"), AT_PEV, "Only 9 of 10 sounds were heard, and the EVSE sent no CM_ATTEN_CHAR.IND."),
    ([*UP_TO_SOUNDS, profile(190, aag=b"")], AT_EVSE, "reports the sounds without a single attenuation group"),
    (UP_TO_SOUNDS, AT_PEV, "sent no CM_ATTEN_CHAR.IND after 10 sounds: it lost the sounds or dropped the session."),
    (altered(UP_TO_REPORT, "atten_ind", run_id=OTHER_RUN), AT_EVSE, "so the car ignored it and gave up."),
    (
        altered([*UP_TO_REPORT, atten_rsp(425)], "atten_rsp", run_id=OTHER_RUN),
        AT_EVSE,
        "so the exchange broke off there.",
    ),
    (moved(UP_TO_REPORT, "atten_ind", 1000), AT_EVSE, "CM_ATTEN_CHAR.IND came 1.280 s after the first"),
    (altered(UP_TO_REPORT, "atten_ind", aag=b""), AT_EVSE, "CM_ATTEN_CHAR.IND holds no attenuation group"),
    (
        altered(UP_TO_REPORT, "atten_ind", num_sounds=9),
        AT_EVSE,
        "Sounds were lost: the EVSE reported 9 of 10, and the car did not answer the report.",
    ),
    (
        [*altered(UP_TO_REPORT, "atten_ind", num_sounds=2), atten_rsp(425)],
        AT_EVSE,
        "Sounds were lost: the EVSE reported 2 of 10, and the car asked for no match.",
    ),
    ([*UP_TO_REPORT, atten_rsp(425)], AT_EVSE, "The car acknowledged the attenuation (22.9 dB) but asked for no match"),
    (UP_TO_REPORT, AT_EVSE, "The car did not answer CM_ATTEN_CHAR.IND (22.9 dB) and asked for no match"),
    (altered(UP_TO_MATCH_REQ, "match_req", run_id=OTHER_RUN), AT_EVSE, "so the EVSE did not answer it."),
    (altered(UP_TO_MATCH_REQ, "match_req", mvf_length=1), AT_EVSE, "1 CM_SLAC_MATCH.REQ, whose MVFLength is not 62."),
    (UP_TO_MATCH_REQ, AT_EVSE, "The EVSE answered none of 1 CM_SLAC_MATCH.REQ"),
    ([*UNCONFIRMED, set_key(1340, nmk=OTHER_KEY)], AT_PEV, "the key set afterwards is not that of CM_SLAC_MATCH.CNF"),
    (altered(UNCONFIRMED, "match_cnf", run_id=OTHER_RUN), AT_EVSE, "so the car ignored it and never came into the"),
    (altered(UNCONFIRMED, "match_cnf", mvf_length=1), AT_EVSE, "MVFLength of CM_SLAC_MATCH.CNF is not 86"),
    (UNCONFIRMED, AT_PEV, "but no CM_SET_KEY.REQ followed, so the recorder's modem never learned the key."),
    (UNCONFIRMED, AT_LISTENER, "but no CM_SET_KEY.REQ followed, so the recorder's modem never learned the key."),
    (
        [*match(proof=False), ip(9310, src=OTHER_EVSE)],
        AT_EVSE,
        "Matched in 1.310 s from the car's request, but only 8.000 s of what followed are recorded, too little to see "
        "the network come up (TT_match_join 12.000 s).",
    ),
    (altered(UNCONFIRMED, "match_cnf", nid=Nid(bytes(7))), AT_EVSE, "its NID is not derived from the NMK"),
    (UNCONFIRMED, AT_EVSE, "but the network never came up: the car never appeared in it in the 58.690 s that followed"),
    ([*UNCONFIRMED, set_key(1340)], AT_PEV, "the network never came up: the EVSE never appeared in it in the 58.690 s"),
    (
        [*UNCONFIRMED, set_key(1340), question(2000), reply(2001), question(4000)],
        AT_PEV,
        "the recorder's own modem fell silent 2.660 s after it was told the key and never answered again in the 58.690",
    ),
    (MATCH, AT_EVSE, "Matched in 1.310 s from the car's request; network up 2.690 s later."),
    (
        [param_req(-420), param_req(-210), *MATCH],
        AT_EVSE,
        "Matched in 1.310 s from the car's request no. 3 (2 of 3 unanswered); network up 2.690 s later.",
    ),
    (
        only(MATCH, "param_cnf", "atten_ind", "match_cnf", "ip"),
        AT_EVSE,
        "Matched 1.305 s after CM_SLAC_PARM.CNF, the car's side unheard; network up 2.690 s later.",
    ),
    (only(MATCH, "match_cnf", "ip"), AT_EVSE, "Matched, the beginning unheard; network up 2.690 s later."),
    (
        moved(moved(MATCH, "match_cnf", 300), "atten_ind", 800),
        AT_EVSE,
        "Matched in 2.410 s from the car's request, although CM_ATTEN_CHAR.IND took 1.080 s (limit 1.000 s) and "
        "CM_SLAC_MATCH.CNF took 310.000 ms (limit 200 ms); network up",
    ),
    (
        [profile(0), profile(20), *LATER],
        AT_EVSE,
        "Only 2 frames of this attempt were recorded, and none that tells",
    ),
]


@pytest.mark.parametrize(("steps", "recorder", "sentence"), CASES, ids=range(len(CASES)))
def test_the_sentence_says_what_happened_and_why(steps: Steps, recorder: Recorder, sentence: str) -> None:
    """What the exchange shows is in the sentence."""
    diagnosis = the_attempt(steps, recorder).diagnosis

    assert sentence in diagnosis
    assert diagnosis.endswith(".")
    assert diagnosis.count(". ") == sentence.count(". ")


def test_every_row_of_the_table_speaks() -> None:
    """Each (condition, sentence) is the first that holds for some case above."""
    spoken = set()
    with_pilot = with_log([param_req(0)], "t,state", "-1,A")
    for attempt in (with_pilot, *(the_attempt(steps, recorder) for steps, recorder, _ in CASES)):
        row = next(i for i, (holds, _) in enumerate(EXPLANATIONS[attempt.outcome]) if holds(attempt))
        spoken.add((attempt.outcome, row))

    assert spoken == {(outcome, row) for outcome, rows in EXPLANATIONS.items() for row in range(len(rows))}
    assert set(EXPLANATIONS) == set(Outcome)


def test_blemishes_of_a_success_are_told() -> None:
    """Seres 3: sounds too far apart and counted upwards, and it matched all the same."""
    slow = [*without(MATCH, "sound", "profile"), *(sound(110 + 30 * i, cnt=i) for i in range(10))]
    late = [sound(step.at + 60, step.mme.cnt) if step.name == "sound" and step.at > 370 else step for step in slow]

    diagnosis = the_attempt(late).diagnosis

    assert "although sounds came up to 90.000 ms apart and the sounds do not count down to 0" in diagnosis


def test_no_sentence_tells_a_key() -> None:
    """Neither clear nor by its octets."""
    found = analysis([*UNCONFIRMED, set_key(1340, nmk=OTHER_KEY)], AT_PEV)
    said = " ".join([a.diagnosis for a in found.attempts] + [f.text for a in found.attempts for f in a.deviations])

    assert KEY.hex() not in said
    assert OTHER_KEY.hex() not in said


def test_whose_modem_hears_the_car_is_no_matter_of_the_sentence() -> None:
    """Cross-talk is a deviation, not a cause."""
    steps = [*MATCH, vendor_profile(187, src=PEV_MODEM)]

    assert the_attempt(steps).diagnosis == the_attempt(MATCH).diagnosis
    assert the_attempt(MATCH).evse_mac == EVSE
