"""Where a slow plug-in waits: this run beside what the real car and the real station were recorded with."""

from __future__ import annotations

import pytest
from trace_story import Chart

from bench.analysis.intervals import Interval
from bench.limits import FIRST_FRAME, LIMITS, SDP_ANSWER, TO_SDP
from bench.profiles import Spread, chargers, vehicle, vehicles
from bench.report.after_match import OWN, TITLE, Seen, after_match_text, off_text, splits_of
from bench.report.after_match_chart import after_match_html, after_match_svg
from bench.report.collection import Collection
from bench.units import Ns, ms, s

IONIQ = "hyundai-ioniq28"
JOIN = "TT_match_join"


def intervals(**values: Ns) -> list[Interval]:
    names = {"network": JOIN, "first": FIRST_FRAME, "sdp": TO_SDP, "answer": SDP_ANSWER}
    return [Interval(LIMITS[names[key]], i, value) for i, (key, value) in enumerate(values.items())]


def run(*matches: tuple[str, str, dict[str, Ns]]) -> Collection:
    collection = Collection()
    for i, (pev, evse, values) in enumerate(matches):
        collection.add(f"test_{i}", intervals(**values), pev=pev, evse=evse)
    return collection


def ioniq(sdp: Ns = ms(4120), **more: Ns) -> tuple[str, str, dict[str, Ns]]:
    return IONIQ, OWN, {"network": ms(3190), "first": ms(3270), "sdp": sdp, "answer": ms(2.5)} | more


def text_of(*matches: tuple[str, str, dict[str, Ns]], width: int = 120) -> list[str]:
    return after_match_text(splits_of(run(*matches)), width=width).splitlines()


def row(lines: list[str], name: str) -> list[str]:
    return next(line.split() for line in lines if line.startswith(name))


# the figures ----------------------------------------------------------------------------------------------------


def test_an_ioniq_that_needs_4_12_s_is_where_the_recorded_one_was():
    cells = row(text_of(ioniq()), IONIQ)

    figures = ["1", "3.190", "3.270", "3.270", "0.0", "%", "4.120", "4.119", "0.0", "%", "2.5", "4.115…4.124", "(8)"]
    assert cells == [IONIQ, *figures]


def test_a_slow_one_is_off_by_what_it_is_slower():
    assert row(text_of(ioniq(ms(8237.2))), IONIQ)[7:11] == ["8.237", "4.119", "+100", "%"]


def test_the_median_of_the_run_counts():
    (split,) = splits_of(run(ioniq(ms(4000)), ioniq(ms(4120)), ioniq(s(60))))

    assert split.sdp is not None
    assert (split.sdp.median, len(split.sdp.values)) == (ms(4120), 3)


def test_n_counts_the_requests_where_other_tests_ended_before_one():
    lines = text_of(ioniq(), (IONIQ, OWN, {"network": s(3), "first": s(3)}), (IONIQ, OWN, {"first": s(4)}))

    assert row(lines, IONIQ)[1] == "1"


@pytest.mark.parametrize(
    ("here", "said"),
    [(ms(1000), "0.0 %"), (ms(999.9), "0.0 %"), (ms(1010), "+1.0 %"), (ms(877), "-12.3 %"), (ms(3000), "+200 %")],
)
def test_the_deviation_in_percent(here, said):
    recorded = Spread(ms(1000), ms(900), ms(1100), 5)

    assert off_text(Seen((here,), recorded)) == said


def test_nothing_recorded_is_no_deviation():
    assert off_text(Seen((ms(5),))) == ""
    assert off_text(Seen((ms(5),), Spread(0, 0, 0, 1))) == ""


def test_a_car_whose_first_frame_was_never_recorded_has_none_to_compare_with():
    """Recorded inside the car: SLAC and SDP, nothing between."""
    name = f"{IONIQ}-inside"
    assert vehicle(name).after_match.first_frame is None

    cells = row(text_of((name, OWN, {"first": ms(3300), "sdp": ms(4110)})), name)

    assert cells[2:8] == ["-", "3.300", "-", "4.110", "4.110", "0.0"]


