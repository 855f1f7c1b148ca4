"""Whether fewer matches succeed than before: Fisher's exact test, which counts and assumes nothing.

>>> fewer(Successes(30, 30), Successes(30, 30)), round(fewer(Successes(30, 30), Successes(22, 30)), 4)
(1.0, 0.0023)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

from bench.baseline.comparing import ALPHA


@dataclass(frozen=True, slots=True)
class Successes:
    """*done* of *of* matches led to a network."""

    done: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.done <= self.of:
            raise ValueError(f"{self.done} of {self.of} cannot have succeeded")

    def __str__(self) -> str:
        return f"{self.done} of {self.of}"


def fewer(before: Successes, after: Successes) -> float:
    """How probable so few successes *after* are, if nothing has changed (one-sided p)."""
    together, failed = before.of + after.of, before.of + after.of - before.done - after.done
    most = min(failed, after.of)
    ways = sum(
        comb(after.of, missed) * comb(before.of, failed - missed) for missed in range(after.of - after.done, most + 1)
    )
    return ways / comb(together, failed)


def lost(before: Successes, after: Successes, alpha: float = ALPHA) -> bool:
    """Whether it is shown that fewer succeed."""
    return fewer(before, after) <= alpha
