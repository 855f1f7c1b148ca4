"""The frames of one attempt, sorted by message, and the rules that cut a capture into attempts."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from bench.analysis.limits import ATTEMPT_GAP
from bench.analysis.model import ModemRestart, NetworkProof, SetKey
from bench.analysis.sdp_model import AttemptSdp
from bench.analysis.tcp_model import AttemptTcp
from bench.capture import UNKNOWN_ADDRESS
from bench.ids import BROADCAST, MacAddress, RunId
from bench.mme import (
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
    VsAttenCharInd,
)
from bench.units import Ns

M = TypeVar("M", covariant=True)


class Heard(NamedTuple, Generic[M]):
    """A message with its frame number, time and addresses."""

    number: int
    t: Ns
    dst: MacAddress
    src: MacAddress
    mme: M


SlacMme: TypeAlias = (
    CmSlacParmReq
    | CmSlacParmCnf
    | CmStartAttenCharInd
    | CmMnbcSoundInd
    | CmAttenProfileInd
    | VsAttenCharInd
    | CmAttenCharInd
    | CmAttenCharRsp
    | CmValidateReq
    | CmValidateCnf
    | CmSlacMatchReq
    | CmSlacMatchCnf
)
SLAC_MESSAGES = (
    CmSlacParmReq,
    CmSlacParmCnf,
    CmStartAttenCharInd,
    CmMnbcSoundInd,
    CmAttenProfileInd,
    VsAttenCharInd,
    CmAttenCharInd,
    CmAttenCharRsp,
    CmValidateReq,
    CmValidateCnf,
    CmSlacMatchReq,
    CmSlacMatchCnf,
)
"""What belongs to an attempt, the modems' own messages included."""
OF_THE_CAR = (CmSlacParmReq, CmStartAttenCharInd, CmMnbcSoundInd, CmAttenCharRsp, CmSlacMatchReq)
"""What a PEV sends, with a RunID in it."""

PARAM = (CmSlacParmReq, CmSlacParmCnf)
PROGRESS = (CmStartAttenCharInd, CmMnbcSoundInd, CmAttenCharInd, CmSlacMatchReq, CmSlacMatchCnf)
"""After one of these a new request means a new attempt."""
GOING_ON = (CmStartAttenCharInd, CmMnbcSoundInd, CmAttenCharRsp, CmSlacMatchReq)
"""What a PEV sends once it was answered."""


