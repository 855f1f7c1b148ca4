"""Complete matches per second of the simulated pair, on one core, without the report.

Three figures, each the median of several runs:

- *machines*: EVSE and PEV machine against each other in memory, to CM_SLAC_MATCH.CNF; no adapters, no octets
- *confirmed*: the bench's own stations as `open_rig` builds them (stations, wires, trace, virtual adapters, powerline,
  pilot, virtual clock), from the plug to CM_SLAC_MATCH.CNF at both ends
- *linked*: the same until both stations have seen the link, which is 3.9 s of protocol time and 16 questions to each
  adapter more

The arrangement (a fresh world per match, keys set) is built outside the measured time. It is printed too.

    python -m benchmarks.bench_match
"""

from __future__ import annotations

import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from bench.ids import BROADCAST, MacAddress, Nmk, RunId, nid_from_nmk
from bench.mme import CmAttenProfileInd, CmMnbcSoundInd, Frame
from bench.pilot.model import CpState, PilotReading
from bench.rig import Setup, open_rig
from bench.slac.events import Network
from bench.slac.evse import EvseSlac
from bench.slac.evse_table import EvseState
from bench.slac.pev import PevSlac
from bench.slac.pev_table import PevState
from bench.units import Ns

TARGET = 300
RUNS, MATCHES = 7, 100

EVSE, EVSE_MODEM = MacAddress(b"\x02\0\0\0\xe5\xe1"), MacAddress(b"\x02\0\0\0\xe5\xe2")
PEV = MacAddress(b"\x02\0\0\0\x0e\x51")
NMK = Nmk(bytes(range(16)))
B2 = PilotReading(CpState.B, 5.0, 9.0, -12.0)
MEASURED = bytes(range(20, 78))


def machines_match(rng: random.Random) -> Ns:
    """One match of the pure machines; returns its protocol time."""
    evse = EvseSlac(EVSE, Network(nid_from_nmk(NMK), NMK))
    pev = PevSlac(PEV, lambda: RunId(rng.randbytes(8)), lambda: rng.randbytes(16))
    now: Ns = 0
    evse.pilot(B2, now)
    pev.pilot(B2, now)
    while pev.state is not PevState.JOINING:
        while evse.outbox or pev.outbox:
            to_evse, pev.outbox = pev.outbox, []
            for frame in to_evse:
                evse.receive(frame, now)
                if isinstance(frame.mme, CmMnbcSoundInd):
                    evse.receive(Frame(BROADCAST, EVSE_MODEM, CmAttenProfileInd(pev_mac=PEV, aag=MEASURED)), now)
            to_pev, evse.outbox = evse.outbox, []
            for frame in to_pev:
                pev.receive(frame, now)
        deadlines = [t for machine in (evse, pev) if (t := machine.next_deadline()) is not None]
        now = min(deadlines)
        evse.wake(now)
        pev.wake(now)
    return now


def confirm(setup: Setup) -> None:
    setup.own_evse.pilot.set_duty_cycle_pct(5.0)
    setup.own_pev.plug_in()
    setup.own_evse.wait_matched()
    setup.own_pev.wait_matched()


def link(setup: Setup) -> None:
    confirm(setup)
    setup.own_evse.wait_link()
    setup.own_pev.wait_link()
    assert setup.own_evse.machine.state is EvseState.MATCHED
    assert setup.own_pev.machine.state is PevState.MATCHED


def rate(count: int, work: Callable[[], object]) -> float:
    """How many per second, by processor time: the machine may have other work."""
    start = time.process_time()
    for _ in range(count):
        work()
    return count / (time.process_time() - start)


def match_rate(count: int, arranged: Callable[[], Setup], match: Callable[[Setup], None]) -> float:
    """Matches per second; each has an arrangement of its own, which is not measured."""
    spent = 0.0
    for _ in range(count):
        setup = arranged()
        start = time.process_time()
        match(setup)
        spent += time.process_time() - start
    return count / spent


def show(name: str, found: Sequence[float], target: int | None = None) -> None:
    middle, low, high = statistics.median(found), min(found), max(found)
    against = "" if target is None else f"   target {target}"
    print(f"{name:<12}{middle:6.0f} /s   {len(found)} runs, {low:.0f} to {high:.0f}{against}")


def main() -> int:
    print(f"{platform.node()}: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    rng = random.Random(0)
    show("machines", [rate(MATCHES, lambda: machines_match(rng)) for _ in range(RUNS)])
    rig = open_rig("sim")
    (pair,) = (choice for choice in rig.suts() if choice.kind == "pair")

    def arranged() -> Setup:
        return rig.setup(pair)

    show("arranging", [rate(MATCHES, arranged) for _ in range(RUNS)])
    confirmed = [match_rate(MATCHES, arranged, confirm) for _ in range(RUNS)]
    show("confirmed", confirmed, TARGET)
    linked = [match_rate(MATCHES, arranged, link) for _ in range(RUNS)]
    show("linked", linked, TARGET)
    return 0 if min(statistics.median(confirmed), statistics.median(linked)) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
