"""Two real adapters of the bench, each on a network interface of its own (driver `pcap`).

Both stations are the bench's, so the control pilot between them is a simulated cable; the powerline is a real one.
"""

from __future__ import annotations

import secrets
import time

from bench.clock import SystemClock
from bench.rig.config import RigConfig
from bench.rig.kernel_ports import open_port
from bench.rig.setup import Settings, Setup
from bench.rig.stations import Arrangement


class RealPair(Arrangement):
    """Made by `open_rig`, once per test. Keys and RunIDs are never those of an earlier test or run."""

    def __init__(self, config: RigConfig, settings: Settings) -> None:
        self.system_clock = SystemClock(time.monotonic_ns())
        super().__init__(config, settings, self.system_clock, secrets.randbits(64))

    def setup(self) -> Setup:
        """PortError or AdapterError with the remedy; nothing is left open then."""
        interfaces = self.config.interfaces()
        try:
            ports = {who: open_port(interfaces[who], who, self.system_clock, self.opened) for who in ("evse", "pev")}
            evse = self.evse_station(ports["evse"], self.pilot.evse)
            pev = self.pev_station(ports["pev"], self.pilot.pev)
            ends = Setup("pair", evse, pev, self.pump, self.trace, self.clock, self.rng, self.pilot.evse.read)
            ends.opened, ends.prompt = self.opened, self.prompt
            return self.prepared(ends)
        except BaseException:
            self.opened.close()
            raise
