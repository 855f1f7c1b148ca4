"""`bench doctor` and `bench adapters` as anybody may type them. The loop-back interface stands for a wrong one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bench.drivers.interfaces import interface_names

WITHOUT_PCAP_CT = "import sys; sys.modules['libpcap'] = None; from bench.cli import main; main()"


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "bench.cli", *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("command", ["doctor", "adapters"])
def test_help_says_what_the_exit_status_means(command):
    done = bench(command, "--help")

    assert done.returncode == 0
    for part in ("-i, --interface IF", "--json", "Exit status: 0", "2 wrong usage"):
        assert part in done.stdout


@pytest.mark.parametrize("command", ["doctor", "adapters"])
def test_interface_that_does_not_exist_is_wrong_usage(command):
    """One sentence that names those there are."""
    done = bench(command, "-i", "nosuch0")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"bench {command}: nosuch0: no such interface; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["doctor", "adapters"])
def test_unknown_option_is_wrong_usage(command):
    done = bench(command, "--show-keys")

    assert (done.returncode, done.stdout) == (2, "")
    assert "No such option" in done.stderr


def test_loop_back_cannot_be_asked():
    done = bench("adapters", "-i", "lo")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "bench adapters: lo: is no Ethernet interface; take the one the adapter's cable is plugged into\n"
    )


def test_trouble_is_in_the_json_too():
    done = bench("adapters", "-i", "lo", "--json")

    assert done.returncode == 2
    (interface,) = json.loads(done.stdout)["interfaces"]
    assert interface["name"] == "lo"
    assert interface["trouble"].startswith("lo: is no Ethernet interface")


def test_doctor_finds_the_loop_back_interface_unfit():
    done = bench("doctor", "-i", "lo")

    assert (done.returncode, done.stderr) == (1, "")
    assert "  error    lo: not Ethernet: not for an adapter" in done.stdout
    assert "This computer is not ready to be a bench" in done.stdout
    assert "Connect the adapter's Ethernet socket" in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_doctors_json_is_json():
    done = bench("doctor", "-i", "lo", "--json")

    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["format"], told["version"], told["fit"]) == ("ccs-bench-doctor", 1, False)
    parts = {finding["check"] for finding in told["findings"]}
    assert parts >= {"interfaces", "capture", "adapters", "guardian", "timing", "computer"}
    assert all(finding["fix"] for finding in told["findings"] if finding["level"] != "ok")


@pytest.mark.parametrize(("command", "status"), [("doctor", 1), ("adapters", 2)])
def test_without_pcap_ct_it_says_how_to_get_it(command, status):
    interface = interface_names()[0]

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PCAP_CT, command, "-i", interface], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == status
    assert "pip install pcap-ct" in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr


def test_terminal_without_arrows_still_shows_the_rest():
    done = subprocess.run(
        [sys.executable, "-m", "bench.cli", "doctor", "-i", "lo"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (1, b"")
    assert b"? take the interface that the adapter's cable is plugged into" in done.stdout


def test_reader_that_has_gone_is_no_error():
    """As with `bench doctor | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "bench.cli", "doctor", "-i", "lo"], stdout=writing, stderr=subprocess.PIPE, timeout=60
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (1, b"")


# with a rig file


def rig_file(tmp_path, text):
    path = tmp_path / "lab.toml"
    path.write_text(text)
    return str(path)


def test_a_simulated_rig_is_fit_on_any_computer(tmp_path):
    done = bench("doctor", "--rig", rig_file(tmp_path, '[rig]\nname = "desk"\n'))

    assert (done.returncode, done.stderr) == (0, "")
    assert "desk: all of it is simulated" in done.stdout
    assert "guardian\n  ok       process: starts and answers" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_rig_whose_board_and_interface_are_missing_is_not_fit(tmp_path):
    text = (
        '[rig]\nname = "lab"\ndriver = "pcap"\nsut = "pev"\n[evse]\ninterface = "nosuch0"\n'
        '[evse.pilot]\ndriver = "xy-lpwm"\nport = "/dev/serial/by-path/nosuch"\n'
    )

    done = bench("doctor", "--rig", rig_file(tmp_path, text), "--json")

    assert (done.returncode, done.stderr) == (1, "")
    errors = {one["subject"]: one for one in json.loads(done.stdout)["findings"] if one["level"] == "error"}
    assert set(errors) >= {"evse.interface", "evse.pilot"}
    assert "there is no nosuch0" in errors["evse.interface"]["reason"]
    assert errors["evse.pilot"]["fix"].startswith("plug the board in")


def test_a_rig_on_an_interface_that_exists_is_looked_at_like_one_that_is_named(tmp_path):
    """The loop-back interface stands for a wrong one again."""
    text = '[rig]\ndriver = "pcap"\nsut = "pev"\n[evse]\ninterface = "lo"\n[evse.pilot]\ndriver = "manual"\n'

    done = bench("doctor", "--rig", rig_file(tmp_path, text))

    assert done.returncode == 1
    assert "  error    lo: not Ethernet: not for an adapter" in done.stdout
    assert "this rig asks a person" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[rig]\nnam = "x"\nseeed = 1\n', ["unknown key; did you mean name?", "unknown key; did you mean seed?"]),
        ("no toml", ["not TOML"]),
        (None, ["no such rig file"]),
    ],
)
def test_a_rig_file_that_is_wrong_is_wrong_usage_with_every_mistake(tmp_path, text, says):
    path = rig_file(tmp_path, text) if text else str(tmp_path / "none.toml")

    done = bench("doctor", "--rig", path)

    assert (done.returncode, done.stdout) == (2, "")
    for words in says:
        assert words in done.stderr
    assert all(line.startswith("bench doctor: ") for line in done.stderr.splitlines())


def test_a_rig_file_and_interfaces_do_not_go_together(tmp_path):
    done = bench("doctor", "-i", "lo", "--rig", rig_file(tmp_path, "[rig]\n"))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bench doctor: -i and --rig do not go together: the rig file names the interfaces\n"


def test_the_doctor_needs_no_library_of_a_raspberry_pi():
    """Nor does it load one that is there."""
    told = (
        "import sys; from bench.doctor import examination, gpio, rig_file, serial_ports, usb_power\n"
        "print([name for name in ('gpiozero', 'serial', 'lgpio', 'gpiod', 'spidev') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stdout.strip()) == (0, "[]")
