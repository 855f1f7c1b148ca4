"""A serial line: opened for one program alone, read until it is silent, dead for good once it has failed.

The port is a pseudo-terminal whose other end the test holds.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
import time
import tty

import pytest
import serial

from bench.drivers.serial_line import KEEPS, LONGEST_REPLY, SerialLine
from bench.errors import DeviceGone, PortError
from bench.units import ms, s


class Socket:
    """Where the board would be plugged in."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.talkers = []

    def answer(self, *pieces, every=0):
        """From a thread of its own: wait for a question, then say the given pieces one after the other."""

        def talk():
            self.heard()
            for piece in pieces:
                time.sleep(every / 1e9)
                os.write(self.master, piece)

        self.talkers.append(threading.Thread(target=talk, daemon=True))
        self.talkers[-1].start()

    def heard(self):
        return os.read(self.master, 4096)

    def unplug(self):
        for talker in self.talkers:
            talker.join(5)
        for fd in (self.master, self.slave):
            if fd is not None:
                os.close(fd)
        self.master = self.slave = None


@pytest.fixture
def socket():
    socket = Socket()
    yield socket
    socket.unplug()


@pytest.fixture
def line(socket):
    line = SerialLine(socket.path, baud=9600, name="board")
    line.open()
    yield line
    line.close()


def test_what_is_said_arrives_as_it_is(socket, line):
    line.write(bytes(range(256)))

    assert socket.heard() == bytes(range(256))


def test_answer_without_line_end_ends_with_silence_not_with_the_limit(socket, line):
    socket.answer(b"F1.00D100", every=ms(10))
    began = time.monotonic_ns()

    assert line.ask(b"read", quiet=ms(30), within=s(20)) == b"F1.00D100"
    assert time.monotonic_ns() - began < s(10)


def test_answer_in_pieces_is_one_answer(socket, line):
    socket.answer(b"F1.00\r\n", b"D1", b"00\r\n", every=ms(10))

    assert line.ask(b"read", quiet=ms(300), within=s(20)) == b"F1.00\r\nD100\r\n"


def test_line_that_never_falls_silent_is_cut_off_at_the_limit(socket, line):
    socket.answer(*[b"x"] * 50, every=ms(10))
    began = time.monotonic_ns()
    heard = line.ask(b"read", quiet=s(5), within=ms(200))

    assert set(heard) == set(b"x")
    assert time.monotonic_ns() - began < s(5)


def test_flood_is_cut_off_too(socket, line):
    socket.answer(*[b"x" * 1000] * 6)
    began = time.monotonic_ns()

    assert len(line.ask(b"read", quiet=s(20), within=s(30))) >= LONGEST_REPLY
    assert time.monotonic_ns() - began < s(10)


def test_no_answer_is_empty_after_the_limit(line):
    began = time.monotonic_ns()

    assert line.ask(b"read", quiet=ms(5), within=ms(60)) == b""
    assert time.monotonic_ns() - began >= ms(60)


def test_answer_that_is_enough_is_not_waited_beyond(socket, line):
    socket.answer(b"off\n\r>", every=ms(10))
    began = time.monotonic_ns()

    assert line.ask(b"relay read 0\r", quiet=s(20), within=s(20), enough=lambda heard: heard.endswith(b">"))
    assert time.monotonic_ns() - began < s(10)


def test_what_came_before_the_question_is_no_answer_but_is_noted(socket, line):
    os.write(socket.master, b"DOWN")
    socket.answer(b"FALL", every=ms(30))

    assert line.ask(b"D101", quiet=ms(20), within=s(10)) == b"FALL"
    assert [(one.sent, one.received) for one in line.exchanges] == [(b"", b"DOWN"), (b"D101", b"FALL")]


def test_exchanges_are_stamped_in_order_and_bounded(line):
    before = time.monotonic_ns()
    for number in range(KEEPS + 10):
        line.write(b"%d" % number)

    stamps = [one.t for one in line.exchanges]
    assert len(stamps) == KEEPS
    assert line.exchanges[-1].sent == b"%d" % (KEEPS + 9)
    assert before <= stamps[0]
    assert stamps == sorted(stamps)


