"""The firmware of the simulated boards: grammar, framing, memory and moods, without a terminal and without a clock."""

from __future__ import annotations

import pytest

from bench.sim.boards.celeron55 import Celeron55Board, Celeron55Output
from bench.sim.boards.dieter import DieterBoard, DieterOutput
from bench.sim.boards.firmware import NOISE, Mood
from bench.sim.boards.icse import IcseBoard
from bench.sim.boards.lcus import LcusBoard, Reply
from bench.sim.boards.n76e003 import N76e003Board, N76e003Output
from bench.sim.boards.numato import NumatoBoard
from bench.sim.boards.xy_lpwm import LONG_SILENCE, SILENCE, Clone, SquareWave, ThreeWaves, XyLpwm3Board, XyLpwmBoard
from bench.units import ms, s


class Bus:
    """A board and the time on its line, which goes on by what is said."""

    def __init__(self, board):
        self.board = board
        self.t = 0
        board.start(0)

    def say(self, *octets, apart=0):
        for piece in octets:
            self.board.receive(self.t, piece)
            self.t += apart

    def hear(self, for_=ms(100)):
        """All the board sends within that time."""
        end, heard = self.t + for_, b""
        while (deadline := self.board.next_deadline()) is not None and deadline <= end:
            self.t = max(self.t, deadline)
            self.board.wake(self.t)
            heard += self.board.transmit(self.t)
        self.t = end
        return heard

    def ask(self, octets, for_=ms(100)):
        self.say(octets)
        return self.hear(for_)


@pytest.fixture
def xy():
    return Bus(XyLpwmBoard(frequency_hz=1000, duty_cycle_pct=50))


@pytest.mark.parametrize(
    ("command", "hz"),
    [
        (b"F001", 1),
        (b"F101", 101),
        (b"F999", 999),
        (b"F1.00", 1_000),
        (b"F1.05", 1_050),
        (b"F9.99", 9_990),
        (b"F10.5", 10_500),
        (b"F99.9", 99_900),
        (b"F1.0.5", 105_000),
        (b"F1.5.0", 150_000),
    ],
)
def test_xy_lpwm_takes_a_frequency_in_four_spellings(xy, command, hz):
    assert xy.ask(command) == b"DOWN\r\n"
    assert xy.board.output == SquareWave(hz, 50)


@pytest.mark.parametrize("command", [b"D000", b"D005", b"D051", b"D100", b"d005"])
def test_xy_lpwm_takes_a_duty_cycle_of_three_digits(xy, command):
    assert xy.ask(command) == b"DOWN\r\n"
    assert xy.board.output.duty_cycle_pct == int(command[1:])


@pytest.mark.parametrize(
    "command",
    [
        *(b"D5", b"D05", b"D101", b"D0005", b"D05.5", b"D-05", b"D005\r", b" D005"),
        *(b"F1000", b"F000", b"F0.50", b"F1.6.0", b"F1.0", b"F", b"K1.00"),
        *(b"READ", b"read\r\n", b"OFF", b"\x03"),
    ],
)
def test_xy_lpwm_refuses_everything_else_and_stays_as_it_is(xy, command):
    assert xy.ask(command) == b"FALL\r\n"
    assert xy.board.output == SquareWave(1000, 50)


def test_xy_lpwm_reports_frequency_and_duty_cycle(xy):
    xy.ask(b"F10.5")
    xy.ask(b"D005")

    assert xy.ask(b"read") == b"F10.5\r\nD005\r\n"


def test_xy_lpwm_sees_the_end_of_a_command_by_silence(xy):
    xy.say(b"D0", b"05", apart=SILENCE - 1)
    assert xy.hear() == b"DOWN\r\n"

    xy.say(b"D0", apart=0)
    assert xy.hear(SILENCE) == b"FALL\r\n"


def test_xy_lpwm_takes_two_commands_back_to_back_for_one_wrong_one(xy):
    xy.say(b"F1.00", b"D005")

    assert xy.hear() == b"FALL\r\n"
    assert xy.board.output.duty_cycle_pct == 50


def test_xy_lpwm_in_the_mood_to_merge_takes_hasty_commands_for_one(xy):
    xy.board.mood = Mood.MERGES
    xy.say(b"D005", b"read", apart=SILENCE + ms(10))

    assert xy.hear(LONG_SILENCE) == b"FALL\r\n"


