"""What the analysis says: typed values, times as Ns. `as_json` alone turns them into seconds and milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from bench.analysis.pilot_model import AttemptPilot
from bench.analysis.sdp_model import AttemptSdp, SdpLog
from bench.analysis.tcp_model import AttemptTcp
from bench.ids import MacAddress, Nid, Nmk, RunId
from bench.units import Ns


class Role(StrEnum):
    """Where the recorder sits."""

    PEV = "pev"
    EVSE = "evse"
    LISTENER = "listener"
    PEV_INTERNAL = "pev_internal"


@dataclass(frozen=True, slots=True)
class Recorder:
    """Who recorded. None where it is not known.

    host    the recording computer, or the car's main controller for PEV_INTERNAL
    modem   the modem attached to it
    """

    role: Role | None = None
    host: MacAddress | None = None
    modem: MacAddress | None = None

    @property
    def plays_car(self) -> bool:
        return self.role in (Role.PEV, Role.PEV_INTERNAL)


class Outcome(StrEnum):
    ANSWERED_BY_OTHER_EVSE = "answered_by_other_evse"
    CAPTURE_ENDS_DURING_ATTEMPT = "capture_ends_during_attempt"
    NO_PARAM_CNF = "no_param_cnf"
    MATCHED_NETWORK_CONFIRMED = "matched_network_confirmed"
    MATCHED_NETWORK_NOT_CONFIRMED = "matched_network_not_confirmed"
    NO_MATCH_CNF = "no_match_cnf"
    NO_MATCH_REQ = "no_match_req"
    NO_ATTEN_CHAR_IND = "no_atten_char_ind"
    NO_SOUNDS = "no_sounds"
    STOPPED_AFTER_PARAM_CNF = "stopped_after_param_cnf"
    FRAGMENT = "fragment"

    @property
    def matched(self) -> bool:
        return self in (Outcome.MATCHED_NETWORK_CONFIRMED, Outcome.MATCHED_NETWORK_NOT_CONFIRMED)

    @property
    def failed(self) -> bool:
        """Whether a station did not do its part; False also where the capture does not allow to judge."""
        return self not in (
            Outcome.MATCHED_NETWORK_CONFIRMED,
            Outcome.ANSWERED_BY_OTHER_EVSE,
            Outcome.CAPTURE_ENDS_DURING_ATTEMPT,
            Outcome.FRAGMENT,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure from the rules: its code, a sentence, and the frames that show it."""

    code: str
    text: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Visibility:
    pev_frames: bool
    evse_frames: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A CM_SLAC_PARM.REQ and the confirmation that belongs to it."""

    req_frame: int
    cnf_frame: int | None = None
    latency: Ns | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An EVSE that answered."""

    evse_mac: MacAddress
    param_cnf: int
    param_response: Ns | None
    atten_char_ind: int
    reported_average_db: float | None
    atten_char_rsp: int
    matched: bool


@dataclass(frozen=True, slots=True)
class Attenuation:
    """The content of CM_ATTEN_CHAR.IND."""

    num_sounds: int
    groups_db: bytes
    repeated_identical: bool
    synthetic: bool

    @property
    def average_db(self) -> float | None:
        return sum(self.groups_db) / len(self.groups_db) if self.groups_db else None


@dataclass(frozen=True, slots=True)
class Profile:
    """What one modem measured, by one kind of message.

    mean_groups_db   mean over the sounds, per group; empty for a modem that reports no groups
    differences_db   reported minus measured, per group; empty where they cannot be compared
    """

    kind: str
    source_mac: MacAddress
    pev_mac: MacAddress
    frames: tuple[int, ...]
    per_sound_average_db: tuple[float, ...]
    mean_groups_db: tuple[float, ...]
    differences_db: tuple[float, ...]

    @property
    def num_groups(self) -> int:
        return len(self.mean_groups_db)

    @property
    def average_db(self) -> float | None:
        return sum(self.mean_groups_db) / self.num_groups if self.mean_groups_db else None


