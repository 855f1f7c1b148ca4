"""What a simulated car does: one `VehicleProfile` per car model that was recorded.

Every group of fields is a table of `vehicles/<id>.toml` under the same name. A `Spread` named `interval` is the key
`interval_ms` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, TypeAlias

from bench.ids import MacAddress, RunId
from bench.profiles.spread import LevelSpread, Ms, Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleEvidence:
    """The sample behind a profile.

    seen_from     where the recorder sat: "EVSE host", "PEV host", "third modem", "inside the car (10 ms)"
    n_overheard   attempts heard while the car was plugged in at another station; no figure rests on them
    """

    recorded: str
    seen_from: str
    n_captures: int
    n_attempts: int
    n_matched: int
    n_overheard: int
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()


class MacStyle(Enum):
    """How long a car keeps its PLC address."""

    FIXED = "fixed"
    NEW_PER_PLUG_IN = "new per plug-in"
    NEW_PER_ATTEMPT = "new per attempt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mac:
    """The address a simulated car uses. Invented: locally administered, or below a prefix that whole makes share.

    address   of a car that keeps it
    prefix    octets that stay when the rest is new, e.g. 00:7d:fa
    """

    style: MacStyle
    address: MacAddress | None = None
    prefix: bytes | None = None

    def __post_init__(self) -> None:
        if self.style is MacStyle.FIXED and self.address is None:
            raise ValueError('style "fixed" needs an address')
        if self.style is not MacStyle.FIXED and self.prefix is None:
            raise ValueError(f'style "{self.style.value}" needs a prefix')
        if self.prefix is not None and not 1 <= len(self.prefix) <= 5:
            raise ValueError(f"a prefix has 1 to 5 octets, got {len(self.prefix)}")


class RunIdStyle(Enum):
    """How a car chooses its RunID."""

    MAC_PLUS_0000 = "own MAC + 0000"
    MAC_PLUS_0001 = "own MAC + 0001"
    TEXT = "text"
    ZERO = "zero"
    RANDOM = "random"
    COUNTING = "counting"
    SHARED_SEQUENCE = "shared sequence"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdHabit:
    """The RunID of a car.

    example   one RunID; of a MAC style, the one this profile's own address gives
    text      eight ASCII characters, style TEXT
    seen      style SHARED_SEQUENCE: RunIDs that cars of this family used. They are cut from one byte sequence, so the
              same ones come back, in cars of several makes
    COUNTING is eight consecutive octet values, the first a multiple of 8. MAC styles, TEXT and ZERO never change.
    """

    style: RunIdStyle
    example: RunId
    text: str | None = None
    seen: tuple[RunId, ...] = ()

    def __post_init__(self) -> None:
        if (self.style is RunIdStyle.TEXT) != (self.text is not None):
            raise ValueError('text belongs to style "text" and to no other')
        if self.text is not None and self.text.encode() != self.example:
            raise ValueError(f"the example of text {self.text!r} is {self.text.encode().hex()}")
        if (self.style is RunIdStyle.SHARED_SEQUENCE) != bool(self.seen):
            raise ValueError('seen belongs to style "shared sequence" and to no other')


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """From the control pilot to the first CM_SLAC_PARM.REQ.

    pwm_on_to_parm_req      first 5 % duty cycle -> first request; some cars sleep and need more than 10 s
    connected_to_parm_req   plug-in, as the station noticed it -> first request
    """

    pwm_on_to_parm_req: Spread
    connected_to_parm_req: Spread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A request that some cars send twice in quick succession.

    share   of the attempts that begin so, 0 to 1
    """

    after: Spread
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ParmReq:
    """CM_SLAC_PARM.REQ while nobody answers: bursts of requests, with pauses.

    interval              request -> next request of the same burst
    requests_per_burst    None: goes on at this interval until it is answered
    interval_after_pair   second request of a pair -> first of the next pair, where requests come in pairs
    burst_interval        first request of a burst -> first of the next one; None: gives up until the next plug-in
    new_run_id_per_burst  whether the next burst uses another RunID (if the RunID style allows)
    assumed               the reason, where the pattern was not seen
    """

    interval: Spread
    requests_per_burst: int | None = None
    interval_after_pair: Spread | None = None
    burst_interval: Spread | None = None
    new_run_id_per_burst: bool = True
    duplicate: Duplicate | None = None
    assumed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """CM_START_ATTEN_CHAR.IND: how many, when, which fields.

    cnf_to_start        CM_SLAC_PARM.CNF -> first one, as measured at the recorded stations
    parm_req_to_start   where the car counts from its request (it waits for further stations): answered request -> first
                        one; None: it counts from the confirmation
    time_out            field in units of 100 ms
    """

    count: int
    interval: Spread
    num_sounds: int
    time_out: int
    resp_type: int
    cnf_to_start: Spread
    parm_req_to_start: Spread | None = None


class CountOrder(Enum):
    """Cnt of the ten sounds."""

    DOWN = "9..0"
    UP = "0..9"


class RndStyle(Enum):
    """Content of the Rnd field of a sound."""

    RANDOM = "random"
    ALL_FF = "all FF"
    ALL_00 = "all 00"


