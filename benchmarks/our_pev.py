"""Our car on a real interface, asking and sounding for ever: `python -m benchmarks.our_pev IF prompt|ordinary`.

The plug is pulled once the sounds are out, so that the next attempt begins soon.
"""

from __future__ import annotations

import random
import sys
from contextlib import ExitStack

from bench.clock import SystemClock
from bench.drivers.priority import prompt
from bench.pump import Pump
from bench.rig.kernel_ports import open_port
from bench.slac.timers import C_EV_MATCH_MNBC, C_EV_START_ATTEN_CHAR_INDS, TIMERS
from bench.station import PevStation
from bench.trace import Trace
from bench.units import ms
from bench.wire import Wire
from benchmarks.scripted_pilot import ScriptedPilot

SOUNDING = TIMERS.tp_ev_batch_msg_interval * (C_EV_START_ATTEN_CHAR_INDS + C_EV_MATCH_MNBC)


def main(interface: str, how: str) -> None:
    clock = SystemClock()
    with ExitStack() as opened:
        if how == "prompt":
            opened.enter_context(prompt())
        port = open_port(interface, "pev", clock, opened)
        pump = Pump(clock)
        pilot = ScriptedPilot(clock)
        station = PevStation(Wire(port, Trace(), pump), pilot, random.Random(1))
        pump.participants.append(station)
        station.prepare()
        while True:
            pilot.plugged()
            pump.run_for(SOUNDING + ms(200))
            pilot.unplugged()
            pump.run_for(ms(20))


if __name__ == "__main__":
    main(*sys.argv[1:])
