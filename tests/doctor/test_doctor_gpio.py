"""GPIO, hardware PWM and SPI of a Raspberry Pi; on other computers not a word."""

from __future__ import annotations

import pytest
from fake_computer import PI_4, PI_5

from bench.doctor.board import pi_model
from bench.doctor.findings import Level
from bench.doctor.gpio import check_gpio, check_pwm, check_spi, gpio_chips, pwm_chips, spi_nodes
from bench.doctor.rights import barred

ZERO = "Raspberry Pi Zero W Rev 1.1"
CM4 = "Raspberry Pi Compute Module 4 Rev 1.0"
ALL = {"gpiozero": "2.0.1.post3", "lgpio": "0.2.2.0", "gpiod": "2.5.0", "spidev": "3.6"}


def gpio(computer):
    system = computer.system
    found = check_gpio(system, pi_model(system), barred(system, gpio_chips(system)))
    return {finding.subject: finding for finding in found}


def pwm(computer):
    system = computer.system
    kept_out = barred(system, [chip.export for chip in pwm_chips(system)], write_only=True)
    return {finding.subject: finding for finding in check_pwm(system, pi_model(system), kept_out)}


def spi(computer):
    system = computer.system
    found = check_spi(system, pi_model(system), barred(system, spi_nodes(system)))
    return {finding.subject: finding for finding in found}


def test_a_computer_that_is_no_pi_hears_nothing_of_it(computer):
    """Laptops have GPIO and PWM chips, too."""
    computer.chip("gpiochip0", "INT34C5:00", 300)
    computer.pwm(0, "0000:00:1e.0", 1)
    computer.file("dev/spidev0.0")

    assert gpio(computer) == pwm(computer) == spi(computer) == {}


# GPIO


@pytest.mark.parametrize(
    ("model", "label"), [(PI_5, "pinctrl-rp1"), (PI_4, "pinctrl-bcm2711"), (ZERO, "pinctrl-bcm2835")]
)
def test_the_headers_chip_is_known_by_its_label_not_by_its_number(computer, model, label):
    computer.pi(model)
    computer.chip("gpiochip0", "brcmvirt-gpio", 8)
    computer.chip("gpiochip4", label, 54)

    assert gpio(computer)["header"].reason == f"/dev/gpiochip4 ({label}, 54 lines); 1 other beside it"
    assert gpio(computer)["header"].level is Level.OK


def test_a_second_name_of_a_chip_is_not_counted(computer):
    """Newer kernels of a Pi 5 keep gpiochip4 as a link."""
    computer.pi(PI_5)
    computer.link("dev/gpiochip4", "gpiochip0")

    assert gpio(computer)["header"].reason == "/dev/gpiochip0 (pinctrl-rp1, 54 lines)"


def test_no_chip_of_the_header_is_a_warning(computer):
    computer.pi()
    computer.chip("gpiochip0", "raspberrypi-exp-gpio", 8)

    assert gpio(computer)["header"].level is Level.WARNING
    assert "raspberrypi-exp-gpio" in gpio(computer)["header"].reason


def test_no_chip_at_all_is_a_warning(computer):
    computer.pi()
    (computer.root / "dev/gpiochip0").unlink()

    assert gpio(computer)["chips"].level is Level.WARNING


def test_chips_that_may_not_be_asked_are_unknown(computer):
    computer.pi()
    computer.barred["dev/gpiochip0"] = "gpio"

    assert gpio(computer)["header"].level is Level.NOTE
    assert gpio(computer)["header"].reason.startswith("unknown")
    assert "rights" not in gpio(computer)


def test_chips_that_are_roots_alone(computer):
    computer.pi()
    computer.barred["dev/gpiochip0"] = ""

    assert gpio(computer)["rights"].level is Level.WARNING


def test_libraries_are_told_with_their_versions(computer):
    computer.pi()
    computer.packages = dict(ALL)

    assert gpio(computer)["libraries"].level is Level.OK
    assert gpio(computer)["libraries"].reason == "gpiozero 2.0.1.post3, lgpio 0.2.2.0, gpiod 2.5.0, spidev 3.6"


