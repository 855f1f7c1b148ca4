"""A run that is told to end, ends, also from within a test that swallows every exception."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUBBORN = """
import time

import pytest


@pytest.mark.needs("pev")
def test_which_swallows_everything(setup, sut):
    while True:
        try:
            print("waiting", flush=True)
            time.sleep(60)
        except Exception:
            pass
"""


def test_sigterm_ends_a_test_that_swallows_exceptions(tmp_path: Path) -> None:
    rig = tmp_path / "laptop.toml"
    text = (ROOT / "rigs" / "laptop-serial.toml").read_text(encoding="utf-8")
    rig.write_text(text.replace('"laptop-serial"', f'"ending-{os.getpid()}"'), encoding="utf-8")
    stubborn = tmp_path / "test_stubborn.py"
    stubborn.write_text(STUBBORN, encoding="utf-8")
    options = ["--rig", str(rig), "--timings=", "-p", "no:cacheprovider", "-s", "-q", "--rootdir", str(ROOT)]
    command = [sys.executable, "-u", "-m", "pytest", str(stubborn), *options, "-c", str(ROOT / "pytest.ini")]
    with subprocess.Popen(
        [*command, "-p", "conftest"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
    ) as running:
        assert running.stdout is not None
        said = ""
        end = time.monotonic() + 60
        while "waiting" not in said and time.monotonic() < end and running.poll() is None:
            said += running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        said += running.stdout.read()

    assert running.returncode == 128 + signal.SIGTERM, said
    assert "told to end by SIGTERM" in said
