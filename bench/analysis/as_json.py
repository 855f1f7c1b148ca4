"""The JSON form: names and units of the ground truth beside the real captures. Made here and nowhere else.

Seconds since the first frame (`t_s`), milliseconds with three digits (`*_ms`), dB (`*_db`), addresses in lower case
with colons, other octets as hex. Keys are masked unless *show_keys* is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from bench.analysis.hygiene import YEAR_2000
from bench.analysis.model import (
    TIMING_NAMES,
    Attempt,
    Attenuation,
    Candidate,
    CaptureNotes,
    Key,
    ModemVersion,
    NetworkProof,
    Pair,
    PowerSupplyControl,
    Profile,
    Recorder,
    SetKey,
    Timings,
    Traffic,
)
from bench.analysis.sdp_json import Json, attempt_sdp_json, sdp_lists
from bench.analysis.sdp_model import SdpLog
from bench.analysis.way_json import after_match_json, attempt_pilot_json, tcp_json
from bench.capture import CaptureFacts
from bench.ids import MacAddress, Nmk, RunId, nid_from_nmk
from bench.units import Ns, to_ms, to_s

FORMAT, VERSION = "slac-v2g-analysis", 1
LAST_PAIRS = 12
"""Pairs of CM_SLAC_PARM listed; a car may ask for minutes."""

STATISTICS = {
    "param_req_intervals": "param_req_interval",
    "start_intervals": "start_interval",
    "sound_intervals": "sound_interval",
}
"""Series that become n, min, mean and max. The sounds are listed one by one besides."""


class AsJson:
    """Converts with one zero of time and one rule for keys.

    zero       of `t_s`: the capture's first frame
    show_keys  whether NMKs appear in clear
    """

    def __init__(self, zero: Ns, *, show_keys: bool = False) -> None:
        self._zero = zero
        self._show_keys = show_keys

    def attempt(self, attempt: Attempt) -> Json:
        pairs = attempt.param_pairs
        return {
            "index": attempt.index,
            "t_start_s": self.time(attempt.t_start),
            "first_frame": attempt.first_frame,
            "last_frame": attempt.last_frame,
            "pev_mac": _text(attempt.pev_mac),
            "evse_mac": _text(attempt.evse_mac),
            "run_id": _text(attempt.run_id),
            "run_id_ascii": run_id_ascii(attempt.run_id),
            "run_id_is_pev_mac_plus_0000": run_id_is_mac(attempt),
            "run_ids_in_param_cnf": [str(run_id) for run_id in attempt.run_ids_in_param_cnf],
            "visibility": {
                "pev_frames": attempt.visibility.pev_frames,
                "evse_frames": attempt.visibility.evse_frames,
            },
            "counts": dict(attempt.counts),
            "evse_candidates": [_candidate(candidate) for candidate in attempt.evse_candidates],
            "param_pairs": [_pair(pair) for pair in pairs[-LAST_PAIRS:]],
            "param_pairs_truncated": len(pairs) > LAST_PAIRS,
            "answered_req_frame": attempt.answered_req_frame,
            "n_unanswered_req": attempt.unanswered_requests,
            "attenuation_reported": _attenuation(attempt.attenuation_reported),
            "profiles": [_profile(profile) for profile in attempt.profiles],
            "modems_hearing_sounds": [
                {"mac": str(h.mac), "average_db": _db(h.average_db)} | ({"local": True} if h.local else {})
                for h in attempt.modems_hearing_sounds
            ],
            "key": self._key(attempt.key),
            "set_key_before": self._set_key_before(attempt.set_key_before),
            "set_key_after_match": self._set_key_after(attempt.set_key_after_match, attempt.key),
            "network_proof": self._proof(attempt.network_proof),
            "timings_ms": timings_ms(attempt.timings),
            "outcome": str(attempt.outcome),
            "deviations": [
                {"code": finding.code, "text": finding.text, "frames": list(finding.frames)}
                for finding in attempt.deviations
            ],
            "sdp": attempt_sdp_json(attempt.sdp),
            "tcp": tcp_json(attempt.tcp, self.time),
            "after_match": after_match_json(attempt, self.time),
            "control_pilot": attempt_pilot_json(attempt),
            "diagnosis": attempt.diagnosis,
        }

    def set_key(self, request: SetKey) -> Json:
        return {
            "t_s": self.time(request.t),
            "frame": request.frame,
            "src": str(request.src),
            "dst": str(request.dst),
            "key_type": request.key_type,
            "pid": request.pid,
            "new_eks": request.new_eks,
            "nid": str(request.nid),
            "nmk": self._nmk(request.nmk),
            "nid_is_hash_of_nmk": request.nid == nid_from_nmk(request.nmk),
            "confirmations": self._confirmations(request),
        }

    def traffic(self, row: Traffic) -> Json:
        return {
            "type": row.name,
            "src": str(row.src),
            "dst": str(row.dst),
            "count": row.count,
            "t_first_s": self.time(row.first_t),
            "t_last_s": self.time(row.last_t),
        }

    def modem_version(self, version: ModemVersion) -> Json:
        return {
            "version": version.version,
            "device_class": version.device_class,
            "frame": version.frame,
            "t_s": self.time(version.t),
        }

    def power_supply_control(self, control: PowerSupplyControl | None) -> Json | None:
        if control is None:
            return None
        return {
            "count": control.count,
            "src": str(control.src),
            "first_frame": control.first_frame,
            "last_frame": control.last_frame,
            "t_first_s": self.time(control.first_t),
            "t_last_s": self.time(control.last_t),
        }

    def sdp_lists(self, log: SdpLog) -> dict[str, Iterator[Json]]:
        """*log* must be complete; `sdp_counts` is the rest of it."""
        return sdp_lists(log, self.time)

    def time(self, t: Ns) -> float:
        """Seconds since the first frame."""
        return to_s(t - self._zero)

    def _nmk(self, nmk: Nmk) -> str:
        return nmk.hex() if self._show_keys else str(nmk)

    def _key(self, key: Key | None) -> Json | None:
        if key is None:
            return None
        return {
            "frame": key.frame,
            "nid": str(key.nid),
            "nmk": self._nmk(key.nmk),
            "nid_is_hash_of_nmk": key.nid_is_hash_of_nmk,
        }

    def _set_key_before(self, request: SetKey | None) -> Json | None:
        if request is None:
            return None
        return {
            "t_s": self.time(request.t),
            "frame": request.frame,
            "nid": str(request.nid),
            "nmk": self._nmk(request.nmk),
        }

    def _set_key_after(self, request: SetKey | None, key: Key | None) -> Json | None:
        if request is None or key is None:
            return None
        return {
            "t_s": self.time(request.t),
            "frame": request.frame,
            "src": str(request.src),
            "nid": str(request.nid),
            "nmk": self._nmk(request.nmk),
            "nmk_matches_match_cnf": request.nmk == key.nmk,
            "nid_matches_match_cnf": request.nid == key.nid,
            "confirmations": self._confirmations(request),
        }

    def _confirmations(self, request: SetKey) -> list[Json]:
        return [
            {
                "t_s": self.time(confirmation.t),
                "frame": confirmation.frame,
                "src": str(confirmation.src),
                "result": confirmation.result,
                "latency_ms": _ms(confirmation.latency),
            }
            for confirmation in request.confirmations
        ]

    def _proof(self, proof: NetworkProof | None) -> Json | None:
        if proof is None:
            return None
        found = {
            "t_s": self.time(proof.t),
            "frame": proof.frame,
            "kind": proof.kind,
            "mac": str(proof.mac),
            "ms_after_match_cnf": _ms(proof.after_match_cnf),
        }
        if proof.after_set_key is not None:
            found["ms_after_set_key"] = _ms(proof.after_set_key)
        return found


def recorder_json(recorder: Recorder) -> Json:
    return {
        "role": _text(recorder.role),
        "host_mac": _text(recorder.host),
        "modem_mac": _text(recorder.modem),
    }


def capture_json(name: str, size: int | None, facts: CaptureFacts, notes: CaptureNotes) -> Json:
    """What is known of the file; *notes* must be complete. *name* without folder, *size* in octets."""
    absolute = notes.frames > 0 and notes.first_t >= YEAR_2000
    return {
        "file": name,
        "size_bytes": size,
        "format": facts.format,
        "link_type": facts.link_type,
        "frames": notes.frames,
        "homeplug_frames": notes.homeplug_frames,
        "first_frame_utc": utc(notes.first_t) if absolute else None,
        "first_frame_epoch_ns": notes.first_t if notes.frames else None,
        "duration_s": to_s(notes.duration),
        "timestamp_resolution_ns": facts.resolution_ns,
        "timestamp_quantum_ms": to_ms(notes.quantum) if notes.quantum else None,
        "absolute_time_valid": absolute,
        "capture_software": facts.software,
        "capture_os": facts.os,
        "interface": facts.interfaces[0] if facts.interfaces else None,
        "recorder_duplicate_frames": notes.recorder_duplicates,
        "non_monotonic_timestamps": notes.non_monotonic,
        "clock_steps": [{"frame": frame, "step_s": to_s(step)} for frame, step in notes.clock_steps] or None,
        "artefact_frames": notes.artefacts,
        "vlan_tagged_frames": notes.vlan_tagged,
        "malformed_frames": notes.malformed_count,
        "malformed": [{"frame": frame, "why": why} for frame, why in notes.malformed],
        "truncated_tail_bytes": facts.truncated_tail_bytes,
        "damage": facts.damage,
    }


def utc(t: Ns) -> str:
    """`2023-05-24T18:33:41.653205Z`, to the microsecond."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=t // 1000)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def timings_ms(timings: Timings) -> Json:
    """Only what is known, in the order of the exchange."""
    found: Json = {}
    for name in TIMING_NAMES:
        value = getattr(timings, name)
        if value is None or value == ():
            continue
        if name == "sounds_sent_before_atten_char_ind":
            found[name] = value
        elif name in STATISTICS:
            found[STATISTICS[name]] = _statistics(value)
            if name == "sound_intervals":
                found[name] = [_ms(interval) for interval in value]
        elif isinstance(value, tuple):
            found[name] = [_ms(interval) for interval in value]
        else:
            found[name] = _ms(value)
    return found


