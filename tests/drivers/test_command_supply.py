"""Power through any two commands, and how such programs are run: limits, output, process group."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.drivers.power.command import CommandSupply
from bench.drivers.power.running import MOST_OUTPUT, run_program
from bench.errors import PortError
from bench.units import ms, s

LONG = s(20)
"""For what is done at once, however busy the machine."""


@pytest.fixture
def pdu(tmp_path, monkeypatch):
    """A program `pdu` first in PATH, which notes what it is told."""
    program = tmp_path / "pdu"
    program.write_text(f'#!/bin/sh\necho "$*" >> "{tmp_path}/told"\ntest ! -e "{tmp_path}/broken-$1" || exit 3\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def told(pdu):
    return (pdu / "told").read_text().splitlines()


def supply(**changes):
    return CommandSupply(
        "adapter 1", **({"on": ["pdu", "on", "3"], "off": ["pdu", "off", "3"], "within": LONG} | changes)
    )


def test_on_and_off_are_the_two_commands_and_closing_leaves_it_on(pdu):
    with supply() as adapter:
        adapter.set(False)
        adapter.set(True)
        adapter.set(False)
    adapter.close()

    assert told(pdu) == ["on 3", "off 3", "on 3", "off 3", "on 3"]
    with pytest.raises(PortError, match="not open"):
        adapter.set(True)


def test_the_check_comes_before_anything_is_switched(pdu):
    (pdu / "broken-check").touch()

    with pytest.raises(PortError, match=r"adapter 1 \(by pdu\): `pdu check` failed \(status 3\)"):
        supply(check=["pdu", "check"]).open()
    assert told(pdu) == ["check"]


def test_a_command_that_fails_is_an_error_each_time(pdu):
    with supply() as adapter:
        (pdu / "broken-off").touch()
        for _ in range(2):
            with pytest.raises(PortError, match="`pdu off 3` failed"):
                adapter.set(False)


def test_closing_that_fails_is_said_and_closes_all_the_same(pdu):
    adapter = supply()
    adapter.open()
    (pdu / "broken-on").touch()

    with pytest.raises(PortError, match="`pdu on 3` failed"):
        adapter.close()
    adapter.close()


def test_arguments_reach_the_program_untouched_by_a_shell(pdu):
    with supply(off=["pdu", "off", "$(id); *"]) as adapter:
        adapter.set(False)

    assert "off $(id); *" in told(pdu)


@pytest.mark.parametrize("changes", [{"on": "pdu on"}, {"off": []}, {"check": [""]}, {"within": 0}])
def test_what_is_no_command_is_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        supply(**changes)


@pytest.mark.parametrize("wrong", ["off", 0, None])
@pytest.mark.usefixtures("pdu")
def test_on_or_not_is_no_matter_of_opinion(wrong):
    with supply() as adapter, pytest.raises(ValueError, match="True or False"):
        adapter.set(wrong)


# Running a program


def test_what_it_wrote_comes_back_errors_included():
    assert run_program("x", ["sh", "-c", "echo one; echo two >&2"], within=LONG) == "one\ntwo\n"


def test_a_failure_carries_status_and_output():
    with pytest.raises(PortError, match=r"x: `sh -c .*` failed \(status 4\); it said: no such outlet"):
        run_program("x", ["sh", "-c", "echo no such outlet; exit 4"], within=LONG)


def test_a_silent_failure_says_that_it_was_silent():
    with pytest.raises(PortError, match=r"status 1\); it said nothing"):
        run_program("x", ["false"], within=LONG)


def test_a_program_that_was_killed_is_named_by_its_signal():
    with pytest.raises(PortError, match="killed by SIGKILL"):
        run_program("x", ["sh", "-c", "kill -9 $$"], within=LONG)


def test_of_much_output_the_end_counts():
    with pytest.raises(PortError) as caught:
        run_program("x", ["sh", "-c", "seq 1 10000; echo the reason; exit 1"], within=LONG)

    assert str(caught.value).endswith("the reason")
    assert len(str(caught.value)) < MOST_OUTPUT + 200


def test_output_that_is_no_text_is_no_reason_to_fail():
    assert "�" in run_program("x", ["printf", r"\377"], within=LONG)


def test_a_missing_program_is_an_error_with_the_remedy():
    with pytest.raises(PortError, match="there is no program no-such-program: install it"):
        run_program("x", ["no-such-program"], within=LONG)


def test_a_program_that_may_not_run_is_an_error(tmp_path):
    (tmp_path / "plain").write_text("text")

    with pytest.raises(PortError, match="cannot be run: Permission denied"):
        run_program("x", [str(tmp_path / "plain")], within=LONG)


def is_running(pid):
    """Zombies are not: somebody has yet to look at them, but they do nothing any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_program_that_takes_too_long_is_killed_with_its_children(tmp_path):
    script = f'sleep 60 & echo $! > "{tmp_path}/child"; echo waiting; wait'

    with pytest.raises(PortError, match=r"not done in 2\.000 s and was killed, so nobody knows .* it said: waiting"):
        run_program("x", ["sh", "-c", script], within=s(2))
    child = int((tmp_path / "child").read_text())
    until(lambda: not is_running(child))


def test_a_grandchild_that_got_away_does_not_hold_the_bench(monkeypatch):
    """It has a session of its own and keeps the output open."""
    monkeypatch.setattr("bench.drivers.power.running.AFTER_KILL_S", 0.05)
    escape = "import os, time; os.fork() or os.setsid(); time.sleep(15)"
    begun = time.monotonic()

    with pytest.raises(PortError, match="was killed"):
        run_program("x", [sys.executable, "-S", "-E", "-c", escape], within=ms(800))
    assert time.monotonic() - begun < 10


def test_an_interrupt_of_the_bench_does_not_reach_the_program(tmp_path):
    """Ctrl-C goes to the whole group in the foreground; a program half-way through switching must not get it."""
    script = tmp_path / "bench_like.py"
    script.write_text(
        "import os, pathlib, signal, sys\n"
        "from bench.drivers.power.running import run_program\n"
        "signal.signal(signal.SIGINT, lambda *_: None)\n"
        f"run_program('x', ['sh', '-c', 'trap \"echo hit > {tmp_path}/hit\" INT; echo > {tmp_path}/begun; "
        f"while test ! -e {tmp_path}/go; do sleep 0.02; done; echo > {tmp_path}/done'], within=20_000_000_000)\n"
    )
    process = subprocess.Popen([sys.executable, str(script)], start_new_session=True)
    until((tmp_path / "begun").exists)

    os.killpg(process.pid, signal.SIGINT)
    (tmp_path / "go").touch()

    assert process.wait(20) == 0
    assert (tmp_path / "done").exists()
    assert not (tmp_path / "hit").exists()
