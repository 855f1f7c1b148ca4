"""A simulated board on a pseudo-terminal, in real time: programs open its path as they would a serial port.

    with PtyBoard(XyLpwmBoard(duty_cycle_pct=5)) as board:
        generator = XyLpwm(board.path)
        ...
        board.output            # SquareWave(frequency_hz=1000, duty_cycle_pct=100)
        board.vanish()          # somebody pulls it out

A thread of its own reads, lets the firmware work and writes; `on_output` of the firmware is called in that thread.
Instants are `time.monotonic_ns()`, the same for all processes of a machine, so that logs of several can be compared.
"""

from __future__ import annotations

import json
import os
import pty
import select
import threading
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from bench.errors import PortError
from bench.sim.boards.firmware import Firmware
from bench.units import Ns, ms, s, to_s

LOOKS_EVERY = ms(5)
STOPS_WITHIN_S = 5.0


class Logged(NamedTuple):
    """One thing that happened to a board: a command that it framed (bytes), or a new output."""

    t: Ns
    what: object


class PtyBoard:
    """*firmware* at the end of a pseudo-terminal, from `start` to `stop`, or within a `with`.

    link   where a symbolic link to the terminal is put, and removed by `stop`
    log    file that gets a JSON line for each command and each output, at once, so that another process can read it:
           `{"t": ..., "command": "D005"}` and `{"t": ..., "output": ...}`; octets that are no text are given in hex
    """

    def __init__(self, firmware: Firmware, *, link: Path | None = None, log: Path | None = None) -> None:
        self.firmware = firmware
        self.path = ""
        self.commands: list[Logged] = []
        self.outputs: list[Logged] = []
        self.in_use = False
        """Whether a program has the port open; known only of boards that restart when it is opened."""
        self._link = link
        self._log = log
        self._log_fd: int | None = None
        self._master: int | None = None
        self._slave: int | None = None
        self._bell: tuple[int, int] | None = None
        self._stopping = threading.Event()
        self._vanishing = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._on_output, self._on_command = firmware.on_output, firmware.on_command

    @property
    def output(self) -> object:
        """What the board puts out now."""
        with self._lock:
            return self.firmware.output

    def start(self) -> None:
        """Power the board. PortError where the link cannot be made."""
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._bell = os.pipe()
        try:
            if self._log is not None:
                self._log_fd = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            if self._link is not None:
                make_link(self._link, self.path)
        except OSError as error:
            os.close(slave)
            self._unplug()
            self._let_go()
            raise PortError(
                f"simulated {self.firmware.model} cannot start: {error}. Remove what is there, unless something uses it"
            ) from None
        if self.firmware.resets_when_opened:
            os.close(slave)  # only without anybody at this end can the other end tell that somebody comes
        else:
            self._slave = slave
        self.firmware.on_output, self.firmware.on_command = self._note_output, self._note_command
        self.firmware.start(time.monotonic_ns())
        self._thread = threading.Thread(target=self._run, name=f"simulated {self.firmware.model}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take everything away again. Idempotent."""
        self._stopping.set()
        self._ring()
        if self._thread is not None:
            self._thread.join(STOPS_WITHIN_S)
            self._thread = None
        self._unplug()
        if self._link is not None and self._link.is_symlink() and os.readlink(self._link) == self.path:
            self._link.unlink()
        self._let_go()

    def vanish(self) -> None:
        """The board is pulled out; when this returns, its port is dead."""
        self._vanishing.set()
        self._ring()
        if self._thread is not None:
            self._thread.join(STOPS_WITHIN_S)

    def comes_to(self, output: object, within: Ns = s(5)) -> bool:
        """Wait until the board puts out *output*: what is written to a board that says nothing takes effect later."""
        return self.wait_until(lambda: self.firmware.output == output, within)

    def wait_until(self, condition: Callable[[], bool], within: Ns = s(5)) -> bool:
        """Wait until *condition* holds, or return False."""
        end = time.monotonic_ns() + within
        while time.monotonic_ns() < end:
            with self._lock:
                if condition():
                    return True
            time.sleep(to_s(LOOKS_EVERY))
        return False

    def heard(self) -> list[bytes]:
        """The commands so far, oldest first."""
        with self._lock:
            return [command.what for command in self.commands if isinstance(command.what, bytes)]

    def _run(self) -> None:
        while not self._stopping.is_set() and not self._vanishing.is_set():
            present = self._wait()
            if self.firmware.resets_when_opened:
                if present and not self.in_use:
                    with self._lock:
                        self.firmware.start(time.monotonic_ns())
                self.in_use = present
            self._work()
            if self.firmware.vanished:
                break
        if not self._stopping.is_set():
            self._unplug()

    def _wait(self) -> bool:
        """Until something is to be done. Returns whether somebody has the port open, as far as that can be told."""
        assert self._master is not None
        assert self._bell is not None
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        poll.register(self._bell[0], select.POLLIN)
        deadline = self.firmware.next_deadline()
        limit = None if deadline is None else max(0, deadline - time.monotonic_ns())
        events = dict(poll.poll(None if limit is None else -(-limit // ms(1))))
        absent = bool(events.get(self._master, 0) & select.POLLHUP) and not events[self._master] & select.POLLIN
        if absent:
            self._stopping.wait(to_s(LOOKS_EVERY))
        return not absent

    def _work(self) -> None:
        assert self._master is not None
        with self._lock:
            octets = self._read()
            now = time.monotonic_ns()
            # What is here already was on its way before a silence ended that this thread was too busy to see.
            if octets:
                self.firmware.receive(now, octets)
            elif (due := self.firmware.next_deadline()) is not None and due <= now:
                self.firmware.wake(now)
            if said := self.firmware.transmit(time.monotonic_ns()):
                with suppress(OSError):  # nobody listens
                    os.write(self._master, said)

    def _read(self) -> bytes:
        assert self._master is not None
        ready, _, _ = select.select([self._master], [], [], 0)
        if not ready:
            return b""
        try:
            return os.read(self._master, 4096)
        except OSError:
            return b""  # nobody has it open

    def _ring(self) -> None:
        if self._bell is not None:
            os.write(self._bell[1], b"!")

    def _unplug(self) -> None:
        fds, self._master, self._slave = (self._master, self._slave), None, None
        for fd in fds:
            if fd is not None:
                os.close(fd)

    def _let_go(self) -> None:
        for fd in (self._log_fd, *(self._bell or ())):
            if fd is not None:
                os.close(fd)
        self._log_fd = self._bell = None

    def _note_command(self, t: Ns, command: bytes) -> None:
        self.commands.append(Logged(t, command))
        self._write_log({"t": t, "command": as_text(command)})
        if self._on_command is not None:
            self._on_command(t, command)

    def _note_output(self, t: Ns, output: object) -> None:
        self.outputs.append(Logged(t, output))
        self._write_log({"t": t, "output": as_json(output)})
        if self._on_output is not None:
            self._on_output(t, output)

    def _write_log(self, entry: dict[str, object]) -> None:
        if self._log_fd is not None:
            os.write(self._log_fd, (json.dumps(entry) + "\n").encode())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def make_link(link: Path, target: str) -> None:
    """A symbolic link, in the place of one that leads nowhere any more. FileExistsError for anything else there."""
    if link.is_symlink() and not link.exists():
        link.unlink()
    link.symlink_to(target)


def as_text(command: bytes) -> str:
    """Text as it is, other octets in hex.

    >>> as_text(b"D005"), as_text(bytes.fromhex("a00101a2"))
    ('D005', 'a00101a2')
    """
    if all(0x20 <= octet < 0x7F or octet in b"\r\n" for octet in command):
        return command.decode("ascii").strip("\r\n")
    return command.hex()


def as_json(output: object) -> object:
    """An output as JSON knows it: a record as an object, channels as a sorted list."""
    if is_dataclass(output) and not isinstance(output, type):
        return asdict(output)
    return sorted(output) if isinstance(output, frozenset) else output
