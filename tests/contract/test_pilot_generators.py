"""What every `PilotGenerator` promises, proved on every back end.

A new back end is one line in BACK_ENDS: a context manager that gives a `Stand`, whose generator has not been opened and
whose hardware somebody has left at 5 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from math import floor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from fake_sysfs import FakeSysfs
from mock_pins import mock_pins

from bench.devices import PilotGenerator
from bench.drivers.pilot.gpio_pwm import PILOT_HZ, GpioPwm
from bench.drivers.pilot.n76e003 import N76e003
from bench.drivers.pilot.sysfs_pwm import PERIOD, SysfsPwm
from bench.drivers.pilot.xy_lpwm import XyLpwm
from bench.errors import PortError
from bench.sim.boards.n76e003 import N76e003Board
from bench.sim.boards.pty_board import PtyBoard
from bench.sim.boards.xy_lpwm import Clone, XyLpwmBoard
from bench.units import ms, s


class Stand(NamedTuple):
    """A generator and what can be seen of it from outside.

    generator   not opened yet
    on_wire     what it makes, asked of the hardware: percent, or None where it makes nothing
    rival       another driver for the same hardware
    vanish      takes the hardware away; None: cannot be done on this back end
    """

    generator: PilotGenerator
    on_wire: Callable[[], float | None]
    rival: Callable[[], PilotGenerator]
    vanish: Callable[[], None] | None = None


def xy_lpwm(clone: Clone) -> Callable[[], AbstractContextManager[Stand]]:
    @contextmanager
    def stand() -> Iterator[Stand]:
        def driver():
            return XyLpwm(board.path, settles=ms(1), between=0, quiet=ms(3), within=s(2))

        with PtyBoard(XyLpwmBoard(duty_cycle_pct=5, clone=clone, silence=ms(2))) as board:
            yield Stand(driver(), lambda: board.output.duty_cycle_pct, driver, board.vanish)

    return stand


@contextmanager
def sysfs() -> Iterator[Stand]:
    """On a folder, with a kernel that checks each write. Left at 5 % by a program that died."""
    with TemporaryDirectory() as folder:
        kernel = FakeSysfs(Path(folder))
        chip = kernel.add_chip(2, "1f00098000.pwm", 4)
        channel = kernel.preset(chip, 2, period=PERIOD, duty_cycle=PERIOD // 20, enable=1)

        def driver():
            return SysfsPwm("1f00098000.pwm", 2, root=kernel.root, adopt=True, write=kernel.write)

        def on_wire():
            enable, pulse, period = (int((channel / name).read_text()) for name in ("enable", "duty_cycle", "period"))
            return 100 * pulse / period if enable else None

        yield Stand(driver(), on_wire, driver, lambda: kernel.remove(chip, 2))


@contextmanager
def gpiozero() -> Iterator[Stand]:
    """On a mock pin, before a driver stage whose pull resistor makes +12 V of a floating pin."""
    with mock_pins(pwm=True) as pins:
        pin = pins[18]
        pin.function, pin.frequency, pin.state = "output", PILOT_HZ, 0.055

        def on_wire():
            return 100 if pin.function == "input" else floor(100 * pin.state)

        def driver():
            return GpioPwm(18, factory="mock")

        yield Stand(driver(), on_wire, driver)


@contextmanager
def n76e003() -> Iterator[Stand]:
    def driver():
        return N76e003(board.path, between=0, quiet=ms(20), within=s(2))

    with PtyBoard(N76e003Board(duty_cycle_pct=5)) as board:
        yield Stand(driver(), lambda: board.output.duty_cycle_pct, driver, board.vanish)


BACK_ENDS: dict[str, Callable[[], AbstractContextManager[Stand]]] = {
    "XY-LPWM": xy_lpwm(Clone()),
    "hardware PWM in sysfs": sysfs,
    "software PWM by gpiozero": gpiozero,
    "N76E003 firmware": n76e003,
    "XY-LPWM, clone that says DONE": xy_lpwm(Clone(prefix="K", yes="done", no="fail")),
}


SOLDERED = {"software PWM by gpiozero"}
"""Cannot be pulled out."""


@pytest.fixture(params=BACK_ENDS.values(), ids=BACK_ENDS.keys())
def stand(request):
    with request.param() as made:
        yield made
        made.generator.close()


@pytest.fixture
def opened(stand):
    stand.generator.open()
    return stand


@pytest.fixture(params=sorted(BACK_ENDS.keys() - SOLDERED))
def gone(request):
    with BACK_ENDS[request.param]() as made:
        made.generator.open()
        made.generator.set_duty_cycle_pct(5)
        made.vanish()
        yield made.generator
        made.generator.close()


def test_constructing_touches_nothing(stand):
    assert stand.on_wire() == 5


def test_opening_ends_what_somebody_has_left(opened):
    assert opened.on_wire() == 100


def test_what_is_told_is_on_the_wire_when_the_call_returns(opened):
    for duty_cycle_pct in (0, 5, 10, 53, 96, 100, 5):
        opened.generator.set_duty_cycle_pct(duty_cycle_pct)

        assert opened.on_wire() == pytest.approx(duty_cycle_pct, abs=opened.generator.accuracy.step_pct / 2)


def test_it_says_what_it_makes(opened):
    opened.generator.set_duty_cycle_pct(5)

    assert opened.generator.duty_cycle_pct() in (None, pytest.approx(5, abs=opened.generator.accuracy.step_pct / 2))


def test_what_is_no_duty_cycle_is_refused_and_changes_nothing(opened):
    opened.generator.set_duty_cycle_pct(10)
    for wrong in (-1, 100.5, 101, float("nan"), float("inf"), True, "5", None):
        with pytest.raises(ValueError, match="duty cycle"):
            opened.generator.set_duty_cycle_pct(wrong)

    assert opened.on_wire() == pytest.approx(10, abs=opened.generator.accuracy.step_pct / 2)


def test_a_step_finer_than_it_makes_is_refused(opened):
    with pytest.raises(ValueError, match="%"):
        opened.generator.set_duty_cycle_pct(5 + opened.generator.accuracy.step_pct / 2)

    assert opened.on_wire() == 100


def test_accuracy_tells_where_it_is_known_from(stand):
    accuracy = stand.generator.accuracy

    assert 0 < accuracy.step_pct <= 1
    assert accuracy.error_pct is None or accuracy.error_pct > 0
    assert accuracy.source


def test_state_e_is_no_output_or_an_error_that_says_so(opened):
    if opened.generator.makes_state_e:
        opened.generator.set_state_e()
        assert opened.on_wire() is None
        assert opened.generator.duty_cycle_pct() is None
    else:
        with pytest.raises(PortError, match="0 V"):
            opened.generator.set_state_e()
        assert opened.on_wire() == 100


def test_making_safe_is_x1_and_may_be_repeated(opened):
    opened.generator.set_duty_cycle_pct(5)
    opened.generator.make_safe()
    opened.generator.make_safe()

    assert opened.on_wire() == 100


def test_closing_leaves_x1_and_may_be_repeated(opened):
    opened.generator.set_duty_cycle_pct(5)
    opened.generator.close()
    opened.generator.close()

    assert opened.on_wire() == 100


def test_with_is_open_and_close(stand):
    with stand.generator as generator:
        generator.set_duty_cycle_pct(5)

    assert stand.on_wire() == 100
    with pytest.raises(PortError, match="not open"):
        stand.generator.set_duty_cycle_pct(5)


def test_one_that_is_not_open_says_so(stand):
    with pytest.raises(PortError, match="not open"):
        stand.generator.set_duty_cycle_pct(5)

    assert stand.on_wire() == 5


def test_a_second_driver_is_refused_and_disturbs_nothing(opened):
    opened.generator.set_duty_cycle_pct(5)
    with pytest.raises(PortError, match=r"taken|in use|busy"):
        opened.rival().open()

    assert opened.on_wire() == 5
    opened.generator.set_duty_cycle_pct(10)


def test_hardware_is_free_again_after_closing(opened):
    opened.generator.close()
    rival = opened.rival()
    rival.open()
    rival.close()


def test_hardware_that_vanishes_is_an_error_for_good(gone):
    for _ in range(2):
        with pytest.raises(PortError, match="gone"):
            gone.set_duty_cycle_pct(5)
    with pytest.raises(PortError):
        gone.make_safe()


def test_closing_what_has_vanished_is_no_error(gone):
    gone.close()
    gone.close()
