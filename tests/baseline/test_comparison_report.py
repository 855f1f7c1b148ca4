"""A comparison as text, JSON, chart and Allure result."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from baseline_makers import CNF, CONDITIONS, measured, other_adapter, other_run

from bench.baseline import Change, Measured, Samples, StationComparison, compare, compare_measured
from bench.limits import LIMITS
from bench.report.attachments import Kind
from bench.report.comparison import (
    any_regressed,
    comparison_attachments,
    comparison_json,
    comparison_summary,
    comparison_text,
    outcome,
)
from bench.report.comparison_chart import comparison_svg
from bench.report.comparison_result import write_comparison_result
from bench.units import Ns, ms

KEPT = replace(measured(), created="2026-11-25")
SVG = "{http://www.w3.org/2000/svg}"


def station(after: Measured, **options: object) -> StationComparison:
    (one,) = compare_measured([(KEPT, after)], **options)
    return one


SLOWER = station(measured(ms(12), seed=2))
SAME = station(measured(seed=2))


def test_text_has_head_table_and_a_sentence_per_interval():
    lines = comparison_text([SLOWER]).splitlines()

    assert lines[0] == "evse bench: 2026-11-25 (3 runs at 44a8913), now (3 runs at 44a8913)"
    assert lines[2].split()[-1] == "slower"
    assert f"  {SLOWER.comparisons[0]}" in lines
    assert lines[-1] == "1 interval of 1 station: 1 slower"


def test_two_baselines_compared_show_both_dates():
    lines = comparison_text([station(replace(measured(seed=2), created="2026-12-24"))]).splitlines()

    assert lines[0] == "evse bench: 2026-11-25 (3 runs at 44a8913), 2026-12-24 (3 runs at 44a8913)"


def test_text_tells_what_differs_and_what_was_left_out():
    changed = station(measured(seed=2, cases=12, conditions=other_adapter("firmware", "new")))
    insisted = station(measured(seed=2, conditions=other_run("rig", "lab")), across=True)

    text = comparison_text([changed, insisted])

    assert "  changed on purpose? evse's firmware: MAC-QCA7420-1.1.0.844, new\n" in text
    assert "  left out: 2 test cases measured on one side only\n" in text
    assert "  NOT COMPARABLE, compared all the same: rig: garage, lab\n" in text


def test_table_keeps_to_120_columns_with_the_longest_names_and_greatest_values():
    values = {name: {"test": (ms(49_999.9), ms(10.5)) * 400} for name in LIMITS}
    much = replace(measured(), values=values)
    less = replace(measured(), values={name: {"test": (ms(0.001), ms(30_000)) * 400} for name in LIMITS})
    (one,) = compare_measured([(much, less)])

    table = comparison_text([one]).splitlines()[1 : 2 + len(LIMITS)]

    assert max(map(len, table)) <= 120


def test_summary_names_regressions_and_is_silent_about_the_rest():
    quiet = replace(SAME, after=replace(SAME.after, conditions=replace(CONDITIONS, station="quiet")))

    text = comparison_summary([SLOWER, quiet])

    assert f"  REGRESSION: {SLOWER.comparisons[0]}\n" in text
    assert "quiet" not in text
    assert text.endswith("2 intervals of 2 stations: 1 slower, 1 no change shown\n")


def test_summary_of_a_faster_interval_is_no_regression():
    text = comparison_summary([station(measured(-ms(5), seed=2))])

    assert "faster by" in text
    assert "REGRESSION" not in text


def test_nothing_to_compare_is_said():
    assert outcome([]) == "0 intervals of 0 stations: nothing to compare"


def test_json_has_every_figure_with_its_unit():
    document = comparison_json([SLOWER, SAME])

    json.dumps(document)
    assert (document["format"], document["version"], document["regressed"]) == ("ccs-bench-comparison", 1, True)
    interval = document["stations"][0]["intervals"][0]
    assert interval["name"] == CNF
    assert interval["verdict"] == "slower"
    assert interval["n"] == [30, 30]
    low, high = interval["shift_interval_ms"]
    assert low < interval["shift_ms"] < high
    assert interval["tolerance_ms"] == 0.6
    assert document["stations"][0]["before"] == {"created": "2026-11-25", "runs": 3, "commit": "44a8913"}
    assert not comparison_json([SAME])["regressed"]
    assert not any_regressed([SAME])


def test_json_of_an_interval_without_values_is_null():
    empty = replace(SAME, comparisons=compare([Samples(CNF, (), (ms(1),))]))

    interval = comparison_json([empty])["stations"][0]["intervals"][0]

    assert [interval[key] for key in ("shift_ms", "shift_interval_ms", "p", "cliffs_delta")] == [None] * 4
    assert interval["median_ms"] == [None, 1.0]


# charts ------------------------------------------------------------------------------------------------------------


def drawing(before: tuple[Ns, ...], after: tuple[Ns, ...], tolerance: Ns = 0) -> ElementTree.Element:
    (one,) = compare([Samples(CNF, before, after, tolerance)])
    return ElementTree.fromstring(comparison_svg(one, "evse bench"))


def test_chart_has_a_dot_per_value_and_says_the_shift():
    before, after = SLOWER.comparisons[0].samples.before, SLOWER.comparisons[0].samples.after

    root = drawing(before, after, ms(3))

    circles = root.findall(f".//{SVG}circle")
    assert len(circles) == len(before) + len(after) + 1
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert SLOWER.comparisons[0].sentence in texts
    assert any(text.startswith("shift 1") and "95 % interval" in text and "±3.0 ms" in text for text in texts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((ms(5),) * 8, (ms(6),) * 8),
        ((ms(5),) * 8, (ms(5),) * 8),
        ((0,) * 8, (0,) * 8),
        ((1,), (2,)),
        (tuple(range(2000)), tuple(range(0, 4000, 2))),
        ((ms(50_000),) * 6, (0,) * 6),
    ],
)
def test_chart_holds_whatever_the_values_are(before, after):
    """Constants, single values, thousands: every dot and text is inside the picture."""
    root = drawing(before, after)

    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter(f"{SVG}circle"):
        assert 0 <= float(element.get("cx")) <= width
        assert 0 <= float(element.get("cy")) <= height
    for element in root.iter(f"{SVG}text"):
        assert 0 <= float(element.get("x")) <= width
        assert element.text


def test_attachments_are_the_text_and_a_chart_of_what_has_changed():
    changed, same = comparison_attachments([SLOWER]), comparison_attachments([SAME])

    assert [a.name for a in changed] == ["comparison.txt", "evse-bench-tp-match-response-cm-slac-parm.svg"]
    assert [a.kind for a in same] == [Kind.TEXT]
    assert len(comparison_attachments([SAME], Change)) == 2


@pytest.mark.parametrize(("compared", "status"), [(SLOWER, "failed"), (SAME, "passed")])
def test_allure_result_points_to_its_files(tmp_path, compared, status):
    path = write_comparison_result(
        tmp_path / "results", comparison_attachments([compared]), regressed=any_regressed([compared])
    )

    document = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == f"{document['uuid']}-result.json"
    assert document["status"] == status
    for attachment in document["attachments"]:
        assert (path.parent / attachment["source"]).stat().st_size > 0