@pytest.mark.parametrize("name", ALL)
def test_a_library_that_is_missing_is_named(computer, name):
    computer.pi()
    computer.packages = {other: version for other, version in ALL.items() if other != name}

    assert gpio(computer)["libraries"].level is Level.WARNING
    assert gpio(computer)["libraries"].reason.startswith(f"{name} missing")
    assert gpio(computer)["libraries"].fix == "pip install ccs-bench[raspberry-pi]"


@pytest.mark.parametrize(
    ("model", "version", "warned"),
    [
        (PI_5, "2.0.1", True),
        (PI_5, "2.0.1.post2", True),
        (PI_5, "2.0.1.post3", False),
        (PI_5, "2.1", False),
        (PI_4, "2.0.1", False),
    ],
)
def test_an_old_gpiozero_takes_the_wrong_chip_of_a_pi_5(computer, model, version, warned):
    computer.pi(model)
    computer.packages = {**ALL, "gpiozero": version}

    assert ("gpiozero" in gpio(computer)) is warned


@pytest.mark.parametrize(
    ("config", "files", "level"),
    [
        ("", {}, Level.WARNING),
        ("dtparam=strict_gpiod", {}, Level.OK),
        ("dtparam=strict_gpiod=off", {}, Level.WARNING),
        ("", {"proc/cmdline": "quiet pinctrl_bcm2835.persist_gpio_outputs=n"}, Level.OK),
        ("", {"sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs": "N"}, Level.OK),
        ("", {"sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs": "Y"}, Level.WARNING),
        (None, {}, Level.NOTE),
    ],
)
def test_relays_that_stay_closed_when_their_program_is_killed(computer, config, files, level):
    computer.pi(config=config)
    for path, text in files.items():
        computer.file(path, text)

    finding = gpio(computer)["after a crash"]

    assert finding.level is level
    assert level is Level.OK or "dtparam=strict_gpiod" in finding.fix


# hardware PWM


@pytest.mark.parametrize(
    ("model", "fix"),
    [
        (PI_5, "echo dtoverlay=pwm,pin=18,func=2 | sudo tee -a /boot/firmware/config.txt; sudo reboot"),
        (
            PI_4,
            r"printf '%s\n' dtoverlay=pwm,pin=18,func=2 dtparam=audio=off | sudo tee -a /boot/firmware/config.txt; "
            "sudo reboot",
        ),
    ],
)
def test_without_hardware_pwm_the_line_for_this_model_is_told(computer, model, fix):
    """A Pi 5 has no analogue sound that would use it."""
    computer.pi(model)
    computer.pwm(0, "107d517a80.pwm", 2)

    finding = pwm(computer)["header"]

    assert (finding.level, finding.fix) == (Level.NOTE, fix)


@pytest.mark.parametrize(
    ("model", "device", "words"),
    [
        (PI_5, "1f00098000.pwm", "the header's: GPIO 12 is channel 0, GPIO 13 is channel 1, GPIO 18 is channel 2"),
        (PI_4, "fe20c000.pwm", "the header's: GPIO 12 is channel 0, GPIO 13 is channel 1, GPIO 18 is channel 0"),
        (ZERO, "2020c000.pwm", "the header's: GPIO 12"),
        (PI_5, "1f0009c000.pwm", "the fan's, not for a pilot"),
        (PI_5, "107d517a80.pwm", "inside the processor, not for a pilot"),
        (PI_4, "pwm-gpio", "made by the kernel's timers"),
        (PI_4, "pwm_gpio@12", "made by the kernel's timers"),
        (PI_4, "something.pwm", "not known here"),
        (CM4, "fe20c000.pwm", "not known here"),
    ],
)
def test_a_pwm_chip_is_known_by_its_device_not_by_its_number(computer, model, device, words):
    computer.pi(model)
    computer.pwm(3, device, 2)

    assert pwm(computer)["pwmchip3"].reason.startswith(f"{device}: {words}")


def test_with_the_headers_chip_there_is_nothing_to_add(computer):
    computer.pi(PI_5)
    computer.pwm(0, "1f00098000.pwm", 4)

    assert set(pwm(computer)) == {"pwmchip0"}