def test_what_is_only_assumed_has_a_star_and_its_reason():
    lines = text_of(("porsche-taycan-2", OWN, {"sdp": ms(3478)}), ioniq())

    assert "3.478*" in row(lines, "porsche-taycan-2")
    assert row(lines, "porsche-taycan-2")[-1] == "assumed"
    assert lines[-1] == "* first SDP request of porsche-taycan-2 is assumed, not recorded: as porsche-taycan-4s"


def test_without_an_assumption_nothing_is_said_of_any():
    assert "assumed" not in "\n".join(text_of(ioniq()))


def test_the_answer_to_a_car_is_that_of_its_own_test_cases():
    lines = text_of(ioniq(answer=ms(7)), ("renault-zoe", OWN, {"sdp": s(1), "answer": ms(20)}))

    assert row(lines, IONIQ)[11] == "7.0"
    assert row(lines, "renault-zoe")[-3] == "20.0"


def test_a_charging_station_is_held_against_its_own_answers():
    """ABB: 429 ms. What the bench's car did in that match is not the station's doing and stands in no line."""
    lines = text_of((OWN, "abb-terra53", {"network": s(4), "sdp": s(5), "answer": ms(450)}))

    assert row(lines, "abb-terra53") == ["abb-terra53", "1", "450.0", "428.8", "+4.9", "%", "428.8", "(1)"]
    assert not [line for line in lines if line.startswith((OWN, "Cars"))]


def test_where_a_station_was_recorded_at_its_own_host_this_is_said():
    """1.4 ms at its host are 6.4 ms at the car: the way there and back is no fault of the station."""
    inside = text_of((OWN, "everest-evsev2g-2024-22kw", {"answer": ms(6.4)}))
    outside = text_of((OWN, "abb-terra53", {"answer": ms(429)}))

    assert inside[-1].startswith("rec. without the way there and back")
    assert inside[-1].endswith(": everest-evsev2g-2024-22kw")
    assert "without the way" not in "\n".join(outside)


def test_a_station_that_is_not_watched_beyond_the_network_has_no_line():
    assert splits_of(run((IONIQ, OWN, {"network": s(3)}))) == []


def test_two_stations_of_the_bench_are_shown_where_there_is_nobody_else():
    pair = (OWN, OWN, {"network": s(4), "first": s(4), "sdp": s(5), "answer": ms(3)})

    assert [split.role for split in splits_of(run(pair))] == ["pev", "evse"]
    assert [split.name for split in splits_of(run(pair, ioniq()))] == [IONIQ]


def test_a_station_without_a_profile_is_shown_without_a_recording():
    cells = row(text_of(("my-car", OWN, {"sdp": s(5)})), "my-car")

    assert cells == ["my-car", "1", "-", "-", "-", "5.000", "-", "-"]


def test_every_profile_can_be_compared():
    """The recorded figures themselves, played back: nothing is off."""
    collection = Collection()
    for car in vehicles().values():
        first = {"first": car.after_match.first_frame.median} if car.after_match.first_frame else {}
        collection.add(f"t[{car.id}]", intervals(**first, sdp=car.after_match.sdp.median), pev=car.id, evse=OWN)
    for station in chargers().values():
        collection.add(f"t[{station.id}]", intervals(answer=station.sdp.latency.median), pev=OWN, evse=station.id)

    splits = splits_of(collection)

    assert len(splits) == len(vehicles()) + len(chargers())
    assert {seen.off_pct for split in splits for seen in (split.first_frame, split.sdp) if seen} == {0.0}
    assert {split.answer.off_pct for split in splits if split.role == "evse" and split.answer} == {0.0}


# the terminal ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 100, 120, 400, 10])
def test_many_stations_with_long_names_fit_and_stay_apart(width):
    names = [f"a-rather-long-vehicle-profile-name-{i:02}" for i in range(39)]
    values = {"network": s(11), "first": s(12), "sdp": s(31), "answer": s(1)}
    stations = [f"charger-{i}-seen-from-inside-the-car" for i in range(14)]

    lines = text_of(*((name, OWN, values) for name in names), *((OWN, name, values) for name in stations), width=width)

    assert max(map(len, lines)) <= min(120, max(80, width))
    assert all(any(line.startswith(name) for line in lines) for name in (*names, *stations))


