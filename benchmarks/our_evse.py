"""Our charging station on a real interface, matching for ever: `python -m benchmarks.our_evse IF`.

After each match the plug is pulled and put in again, as it is for the other stations.
"""

from __future__ import annotations

import random
import sys
from contextlib import ExitStack
from functools import partial

from bench.clock import SystemClock
from bench.drivers.priority import prompt
from bench.pump import Pump
from bench.rig.kernel_ports import open_port
from bench.slac.events import Matched
from bench.station import EvseStation, new_network
from bench.trace import Trace
from bench.units import s
from bench.wire import Wire
from benchmarks.scripted_pilot import ScriptedPilot

FOR_EVER = s(1e9)


def over(station: EvseStation, before: Matched | None) -> bool:
    """Whether there was a match after *before*, or nobody asked for so long that the plug must be pulled."""
    return station.matched() is not before or station.gave_up()


def main(interface: str) -> None:
    clock = SystemClock()
    with prompt(), ExitStack() as opened:
        port = open_port(interface, "evse", clock, opened)
        pump = Pump(clock)
        pilot = ScriptedPilot(clock)
        station = EvseStation(Wire(port, Trace(), pump), pilot, new_network(random.Random(1)))
        pump.participants.append(station)
        station.prepare()
        while True:
            before = station.matched()
            pilot.plugged()
            pump.run(partial(over, station, before), clock.now() + FOR_EVER)
            pilot.unplugged()
            pump.run_for(0)


if __name__ == "__main__":
    main(sys.argv[1])
