"""The proximity pilot of type 2 and CCS2: resistor between PP and PE in the plug, to what the cable may carry.

Nominal resistors as commonly quoted for IEC 61851-1 annex B, and as printed in manuals of test adapters. Where one
coding ends and the next begins is read differently by different programs, so the table is a choice.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CableCoding:
    """*ampere* is None where the resistor is no cable's: *meaning* says what it is."""

    meaning: str
    ampere: int | None = None
    nominal_ohm: float | None = None


CABLE_13_A = CableCoding("13 A, and what a CCS2 plug of a DC charger carries", 13, 1500)
CABLE_20_A = CableCoding("20 A", 20, 680)
CABLE_32_A = CableCoding("32 A", 32, 220)
CABLE_63_A = CableCoding("63 A three-phase, 70 A single-phase", 63, 100)


@dataclass(frozen=True, slots=True)
class ProximityMeasured:
    """*ohm* between PP and PE in the plug (infinite: nothing), and what that is by the table."""

    ohm: float
    coding: CableCoding


NO_PLUG = CableCoding("no plug")
SHORTED = CableCoding("PP and PE touch, or the resistor is wrong: fault")
BETWEEN = CableCoding("a resistance that the table gives no meaning: fault")

CABLES = (CABLE_63_A, CABLE_32_A, CABLE_20_A, CABLE_13_A)


@dataclass(frozen=True, slots=True)
class CodingTable:
    """Ranges by rising resistance.

    source  whose they are, and whether that was verified
    ranges  (from ohm, coding): each reaches to the next
    """

    source: str
    ranges: tuple[tuple[float, CableCoding], ...]

    def coding(self, ohm: float) -> CableCoding:
        """What *ohm* between PP and PE is; infinity is an open contact. ValueError below 0.

        >>> AS_QUOTED.coding(680).ampere, AS_QUOTED.coding(float("inf")).meaning
        (20, 'no plug')
        """
        if not ohm >= 0:
            raise ValueError(f"a resistance is 0 or more, got {ohm}")
        found = self.ranges[0][1]
        for start, coding in self.ranges:
            if ohm >= start:
                found = coding
        return found


AS_QUOTED = CodingTable(
    "ranges often quoted for IEC 61851-1 annex B; not checked against the text of the standard",
    (
        (0, SHORTED),
        (50, CABLE_63_A),
        (150, CABLE_32_A),
        (330, CABLE_20_A),
        (1000, CABLE_13_A),
        (2200, BETWEEN),
        (4500, NO_PLUG),
    ),
)
"""The default: alone among the three it has a gap between a cable and no plug, so a bad contact is not an open one."""

EVEREST = CodingTable(
    "EVerest's simulator, as read in its program",
    ((0, SHORTED), (80, CABLE_63_A), (140, CABLE_32_A), (308, CABLE_20_A), (936, CABLE_13_A), (2460, NO_PLUG)),
)

TINKERFORGE = CodingTable(
    "the firmware of Tinkerforge's charging station, as read in its program; it knows neither a short nor an open plug",
    ((0, CABLE_63_A), (150, CABLE_32_A), (330, CABLE_20_A), (1000, CABLE_13_A)),
)


@dataclass(frozen=True, slots=True)
class PullUp:
    """What the bench measures PP with: a resistor to *supply_v*, and maybe one to PE beside the plug's.

    pull_up_ohm    from the supply to PP
    parallel_ohm   from PP to PE, there with and without a plug; None: there is none
    """

    supply_v: float
    pull_up_ohm: float
    parallel_ohm: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("supply_v", self.supply_v), ("pull_up_ohm", self.pull_up_ohm)):
            if not value > 0:
                raise ValueError(f"{name} is above 0, got {value}")
        if self.parallel_ohm is not None and not self.parallel_ohm > 0:
            raise ValueError(f"parallel_ohm is above 0, got {self.parallel_ohm}; None where there is no such resistor")

    def plug_ohm(self, pp_v: float) -> float:
        """The resistor in the plug that makes *pp_v*; infinity for an open one.

        >>> round(PullUp(supply_v=3.3, pull_up_ohm=1000).plug_ohm(1.335), 0)
        679.0
        """
        if pp_v <= 0:
            return 0.0
        if pp_v >= self.supply_v:
            return float("inf")
        siemens = (self.supply_v - pp_v) / self.pull_up_ohm / pp_v
        if self.parallel_ohm is not None:
            siemens -= 1 / self.parallel_ohm
        return 1 / siemens if siemens > 0 else float("inf")
