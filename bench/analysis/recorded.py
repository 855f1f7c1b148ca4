"""The analyser on frames that the bench recorded itself."""

from __future__ import annotations

from collections.abc import Iterable

from bench.analysis import analyze
from bench.analysis.model import Recorder
from bench.capture import Record
from bench.trace import FrameSeen


def explain_last_attempt(frames: Iterable[FrameSeen], recorder: Recorder) -> str | None:
    """What became of the last matching attempt among *frames* of one port, in a sentence; None if nobody tried."""
    records = [Record(number, seen.t, seen.octets) for number, seen in enumerate(frames, 1)]
    attempts = analyze(records, recorder).attempts
    return attempts[-1].diagnosis if attempts else None
