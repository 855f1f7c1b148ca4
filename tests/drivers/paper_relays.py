"""A relay board on paper: it notes what it was told, and fails where it is told to."""

from __future__ import annotations

from bench.errors import DeviceGone, PortError


class PaperRelays:
    """Meets `bench.devices.Relays`. *stuck*: channels that refuse."""

    name = "paper relays"
    confirms = True

    def __init__(self, channels=8):
        self.channels = range(1, channels + 1)
        self.told = []
        self.now = set()
        self.seen = [frozenset()]
        self.stuck = set()
        self.gone = False

    def open(self): ...

    def close(self): ...

    def make_safe(self): ...

    def set(self, channel, closed):
        if self.gone:
            raise DeviceGone("paper relays are gone")
        self.told.append((channel, closed))
        if channel in self.stuck:
            raise PortError(f"relay {channel} sticks")
        (self.now.add if closed else self.now.discard)(channel)
        if frozenset(self.now) != self.seen[-1]:
            self.seen.append(frozenset(self.now))

    def closed(self, channel):
        return channel in self.now
