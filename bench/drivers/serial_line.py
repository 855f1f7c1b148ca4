"""One serial port for this process alone, and a board at its other end that answers when spoken to.

    line = SerialLine("/dev/serial/by-path/...", baud=9600, name="XY-LPWM")
    line.open()
    line.ask(b"read", quiet=ms(50), within=ms(500))     # b"F1.00\\r\\nD100\\r\\n"

Theory of operation. A reply ends when the line has been silent for a while, never at a line end, because boards differ
in what they end a line with. What lies in the input before a question is no answer to it: it is read away and noted.
A port that fails once has failed for good. Everything said and heard is kept, bounded, for messages.

Works on pseudo-terminals. Linux; pyserial locks the port with flock, so only against programs that ask for a lock too.
"""

from __future__ import annotations

import errno
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from bench.errors import DeviceGone, PortError
from bench.units import Ns, ms, s, show, to_s

if TYPE_CHECKING:
    import serial

LOOKS_EVERY = ms(2)
"""How often a wait looks up: the finest difference it knows between silence and an octet."""
WRITES_WITHIN = s(1)
KEEPS = 200
"""Exchanges remembered."""
LONGEST_REPLY = 4096
"""Octets; a board that never falls silent is cut off there."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was said and heard. *t*: when it was sent; *sent* is empty for what came unasked."""

    t: Ns
    sent: bytes
    received: bytes

    def __str__(self) -> str:
        return f"{spelt(self.sent)} -> {spelt(self.received)}"


def spelt(octets: bytes) -> str:
    """Octets as a message shows them.

    >>> spelt(b"D005"), spelt(bytes.fromhex("a00101a2")), spelt(b"")
    ("'D005'", 'A0 01 01 A2', 'nothing')
    """
    if not octets:
        return "nothing"
    if all(octet in b"\r\n\t" or 0x20 <= octet < 0x7F for octet in octets):
        return repr(octets.decode("ascii"))
    return octets.hex(" ").upper()


