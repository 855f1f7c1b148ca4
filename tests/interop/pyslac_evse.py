"""pyslac as a charging station on one interface: `python pyslac_evse.py IF`. Runs in pyslac's own environment.

Says "key set" when its modem has the key, then takes a car for plugged in and says "matched" or "failed".
"""

from __future__ import annotations

import asyncio
import logging
import sys

from pyslac.enums import STATE_MATCHED
from pyslac.environment import Config
from pyslac.session import SlacEvseSession, SlacSessionController


class Station(SlacSessionController):
    def __init__(self) -> None:
        super().__init__()
        self.failed = False

    async def notify_matching_failed(self, _: str) -> None:
        self.failed = True


async def main(interface: str) -> None:
    config = Config()
    config.load_envs("/dev/null")
    station, session = Station(), SlacEvseSession("DE*CCS*E1", interface, config)
    await session.evse_set_key()
    print("key set", session.nid.hex(), flush=True)
    await station.process_cp_state(session, "B2")
    while session.state != STATE_MATCHED and not station.failed:
        await asyncio.sleep(0.05)
    print("failed" if station.failed else "matched", flush=True)


logging.basicConfig(level=logging.INFO)
asyncio.run(main(sys.argv[1]))
