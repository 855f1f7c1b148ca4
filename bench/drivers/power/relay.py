"""The supply of an adapter through a relay.

    power = RelaySupply(relays, 3, on_when="released")
    power.set(on=False)

Wire it so that the adapter has power while the relay is released, if that can be: then it has power without the bench.
Switch the low voltage side; mains belongs into a certified switched socket.

The relay board is opened and closed by its owner, because it may serve other things too.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from bench.devices import Relays
from bench.drivers.opening import Opening
from bench.errors import DeviceGone, PortError

OnWhen: TypeAlias = Literal["closed", "released"]


class RelaySupply(Opening):
    """A `bench.devices.Supply` on one relay.

    channel   of *relays*
    on_when   whether the adapter has power while the relay is closed or released

    ValueError for a channel the board has not, or another word.
    """

    def __init__(self, relays: Relays, channel: int, *, on_when: OnWhen) -> None:
        if on_when not in get_args(OnWhen):
            raise ValueError(f"an adapter has power when its relay is closed or released, not {on_when!r}")
        if isinstance(channel, bool) or channel not in set(relays.channels):
            raise ValueError(f"{relays.name} has no relay {channel!r}; it has {', '.join(map(str, relays.channels))}")
        self._relays = relays
        self._channel = channel
        self._closed_is_on = on_when == "closed"
        self._open = False

    def __repr__(self) -> str:
        return f"<RelaySupply {self.name}, on when {'closed' if self._closed_is_on else 'released'}>"

    @property
    def name(self) -> str:
        return f"supply on relay {self._channel} of {self._relays.name}"

    def open(self) -> None:
        """Switch on. The relay board must be open."""
        self._open = True
        try:
            self.make_safe()
        except BaseException:
            self._open = False
            raise

    def set(self, on: bool) -> None:
        if not self._open:
            raise PortError(f"{self.name} is not open")
        self._relays.set(self._channel, bool(on) is self._closed_is_on)

    def make_safe(self) -> None:
        """On."""
        self.set(on=True)

    def close(self) -> None:
        """Leave it on. Idempotent, and silent where the relay board is gone."""
        if self._open:
            try:
                self.make_safe()
            except DeviceGone:
                pass
            finally:
                self._open = False
