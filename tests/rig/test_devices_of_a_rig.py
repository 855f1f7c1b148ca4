"""A rig with a pilot board and relays, as a user runs it: boards simulated, the guardian and all else as in life."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAPTOP = (ROOT / "rigs" / "laptop-serial.toml").read_text(encoding="utf-8")


@pytest.fixture
def rig_file(tmp_path: Path) -> Path:
    """The laptop's, under a name of its own: its lock goes by that."""
    path = tmp_path / "laptop.toml"
    path.write_text(LAPTOP.replace('"laptop-serial"', f'"laptop-{tmp_path.name}-{os.getpid()}"'), encoding="utf-8")
    return path


def call(*command: object, place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "TMPDIR": str(place), "COLUMNS": "100"},
    )


def logged(place: Path, board: str) -> list[dict[str, object]]:
    (path,) = place.glob(f"ccs-bench-*-boards/{board}.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def duties(place: Path) -> list[object]:
    outputs = [line["output"] for line in logged(place, "evse.pilot") if "output" in line]
    return [output["duty_cycle_pct"] for output in outputs if isinstance(output, dict)]


def test_the_suite_matches_a_car_through_the_board_and_leaves_it_at_100_percent(rig_file: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    arguments = ["-m", "ioniq", "-k", "matched_and_joins", "--rig", rig_file, "--timings=", "--alluredir", results]

    done = call("pytest", "hil_tests", *arguments, "-p", "no:cacheprovider", place=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "duty cycle of the pilot: no verdict may depend on it" in done.stdout
    assert 5 in duties(tmp_path)
    assert duties(tmp_path)[-1] == 100
    (guardian_log,) = tmp_path.glob("ccs-bench-*-boards/guardian.log")
    assert "'do': 'answered'" in guardian_log.read_text(encoding="utf-8"), "the guardian was not told that a car asks"
    assert logged(tmp_path, "relays.power")[-1].get("output", []) == []
    ladder = next(path for path in results.glob("*.svg") if "ccs-ladder" in path.read_text(encoding="utf-8"))
    assert "B2" in ladder.read_text(encoding="utf-8")
    assert "Device 1" in (results / "environment.properties").read_text(encoding="utf-8").replace("\\ ", " ")


def test_a_second_program_is_refused_politely(rig_file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "bench.cli", "rig", "check", str(rig_file)]
    own = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=own) as first:
        assert first.stdout is not None
        first.stdout.readline()

        done = call("bench.cli", "rig", "check", rig_file, place=tmp_path)

        assert done.returncode == 2
        assert "is in use by another program (process " in done.stderr
        assert "bench rig check" in done.stderr
        assert "all is as it should be" in first.stdout.read()
        assert first.wait(60) == 0


def test_rig_check_tries_the_board_and_says_what_nothing_measures(rig_file: Path, tmp_path: Path) -> None:
    done = call("bench.cli", "rig", "check", rig_file, "--no-car", "--json", place=tmp_path)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["format"], told["version"]) == ("ccs-bench-rig-check", 1)
    said = [f"{one['verdict']} {one['subject']}: {one['text']}" for one in told["findings"]]
    assert any(line.startswith("ok evse.pilot: 5 % set, it says 5 %") for line in said)
    assert any(line.startswith("ok evse.pilot: 0 % set, it says 0 %") for line in said)
    assert "note pilot: nothing measures frequency and duty cycle on the wire: try a counter" in said
    assert duties(tmp_path)[-1] == 100


def test_rig_check_of_a_board_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "garage.toml"
    path.write_text(
        f'[rig]\nname = "{tmp_path.name}"\ndriver = "pcap"\nsut = "pev"\n[evse]\ninterface = "eth1"\n'
        '[evse.pilot]\ndriver = "xy-lpwm"\nport = "/dev/serial/by-path/none"\n',
        encoding="utf-8",
    )

    done = call("bench.cli", "rig", "check", path, place=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("bench rig check: XY-LPWM at /dev/serial/by-path/none: no such port.")
    assert "Traceback" not in done.stderr


def test_a_test_that_needs_state_e_says_that_this_board_has_none(rig_file: Path, tmp_path: Path) -> None:
    arguments = ["-m", "ioniq", "-k", "state_e", "--rig", rig_file, "--timings="]

    done = call("pytest", "hil_tests", *arguments, "-p", "no:cacheprovider", place=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 skipped" in done.stdout
    assert "the pilot of this rig cannot be put at 0 V (state E)" in done.stdout


def test_rig_safe_makes_everything_safe_and_ends(rig_file: Path, tmp_path: Path) -> None:
    done = call("bench.cli", "rig", "safe", rig_file, place=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "XY-LPWM at /dev/pts/" in done.stdout
    assert duties(tmp_path)[-1] == 100


def test_rig_safe_without_devices_has_nothing_to_do(tmp_path: Path) -> None:
    done = call("bench.cli", "rig", "safe", "sim", place=tmp_path)

    assert done.returncode == 0
    assert done.stdout == "no devices: there is nothing to make safe\n"
