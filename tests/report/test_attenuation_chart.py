"""The attenuation chart shows what was measured and what was reported, per group and per EVSE."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from trace_story import PROFILE, Chart, ascending, tell_match

from bench.mme import CmAttenCharInd, CmAttenProfileInd
from bench.report.attenuation import Heard, attenuation_svg, heard_in
from bench.trace import Entry
from bench.units import s

FLAT = bytes([20]) * 58
SLOPE = bytes(range(58))


def chart_of(*heard: Heard) -> Chart:
    return Chart(attenuation_svg(heard))


def points(path_d: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path_d)]


def curve(chart: Chart, cls: str) -> list[tuple[float, float]]:
    """The only curve of its class with a point per group."""
    (found,) = [p for p in (points(path.get("d", "")) for path in chart.of("path", cls)) if len(p) > 2]
    return found


def later(entries: Iterable[Entry]) -> list[Entry]:
    """The same a minute later."""
    return [replace(entry, t=entry.t + s(60)) for entry in entries]


def test_the_mean_curve_has_a_point_for_each_group():
    mean = curve(chart_of(Heard("bench", [SLOPE], SLOPE)), "mean")

    assert len(mean) == 58
    assert ascending(x for x, _ in mean)


def test_more_attenuation_is_higher_up():
    mean = curve(chart_of(Heard("bench", [SLOPE], SLOPE)), "mean")

    assert ascending(-y for _, y in mean)


def test_ten_db_are_where_the_axis_says_ten():
    chart = chart_of(Heard("bench", [bytes([10]) * 58], None))
    axis = next(t for t in chart.of("text", "r") if t.text == "10")

    assert curve(chart, "mean")[0][1] == pytest.approx(float(axis.get("y", "nan")) - 3.5, abs=0.1)


def test_the_mean_is_between_the_sounds():
    low, high = bytes([10]) * 58, bytes([30]) * 58
    chart = chart_of(Heard("bench", [low, high], None))

    sounds = sorted(points(path.get("d", ""))[0][1] for path in chart.of("path", "sound"))

    assert len(sounds) == 2
    assert curve(chart, "mean")[0][1] == pytest.approx(sum(sounds) / 2, abs=0.1)


def test_a_sound_that_was_not_measured_does_not_spoil_the_mean():
    assert curve(chart_of(Heard("bench", [SLOPE, b"", SLOPE], None)), "mean") == curve(
        chart_of(Heard("bench", [SLOPE], None)), "mean"
    )


def test_what_was_reported_is_a_dot_for_each_group():
    (group,) = chart_of(Heard("bench", [FLAT], SLOPE)).of("g", "reported")

    assert len(group.findall("{*}circle")) == 58


def test_the_legend_has_both_averages():
    text = " ".join(chart_of(Heard("bench", [FLAT, SLOPE], SLOPE)).texts())

    assert "bench   2 sounds, mean 24.2 dB;  reported 28.5 dB" in text


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (Heard("bench", [b"", b""], FLAT), "2 sounds measured without groups;  reported 20.0 dB"),
        (Heard("bench", [FLAT], None), "1 sound, mean 20.0 dB;  nothing reported"),
        (Heard("bench", [], b""), "no sounds measured;  reported no groups"),
    ],
)
def test_what_is_missing_is_said(heard, said):
    """TP-Link's QCA7420 reports no groups; the station then reports an invention, or nothing."""
    assert said in " ".join(chart_of(heard).texts())


def test_two_stations_are_told_apart_by_colour_and_by_dashes():
    chart = chart_of(Heard("near", [FLAT], FLAT), Heard("far", [SLOPE], SLOPE))

    curves = [path for path in chart.of("path", "mean") if len(points(path.get("d", ""))) == 58]

    assert len({path.get("stroke") for path in curves}) == 2
    assert len({path.get("stroke-dasharray") for path in curves}) == 2


def test_an_axis_long_enough_for_the_highest_value():
    chart = chart_of(Heard("bench", [bytes([97]) * 58], None))

    assert min(y for _, y in curve(chart, "mean")) > 0
    assert "100" in chart.texts("r")


def test_nothing_measured_is_said_and_not_drawn():
    assert "no attenuation was measured or reported" in chart_of().texts()


def test_a_trace_gives_what_its_modem_measured_and_its_station_reported():
    (heard,) = heard_in(tell_match().trace, {"evse": "bench"})

    assert heard == Heard("bench", [PROFILE] * 10, PROFILE)


def test_a_trace_recorded_by_the_car_has_no_profiles():
    (heard,) = heard_in(tell_match("pev").trace)

    assert (heard.name, heard.profiles, heard.reported) == ("EVSE", (), PROFILE)


def test_of_two_attempts_the_last_is_shown():
    trace = tell_match(profile=FLAT).trace
    trace.entries += later(tell_match(profile=PROFILE).trace.entries)

    (heard,) = heard_in(trace)

    assert heard.profiles == [PROFILE] * 10
    assert heard.reported == PROFILE


def test_a_second_attempt_without_sounds_does_not_hide_the_first():
    trace = tell_match(profile=FLAT).trace
    second = later(tell_match(sounds=0).trace.entries)
    trace.entries += [e for e in second if not isinstance(getattr(e, "mme", None), CmAttenCharInd | CmAttenProfileInd)]

    (heard,) = heard_in(trace)

    assert heard.profiles == [FLAT] * 10


def test_names_are_escaped():
    assert "<b>" not in attenuation_svg([Heard("<b>", [FLAT], None)], "<b>")
