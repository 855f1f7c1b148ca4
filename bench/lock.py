"""One program per bench: locks that the kernel releases when their holder ends, however it ends.

One for the rig's name and one for each interface, so that two rigs may share an adapter and still not use it at once.
Always taken in alphabetical order. A lock file is never deleted: two programs could then hold locks on two files of one
name.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from bench.errors import RigBusy

PLACE = Path("/run/lock")
"""Where Debian keeps locks; elsewhere the directory for temporary files."""
FOR_EVERYBODY = 0o666
"""Or the first user of a bench would lock out the others."""
SAFELY = 0 if sys.platform == "win32" else os.O_CLOEXEC | os.O_NOFOLLOW
LOCKED_AT = 1 << 30
"""Windows locks octets and lets nobody else read them: one far behind the text."""


class RigLock:
    """Held from the constructor to `close`. RigBusy, naming the holder, if somebody else has it.

    names    of what is to be used; any text
    purpose  for the message that another program prints
    place    directory of the lock files
    """

    def __init__(self, names: Iterable[str], purpose: str, place: Path | None = None) -> None:
        place = place or (PLACE if PLACE.is_dir() and os.access(PLACE, os.W_OK) else Path(tempfile.gettempdir()))
        self._open = ExitStack()
        try:
            for name in sorted(set(names)):
                self._take(place / f"ccs-bench-{_as_file_name(name)}.lock", name, purpose)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Idempotent."""
        self._open.close()

    def _take(self, path: Path, name: str, purpose: str) -> None:
        fd, writable = _opened(path)
        self._open.callback(os.close, fd)
        try:
            _lock(fd)
        except OSError:
            holder = os.pread(fd, 500, 0).decode(errors="replace").strip() if sys.platform != "win32" else ""
            raise RigBusy(
                f"{name} is in use by another program ({holder or 'which did not say who it is'}); "
                f"wait for its end or end it. Lock: {path}"
            ) from None
        self._open.callback(_unlock, fd)
        if writable:
            os.ftruncate(fd, 0)
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            os.write(fd, f"process {os.getpid()} of {_user()}, since {since}: {purpose}\n".encode())


def _opened(path: Path) -> tuple[int, bool]:
    """Its descriptor and whether it may be written.

    In a directory that everybody may write to, the kernel may refuse to create where another user's file is
    (fs.protected_regular), and a file may be another user's to write. To lock it, reading is enough.
    """
    for flags, writable in ((os.O_RDWR, True), (os.O_RDWR | os.O_CREAT, True), (os.O_RDONLY, False)):
        try:
            fd = os.open(path, flags | SAFELY, FOR_EVERYBODY)
        except OSError:
            continue
        if flags & os.O_CREAT and sys.platform != "win32":
            os.fchmod(fd, FOR_EVERYBODY)
        return fd, writable
    raise RigBusy(f"the lock {path} can be neither made nor opened; is its directory yours to write to?")


def _lock(fd: int) -> None:
    """OSError if somebody has it."""
    if sys.platform == "win32":  # Reasoned, not run.
        import msvcrt

        os.lseek(fd, LOCKED_AT, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        os.lseek(fd, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(fd: int) -> None:
    """Said aloud, because a child that is just being started may still have the descriptor."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(fd, LOCKED_AT, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_UN)


def _as_file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)


def _user() -> str:
    try:
        import getpass

        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "nobody known"
