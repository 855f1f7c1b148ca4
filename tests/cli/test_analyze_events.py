"""`bench analyze --events`: the control pilot beside the frames, and logs that do not fit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from real_captures import capture, needs_captures
from slac_exchange import EVSE, EVSE_MODEM, Steps, match, param_req, records, set_key, set_key_cnf
from typer.testing import CliRunner, Result

from bench.capture import PcapngWriter
from bench.cli.app import app
from bench.units import Ns, s

KEYED = [set_key(-9, src=EVSE), set_key_cnf(-8, src=EVSE_MODEM, dst=EVSE)]
MATCHED = [*KEYED, *match()]
UNANSWERED = [*KEYED, param_req(0), param_req(200)]
STATES = "t,state,duty\n-5,A,100\n-4,B,100\n-3,B,5\n3,C,5\n9,A,100\n"
EVENTS = """\
"2023-11-14T22:13:16.000Z","SYS","Session logging started.",""
"2023-11-14T22:13:16.000Z","EVSE","Session Started: EVConnected",""
"2023-11-14T22:13:17.000Z","EVSE","Set PWM On (5.000000074505806%)",""
"2023-11-14T22:13:23.000Z","CAR","Event CarRequestedPower",""
"2023-11-14T22:13:29.000Z","CAR","Event CarUnplugged",""
"""


def bench(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def written(path: Path, steps: Steps, shift: Ns = 0) -> Path:
    with PcapngWriter.open(path) as writer:
        writer.add_interface("plc0")
        for record in records(steps):
            writer.write(record.t + shift, record.octets)
    return path


@pytest.fixture
def matched(tmp_path: Path) -> Path:
    return written(tmp_path / "matched.pcapng", MATCHED)


@pytest.fixture
def unanswered(tmp_path: Path) -> Path:
    return written(tmp_path / "unanswered.pcapng", UNANSWERED)


def log(tmp_path: Path, text: str, name: str = "pilot.txt") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def story(shown: str) -> list[str]:
    """The lines of the block with the pilot, without the header."""
    return shown.partition("from the plug to the session")[2].partition("\n\n")[0].splitlines()[1:]


def test_edges_stand_among_the_frames(matched: Path, tmp_path: Path) -> None:
    """Times count from CM_SLAC_MATCH.CNF, before it and after it; t counts from the first frame."""
    result = bench("analyze", matched, "--events", log(tmp_path, STATES))

    assert result.exit_code == 0
    assert story(result.stdout) == [
        "    plugged in                                            -5.319 s",
        "    5 % on                                                -4.319 s",
        "    CM_SLAC_PARM.REQ                                      -1.310 s",
        "    CM_SLAC_MATCH.CNF                                     0.000 ms",
        "    state C, the car asks for power                        1.681 s",
        "    network up, first frame of the car                     2.690 s       2.690 s",
        "    unplugged                                              7.681 s",
        "    PWM off                                                7.681 s",
    ]
    assert "    plugged in → first CM_SLAC_PARM.REQ                    4.009 s\n" in result.stdout
    assert "    first 5 % → first CM_SLAC_PARM.REQ                     3.009 s\n" in result.stdout


def test_the_clock_and_lateness_of_the_log_are_said_once(matched: Path, tmp_path: Path) -> None:
    """Whose clock it is, and by how much such logs are late where that is known."""
    states = " ".join(bench("analyze", matched, "--events", log(tmp_path, STATES)).stdout.split())
    events = " ".join(bench("analyze", matched, "--events", log(tmp_path, EVENTS)).stdout.split())

    assert events.count("the clock of the log") == states.count("the clock of the log") == 1
    assert (
        "pilot by pilot.txt; the clock of the log is taken for that of the capture (UTC); such logs are late" in events
    )
    assert "late by 26 to 160 ms" in events
    assert "how late it was written is not known" in states


def test_the_form_is_told_by_the_content(matched: Path, tmp_path: Path) -> None:
    """Not by the name; both forms may tell the same story."""
    named = bench("analyze", matched, "--json", "--events", log(tmp_path, EVENTS, "states.csv")).stdout
    found = json.loads(named)

    assert found["control_pilot_alignment"]["format"] == "everest"
    assert found["control_pilot_alignment"]["event_logs"] == ["states.csv"]
    assert [edge["event"] for edge in found["control_pilot"]] == ["car_connected", "pwm_on", "state_c", "car_unplugged"]
    assert found["control_pilot"][1] == {
        "t_s": -2.991,
        "event": "pwm_on",
        "state": None,
        "pwm_percent": 5.0,
        "text": "Set PWM On (5.000000074505806%)",
    }
    (attempt,) = found["slac"]["attempts"]
    assert attempt["control_pilot"]["cp_pwm_on_to_parm_req_ms"] == 3000.0


def test_without_a_log_the_pilot_is_null(matched: Path) -> None:
    """Under the same names."""
    found = json.loads(bench("analyze", matched, "--json").stdout)

    assert (found["control_pilot"], found["control_pilot_alignment"]) == (None, None)
    assert found["slac"]["attempts"][0]["control_pilot"] is None
    assert "pilot" not in bench("analyze", matched).stdout


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("-5,A,100\n", "by the pilot log no car was plugged in here, so this station was not waiting for a car."),
        ("-5,B,100\n", "a car was plugged in here, but 5 % was not on (pilot log: no PWM)"),
        ("-5,B,5\n", "a car was plugged in here with 5 % on (pilot log), so this station should have answered"),
    ],
)
def test_why_nobody_answered_is_exact_with_a_log(unanswered: Path, rows: str, said: str, tmp_path: Path) -> None:
    result = bench("analyze", unanswered, "--events", log(tmp_path, "t,state,duty\n" + rows))

    assert said in " ".join(result.stdout.split())
    assert result.exit_code == 1


def test_nothing_is_wider_than_80_columns(matched: Path, unanswered: Path, tmp_path: Path) -> None:
    rows = "t,state,duty\n-5,A,100\n" + "".join(f"{n},{'BCDEF'[n % 5]},{53.25 + n}\n" for n in range(40))

    for path in (matched, unanswered):
        shown = bench("analyze", path, "--events", log(tmp_path, rows)).stdout
        assert "more changes of the pilot" in shown
        assert max(map(len, shown.splitlines())) <= 80


# what does not fit ----------------------------------------------------------------------------------------------------


def refused(*arguments: object) -> str:
    """One paragraph on stderr, nothing on stdout, status 2."""
    result = bench("analyze", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.replace("│", " ").split())


def test_a_log_of_another_time_is_refused(tmp_path: Path) -> None:
    """By how much; an hour of summer time is the usual reason."""
    late = written(tmp_path / "late.pcapng", MATCHED, shift=s(3600))

    said = refused(late, "--events", log(tmp_path, EVENTS))

    assert said.startswith("bench analyze: pilot.txt: ends 3590.991 s before the capture begins")
    assert "its clock is not that of the capture (UTC)" in said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("a letter to my aunt\n", "is no log of the pilot that is known here"),
        ("t,state\n1,Z\n", "line 2: state is 'Z'"),
    ],
)
def test_what_is_no_log_is_refused(text: str, why: str, matched: Path, tmp_path: Path) -> None:
    path = log(tmp_path, text)

    assert refused(matched, "--events", path).startswith(f"bench analyze: {path}: {why}")


def test_a_missing_log_and_a_capture_in_its_place_are_refused(matched: Path, tmp_path: Path) -> None:
    assert "missing: no such file" in refused(matched, "--events", tmp_path / "missing")
    assert "is no text" in refused(matched, "--events", matched)


def test_one_log_belongs_to_one_capture(matched: Path, unanswered: Path, tmp_path: Path) -> None:
    """Which of two it is beside cannot be guessed."""
    said = refused(matched, unanswered, "--events", log(tmp_path, STATES))

    assert "one log belongs to one capture; name a single FILE" in said
    assert "--events" in said


def test_a_pipe_cannot_have_a_log(matched: Path, tmp_path: Path) -> None:
    """When its capture ends is known too late."""
    command = [sys.executable, "-m", "bench.cli", "analyze", "-", "--events", str(log(tmp_path, STATES))]

    piped = subprocess.run(command, input=matched.read_bytes(), capture_output=True, check=False)

    assert (piped.returncode, piped.stdout) == (2, b"")
    assert b"can be read once only; save it first" in piped.stderr


def test_a_capture_without_a_frame_has_no_clock(tmp_path: Path) -> None:
    """It is told as without a log."""
    empty = written(tmp_path / "empty.pcapng", [])

    result = bench("analyze", empty, "--events", log(tmp_path, STATES))

    assert "No frame in this capture." in result.stdout
    assert result.exit_code == 0


@needs_captures
@pytest.mark.parametrize("name", ["vw-id3", "kia-ev6"])
def test_the_log_of_a_real_station_fits_its_capture(name: str) -> None:
    path = capture(name)

    result = bench("analyze", path, "--events", path.with_suffix(".eventlog.csv"))

    assert result.exit_code == 0
    assert [line[4:].partition("  ")[0] for line in story(result.stdout)][-3:] == {
        "vw-id3": ["state C, the car asks for power", "back to state B", "unplugged"],
        "kia-ev6": ["PWM off", "back to state B", "unplugged"],
    }[name]
    assert max(map(len, result.stdout.splitlines()[1:])) <= 80
