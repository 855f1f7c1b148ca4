"""Which key does what, and the loop in which it all happens.

    with Terminal(leave) as terminal:
        Console(terminal, leave).run(wishes)

Theory of operation. The console is a participant of the session's pump: it reads keys and draws while frames are
answered, also while an adapter is waited for. What a key does is done between two runs of the pump. `x` is heard at
once, whatever is going on: it calls *leave*, which raises, and everything is closed on the way out.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from bench.analysis.verdict import Profile
from bench.clock import SystemClock
from bench.errors import BenchError
from bench.live.asking import Question, ScreenOperator
from bench.live.ladder import Ladder
from bench.live.opening import Wishes, modes_of, opened
from bench.live.reading import ANSWERS, facts_of, header, keys_for, timings_shown
from bench.live.recording import Recording
from bench.live.session import Can, ListeningSession, Mode, StationSession
from bench.live.state import State, Timed
from bench.live.view import Line, screen
from bench.pump import Pump
from bench.trace import Trace
from bench.units import Ns, ms, s, show

DRAWS_EVERY: Ns = ms(100)
ASKS_NETWORK_EVERY: Ns = s(2)
QUIET_BEFORE_ASKING: Ns = s(3)
"""After a message of a matching: the adapter has better things to do then."""
FORGETS_BEYOND = 20_000
REMEMBERS = 5_000
"""Entries of the record: a console may be open for days."""

MODE_KEYS = {"p": Mode.PEV, "e": Mode.EVSE, "l": Mode.LISTEN}
DUTY_KEYS = {"5": 5.0, "X": 100.0, "f": 0.0}
WELCOME = "Press P, E or L; what follows happens by itself."


Kept = TypeVar("Kept")


class Screen(Protocol):
    """What the console needs of a terminal."""

    def fileno(self) -> int: ...

    def size(self) -> tuple[int, int]: ...

    def pressed(self) -> bool: ...

    def typed(self) -> str: ...

    def draw(self, lines: Sequence[Line], size: tuple[int, int]) -> None: ...


class Console:
    """One person in front of one bench.

    leave   called on `x`; must not return
    check   called several times a second; may raise, to end
    folder  where captures go
    limits  by which the timings are judged
    """

    def __init__(
        self,
        terminal: Screen,
        leave: Callable[[], None],
        check: Callable[[], None] = lambda: None,
        folder: Path | None = None,
        limits: Profile = Profile.FIELD,
    ) -> None:
        self._terminal, self._leave, self._check, self._limits = terminal, leave, check, limits
        self._folder = folder or Path()
        self.session: StationSession | ListeningSession | None = None
        self.notice, self.alarm = WELCOME, False
        self._rig = ""
        self._modes: frozenset[Mode] = frozenset()
        self._mode_text = ""
        """While a mode is being opened."""
        self._asks = False
        self._ladder = Ladder()
        self._recording: Recording | None = None
        self.written: list[str] = []
        """What became of each capture, in words: to be said once more when the screen has gone."""
        self._question: Question | None = None
        self._pressed: deque[str] = deque()
        self._draw_at: Ns = 0
        self._timings: tuple[Timed, ...] = ()
        self._timings_of = (-1, 0)
        self._ask_network_at: Ns = 0

    def say(self, rig: str, text: str) -> None:
        """Show *text* before anything is open."""
        self._rig, self.notice = rig, text
        self._show()

    def run(self, wishes: Wishes) -> None:
        """Until *leave* or *check* raises. Whatever happens, the session is closed and the capture written."""
        self._rig, self._modes = wishes.rig.name, modes_of(wishes.rig.config)
        self._say(WELCOME)
        idle = Pump(SystemClock(time.monotonic_ns()))
        self._attach(idle, Trace())
        try:
            while True:
                self._turn(wishes, idle if self.session is None else self.session.pump)
        finally:
            self._close()

    def _turn(self, wishes: Wishes, pump: Pump) -> None:
        session = self.session
        now = pump.clock.now()
        self._draw_at = min(self._draw_at, now)
        try:
            if session is None:
                pump.run(lambda: bool(self._pressed), now + s(1))
            else:
                pump.run(lambda: bool(self._pressed) or session.has_to_act(), now + s(1))
                self._tend(session)
        except BenchError as error:
            self._give_up(error)
        if self._pressed:
            self._press(self._pressed.popleft(), wishes)

    def _give_up(self, error: BenchError) -> None:
        """Close what is in trouble. Its guardian, if it has one, keeps it safe whether closing succeeds or not."""
        said = [_one_line(error)]
        try:
            self._close()
        except BenchError as another:
            said.append(_one_line(another))
        self._alarm(f"{'; '.join(dict.fromkeys(said))}; P, E or L begins again")

    def _tend(self, session: StationSession | ListeningSession) -> None:
        if session.has_to_act():
            session.act()
        now, matching_at = session.now(), self._ladder.matching_at
        if now >= self._ask_network_at and (matching_at is None or now >= matching_at + QUIET_BEFORE_ASKING):
            self._ask_network_at = now + ASKS_NETWORK_EVERY
            session.ask_network()
        forget(session.trace.entries)
        for adapter in session.adapters:
            forget(adapter.wire.received)

    # participant of the pump ----------------------------------------------------------------------------------

    def _attach(self, pump: Pump, trace: Trace) -> None:
        """Keys and screen go on with *pump*; what *trace* hears is shown."""
        assert isinstance(pump.clock, SystemClock)
        pump.clock.watch(self._terminal.fileno())
        pump.participants.append(_Hand(self, pump))
        trace.listeners.append(self._ladder.hear)
        self._draw_at = 0

    def next_draw(self) -> Ns:
        return self._draw_at

    def pressed(self) -> bool:
        return self._terminal.pressed()

    def look(self, now: Ns) -> None:
        """Take the keys that were pressed, and draw if it is time."""
        begun = time.monotonic_ns()
        self._check()
        for key in self._terminal.typed():
            if key == "x":
                self._leave()
            if self._question is None:
                self._pressed.append(key)
            else:
                self._question.hear(key)
        if now >= self._draw_at:
            self._draw_at = now + DRAWS_EVERY
            self._show()
        if self.session is not None:
            self.session.held_up(time.monotonic_ns() - begun)

    def _show(self) -> None:
        width, height = size = self._terminal.size()
        self._terminal.draw(screen(self.state(), width, height), size)

    def state(self) -> State:
        """What the screen shows now."""
        session, steps = self.session, self._ladder.steps()
        return State(
            rig=self._rig,
            mode=self._mode_text or header(session),
            facts=() if session is None else facts_of(session, self._ladder),
            steps=steps,
            timings=self._timed(),
            coming="" if session is None else session.coming(),
            notice=self.notice,
            alarm=self.alarm,
            capture="" if self._recording is None else str(self._recording.path),
            keys=keys_for(self._modes, session) if self._question is None else ANSWERS,
            question="" if self._question is None else self._question.text,
            asks=self._asks or (session is None and not steps),
            uncertainty="" if session is None else f"+-{show(session.uncertainty)}",
            limits=self._limits.value,
        )

    def _timed(self) -> tuple[Timed, ...]:
        """Worked out again only where something happened that may change them."""
        session = self.session
        if session is None:
            return self._timings
        if (of := (self._ladder.changed, session.since)) != self._timings_of:
            self._timings_of = of
            self._timings = timings_shown(session.intervals(), session.uncertainty, self._limits)
        return self._timings

    # a person as part of the bench ----------------------------------------------------------------------------

    @contextmanager
    def _asking(self, question: Question) -> Iterator[None]:
        """Within the block *question* is on the screen, and keys are its answers."""
        self._question, self._draw_at = question, 0
        try:
            yield
        finally:
            self._question, self._draw_at = None, 0

    def gone(self) -> None:
        """Nobody answers any more."""
        if self._question is not None:
            self._question.hear("q")

    # keys -----------------------------------------------------------------------------------------------------

    def _press(self, key: str, wishes: Wishes) -> None:
        low = key if key == "X" else key.lower()
        try:
            if low in MODE_KEYS:
                self._open(MODE_KEYS[low], wishes)
            elif low == "?":
                self._asks = not self._asks
            elif self.session is not None:
                self._act(self.session, low)
            elif not low.isspace():
                self._say(WELCOME)
        except BenchError as error:
            self._alarm(_one_line(error))
        except OSError as error:
            self._alarm(f"the capture cannot be written: {error}")

    def _act(self, session: StationSession | ListeningSession, key: str) -> None:
        if key in DUTY_KEYS and session.can(Can.DUTY):
            self._say(session.duty(DUTY_KEYS[key]))
        elif key == "u" and session.can(Can.PLUG):
            self._say(session.plug())
        elif key == "s":
            self._patiently("a new key: waiting until the adapter has it ...", session.new_key)
        elif key == "r":
            self._patiently("the adapter restarts: waiting until it answers ...", session.restart)
        elif key == "t":
            self._say(session.test_frame())
        elif key == "c":
            self._record(session)
        elif key.isprintable() and not key.isspace():
            self._say(f"{key} does nothing here; ? is help")

    def _patiently(self, meanwhile: str, work: Callable[[], str]) -> None:
        """*work*, which runs the pump, so that the screen goes on and `x` is heard."""
        self._say(meanwhile)
        self._ladder.quiet = True
        try:
            self._say(work())
        finally:
            self._ladder.quiet = False

    def _open(self, mode: Mode, wishes: Wishes) -> None:
        """BenchError: then nothing is open."""
        before = len(self.written)
        self._close()
        self._ladder, self._timings = Ladder(), ()
        self._timings_of, self._ask_network_at = (-1, 0), 0
        self._ladder.quiet = True
        self._mode_text = f"{mode.value}: opening"
        self._say("asking the adapters, giving them their keys ...")
        self._show()
        try:
            self.session = opened(mode, wishes, self._attach, partial(ScreenOperator, self._asking, self._say))
        finally:
            self._mode_text, self._ladder.quiet = "", False
        self._say("; ".join(filter(None, [*self.written[before:], self.session.opening_words()])))

    def _record(self, session: StationSession | ListeningSession) -> None:
        if self._recording is not None:
            self._finish_recording()
            return
        self._recording = Recording(session.trace, self._folder)
        self._say(f"recording to {self._recording.path}; C ends it")

    def _finish_recording(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            self.written.append(recording.finish())
            self._say(self.written[-1])

    def _close(self) -> None:
        """The capture first: what closing does cannot spoil it."""
        session, self.session = self.session, None
        try:
            self._finish_recording()
        finally:
            if session is not None:
                session.close()

    def _say(self, text: str) -> None:
        self.notice, self.alarm, self._draw_at = text, False, 0

    def _alarm(self, text: str) -> None:
        self.notice, self.alarm, self._draw_at = text, True, 0


class _Hand:
    """The console in one pump: as long as that one runs."""

    def __init__(self, console: Console, pump: Pump) -> None:
        self._console, self._pump = console, pump

    def next_deadline(self) -> Ns:
        return self._console.next_draw()

    def busy(self) -> bool:
        return self._console.pressed()

    def wake(self, now: Ns) -> None:
        self._console.look(now)


def forget(kept: list[Kept]) -> None:
    """The oldest of a long record."""
    if len(kept) > FORGETS_BEYOND:
        del kept[:-REMEMBERS]


def _one_line(error: Exception) -> str:
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