def run_id_ascii(run_id: RunId | None) -> str | None:
    """The RunID as text where it is one, like Tesla's `TESLA EV`."""
    if run_id is None or not all(0x20 <= octet < 0x7F for octet in run_id):
        return None
    return run_id.decode("ascii")


def run_id_is_mac(attempt: Attempt) -> bool:
    """Whether the car made its RunID from its address, as Hyundai and pyPLC do."""
    return attempt.pev_mac is not None and attempt.run_id == attempt.pev_mac + b"\0\0"


def _statistics(values: Sequence[Ns]) -> Json:
    return {
        "n": len(values),
        "min": _ms(min(values)),
        "mean": round(sum(values) / len(values) / 1e6, 3),
        "max": _ms(max(values)),
    }


def _candidate(candidate: Candidate) -> Json:
    return {
        "evse_mac": str(candidate.evse_mac),
        "param_cnf": candidate.param_cnf,
        "param_response_ms": _ms(candidate.param_response),
        "atten_char_ind": candidate.atten_char_ind,
        "reported_average_db": _db(candidate.reported_average_db),
        "atten_char_rsp": candidate.atten_char_rsp,
        "matched": candidate.matched,
    }


def _pair(pair: Pair) -> Json:
    return {"req_frame": pair.req_frame, "cnf_frame": pair.cnf_frame, "ms": _ms(pair.latency)}


