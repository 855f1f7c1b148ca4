"""How a recording is told: lines for a person, or one JSON object a line.

Both give time of day and seconds since the start, and both end quietly where their reader has gone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

from bench.adapter import Identity
from bench.analysis import Attempt
from bench.analysis.as_json import AsJson, utc
from bench.ports import Drops
from bench.sniff.events import Event
from bench.sniff.hearing import SESSION, RoleRead, Statement
from bench.sniff.tally import Row
from bench.units import Ns, to_s


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is known at the start. *identity*, *role*: None where nobody answers. *doubts*: what else to know."""

    interface: str
    identity: Identity | None
    chip: str
    role: RoleRead | None
    statements: Sequence[Statement]
    doubts: Sequence[str]
    path: Path | None
    show_keys: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of it.

    duration   from the first question to the end
    missing    announced, and not seen
    surprises  announced as not shown, and seen
    drops      None: the port could not say any more
    files      that are there now
    ended      why
    """

    duration: Ns
    frames: int
    rows: Sequence[Row]
    ipv6: int
    attempts: int
    matched: int
    missing: Sequence[str]
    surprises: Sequence[str]
    drops: Drops | None
    files: Sequence[Path]
    removed: int
    ended: str
    trouble: str


class Telling(Protocol):
    """*gone*: the reader has gone, and nobody is told any more."""

    gone: bool

    def announce(self, told: Announcement) -> None: ...
    def event(self, event: Event) -> None: ...
    def attempt(self, attempt: Attempt) -> None: ...
    def summary(self, summary: Summary) -> None: ...


class Writing:
    """Lines on *out*.

    civil  what is to be added to the rig's clock for ns since 1970
    """

    def __init__(self, out: TextIO, civil: Ns) -> None:
        self._out, self._civil = out, civil
        self.gone = False

    def _line(self, text: str = "") -> None:
        if self.gone:
            return
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except BrokenPipeError:
            self.gone = True


class Lines(Writing):
    """For a person."""

    def announce(self, told: Announcement) -> None:
        if told.identity is None:
            self._line(f"{told.interface}: no adapter answers here; what will be heard is not known")
        else:
            self._line(f"{told.interface}: {told.chip}, {told.identity.version}, address {told.identity.mac}")
        if told.role is not None:
            self._line(f"  set up as {told.role.role.value}: {told.role.text}")
        if told.statements:
            self._line("What it will show, and how sure that is:")
        for each in told.statements:
            self._line(f"  {each.text}")
            self._line(f"      {each.sure.value}: {each.why}")
        if told.identity is not None:
            for text, why in SESSION:
                self._line(f"  {text}")
                self._line(f"      {why}")
        for doubt in told.doubts:
            self._line(f"  note: {doubt}")
        keys = "keys in clear (--show-keys)" if told.show_keys else "keys masked"
        self._line(f"{'Recording to ' + str(told.path) if told.path else 'Nothing is recorded (no -w)'}; {keys}.")
        self._line("Ctrl-C ends it.")

    def event(self, event: Event) -> None:
        self._stamped(event.t, event.text)

    def attempt(self, attempt: Attempt) -> None:
        self._line(f"attempt {attempt.index}: {attempt.outcome.value}. {attempt.diagnosis}")

    def _stamped(self, t: Ns, text: str) -> None:
        at = datetime.fromtimestamp((t + self._civil) // 1000 / 1e6)
        self._line(f"{at:%H:%M:%S.%f} {to_s(t):+12.6f} s  {text}")

    def summary(self, summary: Summary) -> None:
        self._line(f"Ended after {to_s(summary.duration):.1f} s: {summary.ended}")
        if summary.trouble:
            self._line(f"  trouble: {summary.trouble}")
        self._line(f"Seen: {summary.frames} frames, {summary.ipv6} of them IPv6 from the adapter")
        for row in summary.rows:
            self._line(f"  {row}")
        matched = f", {summary.matched} matched" if summary.attempts else ""
        self._line(f"Attempts: {summary.attempts or 'none'}{matched}")
        self._line(f"Announced and not seen: {', '.join(summary.missing) or 'nothing'}")
        for each in summary.surprises:
            self._line(f"Seen, but announced as {each}")
        self._line(f"Lost: {drops_text(summary.drops)}")
        if summary.files:
            gone = f"; {summary.removed} older removed" if summary.removed else ""
            self._line(f"Recorded: {', '.join(map(str, summary.files))}{gone}")


class JsonLines(Writing):
    """One object a line, each with `event`, `t_s` and `time`."""

    def __init__(self, out: TextIO, civil: Ns, *, show_keys: bool) -> None:
        super().__init__(out, civil)
        self._attempts = AsJson(civil, show_keys=show_keys)

    def _say(self, kind: str, t: Ns, facts: dict[str, Any]) -> None:
        self._line(json.dumps({"event": kind, "t_s": round(to_s(t), 9), "time": utc(t + self._civil), **facts}))

    def announce(self, told: Announcement) -> None:
        identity = told.identity
        self._say(
            "announced",
            0,
            {
                "interface": told.interface,
                "mac": None if identity is None else str(identity.mac),
                "firmware": None if identity is None else identity.version,
                "chip": None if identity is None else told.chip,
                "role": None if told.role is None else told.role.role.name.lower(),
                "role_text": None if told.role is None else told.role.text,
                "statements": [
                    {
                        "side": each.side.name.lower(),
                        "shown": each.shown,
                        "sure": each.sure.name.lower(),
                        "text": each.text,
                        "why": each.why,
                    }
                    for each in told.statements
                ],
                "doubts": list(told.doubts),
                "file": None if told.path is None else str(told.path),
                "keys": "clear" if told.show_keys else "masked",
            },
        )

    def event(self, event: Event) -> None:
        self._say(event.kind, event.t, {"text": event.text, **event.facts})

    def attempt(self, attempt: Attempt) -> None:
        self._say("attempt", attempt.t_start - self._civil, self._attempts.attempt(attempt))

    def summary(self, summary: Summary) -> None:
        self._say(
            "summary",
            summary.duration,
            {
                "frames": summary.frames,
                "ipv6_frames": summary.ipv6,
                "messages": [
                    {"message": row.name, "direction": "in" if row.heard else "out", "count": row.count}
                    for row in summary.rows
                ],
                "attempts": summary.attempts,
                "matched": summary.matched,
                "announced_not_seen": list(summary.missing),
                "seen_not_announced": list(summary.surprises),
                "drops": None if summary.drops is None else summary.drops._asdict(),
                "files": [str(path) for path in summary.files],
                "files_removed": summary.removed,
                "ended": summary.ended,
                "trouble": summary.trouble or None,
            },
        )


def drops_text(drops: Drops | None) -> str:
    if drops is None:
        return "not known, the port does not say any more"
    if not any(drops):
        return "no frames"
    return f"{drops.ring} frames because this computer was too slow, {drops.interface} in the network card"
