"""ICSE012A, ICSE013A, ICSE014A (ICStation): relay boards that take one octet as the state of all relays.

    with Icse("/dev/serial/by-path/...", channels=8, note=Path("~/.cache/ccs-bench/relays.json")) as relays:
        relays.set(3, closed=True)

Theory of operation. After power-up `50` makes the board tell its model, once, and `51` wakes it. From then on until it
loses its power it says nothing, and **every octet is a mask: a 0 closes a relay, `50` and `51` too.** So a program that
comes later must not begin with `50`, and cannot ask whether it may. It must know that the board is awake, from a note
which the program before has left, or be told so. Where neither is the case, the board is taken to be fresh; if then it
does not answer, `50` may have closed relays: they are released at once, and it is a PortError.

The note names the device node and the start of the system; plugging the board in again makes another node. A board with
a supply of its own stays awake all the same: cut that too.

Source: vendor's text quoted on a question-and-answer site, and public programs that drive the boards; not verified on
one. Programs disagree on whether relays are closed at power-up until the first mask: look, before anything is wired.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from bench.drivers.relays.board import RelayBoard
from bench.drivers.serial_board import alone
from bench.drivers.serial_line import SerialLine, no_answer
from bench.errors import PortError
from bench.units import Ns, ms

BAUD = 9600
WHO = b"\x50"
WAKE = b"\x51"
ALL_RELEASED = b"\xff"
MODELS = {0xAB: ("ICSE012A", 4), 0xAD: ("ICSE013A", 2), 0xAC: ("ICSE014A", 8)}
"""Name and relays by the answer to `50`."""

BETWEEN = ms(50)
QUIET = ms(20)
WITHIN = ms(300)
"""Short, because a board that was awake has relays closed meanwhile."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def mask(closed: frozenset[int]) -> bytes:
    """The octet for a state; unused bits are 1.

    >>> mask(frozenset()).hex(), mask(frozenset({1, 8})).hex()
    ('ff', '7e')
    """
    return bytes([0xFF & ~sum(1 << (channel - 1) for channel in closed)])


class Icse(RelayBoard):
    """An ICSE01xA board; a `bench.devices.Relays` that cannot be asked.

    port      path of the serial port
    channels  2, 4 or 8
    awake     whether it is awake since its last power-up; None: by the note, and without one it is not
    note      file in which to remember that it is
    between   two octets, at least
    within    limit of the one answer it gives
    """

    confirms = False

    def __init__(
        self,
        port: str,
        *,
        channels: int,
        awake: bool | None = None,
        note: Path | str | None = None,
        between: Ns = BETWEEN,
        within: Ns = WITHIN,
    ) -> None:
        if channels not in (known := {count: name for name, count in MODELS.values()}):
            raise ValueError(f"an ICSE board has {', '.join(map(str, sorted(known)))} relays, not {channels}")
        super().__init__(SerialLine(port, baud=BAUD, name=known[channels], gap=between), channels)
        self._given, self._within = awake, within
        self._note = None if note is None else Path(note).expanduser()
        self._closed: frozenset[int] = frozenset()

    @alone
    def set(self, channel: int, closed: bool) -> None:
        self.check(channel)
        wish = self._closed | {channel} if closed else self._closed - {channel}
        self._line.write(mask(wish))
        self._closed = wish

    @alone
    def closed(self, channel: int) -> None:
        self.check(channel)
        self._line.check_open()

    @alone
    def make_safe(self) -> None:
        self._line.write(ALL_RELEASED)
        self._closed = frozenset()

    def _begin(self) -> None:
        awake = self._noted() if self._given is None else self._given
        if not awake:
            self._wake()
        self.make_safe()
        self._write_note()

    def _wake(self) -> None:
        answer = self._line.ask(WHO, quiet=QUIET, within=self._within)
        if len(answer) != 1 or answer[0] not in MODELS:
            self._line.write(ALL_RELEASED)
            raise no_answer(
                self._line,
                "50",
                answer,
                self._within,
                "If it was awake since its last power-up, that closed relays for a moment; they are released again. "
                "Take its power away, and its own supply if it has one, and start again",
            )
        model, relays = MODELS[answer[0]]
        if relays != len(self.channels):
            raise PortError(f"{self.name} says it is an {model} with {relays} relays: correct the rig file")
        self._line.write(WAKE)

    def _identity(self) -> dict[str, object]:
        """Of the board as it is plugged in now."""
        node = os.stat(self._line.port)
        boot = BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""
        return {"node": f"{node.st_dev}:{node.st_ino}:{node.st_rdev}", "boot": boot}

    def _noted(self) -> bool:
        if self._note is None:
            return False
        with suppress(OSError, ValueError):
            return bool(json.loads(self._note.read_text()) == self._identity())
        return False

    def _write_note(self) -> None:
        if self._note is None:
            return
        try:
            self._note.parent.mkdir(parents=True, exist_ok=True)
            self._note.write_text(json.dumps(self._identity()))
        except OSError as error:
            raise PortError(
                f"{self.name} is awake, and the note of that cannot be written ({error}). Without it the board must "
                "lose its power before it is opened again"
            ) from None
