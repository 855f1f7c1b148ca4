"""Logs of the control pilot: told apart by what is in them, read into edges, laid on the clock of a capture."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.analysis import PilotLog, read_pilot_log
from bench.analysis.pilot_model import EVENT_LOG, REPEATED, STATES
from bench.errors import ConfigError
from bench.units import Ns, s, to_s

FIRST: Ns = s(1_681_476_210)
"""2023-04-14T12:43:30Z."""
LAST: Ns = FIRST + s(60)

SESSION = """\
"2023-04-14T12:43:41.613Z","SYS","Session logging started.",""
"2023-04-14T12:43:41.614Z","EVSE","Session Started: EVConnected",""
"2023-04-14T12:43:42.616Z","EVSE","Set PWM On (5.000000074505806%)",""
"2023-04-14T12:43:43.354Z","EVSE","Set PWM On (5.000000074505806%) took 90 ms",""
"2023-04-14T12:43:48.732Z","CAR","V2G SupportedAppProtocolReq","{""a"": 1}"
"2023-04-14T12:43:50.069Z","CAR","Event CarRequestedPower",""
"2023-04-14T12:43:50.089Z","EVSE","Event PowerOn",""
"2023-04-14T12:44:15.134Z","CAR","Event CarRequestedStopPower",""
"2023-04-14T12:44:16.000Z","EVSE","Set PWM Off",""
"2023-04-14T12:44:21.086Z","CAR","Event CarRequestedStopPower",""
"2023-04-14T12:44:21.298Z","CAR","Event CarUnplugged",""
"""


def read(text: str | bytes, tmp_path: Path) -> PilotLog:
    path = tmp_path / "pilot.log"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_pilot_log(str(path))


def edges(text: str, tmp_path: Path) -> list[tuple[float, str, str | None, float | None]]:
    """Seconds since the first frame, event, state, duty."""
    track = read(text, tmp_path).aligned(FIRST, LAST)
    return [(round(to_s(edge.t - FIRST), 3), str(edge.kind), edge.state, edge.duty_pct) for edge in track.edges]


def complaint(text: str | bytes, tmp_path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, tmp_path)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{tmp_path / 'pilot.log'}: ")


# an EVerest event log -------------------------------------------------------------------------------------------------


def test_a_session_log_of_a_station_is_read(tmp_path: Path) -> None:
    """Plug, duty, requests for power; messages, power supply and the station's own states are none of it."""
    assert edges(SESSION, tmp_path) == [
        (11.614, "car_connected", "B", None),
        (12.616, "pwm_on", None, 5.0),
        (13.354, "pwm_on", None, 5.0),
        (20.069, "state_c", "C", None),
        (45.134, "state_b", "B", None),
        (46.0, "pwm_off", None, None),
        (51.086, "state_b", "B", None),
        (51.298, "car_unplugged", "A", None),
    ]
    assert read(SESSION, tmp_path).form == EVENT_LOG


def test_what_the_station_repeats_is_noted(tmp_path: Path) -> None:
    """It says "stop requesting" in its own cleaning up, when the car has left state C; the duty does not matter."""
    found = read(SESSION, tmp_path).edges

    assert [edge.note for edge in found if edge.kind == "state_b"] == [None, REPEATED]
    assert {edge.note for edge in found if edge.kind != "state_b"} == {None}


@pytest.mark.parametrize(
    ("text", "event", "state"),
    [
        ("Event EnterBCD", "entered_bcd", "B, C or D"),
        ("Event EFtoBCD", "entered_bcd", "B, C or D"),
        ("Event LeaveBCD", "left_bcd", "not B, C or D"),
        ("Event BCDtoEF", "left_bcd", "E or F"),
        ("Event ErrorE", "state_e", "E"),
        ("Set PWM F", "state_f", "F"),
    ],
)
def test_rarer_words_of_the_station_are_known(text: str, event: str, state: str, tmp_path: Path) -> None:
    line = f'"2023-04-14T12:43:41.613Z","CAR","{text}",""\n'

    assert edges(line, tmp_path) == [(11.613, event, state, None)]


