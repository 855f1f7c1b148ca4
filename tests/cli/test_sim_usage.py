"""`bench sim up` as anybody may type it: wrong wishes are found before anything needs a right."""

from __future__ import annotations

import subprocess
import sys

import pytest


def sim_up(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.cli", "sim", "up", *options], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("", "nothing to attach: give --evse IF or --pev IF"),
        ("--pev a --car hyundai-ioniq28", "--car is the other end of --evse, without --pev and --charger"),
        ("--evse a --pev b --car hyundai-ioniq28", "--car is the other end of --evse, without --pev and --charger"),
        ("--evse a --charger alpitronic", "--charger is the other end of --pev, without --evse and --car"),
        ("--evse a --pev a", "--evse and --pev are both a: give them two names"),
        ("--evse a --pev b --quirk nine_sounds", "--quirk belongs to a --car or a --charger"),
        ("--evse a --pev b --stay 3", "--stay belongs to a --car or a --charger"),
        ("--evse a --pev b --loss 1.5", "--loss is a probability, 0 to 1, got 1.5"),
        ("--evse a --pev b --attenuation-db=-3", "--attenuation-db is not negative, got -3"),
        ("--evse a:tplink", "adapters: no profile 'tplink'; did you mean tplink-tlpa4010p?"),
        ("--evse a --car ioniq28", "vehicles: no profile 'ioniq28'; did you mean hyundai-ioniq28"),
        ("--pev a --charger alpi", "chargers: no profile 'alpi'"),
        ("--evse a --car hyundai-ioniq28 --quirk nine_sound", "there is no 'nine_sound'; did you mean nine_sounds?"),
        ("--pev a --charger alpitronic --quirk nine_sounds", "there is no 'nine_sounds'"),
    ],
)
def test_contradictory_wishes_and_unknown_names_are_wrong_usage(options, says):
    """Status 2, the mistake with its remedy on stderr, no traceback."""
    done = sim_up(*options.split())

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_all_mistakes_are_named_at_once():
    """Not one per attempt."""
    done = sim_up("--evse", "a:tplink", "--pev", "a", "--loss", "2")

    assert done.stderr.count("bench sim up: ") == 3


def test_help_names_every_option():
    """And needs neither a right nor an interface."""
    done = sim_up("--help")

    assert done.returncode == 0
    for option in ("--evse", "--pev", "--car", "--charger", "--quirk", "--stay", "--netns", "--for", "--own-keys"):
        assert option in done.stdout
