"""What is wrong with a message, each with its rule.

Decoding accepts and encoding permits what no station may send; whether a message is legal is a question asked aloud,
by `violations`. Three grades:

    reject      a receiver treats the message as not received, and so do our stations
    tolerated   ISO 15118-3 would have it rejected, but stations in the field send it; our stations go on and note it
    neither     a departure that no receiver has to look at; it is noted

What is not decided by one message and `Context` (is it the right moment, is there such a run) is left to the machines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from bench.ids import BROADCAST, MacAddress, Nid, Octets, RunId, nid_from_nmk
from bench.mme.frame import RawMme
from bench.mme.key import HLE_PROTOCOL, KEY_TYPE_NMK, CmSetKeyReq
from bench.mme.network import CmAmpMapCnf, CmAmpMapReq
from bench.mme.record import Mme
from bench.mme.slac import (
    MVF_LENGTH_CNF,
    MVF_LENGTH_REQ,
    NO_ID,
    NUM_GROUPS,
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
)


@dataclass(frozen=True, slots=True)
class Context:
    """What the receiver knows. None: not known, not checked.

    pev_mac, evse_mac, run_id  of the run that the message should belong to
    num_sounds                 as the EVSE announced it in CM_SLAC_PARM.CNF
    validation_step            1 or 2, for CM_VALIDATE
    src, dst                   of the frame that brought the message
    """

    pev_mac: MacAddress | None = None
    evse_mac: MacAddress | None = None
    run_id: RunId | None = None
    num_sounds: int | None = None
    validation_step: int | None = None
    src: MacAddress | None = None
    dst: MacAddress | None = None


NOTHING_KNOWN = Context()


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    reject     a receiver treats the message as not received
    tolerated  why a receiver goes on although ISO 15118-3 rejects the message; empty: nothing to put up with
    """

    field: str
    expected: str
    seen: str
    rule: str
    reject: bool
    tolerated: str = ""

    def __str__(self) -> str:
        return f"{self.field} is {self.seen}, {self.expected} expected ({self.rule})"


