"""Analyse files one after the other and hand what is found to a presentation as it becomes final."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.analysis import Attempt, Engine, Recorder, SetKey, survey, survey_ahead
from bench.capture import CaptureFile, Record, open_capture
from bench.cli.analysis_json import JsonPresentation
from bench.cli.analysis_text import TextPresentation
from bench.cli.analyze import DEVIATES, GOOD, TROUBLE
from bench.cli.progress import Progress
from bench.errors import CaptureError


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


def run(files: Sequence[str], told: Recorder, *, as_json: bool, show_keys: bool) -> int:
    """Analyse *files* and print. Returns the exit status; a file that cannot be read is one line on stderr."""
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
            with open_capture(name) as capture:
                _one(capture, told, shown, tally)
        except CaptureError as error:
            tally.unreadable += 1
            sys.stdout.flush()
            print(f"bench analyze: {error}", file=sys.stderr)
    shown.close()
    return tally.status


def _one(capture: CaptureFile, told: Recorder, shown: Presentation, tally: Tally) -> None:
    progress = Progress(capture.size)
    records: Iterable[Record]
    if capture.rewindable:
        found = survey(capture.records(progress.looking), told)
        records = capture.records(progress.reading)
    else:
        found, records = survey_ahead(capture.records(), told)
    progress.clear()
    engine = Engine(found.recorder, found.quantum)
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
