"""Where backups and the journal live: one folder per adapter, by its MAC address, readable by its owner only.

    <folder>/98-48-27-5a-3c-e6/20261125T174103Z-2b7a52b9bf3f1f0c.pib
    <folder>/98-48-27-5a-3c-e6/journal.jsonl

They hold keys, so they belong in no repository and no report. A backup is never written over.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.errors import BenchError
from bench.ids import MacAddress
from bench.pib import PibImage

STAMP = "%Y%m%dT%H%M%SZ"
DIGITS = 16
"""Of the SHA-256 in a file's name; enough to find a block, and the whole is compared."""


def usual_folder() -> Path:
    """In the user's data folder: $XDG_DATA_HOME, %LOCALAPPDATA%, else ~/.local/share."""
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_DATA_HOME")
    return (Path(named) if named else Path.home() / ".local" / "share") / "ccs-bench" / "adapters"


@dataclass(frozen=True, slots=True)
class Backup:
    """One kept block. *digest*: SHA-256 of its octets, as far as the name tells it."""

    path: Path
    mac: MacAddress
    kept: datetime
    digest: str

    def octets(self) -> bytes:
        """BenchError if the file is not what it was."""
        octets = self.path.read_bytes()
        if not digest_of(octets).startswith(self.digest):
            raise BenchError(f"{self.path}: the backup is damaged, its octets have not the SHA-256 its name tells")
        return octets


class Store:
    """The backups and journals in *folder*."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or usual_folder()

    def folder_of(self, mac: MacAddress) -> Path:
        """Made if it is not there."""
        folder = self.folder / str(mac).replace(":", "-")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def adapters(self) -> list[MacAddress]:
        """Of which there is something."""
        if not self.folder.is_dir():
            return []
        found = []
        for folder in sorted(self.folder.iterdir()):
            try:
                found.append(MacAddress.parse(folder.name.replace("-", ":")))
            except ValueError:
                continue
        return found

    def keep(self, image: PibImage) -> Backup:
        """Keep *image* under its own MAC address, on the disk before this returns. What is there already is not kept
        twice."""
        digest = digest_of(image.octets)
        for backup in self.backups(image.mac):
            if digest.startswith(backup.digest) and backup.octets() == image.octets:
                return backup
        name = f"{datetime.now(UTC).strftime(STAMP)}-{digest[:DIGITS]}.pib"
        path = self.folder_of(image.mac) / name
        write_for_good(path, image.octets)
        kept = next(backup for backup in self.backups(image.mac) if backup.path == path)
        if kept.octets() != image.octets:
            raise BenchError(f"{path}: what was written to the disk does not read back the same")
        return kept

    def backups(self, mac: MacAddress) -> list[Backup]:
        """The newest last."""
        return sorted(self._backups(mac), key=lambda backup: (backup.kept, backup.path))

    def _backups(self, mac: MacAddress) -> Iterator[Backup]:
        folder = self.folder / str(mac).replace(":", "-")
        for path in folder.glob("*.pib"):
            stamp, _, digest = path.stem.partition("-")
            try:
                kept = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
            except ValueError:
                continue
            yield Backup(path, mac, kept, digest)


def digest_of(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def write_for_good(path: Path, octets: bytes) -> None:
    """Write a new file that survives a power cut, readable by its owner. FileExistsError if there is one."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """So that a name survives a power cut, too. Windows has no such call."""
    if sys.platform == "win32":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
