"""Attenuation per group of carriers, the way a Green PHY modem reports it for a sound."""

from __future__ import annotations

import random

SLOPE_DB = 4.0
"""Cables damp high carriers more: from the first to the last group."""
RIPPLE_DB = 2.0
"""Largest step from one group to the next."""
LAST_GROUP_DB = 8.0
"""The last group holds few carriers at the band's edge; every measured profile ends with a jump like this."""
MAX_DB = 255


def shape_db(key: str, groups: int) -> list[float]:
    """Departures from the mean, always the same for the same *key*; they sum up to 0.

    A slope, ripples that stay within a few dB of it, and the weak last group: so look the profiles of QCA7000 and
    QCA7005 modems in the captures of Superchargers and of FoccciCape boards.
    """
    rng = random.Random(key)
    shape = []
    ripple = 0.0
    for group in range(groups):
        ripple = 0.7 * ripple + rng.uniform(-RIPPLE_DB, RIPPLE_DB)
        shape.append(SLOPE_DB * group / groups + ripple)
    shape[-1] += LAST_GROUP_DB
    mean = sum(shape) / groups
    return [value - mean for value in shape]


def groups_db(key: str, mean_db: float, groups: int) -> bytes:
    """A profile of whole dB whose mean is *mean_db*, to the nearest that *groups* whole numbers can have.

    Below the depth of the shape it is flattened, so that no group goes below 0 dB.
    """
    if groups == 0:
        return b""
    shape = shape_db(key, groups)
    depth = min(1.0, mean_db / -min(shape))
    exact = [mean_db + depth * value for value in shape]
    whole = [int(value) for value in exact]
    missing = round(groups * mean_db) - sum(whole)
    by_fraction = sorted(range(groups), key=lambda group: whole[group] - exact[group])
    for group in by_fraction[:missing]:
        whole[group] += 1
    return bytes(min(value, MAX_DB) for value in whole)


def with_noise(profile: bytes, noise_db: float, rng: random.Random) -> bytes:
    """The same profile as one sound measures it: each group off by up to *noise_db*."""
    return bytes(min(max(value + round(rng.uniform(-noise_db, noise_db)), 0), MAX_DB) for value in profile)
