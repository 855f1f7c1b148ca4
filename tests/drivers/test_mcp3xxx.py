"""The level meter on a simulated pilot, and its SPI against a simulated converter that is clocked bit by bit."""

from __future__ import annotations

import random
import time

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockSPIDevice
from hypothesis import given
from hypothesis import strategies as st
from mock_pins import mock_pins
from pilot_world import DIVIDER, HIGH_V, SampledPilot

from bench.drivers.sense.mcp3xxx import Mcp3xxx, Mcp3xxxChannel
from bench.drivers.sense.proximity import Mcp3xxxProximity, measure_proximity
from bench.errors import PortError
from bench.pilot.divider import Divider
from bench.pilot.model import CpState, cp_state_from_level
from bench.pilot.proximity import CABLE_20_A, CABLE_32_A, NO_PLUG, SHORTED, PullUp
from bench.pilot.sampling import GLITCHES_FROM

A, B, C, D, E, F, _ = CpState
BANDS_V = {A: (11.4, 12.6), B: (8.37, 9.59), C: (5.47, 6.53), D: (2.59, 3.28)}
"""Worst case of all component tolerances."""
BEHIND_DIVIDER = {"slope": DIVIDER.slope, "offset_v": DIVIDER.offset_v}


def meter_at(pilot, chip="MCP3008", channel=0, **changes):
    simulated = {"sample": pilot.sample, "pause": pilot.pause, "draw": pilot.random.random}
    return Mcp3xxx(chip, channel, **BEHIND_DIVIDER, **(simulated | changes))


def measured(pilot, **changes):
    with meter_at(pilot, **changes) as meter:
        return meter.measure()


# Levels


@pytest.mark.parametrize("chip", ["MCP3004", "MCP3008", "MCP3204", "MCP3208"])
@pytest.mark.parametrize("state", [A, B, C, D, E, F])
def test_every_state_is_read_at_5_percent(chip, state):
    pilot = SampledPilot(state, bits=12 if "32" in chip else 10)

    level = measured(pilot, chip=chip)

    assert level.high_v == pytest.approx(HIGH_V[state], abs=0.15)
    assert level.low_v == pytest.approx(0 if state is E else -12, abs=0.15)
    assert cp_state_from_level(level.high_v) is state


@given(state=st.sampled_from([A, B, C, D]), duty_pct=st.integers(5, 96), seed=st.integers(0, 2**32))
def test_level_is_within_the_bands_at_every_duty_cycle(state, duty_pct, seed):
    level = measured(SampledPilot(state, duty_pct, seed=seed))

    low, high = BANDS_V[state]
    assert low <= level.high_v <= high
    assert level.low_v == pytest.approx(-12, abs=0.3)
    assert level.high_share * 100 == pytest.approx(duty_pct, abs=20)


@pytest.mark.parametrize(("state", "duty_pct"), [(A, 100), (B, 100), (C, 100), (B, 0)])
def test_without_pwm_both_levels_are_the_same(state, duty_pct):
    level = measured(SampledPilot(state, duty_pct))

    assert level.high_v == level.low_v == pytest.approx(HIGH_V[state] if duty_pct else -12, abs=0.1)
    assert level.high_share == (1 if duty_pct else 0)


def test_random_pauses_keep_the_samples_from_beating_with_the_pilot():
    """A converter that takes exactly one period sees one phase for ever: with even pauses 5 % looks like F."""
    standing_still = measured(SampledPilot(B, conversion_us=1000), draw=lambda: 0.0)
    moving = measured(SampledPilot(B, conversion_us=1000))

    assert cp_state_from_level(standing_still.high_v) is not B
    assert cp_state_from_level(moving.high_v) is B


def test_the_instant_is_when_the_measurement_ended():
    before = time.monotonic_ns()

    assert before <= measured(SampledPilot(B)).t <= time.monotonic_ns()


def test_more_samples_are_taken_until_the_high_phase_is_sure():
    """0.7 %: of 300 samples two see it, of 2000 enough do."""
    pilot = SampledPilot(B, 0.7, tau_us=0.5, seed=3)

    level = measured(pilot)

    assert level.samples == pilot.taken > 300
    assert level.high_v == pytest.approx(HIGH_V[B], abs=0.2)


