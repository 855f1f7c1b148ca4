"""A bench of two simulated boards on pseudo-terminals, and programs that use it.

A serial PWM board makes the pilot. Of four relays the first is the supply of an adapter (released: on), the second and
the third are R2 and R3 of a car, the fourth is a contactor.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bench.errors import RigBusy
from bench.guardian import BenchSpec, DeviceSpec
from bench.lock import PLACE, RigLock
from bench.sim.boards.lcus import LcusBoard
from bench.sim.boards.pty_board import PtyBoard
from bench.sim.boards.xy_lpwm import XyLpwmBoard
from bench.units import ms, s, to_ms, to_s

SUPPLY, R_B, R_C, CONTACTOR = 1, 2, 3, 4
CHILD = Path(__file__).with_name("ending_child.py")
REPOSITORY = Path(__file__).parents[2]
PATIENCE = s(20)
"""Of these tests with what takes a second or two on an idle machine."""
AT_ONCE = ms(500)
"""For what offers or asks for energy, after an end that can be seen."""
RELAYS_TOO = s(1)
"""For all the others, one after the other."""
AFTER_SILENCE = s(2)
ORDER = ["contactor", "pilot", "demand", "plug", "supply"]
DANGEROUS = ["contactor", "pilot", "demand"]
HASTE = {"settles": ms(10), "quiet": ms(20)}
"""Simulated boards answer at once and in one piece, so that these tests need not be as patient as the drivers are by
default. With CCS_BENCH_PATIENT_DRIVERS=1 they are, and so are the instants that the tests print."""
if os.environ.get("CCS_BENCH_PATIENT_DRIVERS"):
    HASTE = {}
OF_THE_PILOT = HASTE and {**HASTE, "between": ms(40), "within": ms(300)}
OF_THE_RELAYS = HASTE and {**HASTE, "between": ms(5)}
OF_THE_LOAD = HASTE and {"settles": ms(2)}


class BenchOfBoards:
    """name  of its lock; nobody else's"""

    def __init__(self, name, *, duty=100, closed=frozenset()):
        self.lock = f"rig {name}"
        self.pilot = PtyBoard(XyLpwmBoard(duty_cycle_pct=duty))
        self.relays = PtyBoard(LcusBoard(channels=4, closed=frozenset(closed)))
        self.programs = []

    def __enter__(self):
        self.pilot.start()
        self.relays.start()
        return self

    def __exit__(self, *_):
        try:
            for program in self.programs:
                program.end()
            assert self.free_within(s(30)), "a guardian was left behind"
        finally:
            self.pilot.stop()
            self.relays.stop()
            if PLACE.is_dir():
                (PLACE / f"ccs-bench-{self.lock.replace(' ', '-')}.lock").unlink(missing_ok=True)

    def spec(self, **changed):
        spec = BenchSpec(
            "boards",
            locks=(self.lock,),
            purpose="a test of endings",
            generator=DeviceSpec("xy-lpwm", {"port": self.pilot.path, **OF_THE_PILOT}),
            boards={"relays": DeviceSpec("lcus", {"port": self.relays.path, "channels": 4, **OF_THE_RELAYS})},
            load=DeviceSpec("relay-load", {"wiring": {"r_b": R_B, "r_c": R_C}, **OF_THE_LOAD}, "relays"),
            supplies={"evse": DeviceSpec("relay-supply", {"channel": SUPPLY, "on_when": "released"}, "relays")},
            contactors={"main": ("relays", CONTACTOR)},
            energise=True,
        )
        return replace(spec, **changed)

    def program(self, way, **changed):
        """One that has made the bench unsafe and ends in this *way* now, or when it is told."""
        made = Program(self.spec(**changed), way)
        self.programs.append(made)
        assert made.wait_for("unsafe"), made.said
        return made

    def free_within(self, duration):
        """Whether the guardian has ended by then."""
        end = time.monotonic_ns() + duration
        while time.monotonic_ns() < end:
            with suppress(RigBusy):
                RigLock([self.lock], "is it free?").close()
                return True
            time.sleep(0.02)
        return False

    def guardian_pid(self):
        try:
            RigLock([self.lock], "who has it?").close()
        except RigBusy as busy:
            return int(re.search(r"process (\d+)", str(busy))[1])
        raise AssertionError("there is no guardian")

    def is_unsafe(self):
        return self.pilot.output.duty_cycle_pct == 5 and self.relays.output == {SUPPLY, R_B, R_C, CONTACTOR}

    def safe_within(self, duration=PATIENCE):
        return self.pilot.wait_until(lambda: self.pilot.firmware.output.duty_cycle_pct == 100, duration) and (
            self.relays.comes_to(frozenset(), duration)
        )

    def settled_after(self, t):
        """How long after *t* each thing became safe for good, ns: contactor, pilot, demand, plug, supply."""
        times = {"pilot": _for_good(self.pilot.outputs, lambda output: output.duty_cycle_pct in (0, 100))}
        for name, channel in (("contactor", CONTACTOR), ("demand", R_C), ("plug", R_B), ("supply", SUPPLY)):
            times[name] = _for_good(self.relays.outputs, lambda closed, channel=channel: channel not in closed)
        return {name: instant - t for name, instant in times.items()}


def _for_good(outputs, is_safe):
    """The first instant from which on all are."""
    since = None
    for t, output in outputs:
        if not is_safe(output):
            since = None
        elif since is None:
            since = t
    assert since is not None, f"never safe: {outputs}"
    return since


def in_ms(times):
    return {name: round(to_ms(t)) for name, t in times.items()}


def row(way, bench, t):
    """Of the table of endings, and what it is made of. Waits for the end of the guardian."""
    assert bench.safe_within()
    times = bench.settled_after(t)
    assert bench.free_within(PATIENCE)
    done = time.monotonic_ns() - t
    told = in_ms(times)
    print(f"| {way} | {' | '.join(str(told[name]) for name in ORDER)} | {round(to_ms(done))} |")
    return times


class Program:
    """said  its lines so far"""

    def __init__(self, spec, way):
        self.said = []
        self._rest = b""
        environment = dict(os.environ, PYTHONPATH=str(REPOSITORY))
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), json.dumps(spec.as_json()), way],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )

    @property
    def unsafe_at(self):
        """When it said so, by its own clock."""
        return int(self.said[0].split()[1])

    def wait_for(self, word, within=PATIENCE):
        """The first line that begins with *word*; empty where none came."""
        end = time.monotonic_ns() + within
        while not (found := [line for line in self.said if line.startswith(word)]):
            left = end - time.monotonic_ns()
            if left <= 0 or not select.select([self.process.stdout], [], [], to_s(left))[0]:
                return ""
            octets = os.read(self.process.stdout.fileno(), 65536)
            *lines, self._rest = (self._rest + octets).split(b"\n")
            self.said += [line.decode() for line in lines]
            if not octets:
                return next((line for line in self.said if line.startswith(word)), "")
        return found[0]

    def send(self, number):
        """Returns when."""
        t = time.monotonic_ns()
        os.kill(self.process.pid, number)
        return t

    def wait(self, within=PATIENCE):
        return self.process.wait(to_s(within))

    def end(self):
        """It and whatever it has forked."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
