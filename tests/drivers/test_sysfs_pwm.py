"""Hardware PWM through sysfs, on a folder whose kernel refuses what the real one refuses (`fake_sysfs`)."""

from __future__ import annotations

import pytest
from fake_sysfs import FakeSysfs
from hypothesis import given
from hypothesis import strategies as st

from bench.drivers.pilot.sysfs_pwm import PERIOD, PWM_BLOCKS, SysfsPwm, overlay_line, pwm_block, write_attribute
from bench.errors import PortError
from bench.units import ms

PI_5 = "1f00098000.pwm"
FAN = "1f0009c000.pwm"


@pytest.fixture
def sysfs(tmp_path):
    """A Raspberry Pi 5: the fan's PWM has number 0, the header's number 2."""
    fake = FakeSysfs(tmp_path)
    fake.add_chip(0, FAN, 4)
    fake.header = fake.add_chip(2, PI_5, 4)
    return fake


def channel_on(sysfs, channel=2, chip=PI_5, **changes):
    return SysfsPwm(chip, channel, root=sysfs.root, write=sysfs.write, **changes)


@pytest.fixture
def generator(sysfs):
    with channel_on(sysfs) as opened:
        yield opened


def files(sysfs, channel=2):
    folder = sysfs.header / f"pwm{channel}"
    return {name: int((folder / name).read_text()) for name in ("period", "duty_cycle", "enable")}


# Finding it


def test_the_chip_is_found_by_the_name_of_its_device_and_not_by_its_number(sysfs, generator):
    assert (sysfs.header / "pwm2").is_dir()
    assert generator.name == f"PWM {PI_5} channel 2"


@pytest.mark.parametrize(
    ("model", "gpio", "chip", "channel"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0", 18, PI_5, 2),
        ("Raspberry Pi 5 Model B Rev 1.0", 12, PI_5, 0),
        ("Raspberry Pi 4 Model B Rev 1.4", 18, "fe20c000.pwm", 0),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", 19, "3f20c000.pwm", 1),
        ("Raspberry Pi Zero 2 W Rev 1.0", 13, "3f20c000.pwm", 1),
        ("Raspberry Pi Zero W Rev 1.1", 12, "2020c000.pwm", 0),
    ],
)
def test_a_model_and_a_pin_name_chip_and_channel(sysfs, model, gpio, chip, channel):
    assert SysfsPwm.of_pi(model, gpio, root=sysfs.root).name == f"PWM {chip} channel {channel}"


def test_a_pin_without_hardware_pwm_is_refused_with_those_that_have_it():
    with pytest.raises(ValueError, match=r"GPIO 17 .* use one of 12, 18, 13, 19"):
        SysfsPwm.of_pi("Raspberry Pi 4 Model B", 17)


def test_an_unknown_model_asks_for_chip_and_channel():
    with pytest.raises(ValueError, match="name chip and channel"):
        pwm_block("Orange Pi 5")


def test_a_missing_chip_says_what_to_put_into_config_txt(sysfs):
    """On a Raspberry Pi 4 channel 0 is on GPIO 12 or 18, whichever the overlay says."""
    with pytest.raises(PortError) as caught:
        channel_on(sysfs, 0, "fe20c000.pwm").open()

    text = str(caught.value)
    assert f"found: {FAN}, {PI_5}" in text
    assert "dtoverlay=pwm,pin=12,func=4 or dtoverlay=pwm,pin=18,func=2" in text
    assert "/boot/firmware/config.txt" in text


def test_every_pin_of_the_table_has_its_overlay_line():
    for block in PWM_BLOCKS:
        assert all(overlay_line(gpio).startswith(f"dtoverlay=pwm,pin={gpio},func=") for gpio in block.channels)


def test_a_channel_the_chip_does_not_have_is_refused(sysfs):
    with pytest.raises(PortError, match="channels 0 to 3"):
        channel_on(sysfs, 4).open()
    assert sysfs.writes == []


@pytest.mark.parametrize("chip", ["pwmchip0", "", "/sys/class/pwm/pwmchip0"])
def test_a_chip_by_number_is_refused(chip):
    with pytest.raises(ValueError, match="no name of a device"):
        SysfsPwm(chip, 0)


# Opening


def test_opening_puts_a_new_channel_at_100_percent_and_enables_it_last(sysfs):
    channel_on(sysfs).open()

    assert sysfs.writes == [
        ("export", "2"),
        ("pwm2/period", "1000000"),
        ("pwm2/duty_cycle", "1000000"),
        ("pwm2/enable", "1"),
    ]
    assert sysfs.refused == []


