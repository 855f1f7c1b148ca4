"""The LCUS driver: frames, both ways of answering, and boards that say nothing or not the truth.

What all relay boards promise is in tests/contract/test_relays.py.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest

from bench.drivers.relays.lcus import TRIES, Lcus, frame, parse_status
from bench.errors import DeviceGone, PortError
from bench.sim.boards.firmware import Mood
from bench.sim.boards.lcus import LcusBoard, Reply
from bench.sim.boards.pty_board import PtyBoard
from bench.sim.boards.xy_lpwm import XyLpwmBoard
from bench.units import ms, s

PATIENT = s(2)
HASTY = ms(30)


def driver(board, *, within=PATIENT, channels=4, **rest):
    return Lcus(board.path, channels=channels, settles=ms(1), between=0, quiet=ms(10), within=within, **rest)


@pytest.fixture
def board():
    with PtyBoard(LcusBoard(channels=4)) as board:
        yield board


@pytest.mark.parametrize(
    ("channel", "close", "release"),
    [
        (1, "A0 01 01 A2", "A0 01 00 A1"),
        (2, "A0 02 01 A3", "A0 02 00 A2"),
        (3, "A0 03 01 A4", "A0 03 00 A3"),
        (4, "A0 04 01 A5", "A0 04 00 A4"),
    ],
)
def test_frames_are_those_of_the_vendor(channel, close, release):
    assert frame(channel, True) == bytes.fromhex(close)
    assert frame(channel, False) == bytes.fromhex(release)


def test_what_goes_over_the_wire_are_those_frames(board):
    with driver(board, answers=False) as relays:
        relays.set(3, True)
    assert board.wait_until(lambda: len(board.commands) == 9)

    releases = [bytes.fromhex(text) for text in ("A00100A1", "A00200A2", "A00300A3", "A00400A4")]
    assert board.heard() == [*releases, bytes.fromhex("A00301A4"), *releases]


@pytest.mark.parametrize(
    ("answer", "channels", "closed"),
    [
        (b"CH1: ON \r\nCH2: OFF\r\n", 2, (True, False)),
        (b"CH1:OFF \r\nCH2:OFF \r\nCH3:ON \r\nCH4:OFF \r\n", 4, (False, False, True, False)),
        (b"on\noff\n", 2, (True, False)),
        (b"CH1: ON", 1, (True,)),
        (b"\x01\x00\x00\x01", 4, (True, False, False, True)),
        (b"\x00", 1, (False,)),
        (b"", 2, None),
        (b"\x01\x00", 4, None),
        (b"\x01\x02", 2, None),
        (b"CH1: ON \r\n", 2, None),
        (b"CH1: ON \r\nCH2: \r\n", 2, None),
        (b"CH1: ON OFF\r\nCH2: ON\r\n", 2, None),
        (b"IRON\r\nCOFFEE\r\n", 2, None),
    ],
)
def test_status_is_read_from_lines_and_from_octets(answer, channels, closed):
    assert parse_status(answer, channels) == closed


@pytest.mark.parametrize("reply", [Reply.LINES, Reply.OCTETS])
def test_board_that_answers_confirms(reply):
    with PtyBoard(LcusBoard(channels=4, reply=reply)) as board, driver(board) as relays:
        assert relays.confirms
        assert relays.closed(2) is False
        board.firmware.switch(2, True)
        assert relays.closed(2) is True


def test_board_that_says_nothing_does_not_confirm():
    with PtyBoard(LcusBoard(channels=4, reply=Reply.NOTHING)) as board, driver(board, within=HASTY) as relays:
        assert not relays.confirms
        assert relays.closed(2) is None


def test_board_that_should_answer_and_does_not_is_not_opened():
    with (
        PtyBoard(LcusBoard(channels=4, reply=Reply.NOTHING)) as board,
        pytest.raises(PortError, match="was told FF and said nothing"),
    ):
        driver(board, within=HASTY, answers=True).open()


@pytest.mark.parametrize("reply", [Reply.LINES, Reply.OCTETS])
def test_board_with_another_number_of_relays_is_not_opened(reply):
    with (
        PtyBoard(LcusBoard(channels=2, reply=reply)) as board,
        pytest.raises(PortError, match="state of 4 relays was expected"),
    ):
        driver(board).open()


def test_another_board_is_not_opened():
    with PtyBoard(XyLpwmBoard(duty_cycle_pct=5)) as board:
        with pytest.raises(PortError, match="answered 'FALL"):
            driver(board).open()
        assert board.output.duty_cycle_pct == 5


@pytest.mark.parametrize("mood", [Mood.LATE, Mood.NO_LINE_END, Mood.GARBAGE_FIRST])
def test_odd_but_honest_boards_are_driven(mood):
    with PtyBoard(LcusBoard(channels=4, mood=mood, late=ms(50))) as board, driver(board) as relays:
        assert relays.confirms
        relays.set(2, True)
        assert board.output == {2}


@pytest.mark.parametrize(
    ("mood", "saw"),
    [
        (Mood.ACCEPTS_WITHOUT_ACTING, "was told 3 times to close relay 2, and reports"),
        (Mood.SILENT, "said nothing within 30.000 ms"),
        (Mood.VERY_LATE, "said nothing within 30.000 ms"),
        (Mood.GARBAGE, "answered 00 FF 80 1B 5B"),
    ],
)
def test_board_that_does_not_confirm_what_it_was_told_is_an_error_after_two_retries(board, mood, saw):
    relays = driver(board)
    relays.open()
    before = board.heard().count(frame(2, True))
    board.firmware.mood, relays._within = mood, HASTY if mood in (Mood.SILENT, Mood.VERY_LATE) else PATIENT
    with pytest.raises(PortError, match=saw):
        relays.set(2, True)

    assert board.heard().count(frame(2, True)) - before == TRIES
    board.firmware.mood, relays._within = Mood.WELL, PATIENT
    relays.close()


def test_answer_to_another_question_is_never_believed_against_the_truth(board):
    relays = driver(board)
    relays.open()
    board.firmware.mood, relays._within = Mood.ANSWERS_PREVIOUS, HASTY
    for channel, closed in ((2, True), (2, False), (3, True)):
        with suppress(PortError):
            relays.set(channel, closed)
            assert (channel in board.output) is closed

    board.firmware.mood, relays._within = Mood.WELL, PATIENT
    relays.close()


def test_relay_that_sticks_keeps_none_of_the_others_from_being_released():
    class Stuck(LcusBoard):
        def switch(self, channel, closed):
            super().switch(channel, closed or channel == 2)

    with PtyBoard(Stuck(channels=4, closed=frozenset({1, 2, 3, 4}))) as board:
        with pytest.raises(PortError, match="told 3 times to release relay 2, and reports"):
            driver(board).open()
        assert board.output == {2}


def test_commands_keep_their_distance(board):
    relays = Lcus(board.path, channels=4, answers=False, settles=0, between=ms(15), quiet=ms(10), within=PATIENT)
    with relays:
        stamps = [one.t for one in relays.exchanges if one.sent]

    assert len(stamps) == 4
    assert all(later - earlier >= ms(15) for earlier, later in pairwise(stamps))


@pytest.mark.parametrize("commands", range(7))
def test_board_that_vanishes_at_any_moment_is_gone(commands):
    with PtyBoard(LcusBoard(channels=4, mood=Mood.VANISHES, vanishes_after=commands)) as board:
        relays = driver(board)

        def use():
            relays.open()
            relays.set(1, True)

        with pytest.raises(DeviceGone):
            use()
        relays.close()


@pytest.mark.parametrize("channels", [0, 3, 16])
def test_size_that_is_not_made_is_refused(channels):
    with pytest.raises(ValueError, match="LCUS"):
        Lcus("/dev/none", channels=channels)
