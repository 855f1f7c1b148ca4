"""Steps that must all be tried: each has its own limit, and none stops another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from bench.units import Ns, show, to_s

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One of them.

    what      it is for, in the words of a log
    limit     after it the step has failed, come what may
    patience  after it the next step is taken, though this one may still succeed; None: the whole limit. For a device
              that does at once what it confirms later
    """

    what: str
    do: Callable[[], None]
    limit: Ns
    patience: Ns | None = None


def take(steps: Iterable[Step], log: Log = lambda _: None) -> list[str]:
    """All *steps*, one after the other. What went wrong, in a line each and in their order; nothing where all is well.

    A step that does not return in its limit goes on in its thread and is not waited for. *log* is told of each as soon
    as it is known how it went, and a log that fails disturbs nothing.
    """
    attempts = []
    for step in steps:
        attempt = _Attempt(step, log)
        if step.patience is None:
            attempt.end()
        else:
            attempt.done_within(step.patience)
        attempts.append(attempt)
    return [f"{attempt.step.what}: {trouble}" for attempt in attempts if (trouble := attempt.end())]


class _Attempt:
    """A step under way in a thread of its own."""

    def __init__(self, step: Step, log: Log) -> None:
        self.step = step
        self._log = log
        self._raised = ""
        self._verdict: str | None = None
        self._ends_at = time.monotonic_ns() + step.limit
        self._thread = threading.Thread(target=self._run, name=step.what, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._run()  # no thread to be had: better without a limit than not at all

    def done_within(self, duration: Ns) -> bool:
        if self._verdict is None:
            if self._thread.ident is not None:
                self._thread.join(to_s(max(0, duration)))
            if not self._thread.is_alive():
                self._judge(self._raised)
        return self._verdict is not None

    def end(self) -> str:
        """Wait as long as the limit allows. Returns what went wrong."""
        if not self.done_within(self._ends_at - time.monotonic_ns()):
            self._judge(f"not done within {show(self.step.limit)}")
        return self._verdict or ""

    def _run(self) -> None:
        try:
            self.step.do()
        except BaseException as error:
            self._raised = f"{error}" or type(error).__name__

    def _judge(self, trouble: str) -> None:
        self._verdict = trouble
        with suppress(Exception):  # the safe state does not depend on a full disk
            self._log(f"{self.step.what}: {trouble or 'done'}")