def test_a_figure_stands_under_its_head():
    lines = text_of(ioniq(), width=80)
    head = next(line for line in lines if line.startswith("car"))
    figures = next(line for line in lines if line.startswith(IONIQ))

    for name, value in (("joined", "3.190"), ("here", "3.270"), ("ms", "2.5")):
        assert head.index(name) + len(name) == figures.index(value) + len(value)


def test_whoever_searches_for_slow_plug_in_finds_it():
    assert "slow plug-in" in TITLE
    assert TITLE in after_match_html(splits_of(run(ioniq())))


# the chart ------------------------------------------------------------------------------------------------------


def bars(*matches: tuple[str, str, dict[str, Ns]]) -> dict[str, tuple[float, float]]:
    """Class of each stretch of the only station -> where it begins, how long it is."""
    (group,) = Chart(after_match_svg(splits_of(run(*matches)))).of("g", "station")
    return {
        rect.get("class", ""): (float(rect.get("x", "nan")), float(rect.get("width", "nan")))
        for rect in group.findall("{*}rect")
    }


def test_stretches_follow_each_other_in_proportion():
    found = bars(ioniq())
    edges = {name: x + width for name, (x, width) in found.items()}

    assert list(found) == ["network", "frame", "request", "answer"]
    assert [found[name][0] for name in ("frame", "request", "answer")] == pytest.approx(
        [edges[name] for name in ("network", "frame", "request")], abs=0.2
    )
    assert found["request"][1] / found["network"][1] == pytest.approx((4120 - 3270) / 3190, rel=0.01)


def test_a_first_frame_that_is_the_request_itself_is_no_stretch_of_its_own():
    assert list(bars(("kia-ev6", OWN, {"first": s(4), "sdp": s(4), "answer": ms(5)}))) == ["frame", "answer"]


def test_the_recorded_car_stands_under_the_bar():
    """A mark at 4.119 s under a bar that ends at 8.238 s: at half of its length."""
    chart = Chart(after_match_svg(splits_of(run(ioniq(ms(8237.2), network=ms(8000), first=ms(8100))))))
    left, edge = min(bars(ioniq()).values())[0], 0.0
    for rect in chart.of("g", "station")[0].findall("{*}rect"):
        if rect.get("class") == "request":
            edge = float(rect.get("x", "nan")) + float(rect.get("width", "nan"))

    (whisker,) = [
        p
        for p in chart.of("path", "recorded")
        if p in list(chart.of("g", "station")[0]) and "first" not in p.get("class", "")
    ]
    middle = float(whisker.get("d", "").split("M")[2].split()[0])

    assert middle - left == pytest.approx((edge - left) / 2, abs=0.2)


def test_an_assumed_figure_is_drawn_otherwise():
    recorded = Chart(after_match_svg(splits_of(run(ioniq())))).of("g", "station")[0]
    assumed = Chart(after_match_svg(splits_of(run(("sim-foccci", OWN, {"sdp": s(7)}))))).of("g", "station")[0]

    def kinds(group):
        return {word for path in group.findall("{*}path") for word in path.get("class", "").split()}

    assert "assumed" not in kinds(recorded)
    assert kinds(assumed) == {"whisker", "assumed"}


def test_names_are_escaped_in_chart_and_page():
    page = after_match_html(splits_of(run(("<script>x</script>", OWN, {"sdp": s(1)}))), "<b>")

    assert "<script" not in page
    assert "<b>" not in page


def test_two_runs_that_measured_the_same_say_the_same():
    there, back = [ioniq(), ("renault-zoe", OWN, {"sdp": s(1)})], [("renault-zoe", OWN, {"sdp": s(1)}), ioniq()]

    def page(matches):
        collection = Collection()
        for pev, evse, values in matches:
            collection.add(f"test[{pev}]", intervals(**values), pev=pev, evse=evse)
        return after_match_html(splits_of(collection))

    assert page(there) == page(back)
