"""The Numato driver: echo, prompt and read-back. What all relay boards promise is in tests/contract/test_relays.py."""

from __future__ import annotations

import pytest

from bench.drivers.relays.numato import TRIES, Numato, parse_answer
from bench.errors import DeviceGone, PortError
from bench.sim.boards.firmware import Mood
from bench.sim.boards.numato import NumatoBoard
from bench.sim.boards.pty_board import PtyBoard
from bench.sim.boards.xy_lpwm import XyLpwmBoard
from bench.units import ms, s

PATIENT = s(2)
HASTY = ms(30)


def driver(board, *, within=PATIENT, channels=4):
    return Numato(board.path, channels=channels, between=0, quiet=ms(20), within=within)


@pytest.fixture
def board():
    with PtyBoard(NumatoBoard(channels=4)) as board:
        yield board


@pytest.mark.parametrize(
    ("answer", "command", "body"),
    [
        (b"relay read 0\n\ron\n\r>", "relay read 0", "on"),
        (b"relay read 0\r\noff\r\n>", "relay read 0", "off"),
        (b"relay on 3\n\r>", "relay on 3", ""),
        (b"ver\n\r00000008\n\r>", "ver", "00000008"),
        (b"\x00\xffrelay read 0\n\ron\n\r>", "relay read 0", "on"),
        (b"relay read 0\n\ron\n\r", "relay read 0", None),
        (b"on\n\r>", "relay read 0", None),
        (b"relay read 1\n\ron\n\r>", "relay read 0", None),
        (b">", "relay read 0", None),
        (b"", "relay read 0", None),
    ],
)
def test_answer_counts_between_its_echo_and_the_prompt(answer, command, body):
    assert parse_answer(answer, command) == body


def test_commands_are_those_of_the_maker(board):
    with driver(board, channels=2) as relays:
        relays.set(2, True)
        assert board.heard()[-2:] == [b"relay on 1", b"relay read 1"]
        assert relays.exchanges[-2].sent == b"relay on 1\r"


def test_relays_from_the_eleventh_on_are_letters_beyond_f():
    with PtyBoard(NumatoBoard(channels=32)) as board, driver(board, channels=32) as relays:
        for channel in (11, 16, 17, 32):
            relays.set(channel, True)
        assert board.output == {11, 16, 17, 32}
        assert [c for c in board.heard() if b"on" in c] == [
            b"relay on A",
            b"relay on F",
            b"relay on G",
            b"relay on V",
        ]


def test_half_a_command_that_somebody_left_is_ended_first(board):
    board.firmware.receive(0, b"relay on")
    with driver(board):
        assert board.output == frozenset()


def test_all_are_released_before_the_first_is_read(board):
    with driver(board):
        heard = board.heard()

    assert heard == [b"", b"ver"] + [b"relay off %d" % n for n in range(4)] + [b"relay read %d" % n for n in range(4)]


@pytest.mark.parametrize("mood", [Mood.LATE, Mood.GARBAGE_FIRST])
def test_odd_but_honest_modules_are_driven(mood):
    with PtyBoard(NumatoBoard(channels=2, mood=mood, late=ms(30))) as board, driver(board, channels=2) as relays:
        relays.set(2, True)
        assert board.output == {2}


@pytest.mark.parametrize(
    ("mood", "saw"),
    [
        (Mood.ACCEPTS_WITHOUT_ACTING, "answered when asked: `off`, `off`, `off`"),
        (Mood.SILENT, "answered when asked: nothing it should"),
        (Mood.VERY_LATE, "answered when asked: nothing it should"),
        (Mood.GARBAGE, "answered when asked: nothing it should"),
        (Mood.ANSWERS_PREVIOUS, "answered when asked: nothing it should"),
    ],
)
def test_module_that_does_not_confirm_what_it_was_told_is_an_error_after_two_retries(board, mood, saw):
    relays = driver(board)
    relays.open()
    board.firmware.mood, relays._within = mood, HASTY if mood in (Mood.SILENT, Mood.VERY_LATE) else PATIENT
    with pytest.raises(PortError, match=saw):
        relays.set(2, True)

    assert board.heard().count(b"relay on 1") == TRIES
    board.firmware.mood, relays._within = Mood.WELL, PATIENT
    relays.close()


def test_module_that_cannot_be_asked_any_more_is_an_error_not_a_state(board):
    with driver(board) as relays:
        relays._within = HASTY
        board.firmware.mood = Mood.SILENT
        with pytest.raises(PortError, match="`relay read 0` and said nothing"):
            relays.closed(1)
        board.firmware.mood, relays._within = Mood.WELL, PATIENT


def test_module_with_fewer_relays_is_not_opened(board):
    with pytest.raises(PortError, match="with 8 relays"):
        driver(board, channels=8, within=PATIENT).open()


def test_module_that_says_nothing_is_told_to_release_all_and_not_waited_for_each_time(board):
    relays = driver(board)
    relays.open()
    relays.set(4, True)
    board.firmware.mood, relays._within = Mood.SILENT, ms(200)
    before = len(board.heard())
    with pytest.raises(PortError, match="`relay read 0` and said nothing"):
        relays.make_safe()

    stamps = [one.t for one in relays.exchanges if one.sent.startswith(b"relay off")][-3:]
    assert stamps[-1] - stamps[0] < ms(350)
    assert board.output == frozenset()
    assert board.heard()[before : before + 4] == [b"relay off %d" % n for n in range(4)]
    assert board.heard()[before + 4 :] == [b"relay read 0"] * TRIES
    board.firmware.mood, relays._within = Mood.WELL, PATIENT
    relays.close()


def test_relay_that_sticks_keeps_none_of_the_others_from_being_released():
    class Stuck(NumatoBoard):
        def switch(self, channel, closed):
            super().switch(channel, closed or channel == 2)

    with PtyBoard(Stuck(channels=4, closed=frozenset({1, 2, 3, 4}))) as board:
        with pytest.raises(PortError, match="told 3 times to release relay 2"):
            driver(board).open()
        assert board.output == {2}


def test_another_board_is_told_nothing_but_a_question():
    with PtyBoard(XyLpwmBoard(duty_cycle_pct=5)) as board:
        with pytest.raises(PortError, match="Is it a Numato module"):
            driver(board).open()
        assert board.output.duty_cycle_pct == 5
        assert set(b"".join(board.heard()).replace(b"ver", b"")) <= set(b"\r")


@pytest.mark.parametrize("commands", [0, 1, 3, 6, 9, 11])
def test_module_that_vanishes_at_any_moment_is_gone(commands):
    with PtyBoard(NumatoBoard(channels=4, mood=Mood.VANISHES, vanishes_after=commands)) as board:
        relays = driver(board)

        def use():
            relays.open()
            relays.set(1, True)

        with pytest.raises(DeviceGone):
            use()
        relays.close()


@pytest.mark.parametrize("channels", [0, 33])
def test_size_that_is_not_made_is_refused(channels):
    with pytest.raises(ValueError, match="Numato"):
        Numato("/dev/none", channels=channels)