def _attenuation(reported: Attenuation | None) -> Json | None:
    if reported is None:
        return None
    return {
        "num_sounds": reported.num_sounds,
        "num_groups": len(reported.groups_db),
        "average_db": _db(reported.average_db),
        "groups_db": list(reported.groups_db),
        "repeated_identical": reported.repeated_identical,
        "synthetic_pyplc": reported.synthetic,
    }


def _profile(profile: Profile) -> Json:
    found: Json = {
        "kind": profile.kind,
        "source_mac": str(profile.source_mac),
        "count": len(profile.frames),
        "pev_mac": str(profile.pev_mac),
        "num_groups": profile.num_groups,
        "average_db": _db(profile.average_db),
        "frames": list(profile.frames),
    }
    if profile.num_groups:
        found["per_sound_average_db"] = [_db(value) for value in profile.per_sound_average_db]
        found["mean_groups_db"] = [round(value, 1) for value in profile.mean_groups_db]
    if profile.differences_db:
        differences = profile.differences_db
        found["reported_minus_measured_db"] = {
            "mean": _db(sum(differences) / len(differences)),
            "min": _db(min(differences)),
            "max": _db(max(differences)),
        }
    return found


def _ms(value: Ns | None) -> float | None:
    return None if value is None else round(to_ms(value), 3)


def _db(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _text(value: MacAddress | RunId | str | None) -> str | None:
    return None if value is None else str(value)
