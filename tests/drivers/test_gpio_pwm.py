"""Software PWM through gpiozero, on mock pins: what reaches the pin, and that it is never taken for accurate.

Mock pins show neither jitter nor lgpio's truncation; the truncation is proved on the arithmetic alone.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from gpiozero import Device
from mock_pins import mock_pins

from bench.drivers.pilot.gpio_pwm import GpioPwm, percent_to_value
from bench.drivers.pins import pin_factory
from bench.errors import PortError


@pytest.fixture
def pins():
    with mock_pins(pwm=True) as made:
        yield made


@pytest.fixture
def generator(pins):
    with GpioPwm(18, factory="mock") as opened:
        pins.record.clear()
        yield opened


def as_lgpio_does(value, active_high):
    """gpiozero's polarity, then the cut to whole percent in its lgpio pin; percent the driver stage sees as high."""
    state = float(value if active_high else 1 - value)
    high_pct = int(state * 100)
    return high_pct if active_high else 100 - high_pct


# What lgpio makes of it


@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("percent", range(101))
def test_every_whole_percent_survives_the_truncation(percent, active_high):
    """Without the remedy 29 % would be 28, and 34 % of an inverted pin 35."""
    assert as_lgpio_does(percent_to_value(percent, active_high=active_high), active_high) == percent


def test_the_truncation_is_real():
    wrong = [percent for percent in range(101) if as_lgpio_does(percent / 100, True) != percent]

    assert wrong == [29, 57, 58]


@pytest.mark.parametrize("active_high", [True, False])
def test_steady_levels_are_exactly_0_and_1(active_high):
    assert percent_to_value(0, active_high=active_high) == 0.0
    assert percent_to_value(100, active_high=active_high) == 1.0


def test_factories_that_do_not_truncate_get_the_percentage_itself():
    assert percent_to_value(5, "pigpio") == 0.05
    assert percent_to_value(5.5, "pigpio") == 0.055


# On the pin


def test_opening_ends_at_100_percent_with_1_khz(pins, generator):
    """gpiozero starts PWM at 0 %: the moment that the module's docstring owns up to."""
    assert pins[18].frequency == 1000
    assert [state.state for state in pins[18].states] == [False, 1.0]
    assert generator.duty_cycle_pct() == 100


@pytest.mark.parametrize(("percent", "on_pin"), [(5, 0.055), (29, 0.295), (96, 0.965), (0, 0.0), (100, 1.0)])
def test_a_duty_cycle_reaches_the_pin_and_is_read_back(pins, generator, percent, on_pin):
    generator.set_duty_cycle_pct(percent)

    assert pins[18].state == pytest.approx(on_pin)
    assert generator.duty_cycle_pct() == percent


def test_an_inverting_driver_stage_gets_the_inverted_pin(pins):
    with GpioPwm(18, factory="mock", active_high=False) as generator:
        generator.set_duty_cycle_pct(5)

        assert pins[18].state == pytest.approx(1 - 0.045)
        assert generator.duty_cycle_pct() == 5


@pytest.mark.parametrize("wrong", [-1, 101, 5.25, 0.05, float("nan"), True, "5"])
def test_what_is_no_whole_percent_is_refused_and_changes_nothing(pins, generator, wrong):
    """0.05 as well: it would be five hundredths of a percent."""
    with pytest.raises(ValueError, match="duty cycle"):
        generator.set_duty_cycle_pct(wrong)
    assert pins[18].state == 1.0


def test_its_duty_cycle_has_no_accuracy_and_says_why(generator):
    assert generator.accuracy.error_pct is None
    assert generator.accuracy.step_pct == 1.0
    assert "software PWM" in generator.accuracy.source


def test_state_e_is_an_error(generator):
    assert not generator.makes_state_e
    with pytest.raises(PortError, match="relay"):
        generator.set_state_e()


def test_a_pin_that_keeps_another_duty_cycle_is_an_error(pins, generator):
    pins.stuck.add(18)

    with pytest.raises(PortError, match=r"was told 5 % and reads back 100 %"):
        generator.set_duty_cycle_pct(5)


