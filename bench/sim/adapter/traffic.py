"""How much an adapter has sent and heard on the powerline, as VS_LNK_STATS tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Frames since the adapter started, or since they were cleared."""

    sent: int = 0
    heard: int = 0

    def clear(self) -> None:
        self.sent = self.heard = 0
