"""`bench analyze`: what it prints, what it exits with, what it does with files that are none."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from real_captures import CAPTURES
from slac_exchange import (
    EVSE,
    EVSE_MODEM,
    KEY,
    OTHER_EVSE,
    OTHER_MODEM,
    PEV,
    PEV_MODEM,
    Steps,
    atten_ind,
    ip,
    match,
    match_cnf,
    match_req,
    only,
    param_cnf,
    param_req,
    records,
    set_key,
    set_key_cnf,
    shifted,
    sound,
    vendor_profile,
)
from typer.testing import CliRunner, Result

from bench.capture import PcapngWriter
from bench.cli.app import app

MATCHED = [set_key(-9, src=EVSE), set_key_cnf(-8, src=EVSE_MODEM, dst=EVSE), *match()]
UNANSWERED = [set_key(-9, src=EVSE), set_key_cnf(-8, src=EVSE_MODEM, dst=EVSE), param_req(0), param_req(200)]


def bench(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def written(path: Path, steps: Steps) -> Path:
    with PcapngWriter.open(path) as writer:
        writer.add_interface("plc0")
        for record in records(steps):
            writer.write(record.t, record.octets)
    return path


@pytest.fixture
def matched(tmp_path: Path) -> Path:
    return written(tmp_path / "matched.pcapng", MATCHED)


@pytest.fixture
def unanswered(tmp_path: Path) -> Path:
    return written(tmp_path / "unanswered.pcapng", UNANSWERED)


def test_a_match_is_told_in_a_block(matched: Path) -> None:
    """Outcome, stations, RunID, intervals beside their limits, diagnosis, and what was read."""
    result = bench("analyze", matched)

    assert result.exit_code == 0
    for part in (
        "matched.pcapng",
        "recorded on the charger's side (inferred)",
        f"host {EVSE}, modem {EVSE_MODEM}",
        "SLAC attempt 1",
        "at 0.009 s, frames 3–31",
        "MATCHED, NETWORK UP",
        "Matched in 1.310 s from the car's request; network up 2.690 s later.",
        f"PEV    {PEV}",
        f"EVSE   {EVSE}",
        "(PEV MAC + 0000)",
        "    loss   22.9 dB reported\n",
        f"           22.9 dB measured by {EVSE_MODEM} (the recorder)\n",
        "NMK 00…0f",
        f"frame 32: UDP port 15118 from {PEV}",
        "1 SLAC attempt: 1 matched.",
        "pcapng: 32 frames in 4.009 s, from 2023-11-14 22:13:19 UTC, 31 of them",
    ):
        assert part in result.stdout
    assert "    CM_SLAC_MATCH.REQ → CNF                              10.000 ms        200 ms\n" in result.stdout
    assert "deviations" not in result.stdout


def test_nothing_is_wider_than_80_columns(matched: Path, unanswered: Path, tmp_path: Path) -> None:
    """A terminal in a garage; whatever was heard, and by however many."""
    crowd = [
        *MATCHED,
        param_cnf(7, src=OTHER_EVSE),
        vendor_profile(190, src=OTHER_MODEM),
        vendor_profile(191, PEV_MODEM),
    ]
    crowd += [sound(440), atten_ind(450), match_req(1400), match_cnf(1700), param_req(4100), param_req(4100.1)]

    shown = bench("analyze", matched, unanswered, written(tmp_path / "crowd.pcapng", crowd)).stdout

    assert "several_modems_hear_sounds" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_real_captures_fit_80_columns(path: Path) -> None:
    """But for a long file name."""
    assert max(map(len, bench("analyze", path).stdout.splitlines()[1:])) <= 80


def test_a_terminal_without_arrows_still_shows_the_rest(matched: Path) -> None:
    """Output in an encoding that lacks them."""
    process = command("analyze", matched, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    shown, complaint = process.communicate(timeout=30)

    assert b"CM_SLAC_MATCH.REQ ? CNF" in shown
    assert (complaint, process.returncode) == (b"", 0)


def test_every_evse_that_answers_is_named(tmp_path: Path) -> None:
    """The chosen one first."""
    steps = [*MATCHED, param_cnf(7, src=OTHER_EVSE), atten_ind(390, src=OTHER_EVSE)]

    shown = bench("analyze", written(tmp_path / "two.pcapng", steps)).stdout

    assert f"    EVSE   {EVSE}\n           {OTHER_EVSE} answered too, reports 22.9 dB\n" in shown


def test_no_colours_without_a_terminal(matched: Path) -> None:
    """Escape codes would spoil a file."""
    assert "\x1b" not in bench("analyze", matched).stdout


def test_deviations_are_listed_with_their_frames(tmp_path: Path) -> None:
    """And marked in the table where a limit is passed."""
    wide = [*MATCHED[:2], *only(match(), "param_req", "param_cnf"), sound(200, 1), sound(260, 0), ip(5000)]
    result = bench("analyze", written(tmp_path / "wide.pcapng", wide))

    assert "! sound_interval\n      sounds 60.0 ms apart instead of 20 to 50 ms (frame 6)\n" in result.stdout
    assert "  ! sound → next                                         60.000 ms    20 … 50 ms\n" in result.stdout


def test_a_failed_attempt_exits_with_1(unanswered: Path) -> None:
    """The thing under test deviates."""
    result = bench("analyze", unanswered)

    assert result.exit_code == 1
    assert "FAILED: nobody answered" in result.stdout
    assert "1 SLAC attempt: 1 failed." in result.stdout


def test_a_neighbour_s_attempt_does_not(tmp_path: Path) -> None:
    """Nor one that is cut off, or a fragment."""
    overheard = [*MATCHED[:2], *only(match(), "param_req", "start", "sound", "match_req"), ip(5000)]

    result = bench("analyze", written(tmp_path / "overheard.pcapng", overheard))

    assert result.exit_code == 0
    assert "NOT OURS: a car at another EVSE, overheard" in result.stdout


def test_a_capture_without_homeplug_says_so(tmp_path: Path) -> None:
    """And exits with 0: nothing failed."""
    path = written(tmp_path / "ip.pcapng", [ip(0), ip(10)])

    result = bench("analyze", path)

    assert result.exit_code == 0
    assert "No HomePlug frames in this capture." in result.stdout
    assert json.loads(bench("analyze", path, "--json").stdout)["slac"]["attempts"] == []


def test_a_capture_without_slac_says_so(tmp_path: Path) -> None:
    """Keys only, or no frame at all."""
    keys = bench("analyze", written(tmp_path / "keys.pcapng", MATCHED[:2]))
    empty = bench("analyze", written(tmp_path / "empty.pcapng", []))

    assert (keys.exit_code, empty.exit_code) == (0, 0)
    assert "none of SLAC" in keys.stdout
    assert "No frame in this capture." in empty.stdout


def test_json_has_the_names_of_the_ground_truth(matched: Path) -> None:
    """One object for one file."""
    result = bench("analyze", matched, "--json")
    found = json.loads(result.stdout)

    assert (found["format"], found["version"]) == ("slac-v2g-analysis", 1)
    assert found["recorder"] == {"role": "evse", "host_mac": str(EVSE), "modem_mac": str(EVSE_MODEM)}
    assert [a["outcome"] for a in found["slac"]["attempts"]] == ["matched_network_confirmed"]
    assert found["slac"]["set_keys"][0]["confirmations"][0]["src"] == str(EVSE_MODEM)
    assert {row["type"] for row in found["slac"]["other_homeplug"]} == {"CM_SET_KEY.REQ", "CM_SET_KEY.CNF"}
    assert found["outcome"]["matched"] == 1
    assert found["capture"]["frames"] == 32


def test_json_of_several_files_is_an_array(matched: Path, unanswered: Path, tmp_path: Path) -> None:
    """In the order of the arguments; a file that cannot be read is left out, told on stderr, and exits with 2."""
    result = bench("analyze", "--json", matched, tmp_path / "missing", unanswered)
    found = json.loads(result.stdout)

    assert [Path(one["file"]).name for one in found] == ["matched.pcapng", "unanswered.pcapng"]
    assert result.exit_code == 2
    assert result.stderr == f"bench analyze: {tmp_path / 'missing'}: no such file; check the path\n"


def test_json_of_several_unreadable_files_is_an_empty_array(tmp_path: Path) -> None:
    """Still JSON."""
    assert json.loads(bench("analyze", "--json", tmp_path / "a", tmp_path / "b").stdout) == []


def test_each_of_several_files_has_its_header(matched: Path, unanswered: Path) -> None:
    """And the worst of them decides the status."""
    result = bench("analyze", matched, unanswered)

    assert result.exit_code == 1
    assert result.stdout.index("matched.pcapng") < result.stdout.index("unanswered.pcapng")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_keys_are_shown_only_if_asked_for(matched: Path, form: list[str]) -> None:
    """The NMK of CM_SLAC_MATCH.CNF and of every CM_SET_KEY.REQ."""
    assert KEY.hex() not in bench("analyze", matched, *form).stdout
    assert KEY.hex() in bench("analyze", matched, "--show-keys", *form).stdout


def test_the_recorder_can_be_told(matched: Path) -> None:
    """Role, host and modem, each by itself."""
    told = ["--role", "listener", "--host", "02-00-00-00-11-01", "--modem", "020000001102"]
    found = json.loads(bench("analyze", matched, "--json", *told).stdout)

    assert found["recorder"] == {
        "role": "listener",
        "host_mac": "02:00:00:00:11:01",
        "modem_mac": "02:00:00:00:11:02",
    }
    assert "by a listener beside car and charger (as told)" in bench("analyze", matched, *told).stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--role", "car"], "'car' is none of pev, evse, listener, pev_internal"),
        (["--host", "12:34"], "not a MAC address: '12:34'"),
        (["--modem", "zz:00:00:00:00:00"], "not a MAC address"),
    ],
)
def test_wrong_options_are_named(matched: Path, arguments: list[str], why: str) -> None:
    """Exit status 2 and what is allowed."""
    result = bench("analyze", matched, *arguments)

    assert result.exit_code == 2
    assert why in result.stderr
    assert result.stdout == ""


def test_no_file_is_wrong_usage() -> None:
    """With a hint at the help."""
    result = bench("analyze")

    assert result.exit_code == 2
    assert "FILE" in result.stderr


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "is empty; nothing was recorded"),
        (b"this is a letter to my aunt", "is neither pcap nor pcapng"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "ends inside the file header"),
        (b"\x0a\x0d\x0d\x0a\x1c\x00", "ends inside the section header"),
        (b"\x1f\x8b\x08" + bytes(30), "is compressed; unpack it with gunzip first"),
        (b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(12) + b"\xdc\x00\x00\x00", "has link type 220"),
    ],
)
def test_what_is_no_capture_is_one_line_and_exit_2(tmp_path: Path, octets: bytes, why: str) -> None:
    """On stderr, with the file's name; no traceback."""
    path = tmp_path / "thing"
    path.write_bytes(octets)

    result = bench("analyze", path)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"bench analyze: {path}: {why}")
    assert result.stderr.count("\n") == 1