def test_xy_lpwm_keeps_its_settings_without_power():
    """A board last left at 5 % makes 5 % when the bench is switched on."""
    seen = []
    bus = Bus(XyLpwmBoard(duty_cycle_pct=50, on_output=lambda t, output: seen.append((t, output))))
    bus.ask(b"D005")
    bus.board.start(s(1))

    assert seen == [(0, SquareWave(1000, 50)), (SILENCE, SquareWave(1000, 5)), (s(1), SquareWave(1000, 5))]


def test_xy_lpwm_forgets_half_a_command_without_power(xy):
    xy.say(b"D0")
    xy.board.start(xy.t)

    assert xy.ask(b"D005") == b"DOWN\r\n"


@pytest.mark.parametrize(
    ("clone", "command", "answer"),
    [
        (Clone(asked_with="READ"), b"READ", b"F1.00\r\nD050\r\n"),
        (Clone(asked_with="READ"), b"read", b"FALL\r\n"),
        (Clone(prefix="K"), b"K1.00", b"DOWN\r\n"),
        (Clone(prefix="K"), b"F1.00", b"FALL\r\n"),
        (Clone(yes="done", no="fail"), b"D005", b"done\r\n"),
        (Clone(yes="done", no="fail"), b"D5", b"fail\r\n"),
        (Clone(terminator=b"\r\n"), b"D005\r\n", b"DOWN\r\n"),
        (Clone(terminator=b"\r\n"), b"D005", b""),
        (Clone(terminator=b"\r\n"), b"D005\r\nread\r\n", b"DOWN\r\nF1.00\r\nD005\r\n"),
    ],
)
def test_xy_lpwm_clones_differ(clone, command, answer):
    assert Bus(XyLpwmBoard(clone=clone)).ask(command) == answer


def test_xy_lpwm_can_be_turned_by_hand(xy):
    xy.board.turn_keys(xy.t, 7)

    assert xy.ask(b"read") == b"F1.00\r\nD007\r\n"


@pytest.mark.parametrize("hz", [0, 1_001, 20_000])
def test_xy_lpwm_left_at_a_frequency_it_cannot_show_is_refused(hz):
    with pytest.raises(ValueError, match="Hz"):
        XyLpwmBoard(frequency_hz=hz)


@pytest.mark.parametrize(
    ("mood", "answer"),
    [
        (Mood.WELL, b"DOWN\r\n"),
        (Mood.SILENT, b""),
        (Mood.GARBAGE, NOISE),
        (Mood.GARBAGE_FIRST, NOISE + b"DOWN\r\n"),
        (Mood.NO_LINE_END, b"DOWN"),
        (Mood.ACCEPTS_WITHOUT_ACTING, b"DOWN\r\n"),
        (Mood.ANSWERS_PREVIOUS, b"F1.00\r\nD050\r\n"),
        (Mood.VERY_LATE, b""),
    ],
)
def test_moods_change_the_answer_and_only_one_of_them_the_action(xy, mood, answer):
    xy.ask(b"read")
    xy.board.mood = mood

    assert xy.ask(b"D005") == answer
    assert xy.board.output.duty_cycle_pct == (50 if mood is Mood.ACCEPTS_WITHOUT_ACTING else 5)


def test_late_answers_come_whole_and_in_their_time():
    bus = Bus(XyLpwmBoard(mood=Mood.LATE, late=ms(150)))

    assert bus.ask(b"D005", for_=SILENCE + ms(149)) == b""
    assert bus.hear(ms(1)) == b"DOWN\r\n"


def test_board_vanishes_at_the_command_after_those_it_was_given():
    bus = Bus(XyLpwmBoard(mood=Mood.VANISHES, vanishes_after=1))

    assert (bus.ask(b"D005"), bus.board.vanished) == (b"DOWN\r\n", False)
    assert (bus.ask(b"D010"), bus.board.vanished) == (b"", True)
    assert bus.board.output.duty_cycle_pct == 5


def test_commands_are_told_as_the_board_frames_them():
    heard = []
    bus = Bus(XyLpwmBoard(on_command=lambda t, command: heard.append((t, command))))
    bus.ask(b"read")
    bus.say(b"D0", b"05", apart=ms(1))
    bus.hear()

    assert heard == [(SILENCE, b"read"), (ms(101) + SILENCE, b"D005")]


def test_lcus_obeys_the_vendors_frames():
    bus = Bus(LcusBoard(channels=4))
    bus.say(bytes.fromhex("A0 01 01 A2  A0 02 01 A3  A0 04 01 A5  A0 02 00 A2"))

    assert bus.board.output == {1, 4}


