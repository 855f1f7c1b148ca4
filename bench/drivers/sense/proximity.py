"""The proximity contact through one input of an ADC."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from bench.drivers.opening import Opening
from bench.drivers.sense.mcp3xxx import Mcp3xxxChannel
from bench.errors import PortError
from bench.pilot.proximity import AS_QUOTED, CodingTable, ProximityMeasured, PullUp

SAMPLES = 15
STILL_SHARE = 0.05
"""Of full scale: PP is a steady level. More scatter is a loose contact, or the wrong wire."""


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


class Mcp3xxxProximity(Opening):
    """PP at one input of an MCP3xxx; a `bench.devices.ProximityMeter`.

    chip, channel, device, factory   as of `Mcp3xxxChannel`
    supply_v, pull_up_ohm            what PP is pulled up by
    parallel_ohm                     from PP to PE in the bench's own socket; None: nothing
    """

    def __init__(
        self,
        chip: str,
        channel: int,
        *,
        pull_up_ohm: float,
        supply_v: float = 3.3,
        parallel_ohm: float | None = None,
        reference_v: float = 3.3,
        device: int = 0,
        factory: str = "lgpio",
    ) -> None:
        self._input = Mcp3xxxChannel(chip, channel, device=device, factory=factory)
        self._pull_up = PullUp(supply_v, pull_up_ohm, parallel_ohm)
        self._reference_v = reference_v

    @property
    def name(self) -> str:
        return f"proximity pilot at {self._input.name}"

    def open(self) -> None:
        self._input.open()

    def make_safe(self) -> None:
        """It only looks."""

    def measure(self) -> ProximityMeasured:
        return measure_proximity(
            self._input.sample, bits=self._input.bits, pull_up=self._pull_up, reference_v=self._reference_v
        )

    def close(self) -> None:
        self._input.close()