def test_pwm_that_somebody_stopped_is_an_error_and_no_duty_cycle(pins, generator):
    """gpiozero would then write every value but 0 as a steady high."""
    pins[18].frequency = None

    with pytest.raises(PortError, match="not 1000"):
        generator.set_duty_cycle_pct(5)
    pins[18].frequency = 1000


def test_closing_goes_to_100_percent_before_the_pin_is_let_go(pins, generator):
    generator.set_duty_cycle_pct(5)
    generator.close()
    generator.close()

    assert [value for _, value in pins.record] == [pytest.approx(0.055), 1.0, 0.0]
    assert pins[18].function == "input"
    with pytest.raises(PortError, match="not open"):
        generator.set_duty_cycle_pct(5)


def test_a_pin_that_dies_is_an_error_and_is_let_go_all_the_same(pins):
    generator = GpioPwm(18, factory="mock")
    generator.open()
    generator.set_duty_cycle_pct(5)
    pins.stuck.add(18)

    with pytest.raises(PortError, match="reads back"):
        generator.close()
    pins.stuck.clear()
    assert pins[18].function == "input"


@pytest.mark.usefixtures("generator")
def test_two_devices_on_one_pin_are_an_error():
    with pytest.raises(PortError, match="on one pin"):
        GpioPwm(18, factory="mock").open()


def test_pins_without_pwm_are_an_error():
    with mock_pins(pwm=False), pytest.raises(PortError, match="no PWM"):
        GpioPwm(18, factory="mock").open()


@pytest.mark.parametrize("pin", [0, 1, 28, -1, "18", True])
def test_pins_that_no_output_may_have_are_refused(pin):
    with pytest.raises(ValueError, match="GPIO"):
        GpioPwm(pin)


def test_no_constructor_touches_a_pin(pins):
    GpioPwm(18, factory="mock")

    assert pins.factory.pins == {}


# The factory


def test_an_unknown_factory_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="lgpio, pigpio"):
        pin_factory("native")
    with pytest.raises(ValueError, match="lgpio"):
        GpioPwm(18, factory="native")


@pytest.mark.usefixtures("pins")
def test_a_second_factory_in_one_program_is_an_error():
    """They would share their pins, and close each other's."""
    with pytest.raises(PortError, match=r"MockFactory already, and pigpio was asked for"):
        pin_factory("pigpio")


@pytest.fixture
def no_factory():
    before, Device.pin_factory = Device.pin_factory, None
    yield
    Device.pin_factory = before


@pytest.mark.usefixtures("no_factory")
def test_a_factory_that_cannot_load_is_an_error_and_never_another_factory(monkeypatch):
    """gpiozero itself would warn and fall back to the next."""
    monkeypatch.setitem(sys.modules, "gpiozero.pins.lgpio", None)

    with pytest.raises(PortError, match=r"pip install ccs-bench\[raspberry-pi\]"):
        pin_factory("lgpio")
    assert Device.pin_factory is None


@pytest.mark.usefixtures("no_factory")
def test_a_factory_that_finds_no_raspberry_pi_is_an_error(monkeypatch):
    import gpiozero.pins.mock as library

    def fail(_self):
        raise RuntimeError("not a Pi")

    monkeypatch.setattr(library.MockFactory, "__init__", fail)

    with pytest.raises(PortError, match=r"mock does not work here: not a Pi\. Is this a Raspberry Pi"):
        pin_factory("mock")


@pytest.mark.usefixtures("no_factory")
def test_the_factory_is_made_once_for_the_whole_program():
    assert pin_factory("mock") is pin_factory("mock") is Device.pin_factory


def test_importing_the_drivers_imports_no_hardware_library():
    """A laptop without them imports the bench all the same, and quickly."""
    modules = [
        "pilot.gpio_pwm",
        "pilot.sysfs_pwm",
        "relays.gpio",
        "sense.mcp3xxx",
        "sense.edges",
        "power.uhubctl",
        "power.command",
    ]
    program = (
        f"import sys; [__import__('bench.drivers.' + name) for name in {modules}]; "
        "print(*sorted({'gpiozero', 'gpiod', 'lgpio', 'spidev', 'serial'} & set(sys.modules)))"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == ""
