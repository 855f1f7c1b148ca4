"""`bench sniff` as anybody may type it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from bench.cli.sniff import wishes_of
from bench.errors import ConfigError
from bench.sniff.stopping import stop_sign
from bench.units import s


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.cli", "sniff", *arguments], capture_output=True, text=True, timeout=60
    )


def wishes(path=None, rotate_mb=None, keep=None, until=(), join=False):
    return wishes_of("plc0", path, rotate_mb, keep, list(until), join=join, show_keys=False)


def test_help_says_what_it_sends_and_what_the_exit_status_means():
    done = bench("--help")

    assert done.returncode == 0
    for part in ("-i, --interface IF", "--until matched|SECONDS", "--join", "Exit status: 0", "nothing else"):
        assert part in done.stdout


def test_an_interface_that_does_not_exist_is_wrong_usage():
    done = bench("-i", "nosuch0")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bench sniff: nosuch0: no such interface; ")
    assert done.stderr.count("\n") == 1


def test_all_mistakes_come_at_once():
    done = bench("-i", "nosuch0", "--rotate-mb", "1", "--keep", "0", "--until", "soon", "--until", "matched", "--join")

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "bench sniff: --rotate-mb needs a file: -w FILE",
        "bench sniff: --keep is at least 1, got 0",
        "bench sniff: --until is `matched` or a number of seconds, got 'soon'",
        "bench sniff: --until matched ends before --join could join anything; give --until SECONDS",
    ]


def test_until_takes_a_match_and_a_time():
    made = wishes(until=("matched", "2.5"))

    assert (made.until_matched, made.within) == (True, s(2.5))


def test_megabytes_become_octets(tmp_path):
    made = wishes(tmp_path / "a.pcapng", rotate_mb=1.5, keep=3)

    assert (made.limit, made.keep) == (1_500_000, 3)


@pytest.mark.parametrize("until", ["0", "-1", "nan", "inf", "", "Matched"])
def test_a_time_that_is_none_is_refused(until):
    with pytest.raises(ConfigError, match="--until is"):
        wishes(until=[until])


def test_keep_without_rotation_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="--keep needs --rotate-mb"):
        wishes(tmp_path / "a.pcapng", keep=3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_shows_the_sign_and_interrupts_nothing(number):
    before = signal.getsignal(number)

    with stop_sign() as stop:
        assert not stop
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop
        assert stop.why == number.name

    assert signal.getsignal(number) is before


def test_the_end_of_who_started_it_shows_the_sign(monkeypatch):
    with stop_sign() as stop:
        monkeypatch.setattr("bench.sniff.stopping.os.getppid", lambda: -1)

        assert stop
        assert "has ended" in stop.why


def test_under_nohup_it_outlives_who_started_it(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_sign() as stop:
            monkeypatch.setattr("bench.sniff.stopping.os.getppid", lambda: -1)
            os.kill(os.getpid(), signal.SIGHUP)

            assert not stop
    finally:
        signal.signal(signal.SIGHUP, before)
