"""This computer as files and programs. Nothing here raises: what cannot be read is None."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

PATIENCE_S = 5.0

Runner: TypeAlias = Callable[[tuple[str, ...]], "str | None"]
"""A command line -> what it printed; None if there is no such program, or it failed or hung."""


def run_program(command: tuple[str, ...]) -> str | None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


@dataclass(frozen=True, slots=True)
class User:
    """Who runs this.

    groups  of this session
    listed  those the system's list of groups has: what the next login gets
    """

    name: str
    root: bool
    groups: frozenset[str]
    listed: frozenset[str]


@dataclass(frozen=True, slots=True)
class GpioChip:
    """What a GPIO chip says of itself."""

    label: str
    lines: int


class System:
    """root  stands for `/`; paths are given without their first slash
    run      starts programs
    """

    def __init__(self, root: Path = Path("/"), run: Runner = run_program) -> None:
        self.root = root
        self._run = run

    def run(self, *command: str) -> str | None:
        return self._run(command)

    def read(self, path: str) -> str | None:
        """The text of a file without white space at its ends."""
        try:
            return (self.root / path).read_bytes().decode(errors="replace").strip()
        except (OSError, ValueError):
            return None

    def exists(self, path: str) -> bool:
        try:
            return (self.root / path).exists()
        except (OSError, ValueError):
            return False

    def children(self, path: str) -> list[str]:
        """Names in a folder, sorted; empty where there is none."""
        try:
            return sorted(os.listdir(self.root / path))
        except (OSError, ValueError):
            return []

    def link(self, path: str) -> str | None:
        """What a symbolic link says, as it says it."""
        try:
            return os.readlink(self.root / path)
        except (OSError, ValueError):
            return None

    def real(self, path: str) -> str | None:
        """Where a path leads in the end."""
        try:
            return str((self.root / path).resolve(strict=True))
        except (OSError, ValueError, RuntimeError):
            return None

    def above(self, path: str, name: str) -> str | None:
        """The nearest folder, where *path* leads or above it, that has an entry *name*; as a path under the root."""
        leads = self.resolved(path)
        if leads is None:
            return None
        for folder in (Path(leads), *Path(leads).parents):
            if folder != Path() and (self.root / folder / name).exists():
                return str(folder)
        return None

    def resolved(self, path: str) -> str | None:
        """The same as a path under the root."""
        real, root = self.real(path), self.root.resolve()
        if real is None or not Path(real).is_relative_to(root):
            return None
        return str(Path(real).relative_to(root))

    def file_id(self, path: str) -> str | None:
        """Device and inode as /proc/locks writes them, e.g. 00:19:1234."""
        try:
            found = (self.root / path).stat()
        except (OSError, ValueError):
            return None
        return f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"

    def may_use(self, path: str) -> bool:
        """Whether this process may read and write there."""
        return os.access(self.root / path, os.R_OK | os.W_OK)

    def may_write(self, path: str) -> bool:
        return os.access(self.root / path, os.W_OK)

    def group_of(self, path: str) -> str:
        """The group whose members may write there; empty where there is none such, or it is root's."""
        try:
            found = (self.root / path).stat()
            import grp

            name = grp.getgrgid(found.st_gid).gr_name
        except (ImportError, KeyError, OSError, ValueError):
            return ""
        return name if found.st_mode & stat.S_IWGRP and found.st_gid != 0 else ""

    def installed(self, program: str) -> bool:
        """A program's name, or the path of one."""
        return shutil.which(program) is not None

    def package(self, name: str) -> str | None:
        """The version of a Python package."""
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    def free(self, path: str) -> int | None:
        """Octets that may be written there."""
        try:
            found = os.statvfs(self.root / path)
        except (OSError, ValueError):
            return None
        return found.f_bavail * found.f_frsize

    def user(self) -> User:
        import grp
        import pwd

        def name_of(number: int) -> str:
            try:
                return grp.getgrgid(number).gr_name
            except KeyError:
                return str(number)

        session = frozenset(map(name_of, {os.getegid(), *os.getgroups()}))
        try:
            entry = pwd.getpwuid(os.geteuid())
            listed = frozenset(map(name_of, os.getgrouplist(entry.pw_name, entry.pw_gid)))
            return User(entry.pw_name, os.geteuid() == 0, session, listed)
        except (KeyError, OSError):
            return User(str(os.geteuid()), os.geteuid() == 0, session, session)

    def environment(self, name: str) -> str:
        return os.environ.get(name, "")

    def here(self) -> str:
        """The working directory, as a path under the root."""
        return os.getcwd().lstrip("/")

    def gpio_chip(self, path: str) -> GpioChip | None:
        """Asked of the kernel, which changes nothing. None: not to be opened, or no GPIO chip."""
        import fcntl

        answer = bytearray(CHIP_INFO_OCTETS)
        try:
            fd = os.open(self.root / path, os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, ValueError):
            return None
        try:
            fcntl.ioctl(fd, GPIO_GET_CHIPINFO, answer)
        except OSError:
            return None
        finally:
            os.close(fd)
        return chip_of(bytes(answer))


GPIO_GET_CHIPINFO, CHIP_INFO_OCTETS = 0x8044_B401, 68
"""Linux, include/uapi/linux/gpio.h: name and label of 32 octets each, then the number of lines."""


def chip_of(answer: bytes) -> GpioChip:
    label = answer[32:64].split(b"\0", 1)[0].decode(errors="replace")
    return GpioChip(label, int.from_bytes(answer[64:68], sys.byteorder))