def test_lines_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    """Two threads of the station write one log."""
    lines = SESSION.splitlines(keepends=True)

    assert edges("".join([*lines[3:], *lines[:3]]), tmp_path) == edges(SESSION, tmp_path)


def test_other_separators_tell_the_same(tmp_path: Path) -> None:
    """Semicolons, a blank behind the comma, lines of Windows; commas in details part nothing."""
    expected = edges(SESSION, tmp_path)

    assert edges(SESSION.replace('","', '";"').replace('",""', '";""'), tmp_path) == expected
    assert edges(SESSION.replace('","', '", "'), tmp_path) == expected
    assert edges("\ufeff" + SESSION.replace("\n", "\r\n\r\n"), tmp_path) == expected
    assert edges(SESSION.replace('"",', '"a; b, c; d; e; f",').replace(',""', ',"a; b; c, d; e"'), tmp_path) == expected


def test_a_line_cut_off_at_the_end_is_left_out(tmp_path: Path) -> None:
    """The station lost its power while it wrote. In the middle it is an error."""
    assert edges(SESSION + '"2023-04-1', tmp_path) == edges(SESSION, tmp_path)
    whole = '"2023-04-14T12:43:41.613Z","SYS","x",""'
    assert complaint(f'{whole}\n"2023-04-1"\n{whole}\n', tmp_path).startswith("line 2: begins with '2023-04-1'")


# columns t, state, duty -----------------------------------------------------------------------------------------------


def test_states_become_edges(tmp_path: Path) -> None:
    """Seconds since the first frame; what does not change is no edge."""
    rows = "t,state,duty\n-2,A,100\n0,A,100\n11.6,B,100\n12.6,B,5\n13,B,5\n20,C,5\n45,B,5\n46,B,100\n51,A,100\n"

    assert edges(rows, tmp_path) == [
        (-2, "state_a", "A", None),
        (-2, "pwm_off", None, None),
        (11.6, "car_connected", "B", None),
        (12.6, "pwm_on", None, 5.0),
        (20, "state_c", "C", None),
        (45, "state_b", "B", None),
        (46, "pwm_off", None, None),
        (51, "car_unplugged", "A", None),
    ]
    assert read(rows, tmp_path).form == STATES


def test_the_figure_of_a_state_tells_of_pwm(tmp_path: Path) -> None:
    """B2 with PWM of unknown duty, B1 without."""
    assert edges("t,state\n1,A1\n2,B1\n3,B2\n4,C2\n5,c1\n", tmp_path) == [
        (1, "state_a", "A", None),
        (1, "pwm_off", None, None),
        (2, "car_connected", "B", None),
        (3, "pwm_on", None, None),
        (4, "state_c", "C", None),
        (5, "pwm_off", None, None),
    ]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("1,A\n2,C", ["state_a", "car_connected", "state_c"]),
        ("1,B\n2,D\n3,B", ["state_b", "state_d", "state_b"]),
        ("1,B\n2,E\n3,A", ["state_b", "state_e", "pwm_off", "state_a"]),
        ("1,B\n2,F\n3,B", ["state_b", "state_f", "pwm_off", "state_b"]),
        ("1,C\n2,A", ["state_c", "car_unplugged"]),
    ],
)
def test_every_change_of_state_has_its_name(rows: str, found: list[str], tmp_path: Path) -> None:
    """The first row is what was found, not what changed."""
    assert [kind for _, kind, _, _ in edges(f"t,state\n{rows}\n", tmp_path)] == found


def test_rows_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    """Before changes are looked for, not after: an edge lies between neighbours in time."""
    rows = ["0,A,100\n", "7.6,B,100\n", "8.7,B,5\n", "20,A,100\n"]
    in_order = edges("t,state,duty\n" + "".join(rows), tmp_path)

    assert [kind for _, kind, _, _ in in_order[2:]] == ["car_connected", "pwm_on", "car_unplugged", "pwm_off"]
    for other in ((0, 2, 1, 3), (3, 2, 1, 0)):
        assert edges("t,state,duty\n" + "".join(rows[n] for n in other), tmp_path) == in_order


