"""The resistors between the pilot and an ADC: volts at the pilot to volts at the ADC, and back."""

from __future__ import annotations

from dataclasses import dataclass

from bench.pilot.model import GENERATOR_V

LEAST_SPREAD_V = 0.5
"""Of the two known points at the ADC. Dividers in use give 2 V and more; less says that one of them was not there."""


@dataclass(frozen=True, slots=True)
class Divider:
    """Volts at the ADC are *slope* times volts at the pilot, plus *offset_v*.

    ValueError for a slope that is not above 0: no divider turns the pilot upside down.

    >>> example = Divider.of_resistors(pilot_ohm=100e3, ground_ohm=24.9e3, reference_ohm=20e3, reference_v=3.3)
    >>> round(example.slope, 4), round(example.offset_v, 3), round(example.adc_v(-15), 2), round(example.adc_v(15), 2)
    (0.0998, 1.647, 0.15, 3.14)
    """

    slope: float
    offset_v: float

    def __post_init__(self) -> None:
        if not self.slope > 0:
            raise ValueError(f"the slope of a divider is above 0, got {self.slope}")

    @classmethod
    def of_resistors(
        cls, *, pilot_ohm: float, ground_ohm: float, reference_ohm: float, reference_v: float = 3.3
    ) -> Divider:
        """Three resistors that meet at the ADC: to the pilot, to ground, to the reference."""
        given = {"pilot_ohm": pilot_ohm, "ground_ohm": ground_ohm, "reference_ohm": reference_ohm}
        for name, ohm in given.items():
            if not ohm > 0:
                raise ValueError(f"{name} is a resistance above 0, got {ohm}")
        conductance = 1 / pilot_ohm + 1 / ground_ohm + 1 / reference_ohm
        return cls(1 / pilot_ohm / conductance, reference_v / reference_ohm / conductance)

    @classmethod
    def calibrated(
        cls, *, plus_adc_v: float, minus_adc_v: float, plus_v: float = GENERATOR_V, minus_v: float = -GENERATOR_V
    ) -> Divider:
        """From what the ADC shows at the two levels every generator has without a car: 100 % and 0 %.

        *plus_v* and *minus_v* are what a voltmeter shows there; the nominal values carry the generator's tolerance of
        5 % into every level.
        """
        if not plus_adc_v - minus_adc_v >= LEAST_SPREAD_V:
            raise ValueError(
                f"100 % shows {plus_adc_v:.3f} V at the ADC and 0 % {minus_adc_v:.3f} V, less than "
                f"{LEAST_SPREAD_V} V apart: the pilot does not reach the ADC, or its generator does not switch"
            )
        slope = (plus_adc_v - minus_adc_v) / (plus_v - minus_v)
        return cls(slope, plus_adc_v - slope * plus_v)

    def adc_v(self, pilot_v: float) -> float:
        return self.slope * pilot_v + self.offset_v

    def pilot_v(self, adc_v: float) -> float:
        return (adc_v - self.offset_v) / self.slope
