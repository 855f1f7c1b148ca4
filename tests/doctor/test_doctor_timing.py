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
    ("flags", "supply", "throttling"),
    [
        ("0x0", "no undervoltage", "none"),
        ("0x1", "undervoltage now (0x1)", "none"),
        ("0x50000", "undervoltage since it was started", "slowed down since it was started"),
        ("0x50005", "undervoltage now", "slowed down now"),
        ("0x8", "no undervoltage", "slowed down now (0x8)"),
        ("0x80000", "no undervoltage", "slowed down since it was started"),
    ],
)
def test_supply_and_heat_of_a_pi(computer, flags, supply, throttling):
    computer.programs[THROTTLED] = f"throttled={flags}\n"

    found = checked(computer)

    for subject, reason in (("supply", supply), ("throttling", throttling)):
        assert found[subject].reason.startswith(reason)
        assert (found[subject].level is Level.OK) is reason.startswith("no")


@pytest.mark.parametrize("said", ["VCHI initialization failed\n", None])
def test_supply_of_a_pi_that_does_not_tell_is_unknown(computer, said):
    computer.silent_programs.add("vcgencmd")
    if said is not None:
        computer.programs[THROTTLED] = said

    finding = checked(computer)["supply"]

    assert finding.level is Level.NOTE
    assert finding.reason.startswith("unknown")


def test_no_word_of_the_supply_where_nobody_measures_it(computer):
    assert "supply" not in checked(computer)


@pytest.mark.parametrize(("version", "level"), [((3, 10, 14), Level.ERROR), ((3, 11, 0), Level.OK)])
def test_python(computer, version, level):
    assert checked(computer, python=version)["Python"].level is level