@pytest.mark.parametrize(
    "text",
    [
        "t;state;duty\r\n0;A;100\r\n\r\n7,6;B;100\r\n8,7;B;5,5 %\r\n",
        "t\tstate\tduty\n0\tA\t100\n7.6\tB\t100\n8,7\tB\t5,5\n",
        '"t";"state";"duty"\n"0";"A";""\n"0";"A";"100"\n"7,6";"B";"100"\n"8,7";"B";"5,5"\n',
        "t, state, duty\n0, A, 100\n7.6, B, 100\n8.7, B, 5.5\n",
    ],
    ids=["semicolons", "tabs", "quoted", "spaces"],
)
def test_cells_are_parted_as_spreadsheets_part_them(text: str, tmp_path: Path) -> None:
    """A decimal comma is one where it cannot part cells."""
    assert edges(text, tmp_path) == edges("t,state,duty\n0,A,100\n7.6,B,100\n8.7,B,5.5\n", tmp_path)


def test_a_comma_that_parts_cells_is_no_decimal_comma(tmp_path: Path) -> None:
    """`7,6` in a table with commas is two cells; in quotes it is no number."""
    assert complaint("t,state\n7,6,B\n", tmp_path).startswith("line 2: 3 cells where the first line names 2")
    assert complaint('t,state\n"7,6",B\n', tmp_path).startswith("line 2: t is '7,6'")


def test_a_state_may_be_told_by_its_level(tmp_path: Path) -> None:
    """The upper half of the pilot in volts, as a scope shows it; what is between the levels is no state."""
    text = "t,state\n1,12V\n2,+9 V\n3,6v\n4,3V\n5,0V\n6,-12V\n"

    assert edges(text, tmp_path) == edges("t,state\n1,A\n2,B\n3,C\n4,D\n5,E\n6,F\n", tmp_path)
    assert complaint("t,state\n1,8V\n", tmp_path).startswith("line 2: state is '8V'; expected are A to F")


@pytest.mark.parametrize("head", ["t,state,duty", "T, State, duty_pct", "duty_cycle_pct,t,state", "\ufefft,state,duty"])
def test_columns_are_found_by_their_names(head: str, tmp_path: Path) -> None:
    """In any order, with or without a byte order mark."""
    row = "53.3,7,B" if head.startswith("duty") else '7,B,"53.3 %"'

    assert edges(f"{head}\n\n{row}\n", tmp_path) == [(7, "state_b", "B", None), (7, "pwm_on", None, 53.3)]


@pytest.mark.parametrize(
    "t", ["2023-04-14T12:43:41.5Z", "2023-04-14 12:43:41.5", "2023-04-14T14:43:41.5+02:00", "2023-04-14T12:43:41,5Z"]
)
def test_a_date_is_utc_unless_it_has_an_offset(t: str, tmp_path: Path) -> None:
    assert edges(f't,state\n"{t}",B\n', tmp_path) == [(11.5, "state_b", "B", None)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("\n , \n", "is empty"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "is no text"),
        ("t\0,state\n", "is no text"),
        ("t,state\n" + "1" * 200_000 + ",B\n", "line 2: field larger than field limit"),
        ("time;state\n1;B\n", "is no log of the pilot that is known here; its first line is 'time,state'"),
        ("2023-04-14T12:43:41.5Z,B\n", "is no log of the pilot that is known here"),
        ("12.5,B\n13,C\n", "is no log of the pilot that is known here"),
        ("t,state,voltage\n1,B,9\n", "line 1: no column is called 'voltage' here; known are t, state and duty"),
        ("t,state\n1,B\n2\n", "line 3: 1 cells where the first line names 2"),
        ("t,state\nsoon,B\n", "line 2: t is 'soon'; expected are seconds since the first frame"),
        ("t,state\n1681476221.5,B\n", "line 2: t is '1681476221.5'"),
        ("t,state\nnan,B\n", "line 2: t is 'nan'"),
        ("t,state\n2023-04-14T12:61:41.5Z,B\n", "line 2: t is '2023-04-14T12:61:41.5Z'"),
        ("t,state\n1,B\n2023-04-14T12:43:41.5Z,C\n", "line 3: seconds and dates are mixed"),
        ("t,state\n1,B3\n", "line 2: state is 'B3'; expected are A to F, or A1 to D2"),
        ("t,state,duty\n1,B,105\n", "line 2: duty is '105'; expected is 0 to 100, in percent"),
        ("t,state,duty\n1,B,five\n", "line 2: duty is 'five'"),
        ("t,state\n", "tells nothing of the control pilot in its 1 line"),
        (SESSION.splitlines()[0], "tells nothing of the control pilot in its 1 line"),
    ],
)
def test_what_is_no_log_is_told_in_a_paragraph(text: str | bytes, why: str, tmp_path: Path) -> None:
    """With the line, what was found and what was expected."""
    assert complaint(text, tmp_path).startswith(why)


