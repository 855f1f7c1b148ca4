"""From frames to attempts, timings, deviations and a sentence of diagnosis.

    analysis = analyze(records)                       # an Analysis, for what fits into memory
    for attempt in analysis.attempts: print(attempt.outcome, attempt.diagnosis)

    found = survey(capture.records(), told)           # who recorded?
    engine = Engine(found.recorder, found.quantum)    # and then everything in one pass, memory constant
    for item in engine.run(capture.records()): ...    # Attempt | SetKey, as they become final

Records are `bench.capture.Record`; frames recorded by the bench itself come as `Record(number, t, octets)`.
`as_json` holds the names and units of the JSON form.
"""

from __future__ import annotations

from collections.abc import Iterable

from bench.analysis.after_match import Milestone, WayStep, longest_of, way_of
from bench.analysis.diagnosis import diagnose
from bench.analysis.engine import Engine
from bench.analysis.model import (
    Analysis,
    Attempt,
    Attenuation,
    Candidate,
    CaptureNotes,
    Confirmation,
    Finding,
    Hearer,
    Key,
    ModemRestart,
    ModemVersion,
    NetworkProof,
    Outcome,
    Pair,
    PowerSupplyControl,
    Profile,
    Recorder,
    Role,
    SetKey,
    Timings,
    Traffic,
    Visibility,
)
from bench.analysis.pilot_log import PilotLog, read_pilot_log
from bench.analysis.pilot_model import AttemptPilot, PilotTrack
from bench.analysis.sdp_model import AttemptSdp, SdpLog, SdpMessage, SdpPair, SdpSeries
from bench.analysis.surveying import Survey, survey, survey_ahead
from bench.analysis.tcp_model import AttemptTcp
from bench.capture import Record
from bench.units import Ns

__all__ = [
    "Analysis",
    "Attempt",
    "AttemptPilot",
    "AttemptSdp",
    "AttemptTcp",
    "Attenuation",
    "Candidate",
    "CaptureNotes",
    "Confirmation",
    "Engine",
    "Finding",
    "Hearer",
    "Key",
    "Milestone",
    "ModemRestart",
    "ModemVersion",
    "NetworkProof",
    "Outcome",
    "Pair",
    "PilotLog",
    "PilotTrack",
    "PowerSupplyControl",
    "Profile",
    "Recorder",
    "Role",
    "SdpLog",
    "SdpMessage",
    "SdpPair",
    "SdpSeries",
    "SetKey",
    "Survey",
    "Timings",
    "Traffic",
    "Visibility",
    "WayStep",
    "analyze",
    "diagnose",
    "longest_of",
    "read_pilot_log",
    "survey",
    "survey_ahead",
    "way_of",
]


def analyze(
    records: Iterable[Record], recorder: Recorder | None = None, quantum: Ns = 0, pilot: PilotTrack | None = None
) -> Analysis:
    """Everything about *records*, which are held in memory if the recorder has to be found out.

    recorder  who recorded; None or a part of it is inferred
    quantum   real resolution of the stamps; `survey` finds it for stamps of unknown origin. Not looked for here,
              because the exact stamps of a simulated bench would look rounded
    pilot     what a log knows of the control pilot
    """
    if recorder is None or None in (recorder.role, recorder.host, recorder.modem):
        records = list(records)
        recorder = survey(records, recorder).recorder
    engine = Engine(recorder, quantum, pilot)
    attempts: list[Attempt] = []
    set_keys: list[SetKey] = []
    for item in engine.run(records):
        if isinstance(item, Attempt):
            attempts.append(item)
        else:
            set_keys.append(item)
    return Analysis(
        recorder=recorder,
        notes=engine.notes,
        attempts=attempts,
        set_keys=set_keys,
        other_homeplug=engine.census.rows(),
        modem_versions=engine.census.modem_versions,
        power_supply_control=engine.census.power_supply_control,
        sdp=engine.sdp,
    )
