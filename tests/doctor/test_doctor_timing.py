"""Clock, processor, supply, Python."""

from __future__ import annotations

import pytest

from bench.doctor.findings import Level
from bench.doctor.timing import check_timing

CLOCK = "sys/devices/system/clocksource/clocksource0"
CPU = "sys/devices/system/cpu"
THROTTLED = "vcgencmd get_throttled"


def checked(computer, **more):
    return {finding.subject: finding for finding in check_timing(computer.system, **more)}


@pytest.mark.parametrize("name", ["tsc", "arch_sys_counter", "kvm-clock", "hyperv_clocksource_tsc_page", "xen"])
def test_fast_clock_is_fine(computer, name):
    computer.file(f"{CLOCK}/current_clocksource", name + "\n")

    assert checked(computer)["clock source"].level is Level.OK


@pytest.mark.parametrize("name", ["hpet", "acpi_pm", "jiffies", "refined-jiffies"])
def test_slow_clock_is_a_warning_with_a_better_one(computer, name):
    computer.file(f"{CLOCK}/current_clocksource", name)
    computer.file(f"{CLOCK}/available_clocksource", f"{name} tsc acpi_pm")

    finding = checked(computer)["clock source"]

    assert finding.level is Level.WARNING
    assert finding.fix == f"echo tsc | sudo tee /{CLOCK}/current_clocksource"


def test_slow_clock_without_a_better_one(computer):
    computer.file(f"{CLOCK}/current_clocksource", "jiffies")

    assert checked(computer)["clock source"].fix == "measure on another computer"


def test_unreadable_clock_is_unknown(computer):
    finding = checked(computer)["clock source"]

    assert finding.level is Level.NOTE
    assert finding.reason.startswith("unknown")


def governors(computer, *names, driver="cpufreq-dt"):
    for number, name in enumerate(names):
        computer.file(f"{CPU}/cpu{number}/cpufreq/scaling_governor", name + "\n")
        computer.file(f"{CPU}/cpu{number}/cpufreq/scaling_driver", driver + "\n")


@pytest.mark.parametrize("name", ["ondemand", "powersave", "conservative"])
def test_governor_that_saves_is_a_warning(computer, name):
    governors(computer, "performance", name)

    finding = checked(computer)["processor speed"]

    assert finding.level is Level.WARNING
    assert finding.reason.startswith(f"governor {', '.join(sorted(['performance', name]))}")
    assert "cpupower frequency-set -g performance" in finding.fix
    assert "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor" in finding.fix


@pytest.mark.parametrize(
    ("name", "driver"), [("performance", "cpufreq-dt"), ("schedutil", "cpufreq-dt"), ("powersave", "intel_pstate")]
)
def test_governor_that_follows_is_fine(computer, name, driver):
    governors(computer, name, name, driver=driver)

    assert checked(computer)["processor speed"].level is Level.OK


def test_processor_that_linux_does_not_control(computer):
    computer.folder(f"{CPU}/cpu0")
    computer.folder(f"{CPU}/cpuidle")

    assert checked(computer)["processor speed"].level is Level.OK


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("throttled=0x0\n", Level.OK),
        ("throttled=0x50005\n", Level.WARNING),
        ("throttled=0x50000\n", Level.WARNING),
        ("throttled=0x4\n", Level.WARNING),
        ("VCHI initialization failed\n", Level.NOTE),
    ],
)
def test_supply_of_a_pi(computer, said, level):
    computer.programs[THROTTLED] = said

    assert checked(computer)["supply"].level is level


def test_no_word_of_the_supply_where_nobody_measures_it(computer):
    assert "supply" not in checked(computer)


@pytest.mark.parametrize(("version", "level"), [((3, 10, 14), Level.ERROR), ((3, 11, 0), Level.OK)])
def test_python(computer, version, level):
    assert checked(computer, python=version)["Python"].level is level