def test_spikes_cost_samples_but_not_for_ever():
    """F with one spike: it takes 1200 samples to be sure that it is no phase."""
    pilot = SampledPilot(F)
    taken = iter(range(10_000))

    level = measured(pilot, sample=lambda: 900 if next(taken) == 7 else pilot.sample())

    assert next(taken) == GLITCHES_FROM == level.samples
    assert level.high_v == level.low_v == pytest.approx(-12, abs=0.1)


def test_noise_is_an_error_and_no_state():
    noise = random.Random(1)

    with pytest.raises(PortError, match=r"pilot at MCP3008 channel 0 at SPI 0\.0: .*scatter"):
        measured(SampledPilot(B), sample=lambda: round(min(max(noise.gauss(512, 150), 1), 1022)))


# What is no pilot


@pytest.mark.parametrize(
    ("count", "why"), [(0, "at 0 of the ADC"), (1023, "at full scale"), (512, "to the last count")]
)
def test_a_converter_that_does_not_convert_is_an_error_and_no_state(count, why):
    """0 is an SPI line that is open; 512 is 0 V, which is E, to the last count."""
    with pytest.raises(PortError, match=rf"{why}.*no state of the pilot"):
        measured(SampledPilot(B), sample=lambda: count)


def test_a_quiet_pilot_on_a_coarse_converter_may_be_allowed_to_stand_still():
    level = measured(SampledPilot(B, 100, noise_v=0), constant_is_broken=None)

    assert level.high_v == pytest.approx(HIGH_V[B], abs=0.05)


@pytest.mark.parametrize("count", [-1, 1024])
def test_a_count_the_converter_cannot_give_is_an_error(count):
    with pytest.raises(PortError, match="10 bits"):
        measured(SampledPilot(B), sample=lambda: count)


def test_a_closed_meter_measures_nothing():
    meter = meter_at(SampledPilot(B))
    with pytest.raises(PortError, match="not open"):
        meter.measure()
    with meter:
        meter.make_safe()
        meter.measure()
    meter.close()
    with pytest.raises(PortError, match="not open"):
        meter.adc_v()


def test_two_steady_levels_calibrate_the_meter():
    """Resistors of the wrong value, found out by measuring at 100 and at 0 %."""
    guess = Divider.of_resistors(pilot_ohm=110e3, ground_ohm=24.9e3, reference_ohm=20e3)

    def adc_v(duty_pct):
        pilot = SampledPilot(A, duty_pct)
        with meter_at(pilot) as meter:
            return sum(meter.adc_v() for _ in range(200)) / 200

    found = Divider.calibrated(plus_adc_v=adc_v(100), minus_adc_v=adc_v(0))

    assert found.pilot_v(DIVIDER.adc_v(9.0)) == pytest.approx(9.0, abs=0.05)
    assert guess.pilot_v(DIVIDER.adc_v(9.0)) != pytest.approx(9.0, abs=0.05)


@pytest.mark.parametrize(
    ("chip", "channel", "changes", "why"),
    [
        ("MCP3002", 0, {}, "MCP3004, MCP3008"),
        ("MCP3004", 4, {}, "channels 0 to 3"),
        ("MCP3008", -1, {}, "channels 0 to 7"),
        ("MCP3008", 0, {"device": 2}, "chip select"),
        ("MCP3008", 0, {"reference_v": 0}, "reference_v"),
    ],
)
def test_wiring_that_cannot_be_is_refused(chip, channel, changes, why):
    with pytest.raises(ValueError, match=why):
        Mcp3xxx(chip, channel, **BEHIND_DIVIDER, **changes)


# SPI


class Converter(MockSPIDevice):
    """An MCP3008 or MCP3208: waits for a 1, takes four bits (single-ended, channel), lets one clock pass, sends 0 and
    its bits."""

    bits = 10
    read = None

    def on_start(self):
        super().on_start()
        self.rx_bit = 0
        self.command: list[int] | None = None

    def on_bit(self):
        bit = self.rx_buf[-1]
        if self.command is None:
            self.command = [] if bit else None
            return
        self.command.append(int(bit))
        if len(self.command) == 4:
            assert self.command[0], "differential"
            channel = int("".join(map(str, self.command[1:])), 2)
            self.tx_word(type(self).read(channel), self.bits + 2)


def converter(bits, read):
    return type("Simulated", (Converter,), {"bits": bits, "read": staticmethod(read)})


@pytest.mark.parametrize(("chip", "bits"), [("MCP3008", 10), ("MCP3204", 12)])
def test_counts_come_through_spi_from_the_right_channel(chip, bits):
    with mock_pins(), converter(bits, lambda channel: 100 * channel + 1)(11, 10, 9, 8):
        for channel in range(4):
            adc = Mcp3xxxChannel(chip, channel, factory="mock")
            adc.open()
            assert adc.sample() == 100 * channel + 1
            adc.close()
            with pytest.raises(PortError, match="not open"):
                adc.sample()


