"""Analyse files one after the other and hand what is found to a presentation as it becomes final."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.analysis import Attempt, Engine, PilotLog, PilotTrack, Recorder, SetKey, read_pilot_log, survey, survey_ahead
from bench.capture import CaptureFile, Record, open_capture
from bench.cli.analysis_json import JsonPresentation
from bench.cli.analysis_text import TextPresentation
from bench.cli.analyze import DEVIATES, GOOD, TROUBLE
from bench.cli.progress import Progress
from bench.errors import CaptureError, ConfigError


class Presentation(Protocol):
    """How results are shown. Called in this order for each file: begin, what becomes final, end; `close` at last."""

    def begin(self, capture: CaptureFile, engine: Engine) -> None: ...
    def attempt(self, attempt: Attempt) -> None: ...
    def set_key(self, request: SetKey) -> None: ...
    def end(self, capture: CaptureFile, engine: Engine) -> None: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Tally:
    unreadable: int = 0
    failed: int = 0

    @property
    def status(self) -> int:
        return TROUBLE if self.unreadable else DEVIATES if self.failed else GOOD


def run(files: Sequence[str], told: Recorder, *, as_json: bool, show_keys: bool, events: str | None = None) -> int:
    """Analyse *files* and print. Returns the exit status; a file that cannot be read is one line on stderr.

    events   a log of the control pilot, for a single file
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an arrow that cannot be shown is no reason to fail
    shown: Presentation = (
        JsonPresentation(sys.stdout, show_keys=show_keys, several=len(files) > 1)
        if as_json
        else TextPresentation(sys.stdout, show_keys=show_keys, told=told)
    )
    tally = Tally()
    for name in files:
        try:
            log = read_pilot_log(events) if events is not None else None
            with open_capture(name) as capture:
                _one(capture, told, shown, tally, log)
        except (CaptureError, ConfigError) as error:
            tally.unreadable += 1
            sys.stdout.flush()
            print(f"bench analyze: {error}", file=sys.stderr)
    shown.close()
    return tally.status


def _one(capture: CaptureFile, told: Recorder, shown: Presentation, tally: Tally, log: PilotLog | None) -> None:
    pilot = _on_the_clock_of(capture, log) if log is not None else None
    progress = Progress(capture.size)
    records: Iterable[Record]
    if capture.rewindable:
        found = survey(capture.records(progress.looking), told)
        records = capture.records(progress.reading)
    else:
        found, records = survey_ahead(capture.records(), told)
    progress.clear()
    engine = Engine(found.recorder, found.quantum, pilot)
    shown.begin(capture, engine)
    for item in engine.run(records):
        progress.clear()
        if isinstance(item, Attempt):
            tally.failed += item.outcome.failed
            shown.attempt(item)
        else:
            shown.set_key(item)
    progress.clear()
    shown.end(capture, engine)


def _on_the_clock_of(capture: CaptureFile, log: PilotLog) -> PilotTrack | None:
    """Raises ConfigError if *log* is not of the time of *capture*; None if that holds no frame at all."""
    if not capture.rewindable:
        raise ConfigError(
            f"{log.name}: cannot be laid beside {capture.name}, which can be read once only; save it first"
        )
    first: int | None = None
    last = 0
    for _, t, *_ in capture.records():
        first, last = t if first is None else first, t
    return None if first is None else log.aligned(first, last)