def test_gap_is_kept_between_two_words(socket):
    line = SerialLine(socket.path, baud=9600, name="board", gap=ms(50))
    line.open()
    began = time.monotonic_ns()
    for _ in range(3):
        line.write(b"x")
    line.close()

    assert time.monotonic_ns() - began >= ms(100)


def test_second_driver_is_refused_and_told_how_to_find_the_first(socket, line):
    with pytest.raises(PortError, match=f"taken by another program: `fuser -v {socket.path}`"):
        SerialLine(socket.path, baud=9600, name="rival").open()

    line.write(b"x")
    assert socket.heard() == b"x"


def test_another_program_that_asks_for_the_port_alone_is_refused(socket, line):
    assert line.is_open
    with pytest.raises(serial.SerialException):
        serial.Serial(socket.path, exclusive=True)


def test_port_is_free_again_when_the_program_is_killed(socket):
    """The lock is of the kernel: nothing has to be cleaned up."""
    program = (
        "import sys, time; from bench.drivers.serial_line import SerialLine; "
        f"line = SerialLine({socket.path!r}, baud=9600, name='first'); line.open(); print('open', flush=True); "
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as first:
        try:
            assert first.stdout.readline() == b"open\n"
            line = SerialLine(socket.path, baud=9600, name="board")
            with pytest.raises(PortError, match="taken"):
                line.open()
        finally:
            first.kill()
    line.open()
    line.close()


def test_missing_port_is_named(tmp_path):
    with pytest.raises(PortError, match=f"board at {tmp_path}/ttyUSB9: no such port"):
        SerialLine(f"{tmp_path}/ttyUSB9", baud=9600, name="board").open()


def test_what_is_no_serial_port_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PortError, match="cannot be opened as a serial port"):
        SerialLine(str(tmp_path / "file"), baud=9600, name="board").open()


def test_port_without_the_right_to_it_names_the_remedy(socket, monkeypatch):
    def refuse(*_args, **_kw):
        raise serial.SerialException(13, "could not open port")

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(PortError, match="usermod -aG dialout"):
        SerialLine(socket.path, baud=9600, name="board").open()


def test_constructing_opens_nothing(socket):
    line = SerialLine(socket.path, baud=9600, name="board")

    assert not line.is_open
    with pytest.raises(PortError, match="not open"):
        line.write(b"x")
    with pytest.raises(PortError, match="not open"):
        line.ask(b"x", quiet=ms(1), within=ms(1))


@pytest.mark.parametrize(
    "use",
    [
        lambda line: line.write(b"x"),
        lambda line: line.ask(b"x", quiet=ms(10), within=s(5)),
        lambda line: line.listen(quiet=ms(10), within=s(5)),
        lambda line: line.discard(),
    ],
    ids=["write", "ask", "listen", "discard"],
)
def test_vanished_port_is_an_error_at_the_next_use_and_for_good(socket, line, use):
    line.write(b"last words")
    socket.unplug()
    began = time.monotonic_ns()

    for _ in range(2):
        with pytest.raises(DeviceGone, match=r"gone .* last exchange: 'last words'"):
            use(line)
    with pytest.raises(DeviceGone):
        line.open()
    assert time.monotonic_ns() - began < s(3)
    assert line.gone
    assert not line.is_open


def test_port_that_vanishes_while_it_is_listened_to_is_an_error_at_once(socket, line):
    board = threading.Timer(0.05, socket.unplug)
    board.start()
    began = time.monotonic_ns()

    with pytest.raises(DeviceGone):
        line.ask(b"read", quiet=ms(10), within=s(30))
    assert time.monotonic_ns() - began < s(15)
    board.join()


def test_closing_what_has_vanished_is_no_error(socket, line):
    socket.unplug()
    line.close()
    line.close()
