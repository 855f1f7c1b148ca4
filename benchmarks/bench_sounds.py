"""How evenly our car sounds on a real interface with the system clock, while another process keeps one core busy.

The car is a process of its own at one end of a veth pair; at the other end the kernel stamps what comes. A script
confirms its requests and is its modem, so that it sounds again and again, ten sounds at a time. Intervals are from a
CM_MNBC_SOUND.IND to the next.

    python -m benchmarks.bench_sounds       # root; about two minutes

Aim: 99 % of the intervals within 1 ms of what is set. It is judged with the bench as a rig on real interfaces runs it,
before ordinary programs (`bench.drivers.priority`); the second row shows what that is good for.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from bench.errors import BenchError
from bench.mme import CmMnbcSoundInd, CmSlacParmCnf, CmSlacParmReq, Frame, decode, encode
from bench.slac.timers import TIMERS
from bench.units import Ns, ms, s, to_ms
from benchmarks.kernel import FAR_MAC, Cable, Program, Progress, inside, our_program, run
from benchmarks.scripted_modem import ScriptedModem
from benchmarks.stamped_socket import StampedSocket

INTERVALS = 600
WITHIN: Ns = ms(1)
SHARE = 0.99
SET: Ns = TIMERS.tp_ev_batch_msg_interval
SILENCE: Ns = s(10)

BUSY = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nwhile True: pass"


def sounds(socket: StampedSocket) -> Iterator[tuple[Ns, CmMnbcSoundInd]]:
    """Each sound with the kernel's stamp, while its sender is kept going."""
    modem = ScriptedModem()
    while (passed := socket.next(time.monotonic_ns() + SILENCE)) is not None:
        if passed.outgoing:
            continue
        frame = decode(passed.octets)
        mme = frame.mme
        if isinstance(mme, CmMnbcSoundInd):
            yield passed.t, mme
        elif isinstance(mme, CmSlacParmReq):
            cnf = CmSlacParmCnf(forwarding_sta=frame.src, run_id=mme.run_id)
            socket.send(encode(Frame(frame.src, FAR_MAC, cnf)))
        elif (answer := modem.answer(frame)) is not None:
            socket.send(answer)


def measure(how: str) -> list[Ns]:
    """The intervals of our car, run *how*: prompt or ordinary."""
    with Cable() as cable, ExitStack() as opened:
        with inside(cable.far):
            socket = StampedSocket(cable.far_if)
        opened.callback(socket.close)
        progress = Progress(INTERVALS)
        opened.callback(progress.clear)
        opened.enter_context(Program(cable.near, sys.executable, "-c", BUSY))
        car = opened.enter_context(Program(cable.near, *our_program("our_pev", cable.near_if, how)))
        found: list[Ns] = []
        last: tuple[Ns, CmMnbcSoundInd] | None = None
        for t, sound in sounds(socket):
            if last is not None and (last[1].run_id, last[1].cnt - 1) == (sound.run_id, sound.cnt):
                found.append(t - last[0])
            last = t, sound
            progress.at(len(found), f"{len(found)} of {INTERVALS} intervals")
            if len(found) == INTERVALS:
                return found
        raise BenchError(f"our car fell silent; it said: {car.last_words()}")


def report(intervals: Sequence[Ns]) -> bool:
    """Print the figures; whether the aim is met."""
    off = sorted(abs(interval - SET) for interval in intervals)
    share = sum(t <= WITHIN for t in off) / len(off)
    shortest, longest = to_ms(min(intervals)), to_ms(max(intervals))
    middle, p99, worst = (to_ms(off[place]) for place in (len(off) // 2, len(off) * 99 // 100, -1))
    print(
        f"  {len(intervals)} intervals of {to_ms(SET):g} ms: shortest {shortest:.3f}, "
        f"median {statistics.median(intervals) / 1e6:.3f}, longest {longest:.3f} ms"
    )
    print(f"  away from what is set: median {middle:.3f}, p99 {p99:.3f}, max {worst:.3f} ms")
    met = share >= SHARE
    print(f"  {'met    ' if met else 'NOT met'}  {SHARE:.0%} within {to_ms(WITHIN):g} ms (it is {share:.2%})")
    return met


def benchmark() -> bool:
    print(f"{platform.node()}: {os.cpu_count()} cores, one kept busy, Python {platform.python_version()}")
    print("our car as a rig runs it")
    met = report(measure("prompt"))
    print("our car as an ordinary program")
    report(measure("ordinary"))
    return met


if __name__ == "__main__":
    sys.exit(run(benchmark, {}))
