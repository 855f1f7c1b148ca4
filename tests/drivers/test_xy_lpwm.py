"""The XY-LPWM driver against a simulated board with every way in which such a board is known to misbehave.

What all pilot generators promise is in tests/contract/test_pilot_generators.py.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from itertools import pairwise
from threading import Thread

import pytest

from bench.drivers.pilot.xy_lpwm import (
    PILOT_HZ,
    TRIES,
    Report,
    Variant,
    XyLpwm,
    frequency_hz,
    frequency_text,
    parse_report,
    parse_word,
)
from bench.errors import DeviceGone, PortError
from bench.sim.boards.firmware import Mood
from bench.sim.boards.lcus import LcusBoard
from bench.sim.boards.pty_board import PtyBoard
from bench.sim.boards.xy_lpwm import Clone, SquareWave, XyLpwmBoard
from bench.units import ms, s

PATIENT = s(2)
"""For boards that answer: costs nothing."""
HASTY = ms(25)
"""For boards that do not."""
SAY_NOTHING = (Mood.SILENT, Mood.VERY_LATE)


def driver(board, *, within=PATIENT, **rest):
    return XyLpwm(board.path, settles=ms(1), between=0, quiet=ms(3), within=within, **rest)


@contextmanager
def on_board(**firmware):
    with PtyBoard(XyLpwmBoard(**{"duty_cycle_pct": 5, "silence": ms(2)} | firmware)) as board:
        yield board


@contextmanager
def opened(*, within=PATIENT, **firmware):
    """A board that was well when it was opened, and its driver."""
    with on_board(**firmware) as board:
        generator = driver(board)
        generator.open()
        generator._within = within
        yield board, generator
        board.firmware.mood = Mood.WELL
        generator._within = PATIENT
        generator.close()


@pytest.mark.parametrize(
    ("ask", "terminator", "prefix"),
    [("read", "", "F"), ("READ", "", "F"), ("read", "", "K"), ("read", "\r\n", "F"), ("READ", "\r\n", "K")],
)
def test_open_finds_out_how_a_clone_is_spoken_to(ask, terminator, prefix):
    clone = Clone(asked_with=ask, terminator=terminator.encode(), prefix=prefix)
    with on_board(clone=clone) as board, driver(board, within=ms(100)) as generator:
        assert generator.variant == Variant(ask, terminator, prefix)
        assert board.output == SquareWave(1000, 100)


@pytest.mark.parametrize(("yes", "no"), [("DOWN", "FALL"), ("down", "fall"), ("Done", "Fail"), ("DONE", "FAIL")])
def test_clones_words_for_done_and_refused_are_understood(yes, no):
    with on_board(clone=Clone(yes=yes, no=no)) as board, driver(board) as generator:
        generator.set_duty_cycle_pct(5)
        assert board.output.duty_cycle_pct == 5


def test_clone_that_reports_one_letter_and_wants_the_other_is_found_out():
    class Crossed(XyLpwmBoard):
        def _obey(self, command, acts):
            return super()._obey(command, acts).replace(b"K", b"F")

    with PtyBoard(Crossed(clone=Clone(prefix="K"), silence=ms(2))) as board, driver(board) as generator:
        assert generator.variant.prefix == "K"


def test_given_variant_is_believed_after_one_question_and_not_probed():
    given = Variant(ask="READ", terminator="\r\n", prefix="K")
    with on_board(clone=Clone("READ", b"\r\n", "K")) as board, driver(board, variant=given):
        assert board.heard() == [b"READ", b"D100", b"READ", b"K1.00", b"READ", b"READ"]


def test_wrong_variant_given_is_an_error():
    with on_board() as board, pytest.raises(PortError, match="READ"):
        driver(board, within=HASTY, variant=Variant(ask="READ")).open()


def test_first_setting_is_the_safe_one_and_the_frequency_comes_after_it():
    with on_board(frequency_hz=500) as board, driver(board):
        assert board.heard() == [b"read", b"D100", b"read", b"F1.00", b"read", b"read"]
        assert [output.what for output in board.outputs] == [
            SquareWave(500, 5),
            SquareWave(500, 100),
            SquareWave(1000, 100),
        ]


def test_every_setting_is_one_command_and_one_question():
    with opened() as (board, generator):
        before = len(board.heard())
        generator.set_duty_cycle_pct(5.0)

        assert board.heard()[before:] == [b"D005", b"read"]


def test_no_control_character_is_ever_sent():
    """A lone 03 has been seen to set both displays to 0000."""
    with opened() as (_, generator):
        generator.set_duty_cycle_pct(10)
        sent = b"".join(one.sent for one in generator.exchanges)

    assert sent
    assert all(0x20 < octet < 0x7F for octet in sent)


def test_commands_keep_their_distance():
    with on_board() as board, XyLpwm(board.path, settles=0, between=ms(40), quiet=ms(10), within=PATIENT) as generator:
        generator.set_duty_cycle_pct(5)
        stamps = [one.t for one in generator.exchanges if one.sent]

    assert len(stamps) >= 8
    assert all(later - earlier >= ms(40) for earlier, later in pairwise(stamps))


def test_board_gets_time_to_come_to_itself_before_the_first_word():
    with on_board() as board:
        began = time.monotonic_ns()
        with XyLpwm(board.path, settles=ms(60), between=0, quiet=ms(3), within=PATIENT) as generator:
            assert generator.exchanges[0].t - began >= ms(60)


def test_board_that_takes_long_to_see_the_end_of_a_command_is_waited_for():
    with on_board(mood=Mood.MERGES) as board, driver(board) as generator:
        generator.set_duty_cycle_pct(5)
        assert board.heard()[-2:] == [b"D005", b"read"]


@pytest.mark.parametrize("mood", [Mood.LATE, Mood.NO_LINE_END, Mood.GARBAGE_FIRST])
def test_odd_but_honest_boards_are_driven(mood):
    with on_board(mood=mood, late=ms(30)) as board, driver(board) as generator:
        generator.set_duty_cycle_pct(5)
        assert (board.output.duty_cycle_pct, generator.duty_cycle_pct()) == (5, 5.0)


@pytest.mark.parametrize(
    "mood", [Mood.SILENT, Mood.GARBAGE, Mood.VERY_LATE, Mood.ACCEPTS_WITHOUT_ACTING, Mood.ANSWERS_PREVIOUS]
)
def test_board_that_is_not_believable_is_not_opened_and_its_port_is_let_go(mood):
    with on_board(mood=mood) as board:
        generator = driver(board, within=HASTY if mood in SAY_NOTHING else ms(200))
        with pytest.raises(PortError, match=f"XY-LPWM at {board.path}"):
            generator.open()
        with pytest.raises(PortError, match="not open"):
            generator.set_duty_cycle_pct(5)

        board.firmware.mood = Mood.WELL
        with driver(board):
            pass


@pytest.mark.parametrize(
    ("mood", "saw"),
    [
        (Mood.SILENT, "said nothing within 25.000 ms"),
        (Mood.VERY_LATE, "said nothing within 25.000 ms"),
        (Mood.GARBAGE, "answered 00 FF 80 1B 5B"),
        (Mood.ACCEPTS_WITHOUT_ACTING, "said DOWN, but reports 1000 Hz, 100 %"),
        (Mood.ANSWERS_PREVIOUS, "answered 'F1.00"),
    ],
)
def test_board_that_does_not_confirm_is_an_error_after_two_retries(mood, saw):
    with opened(within=HASTY if mood in SAY_NOTHING else PATIENT, very_late=ms(300)) as (board, generator):
        before = board.heard().count(b"D010")
        board.firmware.mood = mood
        with pytest.raises(PortError, match=saw) as error:
            generator.set_duty_cycle_pct(10)

        assert f"{board.path} was told D010 {TRIES} times" in str(error.value)
        assert board.heard().count(b"D010") - before == TRIES


def test_one_lost_answer_is_made_up_for():
    with opened(within=HASTY) as (board, generator):
        board.firmware.mood = Mood.SILENT
        board.firmware.on_command, note = stop_after(board, 1), board.firmware.on_command
        generator._within = ms(200)
        generator.set_duty_cycle_pct(5)
        board.firmware.on_command = note

        assert board.output.duty_cycle_pct == 5


def stop_after(board, commands):
    """The board is well again after so many commands."""
    note = board.firmware.on_command
    left = [commands]

    def heard(t, command):
        note(t, command)
        left[0] -= 1
        if left[0] < 0:
            board.firmware.mood = Mood.WELL

    return heard


def test_answer_that_comes_too_late_is_not_taken_for_the_next_one():
    """Whatever is believed of such a board, it is true."""
    with opened(within=HASTY) as (board, generator):
        board.firmware.mood = Mood.VERY_LATE
        for duty, very_late in ((10, ms(30)), (11, ms(40)), (12, ms(60))):
            board.firmware.very_late = very_late
            with suppress(PortError):
                generator.set_duty_cycle_pct(duty)
                assert board.output.duty_cycle_pct == duty


def test_refusal_is_an_error_that_says_so():
    class Stubborn(XyLpwmBoard):
        def _obey(self, command, acts):
            return b"FALL\r\n" if command == b"D005" else super()._obey(command, acts)

    with PtyBoard(Stubborn(silence=ms(2))) as board, driver(board) as generator:
        with pytest.raises(PortError, match=r"refused \(FALL\); it refused \(FALL\); it refused"):
            generator.set_duty_cycle_pct(5)
        assert board.output.duty_cycle_pct == 100


def test_board_that_says_nothing_is_told_the_safe_value_once_more_blindly():
    """It may be only its answers that are lost."""
    with opened(within=HASTY) as (board, generator):
        generator.set_duty_cycle_pct(5)
        board.firmware.mood = Mood.SILENT
        before = len(board.heard())
        with pytest.raises(PortError, match="100 % once more, without believing it"):
            generator.make_safe()

        assert board.wait_until(lambda: len(board.commands) - before == TRIES + 1)
        assert set(board.heard()[before:]) == {b"D100"}
        assert board.output.duty_cycle_pct == 100


def test_board_that_cannot_be_made_safe_is_an_error_on_closing_and_its_port_is_let_go():
    with on_board() as board:
        generator = driver(board)
        generator.open()
        generator.set_duty_cycle_pct(5)
        board.firmware.mood = Mood.ACCEPTS_WITHOUT_ACTING
        with pytest.raises(PortError, match="reports 1000 Hz, 5 %"):
            generator.close()

        board.firmware.mood = Mood.WELL
        with driver(board):
            pass


def test_front_keys_are_seen_when_it_is_asked():
    with opened() as (board, generator):
        board.firmware.turn_keys(time.monotonic_ns(), 50)

        assert generator.duty_cycle_pct() == 50
        assert generator.report() == Report(PILOT_HZ, 50)


def test_board_whose_duty_cycle_follows_the_frequency_is_not_opened():
    class Coupled(XyLpwmBoard):
        def _obey(self, command, acts):
            if command == b"F1.00":
                self._duty = 50
            return super()._obey(command, acts)

    with PtyBoard(Coupled(silence=ms(2))) as board, pytest.raises(PortError, match="went from 100 % to 50 %"):
        driver(board).open()


def test_another_board_is_told_nothing_but_questions():
    with PtyBoard(LcusBoard(channels=4, closed=frozenset({1}))) as board:
        with pytest.raises(PortError, match=r"no board of this family.*'read': nothing"):
            driver(board, within=ms(20)).open()
        assert board.output == {1}


@pytest.mark.parametrize("commands", range(7))
def test_board_that_vanishes_at_any_moment_is_gone(commands):
    """In opening, whose six commands are the first, and in the first setting after it."""
    with on_board(mood=Mood.VANISHES, vanishes_after=commands) as board:
        generator = driver(board)

        def use():
            generator.open()
            generator.set_duty_cycle_pct(5)

        with pytest.raises(DeviceGone):
            use()
        with pytest.raises(DeviceGone):
            generator.open()
        generator.close()


def test_threads_wait_for_each_other_so_that_no_command_comes_between_another_and_its_answer():
    with opened() as (board, generator):
        before = len(board.heard())
        threads = [Thread(target=generator.set_duty_cycle_pct, args=[duty]) for duty in (10, 20, 30)]
        threads += [Thread(target=generator.duty_cycle_pct), Thread(target=generator.make_safe)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        heard = board.heard()[before:]

    assert sorted(heard) == [b"D010", b"D020", b"D030", b"D100"] + [b"read"] * 5
    assert all(heard[after + 1] == b"read" for after, command in enumerate(heard) if command.startswith(b"D"))


def test_accuracy_claims_nothing():
    assert XyLpwm("/dev/none").accuracy.error_pct is None


@pytest.mark.parametrize(
    ("text", "hz"), [("001", 1), ("999", 999), ("1.00", 1_000), ("9.99", 9_990), ("10.0", 10_000), ("1.5.0", 150_000)]
)
def test_frequencies_are_spelt_as_the_boards_text_says(text, hz):
    assert (frequency_text(hz), frequency_hz(text)) == (text, hz)


@pytest.mark.parametrize("hz", [0, -1, 1_001, 10_050, 151_000])
def test_frequency_the_board_cannot_be_told_is_refused(hz):
    with pytest.raises(ValueError, match="Hz"):
        frequency_text(hz)


@pytest.mark.parametrize("text", ["1000", "1", "10", "1.0", "1.000", ".100", "1..0", "", "1.0.0.0", "abc"])
def test_what_is_no_frequency_is_refused(text):
    with pytest.raises(ValueError, match="frequency"):
        frequency_hz(text)


@pytest.mark.parametrize(
    "answer",
    [
        b"F1.00 D005",
        b"F1.00,D005,\n",
        b"F1.00\r\nD005\r\n",
        b"F1.00D005",
        b"F 1.00 D 005\n",
        b"\x00F1.00D005\r\n",
        b"f1.00 d005",
    ],
)
def test_report_is_found_whatever_stands_between_its_fields(answer):
    assert parse_report(answer) == Report(1000, 5)


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"DOWN", b"F1.00", b"D005", b"D005F1.00", b"F1.00D5", b"F1.00D0050", b"F1.00D101", b"F1000D005"),
        b"F1.00D005F1.00D100",
    ],
)
def test_what_is_no_single_report_is_none(answer):
    assert parse_report(answer) is None


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (b"DOWN\r\n", "DOWN"),
        (b"fall", "FALL"),
        (b"\x00DONE", "DONE"),
        (b"DOWNDOWN", None),
        (b"DOWN FALL", None),
        (b"SHUTDOWN", None),
        (b"", None),
    ],
)
def test_word_of_an_answer_is_found_only_where_it_stands_alone(answer, word):
    assert parse_word(answer) == word