class Conversation:
    """One attempt while its frames arrive.

    set_key_before  the last CM_SET_KEY.REQ before the attempt
    set_key_after   the first one after CM_SLAC_MATCH.CNF
    """

    def __init__(self, index: int, set_key_before: SetKey | None) -> None:
        self.index = index
        self.param_reqs: list[Heard[CmSlacParmReq]] = []
        self.param_cnfs: list[Heard[CmSlacParmCnf]] = []
        self.starts: list[Heard[CmStartAttenCharInd]] = []
        self.sounds: list[Heard[CmMnbcSoundInd]] = []
        self.atten_profiles: list[Heard[CmAttenProfileInd]] = []
        self.vs_atten_chars: list[Heard[VsAttenCharInd]] = []
        self.atten_inds: list[Heard[CmAttenCharInd]] = []
        self.atten_rsps: list[Heard[CmAttenCharRsp]] = []
        self.validate_reqs: list[Heard[CmValidateReq]] = []
        self.validate_cnfs: list[Heard[CmValidateCnf]] = []
        self.match_reqs: list[Heard[CmSlacMatchReq]] = []
        self.match_cnfs: list[Heard[CmSlacMatchCnf]] = []
        self._by_type: dict[type[object], list[Any]] = {
            CmSlacParmReq: self.param_reqs,
            CmSlacParmCnf: self.param_cnfs,
            CmStartAttenCharInd: self.starts,
            CmMnbcSoundInd: self.sounds,
            CmAttenProfileInd: self.atten_profiles,
            VsAttenCharInd: self.vs_atten_chars,
            CmAttenCharInd: self.atten_inds,
            CmAttenCharRsp: self.atten_rsps,
            CmValidateReq: self.validate_reqs,
            CmValidateCnf: self.validate_cnfs,
            CmSlacMatchReq: self.match_reqs,
            CmSlacMatchCnf: self.match_cnfs,
        }
        self.first: Heard[SlacMme] | None = None
        self.last: Heard[SlacMme] | None = None
        self.last_of_car: tuple[MacAddress, RunId] | None = None
        self.last_param_t: Ns | None = None
        self.progressed = False
        self.set_key_before = set_key_before
        self.set_key_after: SetKey | None = None
        self.network_proof: NetworkProof | None = None
        self.sdp: AttemptSdp | None = None
        self.tcp: AttemptTcp | None = None
        self.restart: ModemRestart | None = None

    def add(self, heard: Heard[SlacMme]) -> None:
        mme = heard.mme
        self._by_type[type(mme)].append(heard)
        if self.first is None:
            self.first = heard
        self.last = heard
        if isinstance(mme, OF_THE_CAR):
            self.last_of_car = heard.src, mme.run_id
        if isinstance(mme, PARAM):
            self.last_param_t = heard.t
        elif isinstance(mme, PROGRESS):
            self.progressed = True

    @property
    def counts(self) -> dict[type[object], int]:
        return {kind: len(heard) for kind, heard in self._by_type.items()}

    @property
    def goes_on(self) -> bool:
        """Whether the car acted as if it had been answered."""
        return bool(self.starts or self.sounds or self.atten_rsps or self.match_reqs)


def opens_attempt(current: Conversation | None, heard: Heard[SlacMme]) -> bool:
    """Whether *heard* begins a new attempt rather than going on with *current*."""
    if current is None or current.last is None:
        return True
    mme = heard.mme
    if isinstance(mme, CmSlacParmReq):
        return _request_opens(current, current.last, heard, mme)
    if isinstance(mme, CmSlacParmCnf):
        return current.progressed and not current.param_reqs
    if isinstance(mme, GOING_ON):
        return _unheard_request_opens(current, current.last, heard, mme)
    return False


def _request_opens(current: Conversation, last: Heard[SlacMme], heard: Heard[SlacMme], request: CmSlacParmReq) -> bool:
    if current.progressed:
        return True
    if current.param_reqs:
        previous = current.param_reqs[-1]
        if previous.mme.run_id != request.run_id or previous.src != heard.src:
            return True
    since = last.t if current.last_param_t is None else current.last_param_t
    return heard.t - since > ATTEMPT_GAP


def _unheard_request_opens(
    current: Conversation,
    last: Heard[SlacMme],
    heard: Heard[SlacMme],
    mme: CmStartAttenCharInd | CmMnbcSoundInd | CmAttenCharRsp | CmSlacMatchReq,
) -> bool:
    """A car whose CM_SLAC_PARM.REQ was not heard: it shows itself in the middle, after a pause."""
    if heard.t - last.t <= ATTEMPT_GAP:
        return False
    if current.progressed and isinstance(mme, CmStartAttenCharInd):
        return True
    if current.last_of_car is not None:
        return current.last_of_car != (heard.src, mme.run_id)
    if current.param_cnfs:
        answer = current.param_cnfs[-1]
        return addressee(answer) != heard.src or answer.mme.run_id != mme.run_id
    return True


def addressee(answer: Heard[CmSlacParmCnf]) -> MacAddress:
    """The PEV a CM_SLAC_PARM.CNF is meant for; a cooked capture tells it in the message only."""
    return answer.dst if is_station(answer.dst) else answer.mme.forwarding_sta


def is_station(address: bytes) -> bool:
    """Whether *address* names one station: neither broadcast nor lost in a cooked capture."""
    return address not in (UNKNOWN_ADDRESS, BROADCAST)
