"""The socket a virtual adapter is plugged into, with a switch."""

from __future__ import annotations

from bench.sim.adapter import VirtualAdapter


class SimPowerSwitch:
    """A `PowerSwitch` that acts at once. The adapter boots when it is switched on, which takes its profile's time."""

    def __init__(self, adapter: VirtualAdapter) -> None:
        self._adapter = adapter

    def __repr__(self) -> str:
        return f"<power of {self._adapter.name}>"

    def off(self) -> None:
        self._adapter.power(False)

    def on(self) -> None:
        self._adapter.power(True)

    def hold(self, why: str) -> None:
        """Nobody but this program switches a simulated socket."""

    def close(self) -> None:
        self.on()
