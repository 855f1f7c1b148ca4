"""What a simulated charging station does: one `ChargerProfile` per station that was recorded.

Every group of fields is a table of `chargers/<id>.toml` under the same name. A `Spread` named `latency` is the key
`latency_ms` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, TypeAlias

from bench.profiles.spread import LevelSpread, Spread
from bench.profiles.vehicle import SdpSecurity

GROUPS = 58
"""Groups of carriers in an attenuation profile of HomePlug Green PHY."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerEvidence:
    """The sample behind a profile; `seen_from` as in `VehicleEvidence`."""

    recorded: str
    seen_from: str
    n_captures: int
    n_attempts_answered: int
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParmCnf:
    """CM_SLAC_PARM.CNF.

    latency                after CM_SLAC_PARM.REQ
    time_out               field in units of 100 ms
    answers_when_matched   whether it still answers a request after a match
    answers_other_cars     whether it answers a car that is plugged in at another station
    assumed                the reason, where the two answers were not seen
    """

    latency: Spread
    num_sounds: int
    time_out: int
    resp_type: int
    answers_when_matched: bool
    answers_other_cars: bool
    assumed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterLastSound:
    """CM_ATTEN_CHAR.IND a time after the last sound."""

    RULE: ClassVar[str] = "after last sound"
    latency: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTimer:
    """CM_ATTEN_CHAR.IND a fixed time after the first CM_START_ATTEN_CHAR.IND, even when all sounds have come."""

    RULE: ClassVar[str] = "at timer"
    after_first_start: Spread


AttenCharIndRule: TypeAlias = AfterLastSound | AtTimer


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSounds:
    """What happens when fewer sounds arrive than announced.

    window    first CM_START_ATTEN_CHAR.IND -> CM_ATTEN_CHAR.IND with what has come; None: it never sends one
    """

    window: Spread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredInd:
    """What happens when no CM_ATTEN_CHAR.RSP comes.

    interval   between repetitions; None: it does not repeat
    repeats    how often; None: until the response
    assumed    the reason, where it was not seen
    """

    interval: Spread | None = None
    repeats: int | None = None
    assumed: str | None = None


class Rounding(Enum):
    """How the mean of a group becomes a whole number of dB."""

    CUT = "cut"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Reports what its modem measured: mean per group over the sounds, plus an offset for its own receive path."""

    RULE: ClassVar[str] = "measured"
    offset_db: LevelSpread
    rounding: Rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthetic:
    """Reports one invented profile, whatever the modem measured."""

    RULE: ClassVar[str] = "synthetic"
    aag: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.aag) != GROUPS:
            raise ValueError(f"aag has {GROUPS} groups, got {len(self.aag)}")


AttenuationReport: TypeAlias = Measured | Synthetic


class NmkStyle(Enum):
    """How long a station keeps its NMK."""

    NEW_PER_SESSION = "new per session"
    FIXED = "fixed"
    FACTORY = "factory"
    """That of every adapter that comes out of its box. No recorded station has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The network key of a station and its own modem.

    set_key_cnf_latency   CM_SET_KEY.REQ -> CNF of its own modem
    nmk_is_printable      its NMKs are 16 printable characters
    assumed               the reason, where nothing of this was visible
    """

    nmk: NmkStyle
    nmk_is_printable: bool
    nid_is_hash_of_nmk: bool
    set_key_cnf_latency: Spread
    assumed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchCnf:
    """CM_SLAC_MATCH.REQ -> CM_SLAC_MATCH.CNF."""

    latency: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPort:
    """Waits for the car at one TCP port."""

    RULE: ClassVar[str] = "fixed"
    port: int

    def __post_init__(self) -> None:
        if not 0 < self.port <= 0xFFFF:
            raise ValueError(f"port is 1 to 65535, got {self.port}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPortPerStart:
    """Takes another TCP port at each start of the station; *lowest* and *highest* as seen."""

    RULE: ClassVar[str] = "new per start"
    lowest: int
    highest: int

    def __post_init__(self) -> None:
        if not 0 < self.lowest < self.highest <= 0xFFFF:
            raise ValueError(f"lowest {self.lowest} < highest {self.highest} must be ports")


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOfPorts:
    """Has several TCP ports and names one of them; which one when is not known."""

    RULE: ClassVar[str] = "one of several"
    ports: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.ports) < 2:
            raise ValueError('"one of several" needs two ports at least')


TcpPortRule: TypeAlias = FixedPort | NewPortPerStart | OneOfPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerSdp:
    """SDP: how the station answers.

    latency                  request -> response
    security                 what it offers
    answers_other_security   whether it answers so too if another one is asked for
    answers_wrong_checksum   whether it answers a request whose UDP checksum is wrong
    tcp_port                 where it waits for the car
    assumed                  which of these were not seen, and the reason
    """

    latency: Spread
    security: SdpSecurity
    answers_other_security: bool
    answers_wrong_checksum: bool
    tcp_port: TcpPortRule
    assumed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerSeen:
    """Figures that follow from the others, the recorded cars and cables. Nothing is driven by them; they are there to
    compare a simulated station with. None: not seen."""

    last_sound_to_atten_char_ind: Spread | None = None
    start_to_atten_char_ind: Spread | None = None
    reported_average_db: LevelSpread | None = None
    reported_minus_measured_db: LevelSpread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerProfile:
    """One charging station, as far as SLAC and SDP can see it.

    aliases   further pytest markers that select this profile
    modem     adapter profile that plays its modem
    v2g       habits and medians of the V2G session, not interpreted here
    """

    id: str
    implementation: str
    modem: str
    evidence: ChargerEvidence
    parm_cnf: ParmCnf
    atten_char_ind: AttenCharIndRule
    missing_sounds: MissingSounds
    unanswered_ind: UnansweredInd
    attenuation: AttenuationReport
    match_cnf: MatchCnf
    key: Key
    sdp: ChargerSdp
    aliases: tuple[str, ...] = ()
    seen: ChargerSeen = ChargerSeen()
    v2g: Mapping[str, Any] = field(hash=False)

    @property
    def markers(self) -> tuple[str, ...]:
        """Names that select this station: `compleo_cito`, then the aliases."""
        return (self.id.replace("-", "_"), *self.aliases)