@pytest.mark.parametrize("wrong", ["A0 01 01 A3", "A0 05 01 A6", "A0 00 01 A1", "A0 01 02 A3", "A1 01 01 A3", "0D 0A"])
def test_lcus_ignores_what_is_no_frame_for_it(wrong):
    bus = Bus(LcusBoard(channels=4))
    bus.say(bytes.fromhex(wrong))
    bus.say(bytes.fromhex("A0 02 01 A3 0D 0A"))

    assert bus.board.output == {2}


def test_lcus_takes_a_frame_in_pieces():
    bus = Bus(LcusBoard(channels=4))
    bus.say(b"\xa0", b"\x01\x01", b"\xa2", apart=ms(50))

    assert bus.board.output == {1}


@pytest.mark.parametrize(
    ("reply", "answer"),
    [(Reply.NOTHING, b""), (Reply.OCTETS, b"\x00\x01"), (Reply.LINES, b"CH1: OFF \r\nCH2: ON \r\n")],
)
def test_lcus_answers_to_ff_as_its_kind_does(reply, answer):
    bus = Bus(LcusBoard(channels=2, reply=reply))
    bus.say(bytes.fromhex("A0 02 01 A3"))

    assert bus.ask(b"\xff") == answer


@pytest.mark.parametrize("board", [LcusBoard, NumatoBoard, IcseBoard])
def test_relays_stay_as_a_program_left_them_and_release_without_power(board):
    bus = Bus(board(channels=4, closed=frozenset({2})))
    assert bus.board.output == {2}

    bus.board.start(s(1))
    assert bus.board.output == frozenset()


def test_numato_echoes_answers_and_prompts():
    bus = Bus(NumatoBoard(channels=16))

    assert bus.ask(b"relay on A\r") == b"relay on A\n\r>"
    assert bus.ask(b"relay read A\r") == b"relay read A\n\ron\n\r>"
    assert bus.ask(b"relay read 0\r") == b"relay read 0\n\roff\n\r>"
    assert bus.board.output == {11}


@pytest.mark.parametrize("command", [b"relay on 4", b"relay on a", b"relay", b"relay on", b"RELAY ON 0", b""])
def test_numato_does_nothing_for_a_wrong_command(command):
    bus = Bus(NumatoBoard(channels=4))

    assert bus.ask(command + b"\r") == command + b"\n\r>"
    assert bus.board.output == frozenset()


@pytest.mark.parametrize(("channels", "answer"), [(4, b"\xab"), (2, b"\xad"), (8, b"\xac")])
def test_icse_tells_its_model_and_wakes(channels, answer):
    bus = Bus(IcseBoard(channels=channels))

    assert bus.ask(b"\x50") == answer
    assert bus.ask(b"\x51\xfe") == b""
    assert bus.board.output == {1}


@pytest.mark.parametrize("too_early", [b"\xfe", b"\x51\xfe"])
def test_icse_does_nothing_before_it_was_asked_and_woken(too_early):
    bus = Bus(IcseBoard(channels=8))
    bus.say(too_early)

    assert bus.board.output == frozenset()


def test_icse_takes_the_beginning_for_a_mask_once_it_is_awake():
    bus = Bus(IcseBoard(channels=8))
    bus.say(b"\x50\x51\xff")
    bus.hear()

    assert bus.ask(b"\x50") == b""
    assert bus.board.output == {1, 2, 3, 4, 6, 8}


def test_dieter_greets_and_prints_both_readings_every_500_ms():
    bus = Bus(DieterBoard(adc=(5, 1023)))

    assert bus.hear(s(1.2)) == b"Starte...\r\n" + 2 * b"A0=0005\r\nA1=1023\r\n"


@pytest.mark.parametrize(
    ("octets", "echo", "output"),
    [
        (b"do0000\n", b"I received value: 0\r\n", DieterOutput(False, False, False)),
        (b"do0001\n", b"I received value: 1\r\n", DieterOutput(True, False, False)),
        (b"do0003\n", b"I received value: 3\r\n", DieterOutput(True, True, False)),
        (b"do0006\n", b"I received value: 6\r\n", DieterOutput(False, True, True)),
        (b"do0256\n", b"I received value: 256\r\n", DieterOutput(False, False, False)),
        (b"xxdo0001\n", b"I received value: 1\r\n", DieterOutput(True, False, False)),
        (b"do00010\n", b"", DieterOutput(False, False, False)),
        (b"do001\n", b"", DieterOutput(False, False, False)),
        (b"DO0001\n", b"", DieterOutput(False, False, False)),
        (b"do0001\r\n", b"", DieterOutput(False, False, False)),
    ],
)
def test_dieter_looks_at_the_last_seven_octets(octets, echo, output):
    bus = Bus(DieterBoard())
    bus.hear()

    assert bus.ask(octets) == echo
    assert bus.board.output == output