def test_no_constructor_touches_the_hardware(sysfs):
    channel_on(sysfs)

    assert sysfs.writes == []


def test_rights_that_come_a_moment_after_the_export_are_waited_for(sysfs):
    sysfs.unwritable_for = 3

    with channel_on(sysfs) as generator:
        assert generator.duty_cycle_pct() == 100


def test_rights_that_never_come_are_an_error_with_the_remedy(sysfs):
    sysfs.unwritable_for = 10**6
    generator = channel_on(sysfs, writable_within=ms(20))

    with pytest.raises(PortError, match="group gpio"):
        generator.open()
    with pytest.raises(PortError, match="not open"):
        generator.set_duty_cycle_pct(5)


def test_no_right_to_export_is_an_error_with_the_remedy(sysfs):
    def refuse(_path, _text):
        raise PermissionError(13, "Permission denied")

    with pytest.raises(PortError, match=r"export: put this user into the group gpio"):
        SysfsPwm(PI_5, 2, root=sysfs.root, write=refuse).open()


def test_a_channel_in_use_is_refused_with_what_it_does(sysfs):
    sysfs.preset(sysfs.header, 2, period=PERIOD, duty_cycle=50_000, enable=1)

    with pytest.raises(PortError, match="in use already, with a pulse of 50000 ns every 1000000 ns"):
        channel_on(sysfs).open()
    assert files(sysfs)["duty_cycle"] == 50_000


def test_a_disabled_channel_is_not_what_close_leaves(sysfs):
    sysfs.preset(sysfs.header, 2, period=PERIOD, duty_cycle=PERIOD, enable=0)

    with pytest.raises(PortError, match="disabled"):
        channel_on(sysfs).open()


def test_an_export_that_the_kernel_refuses_is_an_error(sysfs):
    def refuse(_path, _text):
        raise OSError(19, "No such device")

    with pytest.raises(PortError, match="refuses the export: No such device"):
        SysfsPwm(PI_5, 2, root=sysfs.root, write=refuse).open()


@pytest.mark.parametrize(
    ("period", "pulse", "enable"),
    [(PERIOD, 50_000, 1), (20_000_000, 15_000_000, 1), (500_000, 400_000, 1), (0, 0, 0), (PERIOD, PERIOD, 0)],
)
def test_an_adopted_channel_is_at_100_percent_whatever_it_did_before(sysfs, period, pulse, enable):
    """A longer period, a shorter one, a channel that was never set: no write is refused."""
    sysfs.preset(sysfs.header, 2, period=period, duty_cycle=pulse, enable=enable)

    with channel_on(sysfs, adopt=True):
        assert files(sysfs) == {"period": PERIOD, "duty_cycle": PERIOD, "enable": 1}
        assert [what for what, _ in sysfs.refused] == ["export"]


def test_an_adopted_channel_is_never_disabled_on_the_way(sysfs):
    sysfs.preset(sysfs.header, 2, period=20_000_000, duty_cycle=15_000_000, enable=1)

    with channel_on(sysfs, adopt=True):
        assert ("pwm2/enable", "0") not in sysfs.writes


def test_what_close_left_is_taken_over_again(sysfs):
    for _ in range(2):
        with channel_on(sysfs) as generator:
            generator.set_duty_cycle_pct(5)


@pytest.mark.parametrize("adopt", [False, True])
@pytest.mark.usefixtures("generator")
def test_a_channel_that_a_living_program_drives_is_not_taken_over(sysfs, adopt):
    """Not even at 100 %, where it looks like one that was closed."""
    with pytest.raises(PortError, match="taken"):
        channel_on(sysfs, adopt=adopt).open()


def test_an_inverted_channel_is_refused(sysfs):
    """Its 5 % would be 95 %."""
    sysfs.preset(sysfs.header, 2, period=PERIOD, duty_cycle=0, enable=1, polarity="inversed")

    with pytest.raises(PortError, match="inversed"):
        channel_on(sysfs, adopt=True).open()


# Setting


@pytest.mark.parametrize(
    ("duty_cycle_pct", "pulse"), [(5, 50_000), (5.25, 52_500), (0, 0), (100, PERIOD), (96, 960_000)]
)
def test_a_duty_cycle_is_a_pulse_in_ns_and_the_channel_stays_enabled(sysfs, generator, duty_cycle_pct, pulse):
    generator.set_duty_cycle_pct(duty_cycle_pct)

    assert files(sysfs) == {"period": PERIOD, "duty_cycle": pulse, "enable": 1}
    assert generator.duty_cycle_pct() == duty_cycle_pct