def test_the_second_chip_select_is_the_second_converter():
    with mock_pins(), converter(10, lambda _channel: 7)(11, 10, 9, 7):
        adc = Mcp3xxxChannel("MCP3008", 0, device=1, factory="mock")
        adc.open()

        assert adc.sample() == 7


def test_a_pilot_is_read_through_spi():
    pilot = SampledPilot(C)
    with (
        mock_pins(),
        converter(10, lambda _channel: pilot.sample())(11, 10, 9, 8),
        meter_at(pilot, channel=2, sample=None, factory="mock") as meter,
    ):
        level = meter.measure()

    assert (level.high_v, level.low_v) == (pytest.approx(HIGH_V[C], abs=0.15), pytest.approx(-12, abs=0.15))


def test_software_spi_is_an_error_with_the_line_for_config_txt():
    """gpiozero would only warn, and be far too slow."""
    with mock_pins() as pins:
        usual = type(pins.factory)._get_spi_class

        def no_hardware(self, shared, hardware):
            if hardware:
                raise OSError("cannot open /dev/spidev0.0")
            return usual(self, shared, hardware)

        pins.factory._get_spi_class = no_hardware.__get__(pins.factory)
        with pytest.raises(PortError, match=r"no hardware SPI .*spidev0\.0.*dtparam=spi=on"):
            Mcp3xxxChannel("MCP3008", 0, factory="mock").open()


def test_a_conversion_that_fails_is_an_error():
    with mock_pins() as pins, converter(10, lambda _channel: 5)(11, 10, 9, 8):
        adc = Mcp3xxxChannel("MCP3008", 0, factory="mock")
        adc.open()
        pins.dead.add(10)
        with pytest.raises(PortError, match="conversion failed"):
            adc.sample()


def test_no_constructor_touches_a_pin():
    with mock_pins() as pins:
        Mcp3xxx("MCP3008", 0, **BEHIND_DIVIDER, factory="mock")

        assert pins.factory.pins == {}
        assert Device.pin_factory is pins.factory


# Proximity pilot


def counts(ohm, *, pull_up_ohm=1000.0, bits=10):
    return min(round(2**bits / (1 + pull_up_ohm / ohm)), 2**bits - 1) if ohm else 0


@pytest.mark.parametrize(
    ("ohm", "coding"), [(680, CABLE_20_A), (220, CABLE_32_A), (0, SHORTED), (float("inf"), NO_PLUG)]
)
def test_a_plug_is_told_by_its_resistor(ohm, coding):
    found = measure_proximity(lambda: counts(ohm), bits=10, pull_up=PullUp(3.3, 1000))

    assert found.coding is coding
    assert found.ohm == pytest.approx(ohm, rel=0.01)


def test_a_single_wrong_conversion_does_not_change_the_plug():
    wild = iter([0, 1023] + [counts(680)] * 13)

    assert measure_proximity(lambda: next(wild), bits=10, pull_up=PullUp(3.3, 1000)).coding is CABLE_20_A


def test_a_loose_contact_is_an_error():
    wild = iter([counts(680), 1023] * 10)

    with pytest.raises(PortError, match="loose contact"):
        measure_proximity(lambda: next(wild), bits=10, pull_up=PullUp(3.3, 1000))


def test_a_pull_up_beyond_the_converters_range_is_refused():
    with pytest.raises(ValueError, match="open plug"):
        measure_proximity(lambda: 5, bits=10, pull_up=PullUp(5, 1000))


def test_the_proximity_device_opens_its_input_measures_and_lets_go(monkeypatch):
    """What the guardian does with it."""
    done = []
    monkeypatch.setattr(Mcp3xxxChannel, "open", lambda _: done.append("open"))
    monkeypatch.setattr(Mcp3xxxChannel, "close", lambda _: done.append("close"))
    monkeypatch.setattr(Mcp3xxxChannel, "sample", lambda _: counts(680))

    with Mcp3xxxProximity("MCP3008", 1, pull_up_ohm=1000) as meter:
        found = meter.measure()

    assert done == ["open", "close"]
    assert found.coding is CABLE_20_A
    assert meter.name == "proximity pilot at MCP3008 channel 1 at SPI 0.0"
