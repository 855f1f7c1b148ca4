"""This computer as files and programs. Nothing here raises: what cannot be read is None."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
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
