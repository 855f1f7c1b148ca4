"""`pytest hil_tests -m pib` from outside: a recipe that does harm is caught, and the field to blame is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.pib import CcoMode
from bench.sim.adapter import VirtualAdapter
from bench.sim.adapter.flash import Flash
from bench.units import ms
from tests.mutants.suite_run import run_suite

ROOT = Path(__file__).resolve().parents[2]
HARMFUL = ROOT / "tests" / "pib" / "recipes" / "harmful.toml"
TEST = "pib/test_regression.py"
NAME = f"{TEST}::test_no_match_is_lost_and_no_interval_longer_with_the_recipe"


@pytest.fixture
def tplink(tmp_path: Path) -> Path:
    """A rig whose charging station has the adapter that the harmful recipe fits."""
    path = tmp_path / "tplink.toml"
    path.write_text('[rig]\nsut = "pair"\n[evse]\nadapter = "tplink-tlpa4010p"\n', encoding="utf-8")
    return path


def suite(rig: object, *options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", f"hil_tests/{TEST}", "--rig", rig, "-p", "no:cacheprovider", *options]
    return subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_without_a_change_nothing_is_found(tmp_path):
    done = suite("sim", "--timings", tmp_path / "t.json", "--matches", 10)

    assert done.returncode == 0, done.stdout
    assert "recipe qca7005/evse, which the adapter has already" in done.stdout
    assert "10 of 10 before, 10 of 10 now" in done.stdout
    assert "16 intervals of 2 stations: 16 unchanged" in done.stdout


def test_a_harmful_field_is_caught_and_bisect_names_it(tplink, tmp_path):
    results = tmp_path / "results"

    done = suite(tplink, "--recipe", HARMFUL, "--bisect", "--matches", 12, "--timings=", "--alluredir", results)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "matches succeed less often: 12 of 12 before, 0 of 12 now (no link in TT_match_join)" in done.stdout
    assert "to blame: cco_mode\n" in done.stdout
    (result,) = [json.loads(path.read_text()) for path in results.glob("*-result.json")]
    assert result["status"] == "failed"
    names = {one["name"]: one["source"] for one in result["attachments"]}
    assert "regression.svg" in names
    drawn = (results / names["regression.svg"]).read_text(encoding="utf-8")
    assert "to blame: cco_mode" in drawn
    assert "TT_EV_atten_results" in drawn


def test_an_interval_that_grows_with_a_field_is_a_regression_with_its_size(tplink, tmp_path, monkeypatch):
    """A modem, invented for this, that hears 12 ms late where its LED has another threshold."""
    usual = VirtualAdapter.hear

    def late(self, octets, sender, in_avln):
        slow = self.flash.image().read("led_low_threshold_kbps") == 20_480
        self._later(ms(12) if slow else 0, lambda: usual(self, octets, sender, in_avln))

    monkeypatch.setattr(VirtualAdapter, "hear", late)
    recipe = tmp_path / "slow.toml"
    text = HARMFUL.read_text(encoding="utf-8").replace('new = "NEVER"', 'new = "ALWAYS"')
    recipe.write_text(text.replace("10_240", "20_480").replace("102_400", "204_800"), encoding="utf-8")

    outcomes = run_suite(tplink, [TEST], "--recipe", str(recipe), "--bisect", "--matches", "10")

    assert outcomes.deviated == {NAME}, outcomes
    assert "TP_match_response (CM_SLAC_PARM): slower by 12.0 ms (12.0 to 12.0), n = 10" in outcomes.said[NAME]
    assert "to blame: led_low_threshold_kbps" in outcomes.said[NAME]


def test_the_adapter_has_its_own_block_again_also_after_a_regression(tplink, monkeypatch):
    """Looked at in the virtual flash itself: what was written to it, and what is in it in the end."""
    usual, written = Flash.write, []

    def write(self, parts, **how):
        written.append(self)
        usual(self, parts, **how)

    monkeypatch.setattr(Flash, "write", write)

    outcomes = run_suite(tplink, [TEST], "--recipe", str(HARMFUL), "--matches", "8")

    assert outcomes.deviated == {NAME}, outcomes
    assert len(written) == 2
    assert len(set(written)) == 1
    assert written[0].image().read("cco_mode") is CcoMode.ALWAYS


def test_too_few_matches_are_no_verdict(tplink):
    outcomes = run_suite(tplink, [TEST], "--matches", "3")

    assert set(outcomes.broken) == {NAME}
    assert "3 matches show nothing; --matches 8 would do" in outcomes.broken[NAME]


def test_a_recipe_for_another_adapter_is_refused_before_anything_is_measured():
    outcomes = run_suite("sim", [TEST], "--recipe", str(HARMFUL))

    assert set(outcomes.broken) == {NAME}
    assert "refused, nothing was changed" in outcomes.broken[NAME] or "firmware" in outcomes.broken[NAME]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--recipe", "tplink-tlpa4010p/evs"], "--recipe: there is no recipe 'tplink-tlpa4010p/evs'"),
        (["--matches", "0"], "--matches is at least 1, got 0"),
    ],
)
def test_wrong_options_are_wrong_usage(options, said):
    done = suite("sim", *options)

    assert done.returncode == 4
    assert said in done.stderr


def test_the_matches_before_are_timings_that_can_become_a_baseline(tmp_path):
    kept, timings = tmp_path / "baselines", tmp_path / "timings.json"
    suite("sim", "--matches", 10, "--timings", timings)
    record = [sys.executable, "-m", "bench.cli", "baseline", "record", str(timings), "--to", str(kept)]
    subprocess.run(record, check=True, cwd=ROOT, capture_output=True, timeout=60)

    done = suite("sim", "--matches", 10, "--timings=", "--baseline", kept)

    assert done.returncode == 0, done.stdout
    assert "against the stored baselines:\n16 intervals of 2 stations: 16 unchanged" in done.stdout
    document = json.loads(next(kept.glob("*-evse-bench-*.json")).read_text(encoding="utf-8"))
    assert all(len(adapter["pib"]) == 64 for adapter in document["adapters"])
