"""From the modem's profiles of single sounds to the attenuation an EVSE reports."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

NUM_GROUPS = 58
"""Groups of carriers in CM_ATTEN_CHAR.IND. A profile of another size is none, because a PEV rejects the report."""
LARGEST_DB = 255


class ZeroGroups(enum.Enum):
    """What to report when the modem measured nothing: TP-Link's QCA7420 delivers profiles without groups."""

    SYNTHETIC = "report a flat profile of synthetic_db: a lie that lets cars match; useless against cross-talk"
    EMPTY = "report no groups: honest, and cars reject it"
    SILENT = "send no CM_ATTEN_CHAR.IND: the attempt fails"


class Report(NamedTuple):
    """num_sounds and the groups of a CM_ATTEN_CHAR.IND."""

    num_sounds: int
    aag: bytes


def mean_groups(profiles: Sequence[bytes], offset_db: int = 0) -> bytes:
    """Mean per group, halves rounded up, less *offset_db*; within 0..255 dB. *profiles* must not be empty.

    >>> list(mean_groups([bytes([10, 20]), bytes([11, 23])], offset_db=1))
    [10, 21]
    """
    n = len(profiles)
    sums = (sum(group) for group in zip(*profiles, strict=True))
    return bytes(min(LARGEST_DB, max(0, (2 * total + n) // (2 * n) - offset_db)) for total in sums)


def report_of(
    sounds: int,
    profiles: Sequence[bytes],
    *,
    announced: int,
    offset_db: int,
    zero_groups: ZeroGroups,
    synthetic_db: int,
) -> Report | None:
    """What to report after *sounds* different sounds of *announced* ones; None if nothing may be reported.

    num_sounds is the number of profiles averaged. A modem that delivers a profile twice does not make it more than
    what was heard.
    """
    heard = sounds or announced
    if measured := [profile for profile in profiles if len(profile) == NUM_GROUPS]:
        return Report(min(len(measured), heard), mean_groups(measured, offset_db))
    if (not sounds and not profiles) or zero_groups is ZeroGroups.SILENT:
        return None
    aag = bytes([synthetic_db]) * NUM_GROUPS if zero_groups is ZeroGroups.SYNTHETIC else b""
    return Report(sounds or min(len(profiles), heard), aag)
