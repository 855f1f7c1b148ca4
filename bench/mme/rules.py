"""What is wrong with a message, each with its rule.

Decoding accepts and encoding permits what no station may send; whether a message is legal is a question asked aloud,
by `violations`. A rule either makes a receiver treat the message as not received (`reject`) or is a departure that
receivers put up with. Rules are those of reference `slac-15118-3.md` 2.1 and 3.1; clause numbers only where known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.ids import BROADCAST, MacAddress, RunId, nid_from_nmk
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

    validation_step  1 or 2, for CM_VALIDATE
    """

    pev_mac: MacAddress | None = None
    evse_mac: MacAddress | None = None
    run_id: RunId | None = None
    validation_step: int | None = None


NOTHING_KNOWN = Context()


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule. *reject*: a receiver treats the message as not received."""

    field: str
    expected: str
    seen: str
    rule: str
    reject: bool

    def __str__(self) -> str:
        return f"{self.field} is {self.seen}, {self.expected} expected ({self.rule})"


Expected = Callable[[Any, Context], Any]
"""(message, what is known) -> the only right value, or None where nothing is known"""


@dataclass(frozen=True, slots=True)
class Rule:
    field: str
    expected: Expected
    text: str
    reject: bool = True

    def check(self, mme: Mme, known: Context) -> Violation | None:
        right = self.expected(mme, known)
        seen = getattr(mme, self.field)
        if right is None or (seen in right if isinstance(right, tuple) else seen == right):
            return None
        return Violation(self.field, _text(right), _text(seen), self.text, self.reject)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return " or ".join(map(_text, value))
    return str(value) if not isinstance(value, bytes) or hasattr(value, "SIZE") else value.hex()


def is_(value: Any) -> Expected:
    return lambda _mme, _known: value


def not_zero(field: str) -> Expected:
    """Any value but 0: the right value is the one seen, unless that is 0."""
    return lambda mme, _known: getattr(mme, field) or "not 0"


def pev_mac(_: Any, known: Context) -> Any:
    return known.pev_mac


def evse_mac(_: Any, known: Context) -> Any:
    return known.evse_mac


def run_id(_: Any, known: Context) -> Any:
    return known.run_id


def in_step(one: Any, two: Any) -> Expected:
    return lambda _mme, known: {1: one, 2: two}.get(known.validation_step)


MATCHING = "PEV-EVSE matching without security"
SAME_RUN = "the RunID of CM_SLAC_PARM.REQ is echoed in every message of the run"
ZERO_IDS = "station ids are zero in ISO 15118-3"

TYPES = (Rule("application_type", is_(0), MATCHING), Rule("security_type", is_(0), MATCHING))
RUN = Rule("run_id", run_id, SAME_RUN)

RULES: dict[type, tuple[Rule, ...]] = {
    CmSlacParmReq: TYPES,
    CmSlacParmCnf: (
        *TYPES,
        Rule("m_sound_target", is_(BROADCAST), "sounds go to everybody"),
        Rule("time_out", not_zero("time_out"), "a window for sounding"),
        Rule("num_sounds", is_(10), "C_EV_match_MNBC", reject=False),
        Rule("time_out", is_(6), "TT_EVSE_match_MNBC, 600 ms", reject=False),
        Rule("resp_type", is_(1), "results go to the forwarding station", reject=False),
        Rule("forwarding_sta", pev_mac, "results go to the PEV that asked"),
        RUN,
    ),
    CmStartAttenCharInd: (
        *TYPES,
        Rule("num_sounds", not_zero("num_sounds"), "as confirmed"),
        Rule("time_out", not_zero("time_out"), "as confirmed"),
        Rule("time_out", is_(6), "as confirmed: 6 by every charger captured", reject=False),
        Rule("resp_type", is_(1), "results go to the forwarding station", reject=False),
        Rule("forwarding_sta", pev_mac, "results go to the PEV that sounds"),
        RUN,
    ),
    CmMnbcSoundInd: (*TYPES, Rule("sender_id", is_(NO_ID), ZERO_IDS, reject=False), RUN),
    CmAttenCharInd: (
        *TYPES,
        Rule("source_address", pev_mac, "the PEV that sounded"),
        RUN,
        Rule("source_id", is_(NO_ID), ZERO_IDS),
        Rule("resp_id", is_(NO_ID), ZERO_IDS),
        Rule("num_sounds", not_zero("num_sounds"), "a mean needs at least one sound"),
        Rule("num_groups", is_(NUM_GROUPS), "58 groups of carriers"),
    ),
    CmAttenCharRsp: (
        *TYPES,
        Rule("source_address", pev_mac, "the PEV that sounded"),
        RUN,
        Rule("source_id", is_(NO_ID), ZERO_IDS),
        Rule("resp_id", is_(NO_ID), ZERO_IDS),
        Rule("result", is_(0), "0 is success"),
    ),
    CmValidateReq: (
        Rule("signal_type", is_(0), "toggling of S2"),
        Rule("result", is_(1), "the PEV is ready"),
    ),
    CmValidateCnf: (
        Rule("signal_type", is_(0), "toggling of S2"),
        Rule("toggle_num", in_step(0, None), "nothing was counted in step 1"),
        Rule("result", in_step((0, 1, 3, 4), None), "success belongs to step 2"),
    ),
    CmSlacMatchReq: (
        *TYPES,
        Rule("mvf_length", is_(MVF_LENGTH_REQ), "length of what follows"),
        Rule("pev_id", is_(NO_ID), ZERO_IDS, reject=False),
        Rule("evse_id", is_(NO_ID), ZERO_IDS, reject=False),
        Rule("pev_mac", pev_mac, "the PEV of this run"),
        Rule("evse_mac", evse_mac, "the EVSE that is asked"),
        RUN,
    ),
    CmSlacMatchCnf: (
        *TYPES,
        Rule("mvf_length", is_(MVF_LENGTH_CNF), "length of what follows"),
        Rule("pev_id", is_(NO_ID), ZERO_IDS, reject=False),
        Rule("evse_id", is_(NO_ID), ZERO_IDS, reject=False),
        Rule("pev_mac", pev_mac, "the PEV that asked"),
        Rule("evse_mac", evse_mac, "the EVSE that was asked"),
        RUN,
        Rule("nid", lambda mme, _: nid_from_nmk(mme.nmk), "NID is the hash of the NMK", reject=False),
    ),
    CmSetKeyReq: (
        Rule("key_type", is_(KEY_TYPE_NMK), "an NMK is set"),
        Rule("pid", is_(HLE_PROTOCOL), "HLE protocol"),
        Rule("my_nonce", is_(bytes(4)), "ISO 15118-3 wants nonces of 0", reject=False),
        Rule("your_nonce", is_(bytes(4)), "ISO 15118-3 wants nonces of 0", reject=False),
        Rule("nid", lambda mme, _: nid_from_nmk(mme.nmk), "NID is the hash of the NMK", reject=False),
    ),
    CmAmpMapReq: (Rule("amlen", not_zero("amlen"), "a map of no carriers is not answered"),),
    CmAmpMapCnf: (Rule("result", is_(0), "anything else counts as no answer"),),
}


def violations(mme: Mme | RawMme, known: Context = NOTHING_KNOWN) -> list[Violation]:
    """Every rule that *mme* breaks, given what is *known*; none for messages without rules."""
    return [broken for rule in RULES.get(type(mme), ()) if (broken := rule.check(mme, known)) is not None]  # type: ignore[arg-type]  # RawMme is in no table
