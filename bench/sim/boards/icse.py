"""ICSE012A, ICSE013A, ICSE014A: `50` is answered with the model, `51` wakes it; then every octet is a mask, 0 = closed.

Once awake it answers nothing any more, and takes `50` and `51` for masks too. It sleeps again only without power.
Assumed: that relays are released at power-up (one program says otherwise), and that a sleeping board ignores all else.
"""

from __future__ import annotations

from typing import Any

from bench.sim.boards.relay_bank import RelayBank
from bench.units import Ns

WHO = 0x50
WAKE = 0x51
MODELS = {4: 0xAB, 2: 0xAD, 8: 0xAC}
"""Answer to `50` by number of channels: ICSE012A, ICSE013A, ICSE014A."""


class IcseBoard(RelayBank):
    model = "icse"
    baud = 9600

    def __init__(self, *, channels: int = 8, **rest: Any) -> None:
        super().__init__(channels=channels, **rest)
        self.awake = False
        self._asked = False

    def receive(self, now: Ns, octets: bytes) -> None:
        for octet in octets:
            self._heard(now, bytes([octet]))

    def _forget(self) -> None:
        self.awake = self._asked = False

    def _obey(self, command: bytes, acts: bool) -> bytes:
        (octet,) = command
        if self.awake:
            if acts:
                self._closed = frozenset(n for n in range(1, self.channels + 1) if not octet >> (n - 1) & 1)
        elif octet == WHO:
            self._asked = True
            return bytes([MODELS[self.channels]])
        elif octet == WAKE and self._asked:
            self.awake = True
        return b""
