"""The timing table of a test: every interval with its values, both limits, the margin and both verdicts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from bench.analysis.intervals import Interval
from bench.limits import AFTER_MATCH, LIMITS, TO_SDP
from bench.report.tables import timing_table_html, timing_table_lines
from bench.report.timing import SDP_HEAD, SLAC_HEAD, Timing, timings_of
from bench.units import Ns, ms, s

SOUND, JOIN, RATE = "TP_EV_batch_msg_interval (sound)", "TT_match_join", "TT_matching_rate"


def intervals(name: str, *values: Ns) -> list[Interval]:
    return [Interval(LIMITS[name], s(i), value) for i, value in enumerate(values)]


class Cells(HTMLParser):
    """Rows of the table as lists of (class, text)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[tuple[str, str]]] = []
        self.tags: list[str] = []
        self._cell: str | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = dict(attrs).get("class") or ""
            self.rows[-1].append((self._cell, ""))

    def handle_data(self, data):
        if self._cell is not None:
            cls, text = self.rows[-1][-1]
            self.rows[-1][-1] = (cls, text + data)

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = None


def row_of(measured: list[Interval], **options: Ns) -> dict[str, tuple[str, str]]:
    """The only data row, by column."""
    head, row = Cells(timing_table_html(measured, **options)).rows
    names = [text for _, text in head]
    names[8], names[10] = "strict", "field verdict"
    return dict(zip(names, row, strict=True))


def test_a_repeated_interval_shows_how_many_and_how_long():
    row = row_of(intervals(SOUND, ms(31), ms(20), ms(40), ms(22)))

    assert [row[name][1] for name in ("n", "min, ms", "median, ms", "max, ms")] == ["4", "20.00", "26.50", "40.00"]


def test_a_single_interval_shows_one_value():
    row = row_of(intervals(JOIN, s(4)))

    assert [row[name][1] for name in ("n", "min, ms", "median, ms", "max, ms")] == ["1", "", "4000.0", ""]


def test_limits_and_margin():
    row = row_of(intervals(SOUND, ms(31), ms(46)))

    assert (row["of"][1], row["standard"][1], row["field"][1]) == ("PEV", "20…50 ms", "1…160 ms")
    assert row["margin, ms"][1] == "4.00"


@pytest.mark.parametrize(
    ("value", "strict", "field"),
    [
        (ms(30), "✓ pass", "✓ pass"),
        (ms(16.5), "✗ FAIL", "✓ pass"),
        (ms(170), "✗ FAIL", "✗ FAIL"),
    ],
)
def test_both_verdicts(value, strict, field):
    """An Ioniq sounds every 16.5 ms and charges: outside the standard, inside what the field gets away with."""
    row = row_of(intervals(SOUND, value))

    assert (row["strict"][1], row["field verdict"][1]) == (strict, field)
    assert row["strict"][0] == ("pass" if "pass" in strict else "fail")


def test_one_of_many_outside_is_a_failure_and_says_how_many():
    assert row_of(intervals(SOUND, ms(30), ms(70), ms(30), ms(70)))["strict"][1] == "✗ FAIL (2 of 4)"


def test_a_margin_below_three_times_the_uncertainty_is_inconclusive():
    near, far = intervals(RATE, ms(402)), intervals(RATE, ms(404))

    assert row_of(near, uncertainty=ms(1))["strict"] == ("inconclusive", "? inconclusive")
    assert row_of(far, uncertainty=ms(1))["strict"][1] == "✓ pass"
    assert row_of(near)["strict"][1] == "✓ pass"


def test_the_uncertainty_is_told_when_there_is_one():
    measured = intervals(SOUND, ms(30))

    assert "uncertainty of one interval: 1.500 ms" in timing_table_html(measured, uncertainty=ms(1.5))
    assert "uncertainty" not in timing_table_html(measured)


def test_intervals_stand_in_the_order_of_a_match():
    measured = [*intervals(JOIN, s(4)), *intervals(SOUND, ms(30)), *intervals("TP_EV_SLAC_init", s(1))]

    names = [row[0][1] for row in Cells(timing_table_html(measured)).rows[1:]]

    assert names == ["TP_EV_SLAC_init", SOUND, JOIN]