@dataclass(frozen=True, slots=True)
class Hearer:
    """A modem that hears the sounds, with the mean attenuation it reports."""

    mac: MacAddress
    average_db: float
    local: bool


@dataclass(frozen=True, slots=True)
class Key:
    """What CM_SLAC_MATCH.CNF hands over."""

    frame: int
    nid: Nid
    nmk: Nmk
    nid_is_hash_of_nmk: bool


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A CM_SET_KEY.CNF. Result 1 is the normal answer of a local modem that accepts the key."""

    frame: int
    t: Ns
    src: MacAddress
    result: int
    latency: Ns


@dataclass(slots=True)
class SetKey:
    """A CM_SET_KEY.REQ; *confirmations* fill for 2 s after it."""

    frame: int
    t: Ns
    src: MacAddress
    dst: MacAddress
    key_type: int
    pid: int
    new_eks: int
    nonce: bytes
    nid: Nid
    nmk: Nmk
    confirmations: list[Confirmation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NetworkProof:
    """The first frame that can only be there because the new network works."""

    frame: int
    t: Ns
    kind: str
    mac: MacAddress
    after_match_cnf: Ns
    after_set_key: Ns | None


@dataclass(slots=True)
class ModemRestart:
    """The recorder's own modem does not answer for a while after its key was set.

    silent_*       the first question it left unanswered; its restart began before that
    last_answer_t  its last answer before, None if there was none since the key
    back_*         its first answer after; None if none was recorded
    """

    silent_frame: int
    silent_t: Ns
    last_answer_t: Ns | None = None
    back_frame: int | None = None
    back_t: Ns | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """Intervals of one attempt; None or empty where an end of the interval is not in the capture.

    The names are those of the JSON form. `*_intervals` become min/mean/max there.
    """

    param_response: Ns | None = None
    param_first_req_to_cnf: Ns | None = None
    param_responses: tuple[Ns, ...] = ()
    param_req_intervals: tuple[Ns, ...] = ()
    param_cnf_to_start: Ns | None = None
    start_intervals: tuple[Ns, ...] = ()
    start_to_first_sound: Ns | None = None
    last_start_to_first_sound: Ns | None = None
    sound_intervals: tuple[Ns, ...] = ()
    last_sound_to_atten_char_ind: Ns | None = None
    sounds_sent_before_atten_char_ind: int | None = None
    start_to_atten_char_ind: Ns | None = None
    last_start_to_atten_char_ind: Ns | None = None
    first_sound_to_atten_char_ind: Ns | None = None
    atten_char_rsp_latency: Ns | None = None
    atten_char_rsp_latency_from_first_ind: Ns | None = None
    match_req_delay: Ns | None = None
    atten_char_ind_to_match_req: Ns | None = None
    start_to_match_req: Ns | None = None
    match_cnf_latency: Ns | None = None
    param_cnf_to_atten_char_ind: Ns | None = None
    atten_char_ind_to_match_cnf: Ns | None = None
    param_cnf_to_match_cnf: Ns | None = None
    total_first_req_to_match_cnf: Ns | None = None
    total_answered_req_to_match_cnf: Ns | None = None
    match_cnf_to_set_key: Ns | None = None
    set_key_cnf_latency: Ns | None = None


TIMING_NAMES = tuple(f.name for f in fields(Timings))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One matching attempt, judged.

    t_start, t_end    of its first and last SLAC frame
    observed_until    the next attempt's start or the capture's last frame: how long the network was watched
    """

    index: int
    t_start: Ns
    t_end: Ns
    observed_until: Ns
    first_frame: int
    last_frame: int
    pev_mac: MacAddress | None
    evse_mac: MacAddress | None
    run_id: RunId | None
    run_ids_in_param_cnf: tuple[RunId, ...]
    visibility: Visibility
    counts: Mapping[str, int]
    evse_candidates: tuple[Candidate, ...]
    param_pairs: tuple[Pair, ...]
    answered_req_frame: int | None
    attenuation_reported: Attenuation | None
    profiles: tuple[Profile, ...]
    modems_hearing_sounds: tuple[Hearer, ...]
    key: Key | None
    set_key_before: SetKey | None
    set_key_after_match: SetKey | None
    network_proof: NetworkProof | None
    timings: Timings
    outcome: Outcome
    deviations: tuple[Finding, ...]
    recorder: Recorder
    diagnosis: str = ""
    sdp: AttemptSdp | None = None
    tcp: AttemptTcp | None = None
    restart: ModemRestart | None = None
    pilot: AttemptPilot | None = None

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(finding.code for finding in self.deviations)

    @property
    def unanswered_requests(self) -> int:
        return sum(pair.cnf_frame is None for pair in self.param_pairs)

    @property
    def plugged_to_request(self) -> Ns | None:
        """From the plug-in to the first CM_SLAC_PARM.REQ, by a log of the pilot."""
        return self._to_request(self.pilot.connected_t if self.pilot else None)

    @property
    def digital_to_request(self) -> Ns | None:
        """From the first 5 % after the plug-in to the first CM_SLAC_PARM.REQ."""
        return self._to_request(self.pilot.digital_t if self.pilot else None)

    def _to_request(self, t: Ns | None) -> Ns | None:
        """None without a request, and where the car is plugged in elsewhere."""
        if t is None or not self.counts["param_req"] or self.outcome is Outcome.ANSWERED_BY_OTHER_EVSE:
            return None
        return self.t_start - t