@pytest.mark.parametrize("wrong", [-0.1, 100.1, float("nan"), float("inf"), True, "5", None, 5.00005])
def test_what_is_no_duty_cycle_is_refused_and_changes_nothing(sysfs, generator, wrong):
    before = list(sysfs.writes)

    with pytest.raises(ValueError, match="duty cycle"):
        generator.set_duty_cycle_pct(wrong)
    assert sysfs.writes == before


@given(steps=st.lists(st.integers(0, 1_000_000), min_size=1, max_size=6))
def test_any_sequence_of_settings_is_accepted_by_the_kernel(tmp_path_factory, steps):
    sysfs = FakeSysfs(tmp_path_factory.mktemp("sysfs"))
    sysfs.header = sysfs.add_chip(0, PI_5, 4)

    with channel_on(sysfs, 0) as generator:
        for step in steps:
            generator.set_duty_cycle_pct(step / 10_000)
            assert files(sysfs, 0)["duty_cycle"] == step
    assert sysfs.refused == []


@pytest.mark.parametrize("deaf", ["period", "duty_cycle", "enable"])
def test_a_channel_that_does_not_take_a_setting_is_an_error(sysfs, deaf):
    sysfs.preset(sysfs.header, 2, period=2 * PERIOD, duty_cycle=50_000, enable=0)
    sysfs.deaf.add(deaf)

    with pytest.raises(PortError, match=rf"was told period 1000000, .* reads back .*{deaf}"):
        channel_on(sysfs, adopt=True).open()


def test_state_e_is_an_error_that_names_what_can(generator):
    assert not generator.makes_state_e
    with pytest.raises(PortError, match="relay"):
        generator.set_state_e()


def test_a_channel_that_somebody_disabled_does_not_pretend_a_duty_cycle(sysfs, generator):
    (sysfs.header / "pwm2" / "enable").write_text("0\n")

    with pytest.raises(PortError, match="disabled"):
        generator.duty_cycle_pct()


def test_making_safe_needs_no_memory_of_what_was_set(sysfs, generator):
    """Another program has changed everything."""
    for name, value in {"period": 500_000, "duty_cycle": 25_000, "enable": 0}.items():
        (sysfs.header / "pwm2" / name).write_text(f"{value}\n")

    generator.make_safe()
    generator.make_safe()

    assert files(sysfs) == {"period": PERIOD, "duty_cycle": PERIOD, "enable": 1}


def test_rubbish_in_a_file_is_an_error(sysfs, generator):
    (sysfs.header / "pwm2" / "duty_cycle").write_text("on\n")

    with pytest.raises(PortError, match="'on'"):
        generator.duty_cycle_pct()
    (sysfs.header / "pwm2" / "duty_cycle").write_text("0\n")


# Closing, and losing it


def test_closing_leaves_100_percent_running_and_the_channel_exported(sysfs, generator):
    generator.set_duty_cycle_pct(5)
    generator.close()
    generator.close()

    assert files(sysfs) == {"period": PERIOD, "duty_cycle": PERIOD, "enable": 1}
    assert ("unexport", "2") not in sysfs.writes
    with pytest.raises(PortError, match="not open"):
        generator.set_duty_cycle_pct(5)


def test_a_channel_that_vanishes_is_an_error_for_good_and_none_at_close(sysfs, generator):
    sysfs.remove(sysfs.header, 2)

    with pytest.raises(PortError, match="gone"):
        generator.set_duty_cycle_pct(5)
    sysfs.preset(sysfs.header, 2, period=PERIOD, duty_cycle=0, enable=1)
    with pytest.raises(PortError, match="gone"):
        generator.set_duty_cycle_pct(5)
    generator.close()


def test_a_channel_that_disobeys_at_close_is_not_passed_over(sysfs):
    generator = channel_on(sysfs)
    generator.open()
    generator.set_duty_cycle_pct(5)
    sysfs.deaf.add("duty_cycle")

    with pytest.raises(PortError, match="reads back"):
        generator.close()


def test_the_real_writer_says_what_the_kernel_says(tmp_path):
    (tmp_path / "period").write_text("0")

    write_attribute(tmp_path / "period", "1000000")

    assert (tmp_path / "period").read_text() == "1000000"
    with pytest.raises(FileNotFoundError):
        write_attribute(tmp_path / "missing", "1")
