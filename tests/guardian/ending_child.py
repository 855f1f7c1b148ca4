"""A program that leaves its bench as unsafe as it can, and then ends in one of many ways.

    python ending_child.py SPEC WAY

Prints `unsafe` and the instant, then what it is told, a line each.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from contextlib import suppress

from bench.errors import BenchError
from bench.guardian import BenchSpec, Guardian
from bench.units import s


def make_unsafe(guardian: Guardian) -> None:
    guardian.ask("contactor", name="main", closed=True)
    guardian.ask("supply", who="evse", on=False)
    guardian.ask("load", load="C")
    guardian.ask("duty", pct=5)


def live(guardian: Guardian, duration: int = s(60)) -> None:
    """As the pump does: wake the guardian's end again and again."""
    end = time.monotonic_ns() + duration
    while time.monotonic_ns() < end:
        guardian.wake(time.monotonic_ns())
        time.sleep(0.02)


def loop(_: Guardian) -> None:
    while True:
        pass


def swallow(_: Guardian) -> None:
    """Code under test that lets nothing disturb it, and does not let the pump run."""
    while True:
        with suppress(Exception):
            time.sleep(60)


def fork(guardian: Guardian) -> None:
    """A child that lives on, with copies of all descriptors."""
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    live(guardian)


def thread(_: Guardian) -> None:
    """Python waits for it before it ends."""
    threading.Thread(target=time.sleep, args=[60]).start()


def talk(guardian: Guardian) -> None:
    """Its output goes to somebody who has gone."""
    while True:
        live(guardian, s(0.05))
        print("still here", flush=True)


def queue(guardian: Guardian) -> None:
    """Many commands on their way when it ends."""
    for _ in range(20):
        guardian.request("duty", pct=10)
        guardian.request("duty", pct=5)
    os._exit(0)


def flash(guardian: Guardian) -> None:
    guardian.ask("supply", who="evse", on=True)
    guardian.ask("flashing", why="an adapter is being written")
    say("flashing")
    live(guardian)


def ignore(guardian: Guardian) -> None:
    """It goes on after it was told that the bench is safe now."""
    while True:
        try:
            live(guardian)
        except BenchError as error:
            say(f"told {error}")
            time.sleep(60)


WAYS = {
    "return": lambda _: None,
    "exception": lambda _: 1 / 0,
    "sys.exit": lambda _: sys.exit(3),
    "os._exit": lambda _: os._exit(0),
    "os.abort": lambda _: os.abort(),
    "live": live,
    "loop": loop,
    "swallow": swallow,
    "fork": fork,
    "thread": thread,
    "talk": talk,
    "queue": queue,
    "flash": flash,
    "ignore": ignore,
}


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    spec = BenchSpec.from_json(json.loads(sys.argv[1]))
    try:
        with Guardian(spec) as guardian:
            make_unsafe(guardian)
            say(f"unsafe {time.monotonic_ns()}")
            WAYS[sys.argv[2]](guardian)
    except BenchError as error:
        said = [str(error)]
        while error.__context__ is not None:
            error = error.__context__
            said.append(str(error))
        say(f"error {json.dumps(said)}")
        sys.exit(1)


if __name__ == "__main__":
    main()
