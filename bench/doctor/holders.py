"""Who uses a device file or holds a bench's lock. Read in /proc: nobody is disturbed by it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from bench.doctor.system import System


@dataclass(frozen=True, slots=True)
class Holder:
    pid: str
    name: str

    def __str__(self) -> str:
        return f"{self.name or 'a program'} (process {self.pid})"


def users_of(system: System, paths: Collection[str]) -> dict[str, list[Holder]]:
    """Programs that have the files *paths* (with their first slash) open, as far as this user may see that."""
    found: dict[str, list[Holder]] = {}
    if not paths:
        return found
    for pid in system.children("proc"):
        if not pid.isdigit():
            continue
        its = {system.link(f"proc/{pid}/fd/{fd}") for fd in system.children(f"proc/{pid}/fd")}
        for path in its & set(paths):
            assert path is not None
            found.setdefault(path, []).append(Holder(pid, system.read(f"proc/{pid}/comm") or ""))
    return found


def locked_by(system: System, path: str) -> Holder | None:
    """Who has locked the file *path*, under the root, with flock; None: nobody.

    Trying to take the lock instead would turn away a program that wants it in that moment. On some file systems (btrfs)
    the kernel writes another device than a program is told; there it counts who has the file open.
    """
    file = system.file_id(path)
    if file is None:
        return None
    for line in (system.read("proc/locks") or "").splitlines():
        # 1: FLOCK  ADVISORY  WRITE 4300 00:19:1234 0 EOF; those who wait have an arrow behind the number
        found = re.match(r"\d+: FLOCK\s+\S+\s+\S+\s+(\d+) (\S+) ", line)
        if found and (found[2] == file or (_inode(found[2]) == _inode(file) and _has_open(system, found[1], path))):
            return Holder(found[1], system.read(f"proc/{found[1]}/comm") or "")
    return None


def _inode(file: str) -> str:
    return file.rpartition(":")[2]


def _has_open(system: System, pid: str, path: str) -> bool:
    real = system.real(path)
    return real in {system.link(f"proc/{pid}/fd/{fd}") for fd in system.children(f"proc/{pid}/fd")}


def lock_file(name: str) -> str:
    """Of `bench.lock.RigLock`, for that name."""
    return f"ccs-bench-{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.lock"
