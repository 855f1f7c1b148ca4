"""Steps that must all be tried: each has its own limit, and none stops another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from bench.units import Ns, show, to_s


@dataclass(frozen=True, slots=True)
class Step:
    """*what* it is for, in the words of a log; *limit*: after it the next step is taken, come what may."""

    what: str
    do: Callable[[], None]
    limit: Ns


def take(steps: Iterable[Step], log: Callable[[str], None] = lambda _: None) -> list[str]:
    """All *steps*, one after the other. What went wrong, in a line each; nothing where all is well.

    A step that does not return in its limit goes on in its thread and is not waited for. *log* is told after each,
    and a log that fails disturbs nothing.
    """
    troubles = []
    for step in steps:
        trouble = _taken(step)
        if trouble:
            troubles.append(f"{step.what}: {trouble}")
        with suppress(Exception):  # the safe state does not depend on a full disk
            log(f"{step.what}: {trouble or 'done'}")
    return troubles


def _taken(step: Step) -> str:
    trouble: list[str] = []

    def run() -> None:
        try:
            step.do()
        except BaseException as error:
            trouble.append(f"{error}" or type(error).__name__)

    thread = threading.Thread(target=run, name=step.what, daemon=True)
    thread.start()
    thread.join(to_s(step.limit))
    return f"not done within {show(step.limit)}" if thread.is_alive() else "".join(trouble)