@dataclass(frozen=True, slots=True, kw_only=True)
class LateSound:
    """One sound of an attempt that comes late, while the next one follows at once.

    interval        before the late sound
    next_interval   after it
    share           of the attempts in which it happens, 0 to 1
    """

    interval: Spread
    next_interval: Spread
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """CM_MNBC_SOUND.IND.

    after_last_start   last CM_START_ATTEN_CHAR.IND -> first sound
    """

    count: int
    order: CountOrder
    rnd: RndStyle
    after_last_start: Spread
    interval: Spread
    late: LateSound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttenCharRsp:
    """CM_ATTEN_CHAR.IND -> CM_ATTEN_CHAR.RSP."""

    latency: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterFirstStart:
    """CM_SLAC_MATCH.REQ by schedule: a fixed time after the first CM_START_ATTEN_CHAR.IND, whatever happens between."""

    RULE: ClassVar[str] = "after first start"
    at: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterRsp:
    """CM_SLAC_MATCH.REQ a time after the car's own CM_ATTEN_CHAR.RSP."""

    RULE: ClassVar[str] = "after rsp"
    delay: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class NextGridStep:
    """CM_SLAC_MATCH.REQ at once, on a raster that begins with the first CM_START_ATTEN_CHAR.IND.

    grid          the step
    least_delay   after CM_ATTEN_CHAR.RSP that the step must leave; a nearer step is missed
    """

    RULE: ClassVar[str] = "next grid step"
    grid: Ms
    least_delay: Ms


MatchReqRule: TypeAlias = AfterFirstStart | AfterRsp | NextGridStep


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterMatch:
    """From CM_SLAC_MATCH.CNF on; all counted from it.

    set_key              CM_SET_KEY.REQ to the car's own modem
    joined               the car's modem is in the AVLN
    sdp                  first SDP request
    first_frame          first frame of the car in the network; None: not seen
    first_frame_to_sdp   what lies between the two, the one figure that is not counted from CM_SLAC_MATCH.CNF; None: the
                         first frame is the SDP request itself, or was not seen
    """

    set_key: Spread
    joined: Spread
    sdp: Spread
    first_frame: Spread | None = None
    first_frame_to_sdp: Spread | None = None

    def __post_init__(self) -> None:
        if self.first_frame_to_sdp is not None and self.first_frame is None:
            raise ValueError("first_frame_to_sdp_ms needs first_frame_ms")


class SdpSecurity(Enum):
    """What SDP asks for and offers."""

    TLS = "TLS"
    NO_TLS = "no TLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSdp:
    """SDP: what the car asks for, how often, and what it does with the answer.

    securities             in this order; the next one when the one before has been asked for in vain
    interval               unanswered request -> next one
    requests_per_security  how often it asks for each; None: no end
    takes_no_tls           whether the answer "no TLS" to a request for TLS will do
    answer_to_syn          accepted answer -> TCP SYN
    hop_limit              of its SDP requests and of TCP
    assumed                which of these were not seen, and the reason
    """

    securities: tuple[SdpSecurity, ...]
    interval: Spread
    requests_per_security: int | None
    takes_no_tls: bool
    answer_to_syn: Spread
    hop_limit: int
    assumed: str | None = None

    def __post_init__(self) -> None:
        if not self.securities or len(set(self.securities)) != len(self.securities):
            raise ValueError("securities names each security once, and one at least")
        if self.requests_per_security is not None and self.requests_per_security < 1:
            raise ValueError(f"requests_per_security counts requests, got {self.requests_per_security}")
        if not 1 <= self.hop_limit <= 255:
            raise ValueError(f"hop_limit is 1 to 255, got {self.hop_limit}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """When a car begins a new matching of its own accord; None: not seen.

    after_failed_join          CM_SLAC_MATCH.CNF without a network -> next CM_SLAC_PARM.REQ
    after_unfinished_attempt   last frame of an attempt that led nowhere -> next CM_SLAC_PARM.REQ
    after_session              end of a charging session, still plugged in -> next CM_SLAC_PARM.REQ
    """

    after_failed_join: Spread | None = None
    after_unfinished_attempt: Spread | None = None
    after_session: Spread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attenuation:
    """path_db   mean of the profiles that the modem of its own station measured: cable, modem and station together."""

    path_db: LevelSpread


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSeen:
    """Figures that follow from the others and from the recorded station. Nothing is driven by them; they are there
    to compare a simulated car with. None: not seen."""

    start_to_first_sound: Spread | None = None
    rsp_to_match_req: Spread | None = None
    start_to_match_req: Spread | None = None
    answered_req_to_match_cnf: Spread | None = None
    reported_attenuation_db: LevelSpread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleProfile:
    """One car model, as far as SLAC and SDP can see it.

    model, software   as the source states them
    real_car          False for a program that plays a car
    aliases           further pytest markers that select this profile
    modem             adapter profile that plays its modem
    v2g               habits and medians of the V2G session, not interpreted here
    """

    id: str
    model: str
    software: str
    real_car: bool
    modem: str
    evidence: VehicleEvidence
    mac: Mac
    run_id: RunIdHabit
    pilot: Pilot
    parm_req: ParmReq
    start: Start
    sounds: Sounds
    atten_char_rsp: AttenCharRsp
    match_req: MatchReqRule
    after_match: AfterMatch
    sdp: VehicleSdp
    attenuation: Attenuation
    aliases: tuple[str, ...] = ()
    restart: Restart = Restart()
    seen: VehicleSeen = VehicleSeen()
    v2g: Mapping[str, Any] = field(hash=False)

    @property
    def markers(self) -> tuple[str, ...]:
        """Names that select this car: `hyundai_ioniq28`, then the aliases, `ioniq`."""
        return (self.id.replace("-", "_"), *self.aliases)
