"""pyslac's charging station on a real interface, matching for ever: `python pyslac_evse.py IF`, in pyslac's Python.

After each match the plug is pulled and put in again. pyslac logs every step by default; here it logs nothing, and the
ten seconds it rests after a key are left out, so that it is seen at its best.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from pyslac import session as pyslac_session
from pyslac.environment import Config
from pyslac.session import SlacEvseSession, SlacSessionController


class Session(SlacEvseSession):
    """Says when it has confirmed a match, without being asked again and again."""

    def __init__(self, interface: str, config: Config) -> None:
        super().__init__("DE*CCS*E1", interface, config)
        self.over = asyncio.Event()

    async def cm_slac_match(self) -> None:
        await super().cm_slac_match()
        self.over.set()


class Station(SlacSessionController):
    """Goes on after three failures, which a car that does not come causes."""

    def __init__(self) -> None:
        super().__init__()
        self.session: Session | None = None

    async def notify_matching_failed(self, _: str) -> None:
        assert self.session is not None
        self.session.over.set()


async def main(interface: str) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    pyslac_session.SLAC_SETTLE_TIME = 0
    config = Config()
    config.load_envs("/dev/null")
    config.slac_init_timeout = 3600
    station = Station()
    station.session = session = Session(interface, config)
    await session.evse_set_key()
    while True:
        session.over.clear()
        await station.process_cp_state(session, "B2")
        await session.over.wait()
        await station.process_cp_state(session, "A1")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
