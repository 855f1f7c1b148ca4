"""Every rule is broken by a message and kept by another; legal messages break none, captured ones a known few."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, NamedTuple

import pytest
from real_captures import CAPTURES, needs_captures

from bench.capture import open_capture
from bench.ids import BROADCAST, MacAddress, Nid, Nmk, RunId, StationId, nid_from_nmk
from bench.mme import (
    REGISTRY,
    CmAmpMapCnf,
    CmAmpMapReq,
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    Context,
    Mme,
    RawMme,
    decode,
    is_homeplug,
    violations,
)
from bench.mme.rules import OF_FRAME, RULES, Rule

PEV, OTHER_PEV = MacAddress.parse("02:00:00:00:0e:01"), MacAddress.parse("02:00:00:00:0e:02")
EVSE, OTHER_EVSE = MacAddress.parse("02:00:00:00:05:01"), MacAddress.parse("02:00:00:00:05:02")
RUN, OTHER_RUN = RunId(b"this run"), RunId(b"the last")
LETTERS = StationId(bytes(16) + b"\x01")
NMK = Nmk(bytes(range(16)))
NID = nid_from_nmk(NMK)
AAG = bytes([20] * 58)

KNOWN = Context(pev_mac=PEV, evse_mac=EVSE, run_id=RUN, num_sounds=10, validation_step=1)

LEGAL: dict[type[Mme], Any] = {
    CmSlacParmReq: CmSlacParmReq(run_id=RUN),
    CmSlacParmCnf: CmSlacParmCnf(forwarding_sta=PEV, run_id=RUN),
    CmStartAttenCharInd: CmStartAttenCharInd(forwarding_sta=PEV, run_id=RUN),
    CmMnbcSoundInd: CmMnbcSoundInd(cnt=9, run_id=RUN, rnd=bytes(range(16))),
    CmAttenProfileInd: CmAttenProfileInd(pev_mac=PEV, aag=AAG),
    CmAttenCharInd: CmAttenCharInd(source_address=PEV, run_id=RUN, aag=AAG),
    CmAttenCharRsp: CmAttenCharRsp(source_address=PEV, run_id=RUN),
    CmValidateReq: CmValidateReq(),
    CmValidateCnf: CmValidateCnf(),
    CmSlacMatchReq: CmSlacMatchReq(pev_mac=PEV, evse_mac=EVSE, run_id=RUN),
    CmSlacMatchCnf: CmSlacMatchCnf(pev_mac=PEV, evse_mac=EVSE, run_id=RUN, nid=NID, nmk=NMK),
    CmSetKeyReq: CmSetKeyReq(nid=NID, nmk=NMK),
    CmAmpMapReq: CmAmpMapReq(amdata=bytes(917)),
    CmAmpMapCnf: CmAmpMapCnf(),
}
"""A lawful message of each kind that has rules."""

REJECT, TOLERATE, NOTE = "rejected", "tolerated", "noted"


class Case(NamedTuple):
    """*field* set to *value* breaks the rule of *broken*, which is another field where that one is derived."""

    mme: type[Mme]
    field: str
    value: Any
    grade: str
    broken: str = ""


def both_types(cls: type[Mme]) -> list[Case]:
    return [Case(cls, "application_type", 255, REJECT), Case(cls, "security_type", 255, REJECT)]


CASES = [
    *both_types(CmSlacParmReq),
    *both_types(CmSlacParmCnf),
    Case(CmSlacParmCnf, "m_sound_target", MacAddress(bytes(6)), REJECT),
    Case(CmSlacParmCnf, "time_out", 0, REJECT),
    Case(CmSlacParmCnf, "resp_type", 0, TOLERATE),
    Case(CmSlacParmCnf, "forwarding_sta", MacAddress(bytes(6)), REJECT),
    Case(CmSlacParmCnf, "run_id", OTHER_RUN, REJECT),
    Case(CmSlacParmCnf, "num_sounds", 9, NOTE),
    Case(CmSlacParmCnf, "time_out", 10, NOTE),
    *both_types(CmStartAttenCharInd),
    Case(CmStartAttenCharInd, "num_sounds", 0, REJECT),
    Case(CmStartAttenCharInd, "time_out", 0, REJECT),
    Case(CmStartAttenCharInd, "resp_type", 0, TOLERATE),
    Case(CmStartAttenCharInd, "forwarding_sta", OTHER_PEV, REJECT),
    Case(CmStartAttenCharInd, "run_id", OTHER_RUN, REJECT),
    Case(CmStartAttenCharInd, "num_sounds", 9, NOTE),
    Case(CmStartAttenCharInd, "time_out", 10, NOTE),
    *both_types(CmMnbcSoundInd),
    Case(CmMnbcSoundInd, "run_id", OTHER_RUN, REJECT),
    Case(CmMnbcSoundInd, "sender_id", LETTERS, NOTE),
    Case(CmMnbcSoundInd, "cnt", 11, NOTE),
    Case(CmMnbcSoundInd, "reserved", b"\x01" + bytes(7), NOTE),
    Case(CmAttenProfileInd, "aag", b"", NOTE, broken="num_groups"),
    *both_types(CmAttenCharInd),
    Case(CmAttenCharInd, "source_address", MacAddress(bytes(6)), REJECT),
    Case(CmAttenCharInd, "run_id", OTHER_RUN, REJECT),
    Case(CmAttenCharInd, "source_id", LETTERS, REJECT),
    Case(CmAttenCharInd, "resp_id", LETTERS, REJECT),
    Case(CmAttenCharInd, "num_sounds", 0, REJECT),
    Case(CmAttenCharInd, "num_sounds", 11, NOTE),
    Case(CmAttenCharInd, "aag", b"", REJECT, broken="num_groups"),
    *both_types(CmAttenCharRsp),
    Case(CmAttenCharRsp, "source_address", OTHER_PEV, REJECT),
    Case(CmAttenCharRsp, "run_id", OTHER_RUN, REJECT),
    Case(CmAttenCharRsp, "source_id", LETTERS, REJECT),
    Case(CmAttenCharRsp, "resp_id", LETTERS, REJECT),
    Case(CmAttenCharRsp, "result", 255, REJECT),
    Case(CmValidateReq, "signal_type", 255, REJECT),
    *(Case(CmValidateReq, "result", result, REJECT) for result in (0, 2, 3, 4)),
    Case(CmValidateCnf, "signal_type", 255, REJECT),
    Case(CmValidateCnf, "toggle_num", 255, REJECT),
    Case(CmValidateCnf, "result", 2, REJECT),
    *both_types(CmSlacMatchReq),
    Case(CmSlacMatchReq, "mvf_length", 0, REJECT),
    Case(CmSlacMatchReq, "pev_id", LETTERS, TOLERATE),
    Case(CmSlacMatchReq, "evse_id", LETTERS, TOLERATE),
    Case(CmSlacMatchReq, "pev_mac", OTHER_PEV, REJECT),
    Case(CmSlacMatchReq, "evse_mac", OTHER_EVSE, REJECT),
    Case(CmSlacMatchReq, "run_id", OTHER_RUN, REJECT),
    Case(CmSlacMatchReq, "reserved", bytes(7) + b"\x01", NOTE),
    *both_types(CmSlacMatchCnf),
    Case(CmSlacMatchCnf, "mvf_length", 0x3E, REJECT),
    Case(CmSlacMatchCnf, "pev_id", LETTERS, TOLERATE),
    Case(CmSlacMatchCnf, "evse_id", LETTERS, TOLERATE),
    Case(CmSlacMatchCnf, "pev_mac", OTHER_PEV, REJECT),
    Case(CmSlacMatchCnf, "evse_mac", OTHER_EVSE, REJECT),
    Case(CmSlacMatchCnf, "run_id", OTHER_RUN, REJECT),
    Case(CmSlacMatchCnf, "reserved", bytes(7) + b"\x01", NOTE),
    Case(CmSlacMatchCnf, "nid", Nid(bytes(7)), NOTE),
    Case(CmSetKeyReq, "key_type", 2, REJECT),
    Case(CmSetKeyReq, "pid", 0, REJECT),
    Case(CmSetKeyReq, "my_nonce", b"\xaa" * 4, NOTE),
    Case(CmSetKeyReq, "your_nonce", b"\xaa" * 4, NOTE),
    Case(CmSetKeyReq, "new_eks", 0, NOTE),
    Case(CmSetKeyReq, "nid", Nid(bytes(7)), NOTE),
    Case(CmAmpMapReq, "amdata", b"", REJECT, broken="amlen"),
    Case(CmAmpMapCnf, "result", 255, REJECT),
]


def named(case: Case) -> str:
    return f"{case.mme.name} {case.field} {case.value!r:.30}"


def grade_of(violation: Any) -> str:
    if violation.reject:
        return REJECT
    return TOLERATE if violation.tolerated else NOTE


# Each rule


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_broken_rule_is_found_with_its_grade(case: Case) -> None:
    """One field wrong: that field is named, as rejected, tolerated or noted, and no other."""
    found = violations(replace(LEGAL[case.mme], **{case.field: case.value}), KNOWN)

    assert {violation.field for violation in found} == {case.broken or case.field}
    worst = min(found, key=lambda violation: [REJECT, TOLERATE, NOTE].index(grade_of(violation)))
    assert grade_of(worst) == case.grade


@pytest.mark.parametrize("cls", LEGAL, ids=lambda cls: cls.name)
def test_a_lawful_message_breaks_no_rule(cls: type[Mme]) -> None:
    assert violations(LEGAL[cls], KNOWN) == []
    assert violations(LEGAL[cls]) == []


@pytest.mark.parametrize(
    ("cls", "rule"),
    [(cls, rule) for cls, rules in RULES.items() for rule in rules if rule.field not in OF_FRAME],
    ids=lambda value: value.name if isinstance(value, type) else f"{value.field}, {value.text}",
)
def test_no_rule_is_without_a_case(cls: type[Mme], rule: Rule) -> None:
    """A rule that no case breaks alone, or that no lawful message keeps, is a rule nobody has seen at work."""
    breaking = [case for case in CASES if case.mme is cls and (case.broken or case.field) == rule.field]

    assert any(rule.check(replace(LEGAL[cls], **{case.field: case.value}), KNOWN) for case in breaking)
    assert rule.check(LEGAL[cls], KNOWN) is None


def test_defaults_are_lawful() -> None:
    """A message of defaults is what ISO 15118-3 asks for, as far as one message can be; groups and keys are not."""
    ten = Context(num_sounds=10)

    broken = {cls.name: [violation.field for violation in violations(cls(), ten)] for cls in REGISTRY.values()}

    assert {name: fields for name, fields in broken.items() if fields} == {
        "CM_ATTEN_PROFILE.IND": ["num_groups"],
        "CM_ATTEN_CHAR.IND": ["num_groups"],
        "CM_SLAC_MATCH.CNF": ["nid"],
        "CM_SET_KEY.REQ": ["nid"],
        "CM_AMP_MAP.REQ": ["amlen"],
    }


# What the standard rejects

REJECTED_BY_ISO_15118_3 = {
    CmSlacParmReq: "application_type security_type",
    CmStartAttenCharInd: "application_type security_type num_sounds time_out resp_type run_id",
    CmMnbcSoundInd: "application_type security_type run_id",
    CmAttenCharRsp: "application_type security_type source_address run_id source_id resp_id result",
    CmValidateReq: "signal_type result",
    CmSlacMatchReq: "application_type security_type mvf_length pev_id evse_id pev_mac evse_mac run_id",
    CmSlacParmCnf: "m_sound_target time_out resp_type forwarding_sta application_type security_type run_id",
    CmAttenCharInd: "application_type security_type source_address run_id source_id resp_id num_groups num_sounds",
    CmValidateCnf: "signal_type toggle_num result",
    CmSlacMatchCnf: "application_type security_type mvf_length pev_id evse_id pev_mac evse_mac run_id",
    CmAmpMapReq: "amlen",
    CmAmpMapCnf: "result",
}
"""What a station has to treat as not received, field by field."""


@pytest.mark.parametrize("cls", REJECTED_BY_ISO_15118_3, ids=lambda cls: cls.name)
def test_what_the_standard_rejects_is_rejected_or_tolerated_for_a_reason(cls: type[Mme]) -> None:
    """No such field is only noted, and nothing else is rejected but what a receiver cannot use."""
    rejected = {case.broken or case.field for case in CASES if case.mme is cls and case.grade != NOTE}

    extra = {"forwarding_sta"} if cls is CmStartAttenCharInd else set()
    assert rejected == set(REJECTED_BY_ISO_15118_3[cls].split()) | extra


def test_what_is_tolerated_says_who_sends_it() -> None:
    """Departures of stations in the field: three fields, each with the station that is known for it."""
    tolerated = {
        (cls.name, rule.field): rule.tolerated for cls, rules in RULES.items() for rule in rules if rule.tolerated
    }

    assert {field for _, field in tolerated} == {"resp_type", "pev_id", "evse_id"}
    assert all("Debian" in who for who in tolerated.values())


# Where it comes from and where it goes

ROUTES: dict[type[Mme], tuple[MacAddress | None, MacAddress | None]] = {
    CmSlacParmReq: (None, BROADCAST),
    CmSlacParmCnf: (None, PEV),
    CmStartAttenCharInd: (PEV, BROADCAST),
    CmMnbcSoundInd: (PEV, BROADCAST),
    CmAttenProfileInd: (None, None),
    CmAttenCharInd: (None, PEV),
    CmAttenCharRsp: (PEV, EVSE),
    CmValidateReq: (PEV, EVSE),
    CmValidateCnf: (EVSE, PEV),
    CmSlacMatchReq: (PEV, EVSE),
    CmSlacMatchCnf: (EVSE, PEV),
    CmSetKeyReq: (None, None),
    CmAmpMapReq: (None, None),
    CmAmpMapCnf: (None, None),
}
"""Message -> who has to send it, whom it is for; None: anybody, as in the request that opens a run."""


@pytest.mark.parametrize("cls", ROUTES, ids=lambda cls: cls.name)
def test_a_message_on_its_way_between_the_stations_of_the_run_is_lawful(cls: type[Mme]) -> None:
    """From whom it has to come and to whom it has to go; what is open is open."""
    src, dst = ROUTES[cls]
    routed = replace(KNOWN, src=src or MacAddress(b"anyone"), dst=dst or MacAddress(b"to all"))

    assert violations(LEGAL[cls], routed) == []


@pytest.mark.parametrize("cls", [cls for cls, (src, _) in ROUTES.items() if src], ids=lambda cls: cls.name)
def test_a_message_of_the_run_from_another_station_is_rejected(cls: type[Mme]) -> None:
    """A PEV and its RunID are one run, and the EVSE that is asked is the one that answers."""
    (found,) = violations(LEGAL[cls], replace(KNOWN, src=MacAddress(b"thief!")))

    assert (found.field, found.expected, grade_of(found)) == ("src", str(ROUTES[cls][0]), REJECT)


@pytest.mark.parametrize("cls", [cls for cls, (_, dst) in ROUTES.items() if dst], ids=lambda cls: cls.name)
def test_a_message_to_the_wrong_address_is_noted(cls: type[Mme]) -> None:
    """CM_SLAC_PARM.REQ, START and sounds are broadcast, all others are not; whoever hears it may use it."""
    wrong = PEV if ROUTES[cls][1] == BROADCAST else BROADCAST

    (found,) = violations(LEGAL[cls], replace(KNOWN, dst=wrong))

    assert (found.field, found.seen, grade_of(found)) == ("dst", str(wrong), NOTE)


# What is known


@pytest.mark.parametrize("case", [c for c in CASES if c.field in ("run_id", "pev_mac", "evse_mac")], ids=named)
def test_what_is_not_known_is_not_checked(case: Case) -> None:
    """A listener that does not know the run or the stations cannot say that they are wrong."""
    strange = replace(LEGAL[case.mme], **{case.field: case.value})

    assert violations(strange) == []
    assert [violation.field for violation in violations(strange, KNOWN)] == [case.field]


@pytest.mark.parametrize(
    ("announced", "broken"),
    [(None, []), (8, ["num_sounds", "cnt", "num_sounds"]), (10, []), (12, ["num_sounds"])],
)
def test_sounds_are_counted_as_announced(announced: int | None, broken: list[str]) -> None:
    """START repeats the number, a sound counts down from it, a mean has no more; after lost sounds it has fewer."""
    start, sound, report = LEGAL[CmStartAttenCharInd], LEGAL[CmMnbcSoundInd], LEGAL[CmAttenCharInd]
    known = replace(KNOWN, num_sounds=announced)

    found = [violation.field for mme in (start, sound, report) for violation in violations(mme, known)]

    assert found == broken


@pytest.mark.parametrize(("step", "broken"), [(None, []), (1, ["toggle_num", "result"]), (2, [])])
def test_counted_toggles_and_success_belong_to_step_2(step: int | None, broken: list[str]) -> None:
    """CM_VALIDATE.CNF does not say to which step it belongs; the context does."""
    success = CmValidateCnf(toggle_num=2, result=2)

    assert [violation.field for violation in violations(success, Context(validation_step=step))] == broken


@pytest.mark.parametrize("result", [0, 1, 3, 4])
def test_any_answer_but_success_is_right_in_step_1(result: int) -> None:
    """Not ready, ready, failure, not required."""
    assert violations(CmValidateCnf(result=result), KNOWN) == []


def test_a_raw_message_has_no_rules() -> None:
    assert violations(RawMme(0x6064, b""), KNOWN) == []


# What a person reads


@pytest.mark.parametrize(
    ("mme", "text"),
    [
        (replace(LEGAL[CmSlacParmReq], security_type=1), "security_type is 1, 0 expected (0 is no security, "),
        (replace(LEGAL[CmSlacParmCnf], time_out=0), "time_out is 0, anything but 0 expected (a window of no length "),
        (
            replace(LEGAL[CmSlacParmCnf], run_id=OTHER_RUN),
            "run_id is 746865206c617374, 746869732072756e expected (the RunID of CM_SLAC_PARM.REQ is repeated ",
        ),
        (
            replace(LEGAL[CmSlacParmCnf], forwarding_sta=OTHER_PEV),
            "forwarding_sta is 02:00:00:00:0e:02, 02:00:00:00:0e:01 expected (results go to the PEV that asked)",
        ),
        (
            replace(LEGAL[CmMnbcSoundInd], reserved=b""),
            "reserved is missing, 0000000000000000 expected (reserved octets ",
        ),
        (replace(LEGAL[CmMnbcSoundInd], cnt=11), "cnt is 11, at most 10 expected (sounds still to come: "),
        (replace(LEGAL[CmValidateCnf], result=2), "result is 2, 0 or 1 or 3 or 4 expected (not ready, ready, failure "),
        (
            replace(LEGAL[CmSlacParmCnf], m_sound_target=PEV),
            f"m_sound_target is {PEV}, {BROADCAST} expected (",
        ),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_violation_says_what_was_seen_what_was_expected_and_why(mme: Mme, text: str) -> None:
    """One line for a person who does not know the standard by heart."""
    assert str(violations(mme, KNOWN)[0]).startswith(text)


def test_a_violation_does_not_tell_the_key() -> None:
    """The NID is compared with the hash of the NMK; the NMK is nowhere in the text."""
    (found,) = violations(replace(LEGAL[CmSlacMatchCnf], nid=Nid(bytes(7))), KNOWN)

    assert str(NID) in str(found)
    assert NMK.hex() not in str(found)


@pytest.mark.parametrize("cls", RULES, ids=lambda cls: cls.name)
def test_rules_name_fields_that_are_there(cls: type[Mme]) -> None:
    """A field or a count of the message, so that a rename is noticed."""
    declared = {f.name for f in fields(cls)} | {"num_groups", "amlen", *OF_FRAME}  # type: ignore[arg-type]

    assert {rule.field for rule in RULES[cls]} <= declared


# Real stations


@needs_captures
def test_captured_messages_break_a_known_few_rules() -> None:
    """All that real stations do wrong in SLAC and key messages, as far as a listener can tell; none is rejected."""
    found = set()
    for path in CAPTURES:
        with open_capture(path) as capture:
            for record in capture.records():
                if is_homeplug(record.octets):
                    frame = decode(record.octets)
                    broken = violations(frame.mme, Context(src=frame.src, dst=frame.dst))
                    found |= {(frame.mme.name, violation.field, grade_of(violation)) for violation in broken}

    assert found == {
        ("CM_START_ATTEN_CHAR.IND", "time_out", NOTE),  # pyPLC says 1000 ms
        ("CM_ATTEN_PROFILE.IND", "num_groups", NOTE),  # a TP-Link measures none
        ("CM_SLAC_MATCH.CNF", "nid", NOTE),  # pyPLC's NID has nothing to do with its NMK
        ("CM_SET_KEY.REQ", "nid", NOTE),  # nor here; the first key after start is all zero
        ("CM_SET_KEY.REQ", "my_nonce", NOTE),  # pyPLC's nonce is AA AA AA AA
    }
