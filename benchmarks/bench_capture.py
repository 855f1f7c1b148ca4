"""Whether `PcapPort` loses frames in a flood: 20,000 frames/s for 10 s, read with `select` as the system clock does.

The sender is a process of its own at the other end of a veth pair and sends a burst every millisecond. Each frame has
a number, so that one lost, repeated or out of order is noticed whatever the counters say.

    python -m benchmarks.bench_capture      # root; about 12 seconds

Aim: every frame received, `drops()` zero.
"""

from __future__ import annotations

import os
import platform
import select
import sys
import time
from dataclasses import dataclass

from bench.drivers.pcap_port import PcapPort
from bench.errors import BenchError
from bench.ports import Drops
from bench.units import Ns, to_ms
from benchmarks.kernel import Cable, Program, Progress, inside, our_program, run

RATE, SECONDS = 20_000, 10
QUIET_S = 0.5
"""So long nothing after the sender has ended, and everything has come."""
SLOWEST = 0.99
"""Of RATE that the sender must reach, else nothing is proved."""
NUMBER = slice(14, 18)


@dataclass
class Received:
    """What came in.

    in_order  frames whose number is that of the last one plus one
    most      frames in one `receive`
    waited    longest time from the kernel's stamp to the return of `receive`
    busy      processor time of this process while frames came
    """

    count: int = 0
    in_order: int = 0
    most: int = 0
    waited: Ns = 0
    busy: Ns = 0
    first: Ns = 0
    last: Ns = 0


def receive(port: PcapPort, sender: Program) -> Received:
    got = Received()
    progress = Progress(RATE * SECONDS)
    expected = 0
    begin = time.process_time_ns()
    while True:
        readable, _, _ = select.select([port], [], [], QUIET_S)
        if not readable:
            if got.count or sender.ended:
                break
            continue
        frames = port.receive()
        if not frames:
            continue
        if not got.count:
            got.first, begin = frames[0].t, time.process_time_ns()
        got.waited = max(got.waited, time.monotonic_ns() - frames[0].t)
        got.count += len(frames)
        got.most = max(got.most, len(frames))
        for _, octets in frames:
            number = int.from_bytes(octets[NUMBER], "big")
            got.in_order += number == expected
            expected = number + 1
        got.last, got.busy = frames[-1].t, time.process_time_ns() - begin
        progress.at(min(got.count, RATE * SECONDS), f"{got.count} frames")
    progress.clear()
    return got


def measure() -> tuple[int, float, Received, Drops]:
    """Frames sent, seconds that took, what came, what was lost."""
    with Cable() as cable:
        with inside(cable.near):
            port = PcapPort(cable.near_if)
        with port, Program(cable.far, *our_program("burst_sender", cable.far_if, str(RATE), str(SECONDS))) as sender:
            got = receive(port, sender)
            if sender.wait(timeout_s=5) != 0:
                raise BenchError(f"the sender failed: {sender.last_words()}")
            sent, seconds = sender.last_words().split()
            return int(sent), float(seconds), got, port.drops()


def benchmark() -> bool:
    print(f"{platform.node()}: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    sent, seconds, got, drops = measure()
    print(f"sent      {sent:>9,} frames in {seconds:.2f} s: {sent / seconds:,.0f} frames/s")
    print(f"received  {got.count:>9,} frames, {got.in_order:,} in order")
    print(f"dropped   {drops.ring:>9,} by the ring, {drops.interface} by the interface")
    share = got.busy / max(1, got.last - got.first)
    print(f"processor {share:>9.0%} of a core, {got.busy / max(1, got.count) / 1000:.1f} µs for each frame")
    print(f"backlog   {got.most:>9,} frames at most, oldest waited {to_ms(got.waited):.1f} ms at most")
    fast = sent / seconds >= SLOWEST * RATE
    met = fast and got.count == got.in_order == sent and drops == Drops(0, 0)
    reached = "" if fast else f"; the sender reached only {sent / seconds:,.0f} frames/s"
    print(f"{'met    ' if met else 'NOT met'}  {RATE:,} frames/s for {SECONDS} s without a drop{reached}")
    return met


if __name__ == "__main__":
    sys.exit(run(benchmark, {}))