def test_dieter_hears_nothing_while_it_starts():
    bus = Bus(DieterBoard())
    bus.say(b"do0001\n")

    assert bus.hear() == b"Starte...\r\n"
    assert not bus.board.output.state_c


def test_dieter_starts_in_state_b():
    bus = Bus(DieterBoard())
    bus.hear()
    bus.ask(b"do0007\n")
    bus.board.start(bus.t)

    assert bus.board.output == DieterOutput(False, False, False)


def test_celeron55_confirms_what_it_was_told():
    bus = Bus(Celeron55Board(lines_every=s(10)))

    assert bus.ask(b"cp=1\n") == b"cp_output_state=1\r\n"
    assert bus.ask(b"contactor=1\ncp=0\n") == b"ccs_contactor_wanted_closed=1\r\ncp_output_state=0\r\n"
    assert bus.board.output == Celeron55Output(False, True)


@pytest.mark.parametrize("command", [b"cp=2\n", b"cp\n", b"lamp=1\n", b"disp0=hello\n", b"cp=1"])
def test_celeron55_does_nothing_for_what_it_does_not_know(command):
    bus = Bus(Celeron55Board(lines_every=s(10)))

    assert bus.ask(command) == b""
    assert bus.board.output == Celeron55Output(False, False)


def test_celeron55_prints_what_it_measures():
    bus = Bus(Celeron55Board(cp_pwm=5))

    assert bus.hear(ms(250)).count(b"cp_pwm=5\r\n") == 2


@pytest.mark.parametrize(
    ("command", "answer", "output"),
    [
        (b"duty 5", b"duty 5\n> ", N76e003Output(True, "1k00", 5, True)),
        (b"duty 101", b"duty 101\nInvalid argument\n> ", N76e003Output(True, "1k00", 50, True)),
        (b"duty 256", b"duty 256\n> ", N76e003Output(True, "1k00", 0, True)),
        (b"freq 10k0", b"freq 10k0\n> ", N76e003Output(True, "10k0", 50, True)),
        (b"freq 1000", b"freq 1000\nInvalid argument\n> ", N76e003Output(True, "1k00", 50, True)),
        (b"out off", b"out off\n> ", N76e003Output(False, "1k00", 50, True)),
        (b"out negative", b"out negative\n> ", N76e003Output(True, "1k00", 50, False)),
        (b"pwm", b"pwm\non freq: 1k00, duty: 50 direct\n> ", N76e003Output(True, "1k00", 50, True)),
        (b"D005", b"D005\nUnknown command\n> ", N76e003Output(True, "1k00", 50, True)),
        (b"", b"\n> ", N76e003Output(True, "1k00", 50, True)),
    ],
)
def test_n76e003_is_a_terminal(command, answer, output):
    bus = Bus(N76e003Board())

    assert bus.ask(command + b"\r") == answer
    assert bus.board.output == output


def test_n76e003_starts_as_it_was_left():
    bus = Bus(N76e003Board())
    bus.say(b"duty 5\r", b"out off\r", b"dut")
    bus.board.start(bus.t)

    assert bus.ask(b"pwm\r") == b"pwm\noff freq: 1k00, duty: 5 direct\n> "


@pytest.mark.parametrize(
    ("command", "answer", "duties"),
    [
        (b"D2:005", b"DOWN\r\n", (50, 5, 50)),
        (b"D3:100", b"DOWN\r\n", (50, 50, 100)),
        (b"D1:101", b"FALL\r\n", (50, 50, 50)),
        (b"D4:005", b"FALL\r\n", (50, 50, 50)),
        (b"D005", b"FALL\r\n", (50, 50, 50)),
        (b"read", b"F1.00,D1:050,D2:050,D3:050,\r\n", (50, 50, 50)),
    ],
)
def test_xy_lpwm_with_three_outputs_has_a_duty_cycle_for_each(command, answer, duties):
    bus = Bus(XyLpwm3Board())

    assert bus.ask(command) == answer
    assert bus.board.output == ThreeWaves(1000, duties)


def test_xy_lpwm_with_three_outputs_does_not_report_a_new_frequency_at_once():
    bus = Bus(XyLpwm3Board())
    bus.ask(b"F500")

    assert [bus.ask(b"read")[:4] for _ in range(2)] == [b"FIII", b"F500"]
