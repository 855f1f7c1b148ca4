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
    assert {finding["check"] for finding in told["findings"]} >= {"interfaces", "capture", "adapters", "timing"}


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
