"""The timings of a run: nothing lost between workers, one deterministic file, a terminal summary one can read."""

from __future__ import annotations

import json
import random

import pytest

from bench.analysis.intervals import Interval
from bench.analysis.verdict import Profile
from bench.errors import ConfigError
from bench.limits import LIMITS, TO_SDP
from bench.report.collection import Collection
from bench.report.summary import FEW, summary_text
from bench.report.timing import SDP_HEAD, SLAC_HEAD
from bench.units import Ns, ms, s

SOUND, JOIN, CNF = "TP_EV_batch_msg_interval (sound)", "TT_match_join", "TP_match_response (CM_SLAC_PARM)"


def interval(name: str, value: Ns, start: Ns = 0) -> Interval:
    return Interval(LIMITS[name], start, value)


def match(sound: Ns = ms(30), cnf: Ns = ms(5), join: Ns = s(4)) -> list[Interval]:
    """One value of the EVSE, eleven of the PEV."""
    sounds = [interval(SOUND, sound, start=s(1 + i)) for i in range(10)]
    return [interval(CNF, cnf), *sounds, interval(JOIN, join, start=s(20))]


def run_of(cars: dict[str, Ns]) -> Collection:
    """A run of cars with their sound intervals, at the bench's own EVSE."""
    collection = Collection()
    for car, sound in cars.items():
        collection.add(f"test_match[{car}]", match(sound), pev=car, evse="bench")
    return collection


# the file -------------------------------------------------------------------------------------------------------


def test_an_interval_is_booked_on_the_station_whose_doing_it_was():
    document = json.loads(run_of({"ioniq": ms(20)}).to_json())

    booked = {(x["role"], x["station"]): [i["name"] for i in x["intervals"]] for x in document["stations"]}
    assert booked == {("pev", "ioniq"): [SOUND, JOIN], ("evse", "bench"): [CNF]}


def test_the_file_says_what_it_is_and_names_its_units():
    document = json.loads(run_of({"ioniq": ms(16.5)}).to_json(uncertainty=ms(2)))

    sound = next(i for i in document["stations"][0]["intervals"] if i["name"] == SOUND)
    assert (document["format"], document["version"], document["uncertainty_ns"]) == ("ccs-bench-timings", 1, 2_000_000)
    assert sound == {
        "name": SOUND,
        "statistics_ms": {"n": 10, "minimum": 16.5, "median": 16.5, "maximum": 16.5},
        "verdicts": {
            "strict": {"pass": 0, "fail": 0, "inconclusive": 10},
            "field": {"pass": 10, "fail": 0, "inconclusive": 0},
        },
        "values_ns": {"test_match[ioniq]": [16_500_000] * 10},
    }
    assert document["limits"][SOUND]["limits_ms"] == {
        "strict": {"minimum": 20.0, "maximum": 50.0},
        "field": {"minimum": 1.0, "maximum": 160.0},
    }


def test_statistics_are_over_all_cases_of_a_station():
    collection = Collection()
    collection.add("test_a", [interval(JOIN, s(4))], pev="zoe", evse="bench")
    collection.add("test_b", [interval(JOIN, s(6)), interval(JOIN, s(13))], pev="zoe", evse="bench")

    (station,) = json.loads(collection.to_json())["stations"]

    assert station["cases"] == 2
    assert station["intervals"][0]["statistics_ms"] == {"n": 3, "minimum": 4000, "median": 6000, "maximum": 13000}
    assert station["intervals"][0]["verdicts"]["strict"] == {"pass": 2, "fail": 1, "inconclusive": 0}


def test_the_order_in_which_cases_ran_does_not_show():
    """Workers of a parallel run finish in any order; two runs of the simulated bench give the same octets."""
    cars = {f"car-{i}": ms(20 + i) for i in range(20)}
    shuffled = list(cars.items())
    random.Random(1).shuffle(shuffled)

    assert run_of(dict(shuffled)).to_json() == run_of(cars).to_json()


def test_other_values_make_another_file():
    assert run_of({"ioniq": ms(20)}).to_json() != run_of({"ioniq": ms(20) + 1}).to_json()


def test_metadata_stands_apart_and_only_if_given():
    collection = run_of({"ioniq": ms(20)})
    plain, dated = collection.to_json(), collection.to_json(metadata={"rig": "lab-3", "commit": "abc"})

    assert "metadata" not in json.loads(plain)
    assert json.loads(dated).pop("metadata") == {"commit": "abc", "rig": "lab-3"}
    assert [line for line in dated.splitlines() if "metadata" not in line] == plain.splitlines()


def test_a_file_read_back_is_the_same_run():
    collection = run_of({"ioniq": ms(20), "zoe": ms(31.234567)})

    assert Collection.from_json(collection.to_json()).to_json() == collection.to_json()


