"""Kernel stamps to the rig's clock.

The kernel stamps frames with the computer's civil time, which NTP slews and now and then steps; the rig's clock is
monotonic. The distance between the two is measured again each time stamps are converted.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.units import Ns, ms, us

TRIES = 3
"""Readings of both clocks; the one with the least time between its two ends counts."""

CLOSE_ENOUGH = us(1)
"""A reading that took no longer than this is not tried again."""

STEP = ms(1)
"""A change of distance from one look to the next that slewing (at most 500 ppm) does not make: civil time was set."""


class StampConverter:
    """Converts civil time in ns to *now*'s time.

    now    the rig's clock
    civil  the clock the kernel stamps with, ns since 1970
    """

    def __init__(self, now: Callable[[], Ns] = time.monotonic_ns, civil: Callable[[], Ns] = time.time_ns) -> None:
        self._now, self._civil = now, civil
        self._distance = self._before = self._measured()
        self._since = self._last = now()

    @property
    def width(self) -> Ns:
        """How long the last comparison of the two clocks took; the distance is known no better than that."""
        return self._width

    @property
    def distance(self) -> Ns:
        """Civil time less the rig's, as last measured."""
        return self._distance

    def convert(self, stamps: list[Ns]) -> list[Ns]:
        """When frames with *stamps* came in, never later than now and never falling.

        Where civil time was set since the last call, a stamp may be from before or after that: the distance counts
        that puts it between the last call and now.
        """
        measured = self._measured()
        if abs(measured - self._distance) > STEP:
            self._before = self._distance
        else:
            self._before = measured
        self._distance = measured
        end = self._now()
        converted = []
        for stamp in stamps:
            t = stamp - self._distance
            if self._before != self._distance and not self._since - STEP <= t <= end + STEP:
                t = stamp - self._before
            self._last = max(self._last, min(t, end))
            converted.append(self._last)
        self._since = end
        return converted

    def _measured(self) -> Ns:
        """Civil time less the rig's, from the reading that took the least time."""
        best: tuple[Ns, Ns] | None = None
        for _ in range(TRIES):
            before = self._now()
            civil = self._civil()
            after = self._now()
            if best is None or after - before < best[0]:
                best = after - before, civil - (before + after) // 2
                if best[0] <= CLOSE_ENOUGH:
                    break
        assert best is not None
        self._width = best[0]
        return best[1]
