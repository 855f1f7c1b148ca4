"""The program's end of a guardian: starts it, talks to it without waiting, and tells it that the program lives.

A participant of the pump: its heartbeat goes out when the pump runs, so a program that hangs has none.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from bench.errors import BenchError, PortError, RigBusy
from bench.guardian.spec import BenchSpec
from bench.units import Ns, ms, s, show, to_s

BEAT_EVERY: Ns = ms(300)
READY_WITHIN: Ns = s(30)
"""Several boards, each probed in all its variants."""
ENDS_WITHIN: Ns = s(20)
ANSWERS_WITHIN: Ns = s(15)

Told = dict[str, Any]


class Reply:
    """What became of a command: `told` once it is done, `error` if it was not."""

    def __init__(self, what: str, then: Callable[[Told], None] | None) -> None:
        self.what = what
        self.told: Told | None = None
        self.error: Exception | None = None
        self._then = then

    @property
    def done(self) -> bool:
        return self.told is not None or self.error is not None

    def take(self, told: Told) -> None:
        if "error" in told:
            kind = ValueError if told["kind"] == "ValueError" else PortError
            self.error = kind(told["error"])
            return
        self.told = told
        if self._then is not None:
            self._then(told)


class Guardian:
    """A guardian of *spec*, from `open` to `close`.

    origin    of the rig's clock: what it gives is `time.monotonic_ns() - origin`
    about     what it said of the devices when it was ready
    trouble   why it made the bench safe by itself; empty: it did not
    on_event  called for each event it sends

    RigBusy if somebody has the bench, PortError with all that is wrong if the devices cannot be opened.
    """

    def __init__(self, spec: BenchSpec, *, origin: Ns = 0) -> None:
        self.spec, self.origin = spec, origin
        self.about: Told = {}
        self.trouble = ""
        self.on_event: list[Callable[[Told], None]] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._waiting: dict[int, Reply] = {}
        self._number = 0
        self._beat_at: Ns = 0
        self._ended: Told | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<guardian of {self.spec.name}>"

    def open(self) -> None:
        """Start it and wait until every device is open and safe."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.guardian"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._write(self.spec.as_json())
            first = self._next(READY_WITHIN)
            if first is None:
                raise PortError(f"the guardian of {self.spec.name} was not ready within {show(READY_WITHIN)}")
            if first["event"] == "busy":
                raise RigBusy(first["why"])
            if first["event"] != "ready":
                raise PortError(first["why"])
        except BaseException:
            self._let_go()
            raise
        self.about = first
        if first["troubles"]:
            self.close()
            raise PortError("the bench could not be made safe:\n" + "\n".join(first["troubles"]))

    def close(self) -> None:
        """Everything safe, devices and locks given back. PortError with what could not be made safe. Idempotent.

        Where the guardian has died, another one makes the bench safe, and it is a PortError all the same.
        """
        if self._process is None:
            return
        try:
            with suppress(PortError):
                self._write({"do": "quit"})
            end = time.monotonic_ns() + ENDS_WITHIN
            while self._ended is None and time.monotonic_ns() < end and not self._gone():
                self._read(to_s(max(0, end - time.monotonic_ns())))
            self._read(0)  # its last word may have come just before its end
            ended, died = self._ended, self._gone() and self._ended is None
        finally:
            self._let_go()
        if died:
            raise PortError(f"the guardian of {self.spec.name} has died; {self._replaced()}")
        if ended is None:
            raise PortError(
                f"the guardian of {self.spec.name} ended without a word: look at the bench, and make it safe by hand"
            )
        if ended["troubles"]:
            raise PortError("not everything could be made safe:\n" + "\n".join(ended["troubles"]))

    # talking ------------------------------------------------------------------------------------------------

    def request(self, do: str, then: Callable[[Told], None] | None = None, **arguments: Any) -> Reply:
        """Send a command and return at once. *then* is called with what was told, when it is done."""
        self.check()
        return self._send(do, then, arguments)

    def ask(self, do: str, **arguments: Any) -> Told:
        """Send a command and wait for its end, without the pump. PortError, ValueError."""
        reply = self._send(do, None, arguments)
        end = time.monotonic_ns() + ANSWERS_WITHIN
        while not reply.done and time.monotonic_ns() < end:
            self._read(to_s(max(0, end - time.monotonic_ns())))
            if self._gone() and not reply.done:
                raise self._missing()
        if reply.error is not None:
            raise reply.error
        if reply.told is None:
            raise PortError(f"the guardian of {self.spec.name} did not answer {do} within {show(ANSWERS_WITHIN)}")
        return reply.told

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed yet; it may have died meanwhile."""
        return self._process is not None

    def begin(self, test: str = "") -> None:
        """Safe, whatever was before; what went wrong before counts no more."""
        self.trouble = ""
        # The clock may be another one than before.
        self._beat_at = 0
        troubles = self.ask("begin", test=test)["troubles"]
        if troubles:
            raise PortError("the bench could not be made safe:\n" + "\n".join(troubles))

    def check(self) -> None:
        """PortError if the bench was made safe by its guardian, or the guardian has gone."""
        if self.trouble:
            raise PortError(f"the guardian has made the bench safe: {self.trouble}")
        if self._process is None or self._gone():
            raise self._missing()

    def time(self, t: Ns) -> Ns:
        """An instant of the guardian's on the rig's clock."""
        return t - self.origin

    # participant --------------------------------------------------------------------------------------------

    def fileno(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def next_deadline(self) -> Ns | None:
        return None if self._process is None else self._beat_at

    def busy(self) -> bool:
        return self._process is not None and bool(select.select([self.fileno()], [], [], 0)[0])

    def wake(self, now: Ns) -> None:
        if self._process is None:
            return
        self._read(0)
        self.check()
        if now >= self._beat_at:
            self._beat_at = now + BEAT_EVERY
            self._write({"do": "alive"})

    # parts --------------------------------------------------------------------------------------------------

    def _send(self, do: str, then: Callable[[Told], None] | None, arguments: Told) -> Reply:
        self._number += 1
        reply = Reply(do, then)
        self._waiting[self._number] = reply
        self._write({"id": self._number, "do": do, **arguments})
        return reply

    def _write(self, told: Told) -> None:
        if self._process is None:
            raise self._missing()
        assert self._process.stdin is not None
        try:
            os.write(self._process.stdin.fileno(), (json.dumps(told) + "\n").encode())
        except OSError:
            raise self._missing() from None

    def _next(self, within: Ns) -> Told | None:
        """The first event; None in time."""
        found: list[Told] = []
        self.on_event.append(found.append)
        end = time.monotonic_ns() + within
        try:
            while not found and time.monotonic_ns() < end:
                self._read(to_s(max(0, end - time.monotonic_ns())))
                if self._gone() and not found:
                    raise self._missing()
        finally:
            self.on_event.remove(found.append)
        return found[0] if found else None

    def _read(self, within_s: float) -> None:
        if not select.select([self.fileno()], [], [], within_s)[0]:
            return
        octets = os.read(self.fileno(), 65536)
        *lines, self._rest = (self._rest + octets).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, told: Told) -> None:
        if "event" not in told:
            reply = self._waiting.pop(told["id"], None)
            if reply is not None:
                reply.take(told)
            return
        if told["event"] == "made safe":
            self.trouble = "; ".join([told["why"], *told["troubles"]])
        elif told["event"] == "ended":
            self._ended = told
        for listener in list(self.on_event):
            listener(told)

    def _gone(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _replaced(self) -> str:
        """What came of starting another one, which makes safe whatever it opens, and ends."""
        another = Guardian(self.spec)
        try:
            another.open()
            another._write({"do": "quit"})
        except BenchError as error:
            return f"another one could not make the bench safe: look at it, and do so by hand ({error})"
        finally:
            another._let_go()
        return "another one has made the bench safe since"

    def _missing(self) -> PortError:
        return PortError(f"the guardian of {self.spec.name} has gone: the bench may not be safe, look at it")

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        with suppress(subprocess.TimeoutExpired):  # It makes the bench safe as long as that takes; nobody kills it.
            process.wait(to_s(ENDS_WITHIN))
