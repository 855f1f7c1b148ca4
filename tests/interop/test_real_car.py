"""A car under test as a bench sees it: through an interface of the kernel, a serial pilot board and a person.

The car, its modem and the board live in another process (`bench sim up`), so nothing reaches the suite but what would
reach it from real ones.
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from conftest import BENCH, Start, require, unique

ROOT = Path(__file__).parents[2]
SUITE = (sys.executable, "-u", "-m", "pytest", str(ROOT / "hil_tests"), "-p", "no:cacheprovider", "--timings=", "-q")
CAR = "hyundai-ioniq28"


def rig_file(tmp_path: Path, interface: str, pilot: str, plug: str) -> Path:
    path = tmp_path / "garage.toml"
    path.write_text(
        f'[rig]\nname = "{interface}"\ndriver = "pcap"\nsut = "pev"\nkey_settles_s = 0.5\n'
        f'[evse]\ninterface = "{interface}"\n[evse.pilot]\n{pilot}\n'
        f'[pev]\nvehicles = ["{CAR}"]\nplug = "{plug}"\n',
        encoding="utf-8",
    )
    return path


def test_a_car_is_matched_with_a_pilot_from_a_serial_board(start: Start, tmp_path: Path) -> None:
    """5 % goes over the serial line, and only then does the car begin."""
    require("ip")
    interface, board = unique("rc"), tmp_path / "board"
    world = start(*BENCH, "sim", "up", "--evse", interface, "--car", CAR, "--pilot-board", str(board), "--own-keys")
    world.wait_for("Ctrl-C ends it.")
    rig = rig_file(tmp_path, interface, f'driver = "xy-lpwm"\nport = "{board}"', "stays")

    running = start(*SUITE, "-m", "ioniq", "-k", "matched_and_joins or at_rest or state_f or unplug", "--rig", str(rig))

    assert running.wait(timeout_s=120) == 0, running.text
    assert "4 passed, 1 skipped" in running.text
    assert 'the plug stays in on this rig (plug = "stays")' in running.text
    first = re.search(r"^TP_EV_SLAC_init +pev +2 +([0-9.]+)", running.text, re.MULTILINE)
    assert first is not None
    assert 100 < float(first.group(1)) < 800, "the car's own delay after 5 %, as its profile has it"
    assert not world.process.poll()


def test_a_person_works_pilot_and_plug_and_is_asked_in_the_terminal(start: Start, tmp_path: Path) -> None:
    """The questions go to the terminal itself, though pytest captures what tests print; Enter answers them."""
    require("ip")
    interface = unique("rm")
    start(*BENCH, "sim", "up", "--evse", interface, "--car", CAR, "--own-keys").wait_for("Ctrl-C ends it.")
    rig = rig_file(tmp_path, interface, 'driver = "manual"', "operator")

    said, status = at_a_terminal([*SUITE, "-m", "ioniq", "-k", "matched_and_joins", "--rig", str(rig)], answer=b"\n")

    assert status == 0, said
    assert "1 passed" in said
    asked = re.findall(r">>> ([^\r\n]*?), then press Enter", said)
    assert asked == [
        "plug the connector into the car",
        "set the pilot generator to 5 % at 1 kHz",
        "set the pilot generator to 100 % (steady +12 V)",
    ]


def test_a_person_who_gives_up_ends_the_test_and_not_the_car(start: Start, tmp_path: Path) -> None:
    require("ip")
    interface = unique("rg")
    start(*BENCH, "sim", "up", "--evse", interface, "--car", CAR, "--own-keys").wait_for("Ctrl-C ends it.")
    rig = rig_file(tmp_path, interface, 'driver = "manual"', "operator")

    said, status = at_a_terminal([*SUITE, "-m", "ioniq", "-k", "matched_and_joins", "--rig", str(rig)], answer=b"q\n")

    assert status == 1, said
    assert "OperatorGaveUp: the operator gave up: plug the connector into the car" in said
    assert "Deviation" not in said


def test_without_a_terminal_a_rig_that_asks_is_refused_at_once(tmp_path: Path) -> None:
    rig = rig_file(tmp_path, "lo", 'driver = "manual"', "operator")

    done = subprocess.run(
        [*SUITE, "-m", "ioniq", "--rig", str(rig)],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )

    assert done.returncode == 4, done.stdout
    assert "asks a person, and there is no terminal to ask at" in done.stderr


def at_a_terminal(command: list[str], *, answer: bytes, timeout_s: float = 120.0) -> tuple[str, int]:
    """Run *command* as at a terminal of its own, answering each question; what was shown, and the exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    said, answered, end = b"", 0, time.monotonic() + timeout_s
    try:
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                octets = os.read(terminal, 4096)
            except OSError:
                break
            if not octets:
                break
            said += octets
            if (questions := said.count(b"ends the run): ")) > answered:
                answered = questions
                os.write(terminal, answer)
    finally:
        os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return said.decode(errors="replace"), os.waitstatus_to_exitcode(status)
