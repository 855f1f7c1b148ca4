"""Attenuation per group of carriers, the way a Green PHY modem reports it for a sound.

The figures are medians over the captures of 14 cars whose station's modem measured (uhi22/pyPLC, EVerest/logfiles):
8 dB from the lower to the upper third of the groups, 2.1 dB from one group to the next, 18 dB up to the last group.
"""

from __future__ import annotations

import random

SLOPE_DB = 12.0
"""Cables damp high carriers more: from the first group to the last but one."""
RIPPLE_DB = 4.0
"""Largest push a ripple gets from one group to the next."""
RIPPLE_MEMORY = 0.7
LAST_GROUP_DB = 18.0
"""The last group holds few carriers, at the edge of the band; of 14 measured profiles 12 end with a jump like this."""
MAX_DB = 255


def shape_db(key: str, groups: int) -> list[float]:
    """Departures from the mean, always the same for the same *key*; they sum up to 0.

    A slope, ripples that stay within some dB of it, and the weak last group.
    """
    rng = random.Random(key)
    shape = []
    ripple = 0.0
    for group in range(groups):
        ripple = RIPPLE_MEMORY * ripple + rng.uniform(-RIPPLE_DB, RIPPLE_DB)
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
