"""Baselines as files: the same again when read, one name per conditions, and what is none is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from baseline_makers import CONDITIONS, measured, other_adapter, other_run

from bench.baseline.store import file_name, from_json, load, load_all, matching, save, to_json
from bench.errors import ConfigError

KEPT = replace(measured(), created="2026-11-25")


def test_a_file_read_back_is_the_same_baseline():
    assert from_json(to_json(KEPT)) == KEPT


def test_the_file_says_what_it_is():
    document = json.loads(to_json(KEPT))

    assert (document["format"], document["version"], document["created"]) == ("ccs-bench-baseline", 1, "2026-11-25")
    assert document["run"] == {
        "rig": "garage",
        "driver": "pcap",
        "clock": "real",
        "verdict": "field",
        "commit": "44a8913",
    }
    assert document["adapters"][0]["model"] == "QCA7420"
    assert document["uncertainty_ns"] == 200_000
    assert list(document) == [
        *("format", "version", "created", "runs", "role", "station", "run", "adapters", "uncertainty_ns", "intervals"),
    ]


def test_one_line_per_interval():
    """A diff shows which have changed."""
    assert sum(line.startswith('  "T') for line in to_json(KEPT).splitlines()) == len(KEPT.values)


def test_the_name_depends_on_the_conditions_only():
    name = file_name(KEPT)

    assert name.startswith("garage-evse-bench-")
    assert file_name(measured(seed=7, conditions=other_run("commit", "later"))) == name
    others = [
        other_run("rig", "lab"),
        other_run("verdict", "strict"),
        other_run("clock", "virtual"),
        other_adapter("model", "QCA7500"),
        other_adapter("firmware", "other"),
        other_adapter("pib", "other"),
        replace(CONDITIONS, station="other"),
    ]
    assert len({name, *(file_name(measured(conditions=other)) for other in others)}) == 1 + len(others)


def test_names_that_are_no_file_names_become_some():
    odd = replace(other_run("rig", "../Büro 3"), station="a/b")

    assert "/" not in file_name(measured(conditions=odd))
    assert file_name(measured(conditions=odd)).startswith("b-ro-3-evse-a-b-")


def test_saved_and_loaded(tmp_path):
    folder = tmp_path / "new" / "baselines"

    path = save(KEPT, folder)

    assert load(path) == KEPT
    assert load_all(folder) == {path: KEPT}


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.update(format="ccs-bench-timings"),
        lambda d: d.update(version=2),
        lambda d: d.pop("run"),
        lambda d: d["run"].pop("clock"),
        lambda d: d.update(adapters=[{"role": "evse"}]),
        lambda d: d.update(intervals={"TP_unheard_of": {}}),
        lambda d: d.update(intervals={"TT_match_join": {"test": [1.5]}}),
        lambda d: d.update(intervals={"TT_match_join": {"test": [True]}}),
        lambda d: d.update(intervals=[]),
        lambda d: d.update(uncertainty_ns="1"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, damage):
    document = json.loads(to_json(KEPT))
    damage(document)
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(document))

    with pytest.raises(ConfigError, match=r"damaged\.json: not "):
        load(path)


def test_every_bad_file_of_a_folder_is_named(tmp_path):
    save(KEPT, tmp_path)
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError) as caught:
        load_all(tmp_path)

    assert [mistake.split(": ")[0][-6:] for mistake in caught.value.mistakes] == ["a.json", "b.json"]


def test_no_folder_and_no_file_are_said(tmp_path):
    with pytest.raises(ConfigError, match="no such folder"):
        load_all(tmp_path / "none")
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "none.json")


def test_an_empty_folder_is_no_mistake(tmp_path):
    assert load_all(tmp_path) == {}


# which one fits ----------------------------------------------------------------------------------------------------


def test_same_firmware_and_parameter_block_before_later_date():
    older, newer = replace(KEPT, created="2026-01-01"), replace(KEPT, created="2026-02-01")
    other_firmware = replace(measured(conditions=other_adapter("firmware", "other")), created="2026-03-01")

    assert matching([older, other_firmware, newer], measured()) is newer


def test_another_firmware_before_none():
    """So that an update can be judged."""
    other_firmware = measured(conditions=other_adapter("firmware", "other"))

    assert matching([other_firmware], measured()) is other_firmware


@pytest.mark.parametrize(
    "other",
    [
        other_run("rig", "lab"),
        other_run("clock", "virtual"),
        other_run("verdict", "strict"),
        other_adapter("model", "QCA7500"),
        replace(CONDITIONS, station="other"),
    ],
)
def test_what_is_not_comparable_does_not_fit(other):
    assert matching([measured(conditions=other)], measured()) is None