def test_a_folder_is_one_line_and_exit_2(tmp_path: Path) -> None:
    """The same."""
    result = bench("analyze", tmp_path)

    assert result.exit_code == 2
    assert result.stderr == f"bench analyze: {tmp_path}: is a directory; name the capture file inside it\n"


def test_a_file_without_permission_is_one_line_and_exit_2(matched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same. Faked, because root may read everything."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(io, "FileIO", refused)

    result = bench("analyze", matched)

    assert result.exit_code == 2
    assert "no permission to read it" in result.stderr


def test_a_cut_file_is_analysed_up_to_there(matched: Path, tmp_path: Path) -> None:
    """And said, in both forms."""
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(matched.read_bytes()[:-10])

    result = bench("analyze", cut)
    found = json.loads(bench("analyze", "--json", cut).stdout)

    assert "The last record is cut off:" in result.stdout
    assert "MATCHED, BUT NO NETWORK SEEN" in result.stdout
    assert found["capture"]["truncated_tail_bytes"] > 0


def test_a_damaged_file_is_analysed_up_to_there(matched: Path, tmp_path: Path) -> None:
    """And said, in both forms."""
    damaged = tmp_path / "damaged.pcapng"
    damaged.write_bytes(matched.read_bytes() + b"\xff" * 40)

    result = bench("analyze", damaged)
    found = json.loads(bench("analyze", "--json", damaged).stdout)

    assert result.exit_code == 0
    assert "The file is damaged at octet" in result.stdout
    assert "MATCHED, NETWORK UP" in result.stdout
    assert "after frame 32" in found["capture"]["damage"]


def test_what_recorders_do_is_said(tmp_path: Path) -> None:
    """Duplicates and a clock that was set back."""
    steps = [*MATCHED, param_req(30_000), param_req(30_000.2)]
    path = tmp_path / "clock.pcapng"
    with PcapngWriter.open(path) as writer:
        writer.add_interface("plc0")
        for record in [*records(steps), *records(UNANSWERED)]:
            writer.write(record.t, record.octets)

    told = " ".join(bench("analyze", path).stdout.split())

    assert "1 frame recorded twice (within 0.5 ms); each counts once." in told
    assert "The recorder's clock was set back by 30.009 s at frame 35; intervals across it are wrong." in told


def test_version() -> None:
    """`bench --version`"""
    assert bench("--version").stdout.startswith("ccs-bench ")


def test_help_tells_the_exit_status() -> None:
    """What 0, 1 and 2 mean stands where one looks for it."""
    told = " ".join(bench("analyze", "--help").stdout.split())

    assert "Exit status 1 says that an attempt failed" in told
    assert "Exit status: 0 good, 1 the thing under test deviates, 2 wrong usage or bench trouble." in told


def mind_ctrl_c() -> None:
    """A run that was itself started in the background hands on that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def command(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.cli", *map(str, arguments)],
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=mind_ctrl_c,
        **options,  # type: ignore[call-overload]  # stdin and env
    )


def test_standard_input_and_a_reader_that_leaves(tmp_path: Path) -> None:
    """`... | bench analyze - | head -1`: read from a pipe, written to a pipe that closes; no complaint."""
    many = [step for i in range(400) for step in shifted(MATCHED, i * 30_000)]
    path = written(tmp_path / "many.pcapng", many)

    with path.open("rb") as source, command("analyze", "-", stdin=source) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()

    assert first == b"standard input\n"
    assert complaint == b""
    assert process.returncode == 0


def test_ctrl_c_ends_quietly(tmp_path: Path) -> None:
    """Status 130, no traceback. The FIFO keeps it waiting for more."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with command("analyze", fifo) as process:
        with fifo.open("wb"):
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