def test_files_of_workers_merge_into_the_file_of_one_run():
    whole = run_of({"ioniq": ms(20), "zoe": ms(31), "taycan": ms(40)})
    parts = [run_of({"taycan": ms(40)}), run_of({"zoe": ms(31)}), run_of({"ioniq": ms(20)})]

    merged = Collection()
    for part in parts:
        merged.merge(Collection.from_json(part.to_json()))

    assert merged.to_json() == whole.to_json()


def test_merging_leaves_the_other_alone():
    one, other = run_of({"ioniq": ms(20)}), run_of({"ioniq": ms(21)})
    before = other.to_json()

    one.merge(other)
    one.merge(other)

    assert other.to_json() == before
    assert json.loads(one.to_json())["stations"][0]["intervals"][0]["statistics_ms"]["n"] == 30


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "slac-v2g-analysis", "version": 1}',
        '{"format": "ccs-bench-timings", "version": 2, "stations": []}',
        '{"format": "ccs-bench-timings", "version": 1, "stations": [{"role": "pev"}]}',
    ],
)
def test_another_file_is_refused(text):
    with pytest.raises(ConfigError, match="timings"):
        Collection.from_json(text)


# the terminal ---------------------------------------------------------------------------------------------------


CROWD = {f"other-{i}": ms(30) for i in range(FEW)}
"""With them a run has so many stations that they share a matrix."""


def lines_of(collection: Collection, profile: Profile = Profile.FIELD, uncertainty: Ns = 0) -> list[str]:
    return summary_text(collection, profile, uncertainty=uncertainty).splitlines()


def row(lines: list[str], station: str) -> list[str]:
    return next(line.split() for line in lines if line.split()[:1] == [station])


def test_many_stations_share_a_matrix_of_medians():
    lines = lines_of(run_of({"ioniq": ms(30), "zoe": ms(31.25)} | CROWD))

    assert row(lines, "ioniq") == ["ioniq", "1", "30.0", "4000"]
    assert row(lines, "zoe") == ["zoe", "1", "31.2", "4000"]


def test_least_and_greatest_stand_under_the_median_where_they_differ():
    collection = run_of(CROWD)
    values = [interval(SOUND, value, start=i) for i, value in enumerate((ms(21), ms(30), ms(44)))]
    collection.add("test", values, pev="zoe", evse="bench")

    lines = lines_of(collection)
    at = next(i for i, line in enumerate(lines) if line.startswith("zoe"))

    assert [line.split() for line in lines[at + 1 : at + 3]] == [["min", "21.0"], ["max", "44.0"]]
    assert [line for line in lines if line.split()[:1] == ["min"]] == [lines[at + 1]]


def test_a_few_stations_get_a_table_each():
    collection = Collection()
    values = [interval(SOUND, value, start=i) for i, value in enumerate((ms(21), ms(30), ms(44)))]
    collection.add("test", values, pev="zoe", evse="bench")

    lines = lines_of(collection)

    assert "zoe, 1 test cases" in lines
    found = next(line.split() for line in lines if line.startswith(SOUND))
    assert found[len(SOUND.split()) :][:5] == ["pev", "3", "21.00", "30.00", "44.00"]


def test_columns_are_explained_with_both_limits():
    legend = next(line for line in lines_of(run_of({"ioniq": ms(30)} | CROWD)) if SOUND in line)

    assert legend.split() == ["a", *SOUND.split(), "standard", "20…50", "ms", "field", "1…160", "ms"]


@pytest.mark.parametrize(
    ("sound", "cell"), [(ms(30), "30.0"), (ms(16.5), "16.5~"), (ms(170), "170!"), (ms(50), "50.0")]
)
def test_a_cell_is_marked_by_the_worst_verdict(sound, cell):
    assert row(lines_of(run_of({"ioniq": sound} | CROWD)), "ioniq")[2] == cell


def test_a_cell_too_close_to_call_has_a_question_mark():
    assert row(lines_of(run_of({"ioniq": ms(49)} | CROWD), uncertainty=ms(1)), "ioniq")[2] == "49.0?"


def test_what_breaks_the_chosen_limits_is_listed_with_all_figures():
    collection = Collection()
    values = [interval(SOUND, value, start=i) for i, value in enumerate((ms(170), ms(30), ms(190)))]
    collection.add("test", values, pev="seres-3", evse="bench")

    text = " ".join(" ".join(lines_of(collection)).split())

    assert f"FAIL: seres-3, {SOUND}: 2 of 3 outside 1…160 ms; min / median / max 30.00 / 170.00 / 190.00 ms" in text


def test_what_breaks_only_the_standard_is_listed_in_short_under_the_field_profile():
    collection = run_of({"ioniq": ms(16.5), "zoe": ms(30)} | CROWD)

    field, strict = lines_of(collection), lines_of(collection, Profile.STRICT)

    assert f"~ {SOUND}, standard 20…50 ms: ioniq 16.50" in field
    assert not [line for line in field if "FAIL" in line]
    assert [line for line in strict if line.startswith(f"FAIL: ioniq, {SOUND}: 10 of 10 outside 20…50 ms")]


