"""`bench analyze --json`: written while the file is read, one attempt a line, memory constant.

A single file gives one object, several files an array of objects in the order of the arguments; a file that could
not be read is left out of it. What is complete only at the end of a capture stands behind the attempts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, TextIO

from bench.analysis import Attempt, Engine, SetKey
from bench.analysis.as_json import FORMAT, VERSION, AsJson, capture_json, recorder_json
from bench.analysis.sdp_json import sdp_counts
from bench.analysis.way_json import alignment_json, control_pilot_json
from bench.capture import CaptureFile

SPOOL = 1 << 20
"""Octets of CM_SET_KEY rows kept in memory while the attempts are written; more go to a temporary file."""


class JsonPresentation:
    def __init__(self, out: TextIO, *, show_keys: bool, several: bool) -> None:
        self._out = out
        self._show_keys = show_keys
        self._several = several
        self._files = 0

    def begin(self, capture: CaptureFile, engine: Engine) -> None:
        self._engine = engine
        self._form: AsJson | None = None
        self._outcomes: Counter[str] = Counter()
        self._set_keys = SpooledTemporaryFile(max_size=SPOOL, mode="w+", encoding="utf-8")  # noqa: SIM115 - `end` closes
        self._keys = 0
        if self._several:
            self._out.write("," if self._files else "[")
        self._files += 1
        head = {"format": FORMAT, "version": VERSION, "file": capture.name, "recorder": recorder_json(engine.recorder)}
        self._out.write(json.dumps(head)[:-1] + ',\n"slac": {"attempts": [')

    @property
    def form(self) -> AsJson:
        """Made when the first frame, which is the zero of time, is known."""
        if self._form is None:
            self._form = AsJson(self._engine.notes.first_t, show_keys=self._show_keys)
        return self._form

    def attempt(self, attempt: Attempt) -> None:
        self._out.write(",\n" if self._outcomes else "\n")
        self._outcomes[attempt.outcome] += 1
        self._out.write(json.dumps(self.form.attempt(attempt)))

    def set_key(self, request: SetKey) -> None:
        self._set_keys.write((",\n" if self._keys else "\n") + json.dumps(self.form.set_key(request)))
        self._keys += 1

    def end(self, capture: CaptureFile, engine: Engine) -> None:
        form, census, out = self.form, engine.census, self._out
        out.write('],\n"set_keys": [')
        self._set_keys.seek(0)
        for line in self._set_keys:
            out.write(line)
        self._set_keys.close()
        out.write('],\n"other_homeplug": [')
        _write_rows(out, (form.traffic(row) for row in census.rows()))
        rest: dict[str, Any] = {
            "power_supply_control": form.power_supply_control(census.power_supply_control),
            "modem_versions": {str(mac): form.modem_version(v) for mac, v in census.modem_versions.items()},
        }
        out.write("],\n" + json.dumps(rest)[1:] + ",\n")
        out.write('"sdp": ' + json.dumps(sdp_counts(engine.sdp))[:-1])
        for name, rows in form.sdp_lists(engine.sdp).items():
            out.write(f',\n"{name}": [')
            _write_rows(out, rows)
            out.write("]")
        out.write("},\n")
        matched = sum(count for outcome, count in self._outcomes.items() if outcome.startswith("matched"))
        tail = {
            "outcome": {
                "slac_attempts": self._outcomes.total(),
                "slac_outcome_counts": dict(self._outcomes),
                "matched": matched,
                "network_confirmed": self._outcomes["matched_network_confirmed"] > 0,
                "sdp_answered": engine.sdp.responses > 0,
            },
            "control_pilot": control_pilot_json(engine.pilot, form.time),
            "control_pilot_alignment": alignment_json(engine.pilot),
            "capture": capture_json(Path(capture.name).name, capture.size, capture.facts, engine.notes),
        }
        out.write(json.dumps(tail)[1:] + "\n")

    def close(self) -> None:
        if self._several:
            self._out.write("]\n" if self._files else "[]\n")


def _write_rows(out: TextIO, rows: Iterable[dict[str, Any]]) -> None:
    for i, row in enumerate(rows):
        out.write((",\n" if i else "\n") + json.dumps(row))