@dataclass(frozen=True, slots=True)
class OneOf:
    """More than one value is right."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class AnyBut:
    """Only one value is wrong."""

    value: object


@dataclass(frozen=True, slots=True)
class AtMost:
    """Any number that is not greater."""

    value: int


Expected: TypeAlias = Callable[[Any, Context], object]
"""(message, what is known) -> the right value, `OneOf`, `AnyBut`, `AtMost`, or None where nothing is known"""


@dataclass(frozen=True, slots=True)
class Rule:
    """What *field*, of the message or of its frame, has to be. *text* says why, for a person."""

    field: str
    expected: Expected
    text: str
    reject: bool = True
    tolerated: str = ""

    def check(self, mme: Mme, known: Context) -> Violation | None:
        right, seen = self.expected(mme, known), getattr(known if self.field in OF_FRAME else mme, self.field)
        if right is None or seen is None or _fits(seen, right):
            return None
        return Violation(
            self.field, _text(right), _text(seen), self.text, self.reject and not self.tolerated, self.tolerated
        )


OF_FRAME = ("src", "dst")


def _fits(seen: object, right: object) -> bool:
    if isinstance(right, OneOf):
        return seen in right.values
    if isinstance(right, AnyBut):
        return seen != right.value
    if isinstance(right, AtMost):
        return isinstance(seen, int) and seen <= right.value
    return seen == right


def _text(value: object) -> str:
    if isinstance(value, OneOf):
        return " or ".join(map(_text, value.values))
    if isinstance(value, AnyBut):
        return f"anything but {_text(value.value)}"
    if isinstance(value, AtMost):
        return f"at most {value.value}"
    if isinstance(value, bytes) and not isinstance(value, Octets):
        return value.hex() or "missing"
    return str(value)


def is_(value: object) -> Expected:
    return lambda _mme, _known: value


NOT_ZERO = is_(AnyBut(0))


def pev_mac(_: Mme, known: Context) -> MacAddress | None:
    return known.pev_mac


def evse_mac(_: Mme, known: Context) -> MacAddress | None:
    return known.evse_mac


def run_id(_: Mme, known: Context) -> RunId | None:
    return known.run_id


def announced(_: Mme, known: Context) -> int | None:
    return known.num_sounds


def at_most_announced(_: Mme, known: Context) -> AtMost | None:
    return None if known.num_sounds is None else AtMost(known.num_sounds)


def hash_of_nmk(mme: CmSlacMatchCnf | CmSetKeyReq, _: Context) -> Nid:
    return nid_from_nmk(mme.nmk)


def in_first_step(value: object) -> Expected:
    """Of CM_VALIDATE.CNF, which does not say itself to which request it belongs."""
    return lambda _mme, known: value if known.validation_step == 1 else None


APPLICATION = "0 is PEV-EVSE matching, the only application there is"
SECURITY = "0 is no security, as ISO 15118-3 has it"
SAME_RUN = "the RunID of CM_SLAC_PARM.REQ is repeated in every message of the run"
ZERO_ID = "ISO 15118-3 does not use station ids: 17 octets of zero"
RESULTS = "1: results go to the forwarding station"
RESERVED = "reserved octets are zero"
SIX = "TT_EVSE_match_MNBC is 600 ms, in units of 100 ms"
NID_OF_NMK = "stations derive the NID from the NMK; another one finds no network"
NO_NONCE = "ISO 15118-3 sends no nonces"

DEBIAN_EVSE = "Debian's evse sends 0 unless it is configured"
DEBIAN_IDS = "Debian's pev and evse put letters there"

TYPES = (Rule("application_type", is_(0), APPLICATION), Rule("security_type", is_(0), SECURITY))
RUN = Rule("run_id", run_id, SAME_RUN)
RESP_TYPE = Rule("resp_type", is_(1), RESULTS, tolerated=DEBIAN_EVSE)
MATCH_IDS = (
    Rule("pev_id", is_(NO_ID), ZERO_ID, tolerated=DEBIAN_IDS),
    Rule("evse_id", is_(NO_ID), ZERO_ID, tolerated=DEBIAN_IDS),
)
ATTEN_IDS = (Rule("source_id", is_(NO_ID), ZERO_ID), Rule("resp_id", is_(NO_ID), ZERO_ID))
ZERO_RESERVED = Rule("reserved", is_(bytes(8)), RESERVED, reject=False)

FROM_PEV = Rule("src", pev_mac, "a run is one PEV's; another one has its own")
FROM_EVSE = Rule("src", evse_mac, "the EVSE that was asked answers")
TO_ALL = Rule("dst", is_(BROADCAST), "every EVSE in reach has to hear it", reject=False)
TO_PEV = Rule("dst", pev_mac, "it is for this PEV alone", reject=False)
TO_EVSE = Rule("dst", evse_mac, "it is for this EVSE alone", reject=False)

RULES: dict[type[Mme], tuple[Rule, ...]] = {
    CmSlacParmReq: (TO_ALL, *TYPES),
    CmSlacParmCnf: (
        TO_PEV,
        Rule("m_sound_target", is_(BROADCAST), "sounds go to everybody, for every EVSE in reach measures them"),
        Rule("num_sounds", is_(10), "C_EV_match_MNBC is 10", reject=False),
        Rule("time_out", NOT_ZERO, "a window of no length hears no sound"),
        Rule("time_out", is_(6), SIX, reject=False),
        RESP_TYPE,
        Rule("forwarding_sta", pev_mac, "results go to the PEV that asked"),
        *TYPES,
        RUN,
    ),
    CmStartAttenCharInd: (
        FROM_PEV,
        TO_ALL,
        *TYPES,
        Rule("num_sounds", NOT_ZERO, "as many sounds as the EVSE confirmed, so at least one"),
        Rule("num_sounds", announced, "as many sounds as the EVSE confirmed", reject=False),
        Rule("time_out", NOT_ZERO, "the window the EVSE confirmed, so one of some length"),
        Rule("time_out", is_(6), SIX, reject=False),
        RESP_TYPE,
        Rule("forwarding_sta", pev_mac, "results go to the PEV that sounds"),
        RUN,
    ),
    CmMnbcSoundInd: (
        FROM_PEV,
        TO_ALL,
        *TYPES,
        Rule("sender_id", is_(NO_ID), ZERO_ID, reject=False),
        Rule("cnt", at_most_announced, "sounds still to come: 9 ... 0 of ten, or 10 ... 1", reject=False),
        RUN,
        ZERO_RESERVED,
    ),
    CmAttenProfileInd: (Rule("num_groups", is_(NUM_GROUPS), "a modem measures 58 groups of carriers", reject=False),),
    CmAttenCharInd: (
        TO_PEV,
        *TYPES,
        Rule("source_address", pev_mac, "the PEV that sounded"),
        RUN,
        *ATTEN_IDS,
        Rule("num_sounds", NOT_ZERO, "a mean needs at least one sound"),
        Rule("num_sounds", at_most_announced, "no more sounds than there were", reject=False),
        Rule("num_groups", is_(NUM_GROUPS), "the mean of each of 58 groups of carriers"),
    ),
    CmAttenCharRsp: (
        FROM_PEV,
        TO_EVSE,
        *TYPES,
        Rule("source_address", pev_mac, "the PEV that sounded"),
        RUN,
        *ATTEN_IDS,
        Rule("result", is_(0), "0 is success; a PEV has nothing else to say"),
    ),
    CmValidateReq: (
        FROM_PEV,
        TO_EVSE,
        Rule("signal_type", is_(0), "0 is toggling of S2, the only signal there is"),
        Rule("result", is_(1), "1: the PEV is ready"),
    ),
    CmValidateCnf: (
        FROM_EVSE,
        TO_PEV,
        Rule("signal_type", is_(0), "0 is toggling of S2, the only signal there is"),
        Rule("toggle_num", in_first_step(0), "in step 1 nothing has been counted yet"),
        Rule(
            "result",
            in_first_step(OneOf((0, 1, 3, 4))),
            "not ready, ready, failure or not required; success (2) comes in step 2",
        ),
    ),
    CmSlacMatchReq: (
        FROM_PEV,
        TO_EVSE,
        *TYPES,
        Rule("mvf_length", is_(MVF_LENGTH_REQ), "number of octets that follow"),
        *MATCH_IDS,
        Rule("pev_mac", pev_mac, "the PEV of this run"),
        Rule("evse_mac", evse_mac, "the EVSE that is asked"),
        RUN,
        ZERO_RESERVED,
    ),
    CmSlacMatchCnf: (
        FROM_EVSE,
        TO_PEV,
        *TYPES,
        Rule("mvf_length", is_(MVF_LENGTH_CNF), "number of octets that follow"),
        *MATCH_IDS,
        Rule("pev_mac", pev_mac, "the PEV that asked"),
        Rule("evse_mac", evse_mac, "the EVSE that was asked"),
        RUN,
        ZERO_RESERVED,
        Rule("nid", hash_of_nmk, NID_OF_NMK, reject=False),
    ),
    CmSetKeyReq: (
        Rule("key_type", is_(KEY_TYPE_NMK), "1 is an NMK, the only key a host sets"),
        Rule("pid", is_(HLE_PROTOCOL), "4 is the protocol between a host and its own modem"),
        Rule("my_nonce", is_(bytes(4)), NO_NONCE, reject=False),
        Rule("your_nonce", is_(bytes(4)), NO_NONCE, reject=False),
        Rule("new_eks", is_(KEY_TYPE_NMK), "1: the key is an NMK", reject=False),
        Rule("nid", hash_of_nmk, NID_OF_NMK, reject=False),
    ),
    CmAmpMapReq: (Rule("amlen", NOT_ZERO, "a map of no carriers is not answered"),),
    CmAmpMapCnf: (Rule("result", is_(0), "0 is success; anything else counts as no answer"),),
}


def violations(mme: Mme | RawMme, known: Context = NOTHING_KNOWN) -> list[Violation]:
    """Every rule that *mme* breaks, given what is *known*; none for messages without rules."""
    if isinstance(mme, RawMme):
        return []
    return [broken for rule in RULES.get(type(mme), ()) if (broken := rule.check(mme, known)) is not None]