def test_slac_and_sdp_have_heads_where_both_were_measured():
    """TP_match_leave comes after SDP, but it is SLAC's."""
    measured = [*intervals(TO_SDP, s(5)), *intervals(JOIN, s(4)), *intervals("TP_match_leave", ms(500))]

    first = [row[0][1] for row in Cells(timing_table_html(measured)).rows[1:]]
    lines = [line.split("  ")[0] for line in timing_table_lines(timings_of(measured))[1:]]

    assert first == [SLAC_HEAD, JOIN, "TP_match_leave", SDP_HEAD, TO_SDP]
    assert lines == [f"- {SLAC_HEAD}", JOIN, "TP_match_leave", f"- {SDP_HEAD}", TO_SDP]


@pytest.mark.parametrize("name", [JOIN, TO_SDP])
def test_one_kind_alone_needs_no_head(name):
    assert [row[0][1] for row in Cells(timing_table_html(intervals(name, s(4)))).rows[1:]] == [name]
    assert len(timing_table_lines(timings_of(intervals(name, s(4))))) == 2


def test_every_interval_of_sdp_is_known_as_such():
    """Whatever begins or ends with SDP, or with the car's first frame."""
    said = {
        limit.name
        for limit in LIMITS.values()
        if any(word in f"{limit.starts} {limit.stops}" for word in ("SDP", "IPv6"))
    }

    assert said == AFTER_MATCH


def test_why_the_field_is_wider_is_told_where_the_standard_is_broken():
    assert "Seres 3" in timing_table_html(intervals(SOUND, ms(55)))
    assert "Seres 3" not in timing_table_html(intervals(SOUND, ms(30)))


def test_the_text_has_the_same_figures():
    _, line = timing_table_lines(timings_of(intervals(SOUND, ms(16.5), ms(20), ms(21))))

    assert line.split()[2:] == [
        "pev",
        "3",
        "16.50",
        "20.00",
        "21.00",
        "20…50",
        "ms",
        "1…160",
        "ms",
        "-3.50",
        "FAIL",
        "ok",
    ]


def test_the_text_is_aligned_and_at_most_120_columns_wide():
    extremes = [*intervals(SOUND, ms(30), ms(31)), *intervals("TT_EVSE_SLAC_init", s(50)), *intervals(RATE, ms(-12345))]

    head, *rows = timing_table_lines(timings_of(extremes))

    assert max(map(len, (head, *rows))) <= 120
    assert {len(row.rstrip()) for row in rows} == {len(head)}


def test_the_limits_of_every_interval_fit_their_columns():
    every = [Interval(limit, 0, ms(100)) for limit in LIMITS.values()]

    head, *rows = [line for line in timing_table_lines(timings_of(every)) if not line.startswith("- ")]

    assert {len(row) for row in rows} == {len(head)}


def test_nothing_measured_is_said():
    assert "no interval was seen" in timing_table_html([])


def test_the_title_is_escaped():
    page = timing_table_html(intervals(SOUND, ms(30)), title="<script>alert(1)</script>")

    assert "script" not in Cells(page).tags
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("values", "median"), [((3,), 3), ((3, 1), 2), ((1, 9, 2), 2), ((4, 1, 3, 2), 2), ((-3, -2), -3)]
)
def test_the_median_is_a_whole_number_of_nanoseconds(values, median):
    assert Timing(LIMITS[JOIN], values).median == median


def test_values_keep_the_order_of_time():
    late, early = Interval(LIMITS[JOIN], s(9), s(1)), Interval(LIMITS[JOIN], s(2), s(3))

    (timing,) = timings_of([late, early])

    assert timing.values == (s(3), s(1))


def test_the_page_needs_nothing_from_elsewhere():
    """Allure shows it in a frame, a year later, without a network."""
    page = timing_table_html(intervals(SOUND, ms(30)))

    assert not re.findall(r"(?:src|href)=|url\(|@import", page)