def test_a_file_that_cannot_be_read_is_told_in_a_paragraph(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing: no such file; check the path"):
        read_pilot_log(str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_pilot_log(str(tmp_path))


def test_a_log_of_no_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a device, nor a recording of hours."""
    monkeypatch.setattr("bench.analysis.pilot_log.MAX_SIZE", 100)

    assert complaint("t,state\n" + "1,B\n" * 100, tmp_path).endswith("are no log of the pilot")


# on the clock of a capture --------------------------------------------------------------------------------------------


def misplaced(text: str, tmp_path: Path, first: Ns = FIRST, last: Ns = LAST) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, tmp_path).aligned(first, last)
    return str(caught.value)


STATES_IN_DATES = "t,state\n2023-04-14T12:43:20Z,A\n2023-04-14T12:43:25Z,B\n"


def test_a_log_of_another_time_is_refused(tmp_path: Path) -> None:
    """By how much it misses the capture, before and after, in dates and in seconds."""
    hour = s(3600)

    assert "ends 3548.702 s before the capture begins" in misplaced(SESSION, tmp_path, FIRST + hour, LAST + hour)
    assert "begins 3551.613 s after the capture ends" in misplaced(SESSION, tmp_path, FIRST - hour, LAST - hour)
    assert "begins 40.000 s after the capture ends" in misplaced("t,state\n100,B\n", tmp_path)
    assert "ends 5.000 s before the capture begins" in misplaced(STATES_IN_DATES, tmp_path)
    assert "add a line with a time within the capture" in misplaced(STATES_IN_DATES, tmp_path)


def test_a_log_may_reach_beyond_the_capture(tmp_path: Path) -> None:
    """Before its beginning, and behind its end; the last edges are logged late."""
    assert len(edges("t,state\n-500,A\n-400,B\n30,C\n5000,A\n", tmp_path)) == 4
    assert len(edges("t,state\n60.9,B\n", tmp_path)) == 1
    assert len(edges("t,state\n2023-04-14T12:43:29.1Z,B\n", tmp_path)) == 1


def test_a_pilot_that_does_not_change_reaches_as_far_as_its_last_line(tmp_path: Path) -> None:
    """A row that says the same is enough; a log in seconds was written for this capture and needs none."""
    assert len(edges(STATES_IN_DATES + "2023-04-14T12:43:40Z,B\n", tmp_path)) == 2
    assert len(edges("t,state\n-9,A\n-5,B\n", tmp_path)) == 2


def test_dates_need_a_capture_with_dates(tmp_path: Path) -> None:
    """A converted trace of a bus counts from its own zero; seconds do."""
    assert "the stamps of the capture are no dates" in misplaced(SESSION, tmp_path, s(36), s(96))
    track = read("t,state\n1,B\n", tmp_path).aligned(s(36), s(96))

    assert track.edges[0].t == s(37)
