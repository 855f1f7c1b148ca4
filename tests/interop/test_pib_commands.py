"""`bench pib` on adapters: `bench sim up` in one terminal, the commands in another, Debian's tools as judges."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.pib import parse
from conftest import BENCH, Running, Start, require, run, unique

MODELS = {
    "tplink-tlpa4010p": "98:48:27:00:00:e5",
    "qca7005-evse": "02:70:05:00:00:e5",
    "devolo-dlan200avplus": "02:d2:00:00:00:e5",
}
RECIPES = {"tplink-tlpa4010p": "tplink-tlpa4010p/pev", "qca7005-evse": "qca7005/pev"}

Pib = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def interface() -> str:
    return unique("tb")


@pytest.fixture
def pib(tmp_path: Path) -> Pib:
    """`pib("apply", "-i", name, ...)`, with a data folder of the test's own."""

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*BENCH, "pib", *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"XDG_DATA_HOME": str(tmp_path / "data"), "COLUMNS": "100"},
        )

    return command


def up(start: Start, interface: str, model: str) -> Running:
    running = start(*BENCH, "sim", "up", "--evse", f"{interface}:{model}")
    running.wait_for("Ctrl-C ends it.")
    return running


@pytest.mark.parametrize("model", MODELS)
def test_what_is_shown_and_kept_is_the_adapters_own(
    start: Start, pib: Pib, interface: str, model: str, tmp_path: Path
) -> None:
    require("plctool", "chkpib", "int6k")
    up(start, interface, model)

    shown = json.loads(pib("show", "-i", interface, "--json").stdout)
    kept = json.loads(pib("backup", "-i", interface, "--json").stdout)["backup"]

    assert shown["identity"]["mac"] == MODELS[model]
    octets = Path(kept["path"]).read_bytes()
    assert parse(octets).digest == shown["digest"]
    theirs = tmp_path / "theirs.pib"
    tool = "int6k" if model.startswith("devolo") else "plctool"
    read = run(tool, "-i", interface, "-p", str(theirs), "local")
    assert theirs.read_bytes() == octets, read.stdout + read.stderr
    assert run("chkpib", kept["path"]).returncode == 0
    assert Path(kept["path"]).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("model", RECIPES)
def test_a_recipe_is_planned_applied_verified_and_taken_back(
    start: Start, pib: Pib, interface: str, model: str, tmp_path: Path
) -> None:
    require("plctool", "chkpib", "getpib")
    up(start, interface, model)
    recipe = RECIPES[model]

    planned = pib("plan", "-i", interface, recipe)
    before = pib("verify", "-i", interface, recipe)
    applied = pib("apply", "-i", interface, recipe, "--yes")
    after = pib("verify", "-i", interface, recipe)

    assert planned.returncode == 0, planned.stderr
    assert "slac_enable: 2 EVSE -> 1 PEV" in planned.stdout
    assert "do not cut its power" in " ".join(planned.stdout.split())
    assert (before.returncode, applied.returncode, after.returncode) == (1, 0, 0), applied.stderr
    changed = tmp_path / "changed.pib"
    run("plctool", "-i", interface, "-p", str(changed), "local")
    assert run("chkpib", str(changed)).returncode == 0
    assert [run("getpib", str(changed), offset, "byte").stdout.strip() for offset in ("1653", "F4")] == ["1", "1"]

    restored = pib("restore", "-i", interface, "--yes")
    assert restored.returncode == 0, restored.stderr
    assert pib("verify", "-i", interface, recipe).returncode == 1
    listed = json.loads(pib("backups", "--json").stdout)
    assert listed["unfinished"] == []
    assert {each["mac"] for each in listed["backups"]} == {MODELS[model]}


def test_nobody_to_ask_means_no(start: Start, pib: Pib, interface: str) -> None:
    up(start, interface, "tplink-tlpa4010p")
    before = json.loads(pib("show", "-i", interface, "--json").stdout)["digest"]

    done = pib("apply", "-i", interface, "tplink-tlpa4010p/pev")

    assert done.returncode == 2
    assert "say --yes" in done.stderr
    assert json.loads(pib("show", "-i", interface, "--json").stdout)["digest"] == before


def test_a_recipe_for_another_model_is_refused_with_what_differs(start: Start, pib: Pib, interface: str) -> None:
    up(start, interface, "qca7005-evse")

    done = pib("apply", "-i", interface, "tplink-tlpa4010p/pev", "--yes")

    assert done.returncode == 2
    assert "nothing was changed" in done.stderr
    assert "firmware" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_change_is_recognised_and_ended_by_recover(
    start: Start, pib: Pib, interface: str, tmp_path: Path
) -> None:
    """SIGKILL in the middle: the next change is refused, recover brings both to an end."""
    up(start, interface, "tplink-tlpa4010p")
    environment = {"XDG_DATA_HOME": str(tmp_path / "data")}
    journal = tmp_path / "data" / "ccs-bench" / "adapters" / "98-48-27-00-00-e5" / "journal.jsonl"
    with subprocess.Popen(
        [*BENCH, "pib", "apply", "-i", interface, "tplink-tlpa4010p/pev", "--yes"],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    ) as process:
        while not (journal.exists() and "COMMITTING" in journal.read_text()):
            assert process.poll() is None, "it ended before it could be killed"
        process.send_signal(signal.SIGKILL)

    refused = pib("apply", "-i", interface, "tplink-tlpa4010p/evse", "--yes")
    recovered = pib("recover", "-i", interface, "--yes")

    assert refused.returncode == 2
    assert "bench pib recover" in refused.stderr
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    assert re.search(r"'recipe tplink-tlpa4010p/pev' is (done|over)", recovered.stdout)
    assert json.loads(pib("backups", "--json").stdout)["unfinished"] == []
    assert pib("apply", "-i", interface, "tplink-tlpa4010p/pev", "--yes").returncode == 0


def test_the_field_that_a_check_minds_is_found_and_the_adapter_gets_its_block_back(
    start: Start, pib: Pib, interface: str, tmp_path: Path
) -> None:
    """The check is any command: here it minds the user's text, and not the network's."""
    up(start, interface, "tplink-tlpa4010p")
    good, bad = tmp_path / "good.pib", tmp_path / "bad.pib"
    kept = json.loads(pib("backup", "-i", interface, "--json").stdout)["backup"]
    image = parse(Path(kept["path"]).read_bytes())
    good.write_bytes(image.octets)
    bad.write_bytes(image.with_values({"user_hfid": "MINDED", "network_hfid": "not minded"}).octets)
    check = f"! {' '.join(BENCH)} pib show -i {interface} --json | grep -q MINDED"

    done = pib("bisect", str(good), str(bad), "-i", interface, "--check", check, "--yes", "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["guilty"] == ["user_hfid"]
    assert told["trials"] <= 2
    assert json.loads(pib("show", "-i", interface, "--json").stdout)["digest"] == image.digest
