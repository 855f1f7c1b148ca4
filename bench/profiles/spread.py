"""Measured figures: what was seen, how often, and a value drawn from it.

A profile keeps the median, the extremes and the count of single values. Few values stand behind most of them, so the
extremes are what was seen and not limits: use a spread to make a simulated station, never to judge a real one.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Annotated, Self, TypeAlias

from bench.units import Ns, ms

Ms: TypeAlias = Annotated[Ns, "ms"]
"""A duration that is a rule and no measurement (the step of a raster). Its key in a file ends in `_ms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure as a profile file writes it, in the unit its key names.

    `{ median = 20.0, min = 19.8, max = 20.2, n = 27 }` was measured; `{ median = 20.0, assumed = "why" }` was not.
    *usual* is the band of the ordinary values where an extreme has a cause of its own (a lost frame, a sleeping car).
    Raises ValueError if the figure contradicts itself.
    """

    median: float
    min: float | None = None
    max: float | None = None
    n: int = 0
    assumed: str | None = None
    usual: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if (self.min is None) != (self.max is None):
            raise ValueError("min and max go together")
        if (self.n == 0) == (self.assumed is None):
            raise ValueError("give either n, the number of values seen, or assumed, the reason")
        if self.n < 0:
            raise ValueError(f"n counts values, got {self.n}")
        if self.n and self.min is None:
            raise ValueError("a measured figure has min and max")
        if not self.low <= self.median <= self.high:
            raise ValueError(f"min {self.low} <= median {self.median} <= max {self.high} does not hold")
        if self.n == 1 and self.low != self.high:
            raise ValueError("one value (n = 1) cannot have a range")
        if self.usual is not None:
            if len(self.usual) != 2:
                raise ValueError("usual is a pair [from, to]")
            if not self.low <= self.usual[0] <= self.median <= self.usual[1] <= self.high:
                raise ValueError(
                    f"usual {list(self.usual)} must contain the median {self.median} and lie within min and max"
                )

    @property
    def low(self) -> float:
        return self.median if self.min is None else self.min

    @property
    def high(self) -> float:
        return self.median if self.max is None else self.max


@dataclass(frozen=True, slots=True)
class Spread:
    """A duration that scatters.

    median, min, max   as seen
    n                  number of single values behind them; 0 if assumed
    assumed            the reason, if nobody measured it
    usual              band that draws stay in, where the extremes have a cause of their own
    """

    median: Ns
    min: Ns
    max: Ns
    n: int
    assumed: str | None = None
    usual: tuple[Ns, Ns] | None = None

    @classmethod
    def of(cls, figure: Figure) -> Self:
        """From a figure in milliseconds."""
        usual = None if figure.usual is None else (ms(figure.usual[0]), ms(figure.usual[1]))
        return cls(ms(figure.median), ms(figure.low), ms(figure.high), figure.n, figure.assumed, usual)

    def draw(self, rng: random.Random) -> Ns:
        """One value for a simulated station: half of all draws lie on each side of the median, most of them near it."""
        low, high = self.usual or (self.min, self.max)
        return self.median if low == high else round(_drawn(low, self.median, high, rng))


@dataclass(frozen=True, slots=True)
class LevelSpread:
    """A level in dB that scatters; fields as in `Spread`."""

    median: float
    min: float
    max: float
    n: int
    assumed: str | None = None
    usual: tuple[float, float] | None = None

    @classmethod
    def of(cls, figure: Figure) -> Self:
        """From a figure in dB."""
        usual = None if figure.usual is None else (figure.usual[0], figure.usual[1])
        return cls(figure.median, figure.low, figure.high, figure.n, figure.assumed, usual)

    def draw(self, rng: random.Random) -> float:
        """One value in dB, distributed as `Spread.draw` does it."""
        low, high = self.usual or (self.min, self.max)
        return self.median if low == high else _drawn(low, self.median, high, rng)


def _drawn(low: float, median: float, high: float, rng: random.Random) -> float:
    """A triangle on each side of the median, each with half of the weight, so that skew does not move the median."""
    extreme = high if rng.random() < 0.5 else low
    return median + (extreme - median) * (1 - math.sqrt(rng.random()))