@pytest.mark.parametrize(
    ("model", "config", "level"),
    [
        (PI_4, "dtparam=audio=on", Level.WARNING),
        (PI_4, "dtparam=audio=on\ndtparam=audio=off", Level.OK),
        (PI_4, "", Level.OK),
        (PI_5, "dtparam=audio=on", None),
        (PI_4, None, None),
    ],
)
def test_analogue_sound_and_the_pilot_use_the_same_pwm(computer, model, config, level):
    computer.pi(model, config=config)
    computer.pwm(0, "1f00098000.pwm" if model == PI_5 else "fe20c000.pwm", 2)

    finding = pwm(computer).get("analogue sound")

    assert (finding and finding.level) is level
    if level is Level.WARNING:
        assert finding.fix.startswith("sudo sed -i 's/audio=on/audio=off/' /boot/firmware/config.txt")


def test_sound_does_not_matter_without_hardware_pwm(computer):
    computer.pi(config="dtparam=audio=on")

    assert "analogue sound" not in pwm(computer)


@pytest.mark.parametrize(("pulse", "share"), [(50_000, "5 %"), (0, "0 %"), (955_000, "95.5 %")])
def test_a_pwm_that_a_dead_program_has_left_running(computer, pulse, share):
    """It goes on at 5 % until somebody stops it."""
    computer.pi()
    folder = computer.pwm(0, "fe20c000.pwm", 2)
    computer.pwm_runs(folder, 1, pulse=pulse)

    finding = pwm(computer)["pwmchip0 channel 1"]

    assert finding.level is Level.WARNING
    assert finding.reason.startswith(f"makes {share} of 1 ms")
    assert finding.fix.endswith("echo 1000000 | sudo tee /sys/class/pwm/pwmchip0/pwm1/duty_cycle")


@pytest.mark.parametrize("how", [{"pulse": 1_000_000}, {"pulse": 50_000, "enable": 0}, {"pulse": 0, "period": 0}])
def test_a_pwm_at_rest_is_not_mentioned(computer, how):
    computer.pi()
    computer.pwm_runs(computer.pwm(0, "fe20c000.pwm", 2), 0, **how)

    assert "pwmchip0 channel 0" not in pwm(computer)


def test_a_pwm_that_a_bench_program_drives_now_is_as_it_should_be(computer):
    computer.pi()
    enable = computer.pwm_runs(computer.pwm(0, "fe20c000.pwm", 2), 0, pulse=50_000)
    computer.process(4300, "python3")
    computer.lock(enable, 4300)

    finding = pwm(computer)["pwmchip0 channel 0"]

    assert finding.level is Level.OK
    assert finding.reason.endswith("for python3 (process 4300)")


@pytest.mark.parametrize(("group", "told"), [("", True), ("gpio", False)])
def test_the_right_to_export_a_channel(computer, group, told):
    """Where a group helps, it is told with the groups."""
    computer.pi()
    computer.barred[f"{computer.pwm(0, 'fe20c000.pwm', 2)}/export"] = group

    assert ("rights" in pwm(computer)) is told


# SPI


def test_spi_of_the_header(computer):
    computer.pi()
    for name in ("spidev0.0", "spidev0.1", "spidev10.0"):
        computer.file(f"dev/{name}")

    assert spi(computer)["header"].level is Level.OK
    assert spi(computer)["header"].reason == "/dev/spidev0.0, /dev/spidev0.1"


def test_spi_that_is_off_is_a_note_with_the_line(computer):
    computer.pi()
    computer.file("dev/spidev10.0")

    finding = spi(computer)["header"]

    assert (finding.level, finding.fix.split(" |")[0]) == (Level.NOTE, "echo dtparam=spi=on")


def test_spi_that_was_switched_on_and_is_not_there(computer):
    computer.pi(config="dtparam=spi=on")

    assert spi(computer)["header"].level is Level.WARNING
    assert spi(computer)["header"].fix.startswith("sudo reboot")


def test_spi_that_is_roots_alone(computer):
    computer.pi()
    computer.file("dev/spidev0.0")
    computer.barred["dev/spidev0.0"] = ""

    assert spi(computer)["rights"].level is Level.WARNING