def test_53_stations_stay_readable():
    """At most 120 columns, one row each, however long the names are."""
    cars = {f"a-rather-long-vehicle-profile-name-{i:02}": ms(10 + i) for i in range(39)}
    collection = run_of(cars)
    every = [
        Interval(limit, i, s(49) if limit.name == "TT_EVSE_SLAC_init" else s(11))
        for i, limit in enumerate(LIMITS.values())
    ]
    for i in range(14):
        collection.add(f"test[{i}]", every, pev="bench", evse=f"charger-{i}-seen-from-inside-the-car")

    lines = lines_of(collection)

    assert max(map(len, lines)) <= 120
    assert len([line for line in lines if line.startswith("a-rather-long-v")]) == 39


def test_slac_and_sdp_are_told_apart_in_a_matrix_by_heads_and_letters():
    collection = run_of({"ioniq": ms(30)} | CROWD)
    collection.add("test_sdp", [interval(TO_SDP, s(5))], pev="ioniq", evse="bench")

    lines = lines_of(collection)
    heads = [line for line in lines if line.startswith("- ")]
    legend = [line.split()[0] for line in lines if line.startswith("  ") and " standard " in line]

    assert heads[:2] == [f"- {SLAC_HEAD}", f"- {SDP_HEAD}"]
    assert legend == ["a", "b", "A"]
    assert [line.split() for line in lines if line.startswith("ioniq")] == [
        ["ioniq", "2", "30.0", "4000"],
        ["ioniq", "2", "5000"],
    ]


def test_a_station_without_sdp_has_no_row_in_the_matrix_of_sdp():
    collection = run_of({"ioniq": ms(30)} | CROWD)
    collection.add("test_sdp", [interval(TO_SDP, s(5))], pev="ioniq", evse="bench")

    lines = lines_of(collection)

    assert len([line for line in lines if line.startswith("other-0 ")]) == 1


@pytest.mark.parametrize("width", [80, 100, 120, 200, 10])
@pytest.mark.parametrize("count", [1, FEW, 39])
def test_every_interval_of_many_stations_fits_every_terminal(width, count):
    """From 80 columns on; a narrower one gets 80."""
    every = [Interval(limit, i, s(49) + ms(i)) for i, limit in enumerate(LIMITS.values())] * 2
    collection = Collection()
    for i in range(count):
        name = f"a-rather-long-vehicle-profile-name-{i:02}"
        collection.add(f"test[{i}]", every, pev=name, evse=f"charger-{i}-seen-from-inside-the-car")

    text = summary_text(collection, width=width)

    assert max(map(len, text.splitlines())) <= min(120, max(80, width))
    for limit in LIMITS.values():
        assert limit.name in text


def test_a_narrow_matrix_comes_in_pieces_with_the_same_figures():
    every = [Interval(limit, i, ms(100 + i)) for i, limit in enumerate(LIMITS.values())]
    collection = run_of(CROWD)
    collection.add("test", every, pev="ioniq", evse="bench")

    def cells(width):
        lines = summary_text(collection, width=width).splitlines()
        return [cell for line in lines if line.startswith("ioniq ") for cell in line.split()[2:]]

    assert cells(80) == cells(120)
    assert len(cells(80)) == len([limit for limit in LIMITS.values() if limit.side == "pev"])


def test_a_narrow_table_marks_what_is_outside():
    collection = Collection()
    collection.add("test", [interval(SOUND, ms(16.5)), interval(JOIN, s(13))], pev="zoe", evse="bench")

    lines = summary_text(collection, width=80).splitlines()

    assert next(line for line in lines if line.startswith(SOUND)).split()[-2:] == ["16.50", "~"]
    assert next(line for line in lines if line.startswith(JOIN)).split()[-2:] == ["13000.0", "!"]


def test_values_of_one_interval_by_case():
    collection = Collection()
    collection.add("test_b", [interval(JOIN, s(6)), interval(JOIN, s(5), start=1)], pev="zoe", evse="bench")
    collection.add("test_a", [interval(JOIN, s(4))], pev="zoe", evse="bench")

    assert list(collection.by_case(("pev", "zoe"), JOIN).items()) == [("test_a", (s(4),)), ("test_b", (s(6), s(5)))]
    assert collection.by_case(("pev", "zoe"), SOUND) == {}
    assert collection.by_case(("pev", "ioniq"), JOIN) == {}


def test_an_empty_run_says_so():
    assert summary_text(Collection()) == "no interval was measured\n"


def test_the_summary_is_the_same_every_time():
    cars = {"zoe": ms(20), "ioniq": ms(10)}

    assert lines_of(run_of(cars)) == lines_of(run_of(dict(reversed(cars.items()))))
