"""The screen is a function of its state: these are whole screens, as somebody sees them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.live.state import Fact, Key, State, Step, Timed, Tone
from bench.live.view import HELP, LOWEST, NARROWEST, screen, text_of

KEYS = (
    Key("P", "car"),
    Key("E", "station"),
    Key("L", "listen"),
    Key("5", "5 %"),
    Key("X", "100 %"),
    Key("F", "0 %"),
    Key("U", "plug in/out"),
    Key("S", "new key"),
    Key("R", "restart adapter"),
    Key("T", "test frame"),
    Key("C", "record"),
    Key("?", "help"),
    Key("x", "leave"),
)
STEPS = (
    Step("", "·", "pilot at the station: B2 5.0 % (+9.0 V)"),
    Step("0.0000", "←", "CM_SLAC_PARM.REQ", "run 0286a911bc160000", Tone.CAR),
    Step("0.0049", "→", "CM_SLAC_PARM.CNF", "10 sounds, 600 ms", Tone.STATION),
    Step("0.2888", "←", "CM_MNBC_SOUND.IND x10", "cnt 0, until 0.4574", Tone.CAR),
)
TIMINGS = (
    Timed("TP_EV_SLAC_init", "417.62 ms", "≤ 10 s", "ok"),
    Timed("TP_EV_batch_msg_interval (sound)", "16.78 ms", "20…50 ms", "outside"),
    Timed("TP_EV_batch_msg_interval (START)", "19.83 ms", "20…50 ms", "too close"),
)
MATCHING = State(
    rig="sim",
    mode="the bench is the STATION   car: hyundai-ioniq28",
    facts=(
        Fact("pilot", "B2, plugged in, 5 %: high-level communication required (+9.0 V)", Tone.GOOD),
        Fact("station", "serving, session sounding: the PEV announced 10 sounds"),
        Fact("link", "none yet", Tone.FAINT),
        Fact("adapter", "alone in dae1a9d88e3c0a; 02:70:05:00:00:e5 MAC-QCA7005-1.2.5.3207-00-201…"),
    ),
    steps=STEPS,
    timings=TIMINGS,
    notice="pilot set to 5 %",
    keys=KEYS,
    uncertainty="+-1.000 ms",
    limits="strict",
)

MATCHING_AT_80 = """\
 bench live   rig sim   the bench is the STATION   car: hyundai-ioniq28
 pilot    B2, plugged in, 5 %: high-level communication required (+9.0 V)
 station  serving, session sounding: the PEV announced 10 sounds
 link     none yet
 adapter  alone in dae1a9d88e3c0a; 02:70:05:00:00:e5 MAC-QCA7005-1.2.5.3207-00-…
── messages ────────────────────────────────────────────────────────────────────
          · pilot at the station: B2 5.0 % (+9.0 V)
   0.0000 ← CM_SLAC_PARM.REQ            run 0286a911bc160000
   0.0049 → CM_SLAC_PARM.CNF            10 sounds, 600 ms
   0.2888 ← CM_MNBC_SOUND.IND x10       cnt 0, until 0.4574







── timings by strict limits, known to +-1.000 ms ───────────────────────────────
 TP_EV_batch_msg_interval (sound)              16.78 ms  20…50 ms      outside
 TP_EV_batch_msg_interval (START)              19.83 ms  20…50 ms      too close
 TP_EV_SLAC_init                              417.62 ms  ≤ 10 s        ok
pilot set to 5 %
 P car  E station  L listen  5 5 %  X 100 %  F 0 %  U plug in/out  S new key
 R restart adapter  T test frame  C record  ? help  x leave"""

AT_FIRST_AT_80 = """\
 bench live   rig sim   nothing is open
── help ────────────────────────────────────────────────────────────────────────
 P   the bench is the car: it plugs in, is matched, asks for the station by SDP
 E   the bench is the charging station: it offers 5 %, matches and answers SDP
 L   the bench only listens: no SDP, which is said in the network of the two

 5   duty cycle 5 %: talk to me        X   100 % (X1): no offer
 F   0 %, steady -12 V: not available  U   plug in, or pull the plug out
 S   give the adapter a new key        R   restart the adapter
 T   test frame: a broadcast VS_SW_VER, which adapters answer
 C   record into a pcapng capture; C again ends it
 ?   this help, on and off             x   leave: pilot at rest, all closed

 Messages: time since CM_SLAC_PARM.REQ; → the bench sent it, ← it came in.
 Timings: ok, outside their limit, or too close to it for this bench to say.
 Network keys are shown by their first and last octet only.






