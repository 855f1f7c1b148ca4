"""A power switch that can be locked while its adapter must not lose its power."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import PortError
from bench.ports import PowerSwitch


class GuardedSwitch:
    """*switch*, which refuses to switch off within `locked`. A `PowerSwitch` itself."""

    def __init__(self, switch: PowerSwitch) -> None:
        self._switch = switch
        self._why: str | None = None

    def __repr__(self) -> str:
        return f"<{self._switch} {'free' if self._why is None else 'locked: ' + self._why}>"

    @contextmanager
    def locked(self, why: str) -> Iterator[None]:
        """Within the block `off` is a PortError that tells *why*."""
        self.hold(why)
        try:
            yield
        finally:
            self.hold("")

    def hold(self, why: str) -> None:
        self._why = why or None
        self._switch.hold(why)

    def off(self) -> None:
        if self._why is not None:
            raise PortError(f"the power stays on: {self._why}")
        self._switch.off()

    def on(self) -> None:
        self._switch.on()

    def close(self) -> None:
        self._switch.close()
