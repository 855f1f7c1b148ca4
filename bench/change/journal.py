"""What was begun and how far it came, on the disk before the next step is taken.

One line of JSON per step, appended. A line that was cut off by a power failure is as if its step had not been noted.
"""

from __future__ import annotations

import enum
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.change.store import Store, digest_of, sync_folder
from bench.ids import MacAddress
from bench.pib import PibImage

NAME = "journal.jsonl"


class Stage(enum.Enum):
    """How far a change came."""

    BEGUN = "backed up, nothing sent yet"
    STAGED = "in the adapter's memory, its flash as it was"
    COMMITTING = "told to write its flash"
    COMMITTED = "said it has written its flash"
    DONE = "written, restarted, read back and found right"
    UNCHANGED = "given up, the adapter is as it was"
    ROLLED_BACK = "the old block was written back"

    @property
    def over(self) -> bool:
        return self in (Stage.DONE, Stage.UNCHANGED, Stage.ROLLED_BACK)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one adapter.

    old, new  SHA-256 of the blocks; *backup* is the file with the old one
    """

    id: str
    mac: MacAddress
    title: str
    firmware: str
    old: str
    new: str
    backup: Path
    stage: Stage


class Journal:
    """The journals of *store*."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, title: str, firmware: str, old: PibImage, new: PibImage, backup: Path) -> Change:
        identity = secrets.token_hex(6)
        was, will_be = digest_of(old.octets), digest_of(new.octets)
        change = Change(identity, old.mac, title, firmware, was, will_be, backup, Stage.BEGUN)
        about = {
            "title": title,
            "firmware": firmware,
            "old": change.old,
            "new": change.new,
            "backup": str(backup),
        }
        self._append(change, about)
        return change

    def note(self, change: Change, stage: Stage) -> Change:
        """On the disk when this returns."""
        noted = replace(change, stage=stage)
        self._append(noted, {})
        return noted

    def changes(self, mac: MacAddress) -> list[Change]:
        """Oldest first, each at the stage it came to."""
        found: dict[str, Change] = {}
        for line in self._lines(mac):
            identity, stage = line["change"], Stage[line["stage"]]
            if "old" in line:
                found[identity] = Change(
                    identity,
                    mac,
                    line["title"],
                    line["firmware"],
                    line["old"],
                    line["new"],
                    Path(line["backup"]),
                    stage,
                )
            elif identity in found:
                found[identity] = replace(found[identity], stage=stage)
        return list(found.values())

    def unfinished(self) -> list[Change]:
        """Of all adapters: changes that nobody has brought to an end."""
        return [change for mac in self._store.adapters() for change in self.changes(mac) if not change.stage.over]

    def _append(self, change: Change, about: dict[str, str]) -> None:
        path = self._store.folder_of(change.mac) / NAME
        t = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"t": t, "change": change.id, "stage": change.stage.name, **about}) + "\n"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(fd, line.encode())
            os.fsync(fd)
        finally:
            os.close(fd)
        sync_folder(path.parent)

    def _lines(self, mac: MacAddress) -> Iterator[dict[str, str]]:
        path = self._store.folder / str(mac).replace(":", "-") / NAME
        if not path.exists():
            return
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                continue
            if isinstance(line, dict):
                yield line