Press P, E or L; what follows happens by itself.
 P car  E station  L listen  ? help  x leave"""

PLUGGING_IN_AT_80 = """\
 bench live   rig sim   the bench is the CAR   station: alpitronic
 pilot    A1, unplugged (+0.0 V)
 next     plugs in by itself in 0.7 s
── messages, recorded to live-1.pcapng ─────────────────────────────────────────
 none yet


















 P car  x leave"""


def shown(state: State, width: int = 80, height: int = 24) -> str:
    return text_of(screen(state, width, height))


def test_a_matching_that_goes_on_fills_80_by_24_as_it_should() -> None:
    assert shown(MATCHING) == MATCHING_AT_80


def test_the_first_screen_explains_the_keys_and_offers_those_that_do_something() -> None:
    keys = tuple(replace(key, works=key.name in "PEL?x") for key in KEYS)
    state = State("sim", "nothing is open", notice="Press P, E or L; what follows happens by itself.", keys=keys)

    assert shown(replace(state, asks=True)) == AT_FIRST_AT_80


def test_what_comes_by_itself_and_where_it_records_to_is_said() -> None:
    state = State(
        "sim",
        "the bench is the CAR   station: alpitronic",
        facts=(Fact("pilot", "A1, unplugged (+0.0 V)"),),
        coming="plugs in by itself in 0.7 s",
        capture="live-1.pcapng",
        keys=(Key("P", "car"), Key("x", "leave")),
    )

    assert shown(state) == PLUGGING_IN_AT_80


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (NARROWEST, LOWEST), (200, 60), (30, 5), (1, 1)])
def test_every_line_is_as_wide_as_the_screen_and_there_are_as_many_as_it_is_high(size: tuple[int, int]) -> None:
    width, height = size

    for state in (MATCHING, replace(MATCHING, asks=True), State("a" * 300, "b" * 300, notice="c" * 300)):
        lines = screen(state, width, height)

        assert len(lines) == height
        assert {sum(len(text) for text, _ in line) for line in lines} == {width}


def test_a_wide_screen_shows_the_timings_beside_the_messages() -> None:
    lines = shown(MATCHING, 140, 40).splitlines()

    assert "── messages" in lines[5]
    assert "── timings" in lines[5]
    assert "CM_SLAC_PARM.REQ" in lines[7]
    assert lines[6].endswith("outside")


def test_of_many_messages_the_newest_are_shown_and_the_newest_is_last() -> None:
    steps = tuple(Step(f"{n}.0000", "←", f"message {n}") for n in range(100))

    lines = [line for line in shown(replace(MATCHING, steps=steps)).splitlines() if "message " in line]

    assert "message 99" in lines[-1]
    assert len(lines) == 11


def test_of_many_timings_those_that_are_not_ok_are_shown_and_the_others_counted() -> None:
    many = tuple(Timed(f"T{n}", "1.00 ms", "≤ 2 ms", "outside" if n in (7, 9) else "ok") for n in range(12))

    lines = shown(replace(MATCHING, timings=many)).splitlines()

    assert [line.split()[0] for line in lines if line.endswith("outside")] == ["T7", "T9"]
    assert " and 8 ok" in lines


def test_a_bad_timing_that_does_not_fit_is_counted_as_such() -> None:
    many = tuple(Timed(f"T{n}", "1.00 ms", "≤ 2 ms", "outside") for n in range(12))

    assert " and 8 outside" in shown(replace(MATCHING, timings=many)).splitlines()


FELT = Timed("match to SDP", "4118.5 ms", "≤ 52 s", "ok", after_match=True, felt=True)


def test_where_not_all_fit_what_came_after_the_match_goes_before_the_rest() -> None:
    many = tuple(Timed(f"T{n}", "1.00 ms", "≤ 2 ms", "ok") for n in range(12))
    response = Timed("SDP response", "0.00 ms", "≤ 1 s", "ok", after_match=True)

    lines = shown(replace(MATCHING, timings=(*many, response, FELT))).splitlines()

    start = next(n for n, line in enumerate(lines) if "── timings" in line) + 1
    assert [line.split("  ")[0].strip() for line in lines[start : start + 3]] == ["match to SDP", "SDP response", "T0"]


def test_where_all_fit_they_stand_in_the_order_of_a_match() -> None:
    lines = shown(replace(MATCHING, timings=(*TIMINGS, FELT)), 140, 40).splitlines()

    assert [line[70:].split("  ")[0].strip() for line in lines[6:10]] == [
        "TP_EV_batch_msg_interval (sound)",
        "TP_EV_batch_msg_interval (START)",
        "TP_EV_SLAC_init",
        "match to SDP",
    ]


def test_what_people_feel_is_shown_even_where_others_are_outside_and_those_are_counted() -> None:
    bad = tuple(Timed(f"T{n}", "1.00 ms", "≤ 2 ms", "outside") for n in range(12))

    lines = shown(replace(MATCHING, timings=(*bad, FELT))).splitlines()

    assert any(line.startswith(" match to SDP ") for line in lines)
    shown_bad = sum(line.endswith("outside") and "≤" in line for line in lines)
    assert f" and {12 - shown_bad} outside" in lines


LONG_ANSWER = "[fe80::d862:ccef:1cca:18bf]:61118, no TLS"


def test_details_that_would_be_cut_off_begin_sooner() -> None:
    steps = (Step("0.0000", "→", "SDP response", LONG_ANSWER), Step("0.1000", "→", "SDP request", "no TLS"))

    lines = shown(replace(MATCHING, steps=steps)).splitlines()

    assert lines[6].endswith(LONG_ANSWER)
    assert lines[7] == "   0.1000 → SDP request                 no TLS"


def test_a_screen_that_is_too_small_says_how_large_it_must_be() -> None:
    assert "needs 60 columns and 16 lines" in shown(MATCHING, 59, 24)
    assert "needs 60 columns and 16 lines" in shown(MATCHING, 80, 15).replace("\n", "")


def test_what_colours_say_is_said_in_words_too() -> None:
    """Each tone that judges stands on a text that says the same."""
    words = {Tone.BAD: "outside", Tone.DOUBTFUL: "too close"}

    spans = [span for line in screen(MATCHING, 80, 24) for span in line]

    for tone, word in words.items():
        assert [text.strip() for text, found in spans if found is tone] == [word]


LONG = (
    "pev: the interface lvt1 has gone, and with it everything that was open on it; plug it in and start again; "
    "P, E or L begins again"
)


def test_what_is_said_at_the_end_of_a_long_notice_is_not_cut_off() -> None:
    """There stands the remedy."""
    lines = shown(replace(MATCHING, notice=LONG)).splitlines()

    assert lines[-4].startswith("pev: the interface lvt1 has gone")
    assert lines[-3].endswith("P, E or L begins again")
    assert len(lines) == 24


def test_a_notice_has_three_lines_at_most() -> None:
    lines = shown(replace(MATCHING, notice=LONG * 5)).splitlines()

    assert lines[-3].endswith("…")
    assert lines[-6].startswith("──") or lines[-6].startswith(" TP_")


def test_a_question_stands_in_the_place_of_the_notice() -> None:
    lines = shown(replace(MATCHING, question=">>> plug it in, then press Enter")).splitlines()

    assert lines[-3] == ">>> plug it in, then press Enter"
    assert "pilot set to" not in "\n".join(lines)


def test_a_fact_that_must_be_whole_takes_a_second_line_and_others_are_cut() -> None:
    text = "messages of charging stations (seen); not known: attenuation profiles of other modems, validation"
    facts = (Fact("shown", text), Fact("hidden", text, whole=True))

    lines = shown(replace(MATCHING, facts=facts)).splitlines()

    assert lines[1].endswith("…")
    assert lines[2:4] == [
        " hidden   messages of charging stations (seen); not known: attenuation profiles",
        "          of other modems, validation",
    ]


def test_facts_never_push_everything_else_off_a_low_screen() -> None:
    many = tuple(Fact("adapter", "word " * 40, whole=True) for _ in range(9))

    lines = shown(replace(MATCHING, facts=many), 60, 16).splitlines()

    assert sum("word" in line for line in lines) == 5
    assert any(line.startswith("── messages") for line in lines)
    assert "leave" in lines[-1]


def test_trouble_is_told_from_news() -> None:
    lines = screen(replace(MATCHING, notice="the guardian has made the bench safe", alarm=True), 80, 24)

    assert ("the guardian has made the bench safe", Tone.BAD) in [span for line in lines for span in line]


def test_the_help_fits_on_the_smallest_usual_screen() -> None:
    text = shown(replace(MATCHING, asks=True))

    assert all(line in text for line in HELP)