@dataclass(slots=True)
class CaptureNotes:
    """What was noticed about the recording while reading it. Complete after the last frame.

    recorder_duplicates  frames identical to one less than 0.5 ms before, left out of everything else
    non_monotonic        frames stamped earlier than the frame before
    clock_steps          (frame, step) where the clock was set back by more than 1 s; the first hundred
    artefacts            frames that are no Ethernet, as a misaligned SPI trace yields them
    malformed            HomePlug frames of a known type that cannot be decoded, the first hundred as (frame, why)
    """

    frames: int = 0
    first_t: Ns = 0
    last_t: Ns = 0
    homeplug_frames: int = 0
    recorder_duplicates: int = 0
    non_monotonic: int = 0
    clock_steps: list[tuple[int, Ns]] = field(default_factory=list)
    artefacts: int = 0
    vlan_tagged: int = 0
    malformed: list[tuple[int, str]] = field(default_factory=list)
    malformed_count: int = 0
    quantum: Ns = 0

    @property
    def duration(self) -> Ns:
        return self.last_t - self.first_t


@dataclass(slots=True)
class Traffic:
    """A row of management messages that are not SLAC: one type between two addresses."""

    name: str
    src: MacAddress
    dst: MacAddress
    count: int
    first_t: Ns
    last_t: Ns


@dataclass(frozen=True, slots=True)
class ModemVersion:
    frame: int
    t: Ns
    version: str
    device_class: int


@dataclass(slots=True)
class PowerSupplyControl:
    """pyPLC commanding a power supply with broadcast CM_ATTEN_CHAR.IND; no part of SLAC."""

    count: int
    first_frame: int
    last_frame: int
    first_t: Ns
    last_t: Ns
    src: MacAddress


@dataclass(slots=True)
class Analysis:
    """Everything about a capture, for callers that hold it whole."""

    recorder: Recorder
    notes: CaptureNotes
    attempts: list[Attempt] = field(default_factory=list)
    set_keys: list[SetKey] = field(default_factory=list)
    other_homeplug: list[Traffic] = field(default_factory=list)
    modem_versions: dict[MacAddress, ModemVersion] = field(default_factory=dict)
    power_supply_control: PowerSupplyControl | None = None
    sdp: SdpLog = field(default_factory=SdpLog)
