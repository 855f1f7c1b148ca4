"""`bench baseline` as anybody may type it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.analysis.intervals import Interval
from bench.baseline import AdapterState, RunConditions
from bench.baseline.store import load, to_json
from bench.limits import LIMITS
from bench.report.collection import Collection
from bench.units import Ns, ms

CNF = "TP_match_response (CM_SLAC_PARM)"
RUN = RunConditions("garage", "pcap", "real", "field", "44a8913")
ADAPTER = AdapterState("evse", "QCA7420", "MAC-QCA7420-1.1.0.844")


def baseline(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.cli", "baseline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def timings(
    path: Path, shift: Ns = 0, seed: int = 0, run: RunConditions = RUN, adapter: AdapterState = ADAPTER
) -> Path:
    """A run of two stations, twelve test cases each, whose evse answers after 20 ms and *shift*."""
    collection = Collection()
    for case in range(12):
        value = ms(20) + shift + 10_000 * ((case * 7 + seed * 5) % 12) + seed
        for station in ("bench", "alpitronic"):
            interval = Interval(LIMITS[CNF], 0, value)
            collection.add(f"test_{case}[{station}]", [interval], pev="x", evse=station, adapters=[adapter])
    path.write_text(collection.to_json(metadata=run.as_dict()), encoding="utf-8")
    return path


def test_help_names_commands_and_exit_status():
    assert all(command in baseline("--help").stdout for command in ("record", "compare", "list"))
    for command in ("record", "compare", "list"):
        done = baseline(command, "--help")
        assert done.returncode == 0
        assert "Exit status: 0" in done.stdout


def test_recorded_listed_and_compared(tmp_path):
    """A baseline of three runs, then a run like them."""
    runs = [timings(tmp_path / f"{seed}.json", seed=seed) for seed in range(3)]
    folder = tmp_path / "baselines"

    recorded = baseline("record", *runs, "--to", folder)
    listed = baseline("list", folder)
    compared = baseline("compare", folder, timings(tmp_path / "now.json", seed=4))

    assert (recorded.returncode, listed.returncode, compared.returncode) == (0, 0, 0), compared.stderr
    assert len(list(folder.glob("*.json"))) == 2
    assert (
        "evse alpitronic, rig garage, real clock, field limits, evse's QCA7420 MAC-QCA7420-1.1.0.844" in listed.stdout
    )
    assert "1 intervals, n up to 36; 20" in listed.stdout
    assert compared.stdout.splitlines()[-1].startswith("2 intervals of 2 stations: ")


def test_regression_is_status_1_and_said(tmp_path):
    before, after = timings(tmp_path / "a.json"), timings(tmp_path / "b.json", shift=ms(12), seed=1)

    done = baseline("compare", before, after)

    assert done.returncode == 1
    assert f"{CNF}: slower by 12.0 ms (12.0 to 12.0), n = 12" in done.stdout
    assert done.stderr == ""


def test_tolerance_makes_it_none(tmp_path):
    before, after = timings(tmp_path / "a.json"), timings(tmp_path / "b.json", shift=ms(12), seed=1)

    assert baseline("compare", before, after, "--tolerance", "15").returncode == 0


def test_one_station_only(tmp_path):
    before, after = timings(tmp_path / "a.json"), timings(tmp_path / "b.json", seed=1)

    done = baseline("compare", before, after, "--station", "bench", "--json")

    document = json.loads(done.stdout)
    assert [station["station"] for station in document["stations"]] == ["bench"]
    assert not document["regressed"]


def test_charts_of_every_interval(tmp_path):
    before, after = timings(tmp_path / "a.json"), timings(tmp_path / "b.json", seed=1)

    done = baseline("compare", before, after, "--charts", tmp_path / "charts")

    charts = sorted((tmp_path / "charts").iterdir())
    assert [chart.name for chart in charts] == [
        "evse-alpitronic-tp-match-response-cm-slac-parm.svg",
        "evse-bench-tp-match-response-cm-slac-parm.svg",
    ]
    for chart in charts:
        ElementTree.fromstring(chart.read_text(encoding="utf-8"))
    assert done.stdout.splitlines()[-1] == f"2 charts in {tmp_path / 'charts'}"


@pytest.mark.parametrize(
    ("run", "adapter", "told"),
    [
        (replace(RUN, clock="virtual"), ADAPTER, "clock: real, virtual"),
        (replace(RUN, verdict="strict"), ADAPTER, "verdict profile: field, strict"),
        (replace(RUN, rig="lab"), ADAPTER, "rig: garage, lab"),
        (RUN, replace(ADAPTER, model="QCA7500"), "evse's adapter: QCA7420, QCA7500"),
    ],
)
def test_what_is_not_comparable_is_refused_unless_one_insists(tmp_path, run, adapter, told):
    before = timings(tmp_path / "a.json")
    after = timings(tmp_path / "b.json", seed=1, run=run, adapter=adapter)

    refused, across = baseline("compare", before, after), baseline("compare", before, after, "--across")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert (
        f"bench baseline compare: evse bench: not comparable; {told}; --across compares all the same" in refused.stderr
    )
    assert across.returncode == 0
    assert f"NOT COMPARABLE, compared all the same: {told}" in across.stdout


def test_another_firmware_is_compared_and_told(tmp_path):
    after = timings(tmp_path / "b.json", seed=1, adapter=replace(ADAPTER, firmware="MAC-QCA7420-1.4"))

    done = baseline("compare", timings(tmp_path / "a.json"), after)

    assert done.returncode == 0
    assert "changed on purpose? evse's firmware: MAC-QCA7420-1.1.0.844, MAC-QCA7420-1.4" in done.stdout


def test_a_baseline_is_not_overwritten_by_accident(tmp_path):
    run, folder = timings(tmp_path / "a.json"), tmp_path / "baselines"
    baseline("record", run, "--to", folder)
    kept = {path: path.read_text() for path in folder.iterdir()}
    later = timings(tmp_path / "b.json", seed=1)

    refused = baseline("record", later, "--to", folder)
    assert refused.returncode == 2
    assert "and 1 more: there is a baseline already; --replace takes its place" in refused.stderr
    assert {path: path.read_text() for path in folder.iterdir()} == kept

    assert baseline("record", later, "--to", folder, "--replace").returncode == 0
    assert {path: path.read_text() for path in folder.iterdir()} != kept


def test_a_baseline_can_be_recorded_from_one_and_a_run(tmp_path):
    """It grows."""
    folder = tmp_path / "baselines"
    baseline("record", timings(tmp_path / "a.json"), "--station", "bench", "--to", folder)
    (kept,) = folder.iterdir()

    done = baseline(
        "record", kept, timings(tmp_path / "b.json", seed=1), "--station", "bench", "--to", folder, "--replace"
    )

    assert done.returncode == 0, done.stderr
    assert load(kept).runs == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["record", "{a}", "{a}", "--to", "{out}"], "the same run as"),
        (["record", "{a}", "{lab}", "--to", "{out}"], "the runs do not belong together: rig: garage, lab"),
        (["record", "{a}", "--station", "nobody", "--to", "{out}"], "nothing to record: no such station"),
        (["record", "{none}", "--to", "{out}"], "no such file"),
        (["compare", "{none}", "{a}"], "no such file"),
        (["compare", "{text}", "{a}"], "neither a baseline nor the timings of a run"),
        (["compare", "{a}", "{a}", "--station", "nobody"], "no such station in it"),
        (["compare", "{empty}", "{a}"], "evse bench: not in"),
        (["compare", "{a}", "{cases}"], "have no interval of one test case in common"),
        (["list", "{none}"], "no such folder"),
        (["compare", "{a}"], "Missing argument"),
        (["compare", "{a}", "{a}", "--tolerance", "-1"], "--tolerance"),
    ],
)
def test_wrong_usage_is_status_2_without_a_traceback(tmp_path, arguments, says):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("nothing\n")
    places = {
        "a": timings(tmp_path / "a.json"),
        "lab": timings(tmp_path / "lab.json", seed=1, run=replace(RUN, rig="lab")),
        **{name: tmp_path / name for name in ("none", "out", "empty", "text", "cases")},
    }
    (tmp_path / "cases").write_text(places["a"].read_text().replace("test_", "other_"))

    done = baseline(*(argument.format(**places) for argument in arguments))

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_list_of_nothing_says_how_to_begin(tmp_path):
    done = baseline("list", tmp_path)

    assert done.returncode == 0
    assert "bench baseline record TIMINGS" in done.stdout


def test_list_as_json(tmp_path):
    baseline("record", timings(tmp_path / "a.json"), "--to", tmp_path / "kept", "--station", "bench")

    (entry,) = json.loads(baseline("list", tmp_path / "kept", "--json").stdout)

    assert (entry["role"], entry["station"], entry["runs"], entry["n"]) == ("evse", "bench", 1, {CNF: 12})
    assert to_json(load(Path(entry["file"])))
