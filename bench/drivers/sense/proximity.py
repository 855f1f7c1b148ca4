"""The proximity contact through one input of an ADC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.errors import PortError
from bench.pilot.proximity import AS_QUOTED, CableCoding, CodingTable, PullUp

SAMPLES = 15
STILL_SHARE = 0.05
"""Of full scale: PP is a steady level. More scatter is a loose contact, or the wrong wire."""


@dataclass(frozen=True, slots=True)
class ProximityMeasured:
    """*ohm* between PP and PE in the plug, and what that is by the table."""

    ohm: float
    coding: CableCoding


def measure_proximity(
    sample: Callable[[], int],
    *,
    bits: int,
    pull_up: PullUp,
    reference_v: float = 3.3,
    table: CodingTable = AS_QUOTED,
) -> ProximityMeasured:
    """What is plugged in, by the median of a few conversions.

    sample   one conversion of the input at PP, in counts (`Mcp3xxxChannel.sample`)
    pull_up  of the bench, from a supply that is not above *reference_v*: an open plug must be within the ADC's range

    PortError where the level does not stand still. ValueError for a supply above the reference.
    """
    if pull_up.supply_v > reference_v:
        raise ValueError(
            f"PP is pulled up to {pull_up.supply_v} V, above the ADC's reference of {reference_v} V: an open plug "
            "could not be told from a cable; divide it, and name what the ADC sees"
        )
    counts = sorted(sample() for _ in range(SAMPLES))
    if counts[-2] - counts[1] > STILL_SHARE * 2**bits:
        raise PortError(
            f"proximity pilot: the level moves between {counts[1]} and {counts[-2]} of {2**bits} counts: "
            "a loose contact, or the input is on the control pilot"
        )
    count = median(counts)
    # The highest count stands for all above it, the supply included.
    ohm = float("inf") if count >= 2**bits - 1 else pull_up.plug_ohm(count / 2**bits * reference_v)
    return ProximityMeasured(ohm, table.coding(ohm))
