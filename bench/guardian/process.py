"""The guardian's own process: `python -m bench.guardian`, spoken to through its standard input and output.

One JSON object per line. The first line is the spec. Then commands, `{"id": 7, "do": "duty", "pct": 5.0}`, each
answered by `{"id": 7, "t": ..., ...}` or `{"id": 7, "error": "...", "kind": "PortError"}`, and events in between:
`ready`, `busy`, `refused`, `level`, `fault`, `made safe`, `ended`. Instants are `time.monotonic_ns()`.

Exit status: 0 everything is safe; 1 something could not be made safe, or is not known to be; 2 it did not begin.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from bench.devices import DeadMan
from bench.errors import BenchError, PortError, RigBusy
from bench.guardian.devices import Devices
from bench.guardian.keeper import STOPPED, HalfDone, Keeper, Told
from bench.guardian.spec import BenchSpec
from bench.lock import RigLock
from bench.units import s

GOOD, TROUBLE, NOT_BEGUN = 0, 1, 2
LOOK_EVERY_S = 0.05
BEAT_EVERY_S = 0.05
"""The monostable of docs/build-a-bench.md drops out 0.33 s after the last edge."""
LOOP_HANGS_AFTER = s(15)
"""Longer than everything that a shutdown of all devices may take; the steps have their own limits."""


def main() -> int:
    # Ctrl-C goes to everybody in the foreground, SIGHUP to the whole session of a terminal that closes.
    for number in (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])):
        signal.signal(number, signal.SIG_IGN)
    # A program that does not read, because it stands still, must not make this one stand still, too.
    os.set_blocking(sys.stdout.fileno(), False)
    program = os.getppid()
    lines = Lines(sys.stdin.fileno())
    first = lines.wait()
    if first is None:
        return NOT_BEGUN
    log = Log("")
    try:
        spec = BenchSpec.from_json(first)
        log = Log(spec.log)
        lock = RigLock(spec.locks, spec.purpose)
    except RigBusy as busy:
        say({"event": "busy", "why": str(busy)})
        return NOT_BEGUN
    except BenchError as error:
        say({"event": "refused", "why": str(error)})
        return NOT_BEGUN
    try:
        return _guard(spec, lines, log, program)
    finally:
        lock.close()


def _guard(spec: BenchSpec, lines: Lines, log: Log, program: int) -> int:
    keeper = None
    try:
        devices = Devices(spec, log)
        devices.open()
        _not_stopped(devices)
    except Exception as error:  # a library that is missing says so in its own words
        log(f"not begun: {error}")
        say({"event": "refused", "why": str(error)})
        return NOT_BEGUN
    pulse = Pulse(devices.dead_man)
    pulse.start()
    try:
        troubles = devices.make_safe()
        generator = devices.generator
        about = {
            "devices": [device.name for device in devices.every()],
            "accuracy": None if generator is None else [getattr(generator.accuracy, n) for n in ACCURACY],
            "makes_state_e": generator is not None and generator.makes_state_e,
            "loads": sorted(load.name for load in devices.load.loads) if devices.load else [],
            "cautions": [caution for device in devices.every() for caution in getattr(device, "cautions", ())],
            "troubles": troubles,
        }
        say({"event": "ready", **about})
        keeper = Keeper(spec, devices, time.monotonic_ns)
        reason = _loop(keeper, lines, log, program, pulse)
    except BaseException as error:
        reason = f"{type(error).__name__}: {error}"
    log(f"ends: {reason}")
    pulse.alive()
    # A relay board releases all its relays when it is let go of; an adapter in the middle of a write keeps its power.
    sparing = devices.feeding if keeper is not None and keeper.flashing_why else ()
    troubles = devices.make_safe()
    pulse.stop()
    troubles += devices.close(sparing)
    say({"event": "ended", "reason": reason, "troubles": troubles})
    return TROUBLE if troubles else GOOD


def _not_stopped(devices: Devices) -> None:
    """PortError while the emergency stop is pressed; everything is safe and let go of then."""
    if devices.stop is not None and devices.stop.pressed():
        devices.close()
        raise PortError(f"{STOPPED}: unlatch it first")


ACCURACY = ("step_pct", "error_pct", "source")


def _loop(keeper: Keeper, lines: Lines, log: Log, program: int, pulse: Pulse) -> str:
    """Until the program ends or says so. Returns why.

    program  the process whose end is the program's. The pipe alone would not do: a child that the program has forked
             holds a copy of it
    """
    heard_at = time.monotonic_ns()
    while True:
        _alive(keeper, pulse)
        for command in lines.take(LOOK_EVERY_S):
            if command is None or lines.hung_up or os.getppid() != program:
                return "the program has ended"  # and nobody wants any more what it has asked for
            if command.get("do") == "quit":
                return "the program says so"
            _answer(keeper, command, log)
            heard_at = time.monotonic_ns()  # a slow device is not the program's silence
        if os.getppid() != program:
            return "the program has ended"
        for event in keeper.look(heard_at):
            log(f"{event}")
            say(event)


def _alive(keeper: Keeper, pulse: Pulse) -> None:
    """The loop has come round; after an emergency stop that is no sign of life any more."""
    if keeper.stopped:
        pulse.stop()
    else:
        pulse.alive()


def _answer(keeper: Keeper, command: Told, log: Log) -> None:
    number = command.get("id")
    try:
        told = keeper.do(command)
    except (ValueError, TypeError, KeyError) as error:  # nonsense, which no device was told
        say({"id": number, "kind": "ValueError", "error": str(error)})
    except BenchError as error:
        log(f"{command}: {error}")
        say({"id": number, "kind": "PortError", "error": str(error)})
        if isinstance(error, HalfDone):
            for event in keeper.make_safe_because(str(error)):
                log(f"{event}")
                say(event)
    else:
        if command.get("do") != "alive":
            log(f"{command}")
            say({"id": number, "t": time.monotonic_ns(), **told})


class Pulse:
    """The sign of life for hardware, for as long as the loop goes on.

    A thread of its own, because a board may take longer to answer than the dead man waits; it stops by itself when the
    loop has not come round for longer than any board may take.
    """

    def __init__(self, dead_man: DeadMan | None) -> None:
        self._dead_man = dead_man
        self._alive_at = time.monotonic_ns()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._dead_man is not None:
            self._thread = threading.Thread(target=self._run, args=[self._dead_man], name="dead man", daemon=True)
            self._thread.start()

    def alive(self) -> None:
        self._alive_at = time.monotonic_ns()

    def stop(self) -> None:
        """No further beat once this returns."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def _run(self, dead_man: DeadMan) -> None:
        while not self._over.wait(BEAT_EVERY_S):
            if time.monotonic_ns() - self._alive_at > LOOP_HANGS_AFTER:
                continue
            with suppress(Exception):  # no beat is what hardware takes for death
                dead_man.beat()