class SerialLine:
    """A serial port, 8N1, without flow control.

    port    path of the device, best one of /dev/serial/by-path
    baud    bits per second
    name    of the board, for messages
    gap     at least so long between what was last said or heard and the next word

    Constructing touches nothing.
    """

    def __init__(self, port: str, *, baud: int, name: str, gap: Ns = 0) -> None:
        self.port = port
        self.baud = baud
        self.name = f"{name} at {port}"
        self._gap = gap
        self._serial: serial.Serial | None = None
        self._gone: str | None = None
        self._last = 0
        self._exchanges: deque[Exchange] = deque(maxlen=KEEPS)

    def __repr__(self) -> str:
        state = "gone" if self._gone else "open" if self._serial else "closed"
        return f"<{self.name}, {self.baud} baud, {state}>"

    @property
    def is_open(self) -> bool:
        return self._serial is not None

    @property
    def gone(self) -> bool:
        """Whether the port vanished. It stays so: a board that comes back has forgotten what it was told."""
        return self._gone is not None

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The last of what was said and heard, oldest first."""
        return tuple(self._exchanges)

    def open(self) -> None:
        """PortError with the remedy: missing, taken, no right, no serial port. Opening twice does nothing."""
        if self._gone is not None:
            self._refuse_gone()
        if self._serial is not None:
            return
        import serial

        try:
            self._serial = serial.Serial(
                self.port,
                self.baud,
                exclusive=True,
                timeout=to_s(LOOKS_EVERY),
                write_timeout=to_s(WRITES_WITHIN),
            )
        except port_troubles() as error:
            raise PortError(self._why_not_open(error)) from None

    def close(self) -> None:
        """Let go of the port. Idempotent, never raises."""
        port, self._serial = self._serial, None
        if port is not None:
            try:
                port.close()
            except port_troubles():
                pass  # gone already

    def check_open(self) -> None:
        """PortError where the port is not open, DeviceGone where it is known to be gone."""
        self._opened()

    def write(self, octets: bytes) -> None:
        """Say it, and wait for no answer. DeviceGone once the port is gone."""
        self._note(self._write(octets), octets, b"")

    def ask(self, octets: bytes, *, quiet: Ns, within: Ns, enough: Callable[[bytes], bool] | None = None) -> bytes:
        """Say it, and return what is answered: empty where nothing is.

        quiet    the answer is over when the line has been silent for so long after an octet
        within   it is over then in any case, counted from sending
        enough   told what has come so far, says that this is the answer: no need to wait for silence

        DeviceGone once the port is gone.
        """
        sent_at = self._write(octets)
        return self._note(sent_at, octets, self._read(quiet, sent_at + within, enough))

    def listen(self, *, quiet: Ns, within: Ns, enough: Callable[[bytes], bool] | None = None) -> bytes:
        """What comes unasked, as `ask` would read it."""
        began = time.monotonic_ns()
        return self._note(began, b"", self._read(quiet, began + within, enough))

    def discard(self) -> None:
        """Read away what has come unasked; it is noted."""
        stale = bytearray()
        while self._waiting() and len(stale) < LONGEST_REPLY:
            stale += self._take()
        if stale:
            self._exchanges.append(Exchange(time.monotonic_ns(), b"", bytes(stale)))

    def settle(self, duration: Ns) -> None:
        """Let the board come to itself; what it says meanwhile is noted and no answer to anything."""
        self.listen(quiet=duration, within=duration)

    def _note(self, t: Ns, sent: bytes, received: bytes) -> bytes:
        if sent or received:
            self._exchanges.append(Exchange(t, sent, received))
        return received

    def _write(self, octets: bytes) -> Ns:
        """Returns when it was sent. A word that could not be sent was said all the same: it is noted."""
        wait = self._last + self._gap - time.monotonic_ns()
        if wait > 0:
            time.sleep(to_s(wait))
        self.discard()
        sent_at = self._last = time.monotonic_ns()
        try:
            self._opened().write(octets)
        except port_troubles() as error:
            self._note(sent_at, octets, b"")
            self._vanish(error)
        return sent_at

    def _read(self, quiet: Ns, end: Ns, enough: Callable[[bytes], bool] | None) -> bytes:
        heard = bytearray()
        while len(heard) < LONGEST_REPLY:
            # Looking comes before judging the silence, which may be this process's own absence.
            new = self._take()
            now = time.monotonic_ns()
            if new:
                heard += new
                self._last = now
                if enough is not None and enough(bytes(heard)):
                    break
            elif heard and now - self._last >= quiet:
                break
            if now >= end:
                break
        return bytes(heard)

    def _waiting(self) -> int:
        try:
            return self._opened().in_waiting
        except port_troubles() as error:
            self._vanish(error)

    def _take(self) -> bytes:
        """What has come, after at most LOOKS_EVERY."""
        port = self._opened()
        try:
            return port.read(max(1, port.in_waiting))
        except port_troubles() as error:
            self._vanish(error)

    def _opened(self) -> serial.Serial:
        if self._gone is not None:
            self._refuse_gone()
        if self._serial is None:
            raise PortError(f"{self.name} is not open")
        return self._serial

    def _vanish(self, error: Exception) -> NoReturn:
        self._gone = str(error)
        self.close()
        self._refuse_gone()

    def _refuse_gone(self) -> NoReturn:
        last = f"; last exchange: {self._exchanges[-1]}" if self._exchanges else ""
        raise DeviceGone(
            f"{self.name} is gone ({self._gone}){last}. Check cable and supply of the board, then start again: "
            "it is not believed any more, whatever it does now"
        )

    def _why_not_open(self, error: Exception) -> str:
        number = getattr(error, "errno", None)
        if number == errno.ENOENT:
            return f"{self.name}: no such port. Is the board plugged in? /dev/serial/by-path lists the ports there are"
        if number in (errno.EAGAIN, errno.EBUSY):
            return f"{self.name} is taken by another program: `fuser -v {self.port}` shows which"
        if number in (errno.EACCES, errno.EPERM):
            return (
                f"{self.name}: no right to open the port. Add the user to the group that owns it (`ls -l {self.port}`; "
                "mostly dialout: `sudo usermod -aG dialout $USER`), then log in again"
            )
        return f"{self.name} cannot be opened as a serial port ({error}): is the path right?"


def no_answer(line: SerialLine, told: str, answered: bytes, within: Ns, remedy: str) -> PortError:
    """The error of a board that was told something and did not answer as it should."""
    said = f"answered {spelt(answered)}" if answered else f"said nothing within {show(within)}"
    return PortError(f"{line.name} was told {told} and {said}. {remedy}")


def port_troubles() -> tuple[type[Exception], ...]:
    """What pyserial raises when a port fails: its own errors are OSErrors, but those of termios pass through it."""
    try:
        import termios
    except ImportError:  # not a Unix
        return (OSError, ValueError)
    return (OSError, ValueError, termios.error)
