"""A station's behaviour written down as a script: a generator that says how long it wants to pause.

    def ask(self):
        self.send(request)
        yield from until(self.world, self.world.now() + ms(200), lambda: self.answered)

The script yields an instant; it goes on then, or earlier when the runner is poked because something was heard.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeAlias

from bench.sim.world import Timer, World
from bench.units import Ns

Script: TypeAlias = Generator[Ns, None, None]


def until(world: World, t: Ns, heard: Callable[[], bool] = lambda: False) -> Script:
    """Pause until *t*, or until *heard* is true after something came in."""
    while not heard() and world.now() < t:
        yield t


class Runner:
    """Runs one script at a time on the world's time line."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._script: Script | None = None
        self._timer: Timer | None = None
        self._stepping = False

    @property
    def running(self) -> bool:
        return self._script is not None

    def start(self, script: Script) -> None:
        """Begin *script*, in place of one that runs."""
        self.stop()
        self._script = script
        self._step()

    def stop(self) -> None:
        """End the script where it is. A script may stop its own runner; it ends at its next pause."""
        script, self._script = self._script, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if script is not None and not self._stepping:
            script.close()

    def poke(self) -> None:
        """Something happened that the script may be waiting for."""
        if self._script is not None and not self._stepping:
            if self._timer is not None:
                self._timer.cancel()
            self._step()

    def _step(self) -> None:
        script = self._script
        if script is None:
            return
        self._timer = None
        self._stepping = True
        try:
            wake_at = next(script, None)
        finally:
            self._stepping = False
        if self._script is not script:
            script.close()
        elif wake_at is None:
            self._script = None
        else:
            self._timer = self._world.at(wake_at, self._step)