class Lines:
    """JSON objects from a descriptor, as they come."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""
        self._ended = False

    def wait(self) -> dict[str, Any] | None:
        """The next one; None at the end."""
        while True:
            for line in self.take(None):
                return line

    @property
    def hung_up(self) -> bool:
        """Whether nobody can write any more, though what was written may still wait to be read."""
        poll = select.poll()
        poll.register(self._fd, 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))

    def take(self, within_s: float | None) -> Iterator[dict[str, Any] | None]:
        """What has come, after waiting for it at most *within_s*; None last at the end."""
        ready, _, _ = select.select([self._fd], [], [], within_s)
        if not ready:
            return
        octets = os.read(self._fd, 65536)
        *lines, self._rest = (self._rest + octets).split(b"\n")
        for line in lines:
            with suppress(ValueError):
                told = json.loads(line)
                if isinstance(told, dict):
                    yield told
        if not octets:
            yield None


def say(told: Told) -> None:
    """To the program, if it is still there and listens."""
    with suppress(OSError):
        os.write(sys.stdout.fileno(), (json.dumps(told) + "\n").encode())


class Log:
    """Appends a line to *path*, with the time; nowhere without one. A full disk disturbs nothing."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, what: str) -> None:
        if not self._path:
            return
        stamp = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {time.monotonic_ns()}"
        with suppress(OSError), open(self._path, "a", encoding="utf-8") as file:
            file.write(f"{stamp} {what}\n")
